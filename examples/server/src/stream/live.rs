//! The way of one stream through the stages: units are parsed, put on the time line, cut into segments, stored and listed.
//!
//! All of it happens in the task of the source, within the call that brings the last missing picture: there is no queue in which a segment
//! could wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media_core::codec::{self, Format, Parser};
use media_core::mux::Rope;
use media_core::playlist::{self, Names, Window, dash, hls};
use media_core::segment::{self, Segmenter};
use media_core::time::TimeBase;
use media_core::timeline::{self, Announced, Sample, Timeline};
use media_core::track::{Kind, Track, TrackId};

use super::measure::{Measure, Rates};
use super::{Measured, Path, State, TrackSummary};
use crate::clock::{self, Clock};
use crate::source::Losses;
use crate::store::Resource;

/// One stream of a source.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) format: Format,
    /// `None` when the stream itself will tell.
    pub(crate) config: Option<codec::Config>,
    /// RTP ticks per second.
    pub(crate) clock_rate: u32,
}

/// How streams are cut and how much is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutting {
    pub(crate) target: Duration,
    pub(crate) listed: usize,
}

/// The writing half of a stream.
pub(crate) struct Live {
    path: Arc<Path>,
    clock: Clock,
    /// What the source sends now; empty while it is away.
    channels: Vec<Channel>,
    timeline: Timeline,
    segmenter: Segmenter,
    window: Window,
    names: Names,
    measure: Measure,
}

/// One stream of the source as it is received.
struct Channel {
    id: TrackId,
    parser: Parser,
}

