//! From the time line to the store: cuts segments, keeps them under their names, lists them.

use std::sync::Arc;
use std::time::Duration;

use media_core::mux::Rope;
use media_core::playlist::{self, Names, Window, dash, hls};
use media_core::segment::{self, Segmenter};
use media_core::timeline;
use media_core::track::{Kind, Track, TrackId};

use super::Path;
use super::interval::Learning;
use crate::clock;
use crate::store::Resource;

/// How streams are cut and how much is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutting {
    /// The length of a segment that is aimed at.
    pub(crate) target: Duration,
    /// Segments in a playlist.
    pub(crate) listed: usize,
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
    Cutting(Box<(Segmenter, Window)>),
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
                    let mut stages = Box::new(self.stages(interval));
                    for output in learning.into_held() {
                        self.cut(&mut stages, output);
                    }
                    Stage::Cutting(stages)
                }
            },
        };
    }

    /// A segmenter and a window for a stream whose key frames are `interval` nanoseconds apart.
    fn stages(&self, interval: i64) -> (Segmenter, Window) {
        let mut segment = segment::Config::new(nanos(self.cutting.target));
        // To the nearest second, as playlists count: a key frame every 2.04 s is one every two seconds.
        let seconds = u32::try_from((interval + SECOND / 2) / SECOND).unwrap_or_default();
        segment.target_duration = segment.target_duration.max(seconds);
        segment.max_bytes = MAX_SEGMENT;
        let mut window = playlist::Config::new(&segment);
        window.size = self.cutting.listed;
        (Segmenter::new(segment), Window::new(window))
    }

    fn cut(&self, (segmenter, window): &mut (Segmenter, Window), output: timeline::Output) {
        if let Err(error) = segmenter.push(output) {
            self.path.stats.segments_refused.add(1);
            tracing::debug!(path = self.path.name(), %error, "a segment lost something");
        }
        let mut is_new = false;
        while let Some(output) = segmenter.poll() {
            is_new |= matches!(output, segment::Output::Cut(_));
            self.keep(window, &output);
        }
        if is_new {
            self.publish(window);
        }
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
        self.path.update(|status| {
            status.cuts = version;
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
