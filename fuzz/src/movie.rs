//! The MP4 writer given any packets at all, in each of its layouts: it refuses them and stays as it was, or what it writes breaks no rule and
//! comes back as what went in.

use bytes::Bytes;
use media_core::check::{Severity, fmp4};
use media_core::codec::{Config as Codec, aac, h264, opus, vp8};
use media_core::demux::mp4::{Demuxer, Error};
use media_core::demux::{Demux, Output, Source};
use media_core::mux::fmp4::{
    Composition, Config, Ending, Event, Insertion, Layout, Room, TrackEntry, Writer,
};
use media_core::packet::{Key, Packet};
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};

use crate::Script;

/// Byte 0 picks the layout, byte 1 the tracks, byte 2 their time bases; then packets: the track, flags, and two numbers (steps of DTS and
/// PTS).
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (Some(form), Some(variant), Some(bases)) = (script.byte(), script.byte(), script.byte()) else {
        return;
    };
    let config = config(form);
    let count = if matches!(config.layout, Layout::OnDemand(_)) { 1 } else { 1 + usize::from(variant % 3) };
    let tracks: Vec<Track> =
        (1..).zip(codecs(variant)).take(count).map(|(id, codec)| track(id, codec, bases)).collect();
    let entries: Vec<TrackEntry> = tracks.iter().map(TrackEntry::from).collect();
    let mut writer = Writer::new(&entries, config).expect("tracks of ours can be written");
    let (mut file, mut taken, mut lines) = (Vec::new(), Vec::new(), [Line::default(); 3]);
    let (mut pushed, mut given) = (0, 0);
    while let Some(turn) = script.byte() {
        let index = usize::from(turn) % tracks.len();
        let Some(packet) = packet(&mut script, &tracks[index], &mut lines[index], taken.len()) else { break };
        if turn & 0x40 != 0 {
            drop(writer.push_event(&Event::new("urn:x", TimeBase::VIDEO)));
        }
        if writer.push(packet.clone()).is_ok() {
            lines[index].take(&packet);
            pushed += packet.data.len();
            taken.push(packet);
        }
        for output in std::iter::from_fn(|| writer.poll()) {
            given += output
                .rope
                .pieces()
                .iter()
                .filter(|piece| is_payload(piece, &taken))
                .map(Bytes::len)
                .sum::<usize>();
            file.extend_from_slice(&output.rope.to_bytes());
        }
    }
    assert!(given <= pushed, "no payload is given out twice");
    let ending = writer.finish();
    check_ending(&ending, file.len());
    ending.apply(&mut file);
    let most = pushed + 400 * taken.len() + 110_000;
    assert!(file.len() <= most, "{} bytes for {} packets of {pushed} bytes", file.len(), taken.len());
    check(&file.into(), &tracks, &taken);
}

fn config(form: u8) -> Config {
    let room = match form >> 3 & 3 {
        0 => Room::None,
        1 => Room::Bytes(0),
        2 => Room::Bytes(900),
        _ => Room::Bytes(100_000),
    };
    let layout = match form % 5 {
        0 => Layout::Progressive,
        1 => Layout::Faststart(room),
        2 => Layout::Hybrid,
        3 => Layout::Fragmented,
        _ => Layout::OnDemand(room),
    };
    Config {
        composition: if form & 0x20 == 0 { Composition::Unsigned } else { Composition::Signed },
        random_access_index: form & 0x40 != 0,
        fragment_duration: if form & 0x80 == 0 { 2000 } else { 50 },
        chunk_duration: if form & 0x80 == 0 { 500 } else { 10 },
        ..Config::new(layout)
    }
}

/// Three codecs of which payloads are easily made up.
fn codecs(variant: u8) -> [Codec; 3] {
    let sets = [SPS, PPS].map(Bytes::from_static);
    let all = [
        Codec::H264(h264::Config::from_parameter_sets(&sets[..1], &sets[1..]).expect("sets of x264")),
        Codec::Aac(aac::Config::new(44_100, 2).expect("a usual rate")),
        Codec::Vp8(vp8::Config::new(16, 16).expect("a size")),
        Codec::Opus(opus::Config::new(2).expect("two channels")),
    ];
    let first = usize::from(variant >> 2);
    [0, 1, 2].map(|next| all[(first + next) % all.len()].clone())
}

fn track(id: u32, codec: Codec, bases: u8) -> Track {
    let rate = [90_000, 48_000, 44_100, 1000][usize::from(bases >> (2 * (id - 1))) % 4];
    Track::new(TrackId::new(id).expect("tracks count from 1"), TimeBase::hz(rate), codec)
}

/// How far a track has come.
#[derive(Clone, Copy)]
struct Line {
    dts: i64,
    /// The latest PTS, and that before the last key picture.
    latest: i64,
    before: i64,
}

impl Default for Line {
    fn default() -> Self {
        Self { dts: 0, latest: i64::MIN, before: i64::MIN }
    }
}

