//! The library is there and does what the declarations say: every call a wrapper makes, with real memory.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)] // The whole file is calls into C, on its own stack.

use std::{
    ffi::{CStr, c_int, c_uint},
    mem::{MaybeUninit, size_of},
    ptr, slice,
};

use vpx_sys::*;

const WIDTH: usize = 64;
const HEIGHT: usize = 48;

#[test]
fn version_is_told_in_three_ways() {
    let version = loaded_version().to_str().expect("ASCII");
    let parts = [vpx_codec_version_major(), vpx_codec_version_minor(), vpx_codec_version_patch()];
    let numbers = format!("v{}.{}.{}", parts[0], parts[1], parts[2]);
    assert!(version.starts_with(&numbers), "{version} is not {numbers}");
    let packed = unsafe { vpx_codec_version() };
    assert_eq!(parts, [vpx_version_major(packed), vpx_version_minor(packed), vpx_version_patch(packed)]);
}

#[test]
fn loaded_library_is_the_one_built_with() {
    assert_eq!(check(), Ok(()));
}

#[test]
fn abi_numbers_are_those_of_a_supported_header() {
    assert!((25..=39).contains(&vpx_encoder_abi_version()));
    // libvpx 1.11 to 1.17, all the same: vpx_image.h 5, vpx_codec.h 4 + 5, vpx_decoder.h 3 + 9.
    let abi = [vpx_image_abi_version(), vpx_codec_abi_version(), vpx_decoder_abi_version()];
    assert_eq!(abi, [5, 9, 12]);
}

/// Bytes of the structures in C on a 64-bit Unix, from `sizeof` in a C program with libvpx 1.12.
#[test]
#[cfg(all(target_pointer_width = "64", not(windows)))]
fn structures_have_their_size() {
    assert_eq!(size_of::<vpx_codec_enc_cfg_t>(), 504);
    assert_eq!(size_of::<vpx_image_t>(), 136);
    assert_eq!(size_of::<vpx_codec_ctx_t>(), 56);
    assert_eq!(size_of::<vpx_codec_cx_pkt_t>(), 136);
}

/// The default configuration is copied with the size the library believes in.
#[test]
fn library_writes_exactly_one_configuration() {
    for iface in [unsafe { vpx_codec_vp8_cx() }, unsafe { vpx_codec_vp9_cx() }] {
        let mut room = [[0xa5_u64; 512], [0x5a; 512]];
        for room in &mut room {
            let status = unsafe { vpx_codec_enc_config_default(iface, room.as_mut_ptr().cast(), 0) };
            assert_eq!(status, VPX_CODEC_OK);
        }
        let last = room[0].iter().zip(&room[1]).rposition(|(a, b)| a == b).expect("something is written");
        assert_eq!((last + 1) * 8, size_of::<vpx_codec_enc_cfg_t>());
    }
}

#[test]
fn frame_goes_through_vp8_and_back() {
    round_trip(unsafe { vpx_codec_vp8_cx() }, unsafe { vpx_codec_vp8_dx() });
}

#[test]
fn frame_goes_through_vp9_and_back() {
    round_trip(unsafe { vpx_codec_vp9_cx() }, unsafe { vpx_codec_vp9_dx() });
}

