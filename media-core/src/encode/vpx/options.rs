//! What only libvpx knows, as types.

use std::ffi::c_ulong;

use vpx_sys as c;

use super::layers::Layers;

/// What only libvpx knows: [`vp8`](Self::vp8) or [`vp9`](Self::vp9) gives values for live encoding.
///
/// `None` leaves a thing to libvpx. What the codec chosen does not have is refused when it is not left alone.
///
/// ```
/// use media_core::encode::vpx::{AltRef, Content, Deadline, Options};
/// let for_files = Options {
///     deadline: Deadline::Good,
///     cpu_used: 2,
///     alt_ref: AltRef { max_frames: Some(7), strength: Some(4), ..AltRef::DEFAULT },
///     ..Options::vp9()
/// };
/// let for_screens = Options { content: Content::Screen, ..Options::vp9() };
/// # let _ = (for_files, for_screens);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which of the two.
    pub codec: Codec,
    /// How much time a frame may take; [`Deadline::Realtime`] by default.
    pub deadline: Deadline,
    /// Speed against bits for the same quality. VP9: -9 to 9, 8 by default; in real time 5 to 9 make a difference, otherwise 0 to 5. VP8:
    /// -16 to 16, -8 by default; in real time a positive value is a share of processor time that libvpx *measures itself*, so that the
    /// stream depends on the machine's load, while a negative one is a fixed speed. C: `VP8E_SET_CPUUSED`.
    pub cpu_used: i8,
    /// VP9: two to this power columns that are coded on their own, 0 to 6, 0 by default. Columns have at least 256 pixels, so narrow
    /// pictures get fewer; the configuration in effect says how many. C: `VP9E_SET_TILE_COLUMNS`.
    pub tile_columns: u8,
    /// VP9: two to this power rows, 0 to 2, 0 by default. C: `VP9E_SET_TILE_ROWS`.
    pub tile_rows: u8,
    /// VP9: lets threads work on rows of blocks, so that they are of use without tiles; on by default. C: `VP9E_SET_ROW_MT`.
    pub row_mt: bool,
    /// How far rate control may go; [`Bounds::DEFAULT`] by default.
    pub bounds: Bounds,
    /// Leaves frames out when the decoder's buffer is filled to less than so many percent, 0 (never, the default) to 100; with
    /// [`Constant`](crate::encode::RateControl::Constant) only. [`Report::dropped`](crate::encode::Report::dropped) counts them. C:
    /// `rc_dropframe_thresh`.
    pub drop_frames: u8,
    /// VP9, with `drop_frames`: also leaves out a frame that came out too large. C: `VP9E_SET_POSTENCODE_DROP`.
    pub drop_after_coding: bool,
    /// Frames from ahead as references; [`AltRef::DEFAULT`] by default.
    pub alt_ref: AltRef,
    /// VP9: what varies the quantizer within a picture; [`Aq::None`] by default. C: `VP9E_SET_AQ_MODE`.
    pub aq: Aq,
    /// What the pictures show; [`Content::Camera`] by default. C: VP8 `VP8E_SET_SCREEN_CONTENT_MODE`, VP9 `VP9E_SET_TUNE_CONTENT`.
    pub content: Content,
    /// What is measured to be small; [`Tuning::Psnr`] by default. C: `VP8E_SET_TUNING`.
    pub tuning: Tuning,
    /// The strength of the denoiser, VP8 0 (off, the default) to 4, VP9 0 to 6 (of which all but 0 say on). C: `VP8E_SET_NOISE_SENSITIVITY`,
    /// `VP9E_SET_NOISE_SENSITIVITY`.
    pub noise_sensitivity: u8,
    /// Keeps the loop filter off edges, 0 (the default) to 7. C: `VP8E_SET_SHARPNESS`.
    pub sharpness: u8,
    /// Blocks that differ by less are taken from the frame before, 0 (the default) to 1,000,000: for cameras that stand still. C:
    /// `VP8E_SET_STATIC_THRESHOLD`.
    pub static_threshold: u32,
    /// VP8: two to this power parts of a frame that a decoder can work on at once, 0 (the default) to 3. C: `VP8E_SET_TOKEN_PARTITIONS`.
    pub token_partitions: u8,
    /// What a lost frame may do; [`Resilience::None`] by default, which layers of VP9 make [`Resilience::Frames`]. C: `g_error_resilient`.
    pub resilience: Resilience,
    /// VP9: frames that do not take over the statistics of the one before, so that decoders can work on several; libvpx: on.
    /// C: `VP9E_SET_FRAME_PARALLEL_DECODING`.
    pub frame_parallel: Option<bool>,
    /// VP9: the level times ten, such as 31, whose bounds on rate, tiles and reference distance are kept; not below what size and frame rate
    /// need. C: `VP9E_SET_TARGET_LEVEL`.
    pub target_level: Option<u8>,
    /// VP9: the size in pixels at which a player shows the picture; `None` for its own. C: `VP9E_SET_RENDER_SIZE`.
    pub render_size: Option<(u32, u32)>,
    /// VP9: steps that chroma is quantized coarser than luma, -15 to 15, 0 by default; since libvpx 1.9. C: `VP9E_SET_DELTA_Q_UV`.
    pub delta_q_uv: i8,
    /// VP9: which pictures the loop filter smooths; [`LoopFilter::All`] by default. C: `VP9E_SET_DISABLE_LOOPFILTER`.
    pub loop_filter: LoopFilter,
    /// Streams within the stream, by frame rate and by size; [`Layers::NONE`] by default.
    pub layers: Layers,
}

