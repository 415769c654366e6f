//! What a manifest says so that players can stay close behind: ISO/IEC 23009-1 5.3.9.5.3 and annex K, and DASH-IF's low-latency modes.
//!
//! * Segments can be asked for as soon as their first part is complete: `availabilityTimeOffset` is a segment less a part, and
//!   `availabilityTimeComplete` says that the rest is still to come.
//! * The SegmentTimeline goes on for two segments that are not complete yet, as long as those before. So it is enough to ask for the manifest
//!   once per segment. How long they really are, later manifests say; their numbers stay.
//! * Where the configuration changes, announced segments never come. Their names tell the [generation](super::super::Names::file_of), so that no player
//!   takes what comes instead for them; a server answers with a segment without media.
//! * ServiceDescription tells how far behind to play, and ProducerReferenceTime where that is measured from.

use super::super::Window;
use super::super::config::LowLatency;
use super::super::listed::Line;
use super::super::periods::Period;
use super::super::text::{put_date_time, put_number, put_padded};
use super::{Document, put_field, put_text};
use crate::segment::position::Position;
use crate::track::Track;

/// How a stream is played close behind. Fixed for as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Nanoseconds of a part, of which each is a `moof` and `mdat`.
    pub part: i64,
    /// Nanoseconds that players shall stay behind: some parts, and what the network takes.
    pub target: i64,
    /// Whether segments carry `prft` boxes, as [`ProducerTime::Captured`](crate::segment::ProducerTime::Captured) makes them. ProducerReferenceTime then
    /// says the same as they do: the track by its `id`, when its media was captured.
    pub prft: bool,
}

/// What is told of segments that are not complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growing {
    /// Ticks at which the last complete one ended.
    from: u64,
    /// Ticks that each of them will last.
    duration: u64,
    /// Nanoseconds before its end at which a segment can be asked for.
    early: i64,
}

impl Latency {
    /// What HLS players are told as well: parts of up to as long, and the same hold-back; no `prft` boxes.
    pub const fn new(low: &LowLatency) -> Self {
        Self { part: low.part_target, target: low.hold_back, prft: false }
    }

    /// What follows a track's listed segments.
    pub(super) fn growing(&self, track: &Track, lines: &[(u64, &Line)]) -> Growing {
        let from = lines
            .last()
            .map_or(0, |(_, last)| last.start.ticks().max(0).unsigned_abs().saturating_add(last.duration));
        // One that was cut short is not the rule.
        let duration = lines.iter().rev().take(2).map(|(_, line)| line.duration).max().unwrap_or(1);
        let nanos = track.time_base.to_nanos(i64::try_from(duration).unwrap_or(i64::MAX));
        Growing { from, duration, early: nanos.saturating_sub(self.part.max(1)).max(0) }
    }

    /// ServiceDescription, annex K.3; in milliseconds.
    pub(super) fn put_service(&self, out: &mut String, window: &Window) {
        let target = (self.target.max(1).unsigned_abs() + 500_000) / 1_000_000;
        out.push_str("  <ServiceDescription id=\"0\">\n");
        put_field(out, "    <Latency target=\"", target);
        put_field(out, "\" min=\"", target / 2);
        put_field(out, "\" max=\"", target.saturating_mul(3));
        if let Some(first) = window.listed_tracks().next() {
            put_field(out, "\" referenceId=\"", u64::from(first.id.get()));
        }
        out.push_str("\"/>\n    <PlaybackRate min=\"0.96\" max=\"1.04\"/>\n  </ServiceDescription>\n");
    }
}

impl Growing {
    pub(super) fn spans(self) -> impl Iterator<Item = (u64, u64)> {
        (0..AHEAD).map(move |n| (self.from.saturating_add(self.duration.saturating_mul(n)), self.duration))
    }
}

/// Seconds, rounded down to microseconds: rather a moment later than too early.
pub(super) fn put_availability(out: &mut String, growing: Growing) {
    let micros = growing.early.max(0).unsigned_abs() / 1000;
    out.push_str("\" availabilityTimeOffset=\"");
    put_number(out, micros / 1_000_000);
    out.push('.');
    put_padded(out, micros % 1_000_000, 6);
    out.push_str("\" availabilityTimeComplete=\"false");
}

impl Document<'_> {
    /// ProducerReferenceTime, 5.12: what is at the start of the Period was captured, or else left the encoder, when the line of the manifest says so.
    pub(super) fn put_reference_time(
        &self,
        out: &mut String,
        period: &Period,
        track: &Track,
        lines: &[(u64, &Line)],
    ) {
        let captured = lines.first().filter(|_| self.latency.is_some_and(|latency| latency.prft));
        let captured = captured.map(|(_, line)| {
            let start = Position { time: line.start, base: track.time_base };
            line.wall.after(-start.since(period.origin))
        });
        put_field(out, "      <ProducerReferenceTime id=\"", u64::from(track.id.get()));
        put_text(out, "\" inband=\"", if captured.is_some() { "true" } else { "false" });
        put_text(out, "\" type=\"", if captured.is_some() { "captured" } else { "encoder" });
        out.push_str("\" wallClockTime=\"");
        put_date_time(out, captured.unwrap_or_else(|| self.origin.wall.after(period.start)));
        let offset = period.origin.rescale(track.time_base).ticks().max(0).unsigned_abs();
        put_field(out, "\" presentationTime=\"", offset);
        match self.names.clock() {
            Some(clock) => {
                out.push_str(
                    "\">\n        <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"",
                );
                put_text(out, "", clock);
                out.push_str("\"/>\n      </ProducerReferenceTime>\n");
            }
            None => out.push_str("\"/>\n"),
        }
    }
}

/// Segments listed before they are complete: the one that grows, and the next, so that a player that asks for the manifest once per
/// segment knows it in time.
const AHEAD: u64 = 2;
