//! Real streams in every format, in parts, joined and read by ffprobe: the packets are those of the source.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use media_core::packet::Packet;
use media_core::segment::{Config, Format};
use media_core::time::{TimeBase, Timestamp};
use media_core::timeline;
use media_core::track::{Kind, Track};

use crate::ffmpeg::{self, Listed, packets};
use crate::parts::MILLISECOND;
use crate::source::{self, Source};
use crate::stream::{Cutting, ORIGIN, SECOND, id};

const FILE: &str = "mp4/test.mp4";

/// Pictures and sound of a file; `None` where that or ffprobe is not there.
fn sources(kinds: &[Kind]) -> Option<(PathBuf, Vec<Source>)> {
    if !ffmpeg::present() {
        return None;
    }
    let file = source::media(FILE)?;
    let start = |kind: &Kind| {
        let mut source = source::mp4(&file, *kind);
        source.packets.retain(|packet| packet.pts.ticks() >= 0);
        let hz = i64::from(source.track.time_base.den());
        source.later(ORIGIN * hz)
    };
    let sources = kinds.iter().map(start).collect();
    Some((file, sources))
}

/// What a timeline would give: tracks 1 and 2 in order of DTS.
fn timeline_of(sources: &[Source]) -> Vec<timeline::Output> {
    let tracks: Vec<_> = sources
        .iter()
        .enumerate()
        .map(|(index, source)| Track { id: id(index as u32 + 1), priming: 0, ..source.track.clone() })
        .collect();
    let mut packets: Vec<_> = sources
        .iter()
        .zip(&tracks)
        .flat_map(|(source, track)| {
            source.packets.iter().map(|packet| Packet { track: track.id, ..packet.clone() })
        })
        .collect();
    packets
        .sort_by_key(|packet| tracks[packet.track.get() as usize - 1].time_base.to_nanos(packet.dts.ticks()));
    let packets = packets.into_iter().map(timeline::Output::Packet);
    std::iter::once(timeline::Output::Tracks(Arc::from(tracks))).chain(packets).collect()
}

/// Header and segments of each file of a format.
fn files(format: Format, sources: &[Source], extension: &str) -> Vec<PathBuf> {
    let config = Config { format, part: Some(214 * MILLISECOND), ..Config::new(SECOND) };
    let all = Cutting::of(config, timeline_of(sources));
    assert!(all.cuts.len() > 3 && all.parts.len() > 3 * all.cuts.len(), "{} cuts", all.cuts.len());
    let mut paths = Vec::new();
    for (index, (track, _, header)) in all.inits[0].files().enumerate() {
        let mut bytes = header.to_vec();
        all.segments(index).for_each(|segment| bytes.extend_from_slice(&segment.rope.to_bytes()));
        let name = format!("segment-{format:?}-{}-{}.{extension}", sources.len(), track.get());
        paths.push(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        std::fs::write(&paths[index], bytes).unwrap();
    }
    paths
}

/// The source's packets as ffprobe should list them, in ticks of `base`, each `more` bytes longer.
fn expected(source: &Source, base: TimeBase, more: usize) -> Vec<Listed> {
    let ticks = |time: Timestamp| time.rescale(source.track.time_base, base).ticks();
    let listed = |packet: &Packet| Listed {
        pts: ticks(packet.pts),
        dts: ticks(packet.dts),
        size: packet.data.len() + more,
        key: packet.key.is_sync(),
    };
    source.packets.iter().map(listed).collect()
}

/// PTS, sizes and whether it is a key frame, of packets without DTS.
fn shown(file: &Path, kind: &str) -> Vec<(i64, usize, bool)> {
    let options =
        ["-v", "error", "-of", "csv=p=0", "-select_streams", kind, "-show_entries", "packet=pts,size,flags"];
    let listing = String::from_utf8(ffmpeg::run(Command::new("ffprobe").args(options).arg(file))).unwrap();
    let packet = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        (fields[0].parse().unwrap(), fields[1].parse().unwrap(), fields[2].starts_with('K'))
    };
    listing.lines().map(packet).collect()
}

