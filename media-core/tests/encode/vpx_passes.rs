//! Two passes of libvpx with the statistics in memory.

use media_core::encode::vpx::{AltRef, Deadline, Options};
use media_core::encode::{
    Codec, Coded, Config, Encoder, Error, FrameOptions, KeyFrames, Pass, RateControl, Statistics, Threads,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::Timestamp;

use crate::tools::{self, Scratch};
use crate::{SIZE, STEP, pictures};

fn configs() -> Vec<(&'static str, Config)> {
    let of = |options: Options| {
        let options = Options { deadline: Deadline::Good, cpu_used: 4, ..options };
        let rate = RateControl::Average { bitrate: 200_000 };
        Config { rate, threads: Threads::Count(1), ..crate::vpx(options) }
    };
    vec![("vp8", of(Options::vp8())), ("vp9", of(Options::vp9()))]
}

fn pass(config: &Config, pass: Pass, frames: &[Frame], keys: &[usize]) -> (Vec<Coded>, Option<Statistics>) {
    let mut encoder = Encoder::open(Config { pass, ..config.clone() }).unwrap();
    let mut coded = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        let options = if keys.contains(&number) { FrameOptions::KEY } else { FrameOptions::default() };
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &options).unwrap();
        coded.extend(std::iter::from_fn(|| encoder.poll()));
    }
    let finished = encoder.finish().unwrap();
    coded.extend(finished.coded);
    (coded, finished.statistics)
}

fn first(config: &Config, frames: &[Frame]) -> Statistics {
    let (coded, statistics) = pass(config, Pass::First, frames, &[]);
    assert!(coded.is_empty());
    statistics.unwrap()
}

#[test]
fn a_first_pass_gives_statistics_only_and_the_second_every_frame() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, config) in configs() {
        let mut encoder = Encoder::open(Config { pass: Pass::First, ..config.clone() }).unwrap();
        assert_eq!(encoder.delay(), 0);
        encoder.push(&frames[0].as_ref(), Timestamp::ZERO, &FrameOptions::default()).unwrap();
        let report = encoder.finish().unwrap().report;
        assert_eq!((report.frames, report.dropped, report.packets), (1, 0, 0), "{name}");

        let statistics = first(&config, &frames);
        let (coded, none) = pass(&config, Pass::Second(statistics), &frames, &[]);
        assert!(none.is_none());
        let shown: Vec<i64> = coded.iter().map(|coded| coded.packet.pts.ticks()).collect();
        assert_eq!(shown, (0..40).map(|number| number * STEP).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn forced_and_fixed_key_frames_stand_where_they_should_in_a_second_pass() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, config) in configs() {
        let keys = |key_frames, forced: &[usize]| -> Vec<i64> {
            let config = Config { key_frames, ..config.clone() };
            let statistics = first(&config, &frames);
            let (coded, _) = pass(&config, Pass::Second(statistics), &frames, forced);
            let keys = coded.iter().filter(|coded| coded.packet.key.is_sync());
            keys.map(|coded| coded.packet.pts.ticks() / STEP).collect()
        };
        assert_eq!(keys(KeyFrames::OnlyForced, &[7, 8, 20, 33]), [0, 7, 8, 20, 33], "{name}");
        assert_eq!(keys(KeyFrames::Fixed { every: 15 }, &[]), [0, 15, 30], "{name}");
    }
}

#[test]
fn a_key_frame_that_vp9_may_forget_is_refused() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    for (name, config) in configs() {
        let statistics = first(&config, &frames);
        let pass = Pass::Second(statistics);
        let mut encoder = Encoder::open(Config { pass: pass.clone(), ..config.clone() }).unwrap();
        let pushed = encoder.push(&frames[0].as_ref(), Timestamp::ZERO, &FrameOptions::KEY);
        assert_eq!(pushed.is_ok(), name == "vp8");
        if name == "vp9" {
            let with = |layers| {
                let alt_ref = AltRef { layers, ..AltRef::DEFAULT };
                let options = Options { deadline: Deadline::Good, alt_ref, ..Options::vp9() };
                let key_frames = KeyFrames::OnlyForced;
                Encoder::open(Config {
                    codec: options.into(),
                    key_frames,
                    pass: pass.clone(),
                    ..config.clone()
                })
            };
            assert!(matches!(with(Some(1)), Err(Error::Config { field: "alt_ref", .. })));
            let Codec::Vpx(in_effect) = with(None).unwrap().config().codec.clone() else { panic!() };
            assert_eq!(in_effect.alt_ref.layers, Some(0));
        }
    }
}

#[test]
fn hidden_frames_of_vp8_are_packets_of_their_own_with_a_time_of_their_own() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 60);
    let (_, config) = configs().remove(0);
    let alt_ref = AltRef { layers: Some(1), max_frames: Some(5), ..AltRef::DEFAULT };
    let options = Options { deadline: Deadline::Good, cpu_used: 1, alt_ref, ..Options::vp8() };
    let config = Config { codec: options.into(), ..config };
    let statistics = first(&config, &frames);
    let (coded, _) = pass(&config, Pass::Second(statistics), &frames, &[]);
    let hidden: Vec<&Coded> = coded.iter().filter(|coded| coded.picture.hidden).collect();
    assert!(!hidden.is_empty());
    assert_eq!(coded.len(), frames.len() + hidden.len());
    for pair in coded.windows(2) {
        assert!(pair[0].packet.dts < pair[1].packet.dts);
    }
    for packet in hidden {
        // RFC 6386 section 9.1: bit 4 of the first byte is show_frame.
        assert_eq!(packet.packet.data[0] >> 4 & 1, 0);
        assert_eq!((packet.packet.duration, packet.packet.pts.ticks() % STEP), (None, 1));
    }
    if tools::present(&["ffmpeg"]) {
        let scratch = Scratch::new();
        let packets: Vec<_> = coded.into_iter().map(|coded| coded.packet).collect();
        let path = scratch.file("hidden.ivf");
        std::fs::write(&path, tools::ivf(*b"VP80", SIZE, &packets)).unwrap();
        assert_eq!(tools::decoded(&path).len(), frames.len());
    }
}

