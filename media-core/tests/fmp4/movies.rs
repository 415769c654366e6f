//! Real films with all their tracks, in every layout: our own demuxer, ffprobe and `mp4-atom` read what went in, and ffmpeg decodes the same.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use media_core::demux::{self, Demux, Output as Read};
use media_core::mux::fmp4::{self, Layout, Room, TrackEntry, Writer};
use media_core::packet::{Key, Packet};
use media_core::track::{Kind, Track};
use mp4_atom::{Any, DecodeMaybe};

use crate::ffmpeg::{self, Listed};
use crate::{back, reader, source};

/// The tracks of a file and their packets.
fn read(file: &Bytes) -> (Vec<Track>, Vec<Packet>) {
    let mut demuxer = demux::mp4::Demuxer::new(demux::Source::Seekable { len: file.len() as u64 });
    let mut outputs = Vec::new();
    while let Some(at) = demuxer.wants().map(|at| at as usize).filter(|at| *at < file.len()) {
        demuxer.push(file.slice(at..file.len().min(at + 65_536))).expect("an MP4 file");
        outputs.extend(std::iter::from_fn(|| demuxer.poll()));
    }
    outputs.extend(demuxer.finish().expect("an MP4 file"));
    let (mut tracks, mut packets) = (Vec::new(), Vec::new());
    for output in outputs {
        match output {
            Read::Tracks(read) => tracks = read.to_vec(),
            Read::Packet(packet) => packets.push(packet),
        }
    }
    (tracks, packets)
}

struct Film {
    outputs: Vec<fmp4::Output>,
    ending: fmp4::Ending,
}

fn write(tracks: &[Track], packets: &[Packet], config: fmp4::Config) -> Film {
    let entries: Vec<TrackEntry> = tracks.iter().map(TrackEntry::from).collect();
    let mut writer = Writer::new(&entries, config).expect("a writer");
    let mut outputs = Vec::new();
    for packet in packets {
        writer.push(packet.clone()).expect("a packet in order");
        outputs.extend(std::iter::from_fn(|| writer.poll()));
    }
    Film { outputs, ending: writer.finish() }
}

impl Film {
    fn streamed(&self) -> Vec<u8> {
        let mut file = Vec::new();
        self.outputs.iter().for_each(|output| file.extend_from_slice(&output.rope.to_bytes()));
        file
    }

    fn file(&self) -> Bytes {
        let mut file = self.streamed();
        self.ending.clone().apply(&mut file);
        file.into()
    }
}

fn on_disk(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("a writable target folder");
    path
}

fn listed(track: &Track, packets: &[Packet]) -> Vec<Listed> {
    let own = packets.iter().filter(|packet| packet.track == track.id);
    own.map(|packet| Listed {
        pts: packet.pts.ticks(),
        dts: packet.dts.ticks(),
        size: packet.data.len(),
        key: packet.key.is_sync(),
    })
    .collect()
}

/// Every atom of a file that `mp4-atom` can make out, which is all that we write.
fn understood(mut file: &[u8]) {
    while !file.is_empty() {
        let Some(atom) = Any::decode_maybe(&mut file).expect("boxes as mp4-atom knows them") else { break };
        if let Any::Unknown(kind, _) = &atom {
            assert!([*b"sidx", *b"mfra"].map(mp4_atom::FourCC::from).contains(kind), "{kind:?}");
        }
    }
    assert!(file.is_empty(), "{} bytes are left", file.len());
}

const LAYOUTS: [(&str, Layout); 5] = [
    ("progressive", Layout::Progressive),
    ("moved", Layout::Faststart(Room::None)),
    ("roomy", Layout::Faststart(Room::Bytes(60_000))),
    ("hybrid", Layout::Hybrid),
    ("fragmented", Layout::Fragmented),
];

