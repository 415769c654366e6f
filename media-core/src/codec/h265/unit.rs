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
    /// The sequence parameter set that the slices refer to.
    sps_id: Option<u8>,
    /// Whether a picture parameter set came that the configuration in force does not hold.
    new_pps: bool,
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
        let mut kept = nal::filter(data, faults, |nal, faults| {
            let Some(kind) = base_layer(nal) else {
                faults.headers += u64::from(!is_sound(nal));
                return is_sound(nal);
            };
            self.read_nal(nal, kind, &mut unit, faults);
            stays(kind)
        });
        let key = unit.key();
        let config = self.changed_config(&unit, key);
        if unit.new_pps && unit.sps_id.is_some() && config.is_none() && !key.is_random_access() {
            kept = with_pps(data);
        }
        AccessUnit {
            data: kept,
            key,
            order: unit.order,
            config: config.map(codec::Config::H265),
            samples: None,
        }
    }

    fn read_nal(&mut self, nal: &[u8], kind: NalType, unit: &mut Unit, faults: &mut Faults) {
        match kind {
            NalType::VPS => faults.sets += u64::from(self.sets.put_vps(nal).is_err()),
            NalType::SPS => faults.sets += u64::from(self.sets.put_sps(nal).is_err()),
            NalType::PPS => match self.sets.put_pps(nal) {
                Ok(_) => {
                    let held = |config: &Config| config.pps().iter().any(|pps| pps == nal::clean_set(nal));
                    unit.new_pps |= !self.config.as_ref().is_some_and(held);
                }
                Err(_) => faults.sets += 1,
            },
            NalType::EOS | NalType::EOB => self.order.end_sequence(),
            NalType::PREFIX_SEI => {
                unit.recovery_pictures = unit.recovery_pictures.or_else(|| recovery_pictures(nal));
            }
            kind if kind.is_slice() => {
                faults.slices += u64::from(self.read_slice(nal, kind, unit).is_err());
            }
            _ => {}
        }
    }

    fn read_slice(&mut self, nal: &[u8], kind: NalType, unit: &mut Unit) -> Result<(), super::Error> {
        unit.kind = unit.kind.or(Some(kind));
        let pps_id = SliceHeader::pps_id(nal)?;
        let (sps, pps) = self.sets.get(pps_id)?;
        let slice = SliceHeader::parse(nal, sps, pps)?;
        unit.sps_id = unit.sps_id.or(Some(pps.sps_id));
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
    /// Sets by themselves change nothing until a picture needs them: cameras send them in units of their own. A picture where nobody
    /// can begin changes nothing for a new picture parameter set either; see [`codec::Parser`].
    fn changed_config(&mut self, unit: &Unit, key: Key) -> Option<Config> {
        let sps_id = unit.sps_id?;
        if let Some(config) = &self.config {
            let needed = if key.is_random_access() { self.sets.pps_of(sps_id) } else { Vec::new() };
            if self.sets.held_by(config, sps_id, &needed) {
                return None;
            }
        }
        let config = self.sets.config_of(sps_id).ok()?;
        self.config = Some(config.clone());
        Some(config)
    }
}

/// Whether the header is whole and none of its bits impossible.
const fn is_sound(nal: &[u8]) -> bool {
    matches!(nal, &[high, low, ..] if high & FORBIDDEN_ZERO_BIT == 0 && low & 7 != 0)
}

/// The type of a sound NAL unit of the base layer. Layers above it pass with their sets, which share no ids with those of the base.
const fn base_layer(nal: &[u8]) -> Option<NalType> {
    match nal {
        &[high, low, ..] if is_sound(nal) && high & 1 == 0 && low >> 3 == 0 => Some(NalType::of(high)),
        _ => None,
    }
}

/// Whether a NAL unit of the base layer belongs into a packet.
const fn stays(kind: NalType) -> bool {
    !matches!(kind, NalType::VPS | NalType::SPS | NalType::PPS | NalType::AUD | NalType::FILLER)
}

/// What stays, and picture parameter sets.
fn with_pps(data: &Bytes) -> Bytes {
    nal::filter(data, &mut Faults::default(), |nal, _| match base_layer(nal) {
        Some(kind) => stays(kind) || kind == NalType::PPS,
        None => is_sound(nal),
    })
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
