//! The way of one stream through the stages: units are parsed, put on the time line, cut into segments, stored and listed.
//!
//! All of it happens in the task of the source, within the call that brings the last missing picture: there is no queue in which a segment
//! could wait.

use std::sync::Arc;

use bytes::Bytes;
use media_core::codec::{self, Format, Parser};
use media_core::time::{Moment, TimeBase};
use media_core::timeline::{self, Announced, Sample, Timeline};
use media_core::track::{Kind, Track, TrackId};

use super::cutter::{Cutter, Cutting};
use super::measure::{Measure, Rates};
use super::{Measured, Path, State, TrackSummary};
use crate::clock::{self, Clock};
use crate::source::Losses;

/// One stream of a source.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) format: Format,
    /// `None` when the stream itself will tell.
    pub(crate) config: Option<codec::Config>,
    /// RTP ticks per second.
    pub(crate) clock_rate: u32,
}

/// The writing half of a stream.
pub(crate) struct Live {
    path: Arc<Path>,
    clock: Clock,
    /// What the source sends now; empty while it is away.
    channels: Vec<Channel>,
    /// What the source does not offer, or not in a form that can be served.
    lacks: Option<String>,
    arrival: Arrival,
    timeline: Timeline,
    cutter: Cutter,
    tracks: Arc<[Track]>,
    measure: Measure,
}

/// What has come of the source since it was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    /// Nothing that could be shown, since then.
    Awaited(Moment),
    /// Nothing, and that has been said.
    Missed,
    /// Media.
    Flowing,
}

/// One stream of the source as it is received.
struct Channel {
    id: TrackId,
    kind: Kind,
    parser: Parser,
}

