//! AC-3 and E-AC-3: frames and records of ffmpeg's encoders, frames of a real file, and what they do not write, by hand after ETSI TS 102 366.

use super::eac3::enhanced_samples;
use super::*;
use crate::bits::BitWriter;
use crate::codec::media_test::{boxes, media};
use crate::codec::{Config as Codec, Format, Parser};

/// `data` and zeros up to `length`.
fn padded(data: &[u8], length: usize) -> Vec<u8> {
    let mut out = data.to_vec();
    out.resize(length, 0);
    out
}

#[test]
fn frames_of_ac3_say_what_their_record_says() {
    // Frame, record; samples per second, channels, bits per second, bytes of a frame.
    let cases: [(&[u8], &[u8], _); 2] = [
        (b"\x0b\x77\x38\x90\x0c\x40\x43\xe1", b"\x10\x10\xc0", (48_000, 2, 96_000, 384)),
        (b"\x0b\x77\xab\xaa\x54\x40\xeb\xf8", b"\x50\x3d\x40", (44_100, 6, 192_000, 834)),
    ];
    for (frame, record, expected) in cases {
        let config = Config::from_frame(frame).expect("a frame");
        assert_eq!(Config::from_record(record).as_ref(), Ok(&config));
        assert_eq!(&config.record()[..], record);
        let length = frame_length(frame).expect("a frame");
        assert_eq!((config.sample_rate(), config.channels(), config.bit_rate(), length), expected);
        assert_eq!((config.samples_per_frame(), &config.codecs()[..]), (1536, "ac-3"));
    }
    // An odd frame size code at 44.1 kHz is a word more.
    assert_eq!(frame_length(b"\x0b\x77\xab\xaa\x55\x40\xeb\xf8"), Ok(836));
    // Half the rates, as decoders read bsid 9.
    let half = Config::from_frame(b"\x0b\x77\x38\x90\x0c\x48\x43\xe1").expect("a frame");
    assert_eq!((half.sample_rate(), half.bit_rate()), (24_000, 48_000));
}

#[test]
fn what_is_no_ac3_is_refused() {
    assert_eq!(Config::from_frame(b"\x77\x0b\x90\x38\x0c\x40\x43\xe1"), Err(Error::Sync(0x770b)));
    assert_eq!(Config::from_frame(b"\x0b\x77\0\0\x0c\x80\x43\xe1"), Err(Error::Bsid(16)));
    assert_eq!(
        Config::from_frame(b"\x0b\x77\0\0\xcc\x40\x43\xe1"),
        Err(Error::Reserved { fscod: 3, frame_size: 12 })
    );
    assert_eq!(
        Config::from_frame(b"\x0b\x77\0\0\x26\x40\x43\xe1"),
        Err(Error::Reserved { fscod: 0, frame_size: 38 })
    );
    assert_eq!(Config::from_record(b"\x10\x10"), Err(Error::End));
    assert_eq!(Config::from_record(b"\x16\x10\xc0"), Err(Error::Bsid(11)));
}

/// ffprobe: 48 kHz, 6 channels.
#[test]
fn a_file_of_ac3_is_frames_from_end_to_end() {
    for (name, packets) in [("mp4/sample_ac3.mp4", 9), ("fmp4/sample_ac3_fragmented.mp4", 9)] {
        let Some(file) = media(name) else { continue };
        let record = boxes(&file, b"dac3", 0).remove(0);
        let config = Config::from_record(&record).expect(name);
        assert_eq!((config.record(), config.sample_rate(), config.channels()), (record, 48_000, 6));
        let data = boxes(&file, b"mdat", 0).remove(0);
        let mut parser = Parser::new(&Codec::Ac3(config));
        let (mut at, mut frames) = (0, 0);
        while at < data.len() {
            let length = frame_length(&data[at..]).expect(name);
            let unit = parser.parse(data.slice(at..at + length));
            assert_eq!((unit.samples, unit.config), (Some(1536), None), "{name}: the record says the same");
            (at, frames) = (at + length, frames + 1);
        }
        assert_eq!((frames, parser.faults().total()), (packets, 0), "{name}");
    }
}

/// A frame of ffmpeg's: 48 kHz, stereo, 96 kbit/s; and of 5.1 at 44.1 kHz, 192 kbit/s.
const STEREO: &[u8] = b"\x0b\x77\x00\xbf\x34\x87\xc0\x00\x20\xfc\x21\x08\x30\xc0\x00\x06";
const SURROUND: &[u8] = b"\x0b\x77\x01\xa0\x7f\x87\xc0\x00\x20\xf8\x20\x00\x20\x04\x00\x00\x3f\x21";

