//! What transport streams are held to: ISO/IEC 13818-1, a subset of ETSI TR 101 290, and HLS.

use crate::check::Rule;

rules! {
    /// Packets begin with 0x47, 188 bytes apart.
    SYNC = error("sync-byte", "ISO/IEC 13818-1 2.4.3.2, TR 101 290 1.1");
    /// The stream ends with a whole packet.
    TRUNCATED = warning("truncated", "ISO/IEC 13818-1 2.4.3.2");
    /// No packet is marked as damaged.
    DAMAGED = error("transport-error", "ISO/IEC 13818-1 2.4.3.3, TR 101 290 2.1");
    /// Continuity counters go on.
    CONTINUITY = error("continuity", "ISO/IEC 13818-1 2.4.3.3, TR 101 290 1.4");
    /// An adaptation field has the length it can have, and stuffing of 0xff.
    ADAPTATION = error("adaptation-field", "ISO/IEC 13818-1 2.4.3.4, 2.4.3.5");
    /// There are tables of programs, and what they name.
    PSI_MISSING = error("psi-missing", "ISO/IEC 13818-1 2.4.4, TR 101 290 1.3, 1.5");
    /// A section is as its length says, and its CRC is right.
    PSI_SECTION = error("psi-section", "ISO/IEC 13818-1 2.4.4");
    /// A table that changes has another version.
    PSI_VERSION = error("psi-version", "ISO/IEC 13818-1 2.4.4.5, 2.4.4.9");
    /// Tables come every 500 ms.
    PSI_INTERVAL = warning("psi-interval", "TR 101 290 1.3, 1.5");
    /// Every stream is in the tables.
    UNKNOWN_PID = note("unknown-pid", "TR 101 290 3.4");
    /// The clock is told every 100 ms.
    PCR_INTERVAL = error("pcr-interval", "ISO/IEC 13818-1 2.7.2");
    /// The clock should be told every 40 ms.
    PCR_SPARSE = warning("pcr-sparse", "TR 101 290 2.3");
    /// The clock does not jump without saying so.
    PCR_JUMP = error("pcr-jump", "ISO/IEC 13818-1 2.4.3.5, TR 101 290 2.3");
    /// What is to be decoded has come before it is due.
    PCR_LATE = error("pcr-after-dts", "ISO/IEC 13818-1 2.4.2.3");
    /// Nothing waits for more than ten seconds.
    PCR_EARLY = warning("pcr-before-dts", "ISO/IEC 13818-1 2.4.2.7");
    /// Times of presentation come every 700 ms.
    PTS_GAP = error("pts-gap", "ISO/IEC 13818-1 2.7.4, TR 101 290 2.5");
    /// Times of decoding increase, and are not later than those of presentation.
    DTS_ORDER = error("dts-order", "ISO/IEC 13818-1 2.4.3.7, 2.7.5");
    /// A PES packet begins as it must.
    PES_HEADER = error("pes-header", "ISO/IEC 13818-1 2.4.3.7");
    /// Only pictures may leave out the length of a PES packet, and a length is right.
    PES_LENGTH = error("pes-length", "ISO/IEC 13818-1 2.4.3.7");
    /// The first packet of a key picture says so.
    RANDOM_ACCESS = warning("random-access", "ISO/IEC 13818-1 2.4.3.5");
    /// What says that decoding can start there is a key picture.
    RANDOM_ACCESS_FALSE = warning("random-access-false", "ISO/IEC 13818-1 2.4.3.5");
    /// A picture of H.264 or H.265 begins with a delimiter.
    DELIMITER = error("access-unit-delimiter", "ISO/IEC 13818-1 2.14.1, 2.17.1");
    /// Parameter sets stand before each key picture.
    SETS = warning("parameter-sets", "RFC 8216bis 3.1.1, ISO/IEC 13818-1 2.14.1");
    /// AAC comes in ADTS frames, one behind the other.
    ADTS = error("adts", "ISO/IEC 13818-7 6.2, 14496-3 1.A.2");
    /// A segment of HLS begins with the tables.
    SEGMENT_START = error("segment-start", "RFC 8216bis 3.1.1");
    /// So much that not all of it was looked at.
    NOT_EXAMINED = note("not-examined", "limit of this checker");
}