impl Live {
    pub(crate) fn new(path: Arc<Path>, clock: Clock, cutting: Cutting) -> Self {
        let target = i64::try_from(cutting.target.as_nanos()).unwrap_or(i64::MAX);
        let mut segment = segment::Config::new(target);
        segment.max_bytes = MAX_SEGMENT;
        let mut window = playlist::Config::new(&segment);
        window.size = cutting.listed;
        let prefix = format!("{:012x}", crate::random() >> 16);
        let names = Names::new(&prefix).expect("hexadecimal digits are plain").with_clock("/time");
        Self {
            path,
            clock,
            channels: Vec::new(),
            timeline: Timeline::new(timeline::Config::new(clock.epoch()), []),
            segmenter: Segmenter::new(segment),
            window: Window::new(window),
            names,
            measure: Measure::new(&[]),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.name()
    }

    /// The source is there and will send these streams, numbered as in `inputs`.
    pub(crate) fn begin(&mut self, inputs: Vec<Input>) {
        let mut announced = Vec::with_capacity(inputs.len());
        self.channels.clear();
        for (input, id) in inputs.into_iter().zip(1..) {
            let (Some(id), Some(time_base)) = (TrackId::new(id), TimeBase::new(1, input.clock_rate)) else {
                continue;
            };
            let (format, kind) = (input.format, input.format.kind());
            let parser = input.config.as_ref().map_or_else(|| Parser::waiting(format), Parser::new);
            self.channels.push(Channel { id, parser });
            let mut track = Announced::new(id, kind, time_base);
            track.codec = input.config;
            announced.push(track);
        }
        self.timeline.announce(announced, self.clock.now());
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
    }

    /// The source is gone. What comes after is a discontinuity; viewers stay.
    pub(crate) fn interrupted(&mut self) {
        self.channels.clear();
        self.timeline.interrupted(self.clock.now());
        self.advance();
    }

    pub(crate) fn set_state(&self, state: State) {
        let ready_time = (state == State::Ready).then(|| clock::iso(clock::wall()));
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

    /// Carries on what is ready, stage by stage.
    fn advance(&mut self) {
        while let Some(output) = self.timeline.poll() {
            match &output {
                timeline::Output::Tracks(tracks) => self.show(tracks),
                timeline::Output::Discontinuity => {
                    self.measure = Measure::new(self.window.tracks());
                    self.set_state(State::Ready);
                }
                timeline::Output::Packet(packet) => self.measure.packet(packet),
            }
            if let Err(error) = self.segmenter.push(output) {
                self.path.stats.segments_refused.add(1);
                tracing::debug!(path = self.path.name(), %error, "a segment lost something");
            }
        }
        let mut cut = false;
        while let Some(output) = self.segmenter.poll() {
            cut |= matches!(output, segment::Output::Cut(_));
            self.keep(output);
        }
        if cut {
            self.publish();
        }
    }

    fn show(&mut self, tracks: &[Track]) {
        self.measure = Measure::new(tracks);
        let tracks = tracks.iter().map(summary).collect();
        self.path.update(|status| {
            status.tracks = tracks;
            true
        });
        self.set_state(State::Ready);
    }

    /// Stores first, lists second: what is listed can be fetched.
    fn keep(&mut self, output: segment::Output) {
        let names = &self.names;
        match &output {
            segment::Output::Init(init) => {
                let headers = init.tracks.iter().zip(&init.headers).map(|(track, header)| {
                    let name = names.init(track.id, init.generation);
                    let resource =
                        Resource::media(&name, media_type(track.kind()), Rope::from(header.clone()));
                    (name, resource)
                });
                let headers = headers.collect();
                self.path.store(|store| store.headers(init.generation, headers));
            }
            segment::Output::Cut(cut) => {
                let kind = |id| self.window.tracks().iter().find(|track| track.id == id).map(Track::kind);
                let segments = cut.segments.iter().filter(|segment| !segment.gap).map(|segment| {
                    let name = names.segment(segment.track, cut.number);
                    let kind = kind(segment.track).unwrap_or(Kind::Video);
                    let resource = Resource::media(&name, media_type(kind), segment.rope.clone());
                    (name, resource)
                });
                let segments = segments.collect();
                self.path.store(|store| store.cut(cut.number, segments));
            }
        }
        self.window.push(&output, clock::wall());
        while let Some(expired) = self.window.poll() {
            self.path.store(|store| store.expire(expired));
        }
    }

    /// Writes the playlists anew and wakes who waits for them.
    fn publish(&mut self) {
        let version = self.path.status().cuts + 1;
        let tag = self.names.init(FIRST, 0);
        let playlist = |name: String, media_type, text: Option<String>| {
            text.map(|text| {
                let resource = Resource::playlist(&format!("{tag}-{name}"), version, media_type, text);
                (name, resource)
            })
        };
        let mut playlists =
            vec![playlist("index.m3u8".to_owned(), M3U8, hls::multivariant(&self.window, &self.names))];
        for track in self.window.tracks() {
            let text = hls::media_playlist(&self.window, track.id, &self.names);
            playlists.push(playlist(self.names.media(track), M3U8, text));
        }
        if self.path.config().dash {
            let text = dash::mpd(&self.window, &self.names);
            playlists.push(playlist("index.mpd".to_owned(), MPD, text.clone()));
            playlists.push(playlist("manifest.mpd".to_owned(), MPD, text));
        }
        let playlists = playlists.into_iter().flatten().collect();
        self.path.store(|store| store.playlists(playlists));
        self.path.update(|status| {
            status.cuts = version;
            true
        });
    }

    fn publish_measure(&self) {
        let stored_bytes = self.path.store(|store| store.bytes());
        let repairs = self.repairs();
        let Rates { millihertz, bitrate, gop_millis } = self.measure.rates();
        self.path.stats.measure(Measured { millihertz, bitrate, gop_millis, repairs, stored_bytes });
    }

    /// What the timeline repaired on all tracks together.
    fn repairs(&self) -> Vec<(&'static str, u64)> {
        let mut sums: Vec<(&'static str, u64)> = Vec::new();
        for repairs in (1..=MOST_TRACKS).filter_map(TrackId::new).filter_map(|id| self.timeline.repairs(id)) {
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
        codec::Config::Opus(config) => ("Opus", Some((48_000, u16::from(config.channels())))),
        _ => ("unknown", None),
    };
    TrackSummary { codec, codecs: track.codec.codecs(), size: track.codec.size(), sound }
}

const fn media_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Video => "video/mp4",
        Kind::Audio => "audio/mp4",
    }
}

const M3U8: &str = "application/vnd.apple.mpegurl";
const MPD: &str = "application/dash+xml";

const FIRST: TrackId = match TrackId::new(1) {
    Some(id) => id,
    None => panic!("one is not zero"),
};

/// Bytes of a segment, all tracks: a path holds at most two windows of these.
const MAX_SEGMENT: usize = 50 << 20;

/// Streams that a source can have: one of pictures, one of sound.
const MOST_TRACKS: u32 = 2;
