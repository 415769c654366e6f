//! Shows how to
//!
//! 1. tell what breaks which clause in media files and manifests, whoever made them: `media_core::check`,
//! 2. judge a playlist together with the segments it names.
//!
//! ```sh
//! cargo run --bin check-media -- film.mp4 live/ index.m3u8
//! ```
//!
//! Files are told apart by their names: MP4 (`.mp4 .m4s .m4a .m4v .mov .cmfv .cmfa`), transport streams (`.ts`), WebM and Matroska (`.webm .mkv .mka`),
//! HLS (`.m3u8`) and DASH (`.mpd`). Folders are looked through. Ends with 1 where there is an error, 2 where a file cannot be read, else 0.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use media_core::check::{Report, Severity, dash, fmp4, hls, mpegts, webm};

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        eprintln!("usage: check-media FILE-OR-FOLDER...");
        return ExitCode::from(2);
    }
    let (mut worst, mut unread) = (None, false);
    for path in paths.iter().flat_map(|path| files(path)) {
        match check(&path) {
            Ok(Some(report)) => {
                print(&path, &report);
                worst = worst.max(report.worst());
            }
            Ok(None) => eprintln!("{}: neither media nor a manifest by its name", path.display()),
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                unread = true;
            }
        }
    }
    match (unread, worst) {
        (true, _) => ExitCode::from(2),
        (false, Some(Severity::Error)) => ExitCode::from(1),
        (false, _) => ExitCode::SUCCESS,
    }
}

/// A file, or all media and manifests in a folder and below, in order.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut all: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    all.sort();
    let known = |path: &PathBuf| path.is_dir() || !matches!(kind(path), Kind::Other);
    all.iter().filter(|path| known(path)).flat_map(|path| files(path)).collect()
}

#[derive(Clone, Copy)]
enum Kind {
    Mp4,
    TransportStream,
    WebM,
    Hls,
    Dash,
    Other,
}

fn kind(path: &Path) -> Kind {
    match path.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "mp4" | "m4s" | "m4a" | "m4v" | "mov" | "cmfv" | "cmfa" => Kind::Mp4,
        "ts" => Kind::TransportStream,
        "webm" | "mkv" | "mka" => Kind::WebM,
        "m3u8" => Kind::Hls,
        "mpd" => Kind::Dash,
        _ => Kind::Other,
    }
}

fn check(path: &Path) -> Result<Option<Report>, Box<dyn Error>> {
    Ok(Some(match kind(path) {
        Kind::Mp4 => {
            let mut checker = fmp4::Checker::new();
            read(path, |bytes| checker.push(bytes))?;
            checker.finish()
        }
        Kind::TransportStream => {
            let mut checker = mpegts::Checker::new();
            read(path, |bytes| checker.push(bytes))?;
            checker.finish()
        }
        Kind::WebM => {
            let mut checker = webm::Checker::new();
            read(path, |bytes| checker.push(bytes))?;
            checker.finish()
        }
        Kind::Hls => playlist(path)?,
        Kind::Dash => {
            let mut checker = dash::Checker::new();
            checker.push(&fs::read_to_string(path)?);
            checker.finish()
        }
        Kind::Other => return Ok(None),
    }))
}

/// A media playlist; or a multivariant one with those of its playlists that are files beside it.
fn playlist(path: &Path) -> Result<Report, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    if !text.contains("#EXT-X-STREAM-INF") && !text.contains("#EXT-X-MEDIA:") {
        let mut checker = hls::Checker::new();
        checker.push(&text);
        return Ok(checker.finish());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut set = hls::Set::new();
    set.push(&text);
    let named = text.lines().filter(|line| !line.starts_with('#'));
    let quoted = text.split("URI=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for uri in named.chain(quoted).filter(|uri| uri.ends_with(".m3u8") && !uri.contains("://")) {
        let Ok(media) = fs::read_to_string(folder.join(uri)) else { continue };
        set.push_media(uri, &media);
        if let Some(measured) = measure(&folder.join(uri), &media) {
            set.measure(uri, measured);
        }
    }
    Ok(set.finish())
}

/// Bits per second of the segments of a playlist, where all of them are files of their own.
fn measure(playlist: &Path, text: &str) -> Option<hls::Measured> {
    let folder = playlist.parent()?;
    let (mut target, mut seconds, mut segments) = (0.0, 0.0, Vec::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(duration) = line.strip_prefix("#EXT-X-TARGETDURATION:") {
            target = duration.trim().parse::<f64>().ok()?;
        } else if let Some(duration) = line.strip_prefix("#EXTINF:") {
            seconds = duration.split(',').next()?.trim().parse::<f64>().ok()?;
        } else if line.starts_with("#EXT-X-BYTERANGE") {
            return None;
        } else if !line.starts_with('#') && seconds > 0.0 {
            segments.push((seconds, 8 * fs::metadata(folder.join(line)).ok()?.len()));
        }
    }
    let (all, bits) = segments.iter().fold((0.0, 0), |sum, segment| (sum.0 + segment.0, sum.1 + segment.1));
    (all > 0.0).then(|| hls::Measured { peak: peak(&segments, target), average: (bits as f64 / all) as u64 })
}

/// The largest rate of any contiguous segments that last between half and one and a half target durations, RFC 8216bis 4.4.6.2.
fn peak(segments: &[(f64, u64)], target: f64) -> u64 {
    let mut peak = 0;
    for first in 0..segments.len() {
        let (mut lasts, mut all) = (0.0, 0);
        for (seconds, bits) in &segments[first..] {
            (lasts, all) = (lasts + seconds, all + bits);
            if lasts > 1.5 * target {
                break;
            }
            if lasts >= 0.5 * target {
                peak = peak.max((all as f64 / lasts) as u64);
            }
        }
    }
    peak
}

/// Gives a file to `push`, piece by piece.
fn read(path: &Path, mut push: impl FnMut(&[u8])) -> Result<(), Box<dyn Error>> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(()),
            length => push(&piece[..length]),
        }
    }
}

/// The findings, and how many more of each rule there were.
fn print(path: &Path, report: &Report) {
    for finding in report.findings() {
        println!("{}: {finding}", path.display());
    }
    for (rule, count) in report.counts() {
        let told = report.findings().iter().filter(|finding| finding.rule == rule).count() as u64;
        if count > told {
            println!("{}: {} more of {}", path.display(), count - told, rule.name);
        }
    }
}
