//! The library is there and does what the declarations say: every call a wrapper makes, with real memory.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)] // The whole file is calls into C, on its own stack.

use std::{
    ffi::{CString, c_char, c_int, c_void},
    mem::{MaybeUninit, size_of},
    ptr, slice,
    sync::Mutex,
};

use x264_sys::*;

const WIDTH: usize = 64;
const HEIGHT: usize = 48;

#[test]
fn header_tells_its_version_in_three_ways() {
    let build = x264_build();
    assert!((163..=165).contains(&build), "{build}");
    let pointver = x264_pointver().to_str().expect("ASCII");
    assert!(pointver.starts_with(&format!("0.{build}")), "{pointver}");
    assert!(pointver.ends_with(x264_version().to_str().expect("ASCII").rsplit(' ').next().unwrap_or("")));
    assert!([0, 8, 10].contains(&x264_bit_depth()));
    assert_eq!(x264_chroma_format(), 0, "a library that codes every format, as distributions build it");
}

#[test]
fn loaded_library_is_the_one_built_with() {
    assert_eq!(check(), Ok(()));
}

/// Bytes of the structures in C on a 64-bit Unix, from `sizeof` in a C program with build 164.
#[test]
#[cfg(all(target_pointer_width = "64", not(windows)))]
fn structures_have_their_size() {
    assert_eq!(size_of::<x264_param_t>(), 1024);
    assert_eq!(size_of::<x264_picture_t>(), 240);
    assert_eq!(size_of::<x264_nal_t>(), 40);
}

#[test]
fn frame_becomes_an_idr_picture_with_its_parameter_sets() {
    let mut encoder = Encoder::open(parameters());
    let units = encoder.encode(7);
    let types: Vec<_> = units.iter().map(|unit| (unit[4] & 0x1f) as nal_unit_type_e).collect();
    assert_eq!(types, [NAL_SPS, NAL_PPS, NAL_SEI, NAL_SLICE_IDR]);
    // Without Annex B a unit starts with its length.
    for unit in &units {
        let length = u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]);
        assert_eq!(length as usize, unit.len() - 4);
    }
    assert_eq!(unsafe { x264_encoder_delayed_frames(encoder.handle) }, 0);
    assert_eq!(unsafe { x264_encoder_maximum_delayed_frames(encoder.handle) }, 0);
}

#[test]
fn headers_come_before_any_picture() {
    let encoder = Encoder::open(parameters());
    let (mut units, mut count) = (ptr::null_mut(), 0);
    let bytes = unsafe { x264_encoder_headers(encoder.handle, &mut units, &mut count) };
    assert!(bytes > 0);
    let units = unsafe { slice::from_raw_parts(units, usize::try_from(count).expect("a count")) };
    assert_eq!(
        units.iter().map(|unit| unit.i_type as nal_unit_type_e).collect::<Vec<_>>(),
        [NAL_SPS, NAL_PPS, NAL_SEI]
    );
}

#[test]
fn parameters_are_read_back_as_the_encoder_has_them() {
    let mut param = parameters();
    (param.rc.i_vbv_max_bitrate, param.rc.i_vbv_buffer_size) = (500, 500);
    let mut encoder = Encoder::open(param);
    let mut effective = x264_param_t::default();
    unsafe { x264_encoder_parameters(encoder.handle, &mut effective) };
    assert_eq!((effective.i_width, effective.i_height), (WIDTH as c_int, HEIGHT as c_int));
    effective.rc.i_vbv_max_bitrate = 300;
    assert_eq!(unsafe { x264_encoder_reconfig(encoder.handle, &mut effective) }, 0);
    encoder.encode(0); // A change is applied when the next picture comes.
    unsafe { x264_encoder_parameters(encoder.handle, &mut effective) };
    assert_eq!(effective.rc.i_vbv_max_bitrate, 300);
}

#[test]
fn options_are_parsed_and_what_they_own_is_freed() {
    let mut param = parameters();
    let mut set = |name: &std::ffi::CStr, value: &std::ffi::CStr| unsafe {
        x264_param_parse(&mut param, name.as_ptr(), value.as_ptr())
    };
    assert_eq!(set(c"crf", c"31"), 0);
    assert_eq!(set(c"zones", c"0,10,q=20"), 0);
    assert_eq!(set(c"no such option", c"1"), X264_PARAM_BAD_NAME);
    assert_eq!(set(c"me", c"telepathy"), X264_PARAM_BAD_VALUE);
    assert_eq!((param.rc.i_rc_method, param.rc.f_rf_constant), (X264_RC_CRF, 31.0));
    unsafe { x264_param_cleanup(&mut param) };
}

