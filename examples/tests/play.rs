//! What is packaged plays: hls.js, dash.js and shaka-player in headless Chromium, from the beginning and from where a viewer jumps to.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A browser decodes in software; two at once would starve each other on a small machine.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn fragments_play_in_hls() {
    let Some(player) = Player::package("cmaf", &[Clip::H264Aac], "play-hls") else { return };
    player.plays("hls", "index.m3u8");
    player.plays("shaka", "index.m3u8");
}

#[test]
fn fragments_play_in_dash() {
    let Some(player) = Player::package("dash", &[Clip::H264Aac], "play-dash") else { return };
    player.plays("dash", "index.mpd");
    player.plays("shaka", "index.mpd");
}

#[test]
fn single_files_with_an_index_play() {
    let Some(player) = Player::package("on-demand", &[Clip::H264Aac], "play-on-demand") else { return };
    player.plays("dash", "index.mpd");
    player.plays("hls", "index.m3u8");
}

#[test]
fn transport_streams_play() {
    let Some(player) = Player::package("hls-ts", &[Clip::H264Aac], "play-ts") else { return };
    player.plays("hls", "index.m3u8");
}

#[test]
fn packed_audio_plays_beside_transport_streams() {
    let Some(player) = Player::package("hls-packed", &[Clip::H264Aac], "play-packed") else { return };
    player.plays("hls", "index.m3u8");
}

#[test]
fn webm_dash_plays() {
    let Some(player) = Player::package("webm-dash", &[Clip::Vp9Opus], "play-webm") else { return };
    player.plays("shaka", "index.mpd");
    player.plays("dash", "index.mpd");
}

#[test]
fn sound_alone_plays() {
    let Some(player) = Player::package("cmaf", &[Clip::SoundOfH264Aac], "play-sound") else { return };
    player.plays("hls", "index.m3u8");
    player.plays("dash", "index.mpd");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Clip {
    /// H.264 with B-frames, and AAC.
    H264Aac,
    /// The AAC of it.
    SoundOfH264Aac,
    /// VP9 and Opus.
    Vp9Opus,
}

impl Clip {
    /// Twelve seconds with a key frame each second, made once.
    fn make(self) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("play");
        std::fs::create_dir_all(&folder).expect("a folder below the build folder");
        let (name, coding): (_, &[&str]) = match self {
            Self::H264Aac | Self::SoundOfH264Aac => {
                ("h264-aac.mp4", &["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-c:a", "aac"])
            }
            Self::Vp9Opus => (
                "vp9-opus.webm",
                &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"],
            ),
        };
        let file = folder.join(name);
        if !file.is_file() {
            let partial = folder.join(format!("partial-{name}"));
            let mut command = Command::new("ffmpeg");
            command.args(["-v", "error", "-nostdin", "-y"]);
            command.args(["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]);
            command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]);
            command
                .args(["-t", "12", "-pix_fmt", "yuv420p", "-g", "25", "-ac", "2"])
                .args(coding)
                .arg(&partial);
            assert!(command.status().expect("ffmpeg starts").success());
            std::fs::rename(&partial, &file).expect("a file of ours");
        }
        file
    }

    fn argument(self) -> String {
        let take = if self == Self::SoundOfH264Aac { ":sound" } else { "" };
        format!("{}{take}", self.make().display())
    }
}

/// A packaged folder, and what is known of its media.
struct Player {
    folder: PathBuf,
    chromium: PathBuf,
    has_pictures: bool,
}

impl Player {
    /// Packages the clips; `None`, which is said, where there is no browser or ffmpeg.
    fn package(form: &str, clips: &[Clip], name: &str) -> Option<Self> {
        let chromium = chromium()?;
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_package-files"));
        command.arg(form).arg(&folder).args(clips.iter().map(|clip| clip.argument()));
        let output = command.output().expect("it was built");
        assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
        let has_pictures = clips.iter().any(|clip| *clip != Clip::SoundOfH264Aac);
        Some(Self { folder, chromium, has_pictures })
    }

    /// Four seconds from the beginning, and the end from a jump to it: nothing is missing, nobody complains.
    fn plays(&self, player: &str, address: &str) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        for (seconds, seek) in [(4.0, None), (2.0, Some(8.5))] {
            let what = format!("{player} {address} from {seek:?}");
            let report = self.watch(player, address, seconds, seek);
            assert_eq!(complaints(&report), Vec::<&Value>::new(), "{what}");
            let number = |name: &str| report[name].as_f64().unwrap_or(f64::NAN);
            assert!(number("position") - number("begin") >= seconds - 0.1, "{what}: {report}");
            assert!((number("begin") - seek.unwrap_or(0.0)).abs() < 1.0, "{what}: {report}");
            assert!((number("duration") - 12.0).abs() < 0.1, "{what}: {report}");
            assert!(report["sound"].as_u64() > Some(0), "{what}: {report}");
            let shown = !self.has_pictures || number("pictures") >= seconds * 10.0;
            assert!(shown && (report["size"][0] == 320) == self.has_pictures, "{what}: {report}");
            let buffered: Vec<(f64, f64)> =
                serde_json::from_value(report["buffered"].clone()).expect("pairs");
            let around = buffered
                .iter()
                .find(|range| range.0 <= number("begin") + 0.1 && range.1 >= number("position"));
            assert!(around.is_some(), "{what}: the buffer has a hole: {report}");
        }
    }

    fn watch(&self, player: &str, address: &str, seconds: f64, seek: Option<f64>) -> Value {
        let mut command = Command::new("node");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/play/play.mjs"));
        command.arg(&self.chromium).arg(&self.folder).args([player, address, &seconds.to_string()]);
        command.args(seek.map(|seek| seek.to_string()));
        let output = command.stdin(Stdio::null()).output().expect("node starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// What players report, but for what hls.js says of any stream whose pictures are reordered: it counts from the first decoding time, and
/// finds nothing to show before the first picture; with packed audio it appends a piece that lies before that.
fn complaints(report: &Value) -> Vec<&Value> {
    let harmless = |error: &&Value| {
        let details = error["details"].as_str().unwrap_or_default();
        let known =
            ["bufferSeekOverHole", "bufferAppendNoProgress"].iter().any(|known| details.starts_with(known));
        known && error["fatal"] == false
    };
    report["errors"].as_array().expect("a list").iter().filter(|error| !harmless(error)).collect()
}

fn chromium() -> Option<PathBuf> {
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|name| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    });
    let made = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).status();
    if found.is_none() || made.is_err() {
        eprintln!("skipped: no Chromium, or no ffmpeg");
        return None;
    }
    found
}
