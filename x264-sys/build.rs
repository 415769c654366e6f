//! Finds libx264, checks that its headers are ones the bindings fit, builds the shim and says how to link.
//!
//! The story is `main`; finding is `build/locate.rs` (the same file in both binding crates), generating is
//! `build/generate.rs`. What the variables mean is in README.md.

#[cfg(feature = "bindgen")]
#[path = "build/generate.rs"]
mod generate;
#[path = "build/locate.rs"]
mod locate;

use std::env;

use locate::{Found, Library, fail};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(generated)");
    for file in ["build.rs", "build", "shim.c", "layout.h"] {
        println!("cargo::rerun-if-changed={file}");
    }
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    if env::var_os("DOCS_RS").is_some() {
        return; // Documentation is made from the checked-in bindings: nothing is compiled or linked.
    }

    let found = locate::find(&LIBX264);
    let build = build_number(&found);
    refuse_foreign(build);
    #[cfg(feature = "bindgen")]
    generate::bindings(&found.include);
    build_shim(&found, build);
    found.link(); // After the shim: linkers resolve from left to right.
    found.describe(&[("build", build.to_string())], || format!("0.{build}"));
}

/// `X264_BUILD` of the headers, which names the binary interface; the text of the pkg-config version is free.
fn build_number(found: &Found) -> u32 {
    const QUESTION: &str = "#include <stdint.h>\n#include <x264.h>\nreelmill_answer = X264_BUILD;\n";
    let answer = locate::ask_headers(&LIBX264, found, QUESTION);
    match answer.parse() {
        Ok(build) => build,
        Err(_) => fail(&format!("x264.h was found, but its X264_BUILD is not a number: `{answer}`.")),
    }
}

fn refuse_foreign(build: u32) {
    let generated = cfg!(feature = "bindgen");
    let supported = if generated { OLDEST_GENERATED..=u32::MAX } else { OLDEST..=NEWEST };
    if supported.contains(&build) {
        return;
    }
    let what_to_do = if generated {
        "Install x264 build 155 or newer with its headers, or point X264_INCLUDE_DIR and X264_LIB_DIR at one."
    } else {
        "Install a supported x264 and its headers, point X264_INCLUDE_DIR and X264_LIB_DIR at one, or enable the \
         feature `bindgen` of reelmill-x264-sys, which writes the bindings from these headers (needs libclang)."
    };
    fail(&format!(
        "the x264 headers do not fit the bindings.\n\
         found:     X264_BUILD {build}\n\
         supported: X264_BUILD {OLDEST} to {NEWEST}\n\
         {what_to_do}"
    ));
}

fn build_shim(found: &Found, build: u32) {
    let mut shim = found.compiler();
    shim.file("shim.c");
    if cfg!(feature = "bindgen") {
        shim.define("X264_SYS_GENERATED", None);
    }
    if let Err(error) = shim.try_compile("x264_sys_shim") {
        fail(&format!(
            "shim.c does not compile against the x264 headers found (X264_BUILD {build}).\n\
             If an assertion about a layout failed, these headers are not those of x264 build {OLDEST} to {NEWEST}: \
             install a supported one, or enable the feature `bindgen` of reelmill-x264-sys.\n{error}"
        ));
    }
}

const LIBX264: Library = Library {
    name: "libx264",
    versions: "build 163 to 165",
    prefix: "X264",
    pkg_config: "x264",
    link_name: "x264",
    probe_header: "x264.h",
    private_libs: &["m", "pthread", "dl"],
    dll_defines: &["X264_API_IMPORTS"],
    install: "Debian, Ubuntu   apt install libx264-dev pkg-config\n\
              Fedora           dnf install x264-devel pkgconf-pkg-config (from RPM Fusion)\n\
              macOS            brew install x264 pkgconf\n\
              Windows          vcpkg install x264, then set X264_LIB_DIR and X264_INCLUDE_DIR",
};

/// The structures are laid out as bound here from this build on.
const OLDEST: u32 = 163;
/// The newest build whose header was read.
const NEWEST: u32 = 165;
/// What the shim needs exists from then on.
const OLDEST_GENERATED: u32 = 155;
