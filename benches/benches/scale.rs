//! What a picture of 1080p costs to scale, beside libswscale where it is installed: `cargo bench --bench scale`, or `script/bench scale`.
//!
//! Both get the same eight frames in turns, more than caches hold, and one thread. After criterion's own figures comes a table of the
//! smallest of several rounds that take turns, which load on the machine moves least. The target is at most 1.5 times swscale.

// The other side of the comparison is C, called directly.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

use criterion::measurement::Measurement;
use criterion::{Criterion, Throughput};
use media_core::frame::{Frame, PixelFormat};
use media_core::scale::{Config, Filter, Scaler};

mod cpu_time;
#[cfg(unix)]
mod swscale;

use cpu_time::{CpuTime, cpu_time};
#[cfg(unix)]
use swscale::Swscale;

const FULL: (u32, u32) = (1920, 1080);
const COUNT: usize = 8;

/// Name, formats before and after, target size, and filter.
type Named = (&'static str, [PixelFormat; 2], (u32, u32), Filter);

const CASES: [Named; 14] = {
    use Filter::{Area, Bicubic, Bilinear, Lanczos};
    use PixelFormat::{I010, I420, Nv12, P010};
    let plain = [I420, I420];
    [
        ("scale 1080p to 720p bilinear", plain, (1280, 720), Bilinear),
        ("scale 1080p to 720p bicubic", plain, (1280, 720), Bicubic),
        ("scale 1080p to 720p lanczos", plain, (1280, 720), Lanczos),
        ("scale 1080p to 720p area", plain, (1280, 720), Area),
        ("scale 1080p to 540p bilinear", plain, (960, 540), Bilinear),
        ("scale 1080p to 360p bilinear", plain, (640, 360), Bilinear),
        ("scale 1080p to 360p bicubic", plain, (640, 360), Bicubic),
        ("scale 1080p to 360p lanczos", plain, (640, 360), Lanczos),
        ("scale 1080p to 2160p bicubic", plain, (3840, 2160), Bicubic),
        ("scale 1080p NV12 to I420", [Nv12, I420], FULL, Bilinear),
        ("scale 1080p NV12 to I420 720p bilinear", [Nv12, I420], (1280, 720), Bilinear),
        ("scale 1080p I010 to 720p bicubic", [I010, I010], (1280, 720), Bicubic),
        ("scale 1080p P010 to I010", [P010, I010], FULL, Bilinear),
        ("scale 1080p P010 to I420 720p bicubic", [P010, I420], (1280, 720), Bicubic),
    ]
};

fn main() {
    let mut criterion = cpu_time().configure_from_args();
    benches(&mut criterion);
    criterion.final_summary();
    // Not when it is only to be seen that it runs, or when somebody profiles.
    if !std::env::args().any(|argument| argument == "--test" || argument == "--profile-time") {
        compare();
    }
}

fn benches(c: &mut Criterion<CpuTime>) {
    for (name, formats, size, filter) in CASES {
        let mut case = Case::new(formats, size, filter);
        let mut group = c.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Elements(COUNT as u64));
        group.bench_function("reelmill", |b| b.iter(|| case.reelmill()));
        #[cfg(unix)]
        if case.swscale.is_some() {
            group.bench_function("swscale", |b| b.iter(|| case.swscale()));
        }
    }
}

/// Milliseconds of a processor per frame, and the ratio.
#[cfg(unix)]
fn compare() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let cases: Vec<_> = CASES.into_iter().filter(|case| case.0.contains(&filter)).collect();
    if !cases.is_empty() {
        println!("\n| {:38} | swscale ms | reelmill ms | ratio |\n|---|---|---|---|", "");
    }
    for (name, formats, size, scaling) in cases {
        let mut case = Case::new(formats, size, scaling);
        if case.swscale.is_none() {
            return println!("libswscale is not installed");
        }
        let (mut theirs, mut ours) = (f64::MAX, f64::MAX);
        for _ in 0..5 {
            theirs = theirs.min(per_frame(|| case.swscale()));
            ours = ours.min(per_frame(|| case.reelmill()));
        }
        println!("| {name:38} | {theirs:10.2} | {ours:11.2} | {:5.2} |", ours / theirs);
    }
}

#[cfg(not(unix))]
fn compare() {}

/// Milliseconds per frame, over rounds of `COUNT` for as long as the clock, which ticks slowly, becomes exact.
#[cfg(unix)]
fn per_frame(mut frames: impl FnMut()) -> f64 {
    frames();
    let (wall, clock, mut rounds) = (Instant::now(), CpuTime.start(), 0.0);
    while wall.elapsed() < Duration::from_millis(400) {
        frames();
        rounds += 1.0;
    }
    CpuTime.end(clock) as f64 / 1e6 / rounds / COUNT as f64
}

struct Case {
    frames: Vec<Frame>,
    target: Frame,
    scaler: Scaler,
    #[cfg(unix)]
    swscale: Option<Swscale>,
}

impl Case {
    fn new(formats: [PixelFormat; 2], size: (u32, u32), filter: Filter) -> Self {
        let mut config = Config::new((formats[0], FULL), (formats[1], size));
        config.filter = filter;
        Self {
            frames: (0..COUNT).map(|number| picture(formats[0], number)).collect(),
            target: Frame::new(formats[1], size).expect("memory for a frame"),
            scaler: Scaler::new(config).expect("a valid configuration"),
            #[cfg(unix)]
            swscale: Swscale::new(&config),
        }
    }

    fn reelmill(&mut self) {
        for frame in &self.frames {
            self.scaler.scale(&frame.as_ref(), &mut self.target).expect("frames of the shapes configured");
        }
    }

    #[cfg(unix)]
    fn swscale(&mut self) {
        let swscale = self.swscale.as_mut().expect("asked before");
        self.frames.iter().for_each(|frame| swscale.scale(frame, &mut self.target));
    }
}

/// Texture that drifts, as in a panning camera.
fn picture(format: PixelFormat, number: usize) -> Frame {
    let mut frame = Frame::new(format, FULL).expect("memory for a few frames");
    let raised = if format == PixelFormat::P010 { 6 } else { 0 };
    for plane in 0..format.planes() {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in row.chunks_exact_mut(format.sample_len()).enumerate() {
                let (x, y) = (x + 3 * number, y + number);
                let value = 16 + (x / 3 % 96) as u16 + (y / 2 % 64) as u16 + (x * y % 7) as u16;
                sample.copy_from_slice(&(value << raised).to_le_bytes()[..format.sample_len()]);
            }
        }
    }
    frame
}
