//! Tracks of an input in WebM files, one each, with their cues before the media where there is room.

use std::error::Error;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use media_core::demux::Output;
use media_core::mux::webm::{Config, DocType, Format, Layout, TrackEntry, Writer};
use media_core::packet::Packet;
use media_core::playlist::presentation::{self, Container, Presentation, Rendition, Segment};
use media_core::time::Timestamp;
use media_core::track::{Kind, Track};

use crate::file;
use crate::form::Take;

/// The files of an input.
pub(crate) struct Files<'a> {
    take: Take,
    name: &'a str,
    folder: &'a Path,
    /// Points of cues that room is left for.
    points: u32,
    files: Vec<Movie>,
}

/// One file.
struct Movie {
    track: Track,
    id: String,
    path: PathBuf,
    file: File,
    writer: Writer,
    header: u64,
    /// What lies between two key pictures that are some time apart, for the measured rate.
    spans: Vec<(Timestamp, u64)>,
    end: Timestamp,
}

impl<'a> Files<'a> {
    /// Files of an input of `len` bytes.
    pub(crate) fn new(take: Take, name: &'a str, folder: &'a Path, len: u64) -> Self {
        let points = u32::try_from(len / BYTES_PER_CUE).unwrap_or(u32::MAX).clamp(16, 36_000);
        Self { take, name, folder, points, files: Vec::new() }
    }

    pub(crate) fn push(&mut self, output: Output) -> Result<(), Box<dyn Error>> {
        match output {
            Output::Tracks(tracks) if self.files.is_empty() => {
                for track in tracks.iter().filter(|track| self.take.takes(track)) {
                    self.files.push(Movie::create(track, self.name, self.folder, self.points)?);
                }
                Ok(())
            }
            Output::Tracks(_) => Err("tracks change: one file cannot hold that".into()),
            Output::Packet(packet) => {
                match self.files.iter_mut().find(|movie| movie.track.id == packet.track) {
                    Some(movie) => movie.push(packet),
                    None => Ok(()),
                }
            }
        }
    }

    pub(crate) fn finish(self, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        self.files.into_iter().try_for_each(|movie| movie.finish(presentation))
    }
}

impl Movie {
    fn create(track: &Track, name: &str, folder: &Path, points: u32) -> Result<Self, Box<dyn Error>> {
        let kind = if track.kind() == Kind::Video { "v" } else { "a" };
        let id = format!("{name}_{kind}{}", track.id.get());
        let format = Format { doc_type: Some(DocType::Webm), ..Format::default() };
        let layout = Layout::CuesFirst { points };
        let writer = Writer::new(&[TrackEntry::from(track)], Config { format, ..Config::new(layout) })?;
        let path = folder.join(format!("{id}.webm"));
        let mut file = File::create(&path)?;
        let init = writer.init();
        file.write_all(&init)?;
        Ok(Self {
            track: track.clone(),
            id,
            path,
            file,
            writer,
            header: init.len() as u64,
            spans: Vec::new(),
            end: Timestamp::ZERO,
        })
    }

    fn push(&mut self, packet: Packet) -> Result<(), Box<dyn Error>> {
        let apart = self.track.time_base.from_nanos(SPAN);
        let begins = packet.key.is_sync()
            && self.spans.last().is_none_or(|(start, _)| packet.pts.since(*start) >= apart);
        if begins {
            self.spans.push((packet.pts, 0));
        }
        if let Some((_, bytes)) = self.spans.last_mut() {
            *bytes += packet.data.len() as u64;
        }
        self.end = self.end.max(packet.pts.saturating_add(packet.duration.unwrap_or(1).into()));
        self.writer.push(packet)?;
        while let Some(output) = self.writer.poll() {
            file::append(&mut self.file, &output.rope)?;
        }
        Ok(())
    }

    fn finish(mut self, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        let ending = self.writer.finish();
        file::append(&mut self.file, &ending.rope)?;
        for patch in &ending.patches {
            self.file.seek(SeekFrom::Start(patch.offset))?;
            self.file.write_all(&patch.bytes)?;
        }
        let cues = ending.cues.ok_or_else(|| format!("{}: nothing to begin at", self.path.display()))?;
        // The room that was left for cues is no part of the header.
        self.header = self.header.min(cues.start);
        let rendition = presentation.add(Rendition::new(&self.id, Container::Webm))?;
        let name = format!("{}.webm", self.id);
        let files = presentation::Files::One { name, header: 0..self.header, index: Some(cues) };
        presentation.begin(rendition, &[self.track], files)?;
        let ends = self.spans.iter().skip(1).map(|(next, _)| *next).chain([self.end]);
        let mut at = self.header;
        for ((start, bytes), end) in self.spans.iter().zip(ends) {
            let duration = end.since(*start).max(1).unsigned_abs();
            presentation.push(rendition, Segment::new(*start, duration, at..at + bytes))?;
            at += bytes;
        }
        Ok(())
    }
}

/// How many bytes of an input there are for a point of 33 bytes: a key picture every 2 s at 80 kbit/s. If there are more, all go to the end.
const BYTES_PER_CUE: u64 = 20_000;
/// Nanoseconds.
const SPAN: i64 = 2_000_000_000;
