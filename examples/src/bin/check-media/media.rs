//! Media: files, and files joined to the stream they are.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use media_core::check::{Report, fmp4, mpegts, webm};

use crate::told::Told;

/// The judge of a container.
enum Judge {
    Mp4(Box<fmp4::Checker>),
    TransportStream(Box<mpegts::Checker>),
    Webm(Box<webm::Checker>),
    /// Packed audio, text: nothing that is judged here.
    None,
}

impl Judge {
    /// By the first bytes.
    fn of(bytes: &[u8]) -> Self {
        let boxes: [&[u8]; 9] =
            [b"ftyp", b"styp", b"moof", b"moov", b"sidx", b"mdat", b"emsg", b"prft", b"free"];
        match bytes {
            [0x1a, 0x45, 0xdf, 0xa3, ..] | [0x1f, 0x43, 0xb6, 0x75, ..] => Self::Webm(Box::default()),
            [0x47, ..] => Self::TransportStream(Box::default()),
            _ if bytes.get(4..8).is_some_and(|name| boxes.contains(&name)) => Self::Mp4(Box::default()),
            _ => Self::None,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Mp4(judge) => judge.push(bytes),
            Self::TransportStream(judge) => judge.push(bytes),
            Self::Webm(judge) => judge.push(bytes),
            Self::None => {}
        }
    }

    fn finish(self) -> Option<Report> {
        match self {
            Self::Mp4(judge) => Some(judge.finish()),
            Self::TransportStream(judge) => Some(judge.finish()),
            Self::Webm(judge) => Some(judge.finish()),
            Self::None => None,
        }
    }
}

/// A file, or a range of one.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) path: PathBuf,
    pub(crate) range: Option<std::ops::Range<u64>>,
}

impl Piece {
    /// How many bytes it has; an error where the file is missing, is none, or ends before the range does.
    pub(crate) fn len(&self) -> io::Result<u64> {
        let found = std::fs::metadata(&self.path)?;
        if !found.is_file() {
            return Err(io::Error::other("not a file"));
        }
        match &self.range {
            None => Ok(found.len()),
            Some(range) if range.end <= found.len() => Ok(range.end.saturating_sub(range.start)),
            Some(range) => {
                let (end, len) = (range.end, found.len());
                Err(io::Error::other(format!("it has {len} bytes, {end} are named")))
            }
        }
    }

    /// Gives its bytes to `push`, some at a time.
    fn read(&self, mut push: impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = self.len()?;
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.range.as_ref().map_or(0, |range| range.start)))?;
        let mut piece = vec![0; 1 << 20];
        while left > 0 {
            let some = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let length = file.read(&mut piece[..some])?;
            if length == 0 {
                break;
            }
            push(&piece[..length]);
            left -= length as u64;
        }
        Ok(())
    }
}

/// Judges a file by itself.
pub(crate) fn file(path: &Path, told: &mut Told) -> io::Result<()> {
    joined(&path.display().to_string(), &[Piece { path: path.to_owned(), range: None }], told)
}

/// Judges pieces as the one stream they are; those that cannot be read are left to who names them.
pub(crate) fn joined(name: &str, pieces: &[Piece], told: &mut Told) -> io::Result<()> {
    let mut judge: Option<Judge> = None;
    let mut begins = Vec::new();
    let mut at = 0;
    for piece in pieces {
        begins.push((at, piece.path.display().to_string()));
        piece.read(|bytes| {
            judge.get_or_insert_with(|| Judge::of(bytes)).push(bytes);
            at += bytes.len() as u64;
        })?;
    }
    match judge.and_then(Judge::finish) {
        Some(report) => told.stream(name, &begins, &report),
        None => told.remark(Path::new(name), "no container that is judged here"),
    }
    Ok(())
}
