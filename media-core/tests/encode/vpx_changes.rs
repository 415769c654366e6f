//! libvpx while it runs: rate, quality and speed change and the bytes show it; frames are left out and counted; one frame has a
//! quantizer of its own, and references of its own.

use media_core::encode::vpx::{Deadline, Options};
use media_core::encode::{
    Change, Coded, Config, Encoder, Error, FrameOptions, FrameRate, Latency, Metrics, Quantizer, RateControl,
    Reference, References, Sei, Threads, Update,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::Timestamp;

use crate::tools::{self, Scratch};
use crate::{STEP, pictures};

const SIZE: (u32, u32) = (320, 240);

fn live(options: Options, rate: RateControl) -> Config {
    let latency = Latency::Realtime;
    Config { size: SIZE, rate, latency, threads: Threads::Count(1), ..crate::vpx(options) }
}

fn codecs() -> [(&'static str, Options); 2] {
    [("vp8", Options::vp8()), ("vp9", Options::vp9())]
}

fn push(encoder: &mut Encoder, frame: &Frame, number: usize, options: &FrameOptions) -> Result<(), Error> {
    encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), options)
}

/// The bytes of 75 frames before and of as many after a change.
fn before_and_after(config: Config, change: &Change) -> (usize, usize) {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 150);
    let mut encoder = Encoder::open(config).unwrap();
    let mut bytes = [0, 0];
    for (number, frame) in frames.iter().enumerate() {
        if number == 75 {
            encoder.reconfigure(change).unwrap();
        }
        push(&mut encoder, frame, number, &FrameOptions::default()).unwrap();
        // The first frames are the key frame's.
        if number % 75 >= 15 {
            bytes[number / 75] +=
                std::iter::from_fn(|| encoder.poll()).map(|coded| coded.packet.data.len()).sum::<usize>();
        } else {
            while encoder.poll().is_some() {}
        }
    }
    (bytes[0], bytes[1])
}

#[test]
fn a_new_bit_rate_shows_in_the_bytes() {
    for (name, options) in codecs() {
        for (from, to) in [
            (
                RateControl::Constant { bitrate: 900_000, buffer_ms: 600 },
                RateControl::Constant { bitrate: 300_000, buffer_ms: 600 },
            ),
            (RateControl::Average { bitrate: 900_000 }, RateControl::Average { bitrate: 300_000 }),
        ] {
            let (before, after) = before_and_after(live(options.clone(), from), &Change::rate(to));
            assert!(after * 2 < before, "{name} {from:?}: {before} and {after} bytes");
        }
    }
}

#[test]
fn a_new_quality_shows_in_the_bytes() {
    for (name, options) in codecs() {
        let from = RateControl::Quality { q: 20.into() };
        let to = Change::rate(RateControl::Quality { q: 45.into() });
        let (before, after) = before_and_after(live(options.clone(), from), &to);
        assert!(after * 3 < before * 2, "{name}: {before} and {after} bytes");
        let to = Change::rate(RateControl::Quantizer { qp: 50 });
        let (before, after) = before_and_after(live(options, RateControl::Quantizer { qp: 20 }), &to);
        assert!(after * 2 < before, "{name}: {before} and {after} bytes");
    }
}

#[test]
fn a_change_is_in_effect_and_a_refused_one_is_not() {
    for (name, options) in codecs() {
        let rate = RateControl::Constant { bitrate: 400_000, buffer_ms: 600 };
        let mut encoder = Encoder::open(live(options, rate)).unwrap();
        let before = encoder.config().clone();
        let raw = RateControl::Constant { bitrate: 999_000_000, buffer_ms: 600 };
        let refused = [
            (Change::rate(RateControl::Average { bitrate: 400_000 }), true),
            (Change::rate(RateControl::Constant { bitrate: 400_000, buffer_ms: 0 }), true),
            (Change::speed(17), true),
            // VP9 would make less of it.
            (Change::rate(raw), name == "vp9"),
        ];
        for (change, refused) in refused {
            if refused {
                assert!(encoder.reconfigure(&change).is_err(), "{name} {change:?}");
                assert_eq!(*encoder.config(), before);
            }
        }
        encoder.reconfigure(&Change::speed(7)).unwrap();
        let rate = RateControl::Constant { bitrate: 200_000, buffer_ms: 900 };
        encoder.reconfigure(&Change::rate(rate)).unwrap();
        assert_eq!(encoder.config().rate, rate);
        // Frames that come without a duration take the new one.
        encoder.reconfigure(&Change::frame_rate(FrameRate::hz(50))).unwrap();
        let frame = pictures::moving(PixelFormat::I420, SIZE, 1).remove(0);
        push(&mut encoder, &frame, 0, &FrameOptions::default()).unwrap();
        assert_eq!(encoder.poll().unwrap().packet.duration, Some(1800));
    }
}

