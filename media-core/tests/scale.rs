//! Scaled pictures beside those of ffmpeg's swscale, for a real clip: the same filters, so nearly the same samples.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use media_core::frame::{Frame, FrameRef, PixelFormat};
use media_core::scale::{Config, Filter, Scaler};

const CLIP: &str = "clips/bigbuckbunny.mp4";
const SIZE: (u32, u32) = (1280, 720);

/// Peak signal-to-noise ratio against swscale, in decibels, that every plane reaches: at most one sample in ten is off by one. Measured with
/// ffmpeg 5.1: 60.8 (bilinear, enlarged) to 102. swscale, too, keeps weights of 14 bits, but leaves out the smallest.
const BOUND: f64 = 58.0;

#[test]
fn pictures_are_what_swscale_makes_of_them() {
    for (size, filter, flags) in [
        ((640, 360), Filter::Area, "area"),
        ((854, 480), Filter::Area, "area"),
        ((640, 360), Filter::Bilinear, "bilinear"),
        ((854, 480), Filter::Bilinear, "bilinear"),
        ((1920, 1080), Filter::Bilinear, "bilinear"),
        ((426, 240), Filter::Bicubic, "bicubic"),
        ((1920, 1080), Filter::Bicubic, "bicubic"),
        ((320, 180), Filter::Lanczos, "lanczos"),
        ((1920, 1080), Filter::Lanczos, "lanczos"),
    ] {
        check(PixelFormat::I420, "yuv420p", size, filter, flags);
    }
}

#[test]
fn pictures_of_ten_bits_are_what_swscale_makes_of_them() {
    check(PixelFormat::I010, "yuv420p10le", (854, 480), Filter::Bicubic, "bicubic");
    check(PixelFormat::I422, "yuv422p", (854, 480), Filter::Bicubic, "bicubic");
}

/// The picture as ffmpeg decodes it and we scale it, beside the one that ffmpeg scales. It has to be told where chroma is: alone, it takes it
/// for centred between columns, which gives 48 to 58 dB.
fn check(format: PixelFormat, name: &str, size: (u32, u32), filter: Filter, flags: &str) {
    let Some(path) = media(CLIP) else { return };
    let sites = "in_h_chr_pos=0:out_h_chr_pos=0";
    let scale = format!("scale={}:{}:flags={flags}+accurate_rnd:{sites}", size.0, size.1);
    let Some(source) = ffmpeg(&path, &format!("format={name}")) else { return };
    let Some(theirs) = ffmpeg(&path, &format!("format={name},{scale}")) else { return };
    let source = FrameRef::tight(format, SIZE, &source).unwrap();
    let theirs = FrameRef::tight(format, size, &theirs).unwrap();
    let mut config = Config::new((format, SIZE), (format, size));
    config.filter = filter;
    let mut ours = Frame::new(format, size).unwrap();
    Scaler::new(config).unwrap().scale(&source, &mut ours).unwrap();
    let found = [0, 1, 2].map(|plane| psnr(&ours.as_ref(), &theirs, plane));
    println!("{format:?} {filter:?} to {size:?}: {found:.1?} dB");
    assert!(found.iter().all(|found| *found > BOUND), "{format:?} {filter:?} to {size:?}: {found:.1?} dB");
}

fn psnr(a: &FrameRef, b: &FrameRef, plane: usize) -> f64 {
    let (row, rows) = a.format().plane_size(plane, a.size()).unwrap();
    let len = a.format().sample_len();
    let value = |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
    let mut squares = 0;
    for y in 0..rows {
        let pairs = a.row(plane, y).chunks(len).zip(b.row(plane, y).chunks(len));
        squares += pairs.map(|(a, b)| u64::from(value(a).abs_diff(value(b))).pow(2)).sum::<u64>();
    }
    let peak = f64::from((1_u32 << a.format().bit_depth()) - 1);
    let count = (row / len * rows) as f64;
    10.0 * (peak * peak * count / squares.max(1) as f64).log10()
}

/// The 40th picture of a clip after a filter, as raw video.
fn ffmpeg(path: &Path, filter: &str) -> Option<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path);
    command.args(["-vf", &format!("select=eq(n\\,40),{filter}"), "-frames:v", "1", "-f", "rawvideo", "-"]);
    let Ok(output) = command.stdin(Stdio::null()).output() else {
        eprintln!("skipped: ffmpeg is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

fn media(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media");
    let path = std::env::var_os("MEDIA_DIR").map_or(root, PathBuf::from).join(name);
    if !path.exists() {
        eprintln!("skipped: no {name}, MEDIA_DIR says where the media is");
        return None;
    }
    Some(path)
}
