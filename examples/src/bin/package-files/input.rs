//! A file that a demuxer reads: it says where, this reads there.

use std::collections::VecDeque;
use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use bytes::BytesMut;
use indicatif::ProgressBar;
use media_core::demux::{Container, Demux, Demuxer, Output, Source};

/// Tracks and packets of a file.
pub(crate) struct Input {
    file: File,
    len: u64,
    /// Where the file was read up to.
    at: u64,
    /// `None` once it was read to the end.
    demuxer: Option<Demuxer>,
    outputs: VecDeque<Output>,
    progress: ProgressBar,
    /// What the progress was when it began.
    before: u64,
}

impl Input {
    pub(crate) fn open(path: &Path, progress: &ProgressBar) -> Result<Self, Box<dyn Error>> {
        let unread = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let mut file = File::open(path).map_err(|error| unread(&error))?;
        let len = file.metadata()?.len();
        let mut head = Vec::new();
        (&mut file).take(4096).read_to_end(&mut head)?;
        let container =
            Container::sniff(&head).ok_or_else(|| unread(&"neither MP4, Matroska nor a transport stream"))?;
        Ok(Self {
            at: head.len() as u64,
            file,
            len,
            demuxer: Some(Demuxer::new(container, Source::Seekable { len })),
            outputs: VecDeque::new(),
            progress: progress.clone(),
            before: progress.position(),
        })
    }

    /// Bytes of the file.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Gives the demuxer what it wants; what comes of it goes to `outputs`.
    fn read(&mut self) -> Result<(), Box<dyn Error>> {
        let Some(demuxer) = &mut self.demuxer else { return Ok(()) };
        let Some(at) = demuxer.wants().filter(|at| *at < self.len) else {
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

impl Iterator for Input {
    type Item = Result<Output, Box<dyn Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
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

/// Bytes that are read at once.
const CHUNK: u64 = 1 << 18;
