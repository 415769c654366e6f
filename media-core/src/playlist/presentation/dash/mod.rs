//! The manifest of a finished presentation, ISO/IEC 23009-1, `type="static"`.
//!
//! * **Profiles** are those that every representation keeps: live for templates, on demand for single files with an index, main for
//!   lists, and simple for transport streams.
//! * **Time.** `S@t` and `presentationTimeOffset` are ticks of the media as `tfdt` has them. All `presentationTimeOffset` of a Period name the
//!   instant at which its first medium begins: its first picture, or sound behind what the encoder put in front of it.
//! * **Sets.** Renditions that a player can switch between share an AdaptationSet: same container, coding, language, roles and colour.
//!   `segmentAlignment`, `subsegmentAlignment` and `bitstreamSwitching` are computed from what is listed, not promised.
//! * **Events.** `emsg` boxes in segments are not announced: a rendition does not know of them, so no InbandEventStream is written, and players pass
//!   over what is not announced (5.10.3.2).
//! * **Bandwidth** is the measured peak, at least 1 and at most what 32 bits hold.

mod place;
mod set;

pub(super) use self::set::{is_aligned, is_same_coding};
use super::super::xml::Xml;
use super::{Container, Presentation, Purpose, Rendition, Stretch};
use crate::segment::position::Position;
use crate::track::Kind;

/// How a manifest says where segments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addressing {
    /// SegmentTemplate with SegmentTimeline: exact whatever the lengths. For [many files](super::Files::Many).
    Timeline,
    /// SegmentTemplate with one duration for all. A player computes where a segment begins, which must be right within half a
    /// duration (23009-1 7.2.1). For [many files](super::Files::Many) that are counted.
    Duration,
    /// SegmentList: every file or range by itself.
    List,
    /// SegmentBase: the player reads the file's own index. For [one file](super::Files::One) with `sidx` or Cues: the on-demand profiles.
    Index,
}

/// The manifest.
///
/// # Errors
/// When it is not finished, has nothing that DASH has, or a rendition's files cannot be told in this way.
pub fn mpd(presentation: &Presentation, addressing: Addressing) -> Result<String, Error> {
    if !presentation.finished {
        return Err(Error::Growing);
    }
    let listed: Vec<&Rendition> =
        presentation.renditions.iter().filter(|rendition| is_listed(rendition)).collect();
    let containers: Vec<Container> = listed.iter().map(|rendition| rendition.container).collect();
    let periods: Vec<Period<'_>> =
        (0..presentation.periods()).filter_map(|index| Period::new(&listed, index)).collect();
    if periods.is_empty() {
        return Err(Error::Nothing);
    }
    let total: i64 = periods.iter().map(|period| period.duration).sum();
    let longest = listed.iter().map(|rendition| rendition.longest).max().unwrap_or(0);
    let mut xml = Xml::new();
    xml.begin("MPD").text("xmlns", "urn:mpeg:dash:schema:mpd:2011");
    xml.text("profiles", profiles(addressing, &containers)).text("type", "static");
    xml.duration("mediaPresentationDuration", total).duration("minBufferTime", longest);
    if addressing != Addressing::Index {
        xml.duration("maxSegmentDuration", longest);
    }
    let mut start = 0;
    for (number, period) in periods.iter().enumerate() {
        xml.begin("Period").number("id", number as u64);
        xml.duration("start", start).duration("duration", period.duration);
        set::put_sets(&mut xml, presentation, period, addressing)?;
        xml.end();
        start += period.duration;
    }
    Ok(xml.finish())
}

/// Stretches that are played at the same time.
struct Period<'a> {
    /// With what each is a stretch of.
    stretches: Vec<(&'a Rendition, &'a Stretch)>,
    /// Where the first medium begins.
    origin: Position,
    /// Nanoseconds to where the last ends.
    duration: i64,
}

impl<'a> Period<'a> {
    /// The Period of each rendition's stretch `index`; `None` when none of them has a segment.
    fn new(listed: &[&'a Rendition], index: usize) -> Option<Self> {
        let stretches: Vec<_> = listed
            .iter()
            .filter_map(|rendition| Some((*rendition, rendition.stretches.get(index)?)))
            .filter(|(_, stretch)| !stretch.segments.is_empty())
            .collect();
        let starts = stretches.iter().filter_map(|(_, stretch)| stretch.intended());
        let ends = stretches.iter().filter_map(|(_, stretch)| Some(stretch.end(stretch.segments.last()?)));
        let (origin, end) = (starts.min()?, ends.max()?);
        Some(Self { stretches, origin, duration: end.since(origin) })
    }
}

fn is_listed(rendition: &Rendition) -> bool {
    rendition.container != Container::PackedAudio
        && rendition.segments().next().is_some()
        // A transport stream of trick pictures has no profile.
        && (rendition.purpose == Purpose::Play || rendition.kind() == Some(Kind::Video))
}

fn profiles(addressing: Addressing, containers: &[Container]) -> &'static str {
    let all = |container| containers.iter().all(|of| *of == container);
    match addressing {
        Addressing::Index if all(Container::Webm) => "urn:mpeg:dash:profile:webm-on-demand:2012",
        Addressing::Index if all(Container::Fmp4) => "urn:mpeg:dash:profile:isoff-on-demand:2011",
        Addressing::Timeline | Addressing::Duration if all(Container::Fmp4) => {
            "urn:mpeg:dash:profile:isoff-live:2011"
        }
        Addressing::List if all(Container::Fmp4) => "urn:mpeg:dash:profile:isoff-main:2011",
        _ if all(Container::MpegTs) => "urn:mpeg:dash:profile:mp2t-main:2011",
        _ => "urn:mpeg:dash:profile:full:2011",
    }
}

/// Why a presentation has no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A static manifest never changes.
    #[error("the presentation is not finished")]
    Growing,
    /// Nothing but packed audio, or no segment at all.
    #[error("no rendition that a manifest can list")]
    Nothing,
    /// Templates are for many files, an index is of one.
    #[error("rendition {id}: files cannot be told by {addressing:?}")]
    Addressing {
        /// The rendition's name.
        id: String,
        /// What was asked for.
        addressing: Addressing,
    },
    /// A start that is computed would be off by more than half a segment.
    #[error("rendition {id}: segment {index} begins more than half of {duration} ticks off its place")]
    Uneven {
        /// The rendition's name.
        id: String,
        /// Which segment, counted from 0.
        index: usize,
        /// Ticks that all would last.
        duration: u64,
    },
    /// A form of one Period cannot say where time breaks.
    #[error("rendition {id} has {stretches} stretches, this form has one Period")]
    Broken {
        /// The rendition's name.
        id: String,
        /// How many it has.
        stretches: usize,
    },
    /// MPD attributes count whole ticks per second from zero.
    #[error("rendition {id}: a tick is no whole part of a second, or media lies before tick zero")]
    Ticks {
        /// The rendition's name.
        id: String,
    },
}
