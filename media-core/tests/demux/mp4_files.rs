//! Real MP4 and MOV files: their packets are those ffprobe shows, and it makes no difference how their bytes come.

use std::collections::BTreeSet;
use std::path::Path;

use bytes::Bytes;
use media_core::demux::mp4::{Demuxer, Error};
use media_core::demux::{Container, Demux, Source};
use media_core::packet::Packet;

use crate::probe;
use crate::tools::*;

/// Where we differ from ffmpeg on purpose: by how many ticks our PTS and DTS are later.
const SHIFTED: [(&str, i64); 1] = [
    // The edit begins in the middle of a picture. ffmpeg moves all pictures so that the first one that begins in it is at zero; we keep the
    // times that the edit list says.
    ("mp4/iibbibb_editlist_videoonly.mp4", 8192),
];

/// Packets of which ffmpeg says another duration than `trun`: it takes the samples of an AAC frame, or the way to the next packet.
const OTHER_DURATIONS: [&str; 3] = [
    "fmp4/sample_with_increasing_timestamps_320w_240h_fragmented.mp4",
    "fmp4/fragmented_captions.mp4",
    "streams/androidx/dash/multi-period-with-multiple-gop/sample.video.mp4",
];

/// Files of the first second of a stream only, whose two fragments say the same time: ffmpeg gives two packets one DTS.
const NOT_COMPARED: [&str; 1] = ["fmp4/bbb.mp4"];

/// Headers and segments that make one stream.
fn joined(media: &Path) -> Vec<(&'static str, Bytes)> {
    let join = |name, parts: &[String]| {
        let parts =
            parts.iter().map(|part| std::fs::read(media.join("streams").join(part)).expect("a segment"));
        (name, Bytes::from(parts.collect::<Vec<_>>().concat()))
    };
    let numbered = |head: &str, segment: &str, count: u32| {
        let mut parts = vec![head.to_owned()];
        parts.extend((1..=count).map(|number| segment.replace('#', &number.to_string())));
        parts
    };
    let cmaf = "androidx/cmaf/multi-segment";
    let dash = "androidx/dash";
    vec![
        join("audio", &numbered(&format!("{cmaf}/audio_init.mp4"), &format!("{cmaf}/audio_#.m4s"), 12)),
        join("video", &numbered(&format!("{cmaf}/video_init.mp4"), &format!("{cmaf}/video_#.m4s"), 12)),
        join("shaka", &numbered("shaka/3675/init-stream0.m4s", "shaka/3675/chunk-stream0-0000#.m4s", 7)),
        join(
            "emsg",
            &numbered(
                &format!("{dash}/multi-segment-with-emsg0/segment_init.mp4"),
                &format!("{dash}/multi-segment-with-emsg0/segment_#.m4s"),
                2,
            ),
        ),
        join(
            "one of two",
            &numbered(
                &format!("{dash}/multi-track/init-stream1.m4s"),
                &format!("{dash}/multi-track/chunk-stream1-0000#.m4s"),
                1,
            ),
        ),
        join(
            "the other of two",
            &numbered(
                &format!("{dash}/multi-track/init-stream0.m4s"),
                &format!("{dash}/multi-track/chunk-stream0-0000#.m4s"),
                1,
            ),
        ),
        join(
            "muxed, joined late",
            &["shaka/hls-mp4-muxed-aac-h264/init.mp4", "shaka/hls-mp4-muxed-aac-h264/hls11.m4s"]
                .map(str::to_owned),
        ),
        join(
            "hls",
            &["init.mp4", "playlist0.m4s", "playlist1.m4s"]
                .map(|part| format!("androidx/hls/multi-segment/{part}")),
        ),
    ]
}

