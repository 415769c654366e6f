//! Finished presentations, and those that only grow: what files there are, how long and how large, and their texts as pure functions.
//!
//! A [`Presentation`] is told of renditions and of their segments in the order of time; it knows no bytes. [`hls`] writes the playlists,
//! [`dash`] the manifest of ISO/IEC 23009-1, [`webm_dash`] the one of the WebM project. A live stream is a
//! [`Window`](super::Window) instead.
//!
//! | container | files | HLS | DASH | WebM-DASH |
//! |---|---|---|---|---|
//! | fMP4 | one per segment | yes, I-frames too | live profile: template with timeline, with one duration; list | |
//! | fMP4 | one with `sidx` | byte ranges, I-frames too | on-demand profile; list | |
//! | TS | one per segment, or one | yes, I-frames too | template, list | |
//! | packed audio | one per segment, or one | yes | | |
//! | WebM | one with Cues | | on-demand profile | on demand |
//! | WebM | one per segment | | template, list | live, by chunk names |
//!
//! A rendition goes on in another [`Stretch`] where time breaks or its configuration changes: EXT-X-DISCONTINUITY in HLS, a new Period in
//! DASH. All renditions have the same number of them.
//!
//! ```
//! use media_core::codec::{self, vp9};
//! use media_core::playlist::presentation::{Container, Files, Presentation, Rendition, Segment, Template, Type, dash, hls};
//! use media_core::time::{TimeBase, Timestamp};
//! use media_core::track::{Track, TrackId};
//!
//! let config = vp9::Config::from_parts(vp9::Parts::new(640, 360))?;
//! let track = Track::new(TrackId::new(1).ok_or("zero")?, TimeBase::hz(90_000), codec::Config::Vp9(config));
//! let mut presentation = Presentation::new(Type::Vod);
//! let video = presentation.add(Rendition::new("video", Container::Fmp4))?;
//! let files = Files::Many { header: Some("video_init.mp4".to_owned()), names: Template::numbered("video_", ".m4s") };
//! presentation.begin(video, &[track], files)?;
//! presentation.push(video, Segment::new(Timestamp::ZERO, 180_000, 0..50_000))?;
//! presentation.finish();
//! let playlist = hls::media_playlist(&presentation, video).ok_or("not for HLS")?;
//! assert!(playlist.ends_with("#EXTINF:2.000000,\nvideo_1.m4s\n#EXT-X-ENDLIST\n"));
//! let manifest = dash::mpd(&presentation, dash::Addressing::Timeline)?;
//! assert!(manifest.contains("media=\"video_$Number$.m4s\""));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod dash;
mod files;
pub mod hls;
mod images;
mod rendition;
pub mod webm_dash;

pub use self::files::{Files, Numbering, Template};
pub use self::images::Images;
pub use self::rendition::{Container, KeyPicture, Purpose, Rendition, Role, Segment, Stretch};
use super::SECOND;
use super::rate::{Bandwidth, Rate};
use crate::segment::position::Position;
use crate::time::{TimeBase, Timestamp};
use crate::track::Track;

/// What players are told of how a presentation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing will change: everything is there before a text is asked for. EXT-X-TARGETDURATION is the longest segment of all renditions.
    Vod,
    /// Segments come at the end until it is finished, and none goes.
    Event {
        /// EXT-X-TARGETDURATION, in seconds: must be known before and never changes (RFC 8216bis 4.4.3.1).
        target_duration: u32,
    },
}

/// Which rendition: as [`Presentation::add`] gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RenditionId(usize);

/// Renditions and their segments.
#[derive(Clone, Debug)]
pub struct Presentation {
    kind: Type,
    finished: bool,
    renditions: Vec<Rendition>,
    images: Vec<Images>,
}

impl Presentation {
    /// One without renditions.
    pub const fn new(kind: Type) -> Self {
        Self { kind, finished: false, renditions: Vec::new(), images: Vec::new() }
    }

