//! Real files, package-files, and what ffmpeg finds.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of the test's own below the build folder, empty.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("package").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below the build folder");
    folder
}

/// Real files; `None`, which is said, where they or ffmpeg are not there.
pub(crate) fn media<const N: usize>(names: [&str; N]) -> Option<[PathBuf; N]> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/media");
    let folder = std::env::var_os("MEDIA_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let files = names.map(|name| folder.join(name));
    let player = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).status();
    if files.iter().any(|file| !file.is_file()) || player.is_err() {
        eprintln!("skipped: no ffmpeg, or not all of {names:?} in {}", folder.display());
        return None;
    }
    Some(files)
}

pub(crate) fn package(form: &str, folder: &Path, inputs: &[String]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_package-files"));
    let output = command.arg(form).arg(folder).args(inputs).output().expect("it was built");
    assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
}

/// MD5 of a stream's payloads, or of its pictures or samples as decoded.
pub(crate) fn hash(file: &Path, stream: &str, decoded: bool) -> String {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(file).args([
        "-map",
        &format!("0:{stream}"),
        "-fps_mode",
        "passthrough",
    ]);
    if !decoded {
        command.args(["-c", "copy"]);
    }
    let output = command.args(["-f", "streamhash", "-hash", "md5", "-"]).stdin(Stdio::null()).output();
    let output = output.expect("ffmpeg is there");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = text.split("MD5=").nth(1).map(|hash| hash.trim().to_owned());
    found.unwrap_or_else(|| panic!("{}: {text}{}", file.display(), String::from_utf8_lossy(&output.stderr)))
}

/// Packets of the streams that ffprobe finds, each stream once.
pub(crate) fn packets(file: &Path) -> Vec<u32> {
    let entries = ["-count_packets", "-show_entries", "stream=index,nb_read_packets", "-of", "csv=p=0"];
    let output = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(file).output();
    let text = String::from_utf8_lossy(&output.expect("ffprobe is there").stdout).into_owned();
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.iter().filter_map(|line| line.split(',').nth(1)?.parse().ok()).collect()
}

pub(crate) fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn argument(file: &Path, take: &str) -> String {
    format!("{}{take}", file.display())
}

/// What our judges say of a folder, media and lists; empty where nothing is wrong.
pub(crate) fn faults(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_check-media")).arg(folder).output().expect("it was built");
    if output.status.success() {
        return String::new();
    }
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said)
        .lines()
        .filter(|line| !line.contains(": note: "))
        .collect::<Vec<_>>()
        .join("\n")
}
