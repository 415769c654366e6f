//! What an encoder is asked for: one vocabulary for all codecs, and a part of its own for each library.

use std::num::NonZeroU32;

#[cfg(feature = "vpx")]
use super::vpx;
#[cfg(feature = "x264")]
use super::x264;
use super::{Error, Pass, Quality, RateControl};
use crate::codec::{ContentLight, MasteringDisplay};
use crate::frame::{Colour, PixelFormat};
use crate::time::TimeBase;
use crate::track::TrackId;

/// What an [`Encoder`](super::Encoder) is opened with: [`new`](Self::new) takes what has no default, the rest are public fields.
///
/// C fields are named for libx264 (`x264_param_t`) and libvpx (`vpx_codec_enc_cfg_t`, controls of `vp8cx.h`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The library and what only it knows.
    pub codec: Codec,
    /// Width and height of the pictures in pixels. libx264 (`i_width`, `i_height`) needs an even side wherever chroma is halved, since
    /// H.264 cannot say anything else; VP8 takes up to 16,383, VP9 and libx264 up to 16,384 here. libvpx: `g_w`, `g_h`.
    pub size: (u32, u32),
    /// How samples lie; [`PixelFormat::I420`] by default. libx264 (`i_csp`, `i_bitdepth`) and VP9 (`g_profile`, `g_bit_depth`) take every
    /// one, of which only [`PixelFormat::P010`] is copied for them; VP8 takes those of 8 bits with halved chroma. libvpx has no grey: it codes [`PixelFormat::Gray`] with chroma in the middle, which costs next to nothing.
    pub format: PixelFormat,
    /// What the sample values mean, written into the stream; [`Colour::UNSPECIFIED`] by default. libx264: `vui.i_colorprim`,
    /// `i_transfer`, `i_colmatrix`, `b_fullrange`; VP9: `VP9E_SET_COLOR_SPACE`, `VP9E_SET_COLOR_RANGE`, which can say the matrix only;
    /// VP8 cannot say anything, so anything but the default is refused.
    pub colour: Colour,
    /// The unit of the timestamps pushed and of the packets. libx264: `i_timebase_num`, `i_timebase_den`; libvpx: `g_timebase`.
    pub time_base: TimeBase,
    /// Pictures per second. libx264: `i_fps_num`, `i_fps_den`. libvpx learns the rate from timestamps; there it gives the duration of
    /// frames pushed without one.
    pub frame_rate: FrameRate,
    /// Whether the pictures keep to [`frame_rate`](Self::frame_rate); [`Timing::Constant`] by default.
    pub timing: Timing,
    /// How many bits go where; constant quality by default (libx264 23, VP9 32, VP8 20).
    pub rate: RateControl,
    /// Where key frames stand; [`KeyFrames::Auto`] with at most 250 frames between them by default.
    pub key_frames: KeyFrames,
    /// How many frames the encoder may hold back; [`Latency::Unlimited`] by default.
    pub latency: Latency,
    /// [`Threads::Auto`] by default.
    pub threads: Threads,
    /// Which pass over the frames this is; [`Pass::Single`] by default.
    pub pass: Pass,
    /// What to measure of each picture; nothing by default.
    pub metrics: Metrics,
    /// The display that high dynamic range was graded on; `None` for not saying. libx264: `mastering_display`, an SEI message; VP8 and VP9
    /// have no place for it, the container has.
    pub mastering_display: Option<MasteringDisplay>,
    /// The brightest there is in the stream; `None` for not saying. libx264: `content_light_level`; VP8 and VP9 as above.
    pub content_light: Option<ContentLight>,
    /// The track that packets say they belong to; 1 by default.
    pub track: TrackId,
}

impl Config {
    /// What has no default: the codec with its options, width and height in pixels, the unit of the timestamps, and the frame rate.
    pub fn new(
        codec: impl Into<Codec>,
        size: (u32, u32),
        time_base: TimeBase,
        frame_rate: FrameRate,
    ) -> Self {
        let codec = codec.into();
        Self {
            rate: RateControl::Quality { q: Quality::from(codec.default_quality()) },
            codec,
            size,
            format: PixelFormat::I420,
            colour: Colour::UNSPECIFIED,
            time_base,
            frame_rate,
            timing: Timing::Constant,
            key_frames: KeyFrames::Auto { max: 250 },
            latency: Latency::Unlimited,
            threads: Threads::Auto,
            pass: Pass::Single,
            metrics: Metrics::default(),
            mastering_display: None,
            content_light: None,
            track: TrackId::new(1).expect("one is not zero"),
        }
    }

