//! VP8 at several sizes at once: each stream decodes by itself, keys stand at the same pictures, and what does not go together is refused.

use media_core::encode::vpx::{Layers, Options, Simulcast, Temporal};
use media_core::encode::{
    Change, Coded, Config, Error, FrameOptions, KeyFrames, Latency, Quantizer, RateControl, Threads,
};
use media_core::frame::{Frame, FrameRef, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

use crate::tools::{self, Scratch};
use crate::{STEP, pictures};

const SIZES: [((u32, u32), u32); 3] = [((320, 240), 500_000), ((160, 120), 200_000), ((80, 60), 80_000)];

fn configs(options: &Options, sizes: &[((u32, u32), u32)]) -> Vec<Config> {
    let config = |&(size, bitrate): &((u32, u32), u32)| Config {
        size,
        rate: RateControl::Constant { bitrate, buffer_ms: 1000 },
        key_frames: KeyFrames::OnlyForced,
        latency: Latency::Realtime,
        ..crate::vpx(options.clone())
    };
    sizes.iter().map(config).collect()
}

/// The same scene at each size: every second sample of the next larger one.
fn scene(sizes: &[((u32, u32), u32)], count: usize) -> Vec<Vec<Frame>> {
    let halved = |frame: &FrameRef<'_>, size| {
        let mut small = Frame::new(PixelFormat::I420, size).unwrap();
        for plane in 0..3 {
            let stride = small.stride(plane);
            for (y, row) in small.plane_mut(plane).chunks_mut(stride).enumerate() {
                let from = frame.row(plane, 2 * y);
                row.iter_mut().zip(from.iter().step_by(2)).for_each(|(into, from)| *into = *from);
            }
        }
        small
    };
    let first = pictures::moving(PixelFormat::I420, sizes[0].0, count);
    first
        .into_iter()
        .map(|frame| {
            let mut frames = vec![frame];
            for (size, _) in &sizes[1..] {
                frames.push(halved(&frames.last().unwrap().as_ref(), *size));
            }
            frames
        })
        .collect()
}

fn run(configs: &[Config], scene: &[Vec<Frame>], keys: &[usize]) -> Vec<Vec<Coded>> {
    let mut simulcast = Simulcast::open(configs).unwrap();
    let mut streams = vec![Vec::new(); configs.len()];
    for (number, frames) in scene.iter().enumerate() {
        let frames: Vec<FrameRef<'_>> = frames.iter().map(Frame::as_ref).collect();
        let options = if keys.contains(&number) { FrameOptions::KEY } else { FrameOptions::default() };
        simulcast.push(&frames, Timestamp::new(number as i64 * STEP), &options).unwrap();
        while let Some((stream, coded)) = simulcast.poll() {
            streams[stream].push(coded);
        }
    }
    assert!(simulcast.finish().unwrap().iter().all(|finished| finished.coded.is_empty()));
    streams
}

#[test]
fn each_size_decodes_by_itself_with_keys_at_the_same_pictures() {
    let scratch = Scratch::new();
    let scene = scene(&SIZES, 75);
    let streams = run(&configs(&Options::vp8(), &SIZES), &scene, &[20, 21, 50]);
    for ((coded, (size, bitrate)), index) in streams.iter().zip(SIZES).zip(0..) {
        let keys: Vec<i64> = coded
            .iter()
            .filter(|coded| coded.packet.key.is_sync())
            .map(|coded| coded.packet.pts.ticks() / STEP)
            .collect();
        assert_eq!(keys, [0, 20, 21, 50], "{size:?}");
        assert_eq!(coded.len(), 75, "{size:?}");
        let bits = coded.iter().map(|coded| coded.packet.data.len() * 8).sum::<usize>() / 3;
        assert!((bitrate / 2..bitrate * 2).contains(&(bits as u32)), "{size:?}: {bits} for {bitrate}");
        if tools::present(&["ffmpeg"]) {
            let packets: Vec<_> = coded.iter().map(|coded| coded.packet.clone()).collect();
            let path = scratch.file("size.ivf");
            std::fs::write(&path, tools::ivf(*b"VP80", size, &packets)).unwrap();
            let luma = (size.0 * size.1) as usize;
            let pixels = tools::pixels(&path, "yuv420p");
            assert_eq!(pixels.len(), 75 * luma * 3 / 2, "{size:?}");
            // The last picture is what went in, about.
            let last = &pixels[74 * luma * 3 / 2..][..luma];
            let frame = scene[74][index].as_ref();
            let rows = (0..size.1 as usize).flat_map(|row| frame.row(0, row));
            let error: u64 = rows.zip(last).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
            assert!(error < 400 * luma as u64, "{size:?}: {}", error / luma as u64);
        }
    }
}

