//! What ffmpeg says of the test media: `probe.jsonl` beside them, and `ffprobe`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use media_core::codec::Format;

/// The folder of test media; says so where it is missing.
pub(crate) fn folder() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/media");
    let folder = std::env::var_os("MEDIA_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    if !folder.join("probe.jsonl").is_file() {
        eprintln!(
            "skipped: no probe.jsonl in {}; MEDIA_DIR names the folder of test media",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

/// A file as `probe.jsonl` has it.
#[derive(Clone, Debug)]
pub(crate) struct Probed {
    pub(crate) name: String,
    /// ffmpeg's name of the container.
    pub(crate) format: String,
    /// Lines of error that ffprobe says of it.
    pub(crate) errors: usize,
    pub(crate) streams: Vec<Stream>,
}

/// One of its streams.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) index: usize,
    pub(crate) codec: String,
    pub(crate) packets: usize,
    /// MD5 of all packets' bytes as ffmpeg copies them.
    pub(crate) md5: String,
}

/// The files with one of these endings, below these folders.
pub(crate) fn files(folders: &[&str], endings: &[&str]) -> Vec<Probed> {
    let wanted = |file: &Probed| {
        folders.iter().any(|folder| file.name.starts_with(folder))
            && endings.iter().any(|ending| file.name.ends_with(ending))
    };
    all().into_iter().filter(wanted).collect()
}

/// All files that ffprobe knows.
pub(crate) fn all() -> Vec<Probed> {
    let Some(folder) = folder() else { return Vec::new() };
    let lines = std::fs::read_to_string(folder.join("probe.jsonl")).expect("a readable file");
    lines.lines().map(probed).collect()
}

/// Every clean file in one of our containers: ffprobe reads it without a word, and it was not broken or cut by anyone.
pub(crate) fn clean() -> Vec<Probed> {
    let is_ours = |file: &Probed| CONTAINERS.contains(&file.format.as_str()) && file.errors == 0;
    let is_whole = |file: &Probed| !file.name.starts_with("broken/") && !file.name.starts_with("derived/");
    all().into_iter().filter(|file| is_ours(file) && is_whole(file)).collect()
}

/// ffmpeg's names of the containers that are read here.
pub(crate) const CONTAINERS: [&str; 3] = ["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts"];

/// Clean files in which there is nothing to read, and why. The headers among them are read with their segments where those are there.
pub(crate) const EMPTY: [(&str, &str); 10] = [
    ("fmp4/uncompressed.mp4", "raw pictures"),
    ("ts/zeroLength.ts", "three packets of tables, of streams that never come"),
    ("streams/shaka/hls-mp4-muxed-aac-h264/init.mp4", HEADER),
    ("streams/shaka/3675/init-stream0.m4s", HEADER),
    ("streams/androidx/cmaf/multi-segment/audio_init.mp4", HEADER),
    ("streams/androidx/cmaf/multi-segment/video_init.mp4", HEADER),
    ("streams/androidx/hls/multi-segment/init.mp4", HEADER),
    ("streams/androidx/dash/multi-segment-with-emsg0/segment_init.mp4", HEADER),
    ("streams/androidx/dash/multi-track/init-stream0.m4s", HEADER),
    ("streams/androidx/dash/multi-track/init-stream1.m4s", HEADER),
];

const HEADER: &str = "a header, whose segments are other files";

/// The text of a field, up to what ends it.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\"{name}\": "))?;
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => rest.split([',', '}']).next(),
    }
}

fn probed(line: &str) -> Probed {
    let name = field(line, "file").expect("a name").to_owned();
    let format = field(line, "format").unwrap_or_default().to_owned();
    let errors = field(line, "probe_err").and_then(|count| count.parse().ok()).unwrap_or(0);
    let (streams, hashes) = line.split_once("\"stream_md5_copy\": [").unwrap_or((line, ""));
    let md5 = |index: usize| {
        let entry = hashes.split('"').find(|entry| entry.starts_with(&format!("{index},")));
        entry.and_then(|entry| entry.split_once("MD5=")).map_or("", |(_, hash)| hash).to_owned()
    };
    let stream = |text: &str| {
        let index = text.split(',').next()?.parse().ok()?;
        let codec = field(text, "codec_name").unwrap_or_default().to_owned();
        let packets = field(text, "packets").and_then(|count| count.parse().ok()).unwrap_or(0);
        Some(Stream { index, codec, packets, md5: md5(index) })
    };
    let streams = streams.split("{\"index\": ").skip(1).filter_map(stream).collect();
    Probed { name, format, errors, streams }
}

/// What ffprobe calls a coding.
pub(crate) fn name(format: Format) -> &'static str {
    match format {
        Format::H264 => "h264",
        Format::H265 => "hevc",
        Format::Vp8 => "vp8",
        Format::Vp9 => "vp9",
        Format::Aac => "aac",
        Format::Opus => "opus",
        Format::Av1 => "av1",
        Format::Vorbis => "vorbis",
        Format::Flac => "flac",
        Format::Mp3 => "mp3",
        Format::Ac3 => "ac3",
        Format::Eac3 => "eac3",
        other => panic!("{other:?}"),
    }
}

/// A packet as ffprobe lists it, with the base of its stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) stream: usize,
    pub(crate) pts: Option<i64>,
    pub(crate) dts: Option<i64>,
    pub(crate) size: usize,
    /// MD5 of its bytes.
    pub(crate) md5: u128,
    pub(crate) key: bool,
}

/// A time base as a fraction.
type Base = (u32, u32);

/// All packets of a file, and the time base of each stream; `None` where there is no ffprobe.
pub(crate) fn listing(file: &Path) -> Option<(Vec<Listed>, Vec<Base>)> {
    let entries = "packet=stream_index,pts,dts,size,flags,data_hash:stream=time_base";
    let mut command = Command::new("ffprobe");
    command
        .args(["-v", "error", "-of", "compact", "-show_data_hash", "MD5", "-show_entries", entries])
        .arg(file);
    let Ok(output) = command.stdin(Stdio::null()).output() else {
        eprintln!("skipped: ffprobe is not installed");
        return None;
    };
    let text = String::from_utf8(output.stdout).expect("text");
    let value = |line: &str, name: &str| {
        line.split(['|', '\n'])
            .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
    };
    let number = |line: &str, name: &str| value(line, name)?.parse().ok();
    let hash = |line: &str| u128::from_str_radix(value(line, "data_hash")?.strip_prefix("MD5:")?, 16).ok();
    let packet = |line: &str| Listed {
        stream: number(line, "stream_index").expect("an index") as usize,
        pts: number(line, "pts"),
        dts: number(line, "dts"),
        size: number(line, "size").expect("a size") as usize,
        md5: hash(line).unwrap_or_else(|| panic!("no hash: {line}")),
        key: value(line, "flags").is_some_and(|flags| flags.starts_with('K')),
    };
    // What a packet has beside it stands on a line of its own, before the hash.
    let packets = text.split("packet|").skip(1).map(packet).collect();
    let base = |line: &str| {
        let (num, den) =
            value(line, "time_base")?.split_once('/').map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        Some((num.parse().ok()?, den.parse().ok()?))
    };
    let bases = text.lines().filter(|line| line.starts_with("stream|")).filter_map(base).collect();
    Some((packets, bases))
}

/// The bytes of all packets of a stream, as ffmpeg copies them.
pub(crate) fn copy(file: &Path, stream: usize) -> Option<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(file).args(["-map", &format!("0:{stream}"), "-c", "copy"]);
    command.args(["-f", "data", "-"]).stdin(Stdio::null());
    Some(command.output().ok()?.stdout)
}
