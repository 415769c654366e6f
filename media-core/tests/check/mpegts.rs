//! Transport streams as they come, and ours with one thing broken.

use media_core::check::mpegts::Checker;
use media_core::check::{Report, Severity};
use media_core::codec::Key;
use media_core::mux::mpegts::{Config, Muxer};
use media_core::packet::Packet;
use media_core::time::TimeBase;
use media_core::track::Track;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{made_up, media};

fn check(stream: &[u8]) -> Report {
    let mut checker = Checker::new();
    checker.push(stream);
    checker.finish()
}

/// What real streams break: cameras and packagers that tell their clock with each picture only, or after what it is for; a broadcast whose lengths of PES
/// packets are off by one; a single packet.
const BROKEN: &[(&str, &[&str])] = &[
    ("streams/shaka/hls-ts-mp3/media_w239891843_0.ts", &["pcr-after-dts", "pcr-interval"]),
    ("streams/shaka/hls-ts-mp3/media_w239891843_1.ts", &["pcr-after-dts", "pcr-interval"]),
    ("streams/shaka/hls-ts-mp3/media_w239891843_2.ts", &["pcr-after-dts", "pcr-interval"]),
    ("streams/shaka/hls-ts-mp3/media_w239891843_3.ts", &["pcr-after-dts", "pcr-interval"]),
    (
        "streams/shaka/hls-ts-muxed-opus-h264-2880/segment.ts",
        &["pcr-after-dts", "pcr-interval", "pcr-jump", "pts-gap"],
    ),
    ("ts/sample_h265_rps_pred.ts", &["pts-gap"]),
    ("ts/sd-hls0000000000.ts", &["pcr-interval"]),
    ("ts/test-072.ts", &["pes-length"]),
    ("ts/test-no-audio-segment.ts", &["pcr-interval"]),
    ("ts/test-segment.ts", &["pcr-after-dts", "pcr-interval"]),
    ("ts/test-stuffed-pes.ts", &["adaptation-field", "psi-missing"]),
];

