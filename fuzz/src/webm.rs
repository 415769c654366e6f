//! The WebM muxer and writer given any packets at all: they refuse them and stay as they were, or what is written reads back as what
//! went in.

use std::num::NonZeroU32;

use bytes::Bytes;
use media_core::demux::Container;
use media_core::mux::Rope;
use media_core::mux::webm::{Config, Ending, Format, Layout, Muxer, TrackEntry, Writer};
use media_core::packet::{Key, Packet};
use media_core::time::Timestamp;
use media_core::track::{Kind, Track};

use crate::{Script, elements, seek, tracks};

/// Bytes 0 and 1 pick what is written and the tracks; then packets: flags, and two numbers (steps of DTS and PTS).
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (Some(form), Some(variant)) = (script.byte(), script.byte()) else { return };
    let format = Format {
        timestamp_scale: NonZeroU32::new([1_000_000, 1, 1000, u32::MAX][usize::from(form >> 6)])
            .expect("not zero"),
        ..Format::default()
    };
    let tracks = [tracks::audio(1, variant), tracks::video(2, variant / 2), tracks::audio(3, variant / 4)];
    let tracks = &tracks[usize::from(form >> 4 & 1)..2 + usize::from(form >> 5 & 1)];
    match form % 4 {
        0 => muxed(&mut script, &tracks[0], format),
        1 => written(&mut script, tracks, Config { format, ..Config::new(Layout::Live) }),
        2 => written(&mut script, tracks, Config { format, ..Config::new(Layout::CuesLast) }),
        _ => {
            let config = Config::new(Layout::CuesFirst { points: (form >> 2 & 3).into() });
            written(&mut script, tracks, Config { format, cluster_size: 64, ..config });
        }
    }
}

/// Packets of one track, from `dts` on.
fn packet(script: &mut Script<'_>, track: &Track, dts: &mut i64, number: u8) -> Option<Packet> {
    let flags = script.byte()?;
    // Usually forward, now and then anywhere.
    *dts = if flags & 0x80 == 0 { dts.saturating_add(script.number()?) } else { script.number()? };
    let pts = if flags & 0x40 == 0 { *dts } else { dts.saturating_add(script.number()?) };
    Some(Packet {
        track: track.id,
        pts: Timestamp::new(pts),
        dts: Timestamp::new(*dts),
        duration: (flags & 2 != 0).then_some(u32::from(flags) << 4),
        key: if flags & 1 == 0 { Key::No } else { Key::Closed },
        data: Bytes::from(vec![number; usize::from(flags >> 2 & 0xf)]),
        wall: None,
    })
}

/// Fragments: a count, the packets, a number for the end.
fn muxed(script: &mut Script<'_>, track: &Track, format: Format) {
    let mut muxer = Muxer::with_format(&track.into(), format).expect("tracks of ours can be muxed");
    let mut dts = 0;
    while let Some(count) = script.byte() {
        let packets =
            (0..count % 16).map_while(|number| packet(script, track, &mut dts, number)).collect::<Vec<_>>();
        let end = Timestamp::new(dts.saturating_add(script.number().unwrap_or(1)));
        let Ok(rope) = muxer.fragment(&packets, end) else { continue };
        check_memory(&rope, &packets);
        let bytes = [muxer.init(), rope.to_bytes()].concat();
        check(&bytes, &[track], &packets, format);
    }
}

