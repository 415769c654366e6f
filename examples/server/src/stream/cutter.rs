//! From the time line to the store or the origin: cuts segments, keeps them under their names, lists them.

use std::sync::Arc;
use std::time::Duration;

use media_core::mux::Rope;
use media_core::origin::Origin;
use media_core::playlist::{self, Delivery, Names, Window, dash, hls};
use media_core::segment::{self, Segmenter};
use media_core::timeline;
use media_core::track::{Kind, Track, TrackId};

use super::interval::Learning;
use super::{Path, State};
use crate::clock;
use crate::config::Variant;
use crate::store::Resource;

/// How streams are cut and how much is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutting {
    /// The length of a segment that is aimed at.
    pub(crate) target: Duration,
    /// Segments in a playlist.
    pub(crate) listed: usize,
    /// The length of a part that is aimed at, where there are parts.
    pub(crate) part: Duration,
}

/// What becomes of a stream that is on the time line.
pub(super) struct Cutter {
    path: Arc<Path>,
    cutting: Cutting,
    names: Names,
    stage: Stage,
}

enum Stage {
    /// The key frame interval is not known yet.
    Learning(Learning),
    /// Segments are cut and listed.
    Cutting(Box<(Segmenter, Shelf)>),
}

/// Where what is cut goes.
enum Shelf {
    /// To the path's store, under lists that are written at each cut.
    Store(Box<Window>),
    /// To the path's origin.
    Origin,
}

impl Cutter {
    pub(super) fn new(path: Arc<Path>, cutting: Cutting) -> Self {
        let prefix = format!("{:012x}", crate::random() >> 16);
        let names = Names::new(&prefix).expect("hexadecimal digits are plain").with_clock("/time");
        let stage = Stage::Learning(Learning::new(nanos(cutting.target)));
        Self { path, cutting, names, stage }
    }

    /// Takes what the timeline gives; what that completes can be fetched when this returns.
    pub(super) fn push(&mut self, output: timeline::Output) {
        let stage = std::mem::replace(&mut self.stage, Stage::Learning(Learning::new(0)));
        self.stage = match stage {
            Stage::Cutting(mut stages) => {
                self.cut(&mut stages, output);
                Stage::Cutting(stages)
            }
            Stage::Learning(mut learning) => match learning.push(output) {
                None => Stage::Learning(learning),
                Some(interval) => {
                    let mut stages = Box::new(self.stages(interval, &learning.units()));
                    for output in learning.into_held() {
                        self.cut(&mut stages, output);
                    }
                    Stage::Cutting(stages)
                }
            },
        };
    }

    /// A segmenter, and a place for what it makes, for a stream whose key frames are `interval` nanoseconds apart and whose tracks have such
    /// `units`.
    fn stages(&self, interval: i64, units: &[i64]) -> (Segmenter, Shelf) {
        let mut segment = segment::Config::new(nanos(self.cutting.target));
        // To the nearest second, as playlists count: a key frame every 2.04 s is one every two seconds.
        let seconds = u32::try_from((interval + SECOND / 2) / SECOND).unwrap_or_default();
        segment.target_duration = segment.target_duration.max(seconds);
        segment.max_bytes = MAX_SEGMENT;
        match self.path.variant() {
            Variant::Fmp4 => {}
            Variant::LowLatency => {
                let wished = nanos(self.cutting.part).min(segment.target);
                segment.part = Some(segment::part_target(wished, units).unwrap_or(wished));
            }
            Variant::MpegTs => segment.format = segment::Format::MpegTs,
        }
        let mut window = playlist::Config::new(&segment);
        window.size = self.cutting.listed;
        let shelf = match self.path.variant() {
            Variant::Fmp4 => Shelf::Store(Box::new(Window::new(window))),
            Variant::LowLatency | Variant::MpegTs => {
                if window.delivery == Delivery::Files {
                    window.delivery = Delivery::Directives;
                }
                self.path.served.open(Origin::new(window, self.names.clone()));
                Shelf::Origin
            }
        };
        (Segmenter::new(segment), shelf)
    }

