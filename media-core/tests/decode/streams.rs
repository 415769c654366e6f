//! Where the packets come from: test media, ffmpeg's encoders, our own.

use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use media_core::codec::{Format, vp8, vp9};
use media_core::encode::vpx::Options;
use media_core::encode::{self, Encoder, FrameOptions, FrameRate};
use media_core::frame::{Frame, PixelFormat};
use media_core::packet::{Key, Packet};
use media_core::time::{TimeBase, Timestamp};
use media_core::track::TrackId;

use crate::tools::{Scratch, ivf_frames, present, run};

/// A file of the test media; `None`, said aloud, where it is not there.
pub fn media(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media");
    let path = std::env::var_os("MEDIA_DIR").map_or(root, PathBuf::from).join(name);
    if !path.exists() {
        eprintln!("skipped: no {name}, MEDIA_DIR says where the media is");
        return None;
    }
    Some(path)
}

pub fn packet(number: usize, data: impl Into<Bytes>) -> Packet {
    let pts = Timestamp::new(number as i64 * 3600);
    let (track, data) = (TrackId::new(1).unwrap(), data.into());
    Packet { track, pts, dts: pts, duration: Some(3600), key: Key::No, data, wall: None }
}

/// The packets of an IVF file, a picture each 40 ms.
pub fn ivf(file: &Path) -> Vec<Packet> {
    let frames = ivf_frames(&std::fs::read(file).unwrap());
    frames.into_iter().enumerate().map(|(number, frame)| packet(number, frame)).collect()
}

/// The pictures of any file as IVF; `None` without ffmpeg.
pub fn remuxed(file: &Path, scratch: &Scratch) -> Option<PathBuf> {
    let ivf = scratch.file("remuxed.ivf");
    present(&["ffmpeg"]).then(|| {
        let mut command = Command::new("ffmpeg");
        command
            .args(["-v", "error", "-y", "-i"])
            .arg(file)
            .args(["-map", "0:v:0", "-c", "copy", "-f", "ivf"]);
        run(command.arg(&ivf));
        ivf
    })
}

/// The first track of a WebM file as IVF, broken as it may be, which ffmpeg would not copy; `None` without mkvextract.
pub fn extracted(file: &Path, scratch: &Scratch) -> Option<PathBuf> {
    let ivf = scratch.file("extracted.ivf");
    present(&["mkvextract"]).then(|| {
        let track = format!("0:{}", ivf.display());
        let output = Command::new("mkvextract").arg(file).args(["tracks", &track]).output().unwrap();
        // 1 is a warning, which broken files earn.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        ivf
    })
}

/// Ten pictures that libvpx in ffmpeg coded in a pixel format of its; `None` without ffmpeg.
pub fn coded(encoder: &str, pixel_format: &str, size: &str, scratch: &Scratch) -> Option<PathBuf> {
    let ivf = scratch.file("coded.ivf");
    present(&["ffmpeg"]).then(|| {
        let source = format!("testsrc2=size={size}:rate=25:duration=0.4");
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-pix_fmt", pixel_format]);
        command.args(["-c:v", encoder, "-b:v", "300k", "-cpu-used", "8", "-deadline", "realtime"]);
        run(command.args(["-threads", "1", "-f", "ivf"]).arg(&ivf));
        ivf
    })
}

/// `count` pictures coded by our own encoder, a key frame every `every`.
pub fn own(format: Format, size: (u32, u32), count: usize, every: u32) -> Vec<Packet> {
    let options = if format == Format::Vp8 { Options::vp8() } else { Options::vp9() };
    let mut config = encode::Config::new(options, size, TimeBase::VIDEO, FrameRate::hz(25));
    config.key_frames = encode::KeyFrames::Fixed { every };
    config.latency = encode::Latency::Realtime;
    config.rate = encode::RateControl::Average { bitrate: 300_000 };
    let mut encoder = Encoder::open(config).unwrap();
    let mut packets = Vec::new();
    for number in 0..count {
        let pts = Timestamp::new(number as i64 * 3600);
        encoder.push(&texture(size, number).as_ref(), pts, &FrameOptions::default()).unwrap();
        packets.extend(std::iter::from_fn(|| encoder.poll()).map(|coded| coded.packet));
    }
    packets.extend(encoder.finish().unwrap().packets());
    assert_eq!(packets.len(), count);
    packets
}

fn texture(size: (u32, u32), number: usize) -> Frame {
    let mut frame = Frame::new(PixelFormat::I420, size).unwrap();
    for plane in 0..3 {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                let (x, y) = (x + 3 * number, y + number);
                let hash = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)) >> 9;
                *sample = 60 + ((x / 3) % 96) as u8 + (y % 64) as u8 + (hash & 15) as u8;
            }
        }
    }
    frame
}

/// Whether decoding can start there, by the bits of the packet.
pub fn is_key(format: Format, data: &[u8]) -> bool {
    match format {
        Format::Vp8 => vp8::Config::from_key_frame(data).is_ok(),
        _ => vp9::Config::from_key_frame(data).is_ok(),
    }
}
