//! MP4: real files as ffprobe reads them.

use bytes::Bytes;
use media_core::demux::mp4::Demuxer;

use crate::tools::*;

#[test]
fn scratch() {
    let Some(media) = media() else { return };
    for file in files(&media) {
        let name = file.strip_prefix(&media).unwrap().display().to_string();
        if !(name.ends_with(".mp4") || name.ends_with(".mov")) {
            continue;
        }
        let bytes = Bytes::from(std::fs::read(&file).unwrap());
        let mut faults = None;
        let mut skipped = Vec::new();
        let mut peak = 0;
        let (read, result) = drive(Demuxer::new(seekable(&bytes)), &bytes, 65536, |demuxer, _| {
            faults = Some(*demuxer.faults());
            skipped = demuxer.skipped().to_vec();
            peak = peak.max(demuxer.held())
        });
        println!(
            "{name}: {:?} tracks {} packets {} pushed {}/{} held {peak} {:?} {}",
            result,
            read.tracks.len(),
            read.packets.len(),
            read.pushed,
            bytes.len(),
            skipped,
            if faults.is_some_and(|f| f.total() > 0) { format!("{faults:?}") } else { String::new() }
        );
        let Some(probed) = probe(&file) else { return };
        let mut streams: Vec<usize> = probed.iter().map(|p| p.stream).collect();
        streams.sort();
        streams.dedup();
        let mut used = Vec::new();
        for track in &read.tracks {
            let ours = read.of(track);
            // by id - 1 order
            let best = streams.iter().find(|s| {
                !used.contains(*s) && {
                    let t: Vec<_> = probed.iter().filter(|p| p.stream == **s).collect();
                    t.len() == ours.len()
                }
            });
            let Some(stream) = best else {
                println!(
                    "  track {} {}: {} packets, streams {:?}",
                    track.id.get(),
                    track.codec.codecs(),
                    ours.len(),
                    streams
                        .iter()
                        .map(|s| probed.iter().filter(|p| p.stream == *s).count())
                        .collect::<Vec<_>>()
                );
                continue;
            };
            used.push(*stream);
            let theirs: Vec<_> = probed.iter().filter(|p| p.stream == *stream).collect();
            let mut shown = 0;
            let mut count = 0;
            for (i, (o, t)) in ours.iter().zip(&theirs).enumerate() {
                let a =
                    (Some(o.pts.ticks()), Some(o.dts.ticks()), o.duration.map(i64::from), o.key.is_sync());
                let b = (t.pts, t.dts, t.duration, t.key);
                if a != b {
                    count += 1;
                    if shown < 3 {
                        shown += 1;
                        println!(
                            "  track {} #{i}: {a:?} {:?} theirs {b:?} D{}",
                            track.id.get(),
                            o.key,
                            t.discard
                        );
                    }
                }
            }
            if count > 0 {
                println!("  {count} differ of {}", ours.len());
            }
        }
    }
}
