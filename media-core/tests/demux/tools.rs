//! Driving demuxers, and what other tools say of files.

use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use media_core::demux::{Demux, Output, Source};
use media_core::packet::Packet;
use media_core::track::Track;

/// The folder of real media; `None`, said aloud, where it is not there.
pub(crate) fn media() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/media");
    let folder = std::env::var_os("MEDIA_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: no {}; MEDIA_DIR names the folder of test media", folder.display());
        return None;
    }
    Some(folder)
}

/// All files of a folder and the folders in it, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// What came of a file.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// As announced last before a packet of each.
    pub(crate) tracks: Vec<Track>,
    /// How often tracks were announced.
    pub(crate) announced: usize,
    pub(crate) packets: Vec<Packet>,
    /// Bytes pushed.
    pub(crate) pushed: u64,
    /// Pushes.
    pub(crate) pushes: u64,
}

impl Read {
    pub(crate) fn take(&mut self, output: Output) {
        match output {
            Output::Tracks(tracks) => {
                self.announced += 1;
                self.tracks = tracks.to_vec();
            }
            Output::Packet(packet) => self.packets.push(packet),
        }
    }

    /// The packets of a track.
    pub(crate) fn of(&self, track: &Track) -> Vec<&Packet> {
        self.packets.iter().filter(|packet| packet.track == track.id).collect()
    }
}

/// Reads a file that is in memory, `step` bytes at a time. `watch` sees the demuxer after each push, and what was read.
pub(crate) fn drive<D: Demux>(
    mut demuxer: D,
    file: &Bytes,
    step: usize,
    mut watch: impl FnMut(&D, &Read),
) -> (Read, Result<(), D::Error>) {
    let mut read = Read::default();
    while let Some(at) = demuxer.wants() {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(file.len());
        if at == file.len() {
            break;
        }
        let piece = file.slice(at..file.len().min(at + step));
        read.pushed += piece.len() as u64;
        read.pushes += 1;
        let pushed = demuxer.push(piece);
        while let Some(output) = demuxer.poll() {
            read.take(output);
        }
        watch(&demuxer, &read);
        if let Err(error) = pushed {
            return (read, Err(error));
        }
    }
    match demuxer.finish() {
        Ok(outputs) => {
            outputs.into_iter().for_each(|output| read.take(output));
            (read, Ok(()))
        }
        Err(error) => (read, Err(error)),
    }
}

/// The same from a source that can be read anywhere, 64 KiB at a time.
pub(crate) fn seekable(file: &Bytes) -> Source {
    Source::Seekable { len: file.len() as u64 }
}

/// Reads a file as [`drive`] does, 64 KiB at a time from wherever the demuxer wants; panics where it is refused.
pub(crate) fn read_mp4(file: &Bytes) -> Read {
    let demuxer = media_core::demux::mp4::Demuxer::new(seekable(file));
    let (read, result) = drive(demuxer, file, 65_536, |_, _| {});
    result.expect("a file that can be read");
    read
}

/// A packet as `ffprobe` shows it. Times are in ticks of the stream's time base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) stream: usize,
    pub(crate) pts: Option<i64>,
    pub(crate) dts: Option<i64>,
    pub(crate) duration: Option<i64>,
    pub(crate) key: bool,
    pub(crate) size: usize,
}

/// What `ffprobe` makes of a file: packets, and the track id of each stream. `None`, said aloud, where there is no ffprobe.
pub(crate) fn probe(file: &Path) -> Option<(Vec<Probed>, Vec<u32>)> {
    let fields = "packet=stream_index,pts,dts,duration,flags,size:stream=index,id";
    let run = Command::new("ffprobe")
        .args(["-v", "quiet", "-show_packets", "-show_streams", "-show_entries", fields, "-of", "compact"])
        .arg(file)
        .output();
    let Ok(run) = run else {
        eprintln!("skipped: no ffprobe");
        return None;
    };
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let ids = text.lines().filter_map(|line| {
        let (_, id) = line.strip_prefix("stream|")?.split_once("id=0x")?;
        u32::from_str_radix(id.split('|').next()?, 16).ok()
    });
    Some((text.lines().filter_map(probed).collect(), ids.collect()))
}

fn probed(line: &str) -> Option<Probed> {
    let line = line.strip_prefix("packet|")?;
    let field = |name: &str| line.split('|').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str| field(name)?.parse().ok();
    let flags = field("flags")?;
    Some(Probed {
        stream: field("stream_index")?.parse().ok()?,
        pts: number("pts"),
        dts: number("dts"),
        duration: number("duration"),
        key: flags.contains('K'),
        size: field("size")?.parse().ok()?,
    })
}
