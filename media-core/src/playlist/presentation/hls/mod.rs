//! HLS playlists of a presentation, RFC 8216bis: media playlists, I-frame playlists, and the multivariant playlist over them.
//!
//! EXT-X-VERSION is what the tags used in a playlist ask for (section 8), EXT-X-TARGETDURATION the same in all. EXTINF has six decimals and is
//! the difference of two positions rounded to microseconds: a sum over any number of segments is off by less than one.

mod group;
mod multivariant;

use std::ops::Range;

pub use self::multivariant::multivariant;
use super::super::text::{put_micros, put_number};
use super::{Container, Files, Presentation, Purpose, Rendition, RenditionId, Stretch, Type, seconds};
use crate::segment::position::Position;
use crate::time::TimeBase;

/// The media playlist of a rendition; `None` for one that HLS does not have: WebM, and what is for trick modes.
pub fn media_playlist(presentation: &Presentation, id: RenditionId) -> Option<String> {
    let rendition = listed(presentation, id)?;
    let mut out = head(presentation, rendition, version(rendition), None);
    let mut map = None;
    for (number, stretch) in rendition.stretches.iter().enumerate() {
        if number > 0 {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        put_map(&mut out, stretch, &mut map);
        for (index, segment) in stretch.segments.iter().enumerate() {
            let (name, in_range) = stretch.files.of(index, segment);
            put_duration(&mut out, stretch.start(segment), stretch.end(segment));
            if in_range {
                put_range(&mut out, &segment.range);
            }
            out.push_str(&name);
            out.push('\n');
        }
    }
    put_end(&mut out, presentation);
    Some(out)
}

/// The I-frame playlist of a rendition (EXT-X-I-FRAMES-ONLY, section 4.4.3.6); `None` without key pictures that can be had by themselves.
pub fn iframe_playlist(presentation: &Presentation, id: RenditionId) -> Option<String> {
    let rendition = listed(presentation, id).filter(|rendition| has_iframes(rendition))?;
    let needed = if rendition.container == Container::Fmp4 { IFRAME_MAP } else { IFRAMES };
    let pictures = rendition.stretches.iter().flat_map(|stretch| iframes(stretch, presentation.kind));
    let longest = pictures.map(|key| key.end.since(key.start)).max().unwrap_or(0);
    let mut out = head(presentation, rendition, needed, Some(seconds(longest)));
    let mut map = None;
    for (number, stretch) in rendition.stretches.iter().enumerate() {
        if number > 0 {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        put_map(&mut out, stretch, &mut map);
        for key in iframes(stretch, presentation.kind) {
            put_duration(&mut out, key.start, key.end);
            put_range(&mut out, key.range);
            out.push_str(&key.name);
            out.push('\n');
        }
    }
    put_end(&mut out, presentation);
    Some(out)
}

/// A picture in an I-frame playlist, which lasts until the next one there.
struct Iframe<'a> {
    name: String,
    range: &'a Range<u64>,
    start: Position,
    end: Position,
}

/// The key pictures of a stretch. What grows must not change what it said (6.2.1): there, a picture ends with its segment at the latest, whenever the
/// next one comes.
fn iframes(stretch: &Stretch, kind: Type) -> Vec<Iframe<'_>> {
    let mut all: Vec<Iframe<'_>> = Vec::new();
    for (index, segment) in stretch.segments.iter().enumerate() {
        for key in &segment.keys {
            let start = Position { time: key.start, base: stretch.base() };
            if let Some(last) = all.last_mut() {
                last.end = match kind {
                    Type::Vod => start,
                    Type::Event { .. } => last.end.min(start),
                };
            }
            let name = stretch.files.of(index, segment).0.into_owned();
            all.push(Iframe { name, range: &key.range, start, end: stretch.end(segment) });
        }
    }
    if let (Some(last), Some(segment), Type::Vod) = (all.last_mut(), stretch.segments.last(), kind) {
        last.end = stretch.end(segment);
    }
    all
}

