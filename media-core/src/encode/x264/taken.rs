//! What was asked for, beside what libx264 made of it: the values that have to stay as they were said.

use std::ffi::c_char;

use x264_sys as c;

use super::Parameters;
use crate::encode::{Error, KeyFrames};

impl Parameters {
    /// Compares what was asked for with what the encoder works with: x264 corrects values with a warning at most.
    pub(super) fn check_taken(&self, taken: &c::x264_param_t) -> Result<(), Error> {
        for ((asked, field), (found, _)) in rate_values(&self.0).into_iter().zip(rate_values(taken)) {
            if asked != found {
                let reason = format!("x264 would take {found} for {asked}");
                return Err(Error::Config { field, reason });
            }
        }
        for ((asked, field), (found, _)) in kept_values(&self.0).into_iter().zip(kept_values(taken)) {
            if asked != found {
                let reason = format!("x264 would take {found} for {asked}");
                return Err(Error::Config { field, reason });
            }
        }
        Ok(())
    }
}

/// What single options must not change, with the field that says it.
pub(super) fn owned(param: &c::x264_param_t, policy: KeyFrames) -> Vec<(i64, &'static str)> {
    let given = |text: *mut c_char| i64::from(!text.is_null());
    let mut values = rate_values(param);
    values.extend(kept_values(param));
    let (display, light) = (&param.mastering_display, &param.content_light_level);
    values.extend([
        // Filler would be left out of packets again.
        (param.rc.b_filler.into(), "hrd (without which there is no filler)"),
        (param.i_avcintra_class.into(), "hrd (without which there is no filler)"),
        (display.b_mastering_display.into(), "mastering_display"),
        (light.b_cll.into(), "content_light"),
        (param.analyse.b_mb_info_update.into(), "unchanged_blocks"),
        (param.i_threads.into(), "threads"),
        (param.i_level_idc.into(), "level"),
        (param.i_width.into(), "size"),
        (param.i_height.into(), "size"),
        (param.i_csp.into(), "format"),
        (param.i_bitdepth.into(), "format"),
        (param.vui.i_colorprim.into(), "colour"),
        (param.vui.i_transfer.into(), "colour"),
        (param.vui.i_colmatrix.into(), "colour"),
        (param.vui.b_fullrange.into(), "colour"),
        (param.b_vfr_input.into(), "timing"),
        (param.b_pulldown.into(), "timing"),
        (param.i_fps_num.into(), "frame_rate"),
        (param.i_fps_den.into(), "frame_rate"),
        (param.b_annexb.into(), "the packet's layout"),
        (param.b_repeat_headers.into(), "the packet's layout"),
        (param.b_aud.into(), "the packet's layout"),
        (param.i_log_level.into(), "the log"),
        // Numbers are taken as flags of the processor, found or not.
        (param.cpu.into(), "what libx264 found: the processor"),
        // It writes what it compiled into the working directory.
        (param.b_opencl.into(), "what this crate does without: files"),
        (param.i_opencl_device.into(), "what this crate does without: files"),
        (given(param.psz_dump_yuv), "what this crate does without: files"),
        (given(param.psz_cqm_file), "what this crate does without: files"),
        (given(param.psz_clbin_file), "what this crate does without: files"),
        (param.rc.psz_stat_out.addr() as i64, "what this crate does without: files"),
        (param.rc.b_stat_read.into(), "what this crate does without: files"),
        (param.rc.b_stat_write.into(), "what this crate does without: files"),
    ]);
    if !matches!(policy, KeyFrames::Auto { .. }) {
        values.push((param.i_keyint_min.into(), "key_frames"));
        values.push((param.i_scenecut_threshold.into(), "key_frames"));
    }
    values
}

/// What libx264 gives up with a warning at most where it does not go with the rest.
fn kept_values(param: &c::x264_param_t) -> Vec<(i64, &'static str)> {
    let (crop, analyse) = (&param.crop_rect, &param.analyse);
    vec![
        (param.i_keyint_max.into(), "key_frames"),
        (param.b_intra_refresh.into(), "key_frames"),
        (param.i_nal_hrd.into(), "hrd"),
        (crop.i_left.into(), "crop"),
        (crop.i_top.into(), "crop"),
        (crop.i_right.into(), "crop"),
        (crop.i_bottom.into(), "crop"),
        (analyse.b_psnr.into(), "metrics"),
        (analyse.b_ssim.into(), "metrics"),
        (analyse.b_mb_info.into(), "unchanged_blocks"),
    ]
}

/// What `Config::rate` says. Each value counts only with the method it belongs to; x264 fills in the others as it likes.
pub(super) fn rate_values(param: &c::x264_param_t) -> Vec<(i64, &'static str)> {
    let rc = &param.rc;
    let method = rc.i_rc_method;
    let of = |belongs: bool, value: i64| (if belongs { value } else { 0 }, "rate");
    vec![
        (rc.i_rc_method.into(), "rate"),
        of(method == c::X264_RC_CRF, rc.f_rf_constant.to_bits().into()),
        of(method == c::X264_RC_ABR, rc.i_bitrate.into()),
        of(method == c::X264_RC_CQP, rc.i_qp_constant.into()),
        (rc.i_vbv_max_bitrate.into(), "rate"),
        (rc.i_vbv_buffer_size.into(), "rate"),
    ]
}