    fn cut(&self, (segmenter, shelf): &mut (Segmenter, Shelf), output: timeline::Output) {
        let begins = matches!(output, timeline::Output::Tracks(_));
        if let Err(error) = segmenter.push(output) {
            self.path.stats.segments_refused.add(1);
            tracing::debug!(path = self.path.name(), %error, "a segment lost something");
            if begins && self.path.variant() == Variant::MpegTs {
                self.complain(&error);
            }
        }
        let mut is_new = false;
        while let Some(output) = segmenter.poll() {
            is_new |= matches!(output, segment::Output::Cut(_));
            match shelf {
                Shelf::Store(window) => self.keep(window, &output),
                Shelf::Origin => self.path.served.push(&output),
            }
        }
        if is_new {
            match shelf {
                Shelf::Store(window) => self.publish(window),
                Shelf::Origin => self.count_cut(),
            }
        }
    }

    /// Not every codec goes into a transport stream.
    fn complain(&self, error: &segment::Error) {
        let reason = format!("hlsVariant mpegts cannot carry this camera: {error}");
        tracing::warn!(path = self.path.name(), reason, "no stream");
        self.path.update(|status| {
            status.state = State::Ready { lacks: Some(reason) };
            true
        });
    }

    /// Stores first, lists second: what is listed can be fetched.
    fn keep(&self, window: &mut Window, output: &segment::Output) {
        let names = &self.names;
        match output {
            segment::Output::Init(init) => {
                let headers = init.tracks.iter().zip(&init.headers).map(|(track, header)| {
                    let name = names.init(track.id, init.generation);
                    let resource =
                        Resource::media(&name, media_type(track.kind()), Rope::from(header.clone()));
                    (name, resource)
                });
                let headers = headers.collect();
                self.path.store(|store| store.headers(init.generation, headers));
            }
            segment::Output::Cut(cut) => {
                let kind = |id| window.tracks().iter().find(|track| track.id == id).map(Track::kind);
                let segments = cut.segments.iter().filter(|segment| !segment.gap).map(|segment| {
                    let name = names.segment(segment.track, cut.number);
                    let kind = kind(segment.track).unwrap_or(Kind::Video);
                    let resource = Resource::media(&name, media_type(kind), segment.rope.clone());
                    (name, resource)
                });
                let segments = segments.collect();
                self.path.store(|store| store.cut(cut.number, segments));
            }
            segment::Output::Part(_) | segment::Output::NeedKey(_) => {}
        }
        window.push(output, clock::wall());
        while let Some(expired) = window.poll() {
            self.path.store(|store| store.expire(expired));
        }
    }

    /// Writes the playlists anew and wakes who waits for them.
    fn publish(&self, window: &Window) {
        let version = self.path.status().cuts + 1;
        let tag = self.names.init(FIRST, 0);
        let playlist = |name: String, media_type, text: Option<String>| {
            text.map(|text| {
                let resource = Resource::playlist(&format!("{tag}-{name}"), version, media_type, text);
                (name, resource)
            })
        };
        let mut playlists =
            vec![playlist("index.m3u8".to_owned(), M3U8, hls::multivariant(window, &self.names))];
        for track in window.known_tracks() {
            let text = hls::media_playlist(window, track.id, &self.names);
            playlists.push(playlist(self.names.media(track), M3U8, text));
        }
        if self.path.config().dash {
            let text = dash::mpd(window, &self.names);
            playlists.push(playlist("index.mpd".to_owned(), MPD, text.clone()));
            playlists.push(playlist("manifest.mpd".to_owned(), MPD, text));
        }
        let playlists = playlists.into_iter().flatten().collect();
        self.path.store(|store| store.playlists(playlists));
        self.count_cut();
    }

    /// Wakes who waits for the first.
    fn count_cut(&self) {
        self.path.update(|status| {
            status.cuts += 1;
            true
        });
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

const fn media_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Video => "video/mp4",
        Kind::Audio => "audio/mp4",
    }
}

const M3U8: &str = "application/vnd.apple.mpegurl";
const MPD: &str = "application/dash+xml";

const FIRST: TrackId = match TrackId::new(1) {
    Some(id) => id,
    None => panic!("one is not zero"),
};

/// Bytes of a segment, all tracks: a path holds at most two windows of these.
const MAX_SEGMENT: usize = 50 << 20;

const SECOND: i64 = 1_000_000_000;
