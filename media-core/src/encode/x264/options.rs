//! What only libx264 knows, as types.

use std::ffi::CStr;

#[cfg(doc)]
use crate::encode::{Config, Latency};

/// What only libx264 knows. The default is that of the library: preset `medium`, everything else left to it.
///
/// ```
/// use media_core::encode::x264::{Options, Preset, Profile, Tune};
/// let options = Options {
///     preset: Preset::Veryfast,
///     tune: Some(Tune::Film),
///     profile: Some(Profile::Main),
///     level: Some(31),
///     params: vec![("ref".into(), "2".into()), ("b-adapt".into(), "1".into())],
///     ..Options::default()
/// };
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Speed against bits for the same quality; [`Preset::Medium`] by default. C: `x264_param_default_preset`.
    pub preset: Preset,
    /// What kind of pictures these are; `None` for no kind. C: `x264_param_default_preset`.
    pub tune: Option<Tune>,
    /// The most a decoder has to know: tools beyond it are turned off, also those that preset or `params` ask for. `None` for what the
    /// settings need. C: `x264_param_apply_profile`.
    pub profile: Option<Profile>,
    /// The level times ten: 31 is level 3.1, 9 is level 1b. A stream that would exceed it is refused. `None` for the lowest that holds
    /// it. C: `i_level_idc`.
    pub level: Option<u8>,
    /// What the stream signals of the hypothetical reference decoder, H.264 Annex C; nothing by default. C: `i_nal_hrd`.
    pub hrd: NalHrd,
    /// What a decoder is to cut off the pictures; nothing by default. [`Config::size`] counts what is coded, the
    /// [codec configuration](crate::encode::Encoder::codec_config) what is shown. C: `crop_rect`.
    pub crop: Crop,
    /// Lets frames say which blocks show what they showed in the frame before, for
    /// [`Block::Unchanged`](crate::encode::Block::Unchanged); off by default, since the encoder then keeps more of each picture. It uses
    /// what it is told in P-frames right after the frame they refer to, without weighted prediction: for screens, with
    /// [`Latency::Realtime`], [`KeyFrames::OnlyForced`](crate::encode::KeyFrames::OnlyForced) and `("weightp", "0")`. C: `analyse.b_mb_info`.
    pub unchanged_blocks: bool,
    /// Looks as closely in a [first pass](crate::encode::Pass::First) as in the second; off by default, since the statistics are hardly
    /// better. [`Preset::Placebo`] does so anyway, as the `x264` program. C: no `x264_param_apply_fastfirstpass`.
    pub slow_first_pass: bool,
    /// Further options by the names and values of the `x264` program's long options without the dashes: `("aq-mode", "3")`. They are
    /// applied in order and checked by `x264_param_parse`; one that would change what a field of [`Config`] or of this type says, or
    /// that reads or writes files, is refused.
    pub params: Vec<(String, String)>,
}

/// Speed against bits for the same quality, from fastest to slowest; each step costs about 1.5 to 2 times the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // x264's own names say all there is to say.
pub enum Preset {
    Ultrafast,
    Superfast,
    Veryfast,
    Faster,
    Fast,
    #[default]
    Medium,
    Slow,
    Slower,
    Veryslow,
    Placebo,
}

/// What kind of pictures these are. x264's `zerolatency` is [`Latency::Realtime`] here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tune {
    /// Filmed: keeps detail.
    Film,
    /// Drawn: large even areas.
    Animation,
    /// Keeps film grain.
    Grain,
    /// Slide shows.
    StillImage,
    /// For measuring PSNR: worse to the eye.
    Psnr,
    /// For measuring SSIM: worse to the eye.
    Ssim,
    /// Turns off what costs a decoder time.
    FastDecode,
}

/// What a decoder has to know, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// No B-frames, no CABAC: `avc1.42`.
    Baseline,
    /// `avc1.4d`.
    Main,
    /// With the 8x8 transform, and grey pictures: `avc1.64`, what browsers and televisions play.
    High,
    /// With up to 10 bits: `avc1.6e`.
    High10,
    /// With chroma halved in one direction only: `avc1.7a`.
    High422,
    /// With whole chroma, and lossless: High 4:4:4 Predictive, `avc1.f4`.
    High444,
}

/// What a stream signals of the hypothetical reference decoder: its rate and buffer in the parameter sets, when the buffer is filled and
/// pictures leave it in messages (SEI), and as [`Picture::hrd`](crate::encode::Picture::hrd). For broadcast and Blu-ray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NalHrd {
    /// Nothing.
    #[default]
    None,
    /// That the rate may fall below its peak. Needs a buffer: [`CappedQuality`](crate::encode::RateControl::CappedQuality),
    /// [`Constrained`](crate::encode::RateControl::Constrained) or [`Constant`](crate::encode::RateControl::Constant).
    Vbr,
    /// That the rate never changes: packets are filled up with filler NAL units, which no muxer should drop. Needs
    /// [`Constant`](crate::encode::RateControl::Constant).
    Cbr,
}

/// Pixels that a decoder cuts off at each side, as many as chroma samples reach: even numbers where chroma is halved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The sides of a picture.
pub struct Crop {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
}

impl Preset {
    pub(super) const fn name(self) -> &'static CStr {
        match self {
            Self::Ultrafast => c"ultrafast",
            Self::Superfast => c"superfast",
            Self::Veryfast => c"veryfast",
            Self::Faster => c"faster",
            Self::Fast => c"fast",
            Self::Medium => c"medium",
            Self::Slow => c"slow",
            Self::Slower => c"slower",
            Self::Veryslow => c"veryslow",
            Self::Placebo => c"placebo",
        }
    }
}

impl Tune {
    pub(super) const fn name(self) -> &'static CStr {
        match self {
            Self::Film => c"film",
            Self::Animation => c"animation",
            Self::Grain => c"grain",
            Self::StillImage => c"stillimage",
            Self::Psnr => c"psnr",
            Self::Ssim => c"ssim",
            Self::FastDecode => c"fastdecode",
        }
    }
}

impl Profile {
    pub(super) const fn name(self) -> &'static CStr {
        match self {
            Self::Baseline => c"baseline",
            Self::Main => c"main",
            Self::High => c"high",
            Self::High10 => c"high10",
            Self::High422 => c"high422",
            Self::High444 => c"high444",
        }
    }
}