/// Writes a film in every layout and compares.
fn film(name: &str) {
    let Some(original) = source::media(name).filter(|_| ffmpeg::present()) else { return };
    let bytes = Bytes::from(std::fs::read(&original).expect("a readable file"));
    let (tracks, packets) = read(&bytes);
    let hash =
        tracks.iter().any(|track| track.kind() == Kind::Video).then(|| ffmpeg::picture_hash(&original));
    let stem = original.file_stem().expect("a name").to_string_lossy();
    for (layout_name, layout) in LAYOUTS {
        let written = write(&tracks, &packets, fmp4::Config::new(layout)).file();
        understood(&written);
        back::clean(&written, known(name));
        same(name, layout_name, &read(&written), &tracks, &packets);
        // The others differ from these in where `moov` is.
        if name != MOVED && matches!(layout, Layout::Faststart(_)) {
            continue;
        }
        let ours = on_disk(&format!("{stem}-{layout_name}.mp4"), &written);
        for track in &tracks {
            let kind = if track.kind() == Kind::Video { "v" } else { "a" };
            assert_eq!(ffmpeg::packets(&ours, kind), listed(track, &packets), "{name} {layout_name} {kind}");
        }
        if layout == Layout::Fragmented {
            assert_eq!(hash, hash.as_ref().map(|_| ffmpeg::picture_hash(&ours)), "{name} {layout_name}");
        }
        if layout == Layout::Hybrid && tracks.iter().any(|track| track.kind() == Kind::Audio) {
            assert!(ffmpeg::sound(&ours) == ffmpeg::sound(&original), "{name} {layout_name}: the same sound");
        }
    }
}

/// What our judge finds in the film itself, whoever writes it: one begins within its media and so takes away more than its pre-skip.
fn known(name: &str) -> &'static [&'static str] {
    if name == "mp4/sample_opus.mp4" { &["pre-skip-edit"] } else { &[] }
}

/// The film that is also read by others with its index moved to the front.
const MOVED: &str = "mp4/testvid_1022ms.mp4";

/// What our demuxer reads is what was written.
fn same(name: &str, layout: &str, read: &(Vec<Track>, Vec<Packet>), tracks: &[Track], packets: &[Packet]) {
    assert_eq!(read.0.len(), tracks.len());
    for (read_track, track) in read.0.iter().zip(tracks) {
        assert_eq!((read_track.id, &read_track.codec), (track.id, &track.codec));
        assert_eq!((read_track.rotation, read_track.language), (track.rotation, track.language));
        assert_eq!(read_track.priming, track.priming, "{name} {layout}");
        let of = |packets: &[Packet]| -> Vec<(i64, i64, Key, Bytes)> {
            let own = packets.iter().filter(|packet| packet.track == track.id);
            own.map(|packet| (packet.pts.ticks(), packet.dts.ticks(), packet.key, packet.data.clone()))
                .collect()
        };
        assert!(of(&read.1) == of(packets), "{name} {layout}: packets of track {}", track.id.get());
    }
}

#[test]
fn h264_with_b_pictures_and_aac_that_begins_late() {
    film("mp4/testvid_1022ms.mp4");
    film("mp4/sample_simple.mp4");
}

#[test]
fn h264_and_aac_with_priming() {
    film("mp4/silent-black-10s.mp4");
}

#[test]
fn h264_on_its_side() {
    film("mp4/internal_emulator_transformer_output_270_rotated.mp4");
}

#[test]
fn opus_with_its_end_trimmed() {
    film("mp4/sample_opus.mp4");
}

#[test]
fn h265_with_b_pictures() {
    film("mp4/h265_bframes.mp4");
}

#[test]
fn av1() {
    film("mp4/av1.mp4");
}

/// A recording that a crash ended at any byte plays as far as its last checkpoint.
#[test]
fn a_recording_cut_off_anywhere_plays_to_its_last_checkpoint() {
    let Some(original) = source::media("mp4/silent-black-10s.mp4") else { return };
    let (tracks, packets) = read(&Bytes::from(std::fs::read(&original).expect("a readable file")));
    let film = write(&tracks, &packets, fmp4::Config::new(Layout::Hybrid));
    let mut checkpoints = vec![(0, 0)];
    let (mut len, mut written) = (0, 0);
    let own = |bytes: &Bytes| reader::tracks(bytes).iter().map(|track| track.samples.len()).sum::<usize>();
    for output in &film.outputs {
        assert!(output.is_checkpoint);
        len += output.rope.len() as usize;
        checkpoints.push((len, 0));
    }
    let mut file = film.streamed();
    file.extend_from_slice(&film.ending.rope.to_bytes());
    let file = Bytes::from(file);
    for (at, samples) in checkpoints.iter_mut().skip(1) {
        *samples = own(&file.slice(..*at));
        assert!(*samples > written, "more at each");
        written = *samples;
    }
    // At every border of a box, and in between.
    let mut cuts: Vec<usize> = (0..file.len()).step_by(997).collect();
    let (mut at, mut fragments) = (0, 0);
    for (kind, body) in reader::boxes(&file) {
        at += body.len() + 8;
        fragments = if &kind == b"mdat" { at } else { fragments };
        cuts.extend([at - body.len(), at - 1, at, at + 1]);
    }
    for cut in cuts.into_iter().filter(|cut| *cut <= fragments) {
        let Some((at, expected)) = checkpoints.iter().rfind(|(at, _)| *at <= cut && *at > 0) else {
            continue;
        };
        back::clean(&file.slice(..*at), &[]);
        let found = read(&file.slice(..cut)).1.len();
        assert!(found >= *expected, "cut at {cut}: {found} of {expected} packets up to {at}");
    }
    if !ffmpeg::present() {
        return;
    }
    for (at, _) in checkpoints.iter().skip(1).step_by(2) {
        let cut = on_disk("cut.mp4", &file[..*at]);
        let expected = own(&file.slice(..*at));
        assert_eq!(ffmpeg::packets(&cut, "v").len() + ffmpeg::packets(&cut, "a").len(), expected);
    }
}

