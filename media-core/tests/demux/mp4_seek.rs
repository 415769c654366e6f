//! Going on at another time.

use bytes::Bytes;
use media_core::demux::mp4::Demuxer;
use media_core::demux::{Demux, Source};
use media_core::packet::Packet;
use media_core::track::Kind;

use proptest::prelude::*;

use crate::mp4_broken::seeds;
use crate::mp4_files::clean_files;
use crate::mp4_writer::*;
use crate::tools::*;

/// What comes after going to `nanos`, and how many bytes that took; `None` where it cannot be done. Going there begins when the tracks are known.
fn read_from(file: &Bytes, nanos: i64) -> Option<Read> {
    let mut demuxer = Demuxer::new(seekable(file));
    let push = |demuxer: &mut Demuxer| {
        let at = demuxer.wants()? as usize;
        let piece = file.slice(at.min(file.len())..file.len().min(at + 4096));
        demuxer.push(piece).expect("a sound file");
        Some(())
    };
    let mut first = None;
    while first.is_none() {
        push(&mut demuxer)?;
        first = demuxer.poll();
    }
    if !demuxer.seek(nanos) {
        return None;
    }
    let mut read = Read::default();
    read.take(first.expect("tracks come first"));
    let (rest, result) = drive(demuxer, file, 4096, |_, _| {});
    result.expect("a sound file");
    rest.packets.into_iter().for_each(|packet| read.packets.push(packet));
    read.pushed = rest.pushed;
    Some(read)
}

/// Holds what comes after going to `nanos` against what comes without.
fn assert_goes_on(name: &str, whole: &Read, part: &Read, nanos: i64) {
    for track in &whole.tracks {
        let (all, found) = (whole.of(track), part.of(track));
        let first = found.first().unwrap_or_else(|| panic!("{name}: nothing of track {}", track.id.get()));
        assert_eq!(
            all[all.len() - found.len()..],
            found[..],
            "{name}, track {} from {nanos}",
            track.id.get()
        );
        assert!(first.key.is_sync(), "{name}");
        let ticks = track.time_base.from_nanos(nanos);
        let earlier = all.len() > found.len();
        assert!(!earlier || first.pts.ticks() <= ticks + 1, "{name}: {:?} is after {ticks}", first.pts);
        let later = |packet: &&Packet| packet.key.is_sync() && packet.pts.ticks() <= ticks;
        if track.kind() == Kind::Video {
            let best = found.iter().copied().filter(later).count();
            assert!(best <= 1, "{name}: {best} key pictures up to {ticks}");
        }
    }
}

#[test]
fn packets_go_on_at_the_key_picture_before() {
    let Some(media) = media() else { return };
    let mut sought = 0;
    for (name, file) in
        clean_files(&media).into_iter().filter(|(name, _)| !name.contains("fmp4") && !name.contains("dash"))
    {
        let whole = read_mp4(&file);
        let Some(track) = whole.tracks.first().filter(|track| !whole.of(track).is_empty()) else { continue };
        if whole.tracks.iter().any(|track| whole.of(track).is_empty()) {
            continue;
        }
        let packets = whole.of(track);
        let end = track.time_base.to_nanos(packets[packets.len() - 1].pts.ticks());
        for part in [-1, 0, 1, 3, 6, 7] {
            let nanos = end / 7 * part;
            if let Some(part) = read_from(&file, nanos) {
                assert_goes_on(&name, &whole, &part, nanos);
                sought += 1;
            }
        }
    }
    assert!(sought > 150, "{sought}");
}

