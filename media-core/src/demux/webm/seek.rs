//! Going on at another time: by `Cues` (RFC 9559 section 5.1.5), or by the timestamps of clusters.
//!
//! An index, either of the two, only tells where to begin to look. From there the heads of blocks are gone through up to the time that is
//! sought, so that the key picture just before it is found however sparse or wrong the index is; if there is none, the stretch before is gone
//! through, and so on. No byte is looked at twice for one time but those that are then read.

use super::Demuxer;
use super::block::{self, Block};
use super::cues::{self, Place};
use super::found::{Depth, Found};
use super::ids::{CLUSTER, CUES, SEEK_HEAD};
use super::lane::{Gate, Lane};
use crate::track::Kind;

/// Where clusters stand, by time.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By place and by time.
    places: Vec<Place>,
    reach: Reach,
}

/// How far an index tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reach {
    /// Nobody has looked for one.
    #[default]
    Nothing,
    /// From the first cluster to the last of `places`.
    Some,
    /// To the end of the file.
    All,
}

/// A time that is sought.
#[derive(Debug)]
pub(super) struct Search {
    /// In nanoseconds.
    nanos: i64,
    step: Step,
    lanes: Vec<Sought>,
    /// The cluster that is gone through.
    cluster: u64,
    /// Where the first of the key pictures that were found lies.
    entrance: Option<u64>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Another `SeekHead`, which may tell of cues.
    SeekHead,
    Cues,
    /// A cluster behind the time.
    Clusters,
    /// Blocks, from one of the places of the index (or from before the first one) to the cluster at `until`.
    Blocks {
        from: Option<usize>,
        until: u64,
    },
}

/// What was found of a track.
#[derive(Debug)]
enum Sought {
    /// The last key picture: where it stands, in which cluster, and its time.
    Picture { key: Option<Key>, is_past: bool },
    /// The time of the first block in the open cluster, and since the entrance.
    Sound { in_cluster: Option<i64>, first: Option<i64>, is_past: bool },
}

#[derive(Clone, Copy, Debug)]
struct Key {
    at: u64,
    cluster: u64,
    nanos: i64,
}

impl Sought {
    const fn new(kind: Kind) -> Self {
        match kind {
            Kind::Video => Self::Picture { key: None, is_past: false },
            Kind::Audio => Self::Sound { in_cluster: None, first: None, is_past: false },
        }
    }

    const fn key(&self) -> Option<Key> {
        match self {
            Self::Picture { key, .. } => *key,
            Self::Sound { .. } => None,
        }
    }

    const fn is_past(&self) -> bool {
        match self {
            Self::Picture { is_past, .. } | Self::Sound { is_past, .. } => *is_past,
        }
    }

    /// Whether it is pictures of which no key was found.
    const fn lacks_key(&self) -> bool {
        matches!(self, Self::Picture { key: None, .. })
    }
}

impl Search {
    fn new(nanos: i64, lanes: &[Lane]) -> Self {
        let lanes = lanes.iter().map(|lane| Sought::new(lane.kind())).collect();
        Self { nanos, step: Step::Clusters, lanes, cluster: 0, entrance: None }
    }

    /// Another cluster begins.
    fn begin_cluster(&mut self, at: u64) {
        self.cluster = at;
        for sought in &mut self.lanes {
            if let Sought::Sound { in_cluster, .. } = sought {
                *in_cluster = None;
            }
        }
    }

    /// Another stretch begins, before the one that was gone through.
    fn begin_stretch(&mut self) {
        for sought in &mut self.lanes {
            match sought {
                Sought::Picture { key, is_past } => *is_past = key.is_some(),
                Sought::Sound { first, is_past, .. } => (*first, *is_past) = (None, true),
            }
        }
    }

    /// A block of the track at `index`, due at `nanos`.
    fn see(&mut self, index: usize, at: u64, block: &Block, nanos: i64, is_after: bool) {
        match &mut self.lanes[index] {
            Sought::Picture { is_past, .. } if is_after => *is_past = true,
            Sought::Picture { key, is_past: false } if block.key => {
                *key = Some(Key { at, cluster: self.cluster, nanos });
                self.move_entrance();
            }
            Sought::Picture { .. } => {}
            Sought::Sound { in_cluster, first, is_past } => {
                *is_past |= is_after;
                in_cluster.get_or_insert(nanos);
                first.get_or_insert(nanos);
            }
        }
    }

    /// A key picture was found in the open cluster.
    fn move_entrance(&mut self) {
        let entrance = self.lanes.iter().filter_map(Sought::key).map(|key| key.cluster).min();
        if std::mem::replace(&mut self.entrance, entrance) == entrance {
            return;
        }
        for sought in &mut self.lanes {
            if let Sought::Sound { in_cluster, first, .. } = sought {
                *first = in_cluster.filter(|_| entrance == Some(self.cluster));
            }
        }
    }
}

