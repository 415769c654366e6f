//! What only libvpx knows, as types, and from [`Config`] to `vpx_codec_enc_cfg_t`.

use std::ffi::{c_int, c_uint, c_ulong};

use vpx_sys as c;

use super::Control;
use crate::codec::{self, vp8, vp9};
use crate::encode::{Config, Error, KeyFrames, Latency, Quality, RateControl};
use crate::frame::{Colour, PixelFormat};

/// What only libvpx knows: [`vp8`](Self::vp8) or [`vp9`](Self::vp9) gives values for live encoding.
///
/// ```
/// use media_core::encode::vpx::{Deadline, Options};
/// let for_files = Options { deadline: Deadline::Good, cpu_used: 2, ..Options::vp9() };
/// # let _ = for_files;
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
}

/// Which codec of libvpx.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 6386. One thread by default, no tiles.
    Vp8,
    /// Profile 0: 8 bits, halved chroma.
    Vp9,
}

/// How much time a frame may take. C: the `deadline` of `vpx_codec_encode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// Little: for live streams. C: `VPX_DL_REALTIME`.
    Realtime,
    /// Some: for files. C: `VPX_DL_GOOD_QUALITY`.
    Good,
    /// Any. C: `VPX_DL_BEST_QUALITY`.
    Best,
}

