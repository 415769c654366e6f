//! Sample groups that say where decoding can start: `rap ` and `roll`, ISO/IEC 14496-12 8.9 and 10.

use bytes::Bytes;

use super::boxes::{Rows, full};
use crate::bits::Reader;
use crate::packet::Key;

/// What `sgpd` says of its groups.
#[derive(Clone, Debug)]
pub(super) struct Descriptions {
    rap: bool,
    /// `roll_distance` of each, 10.1.1.
    distances: Vec<i16>,
}

/// Which group each sample is in, `sbgp`: runs of samples.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    rows: Rows,
    row: usize,
    used: u32,
    own: Option<Descriptions>,
    movie: Option<Descriptions>,
}

impl Descriptions {
    /// Reads `sgpd`; `None` for groups of another kind.
    pub(super) fn read(body: &Bytes) -> Option<Self> {
        let (version, _, rest) = full(body)?;
        let mut reader = Reader::new(&rest);
        let rap = match &reader.array().ok()? {
            b"rap " => true,
            b"roll" => false,
            _ => return None,
        };
        let fixed = if version >= 1 { reader.u32().ok()? } else { if rap { 1 } else { 2 } };
        if version >= 2 {
            reader.u32().ok()?; // default_group_description_index
        }
        let count = reader.u32().ok()?;
        let mut distances = Vec::new();
        for _ in 0..count.min(MAX_DESCRIPTIONS) {
            let len = if version >= 1 && fixed == 0 { reader.u32().ok()? } else { fixed };
            let Ok(entry) = reader.bytes(len as usize) else { break };
            distances.push(entry.first_chunk().map_or(0, |distance| i16::from_be_bytes(*distance)));
        }
        Some(Self { rap, distances })
    }

    fn key(&self, index: u32) -> Option<Key> {
        let distance = *self.distances.get(index.checked_sub(1)? as usize)?;
        if self.rap {
            return Some(Key::Open);
        }
        // A positive distance is pictures to decode; a negative one is sound to begin earlier.
        u16::try_from(distance).ok().filter(|distance| *distance > 0).map(|pictures| Key::Roll { pictures })
    }
}

impl Groups {
    /// Reads `sbgp`; `own` are the descriptions beside it, `movie` those in `moov`.
    pub(super) fn read(
        body: &Bytes,
        own: Option<&Descriptions>,
        movie: Option<&Descriptions>,
        short: &mut u64,
    ) -> Option<Self> {
        let (version, _, rest) = full(body)?;
        if !matches!(rest.first_chunk()?, b"rap " | b"roll") {
            return None;
        }
        let rest = rest.slice(if version == 1 { 8 } else { 4 }.min(rest.len())..);
        let count = u32::from_be_bytes(*rest.first_chunk()?);
        let rows = Rows::new(rest.slice(4..), 8, count.into(), short);
        Some(Self { rows, row: 0, used: 0, own: own.cloned(), movie: movie.cloned() })
    }

    /// Passes over samples.
    pub(super) fn skip(&mut self, mut samples: u32) {
        while samples > 0
            && let Some([count, _]) = self.rows.words(self.row)
        {
            let step = (count.saturating_sub(self.used)).min(samples);
            self.used += step;
            samples -= step;
            if samples > 0 {
                self.row += 1;
                self.used = 0;
            }
        }
    }

    /// What the next sample's group says.
    pub(super) fn next(&mut self) -> Option<Key> {
        loop {
            let [count, index] = self.rows.words(self.row)?;
            if self.used < count {
                self.used += 1;
                // In a fragment, numbers above 0x10000 are of descriptions in the fragment itself, 8.9.4.
                return match index.checked_sub(0x1_0000) {
                    Some(index) if index > 0 => self.own.as_ref()?.key(index),
                    _ => self.movie.as_ref()?.key(index),
                };
            }
            self.row += 1;
            self.used = 0;
        }
    }
}

/// More differing distances than there are.
const MAX_DESCRIPTIONS: u32 = 4096;
