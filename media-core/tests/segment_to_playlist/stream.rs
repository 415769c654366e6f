//! Streams made up for tests, and what comes of them.

use std::sync::Arc;

use bytes::Bytes;
use media_core::codec::{self, aac, vp9};
use media_core::packet::{Key, Packet};
use media_core::playlist::{self, Expired, Window};
use media_core::segment::{Config, Cut, Init, NeedKey, Output, Part, Segment, Segmenter};
use media_core::time::{TimeBase, Timestamp, WallTime};
use media_core::timeline;
use media_core::track::{Track, TrackId};

pub(crate) const SECOND: i64 = 1_000_000_000;
/// 2026-11-21T09:15:00Z, checked with GNU date.
pub(crate) const MORNING: i64 = 1_795_252_500 * SECOND;
/// Where the line of a timeline begins.
pub(crate) const ORIGIN: i64 = 10;

pub(crate) fn id(id: u32) -> TrackId {
    TrackId::new(id).unwrap()
}

/// Track 1: 640x360 VP9, 90 kHz.
pub(crate) fn pictures() -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(640, 360)).unwrap().with_frame_rate(25, 1);
    Track::new(id(1), TimeBase::VIDEO, codec::Config::Vp9(config))
}

/// Track 2: AAC-LC, 48 kHz, stereo.
pub(crate) fn sound() -> Track {
    // ISO/IEC 14496-3 1.6.2.1: object type 2, frequency index 3, 2 channels.
    let config = aac::Config::from_asc(&[0x11, 0x90]).unwrap();
    Track::new(id(2), TimeBase::hz(48_000), codec::Config::Aac(config))
}

pub(crate) fn tracks<const N: usize>(tracks: [Track; N]) -> timeline::Output {
    timeline::Output::Tracks(Arc::from(tracks))
}

/// A picture of track 1 at `ticks` of 90 kHz after the origin.
pub(crate) fn picture(ticks: i64, key: bool) -> timeline::Output {
    let at = Timestamp::new(ORIGIN * 90_000 + ticks);
    let wall = MORNING + TimeBase::VIDEO.to_nanos(ticks);
    timeline::Output::Packet(Packet {
        track: id(1),
        pts: at,
        dts: at,
        duration: None,
        key: if key { Key::Closed } else { Key::No },
        data: Bytes::from(vec![7; 1000]),
        wall: Some(WallTime::from_nanos(wall)),
    })
}

/// A frame of 1024 samples of track 2, `samples` after the origin.
pub(crate) fn frame(samples: i64) -> timeline::Output {
    let at = Timestamp::new(ORIGIN * 48_000 + samples);
    let wall = MORNING + TimeBase::hz(48_000).to_nanos(samples);
    timeline::Output::Packet(Packet {
        track: id(2),
        pts: at,
        dts: at,
        duration: Some(1024),
        key: Key::Closed,
        data: Bytes::from(vec![9; 300]),
        wall: Some(WallTime::from_nanos(wall)),
    })
}

/// Pictures at 25 a second for milliseconds `range`, a key frame every `gop` milliseconds from zero, and one at the start.
pub(crate) fn camera(range: std::ops::Range<i64>, gop: i64) -> impl Iterator<Item = (i64, timeline::Output)> {
    let first = range.start;
    let key = move |at: i64| at == first || at % gop == 0;
    range.step_by(40).map(move |at| (at, picture(at * 90, key(at))))
}

/// AAC frames that begin in milliseconds `range`.
pub(crate) fn microphone(range: std::ops::Range<i64>) -> impl Iterator<Item = (i64, timeline::Output)> {
    let first = (range.start * 48).div_euclid(1024) + i64::from((range.start * 48).rem_euclid(1024) != 0);
    let frames = (first..).map(|n| n * 1024).take_while(move |samples| *samples < range.end * 48);
    frames.map(|samples| (samples / 48, frame(samples)))
}

/// All of it in order of time.
pub(crate) fn mixed(parts: impl IntoIterator<Item = (i64, timeline::Output)>) -> Vec<timeline::Output> {
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(at, _)| *at);
    parts.into_iter().map(|(_, output)| output).collect()
}

