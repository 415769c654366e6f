//! Packed audio: what the segmenter writes, read by ffmpeg and by our own reader, segment by segment and in a row; and files of nothing but sound.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use media_core::codec::Format as Codec;
use media_core::demux::packed::Demuxer;
use media_core::demux::{Container, Source};
use media_core::packet::Packet;
use media_core::segment::{Config, Format, Output, Segmenter};
use media_core::time::{TimeBase, Timestamp};
use media_core::timeline;
use media_core::track::Track;
use proptest::prelude::*;

use crate::probe;
use crate::tools::{Read, drive, media, seekable};

/// Three seconds of a tone in MP4, as ffmpeg codes it; `None`, said aloud, where there is no ffmpeg.
fn tone(coder: &str) -> Option<Read> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packed");
    std::fs::create_dir_all(&folder).expect("a folder below the build folder");
    // Tests that make the same at once do not get into each other's way.
    let path = folder.join(format!("{coder}-{:?}.mp4", std::thread::current().id()));
    let tone =
        ["-v", "quiet", "-nostdin", "-y", "-f", "lavfi", "-i", "sine=r=44100:d=3", "-ac", "2", "-c:a", coder];
    if !Command::new("ffmpeg").args(tone).arg(&path).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: no ffmpeg with {coder}");
        return None;
    }
    let file = Bytes::from(std::fs::read(path).expect("ffmpeg wrote it"));
    let (read, result) =
        drive(media_core::demux::mp4::Demuxer::new(seekable(&file)), &file, 1 << 16, |_, _| {});
    result.expect("a sound file");
    Some(read)
}

/// Segments of a second of a track whose first packet comes at `start`, in ticks of 90 kHz.
fn segments(read: &Read, start: i64) -> (Track, Vec<Packet>, Vec<Bytes>) {
    let track = Track { priming: 0, ..read.tracks[0].clone() };
    let start =
        Timestamp::new(start).rescale(TimeBase::VIDEO, track.time_base).ticks() - read.packets[0].pts.ticks();
    let later = |packet: &Packet| {
        let (pts, dts) = (packet.pts.saturating_add(start), packet.dts.saturating_add(start));
        Packet { pts, dts, ..packet.clone() }
    };
    let packets: Vec<Packet> = read.packets.iter().map(later).collect();
    let mut segmenter = Segmenter::new(Config { format: Format::PackedAudio, ..Config::new(1_000_000_000) });
    let mut segments = Vec::new();
    let mut take = |output| {
        if let Output::Cut(cut) = output {
            segments.push(cut.segments[0].rope.to_bytes());
        }
    };
    let input = packets.iter().cloned().map(timeline::Output::Packet);
    for output in [timeline::Output::Tracks(Arc::from([track.clone()]))].into_iter().chain(input) {
        segmenter.push(output).expect("it can be packed");
        std::iter::from_fn(|| segmenter.poll()).for_each(&mut take);
    }
    segmenter.finish().expect("an end").into_iter().for_each(&mut take);
    assert!(segments.len() >= 3, "{}", segments.len());
    (track, packets, segments)
}

fn read(file: &Bytes, size: usize) -> Read {
    let mut gaps = None;
    let (read, result) =
        drive(Demuxer::new(Source::Stream), file, size, |demuxer, _| gaps = Some(demuxer.counts()));
    result.expect("bare frames");
    let counts = gaps.expect("it was read");
    assert_eq!((counts.junk, counts.gaps, counts.damaged), (0, 0, 0));
    read
}

/// What a tag says: RFC 8216 3.4, 33 bits of 90 kHz.
fn stamp(segment: &[u8]) -> i64 {
    assert!(segment.starts_with(b"ID3\x04") && segment[10..].starts_with(b"PRIV"));
    i64::from_be_bytes(segment[65..73].try_into().expect("eight bytes"))
}

const CODERS: [(&str, Codec, &str); 4] = [
    ("aac", Codec::Aac, "aac"),
    ("libmp3lame", Codec::Mp3, "mp3"),
    ("ac3", Codec::Ac3, "ac3"),
    ("eac3", Codec::Eac3, "eac3"),
];

/// RFC 8216 3.4, and the wrap of ISO/IEC 13818-1 2.4.3.7 in it: the stamp of a segment is its first frame's, in 33 bits, and counted frames
/// lead from each to the next.
#[test]
fn trap_28_packed_audio_has_the_time_of_its_first_frame_round_33_bits() {
    for (coder, format, _) in CODERS {
        let Some(tone) = tone(coder) else { continue };
        for start in [900_000, (1 << 33) - 180_000] {
            let (track, packets, segments) = segments(&tone, start);
            assert_eq!(track.codec.format(), format);
            let stamps: Vec<i64> = segments.iter().map(|segment| stamp(segment)).collect();
            let mut at = 0;
            for (segment, stamp) in segments.iter().zip(&stamps) {
                assert_eq!(Container::sniff(segment), Some(Container::Packed), "{coder}");
                let read = read(segment, 1000);
                let own = &packets[at..at + read.packets.len()];
                at += own.len();
                assert!(
                    read.packets.iter().map(|packet| &packet.data).eq(own.iter().map(|packet| &packet.data))
                );
                let exact = own[0].pts.rescale(track.time_base, TimeBase::VIDEO).ticks();
                assert_eq!(exact.rem_euclid(1 << 33), *stamp, "{coder}");
                let told = read.packets[0].pts.rescale(read.tracks[0].time_base, TimeBase::VIDEO).ticks();
                assert_eq!(told, *stamp, "{coder}");
            }
            assert_eq!(at, packets.len());
            assert!(start == 900_000 || stamps.windows(2).any(|pair| pair[1] < pair[0]), "{stamps:?}");
        }
    }
}

