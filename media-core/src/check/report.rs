//! What a judge found: rules, findings, and how they are counted.

use std::fmt;

/// How bad it is to break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, nothing is broken.
    Note,
    /// A recommendation is not followed, or readers are known to stumble.
    Warning,
    /// The clause says "shall", and it is not so.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something that a clause of a standard asks for. The rules of a judge are constants of its module `rules`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// Its name, for people and for tests: `tfdt-overlap`.
    pub name: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// Where it is written.
    pub clause: &'static str,
}

impl Rule {
    /// A rule that must be kept.
    pub(super) const fn error(name: &'static str, clause: &'static str) -> Self {
        Self { name, severity: Severity::Error, clause }
    }

    /// A rule that should be kept.
    pub(super) const fn warning(name: &'static str, clause: &'static str) -> Self {
        Self { name, severity: Severity::Warning, clause }
    }

    /// Something to tell.
    pub(super) const fn note(name: &'static str, clause: &'static str) -> Self {
        Self { name, severity: Severity::Note, clause }
    }
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// So many bytes after the first one that was pushed.
    Byte(u64),
    /// In a line of a text.
    Line {
        /// Which of the texts pushed, from 0.
        text: u32,
        /// The line, from 1.
        line: u32,
    },
    /// Nowhere in particular: seen at the end, of all together.
    Whole,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(at) => write!(out, "byte {at}"),
            Self::Line { text: 0, line } => write!(out, "line {line}"),
            Self::Line { text, line } => write!(out, "text {text} line {line}"),
            Self::Whole => out.write_str("end"),
        }
    }
}

/// A rule broken somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: &'static Rule,
    /// Where.
    pub at: Place,
    /// What was found and what was expected, in at most 240 bytes.
    pub what: String,
}

impl Finding {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// Where the rule is written.
    pub const fn clause(&self) -> &'static str {
        self.rule.clause
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, at, what } = self;
        write!(out, "{} at {at}: {what} [{}; {}]", rule.severity, rule.name, rule.clause)
    }
}

/// All that was found: every finding counted, the first 8 of each rule in words.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
    counts: Vec<(&'static Rule, u64)>,
}

impl Report {
    /// The findings told in words, in the order they were found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Each rule that was broken and how often.
    pub fn counts(&self) -> impl Iterator<Item = (&'static Rule, u64)> + '_ {
        self.counts.iter().copied()
    }

    /// How often a rule was broken.
    pub fn count(&self, rule: &Rule) -> u64 {
        self.counts.iter().find(|(broken, _)| *broken == rule).map_or(0, |(_, count)| *count)
    }

    /// The worst there is; `None` where nothing was found.
    pub fn worst(&self) -> Option<Severity> {
        self.counts.iter().map(|(rule, _)| rule.severity).max()
    }

    /// How many findings are that bad.
    pub fn total(&self, severity: Severity) -> u64 {
        self.counts.iter().filter(|(rule, _)| rule.severity == severity).map(|(_, count)| count).sum()
    }

    /// Counts a finding; its text is made only where it is kept.
    pub(super) fn add(&mut self, rule: &'static Rule, at: Place, what: fmt::Arguments<'_>) {
        let index = self.counts.iter().position(|(broken, _)| *broken == rule).unwrap_or_else(|| {
            self.counts.push((rule, 0));
            self.counts.len() - 1
        });
        let count = &mut self.counts[index].1;
        *count = count.saturating_add(1);
        if *count <= TOLD {
            let mut text = Text(String::new());
            // An end of the room is not an error of the input.
            let _ = fmt::Write::write_fmt(&mut text, what);
            self.findings.push(Finding { rule, at, what: text.0 });
        }
    }
}

/// A text that ends where its room ends.
struct Text(String);

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.0.push_str(&text[..end]);
        Err(fmt::Error)
    }
}

/// Findings of one rule told in words.
const TOLD: u64 = 8;
/// Bytes of one text.
const LONGEST: usize = 240;

#[cfg(test)]
mod tests {
    use super::*;

    static BAD: Rule = Rule::error("bad", "1.2");
    static ODD: Rule = Rule::warning("odd", "1.3");

    #[test]
    fn counts_go_on_where_texts_stop() {
        let mut report = Report::default();
        for at in 0..1000 {
            report.add(&BAD, Place::Byte(at), format_args!("found {at}"));
        }
        report.add(&ODD, Place::Whole, format_args!("{}", "ü".repeat(300)));
        assert_eq!(report.count(&BAD), 1000);
        assert_eq!(report.findings().len(), 9);
        assert_eq!(report.findings()[8].what.len(), 240);
        assert_eq!(report.worst(), Some(Severity::Error));
        assert_eq!((report.total(Severity::Error), report.total(Severity::Warning)), (1000, 1));
        assert_eq!(report.findings()[0].to_string(), "error at byte 0: found 0 [bad; 1.2]");
    }
}
