//! A camera, a clock, and an eye on everything a timeline promises.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use media_core::bits::BitWriter;
use media_core::codec::{self, AccessUnit, Key, PictureOrder, aac, h264, opus};
use media_core::packet::Packet;
use media_core::time::{Moment, TimeBase, WallTime};
use media_core::timeline::{Announced, Config, Output, Repairs, Sample, Timeline};
use media_core::track::{Kind, Track, TrackId};

pub const MS: i64 = 1_000_000;
pub const SECOND: i64 = 1_000 * MS;
pub const ORIGIN: i64 = 10 * SECOND;
pub const VIDEO: u32 = 1;
pub const AUDIO: u32 = 2;
pub const AUDIO_RATE: i64 = 48_000;
/// 2025-06-15T12:00:00Z at moment zero.
pub const EPOCH: WallTime = WallTime::from_nanos(1_749_988_800 * SECOND);

pub fn id(number: u32) -> TrackId {
    TrackId::new(number).unwrap()
}

/// H.264 Main 320x240 without VUI: nothing tells the reorder depth. `depth` adds a VUI that does.
pub fn h264(depth: Option<u32>) -> codec::Config {
    h264_of(19, depth)
}

/// The same, `width` times 16 and 16 pixels wide.
pub fn h264_of(width: u32, depth: Option<u32>) -> codec::Config {
    let mut sps = BitWriter::default();
    for (value, bits) in [(0x67, 8), (77, 8), (0, 8), (30, 8)] {
        sps.bits(value, bits);
    }
    for value in [0, 0, 0, 4, 16] {
        sps.ue(value);
    }
    sps.bit(false);
    sps.ue(width);
    sps.ue(14);
    sps.bits(0b110, 3); // frames only, direct 8x8, no cropping
    sps.bit(depth.is_some());
    if let Some(depth) = depth {
        sps.bits(0, 8); // all of vui_parameters absent up to pic_struct_present_flag
        sps.bits(0b11, 2); // bitstream_restriction_flag, motion_vectors_over_pic_boundaries_flag
        for value in [0, 0, 10, 10, depth, 16] {
            sps.ue(value);
        }
    }
    sps.bit(true);
    let pps = Bytes::from_static(&[0x68, 0xee, 0x3c, 0x80]);
    let config = h264::Config::from_parameter_sets(&[sps.finish()], &[pps]).unwrap();
    assert_eq!(config.reorder_depth().map(u32::from), depth);
    codec::Config::H264(config)
}

pub fn video(codec: codec::Config) -> Announced {
    Announced::from(Track::new(id(VIDEO), TimeBase::VIDEO, codec))
}

/// AAC at 48 kHz.
pub fn audio() -> Announced {
    let codec = codec::Config::Aac(aac::Config::new(48_000, 2).unwrap());
    Announced::from(Track::new(id(AUDIO), TimeBase::hz(48_000), codec))
}

pub fn opus() -> Announced {
    let codec = codec::Config::Opus(opus::Config::new(2).unwrap());
    Announced::from(Track::new(id(AUDIO), TimeBase::hz(48_000), codec))
}

pub fn unknown(number: u32, kind: Kind, rate: u32) -> Announced {
    Announced::new(id(number), kind, TimeBase::hz(rate))
}

pub fn unit(key: Key) -> AccessUnit {
    AccessUnit { data: Bytes::from_static(b"picture"), key, order: None, config: None, samples: None }
}

pub fn frame(samples: u32) -> AccessUnit {
    AccessUnit { samples: Some(samples), ..unit(Key::Closed) }
}

pub fn order(count: i32) -> Option<PictureOrder> {
    Some(PictureOrder { count, restarts: count == 0 })
}

/// A timeline, its clock, and all it has put out.
pub struct Bench {
    pub timeline: Timeline,
    /// Nanoseconds.
    pub now: i64,
    pub outputs: Vec<Output>,
    promises: Promises,
    keep: bool,
}

impl Bench {
    pub fn new(announced: impl IntoIterator<Item = Announced>) -> Self {
        Self::with(Config::new(EPOCH), announced)
    }

    pub fn with(config: Config, announced: impl IntoIterator<Item = Announced>) -> Self {
        let timeline = Timeline::new(config, announced);
        Self { timeline, now: 0, outputs: Vec::new(), promises: Promises::default(), keep: true }
    }

    /// Checks outputs without keeping them.
    pub fn forgetful(mut self) -> Self {
        self.keep = false;
        self
    }

    pub fn moment(&self) -> Moment {
        Moment::from_nanos(self.now)
    }

    pub fn push(&mut self, track: u32, pts: i64, dts: Option<i64>, unit: AccessUnit) -> Vec<Output> {
        self.timeline.push(Sample { track: id(track), pts, dts, unit }, self.moment());
        self.drain()
    }

    pub fn picture(&mut self, pts: i64, key: bool) -> Vec<Output> {
        self.push(VIDEO, pts, None, unit(if key { Key::Closed } else { Key::No }))
    }

