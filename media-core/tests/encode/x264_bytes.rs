//! The same options give the same slices as the `x264` program: every preset and tune, rate control, threads, bit depth and chroma.
//!
//! Without the macroblock tree: with AVX-512, that of libx264 3095 differs from run to run within a process.

use std::path::Path;
use std::process::Command;

use media_core::encode::x264::{NalHrd, Options, Preset, Tune};
use media_core::encode::{
    Codec, Config, Encoder, FrameOptions, KeyFrames, Latency, Pass, RateControl, Statistics, Threads,
};
use media_core::frame::{FrameRef, PixelFormat};
use media_core::packet::Packet;
use media_core::time::Timestamp;

use crate::same_bytes::{clip, of_clip, slices};
use crate::tools::{self, Scratch};

/// The frames that go in: the first ones of the clip.
fn frames(count: usize) -> Option<(Scratch, Vec<u8>)> {
    let scratch = Scratch::new();
    if !tools::present(&["ffmpeg", "x264"]) {
        return None;
    }
    let (_, mut raw) = clip(&scratch)?;
    raw.truncate(count * PixelFormat::I420.tight_len((320, 180)).unwrap());
    Some((scratch, raw))
}

/// The clip in another format, for the program as Y4M and for us raw.
fn converted(scratch: &Scratch, count: usize, format: &str) -> Vec<u8> {
    let (y4m, raw) = (scratch.file("in.y4m"), scratch.file("in.raw"));
    for path in [&y4m, &raw] {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-i"]).arg(scratch.file("clip.y4m"));
        command.args(["-frames:v", &count.to_string(), "-pix_fmt", format, "-strict", "-1"]);
        if path.extension().is_some_and(|extension| extension == "raw") {
            command.args(["-f", "rawvideo"]);
        }
        tools::run(command.arg(path));
    }
    std::fs::read(raw).unwrap()
}

fn ours(config: Config, raw: &[u8]) -> (Vec<u8>, Option<Statistics>) {
    let mut encoder = Encoder::open(config.clone()).unwrap();
    let sets = encoder.codec_config().clone();
    for (number, bytes) in raw.chunks(config.format.tight_len(config.size).unwrap()).enumerate() {
        let frame = FrameRef::tight(config.format, config.size, bytes).unwrap();
        encoder.push(&frame, Timestamp::new(number as i64), &FrameOptions::default()).unwrap();
    }
    let finished = encoder.finish().unwrap();
    let packets: Vec<Packet> = finished.coded.into_iter().map(|coded| coded.packet).collect();
    (tools::annexb(&sets, &packets), finished.statistics)
}

/// Into a container, since a byte stream would repeat the parameter sets, which rate control counts.
fn theirs(scratch: &Scratch, input: &Path, options: &str) -> Vec<u8> {
    let output = scratch.file("theirs.mkv");
    let mut command = Command::new("x264");
    command.args(["--quiet", "--no-progress"]).args(options.split(' ').filter(|option| !option.is_empty()));
    tools::run(command.arg("-o").arg(&output).arg(input));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(&output);
    tools::run(command.args(["-c", "copy", "-f", "h264", "-"]))
}

fn config(options: Options) -> Config {
    let mut options = options;
    options.params.push(("mbtree".into(), "0".into()));
    let config = of_clip(crate::x264("veryfast"));
    Config { codec: Codec::X264(options), threads: Threads::Count(1), ..config }
}

fn assert_same(scratch: &Scratch, raw: &[u8], options: &str, config: Config) {
    let all = format!(
        "{options} --no-mbtree --frames {}",
        raw.len() / config.format.tight_len(config.size).unwrap()
    );
    let theirs = slices(&theirs(scratch, &scratch.file("clip.y4m"), &all));
    let ours = slices(&ours(config, raw).0);
    assert!(!ours.is_empty() && ours == theirs, "slices differ for {options}");
}

const PRESETS: [(Preset, &str); 10] = [
    (Preset::Ultrafast, "ultrafast"),
    (Preset::Superfast, "superfast"),
    (Preset::Veryfast, "veryfast"),
    (Preset::Faster, "faster"),
    (Preset::Fast, "fast"),
    (Preset::Medium, "medium"),
    (Preset::Slow, "slow"),
    (Preset::Slower, "slower"),
    (Preset::Veryslow, "veryslow"),
    (Preset::Placebo, "placebo"),
];

#[test]
fn presets() {
    let Some((scratch, raw)) = frames(8) else { return };
    for (preset, name) in PRESETS {
        let config = config(Options { preset, ..Options::default() });
        assert_same(&scratch, &raw, &format!("--preset {name} --threads 1"), config);
    }
}

#[test]
fn tunes() {
    let Some((scratch, raw)) = frames(10) else { return };
    for (tune, name) in [
        (Tune::Film, "film"),
        (Tune::Animation, "animation"),
        (Tune::Grain, "grain"),
        (Tune::StillImage, "stillimage"),
        (Tune::Psnr, "psnr"),
        (Tune::Ssim, "ssim"),
        (Tune::FastDecode, "fastdecode"),
    ] {
        for (latency, zero) in [(Latency::Unlimited, ""), (Latency::Realtime, ",zerolatency")] {
            let options = Options { preset: Preset::Veryfast, tune: Some(tune), ..Options::default() };
            let config = Config { latency, ..config(options) };
            assert_same(
                &scratch,
                &raw,
                &format!("--preset veryfast --tune {name}{zero} --threads 1"),
                config,
            );
        }
    }
}