#[test]
fn segment_indexes_lead_to_the_fragment() {
    let Some(media) = media() else { return };
    let names = [
        "streams/shaka/dash-multi-codec/video_144p_108k_h264.mp4",
        "streams/shaka/dash-multi-codec/audio_en_2c_128k_aac.mp4",
        "fmp4/sample_fragmented_seekable_multiple_sidx.mp4",
    ];
    for name in names {
        let file: Bytes = std::fs::read(media.join(name)).expect("a file").into();
        let whole = read_mp4(&file);
        let packets = whole.of(&whole.tracks[0]);
        let second = packets.iter().rfind(|packet| packet.key.is_sync()).expect("a key");
        let nanos = whole.tracks[0].time_base.to_nanos(second.pts.ticks());
        let part = read_from(&file, nanos).expect("there is an index");
        let found = part.of(&whole.tracks[0]);
        assert_eq!(packets[packets.len() - found.len()..], found[..], "{name}");
        assert!(found.len() < packets.len() / 2, "{name}: {} of {} packets", found.len(), packets.len());
        assert!(part.pushed < whole.pushed / 2, "{name}: {} of {} bytes", part.pushed, whole.pushed);
    }
}

#[test]
fn a_stream_does_not_go_elsewhere() {
    let file = File::sound(&[b"one"]).bytes();
    let mut demuxer = Demuxer::new(Source::Stream);
    assert!(!demuxer.seek(0));
    drop(demuxer.push(file));
    assert!(!demuxer.seek(0));
}

/// `sidx` version 0 at 48 kHz: type and size, and duration of each reference.
fn sidx(earliest: u32, references: &[(bool, usize, u32)]) -> Vec<u8> {
    let rows = references
        .iter()
        .flat_map(|(index, size, duration)| [u32::from(*index) << 31 | *size as u32, *duration, 0x9000_0000]);
    let rows: Vec<u32> = rows.collect();
    full(b"sidx", 0, 0, &[&words(&[1, 48_000, earliest, 0, references.len() as u32]), &words(&rows)])
}

#[test]
fn indexes_of_indexes_are_followed_and_empty_references_are_not() {
    let mut file = File::sound(&[]);
    file.tables.clear();
    file.extends = bx(b"mvex", &[&full(b"trex", 0, 0, &[&words(&[1, 1, 48_000, 1, 0])])]);
    let fragment = |time: u32, byte: u8| {
        let tfdt = full(b"tfdt", 0, 0, &[&words(&[time])]);
        let tfhd = full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]);
        let moof = bx(b"moof", &[&bx(b"traf", &[&tfhd, &tfdt, &full(b"trun", 0, 0, &[&words(&[1])])])]);
        [moof, bx(b"mdat", &[&[byte]])].concat()
    };
    let fragments: Vec<_> = (0..4).map(|index| fragment(index * 48_000, b'a' + index as u8)).collect();
    let size = fragments[0].len();
    let leaf =
        |first: u32| sidx(first * 48_000, &[(false, size, 48_000), (false, 0, 0), (false, size, 48_000)]);
    let part = leaf(0).len() + 2 * size;
    let root = sidx(0, &[(true, part, 96_000), (true, part, 96_000)]);
    let parts = [leaf(0), fragments[..2].concat(), leaf(2), fragments[2..].concat()];
    let file = Bytes::from([file.index(), root, parts.concat()].concat());
    for (nanos, expected) in
        [(0, "abcd"), (1_500_000_000, "bcd"), (2_000_000_000, "cd"), (9_000_000_000, "d")]
    {
        let read = read_from(&file, nanos).expect("there is an index");
        let text: Vec<u8> = read.packets.iter().flat_map(|packet| packet.data.to_vec()).collect();
        assert_eq!(String::from_utf8_lossy(&text), expected, "{nanos}");
    }
}

proptest! {
    #[test]
    fn going_anywhere_in_broken_files_ends(
        seed in 0..3_usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        times in prop::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), -1_000_000_000..5_000_000_000_i64], 1..5),
        every in 1..20_u32,
    ) {
        let mut file = seeds().swap_remove(seed).to_vec();
        for (at, value) in flips {
            let at = at.index(file.len());
            file[at] ^= value;
        }
        let mut demuxer = Demuxer::new(seekable(&file.clone().into()));
        let mut times = times.into_iter();
        for push in 1.. {
            prop_assert!(push < 2000, "no end");
            let Some(at) = demuxer.wants() else { break };
            let piece = file.get(at as usize..file.len().min(at as usize + 64)).unwrap_or_default();
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
