//! ffmpeg as a reader: nothing to complain of, every packet with its bytes and times.

use std::path::Path;

use media_core::codec::Format;
use media_core::packet::Packet;
use media_core::time::TimeBase;
use media_core::track::{Kind, Track};

use crate::forms::{Form, Written, is_known, written};
use crate::md5::md5;
use crate::peers::{peer, run, scratch, side_by_side};
use crate::sources::Differences;

/// What is said of a file all the same, and why.
const KNOWN: &[(&str, &str)] = &[
    // A comment behind STREAMINFO in `dfLa`, as in the file that was read.
    ("fmp4/flac.mp4", "non-STREAMINFO FLACMetadataBlock(s) ignored"),
    // The length of a live stream is not in it.
    ("ts/sample_ac3.ts", "Estimating duration from bitrate"),
];

#[test]
fn ffmpeg_reads_mp4() {
    reads(&Form::MP4);
}

#[test]
fn ffmpeg_reads_webm_and_matroska() {
    reads(&Form::WEBM);
}

#[test]
fn ffmpeg_reads_transport_streams() {
    reads(&Form::TS);
}

fn reads(forms: &[Form]) {
    let (Some(ffmpeg), Some(ffprobe)) = (peer("ffmpeg"), peer("ffprobe")) else { return };
    let mut found = Differences::default();
    for form in forms {
        let folder = scratch(&format!("ffmpeg-{form:?}"));
        let Some(files) = written(*form, &folder, |_| true) else { return };
        let judged =
            side_by_side(&files, |written| [said(&ffmpeg, written), differences(&ffprobe, written)].concat());
        for (written, faults) in files.iter().zip(judged) {
            let new = faults.iter().filter(|fault| !is_known(KNOWN, &written.file.name, fault));
            found.note(&written.file.name, &[], new.map(|fault| format!("{form:?}: {fault}")));
        }
    }
    found.none_but(&[]);
}

/// What ffmpeg says when it decodes all of it, or copies AV1, for which it has no decoder.
fn said(ffmpeg: &Path, written: &Written) -> Vec<String> {
    let path = written.path.to_str().expect("a plain name");
    let has_av1 = written.file.tracks.iter().any(|track| track.codec.format() == Format::Av1);
    let coding: &[&str] = if has_av1 { &["-c:v", "copy"] } else { &[] };
    let arguments = ["-v", "warning", "-xerror", "-i", path, "-map", "0"];
    let said = run(ffmpeg, &[&arguments[..], coding, &["-f", "null", "-"]].concat());
    // The name of a demuxer or decoder stands before it, with an address.
    let plain = |line: &str| line.rsplit_once("] ").map_or(line, |(_, what)| what).to_owned();
    let mut faults: Vec<String> = said.err.lines().map(plain).collect();
    if !said.success {
        faults.push("refused".to_owned());
    }
    faults
}

/// What ffprobe finds that is not what was written, the first of each kind and track.
pub(crate) fn differences(ffprobe: &Path, written: &Written) -> Vec<String> {
    let path = written.path.to_str().expect("a plain name");
    let Some(streams) = probe(ffprobe, path) else { return vec!["not read by ffprobe".to_owned()] };
    let mut found = Vec::new();
    if streams.len() != written.file.tracks.len() {
        found.push(format!("{} streams of {}", streams.len(), written.file.tracks.len()));
    }
    for (track, stream) in written.file.tracks.iter().zip(&streams) {
        let packets = written.file.of(track);
        let of = |what: String| format!("{:?}: {what}", track.codec.format());
        found.extend(compare(written.form, track, &packets, stream).map(of));
    }
    found
}

fn compare(form: Form, track: &Track, ours: &[&Packet], stream: &Stream) -> Option<String> {
    let theirs = &stream.packets;
    if ours.len() != theirs.len() {
        return Some(format!("{} packets of {}", theirs.len(), ours.len()));
    }
    // Annex B and ADTS are other bytes, which other tests compare.
    let same_bytes = form.ending() != "ts";
    let tick = TimeBase::hz(if form.ending() == "mp4" { 1_000_000 } else { 1000 });
    let most = match form.ending() {
        "mp4" => 1000,
        // Times go by samples from the first of a packet, rounded to 90 kHz.
        "ts" => 2 * TimeBase::VIDEO.to_nanos(1),
        _ => tick.to_nanos(1),
    };
    for (index, (own, shown)) in ours.iter().zip(theirs).enumerate() {
        if same_bytes && md5(&own.data) != shown.hash {
            return Some(format!("#{index} has other bytes: {} for {}", shown.size, own.data.len()));
        }
        if own.key.is_sync() != shown.key && track.kind() == Kind::Video {
            return Some(format!("#{index} is a key frame: {}, {}", own.key.is_sync(), shown.key));
        }
        let nanos = shown.pts.map(|pts| stream.base.to_nanos(pts));
        let due = track.time_base.to_nanos(own.pts.ticks());
        if nanos.is_none_or(|nanos| (nanos - due).abs() > most) {
            return Some(format!("#{index} at {nanos:?} for {due}"));
        }
    }
    None
}

/// A stream as ffprobe shows it.
pub(crate) struct Stream {
    base: TimeBase,
    pub(crate) packets: Vec<Shown>,
}

/// A packet.
pub(crate) struct Shown {
    pts: Option<i64>,
    key: bool,
    size: usize,
    pub(crate) hash: String,
}

/// All streams, each once; `None` where the file is refused.
pub(crate) fn probe(ffprobe: &Path, path: &str) -> Option<Vec<Stream>> {
    let entries = "packet=stream_index,pts,flags,size,data_hash:stream=index,time_base";
    let arguments = ["-v", "error", "-show_data_hash", "md5", "-show_entries", entries, "-of", "compact"];
    let said = run(ffprobe, &[&arguments[..], &[path]].concat());
    let mut streams: Vec<Stream> = Vec::new();
    for line in said.out.lines().filter(|line| line.starts_with("stream|")) {
        let (num, den) = field(line, "time_base")?.split_once('/')?;
        let index: usize = field(line, "index")?.parse().ok()?;
        if index == streams.len() {
            let base = TimeBase::new(num.parse().ok()?, den.parse().ok()?)?;
            streams.push(Stream { base, packets: Vec::new() });
        }
    }
    for line in said.out.lines().filter(|line| line.starts_with("packet|")) {
        let index: usize = field(line, "stream_index")?.parse().ok()?;
        streams.get_mut(index)?.packets.push(Shown {
            pts: field(line, "pts").and_then(|pts| pts.parse().ok()),
            key: field(line, "flags")?.contains('K'),
            size: field(line, "size")?.parse().ok()?,
            hash: field(line, "data_hash")?.trim_start_matches("MD5:").to_owned(),
        });
    }
    said.success.then_some(streams)
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split('|').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
}
