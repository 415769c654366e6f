//! What holds of every stream: no packet is lost or comes twice, parts make up segments, numbers count up, tracks end together, memory is bounded.

use std::collections::{BTreeMap, HashMap};

use media_core::packet::Packet;
use media_core::segment::{
    Align, Config, Cut, Format, LateKey, Output, Part, Segment, Segmenter, part_target,
};
use media_core::time::{TimeBase, Timestamp};
use media_core::timeline;
use media_core::track::Kind;
use proptest::prelude::*;

use crate::lives::{event, life};
use crate::parts::MILLISECOND;
use crate::stream::{self, Cutting, SECOND, id, microphone, mixed, picture, sound, tracks};

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_stream_is_cut_into_parts_that_make_up_its_segments(
        events in prop::collection::vec(event(), 1..10),
        target in 500..4000_i64,
        part in prop_oneof![
            16 => (60..700_i64).prop_map(|part| part * MILLISECOND),
            4 => (10..60_i64).prop_map(|part| part * MILLISECOND),
            1 => Just(i64::MAX),
        ],
        late_key in prop_oneof![Just(LateKey::Wait), Just(LateKey::Cut), Just(LateKey::Ask)],
        align in prop_oneof![Just(Align::Nearest), Just(Align::Grid)],
        tells in any::<bool>(),
        format in prop_oneof![Just(Format::Fmp4), Just(Format::Webm)],
    ) {
        let part = Some(part);
        let config = Config { part, late_key, align, format, ..Config::new(target * MILLISECOND) };
        follow(config, life(&events), tells);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// RFC 8216bis 4.4.4.9, for tracks without holes that come in time.
    #[test]
    fn trap_18_all_parts_but_the_last_are_nearly_as_long_as_the_target(
        ticks in prop::sample::select(vec![3750_i64, 3753, 3600, 3003, 3000, 1800, 1500, 6000]),
        gop in 10..150_i64,
        wished in 150..1200_i64,
        tells in any::<bool>(),
        late in 0..250_i64,
    ) {
        let picture_nanos = (ticks * SECOND + 89_999) / 90_000;
        let part = part_target(wished * MILLISECOND, &[picture_nanos, 1024 * SECOND / 48_000 + 1]).expect("these fit");
        let pictures = (0..20_000 * 90 / ticks).map(|n| (n * ticks / 90, picture(n * ticks, n % gop == 0)));
        let frames = microphone(0..20_000).map(|(at, frame)| (at + late, frame));
        let stream = [tracks([stream::pictures(), sound()])].into_iter().chain(mixed(pictures.chain(frames)));
        let stream = stream.map(|output| match output {
            timeline::Output::Packet(packet) if tells && packet.track == id(1) => {
                timeline::Output::Packet(Packet { duration: Some(ticks as u32), ..packet })
            }
            output => output,
        });
        let all = Cutting::of(Config { part: Some(part), ..Config::new(2 * SECOND) }, stream);
        for segment in all.cuts.iter().flat_map(|cut| &cut.segments) {
            let hz = if segment.track == id(1) { 90_000 } else { 48_000 };
            for (index, chunk) in segment.parts.iter().enumerate() {
                let nanos = chunk.duration as i64 * SECOND / hz;
                prop_assert!(nanos <= part, "{nanos} of {part}");
                let is_last = index + 1 == segment.parts.len();
                prop_assert!(is_last || nanos * 100 >= part * 85, "{nanos} of {part} in part {index}");
            }
        }
    }
}

/// Pushes a stream through.
fn follow(config: Config, stream: Vec<timeline::Output>, tells: bool) {
    let mut seen = Seen::new(&config);
    let mut segmenter = Segmenter::new(config);
    let mut payloads = HashMap::new();
    for mut output in stream {
        if let timeline::Output::Packet(packet) = &mut output {
            if tells && packet.track == id(1) {
                packet.duration = Some(3600);
            }
            packet.data = bytes::Bytes::copy_from_slice(&packet.data);
            payloads.insert(packet.data.as_ptr(), 0);
            seen.packets.push(packet.data.clone());
        }
        segmenter.push(output).unwrap();
        std::iter::from_fn(|| segmenter.poll()).for_each(|output| seen.take(output));
    }
    segmenter.finish().unwrap().into_iter().for_each(|output| seen.take(output));
    assert!(seen.open.is_empty(), "parts without a cut");
    for payload in &seen.payloads {
        *payloads.get_mut(payload).expect("a packet's own memory") += 1;
    }
    assert!(payloads.values().all(|count| *count == 1), "a packet is lost, or twice in");
}

