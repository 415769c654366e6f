//! Every control of libvpx as a function with the type its argument has.
//!
//! C passes the argument of `vpx_codec_control` as a variable one, where a wrong type is undefined behaviour;
//! so nothing variable is called from Rust. A function has the name of its control in lower case. Which codec
//! knows a control is said first; the others answer `VPX_CODEC_INCAPABLE`, as does a libvpx that is too old
//! for it, or was when the crate was built. [`control_int`], [`control_uint`] and [`control_ptr`] take an id,
//! for controls that have no function here.
//!
//! # Safety
//!
//! The context is open. A pointer is valid for what the control reads or writes, in both directions, for the
//! call; what stays longer says so. libvpx checks no sizes of maps.

use core::ffi::{c_int, c_uint, c_void};

use crate::*;

unsafe extern "C" {
    /// Any control whose C type is `int`.
    #[link_name = "vpx_sys_control_int"]
    pub fn control_int(ctx: *mut vpx_codec_ctx_t, id: c_int, value: c_int) -> vpx_codec_err_t;
    /// Any control whose C type is `unsigned int`.
    #[link_name = "vpx_sys_control_uint"]
    pub fn control_uint(ctx: *mut vpx_codec_ctx_t, id: c_int, value: c_uint) -> vpx_codec_err_t;
    /// Any control whose C type is a pointer, getters among them.
    #[link_name = "vpx_sys_control_ptr"]
    pub fn control_ptr(ctx: *mut vpx_codec_ctx_t, id: c_int, value: *mut c_void) -> vpx_codec_err_t;
}

