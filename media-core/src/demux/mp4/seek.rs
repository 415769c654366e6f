//! Going on at another time: by the tables, or by segment indexes (`sidx`, ISO/IEC 14496-12 8.16.3).

use std::collections::BTreeSet;

use super::boxes::full;
use super::*;
use crate::time::{TimeBase, Timestamp};
use crate::track::Kind;

/// A part of the file that a `sidx` tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    /// When it begins, in nanoseconds.
    nanos: i64,
    /// What is there. Of those that begin at one time, the media are nearer than the index that leads to them.
    target: Target,
    /// Where it begins.
    at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// Another `sidx`, or a place where one may follow.
    Index,
    Media,
}

/// What `sidx` say.
#[derive(Debug, Default)]
pub(super) struct References {
    known: BTreeSet<Reference>,
    /// Those to an index that were followed since somebody last sought a time, so that following ends.
    followed: BTreeSet<Reference>,
    /// Where the `sidx` lie that were read; a tree has each place once.
    read: BTreeSet<u64>,
}

impl References {
    fn is_empty(&self) -> bool {
        self.known.is_empty() && self.followed.is_empty()
    }

    /// Takes what the `sidx` from `parent` to `end` says, in a file of `len` bytes. `None` where it cannot be read.
    fn add(&mut self, body: &Bytes, parent: u64, end: u64, len: u64) -> Option<()> {
        if self.known.len() < MOST_REFERENCES && self.read.len() < MOST_REFERENCES && self.read.insert(parent)
        {
            self.known.extend(references(body, end, len)?);
        }
        Some(())
    }

    /// The last that begins at a time or before, else the first. One to an index is not given again, and not at all where that was read.
    fn towards(&mut self, nanos: i64) -> Option<Reference> {
        loop {
            let nanos = nanos.max(self.known.first()?.nanos);
            let latest = Reference { nanos, target: Target::Media, at: u64::MAX };
            let found = *self.known.range(..=latest).next_back()?;
            if found.target == Target::Media {
                return Some(found);
            }
            self.known.remove(&found);
            if !self.read.contains(&found.at) {
                self.followed.insert(found);
                return Some(found);
            }
        }
    }
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
            self.references.known.append(&mut self.references.followed);
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

    /// Looks for boxes where the fragment of that time begins, or the index that tells where it does. An index is
    /// followed once, so that this ends.
    pub(super) fn go_to(&mut self, nanos: i64) {
        let Some(found) = self.references.towards(nanos) else { return };
        (self.scan, self.scanned) = (found.at, false);
        self.sought = (found.target == Target::Index).then_some(nanos);
    }

    /// Reads the payload of a `sidx` that lies from `at` to `end`.
    pub(super) fn read_references(&mut self, body: &Bytes, at: u64, end: u64) {
        let len = self.len().unwrap_or(0);
        let is_read = self.references.add(body, at, end, len).is_some();
        self.faults.boxes += u64::from(!is_read);
        if let Some(nanos) = self.sought.take() {
            self.go_to(nanos);
        }
    }
}

/// The references of the `sidx` that ends at `end`, in a file of `len` bytes.
fn references(body: &Bytes, end: u64, len: u64) -> Option<Vec<Reference>> {
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
            let target = if size & !SIZE == 0 { Target::Media } else { Target::Index };
            found.push(Reference { nanos, target, at });
        }
        time = time.checked_add(duration.into())?;
        at = at.checked_add(u64::from(size & SIZE))?;
    }
    if at < len {
        let nanos = Timestamp::new(time).rescale(base, TimeBase::NANOS).ticks();
        found.push(Reference { nanos, target: Target::Index, at });
    }
    Some(found)
}

/// `referenced_size`; the bit above is `reference_type`.
const SIZE: u32 = 0x7fff_ffff;

/// References that are remembered.
const MOST_REFERENCES: usize = 1 << 20;