impl Line {
    /// All before a key picture is shown before it, and before what follows it.
    fn earliest(&self, key: Key) -> i64 {
        let before = if key == Key::Closed { self.latest } else { self.before };
        before.saturating_add(1)
    }

    fn take(&mut self, packet: &Packet) {
        if packet.key == Key::Closed {
            self.before = self.latest;
        }
        self.latest = self.latest.max(packet.pts.ticks());
    }
}

fn packet(script: &mut Script<'_>, track: &Track, line: &mut Line, number: usize) -> Option<Packet> {
    let flags = script.byte()?;
    // Usually forward, now and then anywhere.
    let dts = if flags & 0x80 == 0 { line.dts.saturating_add(script.number()?) } else { script.number()? };
    line.dts = dts;
    let pts = if flags & 0x40 == 0 { dts } else { dts.saturating_add(script.number()?) };
    let key = if flags & 1 == 0 && track.kind() == Kind::Video { Key::No } else { Key::Closed };
    Some(Packet {
        track: track.id,
        pts: Timestamp::new(if track.kind() == Kind::Video { pts.max(line.earliest(key)) } else { dts }),
        dts: Timestamp::new(dts),
        duration: (flags & 2 != 0).then_some(u32::from(flags) << 4),
        key,
        data: payload(&track.codec, key, number, usize::from(flags >> 2 & 0xf)),
        wall: None,
    })
}

fn payload(codec: &Codec, key: Key, number: usize, fill: usize) -> Bytes {
    let fill = vec![number as u8 | 0x10; fill];
    let nal = |header: &[u8]| [&[0, 0, 0, (header.len() + fill.len()) as u8], header, &fill].concat();
    let data = match (codec, key) {
        (Codec::H264(_), Key::No) => nal(b"\x41\xe0"),
        (Codec::H264(_), _) => nal(b"\x65\x88"),
        (Codec::Vp8(_), Key::No) => [b"\x11\x02\0".as_slice(), &fill].concat(),
        (Codec::Vp8(_), _) => [b"\x10\x02\0\x9d\x01\x2a\x10\0\x10\0".as_slice(), &fill].concat(),
        // 20 ms, stereo.
        _ => [b"\xfc".as_slice(), &fill].concat(),
    };
    data.into()
}

fn is_payload(piece: &Bytes, packets: &[Packet]) -> bool {
    packets.iter().any(|packet| packet.data.as_ptr() == piece.as_ptr())
}

/// That what is to be done to the file at its end lies in it.
fn check_ending(ending: &Ending, written: usize) {
    let len = written as u64 + ending.rope.len();
    for patch in ending.seal.clone().once_durable() {
        assert!(patch.offset + patch.bytes.len() as u64 <= len);
    }
    if let Some(Insertion { offset, moved, .. }) = &ending.insertion {
        assert_eq!(offset + moved, len, "all behind it");
    }
}

fn check(file: &Bytes, tracks: &[Track], taken: &[Packet]) {
    let mut checker = fmp4::Checker::new();
    checker.push(file);
    let report = checker.finish();
    let errors = report.counts().map(|(rule, _)| rule).filter(|rule| rule.severity == Severity::Error);
    for rule in errors {
        // Where a track was waited for in vain, its last packet's length is a guess.
        assert_eq!(rule.name, "tfdt-overlap", "{:?}", report.findings());
    }
    let read = read(file);
    for track in tracks {
        let own = |packets: &[Packet]| -> Vec<Bytes> {
            packets
                .iter()
                .filter(|packet| packet.track == track.id)
                .map(|packet| packet.data.clone())
                .collect()
        };
        let (back, pushed) = (own(&read), own(taken));
        // What lies before the presentation and is not needed for it may be left out.
        let missing = pushed.len().checked_sub(back.len()).expect("no more packets than went in");
        assert!(pushed[missing..] == back, "{} of {} packets", back.len(), pushed.len());
        let gone = taken.iter().filter(|packet| packet.track == track.id).take(missing);
        assert!(
            gone.clone().all(|packet| packet.pts.ticks() < 0),
            "left out of what is shown: {taken:?} {read:?}"
        );
    }
}

fn read(file: &Bytes) -> Vec<Packet> {
    let mut demuxer = Demuxer::new(Source::Seekable { len: file.len() as u64 });
    let mut outputs = Vec::new();
    while let Some(at) = demuxer.wants().map(|at| at as usize).filter(|at| *at < file.len()) {
        demuxer.push(file.slice(at..file.len().min(at + 4096))).expect("a file of ours");
        outputs.extend(std::iter::from_fn(|| demuxer.poll()));
    }
    match demuxer.finish() {
        Ok(rest) => outputs.extend(rest),
        Err(error) => assert!(matches!(error, Error::NoTracks { .. }), "{error}"),
    }
    let packet = |output| match output {
        Output::Packet(packet) => Some(packet),
        Output::Tracks(_) => None,
    };
    outputs.into_iter().filter_map(packet).collect()
}

/// 320x240, Constrained Baseline, of x264.
const SPS: &[u8] =
    b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
const PPS: &[u8] = b"\x68\xcb\x83\xcb\x20";
