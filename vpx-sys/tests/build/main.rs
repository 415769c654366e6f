//! What the build script must do: find, refuse, link, tell dependents. Each test builds this crate alone.

#![cfg(target_os = "linux")] // Names of files and tools are those of ELF systems.

mod cargo;

use std::{env, fs, path::Path, process::Command};

use cargo::{Built, call_test, cargo, clean, directory_with, is_installed, needed};

#[test]
fn t21_static_library_is_really_static_and_works() {
    let binary = call_test("static", &[("VPX_STATIC", "1")]);
    assert!(!needed(&binary).contains("libvpx"), "{}", needed(&binary));
    Built::from(Command::new(binary).output().expect("it runs")).must_succeed();
}

#[test]
fn shared_library_is_the_default() {
    let binary = call_test("shared", &[]);
    assert!(needed(&binary).contains("libvpx.so"), "{}", needed(&binary));
    let binary = call_test("shared-as-told", &[("VPX_STATIC", "0")]);
    assert!(needed(&binary).contains("libvpx.so"), "{}", needed(&binary));
}

#[test]
fn pkg_config_is_not_needed_where_the_compiler_knows() {
    let alone = [("VPX_NO_PKG_CONFIG", "1"), ("PKG_CONFIG", "/bin/false")];
    assert!(needed(&call_test("alone", &alone)).contains("libvpx.so"));
    let alone_and_static = [alone[0], alone[1], ("VPX_STATIC", "1")];
    assert!(!needed(&call_test("alone-and-static", &alone_and_static)).contains("libvpx"));
}

#[test]
fn directory_and_libraries_can_be_named() {
    let output = Command::new("cc").arg("-print-file-name=libvpx.a").output().expect("a compiler is there");
    let archive = String::from_utf8(output.stdout).expect("UTF-8");
    let dir = directory_with("only-an-archive", &[]);
    fs::copy(archive.trim(), Path::new(&dir).join("libvpx.a")).expect("libvpx-dev has an archive");
    // Nothing but an archive there means static, without being told.
    let binary = call_test("by-directory", &[("VPX_LIB_DIR", &dir), ("PKG_CONFIG", "/bin/false")]);
    assert!(!needed(&binary).contains("libvpx"), "{}", needed(&binary));
    let named = [("VPX_LIB_DIR", dir.as_str()), ("VPX_LIBS", "static=vpx:dylib=m:pthread")];
    assert!(!needed(&call_test("by-names", &named)).contains("libvpx"));
}

#[test]
fn missing_library_says_what_to_install() {
    cargo(&["build"], &[("PKG_CONFIG", "/bin/false")]).must_fail_with(&[
        "reelmill-vpx-sys: libvpx was not found",
        "Install libvpx 1.11 to 1.17",
        "apt install libvpx-dev",
        "dnf install libvpx-devel",
        "brew install libvpx",
        "vcpkg install libvpx",
        "VPX_LIB_DIR and VPX_INCLUDE_DIR",
    ]);
}

#[test]
fn directories_without_the_library_are_named() {
    let empty = directory_with("empty", &[]);
    cargo(&["build"], &[("VPX_LIB_DIR", &empty)])
        .must_fail_with(&[&format!("VPX_LIB_DIR is {empty}, which holds no libvpx")]);
    cargo(&["build"], &[("VPX_INCLUDE_DIR", &empty)])
        .must_fail_with(&[&format!("VPX_INCLUDE_DIR is {empty}, which holds no vpx/vpx_encoder.h")]);
    let shared_only = directory_with("shared-only", &[("libvpx.so", "")]);
    cargo(&["build"], &[("VPX_LIB_DIR", &shared_only), ("VPX_STATIC", "1")]).must_fail_with(&[
        "VPX_STATIC asks for a static libvpx",
        "libvpx.a is not there",
        &shared_only,
    ]);
}

#[test]
fn t21_variable_of_the_target_goes_before_the_general_one() {
    let (general, own) = (directory_with("general", &[]), directory_with("own", &[]));
    let name = format!("{}_VPX_LIB_DIR", target().to_uppercase().replace(['-', '.'], "_"));
    cargo(&["build"], &[("VPX_LIB_DIR", &general), (&name, &own)])
        .must_fail_with(&[&format!("VPX_LIB_DIR is {own}")]);
}

