//! What the scenarios share: a camera, the server under test, and ffmpeg as the judge. Everything runs on loopback, ends with the
//! test that started it, and is waited for by what it says or serves rather than by time.

// Each scenario is a crate of its own and uses a part of this.
#![allow(dead_code, unreachable_pub)]

pub mod camera;
pub mod clip;
pub mod ffmpeg;
pub mod http;
pub mod playlist;
pub mod server;
pub mod viewer;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Ends the test here, saying so, when something it needs is not on this machine.
#[macro_export]
macro_rules! need {
    ($($what:ident),+) => {
        if let Some(missing) = [$($crate::support::Need::$what),+].iter().find_map($crate::support::Need::missing) {
            eprintln!("skipped: {missing}");
            return;
        }
    };
}

/// What a scenario needs beside the server.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// GStreamer's RTSP server for Python.
    Gstreamer,
    /// ffmpeg and ffprobe.
    Ffmpeg,
    /// The folder of test media.
    Media,
    /// Chromium, node and the browser driver.
    Chromium,
}

impl Need {
    /// What is missing and how to get it; `None` when it is there.
    pub fn missing(&self) -> Option<String> {
        match self {
            Self::Gstreamer => {
                let import = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
                (!succeeds(Command::new(camera::PYTHON).args(["-c", import])))
                    .then(|| "no GStreamer RTSP server for Python (script/bootstrap installs it)".to_owned())
            }
            Self::Ffmpeg => (!succeeds(Command::new("ffmpeg").arg("-version")))
                .then(|| "no ffmpeg (script/bootstrap installs it)".to_owned()),
            Self::Media => {
                let folder = media();
                (!folder.is_dir()).then(|| format!("no test media at {} (set MEDIA_DIR)", folder.display()))
            }
            Self::Chromium => {
                if chromium().is_none() {
                    return Some("no Chromium (script/bootstrap installs it)".to_owned());
                }
                let driver = own_folder().join("tests/browser/node_modules/playwright-core");
                (!driver.is_dir()).then(|| "no browser driver (script/bootstrap installs it)".to_owned())
            }
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The browser the driver starts.
pub fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

/// The folder of the server's package.
pub fn own_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of test media, see CONTRIBUTING.md.
pub fn media() -> PathBuf {
    std::env::var_os("MEDIA_DIR").map_or_else(|| own_folder().join("../../../shared/media"), PathBuf::from)
}

/// A folder for what a run leaves to be looked at.
pub fn output() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../test-output");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

/// Asks `attempt` until it has an answer. The bound is generous: the machine may be busy.
///
/// # Panics
/// After a minute without an answer, naming `what` was waited for.
pub fn wait_for<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        if let Some(found) = attempt() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("waited a minute for {what}");
}