#[test]
fn rates_and_key_frames() {
    let Some((scratch, raw)) = frames(40) else { return };
    let constant = RateControl::Constant { bitrate: 300_000, buffer_ms: 1000 };
    let cases = [
        ("--crf 20.5", RateControl::Quality { q: media_core::encode::Quality::tenths(205) }, NalHrd::None),
        (
            "--crf 20 --vbv-maxrate 300 --vbv-bufsize 150",
            RateControl::CappedQuality { q: 20.into(), max: 300_000, buffer_ms: 500 },
            NalHrd::None,
        ),
        ("--qp 0", RateControl::Lossless, NalHrd::None),
        ("--bitrate 300 --vbv-maxrate 300 --vbv-bufsize 300 --nal-hrd vbr", constant, NalHrd::Vbr),
        ("--bitrate 300 --vbv-maxrate 300 --vbv-bufsize 300 --nal-hrd cbr", constant, NalHrd::Cbr),
    ];
    for (text, rate, hrd) in cases {
        let options = Options { preset: Preset::Veryfast, hrd, ..Options::default() };
        let config = Config { rate, ..config(options) };
        assert_same(&scratch, &raw, &format!("--preset veryfast --threads 1 {text}"), config);
    }
    let key_frames = KeyFrames::IntraRefresh { every: 15 };
    let config = Config { key_frames, ..config(Options { preset: Preset::Veryfast, ..Options::default() }) };
    let text = "--preset veryfast --threads 1 --intra-refresh --keyint 15 --scenecut 0 --ref 1";
    assert_same(&scratch, &raw, text, config);
}

#[test]
fn threads_on_frames_and_on_slices() {
    let Some((scratch, raw)) = frames(25) else { return };
    for threads in [1, 2, 4] {
        let with = |latency| Config {
            threads: Threads::Count(threads),
            latency,
            ..config(Options { preset: Preset::Veryfast, ..Options::default() })
        };
        let text = format!("--preset veryfast --threads {threads}");
        assert_same(&scratch, &raw, &text, with(Latency::Unlimited));
        // 180 rows leave room for two slices.
        assert_same(&scratch, &raw, &format!("{text} --tune zerolatency"), with(Latency::Realtime));
    }
}

#[test]
fn depths_and_chroma() {
    let Some((scratch, _)) = frames(1) else { return };
    for (format, layout, options) in [
        (PixelFormat::I422, "yuv422p", "--output-csp i422"),
        (PixelFormat::I444, "yuv444p", "--output-csp i444"),
        (PixelFormat::I010, "yuv420p10le", "--output-depth 10"),
        (PixelFormat::I210, "yuv422p10le", "--output-depth 10 --output-csp i422"),
        (PixelFormat::I410, "yuv444p10le", "--output-depth 10 --output-csp i444"),
    ] {
        let raw = converted(&scratch, 10, layout);
        let base = Config { format, ..config(Options { preset: Preset::Fast, ..Options::default() }) };
        let offset = 6 * (u32::from(format.bit_depth()) - 8);
        for (text, rate) in [
            ("--crf 25".to_owned(), RateControl::Quality { q: 25.into() }),
            // The program counts quantizers of more bits from below.
            (format!("--qp {}", 28 + offset), RateControl::Quantizer { qp: 28 }),
        ] {
            let all = format!("--preset fast --threads 1 --no-mbtree {options} {text}");
            let theirs = slices(&theirs(&scratch, &scratch.file("in.y4m"), &all));
            let ours = slices(&ours(Config { rate, ..base.clone() }, &raw).0);
            assert!(ours == theirs, "slices differ for {all}");
        }
    }
}

#[test]
fn two_passes() {
    let Some((scratch, raw)) = frames(50) else { return };
    for (preset, name, slow) in [
        (Preset::Veryfast, "veryfast", false),
        (Preset::Medium, "medium", false),
        (Preset::Medium, "medium", true),
    ] {
        for (rate, text) in [
            (RateControl::Average { bitrate: 250_000 }, "--bitrate 250"),
            (
                RateControl::Constrained { bitrate: 250_000, max: 400_000, buffer_ms: 1000 },
                "--bitrate 250 --vbv-maxrate 400 --vbv-bufsize 400",
            ),
        ] {
            let options = Options { preset, slow_first_pass: slow, ..Options::default() };
            let config = Config { rate, ..config(options) };
            let stats = scratch.file("stats");
            let first = if slow { "--slow-firstpass" } else { "" };
            let mut statistics = None;
            for number in [1, 2] {
                let pass = statistics.take().map_or(Pass::First, Pass::Second);
                let (stream, found) = ours(Config { pass, ..config.clone() }, &raw);
                statistics = found;
                let all = format!(
                    "--preset {name} --threads 1 --no-mbtree {text} --pass {number} {first} --stats {}",
                    stats.display()
                );
                let theirs = theirs(&scratch, &scratch.file("clip.y4m"), &all);
                assert!(slices(&stream) == slices(&theirs), "slices differ for {all}");
            }
        }
    }
}
