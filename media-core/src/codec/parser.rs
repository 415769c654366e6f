//! Reads access units as they come.

use bytes::Bytes;

use super::{AccessUnit, Config, Format, Key};

/// Reads the access units of one track in coding order.
#[derive(Debug)]
pub struct Parser {
    config: Option<Config>,
    faults: Faults,
}

/// What a [`Parser`] could not read, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// Units whose NAL lengths lie.
    pub lengths: u64,
}

impl Parser {
    /// For a track whose configuration is known.
    pub fn new(config: &Config) -> Self {
        Self { config: Some(config.clone()), faults: Faults::default() }
    }

    /// For a track that must tell its configuration in band.
    pub fn waiting(format: Format) -> Self {
        let _ = format;
        Self { config: None, faults: Faults::default() }
    }

    /// Reads one access unit.
    pub fn parse(&mut self, data: Bytes) -> AccessUnit {
        AccessUnit { data, key: Key::No, order: None, config: None, samples: None }
    }

    /// The configuration in force.
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// What could not be read so far.
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }
}
