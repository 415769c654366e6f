//! Media playlists.

use crate::playlist::listed::{Line, Listed, PartLine};
use crate::playlist::names::{Names, Suffix};
use crate::playlist::text::{put_date_time, put_micros, put_number, put_seconds};
use crate::playlist::window::{Last, Window};
use crate::playlist::{Config, Delivery, LowLatency, PartAddressing, Retention, SECOND};
use crate::segment::position::Position;
use crate::time::{TimeBase, WallTime};
use crate::track::TrackId;

/// The media playlist of a track; `None` when the stream [never had](Window::known_tracks) it.
///
/// A cut of a generation that did not have the track is listed as a gap, so that numbers and discontinuities are the same in all
/// playlists, and a player that knows the track from before finds its playlist for as long as the stream lasts. Before the first cut there is a playlist
/// without segments; a server does better to let its client wait.
pub fn media_playlist(window: &Window, track: TrackId, names: &Names) -> Option<String> {
    Media::new(window, track, names).text()
}

/// A media playlist that is asked for with directives, or that knows of other streams.
#[derive(Clone, Copy, Debug)]
pub struct Media<'a> {
    /// What is listed.
    pub window: &'a Window,
    /// The track whose playlist it is.
    pub track: TrackId,
    /// What its files are called.
    pub names: &'a Names,
    /// What the player has already: `_HLS_skip`. Left alone where the window's [`Delivery`] knows no directives, or the stream is over.
    pub skip: Skip,
    /// The playlists of other windows that the same multivariant playlist names.
    pub others: &'a [Report<'a>],
}

/// What a player has already, RFC 8216bis 6.2.5.1: what is older than six target durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Skip {
    /// Nothing: the whole list.
    #[default]
    Nothing,
    /// Segments, `_HLS_skip=YES`.
    Segments,
    /// Segments and date ranges, `_HLS_skip=v2`.
    DateRanges,
}

/// Where another playlist of the same presentation has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Its address, relative to the playlist that tells of it.
    pub uri: &'a str,
    /// The end of its list.
    pub last: Last,
}

impl<'a> Media<'a> {
    /// The whole list.
    pub const fn new(window: &'a Window, track: TrackId, names: &'a Names) -> Self {
        Self { window, track, names, skip: Skip::Nothing, others: &[] }
    }

    /// The text; `None` when the stream [never had](Window::known_tracks) the track.
    pub fn text(&self) -> Option<String> {
        let window = self.window;
        if !window.known.iter().any(|known| known.id == self.track) {
            return None;
        }
        let mut out = String::with_capacity(512 + 144 * window.cuts.len() + 96 * self.parts());
        let skipped = self.skipped();
        self.put_head(&mut out, skipped);
        self.put_ranges(&mut out, skipped);
        let stem = self.names.stem(self.track);
        let mut map = None;
        for (index, cut) in window.cuts.iter().enumerate() {
            if index < skipped {
                map = if cut.line(self.track).is_some() { Some(cut.generation) } else { map };
                continue;
            }
            let Some(line) = self.put_start(&mut out, cut, &stem, &mut map) else { continue };
            out.push_str(&line.inf);
            if cut.line(self.track).is_none_or(|line| line.gap) {
                out.push_str("#EXT-X-GAP\n");
            }
            put_file(&mut out, &stem, cut.number, line.suffix);
            out.push('\n');
        }
        if let Some(open) = &window.open {
            self.put_start(&mut out, open, &stem, &mut map);
        }
        if window.finished {
            out.push_str("#EXT-X-ENDLIST\n");
        } else if let Some(low) = window.config.low_latency() {
            self.put_hint(&mut out, &stem, low);
            self.put_reports(&mut out);
        }
        Some(out)
    }

    fn put_head(&self, out: &mut String, skipped: usize) {
        let window = self.window;
        out.push_str("#EXTM3U\n#EXT-X-VERSION:");
        out.push_str(self.version(skipped));
        if window.independent {
            out.push_str("\n#EXT-X-INDEPENDENT-SEGMENTS");
        }
        debug_assert_eq!(window.constants, Constants::new(&window.config), "told once and for all");
        out.push_str(&window.constants.0);
        out.push_str("\n#EXT-X-MEDIA-SEQUENCE:");
        put_number(out, window.cuts.front().or(window.open.as_ref()).map_or(0, |cut| cut.number));
        out.push_str("\n#EXT-X-DISCONTINUITY-SEQUENCE:");
        put_number(out, window.discontinuity_sequence);
        out.push('\n');
        if skipped > 0 {
            out.push_str("#EXT-X-SKIP:SKIPPED-SEGMENTS=");
            put_number(out, skipped as u64);
            if self.skip == Skip::DateRanges {
                out.push_str(",RECENTLY-REMOVED-DATERANGES=\"");
                out.push_str(&window.ranges.removed(boundary(&window.config)));
                out.push('"');
            }
            out.push('\n');
        }
    }