    /// Adds a rendition.
    ///
    /// # Errors
    /// When its name is no plain one or that of another.
    pub fn add(&mut self, rendition: Rendition) -> Result<RenditionId, Error> {
        files::check(&rendition.id)?;
        if self.renditions.iter().any(|other| other.id == rendition.id) {
            return Err(Error::Twice { id: rendition.id });
        }
        self.renditions.push(rendition);
        Ok(RenditionId(self.renditions.len() - 1))
    }

    /// Adds sheets of small pictures, which players show while one looks for a place.
    ///
    /// # Errors
    /// When a name is no plain one.
    pub fn add_images(&mut self, images: Images) -> Result<(), Error> {
        files::check(&images.id)?;
        images.names.check()?;
        self.images.push(images);
        Ok(())
    }

    /// Begins a [`Stretch`] of a rendition: the first, or another one where time or configuration break. `tracks` are what is in its files;
    /// its first track of pictures, or else the first, is the one whose ticks its segments count in. Its [priming](Track::priming) lies at the
    /// start of this stretch: zero where the same sound goes on.
    ///
    /// # Errors
    /// When there is no track, a file's name is no plain one, or it is finished.
    pub fn begin(&mut self, id: RenditionId, tracks: &[Track], files: Files) -> Result<(), Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        files.check()?;
        let rendition = self.renditions.get_mut(id.0).ok_or(Error::Unknown)?;
        let stretch =
            Stretch::new(tracks, files).ok_or_else(|| Error::NoTrack { id: rendition.id.clone() })?;
        rendition.stretches.push(stretch);
        Ok(())
    }

    /// Lists the next segment of a rendition. Its bytes must be ready to be served.
    ///
    /// # Errors
    /// When no stretch was begun, the segment does not begin after the one before it or lasts no tick, it is longer than an
    /// [event](Type::Event) allows, or it is finished.
    pub fn push(&mut self, id: RenditionId, segment: Segment) -> Result<(), Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        let rendition = self.renditions.get_mut(id.0).ok_or(Error::Unknown)?;
        let name = || rendition.id.clone();
        let stretch = rendition.stretches.last_mut().ok_or_else(|| Error::NoStretch { id: name() })?;
        let last = stretch.segments.last().map(|last| last.start);
        if segment.duration == 0 || last.is_some_and(|last| segment.start <= last) {
            return Err(Error::Order { id: name(), last, start: segment.start, duration: segment.duration });
        }
        let nanos = stretch.nanos(&segment);
        if let Type::Event { target_duration } = self.kind
            && seconds(nanos) > target_duration.max(1)
        {
            return Err(Error::TooLong { id: name(), nanos, target_duration: target_duration.max(1) });
        }
        rendition.longest = rendition.longest.max(nanos);
        stretch.segments.push(segment);
        Ok(())
    }

    /// Where the index of a single file lies, `sidx` or Cues, of the last stretch of a rendition: known only when the file is written.
    ///
    /// # Errors
    /// When no stretch was begun, or it is not of a single file.
    pub fn index(&mut self, id: RenditionId, range: std::ops::Range<u64>) -> Result<(), Error> {
        let rendition = self.renditions.get_mut(id.0).ok_or(Error::Unknown)?;
        match rendition.stretches.last_mut().map(|stretch| &mut stretch.files) {
            Some(Files::One { index, .. }) => {
                *index = Some(range);
                Ok(())
            }
            _ => Err(Error::NoStretch { id: rendition.id.clone() }),
        }
    }

    /// Nothing comes any more.
    pub const fn finish(&mut self) {
        self.finished = true;
    }

    /// Whether nothing comes any more.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    /// A rendition.
    pub fn rendition(&self, id: RenditionId) -> Option<&Rendition> {
        self.renditions.get(id.0)
    }

    /// All renditions, in the order they were added in.
    pub fn renditions(&self) -> impl Iterator<Item = (RenditionId, &Rendition)> {
        self.renditions.iter().enumerate().map(|(index, rendition)| (RenditionId(index), rendition))
    }

    /// What a rendition takes; `None` before its first segment.
    pub fn bandwidth(&self, id: RenditionId) -> Option<Bandwidth> {
        Some(self.rate_of(self.renditions.get(id.0)?, |segment| segment.range.end - segment.range.start))
            .and_then(|rate| rate.bandwidth())
    }

    /// EXT-X-TARGETDURATION, the same in all playlists (RFC 8216bis 6.2.4): at least every segment's duration to the nearest second.
    pub fn target_duration(&self) -> u32 {
        match self.kind {
            Type::Event { target_duration } => target_duration.max(1),
            Type::Vod => {
                seconds(self.renditions.iter().map(|rendition| rendition.longest).max().unwrap_or(0))
            }
        }
    }

    fn rate_of(&self, rendition: &Rendition, bytes: impl Fn(&Segment) -> u64) -> Rate {
        let longest = i64::from(self.target_duration()) * SECOND;
        let mut rate = Rate::default();
        for stretch in &rendition.stretches {
            stretch
                .segments
                .iter()
                .for_each(|segment| rate.push(bytes(segment), stretch.nanos(segment), longest));
        }
        rate
    }

    /// How many stretches every rendition has: what DASH can say as Periods.
    fn periods(&self) -> usize {
        self.renditions.iter().map(|rendition| rendition.stretches.len()).max().unwrap_or(0)
    }
}

