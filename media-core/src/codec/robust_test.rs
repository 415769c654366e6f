//! Every parser with every input: arbitrary bytes, real parameter sets with bits flipped, and the corpora of another project's fuzzers.

use bytes::Bytes;
use proptest::prelude::*;

use super::media_test::{boxes, media, media_files};
use super::parser_test::{FORMATS, check_records};
use super::{Config, Format, Parser, aac, ac3, annexb, av1, flac, h264, h265, mp3, opus, vorbis, vp8, vp9};

/// Feeds `data` to everything that reads bytes, and checks what comes out where something does.
fn feed(data: &[u8]) {
    let bytes = || Bytes::copy_from_slice(data);
    let read = [
        h264::Config::from_record(data).ok().map(Config::H264),
        h265::Config::from_record(data).ok().map(Config::H265),
        vp8::Config::from_key_frame(data).ok().map(Config::Vp8),
        vp9::Config::from_key_frame(data).ok().map(Config::Vp9),
        aac::Config::from_asc(data).ok().map(Config::Aac),
        opus::Config::from_head(data).ok().map(Config::Opus),
        opus::Config::from_dops(data).ok().map(Config::Opus),
        av1::Config::from_record(data).ok().map(Config::Av1),
        av1::Config::from_key_frame(data).ok().map(Config::Av1),
        vorbis::Config::from_record(data).ok().map(Config::Vorbis),
        flac::Config::from_record(data).ok().map(Config::Flac),
        flac::Config::from_private(data).ok().map(Config::Flac),
        mp3::Config::from_frame(data).ok().map(Config::Mp3),
        ac3::Config::from_record(data).ok().map(Config::Ac3),
        ac3::Config::from_frame(data).ok().map(Config::Ac3),
        ac3::EnhancedConfig::from_record(data).ok().map(Config::Eac3),
        ac3::EnhancedConfig::from_unit(data).ok().map(Config::Eac3),
    ];
    read.iter().flatten().for_each(check_records);
    let _ = (h264::Sps::parse(data), h264::Pps::parse(data), h264::SliceHeader::pps_id(data));
    let _ = (h265::Vps::parse(data), h265::Sps::parse(data), h265::Pps::parse(data));
    let _ = (vp9::Header::parse(data), vp9::frames(data).count());
    let _ = (av1::access(data, false), av1::SequenceHeader::parse(data), mp3::Header::parse(data));
    let _ = (flac::frame_samples(data), ac3::frame_length(data));
    let _ = aac::LatmReader::default().read(data).map(|frames| assert!(frames.len() <= 64));
    let _ = aac::loas_elements(data).count();
    assert!(aac::adts_frames(data).count() <= data.len() / 7 + 1);
    assert!(
        opus::packet_samples(data).is_ok_and(|samples| samples <= 5760)
            || opus::packet_samples(data).is_err()
    );
    let prefixed = annexb::to_length_prefixed(data);
    for format in FORMATS {
        let mut parser = Parser::waiting(format);
        parser.parse(bytes());
        parser.parse(prefixed.clone());
        if let Some(config) = parser.config() {
            check_records(&config);
        }
    }
}

#[test]
fn corpora_of_other_fuzzers_are_read_or_refused() {
    let folders = [
        "codecs_h264_FuzzAVCCUnmarshal",
        "codecs_h264_FuzzAnnexBUnmarshal",
        "codecs_h264_FuzzDTSExtractor",
        "codecs_h264_FuzzSPSUnmarshal",
        "codecs_h265_FuzzDTSExtractor",
        "codecs_h265_FuzzPPSUnmarshal",
        "codecs_h265_FuzzSPSUnmarshal",
        "codecs_mpeg4audio_FuzzADTSUnmarshal",
        "codecs_mpeg4audio_FuzzAudioMuxElementUnmarshal",
        "codecs_mpeg4audio_FuzzAudioSpecificConfigUnmarshal",
        "codecs_opus_FuzzIDHeaderUnmarshal",
        "codecs_opus_FuzzPacketDuration",
        "codecs_vp9_FuzzHeaderUnmarshal",
    ];
    for folder in folders {
        for (_, data) in media_files(&format!("fuzz/mediacommon/{folder}")) {
            feed(&data);
            // Inputs for sets come with or without the NAL unit header that ours have.
            feed(&[&[0x67], &data[..]].concat());
            feed(&[&[0x42, 0x01], &data[..]].concat());
            feed(&[&[0x44, 0x01], &data[..]].concat());
        }
    }
}

/// Numbers that look random and are the same every time.
fn numbers(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    }
}

