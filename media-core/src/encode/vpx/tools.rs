//! From [`Options`] to controls, which libvpx is told after it was opened.

use std::ffi::c_int;

use vpx_sys as c;

use super::control::Control;
use super::options::{Aq, Codec, Content, LoopFilter, Options, Tuning};
use super::settings::{MAX_LAG, out_of_range, whole, within};
use crate::codec::vp9;
use crate::encode::{Config, Error, RateControl};
use crate::frame::Colour;

impl Options {
    /// What is told after opening.
    pub(super) fn controls(&self, config: &Config) -> Result<Vec<Control>, Error> {
        let mut controls = vec![Control::cpu_used(self.checked_speed()?)];
        match config.rate {
            RateControl::Quality { q } | RateControl::CappedQuality { q, .. } => {
                controls.push(Control::cq_level(whole(q)?));
            }
            _ => {}
        }
        self.common_controls(&mut controls)?;
        match self.codec {
            Codec::Vp8 => self.vp8_controls(&mut controls)?,
            Codec::Vp9 => self.vp9_controls(config, &mut controls)?,
        }
        Ok(controls)
    }

    fn common_controls(&self, controls: &mut Vec<Control>) -> Result<(), Error> {
        let alt_ref = self.alt_ref;
        let layers = if self.codec == Codec::Vp8 { 1 } else { 6 };
        within("alt_ref", alt_ref.layers, layers)?;
        within("alt_ref", alt_ref.max_frames, 15)?;
        within("alt_ref", alt_ref.strength, 6)?;
        within("sharpness", Some(self.sharpness), 7)?;
        if self.static_threshold > 1_000_000 {
            return out_of_range("static_threshold", self.static_threshold, "0 to 1,000,000");
        }
        controls.extend(alt_ref.layers.map(Control::auto_alt_ref));
        controls.extend(alt_ref.max_frames.map(Control::arnr_max_frames));
        controls.extend(alt_ref.strength.map(Control::arnr_strength));
        controls.extend(self.bounds.max_key_frame.map(Control::max_intra_bitrate));
        if self.sharpness != 0 {
            controls.push(Control::sharpness(self.sharpness));
        }
        if self.static_threshold != 0 {
            controls.push(Control::static_threshold(self.static_threshold));
        }
        if self.tuning == Tuning::Ssim {
            controls.push(Control::tuning(c::VP8_TUNE_SSIM as c_int));
        }
        Ok(())
    }

    fn vp8_controls(&self, controls: &mut Vec<Control>) -> Result<(), Error> {
        within("noise_sensitivity", Some(self.noise_sensitivity), 4)?;
        within("token_partitions", Some(self.token_partitions), 3)?;
        controls.extend(self.bounds.golden_boost.map(Control::vp8_golden_boost));
        if self.noise_sensitivity != 0 {
            controls.push(Control::vp8_noise_sensitivity(self.noise_sensitivity));
        }
        if self.token_partitions != 0 {
            controls.push(Control::token_partitions(self.token_partitions));
        }
        match self.content {
            Content::Screen => controls.push(Control::screen_content_mode(1_u8)),
            Content::ScreenBounded => controls.push(Control::screen_content_mode(2_u8)),
            Content::Camera | Content::Film => {}
        }
        Ok(())
    }

