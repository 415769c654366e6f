//! Reading typed values out of a parsed YAML mapping, with errors that name the key.
//!
//! Values from the environment arrive as text, and YAML 1.2 reads `yes` as text too, so every reader takes a scalar in text form as well.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Map, Value};

use super::Error;

/// A mapping that is read key by key; what is left in the end is unknown.
pub(super) struct Section<'a> {
    /// The dotted way here, empty at the root.
    name: String,
    entries: Map<String, Value>,
    warnings: &'a mut Vec<String>,
}

impl<'a> Section<'a> {
    pub(super) fn new(name: &str, entries: Map<String, Value>, warnings: &'a mut Vec<String>) -> Self {
        Self { name: name.to_owned(), entries, warnings }
    }

    /// A section read out of this one.
    pub(super) fn nested(&mut self, name: String, entries: Map<String, Value>) -> Section<'_> {
        Section { name, entries, warnings: self.warnings }
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Names every key that nothing has asked for.
    pub(super) fn warn_of_the_rest(self) {
        for key in self.entries.keys() {
            self.warnings.push(format!("unknown key {} is ignored", dotted(&self.name, key)));
        }
    }

    /// The mapping under `key`, empty when there is none.
    pub(super) fn section(&mut self, key: &str) -> Result<Map<String, Value>, Error> {
        match self.entries.remove(key) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map),
            Some(other) => Err(self.mismatch(key, &other, "a mapping of keys to values")),
        }
    }

    pub(super) fn string(&mut self, key: &str) -> Result<Option<String>, Error> {
        self.scalar(key, "text", |text| Some(text.to_owned()))
    }

    pub(super) fn boolean(&mut self, key: &str) -> Result<Option<bool>, Error> {
        self.scalar(key, "yes or no", |text| match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" => Some(true),
            "no" | "false" | "off" => Some(false),
            _ => None,
        })
    }

    pub(super) fn number(&mut self, key: &str, least: usize, most: usize) -> Result<Option<usize>, Error> {
        let expected = format!("a whole number from {least} to {most}");
        self.scalar(key, &expected, |text| text.parse().ok().filter(|number| (least..=most).contains(number)))
    }

    pub(super) fn duration(&mut self, key: &str, least: Duration) -> Result<Option<Duration>, Error> {
        let expected = format!("a duration of at least {least:?}, such as 500ms, 10s or 1m30s");
        self.scalar(key, &expected, |text| parse_duration(text).filter(|duration| *duration >= least))
    }

    pub(super) fn address(&mut self, key: &str) -> Result<Option<SocketAddr>, Error> {
        self.scalar(key, "an address with a port, such as :8888 or 127.0.0.1:8888", parse_address)
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &str, names: &[(&str, T)]) -> Result<Option<T>, Error> {
        self.scalar(key, &one_of(names), |text| choose(names, text))
    }

    /// One text or a list of texts; a text from the environment may hold several, with commas.
    pub(super) fn strings(&mut self, key: &str) -> Result<Option<Vec<String>>, Error> {
        match self.entries.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                Ok(Some(text.split(',').map(|part| part.trim().to_owned()).collect()))
            }
            Some(Value::Array(values)) => values
                .into_iter()
                .map(|value| match value {
                    Value::String(text) => Ok(text),
                    other => Err(self.mismatch(key, &other, "text")),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(other) => Err(self.mismatch(key, &other, "text or a list of texts")),
        }
    }

    fn scalar<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let value = match self.entries.remove(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value,
        };
        let parsed = match &value {
            Value::String(text) => parse(text),
            Value::Bool(_) | Value::Number(_) => parse(&value.to_string()),
            _ => None,
        };
        parsed.map(Some).ok_or_else(|| self.mismatch(key, &value, expected))
    }

    fn mismatch(&self, key: &str, found: &Value, expected: &str) -> Error {
        mismatch(&dotted(&self.name, key), found, expected)
    }
}

/// The error for `found` under `key`.
pub(super) fn mismatch(key: &str, found: &Value, expected: &str) -> Error {
    Error::Value { key: key.to_owned(), found: found.to_string(), expected: expected.to_owned() }
}

pub(super) fn choose<T: Copy>(names: &[(&str, T)], text: &str) -> Option<T> {
    names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

pub(super) fn one_of<T>(names: &[(&str, T)]) -> String {
    format!("one of {}", names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
}

fn dotted(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// Go's way of writing durations, with days: `1d2h`, `1m30s`, `1.5s`, `500ms`. A bare number is refused: seconds and nanoseconds have both
/// been meant by it.
fn parse_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let (unit, nanos) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        total = total.checked_add(Duration::from_nanos(scaled(number, *nanos)?))?;
        rest = &after[unit.len()..];
    }
    Some(total)
}

/// `number` (a decimal) times `unit`, rounded down.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let tenths = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = unit.checked_mul(fraction.parse().ok()?)? / tenths;
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(part)
}

/// `:8888` is every interface; otherwise an IP address and a port.
fn parse_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port.parse().ok()?)),
        None => text.replace("localhost:", "127.0.0.1:").parse().ok(),
    }
}

/// `ms` stands before `m`, or minutes would be read out of it.
const UNITS: &[(&str, u64)] = &[
    ("ms", 1_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];
