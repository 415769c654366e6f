//! LATM by hand after ISO/IEC 14496-3 1.7, and back and forth with every kind of configuration. ffmpeg reads it in `tests/codecs` and `tests/accept`.

#![allow(clippy::unusual_byte_groupings, reason = "bits are grouped by field")]

use super::*;

/// AAC-LC, 44.1 kHz, mono: sync word, length, configuration, a frame of six bytes.
#[test]
fn elements_are_laid_out_as_the_standard_has_them() {
    let config = Config::from_asc(&[0x12, 0x08]).expect("AAC-LC");
    let written = config.loas(&[0xde, 0x02, 0x00, 0x4c, 0x61, 0x76]).expect("short");
    // 0x2b7 and 13 bytes; 0 0 1 and 13 zeros; the configuration; 000 11111111 0 0, 00000110, then the frame, three bits off.
    let expected =
        [0x56, 0xe0, 0x0d, 0x20, 0x00, 0x12, 0x08, 0x1f, 0xe0, 0x36, 0xf0, 0x10, 0x02, 0x63, 0x0b, 0xb0];
    assert_eq!(written, expected[..]);
    assert_eq!(config.loas_len(6), expected.len());
}

#[test]
fn every_configuration_comes_back_with_its_frames() {
    let configurations: [&[u8]; 7] = [
        &[0x11, 0x90],
        &[0x11, 0x94],                               // 960 samples
        &[0x17, 0x80, 0x18, 0x1c, 0x90],             // 12 345 Hz, which ADTS cannot say
        &[0x2b, 0x11, 0x88, 0x00],                   // HE-AAC
        &[0xeb, 0x09, 0x88, 0x00],                   // HE-AAC v2
        &[0x13, 0x10, 0x56, 0xe5, 0x9d, 0x48],       // HE-AAC, backward compatible, cut off
        &[0x13, 0x10, 0x56, 0xe5, 0x9d, 0x48, 0x80], // HE-AAC v2, backward compatible
    ];
    for asc in configurations {
        let config = Config::from_asc(asc).expect("a configuration");
        for length in [0, 1, 254, 255, 256, 510, 700, 6000] {
            let payload: Vec<u8> = (0..length).map(|n| (n * 7) as u8).collect();
            let written = config.loas(&payload).expect("it fits");
            assert_eq!(written.len(), config.loas_len(payload.len()));
            let elements: Vec<_> = loas_elements(&written).collect::<Result<_, _>>().expect("elements");
            let [element] = elements[..] else { panic!("one element") };
            let mut reader = LatmReader::default();
            assert_eq!(reader.read(element).expect("a frame"), [payload]);
            let read = reader.config().expect("a configuration");
            assert_eq!((read.codecs(), read.sample_rate()), (config.codecs(), config.sample_rate()));
            assert_eq!(
                (read.channels(), read.samples_per_frame()),
                (config.channels(), config.samples_per_frame())
            );
        }
        assert!(matches!(config.loas(&[0; 8190]), Err(Error::LatmFrame(8192..))));
    }
}

/// An element of version 0 does not say how long its configuration is, so nobody looks for an extension behind the core's (1.6.2.1,
/// `bits_to_decode()`); ffmpeg took it for the frame. SBR and PS are told before the core, their absence not at all.
#[test]
fn nothing_stands_behind_the_cores_configuration() {
    let pairs: [(&[u8], &[u8]); 4] = [
        (&[0x12, 0x08, 0x56, 0xe5, 0x00], &[0x12, 0x08]),
        (&[0x13, 0x10, 0x56, 0xe5, 0x9d, 0x48, 0x00], &[0x2b, 0x11, 0x88, 0x00]),
        (&[0x13, 0x10, 0x56, 0xe5, 0x9d, 0x48, 0x80], &[0xeb, 0x11, 0x88, 0x00]),
        // A rate without an index.
        (&[0x13, 0x10, 0x56, 0xe5, 0xf8, 0x01, 0x81, 0xc8], &[0x2b, 0x17, 0x80, 0x18, 0x1c, 0x88, 0x00]),
    ];
    for (behind, before) in pairs {
        let [behind, before] = [behind, before].map(|asc| Config::from_asc(asc).expect("a configuration"));
        assert_eq!(behind.loas(&[1, 2, 3]), before.loas(&[1, 2, 3]));
        assert_eq!(behind.loas_len(3), before.loas_len(3));
    }
}

#[test]
fn an_element_may_refer_to_the_one_before() {
    let config = Config::from_asc(&[0x11, 0x90]).expect("AAC-LC");
    let first = config.loas(&[1, 2]).expect("short");
    // useSameStreamMux, two bytes, and the same one bit off.
    let second = [0x56, 0xe0, 0x04, 0x81, 0x01, 0x81, 0x80];
    let both = [&first[..], &second].concat();
    let mut reader = LatmReader::default();
    assert_eq!(reader.read(&second[3..]), Err(Error::Latm("no configuration so far")));
    let frames: Vec<_> = loas_elements(&both).map(|element| reader.read(element.unwrap()).unwrap()).collect();
    assert_eq!(frames, [[&[1_u8, 2][..]], [&[3, 3]]].map(|frames| frames.map(Bytes::from).to_vec()));
    // Version 1 with lengths, two frames in an element, other data and a checksum.
    let mut bits = BitWriter::default();
    bits.bits(0b0_1_0, 3);
    bits.bits(0b00_00000000, 10); // taraBufferFullness
    bits.bits(0b1_000001_0000_000, 14);
    bits.bits(20, 10); // ascLen
    bits.bits(0x1190_f, 20); // four bits to fill up
    bits.bits(0b000_11111111, 11);
    bits.bits(0b1_00_00000100_1_10101010, 20); // four bits of other data, a checksum
    bits.bits(0x01_aa_01_bb, 32);
    bits.bits(0xf, 4);
    let element = bits.finish();
    assert_eq!(reader.read(&element).expect("two frames"), [&[0xaa][..], &[0xbb]]);
    assert_eq!(reader.config(), Some(&config));
    // A configuration that cannot be read is in force all the same: several programs.
    assert_eq!(
        reader.read(&[0b0_0_1_00000, 0b0_0001_000, 0]),
        Err(Error::Latm("several programs or layers"))
    );
    assert_eq!(reader.read(&second[3..]), Err(Error::Latm("no configuration so far")));
}

#[test]
fn no_prefix_and_no_bit_makes_it_panic() {
    let config = Config::from_asc(&[0x13, 0x10, 0x56, 0xe5, 0x9d, 0x48]).expect("HE-AAC");
    let written = config.loas(&[0x21; 300]).expect("it fits");
    for cut in 0..written.len() {
        assert!(loas_elements(&written[..cut]).all(|element| element.is_err()) || cut == 0);
        let mut reader = LatmReader::default();
        assert!(reader.read(&written[3..cut.max(3)]).is_err());
    }
    for bit in 0..160 {
        let mut flipped = written[3..].to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let read = LatmReader::default().read(&flipped);
        assert!(read.is_err() || read.is_ok_and(|frames| frames.len() <= 64));
    }
}
