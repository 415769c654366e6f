//! Parts: RFC 8216bis 4.4.3.7 and 4.4.4.9.

use media_core::packet::Packet;
use media_core::segment::{Config, Part, part_target};
use media_core::timeline;

use crate::stream::{Cutting, SECOND, camera, microphone, mixed, pictures, sound, tracks};

pub(crate) const MILLISECOND: i64 = 1_000_000;

fn config(part_millis: i64) -> Config {
    Config { part: Some(part_millis * MILLISECOND), ..Config::new(2 * SECOND) }
}

/// The outputs of the timeline, pictures telling how long they last.
fn told(output: timeline::Output) -> timeline::Output {
    match output {
        timeline::Output::Packet(packet) if packet.duration.is_none() => {
            timeline::Output::Packet(Packet { duration: Some(3600), ..packet })
        }
        other => other,
    }
}

/// Start and duration of a track's pieces in milliseconds after the origin; `None` is a gap.
fn pieces(all: &Cutting, index: usize, hz: i64) -> Vec<(i64, i64)> {
    let piece = |part: &Part| {
        let piece = &part.pieces[index];
        (piece.start.ticks() * 1000 / hz - 10_000, piece.duration as i64 * 1000 / hz)
    };
    all.parts.iter().map(|(part, _)| piece(part)).collect()
}

#[test]
fn parts_are_as_many_pictures_as_fit() {
    let all =
        Cutting::of(config(200), [tracks([pictures()])].into_iter().chain(mixed(camera(0..4000, 2000))));
    let expected: Vec<_> = (0..20).map(|n| (n * 200, 200)).collect();
    assert_eq!(pieces(&all, 0, 90_000), expected);
    let numbers: Vec<_> = all.parts.iter().map(|(part, _)| (part.number, part.index)).collect();
    assert_eq!(
        numbers,
        (0..2).flat_map(|number| (0..10).map(move |index| (number, index))).collect::<Vec<_>>()
    );
    let starts: Vec<_> =
        all.parts.iter().filter(|(part, _)| part.pieces[0].independent).map(|(part, _)| part.index).collect();
    assert_eq!(starts, [0, 0], "a part with a key frame at its head");
}

#[test]
fn trap_18_parts_are_cut_before_they_cross_the_target() {
    // RFC 8216bis 4.4.4.9: no longer than the target. 5 pictures of 40 ms are 200 ms, 6 would be 240.
    for part in [201, 235] {
        let all =
            Cutting::of(config(part), [tracks([pictures()])].into_iter().chain(mixed(camera(0..4000, 2000))));
        assert!(pieces(&all, 0, 90_000).iter().all(|(_, duration)| *duration == 200), "{part}");
    }
}

#[test]
fn trap_02_a_picture_that_tells_its_duration_is_not_waited_behind() {
    // With the duration: out with the fifth picture. Without: with the sixth, which tells when the fifth ended.
    let with = camera(0..4000, 2000).map(|(at, output)| (at, told(output)));
    let with = Cutting::of(config(200), [tracks([pictures()])].into_iter().chain(mixed(with)));
    let without =
        Cutting::of(config(200), [tracks([pictures()])].into_iter().chain(mixed(camera(0..4000, 2000))));
    let after = |all: &Cutting| all.parts.iter().map(|(_, after)| *after).collect::<Vec<_>>();
    assert_eq!(after(&with), (1..=20).map(|n| 1 + 5 * n).collect::<Vec<_>>());
    assert_eq!(after(&without)[..19], (1..=19).map(|n| 1 + 5 * n + 1).collect::<Vec<_>>());
    assert_eq!(with.spans(0, 90_000), without.spans(0, 90_000));
    let numbers =
        |all: &Cutting| all.parts.iter().map(|(part, _)| (part.number, part.index)).collect::<Vec<_>>();
    assert_eq!(numbers(&with), numbers(&without), "the cut adds no part");
}

