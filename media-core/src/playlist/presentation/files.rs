//! What files of a rendition are called.

use std::borrow::Cow;
use std::ops::Range;

use super::{Error, Segment};

/// Where the bytes of a stretch lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// Every segment is a file.
    Many {
        /// The init segment; `None` where segments have all they need, TS and packed audio.
        header: Option<String>,
        /// Names of the segments.
        names: Template,
    },
    /// All segments are ranges of one file.
    One {
        /// Its name.
        name: String,
        /// Its header; nothing where it has none.
        header: Range<u64>,
        /// The `sidx` box or the `Cues` element; `None` where there is none, or not yet.
        index: Option<Range<u64>>,
    },
}

/// Names of segments: the same for all but a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What stands before it.
    pub before: String,
    /// What stands behind it.
    pub after: String,
    /// The number.
    pub numbering: Numbering,
}

/// What tells the names of segments apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// They are counted: `$Number$`.
    Number {
        /// The number of the first one of the stretch.
        first: u64,
    },
    /// By their start in ticks: `$Time$`.
    Time,
}

impl Template {
    /// Names that count from 1.
    pub fn numbered(before: &str, after: &str) -> Self {
        Self { before: before.to_owned(), after: after.to_owned(), numbering: Numbering::Number { first: 1 } }
    }

    /// Names that say where the segment begins.
    pub fn timed(before: &str, after: &str) -> Self {
        Self { before: before.to_owned(), after: after.to_owned(), numbering: Numbering::Time }
    }

    /// The name of segment `index` of a stretch, counted from 0, that begins at `ticks`.
    pub fn name(&self, index: usize, ticks: i64) -> String {
        let Self { before, after, numbering } = self;
        match numbering {
            Numbering::Number { first } => format!("{before}{}{after}", first.saturating_add(index as u64)),
            Numbering::Time => format!("{before}{ticks}{after}"),
        }
    }

    /// The template of DASH, ISO/IEC 23009-1 5.3.9.4.4.
    pub(super) fn pattern(&self) -> String {
        let place = match self.numbering {
            Numbering::Number { .. } => "$Number$",
            Numbering::Time => "$Time$",
        };
        format!("{}{place}{}", self.before, self.after)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check(&format!("{}0{}", self.before, self.after))
    }
}

impl Files {
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Many { header, names } => {
                header.as_deref().map_or(Ok(()), check)?;
                names.check()
            }
            Self::One { name, .. } => check(name),
        }
    }

    /// The file of a segment, and whether it is only a range of it.
    pub(super) fn of(&self, index: usize, segment: &Segment) -> (Cow<'_, str>, bool) {
        match self {
            Self::Many { names, .. } => (names.name(index, segment.start.ticks().max(0)).into(), false),
            Self::One { name, .. } => (name.into(), true),
        }
    }

    /// The file with the header, and the range that it takes of it.
    pub(super) fn header(&self) -> Option<(&str, Option<&Range<u64>>)> {
        match self {
            Self::Many { header, .. } => Some((header.as_deref()?, None)),
            Self::One { name, header, .. } if !header.is_empty() => Some((name, Some(header))),
            Self::One { .. } => None,
        }
    }
}

/// Refuses what would need escaping in a playlist, a manifest, a template or an address.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(Error::Name { name: name.to_owned() });
    }
    Ok(())
}