impl Options {
    /// VP8 in real time at speed -8.
    pub const fn vp8() -> Self {
        Self { codec: Codec::Vp8, cpu_used: -8, row_mt: false, ..Self::vp9() }
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
        }
    }

    /// What a decoder has to know.
    pub(super) fn codec_config(&self, config: &Config) -> Result<codec::Config, Error> {
        let (width, height) = config.size;
        let (num, den) = (config.frame_rate.num(), config.frame_rate.den());
        let refused = |found: String| Error::Config { field: "size", reason: found };
        if width > MAX_SIDE || height > MAX_SIDE {
            return Err(refused(format!("{width}x{height}, sides may be 1 to {MAX_SIDE}")));
        }
        match self.codec {
            Codec::Vp8 => {
                let config = vp8::Config::new(width, height).map_err(|found| refused(found.to_string()))?;
                Ok(codec::Config::Vp8(config.with_frame_rate(num, den)))
            }
            Codec::Vp9 => {
                let mut parts = vp9::Parts::new(width, height);
                parts.colour = (config.colour != Colour::UNSPECIFIED).then_some(config.colour);
                let config = vp9::Config::from_parts(parts).map_err(|found| refused(found.to_string()))?;
                Ok(codec::Config::Vp9(config.with_frame_rate(num, den)))
            }
        }
    }

    /// What is told before opening.
    pub(super) fn fill(&self, settings: &mut c::vpx_codec_enc_cfg_t, config: &Config) -> Result<(), Error> {
        if config.format != PixelFormat::I420 {
            return Err(self.unsupported("format", format!("{:?}, possible is I420", config.format)));
        }
        (settings.g_w, settings.g_h) = config.size;
        settings.g_timebase = time_base(config)?;
        settings.g_lag_in_frames = self.lag(config.latency);
        let threads = config.threads.count()?;
        if threads != 0 {
            settings.g_threads = threads.into();
        }
        set_key_frames(settings, config.key_frames);
        self.set_rate(settings, config.rate)
    }

    /// What is told after opening.
    pub(super) fn controls(&self, config: &Config) -> Result<Vec<(Control, c_int)>, Error> {
        let mut controls = vec![(Control::CPU_USED, self.checked_speed()?)];
        match config.rate {
            RateControl::Quality { q } | RateControl::CappedQuality { q, .. } => {
                controls.push((Control::CQ_LEVEL, c_int::from(whole(q)?)));
            }
            _ => {}
        }
        if self.codec == Codec::Vp8 {
            self.refuse_for_vp8(config.colour)?;
            return Ok(controls);
        }
        if self.tile_columns > 6 || self.tile_rows > 2 {
            let found = format!("2^{} by 2^{}, possible is 2^6 by 2^2", self.tile_columns, self.tile_rows);
            return Err(Error::Config { field: "tile_columns, tile_rows", reason: found });
        }
        let in_effect = self.in_effect(config.size);
        controls.extend([
            (Control::TILE_COLUMNS, in_effect.tile_columns.into()),
            (Control::TILE_ROWS, in_effect.tile_rows.into()),
            (Control::ROW_MT, self.row_mt.into()),
            (Control::COLOR_SPACE, colour_space(config.colour)?),
            (Control::COLOR_RANGE, config.colour.full_range.into()),
        ]);
        Ok(controls)
    }

    /// With as many columns as the picture is wide enough for.
    pub(super) fn in_effect(&self, size: (u32, u32)) -> Self {
        let columns = (size.0.div_ceil(64) / 4).max(1).ilog2();
        Self { tile_columns: self.tile_columns.min(columns as u8), ..self.clone() }
    }

    fn lag(&self, latency: Latency) -> c_uint {
        match latency {
            // VP8 in real time does not look ahead, whatever it is told.
            _ if (self.codec, self.deadline) == (Codec::Vp8, Deadline::Realtime) => 0,
            Latency::Realtime => 0,
            Latency::Frames(frames) => frames.min(MAX_LAG),
            Latency::Unlimited => MAX_LAG,
        }
    }

    fn set_rate(&self, settings: &mut c::vpx_codec_enc_cfg_t, rate: RateControl) -> Result<(), Error> {
        match rate {
            RateControl::Quality { q } => {
                whole(q)?;
                match self.codec {
                    Codec::Vp8 => {
                        settings.rc_end_usage = c::VPX_CQ;
                        settings.rc_target_bitrate = NO_CEILING;
                    }
                    Codec::Vp9 => settings.rc_end_usage = c::VPX_Q,
                }
            }
            RateControl::CappedQuality { q, max, buffer_ms } => {
                whole(q)?;
                settings.rc_end_usage = c::VPX_CQ;
                set_bitrate(settings, max, Some(buffer_ms));
            }
            RateControl::Average { bitrate } => {
                settings.rc_end_usage = c::VPX_VBR;
                set_bitrate(settings, bitrate, None);
            }
            RateControl::Constrained { .. } => {
                let reason = "libvpx bounds no peaks: take Constant or CappedQuality".to_owned();
                return Err(self.unsupported("rate", reason));
            }
            RateControl::Constant { bitrate, buffer_ms } => {
                settings.rc_end_usage = c::VPX_CBR;
                set_bitrate(settings, bitrate, Some(buffer_ms));
            }
            RateControl::Quantizer { qp } => {
                let qp = c_uint::from(in_scale(qp)?);
                settings.rc_end_usage = c::VPX_VBR;
                (settings.rc_min_quantizer, settings.rc_max_quantizer) = (qp, qp);
            }
            RateControl::Lossless => return Err(self.unsupported("rate", "not here yet".to_owned())),
        }
        Ok(())
    }

    fn checked_speed(&self) -> Result<c_int, Error> {
        let limit = match self.codec {
            Codec::Vp8 => 16,
            Codec::Vp9 => 9,
        };
        if self.cpu_used.unsigned_abs() <= limit {
            return Ok(self.cpu_used.into());
        }
        let reason = format!("{}, {} takes -{limit} to {limit}", self.cpu_used, self.codec.name());
        Err(Error::Config { field: "cpu_used", reason })
    }

    fn refuse_for_vp8(&self, colour: Colour) -> Result<(), Error> {
        let field = if self.row_mt {
            "row_mt"
        } else if self.tile_columns != 0 {
            "tile_columns"
        } else if self.tile_rows != 0 {
            "tile_rows"
        } else if colour != Colour::UNSPECIFIED {
            "colour"
        } else {
            return Ok(());
        };
        Err(self.unsupported(field, "its bitstream has no such thing".to_owned()))
    }

    fn unsupported(&self, field: &'static str, reason: String) -> Error {
        Error::Unsupported { codec: self.codec.name(), field, reason }
    }
}