    /// RFC 8216bis section 8.
    fn version(&self, skipped: usize) -> &'static str {
        let window = self.window;
        match self.skip {
            Skip::DateRanges if skipped > 0 => return "10",
            Skip::Segments if skipped > 0 => return "9",
            _ => {}
        }
        let mut cuts = window.cuts.iter().skip(skipped);
        if cuts.any(|cut| cut.line(self.track).is_none_or(|line| line.gap)) {
            // Drafts up to 13 ask for version 8 where EXT-X-GAP is used; later ones do not. 8 is right by both.
            return "8";
        }
        // EXT-X-MAP outside of an I-frame playlist, or else decimals.
        let mapped = window.generations.iter().any(|generation| generation.format.has_header());
        if mapped { "6" } else { "3" }
    }

    fn put_ranges(&self, out: &mut String, skipped: usize) {
        // 4.4.5.1: only where some segment says when it is.
        if self.window.last().is_none() {
            return;
        }
        let recent = skipped > 0 && self.skip == Skip::DateRanges;
        self.window.ranges.put(out, recent.then(|| boundary(&self.window.config)));
    }

    /// How many segments at the head end further from the end of the last one than the skip boundary.
    fn skipped(&self) -> usize {
        let window = self.window;
        if self.skip == Skip::Nothing || window.finished || window.config.delivery == Delivery::Files {
            return 0;
        }
        let boundary = boundary(&window.config);
        let mut behind = 0_i64;
        let kept = window.cuts.iter().rev().take_while(|cut| {
            let keeps = behind <= boundary;
            behind = behind.saturating_add(cut.duration);
            keeps
        });
        window.cuts.len() - kept.count()
    }

    /// What stands above EXTINF, and the line that tells the rest; `map` is the generation of the last EXT-X-MAP.
    fn put_start<'l>(
        &self,
        out: &mut String,
        cut: &'l Listed,
        stem: &str,
        map: &mut Option<u32>,
    ) -> Option<&'l Line> {
        if cut.discontinuity {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        let own = cut.line(self.track);
        if let Some(line) = own
            && *map != Some(cut.generation)
        {
            *map = Some(cut.generation);
            if self.window.began(cut.generation).is_some_and(|known| known.format.has_header()) {
                out.push_str("#EXT-X-MAP:URI=\"");
                out.push_str(&self.names.header(self.track, cut.generation, line.suffix));
                out.push_str("\"\n");
            }
        }
        let line = own.or(cut.lines.first())?;
        out.push_str(&line.date);
        for (index, part) in line.parts.iter().enumerate() {
            let number = cut.parts.first + index as u64;
            let part = PartLine { gap: part.gap || own.is_none(), ..*part };
            self.put_part(out, stem, (cut.number, number, line.suffix), part);
        }
        Some(line)
    }

    fn put_part(
        &self,
        out: &mut String,
        stem: &str,
        (cut, number, suffix): (u64, u64, Suffix),
        part: PartLine,
    ) {
        out.push_str("#EXT-X-PART:DURATION=");
        put_micros(out, part.micros);
        out.push_str(",URI=\"");
        if self.addresses_ranges() {
            put_file(out, stem, cut, suffix);
        } else {
            put_part_file(out, stem, number, suffix);
        }
        out.push('"');
        if self.addresses_ranges() && !part.gap {
            out.push_str(",BYTERANGE=\"");
            put_number(out, part.bytes);
            out.push('@');
            put_number(out, part.offset);
            out.push('"');
        }
        match (part.gap, part.independent) {
            (true, _) => out.push_str(",GAP=YES\n"),
            (false, true) => out.push_str(",INDEPENDENT=YES\n"),
            (false, false) => out.push('\n'),
        }
    }

    /// The part that comes next, of a track that is still there.
    fn put_hint(&self, out: &mut String, stem: &str, low: &LowLatency) {
        let window = self.window;
        let Some(generation) = window.generations.back() else { return };
        let Some(track) = generation.files().find(|track| track.id == self.track) else { return };
        let suffix = Suffix::of(generation.format, track);
        let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"";
        match (low.addressing, &window.open, window.cuts.back()) {
            (PartAddressing::Files, ..) => {
                out.push_str(hint);
                put_part_file(out, stem, window.parts, suffix);
                out.push_str("\"\n");
            }
            (PartAddressing::ByteRanges, Some(open), _) => {
                out.push_str(hint);
                put_file(out, stem, open.number, suffix);
                out.push_str("\",BYTERANGE-START=");
                put_number(out, open.line(self.track).map_or(0, Line::bytes));
                out.push('\n');
            }
            (PartAddressing::ByteRanges, None, Some(last)) => {
                out.push_str(hint);
                put_file(out, stem, last.number.saturating_add(1), suffix);
                out.push_str("\",BYTERANGE-START=0\n");
            }
            (PartAddressing::ByteRanges, None, None) => {}
        }
    }

    fn put_reports(&self, out: &mut String) {
        let Some(last) = self.window.last() else { return };
        for track in self.window.listed_tracks().filter(|track| track.id != self.track) {
            put_report(out, &self.names.media(track), last);
        }
        self.others.iter().for_each(|other| put_report(out, other.uri, other.last));
    }

    const fn addresses_ranges(&self) -> bool {
        match self.window.config.low_latency() {
            Some(low) => matches!(low.addressing, PartAddressing::ByteRanges),
            None => false,
        }
    }

    fn parts(&self) -> usize {
        let cuts = self.window.cuts.iter().chain(&self.window.open);
        cuts.map(|cut| cut.parts.count as usize).sum()
    }
}

