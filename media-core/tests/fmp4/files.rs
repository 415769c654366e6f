//! Any script of packets in every layout reads back as it was.

use bytes::Bytes;
use media_core::codec::{Config, Key, opus};
use media_core::mux::fmp4::{self, Composition, Layout, Room, TrackEntry};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};
use proptest::prelude::*;

use crate::back;
use crate::reader::{self, TrackFile};
use crate::script::{self, Script, Written};

fn composition() -> impl Strategy<Value = Composition> {
    prop_oneof![Just(Composition::Unsigned), Just(Composition::Signed)]
}

/// All that holds of a track read back, whatever the layout.
fn check_times(read: &TrackFile, track: &Track, packets: &[&Packet]) {
    assert_eq!(read.timescale, track.time_base.den());
    assert_eq!(read.samples.len(), packets.len());
    for (n, (sample, packet)) in read.samples.iter().zip(packets).enumerate() {
        let shown = read.shown(sample.decode_time + sample.composition);
        assert_eq!(shown, packet.pts.ticks(), "sample {n} of {}", packets.len());
        assert_eq!(sample.data, packet.data);
    }
    for (pair, sample) in packets.windows(2).zip(&read.samples) {
        assert_eq!(i64::from(sample.duration), pair[1].dts.since(pair[0].dts));
    }
}

/// Of a file without fragments: its edits, durations, keys and groups.
fn check_tables(read: &TrackFile, track: &Track, packets: &[&Packet], composition: Composition) {
    check_times(read, track, packets);
    let Some(last) = packets.last() else {
        assert_eq!((read.durations, read.edits.len()), ([read.durations[0], 0, 0], 0));
        return;
    };
    let total = read.samples.iter().map(|sample| u64::from(sample.duration)).sum::<u64>();
    assert_eq!(read.durations[2], total, "mdhd");
    let exact = read.movie_timescale.is_multiple_of(read.timescale);
    let begin = packets.iter().map(|packet| packet.pts.ticks()).min().unwrap_or(0).max(0);
    if exact {
        // Trap 5: the end is where the last packet says, not where its samples end.
        let end = read.end().unwrap_or_else(|| read.durations[1] as i64);
        assert_eq!(read.durations[1] as i64, end, "tkhd");
        if track.kind() == Kind::Audio {
            let ends = last.pts.ticks() + length(track, packets);
            let factor = i64::from(read.movie_timescale / read.timescale);
            assert_eq!(end, ends.max(begin) * factor, "end");
        }
    }
    // Trap 3: an edit that takes reordering back, or signed offsets.
    let signed = read.samples.iter().any(|sample| sample.composition < 0);
    assert!(!signed || composition == Composition::Signed && read.media_time.unwrap_or(0) == 0);
    for ((sample, packet), (roll, open)) in read.samples.iter().zip(packets).zip(&read.groups) {
        if track.kind() == Kind::Video {
            assert_eq!(sample.is_sync(), packet.key == Key::Closed);
            assert_eq!(*open, matches!(packet.key, Key::Open | Key::Roll { pictures: 0 }));
            let expected = match packet.key {
                Key::Roll { pictures: pictures @ 1.. } => Some(pictures as i16),
                _ => None,
            };
            assert_eq!(*roll, expected);
        } else {
            assert!(sample.is_sync() && roll.is_some_and(|roll| roll < 0) == needs_preroll(track));
        }
    }
}

const fn needs_preroll(track: &Track) -> bool {
    matches!(track.codec, Config::Aac(_) | Config::Opus(_))
}

/// Ticks the last packet of sound lasts: as it says, else as it decodes, else as the one before.
fn length(track: &Track, packets: &[&Packet]) -> i64 {
    let last = packets.last().expect("packets");
    let decoded = || {
        let (samples, rate) = match &track.codec {
            Config::Aac(config) => (config.samples_per_frame(), config.sample_rate()),
            Config::Mp3(config) => (config.samples_per_frame(), config.sample_rate()),
            Config::Ac3(config) => (config.samples_per_frame(), config.sample_rate()),
            Config::Opus(_) => (opus::packet_samples(&last.data).ok()?, opus::SAMPLE_RATE),
            // What these say themselves cannot be read from made-up frames.
            _ => return None,
        };
        Some(Timestamp::new(samples.into()).rescale(TimeBase::hz(rate), track.time_base).ticks())
    };
    let step = || packets.len().checked_sub(2).map(|at| last.dts.since(packets[at].dts));
    let usual = || i64::from(track.time_base.den() / 25);
    last.duration.map(i64::from).or_else(decoded).or_else(step).unwrap_or_else(usual).max(1)
}

