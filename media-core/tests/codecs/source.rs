//! Units of real streams: whatever the file, by way of Matroska.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use matroska_demuxer::{Frame, MatroskaFile};
use media_core::codec::{Config, Format, Parser, aac, av1, flac, vorbis};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};

use crate::ffmpeg;

/// A track, all its packets, and the file they are out of.
pub(crate) struct Source {
    pub(crate) track: Track,
    pub(crate) packets: Vec<Packet>,
    pub(crate) file: PathBuf,
}

pub(crate) fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A file of the collection of real media; `None`, said aloud, where that is not there.
pub(crate) fn media(name: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/media");
    let folder = std::env::var_os("MEDIA_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let file = folder.join(name);
    if !file.is_file() {
        eprintln!("skipped: no {name} in {}; MEDIA_DIR names the folder of test media", folder.display());
        return None;
    }
    Some(file)
}

/// Two seconds of the first stream of `format` in `original`, parsed by us: times are what the parser counts, at the sampling rate or 25 pictures a second.
pub(crate) fn read(original: &Path, format: Format) -> Source {
    let kind = if format.kind() == Kind::Video { "0:v:0" } else { "0:a:0" };
    let file = scratch(&format!("codecs-{format:?}-{}.mkv", original.file_stem().unwrap().display()));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "fatal", "-y", "-i"]).arg(original).args(["-map", kind, "-c", "copy", "-t", "2"]);
    ffmpeg::run(command.arg(&file));
    let (private, frames) = matroska(&file);
    let mut parser = match configured(format, private.as_deref()) {
        Some(config) => Parser::new(&config),
        None => Parser::waiting(format),
    };
    let id = TrackId::new(1).expect("1 is not zero");
    let mut at = 0;
    let packets: Vec<Packet> = frames
        .into_iter()
        .map(|frame| {
            let unit = parser.parse(frame.clone());
            assert_eq!(unit.data, frame, "Matroska has nothing that is to be taken out");
            let duration = unit.samples.unwrap_or(1);
            let time = Timestamp::new(at);
            at += i64::from(duration);
            let duration = Some(duration);
            Packet { track: id, pts: time, dts: time, duration, key: unit.key, data: unit.data, wall: None }
        })
        .collect();
    assert_eq!(parser.faults().total(), 0, "{original:?}");
    let config = parser.config().expect("a configuration");
    let base = TimeBase::hz(config.sample_rate().unwrap_or(25));
    Source { track: Track::new(id, base, config), packets, file }
}

fn configured(format: Format, private: Option<&[u8]>) -> Option<Config> {
    let private = private?;
    match format {
        Format::Aac => Some(Config::Aac(aac::Config::from_asc(private).expect("AudioSpecificConfig"))),
        Format::Av1 => Some(Config::Av1(av1::Config::from_record(private).expect("av1C"))),
        Format::Vorbis => Some(Config::Vorbis(vorbis::Config::from_record(private).expect("three headers"))),
        Format::Flac => Some(Config::Flac(flac::Config::from_private(private).expect("fLaC"))),
        _ => None,
    }
}

/// `CodecPrivate` and frames of a file with one track.
pub(crate) fn matroska(file: &Path) -> (Option<Vec<u8>>, Vec<Bytes>) {
    let bytes = std::fs::read(file).expect("a readable file");
    let mut reader = MatroskaFile::open(Cursor::new(&bytes[..])).expect("Matroska");
    let private = reader.tracks()[0].codec_private().map(<[u8]>::to_vec);
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while reader.next_frame(&mut frame).expect("a frame") {
        frames.push(Bytes::from(std::mem::take(&mut frame.data)));
    }
    (private, frames)
}
