//! What holds of all lists of a low-latency stream together, whatever its life: RFC 8216bis 6.2.1, 6.2.2, 6.2.4, 6.2.5.1.

use std::collections::HashMap;

use media_core::check::Severity;
use media_core::check::hls::Checker;
use media_core::origin::{Answer, Origin, Request};
use media_core::playlist::{Config, Delivery, LowLatency, PartAddressing};
use media_core::segment::{Format, Output, Piece};
use media_core::time::WallTime;
use proptest::prelude::*;

use crate::files::{NOON, get, ready, text};
use crate::list::List;
use crate::stream::*;

/// Something in a stream's life.
#[derive(Clone, Debug)]
enum Event {
    /// A segment of so many parts; the last may be shorter, and one may lack a track.
    Segment { parts: usize, last: i64, gap: Option<(usize, usize)>, key: bool },
    /// The source is away.
    Jump { millis: i64 },
    /// Another configuration, with sound or without.
    Change { sound: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let segment = (1..5_usize, 1..=500_i64, prop::option::of((0..4_usize, 0..2_usize)), 0..20_u8)
        .prop_map(|(parts, last, gap, key)| Event::Segment { parts, last, gap, key: key != 0 });
    prop_oneof![
        12 => segment,
        1 => (0..30_000_i64).prop_map(|millis| Event::Jump { millis }),
        1 => any::<bool>().prop_map(|sound| Event::Change { sound }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_with_parts_only_grow_at_the_end(
        events in prop::collection::vec(event(), 1..40),
        size in 1..20_usize,
        ranges in any::<bool>(),
        shared in any::<bool>(),
    ) {
        let addressing = if ranges { PartAddressing::ByteRanges } else { PartAddressing::Files };
        let low = LowLatency { addressing, ..LowLatency::new(SECOND / 2) };
        let config = Config { size, delivery: Delivery::LowLatency(low), ..low_latency() };
        let format = if shared { Format::MpegTs } else { Format::Fmp4 };
        History::new(config, addressing).live(&events, format);
    }
}

/// The lists of a stream so far.
pub(crate) struct History {
    origin: Origin,
    addressing: PartAddressing,
    /// Texts of each track with the time of the media then, in milliseconds.
    texts: HashMap<u32, Vec<(i64, String)>>,
    lists: HashMap<u32, List>,
    constants: Option<Vec<String>>,
    /// Milliseconds of media so far.
    media: i64,
    /// Somebody else's judgement of each list's history.
    checkers: HashMap<u32, Checker>,
}

impl History {
    pub(crate) fn new(config: Config, addressing: PartAddressing) -> Self {
        Self {
            origin: Origin::new(config, names()),
            addressing,
            texts: HashMap::new(),
            lists: HashMap::new(),
            constants: None,
            media: 0,
            checkers: HashMap::new(),
        }
    }

    fn live(mut self, events: &[Event], format: Format) {
        let both = vec![pictures(), sound(2, None)];
        let mut camera = Camera::new(both.clone(), format);
        let init = camera.init();
        self.push(&init, camera.now());
        for event in events {
            match *event {
                Event::Segment { parts, last, gap, key } => {
                    for index in 0..parts {
                        let millis = if index + 1 == parts { last } else { 500 };
                        // Another track has media when one has not.
                        let gap = gap
                            .filter(|(at, _)| *at == index && format == Format::Fmp4)
                            .map(|(_, track)| track);
                        let gap = gap.filter(|_| self.origin.window().tracks().len() > 1);
                        let part = camera.part(Shape { millis, key: key && index == 0, gap });
                        self.push(&part, camera.now());
                    }
                    let cut = camera.cut();
                    self.push(&cut, camera.now());
                }
                Event::Jump { millis } => camera.jump(millis),
                Event::Change { sound } => {
                    let tracks = if sound { both.clone() } else { vec![pictures()] };
                    let init = camera.change(tracks);
                    self.push(&init, camera.now());
                }
            }
        }
        self.finish(camera.now());
    }

    /// The stream is over.
    pub(crate) fn finish(mut self, now: WallTime) {
        self.origin.finish(now);
        for track in self.origin.window().known_tracks().to_vec() {
            let text = text(&ready(get(&self.origin, &names().media(&track))).body);
            assert!(text.ends_with("#EXT-X-ENDLIST\n") && !text.contains("HINT"));
        }
    }

    /// What the segmenter gave out at a time.
    pub(crate) fn push(&mut self, output: &Output, now: WallTime) {
        self.origin.push(output, now);
        if let Output::Part(part) = output {
            self.media += part.pieces.iter().map(|piece| self.millis(piece)).max().unwrap_or(0);
        }
        if self.origin.window().numbers().next().is_none() {
            return;
        }
        let tracks = self.origin.window().known_tracks().to_vec();
        let mut ends = Vec::new();
        for track in &tracks {
            let path = names().media(track);
            let text = text(&ready(get(&self.origin, &path)).body);
            self.check_constants(&text);
            self.check_deltas(track.id.get(), &path, &text);
            let checker = self.checkers.entry(track.id.get()).or_default();
            checker.push(&text);
            let errors =
                checker.report().findings().iter().filter(|found| found.severity() == Severity::Error);
            let errors: Vec<_> = errors.collect();
            assert!(errors.is_empty(), "{errors:?}\n{text}");
            let list = List::read(&text);
            self.check_items(&list);
            self.check_files(&list);
            if let Some(before) = self.lists.insert(track.id.get(), list.clone()) {
                self.succeeds(&before, &list);
            }
            self.texts.entry(track.id.get()).or_default().push((self.media, text));
            ends.push((path, list));
        }
        check_reports(&ends);
    }

    fn millis(&self, piece: &Piece) -> i64 {
        let track = self.origin.window().tracks().iter().find(|track| track.id == piece.track).unwrap();
        track.time_base.to_nanos(piece.duration as i64) / MILLI
    }

    fn check_constants(&mut self, text: &str) {
        let fixed =
            ["#EXT-X-TARGETDURATION", "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF", "#EXT-X-PLAYLIST-TYPE"];
        let is_fixed = |line: &&str| fixed.iter().any(|tag| line.starts_with(tag));
        let lines: Vec<_> = text.lines().filter(is_fixed).map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(*self.constants.get_or_insert_with(|| lines.clone()), lines);
    }

    /// A delta update together with a list that is not older than half the boundary is the whole list.
    fn check_deltas(&self, track: u32, path: &str, whole: &str) {
        let request = Request { query: Some("_HLS_skip=YES"), ..Request::new(path) };
        let delta = text(&ready(self.origin.request(&request, NOON)).body);
        let Some(skipped) = List::read(&delta).skipped else {
            assert_eq!(delta, whole);
            return;
        };
        assert!(skipped > 0 && delta.starts_with("#EXTM3U\n#EXT-X-VERSION:9\n"));
        // The oldest that a player may still have, the newest, and one between.
        let half = 3000 * i64::from(self.origin.window().config().target_duration);
        let usable: Vec<_> = self
            .texts
            .get(&track)
            .into_iter()
            .flatten()
            .filter(|(media, _)| self.media - media <= half)
            .collect();
        let picked = [usable.first(), usable.get(usable.len() / 2), usable.last()];
        for (media, before) in picked.into_iter().flatten() {
            let merged = List::read(&merged(before, &delta));
            let whole = List::read(whole);
            assert_eq!(List { version: whole.version, skipped: None, ..merged }, whole, "from {media} ms");
        }
    }

    fn check_items(&self, list: &List) {
        let target = list.part_target.unwrap();
        assert!(list.hold_back.unwrap() >= 3.0 * target);
        assert_eq!(list.can_skip_until, Some(6.0 * list.target_duration as f64));
        let mut behind: f64 = 0.0;
        for item in list.items.iter().rev() {
            let parts: f64 = item.parts.iter().map(|part| part.seconds).sum();
            assert!(item.parts.iter().all(|part| part.seconds <= target + 1e-9));
            if let Some(uri) = &item.uri {
                assert!(item.seconds.round() as u64 <= list.target_duration);
                assert!(item.gap || item.map.is_some() || uri.ends_with(".ts"));
                // A track that comes back does so with its first frame, not where the gap was said to end.
                let hole = if item.parts.iter().any(|part| part.gap) { target } else { 1e-6 };
                assert!(item.parts.is_empty() || (parts - item.seconds).abs() < hole, "{item:?}");
                // Counted by the shortest of the tracks.
                let three = 3.0 * list.target_duration as f64;
                assert!(!item.parts.is_empty() || behind > three - 1e-3, "{behind} s behind");
                assert!(item.parts.is_empty() || behind < three + target + 1e-3, "{behind} s behind");
                behind += item.seconds;
            } else {
                behind += parts;
            }
            assert_eq!(item.date_time.len(), 24);
        }
    }

    /// All that is listed can be fetched, parts put together are their segment, and the hint is waited for.
    fn check_files(&self, list: &List) {
        for item in &list.items {
            let parts: Vec<_> = item.parts.iter().filter(|part| !part.gap).collect();
            let bytes = parts.iter().map(|part| {
                let range = part.range.map(|(length, offset)| {
                    let offset = offset.unwrap();
                    format!("bytes={offset}-{}", offset + length - 1)
                });
                let request = Request { range: range.as_deref(), ..Request::new(&part.uri) };
                ready(self.origin.request(&request, NOON)).body.to_bytes().to_vec()
            });
            let bytes: Vec<u8> = bytes.flatten().collect();
            let Some(uri) = item.uri.as_ref().filter(|_| !item.gap) else { continue };
            let whole = ready(get(&self.origin, uri)).body.to_bytes();
            assert!(item.parts.is_empty() || whole == bytes, "{uri}");
            if let Some(map) = &item.map {
                ready(get(&self.origin, map));
            }
        }
        if let Some((uri, start)) = &list.hint {
            let range = format!("bytes={start}-");
            let range = (self.addressing == PartAddressing::ByteRanges).then_some(range.as_str());
            let answer = self.origin.request(&Request { range, ..Request::new(uri) }, NOON);
            assert!(matches!(answer, Answer::Wait(_)), "{uri} {answer:?}");
        }
    }

    /// Whether `after` may follow `before`.
    fn succeeds(&self, before: &List, after: &List) {
        let removed =
            usize::try_from(after.sequence.checked_sub(before.sequence).expect("numbers grow")).unwrap();
        let whole = before.items.iter().filter(|item| item.uri.is_some()).count();
        assert!(removed <= whole);
        let marks = before.items[..removed].iter().filter(|item| item.discontinuity).count() as u64;
        assert_eq!(after.discontinuity_sequence, before.discontinuity_sequence + marks);
        assert!(
            removed == 0
                || after.seconds() + 1e-3 >= 3.0 * after.target_duration as f64
                || after.items.len() > 15
        );
        for (old, new) in before.items[removed..].iter().zip(&after.items) {
            assert_eq!((&old.date_time, old.discontinuity), (&new.date_time, new.discontinuity));
            if old.uri.is_some() {
                assert_eq!(
                    (&old.uri, old.seconds, old.gap, &old.map),
                    (&new.uri, new.seconds, new.gap, &new.map)
                );
            }
            match (old.uri.is_some(), new.parts.is_empty()) {
                (true, true) => {}
                (true, false) => assert_eq!(old.parts, new.parts),
                (false, _) => {
                    assert_eq!(old.parts[..], new.parts[..old.parts.len()], "nothing is taken back")
                }
            }
        }
        let kept = before.items.len() - removed;
        assert!(after.items.len() >= kept, "nothing goes at the end");
        self.follows_hint(before, after);
    }

    /// The part that comes is the one that was hinted.
    fn follows_hint(&self, before: &List, after: &List) {
        let count = |list: &List| list.items.iter().map(|item| item.parts.len()).sum::<usize>();
        let known: Vec<_> =
            before.items.iter().flat_map(|item| &item.parts).map(|part| (&part.uri, part.range)).collect();
        let mut new = after
            .items
            .iter()
            .flat_map(|item| &item.parts)
            .filter(|part| !known.contains(&(&part.uri, part.range)));
        let Some(part) = new.next_back().filter(|part| !part.gap && count(after) > 0) else { return };
        let Some((uri, start)) = &before.hint else { return };
        match part.range {
            None => assert_eq!(*uri, part.uri),
            Some((_, offset)) => assert!((uri, *start) == (&part.uri, offset.unwrap()) || offset == Some(0)),
        }
    }
}

/// Each list tells where the others are.
fn check_reports(ends: &[(String, List)]) {
    for (path, list) in ends {
        for (uri, msn, part) in &list.reports {
            assert_ne!(uri, path);
            let other = ends.iter().find(|(path, _)| path == uri);
            let Some((_, other)) = other else { panic!("{uri} is not known") };
            assert_eq!((*msn, *part), other.last());
        }
    }
    let sequences: Vec<_> =
        ends.iter().map(|(_, list)| (list.sequence, list.discontinuity_sequence)).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] == pair[1]), "the same in all renditions");
}