#[test]
fn a_segment_that_ends_off_the_grid_has_a_shorter_last_part() {
    let all =
        Cutting::of(config(200), [tracks([pictures()])].into_iter().chain(mixed(camera(0..4000, 1480))));
    let last: Vec<_> =
        all.cuts.iter().map(|cut| cut.segments[0].parts.last().unwrap().duration / 90).collect();
    assert_eq!(last[..2], [80, 80]);
    assert_eq!(all.cuts[0].segments[0].parts.len(), 8);
}

#[test]
fn trap_18_sound_keeps_the_target_beside_pictures() {
    // Frames of 21.33 ms: parts of 9 or 10, none longer than the target nor shorter than 85 % of it.
    let target = part_target(200 * MILLISECOND, &[40 * MILLISECOND, 21_333_333]).unwrap();
    assert_eq!(target, 214 * MILLISECOND);
    let stream = mixed(camera(0..60_000, 2000).chain(microphone(0..60_000)));
    let config = Config { part: Some(target), ..Config::new(2 * SECOND) };
    let all = Cutting::of(config, [tracks([pictures(), sound()])].into_iter().chain(stream));
    let mut last = false;
    for (part, _) in all.parts.iter().rev().skip(1) {
        let frames = part.pieces[1].duration / 1024;
        assert_eq!((part.pieces[0].duration, part.pieces[1].duration % 1024), (18_000, 0));
        assert!(matches!(frames, 9 | 10), "{frames}");
        last |= part.pieces.iter().any(|piece| piece.gap);
    }
    assert!(!last && all.parts.len() == 300);
}

#[test]
fn part_targets_fit_the_usual_rates() {
    let nanos = |num: i64, den: i64| num * SECOND / den;
    let frames =
        [nanos(1024, 48_000), nanos(1024, 44_100), nanos(20, 1000), nanos(1152, 44_100), nanos(1536, 48_000)];
    for rate in [(1, 24), (1001, 24_000), (1, 25), (1001, 30_000), (1, 30), (1, 50), (1, 60), (1, 15)] {
        for frame in frames {
            for wished in [200, 300, 500, 1000] {
                let picture = nanos(rate.0, rate.1);
                let target = part_target(wished * MILLISECOND, &[picture, frame]);
                assert!(
                    target.is_some_and(|target| target <= 2 * wished * MILLISECOND),
                    "{rate:?} {frame} {wished}"
                );
            }
        }
    }
    assert_eq!(part_target(100, &[]), None);
    assert_eq!(part_target(100, &[0]), None);
    assert_eq!(part_target(i64::MAX, &[1]), None);
    assert_eq!(part_target(200 * MILLISECOND, &[SECOND]), Some(SECOND), "a picture is the least");
}

#[test]
fn a_segment_is_its_parts_the_same_memory() {
    let stream = mixed(camera(0..6000, 2000).chain(microphone(0..6000)));
    let all = Cutting::of(config(214), [tracks([pictures(), sound()])].into_iter().chain(stream));
    for cut in &all.cuts {
        let parts: Vec<_> = all.parts.iter().filter(|(part, _)| part.number == cut.number).collect();
        for (index, segment) in cut.segments.iter().enumerate() {
            let whole = segment.rope.pieces().iter().map(|piece| (piece.as_ptr(), piece.len()));
            let own = parts.iter().flat_map(|(part, _)| part.pieces[index].rope.pieces());
            assert!(whole.eq(own.map(|piece| (piece.as_ptr(), piece.len()))));
            let bytes = segment.rope.to_bytes();
            let found = |name: &[u8]| bytes.windows(4).filter(|window| *window == name).count();
            assert_eq!((found(b"styp"), found(b"moof")), (1, parts.len()), "one styp, one moof per part");
        }
    }
}