    /// A picture that tells its place in display order; an IDR picture when that is 0.
    pub fn ordered(&mut self, pts: i64, count: i32) -> Vec<Output> {
        let key = if count == 0 { Key::Closed } else { Key::No };
        self.push(VIDEO, pts, None, AccessUnit { order: order(count), ..unit(key) })
    }

    pub fn sound(&mut self, pts: i64) -> Vec<Output> {
        self.push(AUDIO, pts, None, frame(1024))
    }

    /// A sender report: the stamp `rtp` belongs to `nanos` after the epoch on the camera's own clock.
    pub fn report(&mut self, track: u32, rtp: i64, nanos: i64) -> Vec<Output> {
        self.timeline.sender_report(id(track), rtp as u32, ntp(EPOCH.after(nanos)), self.moment());
        self.drain()
    }

    pub fn interrupted(&mut self) {
        self.timeline.interrupted(self.moment());
        assert!(self.drain().is_empty());
    }

    pub fn tick(&mut self) -> Vec<Output> {
        self.timeline.tick(self.moment());
        self.drain()
    }

    pub fn drain(&mut self) -> Vec<Output> {
        let outputs = std::iter::from_fn(|| self.timeline.poll()).collect::<Vec<_>>();
        for output in &outputs {
            self.promises.check(output);
        }
        if self.keep {
            self.outputs.extend(outputs.iter().cloned());
        }
        outputs
    }

    pub fn repairs(&self, track: u32) -> Repairs {
        self.timeline.repairs(id(track)).unwrap().clone()
    }

    /// The repairs that were made.
    pub fn counted(&self, track: u32) -> Vec<(&'static str, u64)> {
        self.repairs(track).iter().filter(|&(_, count)| count > 0).collect()
    }

    pub fn packets(&self, track: u32) -> Vec<&Packet> {
        packets(&self.outputs, track)
    }

    /// How many `Tracks` and `Discontinuity` were put out.
    pub fn cuts(&self) -> (usize, usize) {
        let tracks = self.outputs.iter().filter(|output| matches!(output, Output::Tracks(_))).count();
        let broken = self.outputs.iter().filter(|output| matches!(output, Output::Discontinuity)).count();
        (tracks, broken)
    }
}

pub fn packets(outputs: &[Output], track: u32) -> Vec<&Packet> {
    let packets = outputs.iter().filter_map(|output| match output {
        Output::Packet(packet) => Some(packet),
        _ => None,
    });
    packets.filter(|packet| packet.track == id(track)).collect()
}

pub fn dts(packets: &[&Packet]) -> Vec<i64> {
    packets.iter().map(|packet| packet.dts.ticks()).collect()
}

pub fn pts(packets: &[&Packet]) -> Vec<i64> {
    packets.iter().map(|packet| packet.pts.ticks()).collect()
}

/// Differences of neighbours.
pub fn steps(values: &[i64]) -> Vec<i64> {
    values.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Ticks at 90 kHz from the origin of the line.
pub fn line(ticks: i64) -> i64 {
    900_000 + ticks
}

/// RFC 5905: seconds since 1900 in the upper half.
pub fn ntp(wall: WallTime) -> u64 {
    let (seconds, nanos) = (wall.nanos().div_euclid(SECOND), wall.nanos().rem_euclid(SECOND));
    (((seconds + 2_208_988_800) as u64) << 32) | (((nanos as u64) << 32) / SECOND as u64)
}

/// What a muxer may assume.
#[derive(Default)]
struct Promises {
    tracks: Option<Arc<[Track]>>,
    dts: HashMap<TrackId, i64>,
    started: HashMap<TrackId, bool>,
}

impl Promises {
    fn check(&mut self, output: &Output) {
        match output {
            Output::Tracks(tracks) => {
                assert!(!tracks.is_empty(), "tracks without a track");
                self.tracks = Some(tracks.clone());
                self.started.clear();
            }
            Output::Discontinuity => {
                assert!(self.tracks.is_some(), "a discontinuity before the first tracks");
                self.started.clear();
            }
            Output::Packet(packet) => self.check_packet(packet),
        }
    }

    fn check_packet(&mut self, packet: &Packet) {
        let tracks = self.tracks.as_ref().expect("a packet before the first tracks");
        let track =
            tracks.iter().find(|track| track.id == packet.track).expect("a packet of an unlisted track");
        let (pts, dts) = (packet.pts.ticks(), packet.dts.ticks());
        assert!(0 <= dts && dts <= pts, "0 <= {dts} <= {pts}");
        if let Some(before) = self.dts.insert(packet.track, dts) {
            assert!(before < dts, "dts {dts} after {before}");
        }
        if !self.started.insert(packet.track, true).unwrap_or(false) && track.kind() == Kind::Video {
            assert!(packet.key.is_sync(), "video starts at {:?}", packet.key);
        }
        assert!(packet.wall.is_some());
    }
}
