//! Headless Chromium with hls.js, dash.js and shaka-player in it, `play.mjs`.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};

/// A browser that plays what it is told; it ends with its input, so with the test.
pub(crate) struct Browser {
    _process: Child,
    orders: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
}

/// What is to be played.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    /// `hls`, `dash` or `shaka`.
    pub(crate) player: &'static str,
    /// An address, or a path below the folder for what tests leave, with a slash before it.
    pub(crate) url: String,
    /// Seconds of it, counted from the last of `sizes` on.
    pub(crate) seconds: f64,
    /// From where, in seconds.
    pub(crate) seek: Option<f64>,
    /// How many sizes of the picture are to be seen.
    pub(crate) sizes: usize,
    /// As close behind the live edge as there is.
    pub(crate) low: bool,
}

/// How it went. Times are seconds on the player's line.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    /// Where playback began; `None` when it did not.
    pub(crate) begin: Option<f64>,
    /// Where it is now.
    pub(crate) position: f64,
    /// Of the whole; `None` when it has no end.
    pub(crate) duration: Option<f64>,
    /// Pictures that were decoded.
    pub(crate) pictures: u64,
    /// Bytes of sound that were decoded.
    pub(crate) sound: u64,
    /// Where the picture got another size: position, width, height.
    pub(crate) sizes: Vec<(f64, u32, u32)>,
    /// Where playback was moved once it had begun, by the player: from, to.
    pub(crate) jumps: Vec<(f64, f64)>,
    /// How long it has stood at most.
    pub(crate) stood: f64,
    /// How old what is shown is, by the dates of a live stream.
    pub(crate) behind: Option<f64>,
    /// What is loaded: from where to where.
    pub(crate) buffered: Vec<(f64, f64)>,
    /// Errors of the player, the page and the video element.
    pub(crate) errors: Vec<Complaint>,
}

/// What a player reports.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Complaint {
    /// Its own words.
    pub(crate) details: String,
    /// Whether playback ends with it.
    pub(crate) fatal: bool,
}

impl Browser {
    /// The one browser of the test, for as long as the guard is held: it decodes in software, and two at once would starve each other on a
    /// small machine. `None`, which is said, where there is none, or no ffmpeg.
    pub(crate) fn get() -> Option<MutexGuard<'static, Self>> {
        static BROWSER: OnceLock<Option<Mutex<Browser>>> = OnceLock::new();
        let browser = BROWSER.get_or_init(|| chromium().map(|chromium| Mutex::new(Self::start(&chromium))));
        Some(browser.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn start(chromium: &Path) -> Self {
        let mut process = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/play/play.mjs"))
            .args([chromium, &folder()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let orders = process.stdin.take().expect("it is piped");
        let reports = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        Self { _process: process, orders, reports }
    }

    /// Plays them all at the same time.
    pub(crate) fn play(&mut self, plays: &[Play]) -> Vec<Report> {
        let order: Vec<_> = plays.iter().map(Play::order).collect();
        writeln!(self.orders, "{}", Value::from(order)).expect("the browser runs");
        let line = self.reports.next().expect("the browser runs").expect("reports are UTF-8");
        serde_json::from_str(&line).expect("a report for each")
    }
}

impl Play {
    /// From the beginning, or the live edge.
    pub(crate) fn new(player: &'static str, url: impl Into<String>, seconds: f64) -> Self {
        Self { player, url: url.into(), seconds, seek: None, sizes: 0, low: false }
    }

    fn order(&self) -> Value {
        let Self { player, url, seconds, seek, sizes, low } = self;
        json!({ "player": player, "url": url, "seconds": seconds, "seek": seek, "sizes": sizes, "low": low })
    }
}

impl Report {
    /// Seconds that were played.
    pub(crate) fn played(&self) -> f64 {
        self.begin.map_or(0.0, |begin| self.position - begin)
    }

    /// Whether the last `seconds` of what was played are in one piece of the buffer, or in pieces less than `gap` seconds apart.
    pub(crate) fn is_whole(&self, seconds: f64, gap: f64) -> bool {
        let from = self.position - seconds;
        let mut ranges = self.buffered.iter().skip_while(|range| range.1 < from);
        let Some(first) = ranges.next().filter(|first| first.0 <= from + 0.1) else { return false };
        let end = ranges.fold(first.1, |end, range| if range.0 - end < gap { range.1 } else { end });
        end >= self.position
    }

    /// What players report, but for what hls.js says of any stream whose pictures are reordered: it counts from the first decoding time, and
    /// finds nothing to show before the first picture; with packed audio it appends a piece that lies before that. And that it no longer wants
    /// what it was loading when the viewer jumped.
    pub(crate) fn complaints(&self) -> Vec<&Complaint> {
        let is = |error: &Complaint, known: &str| !error.fatal && error.details.starts_with(known);
        // It stands at such a hole before it steps over it.
        let stands = self.errors.iter().any(|error| is(error, "bufferSeekOverHole"));
        let is_harmless = |error: &Complaint| {
            ["bufferSeekOverHole", "bufferAppendNoProgress", "aborted"].iter().any(|known| is(error, known))
                || (stands && is(error, "bufferStalledError"))
        };
        self.errors.iter().filter(|error| !is_harmless(error)).collect()
    }

    /// Whether the player had to wait, for media or for an answer, and has nothing else to complain of.
    pub(crate) fn ran_dry(&self) -> bool {
        let complaints = self.complaints();
        let waited = |error: &&Complaint| {
            let details = error.details.trim_end();
            !error.fatal && (details.starts_with("bufferStalledError") || details.ends_with("LoadTimeOut"))
        };
        !complaints.is_empty() && complaints.iter().all(waited)
    }
}

/// The folder for what tests leave; what is below it can be played.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
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
