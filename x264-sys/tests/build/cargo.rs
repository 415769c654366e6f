//! Building this crate from a test, in an environment the test owns. This file is the same in both binding crates.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

/// What a build left behind.
pub(crate) struct Built {
    pub(crate) succeeded: bool,
    /// Standard output and error, one after the other.
    pub(crate) text: String,
}

/// `cargo <arguments>` on this package, with `variables` and none that the caller's environment has for it.
///
/// The target directory lies beside that of the caller, whose lock is taken; builds of several tests wait for
/// each other, and a second run finds everything but the build script's work done.
pub(crate) fn cargo(arguments: &[&str], variables: &[(&str, &str)]) -> Built {
    let mut command = clean(Command::new(env!("CARGO")));
    command.args(arguments).args(["--package", env!("CARGO_PKG_NAME")]);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    Built::from(command.envs(variables.iter().copied()).output().expect("cargo starts"))
}

/// Without what a developer or the cargo around has set.
pub(crate) fn clean(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let of_a_library = ["VPX_", "X264_"].iter().any(|prefix| name.contains(prefix));
        let of_cargo =
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "DOCS_RS";
        if of_a_library || of_cargo {
            command.env_remove(&*name);
        }
    }
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("built-by-tests"));
    command.env("CARGO_TERM_COLOR", "never");
    command
}

impl From<Output> for Built {
    fn from(output: Output) -> Built {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Built { succeeded: output.status.success(), text: format!("{out}{err}") }
    }
}

impl Built {
    #[track_caller]
    pub(crate) fn must_succeed(self) -> String {
        assert!(self.succeeded, "{}", self.text);
        self.text
    }

    /// It failed, and says each of `parts`.
    #[track_caller]
    pub(crate) fn must_fail_with(self, parts: &[&str]) {
        assert!(!self.succeeded, "this was to fail:\n{}", self.text);
        for part in parts {
            assert!(self.text.contains(part), "`{part}` is missing in:\n{}", self.text);
        }
    }
}

/// A new empty directory, `name` being the test's own.
pub(crate) fn directory(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(env!("CARGO_PKG_NAME")).join(name);
    let _ = fs::remove_dir_all(&dir); // Of an earlier run.
    fs::create_dir_all(&dir).expect("cargo's directory for tests is writable");
    dir
}

/// A directory with one file in it.
pub(crate) fn directory_with(name: &str, files: &[(&str, &str)]) -> String {
    let dir = directory(name);
    for (file, text) in files {
        let file = dir.join(file);
        fs::create_dir_all(file.parent().expect("it has a directory")).expect("writable");
        fs::write(file, text).expect("writable");
    }
    dir.to_str().expect("cargo's directories are UTF-8").to_owned()
}

/// The test binary `call` built under `variables`, as a copy named `name` that no other build overwrites.
pub(crate) fn call_test(name: &str, variables: &[(&str, &str)]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    // A test that failed has nothing half done here.
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let messages =
        cargo(&["test", "--test", "call", "--no-run", "--message-format=json"], variables).must_succeed();
    let mut paths =
        messages.lines().filter_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
    let copy = directory(name).join("call");
    fs::copy(paths.next_back().expect("cargo names the binary"), &copy)
        .expect("both are cargo's directories");
    copy
}

/// The shared libraries that a binary asks the dynamic linker for.
pub(crate) fn needed(binary: &Path) -> String {
    let output = Command::new("readelf").arg("-d").arg(binary).output().expect("binutils are there");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter(|line| line.contains("(NEEDED)")).collect::<Vec<_>>().join("\n")
}

/// Whether a program can be run at all.
pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
