//! What packagers get wrong about codecs, by the numbers the project gives these traps.

use bytes::Bytes;

use super::media_test::{boxes, join, media};
use super::*;
use crate::bits::BitWriter;

/// "Encapsulation of Opus in ISO Base Media File Format" 4.3.2 against RFC 7845 section 5.1: the same fields, big-endian and little-endian, and the
/// pre-skip counts 48 kHz in both, whatever the input rate is.
#[test]
fn trap_06_dops_is_big_endian_and_opus_head_little_endian() {
    let head = b"OpusHead\x01\x02\x38\x01\x44\xac\x00\x00\x00\x01\x00";
    let dops = [0, 2, 0x01, 0x38, 0x00, 0x00, 0xac, 0x44, 0x01, 0x00, 0];
    let config = opus::Config::from_head(head).expect("a head");
    assert_eq!(
        (config.pre_skip(), config.sample_rate()),
        (312, 48_000),
        "44.1 kHz is only where it came from"
    );
    assert_eq!((&config.dops()[..], &config.head()[..]), (&dops[..], &head[..]));
    assert_eq!(opus::Config::from_dops(&dops), Ok(config));
    // A head copied into the box, as a packager has done: what is read of it is what it says, 14337 samples, not what was meant.
    let copied = [&[0], &head[9..]].concat();
    assert_eq!(opus::Config::from_dops(&copied).expect("fields").pre_skip(), 0x3801);
}

/// ISO/IEC 14496-12 8.6.2 and Annex I: what decodes by itself with all behind it; not the intra-only frames of VP9, which leave frames from before in
/// use, nor an access point that is whole only later.
#[test]
fn trap_09_intra_pictures_are_no_sync_samples_by_themselves() {
    let vp9 = |text: &str| {
        let mut bits = BitWriter::default();
        text.chars().filter(|bit| *bit != ' ').for_each(|bit| bits.bit(bit == '1'));
        Parser::waiting(Format::Vp9).parse(bits.finish()).key
    };
    let (sync, size) = (format!("{:024b}", 0x49_83_42), format!("{:016b}{:016b}", 319, 239));
    // Frame marker, profile, show_existing_frame, frame_type, show_frame, error_resilient_mode.
    assert_eq!(vp9(&format!("10 00 0 0 1 0 {sync} 000 0 {size}")), Key::Closed);
    assert_eq!(vp9(&format!("10 00 0 1 0 0 1 00 {sync} 11111111 {size}")), Key::No, "hidden and intra-only");
    assert_eq!(vp9("10 00 1 000"), Key::No, "one from before shown again");
    // H.265 by NAL unit type: IDR, CRA (RASL pictures may follow), a trailing picture of I slices.
    let h265 = |kind: u8| Parser::waiting(Format::H265).parse(join([&[kind << 1, 1, 0x80, 0x80][..]])).key;
    assert_eq!([19, 20, 21, 1].map(h265), [Key::Closed, Key::Closed, Key::Open, Key::No]);
    let h264 = |nals: &[&[u8]]| Parser::waiting(Format::H264).parse(join(nals)).key;
    let (idr, other): (&[u8], &[u8]) = (b"\x65\x88\x84\x3a", b"\x61\x88\x84\x3a");
    // A recovery point in eleven pictures, D.2.8.
    let recovery: &[u8] = &[6, 6, 2, 0b0001_1001, 0b0000_1000, 0x80];
    assert_eq!([h264(&[idr]), h264(&[other])], [Key::Closed, Key::No]);
    assert_eq!(h264(&[recovery, other]), Key::Roll { pictures: 11 });
    assert!(!Key::Roll { pictures: 11 }.is_sync() && Key::Roll { pictures: 11 }.is_random_access());
}

/// RFC 6381 and ISO/IEC 14496-15 Annex E: of real files, put together here from the bytes of their records.
#[test]
fn trap_15_codecs_strings_say_what_the_records_say() {
    let files = [
        "mp4/sample.mp4",
        "mp4/test.mp4",
        "mp4/h265_bframes.mp4",
        "mp4/hlg10-color-test.mp4",
        "mp4/offline_h265.mp4",
    ];
    for (name, file) in files.into_iter().filter_map(|name| Some((name, media(name)?))) {
        for record in boxes(&file, b"avcC", 0) {
            let expected = format!("avc1.{:02x}{:02x}{:02x}", record[1], record[2], record[3]);
            assert_eq!(h264::Config::from_record(&record).expect(name).codecs(), expected, "{name}");
        }
        for record in boxes(&file, b"hvcC", 0) {
            assert_eq!(h265::Config::from_record(&record).expect(name).codecs(), hvc1(&record), "{name}");
        }
    }
}

/// E.3: profile space and profile, compatibility flags in reverse order, tier and level, constraint bytes without those at the end that are zero.
fn hvc1(record: &Bytes) -> String {
    let space = ["", "A", "B", "C"][usize::from(record[1] >> 6)];
    let tier = if record[1] & 0x20 == 0 { 'L' } else { 'H' };
    let flags = u32::from_be_bytes(record[2..6].try_into().expect("four bytes")).reverse_bits();
    let mut text = format!("hvc1.{space}{}.{flags:X}.{tier}{}", record[1] & 0x1f, record[12]);
    let constraints = &record[6..12];
    let last = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    constraints[..last].iter().for_each(|byte| text += &format!(".{byte:X}"));
    text
}

#[test]
fn trap_15_codecs_strings_of_what_has_no_record_or_a_short_one() {
    let aac = |asc: &[u8]| Config::Aac(aac::Config::from_asc(asc).expect("a configuration"));
    let mp3 = |header: u32| Config::Mp3(mp3::Config::from_frame(&header.to_be_bytes()).expect("a header"));
    let mut parts = vp9::Parts::new(1280, 720);
    let plain = Config::Vp9(vp9::Config::from_parts(parts.clone()).expect("profile 0"));
    parts.colour = Some(Colour { primaries: 9, transfer: 16, matrix: 9, full_range: true });
    let cases = [
        (plain, "vp09.00.31.08"),
        (Config::Vp9(vp9::Config::from_parts(parts).expect("profile 0")), "vp09.00.31.08.01.09.16.09.01"),
        (aac(&[0x11, 0x90]), "mp4a.40.2"),
        (aac(&[0x2b, 0x11, 0x88, 0x00]), "mp4a.40.5"),
        (aac(&[0xeb, 0x09, 0x88, 0x00]), "mp4a.40.29"),
        (mp3(0xfffb_9064), "mp4a.40.34"),
        (mp3(0xfffd_8004), "mp4a.40.33"),
        (Config::Opus(opus::Config::new(2).expect("stereo")), "opus"),
        (Config::Ac3(ac3::Config::from_record(&[0x10, 0x3d, 0xe0]).expect("5.1")), "ac-3"),
        (Config::Eac3(ac3::EnhancedConfig::from_record(&[7, 0xc0, 0x20, 0x0f, 0]).expect("5.1")), "ec-3"),
    ];
    for (config, expected) in cases {
        assert_eq!(config.codecs(), expected);
    }
}
