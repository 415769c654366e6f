//! Finds libvpx, checks that its headers are ones the bindings fit, builds the shim and says how to link.
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

    let found = locate::find(&LIBVPX);
    let abi = encoder_abi(&found);
    refuse_foreign(abi);
    #[cfg(feature = "bindgen")]
    generate::bindings(&found.include);
    build_shim(&found, abi);
    found.link(); // After the shim: linkers resolve from left to right.
    found.describe(&[("abi", abi.to_string())], || String::from(version_of(abi)));
}

/// The encoder ABI number of the headers: libvpx installs no version header, this is what they have.
fn encoder_abi(found: &Found) -> u32 {
    const QUESTION: &str = "#include <vpx/vpx_encoder.h>\nreelmill_answer = VPX_ENCODER_ABI_VERSION;\n";
    let answer = locate::ask_headers(&LIBVPX, found, QUESTION);
    // The macro is a sum of sums: `(15 + (4 + (5)) + (1))`.
    answer
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse::<u32>().expect("a term of an ABI number is small"))
        .sum()
}

fn refuse_foreign(abi: u32) {
    let generated = cfg!(feature = "bindgen");
    let supported = if generated { OLDEST_GENERATED..=u32::MAX } else { OLDEST..=NEWEST };
    if supported.contains(&abi) {
        return;
    }
    let what_to_do = if generated {
        "Install libvpx 1.8 or newer with its headers, or point VPX_INCLUDE_DIR and VPX_LIB_DIR at one."
    } else {
        "Install a supported libvpx and its headers, point VPX_INCLUDE_DIR and VPX_LIB_DIR at one, or enable the \
         feature `bindgen` of reelmill-vpx-sys, which writes the bindings from these headers (needs libclang)."
    };
    fail(&format!(
        "the libvpx headers do not fit the bindings.\n\
         found:     encoder ABI {abi} ({})\n\
         supported: encoder ABI {OLDEST} to {NEWEST} (libvpx 1.11 to 1.17)\n\
         {what_to_do}",
        version_of(abi)
    ));
}

/// The releases that an encoder ABI number stands for, read from the tags of libvpx.
fn version_of(abi: u32) -> &'static str {
    match abi {
        0..=24 => "libvpx older than 1.11",
        25 => "libvpx 1.11 or 1.12",
        30 => "libvpx 1.13",
        34 => "libvpx 1.14",
        36 => "libvpx 1.15",
        39 => "libvpx 1.16 or 1.17",
        26..=38 => "libvpx between releases",
        _ => "libvpx newer than 1.17",
    }
}

fn build_shim(found: &Found, abi: u32) {
    let mut shim = found.compiler();
    shim.file("shim.c");
    if cfg!(feature = "bindgen") {
        shim.define("VPX_SYS_GENERATED", None);
    }
    if let Err(error) = shim.try_compile("vpx_sys_shim") {
        fail(&format!(
            "shim.c does not compile against the libvpx headers found (encoder ABI {abi}, {}).\n\
             If an assertion about a layout failed, these headers are not those of libvpx 1.11 to 1.17: install a \
             supported one, or enable the feature `bindgen` of reelmill-vpx-sys.\n{error}",
            version_of(abi)
        ));
    }
}

const LIBVPX: Library = Library {
    name: "libvpx",
    versions: "1.11 to 1.17",
    prefix: "VPX",
    pkg_config: "vpx",
    link_name: "vpx",
    probe_header: "vpx/vpx_encoder.h",
    private_libs: &["m", "pthread"],
    dll_defines: &[],
    install: "Debian, Ubuntu   apt install libvpx-dev pkg-config\n\
              Fedora           dnf install libvpx-devel pkgconf-pkg-config\n\
              macOS            brew install libvpx pkgconf\n\
              Windows          vcpkg install libvpx, then set VPX_LIB_DIR and VPX_INCLUDE_DIR",
};

/// libvpx 1.11: the structures are laid out as bound here from then on.
const OLDEST: u32 = 25;
/// libvpx 1.17.
const NEWEST: u32 = 39;
/// libvpx 1.8: what the shim needs exists from then on.
const OLDEST_GENERATED: u32 = 23;
