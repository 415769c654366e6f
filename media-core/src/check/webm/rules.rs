//! What WebM and Matroska files are held to: RFC 8794, RFC 9559, the WebM container guidelines.

use crate::check::Rule;

rules! {
    /// A file begins with an EBML header that names its type.
    HEADER = error("ebml-header", "RFC 8794 11.2");
    /// Element IDs and sizes can be read.
    ELEMENT = error("element", "RFC 8794 5, 6");
    /// An element ends within the one around it.
    OVERRUN = error("overrun", "RFC 8794 6.1");
    /// The file ends where its last element does.
    TRUNCATED = error("truncated", "RFC 8794 6.1");
    /// Only a segment and its clusters may not say their size.
    UNKNOWN_SIZE = error("unknown-size", "RFC 8794 6.2, RFC 9559 5.1");
    /// A checksum is that of what it stands before.
    CRC = error("crc", "RFC 8794 11.3.1");
    /// What must be there is.
    MISSING = error("missing", "RFC 9559 5.1");
    /// A value can be what it is.
    VALUE = error("value", "RFC 9559 5.1");
    /// WebM holds VP8, VP9, AV1, Vorbis, Opus and WebVTT.
    DOC_TYPE = error("doc-type", "WebM Container Guidelines");
    /// Track numbers are not zero and not used twice.
    TRACK = error("track-number", "RFC 9559 5.1.4.1.1");
    /// A block is of a track that there is.
    BLOCK_TRACK = error("block-track", "RFC 9559 10.1");
    /// A block has a head, and its cluster a time before it.
    BLOCK = error("block", "RFC 9559 10.1, 5.1.3.1");
    /// Blocks are not before the start.
    NEGATIVE = error("negative-time", "RFC 9559 11.2");
    /// The times of blocks do not decrease.
    ORDER = error("block-order", "WebM Container Guidelines (muxer)");
    /// Cluster times do not decrease.
    CLUSTER_ORDER = warning("cluster-order", "RFC 9559 5.1.3.1");
    /// A cluster of a DASH segment begins with a key frame.
    CLUSTER_KEY = error("cluster-key", "WebM DASH Specification");
    /// What is said to be a key frame is one, and the other way round.
    KEY_FLAG = error("key-flag", "RFC 9559 10.2");
    /// What comes with a block was announced.
    ADDITION = error("block-addition", "RFC 9559 5.1.4.1.16");
    /// `CodecDelay` is the pre-skip.
    CODEC_DELAY = error("codec-delay", "RFC 9559 5.1.4.1.25, Opus in Matroska");
    /// `SeekPreRoll` of Opus is 80 ms.
    SEEK_PRE_ROLL = error("seek-pre-roll", "RFC 9559 5.1.4.1.26, Opus in Matroska");
    /// What a codec's private data says can be read.
    CODEC_PRIVATE = error("codec-private", "RFC 9559 5.1.4.1.22");
    /// An index points at clusters.
    CUE_CLUSTER = error("cue-cluster", "RFC 9559 5.1.5.1.2.2");
    /// An index says where in a cluster a block begins.
    CUE_RELATIVE = error("cue-relative", "RFC 9559 5.1.5.1.2.3");
    /// An index points at key frames.
    CUE_KEY = warning("cue-key", "WebM Container Guidelines (cues)");
    /// A list of elements says where they are.
    SEEK = error("seek", "RFC 9559 5.1.1.1.2");
    /// The duration is that of the blocks.
    DURATION = warning("duration", "RFC 9559 5.1.2.10");
    /// So much that not all of it was looked at.
    NOT_EXAMINED = note("not-examined", "limit of this checker");
}
