//! Going on at another time in WebM and Matroska.

use bytes::Bytes;
use media_core::demux::webm::Demuxer;
use media_core::demux::{Demux, Output, Source};
use media_core::mux::webm::{Config, Layout};
use media_core::packet::{Key, Packet};
use media_core::time::TimeBase;
use media_core::track::{Kind, Track};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::probe;
use crate::read::{Read, read};
use crate::script::{self, Scripted, Step, scripted, write};

fn seekable(file: &Bytes) -> Demuxer {
    Demuxer::new(Source::Seekable { len: file.len() as u64 })
}

/// Pushes what is wanted, `size` bytes of it at most; `None` at the end.
fn push(demuxer: &mut Demuxer, file: &Bytes, size: usize) -> Option<usize> {
    let at = demuxer.wants()? as usize;
    let piece = file.slice(at.min(file.len())..file.len().min(at.saturating_add(size)));
    let len = piece.len();
    demuxer.push(piece).expect("a sound file");
    (len > 0).then_some(len)
}

/// What comes after going to each of these times, and the bytes it took until the first packet; the first begins when the tracks are known.
fn read_from(file: &Bytes, times: &[i64]) -> Vec<(Read, usize)> {
    let mut demuxer = seekable(file);
    let mut first = None;
    while first.is_none() {
        push(&mut demuxer, file, 512).expect("tracks come first");
        first = demuxer.poll();
    }
    let mut found = Vec::new();
    for nanos in times {
        assert!(demuxer.seek(*nanos));
        let (mut read, mut pushed) = (Read::default(), 0);
        loop {
            read.outputs.extend(std::iter::from_fn(|| demuxer.poll()));
            let is_first = read.packets().next().is_none();
            match push(&mut demuxer, file, 3000) {
                Some(count) => pushed += if is_first { count } else { 0 },
                None => break,
            }
        }
        found.push((read, pushed));
    }
    // Only the end tells that nothing more comes of a track.
    let rest = demuxer.finish().expect("tracks were known");
    found.last_mut().expect("a time").0.outputs.extend(rest);
    found
}

/// The same for one time.
fn one(file: &Bytes, nanos: i64) -> (Read, usize) {
    read_from(file, &[nanos]).remove(0)
}

/// Holds what comes after going to `nanos` against what comes without: pictures from the last key on that is not later, sound from the packet
/// that begins there or just before, to the millisecond of its stamps.
fn assert_goes_on(name: &str, whole: &Read, part: &Read, nanos: i64) {
    let mut start = nanos;
    let mut tracks: Vec<&Track> = whole.tracks().iter().collect();
    tracks.sort_by_key(|track| track.kind());
    for track in tracks {
        let what = format!("{name}, track {} from {nanos}", track.id.get());
        let (all, found) = (whole.packets_of(track.id), part.packets_of(track.id));
        assert!(found.len() <= all.len(), "{what}: {} of {}", found.len(), all.len());
        let same = &all[all.len() - found.len()..];
        let millis = if track.kind() == Kind::Video { 0 } else { 2_500_000 };
        for (one, other) in same.iter().zip(&found) {
            assert_eq!((&one.data, one.key), (&other.data, other.key), "{what}");
            let apart = track.time_base.to_nanos(other.pts.since(one.pts)).abs();
            assert!(apart <= millis, "{what}: {apart} ns {one:?} {other:?}");
        }
        let at = |packet: &Packet| track.time_base.to_nanos(packet.pts.ticks());
        match track.kind() {
            Kind::Video => {
                let ticks = track.time_base.from_nanos(nanos);
                let expected = all.iter().rfind(|packet| packet.key.is_sync() && packet.pts.ticks() <= ticks);
                let expected = expected.or(all.first());
                assert_eq!(
                    found.first().map(|packet| packet.pts),
                    expected.map(|packet| packet.pts),
                    "{what}"
                );
                start = start.min(found.first().map_or(start, |packet| at(packet)));
            }
            Kind::Audio => {
                // Sound that ended long before does not come again.
                let Some(first) = found.first() else {
                    assert!(all.last().is_none_or(|last| at(last) < start - 900_000_000), "{what}: nothing");
                    continue;
                };
                let is_whole = all.len() == found.len();
                assert!(is_whole || at(first) <= start + millis, "{what}: {first:?} after {start}");
                // At most what one block may lace.
                let early = found.iter().filter(|packet| at(packet) <= start - millis).count();
                assert!(early <= 8, "{what}: {early} packets before {start}");
            }
        }
    }
}

