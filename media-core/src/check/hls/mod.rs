//! HLS playlists and their histories: RFC 8216 and draft-pantos-hls-rfc8216bis (sections 4.4, 6.2, 8).
//!
//! A playlist that is right by itself may still be wrong after the one before it: a [`Checker`] takes all texts of one rendition in the order they were
//! served, delta updates too, and compares each with its predecessor. A [`Set`] takes a multivariant playlist with the media playlists of one moment,
//! and bit rates where somebody measured them.
//!
//! ```
//! use media_core::check::hls;
//!
//! let mut checker = hls::Checker::new();
//! checker.push("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n");
//! checker.push("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:6,\na.ts\n");
//! let report = checker.finish();
//! assert_eq!(report.count(&hls::rules::TARGET_CHANGED), 1);
//! assert_eq!(report.count(&hls::rules::TARGET_EXCEEDED), 1);
//! ```

mod alone;
mod date_range;
mod files;
mod history;
mod lines;
mod measured;
mod media;
mod multivariant;
pub mod rules;
mod tags;

use std::collections::HashMap;

pub use self::files::Named;
pub use self::measured::Measured;

pub(super) use self::lines::date_time;

use self::history::History;
use self::media::Media;
use self::multivariant::Multivariant;
use super::{Place, Report};

/// Judges the playlists of one rendition, one after the other.
#[derive(Debug, Default)]
pub struct Checker {
    report: Report,
    texts: u32,
    history: History,
}

impl Checker {
    /// Bytes of one text that are looked at.
    pub const LIMIT: usize = 16 * 1024 * 1024;

    /// A checker that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The media playlist as it was served next.
    pub fn push(&mut self, text: &str) {
        let number = self.texts;
        self.texts = self.texts.saturating_add(1);
        if let Some(text) = looked_at(text, number, &mut self.report) {
            let media = Media::read(text, number, &mut self.report);
            self.history.push(media, &mut self.report);
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
}

/// Judges a multivariant playlist and the media playlists it names.
#[derive(Debug, Default)]
pub struct Set {
    report: Report,
    texts: u32,
    multivariant: Option<Multivariant>,
    playlists: HashMap<String, Media>,
    measured: HashMap<String, Measured>,
}

impl Set {
    /// A set without playlists.
    pub fn new() -> Self {
        Self::default()
    }

    /// The multivariant playlist.
    pub fn push(&mut self, text: &str) {
        let number = self.next();
        if let Some(text) = looked_at(text, number, &mut self.report) {
            self.multivariant = Some(Multivariant::read(text, number, &mut self.report));
        }
    }

    /// A media playlist, by the URI it is named with. What is wrong in it by itself is found as well.
    pub fn push_media(&mut self, uri: &str, text: &str) {
        let number = self.next();
        if self.playlists.len() < PLAYLISTS
            && let Some(text) = looked_at(text, number, &mut self.report)
        {
            let media = Media::read(text, number, &mut self.report);
            self.playlists.insert(uri.to_owned(), media);
        }
    }

    /// The bit rates of the segments of a media playlist.
    pub fn measure(&mut self, uri: &str, measured: Measured) {
        self.measured.insert(uri.to_owned(), measured);
    }

    /// That was all.
    pub fn finish(mut self) -> Report {
        multivariant::check_alike(&self.playlists, &mut self.report);
        if let Some(multivariant) = &self.multivariant {
            multivariant.check_rates(&self.measured, &mut self.report);
        }
        self.report
    }

    const fn next(&mut self) -> u32 {
        let number = self.texts;
        self.texts = self.texts.saturating_add(1);
        number
    }
}

fn looked_at<'a>(text: &'a str, number: u32, report: &mut Report) -> Option<&'a str> {
    if text.len() > Checker::LIMIT {
        let at = Place::Line { text: number, line: 1 };
        report.add(&rules::NOT_EXAMINED, at, format_args!("a text of {} bytes", text.len()));
        return None;
    }
    Some(text)
}

const PLAYLISTS: usize = 1024;
