//! The fMP4 muxer given any packets at all: it refuses them and stays as it was, or what it writes reads back as what went in.

use bytes::Bytes;
use media_core::mux::fmp4::Muxer;
use media_core::packet::{Key, Packet};
use media_core::time::Timestamp;
use media_core::track::Track;

use crate::{Script, boxes, tracks};

/// Byte 0 picks the track; then fragments: a count, per packet flags and two numbers (steps of DTS and PTS), a number for the end.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let Some(variant) = script.byte() else { return };
    let track = if variant % 2 == 0 { tracks::video(1, variant / 2) } else { tracks::audio(1, variant / 2) };
    let mut muxer = Muxer::new(&track).expect("tracks of ours can be muxed");
    let defaults = boxes::header(&muxer.init());

    let mut dts = 0;
    while let Some((packets, end)) = fragment(&mut script, &track, &mut dts) {
        let before = muxer.init();
        let Ok(rope) = muxer.fragment(&packets, end) else {
            assert_eq!(muxer.init(), before);
            continue;
        };
        check(&track, &packets, end, &rope.to_bytes(), defaults);
        for (packet, piece) in
            packets.iter().filter(|packet| !packet.data.is_empty()).zip(&rope.pieces()[1..])
        {
            assert_eq!(piece.as_ptr(), packet.data.as_ptr(), "payloads are not copied");
        }
    }
}

fn fragment(script: &mut Script<'_>, track: &Track, dts: &mut i64) -> Option<(Vec<Packet>, Timestamp)> {
    let count = script.byte()? % 16;
    let mut packets = Vec::new();
    for number in 0..count {
        let flags = script.byte()?;
        // Usually forward, now and then anywhere.
        *dts = if flags & 0x80 == 0 { dts.saturating_add(script.number()?) } else { script.number()? };
        let pts = dts.saturating_add(script.number()?);
        let key = if flags & 1 == 0 { Key::No } else { Key::Closed };
        packets.push(Packet {
            track: track.id,
            pts: Timestamp::new(pts),
            dts: Timestamp::new(*dts),
            duration: None,
            key,
            data: Bytes::from(vec![number; usize::from(flags >> 1 & 0x1f)]),
            wall: None,
        });
    }
    let end = dts.saturating_add(script.number()?);
    Some((packets, Timestamp::new(end)))
}

fn check(track: &Track, packets: &[Packet], end: Timestamp, bytes: &[u8], defaults: boxes::Defaults) {
    let fragments = boxes::segment(bytes, defaults);
    assert_eq!(fragments.len(), 1);
    let samples = &fragments[0].samples;
    assert_eq!(samples.len(), packets.len());

    let mut decoded = i128::from(fragments[0].decode_time);
    let ends = packets[1..].iter().map(|packet| packet.dts).chain([end]);
    for ((packet, sample), end) in packets.iter().zip(samples).zip(ends) {
        assert_eq!(i64::from(sample.duration), end.since(packet.dts));
        assert_eq!(&bytes[sample.data.clone()], &packet.data[..]);
        // Pictures keep their presentation time, sound is shifted by its priming, which the edit list takes back.
        let shown = decoded + i128::from(sample.composition);
        assert_eq!(shown, i128::from(packet.pts.ticks()) + i128::from(track.priming));
        assert_eq!(sample.is_sync, packet.key.is_sync());
        decoded += i128::from(sample.duration);
    }
}
