//! Going on at another time in transport streams, which have no index, and how long they last.

use bytes::Bytes;
use media_core::codec::Key;
use media_core::demux::mpegts::Demuxer;
use media_core::demux::{Demux, Source};
use media_core::mux::mpegts::{Config, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};
use proptest::prelude::*;

use crate::made_up;
use crate::tools::{Read, drive, files, media, seekable};

/// Bytes that are given at once.
const PIECE: usize = 64 << 10;

/// What reading took up to the first packet.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Places that were asked for and did not follow on the bytes before.
    jumps: u64,
    bytes: u64,
}

/// A demuxer that has told its tracks.
fn begun(file: &Bytes) -> Option<Demuxer> {
    let mut demuxer = Demuxer::new(seekable(file));
    while demuxer.poll().is_none() {
        let at = demuxer.wants()? as usize;
        demuxer.push(file.slice(at..file.len().min(at + PIECE))).expect("a sound file");
    }
    Some(demuxer)
}

/// What comes after going to `nanos`; `None` where the tracks are told at the end only.
fn read_from(file: &Bytes, nanos: i64) -> Option<(Read, Cost)> {
    let mut demuxer = begun(file)?;
    assert!(demuxer.seek(nanos));
    let (mut cost, mut last) = (Cost::default(), demuxer.wants());
    let mut read = Read::default();
    while read.packets.is_empty() {
        let Some(at) = demuxer.wants() else { break };
        cost.jumps += u64::from(last != Some(at));
        let piece = file.slice(at as usize..file.len().min(at as usize + PIECE));
        cost.bytes += piece.len() as u64;
        last = Some(at + piece.len() as u64);
        demuxer.push(piece).expect("a sound file");
        std::iter::from_fn(|| demuxer.poll()).for_each(|output| read.take(output));
    }
    let (rest, result) = drive(demuxer, file, PIECE, |_, _| {});
    result.expect("a sound file");
    read.packets.extend(rest.packets);
    if rest.announced > 0 {
        read.tracks = rest.tracks;
    }
    Some((read, cost))
}

fn whole(file: &Bytes) -> Read {
    let (read, result) = drive(Demuxer::new(Source::Stream), file, PIECE, |_, _| {});
    result.expect("a sound file");
    read
}

/// Holds what comes after going to `nanos` against what comes without: the same from the last key picture on, and the sound of its time.
fn assert_goes_on(what: &str, whole: &Read, part: &Read, nanos: i64) {
    let mut begins = nanos;
    let mut tracks: Vec<&Track> = whole.tracks.iter().filter(|track| !whole.of(track).is_empty()).collect();
    tracks.sort_by_key(|track| track.kind() != Kind::Video);
    for track in tracks {
        let (all, found) = (whole.of(track), part.of(track));
        let last = all[all.len() - 1].pts.ticks();
        let ticks = track.time_base.from_nanos(begins).min(last);
        if found.is_empty() {
            // The last frames may begin in PES packets before.
            assert!(
                track.kind() == Kind::Audio && last - ticks < track.time_base.from_nanos(100_000_000),
                "{what}"
            );
            continue;
        }
        let skipped = all.len() - found.len();
        match track.kind() {
            Kind::Video => {
                let key = all
                    .iter()
                    .rposition(|packet| packet.key.is_random_access() && packet.pts.ticks() <= ticks);
                assert_eq!(skipped, key.unwrap_or(0), "{what} from {nanos}");
                assert_eq!(all[skipped..], found, "{what} from {nanos}");
                begins = track.time_base.to_nanos(found[0].pts.ticks());
            }
            Kind::Audio => {
                // Samples are counted from another frame on.
                let same = |(one, other): (&&Packet, &&Packet)| {
                    one.data == other.data && one.pts.ticks().abs_diff(other.pts.ticks()) <= 2
                };
                assert!(all[skipped..].iter().zip(&found).all(same), "{what} from {nanos}");
                let second = track.time_base.from_nanos(1_000_000_000);
                let early = ticks - found[0].pts.ticks();
                assert!(skipped == 0 || (-1..second).contains(&early), "{what} from {nanos}: {early} ticks");
            }
        }
    }
}