fn for_each_track(
    script: &Script,
    written: &Written,
    file: &Bytes,
    check: impl Fn(&TrackFile, &Track, &[&Packet]),
) {
    let read = reader::tracks(file);
    assert_eq!(read.len(), script.tracks.len());
    back::clean(file, back::known(script.tracks.len()));
    let film = back::read(file);
    for (read, track) in read.iter().zip(&script.tracks) {
        let taken: Vec<&Packet> = written.taken.iter().filter(|packet| packet.track == track.id).collect();
        assert_eq!(read.id, track.id.get());
        check(read, track, &taken);
        back::comes_back(&film, read, track, &taken);
    }
}

proptest! {
    #[test]
    fn progressive_files_read_back(script in script::script(3), composition in composition()) {
        let config = fmp4::Config { composition, ..fmp4::Config::new(Layout::Progressive) };
        let written = script::write(&script, config);
        prop_assert_eq!(written.taken.len(), script.packets.len());
        let file = written.file();
        for_each_track(&script, &written, &file, |read, track, packets| {
            check_tables(read, track, packets, composition);
        });
    }

    #[test]
    fn faststart_files_read_back(script in script::script(3), room in prop_oneof![
        Just(None), Just(Some(0)), Just(Some(1)), Just(Some(2))
    ]) {
        let entries: Vec<TrackEntry> = script.tracks.iter().map(TrackEntry::from).collect();
        let counts: Vec<u32> = script.tracks.iter().map(|track| script.of(track).count() as u32).collect();
        let enough = Room::for_packets(&entries, &counts, seconds(&script)).expect("tracks");
        let room = match room {
            None => Room::None,
            Some(0) => enough,
            Some(1) => Room::Bytes(0),
            _ => Room::Bytes(900),
        };
        let written = script::write(&script, fmp4::Config::new(Layout::Faststart(room)));
        let file = written.file();
        let order: Vec<[u8; 4]> = reader::boxes(&file).map(|(kind, _)| kind).collect();
        let place = |kind| order.iter().position(|found| found == kind);
        if room == Room::None || room == enough {
            prop_assert!(place(b"moov") < place(b"mdat"), "{:?}", order.iter().map(|kind| kind.escape_ascii().to_string()).collect::<Vec<_>>());
        }
        prop_assert_eq!(written.ending.insertion.is_some(), room == Room::None);
        for_each_track(&script, &written, &file, |read, track, packets| {
            check_tables(read, track, packets, Composition::Unsigned);
        });
    }

    #[test]
    fn fragmented_files_read_back(script in script::script(3), composition in composition()) {
        let config = fmp4::Config {
            composition,
            random_access_index: true,
            fragment_duration: 300,
            ..fmp4::Config::new(Layout::Fragmented)
        };
        let written = script::write(&script, config);
        let file = written.file();
        for_each_track(&script, &written, &file, |read, track, packets| {
            let signed = read.samples.iter().any(|sample| sample.composition < 0);
            assert!(!signed || composition == Composition::Signed && read.media_time.is_none());
            check_fragments(read, track, packets);
        });
    }

    #[test]
    fn hybrid_files_read_back_before_and_after_the_end(
        script in script::script(3),
        composition in composition(),
        cut in any::<prop::sample::Index>(),
    ) {
        let config = fmp4::Config { composition, fragment_duration: 300, ..fmp4::Config::new(Layout::Hybrid) };
        let written = script::write(&script, config);
        let file = written.file();
        for_each_track(&script, &written, &file, |read, track, packets| {
            check_tables(read, track, packets, composition);
            assert!(read.fragments.is_empty());
        });
        // One patch of at most 16 bytes, within a sector.
        let patches = written.ending.seal.clone().once_durable();
        prop_assert_eq!(patches.len(), 1);
        prop_assert!(patches[0].bytes.len() <= 16 && patches[0].offset + 16 <= 512);
        // Without it, and cut off anywhere, everything up to the last checkpoint can be read.
        let mut crashed = Vec::new();
        let mut checkpoints = vec![0];
        for output in &written.outputs {
            prop_assert!(output.is_checkpoint);
            crashed.extend_from_slice(&output.rope.to_bytes());
            checkpoints.push(crashed.len());
        }
        crashed.extend_from_slice(&written.ending.rope.to_bytes());
        crashed.truncate(cut.index(crashed.len() + 1));
        let whole = *checkpoints.iter().rfind(|at| **at <= crashed.len()).expect("the beginning");
        if whole > 0 {
            let readable = Bytes::from(crashed).slice(..whole);
            back::clean(&readable, back::known(script.tracks.len()));
            let film = back::read(&readable);
            for (read, track) in reader::tracks(&readable).iter().zip(&script.tracks) {
                let own: Vec<&Packet> = written.taken.iter().filter(|packet| packet.track == track.id).collect();
                check_fragments(read, track, &own[..read.samples.len()]);
                back::comes_back(&film, read, track, &own);
            }
        }
    }

    #[test]
    fn on_demand_files_read_back_and_are_indexed(
        script in script::script(1),
        composition in composition(),
        room in prop_oneof![Just(Room::None), (0..80_u32).prop_map(Room::for_subsegments), (0..400_u64).prop_map(Room::Bytes)],
    ) {
        let layout = Layout::OnDemand(room);
        let config = fmp4::Config {
            composition, random_access_index: true, fragment_duration: 300, ..fmp4::Config::new(layout)
        };
        let written = script::write(&script, config);
        let file = written.file();
        for_each_track(&script, &written, &file, check_fragments);
        let index = written.ending.index.clone().expect("an index");
        check_index(&file, index.start as usize..index.end as usize, &script.tracks[0], &written.taken);
    }
}