#[test]
fn sizes_may_be_odd_and_their_ratios_other_than_two() {
    let sizes = [((174, 141), 200_000), ((116, 94), 100_000), ((58, 47), 50_000)];
    let frames: Vec<Frame> =
        sizes.iter().map(|(size, _)| pictures::moving(PixelFormat::I420, *size, 1).remove(0)).collect();
    let mut simulcast = Simulcast::open(&configs(&Options::vp8(), &sizes)).unwrap();
    for number in 0..12 {
        let frames: Vec<FrameRef<'_>> = frames.iter().map(Frame::as_ref).collect();
        simulcast.push(&frames, Timestamp::new(number * STEP), &FrameOptions::default()).unwrap();
    }
    assert!(simulcast.finish().unwrap().iter().all(|finished| finished.coded.len() == 12));
}

#[test]
fn layers_by_frame_rate_go_along() {
    let layers = Layers { temporal: Temporal::Two { base: 60 }, ..Layers::NONE };
    let options = Options { layers, ..Options::vp8() };
    for stream in run(&configs(&options, &SIZES), &scene(&SIZES, 8), &[]) {
        let layers: Vec<u8> = stream.iter().map(|coded| coded.picture.layer.temporal).collect();
        assert_eq!(layers, [0, 1, 0, 1, 0, 1, 0, 1]);
        assert!(stream.iter().all(|coded| coded.picture.disposable == (coded.picture.layer.temporal == 1)));
    }
}

#[test]
fn one_stream_changes_its_rate_and_the_others_do_not() {
    let scene = scene(&SIZES, 100);
    let mut simulcast = Simulcast::open(&configs(&Options::vp8(), &SIZES)).unwrap();
    let mut bytes = [[0; 3]; 2];
    for (number, frames) in scene.iter().enumerate() {
        if number == 50 {
            let rate = RateControl::Constant { bitrate: 100_000, buffer_ms: 1000 };
            simulcast.reconfigure(0, &Change::rate(rate)).unwrap();
            assert_eq!(simulcast.configs().next().unwrap().rate, rate);
        }
        let frames: Vec<FrameRef<'_>> = frames.iter().map(Frame::as_ref).collect();
        simulcast.push(&frames, Timestamp::new(number as i64 * STEP), &FrameOptions::default()).unwrap();
        while let Some((stream, coded)) = simulcast.poll() {
            if number % 50 >= 15 {
                bytes[number / 50][stream] += coded.packet.data.len();
            }
        }
    }
    assert!(bytes[1][0] * 2 < bytes[0][0], "{bytes:?}");
    assert!(bytes[1][1] * 3 > bytes[0][1] * 2, "{bytes:?}");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let good = configs(&Options::vp8(), &SIZES);
    let with = |index: usize, change: &dyn Fn(&mut Config)| {
        let mut configs = good.clone();
        change(&mut configs[index]);
        Simulcast::open(&configs).map(drop)
    };
    assert!(with(0, &|_| {}).is_ok());
    let refused: [&dyn Fn(&mut Config); 12] = [
        &|config| config.size = (100, 60),
        &|config| config.size = (320, 240),
        &|config| config.time_base = TimeBase::hz(1000),
        &|config| config.key_frames = KeyFrames::Fixed { every: 10 },
        &|config| config.key_frames = KeyFrames::Auto { max: 10 },
        &|config| config.latency = Latency::Unlimited,
        &|config| config.threads = Threads::Count(2),
        &|config| config.rate = RateControl::Quality { q: 20.into() },
        &|config| config.format = PixelFormat::Nv12,
        &|config| config.codec = Options::vp9().into(),
        &|config| config.codec = Options { cpu_used: -4, ..Options::vp8() }.into(),
        &|config| config.codec = Options { noise_sensitivity: 1, ..Options::vp8() }.into(),
    ];
    for (index, change) in refused.into_iter().enumerate() {
        assert!(with(1, change).is_err(), "{index}");
    }
    assert!(matches!(Simulcast::open(&good[..1]), Err(Error::Streams { .. })));
    assert!(matches!(Simulcast::open(&[]), Err(Error::Streams { .. })));
}

#[test]
fn frames_that_do_not_fit_are_refused_and_the_encoder_goes_on() {
    let scene = scene(&SIZES, 1);
    let frames: Vec<FrameRef<'_>> = scene[0].iter().map(Frame::as_ref).collect();
    let mut simulcast = Simulcast::open(&configs(&Options::vp8(), &SIZES)).unwrap();
    let mut push = |frames: &[FrameRef<'_>], ticks, options: &FrameOptions| {
        simulcast.push(frames, Timestamp::new(ticks), options)
    };
    let plain = FrameOptions::default();
    assert!(matches!(push(&frames[..2], 0, &plain), Err(Error::Streams { found: 2, expected: 3 })));
    let swapped = [frames[1], frames[0], frames[2]];
    assert!(matches!(push(&swapped, 0, &plain), Err(Error::Frame { .. })));
    let fixed = FrameOptions { quantizer: Quantizer::Fixed(20), ..FrameOptions::default() };
    assert!(matches!(push(&frames, 0, &fixed), Err(Error::FrameOption { .. })));
    push(&frames, 5, &plain).unwrap();
    assert!(matches!(push(&frames, 5, &plain), Err(Error::Order { .. })));
    push(&frames, 6, &plain).unwrap();
    assert!(simulcast.finish().unwrap().iter().all(|finished| finished.report.packets == 2));
}