struct Seen {
    config: Config,
    next: u64,
    open: Vec<Part>,
    /// Kept, so that no memory is used twice.
    packets: Vec<bytes::Bytes>,
    payloads: Vec<*const u8>,
    tracks: Vec<media_core::track::Track>,
    /// Where each track's segments ended last.
    ended: BTreeMap<u32, i64>,
}

impl Seen {
    fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            next: config.first_number,
            open: Vec::new(),
            packets: Vec::new(),
            payloads: Vec::new(),
            tracks: Vec::new(),
            ended: BTreeMap::new(),
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Init(init) => {
                assert!(self.open.is_empty());
                self.tracks = init.tracks.to_vec();
                self.ended.clear();
            }
            Output::Part(part) => self.part(part),
            Output::Cut(cut) => self.cut(&cut),
            Output::NeedKey(asked) => {
                assert_eq!((self.config.late_key, asked.track), (LateKey::Ask, id(1)));
            }
        }
    }

    fn part(&mut self, part: Part) {
        assert_eq!((part.number, part.index as usize), (self.next, self.open.len()));
        assert_eq!(part.pieces.len(), self.tracks.len());
        for piece in &part.pieces {
            assert!(piece.duration > 0 && piece.gap == piece.rope.is_empty());
        }
        assert!(
            part.index > 0 || part.pieces.iter().any(|piece| !piece.gap),
            "begins with a gap of all tracks"
        );
        self.open.push(part);
    }

    /// RFC 8216bis 4.4.4.9: at most the target, and 85 % of it unless it is the last or a gap; together the segment.
    fn lengths(&self, segment: &Segment) {
        let base = self.tracks.iter().find(|track| track.id == segment.track).unwrap().time_base;
        let micros = |time: i64| Timestamp::new(time).rescale(base, TimeBase::hz(1_000_000)).ticks();
        let target = (self.config.part.unwrap().max(MILLISECOND) as u64).div_ceil(1000) as i64;
        let mut at = segment.start.ticks();
        for (index, chunk) in segment.parts.iter().enumerate() {
            assert_eq!(chunk.start.ticks(), at, "end to end");
            at += chunk.duration as i64;
            let length = micros(at) - micros(chunk.start.ticks());
            assert!(length <= target, "part {index} of {length} us, the target is {target}");
            let may_be_short = chunk.gap || index + 1 == segment.parts.len();
            assert!(
                may_be_short || length * 20 >= target * 17,
                "part {index} of {length} us, the target is {target}"
            );
        }
        assert_eq!(at, segment.start.ticks() + segment.duration as i64);
    }

    fn cut(&mut self, cut: &Cut) {
        assert_eq!(cut.number, self.next);
        self.next += 1;
        let parts = std::mem::take(&mut self.open);
        assert!(!parts.is_empty() && cut.segments.iter().any(|segment| !segment.gap));
        if cut.discontinuity {
            self.ended.clear();
        }
        for (index, segment) in cut.segments.iter().enumerate() {
            let own = || parts.iter().map(move |part| &part.pieces[index]);
            assert!(
                parts
                    .iter()
                    .all(|part| (part.generation, part.discontinuity) == (cut.generation, cut.discontinuity))
            );
            let memory = |rope: &media_core::mux::Rope| {
                rope.pieces().iter().map(|piece| (piece.as_ptr(), piece.len())).collect::<Vec<_>>()
            };
            assert_eq!(
                memory(&segment.rope),
                own().flat_map(|piece| memory(&piece.rope)).collect::<Vec<_>>()
            );
            assert_eq!(segment.parts.len(), parts.len());
            for (chunk, piece) in segment.parts.iter().zip(own()) {
                assert_eq!((chunk.start, chunk.duration), (piece.start, piece.duration));
                assert_eq!(
                    (chunk.bytes, chunk.gap, chunk.independent),
                    (piece.rope.len(), piece.gap, piece.independent)
                );
            }
            assert_eq!(segment.gap, own().all(|piece| piece.gap));
            self.lengths(segment);
            let full = i64::from(self.config.target_duration) * SECOND + SECOND / 2;
            let track = self.tracks.iter().find(|track| track.id == segment.track).unwrap();
            assert!(
                track.time_base.to_nanos(segment.duration as i64) < full,
                "{} of {full}",
                segment.duration
            );
            let size = if track.kind() == Kind::Video { 1000 } else { 300 };
            let payloads = segment.rope.pieces().iter().filter(|piece| piece.len() == size && piece[0] != 0);
            self.payloads.extend(payloads.map(|piece| piece.as_ptr()));
        }
    }
}
