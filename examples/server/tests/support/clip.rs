//! What the cameras show: real clips played in a loop, and some that ffmpeg makes for a purpose.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::media;

/// H.264 with B-frames and AAC, 30000/1001 fps, a key frame each second; two minutes.
pub fn bframes_and_aac() -> PathBuf {
    looped("bframes-aac.mp4", &media().join("mp4/sample.mp4"), 119)
}

/// H.264 with a pyramid of three B-frames, 30 fps, a key frame each second, no sound; 48 s.
pub fn pyramid() -> PathBuf {
    looped("pyramid.mp4", &media().join("mp4/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4"), 11)
}

/// H.265 with B-frames, 30 fps, a key frame each second; 45 s.
pub fn h265() -> PathBuf {
    looped("h265.mp4", &media().join("mp4/h265_bframes.mp4"), 44)
}

/// H.264 in two slices a picture, 25 fps, a key frame each second; 45 s.
pub fn slices() -> PathBuf {
    made(
        "slices.mp4",
        &[
            "-an",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-threads",
            "2",
            "-g",
            "25",
        ],
    )
}

/// H.264 and Opus, 25 fps, a key frame each second; 45 s.
pub fn opus() -> PathBuf {
    made(
        "opus.mp4",
        &["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "libopus", "-b:a", "64k"],
    )
}

/// AAC alone; 45 s.
pub fn sound() -> PathBuf {
    made("sound.mp4", &["-vn", "-c:a", "aac"])
}

fn looped(name: &str, clip: &Path, times: u32) -> PathBuf {
    let clip = clip.to_str().expect("our paths are UTF-8");
    produced(name, &["-stream_loop", &times.to_string(), "-i", clip, "-map", "0", "-c", "copy"])
}

fn made(name: &str, coding: &[&str]) -> PathBuf {
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25"];
    let sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
    produced(name, &[&picture[..], &sound, &["-t", "45", "-pix_fmt", "yuv420p"], coding].concat())
}

/// The clip `name`, made on first use. It appears whole or not at all, so tests may ask for it at the same time.
fn produced(name: &str, arguments: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let clip = folder.join(name);
    if clip.is_file() {
        return clip;
    }
    let unfinished = folder.join(format!("{}-{name}", std::process::id()));
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .arg(&unfinished)
        .stdin(Stdio::null())
        .status()
        .expect("ffmpeg starts");
    assert!(status.success(), "ffmpeg could not make {name}");
    std::fs::rename(&unfinished, &clip).expect("both are in one folder");
    clip
}
