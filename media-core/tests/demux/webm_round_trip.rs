//! What `mux::webm` writes is what is read.

use bytes::Bytes;
use media_core::codec::{Config as Codec, Key, opus};
use media_core::demux::Source;
use media_core::demux::webm::Demuxer;
use media_core::mux::webm::{Config, Layout, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Language, Rotation, Track};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::read::{Read, read};
use crate::script::{self, Scripted, Step, scripted, write};

fn step() -> impl Strategy<Value = Step> {
    let duration = prop_oneof![4 => 1..2000_u32, 1 => 2000..200_000_u32];
    let key = prop_oneof![3 => Just(Key::No), 1 => Just(Key::Closed)];
    let len = prop_oneof![4 => 1..200_usize, 1 => 200..3000_usize];
    (duration, key, len).prop_map(|(duration, key, len)| Step { duration, key, len })
}

/// A track that is read back as it was written: made-up payloads tell nothing, so that stamps are the blocks'.
fn compare(read: &Read, script: &Scripted, tick: i64) {
    let track = read.tracks().iter().find(|track| track.id.get() == script.track.id.get());
    let track = track.expect("the track");
    assert_eq!(track.codec, expected_codec(&script.track));
    assert_eq!((track.language, track.rotation), (script.track.language, script.track.rotation));
    let own = read.packets_of(track.id);
    assert_eq!(own.len(), script.packets.len());
    let mut moved = 0;
    for (read, written) in own.iter().zip(&script.packets) {
        assert_eq!(read.data, written.data);
        let is_sound = track.kind() == Kind::Audio;
        assert_eq!(read.key, if is_sound { Key::Closed } else { written.key });
        let (ours, theirs) = (track.time_base, script.track.time_base);
        let apart = ours.to_nanos(read.pts.ticks()) - theirs.to_nanos(written.pts.ticks());
        // To the nearest tick of the segment, pictures that fall on one tick are put side by side, and sound of known length goes on by samples.
        moved = if apart > tick / 2 { moved + 1 } else { 0 };
        let most = if is_sound { 3 * tick } else { tick / 2 + (moved + 1) * ours.to_nanos(1) };
        assert!(apart.abs() <= most + 1, "{apart} {read:?} {written:?}");
    }
}

/// The muxer writes the priming into the header of Opus.
fn expected_codec(track: &Track) -> Codec {
    match &track.codec {
        Codec::Opus(config) => {
            let base = TimeBase::hz(opus::SAMPLE_RATE);
            let skip = Timestamp::new(track.priming.into()).rescale(track.time_base, base).ticks();
            Codec::Opus(config.clone().with_pre_skip(skip as u16))
        }
        other => other.clone(),
    }
}

fn demux(bytes: &[u8], size: usize) -> Read {
    let bytes = Bytes::copy_from_slice(bytes);
    let read = read(Demuxer::new(Source::Stream), &bytes, size);
    assert_eq!(read.error, None);
    read.check();
    read
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(
        video in vec(step(), 1..40),
        priming in prop_oneof![Just(0_u32), 1..4000_u32],
        layout in prop_oneof![Just(Layout::Live), Just(Layout::CuesLast), Just(Layout::CuesFirst { points: 9 })],
        start in prop_oneof![Just(0_i64), 0..100_000_i64],
        size in 1..5000_usize,
        turns in 0..4,
        language in prop_oneof![Just(*b"und"), Just(*b"deu"), Just(*b"eng"), Just(*b"zho")],
    ) {
        let mut pictures = script::track(1, Kind::Video, TimeBase::VIDEO, 0);
        pictures.rotation = Rotation::from_degrees(90 * turns).expect("quarter turns");
        let mut sound = script::track(2, Kind::Audio, TimeBase::hz(48_000), priming);
        sound.language = Language::new(language);
        let frames: Vec<Step> = video
            .iter()
            .map(|step| Step { duration: 960, key: Key::Closed, len: step.len })
            .collect();
        let mut scripts = [scripted(pictures, start, &video), scripted(sound, start, &frames)];
        // 20 ms of Opus each, so that the samples tell what the stamps do.
        for packet in &mut scripts[1].packets {
            let mut data = packet.data.to_vec();
            data[0] = 0xfc;
            packet.data = data.into();
        }
        let (bytes, _) = write(&scripts, Config::new(layout));
        let read = demux(&bytes, size);
        scripts.iter().for_each(|script| compare(&read, script, 1_000_000));
        let sound = read.tracks().iter().find(|track| track.kind() == Kind::Audio).expect("sound");
        prop_assert_eq!(sound.priming, priming);
    }

    #[test]
    fn damage_ends_in_an_error_or_is_counted(
        steps in vec(step(), 1..20),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
        size in 1..2000_usize,
    ) {
        let scripts = [
            scripted(script::track(1, Kind::Video, TimeBase::VIDEO, 0), 0, &steps),
            scripted(script::track(2, Kind::Audio, TimeBase::hz(48_000), 312), 0, &steps),
            scripted(script::track(3, Kind::Audio, TimeBase::hz(44_100), 0), 0, &steps),
        ];
        let (mut bytes, _) = write(&scripts, Config::new(Layout::CuesLast));
        for (at, byte) in &flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        let bytes = Bytes::from(bytes);
        for source in [Source::Stream, Source::Seekable { len: bytes.len() as u64 }] {
            read(Demuxer::new(source), &bytes, size).check();
        }
    }
}

/// The end of the last packet is trimmed to the sample.
#[test]
fn the_end_of_sound_is_exact() {
    let track = Track { priming: 312, ..script::track(2, Kind::Audio, TimeBase::hz(48_000), 312) };
    let packet = |n: i64| Packet {
        track: track.id,
        pts: Timestamp::new(n * 960 - 312),
        dts: Timestamp::new(n * 960 - 312),
        duration: Some(960),
        key: Key::Closed,
        data: Bytes::from_static(&[0xfc, 1, 2]),
        wall: None,
    };
    let muxer = Muxer::new(&track).expect("a muxer");
    let init = muxer.init();
    let end = Timestamp::new(50 * 960 - 312 - 407);
    let fragment = muxer.finish(&(0..50).map(packet).collect::<Vec<_>>(), end).expect("a fragment");
    let read = demux(&[init, fragment.to_bytes()].concat(), 1000);
    let stamps: Vec<_> = read.packets().map(|packet| (packet.pts.ticks(), packet.duration)).collect();
    let expected: Vec<_> =
        (0..50).map(|n| (n * 960 - 312, Some(if n == 49 { 960 - 407 } else { 960 }))).collect();
    assert_eq!(stamps, expected);
}