/// Packets of any tracks, the track in the flags' place; pictures with an alpha plane where its highest bit is set.
fn written(script: &mut Script<'_>, tracks: &[Track], config: Config) {
    let entry = |track: &Track| TrackEntry { alpha: track.kind() == Kind::Video, ..TrackEntry::from(track) };
    let entries: Vec<TrackEntry> = tracks.iter().map(entry).collect();
    let mut writer = Writer::new(&entries, config).expect("tracks of ours can be written");
    let mut file = Rope::from(writer.init());
    let (mut taken, mut alphas, mut dts) = (Vec::new(), Vec::new(), [0; 3]);
    while let Some(turn) = script.byte() {
        let index = usize::from(turn) % tracks.len();
        let Some(packet) = packet(script, &tracks[index], &mut dts[index], turn) else { break };
        let alpha = (turn & 0x80 != 0 && entries[index].alpha)
            .then(|| Bytes::from(vec![turn; 1 + packet.data.len()]));
        let pushed = match &alpha {
            Some(alpha) => writer.push_with_alpha(packet.clone(), alpha.clone()),
            None => writer.push(packet.clone()),
        };
        if pushed.is_ok() {
            taken.push(packet);
            alphas.push(alpha);
        }
        std::iter::from_fn(|| writer.poll()).for_each(|output| file.append(output.rope));
    }
    let ending = writer.finish();
    file.append(ending.rope.clone());
    check_memory(&file, &taken);
    let bytes = patched(&file, &ending);
    let read = check(&bytes, &tracks.iter().collect::<Vec<_>>(), &taken, config.format);
    for (number, track) in (1..).zip(tracks) {
        let blocks = read.blocks().filter(|block| block.track == number).map(|block| block.alpha.as_deref());
        let own = taken.iter().zip(&alphas).filter(|(packet, _)| packet.track == track.id);
        assert!(blocks.eq(own.map(|(_, alpha)| alpha.as_deref())), "alpha planes are those of their packets");
    }
    if config.layout != Layout::Live {
        check_places(&bytes, &read, &ending);
    }
    let nanos = |packet: &Packet| tracks[0].time_base.to_nanos(packet.pts.ticks());
    seek::go(Container::WebM, &bytes.into(), 333, taken.iter().rev().step_by(7).take(3).map(nanos));
}

fn patched(file: &Rope, ending: &Ending) -> Vec<u8> {
    let mut bytes = file.to_bytes().to_vec();
    for patch in &ending.patches {
        bytes[patch.offset as usize..][..patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    bytes
}

fn check_memory(rope: &Rope, packets: &[Packet]) {
    for packet in packets.iter().filter(|packet| !packet.data.is_empty()) {
        assert!(
            rope.pieces().iter().any(|piece| piece.as_ptr() == packet.data.as_ptr()),
            "payloads are not copied"
        );
    }
}

fn check(bytes: &[u8], tracks: &[&Track], packets: &[Packet], format: Format) -> elements::File {
    let read = elements::file(bytes);
    assert_eq!(read.blocks().count(), packets.len());
    for (number, track) in (1..).zip(tracks) {
        let blocks = read.blocks().filter(|block| block.track == number);
        let own = packets.iter().filter(|packet| packet.track == track.id);
        for (block, packet) in blocks.zip(own) {
            assert_eq!(i128::from(block.time), due(track, packet, format));
            assert_eq!(block.is_key, packet.key.is_sync());
            assert_eq!(bytes[block.data.clone()], packet.data);
        }
    }
    read
}

/// When a block is due, to the nearest tick.
fn due(track: &Track, packet: &Packet, format: Format) -> i128 {
    let ticks = i128::from(packet.pts.ticks()) + i128::from(track.priming);
    let nanos = ticks * i128::from(track.time_base.num()) * 1_000_000_000;
    let per_tick = i128::from(track.time_base.den()) * i128::from(format.timestamp_scale.get());
    (2 * nanos + per_tick) / (2 * per_tick)
}

/// That what was filled in points at what it names.
fn check_places(bytes: &[u8], read: &elements::File, ending: &Ending) {
    assert_eq!(read.size, Some(bytes.len() - read.body));
    assert!(read.duration.is_some_and(|ticks| ticks >= 0.0));
    assert!(read.seeks.iter().all(|seek| read.elements.contains(seek)));
    let cues = read.seeks.get(2).map(|seek| seek.1 + read.body);
    assert_eq!(ending.cues.as_ref().map(|range| range.start), cues.map(|at| at as u64));
    assert_eq!(cues.is_some(), !read.cues.is_empty());
    for cue in &read.cues {
        let cluster =
            read.clusters.iter().find(|cluster| cluster.position == cue.cluster).expect("a cluster");
        let block = cluster.blocks.iter().find(|block| block.position == cue.relative).expect("a block");
        assert_eq!((block.track, block.time as u64), (cue.track, cue.time));
    }
}
