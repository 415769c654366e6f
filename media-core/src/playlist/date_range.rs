//! Date ranges: what happens at a time of day, EXT-X-DATERANGE, RFC 8216bis 4.4.5.1.

use std::collections::VecDeque;

use super::text::{put_date_time, put_seconds};
use crate::time::WallTime;

/// Something that lasts from one time of day to another: an advertisement, a goal, what a camera detected.
///
/// ```
/// use media_core::playlist::{DateRange, End, Value};
/// use media_core::time::WallTime;
/// let mut motion = DateRange::new("motion-7", WallTime::from_nanos(1_795_252_500_000_000_000));
/// motion.class = Some("com.example.motion".to_owned());
/// motion.end = End::After(2_500_000_000);
/// motion.attributes.push(("X-ZONE".to_owned(), Value::Text("gate".to_owned())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// ID: names it within the stream, and never anything else.
    pub id: String,
    /// CLASS: what sort of thing it is.
    pub class: Option<String>,
    /// START-DATE, to the millisecond.
    pub start: WallTime,
    /// When it ends, as far as known.
    pub end: End,
    /// PLANNED-DURATION in nanoseconds: how long it is expected to last.
    pub planned: Option<i64>,
    /// SCTE35-CMD, SCTE35-OUT or SCTE35-IN.
    pub splice: Option<Splice>,
    /// Further attributes by their names, which begin with `X-`.
    pub attributes: Vec<(String, Value)>,
}

/// When a [`DateRange`] ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Nobody knows yet. Announce it again when it is known: until then it stays in the list.
    #[default]
    Unknown,
    /// DURATION in nanoseconds; zero for what happens in an instant.
    After(i64),
    /// END-DATE, to the millisecond.
    At(WallTime),
    /// END-ON-NEXT: when the next of its class begins.
    OnNext,
}

/// An SCTE-35 splice_info_section, ANSI/SCTE 35.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Splice {
    /// SCTE35-CMD: neither of the others.
    Command(Vec<u8>),
    /// SCTE35-OUT: the break begins.
    Out(Vec<u8>),
    /// SCTE35-IN: the break ends.
    In(Vec<u8>),
}

/// The value of an attribute of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text without quotation marks and line breaks.
    Text(String),
    /// Bytes, printed in hexadecimal.
    Bytes(Vec<u8>),
    /// A number in millionths.
    Millionths(u64),
}

/// What is wrong with a [`DateRange`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that no quoted string can hold.
    #[error("{attribute} holds {text:?}, which is empty, or has a quotation mark, tab or line break")]
    Text {
        /// The attribute.
        attribute: String,
        /// What it holds.
        text: String,
    },
    /// An attribute that is not `X-` and capital letters, digits or hyphens, or is there twice.
    #[error(
        "attribute {name:?}, expected another one that begins with X- and has capital letters, digits and hyphens alone"
    )]
    Attribute {
        /// Its name.
        name: String,
    },
    /// It ends on the next of its class, and has none.
    #[error("date range {id:?} ends on the next of its class and has no class")]
    NoClass {
        /// Its ID.
        id: String,
    },
    /// It ends before it starts.
    #[error("date range {id:?} ends before it starts")]
    Backward {
        /// Its ID.
        id: String,
    },
    /// It was announced with other values before.
    #[error("date range {id:?} was announced before with other values")]
    Contradiction {
        /// Its ID.
        id: String,
    },
    /// The list holds as many as it may.
    #[error("{LIMIT} date ranges are listed already")]
    TooMany,
}

impl DateRange {
    /// A range that begins at `start` and of which nothing more is known.
    pub fn new(id: &str, start: WallTime) -> Self {
        Self {
            id: id.to_owned(),
            class: None,
            start,
            end: End::Unknown,
            planned: None,
            splice: None,
            attributes: Vec::new(),
        }
    }

    /// Its attributes as they are printed, ID first.
    fn printed(&self) -> Result<Vec<(String, String)>, Error> {
        let mut all = vec![("ID".to_owned(), quoted("ID", &self.id)?)];
        if let Some(class) = &self.class {
            all.push(("CLASS".to_owned(), quoted("CLASS", class)?));
        }
        all.push(("START-DATE".to_owned(), date(self.start)));
        match self.end {
            End::Unknown => {}
            End::After(nanos) if nanos < 0 => return Err(Error::Backward { id: self.id.clone() }),
            End::After(nanos) => all.push(("DURATION".to_owned(), seconds(nanos))),
            End::At(end) if end < self.start => return Err(Error::Backward { id: self.id.clone() }),
            End::At(end) => all.push(("END-DATE".to_owned(), date(end))),
            End::OnNext if self.class.is_none() => return Err(Error::NoClass { id: self.id.clone() }),
            End::OnNext => all.push(("END-ON-NEXT".to_owned(), "YES".to_owned())),
        }
        if let Some(planned) = self.planned {
            all.push(("PLANNED-DURATION".to_owned(), seconds(planned.max(0))));
        }
        match &self.splice {
            None => {}
            Some(Splice::Command(bytes)) => all.push(("SCTE35-CMD".to_owned(), hexadecimal(bytes))),
            Some(Splice::Out(bytes)) => all.push(("SCTE35-OUT".to_owned(), hexadecimal(bytes))),
            Some(Splice::In(bytes)) => all.push(("SCTE35-IN".to_owned(), hexadecimal(bytes))),
        }
        for (name, value) in &self.attributes {
            let own = name.strip_prefix("X-").filter(|rest| !rest.is_empty());
            let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
            if own.is_none_or(|rest| !rest.bytes().all(plain)) || all.iter().any(|(other, _)| other == name) {
                return Err(Error::Attribute { name: name.clone() });
            }
            let value = match value {
                Value::Text(text) => quoted(name, text)?,
                Value::Bytes(bytes) => hexadecimal(bytes),
                Value::Millionths(number) => millionths(*number),
            };
            all.push((name.clone(), value));
        }
        Ok(all)
    }
}