/// What a segmenter made of a stream.
#[derive(Debug, Default)]
pub(crate) struct Cutting {
    pub(crate) inits: Vec<Init>,
    pub(crate) cuts: Vec<Cut>,
    /// For each cut, how many outputs of the timeline had been pushed when it came out.
    pub(crate) after: Vec<usize>,
    /// Parts, and after how many outputs of the timeline each came out.
    pub(crate) parts: Vec<(Part, usize)>,
    pub(crate) asked: Vec<NeedKey>,
}

impl Cutting {
    pub(crate) fn of(config: Config, stream: impl IntoIterator<Item = timeline::Output>) -> Self {
        let mut segmenter = Segmenter::new(config);
        let mut all = Self::default();
        let mut pushed = 0;
        for output in stream {
            segmenter.push(output).unwrap();
            pushed += 1;
            while let Some(output) = segmenter.poll() {
                all.take(output, pushed);
            }
        }
        segmenter.finish().unwrap().into_iter().for_each(|output| all.take(output, pushed));
        all
    }

    fn take(&mut self, output: Output, pushed: usize) {
        match output {
            Output::Init(init) => self.inits.push(init),
            Output::Cut(cut) => {
                self.cuts.push(cut);
                self.after.push(pushed);
            }
            Output::Part(part) => self.parts.push((part, pushed)),
            Output::NeedKey(asked) => self.asked.push(asked),
        }
    }

    /// The segments of the track at `index`.
    pub(crate) fn segments(&self, index: usize) -> impl Iterator<Item = &Segment> {
        self.cuts.iter().map(move |cut| &cut.segments[index])
    }

    /// Start and duration in milliseconds after the origin of the segments of the track at `index`, its base being `hz`; `None` is a gap.
    pub(crate) fn spans(&self, index: usize, hz: i64) -> Vec<Option<(i64, i64)>> {
        let millis = |ticks: i64| ticks * 1000 / hz;
        let span = |segment: &Segment| {
            (millis(segment.start.ticks()) - ORIGIN * 1000, millis(segment.duration as i64))
        };
        self.segments(index).map(|segment| (!segment.gap).then(|| span(segment))).collect()
    }
}

/// A window that was told of all that a segmenter made, each cut coming out `delay` nanoseconds after its media ended; and all that
/// expired.
pub(crate) fn window(all: &Cutting, config: playlist::Config, delay: i64) -> (Window, Vec<Expired>) {
    let mut window = Window::new(config);
    let mut expired = Vec::new();
    for output in outputs(all) {
        window.push(&output, complete(&output, delay));
        expired.extend(std::iter::from_fn(|| window.poll()));
    }
    (window, expired)
}

/// What the segmenter gave, in order.
pub(crate) fn outputs(all: &Cutting) -> Vec<Output> {
    let mut inits = all.inits.iter().cloned().map(Output::Init).peekable();
    let mut outputs = Vec::new();
    for cut in &all.cuts {
        while let Some(init) =
            inits.next_if(|init| matches!(init, Output::Init(init) if init.generation <= cut.generation))
        {
            outputs.push(init);
        }
        outputs.push(Output::Cut(cut.clone()));
    }
    outputs.extend(inits);
    outputs
}

/// The time at which an output comes out: when its first track's media ended, and `delay` nanoseconds.
pub(crate) fn complete(output: &Output, delay: i64) -> WallTime {
    let end = |segment: &Segment| segment.start.ticks() + segment.duration as i64;
    let hz = |segment: &Segment| if segment.track == id(1) { 90_000 } else { 48_000 };
    let millis = |segment: &Segment| end(segment) * 1000 / hz(segment) - ORIGIN * 1000;
    let millis = match output {
        Output::Cut(cut) => cut.segments.iter().map(millis).max().unwrap_or(0),
        _ => 0,
    };
    WallTime::from_nanos(MORNING + millis * 1_000_000 + delay)
}
