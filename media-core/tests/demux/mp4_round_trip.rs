//! What our own muxer writes comes back as it was.

use bytes::Bytes;
use media_core::demux::Source;
use media_core::demux::mp4::Demuxer;
use media_core::mux::fmp4::{Composition, Muxer};
use media_core::packet::Packet;
use media_core::track::Track;

use crate::tools::*;

/// A track as a header and fragments of so many packets.
fn written(track: &Track, packets: &[Packet], composition: Composition, each: usize) -> Bytes {
    let mut muxer = Muxer::with_composition(track, composition).expect("a track for MP4");
    let mut file = vec![muxer.init()];
    for (index, packets_of_one) in packets.chunks(each).enumerate() {
        let next = packets.get((index + 1) * each);
        let last = packets_of_one.last().expect("chunks are not empty");
        let end = next.map_or(last.dts.saturating_add(last.duration.unwrap_or(1).into()), |next| next.dts);
        file.extend(muxer.fragment(packets_of_one, end).expect("a fragment"));
    }
    file.concat().into()
}

#[test]
fn fragments_come_back_as_they_were() {
    let Some(media) = media() else { return };
    let names = [
        "mp4/sample.mp4",
        "mp4/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4",
        "mp4/h265_bframes.mp4",
        "mp4/silent-black-10s.mp4",
        "mp4/bbb_800x640_768kbps_30fps_vp9.mp4",
        "mp4/sample_av1.mp4",
        "mp4/sample_opus.mp4",
        "mp4/sample_ac3_aac.mp4",
        "fmp4/flac.mp4",
    ];
    let mut compared = 0;
    for name in names {
        let read = read_mp4(&std::fs::read(media.join(name)).expect("a file").into());
        for track in &read.tracks {
            let packets: Vec<Packet> = read.of(track).into_iter().cloned().collect();
            for (composition, each) in [(Composition::Signed, 30), (Composition::Unsigned, 7)] {
                // Unsigned offsets need decoding to begin at zero or later.
                if composition == Composition::Unsigned && packets[0].dts.ticks() < 0 && track.priming == 0 {
                    continue;
                }
                let file = written(track, &packets, composition, each);
                let (back, result) = drive(Demuxer::new(Source::Stream), &file, 10_000, |_, _| {});
                assert_eq!(result, Ok(()), "{name}");
                assert_eq!(back.tracks[0].codec, track.codec, "{name}");
                assert_eq!(
                    (back.tracks[0].priming, back.tracks[0].time_base),
                    (track.priming, track.time_base)
                );
                assert_eq!(back.packets.len(), packets.len(), "{name}");
                for (back, packet) in back.packets.iter().zip(&packets) {
                    assert_eq!((back.pts, back.dts), (packet.pts, packet.dts), "{name} {composition:?}");
                    assert_eq!((&back.data, back.key), (&packet.data, packet.key), "{name}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 2000, "{compared} packets");
}
