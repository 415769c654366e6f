//! The DASH manifest of a live stream, ISO/IEC 23009-1: live profile for fMP4, full for WebM and transport streams; packed audio is left out.
//!
//! * **Time.** `availabilityStartTime + Period@start + (S@t - presentationTimeOffset) / timescale` is when that media was complete at the server,
//!   by the clock that UTCTiming names. `availabilityStartTime` is fixed by the first cut, a Period's start by its first. `S@t` is exact, in the
//!   track's own time base; all `presentationTimeOffset` of a Period name the same instant.
//! * **Periods.** A new one begins at each discontinuity and each new configuration, and where a track comes back from a gap: with
//!   `$Number$` a SegmentTimeline cannot leave numbers out, so a Period's gaps are at its end. Each but the last says its duration, so that
//!   a player knows where an outage begins. And a new one begins where the source's clock has gone a target duration apart from the
//!   server's: it leaves a hole for a slow one, and cuts off the end of the Period before it for a fast one, once in many hours for a
//!   usual crystal. Without that, dash.js takes segments for not yet available, or no longer, until nothing plays.
//! * **publishTime** changes when the list does, or other tracks are announced to follow it, and only then.

mod latency;
mod set;

pub use self::latency::Latency;
use super::listed::Listed;
use super::periods::{Anchor, Period};
use super::text::{put_date_time, put_duration, put_escaped, put_number};
use super::{Names, SECOND, Window};
use crate::segment::Format;
use crate::segment::position::Position;
use crate::track::TrackId;

/// The manifest; `None` before the first cut, since it could not say when anything was available.
pub fn mpd(window: &Window, names: &Names) -> Option<String> {
    write(window, names, None)
}

/// The manifest for players that fetch a segment while it grows: everything of [`mpd`], and what [`Latency`] tells. `None` before the first cut.
///
/// The server must answer a request for a segment of which the first part is complete with what there is, and go on with each part that
/// follows until the segment ends.
pub fn low_latency(window: &Window, names: &Names, latency: &Latency) -> Option<String> {
    write(window, names, Some(latency))
}

fn write(window: &Window, names: &Names, latency: Option<&Latency>) -> Option<String> {
    let origin = window.periods.origin.filter(|_| !window.cuts.is_empty())?;
    let mut out = String::with_capacity(1536 + 40 * window.cuts.len());
    put_head(&mut out, window, origin, latency);
    let document = Document { window, names, origin, latency };
    for (index, period) in window.periods.list.iter().enumerate() {
        document.put_period(&mut out, period, window.periods.list.get(index + 1));
    }
    if let Some(clock) = names.clock() {
        out.push_str("  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"");
        put_escaped(&mut out, clock);
        out.push_str("\"/>\n");
    }
    out.push_str("</MPD>\n");
    Some(out)
}

/// What every part of the manifest is written from.
struct Document<'a> {
    window: &'a Window,
    names: &'a Names,
    origin: Anchor,
    latency: Option<&'a Latency>,
}

fn put_head(out: &mut String, window: &Window, origin: Anchor, latency: Option<&Latency>) {
    let target = window.config.target.max(1);
    let longest = i64::from(window.config.target_duration.max(1)) * SECOND;
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"");
    let fmp4 = window.generations.iter().all(|generation| generation.format == Format::Fmp4);
    out.push_str(" profiles=\"");
    out.push_str(if fmp4 { LIVE } else { FULL });
    if latency.is_some() {
        out.push_str(LOW_LATENCY);
    }
    out.push_str("\" type=\"dynamic\" availabilityStartTime=\"");
    put_date_time(out, origin.wall);
    out.push_str("\" publishTime=\"");
    put_date_time(out, window.published);
    if window.finished {
        let end = window.periods.list.back().map_or(0, |last| last.presents(last.end));
        put_time(out, "\" mediaPresentationDuration=\"", end);
    } else {
        put_time(out, "\" minimumUpdatePeriod=\"", target);
    }
    let first =
        window.cuts.front().and_then(|first| start_of(window, first)).zip(window.periods.list.front());
    let first = first.map(|(first, period)| period.presents(first));
    let last = window.periods.list.back().map(|last| last.presents(last.end));
    let depth = first.zip(last).map_or(0, |(first, last)| last.saturating_sub(first));
    put_time(out, "\" timeShiftBufferDepth=\"", depth);
    let delay = (2 * longest).min(target.saturating_mul(3)).max(longest + target);
    put_time(out, "\" suggestedPresentationDelay=\"", latency.map_or(delay, |latency| latency.target.max(1)));
    put_time(out, "\" minBufferTime=\"", target);
    put_time(out, "\" maxSegmentDuration=\"", longest);
    out.push_str("\">\n");
    if let Some(latency) = latency {
        latency.put_service(out, window);
    }
}

/// Where a cut's media begins.
fn start_of(window: &Window, cut: &Listed) -> Option<Position> {
    let tracks = window.generation(cut.generation)?;
    let base = |id: TrackId| tracks.iter().find(|track| track.id == id).map(|track| track.time_base);
    let media = cut.lines.iter().filter(|line| !line.gap);
    media.filter_map(|line| Some(Position { time: line.start, base: base(line.track)? })).min()
}

impl Document<'_> {
    fn put_period(&self, out: &mut String, period: &Period, next: Option<&Period>) {
        let Some(generation) = self.window.began(period.generation) else { return };
        out.push_str("  <Period id=\"");
        put_number(out, u64::from(period.id));
        put_time(out, "\" start=\"", period.start);
        if let Some(next) = next {
            let end = period.presents(period.end).min(next.start);
            put_time(out, "\" duration=\"", end.saturating_sub(period.start));
        }
        out.push_str("\">\n");
        for track in generation.files().filter(|_| generation.format != Format::PackedAudio) {
            let cuts = self.window.cuts.iter().filter(|cut| cut.period == period.id);
            let lines: Vec<_> = cuts
                .filter_map(|cut| Some((cut.number, cut.line(track.id)?)))
                .filter(|(_, line)| !line.gap)
                .collect();
            if !lines.is_empty() {
                let tracks = if generation.format.is_shared() {
                    &generation.tracks
                } else {
                    std::slice::from_ref(track)
                };
                self.put_adaptation_set(out, period, (track, tracks), &lines, next.is_none());
            }
        }
        out.push_str("  </Period>\n");
    }
}

fn put_field(out: &mut String, name: &str, value: u64) {
    out.push_str(name);
    put_number(out, value);
}

fn put_text(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    put_escaped(out, value);
}

fn put_time(out: &mut String, name: &str, nanos: i64) {
    out.push_str(name);
    put_duration(out, nanos);
}

const LIVE: &str = "urn:mpeg:dash:profile:isoff-live:2011";
const FULL: &str = "urn:mpeg:dash:profile:full:2011";
/// DASH-IF's low-latency guidelines, behind the profile of the standard.
const LOW_LATENCY: &str = ",http://www.dashif.org/guidelines/low-latency-live-v5";
