//! One track as fragmented MP4 in a file.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use media_core::mux::fmp4;
use media_core::packet::Packet;
use media_core::time::Timestamp;
use media_core::track::Track;

/// An MP4 file with a fragment from each key frame to the next, so that it holds no more of the stream than that.
#[derive(Debug)]
pub struct Movie {
    file: BufWriter<File>,
    muxer: fmp4::Muxer,
    fragment: Vec<Packet>,
    keys: Vec<Timestamp>,
}

impl Movie {
    /// The file, with its header for this one track.
    pub fn create(path: &Path, track: &Track) -> Result<Self, Box<dyn Error>> {
        let (mut file, muxer) = (BufWriter::new(File::create(path)?), fmp4::Muxer::new(track)?);
        file.write_all(&muxer.init())?;
        Ok(Self { file, muxer, fragment: Vec::new(), keys: Vec::new() })
    }

    /// Takes the next packet.
    pub fn push(&mut self, packet: Packet) -> Result<(), Box<dyn Error>> {
        if packet.key.is_sync() {
            self.cut(packet.dts)?;
            self.keys.push(packet.pts);
        }
        self.fragment.push(packet);
        Ok(())
    }

    fn cut(&mut self, end: Timestamp) -> Result<(), Box<dyn Error>> {
        if !self.fragment.is_empty() {
            let rope = self.muxer.fragment(&self.fragment, end)?;
            rope.pieces().iter().try_for_each(|piece| self.file.write_all(piece))?;
            self.fragment.clear();
        }
        Ok(())
    }

    /// Writes the last fragment; gives when the key frames are shown.
    pub fn finish(mut self) -> Result<Vec<Timestamp>, Box<dyn Error>> {
        if let Some(last) = self.fragment.last() {
            self.cut(last.dts.saturating_add(last.duration.unwrap_or(1).into()))?;
        }
        self.file.flush()?;
        Ok(self.keys)
    }
}