/// Real files that are whole, by name.
pub(crate) fn clean_files(media: &Path) -> Vec<(String, Bytes)> {
    let folders = ["mp4", "fmp4", "clips", "audio", "streams"];
    let paths = folders.iter().flat_map(|folder| files(&media.join(folder)));
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "mp4" || end == "mov"));
    let named = paths.map(|path| {
        let name = path.strip_prefix(media).expect("in the folder").display().to_string();
        (name, Bytes::from(std::fs::read(path).expect("a readable file")))
    });
    // Of these, at which ffprobe grumbles, only headers are there; they are read among the broken ones.
    let headers = ["esds", "h264", "h264_avcc_ext_2", "h264_encrypted_segment", "hevc", "vp9"];
    let headers = headers.map(|name| format!("fmp4/{name}.mp4"));
    let is_empty = |name: &String| probe::EMPTY.iter().any(|(empty, _)| empty == name);
    named.filter(|(name, _)| !headers.contains(name) && !is_empty(name)).collect()
}

#[test]
fn packets_are_those_of_ffprobe() {
    let Some(media) = media() else { return };
    let mut compared = 0;
    for (name, file) in clean_files(&media) {
        let Some((theirs, ids)) = probe(&media.join(&name)) else { return };
        compared += compare(&name, &file, &theirs, &ids);
    }
    assert!(compared > 13_000, "{compared} packets");
}

#[test]
fn segments_behind_their_header_are_one_stream() {
    let Some(media) = media() else { return };
    for (name, stream) in joined(&media) {
        let path = std::env::temp_dir().join(format!("reelmill-demux-{}-{name}.mp4", std::process::id()));
        std::fs::write(&path, &stream).expect("a temporary file");
        let probed = probe(&path);
        std::fs::remove_file(&path).expect("it was written");
        let Some((theirs, ids)) = probed else { return };
        assert!(compare(name, &stream, &theirs, &ids) > 0, "{name}");
    }
}

/// Compares each track's packets; how many.
fn compare(name: &str, file: &Bytes, theirs: &[Probed], ids: &[u32]) -> usize {
    assert_eq!(Container::sniff(file), Some(Container::Mp4), "{name}");
    let read = read_mp4(file);
    if NOT_COMPARED.contains(&name) {
        let dts: BTreeSet<_> = theirs.iter().map(|packet| (packet.stream, packet.dts)).collect();
        assert!(dts.len() < theirs.len(), "{name}: theirs have a DTS each by now");
        return 0;
    }
    let mut other_durations = 0;
    for track in &read.tracks {
        let stream = ids.iter().position(|id| *id == track.id.get()).expect("ffprobe knows the track");
        let theirs: Vec<_> = theirs.iter().filter(|packet| packet.stream == stream).collect();
        let ours = read.of(track);
        assert_eq!(ours.len(), theirs.len(), "{name}: packets of track {}", track.id.get());
        let count = ours.len();
        for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            other_durations += assert_same(name, index, index + 1 == count, ours, theirs);
        }
    }
    assert_eq!(
        other_durations > 0,
        OTHER_DURATIONS.contains(&name),
        "{name}: {other_durations} durations differ"
    );
    read.packets.len()
}

/// Compares a packet with theirs; how many durations are not the same, where they may be.
fn assert_same(name: &str, index: usize, last: bool, ours: &Packet, theirs: &Probed) -> usize {
    let shift = SHIFTED.iter().find(|(shifted, _)| *shifted == name).map_or(0, |(_, ticks)| *ticks);
    let times = (Some(ours.pts.ticks() - shift), Some(ours.dts.ticks() - shift), ours.key.is_sync());
    assert_eq!(times, (theirs.pts, theirs.dts, theirs.key), "{name}, track {} #{index}", ours.track.get());
    // Of the last packet ffmpeg says what is left of the track's duration; we say what the table says, up to the end of the edit.
    let differs = theirs.duration.is_some() && !last && ours.duration.map(i64::from) != theirs.duration;
    let what = (ours.duration, theirs.duration);
    assert!(
        !differs || OTHER_DURATIONS.contains(&name),
        "{name}, track {} #{index}: {what:?}",
        ours.track.get()
    );
    usize::from(differs)
}