/// Whole seconds to the nearest, at least 1.
fn seconds(nanos: i64) -> u32 {
    u32::try_from((nanos.max(0) + SECOND / 2) / SECOND).unwrap_or(u32::MAX).max(1)
}

impl Stretch {
    fn nanos(&self, segment: &Segment) -> i64 {
        self.end(segment).since(self.start(segment))
    }

    fn base(&self) -> TimeBase {
        self.leader().time_base
    }

    fn start(&self, segment: &Segment) -> Position {
        Position { time: segment.start, base: self.base() }
    }

    /// Where the first of it is to be seen or heard: what a player drops lies before.
    fn intended(&self) -> Option<Position> {
        self.segments.first().map(|first| self.start(first).plus(self.leader().priming.into()))
    }

    fn end(&self, segment: &Segment) -> Position {
        self.start(segment).plus(i64::try_from(segment.duration).unwrap_or(i64::MAX))
    }
}

/// What cannot be listed, or not in this way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that would need escaping in one of the texts.
    #[error("name {name:?}: letters, digits and -._/ are possible, and not nothing")]
    Name {
        /// The name.
        name: String,
    },
    /// Two renditions of the same name.
    #[error("rendition {id} is there already")]
    Twice {
        /// Its name.
        id: String,
    },
    /// The rendition is of another presentation.
    #[error("no such rendition")]
    Unknown,
    /// A stretch without tracks.
    #[error("rendition {id} has no track")]
    NoTrack {
        /// The rendition's name.
        id: String,
    },
    /// A segment before the first stretch, or an index of what has none.
    #[error("rendition {id}: no stretch was begun that this belongs to")]
    NoStretch {
        /// The rendition's name.
        id: String,
    },
    /// Segments come in the order of time.
    #[error("rendition {id}: segment at {start} of {duration} ticks after one at {last:?}", start = start.ticks(), last = last.map(Timestamp::ticks))]
    Order {
        /// The rendition's name.
        id: String,
        /// Where the segment before it begins.
        last: Option<Timestamp>,
        /// Where it begins.
        start: Timestamp,
        /// Ticks it lasts.
        duration: u64,
    },
    /// EXT-X-TARGETDURATION cannot change.
    #[error("rendition {id}: segment of {nanos} ns, at most {target_duration} s were announced")]
    TooLong {
        /// The rendition's name.
        id: String,
        /// Nanoseconds it lasts.
        nanos: i64,
        /// Seconds.
        target_duration: u32,
    },
    /// Nothing can come after the end.
    #[error("the presentation is finished")]
    Finished,
}
