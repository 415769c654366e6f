//! Sample tables as literal bytes, laid out by hand from ISO/IEC 14496-12 8.6 to 8.9 and 10.

use bytes::Bytes;

use super::super::hex::bytes;
use super::*;
use crate::packet::Packet;
use crate::track::TrackId;

fn turn(pts: i64, dts: i64, key: Key, len: usize) -> Turn {
    let packet = Packet {
        track: TrackId::new(1).expect("1 is not zero"),
        pts: Timestamp::new(pts),
        dts: Timestamp::new(dts),
        duration: None,
        key,
        data: Bytes::from(vec![0; len]),
        wall: None,
    };
    Turn { index: 0, packet, order: 0, duration: 10, untrimmed: None }
}

fn table(turns: &[Turn]) -> Table {
    let mut table = Table::new(Kind::Video, None);
    turns.iter().for_each(|turn| table.add(turn));
    table
}

fn place(table: &Table, signed: bool) -> Placed {
    table.place(TimeBase::hz(1000), TimeBase::hz(2000), signed)
}

fn pictures() -> Table {
    let mut table = table(&[
        turn(20, 0, Key::Closed, 9),
        turn(50, 10, Key::No, 4),
        turn(30, 20, Key::No, 4),
        turn(40, 30, Key::Open, 4),
    ]);
    table.chunk(0x30, 3);
    table.chunk(0x1_0000_0000, 1);
    table
}

#[test]
fn trap_03_reordering_is_taken_back_by_an_edit() {
    let table = pictures();
    let placed = place(&table, false);
    // Shown first at 20, which is said by an empty edit; the first picture's offset by the media time.
    let edits = [Edit { duration: 40, media_time: -1 }, Edit { duration: 80, media_time: 20 }];
    assert_eq!(placed.timing.edits, edits);
    assert_eq!((placed.timing.duration, placed.timing.media_duration), (120, 40));
    let expected = bytes(
        "00000018 'stts' 00000000 00000001  00000004 0000000a
         00000014 'stss' 00000000 00000001  00000001
         00000028 'ctts' 00000000 00000003  00000001 00000014  00000001 00000028  00000002 0000000a
         00000028 'stsc' 00000000 00000002  00000001 00000003 00000001  00000002 00000001 00000001
         00000024 'stsz' 00000000 00000000 00000004  00000009 00000004 00000004 00000004
         00000018 'stco' 00000000 00000002  00000030 ffffffff
         00000019 'sgpd' 01000000 'rap ' 00000001 00000001 00
         00000024 'sbgp' 00000000 'rap ' 00000002  00000003 00000000  00000001 00000001",
    );
    let mut narrow = pictures();
    narrow.chunks[1] = 0xffff_ffff;
    assert_eq!(narrow.boxes(&placed, 0), expected);
}

#[test]
fn trap_03_or_by_signed_offsets_without_one() {
    let mut table = table(&[
        turn(0, -20, Key::Closed, 4),
        turn(30, -10, Key::No, 4),
        turn(10, 0, Key::No, 4),
        turn(20, 10, Key::No, 4),
    ]);
    table.chunk(0x30, 4);
    let placed = place(&table, true);
    assert_eq!(placed.timing.edits, []);
    let expected =
        bytes("00000028 'ctts' 01000000 00000003  00000001 00000000  00000001 00000014  00000002 fffffff6");
    let boxes = table.boxes(&placed, 0);
    assert!(boxes.windows(expected.len()).any(|found| found == expected));
    // What has to be cut at the front needs an edit, and then offsets are not signed.
    let cut = self::table(&[turn(-10, -20, Key::Closed, 4), turn(0, -10, Key::No, 4)]);
    let placed = place(&cut, true);
    assert_eq!((placed.lead, placed.timing.edits.len()), (0, 1));
}

#[test]
fn a_track_that_ends_before_zero_is_played_for_no_time_from_where_its_media_end() {
    let table = self::table(&[turn(-30, -50, Key::Closed, 4), turn(-20, -40, Key::No, 4)]);
    let placed = place(&table, false);
    assert_eq!(placed.timing.edits, [Edit { duration: 0, media_time: 50 }]);
    assert_eq!((placed.timing.duration, placed.timing.media_duration), (0, 50));
    let durations = bytes("00000020 'stts' 00000000 00000002  00000001 0000000a  00000001 00000028");
    assert_eq!(table.boxes(&placed, 0)[..32], durations);
    // Further away than a sample can last, its times are not kept.
    let far = -1 << 33;
    let placed = place(&self::table(&[turn(far, far, Key::Closed, 4)]), true);
    assert_eq!(placed.timing.edits, [Edit { duration: 0, media_time: 10 }]);
}

