//! Finished forms, as `package-files` writes them.

use std::process::Command;

use crate::browser::{Browser, Play, Report, folder};
use crate::clip::Clip;

#[test]
fn fragments_play_in_hls_and_dash() {
    let Some(finished) = Finished::package("cmaf", &[Clip::H264Aac]) else { return };
    finished.plays(&[
        ("hls", "index.m3u8"),
        ("shaka", "index.m3u8"),
        ("dash", "index.mpd"),
        ("shaka", "index.mpd"),
    ]);
}

#[test]
fn single_files_with_an_index_play() {
    let Some(finished) = Finished::package("on-demand", &[Clip::H264Aac]) else { return };
    finished.plays(&[
        ("hls", "index.m3u8"),
        ("shaka", "index.m3u8"),
        ("dash", "index.mpd"),
        ("shaka", "index.mpd"),
    ]);
}

#[test]
fn transport_streams_play() {
    let Some(finished) = Finished::package("hls-ts", &[Clip::H264Aac]) else { return };
    finished.plays(&[("hls", "index.m3u8"), ("shaka", "index.m3u8")]);
}

#[test]
fn packed_audio_plays_beside_transport_streams() {
    let Some(finished) = Finished::package("hls-packed", &[Clip::H264Aac]) else { return };
    finished.plays(&[("hls", "index.m3u8"), ("shaka", "index.m3u8")]);
}

#[test]
fn webm_dash_plays() {
    let Some(finished) = Finished::package("webm-dash", &[Clip::Vp9Opus]) else { return };
    finished.plays(&[("dash", "index.mpd"), ("shaka", "index.mpd")]);
}

#[test]
fn sound_alone_plays() {
    let Some(finished) = Finished::package("cmaf", &[Clip::SoundOfH264Aac]) else { return };
    finished.plays(&[
        ("hls", "index.m3u8"),
        ("shaka", "index.m3u8"),
        ("dash", "index.mpd"),
        ("shaka", "index.mpd"),
    ]);
}

/// A packaged folder, and what is known of its media.
struct Finished {
    name: String,
    size: Option<(u32, u32)>,
}

impl Finished {
    /// Packages the clips; `None`, which is said, where there is no browser.
    fn package(form: &str, clips: &[Clip]) -> Option<Self> {
        drop(Browser::get()?);
        let size = clips.iter().find_map(|clip| clip.size());
        let name =
            format!("play-{form}-{clips:?}").replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let folder = folder().join(&name);
        let _ = std::fs::remove_dir_all(&folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_package-files"));
        command.arg(form).arg(&folder).args(clips.iter().map(|clip| clip.argument()));
        let output = command.output().expect("it was built");
        assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
        Some(Self { name, size })
    }

    /// Four seconds from the beginning, and the end from a jump to it, in these players: nothing is missing, nobody complains.
    fn plays(&self, players: &[(&'static str, &str)]) {
        let plays = players.iter().flat_map(|(player, address)| {
            let url = format!("/{}/{address}", self.name);
            let begin = Play::new(player, url, 4.0);
            [begin.clone(), Play { seconds: 2.0, seek: Some(8.5), ..begin }]
        });
        let plays: Vec<_> = plays.collect();
        let Some(mut browser) = Browser::get() else { return };
        for (play, report) in plays.iter().zip(browser.play(&plays)) {
            self.check(play, &report);
        }
    }

    fn check(&self, play: &Play, report: &Report) {
        let what = format!("{play:?}: {report:?}");
        assert!(report.complaints().is_empty(), "{what}");
        assert!(report.played() >= play.seconds - 0.1, "{what}");
        assert!(report.begin.is_some_and(|begin| (begin - play.seek.unwrap_or(0.0)).abs() < 1.0), "{what}");
        assert!(report.duration.is_some_and(|duration| (duration - 12.0).abs() < 0.1), "{what}");
        assert!(report.sound > 0, "{what}");
        assert!(report.jumps.is_empty(), "{what}");
        let size =
            report.sizes.last().map(|(_, width, height)| (*width, *height)).filter(|size| *size != (0, 0));
        assert_eq!(size, self.size, "{what}");
        assert!(self.size.is_none() || report.pictures as f64 >= play.seconds * 10.0, "{what}");
        assert!(report.is_whole(report.played(), 0.0), "the buffer has a hole: {what}");
    }
}
