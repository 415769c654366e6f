//! Ropes into files.

use std::fs::File;
use std::io::{IoSlice, Result, Write};
use std::path::Path;

use media_core::mux::Rope;

/// A file that is nothing but `rope`.
pub(crate) fn create(path: &Path, rope: &Rope) -> Result<()> {
    append(&mut File::create(path)?, rope)
}

/// Writes the pieces where they are: nothing is joined.
pub(crate) fn append(file: &mut File, rope: &Rope) -> Result<()> {
    for pieces in rope.io_slices().chunks_mut(AT_ONCE) {
        let mut left: &mut [IoSlice<'_>] = pieces;
        while !left.is_empty() {
            let written = file.write_vectored(left)?;
            if written == 0 {
                return Err(std::io::ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut left, written);
        }
    }
    Ok(())
}

/// What Linux takes in one call.
const AT_ONCE: usize = 1024;
