//! The boxes of a file one after the other: what is an index is read, all else passed over.

use super::boxes::{Head, Header, Kind, child, full};
use super::*;

impl Demuxer {
    /// Looks at the next box.
    pub(super) fn scan_box(&mut self) -> Result<Step, Error> {
        let header = match self.header()? {
            Ok(header) => header,
            Err(step) => return Ok(step),
        };
        let end = header.size.map_or(u64::MAX, |size| self.scan.saturating_add(size));
        match &header.kind {
            // Another header: what is left of the tracks before it comes first.
            b"moov" if self.lanes.iter().any(|lane| lane.peeked().is_some()) => {
                self.lanes.iter_mut().for_each(|lane| lane.absent = true);
                Ok(Step::Again)
            }
            b"moov" | b"moof" | b"prft" => self.load(header, end),
            b"sidx" if self.source != Source::Stream => self.load(header, end),
            _ => {
                self.pass(end);
                Ok(Step::Again)
            }
        }
    }

    /// The header of the next box, or what comes of its not being there.
    fn header(&mut self) -> Result<Result<Header, Step>, Error> {
        let left = self.len().map_or(u64::MAX, |len| len.saturating_sub(self.scan));
        let mut bytes = 8;
        loop {
            if left < bytes {
                self.faults.boxes += u64::from(left > 0);
                return Ok(Err(self.end_scan()));
            }
            let Ok(head) = self.window.get(self.scan, bytes) else {
                if self.ended {
                    return Ok(Err(self.end_scan()));
                }
                return Ok(Err(Step::Needs(self.scan, self.scan.saturating_add(bytes))));
            };
            if self.scan == 0 && !begins_file(&head) {
                let found = *head.first_chunk().expect("eight bytes were asked for");
                return Err(Error::NotMp4 { found });
            }
            match Head::read(&head) {
                Head::Box(header) => return Ok(Ok(header)),
                Head::Needs(more) => bytes = more,
                Head::Absurd => {
                    self.faults.boxes += 1;
                    return Ok(Err(self.end_scan()));
                }
            }
        }
    }

    /// There are no more boxes.
    fn end_scan(&mut self) -> Step {
        self.scanned = true;
        Step::Again
    }

    /// Goes on behind the box.
    fn pass(&mut self, end: u64) {
        self.scan = end;
        if self.len().is_some_and(|len| end >= len) || end == u64::MAX {
            self.faults.boxes += u64::from(self.len().is_some_and(|len| end > len && end < u64::MAX));
            self.scanned = true;
        }
    }

    /// Reads a box as a whole.
    fn load(&mut self, header: Header, end: u64) -> Result<Step, Error> {
        // Of a file that is cut off, what is there of the box.
        let there = self.len().map_or(end, |len| end.min(len));
        let size = there.saturating_sub(self.scan);
        if size > MOST_INDEX {
            return Err(Error::TooLarge { kind: header.kind, size, limit: MOST_INDEX });
        }
        let Ok(body) = self.window.get(self.scan, size) else {
            return Ok(if self.ended { self.end_scan() } else { Step::Needs(self.scan, there) });
        };
        let body = body.slice((header.len as usize).min(body.len())..);
        let at = self.scan;
        self.pass(end);
        // What is left of a recording whose end was being written tells nothing that its fragments did not.
        let is_left = header.kind == *b"moov" && self.indexed && there < end && header.size.is_some();
        if !is_left {
            self.index(&header.kind, &body, at, end)?;
        }
        Ok(Step::Again)
    }

    fn index(&mut self, kind: &Kind, body: &Bytes, at: u64, end: u64) -> Result<(), Error> {
        match kind {
            b"moov" => return self.read_movie(body, at),
            b"moof" if self.indexed => {
                self.sought = None;
                self.loaded = self.loaded.saturating_add(body.len() as u64);
                let fragments = fragment::read(body, at, end, &self.known, &mut self.faults);
                let source = self.len();
                for mut fragment in fragments {
                    if self.source == Source::Stream {
                        self.faults.behind += fragment.leave_out_before(at);
                    }
                    match self.lanes.iter_mut().find(|lane| lane.id().get() == fragment.track) {
                        Some(lane) => lane.extend(fragment, source),
                        None => self.faults.fragments += 1,
                    }
                }
            }
            b"moof" => self.faults.fragments += 1,
            b"sidx" => self.read_references(body, at, end),
            _ => self.clock(body),
        }
        Ok(())
    }

    /// `moov`. A second one begins a stream anew where fragments go before and may follow, as when segments of another header are joined. In
    /// other files the first counts: one behind fragments that has none itself lists their samples again, as the end of a recording does
    /// that is not sealed yet.
    fn read_movie(&mut self, body: &Bytes, at: u64) -> Result<(), Error> {
        if self.indexed && !(self.fragmented && child(body, b"mvex").is_some()) {
            return Ok(());
        }
        let movie = Movie::read(body, self.len(), &mut self.faults);
        let again = std::mem::replace(&mut self.indexed, true);
        if again {
            // What waited for a track of the other header to be known waits no more.
            if !self.announced {
                self.announce();
            }
            self.early.clear();
            (self.announced, self.early_bytes) = (false, 0);
        }
        self.scanned |= !movie.fragmented;
        (self.fragmented, self.known, self.skipped) = (movie.fragmented, movie.known, movie.skipped);
        self.lanes = movie.lanes;
        if self.lanes.is_empty() {
            let encrypted = self.skipped.iter().find_map(|track| match track.reason {
                Reason::Encrypted(scheme) => Some(scheme),
                _ => None,
            });
            return Err(match encrypted {
                Some(scheme) => Error::Encrypted { scheme },
                None => Error::NoTracks { skipped: self.skipped.len() },
            });
        }
        if self.source == Source::Stream && !self.fragmented {
            let mut faults = Faults::default();
            let heads = self.lanes.iter_mut().filter_map(|lane| Some(lane.head(&mut faults)?.sample.at));
            let positions: Vec<_> = heads.collect();
            if !positions.is_empty() && positions.iter().all(|position| *position < at) {
                return Err(Error::IndexBehindMedia { at });
            }
            self.gone = at;
        }
        self.announce_if_known();
        Ok(())
    }

    /// `prft`, 8.16.5: when a media time was captured.
    fn clock(&mut self, body: &Bytes) {
        let read = || {
            let (version, _, rest) = full(body)?;
            let mut reader = Reader::new(&rest);
            let track = reader.u32().ok()?;
            let wall = WallTime::from_ntp(reader.u64().ok()?);
            let media = if version == 0 { reader.u32().ok()?.into() } else { reader.u64().ok()? };
            Some((track, wall, i64::try_from(media).ok()?))
        };
        if let Some((track, wall, media)) = read()
            && let Some(lane) = self.lanes.iter_mut().find(|lane| lane.id().get() == track)
        {
            lane.clock(wall, media);
        }
    }
}

/// Whether a file or a segment begins so.
fn begins_file(head: &[u8]) -> bool {
    let kind = head.get(4..8).and_then(|kind| Kind::try_from(kind).ok());
    kind.is_some_and(|kind| super::super::container::FIRST_BOXES.contains(&&kind))
}

/// Bytes of `moov`, `moof` or another box that is read as a whole.
const MOST_INDEX: u64 = 256 << 20;
