//! A stream's life from the timeline's output to the playlists: whatever comes in which order, no packet is lost, segments read back as
//! what went in, and a player that reads every playlist is never told two things.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use media_core::packet::{Key, Packet};
use media_core::playlist::{self, Expired, Names, Window, dash, hls};
use media_core::segment::{self, Cut, Init, Output, Segmenter};
use media_core::time::{Timestamp, WallTime};
use media_core::timeline;
use media_core::track::{Kind, Track, TrackId};

use crate::playlist::{History, manifest};
use crate::{Script, boxes, tracks};

/// Three bytes for target, window and target duration; then steps: a byte that says what happens, and its numbers.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let Some(mut life) = Life::begin(&mut script) else { return };
    while life.step(&mut script).is_some() {}
    life.end();
}

struct Life {
    segmenter: Segmenter,
    viewer: Viewer,
    tracks: Vec<Source>,
    /// Whether anything was announced yet.
    begun: bool,
}

/// One track as the timeline would give it.
struct Source {
    track: Track,
    dts: i64,
    needs_key: bool,
}

impl Life {
    fn begin(script: &mut Script<'_>) -> Option<Self> {
        let mut config = segment::Config::new(i64::from(script.byte()?) * 20_000_000);
        config.target_duration += u32::from(script.byte()? % 4);
        let mut window = playlist::Config::new(&config);
        window.size = usize::from(script.byte()? % 8);
        let viewer = Viewer::new(Window::new(window));
        Some(Self { segmenter: Segmenter::new(config), viewer, tracks: Vec::new(), begun: false })
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let what = script.byte()?;
        match what % 16 {
            _ if !self.begun => self.announce(what),
            0..8 => self.packet(Kind::Video, what, script)?,
            8..13 => self.packet(Kind::Audio, what, script)?,
            13 => self.jump(script.within(0, 20_000)?),
            14 => self.announce(script.byte()?),
            _ => self.viewer.clock(script.within(0, 5_000)?),
        }
        while let Some(output) = self.segmenter.poll() {
            self.viewer.watch(&output);
        }
        Some(())
    }

    /// New tracks, on the line where the old ones were.
    fn announce(&mut self, variant: u8) {
        let at = self
            .tracks
            .iter()
            .map(|source| source.track.time_base.to_nanos(source.dts))
            .max()
            .unwrap_or(10_000_000_000);
        let both = [tracks::video(1, variant / 4), tracks::audio(2, variant / 4)];
        let set = match variant % 4 {
            0 => &both[..1],
            1 => &both[1..],
            _ => &both[..],
        };
        let source = |track: &Track| Source {
            track: track.clone(),
            dts: track.time_base.from_nanos(at) + 1,
            needs_key: true,
        };
        self.tracks = set.iter().map(source).collect();
        self.begun = true;
        self.push(timeline::Output::Tracks(Arc::from(set)));
    }

    /// A discontinuity after which all tracks go on `milliseconds` later than the furthest of them.
    fn jump(&mut self, milliseconds: i64) {
        let furthest =
            self.tracks.iter().map(|source| source.track.time_base.to_nanos(source.dts)).max().unwrap_or(0);
        for source in &mut self.tracks {
            let there = source.track.time_base.from_nanos(furthest + milliseconds * 1_000_000);
            source.dts = source.dts.max(there) + 1;
            source.needs_key = true;
        }
        self.push(timeline::Output::Discontinuity);
    }

    fn packet(&mut self, kind: Kind, what: u8, script: &mut Script<'_>) -> Option<()> {
        let step = script.number()?;
        let Some(source) = self.tracks.iter_mut().find(|source| source.track.kind() == kind) else {
            return Some(());
        };
        let second = i64::from(source.track.time_base.den());
        let (step, lead, key) = match kind {
            // In hundredths of a second, so that a small number is a usual distance.
            Kind::Video => {
                (step.rem_euclid(2_000) * second / 100, script.within(0, 10)? * second / 25, what & 0x80 != 0)
            }
            Kind::Audio => (if what < 0xf0 { 1024 } else { step.rem_euclid(10_000_000) }, 0, true),
        };
        source.dts += step.max(1);
        let key = key || std::mem::take(&mut source.needs_key);
        source.needs_key = false;
        let number = self.viewer.expect(source.track.id);
        let packet = Packet {
            track: source.track.id,
            pts: Timestamp::new(source.dts + lead),
            dts: Timestamp::new(source.dts),
            duration: None,
            key: if key { Key::Closed } else { Key::No },
            data: Bytes::copy_from_slice(&number.to_be_bytes()),
            wall: (what & 0x40 != 0).then(|| WallTime::from_nanos(source.dts)),
        };
        self.push(timeline::Output::Packet(packet));
        Some(())
    }