/// Each run goes on with its own frames: only the speed differs.
#[test]
fn a_new_speed_shows_in_the_bytes() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    for (name, options) in codecs() {
        let run = |speed: Option<i8>| -> Vec<Coded> {
            let rate = RateControl::Quantizer { qp: 40 };
            let mut encoder = Encoder::open(live(options.clone(), rate)).unwrap();
            for (number, frame) in frames.iter().enumerate() {
                if let (6, Some(speed)) = (number, speed) {
                    encoder.reconfigure(&Change::speed(speed)).unwrap();
                }
                push(&mut encoder, frame, number, &FrameOptions::default()).unwrap();
            }
            encoder.finish().unwrap().coded
        };
        let (same, slower) = (run(None), run(Some(if name == "vp8" { -3 } else { 5 })));
        assert!(same[..6] == slower[..6], "{name}");
        assert!(same[6..] != slower[6..], "{name}");
        assert!(same == run(Some(options.cpu_used)), "{name}");
    }
}

/// Growing pictures and other thread counts were heap overflows of libvpx: no change reaches either.
#[test]
fn t15_size_threads_and_lookahead_stay() {
    for (_, options) in codecs() {
        let rate = RateControl::Average { bitrate: 400_000 };
        let mut encoder = Encoder::open(live(options, rate)).unwrap();
        let before = encoder.config().clone();
        encoder.reconfigure(&Change::rate(RateControl::Average { bitrate: 500_000 })).unwrap();
        let after = encoder.config().clone();
        assert_eq!((before.size, before.threads, before.latency), (after.size, after.threads, after.latency));
    }
}

/// Debian's libvpx 1.12 and all since 1.14 make less of such a rate without a word.
#[test]
fn t19_rates_beyond_the_uncompressed_pictures_are_refused() {
    // 320 * 240 * 8 * 3 bits 30 times a second.
    let most = 55_296_000;
    let with = |bitrate| Encoder::open(live(Options::vp9(), RateControl::Average { bitrate }));
    assert!(with(most).is_ok());
    assert!(matches!(with(most + 1000), Err(Error::Config { field: "rate", .. })));
}

#[test]
fn frames_left_out_are_counted() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 100);
    for (name, options) in codecs() {
        let rate = RateControl::Constant { bitrate: 25_000, buffer_ms: 500 };
        let dropping = Options { drop_frames: 40, ..options };
        let mut encoder = Encoder::open(live(dropping, rate)).unwrap();
        let mut shown = Vec::new();
        for (number, frame) in frames.iter().enumerate() {
            push(&mut encoder, frame, number, &FrameOptions::default()).unwrap();
            shown.extend(std::iter::from_fn(|| encoder.poll()).map(|coded| coded.packet.pts.ticks() / STEP));
        }
        let finished = encoder.finish().unwrap();
        shown.extend(finished.coded.iter().map(|coded| coded.packet.pts.ticks() / STEP));
        let report = finished.report;
        assert!(report.dropped > 2, "{name}: {report:?}");
        assert_eq!(report.frames, report.packets + report.dropped, "{name}");
        assert_eq!(shown.len() as u64, report.packets);
        assert!(shown.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn a_quantizer_of_its_own_is_that_of_one_frame() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 20);
    let rates = [
        RateControl::Constant { bitrate: 300_000, buffer_ms: 600 },
        RateControl::Average { bitrate: 300_000 },
        RateControl::Quality { q: 30.into() },
        RateControl::Quantizer { qp: 33 },
    ];
    for (name, options) in codecs() {
        for rate in rates {
            let mut encoder = Encoder::open(live(options.clone(), rate)).unwrap();
            for (number, frame) in frames.iter().enumerate() {
                let fixed = [(6, 12), (7, 60), (13, 3)].into_iter().find(|(at, _)| *at == number);
                let quantizer = fixed.map_or(Quantizer::Auto, |(_, q)| Quantizer::Fixed(q));
                let options = FrameOptions { quantizer, ..FrameOptions::default() };
                push(&mut encoder, frame, number, &options).unwrap();
                let picture = encoder.poll().unwrap().picture;
                if let Some((_, q)) = fixed {
                    assert_eq!(picture.quantizer, Some(f32::from(q)), "{name} {rate:?} {number}");
                } else if let RateControl::Quantizer { qp } = rate {
                    assert_eq!(picture.quantizer, Some(f32::from(qp)), "{name} {number}");
                } else {
                    assert!(picture.quantizer.is_some());
                }
            }
        }
    }
}