#[test]
fn trap_12_offsets_have_64_bits_only_where_they_need_them() {
    let table = pictures();
    let boxes = table.boxes(&place(&table, false), 0);
    let expected = bytes("00000020 'co64' 00000000 00000002  00000000 00000030  00000001 00000000");
    assert!(boxes.windows(expected.len()).any(|found| found == expected));
    // A move may make the difference.
    let mut near = pictures();
    near.chunks = vec![0x30, 0xffff_fff0];
    let has = |shift: u64, kind: &[u8]| {
        near.boxes(&place(&near, false), shift).windows(4).any(|found| found == kind)
    };
    assert!(has(15, b"stco") && has(16, b"co64"));
}

#[test]
fn trap_02_and_05_the_last_sound_keeps_its_samples_and_the_edit_cuts_them() {
    // 14496-12 8.6.6: 1024 of priming, and 300 of the last packet's 1024 samples are heard.
    let mut table = Table::new(Kind::Audio, Some(Preroll::Aac));
    for n in 0..3 {
        let mut turn = turn(n * 1024 - 1024, n * 1024 - 1024, Key::Closed, 4);
        (turn.duration, turn.untrimmed) = if n == 2 { (300, Some(1024)) } else { (1024, None) };
        table.add(&turn);
    }
    table.chunk(0x30, 3);
    let base = TimeBase::hz(48_000);
    let placed = table.place(base, base, false);
    assert_eq!(placed.timing.edits, [Edit { duration: 1324, media_time: 1024 }]);
    assert_eq!((placed.timing.duration, placed.timing.media_duration), (1324, 3072));
    let boxes = table.boxes(&placed, 0);
    let durations = bytes("00000018 'stts' 00000000 00000001  00000003 00000400");
    assert_eq!(boxes[..24], durations);
}

#[test]
fn trap_07_sound_rolls_by_packets() {
    let mut table = Table::new(Kind::Audio, Some(Preroll::Opus));
    // 20 ms and 10 ms of Opus: 8 of the shorter ones make 80 ms.
    for (n, toc) in [(0, 0x78), (1, 0xf0)] {
        let mut turn = turn(n * 960, n * 960, Key::Closed, 1);
        turn.packet.data = Bytes::copy_from_slice(&[toc]);
        table.add(&turn);
    }
    let groups = table.groups();
    let expected = bytes(
        "0000001a 'sgpd' 01000000 'roll' 00000002 00000001 fff8
         0000001c 'sbgp' 00000000 'roll' 00000001 00000002 00000001",
    );
    assert_eq!(groups, expected);
}

#[test]
fn pictures_that_refresh_gradually_are_in_groups_by_their_distance() {
    let roll = |pictures| Key::Roll { pictures };
    let table = table(&[
        turn(0, 0, roll(5), 1),
        turn(1, 1, Key::No, 1),
        turn(2, 2, roll(7), 1),
        turn(3, 3, roll(5), 1),
    ]);
    let expected = bytes(
        "0000001c 'sgpd' 01000000 'roll' 00000002 00000002 0005 0007
         00000034 'sbgp' 00000000 'roll' 00000004
           00000001 00000001  00000001 00000000  00000001 00000002  00000001 00000001",
    );
    assert_eq!(table.groups(), expected);
    // 10.1 has no distance of 0: what is whole at once is a random access point.
    let expected = bytes(
        "00000019 'sgpd' 01000000 'rap ' 00000001 00000001 00
         0000001c 'sbgp' 00000000 'rap ' 00000001  00000001 00000001",
    );
    assert_eq!(self::table(&[turn(0, 0, roll(0), 1)]).groups(), expected);
    // No sync sample at all is said by an empty table, not by none.
    assert_eq!(table.stss(), bytes("00000010 'stss' 00000000 00000000"));
}

#[test]
fn sizes_that_agree_are_said_once() {
    let sizes = |sizes: &[u32]| {
        let mut table = Sizes::default();
        sizes.iter().for_each(|size| table.push(*size));
        table.to_box()
    };
    assert_eq!(sizes(&[5, 5]), bytes("00000014 'stsz' 00000000 00000005 00000002"));
    assert_eq!(sizes(&[5, 0]), bytes("0000001c 'stsz' 00000000 00000000 00000002 00000005 00000000"));
    assert_eq!(sizes(&[0, 0]), bytes("0000001c 'stsz' 00000000 00000000 00000002 00000000 00000000"));
    assert_eq!(sizes(&[]), bytes("00000014 'stsz' 00000000 00000000 00000000"));
}

#[test]
fn the_tables_never_take_more_than_they_are_said_to() {
    let mut table = Table::new(Kind::Video, None);
    for n in 0..50_i64 {
        let key = [Key::Closed, Key::Open, Key::Roll { pictures: n as u16 }, Key::No][n as usize % 4];
        table.add(&turn(n * n * n + n % 7, n * n * n, key, n as usize));
        table.chunk(u64::MAX / 2 + n as u64 * (n as u64), 1);
    }
    let len = table.boxes(&place(&table, false), 0).len() as u64;
    assert!(len <= len_at_most(Kind::Video, 50, 50), "{len}");
}
