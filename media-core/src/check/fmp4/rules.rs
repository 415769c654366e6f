//! What ISO base media files are held to.

use crate::check::Rule;

rules! {
    /// A box is at least as long as its header and ends within the box around it.
    BOX_SIZE = error("box-size", "ISO/IEC 14496-12 4.2");
    /// The last box ends where the file does.
    TRUNCATED = error("truncated", "ISO/IEC 14496-12 4.2");
    /// A box that must be there is.
    BOX_MISSING = error("box-missing", "ISO/IEC 14496-12 6.2.3");
    /// A box that there is one of is there once.
    BOX_TWICE = error("box-twice", "ISO/IEC 14496-12 6.2.3");
    /// A box is as long as its version, flags and counts say.
    BOX_FIELDS = error("box-fields", "ISO/IEC 14496-12 4.2");
    /// A file begins with `ftyp`, a segment with `styp` or `moof`.
    FTYP = warning("ftyp", "ISO/IEC 14496-12 4.3");
    /// The major brand is among the compatible ones.
    BRAND = note("brand", "ISO/IEC 14496-12 4.3.3");
    /// Track numbers are not zero and not used twice.
    TRACK_ID = error("track-id", "ISO/IEC 14496-12 8.3.2");
    /// There is a time scale.
    TIMESCALE = error("timescale", "ISO/IEC 14496-12 8.4.2");
    /// A duration that is not known is not said to be zero, one that is said is right.
    MEHD = error("mehd", "ISO/IEC 14496-12 8.8.2");
    /// The movie's duration is that of its longest track; of samples in fragments it says nothing.
    MVHD_DURATION = warning("mvhd-duration", "ISO/IEC 14496-12 8.2.2");
    /// The media's duration is that of its samples.
    MDHD_DURATION = warning("mdhd-duration", "ISO/IEC 14496-12 8.4.2");
    /// `media_time` is -1 or a time at which something of the media is shown, or ends, in its time scale.
    ELST_TIME = error("elst-media-time", "ISO/IEC 14496-12 8.6.6");
    /// `segment_duration` is in the movie's time scale: edits are not longer than the media.
    ELST_DURATION = warning("elst-duration", "ISO/IEC 14496-12 8.6.6");
    /// Composition is moved by an edit list or by signed offsets, not by both.
    EDIT_AND_SIGNED = warning("edit-and-signed", "ISO/IEC 14496-12 8.6.1.3, 8.6.6");
    /// Signed offsets need version 1.
    COMPOSITION_VERSION = warning("composition-version", "ISO/IEC 14496-12 8.6.1.3, 8.8.8");
    /// Fragments need `mvex` and a `trex` for their track.
    NO_TREX = error("trex", "ISO/IEC 14496-12 8.8.3");
    /// A fragment's track is one of the movie.
    UNKNOWN_TRACK = error("unknown-track", "ISO/IEC 14496-12 8.8.7");
    /// Fragments are numbered in increasing order.
    SEQUENCE = error("sequence-number", "ISO/IEC 14496-12 8.8.5");
    /// A fragment does not begin before the one before it ends.
    TFDT_OVERLAP = error("tfdt-overlap", "ISO/IEC 14496-12 8.8.12");
    /// A fragment begins where the one before it ends: a gap makes the last sample longer.
    TFDT_GAP = warning("tfdt-gap", "ISO/IEC 14496-12 8.8.12");
    /// Flags of `tfhd` go together.
    TFHD_FLAGS = error("tfhd-flags", "ISO/IEC 14496-12 8.8.7");
    /// `first_sample_flags` and flags of each sample do not go together.
    TRUN_FLAGS = error("trun-flags", "ISO/IEC 14496-12 8.8.8");
    /// Samples lie in a media data box.
    DATA_OFFSET = error("data-offset", "ISO/IEC 14496-12 8.8.8");
    /// All bytes of a fragment's media data belong to samples.
    MDAT_UNUSED = warning("mdat-unused", "ISO/IEC 14496-12 8.1.1");
    /// A sample lasts some time; only the last one may last none.
    ZERO_DURATION = warning("zero-duration", "ISO/IEC 14496-12 8.6.1.2");
    /// Chunks lie in a media data box.
    CHUNK_OFFSET = error("chunk-offset", "ISO/IEC 14496-12 8.7.5");
    /// The tables speak of the same number of samples.
    TABLES = error("sample-tables", "ISO/IEC 14496-12 8.6, 8.7");
    /// Sync samples are listed in order, and are samples.
    STSS = error("stss", "ISO/IEC 14496-12 8.6.2");
    /// A sync sample is one: IDR, IRAP, a key frame.
    SYNC = error("sync-sample", "ISO/IEC 14496-12 8.6.2, 14496-15");
    /// A recovery point that is no IDR picture is no sync sample (stream access point type 3 or 4).
    SYNC_OPEN = warning("sync-open", "ISO/IEC 14496-15 5.4, 14496-12 Annex I");
    /// A picture where decoding can start is said to be one.
    SYNC_UNSAID = warning("sync-unsaid", "ISO/IEC 14496-12 8.6.2");
    /// NAL units fill the sample.
    NAL_LENGTH = error("nal-length", "ISO/IEC 14496-15 5.3.4.2");
    /// No NAL unit is empty.
    NAL_EMPTY = error("nal-empty", "ISO/IEC 14496-10 7.3.1");
    /// Samples carry no start codes.
    START_CODE = error("start-code", "ISO/IEC 14496-15 5.3.4.2");
    /// Delimiters say nothing that the sample does not.
    DELIMITER = warning("access-unit-delimiter", "ISO/IEC 14496-15 5.2.2");
    /// Parameter sets of `avc1` and `hvc1` are all in the sample entry.
    SETS_CHANGED = error("parameter-sets-changed", "ISO/IEC 14496-15 5.3.2, 8.3.2");
    /// Parameter sets of `avc1` and `hvc1` are in the sample entry only.
    SETS_REPEATED = warning("parameter-sets-repeated", "ISO/IEC 14496-15 5.3.2, 8.3.2");
    /// A decoder configuration can be read.
    RECORD = error("configuration-record", "ISO/IEC 14496-12 8.5.2, codec binding");
    /// What the configuration says is what the bitstream says.
    RECORD_DIFFERS = error("configuration-differs", "ISO/IEC 14496-15 5.3.3, VP9-in-ISOBMFF, AV1-in-ISOBMFF 2.3");
    /// The configuration and `colr` say the same of colour.
    COLOUR_DIFFERS = warning("colour-differs", "VP9-in-ISOBMFF, ISO/IEC 14496-12 12.1.5");
    /// The codecs parameter given elsewhere is that of the sample entry.
    CODECS = error("codecs", "RFC 6381 3.3");
    /// `dOps` is big-endian.
    DOPS_ENDIAN = error("dops-endian", "Opus-in-ISOBMFF 4.3.2");
    /// The pre-skip of Opus is taken out by an edit list.
    PRE_SKIP_EDIT = warning("pre-skip-edit", "Opus-in-ISOBMFF 4.4");
    /// Opus samples are in a roll group, in each fragment.
    ROLL_MISSING = error("roll-missing", "Opus-in-ISOBMFF 4.3.6, ISO/IEC 14496-12 8.9");
    /// AAC samples should be in a roll group.
    ROLL_AAC = note("roll-aac", "ISO/IEC 14496-12 10.1");
    /// Roll distances count samples, before, and 80 ms of them for Opus.
    ROLL_DISTANCE = error("roll-distance", "ISO/IEC 14496-12 10.1, Opus-in-ISOBMFF 4.3.6");
    /// A sample that can be read as its codec's is.
    SAMPLE = error("sample", "codec binding");
    /// An index points at fragments.
    SIDX_OFFSET = error("sidx-offset", "ISO/IEC 14496-12 8.16.3");
    /// An index says when its subsegments begin.
    SIDX_TIME = error("sidx-time", "ISO/IEC 14496-12 8.16.3");
    /// A stream access point has a type, and the sample is one.
    SIDX_SAP = warning("sidx-sap", "ISO/IEC 14496-12 8.16.3, Annex I");
    /// A random access point of `mfra` is a fragment of the file.
    TFRA = error("tfra", "ISO/IEC 14496-12 8.8.10");
    /// `mfra` is as long as its last box says, by which it is found from the end of the file.
    MFRO = error("mfro", "ISO/IEC 14496-12 8.8.11");
    /// A CMAF track file has one track, and fragments of one `moof` with one `traf` with `default-base-is-moof`.
    CMAF = error("cmaf", "ISO/IEC 23000-19 7.3, 7.5");
    /// `cmf2`: composition is shown by signed offsets, pictures have no edit list.
    CMF2 = error("cmf2", "ISO/IEC 23000-19 7.7");
    /// So much that not all of it was looked at.
    NOT_EXAMINED = note("not-examined", "limit of this checker");
}
