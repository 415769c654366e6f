//! The statistics of a first pass, which libx264 only knows as files: in a directory of our own while it is open, in memory otherwise.
//!
//! The one place of this crate that touches a file system.

use std::collections::hash_map::RandomState;
use std::ffi::CString;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::statistics;
use crate::encode::{Error, Statistics};

/// A directory with libx264's files, removed with all that is in it when dropped: after the encoder that has them open.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
}

impl Files {
    /// An empty directory below the system's one for temporary files that only this user may enter.
    pub(super) fn new() -> Result<Self, Error> {
        let parent = std::env::temp_dir();
        for _ in 0..ATTEMPTS {
            // Seeded by the system for each of them: a name that nobody can have waited for.
            let random = || RandomState::new().build_hasher().finish();
            let directory = parent.join(format!("reelmill-x264-{:016x}{:016x}", random(), random()));
            match create(&directory) {
                Ok(()) => return Ok(Self { directory }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed("creation", &error)),
            }
        }
        Err(Error::File { call: "creation", reason: format!("no free name in {}", parent.display()) })
    }

    /// A directory with the files of a first pass over pictures of `size`, and how many those were.
    pub(super) fn with(
        statistics: &Statistics,
        source: &str,
        size: (u32, u32),
    ) -> Result<(Self, usize), Error> {
        let parts = statistics.parts_for(source)?;
        let frames = parts.first().and_then(|text| statistics::frames(text, size));
        let Some(frames) = frames.filter(|_| parts.len() <= NAMES.len()) else {
            let reason = format!("not what libx264 writes in a first pass over pictures of {size:?}");
            return Err(Error::Config { field: "pass", reason });
        };
        let files = Self::new()?;
        for (name, part) in NAMES.iter().zip(parts) {
            fs::write(files.directory.join(name), part).map_err(|error| failed("writing", &error))?;
        }
        Ok((files, frames))
    }

    /// The path that libx264 takes (`stats`); it makes the others from it.
    pub(super) fn path(&self) -> Result<CString, Error> {
        let path = self.directory.join(NAMES[0]);
        let text = path.to_str().and_then(|path| CString::new(path).ok());
        text.ok_or_else(|| Error::File { call: "naming", reason: format!("{path:?} is not UTF-8") })
    }

    /// What a first pass has left, now that its encoder is closed.
    pub(super) fn read(&self, source: String) -> Result<Statistics, Error> {
        let mut parts = Vec::new();
        for (index, name) in NAMES.iter().enumerate() {
            match fs::read(self.directory.join(name)) {
                Ok(part) => parts.push(Bytes::from(part)),
                // Without a macroblock tree there is one file only.
                Err(error) if index > 0 && error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("reading", &error)),
            }
        }
        Ok(Statistics::new(source, parts))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.directory) {
            tracing::warn!(directory = %self.directory.display(), %error, "statistics were left behind");
        }
    }
}

#[cfg(unix)]
fn create(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn create(directory: &Path) -> std::io::Result<()> {
    fs::create_dir(directory)
}

fn failed(call: &'static str, error: &std::io::Error) -> Error {
    Error::File { call, reason: error.to_string() }
}

/// As libx264 derives the second from the first.
const NAMES: [&str; 2] = ["stats", "stats.mbtree"];
/// One is enough: names have 128 random bits.
const ATTEMPTS: usize = 3;
