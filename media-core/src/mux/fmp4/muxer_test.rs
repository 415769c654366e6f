use super::*;
use crate::codec::{self, Key, aac, vp9};

const ID: TrackId = TrackId::new(1).expect("1 is not zero");

fn video(base: TimeBase) -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(64, 64)).expect("profile 0");
    Track::new(ID, base, codec::Config::Vp9(config))
}

fn audio(priming: u32) -> Track {
    let config = aac::Config::new(48_000, 2).expect("AAC-LC");
    Track { priming, ..Track::new(ID, TimeBase::hz(48_000), codec::Config::Aac(config)) }
}

fn muxer(track: &Track) -> Muxer {
    Muxer::new(track).expect("a muxer")
}

fn packet(dts: i64, pts: i64) -> Packet {
    let (pts, dts) = (Timestamp::new(pts), Timestamp::new(dts));
    Packet {
        track: ID,
        pts,
        dts,
        duration: None,
        key: Key::No,
        data: Bytes::from_static(b"data"),
        wall: None,
    }
}

fn at(ticks: i64) -> Timestamp {
    Timestamp::new(ticks)
}

/// The 32 or 64 bits `offset` bytes after the type of the first box called `kind`.
fn field<const N: usize>(bytes: &[u8], kind: &[u8; 4], offset: usize) -> [u8; N] {
    let start = bytes.windows(4).position(|window| window == kind).expect("the box") + 4 + offset;
    bytes[start..start + N].try_into().expect("the field")
}

fn decode_time(head: &[u8]) -> u64 {
    u64::from_be_bytes(field(head, b"tfdt", 4))
}

fn sequence(head: &[u8]) -> u32 {
    u32::from_be_bytes(field(head, b"mfhd", 4))
}

#[test]
fn payloads_are_passed_on_in_their_own_memory() {
    let packets: Vec<Packet> =
        (0..60).map(|n| Packet { data: Bytes::from(vec![n as u8; 1000]), ..packet(n, n) }).collect();
    let rope = muxer(&video(TimeBase::VIDEO)).fragment(&packets, at(60)).expect("a fragment");
    assert_eq!(rope.pieces().len(), 61);
    for (packet, piece) in packets.iter().zip(&rope.pieces()[1..]) {
        assert_eq!((packet.data.as_ptr(), packet.data.len()), (piece.as_ptr(), piece.len()));
    }
    assert_eq!(rope.len(), rope.to_bytes().len() as u64);
}

fn header(muxer: &mut Muxer, packets: &[Packet], end: Timestamp) -> Bytes {
    let mut out = BytesMut::new();
    muxer.fragment_header(packets, end, &mut out).expect("a fragment");
    out.freeze()
}

#[test]
fn headers_stand_behind_what_is_there() {
    let packets: Vec<Packet> = (0..60).map(|n| packet(n, n)).collect();
    for count in [1, 60] {
        let mut out = BytesMut::from(&b"before"[..]);
        let mut muxer = muxer(&video(TimeBase::VIDEO));
        muxer.fragment_header(&packets[..0], at(0), &mut out).expect_err("no packets");
        assert_eq!(out, "before");
        muxer.fragment_header(&packets[..count], at(60), &mut out).expect("a fragment");
        let alone = self::muxer(&video(TimeBase::VIDEO)).fragment(&packets[..count], at(60));
        assert_eq!(out[6..], alone.expect("a fragment").pieces()[0]);
    }
}

#[test]
fn the_first_picture_is_decoded_when_it_is_shown() {
    let mut muxer = muxer(&video(TimeBase::VIDEO));
    let head = header(&mut muxer, &[packet(900_000, 906_000)], at(903_000));
    assert_eq!(decode_time(&head), 906_000);
    // The second one, shown earlier than it is decoded that way, has an offset of -3000.
    let head = header(&mut muxer, &[packet(903_000, 906_000)], at(906_000));
    assert_eq!(decode_time(&head), 909_000);
    assert_eq!(i32::from_be_bytes(field(&head, b"trun", 12)), -3000);
}

#[test]
fn unsigned_composition_keeps_dts() {
    let track = video(TimeBase::VIDEO);
    let mut muxer = Muxer::with_composition(&track, Composition::Unsigned).expect("a muxer");
    let head = header(&mut muxer, &[packet(900_000, 906_000)], at(903_000));
    assert_eq!(decode_time(&head), 900_000);
    assert_eq!(i32::from_be_bytes(field(&head, b"trun", 12)), 6000);
}

#[test]
fn primed_sound_is_ahead_by_its_priming() {
    let mut muxer = muxer(&audio(1024));
    let head = header(&mut muxer, &[Packet { key: Key::Closed, ..packet(-1024, -1024) }], at(0));
    assert_eq!(decode_time(&head), 0);
    assert_eq!(field::<4>(&head, b"trun", 0), [1, 0, 0, 1], "no composition offset");
    assert_eq!(field::<4>(&muxer.init(), b"elst", 12), 1024_u32.to_be_bytes());
}

