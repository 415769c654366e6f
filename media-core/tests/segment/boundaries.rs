//! Where boundaries fall by agreement: with an encoder that can be asked, and with other segmenters.

use media_core::segment::{Align, Config, LateKey};
use media_core::timeline;
use proptest::prelude::*;

use crate::stream::{Cutting, ORIGIN, SECOND, camera, microphone, mixed, picture, pictures, sound, tracks};

fn video(config: Config, stream: impl IntoIterator<Item = (i64, timeline::Output)>) -> Cutting {
    Cutting::of(config, [tracks([pictures()])].into_iter().chain(mixed(stream)))
}

fn starts(all: &Cutting) -> Vec<i64> {
    all.spans(0, 90_000).into_iter().flatten().map(|(start, _)| start).collect()
}

/// Milliseconds after the origin at which key frames were asked for.
fn asked(all: &Cutting) -> Vec<i64> {
    all.asked.iter().map(|asked| asked.at.ticks() / 90 - ORIGIN * 1000).collect()
}

#[test]
fn an_encoder_is_asked_for_each_boundary_once_and_ahead() {
    let config = Config { late_key: LateKey::Ask, ..Config::new(2 * SECOND) };
    let all = video(config.clone(), camera(0..8000, 2000));
    assert_eq!(asked(&all), [2000, 4000, 6000, 8000]);
    assert_eq!(starts(&all), [0, 2000, 4000, 6000]);
    // A scene change of its own does not end the segment.
    let scene = camera(0..8000, 2000)
        .map(|(at, output)| if at == 1480 { (at, picture(at * 90, true)) } else { (at, output) });
    assert_eq!(starts(&video(config, scene)), [0, 2000, 4000, 6000]);
}

#[test]
fn a_segment_without_a_key_frame_asks_for_one_at_once() {
    let config = Config { late_key: LateKey::Ask, target_duration: 3, ..Config::new(2 * SECOND) };
    let all = video(config, camera(0..9000, 5000));
    assert_eq!(starts(&all), [0, 3240, 5000, 8240]);
    assert_eq!(asked(&all), [2000, 3240, 7000, 8240]);
}

#[test]
fn sound_alone_needs_no_key_frames() {
    let config = Config { late_key: LateKey::Ask, ..Config::new(2 * SECOND) };
    let all = Cutting::of(config, [tracks([sound()])].into_iter().chain(mixed(microphone(0..6000))));
    assert_eq!((all.asked.len(), all.cuts.len()), (0, 3));
}

#[test]
fn a_grid_is_that_of_the_line() {
    let config = Config { align: Align::Grid, late_key: LateKey::Ask, ..Config::new(2 * SECOND) };
    // Begun between two lines of the grid: asked for the next line, not for two seconds later.
    let all = video(config, camera(520..8000, 1000));
    assert_eq!(asked(&all), [2000, 4000, 6000, 8000]);
    assert_eq!(starts(&all), [520, 2000, 4000, 6000]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Segmenters of the same key frames, one of which began later, cut at the same instants from its second cut on.
    #[test]
    fn segmenters_of_aligned_key_frames_agree_whenever_they_began(
        gaps in prop::collection::vec(1..59_i64, 20..60),
        jitter in prop::collection::vec(-3..4_i64, 60),
        target in 2400..6000_i64,
        skip in 1..8_usize,
    ) {
        let mut at = 0;
        let keys: Vec<_> = gaps.iter().zip(&jitter).map(|(gap, jitter)| { at += gap * 40; at + jitter }).collect();
        let config = || Config { align: Align::Grid, ..Config::new(target * 1_000_000) };
        let stream = |from: usize| {
            let keys = keys.clone();
            let first = keys[from];
            let others = (0..at / 40).map(|n| n * 40 + 20).filter(move |at| *at > first);
            let others = others.map(|at| (at, picture(at * 90, false)));
            let own: Vec<_> = keys[from..].iter().map(|at| (*at, picture(*at * 90, true))).collect();
            own.into_iter().chain(others)
        };
        let (all, late) = (starts(&video(config(), stream(0))), starts(&video(config(), stream(skip))));
        let late = &late[1.min(late.len())..];
        let from = late.first().copied().unwrap_or(i64::MAX);
        let same: Vec<_> = all.into_iter().filter(|start| *start >= from).collect();
        prop_assert_eq!(same, late);
    }
}
