//! The parameter sets a decoder would know at a point of the stream.

use super::{Config, Error, Pps, Sps};
use crate::codec::sets::{Numbered, Sets, TooLong};

/// At most 32 sequence and 256 picture parameter sets.
#[derive(Clone, Debug, Default)]
pub(super) struct ParameterSets {
    sps: Sets<Sps>,
    pps: Sets<Pps>,
}

impl ParameterSets {
    /// The sets of a configuration.
    pub(super) fn of(config: &Config) -> Self {
        let mut sets = Self::default();
        let readable = "a configuration has readable sets";
        for nal in config.sps() {
            sets.put_sps(nal).expect(readable);
        }
        for nal in config.pps() {
            sets.put_pps(nal).expect(readable);
        }
        sets
    }

    /// Remembers a sequence parameter set and returns its id.
    pub(super) fn put_sps(&mut self, nal: &[u8]) -> Result<u8, Error> {
        self.sps.put(nal, Sps::parse)
    }

    /// Remembers a picture parameter set and returns its id.
    pub(super) fn put_pps(&mut self, nal: &[u8]) -> Result<u8, Error> {
        self.pps.put(nal, Pps::parse)
    }

    /// The picture parameter set `id` and the sequence parameter set it refers to.
    pub(super) fn get(&self, id: u8) -> Result<(&Sps, &Pps), Error> {
        let pps = self.pps.get(id).ok_or(Error::Missing(id))?;
        let sps = self.sps.get(pps.sps_id).ok_or(Error::Missing(pps.sps_id))?;
        Ok((sps, pps))
    }

    /// Whether `config` shows what this sequence parameter set says, and holds it to the byte.
    pub(super) fn shown_by(&self, config: &Config, sps_id: u8) -> bool {
        let Some(sps) = self.sps.get(sps_id) else { return false };
        let shown = config.parsed();
        let same = || *sps == Sps { id: sps_id, ..shown.clone() };
        self.sps.is_among(sps_id, config.sps()) && (sps == shown || same())
    }

    /// Whether `config` holds every picture parameter set that refers to a sequence parameter set.
    pub(super) fn all_held_by(&self, config: &Config, sps_id: u8) -> bool {
        self.pps.ids(|pps| pps.sps_id == sps_id).all(|id| self.pps.is_among(id, config.pps()))
    }

    /// A configuration of one sequence parameter set and what refers to it.
    pub(super) fn config_of(&self, sps_id: u8) -> Result<Config, Error> {
        let pps_ids: Vec<_> = self.pps.ids(|pps| pps.sps_id == sps_id).take(MAX_PPS).collect();
        self.config(&[sps_id], &pps_ids)
    }

    /// A configuration of these sets, the first sequence parameter set being the active one.
    pub(super) fn config(&self, sps_ids: &[u8], pps_ids: &[u8]) -> Result<Config, Error> {
        let (sps, pps) = (self.sps.nals(sps_ids), self.pps.nals(pps_ids));
        let (Some(&first), 1..=MAX_SPS, 1..=MAX_PPS) = (sps_ids.first(), sps.len(), pps.len()) else {
            return Err(Error::SetCount { sps: sps.len(), pps: pps.len() });
        };
        let parsed = self.sps.get(first).ok_or(Error::Missing(first))?.clone();
        Ok(Config { sps, pps, parsed })
    }
}

impl Numbered for Sps {
    fn id(&self) -> u8 {
        self.id
    }
}

impl Numbered for Pps {
    fn id(&self) -> u8 {
        self.id
    }
}

impl From<TooLong> for Error {
    fn from(TooLong(bytes): TooLong) -> Self {
        Self::SetTooLong(bytes)
    }
}

/// What the 5 and 8 bits of a record can count.
const MAX_SPS: usize = 31;
const MAX_PPS: usize = 255;
