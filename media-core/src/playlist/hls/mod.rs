//! HLS playlists of live streams, RFC 8216bis (draft-pantos-hls-rfc8216bis-22).
//!
//! Each track has a media playlist, or all together where they [share](crate::segment::Format::is_shared) a file. The multivariant playlist has
//! a variant per video track, with the sound beside it in groups, one per format; a stream without pictures has a variant per audio track.
//!
//! EXT-X-PROGRAM-DATE-TIME stands at every segment. EXTINF has six decimals and is the difference of two positions rounded to
//! microseconds, so that a sum over any number of segments, or over the parts of one, is off by less than one. EXT-X-INDEPENDENT-SEGMENTS is
//! said until a segment was [not independent](crate::segment::Segment::independent), and never again after that. EXT-X-VERSION is the least
//! that what stands in the list needs (section 8), 6.2.1 wants no more. Date ranges stand before the segments.
//!
//! Key pictures have lists of their own where the [configuration](super::Config::key_pictures) says so.
//!
//! # Low latency
//!
//! Parts are listed from the one at the live edge back to three target durations before it, then their segments alone. The hint names the part
//! that comes next, which is right whatever comes: parts are [counted](super::Names) over all segments. Rendition reports tell of the stream's other
//! playlists, and of [others](Media::others). What players hold on to (target durations, hold-backs, what the server can do) is written once, when the
//! window is made.

mod iframes;
mod media;
mod multivariant;

pub use self::iframes::iframe_playlist;
pub(super) use self::media::{Constants, part_micros, put_date, put_inf};
pub use self::media::{Media, Report, Skip, media_playlist};
pub(super) use self::multivariant::bandwidth;
pub use self::multivariant::{Rung, ladder, multivariant};