#[test]
fn dts_increase_and_are_not_after_pts() {
    let Some(media) = media() else { return };
    for (name, file) in clean_files(&media) {
        let read = read_mp4(&file);
        for track in &read.tracks {
            let packets = read.of(track);
            assert!(packets.windows(2).all(|pair| pair[0].dts < pair[1].dts), "{name}");
            assert!(packets.iter().all(|packet| packet.dts <= packet.pts), "{name}");
        }
    }
}

#[test]
fn packets_of_all_tracks_come_in_order_of_decoding() {
    let Some(media) = media() else { return };
    for (name, file) in clean_files(&media) {
        let read = read_mp4(&file);
        let nanos = |packet: &Packet| {
            let track = read.tracks.iter().find(|track| track.id == packet.track).expect("its track");
            track.time_base.to_nanos(packet.dts.ticks())
        };
        let times: Vec<_> = read.packets.iter().map(nanos).collect();
        // Stamps moved by a tick where two fragments overlap are due as they were written.
        let slack = if NOT_COMPARED.contains(&name.as_str()) { 1_000_000_000 } else { 0 };
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1] + slack), "{name}");
    }
}

#[test]
fn a_stream_gives_the_same_packets_or_says_that_it_cannot() {
    let Some(media) = media() else { return };
    let (mut streamed, mut refused) = (0, 0);
    for (name, file) in clean_files(&media) {
        let whole = read_mp4(&file);
        for step in [1000, 65_536] {
            match drive(Demuxer::new(Source::Stream), &file, step, |_, _| {}) {
                (_, Err(Error::IndexBehindMedia { .. })) => refused += 1,
                (read, result) => {
                    assert_eq!(result, Ok(()), "{name}");
                    assert_eq!(read.tracks, whole.tracks, "{name}");
                    assert_eq!(read.packets, whole.packets, "{name}");
                    assert!(read.pushed <= file.len() as u64, "{name}");
                    streamed += 1;
                }
            }
        }
    }
    assert!(streamed > 30 && refused > 30, "{streamed} streamed, {refused} not");
}

#[test]
fn the_size_of_pushes_makes_no_difference() {
    let Some(media) = media() else { return };
    for (name, file) in clean_files(&media).into_iter().filter(|(_, file)| file.len() < 200_000) {
        let whole = read_mp4(&file);
        for step in [61, 4096, usize::MAX >> 1] {
            let (read, _) = drive(Demuxer::new(seekable(&file)), &file, step, |_, _| {});
            assert_eq!((read.packets, read.tracks), (whole.packets.clone(), whole.tracks.clone()), "{name}");
        }
    }
}

#[test]
fn payloads_lie_where_they_were_pushed() {
    let Some(media) = media() else { return };
    let name = "clips/bikes.mp4";
    let file = Bytes::from(std::fs::read(media.join(name)).expect("a readable file"));
    let (read, _) = drive(Demuxer::new(seekable(&file)), &file, file.len(), |_, _| {});
    let memory = file.as_ptr_range();
    assert!(read.packets.iter().all(|packet| memory.contains(&packet.data.as_ptr())));
}

#[test]
fn an_index_at_the_end_is_fetched_without_what_lies_before() {
    let Some(media) = media() else { return };
    let file =
        Bytes::from(std::fs::read(media.join("mp4/hdr10-video-with-sdr-container.mp4")).expect("a file"));
    let mut demuxer = Demuxer::new(seekable(&file));
    let mut asked = Vec::new();
    while demuxer.poll().is_none() {
        let at = demuxer.wants().expect("no tracks yet") as usize;
        asked.push(at);
        demuxer.push(file.slice(at..file.len().min(at + 4096))).expect("a sound file");
    }
    let read = asked.len() * 4096;
    assert!(read < file.len() / 10, "{read} of {} bytes for the index", file.len());
}
