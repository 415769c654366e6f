use super::*;
use crate::codec::{Config as CodecConfig, Key, h264, opus, vp8};
use crate::mux::webm::hex::bytes;
use crate::time::{TimeBase, Timestamp};
use crate::track::Track;

const PICTURES: TrackId = TrackId::new(1).expect("1 is not zero");
const SOUND: TrackId = TrackId::new(2).expect("2 is not zero");

fn pictures() -> TrackEntry {
    let config = vp8::Config::new(16, 16).expect("a size");
    (&Track::new(PICTURES, TimeBase::hz(1000), CodecConfig::Vp8(config))).into()
}

fn sound() -> TrackEntry {
    let config = opus::Config::new(2).expect("stereo");
    (&Track::new(SOUND, TimeBase::hz(1000), CodecConfig::Opus(config))).into()
}

fn packet(track: TrackId, at: i64, key: Key) -> Packet {
    Packet {
        track,
        pts: Timestamp::new(at),
        dts: Timestamp::new(at),
        duration: Some(20),
        key,
        data: Bytes::from_static(b"\x08x"), // Opus: one frame of 20 ms
        wall: None,
    }
}

fn writer(tracks: &[TrackEntry], config: Config) -> Writer {
    Writer::new(tracks, config).expect("a writer")
}

fn outputs(writer: &mut Writer) -> Vec<(Bytes, bool)> {
    std::iter::from_fn(|| writer.poll())
        .map(|output| (output.rope.to_bytes(), output.is_random_access))
        .collect()
}

fn push(writer: &mut Writer, track: TrackId, at: i64, key: Key) -> Vec<(Bytes, bool)> {
    writer.push(packet(track, at, key)).expect("a packet in order");
    outputs(writer)
}

const LIVE_CLUSTER: &str = "1f43b675 01ffffffffffffff";

#[test]
fn a_live_stream_is_written_block_by_block() {
    let mut writer = writer(&[pictures()], Config::new(Layout::Live));
    let cluster = |rest: &str| bytes(&format!("{LIVE_CLUSTER} {rest}"));
    let first = push(&mut writer, PICTURES, 0, Key::Closed);
    assert_eq!(first, [(cluster("e7 81 00 a3 86 81 0000 80 0878").into(), true)]);
    let second = push(&mut writer, PICTURES, 40, Key::No);
    assert_eq!(second, [(bytes("a3 86 81 0028 00 0878").into(), false)]);
    let close = push(&mut writer, PICTURES, 499, Key::Closed);
    assert_eq!(close, [(bytes("a3 86 81 01f3 80 0878").into(), false)], "too soon for another cluster");
    let key = push(&mut writer, PICTURES, 500, Key::Closed);
    assert_eq!(key, [(cluster("e7 82 01f4 a3 86 81 0000 80 0878").into(), true)]);
    let late = push(&mut writer, PICTURES, 5501, Key::No);
    assert_eq!(late, [(cluster("e7 82 157d a3 86 81 0000 00 0878").into(), false)], "the cluster was full");
    let ending = writer.finish();
    assert!(ending.rope.is_empty() && ending.patches.is_empty() && ending.cues.is_none());
}

#[test]
fn clusters_of_sound_alone_are_entrances() {
    let mut writer = writer(&[sound()], Config { cluster_duration: 40, ..Config::new(Layout::Live) });
    let entrances: Vec<bool> =
        (0..6).flat_map(|n| push(&mut writer, SOUND, n * 20, Key::Closed)).map(|output| output.1).collect();
    assert_eq!(entrances, [true, false, false, true, false, false]);
}

#[test]
fn a_packet_waits_for_an_earlier_one_of_another_track() {
    let mut writer = writer(&[sound(), pictures()], Config::new(Layout::Live));
    assert!(push(&mut writer, SOUND, 20, Key::Closed).is_empty());
    assert!(push(&mut writer, SOUND, 40, Key::Closed).is_empty());
    let both = push(&mut writer, PICTURES, 20, Key::Closed);
    // Pictures come first where both are due, and begin the cluster.
    assert_eq!(both[0].0, bytes(&format!("{LIVE_CLUSTER} e7 81 14 a3 86 82 0000 80 0878")));
    assert_eq!(both.len(), 1);
    let rest = push(&mut writer, PICTURES, 60, Key::No);
    assert_eq!(rest[0].0, bytes("a3 86 81 0000 80 0878"));
    assert_eq!(rest[1].0, bytes("a3 86 81 0014 80 0878"));
    assert_eq!(rest.len(), 2);
}

