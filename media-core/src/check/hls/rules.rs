//! What HLS playlists are held to: RFC 8216 and its successor, draft-pantos-hls-rfc8216bis.

use crate::check::Rule;

rules! {
    /// A playlist begins with `#EXTM3U`.
    EXTM3U = error("extm3u", "RFC 8216bis 4.4.1.1");
    /// Text is UTF-8 without a byte order mark and control characters.
    TEXT = error("text", "RFC 8216bis 4.1");
    /// A tag's value is written as it must be.
    VALUE = error("value", "RFC 8216bis 4.2, 4.4");
    /// Attributes are a list, each is there once, and those that must be there are.
    ATTRIBUTES = error("attributes", "RFC 8216bis 4.2");
    /// A tag that is there once is.
    TWICE = error("tag-twice", "RFC 8216bis 4.4");
    /// A tag stands where it may.
    ORDER = error("tag-order", "RFC 8216bis 4.4.3");
    /// A playlist is a media playlist or a multivariant one.
    MIXED = error("mixed", "RFC 8216bis 4.1");
    /// A URI has its tag before it, and the other way round.
    URI = error("uri", "RFC 8216bis 4.4.4.1, 4.4.6.2");
    /// There is a target duration.
    TARGET_MISSING = error("target-missing", "RFC 8216bis 4.4.3.1");
    /// A segment, rounded, is not longer than the target.
    TARGET_EXCEEDED = error("target-exceeded", "RFC 8216bis 4.4.3.1");
    /// The version is high enough for what is used.
    VERSION = error("version", "RFC 8216bis 8");
    /// Fragmented MP4 has an initialisation section.
    MAP_MISSING = error("map-missing", "RFC 8216bis 3.1.2, 4.4.4.5");
    /// Another initialisation section comes with a discontinuity.
    MAP_CHANGED = warning("map-changed", "RFC 8216bis 4.4.4.3");
    /// A byte range without an offset follows one of the same resource.
    BYTERANGE = error("byterange", "RFC 8216bis 4.4.4.2");
    /// Dates agree with durations.
    DATE_TIME = warning("date-time", "RFC 8216bis 4.4.4.6");
    /// A date range is told whole, without contradiction, and in a list that says when it is.
    DATE_RANGE = error("date-range", "RFC 8216bis 4.4.5.1");
    /// Who lists parts blocks reloads and says when segments are.
    LOW_LATENCY = warning("low-latency-profile", "RFC 8216bis B.1");
    /// Parts need `EXT-X-PART-INF`.
    PART_INF = error("part-inf", "RFC 8216bis 4.4.3.7");
    /// A part is not longer than the part target.
    PART_LONG = error("part-long", "RFC 8216bis 4.4.4.9");
    /// A part is at least 85 % of the part target, but for the last one.
    PART_SHORT = error("part-short", "RFC 8216bis 4.4.4.9");
    /// A segment is the sum of its parts.
    PART_SUM = warning("part-sum", "RFC 8216bis 4.4.4.9");
    /// Parts are taken out three target durations behind the end.
    PART_OLD = note("part-old", "RFC 8216bis 6.2.2");
    /// `PART-HOLD-BACK` is there and at least twice the part target.
    PART_HOLD_BACK = error("part-hold-back", "RFC 8216bis 4.4.3.8");
    /// `PART-HOLD-BACK` should be three times the part target.
    PART_HOLD_BACK_SHORT = warning("part-hold-back-short", "RFC 8216bis 4.4.3.8");
    /// `HOLD-BACK` is at least three times the target.
    HOLD_BACK = error("hold-back", "RFC 8216bis 4.4.3.8");
    /// `CAN-SKIP-UNTIL` is at least six times the target.
    SKIP_UNTIL = error("can-skip-until", "RFC 8216bis 4.4.3.8");
    /// The target duration never changes.
    TARGET_CHANGED = error("target-changed", "RFC 8216bis 4.4.3.1, 6.2.1");
    /// The part target never changes.
    PART_TARGET_CHANGED = error("part-target-changed", "RFC 8216bis 4.4.3.7, 6.2.1");
    /// Hold-backs and what a server can do never change.
    CONTROL_CHANGED = warning("server-control-changed", "RFC 8216bis 4.4.3.8");
    /// The media sequence number never decreases, and the list never ends earlier.
    SEQUENCE_BACK = error("media-sequence", "RFC 8216bis 4.4.3.2, 6.2.2");
    /// What was said of a segment stays.
    SEGMENT_CHANGED = error("segment-changed", "RFC 8216bis 6.2.1, 6.2.2");
    /// What was said of a part stays.
    PART_CHANGED = error("part-changed", "RFC 8216bis 6.2.1, 6.2.2");
    /// The discontinuity sequence number counts the tags that left.
    DISCONTINUITY_SEQUENCE = error("discontinuity-sequence", "RFC 8216bis 4.4.3.3, 6.2.2");
    /// Segments leave only a list that stays three targets long.
    TOO_SHORT = error("list-too-short", "RFC 8216bis 6.2.2");
    /// A list that ended stays as it is.
    AFTER_END = error("after-end", "RFC 8216bis 4.4.3.4, 6.2.1");
    /// Of a list of type VOD nothing changes, of type EVENT nothing leaves.
    TYPE = error("playlist-type", "RFC 8216bis 4.4.3.5, 6.2.1");
    /// A delta update skips something, and only what is far enough behind the end.
    SKIP_BOUNDARY = error("skip-boundary", "RFC 8216bis 4.4.5.2, 6.2.5.1");
    /// Delta updates are announced.
    SKIP_UNSAID = error("skip-unsaid", "RFC 8216bis 4.4.3.8, 4.4.5.2");
    /// Skipped segments were in a list before.
    SKIP_UNKNOWN = warning("skip-unknown", "RFC 8216bis 6.2.5.1");
    /// A part that was hinted at comes.
    HINT = warning("preload-hint", "RFC 8216bis 4.4.5.3");
    /// A report names a rendition and its last segment.
    REPORT = error("rendition-report", "RFC 8216bis 4.4.5.4");
    /// A variant says its bit rate.
    BANDWIDTH = error("bandwidth", "RFC 8216bis 4.4.6.2");
    /// The bit rate is at least that of the variant's segments and its largest audio.
    BANDWIDTH_LOW = error("bandwidth-low", "RFC 8216bis 4.4.6.2");
    /// The average is not above the peak.
    AVERAGE = warning("average-bandwidth", "RFC 8216bis 4.4.6.2");
    /// A variant should say its codecs, and how large its pictures are.
    CODECS_MISSING = warning("codecs-missing", "RFC 8216bis 4.4.6.2");
    /// Codecs are written as their standards write them.
    CODECS = error("codecs", "RFC 6381 3.3, RFC 8216bis 4.4.6.2");
    /// A group that is named is there.
    GROUP = error("group", "RFC 8216bis 4.4.6.2.1");
    /// Groups of one type have the same members.
    GROUPS_DIFFER = warning("groups-differ", "RFC 8216bis 4.4.6.1.1");
    /// Renditions that may be taken by themselves can be told apart.
    ALIKE = warning("renditions-alike", "RFC 8216bis 4.4.6.1.1");
    /// Renditions of a group differ in name, one of them at most is the default.
    RENDITION = error("rendition", "RFC 8216bis 4.4.6.1");
    /// All playlists of a presentation have the same target duration.
    TARGETS_DIFFER = error("targets-differ", "RFC 8216bis 6.2.4");
    /// All playlists of a presentation count discontinuities alike.
    DISCONTINUITIES_DIFFER = error("discontinuities-differ", "RFC 8216bis 6.2.4");
    /// So much that not all of it was looked at.
    NOT_EXAMINED = note("not-examined", "limit of this checker");
}
