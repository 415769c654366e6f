//! ffmpeg and ffprobe as independent readers.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether both are installed; says so when not.
pub(crate) fn present() -> bool {
    let runs = |program| {
        Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let both = runs("ffmpeg") && runs("ffprobe");
    if !both {
        eprintln!("skipped: ffmpeg and ffprobe are not installed");
    }
    both
}

/// A packet as ffprobe lists it, times in the stream's time base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) pts: i64,
    pub(crate) dts: i64,
    pub(crate) size: usize,
    pub(crate) key: bool,
}

impl Listed {
    pub(crate) fn later(&self, pts: i64, dts: i64) -> Self {
        Self { pts: self.pts + pts, dts: self.dts + dts, ..self.clone() }
    }
}

/// The packets of the first stream of a kind, `v` or `a`.
pub(crate) fn packets(file: &Path, kind: &str) -> Vec<Listed> {
    let stream = format!("{kind}:0");
    let options = ["-v", "error", "-of", "compact=p=0:nk=0", "-select_streams", &stream];
    let entries = ["-show_entries", "packet=pts,dts,size,flags"];
    let listing = run(Command::new("ffprobe").args(options).args(entries).arg(file));
    let listing = String::from_utf8(listing).expect("text");
    listing.lines().filter(|line| line.contains("pts=")).map(listed).collect()
}

/// How many packets of the first stream of a kind are shown, as ffprobe sees it; the others are only decoded.
pub(crate) fn shown(file: &Path, kind: &str) -> usize {
    let stream = format!("{kind}:0");
    let options = ["-v", "error", "-of", "csv=p=0", "-select_streams", &stream];
    let listing =
        run(Command::new("ffprobe").args(options).args(["-show_entries", "packet=flags"]).arg(file));
    let listing = String::from_utf8(listing).expect("text");
    listing.lines().filter(|line| !line.is_empty() && !line.contains('D')).count()
}

fn listed(line: &str) -> Listed {
    let field = |name: &str| {
        let found = line.split('|').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {name} in {line}"))
    };
    let number = |name: &str| field(name).parse().unwrap_or_else(|_| panic!("{name} in {line}"));
    Listed {
        pts: number("pts"),
        dts: number("dts"),
        size: number("size") as usize,
        key: field("flags").starts_with('K'),
    }
}

/// MD5 of all decoded pictures of the first video stream.
pub(crate) fn picture_hash(file: &Path) -> String {
    let mut ffmpeg = ffmpeg(file);
    let hash = run(ffmpeg.args([
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-f",
        "streamhash",
        "-hash",
        "md5",
        "-",
    ]));
    String::from_utf8(hash).expect("text")
}

/// The first audio stream decoded to 16-bit samples, channels interleaved.
pub(crate) fn sound(file: &Path) -> Vec<u8> {
    run(ffmpeg(file).args(["-map", "0:a:0", "-f", "s16le", "-"]))
}

/// The same from a fragmented MP4, without what its edit list leaves out. By itself ffmpeg gives that its time before zero and decodes
/// it all the same, in its own fragments as well.
pub(crate) fn edited_sound(file: &Path) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-bitexact", "-advanced_editlist", "0", "-i"]).arg(file);
    run(command.args(["-map", "0:a:0", "-f", "s16le", "-"]))
}

/// The sound of `file` as MP4, not coded anew.
pub(crate) fn to_mp4(file: &Path, mp4: &Path) {
    run(ffmpeg(file).args(["-map", "0:a:0", "-c", "copy", "-f", "mp4", "-y"]).arg(mp4));
}

fn ffmpeg(file: &Path) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-bitexact", "-i"]).arg(file);
    command
}

/// What it prints; panics when it complains, since a muxer's output gives no reason to.
pub(crate) fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{command:?}: {complaint}");
    output.stdout
}