#[test]
fn units_of_enhanced_ac3_say_what_their_record_says() {
    let cases: [(&[u8], usize, &[u8], _); 2] = [
        (STEREO, 384, b"\x03\x00\x20\x04\x00", (48_000, 2, 96)),
        (SURROUND, 834, b"\x06\x00\x60\x0f\x00", (44_100, 6, 192)),
    ];
    for (frame, length, record, expected) in cases {
        let unit = padded(frame, length);
        let config = EnhancedConfig::from_unit(&unit).expect("a unit");
        assert_eq!(&EnhancedConfig::from_record(record).expect("a record").record()[..], record);
        // ffmpeg rounds up what is 191.5.
        let rate = config.data_rate();
        assert!((expected.2 - 1..=expected.2).contains(&rate), "{rate}");
        assert_eq!(config.record()[2..], record[2..]);
        assert_eq!((config.sample_rate(), config.channels()), (expected.0, expected.1));
        assert_eq!((enhanced_samples(&unit), &config.codecs()[..]), (Ok(1536), "ec-3"));
        assert_eq!(EnhancedConfig::from_unit(&unit[..length - 1]), Err(Error::End));
        let mut parser = Parser::new(&Codec::Eac3(EnhancedConfig::from_record(record).unwrap()));
        let parsed = parser.parse(unit.into());
        assert_eq!((parsed.samples, parsed.config, parser.faults().total()), (Some(1536), None, 0));
    }
}

/// What a frame by hand says: E.1.2.2.
struct Made {
    kind: u32,
    id: u32,
    /// `numblkscod`.
    blocks: u32,
    acmod: u32,
    lfe: bool,
    chanmap: Option<u32>,
    bsmod: Option<u32>,
    objects: Option<u32>,
}

const MADE: Made =
    Made { kind: 0, id: 0, blocks: 3, acmod: 7, lfe: true, chanmap: None, bsmod: None, objects: None };

/// A frame of 64 bytes at 48 kHz, with all mixing and programme information where `bsmod` is given.
fn made(frame: &Made) -> Vec<u8> {
    let Made { kind, id, blocks, acmod, lfe, chanmap, bsmod, objects } = *frame;
    let mut bits = BitWriter::default();
    bits.bits(0x0b77, 16);
    bits.bits(kind, 2);
    bits.bits(id, 3);
    bits.bits(31, 11);
    bits.bits(0, 2);
    bits.bits(blocks, 2);
    bits.bits(acmod, 3);
    bits.bit(lfe);
    bits.bits(16, 5);
    for _ in 0..if acmod == 0 { 2 } else { 1 } {
        bits.bits(0b11_1111, 6); // dialnorm, compre
        bits.bits(0xa5, 8);
    }
    if kind == 1 {
        bits.bit(chanmap.is_some());
        chanmap.iter().for_each(|map| bits.bits(*map, 16));
    }
    bits.bit(bsmod.is_some());
    if bsmod.is_some() {
        mixing(&mut bits, frame);
    }
    bits.bit(bsmod.is_some());
    if let Some(bsmod) = bsmod {
        bits.bits(bsmod << 2 | 0b11, 5);
        bits.bits(0xf, if acmod == 2 { 4 } else { 0 });
        bits.bits(0x3, if acmod >= 6 { 2 } else { 0 });
        for _ in 0..if acmod == 0 { 2 } else { 1 } {
            bits.bits(0x1ff, 9); // audprodie, mixlevel, roomtyp, adconvtyp
        }
        bits.bit(true); // sourcefscod
    }
    if kind == 0 && blocks != 3 {
        bits.bit(true); // convsync
    }
    if kind == 2 {
        bits.bits(if blocks == 3 { 0x3f } else { 0x7f }, if blocks == 3 { 6 } else { 7 });
    }
    bits.bit(objects.is_some());
    if let Some(index) = objects {
        bits.bits(1, 6); // addbsil: two bytes
        bits.bits(1, 8);
        bits.bits(index, 8);
    }
    padded(&bits.finish(), 64)
}

fn mixing(bits: &mut BitWriter, frame: &Made) {
    let Made { kind, blocks, acmod, lfe, .. } = *frame;
    bits.bits(0x3, if acmod > 2 { 2 } else { 0 });
    bits.bits(0x3f, if acmod > 2 && acmod & 1 == 1 { 6 } else { 0 });
    bits.bits(0x3f, if acmod & 4 != 0 { 6 } else { 0 });
    bits.bits(0x3f, if lfe { 6 } else { 0 }); // lfemixlevcode, lfemixlevcod
    if kind != 0 {
        return;
    }
    for _ in 0..if acmod == 0 { 2 } else { 1 } {
        bits.bits(0x7f, 7); // pgmscle, pgmscl
    }
    bits.bits(0x7f, 7); // extpgmscle, extpgmscl
    bits.bits(0b110_0001, 7); // mixdef 3, mixdeflen 1: three bytes
    bits.bits(0xff_ffff, 24);
    for _ in 0..[2, 1].get(acmod as usize).copied().unwrap_or(0) {
        bits.bits(0x7fff, 15); // paninfoe, panmean, reserved
    }
    bits.bit(true); // frmmixcfginfoe
    let blocks = [1, 2, 3, 6][blocks as usize];
    for _ in 0..blocks {
        bits.bits(0x3f, if blocks == 1 { 5 } else { 6 });
    }
}

