//! From [`Config`] and [`Options`] to `x264_param_t`, and whether x264 kept to it.

use std::ffi::{CString, c_int};

use x264_sys as c;

use super::format::{check_size, csp, quantizer_offset};
use super::pass::Files;
use super::taken::owned;
use super::{Crop, NalHrd, Options, Parameters, Preset, Profile};
use crate::encode::{Config, Error, KeyFrames, Latency, Metrics, Pass, Quality, RateControl, Timing};
use crate::frame::{Chroma, Colour, PixelFormat};

impl Parameters {
    /// All but what depends on an open encoder.
    pub(super) fn new(config: &Config, options: &Options, files: Option<&Files>) -> Result<Self, Error> {
        let mut parameters = Self::preset(options.preset.name(), tune(options, config.latency).as_deref())?;
        parameters.set_picture(config)?;
        parameters.set_crop(options.crop, config)?;
        parameters.set_light(config)?;
        parameters.set_time(config)?;
        set_rate(&mut parameters.0, config.rate, config.format)?;
        parameters.set_hrd(options.hrd, config.rate)?;
        parameters.set_key_frames(config)?;
        parameters.0.i_threads = c_int::from(config.threads.count()?);
        if let Some(level) = options.level {
            parameters.0.i_level_idc = c_int::from(level);
        }
        parameters.set_output();
        parameters.set_metrics(config.metrics, config)?;
        parameters.0.analyse.b_mb_info = options.unchanged_blocks.into();
        if let Some(files) = files {
            parameters.set_pass(config, files)?;
        }
        for (name, value) in &options.params {
            parameters.parse(name, value, config.key_frames)?;
        }
        if !options.slow_first_pass && options.preset != Preset::Placebo {
            // Changes nothing but in a first pass.
            parameters.hasten_first_pass();
        }
        if let Some(profile) = options.profile {
            parameters.apply_profile(profile)?;
        }
        Ok(parameters)
    }

    fn set_picture(&mut self, config: &Config) -> Result<(), Error> {
        check_size(config.format, config.size)?;
        check_colour(config.colour)?;
        let param = &mut self.0;
        (param.i_width, param.i_height) = (config.size.0 as c_int, config.size.1 as c_int);
        param.i_csp = csp(config.format);
        param.i_bitdepth = c_int::from(config.format.bit_depth());
        param.vui.i_colorprim = config.colour.primaries.into();
        param.vui.i_transfer = config.colour.transfer.into();
        param.vui.i_colmatrix = config.colour.matrix.into();
        param.vui.b_fullrange = config.colour.full_range.into();
        Ok(())
    }

    fn set_crop(&mut self, crop: Crop, config: &Config) -> Result<(), Error> {
        let Crop { left, top, right, bottom } = crop;
        let (across, down) = config.format.chroma().grid();
        let fits = |first: u32, last: u32, side, grid| {
            let all = first.checked_add(last).is_some_and(|both| both < side);
            all && first.is_multiple_of(grid) && last.is_multiple_of(grid)
        };
        if !fits(left, right, config.size.0, across) || !fits(top, bottom, config.size.1, down) {
            let reason =
                format!("{crop:?} of {:?}, whole chroma samples of {across}x{down} pixels", config.size);
            return Err(Error::Config { field: "crop", reason });
        }
        let rect = &mut self.0.crop_rect;
        (rect.i_left, rect.i_top, rect.i_right, rect.i_bottom) =
            (left as _, top as _, right as _, bottom as _);
        Ok(())
    }