    /// What no codec could make sense of, and bit rates brought to the kbit/s both libraries count in.
    pub(super) fn checked(mut self) -> Result<Self, Error> {
        self.rate = self.rate.in_kilobits()?;
        let (KeyFrames::Auto { max: every } | KeyFrames::Fixed { every } | KeyFrames::IntraRefresh { every }) =
            self.key_frames
        else {
            return Ok(self);
        };
        if !(1..=MAX_KEY_DISTANCE).contains(&every) {
            let reason = format!("{every} frames, possible are 1 to {MAX_KEY_DISTANCE}");
            return Err(Error::Config { field: "key_frames", reason });
        }
        Ok(self)
    }

    /// How long a frame lasts that was pushed without a duration: one period of the frame rate, to the nearest tick and at least one.
    pub(super) fn frame_ticks(&self) -> u32 {
        let FrameRate { num, den } = self.frame_rate;
        let ticks = u128::from(den.get()) * u128::from(self.time_base.den());
        let per = u128::from(num.get()) * u128::from(self.time_base.num());
        u32::try_from((ticks + per / 2) / per).unwrap_or(u32::MAX).max(1)
    }
}

/// The library that encodes, with the options only it has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// H.264 by libx264. **GPL-2.0-or-later**: a program with this feature is under the GPL as a whole.
    #[cfg(feature = "x264")]
    X264(x264::Options),
    /// VP8 or VP9 by libvpx.
    #[cfg(feature = "vpx")]
    Vpx(vpx::Options),
}

impl Codec {
    const fn default_quality(&self) -> u8 {
        match self {
            #[cfg(feature = "x264")]
            Self::X264(_) => 23,
            #[cfg(feature = "vpx")]
            Self::Vpx(options) => options.codec.default_quality(),
        }
    }
}

#[cfg(feature = "x264")]
impl From<x264::Options> for Codec {
    fn from(options: x264::Options) -> Self {
        Self::X264(options)
    }
}

#[cfg(feature = "vpx")]
impl From<vpx::Options> for Codec {
    fn from(options: vpx::Options) -> Self {
        Self::Vpx(options)
    }
}

/// Pictures per second as a fraction: 30000/1001 is NTSC's 29.97.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameRate {
    num: NonZeroU32,
    den: NonZeroU32,
}

impl FrameRate {
    /// `num / den` pictures per second; `None` when either is zero.
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        match (NonZeroU32::new(num), NonZeroU32::new(den)) {
            (Some(num), Some(den)) => Some(Self { num, den }),
            _ => None,
        }
    }

    /// `rate` pictures per second.
    ///
    /// # Panics
    /// When `rate` is zero; meant for constants. Use [`FrameRate::new`] for a rate that comes from outside.
    pub const fn hz(rate: u32) -> Self {
        match Self::new(rate, 1) {
            Some(rate) => rate,
            None => panic!("a frame rate of 0 Hz"),
        }
    }

    /// Numerator: with a denominator of 1, the pictures per second.
    pub const fn num(self) -> u32 {
        self.num.get()
    }

    /// Denominator.
    pub const fn den(self) -> u32 {
        self.den.get()
    }
}

/// What the encoder measures of each picture, against the source: at the cost of some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metrics {
    /// The peak signal-to-noise ratio. libx264: `analyse.b_psnr`, not of grey pictures; libvpx: `VPX_CODEC_USE_PSNR`.
    pub psnr: bool,
    /// The structural similarity. libx264: `analyse.b_ssim`; refused by libvpx, which has none.
    pub ssim: bool,
}

/// Whether pictures come at an even pace. libx264: `b_vfr_input`. libvpx goes by the timestamps always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Timing {
    /// At the frame rate, a lost one now and then excepted: rate control counts frames, and the stream's headers say the rate.
    #[default]
    Constant,
    /// Whenever: rate control and headers go by the timestamps.
    Variable,
}

/// Where decoding can start. The first frame always is a key frame, and so is each that
/// [asks for it](super::FrameType::Key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyFrames {
    /// Where the scene changes, and `max` frames after the last one at the latest: for files. libx264: `i_keyint_max`; libvpx:
    /// `kf_max_dist`, `kf_mode = VPX_KF_AUTO`.
    Auto {
        /// Frames, 1 to 2^30 - 1.
        max: u32,
    },
    /// `every` frames after the last one and nowhere else: for segments of equal length. libx264: `i_keyint_max = i_keyint_min`,
    /// `i_scenecut_threshold = 0`; libvpx: `kf_mode = VPX_KF_DISABLED` and `VPX_EFLAG_FORCE_KF`.
    Fixed {
        /// Frames, 1 to 2^30 - 1.
        every: u32,
    },
    /// Only the first one. Instead, a column of intra blocks wanders over the picture within `every` frames, so that no frame is much
    /// larger than others: for the lowest latency through a pipe of fixed width. libx264: `b_intra_refresh`; refused by libvpx. Where a
    /// round begins, [`Key::Roll`](crate::packet::Key::Roll) says how many pictures later all is whole.
    IntraRefresh {
        /// Frames, 1 to 2^30 - 1.
        every: u32,
    },
    /// Nowhere else: for segmenters that force them, and for the rungs of a ladder. libx264: `i_keyint_max` infinite,
    /// `i_scenecut_threshold = 0`; libvpx: `kf_mode = VPX_KF_DISABLED`.
    OnlyForced,
}

