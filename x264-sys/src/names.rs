//! The tables of names that x264 takes as texts.
//!
//! The header defines them `static`, so they exist in no library and are constants here, without the null
//! that ends them in C. What `x264_param_parse` takes is the same text.

use core::ffi::CStr;

/// Direct prediction of B frames, at the index of `X264_DIRECT_PRED_*`.
pub const x264_direct_pred_names: &[&CStr] = &[c"none", c"spatial", c"temporal", c"auto"];

/// Motion estimation, at the index of `X264_ME_*`.
pub const x264_motion_est_names: &[&CStr] = &[c"dia", c"hex", c"umh", c"esa", c"tesa"];

/// B frames as references, at the index of `X264_B_PYRAMID_*`.
pub const x264_b_pyramid_names: &[&CStr] = &[c"none", c"strict", c"normal"];

/// `vui.i_overscan`.
pub const x264_overscan_names: &[&CStr] = &[c"undef", c"show", c"crop"];

/// `vui.i_vidformat`, ITU-T H.264 table E-2.
pub const x264_vidformat_names: &[&CStr] = &[c"component", c"pal", c"ntsc", c"secam", c"mac", c"undef"];

/// `vui.b_fullrange`.
pub const x264_fullrange_names: &[&CStr] = &[c"off", c"on"];

/// `vui.i_colorprim`, ITU-T H.264 table E-3; an empty name is a reserved value.
pub const x264_colorprim_names: &[&CStr] = &[
    c"",
    c"bt709",
    c"undef",
    c"",
    c"bt470m",
    c"bt470bg",
    c"smpte170m",
    c"smpte240m",
    c"film",
    c"bt2020",
    c"smpte428",
    c"smpte431",
    c"smpte432",
];

/// `vui.i_transfer`, ITU-T H.264 table E-4; an empty name is a reserved value.
pub const x264_transfer_names: &[&CStr] = &[
    c"",
    c"bt709",
    c"undef",
    c"",
    c"bt470m",
    c"bt470bg",
    c"smpte170m",
    c"smpte240m",
    c"linear",
    c"log100",
    c"log316",
    c"iec61966-2-4",
    c"bt1361e",
    c"iec61966-2-1",
    c"bt2020-10",
    c"bt2020-12",
    c"smpte2084",
    c"smpte428",
    c"arib-std-b67",
];

/// `vui.i_colmatrix`, ITU-T H.264 table E-5; an empty name is a reserved value.
pub const x264_colmatrix_names: &[&CStr] = &[
    c"GBR",
    c"bt709",
    c"undef",
    c"",
    c"fcc",
    c"bt470bg",
    c"smpte170m",
    c"smpte240m",
    c"YCgCo",
    c"bt2020nc",
    c"bt2020c",
    c"smpte2085",
    c"chroma-derived-nc",
    c"chroma-derived-c",
    c"ICtCp",
];

/// `i_nal_hrd`, at the index of `X264_NAL_HRD_*`.
pub const x264_nal_hrd_names: &[&CStr] = &[c"none", c"vbr", c"cbr"];

/// Presets, from the fastest to the slowest.
pub const x264_preset_names: &[&CStr] = &[
    c"ultrafast",
    c"superfast",
    c"veryfast",
    c"faster",
    c"fast",
    c"medium",
    c"slow",
    c"slower",
    c"veryslow",
    c"placebo",
];

/// Tunings; the first six exclude each other.
pub const x264_tune_names: &[&CStr] =
    &[c"film", c"animation", c"grain", c"stillimage", c"psnr", c"ssim", c"fastdecode", c"zerolatency"];

/// Profiles, from the narrowest to the widest.
pub const x264_profile_names: &[&CStr] = &[c"baseline", c"main", c"high", c"high10", c"high422", c"high444"];

/// `i_avcintra_flavor`, at the index of `X264_AVCINTRA_FLAVOR_*`.
pub const x264_avcintra_flavor_names: &[&CStr] = &[c"panasonic", c"sony"];

#[cfg(test)]
mod tests {
    use core::ffi::{c_char, c_int};

    use super::*;

    unsafe extern "C" {
        fn x264_sys_names(table: c_int) -> *const *const c_char;
    }

    #[test]
    fn tables_are_those_of_the_header() {
        let tables = [
            x264_direct_pred_names,
            x264_motion_est_names,
            x264_b_pyramid_names,
            x264_overscan_names,
            x264_vidformat_names,
            x264_fullrange_names,
            x264_colorprim_names,
            x264_transfer_names,
            x264_colmatrix_names,
            x264_nal_hrd_names,
            x264_preset_names,
            x264_tune_names,
            x264_profile_names,
            x264_avcintra_flavor_names,
        ];
        for (number, table) in tables.into_iter().enumerate() {
            // SAFETY: the shim has that many tables, each ended by a null.
            let names = unsafe { x264_sys_names(number as c_int) };
            for (at, name) in table.iter().enumerate() {
                // SAFETY: the table has not ended before this name, or the one before would not have been
                // equal.
                let theirs = unsafe { *names.add(at) };
                assert!(!theirs.is_null(), "table {number} ends before {name:?}");
                // SAFETY: a name is a string literal.
                assert_eq!(unsafe { CStr::from_ptr(theirs) }, *name, "table {number}");
            }
            // SAFETY: the null comes after the last name.
            assert!(unsafe { *names.add(table.len()) }.is_null(), "table {number} goes on");
        }
        // SAFETY: any number may be asked for.
        assert!(unsafe { x264_sys_names(tables.len() as c_int) }.is_null());
    }
}