#[test]
fn sound_that_stays_away_leaves_gaps_and_no_delay() {
    let late = microphone(0..8000).filter(|(at, _)| !(2500..5000).contains(at));
    let stream = mixed(camera(0..8000, 2000).chain(late));
    let all = Cutting::of(config(214), [tracks([pictures(), sound()])].into_iter().chain(stream));
    let gaps: Vec<_> = all
        .parts
        .iter()
        .filter(|(part, _)| part.pieces[1].gap)
        .map(|(part, _)| part.pieces[0].start.ticks() / 90 - 10_000)
        .collect();
    assert_eq!(gaps.first(), Some(&2600));
    assert_eq!(gaps.last(), Some(&4800));
    assert!(all.cuts.iter().all(|cut| cut.segments.iter().all(|segment| !segment.gap)));
    assert!(pieces(&all, 0, 90_000).iter().all(|(_, duration)| *duration == 200));
}

#[test]
fn trap_18_a_picture_longer_than_the_target_is_followed_by_gaps() {
    // RFC 8216bis 4.4.4.9: no longer than the target. The picture is in one part, and shown through those after it.
    let still = [0, 40, 80, 1200, 1240, 1280, 1320, 1360, 1400]
        .map(|at| (at, crate::stream::picture(at * 90, at == 0)));
    let all = Cutting::of(config(200), [tracks([pictures()])].into_iter().chain(mixed(still)));
    let expected: Vec<_> = (0..7).map(|n| (n * 200, 200)).chain([(1400, 40)]).collect();
    assert_eq!(pieces(&all, 0, 90_000), expected);
    let gaps: Vec<_> = all.parts.iter().map(|(part, _)| part.pieces[0].gap).collect();
    assert_eq!(gaps, [false, true, true, true, true, true, false, false]);
    assert_eq!(all.spans(0, 90_000), [Some((0, 1440))]);
}

#[test]
fn trap_18_parts_into_which_no_pictures_fit_are_stretches_of_time() {
    // RFC 8216bis 4.4.4.9. 4 pictures of 1/24 s are 83 % of 200 ms, 5 are 104 %.
    let film = (0..240).map(|n| (n * 1000 / 24, crate::stream::picture(n * 3750, n % 48 == 0)));
    let all = Cutting::of(config(200), [tracks([pictures()])].into_iter().chain(mixed(film)));
    assert_eq!(all.spans(0, 90_000), [0, 2000, 4000, 6000, 8000].map(|at| Some((at, 2000))));
    for segment in all.segments(0) {
        let (last, others) = segment.parts.split_last().unwrap();
        assert!(others.iter().all(|part| (15_300..=18_000).contains(&part.duration) && !part.gap));
        assert!(last.duration <= 18_000);
    }
}

#[test]
fn trap_18_sound_that_begins_or_ends_within_a_part_has_a_piece_of_its_length() {
    // RFC 8216bis 4.4.4.9: neither what begins 65 ms before the end of a part, nor what ends so behind its beginning, is a short part.
    for (from, to) in [(135, 8000), (0, 4465), (150, 4335)] {
        let stream = mixed(camera(0..8000, 2000).chain(microphone(from..to)));
        let all = Cutting::of(config(214), [tracks([pictures(), sound()])].into_iter().chain(stream));
        for (part, _) in &all.parts[..all.parts.len() - 1] {
            let piece = &part.pieces[1];
            assert!(piece.gap || (8732..=10_272).contains(&piece.duration), "{piece:?}");
        }
    }
}

#[test]
fn trap_18_sound_before_the_first_picture_does_not_make_a_part_longer() {
    // RFC 8216bis 4.4.4.9.
    for lead in [21, 65, 150, 190, 376, 2500] {
        let stream = mixed(microphone(0..6000).chain(camera(lead..6000, 2000)));
        let all = Cutting::of(config(214), [tracks([pictures(), sound()])].into_iter().chain(stream));
        for segment in all.segments(1) {
            let last = segment.parts.len() - 1;
            assert!(segment.parts.iter().all(|part| part.duration <= 10_272), "{:?}", segment.parts);
            assert!(segment.parts[..last].iter().all(|part| part.duration >= 8732), "{:?}", segment.parts);
        }
    }
}
