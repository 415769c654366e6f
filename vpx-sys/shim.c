/*
 * What the headers of libvpx offer only to C: macros, static functions, variable arguments, and the numbers
 * that differ between its releases. Compiled against the headers found, so it knows what the library is, and it
 * refuses a header whose structures are not laid out as the checked-in bindings have them (layout.h).
 *
 * Every symbol starts with `vpx_sys_`; src/shim.rs and src/control.rs declare them for Rust.
 */

#include <stddef.h>
#include <stdint.h>

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#ifndef VPX_SYS_GENERATED
#if VPX_ENCODER_ABI_VERSION < 25
#error "these headers are older than libvpx 1.11; supported are 1.11 to 1.17: install one, or enable the feature bindgen"
#elif VPX_ENCODER_ABI_VERSION > 39
#error "these headers are newer than libvpx 1.17; supported are 1.11 to 1.17: install one, or enable the feature bindgen"
#endif
#include "layout.h"
#endif

/* The numbers that say which libvpx the headers are of. */

int vpx_sys_image_abi_version(void) { return VPX_IMAGE_ABI_VERSION; }
int vpx_sys_codec_abi_version(void) { return VPX_CODEC_ABI_VERSION; }
int vpx_sys_decoder_abi_version(void) { return VPX_DECODER_ABI_VERSION; }
int vpx_sys_encoder_abi_version(void) { return VPX_ENCODER_ABI_VERSION; }

/* Opening: macros that pass those numbers along. */

vpx_codec_err_t vpx_sys_enc_init(vpx_codec_ctx_t *ctx, vpx_codec_iface_t *iface, const vpx_codec_enc_cfg_t *cfg,
                                 vpx_codec_flags_t flags) {
    return vpx_codec_enc_init(ctx, iface, cfg, flags);
}

vpx_codec_err_t vpx_sys_enc_init_multi(vpx_codec_ctx_t *ctx, vpx_codec_iface_t *iface, vpx_codec_enc_cfg_t *cfg,
                                       int num_enc, vpx_codec_flags_t flags, vpx_rational_t *dsf) {
    return vpx_codec_enc_init_multi(ctx, iface, cfg, num_enc, flags, dsf);
}

vpx_codec_err_t vpx_sys_dec_init(vpx_codec_ctx_t *ctx, vpx_codec_iface_t *iface, const vpx_codec_dec_cfg_t *cfg,
                                 vpx_codec_flags_t flags) {
    return vpx_codec_dec_init(ctx, iface, cfg, flags);
}

/* libvpx 1.16 added a member to the PSNR packet, inside the padding of the union. */

int vpx_sys_psnr_spatial_layer_id(const vpx_codec_cx_pkt_t *pkt) {
#if VPX_ENCODER_ABI_VERSION >= 39
    return pkt->data.psnr.spatial_layer_id;
#else
    (void)pkt;
    return -1;
#endif
}

/*
 * Controls. libvpx takes their argument as a variable one, where int, unsigned and pointer are not the same
 * thing. The typed macro of the header converts to what it declares, whatever a release calls const.
 */

vpx_codec_err_t vpx_sys_control_int(vpx_codec_ctx_t *ctx, int id, int value) {
    return vpx_codec_control_(ctx, id, value);
}

vpx_codec_err_t vpx_sys_control_uint(vpx_codec_ctx_t *ctx, int id, unsigned int value) {
    return vpx_codec_control_(ctx, id, value);
}

vpx_codec_err_t vpx_sys_control_ptr(vpx_codec_ctx_t *ctx, int id, void *value) {
    return vpx_codec_control_(ctx, id, value);
}

/* Deprecated, and the typed macro would say so in every build. */
vpx_codec_err_t vpx_sys_vp8e_set_arnr_type(vpx_codec_ctx_t *ctx, unsigned int value) {
    return vpx_codec_control_(ctx, VP8E_SET_ARNR_TYPE, value);
}

#define CONTROL(name, id, type)                                          \
    vpx_codec_err_t vpx_sys_##name(vpx_codec_ctx_t *ctx, type value) {   \
        return vpx_codec_control(ctx, id, value);                        \
    }

