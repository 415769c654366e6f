//! What the build script must do: find, refuse, link, tell dependents. Each test builds this crate alone.

#![cfg(target_os = "linux")] // Names of files and tools are those of ELF systems.

mod cargo;

use std::{env, fs, path::Path, process::Command};

use cargo::{Built, call_test, cargo, clean, directory_with, is_installed, needed};

#[test]
fn t21_static_library_is_really_static_and_works() {
    let binary = call_test("static", &[("X264_STATIC", "1")]);
    assert!(!needed(&binary).contains("libx264"), "{}", needed(&binary));
    Built::from(Command::new(binary).output().expect("it runs")).must_succeed();
}

#[test]
fn shared_library_is_the_default() {
    let binary = call_test("shared", &[]);
    assert!(needed(&binary).contains("libx264.so"), "{}", needed(&binary));
    let binary = call_test("shared-as-told", &[("X264_STATIC", "0")]);
    assert!(needed(&binary).contains("libx264.so"), "{}", needed(&binary));
}

#[test]
fn pkg_config_is_not_needed_where_the_compiler_knows() {
    let alone = [("X264_NO_PKG_CONFIG", "1"), ("PKG_CONFIG", "/bin/false")];
    assert!(needed(&call_test("alone", &alone)).contains("libx264.so"));
    let alone_and_static = [alone[0], alone[1], ("X264_STATIC", "1")];
    assert!(!needed(&call_test("alone-and-static", &alone_and_static)).contains("libx264"));
}

#[test]
fn directory_and_libraries_can_be_named() {
    let output = Command::new("cc").arg("-print-file-name=libx264.a").output().expect("a compiler is there");
    let archive = String::from_utf8(output.stdout).expect("UTF-8");
    let dir = directory_with("only-an-archive", &[]);
    fs::copy(archive.trim(), Path::new(&dir).join("libx264.a")).expect("libx264-dev has an archive");
    // Nothing but an archive there means static, without being told.
    let binary = call_test("by-directory", &[("X264_LIB_DIR", &dir), ("PKG_CONFIG", "/bin/false")]);
    assert!(!needed(&binary).contains("libx264"), "{}", needed(&binary));
    let named = [("X264_LIB_DIR", dir.as_str()), ("X264_LIBS", "static=x264:dylib=m:pthread:dl")];
    assert!(!needed(&call_test("by-names", &named)).contains("libx264"));
}

#[test]
fn missing_library_says_what_to_install() {
    cargo(&["build"], &[("PKG_CONFIG", "/bin/false")]).must_fail_with(&[
        "reelmill-x264-sys: libx264 was not found",
        "Install libx264 build 163 to 165",
        "apt install libx264-dev",
        "dnf install x264-devel",
        "brew install x264",
        "vcpkg install x264",
        "X264_LIB_DIR and X264_INCLUDE_DIR",
    ]);
}

#[test]
fn directories_without_the_library_are_named() {
    let empty = directory_with("empty", &[]);
    cargo(&["build"], &[("X264_LIB_DIR", &empty)])
        .must_fail_with(&[&format!("X264_LIB_DIR is {empty}, which holds no libx264")]);
    cargo(&["build"], &[("X264_INCLUDE_DIR", &empty)])
        .must_fail_with(&[&format!("X264_INCLUDE_DIR is {empty}, which holds no x264.h")]);
    let shared_only = directory_with("shared-only", &[("libx264.so", "")]);
    cargo(&["build"], &[("X264_LIB_DIR", &shared_only), ("X264_STATIC", "1")]).must_fail_with(&[
        "X264_STATIC asks for a static libx264",
        "libx264.a is not there",
        &shared_only,
    ]);
}

#[test]
fn t21_variable_of_the_target_goes_before_the_general_one() {
    let (general, own) = (directory_with("general", &[]), directory_with("own", &[]));
    let name = format!("{}_X264_LIB_DIR", target().to_uppercase().replace(['-', '.'], "_"));
    cargo(&["build"], &[("X264_LIB_DIR", &general), (&name, &own)])
        .must_fail_with(&[&format!("X264_LIB_DIR is {own}")]);
}

