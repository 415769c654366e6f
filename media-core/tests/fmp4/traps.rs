//! Traps of MP4 files that others fell into, by their numbers in the project's list.

use bytes::{Bytes, BytesMut};
use media_core::codec::{Config, Key, aac, opus, vp9};
use media_core::mux::fmp4::{
    self, Event, EventTime, Layout, Muxer, ParameterSets, ProducerReference, Room, Stage, TrackEntry, Writer,
};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp, WallTime};
use media_core::track::{Language, Rotation, Track, TrackId};

use crate::reader::{self, TrackFile};
use crate::{back, payload, source};

fn id(number: u32) -> TrackId {
    TrackId::new(number).expect("not zero")
}

fn pictures(number: u32, base: u32) -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(64, 36)).expect("profile 0");
    Track::new(id(number), TimeBase::hz(base), Config::Vp9(config))
}

fn sound(number: u32) -> Track {
    let config = Config::Aac(aac::Config::new(48_000, 2).expect("AAC-LC"));
    Track { priming: 1024, ..Track::new(id(number), TimeBase::hz(48_000), config) }
}

fn packet(track: &Track, pts: i64, dts: i64, duration: Option<u32>, key: Key) -> Packet {
    let data = Bytes::from_static(b"\x78coded");
    Packet {
        track: track.id,
        pts: Timestamp::new(pts),
        dts: Timestamp::new(dts),
        duration,
        key,
        data,
        wall: None,
    }
}

fn write(tracks: &[Track], packets: impl IntoIterator<Item = Packet>, config: fmp4::Config) -> Bytes {
    let entries: Vec<TrackEntry> = tracks.iter().map(TrackEntry::from).collect();
    let mut writer = Writer::new(&entries, config).expect("a writer");
    let mut file = Vec::new();
    for packet in packets {
        writer.push(packet).expect("a packet in order");
        std::iter::from_fn(|| writer.poll())
            .for_each(|output| file.extend_from_slice(&output.rope.to_bytes()));
    }
    writer.finish().apply(&mut file);
    file.into()
}

fn read(tracks: &[Track], packets: impl IntoIterator<Item = Packet>, layout: Layout) -> Vec<TrackFile> {
    reader::tracks(&write(tracks, packets, fmp4::Config::new(layout)))
}

/// 14496-12 8.8.12: `tfdt` is the sum of all durations before it, over two days, at a rate that is no whole number of ticks.
#[test]
fn trap_01_decode_times_are_the_exact_sum_of_durations_over_48_hours() {
    let track = pictures(1, 90_000);
    let mut muxer = Muxer::new(&track).expect("a muxer");
    // 30000/1001 Hz as a clock of 90 kHz rounds another rate: 23.976 Hz, 3753.75 ticks.
    let at = |n: i64| n * 15_015 / 4;
    let (mut sum, mut n) = (0_i64, 0);
    while sum < 48 * 3600 * 90_000 {
        let packets: Vec<Packet> =
            (n..n + 4800).map(|n| packet(&track, at(n), at(n), None, Key::Closed)).collect();
        n += 4800;
        let mut head = BytesMut::new();
        muxer.fragment_header(&packets, Timestamp::new(at(n)), &mut head).expect("a fragment");
        let file = [muxer.init(), head.freeze(), Bytes::from(b"\x78coded".repeat(4800))].concat();
        let read = reader::tracks(&file.into()).remove(0);
        assert_eq!(read.fragments[0].decode_time as i64, sum);
        sum += read.samples.iter().map(|sample| i64::from(sample.duration)).sum::<i64>();
    }
    assert!(sum > i64::from(u32::MAX));
}

/// 14496-12 8.8.8: what follows the last sample of a fragment is looked at before that is written.
#[test]
fn trap_02_the_last_sample_of_a_fragment_lasts_until_the_next_one() {
    let track = pictures(1, 1000);
    let times = [0, 400, 700, 1100, 1900, 2000, 3700];
    // Every packet claims another duration than it has.
    let packets = times.iter().map(|at| packet(&track, *at, *at, Some(33), Key::Closed));
    let config = fmp4::Config { fragment_duration: 500, ..fmp4::Config::new(Layout::Fragmented) };
    let read = reader::tracks(&write(std::slice::from_ref(&track), packets, config)).remove(0);
    assert!(read.fragments.len() > 2);
    for (pair, sample) in times.windows(2).zip(&read.samples) {
        assert_eq!(i64::from(sample.duration), pair[1] - pair[0]);
    }
    assert_eq!(read.samples[6].duration, 33);
}

