//! The parameter sets a decoder would know at a point of the stream.

use super::{Config, Error, Pps, Sps, Vps};
use crate::codec::sets::{Numbered, Sets, TooLong};

/// At most 16 video, 16 sequence and 64 picture parameter sets.
#[derive(Clone, Debug, Default)]
pub(super) struct ParameterSets {
    vps: Sets<Vps>,
    sps: Sets<Sps>,
    pps: Sets<Pps>,
}

impl ParameterSets {
    /// The sets of a configuration.
    pub(super) fn of(config: &Config) -> Self {
        let mut sets = Self::default();
        let readable = "a configuration has readable sets";
        for nal in config.vps() {
            sets.put_vps(nal).expect(readable);
        }
        for nal in config.sps() {
            sets.put_sps(nal).expect(readable);
        }
        for nal in config.pps() {
            sets.put_pps(nal).expect(readable);
        }
        sets
    }

    /// Remembers a video parameter set and returns its id.
    pub(super) fn put_vps(&mut self, nal: &[u8]) -> Result<u8, Error> {
        self.vps.put(nal, Vps::parse)
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

    /// Whether `config` shows what this sequence parameter set says, and holds it and its video parameter set to the byte.
    pub(super) fn shown_by(&self, config: &Config, sps_id: u8) -> bool {
        let Some(sps) = self.sps.get(sps_id) else { return false };
        let same = *sps == Sps { id: sps.id, vps_id: sps.vps_id, ..config.parsed().clone() };
        same && self.sps.is_among(sps_id, config.sps()) && self.vps.is_among(sps.vps_id, config.vps())
    }

    /// Whether `config` holds every picture parameter set that refers to a sequence parameter set.
    pub(super) fn all_held_by(&self, config: &Config, sps_id: u8) -> bool {
        self.pps.ids(|pps| pps.sps_id == sps_id).all(|id| self.pps.is_among(id, config.pps()))
    }

    /// A configuration of one sequence parameter set, what it refers to, and what refers to it.
    pub(super) fn config_of(&self, sps_id: u8) -> Result<Config, Error> {
        let vps_id = self.sps.get(sps_id).ok_or(Error::Missing(sps_id))?.vps_id;
        let pps_ids: Vec<_> = self.pps.ids(|pps| pps.sps_id == sps_id).collect();
        self.config(&[vps_id], &[sps_id], &pps_ids)
    }

    /// A configuration of these sets, the first sequence parameter set being the active one.
    pub(super) fn config(&self, vps_ids: &[u8], sps_ids: &[u8], pps_ids: &[u8]) -> Result<Config, Error> {
        let (&[_, ..], &[first_sps, ..], &[first_pps, ..]) = (vps_ids, sps_ids, pps_ids) else {
            return Err(Error::SetCount { vps: vps_ids.len(), sps: sps_ids.len(), pps: pps_ids.len() });
        };
        let parsed = self.sps.get(first_sps).ok_or(Error::Missing(first_sps))?.clone();
        let first_pps = self.pps.get(first_pps).ok_or(Error::Missing(first_pps))?.clone();
        let vps = self.vps.get(parsed.vps_id).ok_or(Error::Missing(parsed.vps_id))?;
        Ok(Config {
            vps: self.vps.nals(vps_ids),
            sps: self.sps.nals(sps_ids),
            pps: self.pps.nals(pps_ids),
            sei: Vec::new(),
            frame_rate: parsed.frame_rate.or(vps.frame_rate),
            parsed,
            first_pps,
        })
    }
}

impl Numbered for Vps {
    fn id(&self) -> u8 {
        self.id
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