/// Seconds from the first packet to the last.
fn seconds(script: &Script) -> u32 {
    let span = |track: &Track| {
        let times = || script.of(track).map(|packet| packet.dts.ticks());
        let span = times().max().unwrap_or(0) - times().min().unwrap_or(0);
        span / i64::from(track.time_base.den()) + 1
    };
    script.tracks.iter().map(span).max().unwrap_or(0) as u32
}

/// Samples in fragments: all in order, each decoded when the ones before it end, or later.
fn check_fragments(read: &TrackFile, track: &Track, packets: &[&Packet]) {
    assert_eq!(read.samples.len(), packets.len());
    assert_eq!(read.durations, [0; 3], "unknown durations are not written");
    for (sample, packet) in read.samples.iter().zip(packets) {
        assert_eq!(read.shown(sample.decode_time + sample.composition), packet.pts.ticks());
        assert_eq!(sample.data, packet.data);
        assert_eq!(sample.is_sync(), packet.key.is_sync());
    }
    assert!(read.samples.windows(2).all(|pair| pair[0].decode_time < pair[1].decode_time));
    for fragment in &read.fragments {
        assert_eq!(fragment.roll.is_some_and(|roll| roll < 0), needs_preroll(track));
    }
}

/// Trap 8: `sidx` says where every subsegment is, when it begins and how.
fn check_index(file: &Bytes, range: std::ops::Range<usize>, track: &Track, packets: &[Packet]) {
    let sidx = file.slice(range.clone());
    let rows = reader::index(&sidx, range.end, track.time_base.den());
    let mut packets = packets.iter();
    let own = |row: &reader::Indexed| -> Vec<&Packet> {
        packets.by_ref().take(reader::sample_count(&file.slice(row.bytes.clone()))).collect()
    };
    let runs: Vec<Vec<&Packet>> = rows.iter().map(own).collect();
    assert!(packets.next().is_none(), "all are indexed");
    for (at, (row, own)) in rows.iter().zip(&runs).enumerate() {
        // Where pictures of later rows are shown earlier, that is when this one begins.
        let shown = runs[at..].iter().flatten().map(|packet| packet.pts.ticks());
        let earliest = shown.min().expect("samples").max(0);
        assert_eq!(row.earliest, earliest, "row {at}");
        match own[0].key {
            Key::Closed => assert!(matches!(row.kind, 1 | 2), "row {at} {row:?}"),
            Key::Open => assert_eq!((row.kind, row.delta), (3, own[0].pts.ticks().max(0) - earliest)),
            Key::Roll { .. } => assert_eq!(row.kind, 4),
            Key::No => assert_eq!((row.kind, at), (0, 0), "only what is cut off at the front"),
        }
    }
}