/// 14496-12 8.6.1.3, 8.6.6: the same in each rendition, one way or the other.
#[test]
fn trap_03_reordering_is_an_edit_or_signed_offsets_and_never_both() {
    let track = pictures(1, 1000);
    let times = [(0, -80), (120, -40), (40, 0), (80, 40), (160, 80)];
    for layout in [Layout::Progressive, Layout::Fragmented, Layout::Hybrid, Layout::OnDemand(Room::None)] {
        for composition in [fmp4::Composition::Unsigned, fmp4::Composition::Signed] {
            let packets = times.iter().map(|(pts, dts)| packet(&track, *pts, *dts, None, Key::Closed));
            let config = fmp4::Config { composition, ..fmp4::Config::new(layout) };
            let read = reader::tracks(&write(std::slice::from_ref(&track), packets, config)).remove(0);
            let signed = read.samples.iter().any(|sample| sample.composition < 0);
            assert_eq!(signed, composition == fmp4::Composition::Signed, "{layout:?}");
            assert_eq!(read.media_time, (!signed).then_some(80), "{layout:?}");
            let shown = read.samples.iter().map(|sample| read.shown(sample.decode_time + sample.composition));
            assert!(shown.eq(times.iter().map(|time| time.0)));
        }
    }
}

/// 14496-12 8.6.6: both time scales at once, with nothing lost by rounding.
#[test]
fn trap_04_edits_of_tracks_with_odd_time_bases_are_exact() {
    let (video, audio) = (pictures(1, 30_000), sound(2));
    let pictures = (0..5).map(|n| packet(&video, 1001 * n + 7, 1001 * n + 7, None, Key::Closed));
    let frames = (0..5).map(|n| packet(&audio, 1024 * n - 1024, 1024 * n - 1024, None, Key::Closed));
    let read = read(&[video.clone(), audio.clone()], pictures.chain(frames), Layout::Progressive);
    assert_eq!(read[0].movie_timescale, 240_000);
    assert_eq!(read[0].edits, [(7 * 8, -1), (5 * 1001 * 8, 0)]);
    assert_eq!(read[1].edits, [(4 * 1024 * 5, 1024)]);
}

/// 14496-12 8.6.6 and 14496-3: priming and the trimmed end move what is played, and no sample is stretched.
#[test]
fn trap_05_priming_and_end_are_cut_to_the_sample() {
    let track = sound(1);
    let last = |n| if n == 9 { Some(100) } else { Some(1024) };
    let packets = || (0..10).map(|n| packet(&track, 1024 * n - 1024, 1024 * n - 1024, last(n), Key::Closed));
    for layout in [Layout::Progressive, Layout::Faststart(Room::None), Layout::Hybrid] {
        let read = read(std::slice::from_ref(&track), packets(), layout).remove(0);
        assert!(read.samples.iter().all(|sample| sample.duration == 1024), "{layout:?}");
        assert_eq!(read.edits, [(8 * 1024 + 100, 1024)]);
        assert_eq!(read.durations, [8 * 1024 + 100, 8 * 1024 + 100, 10 * 1024]);
    }
    // The header of fragments comes before the end, so that is said by the last sample.
    let read = read(std::slice::from_ref(&track), packets(), Layout::Fragmented).remove(0);
    assert_eq!(read.edits, [(0, 1024)]);
    assert_eq!(read.samples.last().map(|sample| sample.duration), Some(100));
}

/// "Encapsulation of Opus in ISO Base Media File Format" 4.3.6, 14496-12 8.9: packets, not samples, and in every fragment.
#[test]
fn trap_07_sound_says_in_every_fragment_how_many_packets_it_needs_before() {
    let opus = Track::new(id(1), TimeBase::hz(48_000), Config::Opus(opus::Config::new(2).expect("stereo")));
    let aac = Track { id: id(2), ..sound(2) };
    for (track, distance) in [(opus, -4), (aac, -1)] {
        let packets = || (0..100).map(|n| packet(&track, 960 * n, 960 * n, Some(960), Key::Closed));
        let config = fmp4::Config { fragment_duration: 300, ..fmp4::Config::new(Layout::Fragmented) };
        let fragments =
            reader::tracks(&write(std::slice::from_ref(&track), packets(), config)).remove(0).fragments;
        assert!(fragments.len() > 5 && fragments.iter().all(|fragment| fragment.roll == Some(distance)));
        let file = read(std::slice::from_ref(&track), packets(), Layout::Progressive).remove(0);
        assert!(file.groups.iter().all(|group| *group == (Some(distance), false)));
    }
}

