//! Payloads that mean nothing but say of themselves what the packets around them say: codec, and whether decoding can start.

use bytes::Bytes;
use media_core::codec::{Config, Key, aac, ac3, av1, flac, h264, mp3, opus, vp8, vp9};

use crate::made_up;

/// Every codec that MP4 can hold. The first five are of pictures.
pub(crate) const CODECS: usize = 11;
pub(crate) const PICTURES: usize = 5;

/// What a decoder is told of the codec with that number.
pub(crate) fn config(codec: usize) -> Config {
    let read = "a configuration";
    match codec {
        0 => {
            let sets = [made_up::SPS, made_up::PPS].map(Bytes::from_static);
            Config::H264(h264::Config::from_parameter_sets(&sets[..1], &sets[1..]).expect(read))
        }
        1 => made_up::h265(1).codec,
        2 => Config::Vp8(vp8::Config::new(16, 16).expect(read)),
        3 => Config::Vp9(vp9::Config::from_key_frame(VP9_KEY).expect(read)),
        4 => Config::Av1(av1::Config::from_record(AV1_RECORD).expect(read)),
        5 => Config::Aac(aac::Config::new(44_100, 2).expect(read)),
        6 => Config::Opus(opus::Config::new(2).expect(read)),
        7 => Config::Flac(flac::Config::from_record(FLAC_RECORD).expect(read)),
        8 => Config::Mp3(mp3::Config::from_frame(MP3_HEADER).expect(read)),
        9 => Config::Ac3(ac3::Config::from_record(&[0x10, 0x11, 0x40]).expect(read)),
        _ => Config::Eac3(ac3::EnhancedConfig::from_record(&[7, 0xc0, 0x20, 0x0f, 0]).expect(read)),
    }
}

/// How decoding can start at its packets.
pub(crate) fn keys(codec: usize) -> &'static [Key] {
    match codec {
        0 => &[Key::No, Key::Closed, Key::Open, Key::Roll { pictures: 2 }, Key::Roll { pictures: 0 }],
        1 => &[Key::No, Key::Closed, Key::Open],
        2..PICTURES => &[Key::No, Key::Closed],
        _ => &[Key::Closed],
    }
}

/// A packet's payload with `fill` bytes more than it needs, each `number`; `None` for no bytes at all.
pub(crate) fn payload(codec: &Config, key: Key, number: u8, fill: Option<usize>) -> Bytes {
    let Some(fill) = fill else { return Bytes::new() };
    // No start code and no header begins with it.
    let fill = vec![number | 0x10; fill];
    match (codec, key) {
        (Config::H264(_), Key::No) => nals(&[&[b"\x41\xe0".as_slice(), &fill].concat()]),
        (Config::H264(_), Key::Closed) => nals(&[&[b"\x65\x88".as_slice(), &fill].concat()]),
        // A recovery point message: an I slice 0 frames away, a P slice 0 or 2 frames away.
        (Config::H264(_), Key::Open) => nals(&[
            b"\x06\x06\x01\xc4\x80",
            &[b"\x41\x88\x84\x21\x11\x11\x11\x11".as_slice(), &fill].concat(),
        ]),
        (Config::H264(_), Key::Roll { pictures }) => {
            let message = if pictures == 0 { b"\x06\x06\x01\xc4\x80" } else { b"\x06\x06\x01\x71\x80" };
            nals(&[message, &[b"\x41\xe0".as_slice(), &fill].concat()])
        }
        (Config::H265(_), Key::Closed) => nals(&[&[b"\x26\x01".as_slice(), &fill].concat()]),
        (Config::H265(_), Key::Open) => nals(&[&[b"\x2a\x01".as_slice(), &fill].concat()]),
        (Config::H265(_), _) => nals(&[&[b"\x02\x01".as_slice(), &fill].concat()]),
        (Config::Vp8(_), Key::Closed) => {
            [b"\x10\x02\0\x9d\x01\x2a\x10\0\x10\0".as_slice(), &fill].concat().into()
        }
        (Config::Vp8(_), _) => [b"\x11\x02\0".as_slice(), &fill].concat().into(),
        (Config::Vp9(_), Key::Closed) => [VP9_KEY, &fill].concat().into(),
        (Config::Vp9(_), _) => [b"\x86".as_slice(), &fill].concat().into(),
        (Config::Av1(_), Key::Closed) => [&AV1_RECORD[4..], &av1_frame(0x10, &fill)].concat().into(),
        (Config::Av1(_), _) => av1_frame(0x30, &fill).into(),
        // 20 ms, or 2.5 ms.
        (Config::Opus(_), _) => [&[if number & 7 == 7 { 0xe4 } else { 0xfc }], &fill[..]].concat().into(),
        (Config::Mp3(_), _) => [MP3_HEADER, &fill].concat().into(),
        _ => [&[number | 0x10], &fill[..]].concat().into(),
    }
}

fn nals(nals: &[&[u8]]) -> Bytes {
    nals.iter().flat_map(|nal| [&(nal.len() as u32).to_be_bytes()[..], nal].concat()).collect()
}

/// An OBU of a frame whose header begins so.
fn av1_frame(header: u8, fill: &[u8]) -> Vec<u8> {
    let fill = &fill[..fill.len().min(100)];
    [&[0x32, 1 + fill.len() as u8, header], fill].concat()
}

/// The first bytes of mp4/vp9.mp4: 320x240, 8 bits, 4:2:0.
const VP9_KEY: &[u8] = b"\x82\x49\x83\x42\x00\x13\xf0\x0e\xf6\x08\x38\x24\x1c";

/// The `av1C` of mp4/av1.mp4, 320x240.
const AV1_RECORD: &[u8] = b"\x81\x00\x0c\x00\x0a\x0b\x00\x00\x00\x04\x3c\xff\xbc\xff\xf9\x80\x40";

/// `STREAMINFO`: blocks of 4096 samples, 44 100 Hz, 2 channels, 16 bits.
const FLAC_RECORD: &[u8] =
    b"\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// MPEG-1 layer III, 128 kbit/s, 44 100 Hz, stereo.
const MP3_HEADER: &[u8] = b"\xff\xfb\x90\x00";