#[test]
fn t9_every_name_in_the_tables_is_taken() {
    for preset in x264_preset_names {
        for tune in x264_tune_names {
            let mut param = x264_param_t::default();
            assert_eq!(unsafe { x264_param_default_preset(&mut param, preset.as_ptr(), tune.as_ptr()) }, 0);
        }
    }
    for profile in x264_profile_names {
        let mut param = parameters();
        assert_eq!(unsafe { x264_param_apply_profile(&mut param, profile.as_ptr()) }, 0, "{profile:?}");
    }
    for (name, table) in [
        (c"me", x264_motion_est_names),
        (c"direct", x264_direct_pred_names),
        (c"nal-hrd", x264_nal_hrd_names),
    ] {
        for value in table {
            let mut param = parameters();
            assert_eq!(
                unsafe { x264_param_parse(&mut param, name.as_ptr(), value.as_ptr()) },
                0,
                "{value:?}"
            );
        }
    }
}

#[test]
fn t9_levels_end_with_zero() {
    let levels = x264_levels();
    let count = (0..64).take_while(|at| unsafe { (*levels.add(*at)).level_idc } != 0).count();
    let levels = unsafe { slice::from_raw_parts(levels, count) };
    // ITU-T H.264 table A-1: level 1 has 1485 macroblocks a second, level 4 has 8192 in a frame.
    assert_eq!((levels[0].level_idc, levels[0].mbps), (10, 1485));
    assert!(levels.iter().any(|level| (level.level_idc, level.frame_size) == (40, 8192)));
}

#[test]
fn picture_types_are_told_apart() {
    for (picture_type, intra, bidirectional) in [
        (X264_TYPE_AUTO, false, false),
        (X264_TYPE_IDR, true, false),
        (X264_TYPE_I, true, false),
        (X264_TYPE_P, false, false),
        (X264_TYPE_BREF, false, true),
        (X264_TYPE_B, false, true),
        (X264_TYPE_KEYFRAME, true, false),
    ] {
        assert_eq!((is_x264_type_i(picture_type), is_x264_type_b(picture_type)), (intra, bidirectional));
    }
}

/// Level and text of every line.
type Lines = Mutex<Vec<(c_int, String)>>;

unsafe extern "C" fn keep(user: *mut c_void, level: c_int, text: *const c_char, length: usize) {
    let lines = unsafe { &*user.cast::<Lines>() };
    let bytes = unsafe { slice::from_raw_parts(text.cast::<u8>(), length + 1) };
    assert_eq!(bytes[length], 0);
    lines
        .lock()
        .expect("no test panics")
        .push((level, String::from_utf8_lossy(&bytes[..length]).into_owned()));
}

#[test]
fn log_lines_arrive_whole_and_without_their_end() {
    let lines = Lines::default();
    let sink = LogSink { line: keep, user: (&raw const lines).cast_mut().cast() };
    let mut param = parameters();
    param.i_log_level = X264_LOG_INFO;
    unsafe { set_log(&mut param, &sink) };
    Encoder::open(param).encode(0);
    let lines = lines.into_inner().expect("no test panics");
    assert!(
        lines.iter().any(|(level, line)| *level == X264_LOG_INFO && line.starts_with("profile ")),
        "{lines:?}"
    );
    assert!(lines.iter().all(|(_, line)| !line.ends_with('\n')), "{lines:?}");
}

#[test]
fn log_line_longer_than_a_kibibyte_is_not_cut() {
    let lines = Lines::default();
    let sink = LogSink { line: keep, user: (&raw const lines).cast_mut().cast() };
    let file = CString::new(format!("/nowhere/{}", "x".repeat(5000))).expect("no zero");
    let mut param = parameters();
    param.i_cqm_preset = X264_CQM_CUSTOM;
    param.psz_cqm_file = file.as_ptr().cast_mut();
    param.i_log_level = X264_LOG_ERROR;
    unsafe { set_log(&mut param, &sink) };
    assert!(unsafe { x264_encoder_open(&mut param) }.is_null());
    let lines = lines.into_inner().expect("no test panics");
    assert!(lines.iter().any(|(level, line)| *level == X264_LOG_ERROR && line.len() > 5000), "{lines:?}");
}

