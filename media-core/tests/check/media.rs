//! Real files, and what may be said of them.

use std::path::{Path, PathBuf};

use media_core::check::{Report, Severity};

/// The folder of test media; `None`, said aloud, where it is not there.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/media");
    let root = std::env::var_os("MEDIA_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let folder = root.join(name);
    if !folder.is_dir() {
        eprintln!("skipped: no {name} in {}; MEDIA_DIR names the folder of test media", root.display());
        return None;
    }
    Some(folder)
}

/// All files in a folder and below with one of these endings, in order.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|ending| path.extension().unwrap_or_default() == *ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The rules broken, of that severity, by name.
pub(crate) fn broken(report: &Report, severity: Severity) -> Vec<&'static str> {
    let counts = report.counts().filter(|(rule, _)| rule.severity == severity);
    let mut names: Vec<_> = counts.map(|(rule, _)| rule.name).collect();
    names.sort_unstable();
    names
}

pub(crate) fn errors(report: &Report) -> Vec<&'static str> {
    broken(report, Severity::Error)
}

/// Every finding on a line, for messages.
pub(crate) fn told(report: &Report) -> String {
    report.findings().iter().map(|finding| format!("{finding}\n")).collect()
}

/// What to say of a file that does not break just the rules listed for it, none where it is not listed; `None` where all is as expected.
pub(crate) fn unexpected(path: &Path, report: &Report, listed: &[(&str, &[&str])]) -> Option<String> {
    let expected = listed.iter().find(|(name, _)| path.ends_with(name)).map_or(&[][..], |(_, rules)| rules);
    let found = errors(report);
    (found != expected).then(|| format!("{} {found:?}\n{}", path.display(), told(report)))
}