fn round_trip(encoder: *const vpx_codec_iface_t, decoder: *const vpx_codec_iface_t) {
    let mut encoder = Context::encoder(encoder, VPX_CODEC_USE_PSNR);
    assert_eq!(unsafe { control::vp8e_set_cpuused(&mut encoder.0, 8) }, VPX_CODEC_OK);
    let packets = encoder.encode();
    assert_eq!(packets.len(), 1);
    assert_ne!(packets[0].1 & VPX_FRAME_IS_KEY, 0);
    let mut quantizer = -1;
    assert_eq!(unsafe { control::vp8e_get_last_quantizer_64(&mut encoder.0, &mut quantizer) }, VPX_CODEC_OK);
    assert!((0..=63).contains(&quantizer), "{quantizer}");

    let mut decoder = Context::decoder(decoder);
    let data = &packets[0].0;
    let size = c_uint::try_from(data.len()).expect("small");
    let status = unsafe { vpx_codec_decode(&mut decoder.0, data.as_ptr(), size, ptr::null_mut(), 0) };
    assert_eq!(status, VPX_CODEC_OK);
    let mut iter = ptr::null();
    let image = unsafe { vpx_codec_get_frame(&mut decoder.0, &mut iter).as_ref() }.expect("a picture");
    assert_eq!((image.d_w as usize, image.d_h as usize, image.fmt), (WIDTH, HEIGHT, VPX_IMG_FMT_I420));
    let stride = usize::try_from(image.stride[VPX_PLANE_Y as usize]).expect("top down");
    for row in [0, HEIGHT - 1] {
        let line = unsafe { slice::from_raw_parts(image.planes[0].add(row * stride), WIDTH) };
        for (x, sample) in line.iter().enumerate() {
            assert!(sample.abs_diff(ramp(x, row)) < 24, "{sample} at {x}, {row}");
        }
    }
    let mut corrupted = -1;
    assert_eq!(unsafe { control::vp8d_get_frame_corrupted(&mut decoder.0, &mut corrupted) }, VPX_CODEC_OK);
    assert_eq!(corrupted, 0);
}

#[test]
fn vp9_decoder_tells_size_and_depth() {
    let packets = Context::encoder(unsafe { vpx_codec_vp9_cx() }, 0).encode();
    let mut decoder = Context::decoder(unsafe { vpx_codec_vp9_dx() });
    let (data, size) = (packets[0].0.as_ptr(), packets[0].0.len() as c_uint);
    assert_eq!(unsafe { vpx_codec_decode(&mut decoder.0, data, size, ptr::null_mut(), 0) }, VPX_CODEC_OK);
    let (mut coded, mut shown, mut depth) = ([0; 2], [0; 2], 0);
    unsafe {
        assert_eq!(control::vp9d_get_frame_size(&mut decoder.0, &mut coded), VPX_CODEC_OK);
        assert_eq!(control::vp9d_get_display_size(&mut decoder.0, &mut shown), VPX_CODEC_OK);
        assert_eq!(control::vp9d_get_bit_depth(&mut decoder.0, &mut depth), VPX_CODEC_OK);
    }
    assert_eq!(
        (coded, shown, depth),
        ([WIDTH as c_int, HEIGHT as c_int], [WIDTH as c_int, HEIGHT as c_int], 8)
    );
}

/// What a control changes can be read in the stream or back, so a wrong id or type would show.
#[test]
fn controls_reach_what_they_are_named_after() {
    let mut vp9 = Context::encoder(unsafe { vpx_codec_vp9_cx() }, 0);
    let lossless = unsafe { control::vp9e_set_lossless(&mut vp9.0, 1) };
    assert_eq!(lossless, VPX_CODEC_OK);
    let mut render_size = [32, 24];
    assert_eq!(unsafe { control::vp9e_set_render_size(&mut vp9.0, &mut render_size) }, VPX_CODEC_OK);
    let packets = vp9.encode();
    let mut quantizer = -1;
    assert_eq!(unsafe { control::vp8e_get_last_quantizer(&mut vp9.0, &mut quantizer) }, VPX_CODEC_OK);
    assert_eq!(quantizer, 0);

    let mut decoder = Context::decoder(unsafe { vpx_codec_vp9_dx() });
    let (data, size) = (packets[0].0.as_ptr(), packets[0].0.len() as c_uint);
    assert_eq!(unsafe { vpx_codec_decode(&mut decoder.0, data, size, ptr::null_mut(), 0) }, VPX_CODEC_OK);
    let mut shown = [0; 2];
    assert_eq!(unsafe { control::vp9d_get_display_size(&mut decoder.0, &mut shown) }, VPX_CODEC_OK);
    assert_eq!(shown, render_size);
}

