//! The lists and manifests of whole lives, in every format, in parts or not, over restarts: RFC 8216bis 6.2.1 and the stability of live manifests,
//! by the judges of anybody's.

use bytes::Bytes;
use media_core::check::{Report, Severity, dash, hls};
use media_core::packet::Packet;
use media_core::playlist::{self, Names, Window};
use media_core::segment::{Align, Config, Format, LateKey, Output, Segmenter};
use media_core::timeline;
use media_core::track::{Kind, Track};
use proptest::prelude::*;

use crate::events::{Event, event, life};
use crate::made_up;
use crate::media;
use crate::stream::{SECOND, complete, id};

/// The life with pictures that the format holds, or without them where it holds none.
fn held(format: Format, stream: Vec<timeline::Output>) -> Vec<timeline::Output> {
    let track = |track: &Track| match (format, track.kind()) {
        (Format::PackedAudio, Kind::Video) => None,
        (Format::MpegTs, Kind::Video) => Some(made_up::h264(1)),
        _ => Some(track.clone()),
    };
    let packet = |packet: Packet| match (format, packet.track == id(1)) {
        (Format::PackedAudio, true) => None,
        (Format::MpegTs, true) => {
            let nal = if packet.key.is_sync() { 0x65 } else { 0x41 };
            let data = Bytes::copy_from_slice(&[0, 0, 0, 3, nal, 0x88, 0x11]);
            Some(Packet { data, ..packet })
        }
        _ => Some(packet),
    };
    let convert = |output| match output {
        timeline::Output::Tracks(tracks) => {
            let tracks: Vec<_> = tracks.iter().filter_map(track).collect();
            (!tracks.is_empty()).then(|| timeline::Output::Tracks(tracks.into()))
        }
        timeline::Output::Packet(found) => packet(found).map(timeline::Output::Packet),
        timeline::Output::Discontinuity => Some(timeline::Output::Discontinuity),
    };
    stream.into_iter().filter_map(convert).collect()
}

/// The judges of a stream, told of every version of its texts.
struct Judges {
    window: Window,
    names: Names,
    lists: [hls::Checker; 2],
    manifest: dash::Checker,
}

impl Judges {
    fn new(config: &Config, size: usize) -> Self {
        let listed = playlist::Config { size, ..playlist::Config::new(config) };
        Self {
            window: Window::new(listed),
            names: Names::new("h").expect("a plain name").with_clock("/time"),
            lists: Default::default(),
            manifest: dash::Checker::new(),
        }
    }

    fn push(&mut self, output: &Output, format: Format) {
        self.window.push(output, complete(output, 50_000_000));
        for (number, checker) in (1..).zip(&mut self.lists) {
            let text = playlist::hls::media_playlist(&self.window, id(number), &self.names);
            text.filter(|_| format != Format::Webm).iter().for_each(|text| checker.push(text));
        }
        if matches!(output, Output::Part(_)) || format == Format::PackedAudio {
            return;
        }
        let manifest = playlist::dash::mpd(&self.window, &self.names);
        manifest.iter().for_each(|text| self.manifest.push(text));
    }

    fn finish(self) -> [Report; 3] {
        let [one, two] = self.lists;
        [one.finish(), two.finish(), self.manifest.finish()]
    }
}

/// Tells the judges of a life. Where it is interrupted the segmenter may be another one, resumed from what the one before wrote down.
fn judged(config: &Config, events: &[Event], size: usize, resumes: bool) -> [Report; 3] {
    let mut judges = Judges::new(config, size);
    let mut segmenter = Segmenter::new(config.clone());
    let mut tracks = None;
    for output in held(config.format, life(events)) {
        let is_interrupted = matches!(output, timeline::Output::Discontinuity);
        if let timeline::Output::Tracks(found) = &output {
            tracks = Some(found.clone());
        }
        // Sound that is later than the clock of a transport stream is left out.
        let pushed = segmenter.push(output);
        assert!(pushed.is_ok() || config.format == Format::MpegTs, "{pushed:?}");
        std::iter::from_fn(|| segmenter.poll()).for_each(|output| judges.push(&output, config.format));
        if let Some(tracks) = tracks.clone().filter(|_| is_interrupted && resumes) {
            let state = segmenter.state().to_string().parse().expect("what was written");
            segmenter = Segmenter::resume(config.clone(), &state).expect("the same configuration");
            segmenter.push(timeline::Output::Tracks(tracks)).expect("tracks of before");
        }
    }
    let rest = segmenter.finish();
    rest.into_iter().flatten().for_each(|output| judges.push(&output, config.format));
    judges.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trap_17_to_25_no_life_in_any_format_breaks_a_rule(
        events in prop::collection::vec(event(), 1..9),
        target in 500..4000_i64,
        size in 1..9_usize,
        part in prop_oneof![1 => Just(None), 2 => (150..900_i64).prop_map(Some)],
        late_key in prop_oneof![Just(LateKey::Wait), Just(LateKey::Cut), Just(LateKey::Ask)],
        align in prop_oneof![Just(Align::Nearest), Just(Align::Grid)],
        format in prop::sample::select(vec![Format::Fmp4, Format::MpegTs, Format::Webm, Format::PackedAudio]),
        resumes in any::<bool>(),
    ) {
        let part = part.map(|part| part * SECOND / 1000);
        let target_duration = (target as u32).div_ceil(1000);
        let config = Config { target_duration, part, late_key, align, format, ..Config::new(target * SECOND / 1000) };
        for report in judged(&config, &events, size, resumes) {
            prop_assert_eq!(report.total(Severity::Error), 0, "{}", media::told(&report));
        }
    }
}