#[test]
fn headers_of_another_abi_are_refused() {
    for (abi, said) in [(24, "libvpx older than 1.11"), (40, "libvpx newer than 1.17")] {
        let header = format!("#define VPX_ENCODER_ABI_VERSION ({} + (1))\n", abi - 1);
        let dir = directory_with(&format!("abi-{abi}"), &[("vpx/vpx_encoder.h", &header)]);
        cargo(&["build"], &[("VPX_INCLUDE_DIR", &dir)]).must_fail_with(&[
            "the libvpx headers do not fit the bindings",
            &format!("found:     encoder ABI {abi} ({said})"),
            "supported: encoder ABI 25 to 39 (libvpx 1.11 to 1.17)",
            "feature `bindgen` of reelmill-vpx-sys",
        ]);
    }
}

#[test]
fn t21_headers_laid_out_in_another_way_are_refused() {
    let with_a_member_more = "#define g_bit_depth g_bit_depth; int foreign\n\
                              #include_next <vpx/vp8cx.h>\n\
                              #undef g_bit_depth\n";
    let files =
        [("vpx/vp8cx.h", with_a_member_more), ("vpx/vpx_encoder.h", "#include_next <vpx/vpx_encoder.h>\n")];
    let dir = directory_with("foreign-layout", &files);
    cargo(&["build"], &[("VPX_INCLUDE_DIR", &dir)]).must_fail_with(&[
        "vpx_codec_enc_cfg_t",
        "does not fit src/bindings.rs",
        "enable the feature `bindgen` of reelmill-vpx-sys",
    ]);
}

#[test]
fn constant_with_another_value_is_refused() {
    let renumbered = "#include_next <vpx/vp8cx.h>\n#define VP9E_SET_LOSSLESS 99\n";
    let files = [("vpx/vp8cx.h", renumbered), ("vpx/vpx_encoder.h", "#include_next <vpx/vpx_encoder.h>\n")];
    let dir = directory_with("foreign-value", &files);
    cargo(&["build"], &[("VPX_INCLUDE_DIR", &dir)]).must_fail_with(&["VP9E_SET_LOSSLESS", "does not fit"]);
}

#[test]
fn library_other_than_the_headers_is_found_out_at_run_time() {
    let other_abi = "#include_next <vpx/vpx_encoder.h>\n\
                     #undef VPX_ENCODER_ABI_VERSION\n\
                     #define VPX_ENCODER_ABI_VERSION 26\n";
    let then_that = "#include_next <vpx/vp8cx.h>\n#include <vpx/vpx_encoder.h>\n";
    let files = [("vpx/vp8cx.h", then_that), ("vpx/vpx_encoder.h", other_abi)];
    let dir = directory_with("other-library", &files);
    let binary = call_test("other-library-binary", &[("VPX_INCLUDE_DIR", &dir)]);
    let run = Command::new(binary).args(["--exact", "loaded_library_is_the_one_built_with"]).output();
    Built::from(run.expect("it starts"))
        .must_fail_with(&["Mismatch { interface: \"encoder\", compiled: 26, loaded: "]);
}

#[test]
fn every_control_of_the_headers_has_a_function() {
    let source = directory_with("controls", &[("all.c", "#include <vpx/vp8cx.h>\n#include <vpx/vp8dx.h>\n")]);
    let output = Command::new("cc").args(["-E", "all.c"]).current_dir(source).output();
    let text = String::from_utf8(output.expect("a compiler is there").stdout).expect("ASCII");
    let functions = include_str!("../../src/control.rs");
    // The header has a static function for each, which checks the type.
    let controls = text.split("vpx_codec_control_").filter_map(|rest| rest.split('(').next());
    let controls: Vec<_> = controls.filter(|name| name.starts_with("VP")).collect();
    assert!(controls.len() > 80, "{controls:?}");
    for control in controls {
        assert!(functions.contains(&format!("fn {}(", control.to_lowercase())), "{control} has none");
    }
}

#[test]
fn documentation_needs_no_library_and_no_compiler() {
    let nothing =
        [("DOCS_RS", "1"), ("PKG_CONFIG", "/bin/false"), ("CC", "/bin/false"), ("LIBCLANG_PATH", "/nowhere")];
    let all = ["doc", "--no-deps", "--all-features"];
    let mut variables = nothing.to_vec();
    variables.push(("RUSTDOCFLAGS", "-D warnings"));
    cargo(&all, &variables).must_succeed();
}

