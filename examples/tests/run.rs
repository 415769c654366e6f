//! Each example runs, and what it writes is read by ffprobe.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of the test's own below the build folder.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder below the build folder");
    folder
}

fn run(example: &str, argument: &Path) {
    let status = Command::new(example).arg(argument).status().expect("it was built");
    assert!(status.success(), "{example}: {status}");
}

/// How many packets of pictures ffprobe finds; `None`, which is said, without ffprobe.
fn pictures(file: &Path) -> Option<u32> {
    let entries = [
        "-count_packets",
        "-select_streams",
        "v",
        "-show_entries",
        "stream=nb_read_packets",
        "-of",
        "csv=p=0",
    ];
    let Ok(output) = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(file).output() else {
        eprintln!("skipped: no ffprobe to read {}", file.display());
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.lines().find_map(|line| line.trim().trim_end_matches(',').parse().ok());
    Some(found.unwrap_or_else(|| panic!("ffprobe: {text}{}", String::from_utf8_lossy(&output.stderr))))
}

#[test]
fn encode_frames_to_h264() {
    let file = scratch("h264").join("out.h264");
    run(env!("CARGO_BIN_EXE_encode-frames-to-h264"), &file);
    assert!(pictures(&file).is_none_or(|count| count == 250));
}

#[test]
fn encode_frames_to_hls() {
    let folder = scratch("hls");
    run(env!("CARGO_BIN_EXE_encode-frames-to-hls"), &folder);
    assert!(pictures(&folder.join("index.m3u8")).is_none_or(|count| count == 250));
}
