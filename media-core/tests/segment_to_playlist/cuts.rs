//! Where cuts fall, and when they come out.

use media_core::mux::Rope;
use media_core::packet::{Key, Packet};
use media_core::segment::{Config, Error, LateKey, Output, Segmenter};
use media_core::timeline;

use crate::stream::{Cutting, SECOND, camera, frame, microphone, mixed, picture, pictures, sound, tracks};

fn config(target_millis: i64, target_duration: u32) -> Config {
    Config { target_duration, ..Config::new(target_millis * 1_000_000) }
}

fn video_only(config: Config, parts: impl IntoIterator<Item = (i64, timeline::Output)>) -> Cutting {
    Cutting::of(config, [tracks([pictures()])].into_iter().chain(mixed(parts)))
}

#[test]
fn a_camera_is_cut_at_its_key_frames() {
    let all = video_only(config(2000, 4), camera(0..7000, 2000));
    assert_eq!(
        all.spans(0, 90_000),
        [Some((0, 2000)), Some((2000, 2000)), Some((4000, 2000)), Some((6000, 1000))]
    );
    assert!(all.segments(0).all(|segment| segment.independent && !segment.rope.is_empty()));
    assert_eq!(all.cuts.iter().map(|cut| cut.number).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(all.cuts.iter().all(|cut| !cut.discontinuity && cut.generation == 0));
}

#[test]
fn a_cut_comes_out_with_the_key_frame_that_ends_it() {
    let all = video_only(config(2000, 4), camera(0..4040, 2000));
    // The tracks are the first output; pictures 50 and 100 are the key frames at 2 s and 4 s.
    assert_eq!(all.after, [1 + 51, 1 + 101, 1 + 101]);
}

#[test]
fn key_frames_that_come_a_little_early_are_still_cut_at() {
    let keys = [0_i64, 1_996, 3_999, 5_988, 7_990];
    let pictures = (0..250)
        .map(|n| n * 40)
        .filter(|at| keys.iter().all(|key| (at - key).abs() > 20))
        .map(|at| (at, picture(at * 90, false)));
    let all = video_only(config(2000, 2), pictures.chain(keys.map(|at| (at, picture(at * 90, true)))));
    assert_eq!(&all.spans(0, 90_000)[..3], [Some((0, 1996)), Some((1996, 2003)), Some((3999, 1989))]);
}

#[test]
fn the_key_frame_nearest_to_the_target_is_taken() {
    let starts = |gop: i64, target| -> Vec<_> {
        let all = video_only(config(target, 6), camera(0..9000, gop));
        all.spans(0, 90_000).iter().map(|span| span.unwrap().0).collect()
    };
    assert_eq!(starts(1520, 2000)[..3], [0, 1520, 3040]);
    assert_eq!(starts(1000, 2000)[..3], [0, 2000, 4000]);
    assert_eq!(starts(400, 1000)[..4], [0, 800, 1600, 2400], "800 and 1200 are as near: the earlier one");
    assert_eq!(starts(40, 2000)[..3], [0, 2000, 4000]);
    assert_eq!(starts(3000, 2000)[..3], [0, 3000, 6000]);
}

#[test]
fn a_late_key_frame_is_waited_for_as_long_as_the_target_duration_allows() {
    let all = video_only(config(2000, 4), camera(0..20_000, 10_000));
    let spans: Vec<_> = all.spans(0, 90_000).into_iter().flatten().collect();
    assert_eq!(
        spans,
        [(0, 4240), (4240, 4240), (8480, 1520), (10_000, 4240), (14_240, 4240), (18_480, 1520)]
    );
    let independent: Vec<_> = all.segments(0).map(|segment| segment.independent).collect();
    assert_eq!(independent, [true, false, false, true, false, false]);
}

#[test]
fn or_not_waited_for() {
    let late_key = LateKey::Cut;
    let all = video_only(Config { late_key, ..config(2000, 4) }, camera(0..6000, 10_000));
    assert_eq!(all.spans(0, 90_000), [Some((0, 2000)), Some((2000, 2000)), Some((4000, 2000))]);
}

#[test]
fn pictures_slower_than_the_target_duration_never_give_a_segment_beyond_it() {
    let slow = (0..10).map(|n| (n * 3000, picture(n * 3000 * 90, true)));
    let all = video_only(config(2000, 2), slow);
    assert!(all.segments(0).all(|segment| segment.duration < 90_000 * 5 / 2 && !segment.gap));
}

#[test]
fn intra_refresh_is_cut_where_a_refresh_begins() {
    let roll = |output| match output {
        timeline::Output::Packet(packet) => {
            timeline::Output::Packet(Packet { key: Key::Roll { pictures: 30 }, ..packet })
        }
        other => other,
    };
    let refresh = camera(0..8000, 400_000)
        .map(|(at, output)| if at % 1200 == 0 && at > 0 { (at, roll(output)) } else { (at, output) });
    let all = video_only(config(2000, 4), refresh);
    assert_eq!(all.spans(0, 90_000)[..3], [Some((0, 2400)), Some((2400, 2400)), Some((4800, 2400))]);
    assert!(all.segments(0).skip(1).all(|segment| !segment.independent));
}

#[test]
fn sound_follows_at_its_first_packet_behind_the_cut() {
    let stream = mixed(camera(0..6000, 2000).chain(microphone(0..6000)));
    let all = Cutting::of(config(2000, 4), [tracks([pictures(), sound()])].into_iter().chain(stream));
    // 2 s are 93.75 AAC frames of 1024 samples at 48 kHz, 4 s are 187.5.
    let starts: Vec<_> = all.segments(1).map(|segment| segment.start.ticks() - 480_000).collect();
    assert_eq!(starts, [0, 94 * 1024, 188 * 1024]);
    let durations: Vec<_> = all.segments(1).map(|segment| segment.duration).collect();
    assert_eq!(durations[..2], [94 * 1024, 94 * 1024]);
    assert_eq!(all.spans(0, 90_000)[..2], [Some((0, 2000)), Some((2000, 2000))]);
}

#[test]
fn sound_that_reaches_the_cut_is_not_waited_for() {
    let mut segmenter = Segmenter::new(config(2000, 4));
    segmenter.push(tracks([pictures(), sound()])).unwrap();
    mixed(camera(0..2000, 2000).chain(microphone(0..2000)))
        .into_iter()
        .for_each(|output| segmenter.push(output).unwrap());
    assert!(matches!(segmenter.poll(), Some(Output::Init(_))));
    assert!(segmenter.poll().is_none());
    // The frame that began at 1.984 s ends behind the key frame.
    segmenter.push(picture(180_000, true)).unwrap();
    assert!(matches!(segmenter.poll(), Some(Output::Cut(_))));
}

#[test]
fn sound_that_lags_is_waited_for_and_then_not_again() {
    let late = |millis: i64| microphone(0..8000).map(move |(at, output)| (at + millis, output));
    let wait = |millis| -> Vec<i64> {
        let stream = mixed(camera(0..8000, 2000).chain(late(millis)));
        let pictures = |count: usize| {
            stream[..count - 1]
                .iter()
                .filter(
                    |output| matches!(output, timeline::Output::Packet(packet) if packet.track.get() == 1),
                )
                .count() as i64
        };
        let all = Cutting::of(
            config(2000, 4),
            [tracks([pictures_and_sound().0, pictures_and_sound().1])].into_iter().chain(stream.clone()),
        );
        all.after[..3].iter().map(|&count| pictures(count) * 40 - 40).collect()
    };
    assert_eq!(wait(0), [2000, 4000, 6000]);
    assert_eq!(wait(100), [2080, 4080, 6080]);
    assert_eq!(wait(700), [2320, 4000, 6000], "given up at the first cut, not waited for at the others");
}

fn pictures_and_sound() -> (media_core::track::Track, media_core::track::Track) {
    (pictures(), sound())
}

#[test]
fn late_sound_is_not_lost() {
    let late = microphone(0..8000).map(|(at, output)| (at + 900, output));
    let all = Cutting::of(
        config(2000, 4),
        [tracks([pictures(), sound()])].into_iter().chain(mixed(camera(0..8000, 2000).chain(late))),
    );
    let media: u64 = all.segments(1).filter(|segment| !segment.gap).map(|segment| segment.duration).sum();
    assert_eq!(media, 375 * 1024);
    let ends = all.segments(1).map(|segment| segment.start.ticks() + segment.duration as i64);
    let starts = all.segments(1).skip(1).map(|segment| segment.start.ticks());
    assert!(ends.zip(starts).all(|(end, start)| end == start));
}

#[test]
fn sound_alone_is_cut_at_the_target() {
    let all = Cutting::of(config(2000, 4), [tracks([sound()])].into_iter().chain(mixed(microphone(0..9000))));
    let durations: Vec<_> = all.segments(0).map(|segment| segment.duration).collect();
    assert_eq!(durations[..4], [94 * 1024; 4]);
}

#[test]
fn renditions_without_common_ticks_do_not_drift_apart() {
    // An hour of 48 kHz beside 90 kHz: positions meet at every 8 x 15th tick only.
    let mut stream = vec![tracks([pictures(), sound()])];
    stream.extend(mixed(camera(0..3_600_000, 2000).chain(microphone(0..3_600_000))));
    let all = Cutting::of(config(2000, 4), stream);
    assert_eq!(all.cuts.len(), 1800);
    for cut in &all.cuts {
        let (video, audio) = (cut.segments[0].start.ticks() * 8, cut.segments[1].start.ticks() * 15);
        assert!((0..1024 * 15).contains(&(audio - video)), "sound begins less than a frame behind the cut");
    }
}

#[test]
fn payloads_are_not_copied() {
    let stream = mixed(camera(0..2000, 2000).chain(microphone(0..2000)));
    let payloads: Vec<_> = stream
        .iter()
        .filter_map(|output| {
            if let timeline::Output::Packet(packet) = output { Some(packet.data.as_ptr()) } else { None }
        })
        .collect();
    let all = Cutting::of(config(2000, 4), [tracks([pictures(), sound()])].into_iter().chain(stream));
    let pieces: Vec<_> = all
        .cuts
        .iter()
        .flat_map(|cut| &cut.segments)
        .flat_map(|segment| segment.rope.pieces())
        .map(|piece| piece.as_ptr())
        .collect();
    assert!(payloads.iter().all(|payload| pieces.contains(payload)));
}

#[test]
fn pictures_out_of_order_begin_where_the_first_is_shown() {
    // I P B B: DTS one picture ahead, as a timeline derives it; the earliest picture of each segment is its key frame.
    let order = [(0, 0, true), (3, 1, false), (1, 2, false), (2, 3, false)];
    let stream = (0..25)
        .flat_map(|gop| order.map(|(pts, dts, key)| (gop * 4 + pts + 1, gop * 4 + dts, key)))
        .map(|(pts, dts, key)| {
            let timeline::Output::Packet(packet) = picture(dts * 3600, key) else { unreachable!() };
            timeline::Output::Packet(Packet { pts: packet.dts.saturating_add((pts - dts) * 3600), ..packet })
        });
    let all = Cutting::of(config(960, 2), [tracks([pictures()])].into_iter().chain(stream));
    assert_eq!(all.spans(0, 90_000)[..3], [Some((40, 960)), Some((1000, 960)), Some((1960, 960))]);
}

#[test]
fn a_hole_in_the_sound_is_not_stretched_over() {
    let stream = mixed(camera(0..4000, 2000).chain(microphone(0..500)).chain(microphone(1200..4000)));
    let all = Cutting::of(config(2000, 4), [tracks([pictures(), sound()])].into_iter().chain(stream));
    let fragments = |rope: &Rope| rope.to_bytes().windows(4).filter(|bytes| bytes == b"moof").count();
    assert_eq!(fragments(&all.cuts[0].segments[1].rope), 2);
    assert_eq!(fragments(&all.cuts[0].segments[0].rope), 1);
    assert_eq!(fragments(&all.cuts[1].segments[1].rope), 1);
}

#[test]
fn packets_of_unknown_tracks_are_refused() {
    let mut segmenter = Segmenter::new(config(2000, 4));
    assert_eq!(segmenter.push(frame(0)), Err(Error::UnknownTrack { track: 2 }));
    segmenter.push(tracks([pictures()])).unwrap();
    assert_eq!(segmenter.push(frame(0)), Err(Error::UnknownTrack { track: 2 }));
    segmenter.push(picture(0, true)).unwrap();
    assert_eq!(segmenter.finish().unwrap().len(), 2);
}

#[test]
fn a_packet_out_of_order_costs_its_segment_and_no_more() {
    let mut segmenter = Segmenter::new(config(2000, 4));
    segmenter.push(tracks([pictures()])).unwrap();
    let mut errors = 0;
    for (at, output) in camera(0..8000, 2000) {
        errors += usize::from(segmenter.push(output).is_err());
        if at == 3000 {
            errors += usize::from(segmenter.push(picture(2500 * 90, false)).is_err());
        }
    }
    let outputs = segmenter.finish().unwrap();
    let cuts = outputs.iter().filter(|output| matches!(output, Output::Cut(_))).count();
    assert_eq!((errors, cuts), (1, 3));
}

#[test]
fn defaults_are_twice_the_target() {
    let of = |target| Config::new(target).target_duration;
    assert_eq!(
        [of(2 * SECOND), of(SECOND / 2), of(SECOND / 4), of(1_500_000_000), of(0), of(i64::MAX)],
        [4, 1, 1, 3, 1, 86_400]
    );
}
