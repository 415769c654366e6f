//! The DASH manifest, ISO/IEC 23009-1, live profile.
//!
//! * **Time.** `availabilityStartTime + Period@start + (S@t - presentationTimeOffset) / timescale` is when that media was complete at the server,
//!   by the clock that UTCTiming names. `availabilityStartTime` is fixed by the first cut, a Period's start by its first. `S@t` is exact, in the
//!   track's own time base; all `presentationTimeOffset` of a Period name the same instant.
//! * **Periods.** A new one begins at each discontinuity and each new configuration, and where a track comes back from a gap: with
//!   `$Number$` a SegmentTimeline cannot leave numbers out, so a Period's gaps are at its end. Each but the last says its duration, so that
//!   a player knows where an outage begins. And a new one begins where the source's clock has gone a target duration apart from the
//!   server's: it leaves a hole for a slow one, and cuts off the end of the Period before it for a fast one, once in many hours for a
//!   usual crystal. Without that, dash.js takes segments for not yet available, or no longer, until nothing plays.
//! * **publishTime** changes when the list does, and only then.

use super::hls::bandwidth;
use super::listed::{Line, Listed};
use super::periods::{Anchor, Period};
use super::text::{put_date_time, put_duration, put_escaped, put_number};
use super::{Names, SECOND, Window};
use crate::segment::position::Position;
use crate::track::{Kind, Track, TrackId};

/// The manifest; `None` before the first cut, since it could not say when anything was available.
pub fn mpd(window: &Window, names: &Names) -> Option<String> {
    let origin = window.periods.origin.filter(|_| !window.cuts.is_empty())?;
    let mut out = String::with_capacity(1536 + 40 * window.cuts.len());
    put_head(&mut out, window, origin);
    for (index, period) in window.periods.list.iter().enumerate() {
        put_period(&mut out, window, names, period, window.periods.list.get(index + 1));
    }
    if let Some(clock) = names.clock() {
        out.push_str("  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"");
        put_escaped(&mut out, clock);
        out.push_str("\"/>\n");
    }
    out.push_str("</MPD>\n");
    Some(out)
}

fn put_head(out: &mut String, window: &Window, origin: Anchor) {
    let target = window.config.target.max(1);
    let longest = i64::from(window.config.target_duration.max(1)) * SECOND;
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"");
    out.push_str(
        " profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"dynamic\" availabilityStartTime=\"",
    );
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
    put_time(
        out,
        "\" suggestedPresentationDelay=\"",
        (2 * longest).min(target.saturating_mul(3)).max(longest + target),
    );
    put_time(out, "\" minBufferTime=\"", target);
    put_time(out, "\" maxSegmentDuration=\"", longest);
    out.push_str("\">\n");
}

/// Where a cut's media begins.
fn start_of(window: &Window, cut: &Listed) -> Option<Position> {
    let tracks = window.generation(cut.generation)?;
    let base = |id: TrackId| tracks.iter().find(|track| track.id == id).map(|track| track.time_base);
    let media = cut.lines.iter().filter(|line| !line.gap);
    media.filter_map(|line| Some(Position { time: line.start, base: base(line.track)? })).min()
}

fn put_period(out: &mut String, window: &Window, names: &Names, period: &Period, next: Option<&Period>) {
    let Some(tracks) = window.generation(period.generation) else { return };
    out.push_str("  <Period id=\"");
    put_number(out, u64::from(period.id));
    put_time(out, "\" start=\"", period.start);
    if let Some(next) = next {
        put_time(
            out,
            "\" duration=\"",
            period.presents(period.end).min(next.start).saturating_sub(period.start),
        );
    }
    out.push_str("\">\n");
    for track in tracks.iter() {
        let cuts = window.cuts.iter().filter(|cut| cut.period == period.id);
        let lines: Vec<_> = cuts
            .filter_map(|cut| Some((cut.number, cut.line(track.id)?)))
            .filter(|(_, line)| !line.gap)
            .collect();
        if !lines.is_empty() {
            put_adaptation_set(out, window, names, period, track, &lines);
        }
    }
    out.push_str("  </Period>\n");
}