impl Codec {
    /// The name errors use.
    const fn name(self) -> &'static str {
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

fn time_base(config: &Config) -> Result<c::vpx_rational_t, Error> {
    let (num, den) = (config.time_base.num(), config.time_base.den());
    if num > den || den > MAX_TIME_SCALE {
        let reason = format!("{num}/{den} s, libvpx takes up to 1 s in parts of up to 1/{MAX_TIME_SCALE}");
        return Err(Error::Config { field: "time_base", reason });
    }
    Ok(c::vpx_rational_t { num: num as c_int, den: den as c_int })
}

fn set_key_frames(settings: &mut c::vpx_codec_enc_cfg_t, policy: KeyFrames) {
    let (mode, min, max) = match policy {
        KeyFrames::Auto { max } => (c::VPX_KF_AUTO, 0, max),
        // Those at a fixed distance are forced.
        KeyFrames::Fixed { .. } | KeyFrames::OnlyForced | KeyFrames::IntraRefresh { .. } => {
            (c::VPX_KF_DISABLED, 0, NEVER)
        }
    };
    (settings.kf_mode, settings.kf_min_dist, settings.kf_max_dist) = (mode, min, max);
}

fn set_bitrate(settings: &mut c::vpx_codec_enc_cfg_t, bitrate: u32, buffer_ms: Option<u32>) {
    settings.rc_target_bitrate = bitrate / 1000;
    if let Some(buffer) = buffer_ms {
        settings.rc_buf_sz = buffer;
        // As full as the library's defaults (6000, 4000 and 5000 ms) have it.
        settings.rc_buf_initial_sz = buffer * 2 / 3;
        settings.rc_buf_optimal_sz = buffer * 5 / 6;
    }
}

/// The number that stands for a meaning; VP9 has one for the whole of it.
fn colour_space(colour: Colour) -> Result<c_int, Error> {
    let spaces = [
        (Colour::UNSPECIFIED, c::VPX_CS_UNKNOWN),
        (Colour::BT601_625, c::VPX_CS_BT_601),
        (Colour::BT709, c::VPX_CS_BT_709),
        (Colour::BT601_525, c::VPX_CS_SMPTE_170),
        (Colour::BT2020, c::VPX_CS_BT_2020),
    ];
    let studio = Colour { full_range: false, ..colour };
    let Some((_, space)) = spaces.into_iter().find(|(meaning, _)| *meaning == studio) else {
        let Colour { primaries, transfer, matrix, .. } = colour;
        let reason =
            format!("{primaries}/{transfer}/{matrix}, its bitstream can say BT.601, BT.709 and BT.2020");
        return Err(Error::Unsupported { codec: "VP9", field: "colour", reason });
    };
    Ok(space as c_int)
}

fn whole(q: Quality) -> Result<u8, Error> {
    match u8::try_from(q.in_tenths() / 10) {
        Ok(whole) if q.in_tenths().is_multiple_of(10) => in_scale(whole),
        _ => {
            Err(Error::Config { field: "rate", reason: format!("{q}, libvpx takes whole ones from 0 to 63") })
        }
    }
}

fn in_scale(q: u8) -> Result<u8, Error> {
    if q <= 63 {
        return Ok(q);
    }
    Err(Error::Config { field: "rate", reason: format!("{q}, libvpx takes 0 to 63") })
}

/// What hardware decoders of VP9 end at; VP8 ends one before it.
const MAX_SIDE: u32 = 16_384;
/// `MAX_LAG_BUFFERS`.
const MAX_LAG: u32 = 25;
/// The largest `g_timebase.den`.
const MAX_TIME_SCALE: u32 = 1_000_000_000;
/// Frames between key frames: libvpx looks at the distance even when it is to place none. At 60 Hz it is half a year.
const NEVER: u32 = 1 << 30;
/// kbit/s. VP8 has no quality without a rate; no picture it can code comes near this one.
const NO_CEILING: u32 = 200_000;