/// Which codec of libvpx.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 6386. One thread by default, no tiles.
    Vp8,
    /// Profile 0 to 3, as the pixel format needs.
    Vp9,
}

/// How much time a frame may take. C: the `deadline` of `vpx_codec_encode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// Little: for live streams, in one pass. C: `VPX_DL_REALTIME`.
    Realtime,
    /// Some: for files. C: `VPX_DL_GOOD_QUALITY`.
    Good,
    /// Any. C: `VPX_DL_BEST_QUALITY`.
    Best,
}

/// How far rate control may go; `None` for libvpx's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// The best quantizer, 0 to 63; libvpx: VP8 4, VP9 0. C: `rc_min_quantizer`.
    pub min_quantizer: Option<u8>,
    /// The worst quantizer, 0 to 63; libvpx: 63. C: `rc_max_quantizer`.
    pub max_quantizer: Option<u8>,
    /// Percent that the rate may fall short, 0 to 100; libvpx: VP8 100, VP9 25. C: `rc_undershoot_pct`.
    pub undershoot: Option<u8>,
    /// Percent that the rate may exceed, 0 to 100; libvpx: VP8 100, VP9 25. C: `rc_overshoot_pct`.
    pub overshoot: Option<u8>,
    /// In two passes, how much the rate follows the content, 0 (constant) to 100 percent; libvpx: 50. C: `rc_2pass_vbr_bias_pct`.
    pub bias: Option<u8>,
    /// In two passes, the least a part of the stream gets, percent of the rate; libvpx: 0. C: `rc_2pass_vbr_minsection_pct`.
    pub min_section: Option<u16>,
    /// In two passes, the most, percent; libvpx: VP8 400, VP9 2000. C: `rc_2pass_vbr_maxsection_pct`.
    pub max_section: Option<u16>,
    /// The most a key frame takes, percent of the average frame; libvpx: no bound. C: `VP8E_SET_MAX_INTRA_BITRATE_PCT`.
    pub max_key_frame: Option<u16>,
    /// VP9: the most another frame takes, likewise. C: `VP9E_SET_MAX_INTER_BITRATE_PCT`.
    pub max_inter_frame: Option<u16>,
    /// Percent that golden frames get more with a constant rate; libvpx: 0. C: `VP8E_SET_GF_CBR_BOOST_PCT`, `VP9E_SET_GF_CBR_BOOST_PCT`.
    pub golden_boost: Option<u16>,
}

impl Bounds {
    /// libvpx's own.
    pub const DEFAULT: Self = Self {
        min_quantizer: None,
        max_quantizer: None,
        undershoot: None,
        overshoot: None,
        bias: None,
        min_section: None,
        max_section: None,
        max_key_frame: None,
        max_inter_frame: None,
        golden_boost: None,
    };
}