#[test]
fn a_track_that_is_silent_does_not_stop_the_others() {
    let mut writer = writer(&[pictures(), sound()], Config::new(Layout::Live));
    assert!(push(&mut writer, PICTURES, 0, Key::Closed).is_empty());
    assert!(push(&mut writer, PICTURES, 199, Key::No).is_empty());
    assert_eq!(push(&mut writer, PICTURES, 200, Key::No).len(), 1);
    assert_eq!(push(&mut writer, PICTURES, 400, Key::No).len(), 2);
    // What comes too late is written all the same, before its cluster's timestamp if need be.
    let late = push(&mut writer, SOUND, 190, Key::Closed);
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].0, bytes("a3 86 82 00be 80 0878"));
}

#[test]
fn packets_that_wait_are_counted_too() {
    let base = TimeBase::hz(1_000_000_000);
    let entry = TrackEntry { track: Track { time_base: base, ..pictures().track }, ..pictures() };
    let mut writer = writer(&[entry, sound()], Config::new(Layout::CuesLast));
    for n in 0..10_000 {
        writer.push(packet(PICTURES, n, Key::No)).expect("a packet in order");
    }
    let ending = writer.finish();
    assert!(ending.rope.len() > 80_000);
}

#[test]
fn a_file_is_complete_with_its_patches() {
    let mut writer = writer(&[pictures()], Config::new(Layout::CuesLast));
    let init = writer.init();
    assert!(push(&mut writer, PICTURES, 0, Key::Closed).is_empty());
    assert!(push(&mut writer, PICTURES, 40, Key::No).is_empty());
    let ending = writer.finish();
    // The body of the segment begins behind 36 bytes of EBML header and 12 of the segment's head.
    let cluster =
        bytes("1f43b675 9b e7 81 00 a3 86 81 0000 80 0878 a0 8e a1 86 81 0028 00 0878 9b 81 14 fb 81 d8");
    let position = (init.len() - 48) as u64;
    let cues = [
        &bytes("1c53bb6b 0100000000000021 bb 9f b3 88 0000000000000000 b7 93 f7 81 01 f1 88")[..],
        &position.to_be_bytes(),
        &bytes("f0 84 00000003"),
    ]
    .concat();
    assert_eq!(ending.rope.to_bytes(), [&cluster[..], &cues].concat());
    let at = init.len() as u64 + cluster.len() as u64;
    assert_eq!(ending.cues, Some(at..at + cues.len() as u64));
    let size = position + ending.rope.len();
    let patch = |offset, bytes: Vec<u8>| Patch { offset, bytes: bytes.into() };
    let expected = [
        patch(
            48 + 5 + 42,
            [&bytes("4dbb 92 53ab 84 1c53bb6b 53ac 88")[..], &(at - 48).to_be_bytes()].concat(),
        ),
        patch(48 + 68 + 5 + 29, bytes("4489 88 404e000000000000")), // 60 ms
        patch(40, (size | 1 << 56).to_be_bytes().to_vec()),
    ];
    assert_eq!(ending.patches, expected);
}

#[test]
fn cues_that_fit_go_first_and_others_last() {
    for (points, first) in [(3, true), (2, true), (1, false)] {
        let mut writer = writer(&[pictures()], Config::new(Layout::CuesFirst { points }));
        let init = writer.init().len() as u64;
        let mut clusters = 0;
        for n in 0..50 {
            let key = if n % 25 == 0 { Key::Closed } else { Key::No };
            clusters += push(&mut writer, PICTURES, n * 40, key).len();
        }
        assert_eq!(clusters, 1);
        let ending = writer.finish();
        let cues = ending.cues.expect("cues");
        assert_eq!(cues.end - cues.start, 12 + 2 * 33);
        assert_eq!(cues.start < init, first);
        let room = ending.patches.iter().find(|patch| patch.offset == cues.start);
        assert_eq!(room.map(|patch| patch.bytes.len() as u64), first.then_some(12 + u64::from(points) * 33));
    }
}

#[test]
fn sound_is_cut_where_it_ends_in_a_file() {
    let mut writer = writer(&[pictures(), sound()], Config::new(Layout::CuesLast));
    for n in 0..3 {
        writer.push(packet(SOUND, n * 20, Key::Closed)).expect("a packet in order");
    }
    writer.push(Packet { duration: Some(7), ..packet(SOUND, 60, Key::Closed) }).expect("a packet in order");
    let file = writer.finish().rope.to_bytes();
    let cut = bytes("a0 92 a1 86 82 003c 00 0878 9b 81 07 75a2 84 00c65d40");
    assert_eq!(file.windows(cut.len()).filter(|window| window == &cut).count(), 1, "13 ms: {file:x?}");
    assert_eq!(file.windows(2).filter(|id| id == &[0x75, 0xa2]).count(), 1);
}