/// 14496-15 5.4.2.1.1: parameter sets in the packets are announced.
#[test]
fn trap_10_parameter_sets_in_band_are_avc3() {
    let Some(original) = source::media("mp4/sample.mp4") else { return };
    let source = source::mp4(&original, media_core::track::Kind::Video);
    for (parameter_sets, format) in [(ParameterSets::InEntry, b"avc1"), (ParameterSets::InBand, b"avc3")] {
        let entry = TrackEntry { parameter_sets, ..TrackEntry::from(&source.track) };
        let muxer = Muxer::with_entry(&entry, fmp4::Composition::Unsigned).expect("a muxer");
        assert_eq!(&reader::tracks(&muxer.init())[0].format, format);
        assert!(reader::tracks(&muxer.init())[0].configuration(b"avcC").is_some());
    }
}

/// 14496-15 5.2.3: what packets carry is what is written, NAL units behind 4-byte lengths, of which none is empty.
#[test]
fn trap_11_samples_are_length_prefixed_units_to_their_last_byte() {
    let Some(original) = source::media("mp4/sample.mp4") else { return };
    let source = source::mp4(&original, media_core::track::Kind::Video);
    let read = read(std::slice::from_ref(&source.track), source.packets.iter().cloned(), Layout::Hybrid);
    for sample in &read[0].samples {
        let mut rest = &sample.data[..];
        while let Some((len, behind)) = rest.split_first_chunk() {
            let len = u32::from_be_bytes(*len) as usize;
            assert!(len > 0 && !matches!(behind[0] & 0x1f, 9 | 12), "no empty unit, delimiter or filler");
            rest = &behind[len..];
        }
        assert!(rest.is_empty());
    }
}

/// 14496-12 8.8.7, 8.8.8, 4.2: data offsets from the start of `moof`, data in the order of `traf`, and a size of 64 bits past 4 GiB.
#[test]
fn trap_12_files_of_more_than_4_gib_have_a_large_size_and_wide_offsets() {
    let track = pictures(1, 1000);
    let mib64 = Bytes::from(vec![0; 64 << 20]);
    for layout in [Layout::Progressive, Layout::Hybrid] {
        let mut writer =
            Writer::new(&[TrackEntry::from(&track)], fmp4::Config::new(layout)).expect("a writer");
        let (mut start, mut len) = (Vec::new(), 0);
        for n in 0..66 {
            let data = mib64.clone();
            writer
                .push(Packet { data, ..packet(&track, n * 600, n * 600, None, Key::Closed) })
                .expect("a packet");
            for output in std::iter::from_fn(|| writer.poll()) {
                start.extend_from_slice(&output.rope.pieces()[0][..64.min(output.rope.pieces()[0].len())]);
                len += output.rope.len();
            }
        }
        let ending = writer.finish();
        let pieces = ending.rope.pieces();
        let moov = pieces.last().expect("moov").clone();
        assert_eq!(&moov[4..8], b"moov");
        assert!(moov.windows(4).any(|kind| kind == b"co64"));
        let mdat = len + ending.rope.len() - moov.len() as u64;
        let patches = ending.seal.once_durable();
        let [patch] = patches.as_slice() else { panic!("one patch") };
        let words: Vec<u32> =
            patch.bytes.chunks(4).map(|word| u32::from_be_bytes(word.try_into().expect("4 bytes"))).collect();
        assert_eq!((words[0], words[1]), (1, u32::from_be_bytes(*b"mdat")));
        assert_eq!(u64::from(words[2]) << 32 | u64::from(words[3]), mdat - patch.offset, "{layout:?}");
        assert_eq!(&start[4..8], b"ftyp");
    }
}

/// 14496-12 8.8.2: zero in every header of a file of fragments, and no `mehd`.
#[test]
fn trap_13_durations_that_are_not_known_are_not_written() {
    let track = pictures(1, 1000);
    let packets = || (0..50).map(|n| packet(&track, 40 * n, 40 * n, Some(40), Key::Closed));
    for layout in [Layout::Fragmented, Layout::OnDemand(Room::None)] {
        let file = write(std::slice::from_ref(&track), packets(), fmp4::Config::new(layout));
        assert_eq!(reader::tracks(&file)[0].durations, [0; 3]);
        assert!(!file.windows(4).any(|kind| kind == b"mehd"));
    }
    let read = read(std::slice::from_ref(&track), packets(), Layout::Hybrid);
    assert_eq!(read[0].durations, [2000; 3]);
}