/// Segments in a row, as a downloader joins them: the same packets, from sample to sample, over the wrap.
#[test]
fn segments_in_a_row_are_one_line_of_samples() {
    for (coder, ..) in CODERS {
        let Some(tone) = tone(coder) else { continue };
        let (track, packets, segments) = segments(&tone, (1 << 33) - 180_000);
        let file = Bytes::from(segments.concat());
        for size in [7, 1000, 1 << 20] {
            let read = read(&file, size);
            assert_eq!((read.tracks[0].codec.format(), read.announced), (track.codec.format(), 1));
            assert!(
                read.packets.iter().map(|packet| &packet.data).eq(packets.iter().map(|packet| &packet.data))
            );
            let line = |packets: &[Packet], base: TimeBase| -> Vec<i64> {
                let hz = TimeBase::hz(44_100);
                packets.iter().map(|packet| (packet.pts.rescale(base, hz)).ticks()).collect()
            };
            let (ours, theirs) =
                (line(&read.packets, read.tracks[0].time_base), line(&packets, track.time_base));
            assert!(ours.iter().zip(&theirs).all(|(one, other)| one.abs_diff(*other) <= 1), "{coder}");
            assert!(read.packets.iter().all(|packet| packet.duration.is_some()));
        }
    }
}

/// ffmpeg reads a segment, and decodes it without complaint, as it does the source.
#[test]
fn ffmpeg_reads_and_decodes_packed_audio() {
    for (coder, _, name) in CODERS {
        let Some(tone) = tone(coder) else { continue };
        let (_, packets, segments) = segments(&tone, 900_000);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("packed");
        let (mut count, mut all) = (0, Vec::new());
        for (number, segment) in segments.iter().enumerate() {
            let path = folder.join(format!("{number}.{name}"));
            std::fs::write(&path, segment).expect("a writable folder");
            let Some((listed, _)) = probe::listing(&path) else { return };
            count += listed.len();
            all.extend(probe::copy(&path, 0).expect("ffmpeg beside ffprobe"));
            let decode = ["-v", "warning", "-f", name, "-i"];
            let output = Command::new("ffmpeg").args(decode).arg(&path).args(["-f", "null", "-"]).output();
            let output = output.expect("ffmpeg runs");
            let complaints = String::from_utf8_lossy(&output.stderr);
            let mut complaints = complaints.lines().filter(|line| !line.contains("Estimating duration"));
            assert_eq!(complaints.next(), None, "{coder}");
        }
        assert_eq!(count, packets.len(), "{coder}");
        if coder != "aac" {
            assert!(
                all == packets.iter().flat_map(|packet| packet.data.to_vec()).collect::<Vec<u8>>(),
                "{coder}"
            );
        }
    }
}

/// As many packets as ffprobe lists; of the codings that are read.
#[test]
fn files_of_sound_are_read_as_ffprobe_reads_them() {
    let Some(media) = media() else { return };
    let names = [
        "sfx.adts",
        "sfx.mp3",
        "aac_he_v2.aac",
        "bear-vbr-xing-header.mp3",
        "bear-cbr-constant-frame-size-no-seek-table.mp3",
    ];
    for name in names {
        let path = media.join("audio").join(name);
        let file = Bytes::from(std::fs::read(&path).expect("a file"));
        // One begins with zeros.
        let is_told = Container::sniff(&file) == Some(Container::Packed);
        assert_eq!(is_told, file[0] != 0, "{name}");
        let (read, result) = drive(Demuxer::new(seekable(&file)), &file, 5000, |_, _| {});
        result.expect("bare frames");
        let Some((listed, _)) = probe::listing(&path) else { return };
        assert_eq!(read.packets.len(), listed.len(), "{name}");
        assert_eq!(read.packets[0].pts, Timestamp::ZERO, "{name}");
    }
}

proptest! {
    #[test]
    fn damage_ends_and_the_pieces_make_no_difference(
        order in prop::collection::vec(0..6_usize, 1..30),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..9),
        size in 1..300_usize,
    ) {
        let adts = b"\xff\xf1\x4c\x80\x02\x1f\xfc\x21\x10\x04\x60\x8c\x1c\0\0\0";
        let mpeg = [&b"\xff\xfb\x10\xc4"[..], &[0; 100]].concat();
        let tag = b"ID3\x04\0\0\0\0\0\x3fPRIV\0\0\0\x35\0\0com.apple.streaming.transportStreamTimestamp\0\0\0\0\0\x03\xc0\0\0";
        let pieces: [&[u8]; 6] = [adts, tag, b"junk", &mpeg, b"\x0b\x77\0\0\0\x50", b"ID3\x04\0\0\0\0\x7f\x7f"];
        let mut file: Vec<u8> = order.iter().flat_map(|piece| pieces[*piece].to_vec()).collect();
        for (at, value) in flips {
            let at = at.index(file.len());
            file[at] ^= value;
        }
        let file = Bytes::from(file);
        let (small, first) = drive(Demuxer::new(Source::Stream), &file, size, |_, _| {});
        let (large, second) = drive(Demuxer::new(seekable(&file)), &file, usize::MAX / 2, |_, _| {});
        prop_assert_eq!((small.tracks, small.packets, first), (large.tracks, large.packets, second));
    }
}
