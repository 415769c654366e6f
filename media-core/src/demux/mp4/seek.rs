//! Going on at another time: by the tables, or by segment indexes (`sidx`, ISO/IEC 14496-12 8.16.3).

use super::boxes::full;
use super::*;
use crate::time::{TimeBase, Timestamp};
use crate::track::Kind;

/// A part of the file that a `sidx` tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// When it begins, in nanoseconds.
    nanos: i64,
    /// Where it begins.
    at: u64,
    /// The `sidx` that tells of it, by its place; a tree has each place once.
    parent: u64,
    /// Whether it is another `sidx`, or where one may follow.
    index: bool,
}

impl Demuxer {
    /// Goes on at the last place where what is shown at `nanos` (of the presentation, in nanoseconds) can be decoded from, or at the first
    /// one. The packets that come next begin there, pictures with a key picture and sound at the same time or just before. Outputs that
    /// were not polled are gone.
    ///
    /// `false`, and nothing changed, where that is not possible: from a stream, before the tracks were announced, and in fragmented files
    /// without a `sidx` before their first fragment.
    pub fn seek(&mut self, nanos: i64) -> bool {
        if self.source == Source::Stream || !self.announced || (self.fragmented && self.references.is_empty())
        {
            return false;
        }
        self.outputs.clear();
        self.given = 0;
        if self.fragmented {
            self.lanes.iter_mut().for_each(Lane::forget_runs);
            self.go_to(nanos);
        } else {
            let of = |kind| move |lane: &&mut Lane| lane.kind() == kind;
            let pictures =
                self.lanes.iter_mut().filter(of(Kind::Video)).filter_map(|lane| lane.seek(nanos)).min();
            let sound = pictures.map_or(nanos, |pictures| pictures.min(nanos));
            self.lanes.iter_mut().filter(of(Kind::Audio)).for_each(|lane| _ = lane.seek(sound));
        }
        if self.run().is_err() {
            self.want = None; // what lies there is broken
        }
        true
    }

    /// Looks for boxes where the fragment of that time begins, or the index that tells where it does. All references lead forward, and an
    /// index is gone once it was followed, so that this ends.
    pub(super) fn go_to(&mut self, nanos: i64) {
        let all = self.references.iter().enumerate();
        let begun = all.clone().filter(|(_, reference)| reference.nanos <= nanos);
        // Of those that begin at one time, the media are nearer than the index that leads to them.
        let last = begun.max_by_key(|(_, reference)| (reference.nanos, !reference.index, reference.at));
        let found = last.or_else(|| all.min_by_key(|(_, reference)| reference.nanos));
        let Some((place, found)) = found.map(|(place, found)| (place, *found)) else { return };
        (self.scan, self.scanned, self.sought) = (found.at, false, None);
        if found.index {
            self.references.swap_remove(place);
            self.sought = Some(nanos);
        }
    }

    /// Reads the payload of a `sidx` that lies from `at` to `end`.
    pub(super) fn read_references(&mut self, body: &Bytes, at: u64, end: u64) {
        let known = self.references.iter().any(|reference| reference.parent == at);
        if !known && self.references.len() < MOST_REFERENCES {
            match references(body, at, end, self.len().unwrap_or(0)) {
                Some(found) => self.references.extend(found),
                None => self.faults.boxes += 1,
            }
        }
        if let Some(nanos) = self.sought.take() {
            self.go_to(nanos);
        }
    }
}

/// The references of the `sidx` from `parent` to `end`, in a file of `len` bytes.
fn references(body: &Bytes, parent: u64, end: u64, len: u64) -> Option<Vec<Reference>> {
    let (version, _, rest) = full(body)?;
    let mut reader = Reader::new(&rest);
    reader.u32().ok()?; // reference_ID
    let base = TimeBase::new(1, reader.u32().ok()?)?;
    let mut wide = || if version == 0 { reader.u32().map(u64::from).ok() } else { reader.u64().ok() };
    let (earliest, offset) = (wide()?, wide()?);
    let (mut time, mut at) = (i64::try_from(earliest).ok()?, end.checked_add(offset)?);
    reader.u16().ok()?;
    let count = reader.u16().ok()?;
    let mut found = Vec::new();
    for _ in 0..count {
        let (Ok(size), Ok(duration), Ok(_)) = (reader.u32(), reader.u32(), reader.u32()) else { break };
        let nanos = Timestamp::new(time).rescale(base, TimeBase::NANOS).ticks();
        // A reference of no bytes or no time leads nowhere.
        if size & SIZE > 0 && duration > 0 {
            found.push(Reference { nanos, at, parent, index: size & !SIZE != 0 });
        }
        time = time.checked_add(duration.into())?;
        at = at.checked_add(u64::from(size & SIZE))?;
    }
    if at < len {
        let nanos = Timestamp::new(time).rescale(base, TimeBase::NANOS).ticks();
        found.push(Reference { nanos, at, parent, index: true });
    }
    Some(found)
}

/// `referenced_size`; the bit above is `reference_type`.
const SIZE: u32 = 0x7fff_ffff;

/// References that are remembered.
const MOST_REFERENCES: usize = 1 << 20;