/// Times before, within and behind a file.
fn times(whole: &Read) -> Vec<i64> {
    let ends = whole.tracks().iter().map(|track| {
        let last = whole.packets_of(track.id).last().map_or(0, |packet| packet.pts.ticks());
        track.time_base.to_nanos(last)
    });
    let end = ends.max().unwrap_or(0);
    let mut times: Vec<i64> = [5, 0, 3, 6, 1, 7, 9, -1].iter().map(|part| end / 7 * part).collect();
    // To the very key pictures, and just before.
    for track in whole.tracks().iter().filter(|track| track.kind() == Kind::Video) {
        let keys = whole.packets_of(track.id).into_iter().filter(|packet| packet.key.is_sync());
        for key in keys.take(5) {
            let nanos = track.time_base.to_nanos(key.pts.ticks());
            times.extend([nanos, nanos - 20_000_000]);
        }
    }
    times
}

fn check(name: &str, file: &Bytes) -> usize {
    let whole = read(seekable(file), file, 4096);
    if whole.error.is_some() || whole.packets().next().is_none() {
        return 0;
    }
    let times = times(&whole);
    // One after the other, with what was learned before; what only the end gives out is not there.
    let together = read_from(file, &times);
    for (nanos, (together, _)) in times.iter().zip(together) {
        let (alone, _) = one(file, *nanos);
        alone.check();
        assert_goes_on(name, &whole, &alone, *nanos);
        for track in whole.tracks().iter().filter(|track| track.kind() == Kind::Video) {
            let (alone, found) = (alone.packets_of(track.id), together.packets_of(track.id));
            assert_eq!(found[..], alone[..found.len()], "{name} {nanos}");
        }
    }
    times.len()
}

#[test]
fn real_files_go_on_at_the_key_picture_before() {
    let mut sought = 0;
    for file in probe::files(&["webm/", "mkv/", "streams/"], &[".webm", ".mkv", ".mka"]) {
        let folder = probe::folder().expect("a file was found there");
        let bytes = std::fs::read(folder.join(&file.name)).expect("a readable file");
        sought += check(&file.name, &bytes.into());
    }
    assert!(sought > 300 || probe::folder().is_none(), "{sought}");
}

/// Twenty seconds: VP9 with a key picture every three and a half, and Opus.
fn film() -> [Scripted; 2] {
    let pictures = script::track(1, Kind::Video, TimeBase::VIDEO, 0);
    let sound = script::track(2, Kind::Audio, TimeBase::hz(48_000), 312);
    let step = |n: usize| Step {
        duration: 3600,
        key: if n.is_multiple_of(87) { Key::Closed } else { Key::No },
        len: 900,
    };
    let frame = Step { duration: 960, key: Key::Closed, len: 60 };
    let steps: Vec<Step> = (0..500).map(step).collect();
    let mut film = [scripted(pictures, 0, &steps), scripted(sound, -312, &vec![frame; 1000])];
    for (n, packet) in (0_u32..).zip(film.iter_mut().flat_map(|script| &mut script.packets)) {
        let mut data = packet.data.to_vec();
        data[0] = 0xfc;
        data[1..5].copy_from_slice(&n.to_be_bytes());
        packet.data = data.into();
    }
    film
}

const LAYOUTS: [Layout; 3] = [Layout::CuesLast, Layout::CuesFirst { points: 100 }, Layout::Live];

#[test]
fn what_the_writer_writes_is_gone_through_by_its_cues() {
    for layout in LAYOUTS {
        for cluster_duration in [5000, 700] {
            let config = Config { cluster_duration, ..Config::new(layout) };
            let file = Bytes::from(write(&film(), config).0);
            assert!(check(&format!("{layout:?} {cluster_duration}"), &file) > 15);
        }
    }
}

/// The index at the end or before the media, and a second or two of the file.
#[test]
fn cues_spare_what_lies_before() {
    for layout in [Layout::CuesLast, Layout::CuesFirst { points: 100 }] {
        let file = Bytes::from(write(&film(), Config::new(layout)).0);
        let (_, pushed) = one(&file, 16_000_000_000);
        assert!(pushed < file.len() / 5, "{layout:?}: {pushed} of {} bytes", file.len());
    }
}

/// The file with the body of its first element of that ID and size changed.
fn set(file: &Bytes, head: &[u8], offset: usize, bytes: &[u8]) -> Bytes {
    let at = file.windows(head.len()).rposition(|window| window == head).expect("an element") + head.len();
    let mut file = file.to_vec();
    file[at + offset..at + offset + bytes.len()].copy_from_slice(bytes);
    file.into()
}