/// Real records with one to four bits flipped, bytes replaced, or cut short.
#[test]
fn mutated_records_never_panic() {
    let files = [
        "mp4/sample.mp4",
        "mp4/bt601.mov",
        "mp4/test.mp4",
        "mp4/h265_bframes.mp4",
        "mp4/hlg10-color-test.mp4",
    ];
    let mut number = numbers(1);
    for file in files.into_iter().filter_map(media) {
        let records = boxes(&file, b"avcC", 0).into_iter().chain(boxes(&file, b"hvcC", 0));
        for record in records {
            for _ in 0..5000 {
                feed_mutated(&record, &mut number);
            }
        }
    }
}

fn feed_mutated(record: &[u8], number: &mut impl FnMut(usize) -> usize) {
    let mut data = record.to_vec();
    for _ in 0..=number(4) {
        let at = number(data.len());
        match number(3) {
            0 => data[at] = number(256) as u8,
            _ => data[at] ^= 1 << number(8),
        }
    }
    if number(8) == 0 {
        data.truncate(number(data.len()));
    }
    for config in [
        h264::Config::from_record(&data).ok().map(Config::H264),
        h265::Config::from_record(&data).ok().map(Config::H265),
    ] {
        config.iter().for_each(check_records);
    }
}

/// Real records and beginnings of access units: `av1C`, a temporal unit, `dfLa`, `fLaC`, frames of FLAC and MPEG audio, `dac3` and `dec3` and their
/// frames.
const SHORT: [&[u8]; 11] = [
    b"\x81\x00\x4c\x00\x0a\x0d\0\0\0\x02\xaf\xff\x9b\x5f\x2a\x12\x20\x12\x08",
    b"\x12\0\x0a\x0b\0\0\0\x04\x3c\xff\xbd\xff\xf9\x80\x40\x32\x0a\x10\0\xb4\0\0\0\0\0\0\0\x0f\x02\0\0",
    b"\x80\0\0\x22\x20\0\x20\0\0\x03\x1b\0\x08\x93\x17\x70\0\xf0\0\0\x4b\0\x6b\xb3\x62\x8b\x76\x19\xc2\x3d\x0d\0\x23\xa4\x38\x1f\x1a\x48",
    b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\x0e\0\x10\0\x0a\xc4\x42\xf0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\xff\xf8\xdb\x08\x00\xe1\x4e\0\0",
    b"\xff\xfb\x90\x64\0\0",
    b"\x10\x3d\xe0",
    b"\x0b\x77\x38\x90\x0c\x40\x43\xe1\x06\xf0",
    b"\x07\xc0\x20\x0f\x00\x01\x10",
    b"\x01\x00\x20\x0f\x02\x02",
    b"\x0b\x77\x00\x0a\x34\x87\xc0\x00\x20\xfc\x21\x08\x30\xc0\x00\x06\x06\x06\x01\x81\x81\x86",
];

#[test]
fn prefixes_and_single_bits_never_panic() {
    for seed in SHORT {
        (0..seed.len()).for_each(|cut| feed(&seed[..cut]));
        for bit in 0..seed.len() * 8 {
            let mut data = seed.to_vec();
            data[bit / 8] ^= 1 << (bit % 8);
            feed(&data);
        }
    }
}

/// Real sets with bits flipped, each followed by slices of the stream that the sets belong to.
#[test]
fn mutated_streams_never_panic() {
    let mut number = numbers(2);
    for (name, format) in [
        ("es/64x64-I-P-B-P-high.h264", Format::H264),
        ("es/MR1_BT_A.h264", Format::H264),
        ("es/CVFC1_Sony_C.jsv", Format::H264),
        ("es/bear.h265", Format::H265),
    ] {
        let Some(stream) = media(name) else { continue };
        // Headers are in the first bytes; slices need not be whole.
        let nals: Vec<&[u8]> = annexb::nals(&stream).take(40).map(|nal| &nal[..nal.len().min(60)]).collect();
        for _ in 0..300 {
            let mut parser = Parser::waiting(format);
            for nal in &nals {
                let mut nal = nal.to_vec();
                for _ in 0..number(3) {
                    let at = number(nal.len());
                    nal[at] ^= 1 << number(8);
                }
                parser.parse(super::media_test::join([nal]));
                if let Some(config) = parser.config() {
                    check_records(&config);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
        feed(&data);
    }

    /// Few different bytes make long zero runs, start codes and plausible numbers.
    #[test]
    fn plain_bytes_never_panic(data in prop::collection::vec(prop::sample::select(&[0_u8, 1, 3, 0x80, 0xff][..]), 0..120)) {
        let heads: [&[u8]; 12] = [
            &[], &[0x67, 100, 0, 31], &[0x42, 1], &[0x40, 1], &[0x44, 1], &[0x68], &[1, 100, 0, 31, 0xff],
            &[0x81, 0, 0, 0, 0x0a], &[0x12, 0, 0x0a, 9], &[0x0b, 0x77], &[0xff, 0xf8], &[0x80, 0, 0, 0x22],
        ];
        for head in heads {
            feed(&[head, &data].concat());
        }
    }
}
