//! The same with a segmenter that makes the parts: whatever a source does, what players are told keeps to the rules.

use media_core::playlist::{Config, Delivery, LowLatency, PartAddressing};
use media_core::segment::{self, Output, Segmenter, part_target};
use media_core::time::WallTime;
use media_core::timeline;
use proptest::prelude::*;

use crate::histories::History;
use crate::source::{camera, microphone, mixed, pictures, sound, tracks};
use crate::stream::{MILLI, MORNING, SECOND};

/// Something in a stream's life. Times are in milliseconds, whole pictures: sound never begins before them.
#[derive(Clone, Debug)]
enum Event {
    /// Media of all tracks.
    Play { length: i64, gop: i64 },
    /// The source goes away and comes back.
    Interruption { length: i64 },
    /// It comes back with another configuration, with sound or without.
    Change { length: i64, audio: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let play = (10..225_i64, 10..80_i64)
        .prop_map(|(length, gop)| Event::Play { length: length * 40, gop: gop * 40 });
    prop_oneof![
        8 => play,
        1 => (0..500_i64).prop_map(|length| Event::Interruption { length: length * 40 }),
        1 => (0..500_i64, any::<bool>()).prop_map(|(length, audio)| Event::Change { length: length * 40, audio }),
    ]
}

/// What a timeline would give, with the time in milliseconds at which it does.
fn life(events: &[Event]) -> Vec<(i64, timeline::Output)> {
    let mut stream = vec![(0, tracks([pictures(), sound()]))];
    let (mut with_sound, mut at) = (true, 0);
    for event in events {
        match *event {
            Event::Play { length, gop } => {
                let pictures = camera(at..at + length, gop);
                let frames = microphone(at..at + length).filter(|_| with_sound);
                at += length;
                stream.extend(mixed(pictures.chain(frames)).into_iter().map(|output| (at, output)));
            }
            Event::Interruption { length } => {
                at += length;
                stream.push((at, timeline::Output::Discontinuity));
            }
            Event::Change { length, audio } => {
                at += length;
                with_sound = audio;
                stream.push((at, if audio { tracks([pictures(), sound()]) } else { tracks([pictures()]) }));
            }
        }
    }
    stream
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_segmenter_with_parts_and_an_origin_obey_the_rules(
        events in prop::collection::vec(event(), 1..8),
        size in 1..12_usize,
        ranges in any::<bool>(),
    ) {
        let addressing = if ranges { PartAddressing::ByteRanges } else { PartAddressing::Files };
        let part = part_target(200_000_000, &[40_000_000, 21_333_333]).unwrap();
        let cutting = segment::Config {
            part: Some(part),
            target_duration: 2,
            ..segment::Config::new(SECOND)
        };
        let low = LowLatency { addressing, ..LowLatency::new(part) };
        let config = Config { size, delivery: Delivery::LowLatency(low), ..Config::new(&cutting) };
        let mut history = History::new(config, addressing);
        let mut segmenter = Segmenter::new(cutting);
        let mut now = WallTime::from_nanos(MORNING);
        let push = |history: &mut History, output: &Output, now| history.push(output, now);
        for (at, output) in life(&events) {
            now = WallTime::from_nanos(MORNING + at * MILLI);
            segmenter.push(output).unwrap();
            while let Some(output) = segmenter.poll() {
                push(&mut history, &output, now);
            }
        }
        segmenter.finish().unwrap().iter().for_each(|output| push(&mut history, output, now));
        history.finish(now);
    }
}