    fn set_light(&mut self, config: &Config) -> Result<(), Error> {
        if let Some(display) = config.mastering_display {
            if display.min_luminance >= display.max_luminance {
                let reason = format!("{display:?} is no brighter than dark");
                return Err(Error::Config { field: "mastering_display", reason });
            }
            let to = &mut self.0.mastering_display;
            let point = |(x, y): (u16, u16)| (c_int::from(x), c_int::from(y));
            to.b_mastering_display = 1;
            (to.i_red_x, to.i_red_y) = point(display.red);
            (to.i_green_x, to.i_green_y) = point(display.green);
            (to.i_blue_x, to.i_blue_y) = point(display.blue);
            (to.i_white_x, to.i_white_y) = point(display.white);
            (to.i_display_max, to.i_display_min) =
                (display.max_luminance.into(), display.min_luminance.into());
        }
        if let Some(light) = config.content_light {
            let to = &mut self.0.content_light_level;
            (to.b_cll, to.i_max_cll, to.i_max_fall) = (1, light.max.into(), light.max_average.into());
        }
        Ok(())
    }

    fn set_time(&mut self, config: &Config) -> Result<(), Error> {
        if (config.timing, config.latency) == (Timing::Variable, Latency::Realtime) {
            let reason = "variable needs the next frame's time: take Latency::Frames(1) or more".to_owned();
            return Err(Error::Unsupported { codec: "libx264", field: "timing", reason });
        }
        let param = &mut self.0;
        param.b_vfr_input = (config.timing == Timing::Variable).into();
        (param.i_fps_num, param.i_fps_den) = (config.frame_rate.num(), config.frame_rate.den());
        (param.i_timebase_num, param.i_timebase_den) = (config.time_base.num(), config.time_base.den());
        Ok(())
    }

    fn set_hrd(&mut self, hrd: NalHrd, rate: RateControl) -> Result<(), Error> {
        let has_buffer = self.0.rc.i_vbv_buffer_size > 0;
        let (value, possible, needs) = match hrd {
            NalHrd::None => (c::X264_NAL_HRD_NONE, true, ""),
            NalHrd::Vbr => (c::X264_NAL_HRD_VBR, has_buffer, "CappedQuality, Constrained or Constant"),
            NalHrd::Cbr => {
                (c::X264_NAL_HRD_CBR, matches!(rate, RateControl::Constant { .. }), "RateControl::Constant")
            }
        };
        self.0.i_nal_hrd = value;
        if possible {
            return Ok(());
        }
        Err(Error::Config { field: "hrd", reason: format!("{hrd:?} with {rate:?}, needs {needs}") })
    }

    /// libx264 leaves the measuring out where nothing is lost, and crashes over chroma that is not there.
    fn set_metrics(&mut self, metrics: Metrics, config: &Config) -> Result<(), Error> {
        let refused = |reason: &str| {
            Err(Error::Unsupported { codec: "libx264", field: "metrics", reason: reason.to_owned() })
        };
        if metrics != Metrics::default() && config.rate == RateControl::Lossless {
            return refused("libx264 does not measure what is lossless");
        }
        if metrics.psnr && config.format.chroma() == Chroma::Monochrome {
            return refused("libx264 measures no PSNR without chroma");
        }
        let analyse = &mut self.0.analyse;
        (analyse.b_psnr, analyse.b_ssim) = (metrics.psnr.into(), metrics.ssim.into());
        Ok(())
    }

    fn set_pass(&mut self, config: &Config, files: &Files) -> Result<(), Error> {
        let (RateControl::Average { .. } | RateControl::Constrained { .. }) = config.rate else {
            let reason = format!("two passes aim at an average rate, not at {:?}", config.rate);
            return Err(Error::Config { field: "pass", reason });
        };
        let reads = matches!(config.pass, Pass::Second(_));
        (self.0.rc.b_stat_read, self.0.rc.b_stat_write) = (reads.into(), (!reads).into());
        let path = files.path()?;
        match self.parse_text(c"stats", &path) {
            0 => Ok(()),
            code => {
                Err(Error::Codec { call: "x264_param_parse", code: code.into(), detail: format!("{path:?}") })
            }
        }
    }

