//! What is fixed when a [`Window`](super::Window) is made.

use crate::segment;
use crate::segment::part::PART_MIN;

/// What is fixed when a [`Window`](super::Window) is made, for as long as the stream lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many cuts are listed. More stay as long as the list would otherwise be shorter than three target durations, RFC 8216bis 6.2.2.
    /// Zero counts as one.
    pub size: usize,
    /// The usual length of a segment in nanoseconds: how often DASH players ask for the manifest.
    pub target: i64,
    /// The longest segment in whole seconds; must be what the segmenter keeps to.
    pub target_duration: u32,
    /// How players get to know what is new.
    pub delivery: Delivery,
    /// What becomes of what is no longer new.
    pub retention: Retention,
    /// Whether key pictures have lists of their own.
    pub key_pictures: KeyPictures,
    /// EXT-X-DISCONTINUITY-SEQUENCE of the first list: zero, or what [`segment::State::discontinuities`] says of a stream that goes on.
    pub discontinuity_sequence: u64,
}

impl Config {
    /// Seven segments of what a segmenter with this configuration cuts. With [parts](segment::Config::part), low latency.
    pub const fn new(segment: &segment::Config) -> Self {
        let target_duration = if segment.target_duration == 0 { 1 } else { segment.target_duration };
        let delivery = match segment.part {
            Some(part) => Delivery::LowLatency(LowLatency::new(part)),
            None => Delivery::Files,
        };
        Self {
            size: 7,
            target: segment.target,
            target_duration,
            delivery,
            retention: Retention::Sliding,
            key_pictures: KeyPictures::Unlisted,
            discontinuity_sequence: 0,
        }
    }

    /// The low-latency part of it, where there is one.
    pub(super) const fn low_latency(&self) -> Option<&LowLatency> {
        match &self.delivery {
            Delivery::LowLatency(low) => Some(low),
            Delivery::Files | Delivery::Directives => None,
        }
    }
}

/// How players get to know what is new, RFC 8216bis 6.2.5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// They ask every so often. Any file server will do.
    #[default]
    Files,
    /// The server understands delivery directives: it keeps a request until there is something new, and leaves out what a player has
    /// already. [`origin`](crate::origin) does.
    Directives,
    /// As with directives, and parts are listed long before their segment is whole.
    LowLatency(LowLatency),
}

/// What low-latency players are told, RFC 8216bis 4.4.3.7 and 4.4.3.8. It never changes: Apple's players end with an error when it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowLatency {
    /// PART-TARGET in nanoseconds: no part lasts longer. What the segmenter was [told](segment::Config::part).
    pub part_target: i64,
    /// PART-HOLD-BACK in nanoseconds: how far behind the end players play. Less than two part targets counts as two.
    pub hold_back: i64,
    /// What a part's address is.
    pub addressing: PartAddressing,
}

impl LowLatency {
    /// Parts of up to `part_target` nanoseconds, a millisecond at least, in files of their own; players stay three of them behind.
    pub const fn new(part_target: i64) -> Self {
        let part_target = if part_target < PART_MIN { PART_MIN } else { part_target };
        let hold_back = part_target.saturating_mul(3);
        Self { part_target, hold_back, addressing: PartAddressing::Files }
    }
}

/// What a part's address is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartAddressing {
    /// A name of its own. Every player and every cache can deal with it.
    #[default]
    Files,
    /// A byte range of its segment: caches hold each byte once, and one request for the rest of a segment gets all its parts.
    ByteRanges,
}

/// Whether players get to know where key pictures are, to show while somebody looks for a place: I-frame playlists, RFC 8216bis 4.4.3.6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyPictures {
    /// They do not.
    #[default]
    Unlisted,
    /// [They do](crate::playlist::hls::iframe_playlist), of each track of pictures; the server answers for ranges of segments.
    Listed,
}

/// What becomes of segments that are no longer new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// They leave the list at its head.
    #[default]
    Sliding,
    /// They stay, EXT-X-PLAYLIST-TYPE:EVENT: a player can go back to the beginning. Memory grows with the event.
    Event,
}
