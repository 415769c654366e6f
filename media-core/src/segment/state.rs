//! What has to be remembered so that a restarted server goes on with its numbers.

use std::fmt;
use std::str::FromStr;

use super::{Config, Format, ResumeError};

/// All that a stream's players hold on to, as plain data: [`Segmenter::state`](super::Segmenter::state) after each cut, stored,
/// and [`Segmenter::resume`](super::Segmenter::resume) when the server is up again.
///
/// As text it is one line, which [`parse`](str::parse) reads:
///
/// ```
/// use media_core::segment::State;
/// let line = "segment-state-1 number=1207 discontinuities=3 generation=2 target-duration=4 part=213333330 format=fmp4 end=2424000000000";
/// let state: State = line.parse()?;
/// assert_eq!((state.number, state.part), (1207, Some(213_333_330)));
/// assert_eq!(state.to_string(), line);
/// # Ok::<(), media_core::segment::ParseStateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The number that the next cut gets.
    pub number: u64,
    /// How many cuts so far were marked as a discontinuity: EXT-X-DISCONTINUITY-SEQUENCE of a list that begins with the next cut.
    pub discontinuities: u64,
    /// The number that the next generation gets.
    pub generation: u32,
    /// [`Config::target_duration`].
    pub target_duration: u32,
    /// [`Config::part`].
    pub part: Option<i64>,
    /// [`Config::format`].
    pub format: Format,
    /// Where the last cut ended on the line, in nanoseconds; `None` before the first. Nothing is made of it here: it is for whoever places the time of
    /// the stream that goes on, such as the start of the next Period.
    pub end: Option<i64>,
}

impl State {
    /// Whether a segmenter of this configuration may go on here.
    pub(super) const fn fits(&self, config: &Config) -> Result<(), ResumeError> {
        let (found, expected) = (config.target_duration, self.target_duration);
        if found != expected {
            return Err(ResumeError::TargetDuration { found, expected });
        }
        match (config.part, self.part) {
            (None, None) => {}
            (Some(found), Some(expected)) if found == expected => {}
            (found, expected) => return Err(ResumeError::Part { found, expected }),
        }
        let (found, expected) = (config.format, self.format);
        if found as u8 != expected as u8 {
            return Err(ResumeError::Format { found, expected });
        }
        Ok(())
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, discontinuities, generation, target_duration, .. } = self;
        write!(
            out,
            "{VERSION} number={number} discontinuities={discontinuities} generation={generation} target-duration={target_duration}"
        )?;
        if let Some(part) = self.part {
            write!(out, " part={part}")?;
        }
        write!(out, " format={}", name(self.format))?;
        self.end.map_or(Ok(()), |end| write!(out, " end={end}"))
    }
}

impl FromStr for State {
    type Err = ParseStateError;

    fn from_str(line: &str) -> Result<Self, ParseStateError> {
        let mut words = line.split_ascii_whitespace();
        let version = words.next().unwrap_or_default();
        if version != VERSION {
            return Err(ParseStateError::Version { found: version.chars().take(32).collect() });
        }
        let words: Vec<_> = words.take(WORDS_MAX).filter_map(|word| word.split_once('=')).collect();
        let find = |key| words.iter().find(|(found, _)| *found == key).map(|(_, value)| *value);
        Ok(Self {
            number: number("number", find("number"))?,
            discontinuities: number("discontinuities", find("discontinuities"))?,
            generation: number("generation", find("generation"))?,
            target_duration: number("target-duration", find("target-duration"))?,
            part: find("part").map(|part| number("part", Some(part))).transpose()?,
            format: find("format").and_then(format).ok_or(ParseStateError::Value { key: "format" })?,
            end: find("end").map(|end| number("end", Some(end))).transpose()?,
        })
    }
}

fn number<T: FromStr>(key: &'static str, value: Option<&str>) -> Result<T, ParseStateError> {
    value.and_then(|value| value.parse().ok()).ok_or(ParseStateError::Value { key })
}

/// What keeps a line from being a [`State`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseStateError {
    /// Written by another version, or no state at all.
    #[error("begins with {found:?}, expected {VERSION:?}")]
    Version {
        /// The first word, shortened.
        found: String,
    },
    /// A value is missing or none of its kind.
    #[error("no usable value of {key}")]
    Value {
        /// Which.
        key: &'static str,
    },
}

const fn name(format: Format) -> &'static str {
    match format {
        Format::Fmp4 => "fmp4",
        Format::MpegTs => "mpegts",
        Format::Webm => "webm",
        Format::PackedAudio => "packed-audio",
    }
}

fn format(text: &str) -> Option<Format> {
    [Format::Fmp4, Format::MpegTs, Format::Webm, Format::PackedAudio]
        .into_iter()
        .find(|format| name(*format) == text)
}

const VERSION: &str = "segment-state-1";
/// More than the words of any version that can be read.
const WORDS_MAX: usize = 32;

#[cfg(test)]
#[path = "state_test.rs"]
mod tests;