#[test]
fn everything_before_the_objects_is_passed_over() {
    for acmod in 0..8 {
        for (kind, blocks) in [(0, 3), (0, 0), (0, 1), (2, 3), (2, 2)] {
            let frame = Made { kind, blocks, acmod, bsmod: Some(5), objects: Some(16), ..MADE };
            let config = EnhancedConfig::from_unit(&made(&frame)).expect("a unit");
            assert_eq!(config.object_complexity(), Some(16), "{acmod} {kind} {blocks}");
            assert_eq!(config.substreams()[0].bsmod, 5);
            // dec3: flag_ec3_extension_type_a and complexity_index_type_a behind the substreams.
            let record = config.record();
            assert_eq!((record.len(), &record[5..]), (7, &[1, 16][..]));
            assert_eq!(EnhancedConfig::from_record(&record).as_ref(), Ok(&config));
        }
        let none = EnhancedConfig::from_unit(&made(&Made { acmod, ..MADE })).expect("a unit");
        assert_eq!((none.object_complexity(), none.record().len()), (None, 5));
    }
}

#[test]
fn dependent_substreams_add_their_channels() {
    // 7.1: a dependent substream with the rear pair, chanmap 0x0200 by the most significant bit first.
    let dependent = Made { kind: 1, acmod: 2, lfe: false, chanmap: Some(0x0200), ..MADE };
    let unit = [made(&MADE), made(&dependent)].concat();
    let config = EnhancedConfig::from_unit(&unit).expect("a unit");
    let [first] = config.substreams() else { panic!("one programme") };
    assert_eq!((first.dependents, first.locations, config.channels()), (1, 0b10, 8));
    // 128 bytes in 32 ms, one independent substream; 16, complete main, 5.1; one dependent, Lrs/Rrs.
    assert_eq!(&config.record()[..], [0x01, 0x00, 0x20, 0x0f, 0x02, 0x02]);
    assert_eq!(EnhancedConfig::from_record(&config.record()).as_ref(), Ok(&config));
    assert_eq!(enhanced_samples(&unit), Ok(1536));
    // Every location: five pairs and four single channels.
    let dependent = Made { chanmap: Some(0x07fa), ..dependent };
    let config = EnhancedConfig::from_unit(&[made(&MADE), made(&dependent)].concat()).expect("a unit");
    assert_eq!((config.substreams()[0].locations, config.channels()), (0x1ff, 6 + 14));
}

#[test]
fn short_frames_and_programmes_are_counted_apart() {
    // Six frames of one block each, and a second programme.
    let short = made(&Made { blocks: 0, ..MADE });
    let unit = short.repeat(6);
    assert_eq!(enhanced_samples(&unit), Ok(1536));
    let config = EnhancedConfig::from_unit(&unit).expect("a unit");
    assert_eq!((config.substreams().len(), config.data_rate()), (1, 96));
    let second = made(&Made { id: 1, acmod: 1, lfe: false, ..MADE });
    let unit = [made(&MADE), second.clone()].concat();
    let config = EnhancedConfig::from_unit(&unit).expect("a unit");
    assert_eq!((config.substreams().len(), config.channels(), enhanced_samples(&unit)), (2, 6, Ok(1536)));
    assert_eq!(EnhancedConfig::from_record(&config.record()).as_ref(), Ok(&config));
    // It has to begin with the first.
    assert_eq!(EnhancedConfig::from_unit(&second), Err(Error::Substream { kind: 0, id: 1 }));
    assert_eq!(enhanced_samples(&second), Err(Error::End));
    assert_eq!(EnhancedConfig::from_unit(&[]), Err(Error::End));
}

#[test]
fn other_channels_are_a_new_configuration_and_another_rate_is_none() {
    let mut parser = Parser::waiting(Format::Eac3);
    assert!(parser.parse(padded(STEREO, 384).into()).config.is_some());
    let longer = [&STEREO[..2], &[0x00, 0xff], &STEREO[4..]].concat();
    assert!(parser.parse(padded(&longer, 512).into()).config.is_none());
    assert!(parser.parse(made(&MADE).into()).config.is_some());
    let mut parser = Parser::waiting(Format::Ac3);
    assert!(parser.parse(Bytes::from_static(b"\x0b\x77\x38\x90\x0c\x40\x43\xe1")).config.is_some());
    assert_eq!(parser.parse(Bytes::from_static(b"\x0b\x77")).samples, None);
    assert_eq!(parser.faults().frames, 1);
}