    fn set_key_frames(&mut self, config: &Config) -> Result<(), Error> {
        let param = &mut self.0;
        match config.key_frames {
            KeyFrames::Auto { max } => param.i_keyint_max = max as c_int,
            KeyFrames::Fixed { every } => {
                (param.i_keyint_max, param.i_keyint_min) = (every as c_int, every as c_int);
                param.i_scenecut_threshold = 0;
            }
            KeyFrames::IntraRefresh { .. } if config.format.chroma() == Chroma::Monochrome => {
                let reason = "libx264 refreshes no pictures without chroma (it crashes)".to_owned();
                return Err(Error::Unsupported { codec: "libx264", field: "key_frames", reason });
            }
            KeyFrames::IntraRefresh { every } => {
                param.i_keyint_max = every as c_int;
                param.b_intra_refresh = 1;
                param.i_scenecut_threshold = 0;
                // It refreshes what one reference frame has; libx264 would cut down the others with warnings.
                (param.i_frame_reference, param.i_dpb_size) = (1, 1);
                param.i_bframe_pyramid = param.i_bframe_pyramid.min(c::X264_B_PYRAMID_STRICT);
            }
            KeyFrames::OnlyForced => {
                param.i_keyint_max = c::X264_KEYINT_MAX_INFINITE;
                param.i_scenecut_threshold = 0;
            }
        }
        Ok(())
    }

    /// What packets look like: lengths before NAL units, parameter sets in the configuration only.
    fn set_output(&mut self) {
        (self.0.b_annexb, self.0.b_repeat_headers, self.0.b_aud) = (0, 0, 0);
        self.0.i_log_level = c::X264_LOG_INFO;
    }

    /// One free-form option, unless it changes what a field says.
    fn parse(&mut self, name: &str, value: &str, policy: KeyFrames) -> Result<(), Error> {
        let refused =
            |reason: &str| Error::Config { field: "params", reason: format!("{name}={value}: {reason}") };
        let text = |text: &str| CString::new(text).map_err(|_| refused("contains a zero byte"));
        let before = owned(&self.0, policy);
        let (c_name, c_value) = (text(name)?, text(value)?);
        match self.parse_text(&c_name, &c_value) {
            0 => {}
            c::X264_PARAM_BAD_NAME => return Err(refused("no such option")),
            c::X264_PARAM_BAD_VALUE => return Err(refused("not a value of this option")),
            _ => return Err(refused("x264_param_parse failed")),
        }
        let after = owned(&self.0, policy);
        match before.iter().zip(&after).find(|(before, after)| before != after) {
            None => Ok(()),
            Some(((_, owner), _)) => Err(refused(&format!("changes what {owner} says"))),
        }
    }

    fn apply_profile(&mut self, profile: Profile) -> Result<(), Error> {
        if self.restrict_to(profile.name()) == 0 {
            return Ok(());
        }
        let reason = format!("{profile:?} does not have what the other settings ask for");
        Err(Error::Config { field: "profile", reason })
    }

    /// Half of the delay allowed may go to threads that work on a picture each, of which x264 would start `automatic`.
    pub(super) fn set_threads_within(&mut self, automatic: c_int, frames: u32) {
        let most = c_int::try_from(frames / 2).unwrap_or(c_int::MAX).saturating_add(1);
        self.0.i_threads = automatic.min(most);
    }

    /// Cuts down what holds frames back. x264 adds up: the lookahead or what B-frames need, whichever is longer, a picture for each
    /// further thread, and one to learn durations from.
    pub(super) fn limit_delay(&mut self, frames: u32) -> Result<(), Error> {
        let param = &mut self.0;
        let further_threads = if param.b_sliced_threads == 0 { param.i_threads.max(1) - 1 } else { 0 };
        let room = c_int::try_from(frames).unwrap_or(c_int::MAX) - param.b_vfr_input - further_threads;
        if room < 0 {
            let reason = format!("{frames} frames, {} threads and timing hold back more", param.i_threads);
            return Err(Error::Unsupported { codec: "libx264", field: "latency", reason });
        }
        param.i_sync_lookahead = 0;
        param.rc.i_lookahead = param.rc.i_lookahead.min(room);
        param.i_bframe = param.i_bframe.min(room);
        let trellis = c::X264_B_ADAPT_TRELLIS;
        if param.i_bframe_adaptive == trellis && param.i_bframe.max(3) * 4 > room {
            param.i_bframe_adaptive = c::X264_B_ADAPT_FAST;
        }
        if param.rc.i_lookahead == 0 {
            param.rc.b_mb_tree = 0;
        }
        Ok(())
    }
}