#[test]
fn what_goes_along_and_cannot_be_had_is_refused_and_the_encoder_goes_on() {
    let frame = pictures::moving(PixelFormat::I420, SIZE, 1).remove(0);
    let only = |last, golden, alternate| References { last, golden, alternate };
    let update = |update| Reference { read: true, update };
    let with_references = |references| FrameOptions { references, ..FrameOptions::default() };
    let refused: Vec<(&str, FrameOptions)> = vec![
        (
            "frame_type",
            FrameOptions { frame_type: media_core::encode::FrameType::B, ..FrameOptions::default() },
        ),
        ("sei", FrameOptions { sei: vec![Sei::user_data([0; 16], b"no")], ..FrameOptions::default() }),
        ("quantizer", FrameOptions { quantizer: Quantizer::Fixed(64), ..FrameOptions::default() }),
        ("quantizer", FrameOptions { quantizer: Quantizer::Offset(2), ..FrameOptions::default() }),
        ("references", with_references(only(Reference::UNUSED, Reference::UNUSED, Reference::UNUSED))),
        ("references", with_references(only(Reference::AUTO, update(Update::Always), Reference::AUTO))),
        ("references", with_references(only(Reference::KEEP, Reference::AUTO, Reference::AUTO))),
    ];
    for (name, options) in codecs() {
        let mut encoder = Encoder::open(live(options, RateControl::Average { bitrate: 300_000 })).unwrap();
        for (option, options) in &refused {
            let Err(Error::FrameOption { option: found, reason }) = push(&mut encoder, &frame, 0, options)
            else {
                panic!("{name} {option}")
            };
            assert!(found == *option && !reason.is_empty());
        }
        push(&mut encoder, &frame, 0, &FrameOptions::default()).unwrap();
        assert_eq!(encoder.finish().unwrap().coded.len(), 1);
    }
}

#[test]
fn what_would_meet_another_frame_is_refused_where_libvpx_looks_ahead() {
    let frame = pictures::moving(PixelFormat::I420, SIZE, 1).remove(0);
    let rate = RateControl::Average { bitrate: 300_000 };
    let config = Config { latency: Latency::Frames(5), ..live(Options::vp9(), rate) };
    let mut encoder = Encoder::open(config).unwrap();
    let fixed = FrameOptions { quantizer: Quantizer::Fixed(20), ..FrameOptions::default() };
    assert!(matches!(
        push(&mut encoder, &frame, 0, &fixed),
        Err(Error::FrameOption { option: "quantizer", .. })
    ));
    push(&mut encoder, &frame, 0, &FrameOptions::default()).unwrap();
    assert_eq!(encoder.finish().unwrap().coded.len(), 1);
}

