//! A viewer: headless Chromium with the player page open, `tests/browser/play.mjs`.

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::{chromium, output, own_folder};

/// A browser that plays; it ends when dropped.
pub struct Viewer {
    process: Child,
    reports: Lines<BufReader<ChildStdout>>,
    screenshot: PathBuf,
}

/// How playback stands.
#[derive(Clone, Debug)]
pub struct Report {
    /// Seconds on the player's time line.
    pub position: f64,
    /// Pictures shown so far.
    pub pictures: u64,
    /// Width and height of the picture.
    pub size: (u64, u64),
    /// What is loaded: from where to where, in seconds.
    pub buffered: Vec<(f64, f64)>,
    /// Error events of the player, uncaught exceptions of the page and the video element's own error, as text.
    pub errors: Vec<String>,
    /// What the page tells its reader.
    pub message: String,
}

impl Viewer {
    /// Opens `url`; `name` names the screenshot.
    pub fn open(url: &str, name: &str) -> Self {
        let screenshot = output().join(format!("{name}.png"));
        let mut process = Command::new("node")
            .arg(own_folder().join("tests/browser/play.mjs"))
            .arg(chromium().expect("the test has made sure that it is there"))
            .arg(url)
            .arg(&screenshot)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let reports = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        Self { process, reports, screenshot }
    }

    /// How playback stands a second after the last report.
    pub fn report(&mut self) -> Report {
        let line = self
            .reports
            .next()
            .expect("the browser runs until it is told to end")
            .expect("reports are UTF-8");
        Report::parse(&serde_json::from_str(&line).expect("reports are JSON"))
    }

    /// The first report for which `holds`, within `seconds` of watching.
    pub fn watch_until(
        &mut self,
        what: &str,
        seconds: usize,
        mut holds: impl FnMut(&Report) -> bool,
    ) -> Report {
        let mut last = None;
        for _ in 0..seconds {
            let report = self.report();
            if holds(&report) {
                return report;
            }
            last = Some(report);
        }
        panic!("watched {seconds} s for {what}; at last {last:?}");
    }

    /// Keeps a screenshot and closes the browser.
    pub fn close(mut self) {
        drop(self.process.stdin.take());
        // Reports that were on their way must be read, or the browser waits for us.
        while self.reports.next().is_some() {}
        let status = self.process.wait().expect("it is our child");
        assert!(status.success() && self.screenshot.is_file(), "the browser ended with {status}");
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        // The driver closes the browser when it is asked to end; killing it would leave the browser behind.
        drop(self.process.stdin.take());
        while self.reports.next().is_some() {}
        let _ = self.process.wait();
    }
}

impl Report {
    /// Whether the player waited for media, and has nothing else to complain of.
    pub fn ran_dry(&self) -> bool {
        !self.errors.is_empty() && self.errors.iter().all(|error| error.contains("bufferStalledError"))
    }

    /// The longest stretch missing between parts of the buffer from `position` on, in seconds. What lies before it was loaded while the
    /// player looked for the place to begin.
    pub fn longest_gap_after(&self, position: f64) -> f64 {
        let gaps = self.buffered.windows(2).filter(|pair| pair[1].0 > position);
        gaps.map(|pair| pair[1].0 - pair[0].1).fold(0.0, f64::max)
    }

    /// Up to where there is something to play, in seconds.
    pub fn edge(&self) -> f64 {
        self.buffered.last().map_or(0.0, |range| range.1)
    }

    fn parse(report: &Value) -> Self {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut errors: Vec<String> = report["errors"].as_array().expect("a list").iter().map(text).collect();
        errors.extend(report["mediaError"].as_str().map(str::to_owned));
        Self {
            position: report["currentTime"].as_f64().expect("seconds"),
            pictures: report["pictures"].as_u64().expect("a count"),
            size: (report["width"].as_u64().expect("pixels"), report["height"].as_u64().expect("pixels")),
            buffered: serde_json::from_value(report["buffered"].clone()).expect("pairs of seconds"),
            errors,
            message: text(&report["message"]),
        }
    }
}