#[test]
fn hidden_frames_without_a_tick_of_their_own_are_refused() {
    let alt_ref = AltRef { layers: Some(1), ..AltRef::DEFAULT };
    let options = Options { deadline: Deadline::Good, alt_ref, ..Options::vp8() };
    let time_base = media_core::time::TimeBase::hz(25);
    let coarse = Config { time_base, ..crate::vpx(options.clone()) };
    assert!(matches!(Encoder::open(coarse), Err(Error::Config { field: "time_base", .. })));
    let mut encoder = Encoder::open(crate::vpx(options)).unwrap();
    let frame = Frame::new(PixelFormat::I420, SIZE).unwrap();
    let mut push = |ticks| encoder.push(&frame.as_ref(), Timestamp::new(ticks), &FrameOptions::default());
    push(0).unwrap();
    assert!(matches!(push(1), Err(Error::FrameOption { option: "pts", .. })));
    push(2).unwrap();
}

/// libvpx reads structures of its own there, as many as they say themselves.
#[test]
fn t4_only_statistics_of_the_same_library_codec_and_size_are_taken() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 6);
    let configs = configs();
    let refused = |config: &Config, statistics: Statistics| {
        let refused = Encoder::open(Config { pass: Pass::Second(statistics), ..config.clone() });
        assert!(matches!(refused, Err(Error::Config { field: "pass", .. })), "{refused:?}");
    };
    for (index, (name, config)) in configs.iter().enumerate() {
        let statistics = first(config, &frames);
        refused(&configs[1 - index].1, statistics.clone());
        refused(&Config { size: (64, 64), ..config.clone() }, statistics.clone());
        let bytes = statistics.to_bytes();
        for cut in [8, 16, 200, bytes.len() / 2] {
            let mut cut = bytes[..bytes.len() - cut].to_vec();
            // The length before the last part.
            let at = cut.windows(8).rposition(|eight| {
                u64::from_le_bytes(eight.try_into().unwrap()) as usize == bytes.len() - end(&bytes)
            });
            if let Some(at) = at {
                let rest = (cut.len() - at - 8) as u64;
                cut[at..at + 8].copy_from_slice(&rest.to_le_bytes());
            }
            if let Ok(cut) = Statistics::from_bytes(&cut) {
                refused(config, cut);
            }
        }
        let mut poisoned = bytes.to_vec();
        let at = poisoned.len() - 16;
        poisoned[at..at + 8].copy_from_slice(&f64::NAN.to_le_bytes());
        refused(config, Statistics::from_bytes(&poisoned).unwrap());
        // The size of a piece stands between two lengths: what came from outside does not say how far libvpx reads.
        let mut smaller = bytes.to_vec();
        let at = end(&bytes) - 8 - 8;
        smaller[at..at + 8].copy_from_slice(&8_u64.to_le_bytes());
        refused(config, Statistics::from_bytes(&smaller).unwrap());
        let again = Statistics::from_bytes(&bytes).unwrap();
        let (one, other) = (
            pass(config, Pass::Second(statistics), &frames, &[]).0,
            pass(config, Pass::Second(again), &frames, &[]).0,
        );
        assert!(one == other, "{name}");
    }
}

/// Where the last part of serialised statistics begins.
fn end(bytes: &[u8]) -> usize {
    let mut at = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    loop {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        if at + 8 + length == bytes.len() {
            return at + 8;
        }
        at += 8 + length;
    }
}

#[test]
fn t4_more_frames_than_the_first_pass_saw_are_refused() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 5);
    for (name, config) in configs() {
        let statistics = first(&config, &frames[..4]);
        let mut encoder = Encoder::open(Config { pass: Pass::Second(statistics), ..config }).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            let pts = Timestamp::new(number as i64 * STEP);
            let pushed = encoder.push(&frame.as_ref(), pts, &FrameOptions::default());
            assert_eq!(pushed.is_ok(), number < 4, "{name} {number}");
        }
        assert_eq!(encoder.finish().unwrap().coded.len(), 4, "{name}");
    }
}

#[test]
fn two_passes_take_time_and_a_rate_to_share_out() {
    for (_, config) in configs() {
        let refused = |config: Config| {
            let refused = Encoder::open(Config { pass: Pass::First, ..config });
            assert!(matches!(refused, Err(Error::Config { field: "pass", .. })));
        };
        refused(Config {
            rate: RateControl::Constant { bitrate: 100_000, buffer_ms: 1000 },
            ..config.clone()
        });
        refused(Config { rate: RateControl::Quantizer { qp: 30 }, ..config });
        refused(crate::vpx(Options::vp9()));
    }
}