/// A frame that overwrites nothing can be left out; one after it that reads golden only does not need the frames between.
#[test]
fn references_are_those_that_were_said() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let scratch = Scratch::new();
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    let nothing = References { last: Reference::KEEP, golden: Reference::KEEP, alternate: Reference::KEEP };
    let from_golden = References {
        last: Reference { read: false, update: Update::Always },
        golden: Reference::KEEP,
        alternate: Reference { read: false, update: Update::Never },
    };
    for (name, fourcc, options) in [("vp8", *b"VP80", Options::vp8()), ("vp9", *b"VP90", Options::vp9())] {
        // Otherwise a frame in the middle would take over the statistics of one that is left out.
        let resilience = media_core::encode::vpx::Resilience::Frames;
        let options = Options { resilience, ..options };
        let mut encoder = Encoder::open(live(options, RateControl::Quantizer { qp: 40 })).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            let references = match number {
                0 => References::ALL,
                8 => from_golden,
                _ if number % 2 == 1 => nothing,
                _ => References {
                    golden: Reference::KEEP,
                    alternate: Reference::KEEP,
                    last: Reference { read: true, update: Update::Always },
                },
            };
            let options = FrameOptions { references, ..FrameOptions::default() };
            push(&mut encoder, frame, number, &options).unwrap();
        }
        let coded = encoder.finish().unwrap().coded;
        let disposable: Vec<bool> = coded.iter().map(|coded| coded.picture.disposable).collect();
        assert_eq!(disposable, (0..12).map(|number| number % 2 == 1).collect::<Vec<_>>(), "{name}");
        let decoded = |numbers: &[usize]| {
            let packets: Vec<_> = numbers.iter().map(|number| coded[*number].packet.clone()).collect();
            let path = scratch.file(&format!("{name}.ivf"));
            std::fs::write(&path, tools::ivf(fourcc, SIZE, &packets)).unwrap();
            tools::decoded(&path)
        };
        let all = decoded(&(0..12).collect::<Vec<_>>());
        let without_odd = decoded(&[0, 2, 4, 6, 8, 10]);
        assert_eq!(without_odd, [0, 2, 4, 6, 8, 10].map(|number: usize| all[number].clone()), "{name}");
        let from_key = decoded(&[0, 8, 9, 10, 11]);
        assert_eq!(from_key, [0, 8, 9, 10, 11].map(|number: usize| all[number].clone()), "{name}");
    }
}

#[test]
fn ratios_are_told_with_each_picture_when_asked_for() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let frames = pictures::moving(PixelFormat::I420, SIZE, 10);
    let scratch = Scratch::new();
    for (name, fourcc, options) in [("vp8", *b"VP80", Options::vp8()), ("vp9", *b"VP90", Options::vp9())] {
        for latency in [Latency::Realtime, Latency::Unlimited] {
            let metrics = Metrics { psnr: true, ssim: false };
            let options = Options { deadline: Deadline::Good, cpu_used: 4, ..options.clone() };
            let config = Config { metrics, latency, ..live(options, RateControl::Quantizer { qp: 40 }) };
            let mut encoder = Encoder::open(config).unwrap();
            for (number, frame) in frames.iter().enumerate() {
                push(&mut encoder, frame, number, &FrameOptions::default()).unwrap();
            }
            let finished = encoder.finish().unwrap();
            let packets: Vec<_> = finished.coded.iter().map(|coded| coded.packet.clone()).collect();
            let path = scratch.file(&format!("{name}.ivf"));
            std::fs::write(&path, tools::ivf(fourcc, SIZE, &packets)).unwrap();
            let decoded = tools::pixels(&path, "yuv420p");
            for (number, coded) in finished.coded.iter().enumerate() {
                let told = coded.picture.psnr.unwrap();
                let picture = &decoded[number * SIZE.0 as usize * SIZE.1 as usize * 3 / 2..];
                let frame = frames[number].as_ref();
                let rows = (0..SIZE.1 as usize).map(|row| frame.row(0, row));
                let pairs = rows.zip(picture.chunks(SIZE.0 as usize)).flat_map(|(a, b)| a.iter().zip(b));
                let error: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
                let mean = error / f64::from(SIZE.0 * SIZE.1);
                let measured = 10.0 * (255.0 * 255.0 / mean).log10();
                assert!((measured - f64::from(told.y)).abs() < 0.01, "{name} {number}: {measured} {told:?}");
            }
            assert!(finished.report.psnr.is_some());
        }
    }
    let exact = Config {
        metrics: Metrics { psnr: true, ssim: false },
        ..live(Options::vp9(), RateControl::Lossless)
    };
    let mut encoder = Encoder::open(exact).unwrap();
    push(&mut encoder, &frames[0], 0, &FrameOptions::default()).unwrap();
    assert_eq!(encoder.poll().unwrap().picture.psnr.unwrap().all, f32::INFINITY);
}
