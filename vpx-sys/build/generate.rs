//! Writes the bindings from the headers found, with the settings that made the checked-in file.

use std::{
    env,
    path::{Path, PathBuf},
};

use bindgen::{
    EnumVariation, RustTarget,
    callbacks::{EnumVariantCustomBehavior, EnumVariantValue, IntKind, ParseCallbacks},
};

/// Writes `OUT_DIR/bindings.rs` and tells the crate to use it.
pub(crate) fn bindings(include: &[PathBuf]) {
    let mut builder = bindgen::Builder::default()
        .header_contents("vpx_sys.h", HEADERS)
        .clang_args(include.iter().map(|dir| format!("-I{}", dir.display())))
        .parse_callbacks(Box::new(Constants))
        .parse_callbacks(Box::new(bindgen::CargoCallbacks::new().rerun_on_header_files(true)))
        .rust_target(RustTarget::stable(85, 0).expect("1.85 is known to bindgen"))
        .use_core()
        // C may hold a value that a Rust enum lacks, and reading it would be undefined behaviour.
        .default_enum_style(EnumVariation::Consts)
        .prepend_enum_name(false)
        .derive_default(true)
        .generate_comments(false)
        // The layout is checked by the C compiler of the target, in shim.c.
        .layout_tests(false)
        .allowlist_recursively(true)
        .allowlist_function("vpx_.*")
        .allowlist_type("(vpx|vp8|vp9)_?.*")
        .allowlist_type("SVC_LAYER_DROP_MODE|VPX_SCALING_MODE|VP9E_TEMPORAL_LAYERING_MODE")
        .allowlist_var("(VPX|VP8|VP9|VP8E|VP9E|VPXD)_.*")
        // The shim's: numbers frozen here would be wrong for other headers, varargs are not called from Rust,
        // static inline functions do not link, and the `_algo` objects are deprecated twins of functions.
        .blocklist_item("VPX_[A-Z_]*ABI_VERSION")
        .blocklist_item("VPX_CTRL_.*|VPX_DEPRECATED|VPX_UNUSED|VPX_INLINE")
        .blocklist_function("vpx_codec_control_.*")
        .blocklist_var("vpx_.*_algo");
    if !cfg!(feature = "ext-ratectrl") {
        builder = builder.blocklist_file(".*vpx_(ext_ratectrl|tpl)\\.h");
    }
    let bindings = match builder.generate() {
        Ok(bindings) => bindings,
        Err(error) => crate::fail(&format!("bindgen cannot read the headers of libvpx: {error}")),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("bindings.rs");
    bindings.write_to_file(Path::new(&out)).expect("cargo gives a writable OUT_DIR");
    println!("cargo::rustc-cfg=generated");
}

/// Leaves out constants that are wrong for other releases, and gives a macro the type of the argument it is
/// for, which C does not say.
#[derive(Debug)]
struct Constants;

impl ParseCallbacks for Constants {
    fn enum_variant_behavior(
        &self,
        _enumeration: Option<&str>,
        variant: &str,
        _value: EnumVariantValue,
    ) -> Option<EnumVariantCustomBehavior> {
        RENUMBERED.contains(&variant).then_some(EnumVariantCustomBehavior::Hide)
    }

    fn int_macro(&self, name: &str, _value: i64) -> Option<IntKind> {
        let signed = |name| Some(IntKind::Custom { name, is_signed: true });
        let unsigned = |name| Some(IntKind::Custom { name, is_signed: false });
        match name {
            _ if name.starts_with("VPX_CODEC_CAP_") => signed("vpx_codec_caps_t"),
            _ if name.starts_with("VPX_CODEC_USE_") => signed("vpx_codec_flags_t"),
            _ if name.starts_with("VPX_EFLAG_") || name.starts_with("VP8_EFLAG_") => {
                signed("vpx_enc_frame_flags_t")
            }
            _ if name.starts_with("VPX_FRAME_IS_") => unsigned("vpx_codec_frame_flags_t"),
            _ if name.starts_with("VPX_ERROR_RESILIENT_") => unsigned("vpx_codec_er_flags_t"),
            _ if name.starts_with("VPX_DL_") => unsigned("::core::ffi::c_ulong"),
            _ => None,
        }
    }
}

const HEADERS: &str = "\
#include <vpx/vpx_codec.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>
#include <vpx/vpx_frame_buffer.h>
#include <vpx/vpx_image.h>
#include <vpx/vp8.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
";

/// libvpx 1.15 gave these other ids and 1.16 took it back, so only the C compiler knows them, and they are
/// reached by their functions alone.
const RENUMBERED: [&str; 12] = [
    "VP9E_SET_POSTENCODE_DROP",
    "VP9E_SET_DELTA_Q_UV",
    "VP9E_SET_DISABLE_OVERSHOOT_MAXQ_CBR",
    "VP9E_SET_DISABLE_LOOPFILTER",
    "VP9E_SET_EXTERNAL_RATE_CONTROL",
    "VP9E_SET_RTC_EXTERNAL_RATECTRL",
    "VP9E_GET_LOOPFILTER_LEVEL",
    "VP9E_GET_LAST_QUANTIZER_SVC_LAYERS",
    "VP8E_SET_RTC_EXTERNAL_RATECTRL",
    "VP9E_SET_QUANTIZER_ONE_PASS",
    "VP9E_SET_KEY_FRAME_FILTERING",
    "VP9E_SET_VALIDATE_HBD_INPUT",
];
