//! What AV1 streams say of themselves: records and units of real files and of libaom, and header bits put together after section 5.

use super::*;
use crate::bits::BitWriter;
use crate::codec::media_test::{boxes, ivf_frames, media};
use crate::codec::{Config as Codec, Format, Key, Parser};

/// The bits of `text`, which may have spaces between them.
fn bits(text: &str) -> Vec<u8> {
    let mut writer = BitWriter::default();
    text.chars().filter(|c| *c != ' ').for_each(|c| writer.bit(c == '1'));
    writer.finish().to_vec()
}

fn obu(kind: ObuType, payload: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    Obu { kind, extension: None, has_size: true, payload }.write(&mut out);
    out.to_vec()
}

/// The `av1C` box of a real file, 320x240.
const RECORD: &[u8] = b"\x81\x00\x0c\x00\x0a\x0b\x00\x00\x00\x04\x3c\xff\xbc\xff\xf9\x80\x40";

fn sequence() -> &'static [u8] {
    &RECORD[4..]
}

fn config() -> Config {
    Config::from_record(RECORD).expect("a real record")
}

/// Records of libaom's, the first of a real file; codecs strings as ffmpeg's DASH muxer has them where colours are described, else by
/// section 5 of the ISO binding.
#[test]
fn records_are_read_and_written_back() {
    let cases: [(&[u8], &str); 8] = [
        (RECORD, "av01.0.00M.08"),
        (b"\x81\x00\x4c\x00\x0a\x0d\0\0\0\x02\xaf\xff\x9b\x5f\x2a\x12\x20\x12\x08", "av01.0.00M.10.0.110.09.16.09.0"),
        (b"\x81\x20\x40\x00\x0a\x0a\x20\0\0\x02\xaf\xff\x9b\x5f\x2a\x40", "av01.1.00M.10.0.000.01.01.01.0"),
        (b"\x81\x40\x68\x00\x0a\x0a\x40\0\0\x02\xaf\xff\x9b\x5f\x2c\x44", "av01.2.00M.12.0.100.01.01.01.0"),
        (b"\x81\x00\x1c\x00\x0a\x0a\x00\0\0\x02\xaf\xff\x9b\x5f\x25\x40", "av01.0.00M.08.1.110.01.01.01.0"),
        (b"\x81\x00\x0c\x00\x0a\x0a\x00\0\0\x02\xaf\xff\x9b\x5f\x21\x08", "av01.0.00M.08"),
        (b"\x81\x20\x00\x00\x0a\x0d\x20\0\0\x02\xaf\xff\x9b\x5f\x24\x04\x34\x00\x80", "av01.1.00M.08.0.000.01.13.00.1"),
        // The same as the first with an initial presentation delay and metadata behind the sequence header.
        (
            b"\x81\x00\x0c\x17\x0a\x0b\x00\x00\x00\x04\x3c\xff\xbc\xff\xf9\x80\x40\x2a\x05\x01\x00\x64\x00\x32",
            "av01.0.00M.08",
        ),
    ];
    for (record, codecs) in cases {
        let config = Config::from_record(record).expect(codecs);
        assert_eq!((config.record(), config.codecs()), (Bytes::from_static(record), codecs.to_owned()));
    }
}

#[test]
fn records_of_real_files_come_back_to_the_byte() {
    let files = [
        ("mp4/sample_av1.mp4", (1080, 720), "av01.0.05M.08"),
        ("mp4/av1.mp4", (320, 240), "av01.0.00M.08"),
        ("mp4/black-av1-video.mp4", (640, 480), "av01.0.04M.08"),
        ("fmp4/av1.mp4", (1920, 1080), "av01.0.09M.10"),
    ];
    for (name, size, codecs) in files {
        let Some(file) = media(name) else { continue };
        for record in boxes(&file, b"av1C", 0) {
            let config = Config::from_record(&record).expect(name);
            assert_eq!(
                (config.record(), config.size(), &config.codecs()[..]),
                (record, size, codecs),
                "{name}"
            );
        }
    }
}