/// Frames from ahead as references, which takes latency; `None` for libvpx's own.
///
/// VP9 packs such a hidden frame with the next one into a packet. VP8 cannot: there it is a packet of its own, a tick after the frame
/// before, with [`Picture::hidden`](crate::encode::Picture::hidden).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AltRef {
    /// VP8 0 or 1 (in two passes only), VP9 0 to 6: the layers of them; libvpx: VP8 0, VP9 1. In a second pass of VP9 with
    /// [`OnlyForced`](crate::encode::KeyFrames::OnlyForced) key frames there are none, since libvpx would forget some of those; with others,
    /// forcing one takes 0 here. C: `VP8E_SET_ENABLEAUTOALTREF`.
    pub layers: Option<u8>,
    /// Frames that are mixed for one, 0 to 15; libvpx: VP8 0, VP9 7. C: `VP8E_SET_ARNR_MAXFRAMES`.
    pub max_frames: Option<u8>,
    /// How strongly, 0 to 6; libvpx: VP8 3, VP9 5. C: `VP8E_SET_ARNR_STRENGTH`.
    pub strength: Option<u8>,
    /// VP9: the fewest frames between golden ones, 0 (no bound) to 24. C: `VP9E_SET_MIN_GF_INTERVAL`.
    pub min_interval: Option<u8>,
    /// VP9: the most, 0 (no bound) or 2 to 24, and 2 less than the frames it may look ahead. C: `VP9E_SET_MAX_GF_INTERVAL`.
    pub max_interval: Option<u8>,
    /// VP9: finer quantizers in them where it pays. C: `VP9E_SET_ALT_REF_AQ`.
    pub aq: Option<bool>,
    /// VP9: looks at how far each block is referred to; libvpx: on. C: `VP9E_SET_TPL`.
    pub tpl: Option<bool>,
}

impl AltRef {
    /// libvpx's own.
    pub const DEFAULT: Self = Self {
        layers: None,
        max_frames: None,
        strength: None,
        min_interval: None,
        max_interval: None,
        aq: None,
        tpl: None,
    };
}

/// What varies the quantizer within a VP9 picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Aq {
    /// Nothing.
    None = 0,
    /// How flat a block is.
    Variance = 1,
    /// How hard a block is to code.
    Complexity = 2,
    /// Which blocks have waited for long: for live streams of constant rate.
    CyclicRefresh = 3,
    /// How far from the equator of a sphere.
    Equator360 = 4,
    /// What is seen.
    Perceptual = 5,
}

/// What the pictures show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// The world.
    Camera,
    /// A screen: text, and motion only here and there.
    Screen,
    /// VP8: the same, and frames that come out too large are left out.
    ScreenBounded,
    /// VP9: a film, with grain.
    Film,
}

/// What is measured to be small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tuning {
    /// The squared error.
    Psnr,
    /// The loss of structure. VP8 only looks at it, and with [`Deadline::Realtime`] only.
    Ssim,
}

/// What a lost frame may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resilience {
    /// Anything, until the next key frame.
    None,
    /// Later frames stay decodable, if not whole: they do not take over its statistics. C: `VPX_ERROR_RESILIENT_DEFAULT`.
    Frames,
    /// VP8: the same, and within a frame for its partitions. C: `VPX_ERROR_RESILIENT_PARTITIONS` besides.
    Partitions,
}

/// Which pictures the loop filter of VP9 smooths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopFilter {
    /// All.
    All = 0,
    /// Those that others refer to.
    References = 1,
    /// None.
    Off = 2,
}

impl Options {
    /// VP8 in real time at speed -8.
    pub const fn vp8() -> Self {
        let mut options = Self::vp9();
        options.codec = Codec::Vp8;
        options.cpu_used = -8;
        options.row_mt = false;
        options
    }

    /// VP9 in real time at speed 8.
    pub const fn vp9() -> Self {
        Self {
            codec: Codec::Vp9,
            deadline: Deadline::Realtime,
            cpu_used: 8,
            tile_columns: 0,
            tile_rows: 0,
            row_mt: true,
            bounds: Bounds::DEFAULT,
            drop_frames: 0,
            drop_after_coding: false,
            alt_ref: AltRef::DEFAULT,
            aq: Aq::None,
            content: Content::Camera,
            tuning: Tuning::Psnr,
            noise_sensitivity: 0,
            sharpness: 0,
            static_threshold: 0,
            token_partitions: 0,
            resilience: Resilience::None,
            frame_parallel: None,
            target_level: None,
            render_size: None,
            delta_q_uv: 0,
            loop_filter: LoopFilter::All,
            layers: Layers::NONE,
        }
    }

    /// With as many columns as the picture is wide enough for.
    pub(super) fn in_effect(&self, size: (u32, u32)) -> Self {
        let columns = (size.0.div_ceil(64) / 4).max(1).ilog2();
        Self { tile_columns: self.tile_columns.min(columns as u8), ..self.clone() }
    }
}

impl Codec {
    /// The name errors use.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
        }
    }

    pub(in crate::encode) const fn default_quality(self) -> u8 {
        match self {
            Self::Vp8 => 20,
            Self::Vp9 => 32,
        }
    }
}

impl Deadline {
    pub(super) const fn value(self) -> c_ulong {
        match self {
            Self::Realtime => c::VPX_DL_REALTIME as c_ulong,
            Self::Good => c::VPX_DL_GOOD_QUALITY as c_ulong,
            Self::Best => c::VPX_DL_BEST_QUALITY as c_ulong,
        }
    }
}