impl Live {
    pub(crate) fn new(path: Arc<Path>, clock: Clock, cutting: Cutting) -> Self {
        Self {
            cutter: Cutter::new(path.clone(), cutting),
            path,
            clock,
            channels: Vec::new(),
            lacks: None,
            arrival: Arrival::Flowing,
            timeline: Timeline::new(timeline::Config::new(clock.epoch()), []),
            tracks: Arc::new([]),
            measure: Measure::new(&[]),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.name()
    }

    /// The source is there and will send these streams, numbered as in `inputs`.
    /// `lacks` says what one would expect of it and does not get.
    pub(crate) fn begin(&mut self, inputs: Vec<Input>, lacks: Option<String>) {
        self.lacks = lacks;
        let mut announced = Vec::with_capacity(inputs.len());
        self.channels.clear();
        for input in inputs {
            let Some(time_base) = TimeBase::new(1, input.clock_rate) else { continue };
            let (format, kind) = (input.format, input.format.kind());
            let id = track_of(kind);
            let parser = input.config.as_ref().map_or_else(|| Parser::waiting(format), Parser::new);
            self.channels.push(Channel { id, kind, parser });
            let mut track = Announced::new(id, kind, time_base);
            track.codec = input.config;
            announced.push(track);
        }
        let now = self.clock.now();
        self.arrival = Arrival::Awaited(now);
        self.timeline.announce(announced, now);
        self.advance();
    }

    /// The next unit of a stream, with its RTP timestamp.
    pub(crate) fn push(&mut self, stream: usize, timestamp: u32, data: Bytes) {
        let Some(channel) = self.channels.get_mut(stream) else { return };
        let now = self.clock.now();
        let unit = channel.parser.parse(data);
        self.path.stats.frames.add(1);
        self.timeline.push(Sample { track: channel.id, pts: i64::from(timestamp), dts: None, unit }, now);
        self.advance();
    }

    /// The source says what time of day a timestamp of a stream was.
    pub(crate) fn sender_report(&mut self, stream: usize, timestamp: u32, ntp: u64) {
        let Some(channel) = self.channels.get(stream) else { return };
        self.timeline.sender_report(channel.id, timestamp, ntp, self.clock.now());
    }

    /// The source says that `timestamp` of a stream is the instant at which all its streams begin.
    pub(crate) fn common_zero(&mut self, stream: usize, timestamp: u32) {
        let Some(channel) = self.channels.get(stream) else { return };
        self.timeline.common_zero(channel.id, i64::from(timestamp));
    }

    /// Time has passed; to be called a few times a second while the source is there.
    pub(crate) fn tick(&mut self) {
        let now = self.clock.now();
        if self.timeline.deadline().is_some_and(|deadline| deadline <= now) {
            self.timeline.tick(now);
        }
        self.advance();
        self.publish_measure();
        if matches!(self.arrival, Arrival::Awaited(since) if now.since(since) > PATIENCE) {
            self.miss();
        }
    }

    /// A camera that is there and sends nothing to begin with looks like one that works, unless someone says so.
    fn miss(&mut self) {
        self.arrival = Arrival::Missed;
        let reason = match self.path.stats.frames.get() {
            0 => "the camera is connected and sends nothing that makes up a picture or sound",
            _ => "nothing to begin with: the camera sends no key frame, or no parameter sets",
        };
        tracing::warn!(path = self.name(), reason, "no stream");
        self.set_state(State::Down { reason: reason.to_owned() });
    }

    /// The source is gone. What comes after is a discontinuity; viewers stay.
    pub(crate) fn interrupted(&mut self) {
        self.channels.clear();
        self.arrival = Arrival::Flowing;
        self.timeline.interrupted(self.clock.now());
        self.advance();
    }

    pub(crate) fn set_state(&self, state: State) {
        let ready_time = state.is_ready().then(|| clock::iso(clock::wall()));
        self.path.update(|status| {
            if status.state == state {
                return false;
            }
            status.state = state;
            status.ready_time = ready_time;
            true
        });
    }

    pub(crate) fn count_inbound(&self, bytes: usize) {
        self.path.stats.inbound_bytes.add(bytes as u64);
    }

    pub(crate) fn count_reconnect(&self) {
        self.path.stats.reconnects.add(1);
    }

    pub(crate) fn count_losses(&self, before: &Losses, after: &Losses) {
        let stats = &self.path.stats;
        stats.packets_lost.add(after.packets - before.packets);
        stats.units_damaged.add(after.damaged - before.damaged);
        stats.payloads_malformed.add(after.malformed - before.malformed);
        stats.slices_late.add(after.late_slices - before.late_slices);
    }

    /// Carries on what is ready.
    fn advance(&mut self) {
        while let Some(output) = self.timeline.poll() {
            match &output {
                timeline::Output::Tracks(tracks) => self.show(tracks.clone()),
                timeline::Output::Discontinuity => self.show(self.tracks.clone()),
                timeline::Output::Packet(packet) => self.measure.packet(packet),
            }
            self.cutter.push(output);
        }
    }

    /// Media flows, or flows again.
    fn show(&mut self, tracks: Arc<[Track]>) {
        self.arrival = Arrival::Flowing;
        self.measure = Measure::new(&tracks);
        let summaries: Vec<_> = tracks.iter().map(summary).collect();
        self.tracks = tracks;
        let codecs: Vec<_> = summaries.iter().map(|track| track.codecs.as_str()).collect();
        tracing::info!(path = self.name(), tracks = codecs.join(", "), "streaming");
        self.path.update(|status| {
            status.tracks = summaries;
            true
        });
        let lacks = self.lacks.clone().or_else(|| self.absent());
        if let Some(lacks) = &lacks {
            tracing::warn!(path = self.name(), reason = lacks, "not all of the camera is served");
        }
        self.set_state(State::Ready { lacks });
    }

    /// What was announced and has not come.
    fn absent(&self) -> Option<String> {
        let came = |kind| self.tracks.iter().any(|track| track.kind() == kind);
        let absent = self.channels.iter().find(|channel| !came(channel.kind))?;
        Some(match absent.kind {
            Kind::Video => {
                "no video: the camera announces pictures and sends none that can be shown".to_owned()
            }
            Kind::Audio => "no audio: the camera announces sound and sends none".to_owned(),
        })
    }

    fn publish_measure(&self) {
        let stored_bytes = self.path.stored_bytes();
        let repairs = self.repairs();
        let Rates { millihertz, bitrate, gop_millis } = self.measure.rates();
        self.path.stats.measure(Measured { millihertz, bitrate, gop_millis, repairs, stored_bytes });
    }

    /// What the timeline repaired on all tracks together.
    fn repairs(&self) -> Vec<(&'static str, u64)> {
        let mut sums: Vec<(&'static str, u64)> = Vec::new();
        for repairs in [VIDEO, AUDIO].into_iter().filter_map(|id| self.timeline.repairs(id)) {
            for (cause, count) in repairs.iter() {
                match sums.iter_mut().find(|(known, _)| *known == cause) {
                    Some((_, sum)) => *sum += count,
                    None => sums.push((cause, count)),
                }
            }
        }
        sums
    }
}

fn summary(track: &Track) -> TrackSummary {
    let (codec, sound) = match &track.codec {
        codec::Config::H264(_) => ("H264", None),
        codec::Config::H265(_) => ("H265", None),
        codec::Config::Vp8(_) => ("VP8", None),
        codec::Config::Vp9(_) => ("VP9", None),
        codec::Config::Aac(config) => ("MPEG-4 Audio", Some((config.sample_rate(), config.channels()))),
        codec::Config::Opus(config) => ("Opus", Some((48_000, config.channels()))),
        codec::Config::Av1(_) => ("AV1", None),
        codec::Config::Mp3(config) => ("MPEG-1/2 Audio", Some((config.sample_rate(), config.channels()))),
        codec::Config::Ac3(config) => ("AC-3", Some((config.sample_rate(), config.channels()))),
        _ => ("unknown", None),
    };
    TrackSummary { codec, codecs: track.codec.codecs(), size: track.codec.size(), sound }
}

/// A source has at most one stream of each kind. The kind names the track, so that one that is away for a while comes back as itself.
const fn track_of(kind: Kind) -> TrackId {
    match kind {
        Kind::Video => VIDEO,
        Kind::Audio => AUDIO,
    }
}

const VIDEO: TrackId = TrackId::new(1).expect("not zero");
const AUDIO: TrackId = TrackId::new(2).expect("not zero");

/// Nanoseconds after which a camera that has sent nothing to begin with is said to be down: longer than the timeline waits for the
/// pictures before it goes on without them.
const PATIENCE: i64 = 15_000_000_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{self, Source};

    fn live() -> (Arc<Path>, Live) {
        let config = config::Path::new(Source::Pattern);
        let path = Arc::new(Path::new("cam", config, Duration::from_secs(10)));
        let cutting = Cutting { target: Duration::from_secs(1), listed: 7, part: Duration::from_millis(200) };
        (path.clone(), Live::new(path, Clock::start(), cutting))
    }

    fn h264() -> Input {
        Input { format: Format::H264, config: None, clock_rate: 90_000 }
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_without_key_frames_is_said_to_be_down_and_why() {
        let (path, mut live) = live();
        live.begin(vec![h264()], None);
        for n in 0..400 {
            tokio::time::advance(Duration::from_millis(40)).await;
            live.push(0, n * 3600, Bytes::from_static(&[0, 0, 0, 2, 0x41, 0x9a]));
            live.tick();
        }
        let reason = path.status().state.reason().map(str::to_owned);
        assert_eq!(
            reason.as_deref(),
            Some("nothing to begin with: the camera sends no key frame, or no parameter sets")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_connected_camera_that_sends_nothing_is_said_to_be_down() {
        let (path, mut live) = live();
        live.begin(vec![h264()], None);
        tokio::time::advance(Duration::from_secs(14)).await;
        live.tick();
        assert_eq!(path.status().state, State::Connecting);
        tokio::time::advance(Duration::from_secs(2)).await;
        live.tick();
        assert!(path.status().state.reason().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_of_no_known_stream_is_left_alone() {
        let (path, mut live) = live();
        live.push(0, 0, Bytes::from_static(&[0, 0, 0, 1, 0x65]));
        live.sender_report(3, 0, 1);
        live.interrupted();
        live.tick();
        assert_eq!(path.status().cuts, 0);
    }
}