fn put_report(out: &mut String, uri: &str, last: Last) {
    out.push_str("#EXT-X-RENDITION-REPORT:URI=\"");
    out.push_str(uri);
    out.push_str("\",LAST-MSN=");
    put_number(out, last.msn);
    if let Some(part) = last.part {
        out.push_str(",LAST-PART=");
        put_number(out, u64::from(part));
    }
    out.push('\n');
}

pub(super) fn put_file(out: &mut String, stem: &str, number: u64, suffix: Suffix) {
    out.push_str(stem);
    put_number(out, number);
    out.push_str(suffix.as_str());
}

fn put_part_file(out: &mut String, stem: &str, number: u64, suffix: Suffix) {
    out.push_str(stem);
    out.push('p');
    put_number(out, number);
    out.push_str(suffix.as_str());
}

/// What playlists say of a configuration: the same in each of a window's, and for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::playlist) struct Constants(String);

impl Constants {
    pub(in crate::playlist) fn new(config: &Config) -> Self {
        let mut out = "\n#EXT-X-TARGETDURATION:".to_owned();
        put_number(&mut out, u64::from(config.target_duration.max(1)));
        if config.retention == Retention::Event {
            out.push_str("\n#EXT-X-PLAYLIST-TYPE:EVENT");
        }
        if config.delivery != Delivery::Files {
            out.push_str("\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=");
            put_seconds(&mut out, boundary(config).unsigned_abs() / 1000);
            out.push_str(",CAN-SKIP-DATERANGES=YES");
        }
        if let Some(low) = config.low_latency() {
            let target = micros_above(low.part_target);
            // What is three part targets or more stays so when both are rounded.
            let least = if low.hold_back >= low.part_target.saturating_mul(3) { 3 } else { 2 };
            let hold_back = micros_above(low.hold_back).max(target.saturating_mul(least));
            out.push_str(",PART-HOLD-BACK=");
            put_seconds(&mut out, hold_back);
            out.push_str("\n#EXT-X-PART-INF:PART-TARGET=");
            put_seconds(&mut out, target);
        }
        Self(out)
    }
}

/// The skip boundary in nanoseconds: six target durations, RFC 8216bis 4.4.3.8.
fn boundary(config: &Config) -> i64 {
    6 * i64::from(config.target_duration.max(1)) * SECOND
}

/// Microseconds that are no less than so many nanoseconds.
fn micros_above(nanos: i64) -> u64 {
    nanos.max(1).unsigned_abs().div_ceil(1000)
}

/// EXT-X-PROGRAM-DATE-TIME.
pub(in crate::playlist) fn put_date(out: &mut String, wall: WallTime) {
    out.push_str("#EXT-X-PROGRAM-DATE-TIME:");
    put_date_time(out, wall);
    out.push('\n');
}

/// EXTINF of what lasts from one position to another.
pub(in crate::playlist) fn put_inf(out: &mut String, start: Position, end: Position) {
    out.push_str("#EXTINF:");
    put_micros(out, part_micros(start, end));
    out.push_str(",\n");
}

/// Microseconds from one position to another, both rounded: so those of neighbours add up. Never more than a limit that the stretch keeps to, rounded
/// up.
pub(in crate::playlist) fn part_micros(start: Position, end: Position) -> u64 {
    end.rescale(MICROS).since(start.rescale(MICROS)).max(1).unsigned_abs()
}

const MICROS: TimeBase = TimeBase::hz(1_000_000);