/* A control that these headers do not have yet gives what an encoder without it gives. */
#define UNKNOWN(name, type)                                              \
    vpx_codec_err_t vpx_sys_##name(vpx_codec_ctx_t *ctx, type value) {   \
        (void)value;                                                     \
        if (ctx) ctx->err = VPX_CODEC_INCAPABLE;                         \
        return ctx ? VPX_CODEC_INCAPABLE : VPX_CODEC_INVALID_PARAM;      \
    }

/* vp8.h: both directions */
CONTROL(vp8_set_reference, VP8_SET_REFERENCE, void *)
CONTROL(vp8_copy_reference, VP8_COPY_REFERENCE, void *)
CONTROL(vp8_set_postproc, VP8_SET_POSTPROC, void *)
CONTROL(vp9_get_reference, VP9_GET_REFERENCE, void *)

/* vp8cx.h: encoders */
CONTROL(vp8e_set_roi_map, VP8E_SET_ROI_MAP, void *)
CONTROL(vp8e_set_activemap, VP8E_SET_ACTIVEMAP, void *)
CONTROL(vp8e_set_scalemode, VP8E_SET_SCALEMODE, void *)
CONTROL(vp8e_set_cpuused, VP8E_SET_CPUUSED, int)
CONTROL(vp8e_set_enableautoaltref, VP8E_SET_ENABLEAUTOALTREF, unsigned int)
CONTROL(vp8e_set_noise_sensitivity, VP8E_SET_NOISE_SENSITIVITY, unsigned int)
CONTROL(vp8e_set_sharpness, VP8E_SET_SHARPNESS, unsigned int)
CONTROL(vp8e_set_static_threshold, VP8E_SET_STATIC_THRESHOLD, unsigned int)
CONTROL(vp8e_set_token_partitions, VP8E_SET_TOKEN_PARTITIONS, int)
CONTROL(vp8e_get_last_quantizer, VP8E_GET_LAST_QUANTIZER, void *)
CONTROL(vp8e_get_last_quantizer_64, VP8E_GET_LAST_QUANTIZER_64, void *)
CONTROL(vp8e_set_arnr_maxframes, VP8E_SET_ARNR_MAXFRAMES, unsigned int)
CONTROL(vp8e_set_arnr_strength, VP8E_SET_ARNR_STRENGTH, unsigned int)
CONTROL(vp8e_set_tuning, VP8E_SET_TUNING, int)
CONTROL(vp8e_set_cq_level, VP8E_SET_CQ_LEVEL, unsigned int)
CONTROL(vp8e_set_max_intra_bitrate_pct, VP8E_SET_MAX_INTRA_BITRATE_PCT, unsigned int)
CONTROL(vp8e_set_frame_flags, VP8E_SET_FRAME_FLAGS, int)
CONTROL(vp9e_set_max_inter_bitrate_pct, VP9E_SET_MAX_INTER_BITRATE_PCT, unsigned int)
CONTROL(vp9e_set_gf_cbr_boost_pct, VP9E_SET_GF_CBR_BOOST_PCT, unsigned int)
CONTROL(vp8e_set_temporal_layer_id, VP8E_SET_TEMPORAL_LAYER_ID, int)
CONTROL(vp8e_set_screen_content_mode, VP8E_SET_SCREEN_CONTENT_MODE, unsigned int)
CONTROL(vp9e_set_lossless, VP9E_SET_LOSSLESS, unsigned int)
CONTROL(vp9e_set_tile_columns, VP9E_SET_TILE_COLUMNS, int)
CONTROL(vp9e_set_tile_rows, VP9E_SET_TILE_ROWS, int)
CONTROL(vp9e_set_frame_parallel_decoding, VP9E_SET_FRAME_PARALLEL_DECODING, unsigned int)
CONTROL(vp9e_set_aq_mode, VP9E_SET_AQ_MODE, unsigned int)
CONTROL(vp9e_set_frame_periodic_boost, VP9E_SET_FRAME_PERIODIC_BOOST, unsigned int)
CONTROL(vp9e_set_noise_sensitivity, VP9E_SET_NOISE_SENSITIVITY, unsigned int)
CONTROL(vp9e_set_svc, VP9E_SET_SVC, int)
CONTROL(vp9e_set_roi_map, VP9E_SET_ROI_MAP, void *)
CONTROL(vp9e_set_svc_parameters, VP9E_SET_SVC_PARAMETERS, void *)
CONTROL(vp9e_set_svc_layer_id, VP9E_SET_SVC_LAYER_ID, void *)
CONTROL(vp9e_set_tune_content, VP9E_SET_TUNE_CONTENT, int)
CONTROL(vp9e_get_svc_layer_id, VP9E_GET_SVC_LAYER_ID, void *)
CONTROL(vp9e_register_cx_callback, VP9E_REGISTER_CX_CALLBACK, void *)
CONTROL(vp9e_set_color_space, VP9E_SET_COLOR_SPACE, int)
CONTROL(vp9e_set_min_gf_interval, VP9E_SET_MIN_GF_INTERVAL, unsigned int)
CONTROL(vp9e_set_max_gf_interval, VP9E_SET_MAX_GF_INTERVAL, unsigned int)
CONTROL(vp9e_get_activemap, VP9E_GET_ACTIVEMAP, void *)
CONTROL(vp9e_set_color_range, VP9E_SET_COLOR_RANGE, int)
CONTROL(vp9e_set_svc_ref_frame_config, VP9E_SET_SVC_REF_FRAME_CONFIG, void *)
CONTROL(vp9e_set_render_size, VP9E_SET_RENDER_SIZE, void *)
CONTROL(vp9e_set_target_level, VP9E_SET_TARGET_LEVEL, unsigned int)
CONTROL(vp9e_set_row_mt, VP9E_SET_ROW_MT, unsigned int)
CONTROL(vp9e_get_level, VP9E_GET_LEVEL, void *)
CONTROL(vp9e_set_alt_ref_aq, VP9E_SET_ALT_REF_AQ, int)
CONTROL(vp8e_set_gf_cbr_boost_pct, VP8E_SET_GF_CBR_BOOST_PCT, unsigned int)
CONTROL(vp9e_enable_motion_vector_unit_test, VP9E_ENABLE_MOTION_VECTOR_UNIT_TEST, unsigned int)
CONTROL(vp9e_set_svc_inter_layer_pred, VP9E_SET_SVC_INTER_LAYER_PRED, unsigned int)
CONTROL(vp9e_set_svc_frame_drop_layer, VP9E_SET_SVC_FRAME_DROP_LAYER, void *)
CONTROL(vp9e_get_svc_ref_frame_config, VP9E_GET_SVC_REF_FRAME_CONFIG, void *)
CONTROL(vp9e_set_svc_gf_temporal_ref, VP9E_SET_SVC_GF_TEMPORAL_REF, unsigned int)
CONTROL(vp9e_set_svc_spatial_layer_sync, VP9E_SET_SVC_SPATIAL_LAYER_SYNC, void *)
#ifdef VPX_CTRL_VP9E_SET_TPL
CONTROL(vp9e_set_tpl, VP9E_SET_TPL, int)
#else
UNKNOWN(vp9e_set_tpl, int)
#endif
#ifdef VPX_CTRL_VP9E_SET_POSTENCODE_DROP
CONTROL(vp9e_set_postencode_drop, VP9E_SET_POSTENCODE_DROP, unsigned int)
#else
UNKNOWN(vp9e_set_postencode_drop, unsigned int)
#endif
#ifdef VPX_CTRL_VP9E_SET_DELTA_Q_UV
CONTROL(vp9e_set_delta_q_uv, VP9E_SET_DELTA_Q_UV, int)
#else
UNKNOWN(vp9e_set_delta_q_uv, int)
#endif
#ifdef VPX_CTRL_VP9E_SET_DISABLE_OVERSHOOT_MAXQ_CBR
CONTROL(vp9e_set_disable_overshoot_maxq_cbr, VP9E_SET_DISABLE_OVERSHOOT_MAXQ_CBR, int)
#else
UNKNOWN(vp9e_set_disable_overshoot_maxq_cbr, int)
#endif
#ifdef VPX_CTRL_VP9E_SET_DISABLE_LOOPFILTER
CONTROL(vp9e_set_disable_loopfilter, VP9E_SET_DISABLE_LOOPFILTER, int)
#else
UNKNOWN(vp9e_set_disable_loopfilter, int)
#endif
#ifdef VPX_CTRL_VP9E_SET_EXTERNAL_RATE_CONTROL
CONTROL(vp9e_set_external_rate_control, VP9E_SET_EXTERNAL_RATE_CONTROL, void *)
#else
UNKNOWN(vp9e_set_external_rate_control, void *)
#endif
#ifdef VPX_CTRL_VP9E_SET_RTC_EXTERNAL_RATECTRL
CONTROL(vp9e_set_rtc_external_ratectrl, VP9E_SET_RTC_EXTERNAL_RATECTRL, int)
#else
UNKNOWN(vp9e_set_rtc_external_ratectrl, int)
#endif
#ifdef VPX_CTRL_VP9E_GET_LOOPFILTER_LEVEL
CONTROL(vp9e_get_loopfilter_level, VP9E_GET_LOOPFILTER_LEVEL, void *)
#else
UNKNOWN(vp9e_get_loopfilter_level, void *)
#endif
#ifdef VPX_CTRL_VP9E_GET_LAST_QUANTIZER_SVC_LAYERS
CONTROL(vp9e_get_last_quantizer_svc_layers, VP9E_GET_LAST_QUANTIZER_SVC_LAYERS, void *)
#else
UNKNOWN(vp9e_get_last_quantizer_svc_layers, void *)
#endif
#ifdef VPX_CTRL_VP8E_SET_RTC_EXTERNAL_RATECTRL
CONTROL(vp8e_set_rtc_external_ratectrl, VP8E_SET_RTC_EXTERNAL_RATECTRL, int)
#else
UNKNOWN(vp8e_set_rtc_external_ratectrl, int)
#endif

