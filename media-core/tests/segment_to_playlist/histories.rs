//! What holds of all playlists of a stream together, whatever its life: RFC 8216bis 6.2.1, 6.2.2 and 6.2.4, ISO/IEC 23009-1 5.3.9.6.

use std::collections::HashMap;

use media_core::playlist::{self, Expired, Names, Window, dash, hls};
use media_core::segment::{Config, LateKey, Output, Segment, Segmenter};
use media_core::timeline;
use proptest::prelude::*;

use crate::lives::{Event, event, life};
use crate::readers::{Entry, Item, Manifest, Media};
use crate::stream::{SECOND, complete, id};

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_only_grow_at_the_end_and_shrink_at_the_head(
        events in prop::collection::vec(event(), 1..14),
        target in 500..4000_i64,
        extra in 0..4_u32,
        late_key in prop_oneof![Just(LateKey::Wait), Just(LateKey::Cut)],
        size in 1..9_usize,
    ) {
        let config = Config::new(target * 1_000_000);
        let target_duration = (target as u32).div_ceil(1000) + extra;
        follow(Config { target_duration, late_key, ..config }, size, &life(&events));
    }
}

/// Pushes the stream through, and checks every list against the one before.
fn follow(config: Config, size: usize, stream: &[timeline::Output]) {
    let mut history = History::new(&config, size);
    let mut segmenter = Segmenter::new(config);
    let mut payloads = 0;
    for output in stream {
        payloads += usize::from(matches!(output, timeline::Output::Packet(_)));
        segmenter.push(output.clone()).unwrap();
        std::iter::from_fn(|| segmenter.poll()).for_each(|output| history.push(&output));
    }
    segmenter.finish().unwrap().iter().for_each(|output| history.push(output));
    assert_eq!(history.payloads, payloads, "every packet is in exactly one segment");
}

struct History {
    window: Window,
    names: Names,
    payloads: usize,
    next: u64,
    /// The last lists of each track.
    lists: HashMap<u32, Media>,
    manifest: Option<(String, Manifest)>,
    entries: HashMap<String, (u64, u64)>,
    expired: u64,
}

impl History {
    fn new(config: &Config, size: usize) -> Self {
        Self {
            window: Window::new(playlist::Config { size, ..playlist::Config::new(config) }),
            names: Names::new("h").unwrap(),
            payloads: 0,
            next: config.first_number,
            lists: HashMap::new(),
            manifest: None,
            entries: HashMap::new(),
            expired: 0,
        }
    }

    fn push(&mut self, output: &Output) {
        if let Output::Cut(cut) = output {
            assert_eq!(cut.number, self.next);
            self.next += 1;
            assert!(cut.segments.iter().any(|segment| !segment.gap));
            self.payloads += cut.segments.iter().map(payloads).sum::<usize>();
        }
        self.window.push(output, complete(output, 50_000_000));
        self.check_expired();
        let lists: Vec<_> = [1, 2].into_iter().filter_map(|track| self.check_list(track)).collect();
        if let [first, second] = &lists[..] {
            same_numbering(first, second);
        }
        self.check_manifest();
    }

    fn check_expired(&mut self) {
        while let Some(expired) = self.window.poll() {
            if let Expired::Cut { number, .. } = expired {
                assert_eq!(number, self.expired, "in order, none left out");
                assert!(self.window.numbers().all(|listed| listed > number));
                self.expired += 1;
            }
        }
    }

    fn check_list(&mut self, track: u32) -> Option<Media> {
        let Some(text) = hls::media_playlist(&self.window, id(track), &self.names) else {
            self.lists.remove(&track);
            return None;
        };
        let list = Media::read(&text);
        assert_eq!(list.target_duration, u64::from(self.window.config().target_duration));
        for item in &list.items {
            assert!(item.seconds > 0.0 && item.seconds.round() as u64 <= list.target_duration, "{item:?}");
            assert!(item.gap || item.map.is_some());
            assert_eq!(item.date_time.len(), 24, "milliseconds and Z");
        }
        if let Some(before) = self.lists.insert(track, list.clone()) {
            succeeds(&before, &list);
        }
        Some(list)
    }

    fn check_manifest(&mut self) {
        let Some(text) = dash::mpd(&self.window, &self.names) else { return };
        let manifest = Manifest::read(&text);
        self.check_periods(&manifest);
        if let Some((before_text, before)) = &self.manifest {
            assert_eq!(manifest.start, before.start);
            assert_eq!(before.published < manifest.published, *before_text != text);
            let known = |id: &str| before.periods.iter().find(|period| period.id == id);
            for period in &manifest.periods {
                assert!(known(&period.id).is_none_or(|known| known.start == period.start));
            }
        }
        self.manifest = Some((text, manifest));
    }

