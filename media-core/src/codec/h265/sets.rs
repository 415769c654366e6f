//! The parameter sets a decoder would know at a point of the stream.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Config, Error, Pps, Sps, Vps};
use crate::codec::nal::{MAX_SET, clean_set};

/// At most 16 video, 16 sequence and 64 picture parameter sets, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct ParameterSets {
    vps: BTreeMap<u8, Set<Vps>>,
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

    /// Remembers a video parameter set and returns its id. The memory `nal` lies in is not kept.
    pub(super) fn put_vps(&mut self, nal: &[u8]) -> Result<u8, Error> {
        put(&mut self.vps, nal, Vps::parse, |vps| vps.id)
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

    /// Ids of the picture parameter sets that refer to a sequence parameter set.
    pub(super) fn pps_of(&self, sps_id: u8) -> Vec<u8> {
        let of = self.pps.iter().filter(|(_, pps)| pps.parsed.sps_id == sps_id);
        of.map(|(&id, _)| id).collect()
    }

    /// Whether `config` holds these very sets, and shows what this sequence parameter set says.
    pub(super) fn held_by(&self, config: &Config, sps_id: u8, pps_ids: &[u8]) -> bool {
        let Some(sps) = self.sps.get(&sps_id) else { return false };
        let shown = config.parsed();
        let same_shape = sps.parsed == Sps { id: sps_id, vps_id: sps.parsed.vps_id, ..shown.clone() };
        let vps = self.vps.get(&sps.parsed.vps_id).is_some_and(|vps| config.vps().contains(&vps.nal));
        let held = |id: &u8| self.pps.get(id).is_some_and(|pps| config.pps().contains(&pps.nal));
        same_shape && vps && config.sps().contains(&sps.nal) && pps_ids.iter().all(held)
    }

    /// A configuration of one sequence parameter set, what it refers to, and what refers to it.
    pub(super) fn config_of(&self, sps_id: u8) -> Result<Config, Error> {
        let sps = self.sps.get(&sps_id).ok_or(Error::Missing(sps_id))?;
        self.config(&[sps.parsed.vps_id], &[sps_id], &self.pps_of(sps_id))
    }

    /// A configuration of these sets, the first sequence parameter set being the active one.
    pub(super) fn config(&self, vps_ids: &[u8], sps_ids: &[u8], pps_ids: &[u8]) -> Result<Config, Error> {
        let vps = collect(&self.vps, vps_ids);
        let sps = collect(&self.sps, sps_ids);
        let pps = collect(&self.pps, pps_ids);
        let none = Error::SetCount { vps: vps.len(), sps: sps.len(), pps: pps.len() };
        let first = |ids: &[u8]| ids.first().copied().ok_or(none.clone());
        if vps.is_empty() {
            return Err(none);
        }
        let parsed = self.sps.get(&first(sps_ids)?).ok_or(none.clone())?.parsed.clone();
        let first_pps = self.pps.get(&first(pps_ids)?).ok_or(none.clone())?.parsed.clone();
        let of_vps = self.vps.get(&parsed.vps_id).and_then(|vps| vps.parsed.frame_rate);
        let frame_rate = parsed.frame_rate.or(of_vps);
        Ok(Config { vps, sps, pps, sei: Vec::new(), parsed, first_pps, frame_rate })
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
