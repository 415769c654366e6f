//! FLAC metadata and frame headers: of real files, and by hand after RFC 9639 section 9.1.

use super::*;
use crate::codec::media_test::{boxes, media};
use crate::codec::{Config as Codec, Format, Parser};

/// `dfLa` by ffmpeg: 96 kHz, mono, 24 bits.
const RECORD: &[u8] = b"\x80\0\0\x22\x20\0\x20\0\0\x03\x1b\0\x08\x93\x17\x70\0\xf0\0\0\x4b\0\x6b\xb3\x62\x8b\x76\x19\xc2\x3d\x0d\0\x23\xa4\x38\x1f\x1a\x48";

#[test]
fn metadata_is_read_and_written_back() {
    let config = Config::from_record(RECORD).expect("a real record");
    assert_eq!((config.sample_rate(), config.channels(), config.bits_per_sample()), (96_000, 1, 16));
    assert_eq!((config.block_sizes(), config.total_samples()), ((8192, 8192), 19_200));
    assert_eq!((config.record(), config.private()), (RECORD.into(), [b"fLaC", RECORD].concat().into()));
    assert_eq!(config.codecs(), "fLaC");
    // A second block, the last; what is behind it is none.
    let more = [&[0], &RECORD[1..], &[0x84, 0, 0, 2, 7, 7]].concat();
    let config = Config::from_record(&[&more[..], b"frames"].concat()).expect("two blocks");
    assert_eq!(config.record(), more);
    let Some(file) = media("fmp4/flac.mp4") else { return };
    let record = boxes(&file, b"dfLa", 4).remove(0);
    let config = Config::from_record(&record).expect("a real record");
    assert_eq!((config.record(), config.sample_rate(), config.channels()), (record, 44_100, 1));
}

#[test]
fn metadata_that_is_none_is_refused() {
    for cut in 0..RECORD.len() {
        assert_eq!(Config::from_record(&RECORD[..cut]), Err(Error::End));
    }
    assert_eq!(Config::from_private(RECORD), Err(Error::Signature));
    let error = Config::from_record(&[&[0x84], &RECORD[1..]].concat());
    assert_eq!(error, Err(Error::StreamInfo { kind: 4, length: 34 }));
    let with = |at: usize, bytes: &[u8]| {
        Config::from_record(&[&RECORD[..at], bytes, &RECORD[at + bytes.len()..]].concat())
    };
    assert!(matches!(with(4, &[0, 15]), Err(Error::Range { smallest: 15, .. })));
    assert!(matches!(with(6, &[0x10, 0]), Err(Error::Range { largest: 4096, .. })), "longest below shortest");
    assert!(matches!(with(14, &[0, 0, 0]), Err(Error::Range { sample_rate: 0, .. })));
}

#[test]
fn frame_headers_tell_their_length() {
    let frame = |sizes: u8, rest: &[u8]| frame_samples(&[&[0xff, 0xf8, sizes, 0x08], rest].concat());
    assert_eq!(frame(0xc9, &[0]), Ok(4096));
    assert_eq!(frame(0x19, &[0]), Ok(192));
    assert_eq!([2, 3, 4, 5].map(|code| frame(code << 4 | 9, &[0]).unwrap()), [576, 1152, 2304, 4608]);
    assert_eq!([8, 15].map(|code| frame(code << 4 | 9, &[0]).unwrap()), [256, 32_768]);
    // The length behind numbers of one, two and seven bytes.
    assert_eq!(frame(0x69, &[0x7f, 99]), Ok(100));
    assert_eq!(frame(0x79, &[0xc2, 0x80, 0x12, 0x34]), Ok(0x1235));
    assert_eq!(frame(0x79, &[0xfe, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xff, 0xff]), Ok(65_536));
    assert_eq!(frame(0x79, &[0xc2, 0x80, 0x12]), Err(Error::End));
    assert_eq!(frame(0x09, &[0]), Err(Error::Reserved), "block size");
    assert_eq!(frame(0xcf, &[0]), Err(Error::Reserved), "sampling rate");
    assert_eq!(frame(0xc9, &[0x80]), Err(Error::Reserved), "number");
    assert_eq!(frame(0xc9, &[0xc2, 0]), Err(Error::Reserved), "number");
    assert_eq!(frame_samples(&[0xff, 0xf8, 0xc9, 0xb8, 0]), Err(Error::Reserved), "channels");
    assert_eq!(frame_samples(&[0xff, 0xfa, 0xc9, 0x08, 0]), Err(Error::Sync));
}

/// The CRC-8 behind a frame header, x^8 + x^2 + x + 1, RFC 9639 section 9.1.8.
fn crc8(data: &[u8]) -> u8 {
    data.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 != 0 { crc << 1 ^ 7 } else { crc << 1 })
    })
}

/// Native files: frames found by their headers' checksums add up to the number of samples that STREAMINFO has.
#[test]
fn frames_of_a_file_add_up() {
    let Some(file) = media("audio/sfx.flac") else { return };
    let mut head = Reader::new(&file[4..]);
    while block(&mut head).expect("a metadata block").0 & 0x80 == 0 {}
    let start = file.len() - head.remaining();
    let mut parser = Parser::waiting(Format::Flac);
    let unit = parser.parse(file.slice(..start));
    let Some(Codec::Flac(config)) = unit.config else { panic!("a configuration") };
    assert_eq!((unit.data.len(), config.private()), (0, file.slice(..start)));
    let is_frame = |at: &usize| {
        let at = *at;
        file[at] == 0xff
            && file.get(at + 1).is_some_and(|byte| byte >> 1 == 0x7c)
            && (5..16).any(|length| {
                file.get(at..at + length).is_some_and(|head| crc8(&head[..length - 1]) == head[length - 1])
            })
            && frame_samples(&file[at..]).is_ok()
    };
    let starts: Vec<usize> = (start..file.len()).filter(is_frame).collect();
    let total: u64 =
        starts.iter().map(|&at| u64::from(parser.parse(file.slice(at..)).samples.unwrap())).sum();
    assert_eq!((total, parser.faults().total()), (config.total_samples(), 0));
}
