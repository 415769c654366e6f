//! Whole fragments as literal bytes, laid out by hand from ISO/IEC 14496-12 8.8.4 to 8.8.8, 8.9.2 and 8.9.3.

use super::super::hex::bytes;
use bytes::Bytes;

use super::*;

fn track() -> TrackId {
    TrackId::new(7).expect("7 is not zero")
}

fn packet(dts: i64, pts: i64, key: Key, len: usize) -> Packet {
    Packet {
        track: track(),
        pts: Timestamp::new(pts),
        dts: Timestamp::new(dts),
        duration: None,
        key,
        data: Bytes::from(vec![0xaa; len]),
        wall: None,
    }
}

fn write(run: &mut Run, packets: &[Packet], end: i64, lead: i64) -> Bytes {
    let plan = run.plan(track(), packets, Timestamp::new(end), lead).expect("a plan");
    let mut arena = BytesMut::new();
    super::write(&[(track(), plan)], &mut arena, 0x0102_0304);
    arena.freeze()
}

fn video(packets: &[Packet], end: i64, lead: i64) -> Bytes {
    write(&mut Run::new(Kind::Video, None, 0), packets, end, lead)
}

#[test]
fn a_key_picture_alone_has_everything_but_its_flags_in_tfhd() {
    let expected = bytes(
        "00000064 'moof'
           00000010 'mfhd' 00000000 01020304
           0000004c 'traf'
             00000018 'tfhd' 00020018 00000007 00000bb8 00000005
             00000014 'tfdt' 01000000 00000000 000dbba0
             00000018 'trun' 01000005 00000001 0000006c 02000000
         0000000d 'mdat'",
    );
    assert_eq!(video(&[packet(900_000, 900_000, Key::Closed, 5)], 903_000, 0), expected);
}

#[test]
fn pictures_that_agree_with_trex_have_no_flags() {
    let packets = [packet(0, 0, Key::No, 2), packet(10, 10, Key::Roll { pictures: 9 }, 3)];
    let expected = bytes(
        "00000064 'moof'
           00000010 'mfhd' 00000000 01020304
           0000004c 'traf'
             00000014 'tfhd' 00020008 00000007 0000000a
             00000014 'tfdt' 01000000 00000000 00000000
             0000001c 'trun' 01000201 00000002 0000006c
               00000002
               00000003
         0000000d 'mdat'",
    );
    assert_eq!(video(&packets, 20, 0), expected);
}

#[test]
fn reordered_pictures_have_signed_offsets_from_the_shifted_decode_time() {
    // I0 P3 B1 B2: decoded at -2, -1, 0, 1; the lead of 2 makes decode time and PTS of the first equal.
    let packets = [
        packet(-2, 0, Key::Open, 9),
        packet(-1, 3, Key::No, 4),
        packet(0, 1, Key::No, 2),
        packet(1, 2, Key::No, 2),
    ];
    let expected = bytes(
        "00000080 'moof'
           00000010 'mfhd' 00000000 01020304
           00000068 'traf'
             00000014 'tfhd' 00020008 00000007 00000001
             00000014 'tfdt' 01000000 00000000 00000000
             00000038 'trun' 01000a05 00000004 00000088 02000000
               00000009 00000000
               00000004 00000002
               00000002 ffffffff
               00000002 ffffffff
         00000019 'mdat'",
    );
    assert_eq!(video(&packets, 2, 2), expected);
}

#[test]
fn what_differs_is_said_for_each_sample() {
    let packets = [packet(0, 0, Key::No, 1), packet(1, 1, Key::Closed, 2), packet(3, 3, Key::No, 3)];
    let expected = bytes(
        "0000007c 'moof'
           00000010 'mfhd' 00000000 01020304
           00000064 'traf'
             00000010 'tfhd' 00020000 00000007
             00000014 'tfdt' 01000000 00000000 00000000
             00000038 'trun' 01000701 00000003 00000084
               00000001 00000001 01010000
               00000002 00000002 02000000
               00000001 00000003 01010000
         0000000e 'mdat'",
    );
    assert_eq!(video(&packets, 4, 0), expected);
}