#[test]
fn fmp4_has_the_packets_of_the_source() {
    let Some((file, sources)) = sources(&[Kind::Video, Kind::Audio]) else { return };
    let files = files(Format::Fmp4, &sources, "mp4");
    assert_eq!(packets(&files[0], "v"), expected(&sources[0], sources[0].track.time_base, 0));
    assert_eq!(packets(&files[1], "a"), expected(&sources[1], sources[1].track.time_base, 0));
    assert_eq!(ffmpeg::picture_hash(&files[0]), ffmpeg::picture_hash(&file));
}

#[test]
fn webm_has_the_packets_of_the_source() {
    let Some((file, sources)) = sources(&[Kind::Video, Kind::Audio]) else { return };
    let files = files(Format::Webm, &sources, "mkv");
    // Matroska has no DTS.
    let timeless = |listed: &Listed| (listed.pts, listed.size, listed.key);
    for (index, kind) in ["v", "a"].into_iter().enumerate() {
        let expected = expected(&sources[index], TimeBase::hz(1000), 0);
        assert_eq!(shown(&files[index], kind), expected.iter().map(timeless).collect::<Vec<_>>());
    }
    assert_eq!(ffmpeg::picture_hash(&files[0]), ffmpeg::picture_hash(&file));
}

#[test]
fn a_transport_stream_has_the_packets_of_the_source() {
    let Some((file, sources)) = sources(&[Kind::Video, Kind::Audio]) else { return };
    let files = files(Format::MpegTs, &sources, "ts");
    assert_eq!(files.len(), 1, "one file for all");
    let sizeless = |listed: &Listed| Listed { size: 0, ..listed.clone() };
    let pictures: Vec<_> = packets(&files[0], "v").iter().map(sizeless).collect();
    let expected_pictures = expected(&sources[0], TimeBase::VIDEO, 0);
    assert_eq!(pictures, expected_pictures.iter().map(sizeless).collect::<Vec<_>>());
    // Headers of 7 bytes are ADTS. ffprobe shows times within a PES packet as it counts them, to a tick.
    let frames = packets(&files[0], "a");
    let expected = expected(&sources[1], TimeBase::VIDEO, 7);
    assert_eq!(frames.len(), expected.len());
    for (frame, expected) in frames.iter().zip(&expected) {
        assert_eq!(frame.size, expected.size);
        assert!((frame.pts - expected.pts).abs() <= 1, "{frame:?} {expected:?}");
    }
    assert_eq!(ffmpeg::picture_hash(&files[0]), ffmpeg::picture_hash(&file));
}

#[test]
fn packed_audio_has_the_packets_of_the_source() {
    let Some((_, sources)) = sources(&[Kind::Audio]) else { return };
    let files = files(Format::PackedAudio, &sources, "aac");
    let sizes: Vec<_> = packets(&files[0], "a").iter().map(|frame| frame.size).collect();
    let expected: Vec<_> = sources[0].packets.iter().map(|packet| packet.data.len() + 7).collect();
    assert_eq!(sizes, expected);
}

#[test]
fn key_frames_lie_where_they_are_said_to() {
    let Some((_, sources)) = sources(&[Kind::Video, Kind::Audio]) else { return };
    for (format, extension) in [(Format::Fmp4, "mp4"), (Format::MpegTs, "ts")] {
        let all = Cutting::of(Config { format, ..Config::new(SECOND) }, timeline_of(&sources));
        let mut bytes = all.inits[0].headers[0].to_vec();
        let mut shown = Vec::new();
        for segment in all.segments(0) {
            assert!(!segment.keys.is_empty());
            for key in &segment.keys {
                bytes.extend_from_slice(&segment.rope.slice(key.bytes.clone()).to_bytes());
                shown.push(key.start.rescale(sources[0].track.time_base, TimeBase::VIDEO).ticks());
            }
        }
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("segment-keys.{extension}"));
        if format == Format::MpegTs {
            std::fs::write(&path, bytes).unwrap();
            let listed = packets(&path, "v");
            assert!(listed.iter().all(|packet| packet.key));
            assert_eq!(listed.iter().map(|packet| packet.pts).collect::<Vec<_>>(), shown);
        } else {
            // A moof describes samples whose bytes are cut off behind the first.
            assert_eq!(&bytes[all.inits[0].headers[0].len() + 4..][..4], b"moof");
        }
    }
}