impl Demuxer {
    /// Goes on at the last place where what is shown at `nanos` (of the presentation, in nanoseconds) can be decoded from, or at the first
    /// one. What comes next are the tracks, then packets from there on: pictures of each track from the last key picture that is not later, sound
    /// from the same time or just before. Outputs that were not polled are gone. Which bytes that takes, [`wants`](super::super::Demux::wants) tells.
    ///
    /// Where the file has no `Cues`, or wrong ones, the clusters are gone through from the start (or the furthest one that is known) to that
    /// time, passing over those of known size. Sound that is written more than a second behind the pictures may begin later.
    ///
    /// `false`, and nothing changed, where that is not possible: from a stream, before the tracks were announced, and after an error. Of several
    /// files in one source it stays in the one that is being read.
    pub fn seek(&mut self, nanos: i64) -> bool {
        if !self.walk.is_seekable() || !self.out.is_started() || self.lanes.is_empty() || self.is_over {
            return false;
        }
        self.out.restart();
        for lane in &mut self.lanes {
            self.faults += lane.faults();
            lane.restart(Gate::Open);
            if let Some(track) = lane.track() {
                self.out.set(track.clone());
            }
        }
        self.search = Some(Search::new(nanos, &self.lanes));
        match (self.index.reach, self.walk.listed()) {
            (Reach::Nothing, listed) => match (listed.cues, listed.more.take()) {
                (Some(cues), _) => self.fetch(Step::Cues, cues, CUES),
                (None, Some(more)) => self.fetch(Step::SeekHead, more, SEEK_HEAD),
                (None, None) => self.go_without_cues(),
            },
            _ => self.go_by_index(),
        }
        if self.run().is_err() {
            self.is_over = true;
        }
        true
    }

    fn fetch(&mut self, step: Step, at: u64, id: u32) {
        self.set(step);
        self.walk.fetch(at, id);
    }

    fn set(&mut self, step: Step) {
        if let Some(search) = &mut self.search {
            search.step = step;
        }
    }

    /// What the search comes upon; `None` where the source ends.
    pub(super) fn search_on(&mut self, found: Option<Found>) {
        let Some(step) = self.search.as_ref().map(|search| search.step) else { return };
        match (step, found) {
            (Step::SeekHead, found) => self.look_for_cues(found),
            (Step::Cues, Some(Found::Fetched(Some(cues)))) => self.read_cues(&cues),
            (Step::Cues, _) => {
                self.counts.damage += 1;
                self.go_without_cues();
            }
            (Step::Clusters, Some(Found::Cluster { at, time })) => self.add_cluster(Place { at, time }),
            (Step::Clusters, Some(Found::Block { .. } | Found::Group { .. } | Found::Tracks(_))) => {}
            (Step::Clusters, _) => {
                self.index.reach = Reach::All;
                self.go_by_index();
            }
            (Step::Blocks { until, .. }, Some(Found::Cluster { at, time })) => {
                if at >= until || self.is_late(time) {
                    self.end_stretch();
                } else if let Some(search) = &mut self.search {
                    search.begin_cluster(at);
                }
            }
            (Step::Blocks { .. }, Some(Found::Block { at, time, body })) => {
                self.see(at, time, block::head(&body).ok().map(|(block, ..)| block));
            }
            (Step::Blocks { .. }, Some(Found::Group { at, time, body })) => {
                self.see(at, time, block::group(&body).ok().map(|(block, _)| block));
            }
            // No cluster stands where the cues have one: they are of another file.
            (Step::Blocks { .. }, Some(Found::Fetched(_))) => {
                self.counts.damage += 1;
                self.go_without_cues();
            }
            (Step::Blocks { .. }, _) => self.end_stretch(),
        }
    }

    fn look_for_cues(&mut self, found: Option<Found>) {
        if let Some(Found::Fetched(Some(seek_head))) = found {
            let segment = self.walk.body();
            self.walk.listed().read(&seek_head, segment);
        }
        match self.walk.listed().cues {
            Some(cues) => self.fetch(Step::Cues, cues, CUES),
            None => self.go_without_cues(),
        }
    }

    fn read_cues(&mut self, body: &[u8]) {
        let of = |kind| move |lane: &&Lane| lane.kind() == kind;
        let pictures: Vec<u64> =
            self.lanes.iter().filter(of(Kind::Video)).map(|lane| lane.id().get().into()).collect();
        let places = cues::places(body, self.walk.body(), &pictures);
        if places.is_empty() {
            return self.go_without_cues();
        }
        self.index = Index { places, reach: Reach::All };
        self.go_by_index();
    }

    /// Looks for clusters, from the first one on.
    fn go_without_cues(&mut self) {
        self.index = Index { places: Vec::new(), reach: Reach::Some };
        self.go_by_index();
    }

