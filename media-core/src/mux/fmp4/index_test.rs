//! Indices as literal bytes, laid out by hand from ISO/IEC 14496-12 8.16.3 and 8.8.9.

use super::super::hex::bytes;
use super::*;

fn track() -> TrackId {
    TrackId::new(7).expect("7 is not zero")
}

fn index(subsegments: &[Subsegment], gap: u64) -> Result<Bytes, Error> {
    segment_index(track(), TimeBase::VIDEO, Timestamp::new(900), subsegments, gap)
}

#[test]
fn trap_08_subsegments_say_size_duration_and_access() {
    let rows = [
        Subsegment { size: 0x1234, duration: 3000, access: Some(Access::CLOSED) },
        Subsegment { size: 0x7fff_ffff, duration: 6000, access: Some(Access { kind: 3, delta: 5 }) },
        Subsegment { size: 1, duration: 1, access: None },
    ];
    let expected = bytes(
        "0000004c 'sidx' 01000000 00000007 00015f90 00000000 00000384 00000000 00000008 0000 0003
         00001234 00000bb8 90000000
         7fffffff 00001770 b0000005
         00000001 00000001 00000000",
    );
    assert_eq!(index(&rows, 8).expect("an index"), expected);
}

#[test]
fn trap_08_what_does_not_fit_is_refused() {
    let long = Subsegment { size: 1 << 31, duration: 1, access: None };
    assert_eq!(index(&[long], 0), Err(Error::Index { found: 1 << 31, limit: (1 << 31) - 1 }));
    let before = segment_index(track(), TimeBase::VIDEO, Timestamp::new(-1), &[], 0);
    assert_eq!(before, Err(Error::BeforeZero { dts: Timestamp::new(-1) }));
}

#[test]
fn trap_08_more_than_65535_subsegments_have_an_index_of_indices() {
    let row = |size| Subsegment { size, duration: 2, access: Some(Access::CLOSED) };
    let rows: Vec<Subsegment> = (1..=65_535 + 2).map(row).collect();
    let index = index(&rows, 16).expect("an index");
    assert_eq!(index.len() as u64 + 8, len_of(rows.len() as u64));
    let (first, second) = (sidx_len(65_535), sidx_len(2));
    let top = bytes(
        "00000040 'sidx' 01000000 00000007 00015f90 00000000 00000384 00000000 00000000 0000 0002
         800c001c 0001fffe 90000000
         80000040 00000004 90000000",
    );
    assert_eq!((first, second), (0x000c_001c, 0x40));
    assert_eq!(index[..64], top);
    // The first index counts over the second one, the second over the first one's media.
    let offset = |at: usize| u64::from_be_bytes(index[at..at + 8].try_into().expect("8 bytes"));
    assert_eq!(offset(64 + 28), second + 16);
    let media: u64 = (1..=65_535).sum();
    let at = 64 + first as usize;
    assert_eq!(index[at + 4..at + 8], *b"sidx");
    assert_eq!(offset(at + 20), 900 + 65_535 * 2);
    assert_eq!(offset(at + 28), 16 + media);
    assert_eq!(at + second as usize, index.len());
}

#[test]
fn room_is_exact_for_any_number_of_subsegments() {
    for count in [0, 1, 2, 65_534, 65_535, 65_536, 131_070, 131_071] {
        let rows = vec![Subsegment { size: 1, duration: 1, access: None }; count];
        assert_eq!(index(&rows, 0).expect("an index").len() as u64 + 8, len_of(count as u64), "{count}");
    }
}

#[test]
fn random_access_points() {
    let mut list = RandomAccess::new([track()].into_iter());
    list.add(0, Point { time: 1 << 32, moof: 0x100, traf: 2, sample: 3 });
    let expected = bytes(
        "00000046 'mfra'
           0000002e 'tfra' 01000000 00000007 00000003 00000001
             00000001 00000000 00000000 00000110 02 01 00000003
           00000010 'mfro' 00000000 00000046",
    );
    assert_eq!(list.to_box(16), expected);
}
