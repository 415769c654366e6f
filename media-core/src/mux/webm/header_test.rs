//! Headers as literal bytes, laid out by hand from RFC 8794 section 11.2 and RFC 9559 sections 5.1.1, 5.1.2.

use super::*;
use crate::mux::webm::hex::bytes;

const EBML_HEADER: &str =
    "1a45dfa3 9f 4286 81 01 42f7 81 01 42f2 81 04 42f3 81 08 4282 84 'webm' 4287 81 04 4285 81 02
     18538067 01ffffffffffffff";

#[test]
fn a_stream_without_an_end() {
    let tracks = tracks(&[b"one".to_vec(), b"two".to_vec()]);
    let expected = [
        bytes(EBML_HEADER),
        bytes("1549a966 9d 2ad7b1 83 0f4240 4d80 88 'reelmill' 5741 88 'reelmill' 1654ae6b 86 'onetwo'"),
    ];
    assert_eq!(live(DocType::Webm, &Format::default(), &tracks), expected.concat());
}

#[test]
fn a_file_leaves_room_for_its_end() {
    let tracks = tracks(&[b"one".to_vec()]);
    let (header, places) = file(DocType::Webm, &Format::default(), &tracks, 40);
    let expected = bytes(
        "114d9b74 bf
           4dbb 92 53ab 84 1549a966 53ac 88 0000000000000044
           4dbb 92 53ab 84 1654ae6b 53ac 88 0000000000000071
           ec 93 00000000000000000000000000000000000000
         1549a966 a8 2ad7b1 83 0f4240 4d80 88 'reelmill' 5741 88 'reelmill' ec 89 000000000000000000
         1654ae6b 83 'one'
         ec a6",
    );
    let body = bytes(EBML_HEADER).len();
    assert_eq!(header[body..header.len() - 38], expected);
    assert!(header[header.len() - 38..].iter().all(|byte| *byte == 0));
    let at = |offset: u64, len: usize| &header[offset as usize..][..len];
    assert_eq!(places.body as usize, body);
    assert_eq!(at(places.size, 8), UNKNOWN_SIZE);
    assert_eq!(at(places.cues_seek, 2), [0xec, 0x93]);
    assert_eq!(at(places.duration, 2), [0xec, 0x89]);
    assert_eq!(at(places.cues, 2), [0xec, 0xa6]);
    assert_eq!(places.clusters as usize, header.len());
    assert_eq!(at(places.cues - 8, 8), bytes("1654ae6b 83 'one'"));
}

#[test]
fn what_is_filled_in_is_as_long_as_its_room() {
    assert_eq!(seek(TRACKS, 0x0102), bytes("4dbb 92 53ab 84 1654ae6b 53ac 88 0000000000000102"));
    assert_eq!(seek(TRACKS, 0).len() as u64, SEEK_LEN);
    assert_eq!(duration(1500.5), bytes("4489 88 4097720000000000"));
    assert_eq!(duration(0.0).len() as u64, DURATION_LEN);
    assert_eq!(segment_size(0x0102_0304_0506), bytes("0100 010203040506")[..]);
}

#[test]
fn matroska_calls_itself_so() {
    let header = live(DocType::Matroska, &Format::default(), &[]);
    assert_eq!(
        header[..40],
        bytes(
            "1a45dfa3 a3 4286 81 01 42f7 81 01 42f2 81 04 42f3 81 08 4282 88 'matroska' 4287 81 04 4285 81 02"
        )
    );
}
