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

/// What a decoder has to know, from least to most. Profiles of more than 8 bits or other than halved chroma come with the pixel formats
/// that need them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// No B-frames, no CABAC: `avc1.42`.
    Baseline,
    /// `avc1.4d`.
    Main,
    /// With the 8x8 transform: `avc1.64`, what browsers and televisions play.
    High,
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
        }
    }
}
