//! What a first pass learned, in the form libvpx reads it: its structure for each frame, one after another, and one for the sums.
//!
//! libvpx follows its own numbers there, so they are looked at before: as many as it says, each finite, eight-byte aligned, and owned for
//! as long as it reads them.

use bytes::{Bytes, BytesMut};

use super::options::Codec;
use crate::encode::{Config, Error, Statistics};

/// The whole of it. libvpx reads `double`s, and one 64-bit integer that is small.
#[derive(Debug)]
pub(super) struct FirstPass {
    words: Box<[u64]>,
    frames: u64,
}

/// Collects the pieces while a first pass runs.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pieces: BytesMut,
    piece: usize,
}

impl Collector {
    pub(super) fn push(&mut self, piece: &Bytes) {
        self.piece = piece.len();
        self.pieces.extend_from_slice(piece);
    }

    /// The size of a piece, then all pieces.
    pub(super) fn finish(&mut self, source: String) -> Statistics {
        let size = Bytes::copy_from_slice(&(self.piece as u64).to_le_bytes());
        Statistics::new(source, vec![size, std::mem::take(&mut self.pieces).freeze()])
    }
}

impl FirstPass {
    pub(super) fn new(statistics: &Statistics, source: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::Config { field: "pass", reason };
        let [size, pieces] = statistics.parts_for(source)? else {
            return Err(refused("statistics that were cut off".to_owned()));
        };
        let size = <[u8; 8]>::try_from(&size[..]).map(u64::from_le_bytes).ok();
        let size = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size >= 8);
        let size = size.ok_or_else(|| refused("statistics without the size of a piece".to_owned()))?;
        if !size.is_multiple_of(8) || !pieces.len().is_multiple_of(size) || pieces.len() < 2 * size {
            let reason = format!("{} bytes of statistics are not two or more of {size}", pieces.len());
            return Err(refused(reason));
        }
        let (words, _) = pieces.as_chunks::<8>();
        let words: Box<[u64]> = words.iter().map(|word| u64::from_ne_bytes(*word)).collect();
        if let Some(at) = words.iter().position(|word| !f64::from_bits(*word).is_finite()) {
            return Err(refused(format!("number {at} of the statistics is not finite")));
        }
        Ok(Self { frames: (pieces.len() / size - 1) as u64, words })
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// How many frames the first pass saw.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }
}

/// Who understands the statistics: raw structures of one release, for one codec and picture size.
pub(super) fn source(codec: Codec, config: &Config) -> String {
    let version = vpx_sys::loaded_version().to_string_lossy();
    format!("libvpx {version}, {} of {}x{}", codec.name(), config.size.0, config.size.1)
}
