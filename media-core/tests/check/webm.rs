//! WebM and Matroska as they come, and ours with one thing broken.

use bytes::Bytes;
use media_core::check::webm::Checker;
use media_core::check::{Report, Severity};
use media_core::codec::{Config as Codec, Key, opus, vp9};
use media_core::mux::Rope;
use media_core::mux::webm::{Config, Layout, TrackEntry, Writer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::media;

fn check(file: &[u8]) -> Report {
    let mut checker = Checker::new();
    checker.push(file);
    checker.finish()
}

/// What clean files break: those of a muxer's tests hold frames of nothing; one has the pre-roll of Opus in samples, and its pre-skip of 312 with its bytes the wrong way round, from which its delay was reckoned.
const BROKEN: &[(&str, &[&str])] = &[
    ("streams/shaka/dash-multi-codec/audio_es_2c_64k_opus.webm", &["codec-delay", "seek-pre-roll"]),
    ("webm/accurate_cluster_duration_two_tracks.webm", &["codec-private", "key-flag"]),
    ("webm/block_with_additional.webm", &["block-addition", "key-flag"]),
    ("webm/cues_before_clusters.webm", &["key-flag"]),
    ("webm/discard_padding.webm", &["codec-private"]),
    ("webm/set_cues_track_number.webm", &["key-flag"]),
];

#[test]
fn clean_files_break_what_they_truly_break() {
    let mut wrong = String::new();
    for folder in ["webm", "mkv", "streams"] {
        let Some(root) = media::folder(folder) else { return };
        for path in media::files(&root, &["webm", "mkv"]) {
            let report = check(&std::fs::read(&path).expect("a readable file"));
            wrong.extend(media::unexpected(&path, &report, BROKEN));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn nothing_that_is_pushed_panics() {
    for folder in ["broken", "derived", "fuzz", "webm"] {
        let Some(root) = media::folder(folder) else { return };
        for path in media::files(&root, &["webm", "mkv", "mp4", "ts", "bin", ""]) {
            let file = std::fs::read(&path).expect("a readable file");
            let whole = check(&file);
            let mut pieces = Checker::new();
            file.chunks(83).for_each(|piece| pieces.push(piece));
            assert_eq!(pieces.finish().findings(), whole.findings(), "{}", path.display());
        }
    }
}

/// VP9 of 16x16 pixels and Opus with a pre-skip of 312 samples.
fn tracks() -> [Track; 2] {
    let id = |id| TrackId::new(id).expect("not zero");
    let pictures = Codec::Vp9(vp9::Config::from_parts(vp9::Parts::new(16, 16)).expect("profile 0"));
    let sound = Codec::Opus(opus::Config::new(2).expect("stereo").with_pre_skip(312));
    let mut sound = Track::new(id(2), TimeBase::hz(48_000), sound);
    sound.priming = 312;
    [Track::new(id(1), TimeBase::VIDEO, pictures), sound]
}

fn packet(track: &Track, pts: i64, duration: u32, key: bool) -> Packet {
    // VP9 uncompressed headers: a key frame of 16x16 pixels, and one that depends on others.
    let data: &[u8] = match (track.id.get(), key) {
        (1, true) => &[0x82, 0x49, 0x83, 0x42, 0x20, 0x00, 0xf0, 0x00, 0xf0, 0, 0, 0, 0, 0, 0, 0],
        (1, false) => &[0x86, 0, 0, 0, 0, 0, 0, 0],
        _ => &[0xfc, 1, 2, 3, 4, 5],
    };
    let (key, at) = (if key { Key::Closed } else { Key::No }, Timestamp::new(pts));
    Packet {
        track: track.id,
        pts: at,
        dts: at,
        duration: Some(duration),
        key,
        data: Bytes::from_static(data),
        wall: None,
    }
}

fn write(packets: &[Packet], layout: Layout) -> Vec<u8> {
    let tracks = tracks();
    let entries: Vec<TrackEntry> = tracks.iter().map(TrackEntry::from).collect();
    let mut writer =
        Writer::new(&entries, Config { hold: 100_000, ..Config::new(layout) }).expect("a writer");
    let mut file = Rope::from(writer.init());
    for packet in packets {
        writer.push(packet.clone()).expect("a packet in order");
        while let Some(output) = writer.poll() {
            file.append(output.rope);
        }
    }
    let ending = writer.finish();
    file.append(ending.rope.clone());
    let mut bytes = file.to_bytes().to_vec();
    for patch in &ending.patches {
        bytes[patch.offset as usize..][..patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    bytes
}

fn sorted(pictures: impl Iterator<Item = Packet>, sound: impl Iterator<Item = Packet>) -> Vec<Packet> {
    let mut packets: Vec<Packet> = pictures.chain(sound).collect();
    packets.sort_by_key(|packet| packet.dts.ticks() * if packet.track.get() == 1 { 8 } else { 15 });
    packets
}

/// Four seconds, a key frame each.
fn file(layout: Layout) -> Vec<u8> {
    let [video, audio] = tracks();
    let pictures = (0..100).map(|n| packet(&video, n * 3600, 3600, n % 25 == 0));
    write(&sorted(pictures, (0..200).map(|n| packet(&audio, n * 960 - 312, 960, true))), layout)
}

fn broken(file: &[u8]) -> Vec<&'static str> {
    let mut names: Vec<_> = check(file).counts().map(|(rule, _)| rule.name).collect();
    names.sort_unstable();
    names
}

/// The file with `bytes` in the body of the `nth` element whose ID and size are `head`.
fn set(file: &[u8], head: &[u8], nth: usize, offset: usize, bytes: &[u8]) -> Vec<u8> {
    let all = file.windows(head.len()).enumerate().filter(|(_, window)| *window == head);
    let at = all.map(|(at, _)| at).nth(nth).expect("an element") + head.len() + offset;
    let mut file = file.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn what_is_to_be_broken_is_whole() {
    for layout in [Layout::Live, Layout::CuesLast, Layout::CuesFirst { points: 10 }] {
        let file = file(layout);
        assert_eq!(broken(&file), [""; 0], "{}", media::told(&check(&file)));
    }
}

#[test]
fn trap_29_webm_is_in_order_indexed_and_says_its_delays() {
    let file = file(Layout::CuesLast);
    // WebM guidelines: block times do not decrease. A block of track 1 in a SimpleBlock of 12 bytes: 4 and 8.
    let late = set(&file, &[0xa3, 0x8c, 0x81], 9, 0, &[0, 0]);
    assert_eq!(broken(&late), ["block-order"]);
    // RFC 9559 5.1.4.1.25: CodecDelay of 6.5 ms; 5.1.4.1.26: SeekPreRoll of 80 ms.
    let delay = 6_500_000_u32.to_be_bytes();
    let at = file.windows(2).position(|window| window == [0x56, 0xaa]).expect("CodecDelay");
    let width = usize::from(file[at + 2] & 0x7f);
    assert_eq!(file[at + 3..at + 3 + width], delay[4 - width..]);
    assert_eq!(broken(&set(&file, &[0x56, 0xaa, 0x80 | width as u8], 0, width - 3, &[0])), ["codec-delay"]);
    let at = file.windows(2).position(|window| window == [0x56, 0xbb]).expect("SeekPreRoll");
    assert_eq!(broken(&set(&file, &file[at..at + 3], 0, 0, &[1])), ["seek-pre-roll"]);
    // Cues point at clusters and key frames: CueClusterPosition, CueTime.
    let cues = file.windows(4).rposition(|window| window == [0x1c, 0x53, 0xbb, 0x6b]).expect("Cues");
    let place = cues + file[cues..].windows(1).position(|window| window == [0xf1]).expect("a position");
    let mut moved = file.clone();
    let last = place + 1 + usize::from(file[place + 1] & 0x7f);
    moved[last] ^= 1;
    assert_eq!(broken(&moved), ["cue-cluster"]);
    // RFC 8794 6.2: only segments and clusters are open-ended. Info's size is all ones of its width.
    let info = file.windows(4).position(|window| window == [0x15, 0x49, 0xa9, 0x66]);
    let info = file
        .iter()
        .enumerate()
        .skip(info.expect("Info") + 1)
        .map(|(at, _)| at)
        .find(|at| file[*at..].starts_with(&[0x15, 0x49, 0xa9, 0x66]));
    let mut open = file.clone();
    let at = info.expect("Info behind SeekHead") + 4;
    let width = open[at].leading_zeros() as usize + 1;
    open[at] = (0x1ff >> width) as u8;
    open[at + 1..at + width].fill(0xff);
    assert_eq!(broken(&open).last(), Some(&"unknown-size"));
    // DASH: a cluster begins with a key frame, and says so truly.
    let unkeyed = set(&file, &[0xa3, 0x94, 0x81], 1, 2, &[0]);
    assert_eq!(broken(&unkeyed), ["cue-key", "key-flag"]);
    let mut dash = Checker::for_dash();
    dash.push(&unkeyed);
    assert!(media::errors(&dash.finish()).contains(&"cluster-key"));
}

#[test]
fn elements_are_whole_and_what_they_say() {
    let file = file(Layout::CuesLast);
    assert_eq!(broken(&file[..file.len() - 1]), ["truncated"]);
    assert_eq!(broken(&set(&file, b"V_VP9", 0, 0, b"")), [""; 0]);
    assert_eq!(broken(&set(&file, b"V_VP", 0, 0, b"7")), ["doc-type"]);
    assert_eq!(broken(&set(&file, &[0xd7, 0x81], 1, 0, &[0])).first(), Some(&"block-track"));
    assert_eq!(broken(&set(&file, &[0xa3, 0x8c], 3, 0, &[0x85])), ["block-track"]);
    assert_eq!(broken(&set(&file, &[0x44, 0x89, 0x88], 0, 0, &60_000_f64.to_be_bytes())), ["duration"]);
    assert_eq!(broken(&set(&file, &[0x2a, 0xd7, 0xb1, 0x83], 0, 0, &[0; 3])).last(), Some(&"value"));
    assert!(broken(&file[5..]).contains(&"ebml-header"));
}

#[test]
fn cues_say_where_in_the_cluster_a_block_begins() {
    let file = file(Layout::CuesLast);
    // CueRelativePosition of the last point: RFC 9559 5.1.5.1.2.3.
    let at = file.windows(2).rposition(|window| window == [0xf0, 0x84]).expect("a position") + 5;
    let mut moved = file.clone();
    moved[at] += 1;
    assert_eq!(broken(&moved), ["cue-relative"]);
}

fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    [id, &(body.len() as u64 | 1 << 56).to_be_bytes(), body].concat()
}

/// The EBML header and a segment that is not over.
fn begin() -> Vec<u8> {
    let header = element(&[0x1a, 0x45, 0xdf, 0xa3], &element(&[0x42, 0x82], b"matroska"));
    [&header[..], &[0x18, 0x53, 0x80, 0x67, 0xff]].concat()
}

const INFO: &[u8] = &[0x15, 0x49, 0xa9, 0x66];
const TRACKS: &[u8] = &[0x16, 0x54, 0xae, 0x6b];

#[test]
fn a_file_has_a_segment_and_that_has_info_and_tracks() {
    let begin = begin();
    let (info, tracks) = (element(INFO, b""), element(TRACKS, b""));
    assert_eq!(broken(&begin[..begin.len() - 5]), ["missing"]);
    assert_eq!(broken(&[&begin[..], &tracks].concat()), ["missing"]);
    assert_eq!(broken(&[&begin[..], &info].concat()), ["missing"]);
    assert_eq!(broken(&[begin, info, tracks].concat()), [""; 0]);
}

/// RFC 8794 11.3.1, and zlib's CRC-32 of a `TimestampScale`.
#[test]
fn checksums_are_counted() {
    let scale = [0x2a, 0xd7, 0xb1, 0x83, 0x0f, 0x42, 0x40];
    let file = |crc: [u8; 4]| {
        let info = element(INFO, &[&[0xbf, 0x84][..], &crc, &scale].concat());
        [begin(), info, element(TRACKS, b"")].concat()
    };
    assert_eq!(broken(&file([0x60, 0x86, 0x1e, 0x94])), [""; 0]);
    assert_eq!(broken(&file([0; 4])), ["crc"]);
}

#[test]
fn what_accompanies_a_block_was_announced() {
    let video = [element(&[0xb0], &[16]), element(&[0xba], &[16])].concat();
    let more = element(&[0xa6], &[element(&[0xee], &[1]), element(&[0xa5], b"alpha")].concat());
    let block = element(&[0xa1], b"\x81\0\0\0");
    let group = element(&[0xa0], &[block, element(&[0x75, 0xa1], &more)].concat());
    let cluster = element(&[0x1f, 0x43, 0xb6, 0x75], &[element(&[0xe7], &[0]), group].concat());
    let file = |most: u8| {
        let entry = [
            element(&[0xd7], &[1]),
            element(&[0x73, 0xc5], &[1]),
            element(&[0x83], &[1]),
            element(&[0x55, 0xee], &[most]),
            element(&[0x86], b"V_VP8"),
            element(&[0xe0], &video),
        ];
        let tracks = element(TRACKS, &element(&[0xae], &entry.concat()));
        [begin(), element(INFO, b""), tracks, cluster.clone()].concat()
    };
    assert_eq!(broken(&file(1)), [""; 0]);
    assert_eq!(broken(&file(0)), ["block-addition"]);
}

/// A `Void` a byte too long to be kept, and a block behind it, in one push and in several.
#[test]
fn what_lies_behind_something_long_is_looked_at() {
    let void = element(&[0xec], &vec![0; Checker::LIMIT - 8]);
    assert_eq!(void.len(), Checker::LIMIT + 1);
    let stray = element(&[0xa3], b"\x81\0\0\x80");
    let file = [begin(), element(INFO, b""), element(TRACKS, b""), void, stray].concat();
    let whole = check(&file);
    assert_eq!(broken(&file), ["block", "not-examined"], "{}", media::told(&whole));
    let mut pieces = Checker::new();
    file.chunks(1 << 20).for_each(|piece| pieces.push(piece));
    assert_eq!(pieces.finish().findings(), whole.findings());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_our_writer_writes_breaks_no_rule(
        steps in vec((1..9000_u32, 0..5_u8), 1..120),
        sounds in 0..200_i64,
        start in 0..1_i64 << 32,
        layout in prop_oneof![Just(Layout::Live), Just(Layout::CuesLast), (0..20_u32).prop_map(|points| Layout::CuesFirst { points })],
    ) {
        let [video, audio] = tracks();
        let mut at = start;
        let pictures: Vec<Packet> = steps.iter().enumerate().map(|(index, (duration, key))| {
            at += i64::from(*duration);
            packet(&video, at - i64::from(*duration), *duration, index == 0 || *key == 0)
        }).collect();
        let first = start * 8 / 15;
        let sound = (0..sounds).map(|n| packet(&audio, first + n * 960, 960, true));
        let report = check(&write(&sorted(pictures.into_iter(), sound), layout));
        prop_assert!(report.worst() < Some(Severity::Warning), "{}", media::told(&report));
    }
}
