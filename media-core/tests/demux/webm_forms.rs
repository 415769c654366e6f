//! Any script, in every form of WebM: our own judge has nothing to say, and what is read is what was written.

use std::num::NonZeroU32;

use bytes::Bytes;
use media_core::check::{Severity, webm::Checker};
use media_core::demux::Source;
use media_core::demux::webm::Demuxer;
use media_core::mux::Rope;
use media_core::mux::webm::{Config, Format, Layout, Muxer, TrackEntry, Writer};
use media_core::packet::{Key, Packet};
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::elements;
use crate::read::{Read, read, read_with};
use crate::script::{self, patched};

/// A picture: how long, whether a key, bytes behind its header, and those of its alpha plane.
type Picture = (u32, bool, usize, Option<usize>);

fn picture() -> impl Strategy<Value = Picture> {
    let duration = prop_oneof![6 => 90..9000_u32, 1 => 9000..3_000_000_u32];
    (duration, prop::bool::weighted(0.2), 4..600_usize, prop::option::of(1..300_usize))
}

fn packet(track: &Track, pts: i64, duration: u32, key: Key, data: Vec<u8>) -> Packet {
    let at = Timestamp::new(pts);
    Packet { track: track.id, pts: at, dts: at, duration: Some(duration), key, data: data.into(), wall: None }
}

/// VP9 of 16x16 pixels, whose first picture is a key; with alpha planes.
fn pictures(track: &Track, steps: &[Picture]) -> Vec<(Packet, Option<Bytes>)> {
    let mut at = 0;
    let made = steps.iter().enumerate().map(|(n, &(duration, is_key, len, alpha))| {
        let is_key = is_key || n == 0;
        let mut data = if is_key {
            vec![0x82, 0x49, 0x83, 0x42, 0x20, 0x00, 0xf0, 0x00, 0xf0, 0, 0, 0]
        } else {
            vec![0x86, 0, 0, 0]
        };
        data.extend((n as u32).to_be_bytes());
        data.resize(data.len() + len, 7);
        at += i64::from(duration);
        let key = if is_key { Key::Closed } else { Key::No };
        let packet = packet(track, at - i64::from(duration), duration, key, data);
        (packet, alpha.map(|len| vec![n as u8; len].into()))
    });
    made.collect()
}

/// Opus, 20 ms a packet, the last of which is trimmed.
fn sound(track: &Track, count: usize, trim: u32) -> Vec<Packet> {
    let made = (0..count).map(|n| {
        let duration = if n + 1 == count { 960 - trim } else { 960 };
        let data = [&[0xfc][..], &(n as u32).to_be_bytes()].concat();
        packet(track, n as i64 * 960 - i64::from(track.priming), duration, Key::Closed, data)
    });
    made.collect()
}

/// That our own judge has nothing to say.
fn judge(mut checker: Checker, file: &[u8]) {
    checker.push(file);
    let report = checker.finish();
    assert!(report.worst() < Some(Severity::Warning), "{:?}", report.findings());
}

/// Packets of a track come back as they were: pictures to the tick of the segment, sound to the sample.
fn compare(read: &Read, track: &Track, packets: &[&Packet], scale: i64) {
    let own = read.packets_of(track.id);
    assert_eq!(own.len(), packets.len());
    for (read, written) in own.iter().zip(packets) {
        assert_eq!((&read.data, read.key), (&written.data, written.key));
        if track.kind() == Kind::Audio {
            assert_eq!((read.pts, read.duration), (written.pts, written.duration));
            continue;
        }
        let apart = track.time_base.to_nanos(read.pts.since(written.pts));
        assert!(apart.abs() <= scale / 2 + 11_112, "{apart}: {read:?} {written:?}");
    }
}

fn tracks(priming: u32) -> [Track; 2] {
    [
        script::track(1, Kind::Video, TimeBase::VIDEO, 0),
        script::track(2, Kind::Audio, TimeBase::hz(48_000), priming),
    ]
}

fn scale() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1_000_000_u32), Just(100_000)]
}