#[test]
fn typed_controls_are_known_to_their_codec() {
    type Setter = unsafe extern "C" fn(*mut vpx_codec_ctx_t, c_int) -> vpx_codec_err_t;
    type UnsignedSetter = unsafe extern "C" fn(*mut vpx_codec_ctx_t, c_uint) -> vpx_codec_err_t;
    let both: [(UnsignedSetter, c_uint); 7] = [
        (control::vp8e_set_enableautoaltref, 1),
        (control::vp8e_set_sharpness, 1),
        (control::vp8e_set_static_threshold, 1),
        (control::vp8e_set_arnr_maxframes, 3),
        (control::vp8e_set_arnr_strength, 3),
        (control::vp8e_set_cq_level, 20),
        (control::vp8e_set_max_intra_bitrate_pct, 300),
    ];
    let vp8: [(UnsignedSetter, c_uint); 3] = [
        (control::vp8e_set_noise_sensitivity, 1),
        (control::vp8e_set_screen_content_mode, 1),
        (control::vp8e_set_gf_cbr_boost_pct, 10),
    ];
    let vp9: [(UnsignedSetter, c_uint); 13] = [
        (control::vp9e_set_max_inter_bitrate_pct, 300),
        (control::vp9e_set_gf_cbr_boost_pct, 10),
        (control::vp9e_set_frame_parallel_decoding, 1),
        (control::vp9e_set_aq_mode, 3),
        (control::vp9e_set_frame_periodic_boost, 1),
        (control::vp9e_set_noise_sensitivity, 0),
        (control::vp9e_set_min_gf_interval, 4),
        (control::vp9e_set_max_gf_interval, 16),
        (control::vp9e_set_target_level, 255),
        (control::vp9e_set_row_mt, 1),
        (control::vp9e_set_postencode_drop, 0),
        (control::vp9e_set_svc_inter_layer_pred, 0),
        (control::vp9e_set_svc_gf_temporal_ref, 0),
    ];
    let vp9_signed: [(Setter, c_int); 11] = [
        (control::vp9e_set_tile_columns, 0),
        (control::vp9e_set_tile_rows, 0),
        (control::vp9e_set_tune_content, VP9E_CONTENT_SCREEN as c_int),
        (control::vp9e_set_color_space, VPX_CS_BT_709 as c_int),
        (control::vp9e_set_color_range, VPX_CR_FULL_RANGE as c_int),
        (control::vp9e_set_alt_ref_aq, 0),
        (control::vp9e_set_tpl, 0),
        (control::vp9e_set_delta_q_uv, -15),
        (control::vp9e_set_disable_overshoot_maxq_cbr, 1),
        (control::vp9e_set_disable_loopfilter, 1),
        (control::vp9e_set_rtc_external_ratectrl, 0),
    ];
    let mut vp8_encoder = Context::encoder(unsafe { vpx_codec_vp8_cx() }, 0);
    let mut vp9_encoder = Context::encoder(unsafe { vpx_codec_vp9_cx() }, 0);
    for (at, (set, value)) in both.into_iter().chain(vp8).enumerate() {
        assert_eq!(unsafe { set(&mut vp8_encoder.0, value) }, VPX_CODEC_OK, "VP8 control {at}");
    }
    for (at, (set, value)) in both.into_iter().chain(vp9).enumerate() {
        assert_eq!(unsafe { set(&mut vp9_encoder.0, value) }, VPX_CODEC_OK, "VP9 control {at}");
    }
    for (at, (set, value)) in vp9_signed.into_iter().enumerate() {
        assert_eq!(unsafe { set(&mut vp9_encoder.0, value) }, VPX_CODEC_OK, "VP9 int control {at}");
    }
    for (at, (set, value)) in vp9.into_iter().enumerate() {
        assert_ne!(unsafe { set(&mut vp8_encoder.0, value) }, VPX_CODEC_OK, "VP9 control {at} on VP8");
    }
}