fn put_adaptation_set(
    out: &mut String,
    window: &Window,
    names: &Names,
    period: &Period,
    track: &Track,
    lines: &[(u64, &Line)],
) {
    let (kind, mime) = match track.kind() {
        Kind::Video => ("video", "video/mp4"),
        Kind::Audio => ("audio", "audio/mp4"),
    };
    put_field(out, "    <AdaptationSet id=\"", u64::from(track.id.get()));
    put_text(out, "\" contentType=\"", kind);
    put_text(out, "\" mimeType=\"", mime);
    out.push_str("\" segmentAlignment=\"true");
    if window.independent {
        out.push_str("\" startWithSAP=\"1");
    }
    out.push_str("\">\n");
    put_representation(out, window, track);
    put_template(out, names, period, track, lines);
    out.push_str("      </Representation>\n    </AdaptationSet>\n");
}

fn put_representation(out: &mut String, window: &Window, track: &Track) {
    put_field(out, "      <Representation id=\"", u64::from(track.id.get()));
    put_field(out, "\" bandwidth=\"", bandwidth(window, track).peak);
    put_text(out, "\" codecs=\"", &track.codec.codecs());
    if let Some((width, height)) = track.codec.size() {
        put_field(out, "\" width=\"", u64::from(width));
        put_field(out, "\" height=\"", u64::from(height));
    }
    if let Some((num, den)) = track.codec.frame_rate() {
        put_field(out, "\" frameRate=\"", u64::from(num));
        if den != 1 {
            put_field(out, "/", u64::from(den));
        }
    }
    if let Some(rate) = track.codec.sample_rate() {
        put_field(out, "\" audioSamplingRate=\"", u64::from(rate));
    }
    out.push_str("\">\n");
    if let Some(channels) = track.codec.channels() {
        out.push_str("        <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\"");
        put_field(out, " value=\"", u64::from(channels));
        out.push_str("\"/>\n");
    }
}

fn put_template(out: &mut String, names: &Names, period: &Period, track: &Track, lines: &[(u64, &Line)]) {
    // fMP4 knows whole ticks per second only, and the muxer has refused what is none.
    put_field(out, "        <SegmentTemplate timescale=\"", u64::from(track.time_base.den()));
    put_field(out, "\" presentationTimeOffset=\"", ticks(period.origin.rescale(track.time_base).ticks()));
    put_field(out, "\" startNumber=\"", lines.first().map_or(0, |(number, _)| *number));
    put_text(out, "\" initialization=\"", &names.init(track.id, period.generation));
    put_text(out, "\" media=\"", &names.template(track.id));
    out.push_str("\">\n          <SegmentTimeline>\n");
    put_timeline(out, lines);
    out.push_str("          </SegmentTimeline>\n        </SegmentTemplate>\n");
}

/// The S elements: `@t` where a segment does not begin where the one before it ended, `@r` for further ones of equal length.
fn put_timeline(out: &mut String, lines: &[(u64, &Line)]) {
    let mut at = None;
    let mut index = 0;
    while let Some((_, first)) = lines.get(index) {
        let duration = shown(lines, index);
        let start = ticks(first.start.ticks());
        let end = |repeats: u64| start.saturating_add(duration.saturating_mul(repeats + 1));
        let mut repeats = 0;
        while let Some((_, next)) = lines.get(index + 1)
            && ticks(next.start.ticks()) == end(repeats)
            && shown(lines, index + 1) == duration
        {
            repeats += 1;
            index += 1;
        }
        out.push_str("            <S");
        if at != Some(start) {
            put_field(out, " t=\"", start);
            out.push('"');
        }
        put_field(out, " d=\"", duration);
        if repeats > 0 {
            put_field(out, "\" r=\"", repeats);
        }
        out.push_str("\"/>\n");
        at = Some(end(repeats));
        index += 1;
    }
}

/// How long a segment is shown: not beyond where the next one begins, should its last duration have been guessed too long.
fn shown(lines: &[(u64, &Line)], index: usize) -> u64 {
    let (_, line) = lines[index];
    let next = lines.get(index + 1).map(|(_, next)| next.start.since(line.start));
    match next.and_then(|ticks| u64::try_from(ticks).ok()).filter(|&ticks| ticks > 0) {
        Some(next) => line.duration.min(next),
        None => line.duration,
    }
}

/// A position as MPD attributes have it; the timeline gives none below zero.
const fn ticks(ticks: i64) -> u64 {
    if ticks < 0 { 0 } else { ticks.unsigned_abs() }
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