macro_rules! controls {
    ($($(#[$doc:meta])* fn $name:ident($type:ty);)*) => {
        unsafe extern "C" {
            $(
                $(#[$doc])*
                #[link_name = concat!("vpx_sys_", stringify!($name))]
                pub fn $name(ctx: *mut vpx_codec_ctx_t, value: $type) -> vpx_codec_err_t;
            )*
        }
    };
}

controls! {
    // vp8.h: both directions
    /// `VP8_SET_REFERENCE`: Both codecs, both directions: overwrites a reference frame.
    fn vp8_set_reference(*mut vpx_ref_frame_t);
    /// `VP8_COPY_REFERENCE`: Both codecs, both directions: copies a reference frame into the image given.
    fn vp8_copy_reference(*mut vpx_ref_frame_t);
    /// `VP8_SET_POSTPROC`: Decoders: which post-processing, for contexts opened with
    /// `VPX_CODEC_USE_POSTPROC`.
    fn vp8_set_postproc(*mut vp8_postproc_cfg_t);
    /// `VP9_GET_REFERENCE`: VP9, both directions: lends a reference frame; the image belongs to the codec.
    fn vp9_get_reference(*mut vp9_ref_frame_t);

    // vp8cx.h: encoders
    /// `VP8E_SET_ROI_MAP`: VP8: regions with their own quantizer; one entry for each 16x16 block, segments 0
    /// to 3.
    fn vp8e_set_roi_map(*mut vpx_roi_map_t);
    /// `VP8E_SET_ACTIVEMAP`: Both: which 16x16 blocks are coded at all.
    fn vp8e_set_activemap(*mut vpx_active_map_t);
    /// `VP8E_SET_SCALEMODE`: Both: codes the pictures smaller by fixed ratios.
    fn vp8e_set_scalemode(*mut vpx_scaling_mode_t);
    /// `VP8E_SET_CPUUSED`: Both: speed against quality, VP8 -16..=16, VP9 -9..=9.
    fn vp8e_set_cpuused(c_int);
    /// `VP8E_SET_ENABLEAUTOALTREF`: Both: alternate reference frames, VP8 0..=1, VP9 0..=6.
    fn vp8e_set_enableautoaltref(c_uint);
    /// `VP8E_SET_NOISE_SENSITIVITY`: VP8: temporal denoiser, 0 (off) to 4 (adaptive).
    fn vp8e_set_noise_sensitivity(c_uint);
    /// `VP8E_SET_SHARPNESS`: Both: loop filter sharpness, 0..=7.
    fn vp8e_set_sharpness(c_uint);
    /// `VP8E_SET_STATIC_THRESHOLD`: Both: below which a block counts as unchanged.
    fn vp8e_set_static_threshold(c_uint);
    /// `VP8E_SET_TOKEN_PARTITIONS`: VP8: a `vp8e_token_partitions` value, log2 of their number.
    fn vp8e_set_token_partitions(c_int);
    /// `VP8E_GET_LAST_QUANTIZER`: Both: the quantizer of the last frame, on the scale inside the codec.
    fn vp8e_get_last_quantizer(*mut c_int);
    /// `VP8E_GET_LAST_QUANTIZER_64`: Both: the quantizer of the last frame, 0..=63.
    fn vp8e_get_last_quantizer_64(*mut c_int);
    /// `VP8E_SET_ARNR_MAXFRAMES`: Both: over how many frames an alternate reference is filtered, 0..=15.
    fn vp8e_set_arnr_maxframes(c_uint);
    /// `VP8E_SET_ARNR_STRENGTH`: Both: how strongly, 0..=6.
    fn vp8e_set_arnr_strength(c_uint);
    /// `VP8E_SET_ARNR_TYPE`: Deprecated by libvpx; does nothing in VP9.
    fn vp8e_set_arnr_type(c_uint);
    /// `VP8E_SET_TUNING`: Both: a `vp8e_tuning` value.
    fn vp8e_set_tuning(c_int);
    /// `VP8E_SET_CQ_LEVEL`: Both: the quality of `VPX_CQ` and `VPX_Q`, 0..=63.
    fn vp8e_set_cq_level(c_uint);
    /// `VP8E_SET_MAX_INTRA_BITRATE_PCT`: Both: largest key frame, in percent of the mean frame; 0 is no
    /// limit.
    fn vp8e_set_max_intra_bitrate_pct(c_uint);
    /// `VP8E_SET_FRAME_FLAGS`: VP8: reference and update flags (`VP8_EFLAG_*`) of the next frame.
    fn vp8e_set_frame_flags(c_int);
    /// `VP9E_SET_MAX_INTER_BITRATE_PCT`: VP9: largest inter frame, in percent of the mean frame; 0 is no
    /// limit.
    fn vp9e_set_max_inter_bitrate_pct(c_uint);
    /// `VP9E_SET_GF_CBR_BOOST_PCT`: VP9: how many percent more a golden frame gets in CBR.
    fn vp9e_set_gf_cbr_boost_pct(c_uint);
    /// `VP8E_SET_TEMPORAL_LAYER_ID`: VP8: the temporal layer of the next frame.
    fn vp8e_set_temporal_layer_id(c_int);
    /// `VP8E_SET_SCREEN_CONTENT_MODE`: VP8: 0 off, 1 on, 2 on with a stricter rate control.
    fn vp8e_set_screen_content_mode(c_uint);
    /// `VP9E_SET_LOSSLESS`: VP9: 1 codes without loss.
    fn vp9e_set_lossless(c_uint);
    /// `VP9E_SET_TILE_COLUMNS`: VP9: log2 of the number of tile columns, 0..=6.
    fn vp9e_set_tile_columns(c_int);
    /// `VP9E_SET_TILE_ROWS`: VP9: log2 of the number of tile rows, 0..=2.
    fn vp9e_set_tile_rows(c_int);
    /// `VP9E_SET_FRAME_PARALLEL_DECODING`: VP9: 1 drops the backward update of probabilities.
    fn vp9e_set_frame_parallel_decoding(c_uint);
    /// `VP9E_SET_AQ_MODE`: VP9: 0 none, 1 variance, 2 complexity, 3 cyclic refresh, 4 equator360, 5
    /// perceptual, 6 PSNR, 7 lookahead.
    fn vp9e_set_aq_mode(c_uint);
    /// `VP9E_SET_FRAME_PERIODIC_BOOST`: VP9: 1 lowers the quantizer periodically.
    fn vp9e_set_frame_periodic_boost(c_uint);
    /// `VP9E_SET_NOISE_SENSITIVITY`: VP9: denoiser, 0 off, 1 luma, 2 the two top spatial layers of SVC.
    fn vp9e_set_noise_sensitivity(c_uint);
    /// `VP9E_SET_SVC`: VP9: 1 turns layered coding on.
    fn vp9e_set_svc(c_int);
    /// `VP9E_SET_ROI_MAP`: VP9: regions with their own quantizer; one entry for each 8x8 block, segments 0 to
    /// 7.
    fn vp9e_set_roi_map(*mut vpx_roi_map_t);
    /// `VP9E_SET_SVC_PARAMETERS`: VP9: quantizer limits, scaling and speed of each layer.
    fn vp9e_set_svc_parameters(*mut vpx_svc_extra_cfg_t);
    /// `VP9E_SET_SVC_LAYER_ID`: VP9: the layers of the next frame. A refused value is kept all the same.
    fn vp9e_set_svc_layer_id(*mut vpx_svc_layer_id_t);
    /// `VP9E_SET_TUNE_CONTENT`: VP9: a `vp9e_tune_content` value.
    fn vp9e_set_tune_content(c_int);
    /// `VP9E_GET_SVC_LAYER_ID`: VP9: the layer of the packet that the registered callback has got.
    fn vp9e_get_svc_layer_id(*mut vpx_svc_layer_id_t);
    /// `VP9E_REGISTER_CX_CALLBACK`: VP9: a callback for the packet of each layer; the pair is copied.
    fn vp9e_register_cx_callback(*mut vpx_codec_priv_output_cx_pkt_cb_pair_t);
    /// `VP9E_SET_COLOR_SPACE`: VP9: a `vpx_color_space_t` value, for the bitstream.
    fn vp9e_set_color_space(c_int);
    /// `VP9E_SET_MIN_GF_INTERVAL`: VP9: least distance of golden frames.
    fn vp9e_set_min_gf_interval(c_uint);
    /// `VP9E_SET_MAX_GF_INTERVAL`: VP9: greatest distance of golden frames.
    fn vp9e_set_max_gf_interval(c_uint);
    /// `VP9E_GET_ACTIVEMAP`: VP9: the active map as the encoder has it.
    fn vp9e_get_activemap(*mut vpx_active_map_t);
    /// `VP9E_SET_COLOR_RANGE`: VP9: a `vpx_color_range_t` value, for the bitstream.
    fn vp9e_set_color_range(c_int);
    /// `VP9E_SET_SVC_REF_FRAME_CONFIG`: VP9: which references each layer uses and updates. Not checked by
    /// libvpx: slots are 0..=7.
    fn vp9e_set_svc_ref_frame_config(*mut vpx_svc_ref_frame_config_t);
    /// `VP9E_SET_RENDER_SIZE`: VP9: width and height at which a player shows the pictures.
    fn vp9e_set_render_size(*mut [c_int; 2]);
    /// `VP9E_SET_TARGET_LEVEL`: VP9: level times ten, 255 is none, 0 means to report only.
    fn vp9e_set_target_level(c_uint);
    /// `VP9E_SET_ROW_MT`: VP9: 1 lets threads work on rows of one tile.
    fn vp9e_set_row_mt(c_uint);
    /// `VP9E_GET_LEVEL`: VP9: the level of what was coded so far, times ten.
    fn vp9e_get_level(*mut c_int);
    /// `VP9E_SET_ALT_REF_AQ`: VP9: 1 uses adaptive quantization on alternate reference frames.
    fn vp9e_set_alt_ref_aq(c_int);
    /// `VP8E_SET_GF_CBR_BOOST_PCT`: VP8: how many percent more a golden frame gets in CBR.
    fn vp8e_set_gf_cbr_boost_pct(c_uint);
    /// `VP9E_ENABLE_MOTION_VECTOR_UNIT_TEST`: VP9: extreme motion vectors, to test decoders.
    fn vp9e_enable_motion_vector_unit_test(c_uint);
    /// `VP9E_SET_SVC_INTER_LAYER_PRED`: VP9: 0 inter-layer prediction on, 1 off, 2 off on non-key frames, 3
    /// on but constrained.
    fn vp9e_set_svc_inter_layer_pred(c_uint);
    /// `VP9E_SET_SVC_FRAME_DROP_LAYER`: VP9: thresholds at which layers are dropped.
    fn vp9e_set_svc_frame_drop_layer(*mut vpx_svc_frame_drop_t);
    /// `VP9E_GET_SVC_REF_FRAME_CONFIG`: VP9: the references of the last superframe.
    fn vp9e_get_svc_ref_frame_config(*mut vpx_svc_ref_frame_config_t);
    /// `VP9E_SET_SVC_GF_TEMPORAL_REF`: VP9: 1 lets the golden frame be a second temporal reference.
    fn vp9e_set_svc_gf_temporal_ref(c_uint);
    /// `VP9E_SET_SVC_SPATIAL_LAYER_SYNC`: VP9: layers that take no temporal reference in the next superframe.
    fn vp9e_set_svc_spatial_layer_sync(*mut vpx_svc_spatial_layer_sync_t);
    /// `VP9E_SET_TPL`: VP9: 1 (the default) uses the temporal dependency model.
    fn vp9e_set_tpl(c_int);
    /// `VP9E_SET_POSTENCODE_DROP`: VP9: 1 allows to drop a frame after it was coded.
    fn vp9e_set_postencode_drop(c_uint);
    /// `VP9E_SET_DELTA_Q_UV`: VP9: quantizer difference of chroma, -15..=15.
    fn vp9e_set_delta_q_uv(c_int);
    /// `VP9E_SET_DISABLE_OVERSHOOT_MAXQ_CBR`: VP9: 1 keeps the quantizer when CBR overshoots.
    fn vp9e_set_disable_overshoot_maxq_cbr(c_int);
    /// `VP9E_SET_DISABLE_LOOPFILTER`: VP9: 0 filters all frames, 1 the reference frames, 2 none.
    fn vp9e_set_disable_loopfilter(c_int);
    /// `VP9E_SET_EXTERNAL_RATE_CONTROL`: VP9: a `vpx_rc_funcs_t`, whose type needs the feature
    /// `ext-ratectrl`. The encoder keeps its pointers.
    fn vp9e_set_external_rate_control(*mut c_void);
    /// `VP9E_SET_RTC_EXTERNAL_RATECTRL`: VP9: 1 turns off what an external real-time rate control does by
    /// itself.
    fn vp9e_set_rtc_external_ratectrl(c_int);
    /// `VP9E_GET_LOOPFILTER_LEVEL`: VP9: the loop filter level of the last frame.
    fn vp9e_get_loopfilter_level(*mut c_int);
    /// `VP9E_GET_LAST_QUANTIZER_SVC_LAYERS`: VP9: the quantizer of each spatial layer, on the scale inside
    /// the codec.
    fn vp9e_get_last_quantizer_svc_layers(*mut [c_int; VPX_SS_MAX_LAYERS as usize]);
    /// `VP8E_SET_RTC_EXTERNAL_RATECTRL`: VP8: 1 turns off cyclic refresh, for an external real-time rate
    /// control.
    fn vp8e_set_rtc_external_ratectrl(c_int);

    // vp8dx.h: decoders
    /// `VP8D_GET_LAST_REF_UPDATES`: Both: which references the last frame updated, a set of
    /// `vpx_ref_frame_type`.
    fn vp8d_get_last_ref_updates(*mut c_int);
    /// `VP8D_GET_FRAME_CORRUPTED`: Both: 1 if the last frame, or one it refers to, was damaged.
    fn vp8d_get_frame_corrupted(*mut c_int);
    /// `VP8D_GET_LAST_REF_USED`: Both: which references the last frame used.
    fn vp8d_get_last_ref_used(*mut c_int);
    /// `VPXD_SET_DECRYPTOR`: Both: a callback that decrypts the data; the structure is copied.
    fn vpxd_set_decryptor(*mut vpx_decrypt_init);
    /// `VP8D_SET_DECRYPTOR`: The older name of `vpxd_set_decryptor`.
    fn vp8d_set_decryptor(*mut vpx_decrypt_init);
    /// `VP9D_GET_FRAME_SIZE`: VP9: width and height of the last frame.
    fn vp9d_get_frame_size(*mut [c_int; 2]);
    /// `VP9D_GET_DISPLAY_SIZE`: VP9: width and height at which the last frame is to be shown.
    fn vp9d_get_display_size(*mut [c_int; 2]);
    /// `VP9D_GET_BIT_DEPTH`: VP9: bits of a sample.
    fn vp9d_get_bit_depth(*mut c_uint);
    /// `VP9_SET_BYTE_ALIGNMENT`: VP9: alignment of the planes put out, 0 or a power of two of 32..=1024.
    fn vp9_set_byte_alignment(c_int);
    /// `VP9_INVERT_TILE_DECODE_ORDER`: VP9: 1 decodes tiles from the last, for tests.
    fn vp9_invert_tile_decode_order(c_int);
    /// `VP9_SET_SKIP_LOOP_FILTER`: VP9: 1 leaves the loop filter out.
    fn vp9_set_skip_loop_filter(c_int);
    /// `VP9_DECODE_SVC_SPATIAL_LAYER`: VP9: the highest spatial layer to decode.
    fn vp9_decode_svc_spatial_layer(c_int);
    /// `VPXD_GET_LAST_QUANTIZER`: Both: the quantizer of the last frame, on the scale inside the codec.
    fn vpxd_get_last_quantizer(*mut c_int);
    /// `VP9D_SET_ROW_MT`: VP9: 1 lets threads work on rows.
    fn vp9d_set_row_mt(c_int);
    /// `VP9D_SET_LOOP_FILTER_OPT`: VP9: 1 filters while decoding, better with several threads.
    fn vp9d_set_loop_filter_opt(c_int);

    // vp8cx.h: encoders
    /// `VP9E_SET_QUANTIZER_ONE_PASS`: VP9, libvpx 1.13: the quantizer of the next frame, 0..=63.
    fn vp9e_set_quantizer_one_pass(c_int);
    /// `VP9E_SET_KEY_FRAME_FILTERING`: VP9, libvpx 1.15: 1 filters key frames over time.
    fn vp9e_set_key_frame_filtering(c_int);
    /// `VP9E_SET_VALIDATE_HBD_INPUT`: VP9, libvpx 1.16: 0 trusts that 10 and 12 bit samples are in range.
    fn vp9e_set_validate_hbd_input(c_int);
}