/// A unit stays where the callback has put it: what `x264_encoder_encode` returns leads there too.
type Units = Mutex<Vec<(c_int, Vec<u8>)>>;

unsafe extern "C" fn take(encoder: *mut x264_t, unit: *mut x264_nal_t, opaque: *mut c_void) {
    let units = unsafe { &*opaque.cast::<Units>() };
    let mut room = vec![0_u8; unsafe { (*unit).i_payload } as usize * 3 / 2 + 5 + 64];
    unsafe { x264_nal_encode(encoder, room.as_mut_ptr(), unit) };
    units.lock().expect("no test panics").push((unsafe { (*unit).i_type }, room));
}

#[test]
fn units_are_handed_out_as_they_are_ready() {
    let units = Units::default();
    let mut param = parameters();
    param.nalu_process = Some(take);
    param.i_slice_count = 3;
    let mut encoder = Encoder::open(param);
    encoder.opaque = (&raw const units).cast_mut().cast();
    let returned = encoder.encode(0);
    drop(encoder);
    let units = units.into_inner().expect("no test panics");
    assert_eq!(units.iter().filter(|(unit, _)| *unit as nal_unit_type_e == NAL_SLICE_IDR).count(), 3);
    assert!(units.iter().zip(&returned).all(|((_, room), unit)| room.starts_with(unit)));
}

/// An open encoder, closed once.
struct Encoder {
    handle: *mut x264_t,
    opaque: *mut c_void,
}

impl Encoder {
    fn open(mut param: x264_param_t) -> Encoder {
        let handle = unsafe { x264_encoder_open(&mut param) };
        assert!(!handle.is_null());
        Encoder { handle, opaque: ptr::null_mut() }
    }

    /// One picture, then the end; the units that come out.
    fn encode(&mut self, pts: i64) -> Vec<Vec<u8>> {
        let mut picture = MaybeUninit::uninit();
        let mut picture = unsafe {
            assert_eq!(
                x264_picture_alloc(picture.as_mut_ptr(), X264_CSP_I420, WIDTH as c_int, HEIGHT as c_int),
                0
            );
            picture.assume_init()
        };
        fill(&picture.img);
        (picture.i_pts, picture.opaque) = (pts, self.opaque);
        let mut all = Vec::new();
        let mut out = x264_picture_t::default();
        for input in [&raw mut picture, ptr::null_mut()] {
            let (mut units, mut count) = (ptr::null_mut(), 0);
            let bytes = unsafe { x264_encoder_encode(self.handle, &mut units, &mut count, input, &mut out) };
            assert!(bytes >= 0);
            if bytes > 0 && count > 0 {
                let units = unsafe { slice::from_raw_parts(units, usize::try_from(count).expect("a count")) };
                all.extend(units.iter().map(|unit| {
                    unsafe { slice::from_raw_parts(unit.p_payload, unit.i_payload as usize) }.to_vec()
                }));
                assert_eq!((out.i_pts, out.i_type, out.b_keyframe), (pts, X264_TYPE_IDR, 1));
            }
        }
        unsafe { x264_picture_clean(&mut picture) };
        all
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        unsafe { x264_encoder_close(self.handle) };
    }
}

fn parameters() -> x264_param_t {
    let mut param = x264_param_t::default();
    let status =
        unsafe { x264_param_default_preset(&mut param, c"ultrafast".as_ptr(), c"zerolatency".as_ptr()) };
    assert_eq!(status, 0);
    (param.i_width, param.i_height, param.i_csp) = (WIDTH as c_int, HEIGHT as c_int, X264_CSP_I420);
    (param.i_threads, param.b_annexb, param.i_log_level) = (1, 0, X264_LOG_NONE);
    param
}

fn fill(image: &x264_image_t) {
    for (plane, (width, height)) in
        [(WIDTH, HEIGHT), (WIDTH / 2, HEIGHT / 2), (WIDTH / 2, HEIGHT / 2)].into_iter().enumerate()
    {
        let stride = usize::try_from(image.i_stride[plane]).expect("top down");
        for y in 0..height {
            let row = unsafe { slice::from_raw_parts_mut(image.plane[plane].add(y * stride), width) };
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = if plane == 0 { (2 * x + y) as u8 } else { 128 };
            }
        }
    }
}
