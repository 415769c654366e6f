//! Temporal units: what of them is a sample, and whether decoding can start there.

use bytes::{Bytes, BytesMut};

use super::{Config, Error, Obu, ObuType, SequenceHeader, obus};
use crate::bits::{BitReader, Reader};
use crate::codec::parser::Faults;
use crate::codec::{self, AccessUnit, Key};

/// Whether and how decoding can start at a temporal unit, section 7.5 and section 2.5 of the ISO binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// It depends on others, or (intra-only) leaves frames from before in use.
    None,
    /// The first frame is a key frame and shown: a sync sample.
    Key,
    /// The first frame is a key frame that is shown only later, a forward key frame: a delayed random access point. A decoder that starts
    /// here shows nothing whole before that.
    Delayed,
    /// The first frame is a switch frame: a decoder of another rendition can go on here, but none can start.
    Switch,
}

/// Reads how decoding can start at a temporal unit. `reduced_still_picture` is as in the [`SequenceHeader`] in force, unless the unit has
/// one of its own.
///
/// # Errors
/// When an OBU or the header of the first frame cannot be read.
pub fn access(unit: &[u8], mut reduced_still_picture: bool) -> Result<Access, Error> {
    for obu in obus(unit) {
        let obu = obu?;
        match obu.kind {
            ObuType::SEQUENCE_HEADER => {
                reduced_still_picture = SequenceHeader::parse(obu.payload)?.reduced_still_picture;
            }
            ObuType::FRAME | ObuType::FRAME_HEADER => {
                return first_frame(obu.payload, reduced_still_picture);
            }
            _ => {}
        }
    }
    Ok(Access::None)
}

/// The front of `uncompressed_header()`, section 5.9.2.
fn first_frame(header: &[u8], reduced_still_picture: bool) -> Result<Access, Error> {
    if reduced_still_picture {
        return Ok(Access::Key);
    }
    let mut bits = BitReader::new(header);
    if bits.bit()? {
        return Ok(Access::None); // show_existing_frame
    }
    Ok(match (bits.bits(2)?, bits.bit()?) {
        (0, true) => Access::Key,
        (0, false) => Access::Delayed,
        (3, _) => Access::Switch,
        _ => Access::None,
    })
}

/// What has to be remembered of a stream.
#[derive(Debug, Default)]
pub(in crate::codec) struct Stream {
    config: Option<Config>,
}

impl Stream {
    pub(in crate::codec) fn new(config: &Config) -> Self {
        Self { config: Some(config.clone()) }
    }

    pub(in crate::codec) const fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    pub(in crate::codec) fn read(&mut self, data: &Bytes, faults: &mut Faults) -> AccessUnit {
        let mut unit = AccessUnit::new(sample(data, faults), Key::No);
        let still = self.config.as_ref().is_some_and(|config| config.sequence.reduced_still_picture);
        let shown = match access(&unit.data, still) {
            Ok(access) => access == Access::Key,
            Err(_) => {
                faults.frames += 1;
                false
            }
        };
        match (Config::from_key_frame(&unit.data), &self.config) {
            (Ok(config), _) => {
                unit.key = if shown { Key::Closed } else { Key::No };
                unit.config = self.replace(config).map(codec::Config::Av1);
            }
            // A key frame is a sync sample only together with its sequence header.
            (Err(Error::NoSequenceHeader), Some(config)) if shown => {
                unit.key = Key::Closed;
                unit.data = config.sequence_header_before(&unit.data);
            }
            _ => {}
        }
        unit
    }

    /// Puts what the unit's sequence header says in force; returns it where that is news.
    fn replace(&mut self, mut config: Config) -> Option<Config> {
        if let Some(known) = &self.config {
            if known.sequence == config.sequence && first_obu(&known.obus) == first_obu(&config.obus) {
                return None;
            }
            config.frame_rate = known.frame_rate;
        }
        self.config.insert(config).clone().into()
    }
}

/// The payload of the first OBU.
fn first_obu(data: &[u8]) -> Option<&[u8]> {
    Some(obus(data).next()?.ok()?.payload)
}

/// The unit as a sample: without delimiters, padding, repeated frame headers and tile lists, every OBU with its size. Where what stays lies in one piece and needs
/// no change, it stays where it is in memory. What cannot be read is cut off.
fn sample(data: &Bytes, faults: &mut Faults) -> Bytes {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut last = None;
    let mut reader = Reader::new(data);
    while !reader.is_empty() {
        let start = data.len() - reader.remaining();
        let Ok(obu) = Obu::read(&mut reader) else {
            faults.lengths += 1;
            break;
        };
        if !obu.kind.in_sample() {
            continue;
        }
        if !obu.has_size {
            last = Some(obu);
            break;
        }
        let end = data.len() - reader.remaining();
        match pieces.last_mut() {
            Some((_, before)) if *before == start => *before = end,
            _ => pieces.push((start, end)),
        }
    }
    match (&pieces[..], last) {
        ([], None) => Bytes::new(),
        ([(start, end)], None) => data.slice(*start..*end),
        (pieces, last) => {
            let mut out = BytesMut::with_capacity(data.len() + 8);
            pieces.iter().for_each(|(start, end)| out.extend_from_slice(&data[*start..*end]));
            last.iter().for_each(|obu| obu.write(&mut out));
            out.freeze()
        }
    }
}
