//! Finished forms, as `package-files` writes them.

use std::process::Command;

use crate::browser::{Browser, Play, Report, folder};
use crate::clip::Clip;
use crate::live::{date, now};

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

/// From H.264 and AAC to VP9 and Opus. shaka-player takes the codecs of an HLS rendition from the first list: there, and in transport streams,
/// it is another profile of H.264, another size, and another rate of AAC.
#[test]
fn files_one_behind_the_other_play_over_their_seam() {
    let Some(other) = Finished::package("cmaf", &[Clip::BaselineAac, Clip::Vp9Opus]) else { return };
    let Some(alike) = Finished::package("cmaf", &[Clip::BaselineAac, Clip::HighAac]) else { return };
    let Some(transport) = Finished::package("hls-ts", &[Clip::BaselineAac, Clip::HighAac]) else { return };
    other.plays_over(&[("hls", "index.m3u8"), ("dash", "index.mpd"), ("shaka", "index.mpd")]);
    alike.plays_over(&[("shaka", "index.m3u8")]);
    transport.plays_over(&[("hls", "index.m3u8"), ("shaka", "index.m3u8")]);
}

/// A manifest of chunks says that they are live; here, that they began eight seconds ago.
#[test]
fn webm_chunks_play_as_if_live() {
    let Some(live) = Finished::package("webm-live", &[Clip::LongVp9Opus]) else { return };
    let manifest = folder().join(&live.name).join("index.mpd");
    let text = std::fs::read_to_string(&manifest).expect("it was written");
    let begin = "availabilityStartTime=\"";
    let (before, after) = text.split_once(begin).expect("it is live");
    let (_, after) = after.split_once('"').expect("it ends");
    let plays = ["dash", "shaka"].map(|player| Play::new(player, live.url("index.mpd"), 3.0));
    let begins = || {
        let text = format!("{before}{begin}{}\"{after}", date(now().after(-8_000_000_000)));
        std::fs::write(&manifest, text).expect("it is ours");
    };
    for play in plays {
        live.play(vec![play], begins, |_, report| {
            report.behind.is_some_and(|behind| (0.0..12.0).contains(&behind))
        });
    }
}

/// A packaged folder, and what is known of its media.
struct Finished {
    name: String,
    /// Of the last.
    size: Option<(u32, u32)>,
}

impl Finished {
    /// Packages the clips, one behind the other; `None`, which is said, where there is no browser.
    fn package(form: &str, clips: &[Clip]) -> Option<Self> {
        drop(Browser::get()?);
        let name = format!("play-{form}-{clips:?}");
        let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let folder = folder().join(&name);
        let _ = std::fs::remove_dir_all(&folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_package-files"));
        let inputs: Vec<_> = clips.iter().map(|clip| clip.argument()).collect();
        let output = command.arg(form).arg(&folder).arg(inputs.join("+")).output().expect("it was built");
        assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
        Some(Self { name, size: clips.last().and_then(|clip| clip.size()) })
    }

    fn url(&self, file: &str) -> String {
        format!("/{}/{file}", self.name)
    }

    /// Four seconds from the beginning, and the end from a jump to it, in these players: nothing is missing, nobody complains.
    fn plays(&self, players: &[(&'static str, &str)]) {
        let plays = players.iter().flat_map(|(player, file)| {
            let begin = Play::new(player, self.url(file), 4.0);
            [begin.clone(), Play { seconds: 2.0, seek: Some(8.5), ..begin }]
        });
        let play = |play: &Play, report: &Report| {
            report.begin.is_some_and(|at| (at - play.seek.unwrap_or(0.0)).abs() < 1.0)
                && report.duration.is_some_and(|duration| (duration - 12.0).abs() < 0.1)
                && report.jumps.iter().all(|(from, to)| (to - from).abs() < 0.1)
        };
        self.play(plays.collect(), || {}, play);
    }

    /// From three seconds before the second clip to two behind its beginning, and, but for dash.js, behind a jump into it.
    fn plays_over(&self, players: &[(&'static str, &str)]) {
        let plays = players.iter().flat_map(|(player, file)| {
            let over = Play { seek: Some(9.0), sizes: 2, ..Play::new(player, self.url(file), 5.5) };
            // On a busy machine dash.js may stay at the start of a Period that is jumped into, and load nothing.
            let into = Play { seek: Some(20.0), sizes: 0, seconds: 2.0, ..over.clone() };
            [Some(over), Some(into).filter(|into| into.player != "dash")].into_iter().flatten()
        });
        let over = |play: &Play, report: &Report| {
            let seam = report.sizes.last().map(|(at, ..)| *at).filter(|_| play.sizes > 0);
            report.duration.is_some_and(|duration| (duration - 24.0).abs() < 0.2)
                // Sound and pictures of a clip end within a frame of each other.
                && report.jumps.iter().all(|(from, to)| (to - from).abs() < 0.1)
                // Before it begins, shaka-player may show the size of what comes later. A busy machine is late to notice the seam.
                && seam.is_none_or(|seam| (11.7..13.0).contains(&seam))
        };
        self.play(plays.collect(), || {}, over);
    }

    /// All these are played to the end, and `holds` of what comes of them. A machine so busy that a player runs dry or comes late says nothing of
    /// what it played: to each play three viewers come at most, and one of them has to see it whole. `before` each of them something is done.
    fn play(&self, mut plays: Vec<Play>, before: impl Fn(), holds: impl Fn(&Play, &Report) -> bool) {
        let mut browser = Browser::get().expect("it was there when this was packaged");
        let mut seen = Vec::new();
        for _ in 0..3 {
            before();
            let reports = browser.play(&plays);
            let wrong = plays.into_iter().zip(reports);
            let wrong = wrong.filter(|(play, report)| !(self.is_whole(play, report) && holds(play, report)));
            seen = wrong.collect();
            plays = seen.iter().map(|(play, _)| play.clone()).collect();
            if plays.is_empty() {
                break;
            }
        }
        assert!(seen.is_empty(), "three viewers saw something else: {seen:#?}");
    }

    /// Whether it was played to the end: nothing is missing, nobody complains.
    fn is_whole(&self, play: &Play, report: &Report) -> bool {
        let size = report.sizes.last().map(|(_, width, height)| (*width, *height));
        report.complaints().is_empty()
            && report.played() >= play.seconds - 0.1
            && report.sizes.len() >= play.sizes
            && report.sound > 0
            && size.filter(|size| *size != (0, 0)) == self.size
            && (self.size.is_none() || report.pictures as f64 >= play.seconds * 10.0)
            && report.is_whole(report.played(), 0.05)
    }
}