#[test]
fn on_demand_files_are_read_by_others() {
    for (name, kind) in [("mp4/sample.mp4", Kind::Video), ("mp4/silent-black-10s.mp4", Kind::Audio)] {
        let Some(original) = source::media(name).filter(|_| ffmpeg::present()) else { return };
        let (tracks, mut packets) = read(&Bytes::from(std::fs::read(&original).expect("a readable file")));
        let track = tracks.into_iter().find(|track| track.kind() == kind).expect("a track");
        packets.retain(|packet| packet.track == track.id);
        let tracks = [track];
        for room in [Room::None, Room::for_subsegments(100)] {
            let config =
                fmp4::Config { random_access_index: true, ..fmp4::Config::new(Layout::OnDemand(room)) };
            let film = write(&tracks, &packets, config);
            let file = film.file();
            back::clean(&file, &[]);
            let ours = on_disk("on-demand.mp4", &file);
            let letter = if kind == Kind::Video { "v" } else { "a" };
            assert_eq!(ffmpeg::packets(&ours, letter), listed(&tracks[0], &packets));
            same(name, "on demand", &read(&file), &tracks, &packets);
        }
    }
}

/// Sound that is over before the film begins, as in a recording that begins in the middle of something: it is in the file and never heard.
#[test]
fn a_track_that_ends_before_zero_is_not_played() {
    let Some(original) = source::media("mp4/testvid_1022ms.mp4").filter(|_| ffmpeg::present()) else {
        return;
    };
    let (tracks, mut packets) = read(&Bytes::from(std::fs::read(&original).expect("a readable file")));
    let sound = tracks.iter().find(|track| track.kind() == Kind::Audio).expect("sound");
    let seconds = 2 * i64::from(sound.time_base.den());
    for packet in packets.iter_mut().filter(|packet| packet.track == sound.id) {
        packet.pts = packet.pts.saturating_add(-seconds);
        packet.dts = packet.dts.saturating_add(-seconds);
    }
    let of = |packets: &[Packet]| -> Vec<(i64, Bytes)> {
        let own = packets.iter().filter(|packet| packet.track == sound.id);
        own.map(|packet| (packet.pts.ticks(), packet.data.clone())).collect()
    };
    let before = of(&packets);
    for (layout_name, layout) in LAYOUTS {
        let film = write(&tracks, &packets, fmp4::Config::new(layout)).file();
        let own = reader::tracks(&film).into_iter().find(|track| track.id == sound.id.get()).expect("sound");
        let media: i64 = own.samples.iter().map(|sample| i64::from(sample.duration)).sum();
        assert_eq!(own.edits, [(0, seconds)], "{layout_name}: decoding begins two seconds before");
        // The last packet lasts until the film begins, so that the edit is not behind the media.
        assert!(media == seconds || layout == Layout::Fragmented, "{layout_name}");
        let back = of(&read(&film).1);
        assert!(!back.is_empty() && before.ends_with(&back), "{layout_name}: none moved");
        if layout != Layout::Fragmented {
            let file = on_disk(&format!("before-zero-{layout_name}.mp4"), &film);
            assert_eq!(ffmpeg::shown(&file, "a"), 0, "{layout_name}");
            assert_eq!(ffmpeg::shown(&file, "v"), packets.len() - before.len(), "{layout_name}");
        }
    }
}
