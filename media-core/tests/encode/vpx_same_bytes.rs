//! The same bytes as `vpxenc` for a matrix of options: codecs, formats, deadlines, rate controls, passes, tools.

use std::path::PathBuf;
use std::process::Command;

use media_core::encode::vpx::{
    AltRef, Aq, Bounds, Content, Deadline, LoopFilter, Options, Resilience, Tuning,
};
use media_core::encode::{
    Config, Encoder, FrameOptions, FrameRate, Latency, Pass, RateControl, Statistics, Threads,
};
use media_core::frame::{FrameRef, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

use crate::tools::{self, Scratch};

const COUNT: usize = 30;

/// The beginning of a real clip as Y4M for `vpxenc` and raw for us.
fn clip(scratch: &Scratch, size: (u32, u32), format: &str) -> Option<(PathBuf, Vec<u8>)> {
    let clip = tools::clip("bikes.mp4")?;
    let y4m = scratch.file(&format!("{format}-{}.y4m", size.0));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(clip).args(["-frames:v", &COUNT.to_string()]);
    command.args(["-vf", &format!("fps=25,scale={}:{}", size.0, size.1), "-pix_fmt", format]);
    tools::run(command.args(["-strict", "-1"]).arg(&y4m));
    let raw = tools::pixels(&y4m, format);
    Some((y4m, raw))
}

fn run(config: Config, raw: &[u8]) -> (Vec<Vec<u8>>, Option<Statistics>) {
    let mut encoder = Encoder::open(config.clone()).unwrap();
    for (number, bytes) in raw.chunks(config.format.tight_len(config.size).unwrap()).enumerate() {
        let frame = FrameRef::tight(config.format, config.size, bytes).unwrap();
        encoder.push(&frame, Timestamp::new(number as i64), &FrameOptions::default()).unwrap();
    }
    let finished = encoder.finish().unwrap();
    let statistics = finished.statistics.clone();
    (finished.packets().map(|packet| packet.data.to_vec()).collect(), statistics)
}

/// Where the first frame differs, if any.
fn difference(
    arguments: &str,
    config: &Config,
    y4m: &PathBuf,
    raw: &[u8],
    scratch: &Scratch,
) -> Option<String> {
    let theirs = scratch.file("theirs.ivf");
    let mut command = Command::new("vpxenc");
    command.args([
        "--ivf",
        "--disable-warning-prompt",
        "--timebase=1/25",
        "--kf-min-dist=0",
        "--kf-max-dist=250",
    ]);
    tools::run(command.args(arguments.split_whitespace()).arg("-o").arg(&theirs).arg(y4m));
    let theirs = tools::ivf_frames(&std::fs::read(&theirs).unwrap());
    let two = arguments.contains("--passes=2");
    let pass = if two {
        let first = Config { pass: Pass::First, ..config.clone() };
        Pass::Second(run(first, raw).1.unwrap())
    } else {
        Pass::Single
    };
    let (ours, _) = run(Config { pass, ..config.clone() }, raw);
    if ours.len() != theirs.len() {
        return Some(format!("{arguments}: {} frames, theirs {}", ours.len(), theirs.len()));
    }
    let at = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs)?;
    Some(format!("{arguments}: frame {at}, {} bytes, theirs {}", ours[at].len(), theirs[at].len()))
}

fn of(size: (u32, u32), options: Options, rate: RateControl) -> Config {
    Config {
        rate,
        threads: Threads::Count(1),
        ..Config::new(options, size, TimeBase::hz(25), FrameRate::hz(25))
    }
}

const SIZE: (u32, u32) = (320, 180);
const CBR: &str =
    "--end-usage=cbr --target-bitrate=300 --buf-sz=600 --buf-initial-sz=400 --buf-optimal-sz=500";
const CONSTANT: RateControl = RateControl::Constant { bitrate: 300_000, buffer_ms: 600 };
const VBR: &str = "--end-usage=vbr --target-bitrate=250";
const AVERAGE: RateControl = RateControl::Average { bitrate: 250_000 };
const VP9_RT: &str = "--codec=vp9 --rt --passes=1 --threads=1 --tile-columns=0 --row-mt=1 --lag-in-frames=0";
const VP9_GOOD: &str = "--codec=vp9 --good --threads=1 --tile-columns=0 --row-mt=1 --lag-in-frames=25";
const VP8_RT: &str = "--codec=vp8 --rt --passes=1 --threads=1 --lag-in-frames=0";
const VP8_GOOD: &str = "--codec=vp8 --good --threads=1 --lag-in-frames=25";

