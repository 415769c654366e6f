//! Both tables as literal bytes, laid out by hand from ISO/IEC 13818-1 2.4.4; their CRC as ten lines of Python have it after Annex A.

use super::super::program::Program;
use super::*;
use crate::codec::{self, aac, h264, opus};
use crate::time::TimeBase;
use crate::track::{Track, TrackId};

fn id(id: u32) -> TrackId {
    TrackId::new(id).expect("not zero")
}

fn h264() -> Track {
    let sps = b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
    let sets = [sps.as_slice().into(), b"\x68\xcb\x83\xcb\x20".as_slice().into()];
    let config = h264::Config::from_parameter_sets(&sets[..1], &sets[1..]).expect("sets of x264");
    Track::new(id(1), TimeBase::VIDEO, codec::Config::H264(config))
}

fn aac() -> Track {
    let config = aac::Config::new(48_000, 2).expect("AAC-LC");
    Track::new(id(2), TimeBase::hz(48_000), codec::Config::Aac(config))
}

fn opus() -> Track {
    Track::new(id(3), TimeBase::hz(48_000), codec::Config::Opus(opus::Config::new(6).expect("5.1")))
}

/// Both sections, without what is before and behind them.
fn sections(tracks: &[Track], config: &Config, version: u8) -> [Vec<u8>; 2] {
    let tables = Program::new(tracks, config, version).expect("a program").tables;
    [&tables.pat, &tables.pmt].map(|packets| {
        let [packet] = packets.as_slice() else { panic!("one packet") };
        let len = 3 + usize::from(packet[7]);
        assert!(packet[5 + len..].iter().all(|byte| *byte == 0xff));
        packet[5..5 + len].to_vec()
    })
}

#[test]
fn a_program_of_pictures_and_sound() {
    let [pat, pmt] = sections(&[h264(), aac()], &Config::default(), 0);
    let expected =
        [0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00, 0x00, 0x01, 0xf0, 0x00, 0x2a, 0xb1, 0x04, 0xb2];
    assert_eq!(pat, expected);
    let expected = [
        &[0x02, 0xb0, 0x17, 0x00, 0x01, 0xc1, 0x00, 0x00, 0xe1, 0x00, 0xf0, 0x00][..],
        &[0x1b, 0xe1, 0x00, 0xf0, 0x00],
        &[0x0f, 0xe1, 0x01, 0xf0, 0x00],
        &[0x2f, 0x44, 0xb9, 0x9b],
    ]
    .concat();
    assert_eq!(pmt, expected);
}

#[test]
fn numbers_are_those_configured() {
    let config = Config {
        transport_stream_id: 0xabcd,
        program_number: 0x1234.try_into().expect("not zero"),
        pmt_pid: Pid::new(0x20).expect("a PID"),
        first_pid: Pid::new(0x1ffe).expect("a PID"),
        ..Config::default()
    };
    let [pat, pmt] = sections(&[aac()], &config, 31);
    assert_eq!(pat[3..12], [0xab, 0xcd, 0xc1, 0, 0, 0x12, 0x34, 0xe0, 0x20]);
    assert_eq!(pmt[3..10], [0x12, 0x34, 0xff, 0, 0, 0xff, 0xfe]);
}

#[test]
fn opus_is_registered_and_tells_its_channels() {
    let config = Config { languages: vec![(id(3), *b"deu")], ..Config::default() };
    let [_, pmt] = sections(&[opus()], &config, 0);
    let expected =
        [&[0x06, 0xe1, 0x00, 0xf0, 0x10][..], b"\x05\x04Opus", &[0x7f, 0x02, 0x80, 0x06], b"\x0a\x04deu\x00"]
            .concat();
    assert_eq!(pmt[12..pmt.len() - 4], expected);
}

/// The descriptors as "Timed Metadata for HTTP Live Streaming" lists them.
#[test]
fn id3_is_pointed_at() {
    let config = Config { id3: Some(id(9)), ..Config::default() };
    let [_, pmt] = sections(&[aac()], &config, 0);
    let expected = [
        &[0xe1, 0x00, 0xf0, 0x11][..],
        b"\x25\x0f\xff\xffID3 \xffID3 \x00\x1f\x00\x01",
        &[0x0f, 0xe1, 0x00, 0xf0, 0x00],
        &[0x15, 0xe1, 0x01, 0xf0, 0x0f],
        b"\x26\x0d\xff\xffID3 \xffID3 \x00\x0f",
    ]
    .concat();
    assert_eq!(pmt[8..pmt.len() - 4], expected);
}

#[test]
fn sixteen_streams_with_all_descriptors_go_over_two_packets() {
    let tracks: Vec<Track> = (1..=16).map(|n| Track { id: id(n), ..opus() }).collect();
    let languages = (1..=16).map(|n| (id(n), *b"eng")).collect();
    let tables =
        Program::new(&tracks, &Config { languages, ..Config::default() }, 0).expect("a program").tables;
    assert_eq!((tables.pat.len(), tables.pmt.len(), tables.len()), (1, 2, 3));
}