#[test]
fn records_that_are_none_are_refused() {
    assert_eq!(Config::from_record(&RECORD[..3]), Err(Error::End));
    assert_eq!(Config::from_record(&RECORD[..4]), Err(Error::NoSequenceHeader));
    assert_eq!(Config::from_record(&RECORD[..16]), Err(Error::End));
    assert_eq!(Config::from_record(&[&[0x82], &RECORD[1..]].concat()), Err(Error::Version(0x82)));
    let forbidden = [&RECORD[..4], &[0x8a], &RECORD[5..]].concat();
    assert_eq!(Config::from_record(&forbidden), Err(Error::Forbidden));
    assert_eq!(
        Config::from_record(b"\x81\0\0\0\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        Err(Error::Length)
    );
    assert_eq!(Config::from_record(b"\x81\0\0\0\x0a\xff\xff\xff\xff\x7f"), Err(Error::Length));
    let header = |text| SequenceHeader::parse(&bits(text));
    assert_eq!(header("011 00"), Err(Error::Profile(3)));
    assert_eq!(header("000 01"), Err(Error::Contradiction));
}

/// Everything that may be there: timing, a decoder model, two operating points of which the first is of the high tier, frame numbers.
#[test]
fn optional_parts_of_a_sequence_header_are_passed_over() {
    let word = |value: u32| format!("{value:032b}");
    let timing = format!("1 {} {} 1 010", word(1001), word(60_000)); // num_ticks_per_picture_minus_1 is 1
    let model = format!("1 01001 {} 00111 01000", word(1));
    let delays = "1 1111100000 0000011111 1"; // ten bits each
    let points = format!("1 00001 000000000011 01100 1 {delays} 1 0110  000000000001 00111 0 0");
    let tools = "1 0001 000  101  1111 1 11  0 1 0 1  110  111";
    let color = "1 0 1 00001001 00010000 00001001 0 01 0";
    let text =
        format!("000 0 0 {timing} {model} {points} 1010 1001 10010110000 0101100111 {tools} {color} 1");
    let header = SequenceHeader::parse(&bits(&text)).expect("a whole header");
    assert_eq!((header.level, header.tier, header.width, header.height), (12, true, 1201, 360));
    assert_eq!(header.frame_rate, Some((30_000, 1001)));
    assert_eq!((header.color.bit_depth, header.color.chroma_sample_position), (10, 1));
    let colour = Colour { primaries: 9, transfer: 16, matrix: 9, full_range: false };
    assert_eq!(header.color.colour, Some(colour));
    let config = Config::from_key_frame(&obu(ObuType::SEQUENCE_HEADER, &bits(&text))).expect("the same");
    assert_eq!(config.codecs(), "av01.0.12H.10.0.111.09.16.09.0");
    assert_eq!(config.clone().with_frame_rate(25, 1).frame_rate(), Some((25, 1)));
    for cut in 0..text.replace(' ', "").len() / 8 {
        assert!(SequenceHeader::parse(&bits(&text)[..cut]).is_err(), "{cut} bytes");
    }
}

#[test]
fn still_pictures_have_a_short_header() {
    let text = "000 1 1 01000 0111 0111 01111111 01111111 0 11  011  0 0 0 0 00 0 0";
    let header = SequenceHeader::parse(&bits(text)).expect("a still picture");
    assert_eq!(
        (header.reduced_still_picture, header.level, header.width, header.height),
        (true, 8, 128, 128)
    );
    // Its frames begin with other fields.
    let unit = [obu(ObuType::SEQUENCE_HEADER, &bits(text)), obu(ObuType::FRAME, &[0x80])].concat();
    assert_eq!(access(&unit, false), Ok(Access::Key));
}

/// ISO/IEC 14496-12 8.6.2 with section 2.5 of the AV1 binding: the first frame is a key frame and shown, and its sequence header is with it.
#[test]
fn trap_09_of_av1_only_shown_key_frames_with_their_sequence_header_are_sync_samples() {
    // show_existing_frame, frame_type, show_frame.
    let frames = [
        ("0 00 1", Access::Key),
        ("0 00 0", Access::Delayed),
        ("0 01 1", Access::None),
        ("0 10 1", Access::None), // intra-only
        ("0 10 0", Access::None),
        ("0 11 1", Access::Switch),
        ("1 000 0", Access::None),
    ];
    for (text, expected) in frames {
        for kind in [ObuType::FRAME, ObuType::FRAME_HEADER] {
            let frame = obu(kind, &bits(text));
            assert_eq!(access(&frame, false), Ok(expected), "{text}");
            let with_header = [sequence(), &frame].concat();
            let key = Parser::waiting(Format::Av1).parse(with_header.into()).key;
            assert_eq!(key.is_sync(), expected == Access::Key, "{text}");
            // Without the configuration nobody can begin.
            let alone = Parser::waiting(Format::Av1).parse(frame.clone().into());
            assert_eq!((alone.key, alone.config), (Key::No, None));
        }
    }
    // Only the first frame counts: one that is shown behind a hidden key frame does not make it a place to begin.
    let hidden =
        [sequence(), &obu(ObuType::FRAME, &bits("0 00 0")), &obu(ObuType::FRAME, &bits("0 00 1"))].concat();
    assert_eq!(access(&hidden, false), Ok(Access::Delayed));
}

#[test]
fn a_key_frame_without_its_sequence_header_gets_it() {
    let mut parser = Parser::new(&Codec::Av1(config()));
    let key = obu(ObuType::FRAME, &bits("0 00 1"));
    let unit = parser.parse(key.clone().into());
    assert_eq!((unit.key, unit.config), (Key::Closed, None));
    assert_eq!(unit.data, [sequence(), &key].concat());
    let other = obu(ObuType::FRAME, &bits("0 01 1"));
    assert_eq!(parser.parse(other.clone().into()).data, other);
}

/// Section 2.4 of the ISO binding.
#[test]
fn delimiters_and_padding_are_no_part_of_a_sample() {
    let (delimiter, padding) = (obu(ObuType::TEMPORAL_DELIMITER, &[]), obu(ObuType::PADDING, &[0; 200]));
    let key = obu(ObuType::FRAME, &[0x10; 300]);
    let mut parser = Parser::waiting(Format::Av1);
    let whole = Bytes::from([&delimiter, sequence(), &key, &padding].concat());
    let unit = parser.parse(whole.clone());
    assert_eq!(unit.data, [sequence(), &key].concat());
    assert!(std::ptr::eq(unit.data.as_ptr(), &raw const whole[2]), "it stays where it is");
    assert_eq!((unit.key, unit.config), (Key::Closed, Some(Codec::Av1(config()))));
    // Between: what stays is put together.
    let parted =
        [&delimiter, sequence(), &padding, &key, &obu(ObuType::REDUNDANT_FRAME_HEADER, &[1])].concat();
    let parted = [&parted[..], &obu(ObuType::TILE_LIST, &[1])].concat();
    let unit = parser.parse(parted.into());
    assert_eq!((unit.data, unit.config), ([sequence(), &key].concat().into(), None));
    // The last one without its size, as in RTP, gets it; its extension stays.
    let unit = parser.parse([&delimiter, sequence(), &[0x34, 0x08, 0x10, 0x20]].concat().into());
    assert_eq!(unit.data, [sequence(), &[0x36, 0x08, 0x02, 0x10, 0x20]].concat());
    assert_eq!(parser.parse(delimiter.into()).data, Bytes::new());
    assert_eq!(parser.faults().total(), 0);
    // Cut short: what is whole stays.
    let unit = parser.parse([sequence(), &key[..100]].concat().into());
    assert_eq!((unit.data, unit.key), (Bytes::copy_from_slice(sequence()), Key::No));
    assert_eq!(parser.faults().lengths, 1);
}

#[test]
fn another_sequence_header_is_a_new_configuration() {
    let Codec::Av1(known) = Parser::new(&Codec::Av1(config().with_frame_rate(25, 1))).config().unwrap()
    else {
        panic!("AV1")
    };
    let mut parser = Parser::new(&Codec::Av1(known));
    let key = obu(ObuType::FRAME, &bits("0 00 1"));
    assert_eq!(parser.parse([sequence(), &key].concat().into()).config, None);
    let other = b"\x0a\x0b\x00\x00\x00\x24\xc4\xff\xdf\x3f\xfe\x60\x10";
    let Some(Codec::Av1(config)) = parser.parse([&other[..], &key].concat().into()).config else {
        panic!("a new configuration")
    };
    assert_eq!((config.size(), config.frame_rate()), ((640, 480), Some((25, 1))));
}

/// ffprobe: 250 packets, the first of them a key frame; media README: 320x240.
#[test]
fn a_stream_of_libaom_is_read_to_the_end() {
    let Some(file) = media("es/test-25fps.av1.ivf") else { return };
    let mut parser = Parser::waiting(Format::Av1);
    let frames = ivf_frames(&file);
    let units: Vec<_> = frames.iter().map(|frame| parser.parse(frame.clone())).collect();
    let keys: Vec<_> = units.iter().map(|unit| unit.key.is_sync()).collect();
    assert_eq!((keys.len(), keys.iter().filter(|key| **key).count(), keys[0]), (250, 1, true));
    for (unit, frame) in units.iter().zip(&frames) {
        assert_eq!(unit.data, frame.slice(2..), "all but the delimiter");
    }
    assert_eq!((parser.config().unwrap().size(), parser.faults().total()), (Some((320, 240)), 0));
}