#[test]
fn clean_streams_break_what_they_truly_break() {
    let mut wrong = String::new();
    for folder in ["ts", "streams"] {
        let Some(root) = media::folder(folder) else { return };
        for path in media::files(&root, &["ts"]) {
            let report = check(&std::fs::read(&path).expect("a readable file"));
            wrong.extend(media::unexpected(&path, &report, BROKEN));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn nothing_that_is_pushed_panics() {
    for folder in ["broken", "derived", "fuzz", "ts"] {
        let Some(root) = media::folder(folder) else { return };
        for path in media::files(&root, &["ts", "mp4", "264", "bin", "", "mkv"]) {
            let file = std::fs::read(&path).expect("a readable file");
            let whole = check(&file);
            let mut pieces = Checker::new();
            file.chunks(61).for_each(|piece| pieces.push(piece));
            assert_eq!(pieces.finish().findings(), whole.findings(), "{}", path.display());
        }
    }
}

/// Two segments of a second of pictures and sound.
fn segments() -> [Vec<u8>; 2] {
    let tracks = [made_up::h264(1), made_up::aac(2, 48_000)];
    let mut muxer = Muxer::new(&tracks, Config::default()).expect("a muxer");
    [50_i64, 75].map(|first| {
        let key = |n| if n == first { Key::Closed } else { Key::No };
        let pictures =
            (first..first + 25).map(|n| made_up::picture(&tracks[0], (n + 1) * 3600, n * 3600, key(n), 900));
        let frames = (first * 1920 / 1024 + 1..=(first + 25) * 1920 / 1024)
            .map(|n| made_up::frame(&tracks[1], n * 1024, 200));
        let mut packets: Vec<Packet> = pictures.chain(frames).collect();
        packets.sort_by_key(|packet| packet.dts.ticks() * if packet.track == tracks[0].id { 8 } else { 15 });
        muxer.segment(&packets).expect("a segment").to_vec()
    })
}

fn stream() -> Vec<u8> {
    segments().concat()
}

fn broken(stream: &[u8]) -> Vec<&'static str> {
    let mut names: Vec<_> = check(stream).counts().map(|(rule, _)| rule.name).collect();
    names.sort_unstable();
    names
}

/// Where packets of a PID begin; those that start something, or all.
fn packets(stream: &[u8], pid: u16, starts: bool) -> Vec<usize> {
    let own = |at: &usize| {
        let header = u16::from_be_bytes([stream[at + 1], stream[at + 2]]);
        header & 0x1fff == pid && (!starts || header & 0x4000 != 0)
    };
    (0..stream.len()).step_by(188).filter(own).collect()
}

/// The stream with `bytes` written at `at`.
fn with(stream: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut stream = stream.to_vec();
    stream[at..at + bytes.len()].copy_from_slice(bytes);
    stream
}

/// Where the payload of a packet begins.
fn payload(stream: &[u8], at: usize) -> usize {
    at + 4 + if stream[at + 3] & 0x20 == 0 { 0 } else { 1 + usize::from(stream[at + 4]) }
}

#[test]
fn what_is_to_be_broken_is_whole() {
    assert_eq!(broken(&stream()), [""; 0], "{}", media::told(&check(&stream())));
}

#[test]
fn trap_26_the_clock_is_told_in_time_and_before_what_it_is_for() {
    // ISO/IEC 13818-1 2.7.2, 2.7.4, 2.4.2.3; TR 101 290 2.3, 2.5. Clock references of the first segment go: PCR_flag off, its bytes stuffing.
    let mut silent = stream();
    for at in packets(&stream(), 0x100, false) {
        if silent[at + 3] & 0x20 != 0
            && silent[at + 4] > 6
            && silent[at + 5] & 0x10 != 0
            && at > 4000
            && at < 20_000
        {
            silent[at + 5] &= !0x10;
            silent[at + 6..at + 12].fill(0xff);
        }
    }
    // Pictures of 40 ms and no clock for half a second; tables were told by it, too.
    assert_eq!(broken(&silent), ["pcr-interval", "psi-interval"]);
    // A PTS and DTS of the second picture, a second early.
    let whole = stream();
    let second = payload(&whole, packets(&whole, 0x100, true)[1]);
    let early = with(&whole, second + 14, &stamp(1, 50 * 3600 - 90_000));
    assert_eq!(broken(&early), ["dts-order", "pcr-after-dts"]);
    // Half a second of pictures is left out, with everything else that came then: counters tell as well.
    let gone = [&whole[..188 * 20], &whole[188 * 120..]].concat();
    assert!(broken(&gone).contains(&"continuity"));
}

/// Five bytes of a time.
fn stamp(prefix: u8, time: u64) -> [u8; 5] {
    let low = |from: u32| (time >> from) as u8;
    [prefix << 4 | (low(30) & 7) << 1 | 1, low(22), low(14) | 1, low(7), low(0) << 1 | 1]
}

#[test]
fn trap_27_counters_sections_and_lengths() {
    // ISO/IEC 13818-1 2.4.3.3 to 2.4.3.7, 2.4.4.
    let whole = stream();
    let videos = packets(&whole, 0x100, false);
    let counter = whole[videos[3] + 3];
    assert_eq!(broken(&with(&whole, videos[3] + 3, &[counter & 0xf0 | (counter + 5) & 15])), ["continuity"]);
    let pat = packets(&whole, 0, true)[0];
    assert_eq!(broken(&with(&whole, pat + 9, &[0xaa])), ["psi-section"]);
    let sound = packets(&whole, 0x101, true);
    let pes = payload(&whole, sound[0]);
    assert_eq!(broken(&with(&whole, pes + 4, &[0, 0])), ["pes-length"]);
    assert_eq!(broken(&with(&whole, pes, &[1])), ["pes-header"]);
    let mut stuffed = videos
        .iter()
        .filter(|at| whole[*at + 3] & 0x20 != 0 && whole[*at + 4] > 20 && whole[*at + 5] & 0x10 == 0);
    let stuffed = *stuffed.next().expect("a picture ends somewhere");
    assert_eq!(broken(&with(&whole, stuffed + 10, &[0])), ["adaptation-field"]);
    assert_eq!(broken(&with(&whole, videos[5] + 1, &[0x81])), ["continuity", "transport-error"]);
    assert_eq!(broken(&[&whole[..], &[0x47]].concat()), ["truncated"]);
    assert!(broken(&with(&whole, 188 * 9, &[0])).contains(&"sync-byte"));
    // RFC 8216bis 3.1.1: segments begin with the tables.
    let judge = |first: &[u8]| {
        let [one, _] = segments();
        let mut checker = Checker::new();
        checker.segment();
        checker.push(&one);
        checker.segment();
        checker.push(first);
        media::errors(&checker.finish())
    };
    let [_, two] = segments();
    assert_eq!(judge(&two), [""; 0]);
    assert_eq!(judge(&two[188..]).last(), Some(&"segment-start"));
}

#[test]
fn trap_28_elementary_streams_are_as_transport_streams_have_them() {
    // ISO/IEC 13818-1 2.14.1 (delimiters), 2.4.3.5 (random access), ADTS.
    let whole = stream();
    let first = packets(&whole, 0x100, true)[0];
    let picture = payload(&whole, first) + 19;
    assert_eq!(whole[picture..picture + 5], [0, 0, 0, 1, 9], "a delimiter");
    assert_eq!(broken(&with(&whole, picture + 4, &[6])), ["access-unit-delimiter"]);
    assert_eq!(broken(&with(&whole, first + 5, &[whole[first + 5] & !0x40])), ["random-access"]);
    let sets = whole[picture..].windows(5).position(|window| window == [0, 0, 0, 1, 0x67]).expect("an SPS");
    assert_eq!(broken(&with(&whole, picture + sets + 4, &[6])), ["parameter-sets"]);
    let sound = payload(&whole, packets(&whole, 0x101, true)[0]) + 14;
    assert_eq!(whole[sound], 0xff);
    assert_eq!(broken(&with(&whole, sound, &[0xfe])), ["adts"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_our_muxer_writes_breaks_no_rule(
        which in 0..5_usize,
        steps in vec((0..4_usize, 1..60_i64, 0..400_i64, 0..8_u8, 2..3000_usize), 1..80),
        cuts in vec(1..12_usize, 1..10),
        start in 1000..1_i64 << 36,
    ) {
        use made_up::{aac, h264, h265, opus};
        let tracks: Vec<Track> = [
            vec![h264(1), aac(2, 44_100)],
            vec![aac(1, 48_000)],
            vec![opus(7), h265(3), aac(5, 16_000)],
            vec![opus(1)],
            vec![h265(9)],
        ][which].clone();
        let (mut now, mut last) = (start, vec![i64::MIN; tracks.len()]);
        let mut packets: Vec<Packet> = Vec::new();
        for (at, after, ahead, key, len) in steps {
            let at = at % tracks.len();
            let track = &tracks[at];
            now += after;
            let ticks = |millis: i64| TimeBase::hz(1000).to_nanos(millis) / 1000 * i64::from(track.time_base.den()) / 1_000_000;
            if ticks(now) <= last[at] {
                continue;
            }
            last[at] = ticks(now);
            let key = if key == 0 { Key::Closed } else { Key::No };
            packets.push(match track.kind() {
                media_core::track::Kind::Video => made_up::picture(track, ticks(now + ahead), ticks(now), key, len),
                media_core::track::Kind::Audio => made_up::frame(track, ticks(now), len.min(1500)),
            });
        }
        let mut muxer = Muxer::new(&tracks, Config::default()).expect("a muxer");
        let mut checker = Checker::new();
        let (mut rest, mut cuts) = (&packets[..], cuts.into_iter().cycle());
        while !rest.is_empty() {
            let (own, after) = rest.split_at(cuts.next().expect("for ever").min(rest.len()));
            rest = after;
            checker.segment();
            checker.push(&muxer.segment(own).expect("a segment"));
        }
        let report = checker.finish();
        // Scripts leave gaps in a stream, and choose frames of any length.
        let errors: Vec<_> = media::errors(&report).into_iter().filter(|name| *name != "pts-gap").collect();
        prop_assert!(errors.is_empty(), "{}", media::told(&report));
        let odd = media::broken(&report, Severity::Warning);
        prop_assert!(odd.is_empty(), "{}", media::told(&report));
    }
}

/// The program map says so with another version: the PID is judged as what it is from then on.
#[test]
fn a_pid_may_become_another_stream() {
    let tracks = [made_up::h264(1), made_up::aac(2, 48_000)];
    let mut muxer = Muxer::new(&tracks, Config::default()).expect("a muxer");
    let packets = |first: i64| -> Vec<Packet> {
        let key = |n| if n == first { Key::Closed } else { Key::No };
        let pictures =
            (first..first + 10).map(|n| made_up::picture(&tracks[0], n * 3600, n * 3600, key(n), 900));
        let frames = (first * 15 / 8..first * 15 / 8 + 18).map(|n| made_up::frame(&tracks[1], n * 1024, 200));
        pictures.chain(frames).collect()
    };
    let first = muxer.segment(&packets(0)).expect("a segment");
    muxer.set_tracks(&[tracks[1].clone(), tracks[0].clone()]).expect("the same tracks");
    let second = muxer.segment(&packets(10)).expect("a segment");
    let stream = [first, second].concat();
    assert_eq!(broken(&stream), [""; 0], "{}", media::told(&check(&stream)));
}