proptest! {
    #[test]
    fn files_and_streams_are_clean_and_come_back(
        steps in vec(picture(), 1..60),
        sounds in 1..200_usize,
        (trim, priming, scale) in (0..960_u32, 0..4000_u32, scale()),
        layout in prop_oneof![Just(Layout::Live), Just(Layout::CuesLast), (0..30_u32).prop_map(|points| Layout::CuesFirst { points })],
        cluster_duration in prop_oneof![Just(5000_u32), 1..3000_u32],
        size in 1..5000_usize,
    ) {
        let tracks = tracks(priming);
        let entries = [
            TrackEntry { alpha: true, ..TrackEntry::from(&tracks[0]) },
            TrackEntry::from(&tracks[1]),
        ];
        let format = Format { timestamp_scale: NonZeroU32::new(scale).expect("not zero"), ..Format::default() };
        let config = Config { format, hold: u32::MAX, cluster_duration, ..Config::new(layout) };
        let mut writer = Writer::new(&entries, config).expect("a writer");
        let mut file = Rope::from(writer.init());
        let (pictures, sound) = (pictures(&tracks[0], &steps), sound(&tracks[1], sounds, trim));
        let alphas: Vec<&Bytes> = pictures.iter().filter_map(|(_, alpha)| alpha.as_ref()).collect();
        for (packet, alpha) in &pictures {
            match alpha.clone() {
                Some(alpha) => writer.push_with_alpha(packet.clone(), alpha).expect("in order"),
                None => writer.push(packet.clone()).expect("in order"),
            }
        }
        sound.iter().for_each(|packet| writer.push(packet.clone()).expect("in order"));
        std::iter::from_fn(|| writer.poll()).for_each(|output| file.append(output.rope));
        let ending = writer.finish();
        file.append(ending.rope.clone());
        let bytes = patched(&file, &ending);
        judge(Checker::new(), &bytes);
        let mut additions = 0;
        let read = read_with(Demuxer::new(Source::Stream), &bytes.clone().into(), size, |demuxer| {
            additions = demuxer.counts().additions;
            assert_eq!(demuxer.counts().total(), 0, "{:?}", demuxer.counts());
        });
        read.check();
        // A live stream does not say that it ends.
        let trimmed = sound.len() - usize::from(layout == Layout::Live);
        let mut expected = sound.clone();
        expected[trimmed..].iter_mut().for_each(|packet| packet.duration = Some(960));
        compare(&read, &tracks[0], &pictures.iter().map(|(packet, _)| packet).collect::<Vec<_>>(), scale.into());
        compare(&read, &tracks[1], &expected.iter().collect::<Vec<_>>(), scale.into());
        prop_assert_eq!(additions, alphas.len() as u64);
        let elements = elements::file(&bytes);
        prop_assert!(elements.blocks().filter_map(|block| block.alpha.as_deref()).eq(alphas.iter().map(|alpha| &alpha[..])));
    }

    #[test]
    fn segments_are_clean_and_come_back(
        steps in vec(picture(), 1..60),
        sounds in 1..200_usize,
        (trim, priming, scale) in (0..960_u32, 0..4000_u32, scale()),
        lens in vec(1..40_usize, 1..8),
        size in 1..5000_usize,
    ) {
        let format = Format { timestamp_scale: NonZeroU32::new(scale).expect("not zero"), ..Format::default() };
        let [video, audio] = tracks(priming);
        let pictures: Vec<Packet> = pictures(&video, &steps).into_iter().map(|(packet, _)| packet).collect();
        for (track, packets) in [(&video, pictures), (&audio, sound(&audio, sounds, trim))] {
            let mut muxer = Muxer::with_format(&track.into(), format).expect("a muxer");
            let (mut bytes, mut rest, mut lens) = (muxer.init().to_vec(), &packets[..], lens.iter().cycle());
            loop {
                let least = *lens.next().expect("for ever");
                let cut = rest.iter().enumerate().skip(least).find(|(_, packet)| packet.key.is_sync());
                let Some((count, next)) = cut else { break };
                bytes.extend(muxer.fragment(&rest[..count], next.dts).expect("a fragment").to_bytes());
                rest = &rest[count..];
            }
            let last = rest.last().expect("one is left");
            let end = last.dts.saturating_add(last.duration.expect("one").into());
            bytes.extend(muxer.finish(rest, end).expect("the last fragment").to_bytes());
            // Where 16 bits of ticks do not reach from key to key, clusters begin between them.
            let is_short = steps.iter().map(|step| i64::from(step.0)).sum::<i64>() < 90 * i64::from(scale / 1000) * 32;
            judge(if is_short { Checker::for_dash() } else { Checker::new() }, &bytes);
            let mut read = read(Demuxer::new(Source::Stream), &bytes.into(), size);
            read.check();
            // Alone in its file, a track has the first number.
            for output in &mut read.outputs {
                if let media_core::demux::Output::Packet(packet) = output {
                    packet.track = track.id;
                }
            }
            compare(&read, track, &packets.iter().collect::<Vec<_>>(), scale.into());
        }
    }
}
