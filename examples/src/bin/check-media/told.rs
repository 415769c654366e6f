//! What was found, for people.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use media_core::check::{Finding, Place, Report, Severity};

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Told {
    counts: [u64; 3],
    texts: u64,
    streams: u64,
    unread: u64,
}

impl Told {
    /// The judgement of texts, by the numbers they were pushed with.
    pub(crate) fn texts(&mut self, paths: &[PathBuf], report: &Report) {
        self.texts += paths.len() as u64;
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        self.report(report, |at| match at {
            Place::Line { text, line } => {
                let name = usize::try_from(text).ok().and_then(|text| names.get(text));
                format!("{}, line {line}", name.or(names.first()).map_or("", |name| name))
            }
            _ => names.first().cloned().unwrap_or_default(),
        });
    }

    /// The judgement of a stream: a file, or the files it was joined from and where each begins in it.
    pub(crate) fn stream(&mut self, name: &str, joined: &[(u64, String)], report: &Report) {
        self.streams += 1;
        self.report(report, |at| match at {
            Place::Byte(byte) => {
                let of = joined.iter().rev().find(|(begins, _)| *begins <= byte);
                match of {
                    Some((begins, file)) => format!("{file}, byte {}", byte - begins),
                    None => format!("{name}, byte {byte}"),
                }
            }
            _ => format!("{name}, as a whole"),
        });
    }

    /// A file that is missing or cannot be read.
    pub(crate) fn unread(&mut self, path: &Path, why: &dyn Display) {
        self.unread += 1;
        println!("{}: cannot be read: {why}", path.display());
    }

    /// A remark that is no finding.
    pub(crate) fn remark(&self, path: &Path, what: &str) {
        println!("{}: {what}", path.display());
    }

    fn report(&mut self, report: &Report, place: impl Fn(Place) -> String) {
        for (index, severity) in SEVERITIES.into_iter().enumerate() {
            self.counts[index] += report.total(severity);
        }
        for Finding { rule, at, what } in report.findings() {
            println!("{}: {}: {what} [{}; {}]", place(*at), rule.severity, rule.name, rule.clause);
        }
        for (rule, count) in report.counts() {
            let told = report.findings().iter().filter(|finding| finding.rule == rule).count() as u64;
            if count > told {
                println!("{}: {} more of {}", place(Place::Whole), count - told, rule.name);
            }
        }
    }

    /// The sum of it all.
    pub(crate) fn finish(self, strict: bool) -> ExitCode {
        let [errors, warnings, notes] = self.counts;
        let Self { texts, streams, unread, .. } = self;
        println!(
            "{texts} texts and {streams} streams: {errors} errors, {warnings} warnings, {notes} notes, {unread} files not read"
        );
        match (unread, errors + if strict { warnings } else { 0 }) {
            (0, 0) => ExitCode::SUCCESS,
            (0, _) => ExitCode::from(1),
            (_, _) => ExitCode::from(2),
        }
    }
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];
