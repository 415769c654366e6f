//! The same options give the same stream as the libraries' own programs, and other people's decoders read it.

use std::path::Path;
use std::process::Command;

use media_core::encode::{
    Config, Encoder, FrameOptions, FrameRate, KeyFrames, Latency, RateControl, Threads,
};
use media_core::frame::{FrameRef, PixelFormat};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};

use crate::tools::{self, Scratch};
use crate::{SIZE, codecs, encode, pictures};

pub const COUNT: usize = 50;
const CLIP_SIZE: (u32, u32) = (320, 180);

/// The beginning of a real clip, 25 Hz, small enough for a debug build: as Y4M for the programs and raw for us.
pub fn clip(scratch: &Scratch) -> Option<(std::path::PathBuf, Vec<u8>)> {
    let clip = tools::clip("bikes.mp4")?;
    let y4m = scratch.file("clip.y4m");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(clip).args(["-frames:v", &COUNT.to_string()]);
    command.args(["-vf", "fps=25,scale=320:180", "-pix_fmt", "yuv420p"]).arg(&y4m);
    tools::run(&mut command);
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(&y4m).args(["-f", "rawvideo", "-"]);
    let raw = tools::run(&mut command);
    Some((y4m, raw))
}

fn encode_raw(config: Config, raw: &[u8]) -> (media_core::codec::Config, Vec<Packet>) {
    let mut encoder = Encoder::open(config.clone()).unwrap();
    let codec_config = encoder.codec_config().clone();
    let mut packets = Vec::new();
    for (number, bytes) in raw.chunks(config.format.tight_len(config.size).unwrap()).enumerate() {
        let frame = FrameRef::tight(config.format, config.size, bytes).unwrap();
        encoder.push(&frame, Timestamp::new(number as i64), &FrameOptions::default()).unwrap();
        packets.extend(std::iter::from_fn(|| encoder.poll()).map(|coded| coded.packet));
    }
    packets.extend(encoder.finish().unwrap().packets());
    (codec_config, packets)
}

pub fn of_clip(config: Config) -> Config {
    let time_base = TimeBase::hz(25);
    Config { size: CLIP_SIZE, time_base, frame_rate: FrameRate::hz(25), ..config }
}

#[cfg(feature = "x264")]
#[test]
fn h264_is_what_the_x264_program_writes() {
    use media_core::encode::Codec;
    use media_core::encode::x264::{Options, Preset, Tune};
    let scratch = Scratch::new();
    if !tools::present(&["ffmpeg", "x264"]) {
        return;
    }
    let Some((y4m, raw)) = clip(&scratch) else { return };
    let base = of_clip(crate::x264("veryfast"));
    let one = Threads::Count(1);
    let with = |preset, tune, params: &[(&str, &str)]| {
        let params = params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Codec::X264(Options { preset, tune, params, ..Options::default() })
    };
    // Without the macroblock tree: with AVX-512, libx264 3095's differs from run to run within a process.
    let cases: [(&str, Config); 6] = [
        (
            "--preset veryfast --crf 23 --threads 1 --no-mbtree",
            Config { codec: with(Preset::Veryfast, None, &[("mbtree", "0")]), threads: one, ..base.clone() },
        ),
        (
            "--preset medium --tune film --crf 30 --threads 3 --no-mbtree",
            Config {
                codec: with(Preset::Medium, Some(Tune::Film), &[("mbtree", "0")]),
                rate: RateControl::Quality { q: 30.into() },
                threads: Threads::Count(3),
                ..base.clone()
            },
        ),
        (
            "--preset ultrafast --tune zerolatency --bitrate 300 --vbv-maxrate 300 --vbv-bufsize 300 --threads 1",
            Config {
                codec: with(Preset::Ultrafast, None, &[]),
                latency: Latency::Realtime,
                rate: RateControl::Constant { bitrate: 300_000, buffer_ms: 1000 },
                threads: one,
                ..base.clone()
            },
        ),
        (
            "--preset fast --bitrate 250 --vbv-maxrate 400 --vbv-bufsize 800 --threads 1 --no-mbtree --keyint 20 --min-keyint 20 --scenecut 0",
            Config {
                codec: with(Preset::Fast, None, &[("mbtree", "0")]),
                rate: RateControl::Constrained { bitrate: 250_000, max: 400_000, buffer_ms: 2000 },
                key_frames: KeyFrames::Fixed { every: 20 },
                threads: one,
                ..base.clone()
            },
        ),
        (
            "--preset superfast --bitrate 400 --threads 1 --bframes 2 --aq-mode 3 --no-cabac --no-mbtree",
            Config {
                codec: with(
                    Preset::Superfast,
                    None,
                    &[("bframes", "2"), ("aq-mode", "3"), ("no-cabac", "1")],
                ),
                rate: RateControl::Average { bitrate: 400_000 },
                threads: one,
                ..base.clone()
            },
        ),
        (
            "--preset veryfast --qp 30 --threads 1",
            Config {
                codec: with(Preset::Veryfast, None, &[]),
                rate: RateControl::Quantizer { qp: 30 },
                threads: one,
                ..base.clone()
            },
        ),
    ];
    for (options, config) in cases {
        // Into a container, since a byte stream would repeat the parameter sets, which rate control counts.
        let theirs = scratch.file("theirs.mkv");
        let mut command = Command::new("x264");
        tools::run(
            command
                .args(["--quiet", "--no-progress"])
                .args(options.split(' '))
                .arg("-o")
                .arg(&theirs)
                .arg(&y4m),
        );
        let (codec_config, packets) = encode_raw(config, &raw);
        let stream = tools::annexb(&codec_config, &packets);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-i"]).arg(&theirs).args(["-c", "copy", "-f", "h264", "-"]);
        assert!(slices(&stream) == slices(&tools::run(&mut command)), "slices differ for {options}");
        let ours = scratch.file("ours.h264");
        std::fs::write(&ours, stream).unwrap();
        let pictures = tools::decoded(&ours);
        assert_eq!(pictures.len(), COUNT, "{options}");
        assert_eq!(pictures, tools::decoded(&theirs), "{options}");
    }
}

