//! What goes along with one frame.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;

use super::Regions;

/// What goes along with one frame. What a codec has no means for is refused by [`push`](super::Encoder::push), with the reason.
///
/// ```
/// use media_core::encode::{FrameOptions, FrameType, Sei};
/// let options = FrameOptions {
///     frame_type: FrameType::Key,
///     sei: vec![Sei::user_data([7; 16], b"camera 4")],
///     ..FrameOptions::default()
/// };
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameOptions {
    /// What the frame has to become; the encoder's choice by default.
    pub frame_type: FrameType,
    /// How long it is shown, in ticks; `None` for one period of the frame rate. It becomes the packet's; libvpx goes by it in rate control.
    pub duration: Option<NonZeroU32>,
    /// Its quantizer; rate control's choice by default.
    pub quantizer: Quantizer,
    /// Which blocks matter more, or less, or have not changed; `None` where all are alike. libvpx keeps a map until the next one, so
    /// that `None` takes it away again.
    pub regions: Option<Arc<Regions>>,
    /// Messages that go into the access unit, in this order. libx264: `extra_sei`.
    pub sei: Vec<Sei>,
    /// Which of its reference frames libvpx may read and overwrite; all by default.
    pub references: References,
}

impl FrameOptions {
    /// A key frame.
    pub const KEY: Self = Self {
        frame_type: FrameType::Key,
        duration: None,
        quantizer: Quantizer::Auto,
        regions: None,
        sei: Vec::new(),
        references: References::ALL,
    };
}

/// What a frame has to become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameType {
    /// What the encoder likes. libx264: `X264_TYPE_AUTO`.
    #[default]
    Auto,
    /// A key frame that nothing refers across (H.264: IDR). libx264: `X264_TYPE_IDR`; libvpx: `VPX_EFLAG_FORCE_KF`.
    Key,
    /// Without reference to other frames, but no place to start at: frames after it may refer to some before. libx264: `X264_TYPE_I`.
    Intra,
    /// Predicted from frames before. libx264: `X264_TYPE_P`.
    P,
    /// Predicted from both sides, and no reference itself. libx264: `X264_TYPE_B`.
    B,
    /// Predicted from both sides, and a reference for other B-frames. libx264: `X264_TYPE_BREF`.
    BReference,
}

/// The quantizer of one frame, on the scale of [`RateControl`](super::RateControl).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quantizer {
    /// What rate control says.
    #[default]
    Auto,
    /// This one. libx264: `i_qpplus1`.
    Fixed(u8),
    /// So many steps more (worse) or less than rate control says. libx264: an offset for each macroblock, as with
    /// [`Regions`](super::Regions).
    Offset(i8),
}

/// Supplemental enhancement information: a message beside the picture, H.264 Annex D. libx264 writes it into the packet in front of the slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sei {
    /// The type of the payload, H.264 table in D.1.1: 4 is what ITU-T T.35 registers (captions), 5 anyone's.
    pub payload_type: u32,
    /// The payload, before emulation prevention.
    pub payload: Bytes,
}

impl Sei {
    /// A message of one's own, named by a UUID: `user_data_unregistered`, H.264 D.1.7.
    pub fn user_data(uuid: [u8; 16], data: &[u8]) -> Self {
        Self { payload_type: 5, payload: [&uuid[..], data].concat().into() }
    }

    /// A registered message, `data` beginning with the country code of ITU-T T.35: `user_data_registered_itu_t_t35`, H.264 D.1.6. Captions
    /// of ATSC A/53 begin with `B5 00 31 47 41 39 34`.
    pub fn registered(data: impl Into<Bytes>) -> Self {
        Self { payload_type: 4, payload: data.into() }
    }
}

/// What a VP8 or VP9 frame may do with the three reference frames: the last one, the golden one and the alternate one. libvpx:
/// `VP8_EFLAG_NO_REF_*`, `VP8_EFLAG_NO_UPD_*`, `VP8_EFLAG_FORCE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct References {
    /// The frame before, usually.
    pub last: Reference,
    /// One from farther back.
    pub golden: Reference,
    /// One from farther back or ahead.
    pub alternate: Reference,
}

impl References {
    /// As rate control likes.
    pub const ALL: Self = Self { last: Reference::AUTO, golden: Reference::AUTO, alternate: Reference::AUTO };
}

impl Default for References {
    fn default() -> Self {
        Self::ALL
    }
}

/// What a frame may do with one reference frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Whether it may be predicted from.
    pub read: bool,
    /// Whether the new frame takes its place.
    pub update: Update,
}

impl Reference {
    /// As the encoder likes.
    pub const AUTO: Self = Self { read: true, update: Update::Auto };
    /// Predicted from, and left as it is.
    pub const KEEP: Self = Self { read: true, update: Update::Never };
    /// Neither read nor overwritten.
    pub const UNUSED: Self = Self { read: false, update: Update::Never };
}

/// Whether a new frame takes the place of a reference frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Update {
    /// As the encoder likes.
    #[default]
    Auto,
    /// No. libvpx: `VP8_EFLAG_NO_UPD_*`.
    Never,
    /// Yes; of the last frame that is the rule anyway. libvpx: `VP8_EFLAG_FORCE_*`.
    Always,
}
