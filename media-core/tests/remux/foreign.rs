//! What ffprobe shows of the files we write: packets, sizes, stamps and key flags are ours.

use std::path::Path;

use bytes::Bytes;
use media_core::codec::Config;
use media_core::mux::{fmp4, mpegts, webm};
use media_core::packet::Packet;
use media_core::time::TimeBase;
use media_core::track::{Kind, Track};

use crate::sources::{File, one};
use crate::tools::{Probed, probe};
use crate::write;

/// One per codec and container.
const CHOSEN: [(&str, &str); 11] = [
    ("mp4/h264.mp4", "mkv"),
    ("mp4/h265_bframes.mp4", "mp4"),
    ("mp4/av1.mp4", "mp4"),
    ("mp4/sample_simple.mp4", "mp4"),
    ("fmp4/flac.mp4", "mp4"),
    ("webm/test-vp9.webm", "mp4"),
    ("webm/vp8.webm", "mkv"),
    ("mkv/simple.mkv", "mkv"),
    ("mkv/sample_av1.mkv", "mkv"),
    ("ts/oneSecond.ts", "ts"),
    ("mp4/sample_ac3.mp4", "ts"),
];

#[test]
fn ffprobe_shows_our_packets() {
    for (name, ending) in CHOSEN {
        let Some(file) = one(name) else { return };
        let file = file.starting_at_zero();
        let bytes = written(&file, ending);
        let path = std::env::temp_dir().join(format!("reelmill-remux-{}.{ending}", std::process::id()));
        std::fs::write(&path, &bytes).expect("a temporary file");
        let probed = shown(&path);
        std::fs::remove_file(&path).expect("it was written");
        let Some((packets, bases)) = probed else { return };
        for (stream, track) in file.tracks.iter().enumerate() {
            let theirs: Vec<_> = packets.iter().filter(|packet| packet.stream == stream).collect();
            let what = format!("{name} as {ending}, track {stream}");
            compare(&what, ending, (track, &file.of(track)), &theirs, bases[stream]);
        }
    }
}

fn written(file: &File, ending: &str) -> Bytes {
    match ending {
        "mp4" => write::mp4(file, fmp4::Layout::Progressive).expect("MP4"),
        "mkv" => write::matroska(file, webm::Config::new(webm::Layout::CuesLast)).expect("Matroska"),
        _ => write::ts(file, mpegts::Config::default()).expect("a transport stream"),
    }
}

fn compare(
    what: &str,
    ending: &str,
    (track, ours): (&Track, &[&Packet]),
    theirs: &[&Probed],
    base: TimeBase,
) {
    assert_eq!(theirs.len(), ours.len(), "{what}");
    // Annex B and ADTS have other lengths.
    let has_size = ending != "ts" || matches!(track.codec, Config::Opus(_) | Config::Ac3(_));
    for (index, (own, shown)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            !has_size || own.data.len() == shown.size,
            "{what} #{index}: {} {}",
            own.data.len(),
            shown.size
        );
        assert_eq!(own.key.is_sync(), shown.key, "{what} #{index}");
        let apart = |own: i64, shown: Option<i64>| {
            shown.map_or(0, |shown| (track.time_base.to_nanos(own) - base.to_nanos(shown)).abs())
        };
        // Matroska has no DTS; ffprobe makes some up. Its parsers count samples of sound in milliseconds.
        let most = if ending == "mkv" && track.kind() == Kind::Audio { 4_000_000 } else { 1_000_000 };
        assert!(apart(own.pts.ticks(), shown.pts) <= most, "{what} #{index}: {own:?} {shown:?}");
        assert!(
            ending == "mkv" || apart(own.dts.ticks(), shown.dts) <= most,
            "{what} #{index}: {own:?} {shown:?}"
        );
    }
}

/// Packets, and the time base of each stream.
fn shown(path: &Path) -> Option<(Vec<Probed>, Vec<TimeBase>)> {
    let (packets, _) = probe(path)?;
    let bases = std::process::Command::new("ffprobe")
        .args(["-v", "quiet", "-show_entries", "stream=time_base", "-of", "csv=p=0"])
        .arg(path)
        .output()
        .ok()?;
    let bases = String::from_utf8_lossy(&bases.stdout).into_owned();
    let base = |line: &str| {
        let (num, den) = line.trim().trim_end_matches(',').split_once('/')?;
        TimeBase::new(num.parse().ok()?, den.parse().ok()?)
    };
    let mut bases: Vec<TimeBase> = bases.lines().filter_map(base).collect();
    // A transport stream's are shown a second time, with their program.
    bases.truncate(8);
    Some((packets, bases))
}