/// Those that are listed, and those that were not long ago.
#[derive(Debug, Default)]
pub(super) struct DateRanges {
    listed: Vec<Ranged>,
    removed: VecDeque<(String, WallTime)>,
    /// The newest time that was told.
    now: Option<WallTime>,
}

#[derive(Debug)]
struct Ranged {
    range: DateRange,
    printed: Vec<(String, String)>,
    /// When it was announced, or something was added to it.
    changed: WallTime,
    text: String,
}

impl DateRanges {
    pub(super) fn insert(&mut self, range: DateRange, now: WallTime) -> Result<(), Error> {
        let printed = range.printed()?;
        let known = self.listed.iter().position(|listed| listed.range.id == range.id);
        if let Some(known) = known.map(|at| &self.listed[at])
            && known.printed.iter().any(|attribute| !printed.contains(attribute))
        {
            return Err(Error::Contradiction { id: range.id });
        }
        if known.is_none() && self.removed.iter().any(|(id, _)| *id == range.id) {
            return Err(Error::Contradiction { id: range.id });
        }
        if known.is_none() && self.listed.len() >= LIMIT {
            return Err(Error::TooMany);
        }
        self.at(now);
        let attributes: Vec<_> = printed.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = format!("#EXT-X-DATERANGE:{}\n", attributes.join(","));
        let ranged = Ranged { range, printed, changed: now, text };
        match known {
            Some(at) => self.listed[at] = ranged,
            None => self.listed.push(ranged),
        }
        Ok(())
    }

    /// The time, by which it is told what is recent.
    pub(super) fn at(&mut self, now: WallTime) {
        self.now = Some(self.now.map_or(now, |before| before.max(now)));
    }

    /// Drops those that ended before `first`, of which nothing is listed then.
    pub(super) fn end_before(&mut self, first: WallTime) {
        let now = self.now.unwrap_or(first);
        let ended: Vec<_> = (self.listed.iter())
            .filter(|ranged| self.end_of(&ranged.range).is_some_and(|end| end < first))
            .map(|ranged| ranged.range.id.clone())
            .collect();
        self.listed.retain(|ranged| !ended.contains(&ranged.range.id));
        self.removed.extend(ended.into_iter().map(|id| (id, now)));
        while self.removed.len() > REMEMBERED {
            self.removed.pop_front();
        }
    }

    /// When a range ends; `None` while nobody knows.
    fn end_of(&self, range: &DateRange) -> Option<WallTime> {
        match range.end {
            End::Unknown => None,
            End::After(nanos) => Some(range.start.after(nanos)),
            End::At(end) => Some(end),
            End::OnNext => {
                let later = self
                    .listed
                    .iter()
                    .map(|other| &other.range)
                    .filter(|other| other.class == range.class && other.start > range.start);
                later.map(|other| other.start).min()
            }
        }
    }

    /// The tags of all, or of those that have come within `boundary` nanoseconds.
    pub(super) fn put(&self, out: &mut String, boundary: Option<i64>) {
        let wanted =
            |ranged: &&Ranged| boundary.is_none_or(|boundary| self.is_recent(ranged.changed, boundary));
        self.listed.iter().filter(wanted).for_each(|ranged| out.push_str(&ranged.text));
    }

    /// The IDs of those that have gone within `boundary` nanoseconds, with tabs between them.
    pub(super) fn removed(&self, boundary: i64) -> String {
        let recent = self.removed.iter().filter(|(_, at)| self.is_recent(*at, boundary));
        recent.map(|(id, _)| id.as_str()).collect::<Vec<_>>().join("\t")
    }

    fn is_recent(&self, at: WallTime, boundary: i64) -> bool {
        self.now.is_none_or(|now| now.since(at) <= boundary)
    }
}

fn quoted(attribute: &str, text: &str) -> Result<String, Error> {
    if text.is_empty() || text.contains(['"', '\t', '\r', '\n']) {
        return Err(Error::Text { attribute: attribute.to_owned(), text: text.to_owned() });
    }
    Ok(format!("\"{text}\""))
}

fn date(at: WallTime) -> String {
    let mut out = "\"".to_owned();
    put_date_time(&mut out, at);
    out.push('"');
    out
}

fn seconds(nanos: i64) -> String {
    millionths(nanos.unsigned_abs().saturating_add(500) / 1000)
}

fn millionths(number: u64) -> String {
    let mut out = String::new();
    put_seconds(&mut out, number);
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold("0x".to_owned(), |mut out, byte| {
        let _ = write!(out, "{byte:02X}");
        out
    })
}

/// How many are listed at once. More in the span of a playlist no player needs, and one that forgets to say when they end must not fill the
/// memory.
const LIMIT: usize = 256;
/// How many that are gone are remembered.
const REMEMBERED: usize = 1024;