fn has_iframes(rendition: &Rendition) -> bool {
    rendition.segments().any(|segment| !segment.keys.is_empty())
}

/// A rendition that HLS has.
fn listed(presentation: &Presentation, id: RenditionId) -> Option<&Rendition> {
    presentation.rendition(id).filter(|rendition| is_listed(rendition))
}

fn is_listed(rendition: &Rendition) -> bool {
    rendition.container != Container::Webm
        && rendition.purpose == Purpose::Play
        && rendition.leader().is_some()
}

/// All up to the first segment; of an I-frame playlist with its longest picture in seconds. Where some are more than a segment apart, it has a
/// target duration of its own, which 6.2.4 lets it have.
fn head(presentation: &Presentation, rendition: &Rendition, version: u64, iframes: Option<u32>) -> String {
    let mut out = String::with_capacity(256 + 48 * rendition.segments().count());
    out.push_str("#EXTM3U\n#EXT-X-VERSION:");
    put_number(&mut out, version);
    if iframes.is_none() && rendition.segments().all(|segment| segment.independent) {
        out.push_str("\n#EXT-X-INDEPENDENT-SEGMENTS");
    }
    out.push_str("\n#EXT-X-TARGETDURATION:");
    put_number(&mut out, u64::from(presentation.target_duration().max(iframes.unwrap_or(0))));
    out.push_str("\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:");
    out.push_str(match presentation.kind {
        Type::Vod => "VOD\n",
        Type::Event { .. } => "EVENT\n",
    });
    if iframes.is_some() {
        out.push_str("#EXT-X-I-FRAMES-ONLY\n");
    }
    out
}

/// EXT-X-MAP where the header is another one than `last`.
fn put_map<'a>(out: &mut String, stretch: &'a Stretch, last: &mut Option<(&'a str, Option<&'a Range<u64>>)>) {
    let header = stretch.files.header();
    if header.is_none() || header == *last {
        return;
    }
    *last = header;
    let Some((name, range)) = header else { return };
    out.push_str("#EXT-X-MAP:URI=\"");
    out.push_str(name);
    if let Some(range) = range {
        out.push_str("\",BYTERANGE=\"");
        put_length_and_offset(out, range);
    }
    out.push_str("\"\n");
}

fn put_duration(out: &mut String, start: Position, end: Position) {
    out.push_str("#EXTINF:");
    let micros = end.rescale(MICROS).since(start.rescale(MICROS));
    put_micros(out, micros.max(1).unsigned_abs());
    out.push_str(",\n");
}

fn put_range(out: &mut String, range: &Range<u64>) {
    out.push_str("#EXT-X-BYTERANGE:");
    put_length_and_offset(out, range);
    out.push('\n');
}

fn put_length_and_offset(out: &mut String, range: &Range<u64>) {
    put_number(out, range.end.saturating_sub(range.start));
    out.push('@');
    put_number(out, range.start);
}

fn put_end(out: &mut String, presentation: &Presentation) {
    if presentation.finished {
        out.push_str("#EXT-X-ENDLIST\n");
    }
}

/// What a media playlist's tags ask for.
fn version(rendition: &Rendition) -> u64 {
    let any = |holds: fn(&Files) -> bool| rendition.stretches.iter().any(|stretch| holds(&stretch.files));
    if any(|files| files.header().is_some()) {
        MAP
    } else if any(|files| matches!(files, Files::One { .. })) {
        BYTE_RANGE
    } else {
        DECIMALS
    }
}

const MICROS: TimeBase = TimeBase::hz(1_000_000);

/// EXT-X-VERSION by feature, RFC 8216bis section 8.
const DECIMALS: u64 = 3;
const BYTE_RANGE: u64 = 4;
const IFRAMES: u64 = 4;
const IFRAME_MAP: u64 = 5;
const MAP: u64 = 6;
