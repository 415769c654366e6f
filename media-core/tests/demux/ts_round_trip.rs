//! What `mux::mpegts` writes is what is read.

use bytes::Bytes;
use media_core::codec::Key;
use media_core::demux::Source;
use media_core::demux::mpegts::{Counts, Demuxer};
use media_core::mux::mpegts::{AacFraming, Config, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::made_up;
use crate::read::{Read, read, read_with};

/// One packet: which track, milliseconds after the one before, PTS after DTS, whether it is a key picture, its length.
type Step = (usize, i64, i64, bool, usize);

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![4 => 8..1000_usize, 1 => 1000..5000_usize];
    (0..3_usize, 1..60_i64, 0..300_i64, any::<bool>(), len)
}

/// Pictures as their own syntax tells them: H.265, whose first slices say so. Frames as they last.
fn packets(tracks: &[Track], start: i64, steps: &[Step]) -> Vec<Packet> {
    let (mut now, mut ends) = (start, vec![i64::MIN; tracks.len()]);
    let mut packets = Vec::new();
    for &(at, after, ahead, key, len) in steps {
        let at = at % tracks.len();
        let track = &tracks[at];
        now += after;
        let ticks = Timestamp::new(now).rescale(TimeBase::hz(1000), track.time_base).ticks();
        let dts = ticks.max(ends[at]);
        let key = if key || packets.is_empty() { Key::Closed } else { Key::No };
        match track.kind() {
            Kind::Video => {
                let packet = made_up::picture(track, dts + ahead * 90, dts, key, len);
                let mut data = packet.data.to_vec();
                // Behind the length and the header of two bytes: the first slice of its picture, picture parameter set 0, intra.
                data[6] = if key == Key::Closed { 0xac } else { 0xd8 };
                ends[at] = dts + 1;
                packets.push(Packet { data: data.into(), ..packet });
            }
            Kind::Audio => {
                ends[at] = dts + 1024;
                packets.push(made_up::frame(track, dts, len));
            }
        }
    }
    packets
}

fn mux(tracks: &[Track], packets: &[Packet], pieces: usize) -> Bytes {
    let mut muxer = Muxer::new(tracks, Config::default()).expect("a muxer");
    let pieces = packets.chunks(pieces).map(|packets| muxer.segment(packets).expect("a segment"));
    pieces.collect::<Vec<_>>().concat().into()
}

