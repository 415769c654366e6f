//! When something stops, jumps, changes or grows.

use media_core::packet::Packet;
use media_core::segment::{Config, Output, Segmenter};
use media_core::time::{TimeBase, Timestamp};
use media_core::timeline;
use media_core::track::Track;

use crate::stream::{Cutting, ORIGIN, SECOND, camera, microphone, mixed, picture, pictures, sound, tracks};

fn config() -> Config {
    Config::new(2_000_000_000)
}

fn both(parts: impl IntoIterator<Item = (i64, timeline::Output)>) -> Cutting {
    Cutting::of(config(), [tracks([pictures(), sound()])].into_iter().chain(mixed(parts)))
}

#[test]
fn sound_that_stops_becomes_a_gap() {
    let all = both(camera(0..10_000, 2000).chain(microphone(0..3000)).chain(microphone(7000..10_000)));
    let spans = all.spans(1, 48_000);
    // Frames 141 to 328 are missing; the first one back begins at 329 x 1024 / 48 = 7018 ms.
    assert_eq!(spans, [Some((0, 2005)), Some((2005, 1002)), None, Some((7018, 981)), Some((8000, 2005))]);
    assert_eq!(all.spans(0, 90_000), [0, 2000, 4000, 6000, 8000].map(|start| Some((start, 2000))));
    let gap = &all.cuts[2].segments[1];
    assert_eq!(
        (gap.start.ticks(), gap.duration, gap.rope.len()),
        (480_000 + 141 * 1024, 6 * 48_000 - 141 * 1024, 0)
    );
}

#[test]
fn pictures_that_stop_are_gaps_cut_by_time_and_begin_a_segment_at_their_return() {
    let all = both(camera(0..3000, 2000).chain(camera(13_000..17_000, 2000)).chain(microphone(0..17_000)));
    let spans = all.spans(0, 90_000);
    assert_eq!(spans[..2], [Some((0, 2000)), Some((2000, 1000))]);
    assert_eq!(spans[2..4], [None, None]);
    assert!(spans[4..].contains(&Some((13_000, 3000))), "{spans:?}");
    let sound = all.spans(1, 48_000);
    assert!(sound.iter().all(Option::is_some));
    assert!(sound.iter().flatten().all(|(_, duration)| *duration <= 4300), "{sound:?}");
    assert!(all.cuts.iter().all(|cut| !cut.discontinuity));
}

#[test]
fn sound_before_the_first_picture_does_not_pile_up() {
    let all = both(camera(11_000..15_000, 2000).chain(microphone(0..15_000)));
    assert_eq!(all.spans(0, 90_000)[..2], [None, None]);
    assert!(
        all.segments(0)
            .any(|segment| !segment.gap && segment.start.ticks() == 21 * 90_000 && segment.independent)
    );
    assert_eq!(all.segments(1).map(|segment| segment.duration).sum::<u64>(), 704 * 1024);
}

#[test]
fn a_long_hole_in_everything_is_a_discontinuity() {
    let all = both(
        [0, 60_000].into_iter().flat_map(|at| camera(at..at + 3000, 2000).chain(microphone(at..at + 3000))),
    );
    let marks: Vec<_> = all.cuts.iter().map(|cut| cut.discontinuity).collect();
    assert_eq!(marks, [false, false, true, false]);
    assert_eq!(
        all.spans(0, 90_000),
        [Some((0, 2000)), Some((2000, 1000)), Some((60_000, 2000)), Some((62_000, 1000))]
    );
}

#[test]
fn an_interruption_closes_the_segment_and_marks_the_next() {
    let mut stream = vec![tracks([pictures()])];
    stream.push(timeline::Output::Discontinuity);
    stream.extend(mixed(camera(0..3000, 2000)));
    stream.push(timeline::Output::Discontinuity);
    stream.push(timeline::Output::Discontinuity);
    stream.extend(mixed(camera(9000..12_000, 1000)));
    let all = Cutting::of(config(), stream);
    assert_eq!(all.inits.len(), 1);
    let marks: Vec<_> = all.cuts.iter().map(|cut| cut.discontinuity).collect();
    assert_eq!(marks, [false, false, true, false]);
    assert_eq!(all.spans(0, 90_000)[2], Some((9000, 2000)));
}