#[test]
fn maps_are_taken_by_address() {
    let mut vp9 = Context::encoder(unsafe { vpx_codec_vp9_cx() }, 0);
    let mut active = vec![1_u8; WIDTH.div_ceil(16) * HEIGHT.div_ceil(16)];
    let mut map = vpx_active_map_t {
        active_map: active.as_mut_ptr(),
        rows: HEIGHT.div_ceil(16) as c_uint,
        cols: WIDTH.div_ceil(16) as c_uint,
    };
    assert_eq!(unsafe { control::vp8e_set_activemap(&mut vp9.0, &mut map) }, VPX_CODEC_OK);
    map.rows += 1;
    assert_eq!(unsafe { control::vp8e_set_activemap(&mut vp9.0, &mut map) }, VPX_CODEC_INVALID_PARAM);
}

#[test]
fn controls_by_number_have_the_type_they_say() {
    let mut vp9 = Context::encoder(unsafe { vpx_codec_vp9_cx() }, 0);
    let mut quantizer = -1;
    unsafe {
        let (signed, unsigned) = (VP8E_SET_CPUUSED as c_int, VP8E_SET_SHARPNESS as c_int);
        assert_eq!(control::control_int(&mut vp9.0, signed, -5), VPX_CODEC_OK);
        assert_eq!(control::control_uint(&mut vp9.0, unsigned, 7), VPX_CODEC_OK);
        assert_eq!(control::control_uint(&mut vp9.0, unsigned, 8), VPX_CODEC_INVALID_PARAM);
        let value = (&raw mut quantizer).cast();
        let status = control::control_ptr(&mut vp9.0, VP8E_GET_LAST_QUANTIZER as c_int, value);
        assert_eq!(status, VPX_CODEC_OK);
        assert_eq!(control::control_int(&mut vp9.0, c_int::MAX, 0), VPX_CODEC_INCAPABLE);
    }
    assert_ne!(quantizer, -1);
}

#[test]
fn control_of_a_newer_libvpx_is_refused_and_not_guessed() {
    let mut vp9 = Context::encoder(unsafe { vpx_codec_vp9_cx() }, 0);
    let expected = if vpx_encoder_abi_version() < 30 { VPX_CODEC_INCAPABLE } else { VPX_CODEC_OK };
    assert_eq!(unsafe { control::vp9e_set_quantizer_one_pass(&mut vp9.0, 30) }, expected);
    let text = unsafe { CStr::from_ptr(vpx_codec_error(&mut vp9.0)) };
    let expected_text = unsafe { CStr::from_ptr(vpx_codec_err_to_string(expected)) };
    assert_eq!(text, expected_text);
}

#[test]
fn refused_configuration_says_why() {
    let iface = unsafe { vpx_codec_vp9_cx() };
    let mut cfg = configuration(iface);
    cfg.g_threads = 1000;
    let mut ctx = vpx_codec_ctx_t::default();
    assert_eq!(unsafe { vpx_codec_enc_init(&mut ctx, iface, &cfg, 0) }, VPX_CODEC_INVALID_PARAM);
    let detail = unsafe { CStr::from_ptr(vpx_codec_error_detail(&mut ctx)) };
    assert!(detail.to_str().expect("ASCII").contains("g_threads"), "{detail:?}");
}

#[test]
fn vp8_opens_three_sizes_at_once() {
    let iface = unsafe { vpx_codec_vp8_cx() };
    let mut cfgs = [configuration(iface); 3];
    for (level, cfg) in cfgs.iter_mut().enumerate() {
        (cfg.g_w, cfg.g_h) = (256 >> level, 192 >> level);
    }
    let mut factors = [vpx_rational_t { num: 2, den: 1 }; 3];
    let mut contexts = [vpx_codec_ctx_t::default(); 3];
    let status = unsafe {
        let (contexts, cfgs) = (contexts.as_mut_ptr(), cfgs.as_mut_ptr());
        vpx_codec_enc_init_multi(contexts, iface, cfgs, 3, 0, factors.as_mut_ptr())
    };
    if status == VPX_CODEC_INCAPABLE {
        eprintln!("skipped: this libvpx was built without --enable-multi-res-encoding");
        return;
    }
    assert_eq!(status, VPX_CODEC_OK);
    for context in contexts.iter_mut().rev() {
        assert_eq!(unsafe { vpx_codec_destroy(context) }, VPX_CODEC_OK);
    }
}

