//! I-frame playlists of live streams, RFC 8216bis 4.4.3.6.
//!
//! A segment stands in them with its first key picture and for as long as it lasts, as a gap where it has none: so numbers, discontinuities, durations and
//! dates are those of the media playlist, and follow its rules (6.2.1, 6.2.2) with it. Segments come when they are whole; there are no parts.

use std::ops::Range;

use super::super::listed::{Line, Listed};
use super::super::rate::{Bandwidth, Rate};
use super::media::put_file;
use crate::playlist::names::Names;
use crate::playlist::text::put_number;
use crate::playlist::{KeyPictures, Retention, Window};
use crate::track::{Kind, Track, TrackId};

/// The I-frame playlist of a track; `None` where the window does not [list](crate::playlist::Config::key_pictures) them, the stream never had the track,
/// or it has no pictures.
pub fn iframe_playlist(window: &Window, track: TrackId, names: &Names) -> Option<String> {
    let track = window.known.iter().find(|known| known.id == track && has_list(window, known))?;
    let stem = names.stem(track.id);
    let mut out = head(window, track);
    let mut map = None;
    for cut in &window.cuts {
        if cut.discontinuity {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        let Some(line) = cut.line(track.id).or(cut.lines.first()) else { continue };
        let key = key(cut, track);
        let mapped = window.began(cut.generation).is_some_and(|known| known.format.has_header());
        if mapped && cut.line(track.id).is_some() && map.replace(cut.generation) != Some(cut.generation) {
            out.push_str("#EXT-X-MAP:URI=\"");
            out.push_str(&names.header(track.id, cut.generation, line.suffix));
            out.push_str("\"\n");
        }
        out.push_str(&line.date);
        out.push_str(&line.inf);
        match key {
            Some(key) => put_range(&mut out, key),
            None => out.push_str("#EXT-X-GAP\n"),
        }
        put_file(&mut out, &stem, cut.number, line.suffix);
        out.push('\n');
    }
    if window.finished {
        out.push_str("#EXT-X-ENDLIST\n");
    }
    Some(out)
}

/// Whether a track has an I-frame playlist.
fn has_list(window: &Window, track: &Track) -> bool {
    window.config.key_pictures == KeyPictures::Listed && track.kind() == Kind::Video
}

/// What the key pictures that are listed take; `None` where there is no list, or no picture in it.
pub(super) fn bandwidth(window: &Window, track: &Track) -> Option<Bandwidth> {
    let mut rate = Rate::default();
    for cut in window.cuts.iter().filter(|_| has_list(window, track)) {
        match key(cut, track) {
            Some(key) => rate.push(key.end - key.start, cut.duration, window.longest()),
            None => rate.interrupt(),
        }
    }
    rate.bandwidth()
}

fn key<'a>(cut: &'a Listed, track: &Track) -> Option<&'a Range<u64>> {
    cut.line(track.id).filter(|line| !line.gap).and_then(|line: &Line| line.key.as_ref())
}

fn head(window: &Window, track: &Track) -> String {
    let mut out = "#EXTM3U\n#EXT-X-VERSION:".to_owned();
    let mapped = window.generations.iter().any(|generation| generation.format.has_header());
    // EXT-X-GAP as in media playlists; EXT-X-MAP with EXT-X-I-FRAMES-ONLY; EXT-X-I-FRAMES-ONLY, section 8.
    let version = match window.cuts.iter().any(|cut| key(cut, track).is_none()) {
        true => 8,
        false if mapped => 5,
        false => 4,
    };
    put_number(&mut out, version);
    out.push_str("\n#EXT-X-TARGETDURATION:");
    put_number(&mut out, u64::from(window.config.target_duration.max(1)));
    if window.config.retention == Retention::Event {
        out.push_str("\n#EXT-X-PLAYLIST-TYPE:EVENT");
    }
    out.push_str("\n#EXT-X-MEDIA-SEQUENCE:");
    put_number(&mut out, window.cuts.front().map_or(0, |cut| cut.number));
    out.push_str("\n#EXT-X-DISCONTINUITY-SEQUENCE:");
    put_number(&mut out, window.discontinuity_sequence);
    out.push_str("\n#EXT-X-I-FRAMES-ONLY\n");
    out
}

fn put_range(out: &mut String, range: &Range<u64>) {
    out.push_str("#EXT-X-BYTERANGE:");
    put_number(out, range.end.saturating_sub(range.start));
    out.push('@');
    put_number(out, range.start);
    out.push('\n');
}