#[test]
fn an_interruption_is_marked_even_when_what_was_open_cannot_be_written() {
    // Ticks of a nanosecond: a picture that lasts five seconds lasts more than 32 bits of them.
    let track = Track { time_base: TimeBase::NANOS, ..pictures() };
    let at = |seconds: i64, key| {
        let timeline::Output::Packet(packet) = picture(0, key) else { unreachable!() };
        let time = Timestamp::new((ORIGIN + seconds) * SECOND);
        timeline::Output::Packet(Packet { pts: time, dts: time, ..packet })
    };
    let mut segmenter = Segmenter::new(Config::new(10 * SECOND));
    segmenter.push(tracks([track])).unwrap();
    for seconds in 0..=10 {
        segmenter.push(at(seconds, seconds % 10 == 0)).unwrap();
    }
    segmenter.push(at(15, false)).unwrap();
    segmenter.push(timeline::Output::Discontinuity).unwrap_err();
    segmenter.push(at(60, true)).unwrap();
    segmenter.push(at(61, false)).unwrap();
    let cuts = segmenter.finish().unwrap().into_iter().filter_map(|output| match output {
        Output::Cut(cut) => Some((cut.number, cut.discontinuity)),
        _ => None,
    });
    assert_eq!(cuts.collect::<Vec<_>>(), [(0, false), (1, true)]);
}

#[test]
fn new_tracks_are_a_new_generation() {
    let mut stream = vec![tracks([pictures()])];
    stream.extend(mixed(camera(0..3000, 2000)));
    stream.push(tracks([pictures(), sound()]));
    stream.extend(mixed(camera(3000..6000, 3000).chain(microphone(3000..6000))));
    let all = Cutting::of(config(), stream);
    assert_eq!(
        all.inits.iter().map(|init| (init.generation, init.headers.len())).collect::<Vec<_>>(),
        [(0, 1), (1, 2)]
    );
    let cuts: Vec<_> = all
        .cuts
        .iter()
        .map(|cut| (cut.number, cut.generation, cut.discontinuity, cut.segments.len()))
        .collect();
    assert_eq!(cuts, [(0, 0, false, 1), (1, 0, false, 1), (2, 1, true, 2)]);
}

#[test]
fn a_segment_that_grows_too_large_is_cut() {
    let small = Config { max_bytes: 10_000, ..config() };
    let all = Cutting::of(small, [tracks([pictures()])].into_iter().chain(mixed(camera(0..2000, 2000))));
    assert!(
        all.segments(0).all(|segment| segment.rope.len() < 11_000),
        "10 pictures of 1000 bytes and a header"
    );
    let few = Config { max_packets: 7, ..config() };
    let all = Cutting::of(few, [tracks([pictures()])].into_iter().chain(mixed(camera(0..2000, 2000))));
    assert_eq!(all.segments(0).map(|segment| segment.duration).max(), Some(7 * 3600));
    assert_eq!(all.segments(0).map(|segment| segment.duration).sum::<u64>(), 180_000);
}

#[test]
fn a_burst_of_late_sound_never_makes_a_segment_too_long() {
    let burst = microphone(0..9000)
        .map(|(at, output)| if (2000..8000).contains(&at) { (8000, output) } else { (at, output) });
    let all = both(camera(0..20_000, 4000).chain(burst).chain(microphone(9000..20_000)));
    assert!(all.segments(1).all(|segment| segment.duration < 48_000 * 9 / 2));
    let media: u64 = all.segments(1).filter(|segment| !segment.gap).map(|segment| segment.duration).sum();
    assert_eq!(media, 938 * 1024);
}

#[test]
fn a_stream_of_one_packet_is_one_segment() {
    let all = Cutting::of(config(), [tracks([pictures()]), picture(0, true)]);
    assert_eq!(all.spans(0, 90_000), [Some((0, 40))]);
    assert!(Cutting::of(config(), [tracks([pictures()])]).cuts.is_empty());
    assert!(Cutting::of(config(), []).inits.is_empty());
}
