//! Writes the bindings from the headers found, with the settings that made the checked-in file.

use std::{
    env,
    path::{Path, PathBuf},
};

use bindgen::{
    EnumVariation, RustTarget,
    callbacks::{IntKind, ParseCallbacks},
};

/// Writes `OUT_DIR/bindings.rs` and tells the crate to use it.
pub(crate) fn bindings(include: &[PathBuf]) {
    let builder = bindgen::Builder::default()
        .header_contents("x264_sys.h", HEADERS)
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
        .allowlist_item("(X264|x264|NAL|PIC_STRUCT)_.*|nal_unit_type_e|nal_priority_e|pic_struct_e")
        // The shim's: the build number is part of this name, the name tables are static in the header and the
        // levels an array of unknown length, none of which links; data is not imported from a DLL without ado.
        .blocklist_function("x264_encoder_open.*|x264_param_cleanup")
        .blocklist_var("x264_.*_names|x264_levels|x264_chroma_format")
        // Of the headers at hand, not of those that built the crate, or never meant for callers.
        .blocklist_item("X264_(BUILD|VERSION|POINTVER|BIT_DEPTH|CHROMA_FORMAT|GPL|INTERLACED)|X264_X264_H|X264_API.*|X264_DLL_.*");
    let bindings = match builder.generate() {
        Ok(bindings) => bindings,
        Err(error) => crate::fail(&format!("bindgen cannot read the headers of x264: {error}")),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("bindings.rs");
    bindings.write_to_file(Path::new(&out)).expect("cargo gives a writable OUT_DIR");
    println!("cargo::rustc-cfg=generated");
}

/// Gives a macro the type of the fields it is for, which C does not say.
#[derive(Debug)]
struct Constants;

impl ParseCallbacks for Constants {
    fn int_macro(&self, name: &str, _value: i64) -> Option<IntKind> {
        let flags = ["X264_CPU_", "X264_ANALYSE_", "X264_MBINFO_"];
        let is_flag = flags.iter().any(|prefix| name.starts_with(prefix));
        Some(if is_flag { IntKind::U32 } else { IntKind::Int })
    }
}

/// A `va_list` is another type on every target, so `pf_log` takes a pointer to something that Rust cannot make:
/// a log callback is set through the shim, which formats the line in C.
const HEADERS: &str = "\
#include <stdint.h>
#include <stdarg.h>
struct x264_va_list;
#define va_list struct x264_va_list *
#include <x264.h>
";