    fn push(&mut self, output: timeline::Output) {
        if self.segmenter.push(output).is_err() {
            // The segment that could not be written is dropped, and nothing else; which packets were in it is not known here.
            self.viewer.is_lossy = true;
        }
    }

    fn end(mut self) {
        match self.segmenter.finish() {
            Ok(outputs) => outputs.iter().for_each(|output| self.viewer.watch(output)),
            Err(_) => self.viewer.is_lossy = true,
        }
        self.viewer.end();
    }
}

/// Everything behind the segmenter: the window, a player that remembers, and the list of packets still to be seen.
struct Viewer {
    window: Window,
    names: Names,
    now: i64,
    init: Option<Init>,
    next_number: u64,
    sent: BTreeMap<TrackId, VecDeque<u64>>,
    packets: u64,
    is_lossy: bool,
    histories: BTreeMap<TrackId, History>,
    expired: BTreeSet<u64>,
}

impl Viewer {
    fn new(window: Window) -> Self {
        let names = Names::new("f00d").expect("letters and digits").with_clock("/time");
        Self {
            window,
            names,
            now: 1_700_000_000_000_000_000,
            init: None,
            next_number: 0,
            sent: BTreeMap::new(),
            packets: 0,
            is_lossy: false,
            histories: BTreeMap::new(),
            expired: BTreeSet::new(),
        }
    }

    fn clock(&mut self, milliseconds: i64) {
        self.now += milliseconds * 1_000_000;
    }

    /// The content of the next packet of a track.
    fn expect(&mut self, track: TrackId) -> u64 {
        self.packets += 1;
        self.sent.entry(track).or_default().push_back(self.packets);
        self.packets
    }

    fn watch(&mut self, output: &Output) {
        match output {
            Output::Init(init) => {
                let expected = self.init.as_ref().map_or(0, |last| last.generation + 1);
                assert_eq!(init.generation, expected, "generations count up");
                self.init = Some(init.clone());
            }
            Output::Cut(cut) => self.check(cut),
            Output::Part(_) | Output::NeedKey(_) => {}
        }
        self.window.push(output, WallTime::from_nanos(self.now));
        // Reading is most of the work; a long life is as telling when looked at now and then.
        if self.next_number < 32 || self.next_number.is_multiple_of(8) {
            self.read();
        }
    }

    fn check(&mut self, cut: &Cut) {
        let init = self.init.clone().expect("headers come before segments");
        assert_eq!((cut.number, cut.generation), (self.next_number, init.generation));
        self.next_number += 1;
        assert!(cut.segments.iter().any(|segment| !segment.gap), "a cut of gaps only");
        assert_eq!(cut.segments.len(), init.tracks.len());
        for ((segment, track), header) in cut.segments.iter().zip(init.tracks.iter()).zip(&init.headers) {
            assert_eq!((segment.track, segment.rope.is_empty()), (track.id, segment.gap));
            assert!(segment.duration > 0);
            if segment.gap {
                continue;
            }
            let bytes = segment.rope.to_bytes();
            for fragment in boxes::segment(&bytes, boxes::header(header)) {
                fragment.samples.iter().for_each(|sample| self.see(track.id, &bytes[sample.data.clone()]));
            }
        }
    }

    /// Packets come out once and in order.
    fn see(&mut self, track: TrackId, data: &[u8]) {
        let number = u64::from_be_bytes(data.try_into().expect("the content of a packet"));
        let sent = self.sent.get_mut(&track).expect("a packet was sent");
        while let Some(next) = sent.pop_front() {
            if next == number {
                return;
            }
            assert!(
                self.is_lossy && next < number,
                "packet {next} of track {} is missing before {number}",
                track.get()
            );
        }
        panic!("packet {number} of track {} was not sent, or came twice", track.get());
    }

    fn read(&mut self) {
        while let Some(expired) = self.window.poll() {
            if let Expired::Cut { number, .. } = expired {
                assert!(self.window.numbers().all(|listed| listed > number), "{number} expired while listed");
                assert!(self.expired.insert(number), "{number} expired twice");
            }
        }
        if self.window.numbers().next().is_none() {
            return;
        }
        let mut shapes = Vec::new();
        for track in [1, 2].map(|id| TrackId::new(id).expect("not zero")) {
            if let Some(text) = hls::media_playlist(&self.window, track, &self.names) {
                shapes.push(self.histories.entry(track).or_default().read(&text));
            }
        }
        assert!(shapes.windows(2).all(|pair| pair[0] == pair[1]), "playlists disagree: {shapes:?}");
        assert!(hls::multivariant(&self.window, &self.names).is_some());
        manifest(&dash::mpd(&self.window, &self.names).expect("there is a cut"));
    }

    fn end(mut self) {
        self.window.finish(WallTime::from_nanos(self.now));
        self.read();
        let left: usize = self.sent.values().map(VecDeque::len).sum();
        assert!(self.is_lossy || left == 0, "{left} packets never came out");
    }
}