#[test]
fn real_streams_go_on_at_the_key_picture_before() {
    let Some(media) = media() else { return };
    let mut sought = 0;
    for path in files(&media.join("ts")).into_iter().chain(files(&media.join("streams"))) {
        if path.extension().is_none_or(|extension| extension != "ts") {
            continue;
        }
        let file = Bytes::from(std::fs::read(&path).expect("a file"));
        let what = path.display().to_string();
        let (whole, result) = drive(Demuxer::new(seekable(&file)), &file, PIECE, |_, _| {});
        let Some(track) = whole.tracks.first().filter(|_| result.is_ok()) else { continue };
        let packets = whole.of(track);
        let nanos = |packet: &Packet| track.time_base.to_nanos(packet.pts.ticks());
        let (first, last) = (nanos(packets[0]), nanos(packets[packets.len() - 1]));
        for part in [-1, 0, 2, 4, 7, 8] {
            let nanos = first + (last - first) / 7 * part;
            if let Some((part, _)) = read_from(&file, nanos) {
                assert_goes_on(&what, &whole, &part, nanos);
                sought += 1;
            }
        }
    }
    assert!(sought > 60, "{sought}");
}

/// Minutes of 25 pictures a second, a key picture every two seconds, and sound.
fn minutes(tracks: &[Track], minutes: i64, start: i64, config: Config) -> Bytes {
    let mut muxer = Muxer::new(tracks, config).expect("a muxer");
    let mut file = Vec::new();
    for group in 0..minutes * 30 {
        let mut packets = Vec::new();
        for track in tracks {
            let ticks = |time: i64, per_second: i64| {
                Timestamp::new(time).rescale(TimeBase::hz(per_second as u32), track.time_base).ticks()
            };
            let from = ticks(start, 90_000);
            match track.kind() {
                Kind::Video => packets.extend((group * 50..group * 50 + 50).map(|n| {
                    let key = if n % 50 == 0 { Key::Closed } else { Key::No };
                    let at = from + ticks(n, 25);
                    let mut data =
                        made_up::picture(track, 0, 0, key, 1500 + (n as usize * 7919) % 900).data.to_vec();
                    data[6] = if key == Key::Closed { 0xac } else { 0xd8 };
                    // Told apart from all others.
                    data[8..12].copy_from_slice(&(n as u32 | 0x1010_1010).to_be_bytes());
                    made_up::packet(track, at + ticks(2, 25), at, key, data.into())
                })),
                Kind::Audio => {
                    let rate = i64::from(track.time_base.den());
                    let frames = group * 2 * rate / 1024..(group + 1) * 2 * rate / 1024;
                    packets.extend(frames.map(|n| {
                        let frame = made_up::frame(track, from + n * 1024, 100);
                        let data = [&frame.data[..], &(n as u32).to_be_bytes()].concat();
                        Packet { data: data.into(), ..frame }
                    }));
                }
            }
        }
        file.extend_from_slice(&muxer.segment(&packets).expect("a segment"));
    }
    file.into()
}

/// Takes `random_access_indicator` from all packets, as some packagers do not set it.
fn without_indicators(file: &Bytes) -> Bytes {
    let mut file = file.to_vec();
    for packet in file.chunks_mut(188).filter(|packet| packet[3] & 0x20 != 0 && packet[4] > 0) {
        packet[5] &= !0x40;
    }
    file.into()
}

fn check(what: &str, file: &Bytes, seconds: i64, start: i64) {
    let whole = whole(file);
    for time in [-5_000, 79, 2_080, seconds * 600 + 1, seconds * 2000] {
        let nanos = TimeBase::VIDEO.to_nanos(start) + time * 1_000_000;
        let (part, cost) = read_from(file, nanos).expect("tracks");
        assert_goes_on(what, &whole, &part, nanos);
        let halvings = (file.len() >> 18).max(1).ilog2() as u64 + 1;
        assert!(cost.jumps <= halvings + 3, "{what}: {cost:?} in {} bytes", file.len());
        assert!(cost.bytes <= (2 << 20) + (halvings + 4) * 2 * PIECE as u64, "{what}: {cost:?}");
    }
    let mut demuxer = begun(file).expect("tracks");
    assert_eq!(demuxer.duration(), None);
    assert!(demuxer.measure());
    let mut duration = None;
    let (read, result) = drive(demuxer, file, PIECE, |demuxer, _| duration = demuxer.duration());
    result.expect("a sound file");
    assert_eq!(read.packets, whole.packets, "{what}: reading goes on where it was");
    let duration = duration.expect("measured");
    assert!(duration.abs_diff(seconds * 1_000_000_000) <= 90_000_000, "{what}: {duration}");
}

