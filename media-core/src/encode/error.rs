//! What can go wrong, by whose turn it is.

use crate::frame::{self, PixelFormat};
use crate::time::Timestamp;

/// Why an encoder was not opened or did not take a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller: a value out of its range, or against another one.
    #[error("configuration field {field}: {reason}")]
    Config {
        /// The field of [`Config`](super::Config) or of the codec's options.
        field: &'static str,
        /// What was found and what is possible.
        reason: String,
    },
    /// The caller: this codec cannot do what the field asks for.
    #[error("{codec} cannot do what configuration field {field} asks for: {reason}")]
    Unsupported {
        /// `libx264`, `VP8` or `VP9`.
        codec: &'static str,
        /// The field of [`Config`](super::Config) or of the codec's options.
        field: &'static str,
        /// What is possible instead.
        reason: String,
    },
    /// The system: the dynamic linker found another library than the compiler.
    #[error("{library} is not the version built for: {reason}")]
    Library {
        /// `libvpx`.
        library: &'static str,
        /// Both versions.
        reason: String,
    },
    /// The caller: a frame of another size or format than configured.
    #[error("frame of {found:?}, the encoder was opened for {expected:?}")]
    Frame {
        /// Size and format of the frame.
        found: ((u32, u32), PixelFormat),
        /// Size and format of the configuration.
        expected: ((u32, u32), PixelFormat),
    },
    /// The caller: samples beyond the bits of the format.
    #[error("{found}")]
    Samples {
        /// Where.
        found: frame::Error,
    },
    /// The caller: a timestamp that is not above the one before.
    #[error("timestamp {} is not above the last one, {}", found.ticks(), last.ticks())]
    Order {
        /// The timestamp pushed.
        found: Timestamp,
        /// The one before.
        last: Timestamp,
    },
    /// The caller: a timestamp so far from the first that the library's arithmetic would overflow.
    #[error("timestamp {} is more than {range} ticks from {}", found.ticks(), first.ticks())]
    Range {
        /// The timestamp pushed.
        found: Timestamp,
        /// The first one of the stream.
        first: Timestamp,
        /// The farthest possible, in ticks.
        range: i64,
    },
    /// The caller: packets are not taken out.
    #[error("{packets} packets wait to be polled")]
    Unpolled {
        /// How many.
        packets: usize,
    },
    /// The caller: another number of frames or streams than there are sizes.
    #[error("{found} frames or streams, there are {expected} sizes")]
    Streams {
        /// Given.
        found: usize,
        /// Needed.
        expected: usize,
    },
    /// The library refused or failed.
    #[error("{call} gave {code}: {detail}")]
    Codec {
        /// The C function.
        call: &'static str,
        /// What it returned.
        code: i64,
        /// The library's own words, empty when it had none.
        detail: String,
    },
    /// The library: parameter sets that cannot be read back.
    #[error("the encoder's own parameter sets do not parse: {reason}")]
    ParameterSets {
        /// What the parser says.
        reason: String,
    },
    /// The caller: what goes along with a frame is out of range, or nothing that this codec or configuration has means for.
    #[error("frame option {option}: {reason}")]
    FrameOption {
        /// The field of [`FrameOptions`](super::FrameOptions).
        option: &'static str,
        /// What was found and what is possible.
        reason: String,
    },
    /// The caller, or the library in silence: what a running encoder does not change.
    #[error("{field} of a running encoder cannot be changed: {reason}")]
    NotReconfigurable {
        /// The field of [`Change`](super::Change).
        field: &'static str,
        /// Why, and what is possible instead.
        reason: String,
    },
    /// The system: libx264's statistics go through files, and one could not be written or read.
    #[error("{call} of a file with statistics: {reason}")]
    File {
        /// What was tried.
        call: &'static str,
        /// The system's words.
        reason: String,
    },
    /// The library failed at an earlier call; the encoder can only be dropped.
    #[error("the encoder failed before")]
    Failed,
}
