//! What a first pass learned, in the form libvpx reads it: its structure for each frame, one after another, and one for the sums.
//!
//! libvpx follows its own numbers there, so they are looked at before: as many as it says, each finite, eight-byte aligned, and owned for
//! as long as it reads them.

use bytes::{Bytes, BytesMut};

use super::options::{Codec, Deadline, Options};
use crate::encode::{Config, Encoder, Error, FrameOptions, FrameRate, Pass, RateControl, Statistics};
use crate::frame::{Frame, PixelFormat};
use crate::time::{TimeBase, Timestamp};

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
    pub(super) fn new(codec: Codec, statistics: &Statistics, source: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::Config { field: "pass", reason };
        let [said, pieces] = statistics.parts_for(source)? else {
            return Err(refused("statistics that were cut off".to_owned()));
        };
        // Not taken from what came from outside: libvpx counts with its own, and does not look where they end.
        let size = piece_len(codec)?;
        if said_len(said) != Some(size as u64) {
            return Err(refused(format!("pieces of {:?} bytes, libvpx has {size}", said_len(said))));
        }
        if size == 0
            || !size.is_multiple_of(8)
            || !pieces.len().is_multiple_of(size)
            || pieces.len() < 2 * size
        {
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

fn said_len(part: &Bytes) -> Option<u64> {
    <[u8; 8]>::try_from(&part[..]).map(u64::from_le_bytes).ok()
}

/// How many bytes the library loaded has for a frame, which no header says: those of a first pass over one.
fn piece_len(codec: Codec) -> Result<usize, Error> {
    let options = match codec {
        Codec::Vp8 => Options::vp8(),
        Codec::Vp9 => Options::vp9(),
    };
    let options = Options { deadline: Deadline::Good, cpu_used: 4, ..options };
    let mut config = Config::new(options, (64, 64), TimeBase::hz(25), FrameRate::hz(25));
    config.rate = RateControl::Average { bitrate: 100_000 };
    config.pass = Pass::First;
    let mut encoder = Encoder::open(config)?;
    let picture = Frame::new(PixelFormat::I420, (64, 64)).map_err(|found| Error::Samples { found })?;
    encoder.push(&picture.as_ref(), Timestamp::ZERO, &FrameOptions::default())?;
    let statistics = encoder.finish()?.statistics.ok_or(Error::Failed)?;
    Ok(statistics.parts().first().and_then(said_len).unwrap_or(0) as usize)
}

/// Who understands the statistics: raw structures of one release, for one codec and picture size.
pub(super) fn source(codec: Codec, config: &Config) -> String {
    let version = vpx_sys::loaded_version().to_string_lossy();
    format!("libvpx {version}, {} of {}x{}", codec.name(), config.size.0, config.size.1)
}