/// Sets what `Config::rate` says.
pub(super) fn set_rate(
    param: &mut c::x264_param_t,
    rate: RateControl,
    format: PixelFormat,
) -> Result<(), Error> {
    let rc = &mut param.rc;
    match rate {
        RateControl::Quality { q } | RateControl::CappedQuality { q, .. } => {
            rc.i_rc_method = c::X264_RC_CRF;
            rc.f_rf_constant = f32::from(quality_in_scale(q)?) / 10.0;
        }
        RateControl::Average { bitrate }
        | RateControl::Constrained { bitrate, .. }
        | RateControl::Constant { bitrate, .. } => {
            rc.i_rc_method = c::X264_RC_ABR;
            rc.i_bitrate = kilobits(bitrate);
        }
        RateControl::Quantizer { qp } => {
            rc.i_rc_method = c::X264_RC_CQP;
            rc.i_qp_constant = c_int::from(in_scale(qp)?) + quantizer_offset(format);
        }
        RateControl::Lossless => (rc.i_rc_method, rc.i_qp_constant) = (c::X264_RC_CQP, 0),
    }
    if let RateControl::CappedQuality { max, buffer_ms, .. }
    | RateControl::Constrained { max, buffer_ms, .. }
    | RateControl::Constant { bitrate: max, buffer_ms } = rate
    {
        let buffer = u64::from(max) * u64::from(buffer_ms) / 1_000_000;
        rc.i_vbv_max_bitrate = kilobits(max);
        rc.i_vbv_buffer_size = c_int::try_from(buffer).unwrap_or(c_int::MAX);
    }
    Ok(())
}

fn kilobits(rate: u32) -> c_int {
    c_int::try_from(rate / 1000).unwrap_or(c_int::MAX)
}

/// 0 would make the stream lossless, which is another profile and nothing a number should do.
fn in_scale(q: u8) -> Result<u8, Error> {
    if (1..=51).contains(&q) {
        return Ok(q);
    }
    Err(Error::Config { field: "rate", reason: format!("{q}, libx264 takes 1 to 51") })
}

fn quality_in_scale(q: Quality) -> Result<u16, Error> {
    if (10..=510).contains(&q.in_tenths()) {
        return Ok(q.in_tenths());
    }
    Err(Error::Config { field: "rate", reason: format!("{q}, libx264 takes 1 to 51") })
}

/// The text that names both the kind of pictures and the latency.
fn tune(options: &Options, latency: Latency) -> Option<CString> {
    let tune = options.tune.map(|tune| tune.name().to_bytes());
    let text = match (tune, latency) {
        (None, Latency::Realtime) => b"zerolatency".to_vec(),
        (Some(tune), Latency::Realtime) => [tune, b",zerolatency"].concat(),
        (tune, _) => tune?.to_vec(),
    };
    Some(CString::new(text).expect("made of texts without zero bytes"))
}

/// x264 writes "unspecified" for code points it does not know.
fn check_colour(colour: Colour) -> Result<(), Error> {
    let Colour { primaries, transfer, matrix, .. } = colour;
    if matches!(primaries, 1 | 2 | 4..=12)
        && matches!(transfer, 1 | 2 | 4..=18)
        && matches!(matrix, 1 | 2 | 4..=14)
    {
        return Ok(());
    }
    let reason = format!(
        "{primaries}/{transfer}/{matrix} is not in tables E-3 to E-5 of H.264, or not for Y, U and V"
    );
    Err(Error::Config { field: "colour", reason })
}
