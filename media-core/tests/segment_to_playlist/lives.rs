//! Lives of streams: what may happen to a source, and what a timeline makes of it.

use media_core::timeline;
use proptest::prelude::*;

use crate::stream::{camera, microphone, mixed, pictures, sound, tracks};

/// Something in a stream's life. Times are in milliseconds.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Media of both tracks, or one.
    Play { length: i64, gop: i64, video: bool, audio: bool, audio_late: i64 },
    /// Nothing comes, and nobody says why.
    Silence { length: i64 },
    /// The source goes away and comes back.
    Interruption { length: i64 },
    /// It comes back with another configuration, with sound or without.
    Change { length: i64, audio: bool },
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let play = (40..12_000_i64, 40..15_000_i64, 0..8_u8, prop_oneof![3 => Just(0), 1 => 0..3000_i64])
        .prop_map(|(length, gop, which, audio_late)| Event::Play {
            length,
            gop: (gop / 40).max(1) * 40,
            video: which != 0,
            audio: which != 1,
            audio_late,
        });
    prop_oneof![
        6 => play,
        1 => (0..20_000_i64).prop_map(|length| Event::Silence { length }),
        1 => (0..60_000_i64).prop_map(|length| Event::Interruption { length }),
        1 => (0..60_000_i64, any::<bool>()).prop_map(|(length, audio)| Event::Change { length, audio }),
    ]
}

/// What a timeline would give.
pub(crate) fn life(events: &[Event]) -> Vec<timeline::Output> {
    let mut stream = vec![tracks([pictures(), sound()])];
    let mut with_sound = true;
    let mut at = 0;
    for event in events {
        match *event {
            Event::Play { length, gop, video, audio, audio_late } => {
                let start = (at + 39) / 40 * 40;
                let pictures = camera(start..at + length, gop).filter(|_| video);
                let frames = microphone(at..at + length).filter(|_| audio && with_sound);
                stream.extend(mixed(pictures.chain(frames.map(|(at, frame)| (at + audio_late, frame)))));
                at += length;
            }
            Event::Silence { length } => at += length,
            Event::Interruption { length } => {
                at += length;
                stream.push(timeline::Output::Discontinuity);
            }
            Event::Change { length, audio } => {
                at += length;
                with_sound = audio;
                stream.push(if audio { tracks([pictures(), sound()]) } else { tracks([pictures()]) });
            }
        }
    }
    stream
}