/// How many frames may go in before the packet of the first comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Latency {
    /// None: each frame's packet comes out before the next goes in. libx264: tune `zerolatency` (no B-frames, no lookahead, threads
    /// on slices of one picture); libvpx: `g_lag_in_frames = 0`.
    Realtime,
    /// At most so many. libx264: lookahead, B-frames and frame threads are cut down until they fit, and
    /// [`Encoder::delay`](super::Encoder::delay) says what came of it; libvpx: `g_lag_in_frames`, at most 25.
    Frames(u32),
    /// As many as the settings like: for files. libx264: by preset, up to 60 and more; libvpx: 25, but none for VP8 in real time.
    #[default]
    Unlimited,
}

/// How many threads the library starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Threads {
    /// As many as it likes. libx264: 1.5 for each processor; VP9: up to 8, of which it uses what tiles and rows allow; VP8: one.
    #[default]
    Auto,
    /// So many: 1 to 64. libx264: `i_threads`; libvpx: `g_threads`.
    Count(u8),
}

impl Threads {
    /// The number, 0 for the library's choice.
    pub(super) fn count(self) -> Result<u8, Error> {
        match self {
            Self::Auto => Ok(0),
            Self::Count(count @ 1..=MAX_THREADS) => Ok(count),
            Self::Count(count) => {
                let reason = format!("{count}, possible are 1 to {MAX_THREADS}");
                Err(Error::Config { field: "threads", reason })
            }
        }
    }
}

/// libx264 reads more (`X264_KEYINT_MAX_INFINITE`, 2^30) as never.
pub(super) const MAX_KEY_DISTANCE: u32 = (1 << 30) - 1;
/// `MAX_NUM_THREADS` of libvpx; libx264 would take 128.
const MAX_THREADS: u8 = 64;

#[cfg(test)]
#[cfg(feature = "x264")]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::new(x264::Options::default(), (64, 64), TimeBase::VIDEO, FrameRate::hz(25))
    }

    #[test]
    fn a_frame_lasts_one_period_to_the_nearest_tick() {
        let ticks = |time_base, frame_rate| Config { time_base, frame_rate, ..config() }.frame_ticks();
        assert_eq!(ticks(TimeBase::VIDEO, FrameRate::hz(25)), 3600);
        assert_eq!(ticks(TimeBase::hz(1000), FrameRate::hz(30)), 33);
        assert_eq!(ticks(TimeBase::hz(1000), FrameRate::new(30_000, 1001).unwrap()), 33);
        assert_eq!(ticks(TimeBase::hz(1), FrameRate::hz(60)), 1);
        assert_eq!(ticks(TimeBase::NANOS, FrameRate::new(1, u32::MAX).unwrap()), u32::MAX);
    }

    #[test]
    fn bit_rates_are_rounded_to_kilobits_and_kept_in_range() {
        let rate = |rate| Config { rate, ..config() }.checked().map(|config| config.rate);
        assert_eq!(rate(RateControl::Average { bitrate: 1500 }), Ok(RateControl::Average { bitrate: 2000 }));
        for bitrate in [0, 999, super::super::rate_control::MAX_BITRATE + 1, u32::MAX] {
            assert!(rate(RateControl::Average { bitrate }).is_err());
        }
        let refused = rate(RateControl::Constrained { bitrate: 2_000_000, max: 1_000_000, buffer_ms: 1000 });
        assert_eq!(
            refused.unwrap_err().to_string(),
            "configuration field rate: bitrate 2000000 is above max 1000000"
        );
        assert!(rate(RateControl::Constant { bitrate: 1_000_000, buffer_ms: 0 }).is_err());
    }

    #[test]
    fn key_distances_begin_at_one_frame() {
        for every in [0, 1 << 30] {
            let config = Config { key_frames: KeyFrames::Fixed { every }, ..config() };
            assert!(matches!(config.checked(), Err(Error::Config { field: "key_frames", .. })));
        }
    }
}
