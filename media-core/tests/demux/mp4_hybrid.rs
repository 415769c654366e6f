//! Recordings of our own writer that end before they are finished: within the index that is written last, and before the patch behind it.

use bytes::Bytes;
use media_core::codec::Key;
use media_core::demux::Source;
use media_core::demux::mp4::{Demuxer, Faults};
use media_core::mux::fmp4::{Config, Layout, TrackEntry, Writer};
use media_core::packet::Packet;
use media_core::time::TimeBase;
use media_core::track::{Kind, Track, TrackId};

use crate::read::{Read, read_with};
use crate::script::{Scripted, Step, scripted, track};

/// Three seconds of pictures and sound.
fn scripts() -> [Scripted; 2] {
    let key = |n: u32| if n.is_multiple_of(25) { Key::Closed } else { Key::No };
    let pictures: Vec<Step> =
        (0..75).map(|n| Step { duration: 3600, key: key(n), len: 10 + n as usize % 7 }).collect();
    let sound: Vec<Step> =
        (0..150).map(|n| Step { duration: 960, key: Key::Closed, len: 6 + n % 5 }).collect();
    [
        scripted(track(1, Kind::Video, TimeBase::hz(90_000), 0), 0, &pictures),
        scripted(track(2, Kind::Audio, TimeBase::hz(48_000), 312), -312, &sound),
    ]
}

/// The recording before the patch is put on it, where its fragments end, and what it is like with the patch.
fn recording(scripts: &[Scripted]) -> (Bytes, usize, Bytes) {
    let entries: Vec<TrackEntry> = scripts.iter().map(|script| TrackEntry::from(&script.track)).collect();
    let mut writer = Writer::new(&entries, Config::new(Layout::Hybrid)).expect("a writer");
    let mut packets: Vec<(i64, &Packet)> = Vec::new();
    for Scripted { track, packets: own } in scripts {
        packets.extend(own.iter().map(|packet| (track.time_base.to_nanos(packet.dts.ticks()), packet)));
    }
    packets.sort_by_key(|(nanos, _)| *nanos);
    let mut file = Vec::new();
    for (_, packet) in packets {
        writer.push(packet.clone()).expect("a packet in order");
        std::iter::from_fn(|| writer.poll())
            .for_each(|output| file.extend_from_slice(&output.rope.to_bytes()));
    }
    let ending = writer.finish();
    file.extend_from_slice(&ending.rope.to_bytes());
    let index = file.windows(4).rposition(|kind| kind == b"moov").expect("the index") - 4;
    let mut sealed = file.clone();
    let patches = ending.seal.once_durable();
    assert_eq!(patches.len(), 1);
    patches[0].apply(&mut sealed);
    (file.into(), index, sealed.into())
}

fn sources(file: &Bytes) -> [Source; 2] {
    [Source::Stream, Source::Seekable { len: file.len() as u64 }]
}

fn read(file: &Bytes, source: Source, size: usize) -> (Read, Faults) {
    let mut faults = Faults::default();
    let read = read_with(Demuxer::new(source), file, size, |demuxer| faults = *demuxer.faults());
    read.check();
    (read, faults)
}

fn listed<'a>(packets: impl IntoIterator<Item = &'a Packet>) -> Vec<(i64, i64, Bytes)> {
    let all = packets.into_iter();
    all.map(|packet| (packet.pts.ticks(), packet.dts.ticks(), packet.data.clone())).collect()
}

fn same(read: &Read, scripts: &[Scripted], what: &str) {
    assert_eq!(read.error, None, "{what}");
    let of = |id: TrackId| listed(read.packets_of(id));
    for Scripted { track: Track { id, .. }, packets } in scripts {
        assert_eq!(of(*id).len(), packets.len(), "{what}: packets of track {}", id.get());
        assert!(of(*id) == listed(packets), "{what}: track {}", id.get());
    }
}

#[test]
fn a_recording_cut_off_in_its_last_index_gives_all_of_its_fragments() {
    let scripts = scripts();
    let (file, index, _) = recording(&scripts);
    assert!(file.len() - index > 1000, "{} bytes of index", file.len() - index);
    for cut in index..file.len() {
        let part = file.slice(..cut);
        for source in sources(&part) {
            same(
                &read(&part, source, 4096).0,
                &scripts,
                &format!("{source:?} of {} cut at {cut}", file.len()),
            );
        }
    }
}

#[test]
fn an_index_that_is_cut_off_is_counted_as_damage() {
    let scripts = scripts();
    let (file, index, _) = recording(&scripts);
    for cut in [index, index + 1, index + 7, index + 8, index + 9, index + 100, file.len() - 1] {
        let part = file.slice(..cut);
        // What a stream was cut off in is known when it ends; its reader is gone then.
        let (_, faults) = read(&part, Source::Seekable { len: cut as u64 }, 4096);
        assert_eq!((faults.boxes, faults.total()), (u64::from(cut > index), faults.boxes), "cut at {cut}");
    }
}

#[test]
fn a_recording_cut_off_in_its_last_fragment_gives_what_is_there() {
    let scripts = scripts();
    let (file, index, _) = recording(&scripts);
    let all = scripts.iter().map(|script| script.packets.len()).sum::<usize>();
    let mut last = [0; 2];
    for cut in index - 2048..index {
        let part = file.slice(..cut);
        for (source, last) in sources(&part).into_iter().zip(&mut last) {
            let (read, _) = read(&part, source, 4096);
            assert_eq!(read.error, None, "{source:?} cut at {cut}");
            for Scripted { track, packets } in &scripts {
                let found = listed(read.packets_of(track.id));
                assert!(found == listed(&packets[..found.len()]), "{source:?} cut at {cut}");
            }
            let count = read.packets().count();
            assert!(count >= *last && count < all, "{source:?} cut at {cut}: {count} after {last}");
            *last = count;
        }
    }
}

#[test]
fn a_complete_recording_without_its_seal_gives_each_packet_once() {
    let scripts = scripts();
    let (file, index, sealed) = recording(&scripts);
    for source in sources(&file) {
        for size in [1, 13, 4096, file.len()] {
            let (read, faults) = read(&file, source, size);
            same(&read, &scripts, &format!("{source:?} by {size}, index at {index}"));
            assert_eq!(faults, Faults::default());
        }
    }
    let (read, faults) = read(&sealed, Source::Seekable { len: sealed.len() as u64 }, 4096);
    same(&read, &scripts, "sealed");
    assert_eq!(faults, Faults::default());
}