/// Each a set of arguments and what they are here.
fn matrix() -> Vec<(String, Config)> {
    let good = |options: Options| Options { deadline: Deadline::Good, cpu_used: 4, ..options };
    let mut cases = Vec::new();
    let mut vp9_rt = |arguments: &str, options: Options, rate| {
        let config = Config { latency: Latency::Realtime, ..of(SIZE, options, rate) };
        cases.push((format!("{VP9_RT} {arguments}"), config));
    };
    let vp9 = Options::vp9;
    for speed in [5, 7, 9] {
        let options = Options { cpu_used: speed, ..vp9() };
        vp9_rt(&format!("--cpu-used={speed} {CBR}"), options, CONSTANT);
    }
    vp9_rt(&format!("--cpu-used=8 {CBR} --aq-mode=3"), Options { aq: Aq::CyclicRefresh, ..vp9() }, CONSTANT);
    vp9_rt(
        &format!("--cpu-used=8 {CBR} --tune-content=screen"),
        Options { content: Content::Screen, ..vp9() },
        CONSTANT,
    );
    vp9_rt(&format!("--cpu-used=8 {CBR} --drop-frame=30"), Options { drop_frames: 30, ..vp9() }, CONSTANT);
    vp9_rt(
        &format!("--cpu-used=8 {CBR} --error-resilient=1"),
        Options { resilience: Resilience::Frames, ..vp9() },
        CONSTANT,
    );
    vp9_rt(
        &format!("--cpu-used=8 {CBR} --noise-sensitivity=1"),
        Options { noise_sensitivity: 1, ..vp9() },
        CONSTANT,
    );
    vp9_rt(
        &format!("--cpu-used=8 {CBR} --static-thresh=1000 --sharpness=3"),
        Options { static_threshold: 1000, sharpness: 3, ..vp9() },
        CONSTANT,
    );
    vp9_rt(
        &format!("--cpu-used=8 {CBR} --disable-loopfilter=2"),
        Options { loop_filter: LoopFilter::Off, ..vp9() },
        CONSTANT,
    );
    let bounds = Bounds {
        min_quantizer: Some(10),
        max_quantizer: Some(45),
        undershoot: Some(50),
        overshoot: Some(10),
        max_key_frame: Some(300),
        max_inter_frame: Some(200),
        golden_boost: Some(20),
        ..Bounds::DEFAULT
    };
    vp9_rt(
        &format!(
            "--cpu-used=8 {CBR} --min-q=10 --max-q=45 --undershoot-pct=50 --overshoot-pct=10 --max-intra-rate=300 --max-inter-rate=200 --gf-cbr-boost=20"
        ),
        Options { bounds, ..vp9() },
        CONSTANT,
    );
    vp9_rt("--cpu-used=8 --end-usage=vbr --min-q=33 --max-q=33", vp9(), RateControl::Quantizer { qp: 33 });
    vp9_rt("--cpu-used=8 --end-usage=q --lossless=1 --min-q=0 --max-q=0", vp9(), RateControl::Lossless);

    let mut vp9_good = |arguments: &str, options: Options, rate| {
        cases.push((format!("{VP9_GOOD} --cpu-used=4 {arguments}"), of(SIZE, good(options), rate)));
    };
    let quality = RateControl::Quality { q: 32.into() };
    vp9_good(&format!("--passes=1 {VBR}"), vp9(), AVERAGE);
    vp9_good(&format!("--passes=2 {VBR}"), vp9(), AVERAGE);
    vp9_good("--passes=2 --end-usage=q --cq-level=32", vp9(), quality);
    vp9_good(
        "--passes=2 --end-usage=cq --cq-level=25 --target-bitrate=250 --buf-sz=600 --buf-initial-sz=400 --buf-optimal-sz=500",
        vp9(),
        RateControl::CappedQuality { q: 25.into(), max: 250_000, buffer_ms: 600 },
    );
    for (number, aq) in [(1, Aq::Variance), (2, Aq::Complexity), (4, Aq::Equator360), (5, Aq::Perceptual)] {
        vp9_good(&format!("--passes=2 {VBR} --aq-mode={number}"), Options { aq, ..vp9() }, AVERAGE);
    }
    let alt_ref = AltRef {
        layers: Some(2),
        max_frames: Some(5),
        strength: Some(3),
        min_interval: Some(4),
        max_interval: Some(16),
        aq: Some(true),
        tpl: Some(false),
    };
    vp9_good(
        &format!(
            "--passes=2 {VBR} --auto-alt-ref=2 --arnr-maxframes=5 --arnr-strength=3 --min-gf-interval=4 --max-gf-interval=16 --alt-ref-aq=1 --enable-tpl=0"
        ),
        Options { alt_ref, ..vp9() },
        AVERAGE,
    );
    let bounds = Bounds { bias: Some(80), min_section: Some(20), max_section: Some(300), ..Bounds::DEFAULT };
    vp9_good(
        &format!("--passes=2 {VBR} --bias-pct=80 --minsection-pct=20 --maxsection-pct=300"),
        Options { bounds, ..vp9() },
        AVERAGE,
    );
    vp9_good(
        &format!("--passes=2 {VBR} --tune=ssim --tune-content=film --frame-parallel=0 --target-level=31"),
        Options {
            tuning: Tuning::Ssim,
            content: Content::Film,
            frame_parallel: Some(false),
            target_level: Some(31),
            ..vp9()
        },
        AVERAGE,
    );

    let vp8 = Options::vp8;
    let mut vp8_rt = |arguments: &str, options: Options, rate| {
        let config = Config { latency: Latency::Realtime, ..of(SIZE, options, rate) };
        cases.push((format!("{VP8_RT} {arguments}"), config));
    };
    for speed in [-4, -16] {
        vp8_rt(&format!("--cpu-used={speed} {CBR}"), Options { cpu_used: speed, ..vp8() }, CONSTANT);
    }
    vp8_rt(
        &format!("--cpu-used=-8 {CBR} --screen-content-mode=1"),
        Options { content: Content::Screen, ..vp8() },
        CONSTANT,
    );
    vp8_rt(
        &format!("--cpu-used=-8 {CBR} --noise-sensitivity=2 --static-thresh=500"),
        Options { noise_sensitivity: 2, static_threshold: 500, ..vp8() },
        CONSTANT,
    );
    vp8_rt(
        &format!("--cpu-used=-8 {CBR} --token-parts=2 --error-resilient=3"),
        Options { token_partitions: 2, resilience: Resilience::Partitions, ..vp8() },
        CONSTANT,
    );
    vp8_rt(
        &format!("--cpu-used=-8 {CBR} --drop-frame=30 --sharpness=2"),
        Options { drop_frames: 30, sharpness: 2, ..vp8() },
        CONSTANT,
    );
    vp8_rt(&format!("--cpu-used=-8 {CBR} --tune=ssim"), Options { tuning: Tuning::Ssim, ..vp8() }, CONSTANT);
    let two_passes = of(SIZE, good(vp8()), AVERAGE);
    cases.push((format!("{VP8_GOOD} --cpu-used=4 --passes=2 {VBR}"), two_passes));
    cases
}