    /// Looks from the last place on that is not behind the time, if that is known to be the last.
    fn go_by_index(&mut self) {
        let Some(nanos) = self.search.as_ref().map(|search| search.nanos) else { return };
        let count = self.index.places.partition_point(|place| self.nanos_of(place.time) <= nanos);
        if count == self.index.places.len() && self.index.reach == Reach::Some {
            self.set(Step::Clusters);
            let from = self.index.places.last().map_or(self.walk.media(), |place| place.at);
            self.walk.look(from, Depth::Clusters);
            return;
        }
        self.go_through(count.checked_sub(1), u64::MAX);
    }

    /// Goes through the blocks from a place of the index to `until`.
    fn go_through(&mut self, from: Option<usize>, until: u64) {
        self.set(Step::Blocks { from, until });
        match from.and_then(|from| self.index.places.get(from)) {
            Some(place) => self.walk.fetch(place.at, CLUSTER),
            None => self.walk.look(self.walk.media(), Depth::Heads),
        }
    }

    fn add_cluster(&mut self, place: Place) {
        if self.index.places.last().is_none_or(|last| place.at > last.at && place.time >= last.time) {
            cues::add(&mut self.index.places, place);
        }
        if self.search.as_ref().is_some_and(|search| self.nanos_of(place.time) > search.nanos) {
            self.go_by_index();
        }
    }

    /// A block's head.
    fn see(&mut self, at: u64, time: i64, block: Option<Block>) {
        let (Some(block), Some(search)) = (block, &mut self.search) else { return };
        let index = self.lanes.iter().position(|lane| u64::from(lane.id().get()) == block.track);
        let Some(index) = index else { return };
        let lane = &self.lanes[index];
        let Some(nanos) = lane.due(time.saturating_add(block.time.into())) else { return };
        search.see(index, at, &block, nanos, lane.is_after(nanos, search.nanos));
        let has_pictures = search.lanes.iter().any(|sought| matches!(sought, Sought::Picture { .. }));
        let counts = |sought: &&Sought| !has_pictures || matches!(sought, Sought::Picture { .. });
        if search.lanes.iter().filter(counts).all(Sought::is_past) {
            self.end_stretch();
        }
    }

    /// Whether nothing in a cluster of this timestamp or behind it can be wanted.
    fn is_late(&self, time: i64) -> bool {
        let delay = self.lanes.iter().filter_map(|lane| Some(lane.due(0)?.saturating_neg())).max();
        let nanos = self.nanos_of(time).saturating_sub(delay.unwrap_or(0));
        self.search.as_ref().is_some_and(|search| nanos > search.nanos.saturating_add(SPAN))
    }

    /// A stretch was gone through: the one before it comes, where that may have a key picture that was not found.
    fn end_stretch(&mut self) {
        let Some(search) = &mut self.search else { return };
        let Step::Blocks { from: Some(from), .. } = search.step else { return self.settle() };
        let until = self.index.places[from].at;
        let before = from.checked_sub(1);
        if search.lanes.iter().any(Sought::lacks_key) && (before.is_some() || self.walk.media() < until) {
            search.begin_stretch();
            return self.go_through(before, until);
        }
        self.settle();
    }

    /// All is known: reads on from there.
    fn settle(&mut self) {
        let Some(search) = self.search.take() else { return };
        let keys = || search.lanes.iter().filter_map(Sought::key);
        let start = keys().map(|key| key.nanos).min().unwrap_or(search.nanos).min(search.nanos);
        let has_pictures = search.lanes.iter().any(|sought| matches!(sought, Sought::Picture { .. }));
        let first = match search.step {
            // Without pictures, where the stretch began.
            Step::Blocks { from: Some(from), .. } if !has_pictures => self.index.places[from].at,
            _ => search.entrance.unwrap_or(self.walk.media()),
        };
        let is_late = |sought: &Sought| match sought {
            Sought::Sound { first, .. } => first.is_none_or(|first| first > start),
            Sought::Picture { .. } => false,
        };
        let from = if search.lanes.iter().any(is_late) { self.place_before(first, start) } else { first };
        for (lane, sought) in self.lanes.iter_mut().zip(&search.lanes) {
            lane.restart(match sought {
                Sought::Picture { key, .. } => key.map_or(Gate::Open, |key| Gate::Place(key.at)),
                Sought::Sound { .. } => Gate::Time { nanos: start, last: None },
            });
        }
        self.walk.look(from, Depth::Whole);
    }

    /// Where sound that is due at `nanos` may stand, before the cluster at `at`.
    fn place_before(&self, at: u64, nanos: i64) -> u64 {
        let is_before =
            |place: &&Place| place.at < at && self.nanos_of(place.time) <= nanos.saturating_sub(SPAN);
        self.index.places.iter().rfind(is_before).map_or(self.walk.media(), |place| place.at).min(at)
    }

    /// Ticks of the segment in nanoseconds.
    fn nanos_of(&self, ticks: i64) -> i64 {
        ticks.saturating_mul(self.walk.scale().into())
    }
}

/// Nanoseconds by which tracks are interleaved at most; writers do with half of it.
const SPAN: i64 = 1_000_000_000;
