//! Real streams as tracks and packets.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use media_core::codec::{Config, Key, aac, h264, h265, opus, vp8, vp9};
use media_core::mux::fmp4::{Composition, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};

use crate::reader::{self, TrackFile};

/// A track and all its packets.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) track: Track,
    pub(crate) packets: Vec<Packet>,
    pub(crate) end: Timestamp,
}

impl Source {
    /// The same `ticks` later.
    pub(crate) fn later(mut self, ticks: i64) -> Self {
        for packet in &mut self.packets {
            packet.pts = packet.pts.saturating_add(ticks);
            packet.dts = packet.dts.saturating_add(ticks);
        }
        self.end = self.end.saturating_add(ticks);
        self
    }

    /// How far the first packet's PTS is ahead of its DTS.
    pub(crate) fn lead(&self) -> i64 {
        self.packets[0].pts.since(self.packets[0].dts)
    }

    /// By how many ticks ffmpeg shows signed composition late: the largest offset below zero.
    pub(crate) fn ffmpeg_delay(&self) -> i64 {
        let leads = self.packets.iter().map(|packet| packet.pts.since(packet.dts));
        self.lead() - leads.min().expect("packets")
    }
}

/// A file of the collection of real media; `None`, said aloud, where that is not there.
pub(crate) fn media(name: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/media");
    let folder = std::env::var_os("MEDIA_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let file = folder.join(name);
    if !file.is_file() {
        eprintln!("skipped: no {name} in {}; MEDIA_DIR names the folder of test media", folder.display());
        return None;
    }
    Some(file)
}

/// The first track of a kind in an MP4 file. Times are on its presentation line; sound cut by an edit list is priming.
pub(crate) fn mp4(file: &Path, kind: Kind) -> Source {
    let bytes = Bytes::from(std::fs::read(file).expect("a readable file"));
    let handler = match kind {
        Kind::Video => b"vide",
        Kind::Audio => b"soun",
    };
    let read = reader::tracks(&bytes).into_iter().find(|track| &track.handler == handler).expect("a track");
    let id = TrackId::new(1).expect("1 is not zero");
    let mut track = Track::new(id, TimeBase::hz(read.timescale), config(&read));
    let edit = read.media_time.unwrap_or(0);
    if kind == Kind::Audio {
        track.priming = u32::try_from(edit).expect("a short edit");
    }
    let edit = edit - read.delay;
    let last = read.samples.last().expect("samples");
    let end = Timestamp::new(last.decode_time + i64::from(last.duration) - edit);
    let packet = |sample: &reader::Sample| Packet {
        track: id,
        pts: Timestamp::new(sample.decode_time + sample.composition - edit),
        dts: Timestamp::new(sample.decode_time - edit),
        duration: Some(sample.duration),
        key: if sample.is_sync() { Key::Closed } else { Key::No },
        data: sample.data.clone(),
        wall: None,
    };
    let packets = read.samples.iter().map(packet).collect();
    Source { track, packets, end }
}

fn config(read: &TrackFile) -> Config {
    let record = |kind| read.configuration(kind).expect("a configuration").clone();
    let first = &read.samples[0].data;
    match &read.format {
        b"avc1" => Config::H264(h264::Config::from_record(&record(b"avcC")).expect("H.264")),
        b"hvc1" | b"hev1" => Config::H265(h265::Config::from_record(&record(b"hvcC")).expect("H.265")),
        b"vp08" => Config::Vp8(vp8::Config::from_key_frame(first).expect("VP8")),
        b"vp09" => Config::Vp9(vp9::Config::from_key_frame(first).expect("VP9")),
        b"mp4a" => Config::Aac(aac::Config::from_asc(&audio_specific_config(&record(b"esds"))).expect("AAC")),
        b"Opus" => Config::Opus(opus::Config::from_dops(&record(b"dOps")).expect("Opus")),
        other => panic!("sample entry {}", other.escape_ascii()),
    }
}

/// What follows the innermost descriptor's tag and length.
fn audio_specific_config(esds: &[u8]) -> Vec<u8> {
    let mut rest = &esds[4..];
    loop {
        let tag = rest[0];
        let groups = 1 + rest[1..].iter().take_while(|byte| **byte & 0x80 != 0).count();
        let len = rest[1..=groups].iter().fold(0, |len, byte| len << 7 | usize::from(byte & 0x7f));
        rest = &rest[1 + groups..];
        rest = match tag {
            0x03 => &rest[3..],
            0x04 => &rest[13..],
            0x05 => return rest[..len].to_vec(),
            other => panic!("descriptor {other}"),
        };
    }
}

/// An IVF file, VP8 or VP9. Key frames are told by the codec's first byte.
pub(crate) fn ivf(file: &[u8]) -> Source {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("4 bytes"));
    let rate = number(16) / number(20);
    assert_eq!(rate * number(20), number(16), "whole frames per second");
    let id = TrackId::new(1).expect("1 is not zero");
    let vp9 = &file[8..12] == b"VP90";
    let mut packets = Vec::new();
    let mut at = 32;
    while at < file.len() {
        let (len, pts) = (number(at) as usize, i64::from(number(at + 4)));
        let data = Bytes::copy_from_slice(&file[at + 12..at + 12 + len]);
        let (pts, duration) = (Timestamp::new(pts), Some(1));
        let inter = if vp9 { data[0] & 0x04 } else { data[0] & 0x01 };
        let key = if inter == 0 { Key::Closed } else { Key::No };
        packets.push(Packet { track: id, pts, dts: pts, duration, key, data, wall: None });
        at += 12 + len;
    }
    let codec = match vp9 {
        true => Config::Vp9(vp9::Config::from_key_frame(&packets[0].data).expect("VP9")),
        false => Config::Vp8(vp8::Config::from_key_frame(&packets[0].data).expect("VP8")),
    };
    let end = Timestamp::new(packets.last().expect("frames").dts.ticks() + 1);
    Source { track: Track::new(id, TimeBase::hz(rate), codec), packets, end }
}

/// The whole source as a file of fragments of `per_fragment` packets.
pub(crate) fn mux(source: &Source, per_fragment: usize) -> Vec<u8> {
    mux_composed(source, per_fragment, Composition::Signed)
}

pub(crate) fn mux_composed(source: &Source, per_fragment: usize, composition: Composition) -> Vec<u8> {
    let mut muxer = Muxer::with_composition(&source.track, composition).expect("a muxer");
    let mut file = muxer.init().to_vec();
    let mut at = 0;
    for packets in source.packets.chunks(per_fragment) {
        at += packets.len();
        let end = source.packets.get(at).map_or(source.end, |next| next.dts);
        let rope = muxer.fragment(packets, end).expect("a fragment");
        rope.pieces().iter().for_each(|piece| file.extend_from_slice(piece));
    }
    file
}

/// Samples a decoder makes of an audio packet.
pub(crate) fn samples(track: &Track, packet: &Packet) -> u32 {
    match &track.codec {
        Config::Aac(config) => config.samples_per_frame(),
        Config::Opus(_) => opus::packet_samples(&packet.data).expect("an Opus packet"),
        _ => 0,
    }
}
