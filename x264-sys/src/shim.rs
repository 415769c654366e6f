//! What C has as macros and tables: opening an encoder, picture types, levels, what the header says of itself.

use core::ffi::{CStr, c_char, c_int};

use crate::*;

unsafe extern "C" {
    /// `x264_encoder_open` of the build the crate was compiled with; null when the parameters are refused.
    ///
    /// Everything in `param` is copied but what its pointers lead to: zones and a log sink have to outlive the
    /// encoder. x264 says why it refused only to the log.
    #[link_name = "x264_sys_encoder_open"]
    pub fn x264_encoder_open(param: *mut x264_param_t) -> *mut x264_t;

    /// Frees what x264 allocated in a parameter set, in `x264_param_parse` for one; the set itself is the caller's.
    ///
    /// Before build 161, where x264 owned nothing there, it does nothing.
    #[link_name = "x264_sys_param_cleanup"]
    pub fn x264_param_cleanup(param: *mut x264_param_t);

    /// All levels of the standard, ended by one whose `level_idc` is 0; lives as long as the program.
    #[link_name = "x264_sys_levels"]
    pub safe fn x264_levels() -> *const x264_level_t;

    /// The only `X264_CSP_*` the library loaded codes, or 0 if it codes all.
    #[link_name = "x264_sys_chroma_format"]
    pub safe fn x264_chroma_format() -> c_int;

    #[link_name = "x264_sys_build"]
    safe fn build() -> c_int;
    #[link_name = "x264_sys_bit_depth"]
    safe fn bit_depth() -> c_int;
    #[link_name = "x264_sys_gpl"]
    safe fn gpl() -> c_int;
    #[link_name = "x264_sys_interlaced"]
    safe fn interlaced() -> c_int;
    #[link_name = "x264_sys_pointver"]
    safe fn pointver() -> *const c_char;
    #[link_name = "x264_sys_version"]
    safe fn version() -> *const c_char;
}

/// `X264_BUILD` of the header the crate was built with.
pub fn x264_build() -> c_int {
    build()
}

/// `X264_POINTVER`, such as `0.164.3095 baee400`.
pub fn x264_pointver() -> &'static CStr {
    // SAFETY: the shim returns a string literal.
    unsafe { CStr::from_ptr(pointver()) }
}

/// `X264_VERSION`, such as ` r3095 baee400`; empty if the header has none.
pub fn x264_version() -> &'static CStr {
    // SAFETY: the shim returns a string literal.
    unsafe { CStr::from_ptr(version()) }
}

/// `X264_BIT_DEPTH`: 8 or 10, or 0 for a library that codes both.
pub fn x264_bit_depth() -> c_int {
    bit_depth()
}

/// `X264_GPL`: whether the library contains what is only under the GPL.
pub fn x264_gpl() -> bool {
    gpl() != 0
}

/// `X264_INTERLACED`: whether the library codes interlaced pictures.
pub fn x264_interlaced() -> bool {
    interlaced() != 0
}

/// `IS_X264_TYPE_I`: whether a picture type is intra.
pub const fn is_x264_type_i(picture_type: c_int) -> bool {
    matches!(picture_type, X264_TYPE_I | X264_TYPE_IDR | X264_TYPE_KEYFRAME)
}

/// `IS_X264_TYPE_B`: whether a picture type is a B picture, a reference or not.
pub const fn is_x264_type_b(picture_type: c_int) -> bool {
    matches!(picture_type, X264_TYPE_B | X264_TYPE_BREF)
}