    fn vp9_controls(&self, config: &Config, controls: &mut Vec<Control>) -> Result<(), Error> {
        self.check_vp9(config)?;
        let in_effect = self.in_effect(config.size);
        controls.extend([
            Control::tile_columns(in_effect.tile_columns),
            Control::tile_rows(in_effect.tile_rows),
            Control::row_mt(self.row_mt),
            Control::colour_space(colour_space(config.colour)?),
            Control::colour_range(config.colour.full_range),
        ]);
        if config.rate == RateControl::Lossless {
            controls.push(Control::lossless(true));
        }
        if self.aq != Aq::None {
            controls.push(Control::aq_mode(self.aq as u8));
        }
        let alt_ref = self.alt_ref;
        controls.extend(alt_ref.max_interval.map(Control::max_gf_interval));
        controls.extend(alt_ref.min_interval.map(Control::min_gf_interval));
        controls.extend(alt_ref.aq.map(Control::alt_ref_aq));
        controls.extend(alt_ref.tpl.map(Control::tpl));
        controls.extend(self.bounds.max_inter_frame.map(Control::max_inter_bitrate));
        controls.extend(self.bounds.golden_boost.map(Control::vp9_golden_boost));
        controls.extend(self.frame_parallel.map(Control::frame_parallel));
        controls.extend(self.target_level.map(Control::target_level));
        match self.content {
            Content::Screen => controls.push(Control::tune_content(c::VP9E_CONTENT_SCREEN as c_int)),
            Content::Film => controls.push(Control::tune_content(c::VP9E_CONTENT_FILM as c_int)),
            Content::Camera | Content::ScreenBounded => {}
        }
        if self.noise_sensitivity != 0 {
            controls.push(Control::vp9_noise_sensitivity(self.noise_sensitivity));
        }
        if self.drop_after_coding {
            controls.push(Control::postencode_drop(true));
        }
        if self.delta_q_uv != 0 {
            controls.push(Control::delta_q_uv(self.delta_q_uv));
        }
        if self.loop_filter != LoopFilter::All {
            controls.push(Control::disable_loopfilter(self.loop_filter as c_int));
        }
        Ok(())
    }

    fn check_vp9(&self, config: &Config) -> Result<(), Error> {
        if self.tile_columns > 6 || self.tile_rows > 2 {
            let found = format!("2^{} by 2^{}, possible is 2^6 by 2^2", self.tile_columns, self.tile_rows);
            return Err(Error::Config { field: "tile_columns, tile_rows", reason: found });
        }
        within("noise_sensitivity", Some(self.noise_sensitivity), 6)?;
        if self.noise_sensitivity != 0 && config.format.bit_depth() > 8 {
            return Err(self.unsupported("noise_sensitivity", "libvpx denoises 8 bits only"));
        }
        within("delta_q_uv", Some(self.delta_q_uv.unsigned_abs()), 15)?;
        if config.rate == RateControl::Lossless && (self.aq != Aq::None || self.delta_q_uv != 0) {
            let reason = "what is lossless has no quantizer that could vary".to_owned();
            return Err(Error::Config { field: "aq, delta_q_uv", reason });
        }
        if let Some((width, height)) = self.render_size
            && !((1..=65_536).contains(&width) && (1..=65_536).contains(&height))
        {
            return out_of_range("render_size", format!("{width}x{height}"), "sides of 1 to 65,536");
        }
        self.check_intervals(config)?;
        self.check_level(config)
    }

    fn check_intervals(&self, config: &Config) -> Result<(), Error> {
        within("alt_ref", self.alt_ref.min_interval, MAX_LAG as u8 - 1)?;
        within("alt_ref", self.alt_ref.max_interval, MAX_LAG as u8 - 1)?;
        let (min, max) = (self.alt_ref.min_interval.unwrap_or(0), self.alt_ref.max_interval.unwrap_or(0));
        let lag = self.lag(config);
        let too_far = lag > 0 && lag < u32::from(max) + 2;
        if max == 1 || (max > 0 && (min > max || too_far)) {
            let reason = format!("intervals of {min} to {max} frames, {lag} are looked ahead");
            return Err(Error::Config { field: "alt_ref", reason });
        }
        Ok(())
    }

    fn check_level(&self, config: &Config) -> Result<(), Error> {
        let Some(level) = self.target_level else {
            return Ok(());
        };
        if !LEVELS.contains(&level) {
            return out_of_range("target_level", level, &format!("{LEVELS:?}"));
        }
        let needed = vp9::level(config.size, Some((config.frame_rate.num(), config.frame_rate.den())));
        if level < needed {
            let reason = format!("{level}, size and frame rate need {needed}");
            return Err(Error::Config { field: "target_level", reason });
        }
        Ok(())
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

/// Those that `VP9E_SET_TARGET_LEVEL` knows, times ten.
const LEVELS: [u8; 14] = [10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 52, 60, 61, 62];
