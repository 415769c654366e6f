//! DASH manifests and their histories: ISO/IEC 23009-1.
//!
//! A [`Checker`] takes the versions of one manifest in the order they were served and compares each with its predecessor. Where media is at hand, it is told
//! [when segments begin](Checker::segment) and what [indexed files](Checker::index) hold. The XML is read by a small reader of this module's own:
//! no document types, no external entities, at most 131072 elements, 32 deep.
//!
//! ```
//! use media_core::check::dash;
//!
//! let mut checker = dash::Checker::new();
//! checker.push("<MPD type='dynamic'/>");
//! let report = checker.finish();
//! assert_eq!(report.count(&dash::rules::MISSING), 3);
//! ```

mod files;
mod history;
mod latency;
mod manifest;
pub mod rules;
mod schema;
mod segments;
mod values;
mod xml;

pub use self::files::files;
use self::manifest::{Manifest, Representation};
use super::{Place, Report};

/// Judges the versions of one manifest.
#[derive(Debug, Default)]
pub struct Checker {
    report: Report,
    texts: u32,
    last: Option<Manifest>,
    last_text: String,
}

impl Checker {
    /// Bytes of one text that are looked at.
    pub const LIMIT: usize = 16 * 1024 * 1024;

    /// A checker that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The manifest as it was served next.
    pub fn push(&mut self, text: &str) {
        let number = self.texts;
        self.texts = self.texts.saturating_add(1);
        let place = |line| Place::Line { text: number, line };
        if text.len() > Self::LIMIT {
            self.report.add(&rules::NOT_EXAMINED, place(1), format_args!("a text of {} bytes", text.len()));
            return;
        }
        let root = match xml::read(text) {
            Ok(root) => root,
            Err(fault) => {
                self.report.add(&rules::XML, place(fault.line), format_args!("{}", fault.what));
                return;
            }
        };
        if root.name != "MPD" {
            self.report.add(
                &rules::ROOT,
                place(root.line),
                format_args!("the root element is {}", root.name),
            );
            return;
        }
        if !root.is_of(schema::NAMESPACE) {
            let namespace = schema::NAMESPACE;
            self.report.add(
                &rules::ROOT,
                place(root.line),
                format_args!("MPD of another namespace than {namespace}"),
            );
        }
        schema::check(&root, number, &mut self.report);
        let manifest = Manifest::read(&root, number, &mut self.report);
        if let Some(last) = &self.last {
            history::follow(last, &manifest, text != self.last_text, place(1), &mut self.report);
        }
        self.last = Some(manifest);
        text.clone_into(&mut self.last_text);
    }

    /// A segment of a representation begins at `time`, its `tfdt` or cluster time in ticks of the manifest's time scale: that is in the timeline of the last
    /// manifest.
    pub fn segment(&mut self, representation: &str, time: u64) {
        let found = self.representations(representation).filter(|found| !found.runs.is_empty());
        let found: Vec<&Representation> = found.collect();
        let listed = |found: &&Representation| {
            let mut runs = found.runs.iter();
            runs.any(|run| {
                time >= run.start && time < run.end() && (time - run.start).is_multiple_of(run.duration)
            })
        };
        let Some(first) = found.first() else { return };
        if !found.iter().any(listed) {
            let at = Place::Line { text: self.texts.saturating_sub(1), line: first.line.max(1) };
            self.report.add(
                &rules::MEDIA_TIME,
                at,
                format_args!("a segment of {representation} begins at {time}, where no S does"),
            );
        }
    }

    /// The file of a representation with an index: it is where `@indexRange` says.
    pub fn index(&mut self, representation: &str, file: &[u8]) {
        let found = self.representations(representation).find_map(|found| Some((found.line, found.index?)));
        let Some((line, (first, last))) = found else { return };
        let own = usize::try_from(first).ok().zip(usize::try_from(last).ok());
        let own = own.and_then(|(first, last)| file.get(first..last.checked_add(1)?));
        // A `sidx` box and those that may stand before it, or the ID of Cues.
        let is_index = own
            .is_some_and(|own| own.get(4..8) == Some(b"sidx") || own.starts_with(&[0x1c, 0x53, 0xbb, 0x6b]));
        if !is_index {
            let at = Place::Line { text: self.texts.saturating_sub(1), line: line.max(1) };
            self.report.add(
                &rules::RANGE,
                at,
                format_args!(
                    "bytes {first}-{last} of {representation}, a file of {}, are no index",
                    file.len()
                ),
            );
        }
    }

    /// What was found so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// That was all.
    pub fn finish(self) -> Report {
        self.report
    }

    fn representations(&self, id: &str) -> impl Iterator<Item = &Representation> {
        let periods = self.last.iter().flat_map(|manifest| &manifest.periods);
        periods.flat_map(|period| &period.representations).filter(move |found| found.id == id)
    }
}
