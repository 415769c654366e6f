//! The parameter sets a decoder would know at a point of the stream.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Config, Error, Pps, Sps};
use crate::codec::nal::{MAX_SET, clean_set};

/// At most 32 sequence and 256 picture parameter sets, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct ParameterSets {
    sps: BTreeMap<u8, Set<Sps>>,
    pps: BTreeMap<u8, Set<Pps>>,
}

#[derive(Clone, Debug)]
struct Set<T> {
    nal: Bytes,
    parsed: T,
}

impl ParameterSets {
    /// The sets of a configuration.
    pub(super) fn of(config: &Config) -> Self {
        let mut sets = Self::default();
        for sps in config.sps() {
            sets.put_sps(sps).expect("a configuration has readable sets");
        }
        for pps in config.pps() {
            sets.put_pps(pps).expect("a configuration has readable sets");
        }
        sets
    }

    /// Remembers a sequence parameter set and returns its id. The memory `nal` lies in is not kept.
    pub(super) fn put_sps(&mut self, nal: &[u8]) -> Result<u8, Error> {
        put(&mut self.sps, nal, Sps::parse, |sps| sps.id)
    }

    /// Remembers a picture parameter set and returns its id. The memory `nal` lies in is not kept.
    pub(super) fn put_pps(&mut self, nal: &[u8]) -> Result<u8, Error> {
        put(&mut self.pps, nal, Pps::parse, |pps| pps.id)
    }

    /// The picture parameter set `id` and the sequence parameter set it refers to.
    pub(super) fn get(&self, id: u8) -> Result<(&Sps, &Pps), Error> {
        let pps = &self.pps.get(&id).ok_or(Error::Missing(id))?.parsed;
        let sps = &self.sps.get(&pps.sps_id).ok_or(Error::Missing(pps.sps_id))?.parsed;
        Ok((sps, pps))
    }

    /// Ids of the picture parameter sets that refer to a sequence parameter set; as many as a record can list.
    pub(super) fn pps_of(&self, sps_id: u8) -> Vec<u8> {
        let of = self.pps.iter().filter(|(_, pps)| pps.parsed.sps_id == sps_id);
        of.map(|(&id, _)| id).take(255).collect()
    }

    /// Whether `config` holds these very sets and shows what this sequence parameter set says.
    pub(super) fn held_by(&self, config: &Config, sps_id: u8, pps_ids: &[u8]) -> bool {
        let Some(sps) = self.sps.get(&sps_id) else { return false };
        let same_shape = sps.parsed == Sps { id: sps_id, ..config.parsed().clone() };
        let held = |id: &u8| self.pps.get(id).is_some_and(|pps| config.pps().contains(&pps.nal));
        same_shape && config.sps().contains(&sps.nal) && pps_ids.iter().all(held)
    }

    /// A configuration of these sets, the first sequence parameter set being the active one.
    pub(super) fn config(&self, sps_ids: &[u8], pps_ids: &[u8]) -> Result<Config, Error> {
        let sps = collect(&self.sps, sps_ids);
        let pps = collect(&self.pps, pps_ids);
        let (Some(first), 1..=31, 1..=255) = (sps_ids.first(), sps.len(), pps.len()) else {
            return Err(Error::SetCount { sps: sps.len(), pps: pps.len() });
        };
        let parsed = self.sps.get(first).ok_or(Error::Missing(*first))?.parsed.clone();
        Ok(Config { sps, pps, parsed })
    }
}

fn put<T>(
    sets: &mut BTreeMap<u8, Set<T>>,
    nal: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, Error>,
    id: impl Fn(&T) -> u8,
) -> Result<u8, Error> {
    let nal = clean_set(nal);
    if nal.len() > MAX_SET {
        return Err(Error::SetTooLong(nal.len()));
    }
    // Most cameras repeat their sets with every key frame, and reading them again would be most of the work of a unit.
    if let Some((&id, _)) = sets.iter().find(|(_, set)| set.nal == nal) {
        return Ok(id);
    }
    let parsed = parse(nal)?;
    let id = id(&parsed);
    sets.insert(id, Set { nal: Bytes::copy_from_slice(nal), parsed });
    Ok(id)
}

/// The sets with these ids in that order, each once.
fn collect<T>(sets: &BTreeMap<u8, Set<T>>, ids: &[u8]) -> Vec<Bytes> {
    let once = ids.iter().enumerate().filter(|(at, id)| !ids[..*at].contains(id));
    once.filter_map(|(_, id)| Some(sets.get(id)?.nal.clone())).collect()
}
