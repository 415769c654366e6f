//! A file that a demuxer reads: it says where, this reads there.

use std::collections::VecDeque;
use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use indicatif::ProgressBar;
use media_core::demux::mp4::Reason;
use media_core::demux::{Container, Demux, Demuxer, Output, Source};

use crate::form::Take;

/// Tracks and packets of a file.
pub(crate) struct Input {
    path: PathBuf,
    file: File,
    len: u64,
    /// Where the file was read up to.
    at: u64,
    /// `None` once it was read to the end.
    demuxer: Option<Demuxer>,
    outputs: VecDeque<Output>,
    take: Take,
    /// Tracks that are taken.
    taken: usize,
    progress: ProgressBar,
    /// What the progress was when it began.
    before: u64,
}

/// Bytes of a file.
pub(crate) fn len(path: &Path) -> Result<u64, String> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(found.len()),
        Ok(_) => Err(format!("{}: not a file", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

impl Input {
    pub(crate) fn open(path: &Path, take: Take, progress: &ProgressBar) -> Result<Self, Box<dyn Error>> {
        progress.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut head = Vec::new();
        (&mut file).take(4096).read_to_end(&mut head)?;
        let container = Container::sniff(&head).ok_or_else(|| unknown(&head))?;
        Ok(Self {
            path: path.to_owned(),
            at: head.len() as u64,
            file,
            len,
            demuxer: Some(Demuxer::new(container, Source::Seekable { len })),
            outputs: VecDeque::new(),
            take,
            taken: 0,
            progress: progress.clone(),
            before: progress.position(),
        })
    }

    /// Whether there was anything of what was to be taken.
    pub(crate) fn check(&self) -> Result<(), Box<dyn Error>> {
        match (self.taken, self.take) {
            (0, Take::All) => Err("no pictures and no sound that can be read".into()),
            (0, take) => Err(format!("no {}", take.as_str()).into()),
            _ => Ok(()),
        }
    }

    /// Bytes of the file.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Gives the demuxer what it wants; what comes of it goes to `outputs`.
    fn read(&mut self) -> Result<(), Box<dyn Error>> {
        let Some(demuxer) = &mut self.demuxer else { return Ok(()) };
        let Some(at) = demuxer.wants().filter(|at| *at < self.len) else {
            self.say_left_out();
            let finished = self.demuxer.take().map(Demux::finish).transpose()?;
            self.outputs.extend(finished.unwrap_or_default());
            self.progress.set_position(self.before + self.len);
            return Ok(());
        };
        if at != self.at {
            self.file.seek(SeekFrom::Start(at))?;
        }
        let mut bytes = BytesMut::zeroed(CHUNK.min(self.len - at) as usize);
        let read = self.file.read(&mut bytes)?;
        bytes.truncate(read);
        self.at = at + read as u64;
        demuxer.push(bytes.freeze())?;
        self.outputs.extend(std::iter::from_fn(|| demuxer.poll()));
        self.progress.set_position(self.before + self.at);
        Ok(())
    }
}

impl Input {
    fn say_left_out(&self) {
        let (Some(demuxer), Take::All) = (&self.demuxer, self.take) else { return };
        for track in left_out(demuxer) {
            self.progress.suspend(|| eprintln!("left out of {}: {track}", self.path.display()));
        }
    }
}

/// Tracks that are not read, and why.
fn left_out(demuxer: &Demuxer) -> Vec<String> {
    let of = |code: &[u8]| code.escape_ascii().to_string();
    match demuxer {
        Demuxer::Mp4(demuxer) => {
            let all = demuxer.skipped().iter();
            all.map(|track| {
                let (id, handler, format) = (track.id, of(&track.handler), of(&track.format));
                let reason = match &track.reason {
                    Reason::Handler => "neither pictures nor sound".to_owned(),
                    Reason::Codec => "codec is not known".to_owned(),
                    Reason::Encrypted(scheme) => format!("encrypted ({})", of(scheme)),
                    Reason::Configuration(found) => found.clone(),
                    other => format!("{other:?}"),
                };
                format!("track {id}, {format} ({handler}): {reason}")
            })
            .collect()
        }
        Demuxer::WebM(demuxer) => {
            let all = demuxer.refused().iter();
            all.map(|track| format!("track {}, {}: {}", track.number, track.codec, track.reason)).collect()
        }
        Demuxer::MpegTs(demuxer) => {
            let all = demuxer.unknown().iter();
            all.map(|stream| {
                let name = stream.registration.map(|name| format!(" ({})", of(&name))).unwrap_or_default();
                format!("stream {:#x} of type {:#x}{name}: codec is not known", stream.pid, stream.kind)
            })
            .collect()
        }
        _ => Vec::new(),
    }
}

impl Iterator for Input {
    type Item = Result<Output, Box<dyn Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                if let Output::Tracks(tracks) = &output {
                    self.taken = self.taken.max(tracks.iter().filter(|track| self.take.takes(track)).count());
                }
                return Some(Ok(output));
            }
            self.demuxer.as_ref()?;
            if let Err(error) = self.read() {
                self.demuxer = None;
                return Some(Err(error));
            }
        }
    }
}

/// What is no container that is read.
fn unknown(head: &[u8]) -> String {
    const EXPECTED: &str = "expected MP4, MOV, Matroska, WebM or an MPEG transport stream";
    if head.is_empty() {
        return format!("an empty file, {EXPECTED}");
    }
    format!("begins with \"{}\", {EXPECTED}", head[..head.len().min(8)].escape_ascii())
}

/// Bytes that are read at once.
const CHUNK: u64 = 1 << 18;
