//! AdaptationSet, Representation and SegmentTemplate of a live track.

use super::super::hls::bandwidth;
use super::super::language::tag;
use super::super::listed::Line;
use super::super::names::Suffix;
use super::super::periods::Period;
use super::super::pictures;
use super::super::runs::Runs;
use super::latency::{self, Growing};
use super::{Document, put_field, put_text};
use crate::track::{Kind, Track};

impl Document<'_> {
    /// The set of the file of a track, or of all `tracks` that share it; `grows` where its last segment is the stream's.
    pub(super) fn put_adaptation_set(
        &self,
        out: &mut String,
        period: &Period,
        (track, tracks): (&Track, &[Track]),
        lines: &[(u64, &Line)],
        grows: bool,
    ) {
        let kind = match track.kind() {
            Kind::Video => "video",
            Kind::Audio => "audio",
        };
        let suffix = lines.first().map_or(Suffix::M4s, |(_, line)| line.suffix);
        put_field(out, "    <AdaptationSet id=\"", u64::from(track.id.get()));
        put_text(out, "\" contentType=\"", kind);
        put_text(out, "\" mimeType=\"", suffix.media_type(track.kind()));
        if let Some(language) = &track.language {
            put_text(out, "\" lang=\"", tag(language));
        }
        out.push_str("\" segmentAlignment=\"true");
        if self.window.independent {
            out.push_str("\" startWithSAP=\"1");
        }
        out.push_str("\">\n");
        for (scheme, value) in pictures::colour_properties(track) {
            put_text(out, "      <EssentialProperty schemeIdUri=\"", scheme);
            put_field(out, "\" value=\"", u64::from(value));
            out.push_str("\"/>\n");
        }
        if self.latency.is_some() {
            self.put_reference_time(out, period, track, lines);
        }
        self.put_representation(out, track, tracks);
        let newest = self.window.generations.back().map(|newest| newest.number);
        let grows = grows && !self.window.finished && newest == Some(period.generation);
        let growing = self.latency.filter(|_| grows);
        self.put_template(out, period, track, lines, growing.map(|latency| latency.growing(track, lines)));
        out.push_str("      </Representation>\n    </AdaptationSet>\n");
    }

    fn put_representation(&self, out: &mut String, track: &Track, tracks: &[Track]) {
        put_field(out, "      <Representation id=\"", u64::from(track.id.get()));
        let peak = bandwidth(self.window, track).peak.clamp(1, u32::MAX.into());
        put_field(out, "\" bandwidth=\"", peak);
        let codecs: Vec<_> = tracks.iter().map(|track| track.codec.codecs()).collect();
        put_text(out, "\" codecs=\"", &codecs.join(","));
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

    fn put_template(
        &self,
        out: &mut String,
        period: &Period,
        track: &Track,
        lines: &[(u64, &Line)],
        growing: Option<Growing>,
    ) {
        // fMP4 knows whole ticks per second only, and the muxer has refused what is none.
        put_field(out, "        <SegmentTemplate timescale=\"", u64::from(track.time_base.den()));
        let offset = ticks(period.origin.rescale(track.time_base).ticks());
        put_field(out, "\" presentationTimeOffset=\"", offset);
        put_field(out, "\" startNumber=\"", lines.first().map_or(0, |(number, _)| *number));
        if let Some(growing) = growing {
            latency::put_availability(out, growing);
        }
        let suffix = lines.first().map_or(Suffix::M4s, |(_, line)| line.suffix);
        if matches!(suffix, Suffix::M4s | Suffix::Webm) {
            let header = self.names.header(track.id, period.generation, suffix);
            put_text(out, "\" initialization=\"", &header);
        }
        let media = match self.latency {
            None => self.names.template(track.id, suffix),
            // What is told before it is there may be of another generation when it comes.
            Some(_) => self.names.template_of(track.id, period.generation, suffix),
        };
        put_text(out, "\" media=\"", &media);
        out.push_str("\">\n          <SegmentTimeline>\n");
        let spans = lines.iter().map(|(_, line)| (ticks(line.start.ticks()), line.duration));
        match growing {
            Some(growing) => put_timeline(out, Runs::new(spans.chain(growing.spans()))),
            None => put_timeline(out, Runs::new(spans)),
        }
        out.push_str("          </SegmentTimeline>\n        </SegmentTemplate>\n");
    }
}

fn put_timeline(out: &mut String, runs: Runs<impl Iterator<Item = (u64, u64)>>) {
    for run in runs {
        out.push_str("            <S");
        if let Some(time) = run.time {
            put_field(out, " t=\"", time);
            out.push('"');
        }
        put_field(out, " d=\"", run.duration);
        if run.repeats > 0 {
            put_field(out, "\" r=\"", run.repeats);
        }
        out.push_str("\"/>\n");
    }
}

/// A position as MPD attributes have it; the timeline gives none below zero.
const fn ticks(ticks: i64) -> u64 {
    if ticks < 0 { 0 } else { ticks.unsigned_abs() }
}