#[test]
fn nothing_is_lost_or_added_over_48_hours() {
    // Frames of 29.97 Hz on a 90 kHz clock take 3003 ticks; AAC frames on 48 kHz 1024.
    for (track, step, per_fragment) in [(video(TimeBase::VIDEO), 3003, 60), (audio(2112), 1024, 94)] {
        let end = 48 * 3600 * i64::from(track.time_base.den());
        let mut muxer = muxer(&track);
        let mut expected = 900_000 + u64::from(track.priming);
        let mut dts = 900_000;
        let mut number = 1;
        let mut packets = vec![packet(0, 0); per_fragment as usize];
        while dts < end {
            for packet in &mut packets {
                (packet.pts, packet.dts) = (at(dts), at(dts));
                dts += step;
            }
            let head = header(&mut muxer, &packets, at(dts));
            assert_eq!((decode_time(&head), sequence(&head)), (expected, number));
            expected += (per_fragment * step) as u64;
            number += 1;
        }
        assert!(expected > u64::from(u32::MAX), "beyond 32 bits");
    }
}

#[test]
fn a_refused_fragment_leaves_no_trace() {
    let mut muxer = muxer(&video(TimeBase::VIDEO));
    let refused = [packet(5, 9), packet(4, 8)];
    muxer.fragment(&refused, at(9)).expect_err("dts that fall");
    let head = header(&mut muxer, &[packet(0, 1)], at(1));
    assert_eq!((decode_time(&head), sequence(&head)), (1, 1), "neither lead nor number were taken");
    muxer.fragment(&refused[..0], at(9)).expect_err("no packets");
    let head = header(&mut muxer, &[packet(1, 2)], at(2));
    assert_eq!((decode_time(&head), sequence(&head)), (2, 2));
}

#[test]
fn gaps_and_guesses_that_were_too_long_are_taken() {
    let mut muxer = muxer(&video(TimeBase::VIDEO));
    for (dts, end) in [(0, 10), (30, 45), (31, 32)] {
        let head = header(&mut muxer, &[packet(dts, dts)], at(end));
        assert_eq!(decode_time(&head), dts as u64);
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_facts() {
    let refuse = |packets: &[Packet], end: i64| {
        let error = muxer(&video(TimeBase::VIDEO)).fragment(packets, at(end)).expect_err("an error");
        error.to_string()
    };
    let stranger = Packet { track: TrackId::new(2).expect("2 is not zero"), ..packet(1, 1) };
    assert_eq!(refuse(&[], 0), "fragment without packets");
    assert_eq!(refuse(&[packet(0, 0), stranger], 2), "packet of track 2, expected track 1");
    assert_eq!(refuse(&[packet(5, 5)], 5), "sample at dts 5 would last 0 ticks");
    assert_eq!(refuse(&[packet(5, 5), packet(3, 3)], 6), "sample at dts 5 would last -2 ticks");
    assert_eq!(refuse(&[packet(0, 0)], 1 << 32), "sample at dts 0 would last 4294967296 ticks");
    assert_eq!(refuse(&[packet(-9, -1)], 0), "packet at dts -9 lies before the start of the media time line");
    let apart = "pts 9000000000 and dts 1 are further apart than 32 bits of ticks";
    assert_eq!(refuse(&[packet(0, 0), packet(1, 9_000_000_000)], 2), apart);
    let ends = refuse(&[packet(i64::MIN, i64::MAX)], 0);
    assert!(ends.ends_with("are further apart than 32 bits of ticks"), "{ends}");

    let mut muxer = muxer(&video(TimeBase::VIDEO));
    muxer.fragment(&[packet(7, 7)], at(8)).expect("a fragment");
    let repeated = muxer.fragment(&[packet(7, 7)], at(8)).expect_err("the same again");
    assert_eq!(repeated, Error::DtsOrder { last: at(7), dts: at(7) });
    assert_eq!(repeated.to_string(), "dts 7 after dts 7");
}

#[test]
fn tracks_that_mp4_cannot_say_are_refused() {
    let ntsc = video(TimeBase::new(1001, 30_000).expect("not zero"));
    assert_eq!(Muxer::new(&ntsc).expect_err("not 1/n"), Error::TimeBase { num: 1001, den: 30_000 });
    assert_eq!(Muxer::new(&audio(1 << 31)).expect_err("32 bits"), Error::Priming { ticks: 1 << 31 });
}

#[test]
fn a_segment_may_begin_with_its_type() {
    assert_eq!(segment_type().len(), 20);
    assert_eq!(segment_type(), "\0\0\0\x14stypmsdh\0\0\0\0msdh");
}