#[test]
fn psnr_packet_tells_its_layer_or_that_it_cannot() {
    let mut packet = vpx_codec_cx_pkt_t { kind: VPX_CODEC_PSNR_PKT, ..Default::default() };
    packet.data.psnr = Default::default();
    let layer = unsafe { vpx_psnr_spatial_layer_id(&packet) };
    assert_eq!(layer, if vpx_encoder_abi_version() < 39 { -1 } else { 0 });
}

/// An open context, destroyed once.
struct Context(vpx_codec_ctx_t);

impl Context {
    fn encoder(iface: *const vpx_codec_iface_t, flags: vpx_codec_flags_t) -> Context {
        let cfg = configuration(iface);
        let mut ctx = vpx_codec_ctx_t::default();
        assert_eq!(unsafe { vpx_codec_enc_init(&mut ctx, iface, &cfg, flags) }, VPX_CODEC_OK);
        Context(ctx)
    }

    fn decoder(iface: *const vpx_codec_iface_t) -> Context {
        let mut ctx = vpx_codec_ctx_t::default();
        assert_eq!(unsafe { vpx_codec_dec_init(&mut ctx, iface, ptr::null(), 0) }, VPX_CODEC_OK);
        Context(ctx)
    }

    /// One frame, then the end.
    fn encode(&mut self) -> Vec<(Vec<u8>, vpx_codec_frame_flags_t)> {
        let image = unsafe { vpx_img_alloc(ptr::null_mut(), VPX_IMG_FMT_I420, WIDTH as _, HEIGHT as _, 16) };
        fill(unsafe { &*image });
        let mut packets = Vec::new();
        for image in [image.cast_const(), ptr::null()] {
            let status = unsafe { vpx_codec_encode(&mut self.0, image, 0, 1, 0, VPX_DL_REALTIME) };
            assert_eq!(status, VPX_CODEC_OK);
            let mut iter = ptr::null();
            while let Some(packet) = unsafe { vpx_codec_get_cx_data(&mut self.0, &mut iter).as_ref() } {
                if packet.kind == VPX_CODEC_CX_FRAME_PKT {
                    let frame = unsafe { packet.data.frame };
                    let data = unsafe { slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz) };
                    packets.push((data.to_vec(), frame.flags));
                }
            }
        }
        unsafe { vpx_img_free(image) };
        packets
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        unsafe { vpx_codec_destroy(&mut self.0) };
    }
}

fn configuration(iface: *const vpx_codec_iface_t) -> vpx_codec_enc_cfg_t {
    let mut cfg = MaybeUninit::uninit();
    assert_eq!(unsafe { vpx_codec_enc_config_default(iface, cfg.as_mut_ptr(), 0) }, VPX_CODEC_OK);
    let mut cfg = unsafe { cfg.assume_init() };
    (cfg.g_w, cfg.g_h) = (WIDTH as c_uint, HEIGHT as c_uint);
    (cfg.g_threads, cfg.g_lag_in_frames) = (1, 0);
    cfg
}

fn fill(image: &vpx_image_t) {
    for (plane, (width, height)) in
        [(WIDTH, HEIGHT), (WIDTH / 2, HEIGHT / 2), (WIDTH / 2, HEIGHT / 2)].into_iter().enumerate()
    {
        let stride = usize::try_from(image.stride[plane]).expect("top down");
        for y in 0..height {
            let row = unsafe { slice::from_raw_parts_mut(image.planes[plane].add(y * stride), width) };
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = if plane == 0 { ramp(x, y) } else { 128 };
            }
        }
    }
}

fn ramp(x: usize, y: usize) -> u8 {
    u8::try_from(32 + 2 * x + y / 2).expect("within 64 by 48")
}
