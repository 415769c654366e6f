//! Controls with the value they are set to, by the C type of the argument: as a variable one, a wrong type would be undefined behaviour.

use std::ffi::{c_int, c_uint};

use vpx_sys as c;
use vpx_sys::control as set;

type SetInt = unsafe extern "C" fn(*mut c::vpx_codec_ctx_t, c_int) -> c::vpx_codec_err_t;
type SetUint = unsafe extern "C" fn(*mut c::vpx_codec_ctx_t, c_uint) -> c::vpx_codec_err_t;

/// A control, its function and its value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Control {
    Int(&'static str, SetInt, c_int),
    Uint(&'static str, SetUint, c_uint),
}

macro_rules! controls {
    ($($kind:ident $function:ident $id:literal $setter:ident($type:ty);)*) => {
        impl Control {
            $(
                #[doc = concat!("`", $id, "`.")]
                pub(super) fn $function(value: impl Into<$type>) -> Self {
                    Self::$kind($id, set::$setter, value.into())
                }
            )*
        }
    };
}

controls! {
    Int cpu_used "VP8E_SET_CPUUSED" vp8e_set_cpuused(c_int);
    Uint cq_level "VP8E_SET_CQ_LEVEL" vp8e_set_cq_level(c_uint);
    Uint auto_alt_ref "VP8E_SET_ENABLEAUTOALTREF" vp8e_set_enableautoaltref(c_uint);
    Uint arnr_max_frames "VP8E_SET_ARNR_MAXFRAMES" vp8e_set_arnr_maxframes(c_uint);
    Uint arnr_strength "VP8E_SET_ARNR_STRENGTH" vp8e_set_arnr_strength(c_uint);
    Uint sharpness "VP8E_SET_SHARPNESS" vp8e_set_sharpness(c_uint);
    Uint static_threshold "VP8E_SET_STATIC_THRESHOLD" vp8e_set_static_threshold(c_uint);
    Int tuning "VP8E_SET_TUNING" vp8e_set_tuning(c_int);
    Uint max_intra_bitrate "VP8E_SET_MAX_INTRA_BITRATE_PCT" vp8e_set_max_intra_bitrate_pct(c_uint);

    Uint vp8_noise_sensitivity "VP8E_SET_NOISE_SENSITIVITY" vp8e_set_noise_sensitivity(c_uint);
    Int token_partitions "VP8E_SET_TOKEN_PARTITIONS" vp8e_set_token_partitions(c_int);
    Uint screen_content_mode "VP8E_SET_SCREEN_CONTENT_MODE" vp8e_set_screen_content_mode(c_uint);
    Uint vp8_golden_boost "VP8E_SET_GF_CBR_BOOST_PCT" vp8e_set_gf_cbr_boost_pct(c_uint);
    Int temporal_layer "VP8E_SET_TEMPORAL_LAYER_ID" vp8e_set_temporal_layer_id(c_int);

    Uint lossless "VP9E_SET_LOSSLESS" vp9e_set_lossless(c_uint);
    Int tile_columns "VP9E_SET_TILE_COLUMNS" vp9e_set_tile_columns(c_int);
    Int tile_rows "VP9E_SET_TILE_ROWS" vp9e_set_tile_rows(c_int);
    Uint row_mt "VP9E_SET_ROW_MT" vp9e_set_row_mt(c_uint);
    Int colour_space "VP9E_SET_COLOR_SPACE" vp9e_set_color_space(c_int);
    Int colour_range "VP9E_SET_COLOR_RANGE" vp9e_set_color_range(c_int);
    Uint aq_mode "VP9E_SET_AQ_MODE" vp9e_set_aq_mode(c_uint);
    Int alt_ref_aq "VP9E_SET_ALT_REF_AQ" vp9e_set_alt_ref_aq(c_int);
    Int tpl "VP9E_SET_TPL" vp9e_set_tpl(c_int);
    Uint min_gf_interval "VP9E_SET_MIN_GF_INTERVAL" vp9e_set_min_gf_interval(c_uint);
    Uint max_gf_interval "VP9E_SET_MAX_GF_INTERVAL" vp9e_set_max_gf_interval(c_uint);
    Uint vp9_noise_sensitivity "VP9E_SET_NOISE_SENSITIVITY" vp9e_set_noise_sensitivity(c_uint);
    Int tune_content "VP9E_SET_TUNE_CONTENT" vp9e_set_tune_content(c_int);
    Uint max_inter_bitrate "VP9E_SET_MAX_INTER_BITRATE_PCT" vp9e_set_max_inter_bitrate_pct(c_uint);
    Uint vp9_golden_boost "VP9E_SET_GF_CBR_BOOST_PCT" vp9e_set_gf_cbr_boost_pct(c_uint);
    Uint frame_parallel "VP9E_SET_FRAME_PARALLEL_DECODING" vp9e_set_frame_parallel_decoding(c_uint);
    Uint target_level "VP9E_SET_TARGET_LEVEL" vp9e_set_target_level(c_uint);
    Uint postencode_drop "VP9E_SET_POSTENCODE_DROP" vp9e_set_postencode_drop(c_uint);
    Int delta_q_uv "VP9E_SET_DELTA_Q_UV" vp9e_set_delta_q_uv(c_int);
    Int disable_loopfilter "VP9E_SET_DISABLE_LOOPFILTER" vp9e_set_disable_loopfilter(c_int);
    Int svc "VP9E_SET_SVC" vp9e_set_svc(c_int);
    Uint inter_layer_prediction "VP9E_SET_SVC_INTER_LAYER_PRED" vp9e_set_svc_inter_layer_pred(c_uint);
}