/* vp8dx.h: decoders */
CONTROL(vp8d_get_last_ref_updates, VP8D_GET_LAST_REF_UPDATES, void *)
CONTROL(vp8d_get_frame_corrupted, VP8D_GET_FRAME_CORRUPTED, void *)
CONTROL(vp8d_get_last_ref_used, VP8D_GET_LAST_REF_USED, void *)
CONTROL(vpxd_set_decryptor, VPXD_SET_DECRYPTOR, void *)
CONTROL(vp8d_set_decryptor, VP8D_SET_DECRYPTOR, void *)
CONTROL(vp9d_get_frame_size, VP9D_GET_FRAME_SIZE, void *)
CONTROL(vp9d_get_display_size, VP9D_GET_DISPLAY_SIZE, void *)
CONTROL(vp9d_get_bit_depth, VP9D_GET_BIT_DEPTH, void *)
CONTROL(vp9_set_byte_alignment, VP9_SET_BYTE_ALIGNMENT, int)
CONTROL(vp9_invert_tile_decode_order, VP9_INVERT_TILE_DECODE_ORDER, int)
CONTROL(vp9_set_skip_loop_filter, VP9_SET_SKIP_LOOP_FILTER, int)
CONTROL(vp9_decode_svc_spatial_layer, VP9_DECODE_SVC_SPATIAL_LAYER, int)
CONTROL(vpxd_get_last_quantizer, VPXD_GET_LAST_QUANTIZER, void *)
CONTROL(vp9d_set_row_mt, VP9D_SET_ROW_MT, int)
CONTROL(vp9d_set_loop_filter_opt, VP9D_SET_LOOP_FILTER_OPT, int)

/* vp8cx.h: encoders */
#ifdef VPX_CTRL_VP9E_SET_QUANTIZER_ONE_PASS
CONTROL(vp9e_set_quantizer_one_pass, VP9E_SET_QUANTIZER_ONE_PASS, int)
#else
UNKNOWN(vp9e_set_quantizer_one_pass, int)
#endif
#ifdef VPX_CTRL_VP9E_SET_KEY_FRAME_FILTERING
CONTROL(vp9e_set_key_frame_filtering, VP9E_SET_KEY_FRAME_FILTERING, int)
#else
UNKNOWN(vp9e_set_key_frame_filtering, int)
#endif
#if defined(VPX_CTRL_VP9E_SET_VALIDATE_HBD_INPUT)
CONTROL(vp9e_set_validate_hbd_input, VP9E_SET_VALIDATE_HBD_INPUT, int)
#elif defined(VPX_CTRL_VP9E_SET_VALIDATE_INPUT_HBD) /* its name between releases */
CONTROL(vp9e_set_validate_hbd_input, VP9E_SET_VALIDATE_INPUT_HBD, int)
#else
UNKNOWN(vp9e_set_validate_hbd_input, int)
#endif
