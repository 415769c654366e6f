//! The choices of a [`Segmenter`](super::Segmenter): lengths, parts, format, and what to do about key frames.

use super::part::LEAST_PERCENT;

/// How a stream is cut. Fixed when the [`Segmenter`](super::Segmenter) is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The length of a segment that is aimed at, in nanoseconds.
    pub target: i64,
    /// No segment lasts longer than this, to the nearest second: what playlists say as EXT-X-TARGETDURATION. Zero counts as one.
    ///
    /// [`new`](Self::new) sets twice the target, so that a camera whose key frames are up to twice the target apart is still cut
    /// at them. Players stay about three of these behind (RFC 8216bis 4.4.3.8), so who knows the key interval sets it lower.
    pub target_duration: u32,
    /// The longest part in nanoseconds, what playlists say as PART-TARGET; `None` for segments that come out only when they are whole. Less than a
    /// millisecond counts as one.
    ///
    /// No part lasts longer, and none but the last of a segment and those with a gap lasts less than 85 % of it (RFC 8216bis 4.4.4.9), whatever the
    /// stream does: see [how long a piece is](super::Piece::duration). [`part_target`] finds a length with which parts end where access units do.
    pub part: Option<i64>,
    /// The container of the segments.
    pub format: Format,
    /// Whether fMP4 tells when its media was captured.
    pub producer_time: ProducerTime,
    /// What to do when no key frame comes in time.
    pub late_key: LateKey,
    /// Which key frames are cut at.
    pub align: Align,
    /// How far other tracks may be beyond a cut, or the end of a part, before it is made without those that did not reach it, in nanoseconds of
    /// media time. An hour at most.
    pub follower_lag: i64,
    /// Media bytes of all tracks together at which a cut is forced.
    pub max_bytes: usize,
    /// Packets of all tracks together at which a cut is forced.
    pub max_packets: usize,
    /// The number of the first cut, the EXT-X-MEDIA-SEQUENCE of the first playlist. A [resumed](super::Segmenter::resume) segmenter goes on where its
    /// state says instead.
    pub first_number: u64,
}

impl Config {
    /// fMP4 segments of about `target` nanoseconds, without parts.
    ///
    /// ```
    /// let config = media_core::segment::Config::new(2_000_000_000);
    /// assert_eq!(config.target_duration, 4);
    /// ```
    pub const fn new(target: i64) -> Self {
        let target = if target < 1 { 1 } else { target };
        let doubled = (target as u64).div_ceil(SECOND as u64 / 2);
        Self {
            target,
            target_duration: if doubled > MAX_TARGET_DURATION {
                MAX_TARGET_DURATION as u32
            } else {
                doubled as u32
            },
            part: None,
            format: Format::Fmp4,
            producer_time: ProducerTime::Untold,
            late_key: LateKey::Wait,
            align: Align::Nearest,
            follower_lag: 300_000_000,
            max_bytes: 64 << 20,
            max_packets: 16_384,
            first_number: 0,
        }
    }
}

/// The container of segments, and which tracks share a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// CMAF track files: one file per track, with a header. For HLS and DASH.
    #[default]
    Fmp4,
    /// A transport stream: **all tracks in one file**, without a header. For HLS.
    MpegTs,
    /// Clusters of WebM (Matroska where the codec is none of WebM's): one file per track, with a header. For DASH.
    Webm,
    /// Bare frames of AAC (in ADTS), MP3, AC-3 or E-AC-3 behind an ID3 tag that tells the time, RFC 8216bis 3.1.3: one file per track, without a header;
    /// sound only. For HLS. A part has the tag only where it is the first of its segment.
    PackedAudio,
}

impl Format {
    /// Whether all tracks are in one file, so that a cut has one segment, named after the leader.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::MpegTs)
    }

    /// Whether segments need a header that is stored beside them: what HLS names by EXT-X-MAP and DASH by `@initialization`.
    pub const fn has_header(self) -> bool {
        matches!(self, Self::Fmp4 | Self::Webm)
    }
}

/// Whether fragments of fMP4 say when their first sample was captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProducerTime {
    /// They do not.
    #[default]
    Untold,
    /// By a `prft` box before each `moof` (ISO/IEC 14496-12 8.16.5), as far as [`Packet::wall`](crate::packet::Packet::wall) is known: for players of
    /// low-latency DASH, which measure by it how late they are. The manifest says so with
    /// [`Latency::prft`](crate::playlist::dash::Latency::prft). 32 bytes for each fragment.
    Captured,
}

/// What to do when the target is reached and no key frame has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LateKey {
    /// Wait for one as long as [`Config::target_duration`] allows, then cut without: the next segment is not
    /// [independent](super::Segment::independent).
    #[default]
    Wait,
    /// Cut at the target. Segments are shorter, and a player can begin only at some of them.
    Cut,
    /// Ask the encoder: at the beginning of each segment [`NeedKey`](super::NeedKey) tells where it is to end. What comes all the same is dealt
    /// with as by [`Wait`](Self::Wait), only that a key frame the encoder makes earlier on its own does not end the segment.
    Ask,
}

/// Which key frames segments begin at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At that nearest to the target, counted from the cut before. Rungs of a ladder are cut alike as long as their segmenters get the same key frames
    /// from the beginning.
    #[default]
    Nearest,
    /// At the first key frame behind each whole multiple of [`Config::target`] on the line, or less than a sixteenth of it before. Segmenters that see the
    /// same key frames cut at the same ones whenever each of them began, so also after one of them was started again.
    Grid,
}

/// A [`Config::part`] near to `wished` nanoseconds into which the access units of all tracks fit: no part is longer, and none but the last of a segment
/// shorter than 85 % of it. In whole milliseconds. `units` are the lengths of the tracks' access units in nanoseconds, the leader's first. `None` where
/// there is no such length up to twice the wished one.
///
/// ```
/// use media_core::segment::part_target;
/// // 25 pictures a second beside AAC at 48 kHz: parts of 5 pictures, of 9 or 10 AAC frames.
/// assert_eq!(part_target(200_000_000, &[40_000_000, 21_333_333]), Some(214_000_000));
/// ```
pub fn part_target(wished: i64, units: &[i64]) -> Option<i64> {
    let (&leader, followers) = units.split_first()?;
    if wished > PART_MAX || units.iter().any(|unit| !(1..=PART_MAX).contains(unit)) {
        return None;
    }
    let first = (wished / leader).max(1);
    (first..=2 * first).find_map(|count| {
        let length = leader * count;
        let frames = |unit: &i64| (length / unit * unit, (length - 1) / unit * unit + unit);
        let (shortest, longest) = followers
            .iter()
            .map(frames)
            .fold((length, length), |all, own| (all.0.min(own.0), all.1.max(own.1)));
        let target = (longest + MILLISECOND - 1) / MILLISECOND * MILLISECOND;
        (shortest * 100 >= target * LEAST_PERCENT).then_some(target)
    })
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
const MILLISECOND: i64 = 1_000_000;
/// Nobody wants longer parts than an hour, and arithmetic in nanoseconds stays far from its ends.
const PART_MAX: i64 = 3600 * SECOND;
/// Nobody wants longer segments than a day, and arithmetic in nanoseconds stays far from its ends.
const MAX_TARGET_DURATION: u64 = 86_400;