#[test]
fn generated_bindings_are_the_checked_in_ones() {
    let run = ["run", "--features", "bindgen", "--example", "regenerate-vpx-bindings", "--", "--check"];
    // `--package` has to stand before `--`.
    let mut command = clean(Command::new(env!("CARGO")));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(run);
    let text = Built::from(command.output().expect("cargo starts")).must_succeed();
    assert!(text.contains("checked against the headers of libvpx with encoder ABI"), "{text}");
}

#[test]
fn generated_bindings_pass_the_same_tests() {
    cargo(&["test", "--test", "call", "--features", "bindgen"], &[]).must_succeed();
}

#[test]
fn external_rate_control_comes_with_its_feature() {
    cargo(&["check", "--features", "ext-ratectrl"], &[]).must_succeed();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("built-by-tests/debug/build");
    let generated = fs::read_dir(out)
        .expect("the build wrote there")
        .filter_map(|entry| fs::read_to_string(entry.expect("readable").path().join("out/bindings.rs")).ok());
    assert!(generated.into_iter().any(|text| text.contains("pub struct vpx_rc_funcs ")));
}

#[test]
fn dependents_are_told_what_was_found() {
    let manifest = format!(
        "[package]\nname = \"dependent\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nreelmill-vpx-sys = {{ path = \"{}\" }}\n[workspace]\n",
        env!("CARGO_MANIFEST_DIR")
    );
    let script = "fn main() {\n    for key in [\"VERSION\", \"INCLUDE\", \"ABI\", \"STATIC\"] {\n        \
                  println!(\"cargo::warning={key}={:?}\", std::env::var(format!(\"DEP_VPX_{key}\")));\n    }\n}\n";
    let files = [("Cargo.toml", manifest.as_str()), ("build.rs", script), ("src/lib.rs", "")];
    let dir = directory_with("dependent", &files);
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let _ = fs::copy(lock, Path::new(&dir).join("Cargo.lock")); // Absent from a package: any versions do then.
    let mut command = clean(Command::new(env!("CARGO")));
    let text =
        Built::from(command.arg("check").current_dir(&dir).output().expect("cargo starts")).must_succeed();
    for (key, value) in [("VERSION", "1."), ("INCLUDE", "/"), ("ABI", ""), ("STATIC", "0")] {
        assert!(text.contains(&format!("{key}=Ok(\"{value}")), "{key} is missing in:\n{text}");
    }
}

#[test]
fn package_holds_what_a_build_needs_and_no_more() {
    let listed = cargo(&["package", "--quiet", "--list", "--allow-dirty"], &[]).must_succeed();
    let files = [
        "Cargo.toml",
        "README.md",
        "build.rs",
        "build/generate.rs",
        "build/locate.rs",
        "layout.h",
        "shim.c",
        "src/bindings.rs",
        "src/control.rs",
        "src/lib.rs",
        "src/shim.rs",
        "src/version.rs",
    ];
    for file in files {
        assert!(listed.lines().any(|line| line == file), "{file} is missing in:\n{listed}");
    }
    let known = ["Cargo.lock", "Cargo.toml.orig", ".cargo_vcs_info.json"];
    let strange = listed.lines().find(|line| !files.contains(line) && !known.contains(line));
    assert_eq!(strange, None);
}

#[test]
fn calls_are_clean_under_valgrind() {
    if !is_installed("valgrind") {
        eprintln!("skipped: valgrind is not installed");
        return;
    }
    let mut command = Command::new("valgrind");
    command.args(["-q", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"]);
    command.arg(call_test("valgrind", &[])).arg("--test-threads=1");
    Built::from(command.output().expect("valgrind starts")).must_succeed();
}

/// The twin crate finds its library with the same code.
#[test]
fn twin_files_are_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let twin = root.join("../x264-sys");
    if !twin.is_dir() {
        eprintln!("skipped: outside of the workspace there is no twin");
        return;
    }
    for file in ["build/locate.rs", "examples/regenerate/layout.rs", "tests/build/cargo.rs"] {
        let [ours, theirs] =
            [root, &twin].map(|root| fs::read_to_string(root.join(file)).expect("it is there"));
        assert!(ours == theirs, "{file} differs from its twin");
    }
}

/// The target of this test, as the compiler calls it.
fn target() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| String::from("rustc"));
    let text = Command::new(rustc).arg("-vV").output().expect("rustc starts").stdout;
    let text = String::from_utf8(text).expect("UTF-8");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc says its host").to_owned()
}