fn compare(read: &Read, tracks: &[Track], packets: &[Packet]) {
    for (number, track) in tracks.iter().enumerate() {
        let own: Vec<&Packet> = packets.iter().filter(|packet| packet.track == track.id).collect();
        if own.is_empty() {
            continue;
        }
        let found = read.tracks().iter().find(|track| track.id.get() == 0x100 + number as u32);
        let found = found.expect("the track");
        assert_eq!((&found.codec, found.time_base), (&track.codec, track.time_base));
        let read = read.packets_of(found.id);
        assert_eq!(read.len(), own.len());
        // The first stamp is told modulo 2^33.
        let nanos = |track: &Track, at: Timestamp| track.time_base.to_nanos(at.ticks());
        for (read, own) in read.iter().zip(own) {
            assert!(read.data == own.data);
            assert_eq!(read.key, own.key);
            let wrap = TimeBase::VIDEO.to_nanos(1 << 33);
            for (read, own) in [(read.pts, own.pts), (read.dts, own.dts)] {
                let apart = (nanos(found, read) - nanos(track, own)).rem_euclid(wrap);
                // Sound goes on by samples within two milliseconds.
                let most = if track.kind() == Kind::Video { 0 } else { 2_030_000 };
                assert!(apart.min(wrap - apart) <= most + 1, "{apart} {read:?} {own:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_muxed(
        steps in vec(step(), 1..60),
        start in prop_oneof![Just(0_i64), -400..400_i64, (1_i64 << 33) / 90 - 1000..(1_i64 << 33) / 90],
        pieces in 1..20_usize,
        size in 1..3000_usize,
    ) {
        let tracks = [made_up::h265(1), made_up::aac(2, 44_100), made_up::opus(3)];
        // A segment of pictures begins with a key picture; the first of all has to be one.
        let steps: Vec<Step> = [(0, 0, 0, true, 100)].into_iter().chain(steps).collect();
        let packets = packets(&tracks, start, &steps);
        let bytes = mux(&tracks, &packets, pieces);
        let mut counts = Counts::default();
        let read = read_with(Demuxer::new(Source::Stream), &bytes, size, |demuxer| counts = demuxer.counts());
        prop_assert_eq!(&read.error, &None);
        read.check();
        compare(&read, &tracks, &packets);
        prop_assert_eq!((counts.losses, counts.damaged_units, counts.junk), (0, 0, 0));
    }

    #[test]
    fn damage_ends_in_an_error_or_is_counted(
        steps in vec(step(), 1..30),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        lost in vec(any::<prop::sample::Index>(), 0..4),
        cut in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        size in 1..3000_usize,
    ) {
        let tracks = [made_up::h264(1), made_up::h265(2), made_up::aac(3, 48_000), made_up::opus(4)];
        let packets = packets(&tracks, 0, &steps);
        let mut bytes = mux(&tracks, &packets, 7).to_vec();
        for (at, byte) in &flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        for at in &lost {
            let at = at.index(bytes.len());
            bytes.drain(at..bytes.len().min(at + 188));
            if bytes.is_empty() {
                return Ok(());
            }
        }
        let (from, to) = (cut.0.index(bytes.len()), cut.1.index(bytes.len()));
        let bytes = Bytes::from(bytes).slice(from.min(to)..from.max(to));
        for source in [Source::Stream, Source::Seekable { len: bytes.len() as u64 }] {
            read(Demuxer::new(source), &bytes, size).check();
        }
    }
}

/// Segments whose counters begin anew lose nothing where they meet.
#[test]
fn segments_of_several_muxers_are_joined() {
    let tracks = [made_up::h265(1)];
    let segment = |n: i64| {
        let steps: Vec<Step> = (0..7).map(|step| (0, 40, 0, step == 0, 1000)).collect();
        let packets = packets(&tracks, n * 1000, &steps);
        (mux(&tracks, &packets, 7), packets)
    };
    let (first, second) = (segment(0), segment(1));
    let bytes: Bytes = [first.0, second.0].concat().into();
    let mut counts = Counts::default();
    let read = read_with(Demuxer::new(Source::Stream), &bytes, 1000, |demuxer| counts = demuxer.counts());
    compare(&read, &tracks, &[first.1, second.1].concat());
    assert_eq!((counts.losses, counts.damaged_units), (0, 0));
}

/// However long the first segment is: the second one's first packet is none that was sent twice, even where it has the counter of the last one.
#[test]
fn a_segment_that_begins_with_the_counter_of_the_last_packet_is_no_repetition() {
    let tracks = [made_up::h265(1)];
    for length in 0..16 {
        let segment = |start: i64, len: usize| {
            let packets = packets(&tracks, start, &[(0, 40, 0, true, 200 + len)]);
            (mux(&tracks, &packets, 1), packets)
        };
        let (first, second) = (segment(0, length * 184), segment(1000, 0));
        let bytes: Bytes = [first.0, second.0].concat().into();
        let mut counts = Counts::default();
        let read = read_with(Demuxer::new(Source::Stream), &bytes, 999, |demuxer| counts = demuxer.counts());
        compare(&read, &tracks, &[first.1, second.1].concat());
        assert_eq!((counts.duplicates, counts.damaged_units), (0, 0), "{length}");
    }
}

/// Packets of a stream that are sent twice, 2.4.3.3, are read once, and nothing is lost.
#[test]
fn packets_may_come_twice() {
    let tracks = [made_up::h265(1), made_up::aac(2, 48_000)];
    let steps: Vec<Step> = (0..20).map(|step| (step % 2, 20, 0, step < 2, 700)).collect();
    let packets = packets(&tracks, 0, &steps);
    let once = mux(&tracks, &packets, 20);
    let twice: Vec<u8> = once.chunks(188).flat_map(|packet| [packet, packet].concat()).collect();
    let mut counts = Counts::default();
    let read =
        read_with(Demuxer::new(Source::Stream), &twice.into(), 999, |demuxer| counts = demuxer.counts());
    compare(&read, &tracks, &packets);
    assert_eq!((counts.losses, counts.damaged_units, counts.junk), (0, 0, 0));
    assert!(counts.duplicates > 70, "{counts:?}");
}

/// A frame of LATM that cannot be read is missing alone: those behind it in its PES packet are where they were.
#[test]
fn an_unreadable_frame_takes_its_time() {
    let track = made_up::aac(1, 48_000);
    let packets: Vec<Packet> = (0..6).map(|n| made_up::frame(&track, n * 1024, 20)).collect();
    let config = Config { aac: AacFraming::Latm, ..Config::default() };
    let segment = Muxer::new(&[track], config).expect("a muxer").segment(&packets).expect("a segment");
    let mut bytes = segment.to_vec();
    let starts: Vec<usize> = (0..bytes.len() - 2).filter(|&at| bytes[at..at + 2] == [0x56, 0xe0]).collect();
    assert_eq!(starts.len(), 6);
    // `audioMuxVersion` and `audioMuxVersionA`, which is reserved.
    bytes[starts[2] + 3] |= 0x60;
    let mut counts = Counts::default();
    let read =
        read_with(Demuxer::new(Source::Stream), &bytes.into(), 999, |demuxer| counts = demuxer.counts());
    let at: Vec<i64> = read.packets().map(|packet| packet.pts.ticks() / 1024).collect();
    assert_eq!((at, counts.damaged_units, counts.gaps), (vec![0, 1, 3, 4, 5], 1, 0));
}

/// Frames of AAC at 48 kHz with a hole of `hole` samples behind the 40th and another one as long behind the 80th, their times in ticks of a base.
fn with_holes(hole: i64, base: TimeBase) -> (Track, Vec<Packet>) {
    let track = Track { time_base: base, ..made_up::aac(1, 48_000) };
    let at = |n: i64| Timestamp::new(n * 1024 + n / 40 * hole).rescale(TimeBase::hz(48_000), base).ticks();
    let packets = (0..120).map(|n| made_up::frame(&track, at(n), 30)).collect();
    (track, packets)
}

/// What becomes of such holes: how far packets are from their samples at most, in microseconds, and how many gaps are counted.
fn moved(hole: i64, base: TimeBase) -> (i64, u64) {
    let (track, packets) = with_holes(hole, base);
    let mut counts = Counts::default();
    let bytes = mux(&[track], &packets, 30);
    let read = read_with(Demuxer::new(Source::Stream), &bytes, 999, |demuxer| counts = demuxer.counts());
    let exact = |n: i64| n * 1024 + n / 40 * hole;
    let off = read.packets().zip(0..).map(|(packet, n)| (packet.pts.ticks() - exact(n)).abs());
    (off.max().expect("packets") * 1_000_000 / 48_000, counts.gaps)
}

/// Stamps rounded to 90 kHz are counted samples again; a hole of more than half a millisecond is one, to the rounding of its stamp.
#[test]
fn holes_in_sound_are_not_smeared() {
    for base in [TimeBase::hz(48_000), TimeBase::VIDEO] {
        assert_eq!(moved(0, base), (0, 0));
        for hole in [26, 48, 72, 95, 97, 1000, -26, -95] {
            let (off, gaps) = moved(hole, base);
            assert!(off <= 1_000_000 / 48_000 && gaps == 2, "{hole}: {off} us, {gaps} gaps");
        }
        // Less is taken for a clock that is not the samples', and makes no gap before it is two milliseconds.
        assert_eq!(moved(20, base), (40 * 1_000_000 / 48_000, 0));
    }
}

/// Where stamps are milliseconds they are wrong by up to one, and two milliseconds are needed to tell a hole.
#[test]
fn stamps_in_milliseconds_become_samples() {
    let base = TimeBase::hz(1000);
    assert_eq!(moved(0, base), (0, 0));
    let (off, gaps) = moved(48 * 5, base);
    assert!(off <= 1000 && gaps == 2, "{off} us, {gaps} gaps");
}

/// Priming longer than a PES packet: those that are all dropped come out too.
#[test]
fn packets_of_opus_before_the_first_that_is_heard_are_read() {
    let track = Track { priming: 21_912, ..made_up::opus(1) };
    let packet = |n: i64| {
        let data = Bytes::from_static(&[0xfc, 1, 2]);
        Packet { data, duration: Some(960), ..made_up::frame(&track, n * 960, 3) }
    };
    let packets: Vec<Packet> = (0..60).map(packet).collect();
    let read = read(Demuxer::new(Source::Stream), &mux(std::slice::from_ref(&track), &packets, 60), 1000);
    assert_eq!((read.packets().count(), read.tracks()[0].priming), (60, 21_912));
    assert!(read.packets().zip(&packets).all(|(read, own)| read.pts == own.pts && read.data == own.data));
}

/// A packet that is lost costs the picture it was part of, and is counted.
#[test]
fn a_lost_packet_costs_one_picture() {
    let tracks = [made_up::h265(1)];
    let steps: Vec<Step> = (0..9).map(|step| (0, 40, 0, step == 0, 1000)).collect();
    let packets = packets(&tracks, 0, &steps);
    let mut bytes = mux(&tracks, &packets, 9).to_vec();
    // PAT, PMT, six packets of the first picture, six of the second, of which one goes.
    bytes.drain(10 * 188..11 * 188);
    let mut counts = Counts::default();
    let read =
        read_with(Demuxer::new(Source::Stream), &bytes.into(), 1000, |demuxer| counts = demuxer.counts());
    assert_eq!((counts.losses, counts.damaged_units), (1, 1));
    let kept = [&packets[..1], &packets[2..]].concat();
    compare(&read, &tracks, &kept);
}
