//! What DASH manifests are held to: ISO/IEC 23009-1 and the DASH-IF guidelines for low latency.

use crate::check::Rule;

rules! {
    /// The text is well-formed XML.
    XML = error("xml", "XML 1.0 2.1");
    /// It is a manifest.
    ROOT = error("mpd", "ISO/IEC 23009-1 5.2.2");
    /// Attributes that must be there are.
    MISSING = error("attribute-missing", "ISO/IEC 23009-1 5.3");
    /// A value is written as its type is.
    VALUE = error("value", "ISO/IEC 23009-1 5.3, annex B, XML Schema 2");
    /// Elements stand in the order of the schema.
    ORDER = error("element-order", "ISO/IEC 23009-1 annex B");
    /// A presentation that grows says when its manifest was made.
    PUBLISH_TIME = warning("publish-time-missing", "ISO/IEC 23009-1 5.3.1.2");
    /// A presentation that does not grow says how long it is.
    DURATION = error("duration", "ISO/IEC 23009-1 5.3.1.2");
    /// A manifest that is to be asked for again says how often, and sooner than its window slides away.
    UPDATE = warning("update-period", "ISO/IEC 23009-1 5.3.1.2, 5.4");
    /// Periods have names of their own and follow each other.
    PERIOD = error("period", "ISO/IEC 23009-1 5.3.2");
    /// What the whole lasts is where its last period ends.
    TOTAL = warning("duration-differs", "ISO/IEC 23009-1 5.3.1.2, 5.3.2.1");
    /// Sets of a period have names of their own and representations.
    SET = error("adaptation-set", "ISO/IEC 23009-1 5.3.3");
    /// Representations of a period have names of their own and a bit rate.
    REPRESENTATION = error("representation", "ISO/IEC 23009-1 5.3.5");
    /// It is said what a representation is.
    MIME_TYPE = error("mime-type", "ISO/IEC 23009-1 5.3.7");
    /// Codecs should be said.
    CODECS_MISSING = warning("codecs-missing", "ISO/IEC 23009-1 5.3.7");
    /// Codecs are written as their standards write them.
    CODECS = error("codecs", "RFC 6381 3.3, ISO/IEC 23009-1 5.3.7");
    /// A template names its segments by number or time.
    TEMPLATE = error("template", "ISO/IEC 23009-1 5.3.9.4");
    /// A list has an address for every segment and says how long they last.
    LIST = error("segment-list", "ISO/IEC 23009-1 5.3.9.3");
    /// Segments of a timeline do not overlap.
    TIMELINE_OVERLAP = error("timeline-overlap", "ISO/IEC 23009-1 5.3.9.6");
    /// A timeline should have no gaps.
    TIMELINE_GAP = warning("timeline-gap", "ISO/IEC 23009-1 5.3.9.6");
    /// A segment lasts some time.
    TIMELINE = error("timeline", "ISO/IEC 23009-1 5.3.9.6");
    /// Ranges are ranges, and an index is where it is said to be.
    RANGE = error("index-range", "ISO/IEC 23009-1 5.3.9.2");
    /// A profile that is claimed is kept.
    PROFILE = error("profile", "ISO/IEC 23009-1 8");
    /// Attributes of low latency go together.
    LOW_LATENCY = warning("low-latency", "ISO/IEC 23009-1 5.3.9.5.3, 5.12, annex K; DASH-IF low latency");
    /// When it all began does not change.
    START_CHANGED = error("availability-start-changed", "ISO/IEC 23009-1 5.4");
    /// A later manifest is not older.
    PUBLISH_BACK = error("publish-time", "ISO/IEC 23009-1 5.4");
    /// Another manifest has another time.
    PUBLISH_SAME = warning("publish-time-same", "ISO/IEC 23009-1 5.4");
    /// A period, its time scale and its segments stay what they were.
    CHANGED = error("changed", "ISO/IEC 23009-1 5.4");
    /// A segment that was announced before it was complete should last as long as was said.
    REVISED = warning("revised", "ISO/IEC 23009-1 5.3.9.6, 5.4");
    /// Media begins when the timeline says.
    MEDIA_TIME = error("media-time", "ISO/IEC 23009-1 5.3.9.6, 7.2.1");
    /// So much that not all of it was looked at.
    NOT_EXAMINED = note("not-examined", "limit of this checker");
}