#[test]
fn key_pictures_only_have_their_flags_in_tfhd() {
    let packets = [packet(0, 0, Key::Closed, 1), packet(1, 1, Key::Closed, 1)];
    let expected = bytes(
        "00000064 'moof'
           00000010 'mfhd' 00000000 01020304
           0000004c 'traf'
             0000001c 'tfhd' 00020038 00000007 00000001 00000001 02000000
             00000014 'tfdt' 01000000 00000000 00000000
             00000014 'trun' 01000001 00000002 0000006c
         0000000a 'mdat'",
    );
    assert_eq!(video(&packets, 2, 0), expected);
}

#[test]
fn aac_rolls_by_one_packet_in_every_fragment() {
    let start = (1 << 32) - 1024;
    let packets = [packet(start, start, Key::Closed, 6), packet(1 << 32, 1 << 32, Key::Closed, 6)];
    let expected = bytes(
        "00000096 'moof'
           00000010 'mfhd' 00000000 01020304
           0000007e 'traf'
             00000018 'tfhd' 00020018 00000007 00000400 00000006
             00000014 'tfdt' 01000000 00000001 00000000
             00000014 'trun' 01000001 00000002 0000009e
             0000001a 'sgpd' 01000000 'roll' 00000002 00000001 ffff
             0000001c 'sbgp' 00000000 'roll' 00000001 00000002 00010001
         00000014 'mdat'",
    );
    let mut run = Run::new(Kind::Audio, Some(Preroll::Aac), 1024);
    assert_eq!(write(&mut run, &packets, (1 << 32) + 1024, 0), expected);
}

#[test]
fn more_than_4_gib_have_a_large_size() {
    let mib64 = Bytes::from(vec![0; 64 << 20]);
    let mut packets: Vec<Packet> =
        (0..64).map(|dts| Packet { data: mib64.clone(), ..packet(dts, dts, Key::No, 0) }).collect();
    let large = video(&packets, 64, 0);
    assert_eq!(large[large.len() - 16..], bytes("00000001 'mdat' 00000001 00000010"));
    assert_eq!(data_offset(&large), large.len() as u32);
    // One byte below, counting the header of 8 bytes, the short form still fits.
    packets[63].data = mib64.slice(..mib64.len() - 9);
    let small = video(&packets, 64, 0);
    assert_eq!(small[small.len() - 8..], bytes("ffffffff 'mdat'"));
    assert_eq!(data_offset(&small), small.len() as u32);
    packets[63].data = mib64.slice(..mib64.len() - 8);
    let large = video(&packets, 64, 0);
    assert_eq!(large[large.len() - 16..], bytes("00000001 'mdat' 00000001 00000008"));
}

/// The last field of a `trun` head, found by name.
fn data_offset(moof: &Bytes) -> u32 {
    let at = moof.windows(4).position(|kind| kind == b"trun").expect("a trun") + 12;
    u32::from_be_bytes(moof[at..at + 4].try_into().expect("four bytes"))
}

#[test]
fn a_single_picture_is_written_the_same_by_the_shorter_way() {
    let large = Bytes::from(vec![0; 3]);
    for key in [Key::No, Key::Closed, Key::Open] {
        for (pts, shift, data) in [(90, 0, Bytes::new()), (93, 7, large.clone()), (80, 0, large.clone())] {
            let packet = Packet { data, ..packet(90, pts, key, 0) };
            let mut run = Run::new(Kind::Video, None, shift);
            let packets = std::slice::from_ref(&packet);
            let long = write(&mut run, packets, 100, 0);
            let single = run.is_single(packets).expect("a single picture");
            let as_ever = (track(), Timestamp::new(100), 0);
            let mut short = BytesMut::new();
            run.write_one(&mut short, single, as_ever, 0x0102_0304).expect("a header");
            assert_eq!(short, long);
        }
    }
}

#[test]
fn one_allocation_serves_many_fragments() {
    let (mut run, mut arena) = (Run::new(Kind::Video, None, 0), BytesMut::new());
    let packets = [packet(0, 0, Key::No, 1)];
    let mut end_of_last = None;
    let mut moves = 0;
    for _ in 0..100 {
        let plan = run.plan(track(), &packets, Timestamp::new(1), 0).expect("a plan");
        super::write(&[(track(), plan)], &mut arena, 1);
        let head = arena.split().freeze();
        moves += usize::from(end_of_last != Some(head.as_ptr()));
        end_of_last = Some(head.as_ptr_range().end);
    }
    assert_eq!(moves, 1);
}
