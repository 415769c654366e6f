//! Shows how to
//!
//! 1. tell what breaks which clause in media files, playlists and manifests, whoever made them: `media_core::check`,
//! 2. go from a playlist or manifest to its files and judge them as the stream they are: `check::hls::Named`, `check::dash::files`,
//! 3. judge what a server gave over time: one playlist, fetched again and again.
//!
//! ```sh
//! cargo run --bin check-media -- film.mp4 live/ vod/index.m3u8 vod/index.mpd
//! cargo run --bin check-media -- --history fetched/*.m3u8
//! ```

mod follow;
mod media;
mod told;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use media_core::check::{dash, hls};

use crate::follow::Follower;
use crate::told::Told;

const HELP: &str = "\
check-media: what in media, playlists and manifests breaks which clause, whoever made them

  check-media FILE-OR-FOLDER...    each file; of a folder, all media and texts in it and below
  check-media --history TEXT...    versions of one playlist or manifest, in the order they were served

  --alone     judge texts alone: do not go on to the files they name
  --strict    warnings count as well: recommendations, and what readers are known to stumble over
  --help      this

MP4, CMAF, MPEG-TS, WebM and Matroska are told apart by their first bytes, HLS (.m3u8) and DASH (.mpd) by their names. A text is followed to the
files beside it: each header and its segments are judged as the one stream they are. Nothing is fetched over a network.

For each finding: the file, where in it, what was found and what was expected, the rule and its clause. Ends with
  0  nothing is broken
  1  something is
  2  a file is missing, or cannot be read";

/// What is to be done.
#[derive(Debug, Default)]
struct Arguments {
    paths: Vec<PathBuf>,
    history: bool,
    alone: bool,
    strict: bool,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::default();
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--help" | "-h") => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            Some("--history") => arguments.history = true,
            Some("--alone") => arguments.alone = true,
            Some("--strict") => arguments.strict = true,
            Some(option) if option.starts_with("--") => {
                eprintln!("check-media: no option {option}; --help tells those there are");
                return ExitCode::from(2);
            }
            _ => arguments.paths.push(argument.into()),
        }
    }
    if arguments.paths.is_empty() {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    }
    let mut told = Told::default();
    if arguments.history {
        history(&arguments.paths, &mut told);
    } else {
        each(&arguments, &mut told);
    }
    told.finish(arguments.strict)
}

/// Every file; what a text names is not judged once more by itself.
fn each(arguments: &Arguments, told: &mut Told) {
    let mut paths: Vec<PathBuf> = arguments.paths.iter().flat_map(|path| files(path, true)).collect();
    paths.sort_by_cached_key(|path| rank(path));
    let mut seen = HashSet::new();
    for path in paths {
        if seen.contains(&follow::plain(&path)) {
            continue;
        }
        if is_text(&path) {
            Follower { told, seen: &mut seen, alone: arguments.alone }.text(&path);
        } else if let Err(error) = media::file(&path, told) {
            told.unread(&path, &error);
        }
    }
}

/// Manifests, then playlists that name others, then others, then media.
fn rank(path: &Path) -> u8 {
    let names_others = || {
        let text = fs::read_to_string(path).unwrap_or_default();
        matches!(hls::Named::read(&text), hls::Named::Playlists(_))
    };
    match ending(path) {
        "mpd" => 0,
        "m3u8" | "m3u" if names_others() => 1,
        "m3u8" | "m3u" => 2,
        _ => 3,
    }
}

/// The versions of one text.
fn history(paths: &[PathBuf], told: &mut Told) {
    let is_manifest = paths.iter().all(|path| ending(path) == "mpd");
    let (mut playlist, mut manifest) = (hls::Checker::new(), dash::Checker::new());
    let mut texts = Vec::new();
    for path in paths {
        match follow::read_text(path) {
            Ok(text) if is_manifest => manifest.push(&text),
            Ok(text) => playlist.push(&text),
            Err(error) => {
                told.unread(path, &error);
                continue;
            }
        }
        texts.push(path.clone());
    }
    told.texts(&texts, &if is_manifest { manifest.finish() } else { playlist.finish() });
}

/// A file, or all media and texts in a folder and below, in order.
fn files(path: &Path, named: bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return if named || is_text(path) || MEDIA.contains(&ending(path)) {
            vec![path.to_owned()]
        } else {
            Vec::new()
        };
    };
    let mut all: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    all.sort();
    all.iter().flat_map(|path| files(path, false)).collect()
}

fn is_text(path: &Path) -> bool {
    matches!(ending(path), "m3u8" | "m3u" | "mpd")
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default()
}

/// What of a folder is media.
const MEDIA: &[&str] = &["mp4", "m4s", "m4a", "m4v", "mov", "cmfv", "cmfa", "ts", "webm", "mkv", "mka"];