#[test]
fn header_of_another_build_is_refused() {
    for build in [162, 166] {
        let header = format!("#define X264_BUILD {build}\n");
        let dir = directory_with(&format!("build-{build}"), &[("x264.h", &header)]);
        cargo(&["build"], &[("X264_INCLUDE_DIR", &dir)]).must_fail_with(&[
            "the x264 headers do not fit the bindings",
            &format!("found:     X264_BUILD {build}"),
            "supported: X264_BUILD 163 to 165",
            "feature `bindgen` of reelmill-x264-sys",
        ]);
    }
}

#[test]
fn t21_header_laid_out_in_another_way_is_refused() {
    let with_a_member_more = "#define i_bitdepth i_bitdepth; int foreign\n\
                              #include_next <x264.h>\n\
                              #undef i_bitdepth\n";
    let dir = directory_with("foreign-layout", &[("x264.h", with_a_member_more)]);
    cargo(&["build"], &[("X264_INCLUDE_DIR", &dir)]).must_fail_with(&[
        "x264_param_t",
        "does not fit src/bindings.rs",
        "enable the feature `bindgen` of reelmill-x264-sys",
    ]);
}

#[test]
fn constant_with_another_value_is_refused() {
    let renumbered = "#include_next <x264.h>\n#undef X264_CSP_I420\n#define X264_CSP_I420 99\n";
    let dir = directory_with("foreign-value", &[("x264.h", renumbered)]);
    cargo(&["build"], &[("X264_INCLUDE_DIR", &dir)]).must_fail_with(&["X264_CSP_I420", "does not fit"]);
}

#[test]
fn library_of_another_build_does_not_link() {
    let other = if x264_sys::x264_build() == 165 { 163 } else { 165 };
    let header = format!("#include_next <x264.h>\n#undef X264_BUILD\n#define X264_BUILD {other}\n");
    let dir = directory_with("other-library", &[("x264.h", &header)]);
    cargo(&["test", "--test", "call", "--no-run"], &[("X264_INCLUDE_DIR", &dir)])
        .must_fail_with(&[&format!("x264_encoder_open_{other}")]);
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
    let run = ["run", "--features", "bindgen", "--example", "regenerate-x264-bindings", "--", "--check"];
    // `--package` has to stand before `--`.
    let mut command = clean(Command::new(env!("CARGO")));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(run);
    let text = Built::from(command.output().expect("cargo starts")).must_succeed();
    assert!(text.contains("checked against the header of x264 build"), "{text}");
}

#[test]
fn generated_bindings_pass_the_same_tests() {
    cargo(&["test", "--test", "call", "--features", "bindgen"], &[]).must_succeed();
}

#[test]
fn dependents_are_told_what_was_found() {
    let manifest = format!(
        "[package]\nname = \"dependent\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nreelmill-x264-sys = {{ path = \"{}\" }}\n[workspace]\n",
        env!("CARGO_MANIFEST_DIR")
    );
    let script = "fn main() {\n    for key in [\"VERSION\", \"INCLUDE\", \"BUILD\", \"STATIC\"] {\n        \
                  println!(\"cargo::warning={key}={:?}\", std::env::var(format!(\"DEP_X264_{key}\")));\n    }\n}\n";
    let files = [("Cargo.toml", manifest.as_str()), ("build.rs", script), ("src/lib.rs", "")];
    let dir = directory_with("dependent", &files);
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let _ = fs::copy(lock, Path::new(&dir).join("Cargo.lock")); // Absent from a package: any versions do then.
    let mut command = clean(Command::new(env!("CARGO")));
    let text =
        Built::from(command.arg("check").current_dir(&dir).output().expect("cargo starts")).must_succeed();
    for (key, value) in [("VERSION", "0."), ("INCLUDE", "/"), ("BUILD", "16"), ("STATIC", "0")] {
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
        "src/lib.rs",
        "src/log.rs",
        "src/names.rs",
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
    // x264 does not free its encoder when a matrix file makes it refuse.
    command.args(["--skip", "log_line_longer_than_a_kibibyte_is_not_cut"]);
    Built::from(command.output().expect("valgrind starts")).must_succeed();
}

/// The twin crate finds its library with the same code.
#[test]
fn twin_files_are_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let twin = root.join("../vpx-sys");
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