/// Chunks of tracks take turns about every half second, so that a player need not read far ahead.
#[test]
fn tracks_take_turns_in_a_file() {
    let (video, audio) = (pictures(1, 1000), sound(2));
    let pictures = (0..500).map(|n| packet(&video, 20 * n, 20 * n, None, Key::Closed));
    let frames = (0..470).map(|n| packet(&audio, 1024 * n, 1024 * n, None, Key::Closed));
    let mut packets: Vec<Packet> = pictures.chain(frames).collect();
    packets.sort_by_key(|packet| packet.dts.ticks() * if packet.track == video.id { 48 } else { 1 });
    let read = read(&[video, audio], packets, Layout::Progressive);
    for track in &read {
        assert!((19..=22).contains(&track.chunks.len()), "{} chunks in 10 s", track.chunks.len());
        assert!(track.chunks.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < 30));
    }
}

/// ISO/IEC 14496-12 8.16.3: `reference_count` has 16 bits, so that more get an index of indices.
#[test]
fn trap_08_more_subsegments_than_an_index_counts_get_a_tree() {
    const COUNT: i64 = 65_536 + 10;
    let track = Track::new(id(1), TimeBase::hz(2), payload::config(2));
    let data = payload::payload(&track.codec, Key::Closed, 0, Some(1));
    let packets =
        (0..COUNT).map(|n| Packet { data: data.clone(), ..packet(&track, n, n, Some(1), Key::Closed) });
    let config =
        fmp4::Config { random_access_index: true, ..fmp4::Config::new(Layout::OnDemand(Room::None)) };
    let file = write(std::slice::from_ref(&track), packets, config);
    let indices =
        reader::boxes(&file).take_while(|(kind, _)| kind != b"moof").filter(|(kind, _)| kind == b"sidx");
    assert_eq!(indices.count(), 3, "two, and one of them");
    back::clean(&file, &[]);
    assert_eq!(back::read(&file).of(track.id).len() as i64, COUNT);
}

#[test]
fn payloads_are_passed_on_in_their_own_memory() {
    let track = pictures(1, 1000);
    let packets: Vec<Packet> = (0..100)
        .map(|n| Packet {
            data: Bytes::from(vec![n as u8; 99]),
            ..packet(&track, 40 * n, 40 * n, None, Key::Closed)
        })
        .collect();
    for layout in [Layout::Progressive, Layout::Hybrid, Layout::Fragmented, Layout::OnDemand(Room::None)] {
        let mut writer =
            Writer::new(&[TrackEntry::from(&track)], fmp4::Config::new(layout)).expect("a writer");
        let mut pieces = Vec::new();
        for packet in &packets {
            writer.push(packet.clone()).expect("a packet");
            std::iter::from_fn(|| writer.poll()).for_each(|output| pieces.extend(output.rope));
        }
        pieces.extend(writer.finish().rope);
        let kept = |packet: &&Packet| pieces.iter().any(|piece| piece.as_ptr() == packet.data.as_ptr());
        assert_eq!(packets.iter().filter(kept).count(), packets.len(), "{layout:?}");
    }
}

#[test]
fn a_recording_from_the_middle_of_a_stream_begins_at_its_origin() {
    let (video, audio) = (pictures(1, 90_000), sound(2));
    let hours = 3 * 3600;
    let picture =
        |n: i64| packet(&video, hours * 90_000 + 3600 * n, hours * 90_000 + 3600 * n, None, Key::Closed);
    let frame = |n: i64| {
        packet(&audio, hours * 48_000 + 1024 * n - 512, hours * 48_000 + 1024 * n - 512, None, Key::Closed)
    };
    for layout in [Layout::Progressive, Layout::Hybrid, Layout::Fragmented] {
        let config = fmp4::Config { origin: hours * 1_000_000_000, ..fmp4::Config::new(layout) };
        let packets = (0..20).map(picture).chain((0..20).map(frame));
        let read = reader::tracks(&write(&[video.clone(), audio.clone()], packets, config));
        let first =
            |track: &TrackFile| track.shown(track.samples[0].decode_time + track.samples[0].composition);
        assert_eq!((first(&read[0]), first(&read[1])), (0, -512));
    }
}

