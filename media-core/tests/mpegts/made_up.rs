//! Tracks and packets that mean nothing but are well formed.

use bytes::{BufMut, Bytes, BytesMut};
use media_core::codec::{Config, Key, aac, h264, h265, opus};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

pub(crate) fn id(id: u32) -> TrackId {
    TrackId::new(id).expect("not zero")
}

/// 320x240, Constrained Baseline, of x264.
pub(crate) const SPS: &[u8] =
    b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
pub(crate) const PPS: &[u8] = b"\x68\xcb\x83\xcb\x20";

pub(crate) fn h264(track: u32) -> Track {
    let config = h264::Config::from_parameter_sets(&[SPS.into()], &[PPS.into()]).expect("sets of x264");
    Track::new(id(track), TimeBase::VIDEO, Config::H264(config))
}

/// The sets of mp4/h265_bframes.mp4 (x265, Main, level 3).
pub(crate) fn h265(track: u32) -> Track {
    let vps =
        b"\x40\x01\x0c\x01\xff\xff\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x5a\x95\x98\x09";
    let sps = b"\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x5a\xa0\x06\xb2\x01\xe1\xd7\x96\x56\x69\x24\xca\xe6\x80\x80\x00\x00\x03\x00\x80\x00\x00\x0f\x04";
    let pps = b"\x44\x01\xc1\x72\xb4\x62\x40";
    let sets = [&vps[..], sps, pps].map(Bytes::from_static);
    let config =
        h265::Config::from_parameter_sets(&sets[..1], &sets[1..2], &sets[2..]).expect("sets of x265");
    Track::new(id(track), TimeBase::VIDEO, Config::H265(config))
}

pub(crate) fn aac(track: u32, rate: u32) -> Track {
    let config = aac::Config::new(rate, 2).expect("a usual rate");
    Track::new(id(track), TimeBase::hz(rate), Config::Aac(config))
}

pub(crate) fn opus(track: u32) -> Track {
    Track::new(id(track), TimeBase::hz(48_000), Config::Opus(opus::Config::new(2).expect("stereo")))
}

/// An access unit of one slice, `len` bytes with its header; none of no bytes.
pub(crate) fn picture(track: &Track, pts: i64, dts: i64, key: Key, len: usize) -> Packet {
    let header: &[u8] = match (&track.codec, key.is_random_access()) {
        (Config::H264(_), true) => &[0x65],
        (Config::H264(_), false) => &[0x41],
        (_, true) => &[0x26, 0x01],
        (_, false) => &[0x02, 0x01],
    };
    let mut data = BytesMut::new();
    if len > 0 {
        data.put_u32(len as u32);
        data.extend(header.iter().copied().chain((0..).map(|n| 1 + (n % 251) as u8)).take(len));
    }
    packet(track, pts, dts, key, data.freeze())
}

/// An audio frame. Opus: the first byte says 20 ms, stereo.
pub(crate) fn frame(track: &Track, pts: i64, len: usize) -> Packet {
    let data: Vec<u8> = [0xfc].into_iter().chain((0..).map(|n| (n % 255) as u8)).take(len).collect();
    packet(track, pts, pts, Key::Closed, data.into())
}

pub(crate) fn packet(track: &Track, pts: i64, dts: i64, key: Key, data: Bytes) -> Packet {
    let (pts, dts) = (Timestamp::new(pts), Timestamp::new(dts));
    Packet { track: track.id, pts, dts, duration: None, key, data, wall: None }
}

/// The NAL units behind 4-byte lengths.
pub(crate) fn nals(mut data: &[u8]) -> Vec<&[u8]> {
    let mut nals = Vec::new();
    while let Some((len, rest)) = data.split_first_chunk::<4>() {
        let (nal, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        nals.push(nal);
        data = rest;
    }
    nals
}
