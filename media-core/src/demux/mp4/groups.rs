//! Sample groups that say where decoding can start: `rap ` and `roll`, ISO/IEC 14496-12 8.9 and 10.

use std::sync::Arc;

use bytes::Bytes;

use super::boxes::{self, Rows, children, full};
use crate::bits::Reader;
use crate::packet::Key;

/// What `sgpd` say of their groups, of each kind the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Descriptions {
    /// How many of `rap ` there are.
    raps: u32,
    /// `roll_distance` of each of `roll`, 10.1.1.
    distances: Arc<[i16]>,
}

/// Which groups each sample is in.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    raps: Option<Runs>,
    rolls: Option<Runs>,
    own: Descriptions,
    movie: Descriptions,
}

/// `sbgp`: runs of samples.
#[derive(Clone, Debug)]
struct Runs {
    rows: Rows,
    row: usize,
    used: u32,
}

impl Descriptions {
    /// Reads those among `boxes`.
    pub(super) fn read(boxes: &Bytes) -> Self {
        let of = |kind| distances(&grouped(boxes, b"sgpd", kind)?);
        let raps = of(RAP).map_or(0, |distances| distances.len() as u32);
        Self { raps, distances: of(ROLL).unwrap_or_default().into() }
    }

    fn rap(&self, index: u32) -> Option<Key> {
        (1..=self.raps).contains(&index).then_some(Key::Open)
    }

    /// A positive distance is pictures to decode; a negative one is sound to begin earlier.
    fn roll(&self, index: u32) -> Option<Key> {
        let distance = *self.distances.get(index.checked_sub(1)? as usize)?;
        u16::try_from(distance).ok().filter(|distance| *distance > 0).map(|pictures| Key::Roll { pictures })
    }
}

impl Groups {
    /// Reads the `sbgp` among `boxes`; `own` are the descriptions beside them in a fragment, `movie` those in `moov`. `None` where there are
    /// none.
    pub(super) fn read(
        boxes: &Bytes,
        own: Descriptions,
        movie: Descriptions,
        short: &mut u64,
    ) -> Option<Self> {
        let mut of = |kind| Runs::read(&grouped(boxes, b"sbgp", kind)?, short);
        let (raps, rolls) = (of(RAP), of(ROLL));
        (raps.is_some() || rolls.is_some()).then_some(Self { raps, rolls, own, movie })
    }

    /// Passes over samples.
    pub(super) fn skip(&mut self, samples: u32) {
        self.raps.iter_mut().chain(&mut self.rolls).for_each(|runs| runs.skip(samples));
    }

    /// What the next sample's groups say.
    pub(super) fn next(&mut self) -> Option<Key> {
        // In a fragment, numbers above 0x10000 are of descriptions in the fragment itself, 8.9.4.
        let of = |index: u32| match index.checked_sub(0x1_0000) {
            Some(own) if own > 0 => (&self.own, own),
            _ => (&self.movie, index),
        };
        let rap = self.raps.as_mut().and_then(Runs::next).map(of);
        let roll = self.rolls.as_mut().and_then(Runs::next).map(of);
        let rap = rap.and_then(|(descriptions, index)| descriptions.rap(index));
        rap.or_else(|| roll.and_then(|(descriptions, index)| descriptions.roll(index)))
    }

    /// Rows passed.
    pub(super) fn rows(&self) -> u64 {
        self.raps.iter().chain(&self.rolls).map(|runs| runs.row as u64).sum()
    }
}

impl Runs {
    fn read(body: &Bytes, short: &mut u64) -> Option<Self> {
        let (version, _, rest) = full(body)?;
        let rest = rest.slice(if version == 1 { 8 } else { 4 }.min(rest.len())..);
        let count = u32::from_be_bytes(*rest.first_chunk()?);
        Some(Self { rows: Rows::new(rest.slice(4..), 8, count.into(), short), row: 0, used: 0 })
    }

    fn skip(&mut self, mut samples: u32) {
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

    /// The next sample's group.
    fn next(&mut self) -> Option<u32> {
        loop {
            let [count, index] = self.rows.words(self.row)?;
            if self.used < count {
                self.used += 1;
                return Some(index);
            }
            self.row += 1;
            self.used = 0;
        }
    }
}

/// The first box `kind` of a grouping type.
fn grouped(boxes: &Bytes, kind: &boxes::Kind, grouping: &boxes::Kind) -> Option<Bytes> {
    let mut of_kind = children(boxes.clone()).filter(|child| child.kind == *kind);
    of_kind.find(|child| child.body.get(4..8) == Some(grouping)).map(|child| child.body)
}

/// The first two bytes of each entry of `sgpd`, as a number; zero where there are fewer.
fn distances(sgpd: &Bytes) -> Option<Vec<i16>> {
    let (version, _, rest) = full(sgpd)?;
    let mut reader = Reader::new(&rest);
    let rap = reader.array().ok()? == *RAP;
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
    Some(distances)
}

const RAP: &boxes::Kind = b"rap ";
const ROLL: &boxes::Kind = b"roll";

/// More differing distances than there are.
const MAX_DESCRIPTIONS: u32 = 4096;
