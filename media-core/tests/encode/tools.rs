//! Other people's programs as judges: `x264`, `vpxenc`, `ffmpeg`. A test whose judge is absent says so and passes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use media_core::packet::Packet;

/// A directory of this test's own, removed with it.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("reelmill-encode-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A left-over directory is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether all of them can be started.
pub fn present(programs: &[&str]) -> bool {
    programs.iter().all(|program| {
        let started =
            Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if started.is_err() {
            eprintln!("skipped: {program} is not installed");
        }
        started.is_ok()
    })
}

/// A real clip; `None`, said aloud, where the media is not there.
pub fn clip(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media");
    let media = std::env::var_os("MEDIA_DIR").map_or(root, PathBuf::from);
    let path = media.join("clips").join(name);
    if !path.exists() {
        eprintln!("skipped: no {name}, MEDIA_DIR says where the media is");
        return None;
    }
    Some(path)
}

/// Runs a program to its end and gives its standard output.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

/// What ffmpeg decodes: the hash of each picture in display order, in our pictures' format.
pub fn decoded(stream: &Path) -> Vec<String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(stream);
    command.args(["-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "framemd5", "-"]);
    let text = String::from_utf8(run(&mut command)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

/// What ffmpeg decodes: the pictures without gaps, in display order, in one of ffmpeg's pixel formats.
pub fn pixels(stream: &Path, format: &str) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(stream);
    run(command.args(["-fps_mode", "passthrough", "-pix_fmt", format, "-f", "rawvideo", "-"]))
}

/// The NAL units of a length-prefixed access unit.
pub fn nal_units(mut data: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<4>() {
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        units.push(unit);
        data = rest;
    }
    units
}

/// The NAL units of a byte stream, H.264 annex B.
pub fn annexb_units(stream: &[u8]) -> Vec<Vec<u8>> {
    let starts: Vec<usize> =
        (0..stream.len().saturating_sub(2)).filter(|at| stream[*at..].starts_with(&[0, 0, 1])).collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let mut unit = stream[start + 3..end].to_vec();
            while unit.last() == Some(&0) {
                unit.pop();
            }
            unit
        })
        .collect()
}

/// A byte stream that ffmpeg reads.
#[cfg(feature = "x264")]
pub fn annexb(config: &media_core::codec::Config, packets: &[Packet]) -> Vec<u8> {
    let media_core::codec::Config::H264(config) = config else { panic!("{config:?}") };
    let sets = config.sps().iter().chain(config.pps()).map(|set| &set[..]);
    let units = packets.iter().flat_map(|packet| nal_units(&packet.data));
    sets.chain(units).flat_map(|unit| [&[0, 0, 0, 1], unit].concat()).collect()
}

/// The frames of an IVF file.
pub fn ivf_frames(file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &file[32..];
    let mut frames = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<12>() {
        let length = u32::from_le_bytes(header[..4].try_into().unwrap()) as usize;
        let (frame, after) = after.split_at(length);
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

/// An IVF file that ffmpeg reads.
pub fn ivf(fourcc: [u8; 4], size: (u32, u32), packets: &[Packet]) -> Vec<u8> {
    let mut file = b"DKIF\0\0\x20\0".to_vec();
    file.extend(fourcc);
    file.extend((size.0 as u16).to_le_bytes());
    file.extend((size.1 as u16).to_le_bytes());
    for number in [25_u32, 1, packets.len() as u32, 0] {
        file.extend(number.to_le_bytes());
    }
    for (number, packet) in packets.iter().enumerate() {
        file.extend((packet.data.len() as u32).to_le_bytes());
        file.extend((number as u64).to_le_bytes());
        file.extend_from_slice(&packet.data);
    }
    file
}
