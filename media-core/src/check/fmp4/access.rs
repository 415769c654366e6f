//! `mfra`: random access points of a file of fragments, ISO/IEC 14496-12 8.8.9 to 8.8.11.

use super::boxes::Found;
use super::rules;
use crate::check::Report;

/// Where fragments begin, as far as is remembered.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    /// In the order of the file, which is that of these numbers.
    begins: Vec<u64>,
}

impl Fragments {
    pub(super) fn add(&mut self, at: u64) {
        if self.begins.len() < REMEMBERED {
            self.begins.push(at);
        }
    }

    /// That every point of an `mfra` is a fragment of this file, and that its last box says how long it is: by that it is found from the
    /// end.
    pub(super) fn check(&self, mfra: &Found<'_>, report: &mut Report) {
        for tfra in mfra.children().filter(|child| &child.kind == b"tfra") {
            self.check_points(&tfra, report);
        }
        let said = mfra.child(b"mfro").and_then(|mfro| mfro.read(report, |_, _, reader| reader.u32()));
        let size = mfra.end() - mfra.at;
        if said.is_some_and(|said| u64::from(said) != size) {
            report.add(
                &rules::MFRO,
                mfra.place(),
                format_args!("mfro says {} bytes, mfra has {size}", said.unwrap_or(0)),
            );
        }
    }

    fn check_points(&self, tfra: &Found<'_>, report: &mut Report) {
        let points = tfra.read(report, |version, _, reader| {
            let (track, lengths, count) = (reader.u32()?, reader.u32()?, reader.u32()?);
            // Numbers of traf, trun and sample have one to four bytes each.
            let numbers = (0..3).map(|field| (lengths >> (2 * field) & 3) as usize + 1).sum();
            let mut lost = None;
            for number in 0..count {
                let moof = match version {
                    1 => (reader.u64()?, reader.u64()?).1,
                    _ => (reader.u32()?, reader.u32()?).1.into(),
                };
                reader.bytes(numbers)?;
                if lost.is_none() && !self.has(moof) {
                    lost = Some((track, number, moof));
                }
            }
            Ok(lost)
        });
        if let Some((track, number, moof)) = points.flatten() {
            report.add(
                &rules::TFRA,
                tfra.place(),
                format_args!("point {number} of track {track} is at byte {moof}, where no fragment begins"),
            );
        }
    }

    fn has(&self, at: u64) -> bool {
        self.begins.len() == REMEMBERED || self.begins.binary_search(&at).is_ok()
    }
}

/// Fragments whose places are remembered; of more nothing is said.
const REMEMBERED: usize = 1 << 18;