/// Of another file, or cut off: the clusters tell.
#[test]
fn wrong_cues_are_not_believed() {
    let file = Bytes::from(write(&film(), Config::new(Layout::CuesLast)).0);
    // CueClusterPosition of the last point: no cluster, and beyond the end.
    for place in [7_u64, 1 << 40] {
        let wrong = set(&file, &[0xf1, 0x88], 0, &place.to_be_bytes());
        check("a wrong place", &wrong);
    }
    // CueTime of the last point: long before, and long behind.
    for time in [0_u64, 1 << 40] {
        check("a wrong time", &set(&file, &[0xb3, 0x88], 0, &time.to_be_bytes()));
    }
    // SeekPosition of the cues.
    let cues = [0x53, 0xab, 0x84, 0x1c, 0x53, 0xbb, 0x6b, 0x53, 0xac, 0x88];
    for place in [0_u64, 1 << 40] {
        check("no cues there", &set(&file, &cues, 0, &place.to_be_bytes()));
    }
    let cues = file.windows(4).rposition(|window| window == [0x1c, 0x53, 0xbb, 0x6b]).expect("Cues");
    check("cut off", &file.slice(..cues));
    check("cut off in the cues", &file.slice(..cues + 40));
}

#[test]
fn a_stream_does_not_go_elsewhere() {
    let file = Bytes::from(write(&film(), Config::new(Layout::CuesFirst { points: 20 })).0);
    let mut demuxer = Demuxer::new(Source::Stream);
    assert!(!demuxer.seek(0));
    demuxer.push(file.slice(..5000)).expect("a sound file");
    assert!(matches!(demuxer.poll(), Some(Output::Tracks(_))) && !demuxer.seek(0));
    let mut demuxer = seekable(&file);
    assert!(!demuxer.seek(0), "no tracks yet");
}

/// A few cases, or as many as the environment says.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { 60 };
    ProptestConfig { failure_persistence: None, cases, ..usual }
}

fn step() -> impl Strategy<Value = Step> {
    let key = prop_oneof![6 => Just(Key::No), 1 => Just(Key::Closed)];
    (1000..40_000_u32, key, 8..400_usize).prop_map(|(duration, key, len)| Step { duration, key, len })
}

proptest! {
    #![proptest_config(config())]

    /// Two tracks of pictures with keys of their own, and sound.
    #[test]
    fn any_script_is_gone_through(
        (one, two) in (vec(step(), 1..120), vec(step(), 1..120)),
        sounds in 1..900_usize,
        layout in prop_oneof![Just(Layout::Live), Just(Layout::CuesLast), Just(Layout::CuesFirst { points: 99 })],
        cluster_duration in 1..6000_u32,
        times in vec(-1_000_000_000..20_000_000_000_i64, 1..4),
    ) {
        let frame = Step { duration: 960, key: Key::Closed, len: 9 };
        let mut scripts = [
            scripted(script::track(1, Kind::Video, TimeBase::VIDEO, 0), 0, &one),
            scripted(script::track(3, Kind::Video, TimeBase::VIDEO, 0), 0, &two),
            scripted(script::track(2, Kind::Audio, TimeBase::hz(48_000), 0), 0, &vec![frame; sounds]),
        ];
        for script in &mut scripts {
            script.packets[0].key = Key::Closed;
            for packet in &mut script.packets {
                let mut data = packet.data.to_vec();
                data[0] = 0xfc;
                packet.data = data.into();
            }
        }
        let config = Config { cluster_duration, hold: 100_000, ..Config::new(layout) };
        let file = Bytes::from(write(&scripts, config).0);
        let whole = read(seekable(&file), &file, 4096);
        for nanos in times {
            assert_goes_on("a script", &whole, &self::one(&file, nanos).0, nanos);
        }
    }

    #[test]
    fn going_anywhere_in_broken_files_ends(
        layout in 0..3_usize,
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        times in vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), -1_000_000_000..40_000_000_000_i64], 1..6),
        every in 1..20_u32,
    ) {
        let mut film = film();
        film.iter_mut().for_each(|script| script.packets.truncate(200));
        let mut file = write(&film, Config { cluster_duration: 900, ..Config::new(LAYOUTS[layout]) }).0;
        for (at, value) in flips {
            let at = at.index(file.len());
            file[at] ^= value;
        }
        let mut demuxer = seekable(&file.clone().into());
        let mut times = times.into_iter();
        for push in 1.. {
            prop_assert!(push < 4000, "no end");
            let Some(at) = demuxer.wants() else { break };
            let piece = file.get(at as usize..file.len().min(at as usize + 1000)).unwrap_or_default();
            if piece.is_empty() || demuxer.push(Bytes::copy_from_slice(piece)).is_err() {
                break;
            }
            while demuxer.poll().is_some() {}
            if push % every == 0 && let Some(nanos) = times.next() {
                demuxer.seek(nanos);
            }
        }
        drop(demuxer.finish());
    }
}
