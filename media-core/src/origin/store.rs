//! Where bytes lie: by name, until the window says that no player should ask for them any more.

use std::collections::HashMap;

use bytes::Bytes;

use super::answer::{Answer, Cache, ContentRange, Ready};
use super::request::Range;
use crate::mux::Rope;
use crate::playlist::{Delivery, Expired, Names, PartAddressing, Suffix, Window};
use crate::segment::{Cut, Init, Part};
use crate::track::{Kind, TrackId};

/// The files of a stream.
#[derive(Debug, Default)]
pub(super) struct Store {
    files: HashMap<String, Held>,
    /// Names of the headers, by generation.
    inits: HashMap<u32, Vec<String>>,
    /// Names of the segments and parts, by the number of their cut.
    cuts: HashMap<u64, Vec<String>>,
}

/// A file.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// All of it is there.
    Whole { body: Rope, media_type: &'static str },
    /// A part: the bytes are its segment's.
    Part { body: Rope, media_type: &'static str },
    /// A segment of which parts are there.
    Growing { body: Rope, media_type: &'static str },
}

impl Store {
    pub(super) fn get(&self, name: &str) -> Option<&Held> {
        self.files.get(name)
    }

    /// Keeps the headers of a generation.
    pub(super) fn init(&mut self, init: &Init, window: &Window, names: &Names) {
        for (track, tracks, header) in init.files() {
            let Some(suffix) = window.suffix(init.generation, track) else { continue };
            let kind = kind(tracks.iter().map(|track| track.kind()));
            let name = names.header(track, init.generation, suffix);
            let held = Held::Whole { body: Rope::from(header.clone()), media_type: suffix.media_type(kind) };
            if !header.is_empty() {
                self.inits.entry(init.generation).or_default().push(name.clone());
                self.files.insert(name, held);
            }
        }
    }

    /// Keeps the part that `number` parts came before.
    pub(super) fn part(&mut self, part: &Part, number: u64, window: &Window, names: &Names) {
        let addressing = match &window.config().delivery {
            Delivery::LowLatency(low) => low.addressing,
            Delivery::Files | Delivery::Directives => return,
        };
        for piece in part.pieces.iter().filter(|piece| !piece.gap) {
            let Some((suffix, media_type)) = told(window, part.generation, piece.track) else { continue };
            if addressing == PartAddressing::Files {
                let body = piece.rope.clone();
                let name = names.part(piece.track, number, suffix);
                self.keep(part.number, name, Held::Part { body, media_type });
            }
            let name = names.file(piece.track, part.number, suffix);
            match self.files.get_mut(&name) {
                Some(Held::Growing { body, .. }) => body.append(piece.rope.clone()),
                _ => self.keep(part.number, name, Held::Growing { body: piece.rope.clone(), media_type }),
            }
        }
    }

    /// Keeps the segments of a cut.
    pub(super) fn cut(&mut self, cut: &Cut, window: &Window, names: &Names) {
        for segment in cut.segments.iter().filter(|segment| !segment.gap) {
            let Some((suffix, media_type)) = told(window, cut.generation, segment.track) else { continue };
            let name = names.file(segment.track, cut.number, suffix);
            self.keep(cut.number, name, Held::Whole { body: segment.rope.clone(), media_type });
        }
    }

    /// Lets go of what no player should ask for any more.
    pub(super) fn expire(&mut self, expired: Expired) {
        let names = match expired {
            Expired::Cut { number, .. } => self.cuts.remove(&number),
            Expired::Init { generation } => self.inits.remove(&generation),
        };
        for name in names.unwrap_or_default() {
            self.files.remove(&name);
        }
    }

    /// Bytes held, those of parts not counted beside their segment's.
    pub(super) fn bytes(&self) -> u64 {
        let counted = self.files.values().filter(|held| !matches!(held, Held::Part { .. }));
        counted.map(|held| held.body().len()).sum()
    }

    fn keep(&mut self, cut: u64, name: String, held: Held) {
        if self.files.insert(name.clone(), held).is_none() {
            self.cuts.entry(cut).or_default().push(name);
        }
    }
}

impl Held {
    pub(super) const fn body(&self) -> &Rope {
        match self {
            Self::Whole { body, .. } | Self::Part { body, .. } | Self::Growing { body, .. } => body,
        }
    }

    /// All of it, or a range.
    pub(super) fn answer(&self, name: &str, range: &Range) -> Answer {
        let (Self::Whole { body, media_type }
        | Self::Part { body, media_type }
        | Self::Growing { body, media_type }) = self;
        let length = body.len();
        let (first, end) = match *range {
            Range::All => {
                return Answer::Ready(ready(name, body.clone(), media_type, None));
            }
            Range::Between(first, last) => (first, last.saturating_add(1).min(length)),
            Range::Last(count) => (length.saturating_sub(count), length),
        };
        if first >= end {
            return Answer::NotSatisfiable { length };
        }
        let range = ContentRange { first, last: end - 1, length: Some(length) };
        Answer::Ready(ready(name, body.slice(first..end), media_type, Some(range)))
    }
}

/// The range as far as a growing segment has it; `None` when that is nothing yet.
pub(super) fn growing(name: &str, body: &Rope, media_type: &'static str, range: &Range) -> Option<Ready> {
    let Range::Between(first, last) = *range else { return None };
    let end = last.saturating_add(1).min(body.len());
    let range = (first < end).then(|| ContentRange { first, last: end - 1, length: None })?;
    Some(ready(name, body.slice(first..end), media_type, Some(range)))
}

/// What has come of a segment that all is wanted of, behind the `sent` bytes that were answered already; `None` when that is nothing yet.
pub(super) fn rest(name: &str, held: &Held, sent: u64) -> Option<Ready> {
    let (Held::Whole { body, media_type }
    | Held::Part { body, media_type }
    | Held::Growing { body, media_type }) = held;
    let is_new = body.len() > sent || !matches!(held, Held::Growing { .. });
    is_new.then(|| ready(name, body.slice(sent..body.len()), media_type, None))
}

/// A segment without media.
pub(super) fn nothing(name: &str, suffix: Suffix, kind: Kind) -> Ready {
    let body: &'static [u8] = match suffix {
        Suffix::M4s => b"\0\0\0\x18stypmsdh\0\0\0\0msdhmsix",
        // Void, RFC 8794 section 11.3.2.
        Suffix::Webm => &[0xec, 0x80],
        Suffix::Ts | Suffix::Aac | Suffix::Mp3 | Suffix::Ac3 | Suffix::Ec3 => &[],
    };
    ready(name, Rope::from(Bytes::from_static(body)), suffix.media_type(kind), None)
}

fn ready(name: &str, body: Rope, media_type: &'static str, range: Option<ContentRange>) -> Ready {
    Ready { body, media_type, etag: format!("\"{name}\""), cache: Cache::Immutable, range, more: None }
}

/// What a track's file of a generation is.
fn told(window: &Window, generation: u32, track: TrackId) -> Option<(Suffix, &'static str)> {
    let suffix = window.suffix(generation, track)?;
    let known = window.known_tracks().iter().find(|known| known.id == track)?;
    Some((suffix, suffix.media_type(known.kind())))
}

fn kind(mut kinds: impl Iterator<Item = Kind>) -> Kind {
    if kinds.any(|kind| kind == Kind::Video) { Kind::Video } else { Kind::Audio }
}
