//! From [`Config`] and [`Options`] to `vpx_codec_enc_cfg_t` and controls. What libvpx would change or ignore in silence is refused.

use std::ffi::{c_int, c_uint};

use vpx_sys as c;

use super::image;
use super::options::{Aq, Codec, Content, Deadline, LoopFilter, Options, Resilience, Tuning};
use crate::codec::{self, vp8, vp9};
use crate::encode::{Config, Error, KeyFrames, Latency, Pass, Quality, RateControl};
use crate::frame::{Chroma, Colour};

impl Options {
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
                parts.profile = image::profile(self.codec, config.format)?;
                parts.bit_depth = config.format.bit_depth();
                parts.subsampling = match config.format.chroma() {
                    Chroma::Halved | Chroma::Monochrome => vp9::Subsampling::Colocated420,
                    Chroma::HalvedHorizontally => vp9::Subsampling::Yuv422,
                    Chroma::Full => vp9::Subsampling::Yuv444,
                };
                parts.colour = (config.colour != Colour::UNSPECIFIED).then_some(config.colour);
                let config = vp9::Config::from_parts(parts).map_err(|found| refused(found.to_string()))?;
                Ok(codec::Config::Vp9(config.with_frame_rate(num, den)))
            }
        }
    }

    /// What is told before opening.
    pub(super) fn fill(&self, settings: &mut c::vpx_codec_enc_cfg_t, config: &Config) -> Result<(), Error> {
        self.refuse_what_is_not_there(config)?;
        settings.g_profile = image::profile(self.codec, config.format)?.into();
        settings.g_bit_depth = config.format.bit_depth().into();
        settings.g_input_bit_depth = config.format.bit_depth().into();
        (settings.g_w, settings.g_h) = config.size;
        settings.g_timebase = time_base(config)?;
        settings.g_lag_in_frames = self.lag(config);
        let threads = config.threads.count()?;
        if threads != 0 {
            settings.g_threads = threads.into();
        }
        settings.g_pass = match config.pass {
            Pass::Single => c::VPX_RC_ONE_PASS,
            Pass::First => c::VPX_RC_FIRST_PASS,
            Pass::Second(_) => c::VPX_RC_LAST_PASS,
        };
        settings.g_error_resilient = match self.resilience {
            Resilience::None => 0,
            Resilience::Frames => c::VPX_ERROR_RESILIENT_DEFAULT,
            Resilience::Partitions => c::VPX_ERROR_RESILIENT_DEFAULT | c::VPX_ERROR_RESILIENT_PARTITIONS,
        };
        settings.rc_dropframe_thresh = self.drop_frames.into();
        set_key_frames(settings, config);
        self.set_bounds(settings)?;
        self.set_rate(settings, config)
    }

    /// What of the configuration neither codec of libvpx, or the one chosen, has; each field by name.
    fn refuse_what_is_not_there(&self, config: &Config) -> Result<(), Error> {
        let nothing = "its bitstream has no such thing";
        if let KeyFrames::IntraRefresh { .. } = config.key_frames {
            return Err(self.unsupported("key_frames", "libvpx refreshes by key frames only"));
        }
        if config.mastering_display.is_some() {
            return Err(self.unsupported("mastering_display", "the container says it"));
        }
        if config.content_light.is_some() {
            return Err(self.unsupported("content_light", "the container says it"));
        }
        if config.metrics.ssim {
            return Err(self.unsupported("metrics", "libvpx measures psnr only"));
        }
        self.check_pass(config)?;
        self.check_drops(config)?;
        if self.codec == Codec::Vp9 {
            return self.refuse_for_vp9();
        }
        let alt_ref = self.alt_ref;
        let fields = [
            ("row_mt", self.row_mt),
            ("tile_columns", self.tile_columns != 0),
            ("tile_rows", self.tile_rows != 0),
            ("colour", config.colour != Colour::UNSPECIFIED),
            ("aq", self.aq != Aq::None),
            ("content", self.content == Content::Film),
            ("drop_after_coding", self.drop_after_coding),
            ("frame_parallel", self.frame_parallel.is_some()),
            ("target_level", self.target_level.is_some()),
            ("render_size", self.render_size.is_some()),
            ("delta_q_uv", self.delta_q_uv != 0),
            ("loop_filter", self.loop_filter != LoopFilter::All),
            ("bounds", self.bounds.max_inter_frame.is_some()),
            ("alt_ref", alt_ref.min_interval.is_some() || alt_ref.max_interval.is_some()),
            ("alt_ref", alt_ref.aq.is_some() || alt_ref.tpl.is_some()),
        ];
        // Where libvpx searches whole macroblocks it then reads behind the last column's contexts: seen by valgrind in 1.12.
        if self.tuning == Tuning::Ssim && self.deadline != Deadline::Realtime {
            return Err(self.unsupported("tuning", "libvpx has Ssim with deadline Realtime only"));
        }
        match fields.into_iter().find(|(_, asked)| *asked) {
            Some((field, _)) => Err(self.unsupported(field, nothing)),
            None => Ok(()),
        }
    }

    fn refuse_for_vp9(&self) -> Result<(), Error> {
        if self.token_partitions != 0 {
            return Err(self.unsupported("token_partitions", "it has tiles instead"));
        }
        if self.resilience == Resilience::Partitions {
            return Err(self.unsupported("resilience", "possible are None and Frames"));
        }
        if self.content == Content::ScreenBounded {
            return Err(self.unsupported("content", "possible are Camera, Screen and Film"));
        }
        Ok(())
    }

    fn check_pass(&self, config: &Config) -> Result<(), Error> {
        if config.pass == Pass::Single {
            return Ok(());
        }
        let refused = |reason: &str| Err(Error::Config { field: "pass", reason: reason.to_owned() });
        if self.deadline == Deadline::Realtime {
            return refused("two passes take deadline Good or Best");
        }
        if config.key_frames == (KeyFrames::Fixed { every: 1 }) {
            return refused("two passes have nothing to share out among key frames alone");
        }
        match config.rate {
            RateControl::Average { .. } | RateControl::Quality { .. } | RateControl::CappedQuality { .. } => {
                Ok(())
            }
            _ => refused("two passes take rate Average, Quality or CappedQuality"),
        }
    }

    /// What the rest of the configuration takes.
    ///
    /// Layers of VP9 must not take over statistics from those above. In a second pass, VP9 (libvpx 1.12) forgets a forced key frame that falls
    /// into the group of an alternate reference; where key frames come by force only, there are none.
    pub(super) fn fitted_to(&self, config: &Config) -> Result<Self, Error> {
        let mut options = self.clone();
        if self.codec == Codec::Vp9 && self.layers.are_some() && self.resilience == Resilience::None {
            options.resilience = Resilience::Frames;
        }
        if self.may_forget_keys(config) && config.key_frames == KeyFrames::OnlyForced {
            if let Some(layers @ 1..) = self.alt_ref.layers {
                let reason = format!("{layers} layers, a second pass with key_frames OnlyForced takes 0");
                return Err(Error::Config { field: "alt_ref", reason });
            }
            options.alt_ref.layers = Some(0);
        }
        Ok(options)
    }

    /// Whether a forced key frame may be forgotten.
    pub(super) fn may_forget_keys(&self, config: &Config) -> bool {
        let second = matches!(config.pass, Pass::Second(_));
        self.codec == Codec::Vp9 && second && self.lag(config) > 0 && self.alt_ref.layers != Some(0)
    }

    fn check_drops(&self, config: &Config) -> Result<(), Error> {
        if (self.drop_frames == 0 && self.drop_after_coding) || self.drop_frames > 100 {
            return out_of_range("drop_frames", self.drop_frames, "1 to 100 percent");
        }
        if self.drop_frames > 0 && !matches!(config.rate, RateControl::Constant { .. }) {
            let reason = "frames are left out with rate Constant only".to_owned();
            return Err(Error::Config { field: "drop_frames", reason });
        }
        Ok(())
    }

    pub(super) fn lag(&self, config: &Config) -> c_uint {
        if config.pass == Pass::First {
            return 0;
        }
        match config.latency {
            // VP8 in one pass does not look ahead, whatever it is told.
            _ if self.codec == Codec::Vp8 && config.pass == Pass::Single => 0,
            // Layers are coded as the frames come.
            _ if self.layers.are_some() => 0,
            Latency::Realtime => 0,
            Latency::Frames(frames) => frames.min(MAX_LAG),
            Latency::Unlimited => MAX_LAG,
        }
    }

    fn set_bounds(&self, settings: &mut c::vpx_codec_enc_cfg_t) -> Result<(), Error> {
        let bounds = self.bounds;
        for (value, most, into) in [
            (bounds.min_quantizer, 63, &mut settings.rc_min_quantizer),
            (bounds.max_quantizer, 63, &mut settings.rc_max_quantizer),
            (bounds.undershoot, 100, &mut settings.rc_undershoot_pct),
            (bounds.overshoot, 100, &mut settings.rc_overshoot_pct),
            (bounds.bias, 100, &mut settings.rc_2pass_vbr_bias_pct),
        ] {
            within("bounds", value, most)?;
            *into = value.map_or(*into, c_uint::from);
        }
        for (value, into) in [
            (bounds.min_section, &mut settings.rc_2pass_vbr_minsection_pct),
            (bounds.max_section, &mut settings.rc_2pass_vbr_maxsection_pct),
        ] {
            *into = value.map_or(*into, c_uint::from);
        }
        // libvpx's own minimum gives way to a worst quantizer below it.
        if bounds.min_quantizer.is_none() {
            settings.rc_min_quantizer = settings.rc_min_quantizer.min(settings.rc_max_quantizer);
        }
        let (best, worst) = (settings.rc_min_quantizer, settings.rc_max_quantizer);
        let (least, most) = (settings.rc_2pass_vbr_minsection_pct, settings.rc_2pass_vbr_maxsection_pct);
        if best > worst || least > most {
            let reason = format!("quantizers {best} to {worst}, parts of {least} to {most} percent");
            return Err(Error::Config { field: "bounds", reason });
        }
        Ok(())
    }

    pub(super) fn set_rate(
        &self,
        settings: &mut c::vpx_codec_enc_cfg_t,
        config: &Config,
    ) -> Result<(), Error> {
        if self.codec == Codec::Vp9 {
            // As libvpx does with the rate it begins with, where another is not asked for.
            let most = c_uint::try_from(most_kilobits(config)).unwrap_or(c_uint::MAX);
            settings.rc_target_bitrate = settings.rc_target_bitrate.min(most);
        }
        match config.rate {
            RateControl::Quality { q } => {
                self.set_quality(settings, q)?;
                match self.codec {
                    Codec::Vp8 => {
                        settings.rc_end_usage = c::VPX_CQ;
                        settings.rc_target_bitrate = NO_CEILING;
                    }
                    Codec::Vp9 => settings.rc_end_usage = c::VPX_Q,
                }
            }
            RateControl::CappedQuality { q, max, buffer_ms } => {
                self.set_quality(settings, q)?;
                settings.rc_end_usage = c::VPX_CQ;
                self.set_bitrate(settings, config, max, Some(buffer_ms))?;
            }
            RateControl::Average { bitrate } => {
                settings.rc_end_usage = c::VPX_VBR;
                self.set_bitrate(settings, config, bitrate, None)?;
            }
            RateControl::Constrained { .. } => {
                let reason = "libvpx bounds no peaks: take Constant or CappedQuality";
                return Err(self.unsupported("rate", reason));
            }
            RateControl::Constant { bitrate, buffer_ms } => {
                settings.rc_end_usage = c::VPX_CBR;
                self.set_bitrate(settings, config, bitrate, Some(buffer_ms))?;
            }
            RateControl::Quantizer { qp } => {
                let qp = c_uint::from(in_scale(qp)?);
                settings.rc_end_usage = c::VPX_VBR;
                (settings.rc_min_quantizer, settings.rc_max_quantizer) = (qp, qp);
            }
            RateControl::Lossless if self.codec == Codec::Vp8 => {
                return Err(self.unsupported("rate", "its transform loses"));
            }
            RateControl::Lossless => {
                settings.rc_end_usage = c::VPX_Q;
                (settings.rc_min_quantizer, settings.rc_max_quantizer) = (0, 0);
            }
        }
        self.layers.fill(settings, self.codec)
    }

    /// VP8 takes no quality outside its quantizers, and says so only with the first frame.
    fn set_quality(&self, settings: &mut c::vpx_codec_enc_cfg_t, q: Quality) -> Result<(), Error> {
        let q = c_uint::from(whole(q)?);
        if self.bounds.min_quantizer.is_none() {
            settings.rc_min_quantizer = settings.rc_min_quantizer.min(q);
        }
        let (best, worst) = (settings.rc_min_quantizer, settings.rc_max_quantizer);
        if !(best..=worst).contains(&q) {
            let reason = format!("quality {q}, quantizers are bound to {best} to {worst}");
            return Err(Error::Config { field: "rate", reason });
        }
        Ok(())
    }

    fn set_bitrate(
        &self,
        settings: &mut c::vpx_codec_enc_cfg_t,
        config: &Config,
        bitrate: u32,
        buffer_ms: Option<u32>,
    ) -> Result<(), Error> {
        settings.rc_target_bitrate = bitrate / 1000;
        let most = most_kilobits(config);
        if self.codec == Codec::Vp9 && u64::from(settings.rc_target_bitrate) > most {
            let reason =
                format!("{bitrate} bit/s, libvpx takes what uncompressed pictures have: {most} kbit/s");
            return Err(Error::Config { field: "rate", reason });
        }
        if let Some(buffer) = buffer_ms {
            settings.rc_buf_sz = buffer;
            // As full as the library's defaults (6000, 4000 and 5000 ms) have it.
            settings.rc_buf_initial_sz = buffer * 2 / 3;
            settings.rc_buf_optimal_sz = buffer * 5 / 6;
        }
        Ok(())
    }

    pub(super) fn checked_speed(&self) -> Result<c_int, Error> {
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

    pub(super) fn unsupported(&self, field: &'static str, reason: &str) -> Error {
        Error::Unsupported { codec: self.codec.name(), field, reason: reason.to_owned() }
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

/// What libvpx 1.14 and newer cut VP9's bit rate down to, in kbit/s: three samples of each pixel, as often as it believes before it has seen
/// a frame: once a tick, or 30 times a second where ticks are finer than 1/180 s.
fn most_kilobits(config: &Config) -> u64 {
    let (num, den) = (u64::from(config.time_base.num()), u64::from(config.time_base.den()));
    let (rate, per) = if den > 180 * num { (30, 1) } else { (den, num) };
    let picture =
        u64::from(config.size.0) * u64::from(config.size.1) * u64::from(config.format.bit_depth()) * 3;
    picture * rate / per / 1000
}

fn set_key_frames(settings: &mut c::vpx_codec_enc_cfg_t, config: &Config) {
    let (mode, min, max) = match config.key_frames {
        KeyFrames::Auto { max } => (c::VPX_KF_AUTO, 0, max),
        // Forced too; a second pass has to know where, or it forgets one that falls into an alternate reference's group.
        KeyFrames::Fixed { every } if matches!(config.pass, Pass::Second(_)) => {
            (c::VPX_KF_DISABLED, 0, every)
        }
        _ => (c::VPX_KF_DISABLED, 0, NEVER),
    };
    (settings.kf_mode, settings.kf_min_dist, settings.kf_max_dist) = (mode, min, max);
}

pub(super) fn whole(q: Quality) -> Result<u8, Error> {
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
    out_of_range("rate", q, "0 to 63")
}

pub(super) fn within(field: &'static str, value: Option<u8>, most: u8) -> Result<(), Error> {
    match value {
        Some(value) if value > most => out_of_range(field, value, &format!("0 to {most}")),
        _ => Ok(()),
    }
}

pub(super) fn out_of_range<T>(
    field: &'static str,
    found: impl std::fmt::Display,
    possible: &str,
) -> Result<T, Error> {
    Err(Error::Config { field, reason: format!("{found}, libvpx takes {possible}") })
}

/// What hardware decoders of VP9 end at; VP8 ends one before it.
const MAX_SIDE: u32 = 16_384;
/// `MAX_LAG_BUFFERS`.
pub(super) const MAX_LAG: u32 = 25;
/// The largest `g_timebase.den`.
const MAX_TIME_SCALE: u32 = 1_000_000_000;
/// Frames between key frames: libvpx looks at the distance even when it is to place none. At 60 Hz it is half a year.
const NEVER: u32 = 1 << 30;
/// kbit/s. VP8 has no quality without a rate; no picture it can code comes near this one.
const NO_CEILING: u32 = 200_000;