/// Coded slices, H.264 table 7-1; parameter sets differ in what they say of time.
#[cfg(feature = "x264")]
pub fn slices(stream: &[u8]) -> Vec<Vec<u8>> {
    tools::annexb_units(stream).into_iter().filter(|unit| matches!(unit[0] & 31, 1 | 5)).collect()
}

#[cfg(feature = "vpx")]
#[test]
fn vp8_and_vp9_are_what_vpxenc_writes() {
    use media_core::encode::vpx::{Deadline, Options};
    let scratch = Scratch::new();
    if !tools::present(&["ffmpeg", "vpxenc"]) {
        return;
    }
    let Some((y4m, raw)) = clip(&scratch) else { return };
    let one = Threads::Count(1);
    let cases: [(&str, Config); 5] = [
        (
            "--codec=vp9 --rt --cpu-used=8 --row-mt=1 --tile-columns=0 --lag-in-frames=0 --end-usage=cbr --target-bitrate=300 --buf-sz=600 --buf-initial-sz=400 --buf-optimal-sz=500",
            Config {
                latency: Latency::Realtime,
                rate: RateControl::Constant { bitrate: 300_000, buffer_ms: 600 },
                threads: one,
                ..of_clip(crate::vpx(Options::vp9()))
            },
        ),
        (
            "--codec=vp9 --good --cpu-used=5 --row-mt=0 --tile-columns=0 --lag-in-frames=25 --end-usage=q --cq-level=32",
            Config {
                threads: one,
                ..of_clip(crate::vpx(Options {
                    deadline: Deadline::Good,
                    cpu_used: 5,
                    row_mt: false,
                    ..Options::vp9()
                }))
            },
        ),
        (
            "--codec=vp9 --rt --cpu-used=7 --row-mt=1 --tile-columns=0 --lag-in-frames=0 --end-usage=vbr --target-bitrate=200",
            Config {
                latency: Latency::Realtime,
                rate: RateControl::Average { bitrate: 200_000 },
                threads: one,
                ..of_clip(crate::vpx(Options { cpu_used: 7, ..Options::vp9() }))
            },
        ),
        (
            "--codec=vp8 --rt --cpu-used=-8 --lag-in-frames=0 --end-usage=cbr --target-bitrate=300 --buf-sz=600 --buf-initial-sz=400 --buf-optimal-sz=500",
            Config {
                latency: Latency::Realtime,
                rate: RateControl::Constant { bitrate: 300_000, buffer_ms: 600 },
                threads: one,
                ..of_clip(crate::vpx(Options::vp8()))
            },
        ),
        (
            "--codec=vp8 --good --cpu-used=2 --lag-in-frames=25 --auto-alt-ref=0 --end-usage=cq --cq-level=20 --target-bitrate=400 --buf-sz=600 --buf-initial-sz=400 --buf-optimal-sz=500",
            Config {
                rate: RateControl::CappedQuality { q: 20.into(), max: 400_000, buffer_ms: 600 },
                threads: one,
                ..of_clip(crate::vpx(Options { deadline: Deadline::Good, cpu_used: 2, ..Options::vp8() }))
            },
        ),
    ];
    for (options, config) in cases {
        let theirs = scratch.file("theirs.ivf");
        let mut command = Command::new("vpxenc");
        let common =
            ["--passes=1", "--ivf", "--threads=1", "--timebase=1/25", "--kf-min-dist=0", "--kf-max-dist=250"];
        tools::run(command.args(common).args(options.split(' ')).arg("-o").arg(&theirs).arg(&y4m));
        let (_, packets) = encode_raw(config, &raw);
        let theirs = tools::ivf_frames(&std::fs::read(&theirs).unwrap());
        assert_eq!(packets.len(), theirs.len(), "{options}");
        let equal = packets.iter().zip(&theirs).all(|(ours, theirs)| ours.data == theirs);
        assert!(equal, "payloads differ for {options}");
    }
}

#[test]
fn ffmpeg_decodes_every_frame() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let scratch = Scratch::new();
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, config) in codecs() {
        for latency in [Latency::Realtime, Latency::Unlimited] {
            let config = Config { latency, ..config.clone() };
            let codec_config = Encoder::open(config.clone()).unwrap().codec_config().clone();
            let packets = encode(config, &frames, &[13]);
            let path = scratch.file(&format!("{name}.stream"));
            std::fs::write(&path, stream(&codec_config, &packets)).unwrap();
            assert_eq!(decoded_count(&path), 40, "{name} {latency:?}");
        }
    }
}

fn stream(config: &media_core::codec::Config, packets: &[Packet]) -> Vec<u8> {
    match config {
        media_core::codec::Config::Vp8(_) => tools::ivf(*b"VP80", SIZE, packets),
        media_core::codec::Config::Vp9(_) => tools::ivf(*b"VP90", SIZE, packets),
        #[cfg(feature = "x264")]
        other => tools::annexb(other, packets),
        #[cfg(not(feature = "x264"))]
        other => panic!("{other:?}"),
    }
}

fn decoded_count(path: &Path) -> usize {
    tools::decoded(path).len()
}