#[test]
fn leading_pictures_are_due_before_their_key() {
    // From here on pictures are written in the order of DTS, with their PTS: I at 120, B at 80 and 100.
    let sps = b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
    let (sps, pps) = (Bytes::from_static(sps), Bytes::from_static(b"\x68\xcb\x83\xcb\x20"));
    let config = h264::Config::from_parameter_sets(&[sps], &[pps]).expect("320x240");
    let entry = TrackEntry::from(&Track::new(PICTURES, TimeBase::hz(1000), CodecConfig::H264(config)));
    let mut live = writer(std::slice::from_ref(&entry), Config::new(Layout::Live));
    let mut file = writer(&[entry], Config::new(Layout::CuesLast));
    let mut streamed = Vec::new();
    for (dts, pts, key) in [(60, 120, Key::Open), (80, 80, Key::No), (100, 100, Key::No)] {
        let packet = Packet { dts: Timestamp::new(dts), duration: None, ..packet(PICTURES, pts, key) };
        live.push(packet.clone()).expect("a packet in order");
        streamed.extend(outputs(&mut live).into_iter().map(|output| output.0));
        file.push(packet).expect("a packet in order");
    }
    let streamed = streamed.concat();
    assert!(
        streamed
            .ends_with(&bytes("e7 81 78 a3 86 81 0000 80 0878 a3 86 81 ffd8 00 0878 a3 86 81 ffec 00 0878"))
    );
    let ending = file.finish().rope.to_bytes();
    let cluster =
        bytes("1f43b675 9b e7 81 50 a3 86 81 0028 80 0878 a3 86 81 0000 00 0878 a3 86 81 0014 00 0878");
    assert!(ending.starts_with(&cluster), "{ending:x?}");
}

#[test]
fn alpha_goes_with_its_picture() {
    let entry = TrackEntry { alpha: true, ..pictures() };
    let mut writer = writer(&[entry, sound()], Config { hold: 0, ..Config::new(Layout::Live) });
    writer.push_with_alpha(packet(PICTURES, 0, Key::Closed), Bytes::from_static(b"A")).expect("alpha");
    let expected = bytes(&format!(
        "{LIVE_CLUSTER} e7 81 00 a0 93 a1 86 81 0000 00 0878 75a1 88 a6 86 ee 81 01 a5 81 'A'"
    ));
    assert_eq!(outputs(&mut writer)[0].0, expected);
    let error = writer.push_with_alpha(packet(SOUND, 0, Key::Closed), Bytes::new()).expect_err("no alpha");
    assert_eq!(error.to_string(), "alpha for track 2, which has none");
}

#[test]
fn tracks_and_packets_that_do_not_fit_are_refused() {
    let refuse = |tracks: &[TrackEntry]| {
        Writer::new(tracks, Config::new(Layout::Live)).expect_err("refused").to_string()
    };
    assert_eq!(refuse(&[]), "0 tracks, 1 to 126 are possible");
    assert_eq!(refuse(&vec![sound(); 127]), "127 tracks, 1 to 126 are possible");
    assert_eq!(refuse(&[pictures(), sound(), pictures()]), "two tracks are called 1");

    let mut writer = writer(&[sound()], Config::new(Layout::Live));
    let foreign = writer.push(packet(PICTURES, 0, Key::Closed)).expect_err("no such track");
    assert_eq!(foreign.to_string(), "packet of track 1, which is not written here");
    writer.push(packet(SOUND, 20, Key::Closed)).expect("a packet");
    let error = writer.push(packet(SOUND, 20, Key::Closed)).expect_err("the same again");
    assert_eq!(error.to_string(), "dts 20 after dts 20");
    assert!(outputs(&mut writer).len() == 1 && push(&mut writer, SOUND, 40, Key::Closed).len() == 1);
}

#[test]
fn memory_and_times_of_48_hours() {
    let config = Config { cluster_duration: 30_000, ..Config::new(Layout::CuesLast) };
    let mut writer = writer(&[sound()], config);
    let mut next_cluster = 0_u64;
    let end = 48 * 3600 * 1000;
    for at in (0..end).step_by(120) {
        for (cluster, _) in push(&mut writer, SOUND, at, Key::Closed) {
            let stamp =
                cluster.windows(2).position(|id| id[0] == 0xe7 && id[1] & 0xf0 == 0x80).expect("a timestamp");
            let len = usize::from(cluster[stamp + 1] & 0x0f);
            let read =
                cluster[stamp + 2..][..len].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            assert_eq!(read, next_cluster);
            next_cluster += 30_120;
        }
    }
    assert!(next_cluster > u64::from(u16::MAX) * 2000);
    let ending = writer.finish();
    let points = (end as u64).div_ceil(30_120);
    let cues = ending.cues.expect("cues");
    assert_eq!(cues.end - cues.start, 12 + 33 * points);
}
