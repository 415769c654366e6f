//! Access units as they come: what stays in them, and what they say.

use bytes::Bytes;

use super::{Config, NalType, ParameterSets, PicOrderCnt, SliceHeader, SliceType};
use crate::codec::{self, AccessUnit, Faults, Key, PictureOrder, nal};

/// What has to be remembered from unit to unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    config: Option<Config>,
    sets: ParameterSets,
    order: PicOrderCnt,
}

/// What the slices and messages of one unit said.
#[derive(Default)]
struct Unit {
    /// The kind of the first picture; known even without parameter sets.
    kind: Option<NalType>,
    order: Option<PictureOrder>,
    /// Whether a slice of the first picture needs another one.
    inter: bool,
    pictures: u32,
    recovery_pictures: Option<u16>,
    /// Picture parameter sets the slices use, and the sequence parameter set behind them.
    pps_ids: Vec<u8>,
    sps_id: Option<u8>,
}

impl Stream {
    pub(crate) fn new(config: &Config) -> Self {
        Self { sets: ParameterSets::of(config), config: Some(config.clone()), order: PicOrderCnt::default() }
    }

    pub(crate) const fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    pub(crate) fn read(&mut self, data: &Bytes, faults: &mut Faults) -> AccessUnit {
        let mut unit = Unit::default();
        let data = nal::filter(data, faults, |nal, faults| self.keeps(nal, &mut unit, faults));
        let key = unit.key();
        let config = self.changed_config(&unit, key);
        AccessUnit { data, key, order: unit.order, config: config.map(codec::Config::H265), samples: None }
    }

    /// Reads one NAL unit, which is not empty, and tells whether it stays.
    fn keeps(&mut self, nal: &[u8], unit: &mut Unit, faults: &mut Faults) -> bool {
        let &[high, low, ..] = nal else {
            faults.headers += 1;
            return false;
        };
        if high & FORBIDDEN_ZERO_BIT != 0 || low & 7 == 0 {
            faults.headers += 1;
            return false;
        }
        let kind = NalType::of(high);
        if (u16::from(high & 1) << 5 | u16::from(low >> 3)) != 0 {
            // A layer above the base: passes with its own sets, which share no ids with ours.
            return true;
        }
        match kind {
            NalType::VPS => faults.sets += u64::from(self.sets.put_vps(nal).is_err()),
            NalType::SPS => faults.sets += u64::from(self.sets.put_sps(nal).is_err()),
            NalType::PPS => faults.sets += u64::from(self.sets.put_pps(nal).is_err()),
            NalType::AUD | NalType::FILLER => {}
            NalType::EOS | NalType::EOB => {
                self.order.end_sequence();
                return true;
            }
            NalType::PREFIX_SEI => {
                unit.recovery_pictures = unit.recovery_pictures.or_else(|| recovery_pictures(nal));
                return true;
            }
            kind => {
                if kind.is_slice() {
                    faults.slices += u64::from(self.read_slice(nal, kind, unit).is_err());
                }
                return true;
            }
        }
        false
    }

    fn read_slice(&mut self, nal: &[u8], kind: NalType, unit: &mut Unit) -> Result<(), super::Error> {
        unit.kind = unit.kind.or(Some(kind));
        let pps_id = SliceHeader::pps_id(nal)?;
        let (sps, pps) = self.sets.get(pps_id)?;
        let slice = SliceHeader::parse(nal, sps, pps)?;
        unit.sps_id = unit.sps_id.or(Some(pps.sps_id));
        if !unit.pps_ids.contains(&pps_id) {
            unit.pps_ids.push(pps_id);
        }
        if slice.first {
            let order = self.order.next(&slice, sps);
            unit.order = unit.order.or(Some(order));
            unit.pictures += 1;
        }
        unit.inter |= unit.pictures <= 1 && matches!(slice.slice_type, Some(SliceType::P | SliceType::B));
        Ok(())
    }

    /// The configuration that the unit's picture needs, if the one in force does not hold it; that is then in force.
    ///
    /// A key picture needs every set that could be used before the next one, any other only what its slices name. Sets by themselves
    /// change nothing until a picture needs them: cameras send them in units of their own.
    fn changed_config(&mut self, unit: &Unit, key: Key) -> Option<Config> {
        let sps_id = unit.sps_id?;
        if let Some(config) = &self.config {
            let all = if key.is_random_access() { self.sets.pps_of(sps_id) } else { Vec::new() };
            let needed = if key.is_random_access() { &all } else { &unit.pps_ids };
            if self.sets.held_by(config, sps_id, needed) {
                return None;
            }
        }
        let config = self.sets.config_of(sps_id).ok()?;
        self.config = Some(config.clone());
        Some(config)
    }
}

impl Unit {
    const fn key(&self) -> Key {
        let Some(kind) = self.kind else { return Key::No };
        match (kind.get(), self.recovery_pictures) {
            // BLA_W_RADL and BLA_N_LP, IDR_W_RADL and IDR_N_LP: all that leads them decodes.
            (17..=20, _) => Key::Closed,
            // BLA_W_LP and CRA may be led by RASL pictures.
            (16 | 21, _) => Key::Open,
            (_, Some(0)) if !self.inter => Key::Open,
            (_, Some(pictures)) => Key::Roll { pictures },
            (_, None) => Key::No,
        }
    }
}

/// `recovery_poc_cnt` of a recovery point message, D.2.8: as many pictures where each has its own count, and seldom negative.
fn recovery_pictures(nal: &[u8]) -> Option<u16> {
    nal::recovery_point(&nal[2..])?.se().ok()?.try_into().ok()
}

const FORBIDDEN_ZERO_BIT: u8 = 0x80;