    fn check_periods(&mut self, manifest: &Manifest) {
        let zero = manifest.periods[0].sets[0].zero(manifest.periods[0].start);
        let mut listed = Vec::new();
        for (index, period) in manifest.periods.iter().enumerate() {
            let next = manifest.periods.get(index + 1);
            assert_eq!(period.duration.is_some(), next.is_some());
            assert!(next.is_none_or(|next| period.start + period.duration.unwrap() <= next.start + 1e-6));
            assert!(!period.sets.is_empty());
            for set in &period.sets {
                assert!(
                    (set.zero(period.start) - zero).abs() < 1.0 / set.timescale as f64,
                    "one line for all"
                );
                assert!(set.segments.windows(2).all(|pair| pair[0].time + pair[0].duration <= pair[1].time));
                listed.extend(
                    set.segments.iter().map(|entry| (set.timescale, set.init.clone(), entry.clone())),
                );
            }
        }
        self.compare_with_hls(&listed);
    }

    /// The manifest lists what the playlists list, gaps left out, with the same durations.
    fn compare_with_hls(&mut self, listed: &[(u64, String, Entry)]) {
        let hls: HashMap<_, _> = self
            .lists
            .values()
            .flat_map(|list| &list.items)
            .filter(|item| !item.gap && self.is_listed(&item.uri))
            .map(|item| (item.uri.clone(), item.clone()))
            .collect();
        assert_eq!(hls.len(), listed.len());
        for (timescale, init, entry) in listed {
            let item: &Item =
                hls.get(&entry.uri).unwrap_or_else(|| panic!("{} is in no playlist", entry.uri));
            assert_eq!(item.map.as_ref(), Some(init));
            assert!(
                (item.seconds - entry.duration as f64 / *timescale as f64).abs() < 2e-6,
                "{item:?} {entry:?}"
            );
            let known = self.entries.insert(entry.uri.clone(), (entry.time, entry.duration));
            assert!(known.is_none_or(|known| known == (entry.time, entry.duration)), "what was said stays");
        }
    }

    fn is_listed(&self, uri: &str) -> bool {
        let Some(playlist::Name::Segment { number, .. }) = self.names.parse(uri) else { panic!("{uri}") };
        self.window.numbers().any(|listed| listed == number)
    }
}

/// Packets in a segment, by the sizes of those of [`crate::stream`].
fn payloads(segment: &Segment) -> usize {
    let size = if segment.track == id(1) { 1000 } else { 300 };
    segment.rope.pieces().iter().filter(|piece| piece.len() == size && piece[0] != 0).count()
}

fn same_numbering(first: &Media, second: &Media) {
    assert_eq!(first.sequence, second.sequence);
    assert_eq!(first.discontinuity_sequence, second.discontinuity_sequence);
    let marks = |list: &Media| list.items.iter().map(|item| item.discontinuity).collect::<Vec<_>>();
    assert_eq!(marks(first), marks(second));
}

/// Whether `after` may follow `before`.
fn succeeds(before: &Media, after: &Media) {
    let removed =
        usize::try_from(after.sequence.checked_sub(before.sequence).expect("numbers grow")).unwrap();
    if before.items.is_empty() {
        return;
    }
    assert!(removed <= before.items.len());
    let (gone, kept) = before.items.split_at(removed);
    let marks = gone.iter().filter(|item| item.discontinuity).count() as u64;
    assert_eq!(after.discontinuity_sequence, before.discontinuity_sequence + marks);
    let same = kept.len().min(after.items.len());
    assert_eq!(same, kept.len(), "nothing goes at the end");
    assert_eq!(kept, &after.items[..same], "nothing changes");
    let length: f64 = after.items.iter().map(|item| item.seconds).sum();
    assert!(
        removed == 0 || length + 1e-3 >= 3.0 * after.target_duration as f64 || after.items.len() > 15,
        "{length}"
    );
}

#[test]
fn a_day_of_a_camera_with_sound() {
    // Segments of 2 s for 24 h would be the same list 43,200 times: an hour, then outages.
    let mut events =
        vec![Event::Play { length: 600_000, gop: 2000, video: true, audio: true, audio_late: 0 }];
    for length in [100, 3000, 40_000] {
        events.push(Event::Interruption { length });
        events.push(Event::Play { length: 30_000, gop: 2000, video: true, audio: true, audio_late: 80 });
    }
    follow(Config::new(2 * SECOND), 7, &life(&events));
}