/// What a player makes of a delta update and the list it has.
fn merged(before: &str, delta: &str) -> String {
    let (head, tail) = delta.split_once("#EXT-X-SKIP").unwrap();
    let tail = tail.split_once('\n').unwrap().1;
    let read = List::read(delta);
    let old = List::read(before);
    let first = usize::try_from(read.sequence - old.sequence).unwrap();
    let skipped = usize::try_from(read.skipped.unwrap()).unwrap();
    // Segments of a text: what ends with an address. The head goes with the first.
    let (_, body) = before.split_once("#EXT-X-DISCONTINUITY-SEQUENCE:").unwrap();
    let body = body.split_once('\n').unwrap().1;
    let mut segments = Vec::new();
    let mut current = String::new();
    for line in body.lines() {
        current.push_str(line);
        current.push('\n');
        if !line.starts_with('#') {
            segments.push(std::mem::take(&mut current));
        }
    }
    let kept = &segments[first..first + skipped];
    // What applied to the segments before goes on to apply.
    let map = segments[..first]
        .iter()
        .rev()
        .find_map(|segment| segment.lines().find(|line| line.starts_with("#EXT-X-MAP")));
    let mut kept = kept.concat();
    if let Some(map) = map
        && !kept.lines().take_while(|line| line.starts_with('#')).any(|line| line.starts_with("#EXT-X-MAP"))
    {
        let at = if kept.starts_with("#EXT-X-DISCONTINUITY\n") { "#EXT-X-DISCONTINUITY\n".len() } else { 0 };
        kept.insert_str(at, &format!("{map}\n"));
    }
    [head, &kept, tail].concat()
}
