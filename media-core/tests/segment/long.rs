//! Two days, in every format: each segment says the time at which it is, to the tick.

use bytes::Bytes;
use media_core::codec::{self, aac};
use media_core::packet::{Key, Packet};
use media_core::segment::{Config, Format, Output, Segment, Segmenter};
use media_core::time::{TimeBase, Timestamp};
use media_core::timeline;
use media_core::track::Track;

use crate::stream::{SECOND, id, pictures, tracks};

/// Frames of 1024 samples at 7350 Hz, the lowest rate of AAC: 139.3 ms, which no other base divides.
const RATE: u32 = 7350;
const FRAMES: i64 = 48 * 3600 * RATE as i64 / 1024;

/// Pushes two days of a track through, whose packet `n` is at `at(n)`, and hands every segment to `see` with the number of its first packet.
fn two_days(
    format: Format,
    track: &Track,
    at: impl Fn(i64) -> Timestamp,
    mut see: impl FnMut(&Segment, i64),
) {
    let mut segmenter = Segmenter::new(Config { format, part: Some(SECOND), ..Config::new(10 * SECOND) });
    segmenter.push(tracks([track.clone()])).unwrap();
    let data = Bytes::from_static(&[0x21; 16]);
    let own = |piece: &&Bytes| piece.as_ptr() == data.as_ptr();
    let mut next = 0;
    let packets = (0..).map(|n| packet(track, at(n), &data));
    let end = track.time_base.from_nanos(48 * 3600 * SECOND);
    for packet in packets.take_while(|packet| packet.pts.ticks() < end) {
        segmenter.push(timeline::Output::Packet(packet)).unwrap();
        while let Some(output) = segmenter.poll() {
            let Output::Cut(cut) = output else { continue };
            let segment = &cut.segments[0];
            assert_eq!(segment.start, at(next));
            see(segment, next);
            let end = segment.start.saturating_add(segment.duration as i64);
            next += segment.rope.pieces().iter().filter(own).count() as i64;
            assert_eq!(end, at(next), "segments lie end to end");
        }
    }
    assert!(at(next).ticks() > end - 2 * end / (48 * 360), "all but the last segments were seen");
}

fn packet(track: &Track, at: Timestamp, data: &Bytes) -> Packet {
    Packet {
        track: track.id,
        pts: at,
        dts: at,
        duration: None,
        key: Key::Closed,
        data: data.clone(),
        wall: None,
    }
}

fn sound(base: TimeBase) -> Track {
    Track::new(id(1), base, codec::Config::Aac(aac::Config::new(RATE, 1).unwrap()))
}

/// A picture about every second, at no round time.
fn picture(number: i64) -> Timestamp {
    Timestamp::new(number * 90_007)
}

/// What stands behind `name` in the segment's first headers.
fn after(segment: &Segment, name: &[u8], skip: usize, len: usize) -> u64 {
    let head: Vec<u8> = segment.rope.pieces().iter().take(2).flat_map(|piece| piece.to_vec()).collect();
    let at = head.windows(name.len()).position(|window| window == name).unwrap() + name.len() + skip;
    head[at..at + len].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[test]
fn trap_01_fragments_do_not_drift() {
    // ISO/IEC 14496-12 8.8.12: tfdt is the exact sum of all durations before.
    two_days(Format::Fmp4, &pictures(), picture, |segment, number| {
        assert_eq!(after(segment, b"tfdt", 4, 8), number as u64 * 90_007);
    });
}

#[test]
fn clusters_do_not_drift() {
    two_days(Format::Webm, &pictures(), picture, |segment, number| {
        // Cluster, its length of 1 to 8 bytes, Timestamp and its length.
        let head = &segment.rope.pieces()[0];
        assert_eq!(head[..4], [0x1f, 0x43, 0xb6, 0x75]);
        let at = 4 + 1 + head[4].leading_zeros() as usize;
        assert_eq!(head[at], 0xe7);
        let len = usize::from(head[at + 1] & 0x7f);
        let found = head[at + 2..at + 2 + len].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        assert_eq!(found, picture(number).rescale(TimeBase::VIDEO, TimeBase::hz(1000)).ticks() as u64);
    });
}

/// The time on 90 kHz, as 33 bits have it.
fn exact(frame: i64) -> u64 {
    let exact = Timestamp::new(frame * 1024).rescale(TimeBase::hz(RATE), TimeBase::VIDEO).ticks() as u64;
    exact & ((1 << 33) - 1)
}

#[test]
fn trap_28_packed_audio_counts_samples_over_the_wrap() {
    // RFC 8216bis 3.1.3; 33 bits wrap after 26.5 hours. The source counts in milliseconds, which frames do not divide.
    let millis = TimeBase::hz(1000);
    let at = |frame| Timestamp::new(frame * 1024).rescale(TimeBase::hz(RATE), millis);
    two_days(Format::PackedAudio, &sound(millis), at, |segment, frame| {
        let found = after(segment, b"transportStreamTimestamp\0", 0, 8);
        assert!(found.abs_diff(exact(frame)) <= 90, "{found} for frame {frame}");
    });
}

#[test]
fn trap_28_transport_streams_count_samples_over_the_wrap() {
    // ISO/IEC 13818-1 2.4.3.7.
    let track = sound(TimeBase::hz(RATE));
    let mut segmenter = Segmenter::new(Config { format: Format::MpegTs, ..Config::new(10 * SECOND) });
    segmenter.push(tracks([track.clone()])).unwrap();
    let data = Bytes::from_static(&[0x21; 16]);
    let mut frame = 0;
    for number in 0..FRAMES {
        segmenter
            .push(timeline::Output::Packet(packet(&track, Timestamp::new(number * 1024), &data)))
            .unwrap();
        while let Some(output) = segmenter.poll() {
            let Output::Cut(cut) = output else { continue };
            let segment = &cut.segments[0];
            assert_eq!(segment.start.ticks(), frame * 1024);
            let bytes = segment.rope.to_bytes();
            let pes = bytes.windows(4).position(|window| window == [0, 0, 1, 0xc0]).unwrap();
            assert_eq!(pts(&bytes[pes + 9..]), exact(frame));
            frame += segment.duration as i64 / 1024;
        }
    }
    assert!(frame > FRAMES - 200);
}

/// The PTS of a PES header.
fn pts(field: &[u8]) -> u64 {
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|index| u64::from(field[index]));
    (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1
}
