//! From the time line to the origin: cuts segments, of which players are told there.

use std::sync::Arc;
use std::time::Duration;

use media_core::origin::Origin;
use media_core::playlist::{self, Delivery, Names};
use media_core::segment::{self, Segmenter};
use media_core::timeline;

use super::interval::Learning;
use super::{Path, State};
use crate::config::Variant;

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
    /// Segments are cut, for the path's origin.
    Cutting(Box<Segmenter>),
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
            Stage::Cutting(mut segmenter) => {
                self.cut(&mut segmenter, output);
                Stage::Cutting(segmenter)
            }
            Stage::Learning(mut learning) => match learning.push(output) {
                None => Stage::Learning(learning),
                Some(interval) => {
                    let mut segmenter = Box::new(self.open(interval, &learning.units()));
                    for output in learning.into_held() {
                        self.cut(&mut segmenter, output);
                    }
                    Stage::Cutting(segmenter)
                }
            },
        };
    }

    /// Opens the path's origin, and gives the segmenter for it, for a stream whose key frames are `interval` nanoseconds apart and whose tracks
    /// have such `units`.
    fn open(&self, interval: i64, units: &[i64]) -> Segmenter {
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
        if window.delivery == Delivery::Files {
            window.delivery = Delivery::Directives;
        }
        self.path.served.open(Origin::new(window, self.names.clone()));
        Segmenter::new(segment)
    }

    fn cut(&self, segmenter: &mut Segmenter, output: timeline::Output) {
        let begins = matches!(output, timeline::Output::Tracks(_));
        if let Err(error) = segmenter.push(output) {
            self.path.stats.segments_refused.add(1);
            tracing::debug!(path = self.path.name(), %error, "a segment lost something");
            if begins && self.path.variant() == Variant::MpegTs {
                self.complain(&error);
            }
        }
        while let Some(output) = segmenter.poll() {
            self.path.served.push(&output);
            if matches!(output, segment::Output::Cut(_)) {
                self.count();
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

    /// Wakes who waits for the first cut.
    fn count(&self) {
        self.path.update(|status| {
            status.cuts += 1;
            true
        });
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Bytes of a segment, all tracks: a path holds at most two windows of these.
const MAX_SEGMENT: usize = 50 << 20;

const SECOND: i64 = 1_000_000_000;