#[test]
fn headers_say_rotation_language_and_name() {
    let language = Language::new(*b"deu");
    let track = Track { rotation: Rotation::Quarter, language, ..pictures(1, 1000) };
    let entry = TrackEntry { name: Some("Kamera".into()), ..TrackEntry::from(&track) };
    let muxer = Muxer::with_entry(&entry, fmp4::Composition::Unsigned).expect("a muxer");
    assert_eq!(reader::tracks(&muxer.init())[0].language, [0x10, 0xb5]);
    assert!(muxer.init().windows(7).any(|name| name == b"Kamera\0"));
    let broken = TrackEntry { name: Some("a\0b".into()), ..entry };
    let refused = Muxer::with_entry(&broken, fmp4::Composition::Unsigned).expect_err("a zero byte");
    assert_eq!(refused, fmp4::Error::Text { field: "name" });
}

#[test]
fn events_stand_before_the_fragment_that_comes_next() {
    let track = pictures(1, 1000);
    let config = fmp4::Config { fragment_duration: 100, ..fmp4::Config::new(Layout::Fragmented) };
    let mut writer = Writer::new(&[TrackEntry::from(&track)], config).expect("a writer");
    let event = Event { time: EventTime::At(7), ..Event::new("urn:x", TimeBase::hz(1000)) };
    writer.push_event(&event).expect("an event");
    let mut file = Vec::new();
    for n in 0..20 {
        writer.push(packet(&track, 40 * n, 40 * n, None, Key::No)).expect("a packet");
    }
    std::iter::from_fn(|| writer.poll()).for_each(|output| file.extend_from_slice(&output.rope.to_bytes()));
    writer.finish().apply(&mut file);
    let kinds: Vec<[u8; 4]> = reader::boxes(&file.into()).map(|(kind, _)| kind).collect();
    assert_eq!(kinds[..6], [*b"ftyp", *b"moov", *b"emsg", *b"moof", *b"mdat", *b"moof"]);
    let mut plain =
        Writer::new(&[TrackEntry::from(&track)], fmp4::Config::new(Layout::Progressive)).expect("a writer");
    assert_eq!(plain.push_event(&event), Err(fmp4::Error::NoFragments));
    let wall = WallTime::from_nanos(0);
    let reference = ProducerReference {
        track: track.id,
        wall,
        stage: Stage::FragmentWritten,
        media_time: Timestamp::ZERO,
    };
    assert_eq!(&reference.to_box()[4..8], b"prft");
}

#[test]
fn tracks_that_cannot_be_written_are_refused() {
    let track = pictures(1, 1000);
    let refused = |tracks: &[Track], layout| {
        let entries: Vec<TrackEntry> = tracks.iter().map(TrackEntry::from).collect();
        Writer::new(&entries, fmp4::Config::new(layout)).expect_err("refused")
    };
    assert!(matches!(refused(&[], Layout::Progressive), fmp4::Error::Tracks { count: 0, .. }));
    let two = [track.clone(), pictures(2, 1000)];
    assert!(matches!(refused(&two, Layout::OnDemand(Room::None)), fmp4::Error::Tracks { count: 2, .. }));
    let same = [track.clone(), track.clone()];
    assert_eq!(refused(&same, Layout::Hybrid), fmp4::Error::DuplicateTrack { track: track.id });
    let mut writer =
        Writer::new(&[TrackEntry::from(&track)], fmp4::Config::new(Layout::Hybrid)).expect("a writer");
    let foreign = packet(&pictures(9, 1000), 0, 0, None, Key::No);
    assert_eq!(writer.push(foreign), Err(fmp4::Error::UnknownTrack { track: id(9) }));
    writer.push(packet(&track, 5, 5, None, Key::No)).expect("a packet");
    let error = writer.push(packet(&track, 5, 5, None, Key::No)).expect_err("the same time again");
    assert_eq!(error, fmp4::Error::DtsOrder { last: Timestamp::new(5), dts: Timestamp::new(5) });
    let far = packet(&track, 1 << 60, 1 << 60, None, Key::No);
    assert!(matches!(writer.push(far), Err(fmp4::Error::Range { .. })));
    // 5 and 2^31 more: readers take 32 bits of ticks for a negative number.
    let long = packet(&track, (1 << 31) + 5, (1 << 31) + 5, None, Key::No);
    assert!(matches!(writer.push(long), Err(fmp4::Error::Duration { .. })));
    // An edit cannot begin before the media, and a reader would not know when to decode it.
    let early = packet(&track, 6, 7, None, Key::No);
    assert!(matches!(writer.push(early), Err(fmp4::Error::BeforeDecoding { .. })));
    writer.push(packet(&track, 6, 6, None, Key::No)).expect("refused packets leave no trace");
}
