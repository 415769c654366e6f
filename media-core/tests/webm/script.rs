//! Made-up tracks and packets, what is written of them, and what has to be read back.

use bytes::Bytes;
use media_core::codec::{Config, Key, aac, opus, vp9};
use media_core::mux::Rope;
use media_core::mux::webm::{self, Ending, Format, TrackEntry, Writer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};

use crate::elements;

/// A track and all its packets.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    pub(crate) track: Track,
    pub(crate) packets: Vec<Packet>,
}

/// One packet: what differs from its predecessor, and its payload's length.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) duration: u32,
    pub(crate) key: Key,
    pub(crate) len: usize,
}

pub(crate) fn track(id: u32, kind: Kind, base: TimeBase, priming: u32) -> Track {
    let codec = match kind {
        Kind::Video => Config::Vp9(vp9::Config::from_parts(vp9::Parts::new(16, 16)).expect("profile 0")),
        Kind::Audio if id.is_multiple_of(2) => Config::Opus(opus::Config::new(2).expect("stereo")),
        Kind::Audio => Config::Aac(aac::Config::new(44_100, 2).expect("AAC-LC")),
    };
    Track { priming, ..Track::new(TrackId::new(id).expect("not zero"), base, codec) }
}

/// Packets from `start` on.
pub(crate) fn scripted(track: Track, start: i64, steps: &[Step]) -> Scripted {
    let mut dts = start;
    let packet = |(n, step): (usize, &Step)| {
        let at = Timestamp::new(dts);
        dts += i64::from(step.duration);
        Packet {
            track: track.id,
            pts: at,
            dts: at,
            duration: Some(step.duration),
            key: if track.kind() == Kind::Audio { Key::Closed } else { step.key },
            data: Bytes::from(vec![n as u8; step.len]),
            wall: None,
        }
    };
    let packets = steps.iter().enumerate().map(packet).collect();
    Scripted { track, packets }
}

/// The ticks of `format` at which the block of a packet is due, to the nearest.
pub(crate) fn due(track: &Track, format: Format, pts: Timestamp) -> i64 {
    let ticks = i128::from(pts.ticks()) + i128::from(track.priming);
    let nanos = ticks * i128::from(track.time_base.num()) * 1_000_000_000;
    let per_tick = i128::from(track.time_base.den()) * i128::from(format.timestamp_scale.get());
    ((2 * nanos + per_tick) / (2 * per_tick)) as i64
}

/// Everything pushed in the order of arrival, all tracks by turns, and the whole file with its patches.
pub(crate) fn write(scripts: &[Scripted], config: webm::Config) -> (Vec<u8>, Ending) {
    let entries: Vec<TrackEntry> = scripts.iter().map(|script| TrackEntry::from(&script.track)).collect();
    let mut writer = Writer::new(&entries, config).expect("a writer");
    let mut file = Rope::from(writer.init());
    let mut packets: Vec<&Packet> = scripts.iter().flat_map(|script| &script.packets).collect();
    let base = |packet: &Packet| {
        scripts.iter().find(|script| script.track.id == packet.track).expect("its track").track.time_base
    };
    packets.sort_by_key(|packet| base(packet).to_nanos(packet.dts.ticks()));
    for packet in packets {
        writer.push(packet.clone()).expect("a packet in order");
        while let Some(output) = writer.poll() {
            file.append(output.rope);
        }
    }
    let ending = writer.finish();
    file.append(ending.rope.clone());
    for payload in scripts.iter().flat_map(|script| &script.packets).map(|packet| &packet.data) {
        let is_it = |piece: &Bytes| piece.as_ptr() == payload.as_ptr() && piece.len() == payload.len();
        assert!(payload.is_empty() || file.pieces().iter().any(is_it), "payloads are not copied");
    }
    (patched(&file, &ending), ending)
}

/// A file with what is filled in at the end.
pub(crate) fn patched(file: &Rope, ending: &Ending) -> Vec<u8> {
    let mut bytes = file.to_bytes().to_vec();
    for patch in &ending.patches {
        bytes[patch.offset as usize..][..patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    bytes
}

/// That the blocks of a track are its packets.
pub(crate) fn check_track(
    bytes: &[u8],
    read: &elements::File,
    number: u64,
    script: &Scripted,
    format: Format,
) {
    let blocks: Vec<_> = read.blocks().filter(|block| block.track == number).collect();
    assert_eq!(blocks.len(), script.packets.len());
    let reorders = matches!(script.track.codec, Config::H264(_) | Config::H265(_));
    let mut last = 0;
    for (block, packet) in blocks.into_iter().zip(&script.packets) {
        assert_eq!(block.time, due(&script.track, format, packet.pts));
        assert!(last <= block.time || reorders, "times of a track do not go back");
        last = block.time;
        assert_eq!(block.is_key, packet.key.is_sync());
        assert!(bytes[block.data.clone()] == packet.data);
    }
}
