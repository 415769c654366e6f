//! `sidx`: what an index says against the fragments that follow, ISO/IEC 14496-12 8.16.3.

use super::boxes::{Found, Name};
use super::fragment::Fragment;
use super::movie::{Movie, rescale};
use super::rules;
use crate::check::{Place, Report};

/// An index whose subsegments are being watched.
#[derive(Debug)]
pub(super) struct Index {
    at: u64,
    track: u32,
    timescale: u32,
    references: Vec<Reference>,
    /// The reference whose bytes come next, and where they begin.
    next: usize,
    begins: u64,
    /// When the subsegment begins, in ticks of the index.
    time: u64,
    /// Whether its first fragment is still to come.
    waiting: bool,
}

#[derive(Clone, Copy, Debug)]
struct Reference {
    is_index: bool,
    size: u32,
    duration: u32,
    sap: bool,
}

impl Index {
    pub(super) fn read(sidx: &Found<'_>, report: &mut Report) -> Option<Self> {
        let mut index = sidx.read(report, |version, _, reader| {
            let (track, timescale) = (reader.u32()?, reader.u32()?);
            let (time, first) = match version {
                0 => (reader.u32()?.into(), reader.u32()?.into()),
                _ => (reader.u64()?, reader.u64()?),
            };
            let count = reader.u32()? & 0xffff;
            let mut references = Vec::new();
            for _ in 0..count {
                let (size, duration, sap) = (reader.u32()?, reader.u32()?, reader.u32()?);
                references.push((size, duration, sap));
            }
            let begins = sidx.end().saturating_add(first);
            Ok((
                Self {
                    at: sidx.at,
                    track,
                    timescale,
                    references: Vec::new(),
                    next: 0,
                    begins,
                    time,
                    waiting: true,
                },
                references,
            ))
        });
        let (mut index, rows) = index.take()?;
        if index.timescale == 0 {
            report.add(&rules::TIMESCALE, sidx.place(), format_args!("sidx with no ticks per second"));
        }
        for (number, (size, duration, sap)) in rows.into_iter().enumerate() {
            let (starts, kind) = (sap >> 31 != 0, sap >> 28 & 7);
            if starts && kind == 0 || kind > 6 {
                report.add(
                    &rules::SIDX_SAP,
                    sidx.place(),
                    format_args!("reference {number} starts with an access point of type {kind}"),
                );
            }
            let (is_index, size) = (size >> 31 != 0, size & 0x7fff_ffff);
            index.references.push(Reference {
                is_index,
                size,
                duration,
                sap: starts && matches!(kind, 1 | 2),
            });
        }
        Some(index)
    }

    /// A top-level box begins.
    pub(super) fn see_box(&mut self, at: u64, kind: [u8; 4], report: &mut Report) {
        while let Some(reference) = self.references.get(self.next)
            && self.begins.saturating_add(reference.size.into()) <= at
        {
            self.begins = self.begins.saturating_add(reference.size.into());
            self.time = self.time.saturating_add(reference.duration.into());
            self.next += 1;
            self.waiting = true;
            if self.begins < at && self.next < self.references.len() {
                let (number, begins) = (self.next, self.begins);
                report.add(
                    &rules::SIDX_OFFSET,
                    Place::Byte(self.at),
                    format_args!("reference {number} begins at byte {begins}, where no box does"),
                );
            }
        }
        let Some(reference) = self.references.get(self.next) else { return };
        let (number, name) = (self.next, Name(kind));
        let fits = match &kind {
            b"sidx" => reference.is_index,
            b"moof" => !reference.is_index,
            // Brands, events and times may stand before a fragment.
            b"styp" | b"emsg" | b"prft" | b"free" | b"skip" | b"uuid" => true,
            _ => false,
        };
        if self.begins == at && !fits {
            report.add(
                &rules::SIDX_OFFSET,
                Place::Byte(self.at),
                format_args!("reference {number} points at {name} at byte {at}"),
            );
        }
    }

    /// A fragment was read.
    pub(super) fn see_fragment(&mut self, fragment: &Fragment, movie: &Movie, report: &mut Report) {
        let inside = self.references.get(self.next).filter(|_| fragment.at >= self.begins);
        let Some(reference) = inside.copied().filter(|reference| !reference.is_index && self.waiting) else {
            return;
        };
        let Some(span) = fragment.spans.iter().find(|span| span.track == self.track) else { return };
        let Some(track) = movie.tracks.iter().find(|track| track.id == self.track) else { return };
        self.waiting = false;
        let number = self.next;
        if reference.sap && !span.sync_first {
            report.add(
                &rules::SIDX_SAP,
                Place::Byte(self.at),
                format_args!("reference {number} starts with no sync sample"),
            );
        }
        // Presentation is what edits leave; many writers leave them out.
        let start = |cut: i64| {
            rescale(span.start.saturating_sub(cut).max(0).unsigned_abs(), track.timescale, self.timescale)
        };
        let (edited, raw) = (start(track.cut()), start(0));
        // Sums of rounded durations are off by a tick each, at most.
        let slack = if self.timescale == track.timescale { 0 } else { 1 + number as u64 };
        if self.time.abs_diff(edited) > slack && self.time.abs_diff(raw) > slack {
            report.add(
                &rules::SIDX_TIME,
                Place::Byte(self.at),
                format_args!("reference {number} begins at {}, its fragment is shown from {edited} (without edits {raw})", self.time),
            );
        }
    }

    /// The file ended at `end`.
    pub(super) fn finish(&self, end: u64, report: &mut Report) {
        let sizes = self.references[self.next.min(self.references.len())..]
            .iter()
            .map(|reference| u64::from(reference.size));
        let until = sizes.fold(self.begins, u64::saturating_add);
        if until > end && self.next < self.references.len() {
            report.add(
                &rules::SIDX_OFFSET,
                Place::Byte(self.at),
                format_args!("the index goes on to byte {until}, the file ends at {end}"),
            );
        }
    }
}