#[test]
fn streams_of_ours_go_on_wherever_they_are_told_to() {
    let tracks = [made_up::h265(1), made_up::aac(2, 48_000)];
    let file = minutes(&tracks, 2, 900_000, Config::default());
    check("with indicators", &file, 120, 900_000);
    check("without indicators", &without_indicators(&file), 120, 900_000);
}

#[test]
fn a_constant_rate_changes_nothing() {
    let config = Config { mux_rate: Some(1_000_000), ..Config::default() };
    let file = minutes(&[made_up::aac(2, 44_100), made_up::h265(1)], 1, 900_000, config);
    check("at a constant rate", &file, 60, 900_000);
}

/// The clock of 33 bits starts over in the middle, and right at the beginning.
#[test]
fn the_clock_may_wrap_anywhere() {
    for start in [(1 << 33) - 30 * 90_000, (1 << 33) - 1000] {
        let file = minutes(&[made_up::h265(1), made_up::aac(2, 48_000)], 1, start, Config::default());
        check("with a wrap", &file, 60, start);
    }
}

#[test]
fn sound_alone_goes_on_at_its_frame() {
    let file = minutes(&[made_up::aac(1, 44_100)], 5, 900_000, Config::default());
    check("sound", &file, 300, 900_000);
}

/// Two recordings one after the other, the second of an earlier time: a place with the time, where there is one, and always an end.
#[test]
fn times_that_jump_do_not_mislead_for_ever() {
    let tracks = [made_up::h265(1), made_up::aac(2, 48_000)];
    let late = minutes(&tracks, 1, 90_000 * 10_000, Config::default());
    let early = minutes(&tracks, 1, 900_000, Config::default());
    let file: Bytes = [&late[..], &early].concat().into();
    for seconds in [30, 10_030, 5000, 0, 99_999] {
        let (part, cost) = read_from(&file, seconds * 1_000_000_000).expect("tracks");
        let track = part.tracks.iter().find(|track| track.kind() == Kind::Video).expect("pictures");
        let first = part.of(track)[0];
        assert!(first.key.is_sync());
        let at = first.pts.ticks() / 90_000;
        assert!(seconds != 30 || (28..=30).contains(&at), "{at}");
        assert!(cost.bytes < 2 * file.len() as u64, "{cost:?}");
    }
}

#[test]
fn a_stream_does_not_go_elsewhere() {
    let mut demuxer = Demuxer::new(Source::Stream);
    assert!(!demuxer.seek(0) && !demuxer.measure());
    let file = minutes(&[made_up::h265(1)], 1, 0, Config::default());
    demuxer.push(file.clone()).expect("a sound file");
    assert!(!demuxer.seek(0) && !demuxer.measure());
    assert!(!Demuxer::new(seekable(&file)).seek(0), "not before the tracks are known");
}

proptest! {
    // Of a megabyte each.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn going_anywhere_in_broken_streams_ends(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..60),
        cut in any::<prop::sample::Index>(),
        times in prop::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), -1_000_000_000..20_000_000_000_i64], 1..5),
        every in 1..9_u32,
    ) {
        let tracks = [made_up::h265(1), made_up::aac(2, 48_000), made_up::opus(3)];
        let mut muxer = Muxer::new(&tracks, Config::default()).expect("a muxer");
        let packets = (0..300_i64).flat_map(|n| {
            let key = if n % 20 == 0 { Key::Closed } else { Key::No };
            let picture = made_up::picture(&tracks[0], n * 3600, n * 3600, key, 3000);
            [picture, made_up::frame(&tracks[1], n * 1920, 90), made_up::frame(&tracks[2], n * 1920, 50)]
        });
        let packets: Vec<Packet> = packets.collect();
        let mut file = muxer.segment(&packets).expect("a segment").to_vec();
        for (at, value) in flips {
            let at = at.index(file.len());
            file[at] ^= value;
        }
        let len = file.len() as u64;
        file.truncate(cut.index(file.len()) + 1);
        let mut demuxer = Demuxer::new(Source::Seekable { len });
        let mut times = times.into_iter();
        for push in 1.. {
            prop_assert!(push < 4000, "no end");
            let Some(at) = demuxer.wants() else { break };
            let piece = file.get(at as usize..file.len().min(at as usize + 20_000)).unwrap_or_default();
            if piece.is_empty() || demuxer.push(Bytes::copy_from_slice(piece)).is_err() {
                break;
            }
            while demuxer.poll().is_some() {}
            if push % every == 0 && let Some(nanos) = times.next() {
                demuxer.seek(nanos);
            } else if push % every == 1 {
                demuxer.measure();
            }
        }
        drop(demuxer.finish());
    }
}