#[test]
fn vpxenc_writes_the_same_for_each_option() {
    if !tools::present(&["ffmpeg", "vpxenc"]) {
        return;
    }
    let scratch = Scratch::new();
    let Some((y4m, raw)) = clip(&scratch, SIZE, "yuv420p") else { return };
    let matrix = matrix();
    let differ: Vec<String> = (matrix.iter())
        .filter_map(|(arguments, config)| difference(arguments, config, &y4m, &raw, &scratch))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
fn vpxenc_writes_the_same_for_each_format() {
    if !tools::present(&["ffmpeg", "vpxenc"]) {
        return;
    }
    let scratch = Scratch::new();
    for (name, format, profile) in [
        ("yuv422p", PixelFormat::I422, 1),
        ("yuv444p", PixelFormat::I444, 1),
        ("yuv420p10le", PixelFormat::I010, 2),
        ("yuv422p10le", PixelFormat::I210, 3),
        ("yuv444p10le", PixelFormat::I410, 3),
    ] {
        let Some((y4m, raw)) = clip(&scratch, SIZE, name) else { return };
        let depth = format.bit_depth();
        let arguments = format!(
            "{VP9_GOOD} --passes=1 --cpu-used=5 {VBR} --profile={profile} --bit-depth={depth} --input-bit-depth={depth}"
        );
        let options = Options { deadline: Deadline::Good, cpu_used: 5, ..Options::vp9() };
        let config = Config { format, ..of(SIZE, options, AVERAGE) };
        assert_eq!(difference(&arguments, &config, &y4m, &raw, &scratch), None);
    }
}

#[test]
fn vpxenc_writes_the_same_with_threads_and_tiles() {
    if !tools::present(&["ffmpeg", "vpxenc"]) {
        return;
    }
    let scratch = Scratch::new();
    let size = (640, 360);
    let Some((y4m, raw)) = clip(&scratch, size, "yuv420p") else { return };
    for (threads, columns, rows) in [(2, 1, 0), (4, 1, 0), (1, 0, 2)] {
        let arguments = format!(
            "--codec=vp9 --rt --passes=1 --lag-in-frames=0 --cpu-used=8 {CBR} --row-mt=0 --threads={threads} --tile-columns={columns} --tile-rows={rows}"
        );
        let options = Options { tile_columns: columns, tile_rows: rows, row_mt: false, ..Options::vp9() };
        let config = Config {
            latency: Latency::Realtime,
            threads: Threads::Count(threads),
            ..of(size, options, CONSTANT)
        };
        assert_eq!(difference(&arguments, &config, &y4m, &raw, &scratch), None);
    }
}
