//! Access units as they come: what stays in them, and what they say.

use bytes::Bytes;

use super::{Config, NalType, ParameterSets, PicOrderCnt, SliceHeader};
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
    /// The first slice of the latest picture.
    picture: Option<SliceHeader>,
    order: Option<PictureOrder>,
    /// Whether an IDR slice was there; known even without parameter sets.
    idr: bool,
    /// Whether all slices of the first picture, and at least one, need no other picture.
    intra: bool,
    second_picture: bool,
    recovery_frames: Option<u16>,
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
            let sound = nal[0] & FORBIDDEN_ZERO_BIT == 0;
            if sound {
                self.read_nal(nal, &mut unit, faults);
            } else {
                faults.headers += 1;
            }
            sound && stays(nal)
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
            config: config.map(codec::Config::H264),
            samples: None,
        }
    }

    fn read_nal(&mut self, nal: &[u8], unit: &mut Unit, faults: &mut Faults) {
        match NalType::of(nal[0]) {
            NalType::Sps => faults.sets += u64::from(self.sets.put_sps(nal).is_err()),
            NalType::Pps => match self.sets.put_pps(nal) {
                Ok(_) => {
                    let held = |config: &Config| config.pps().iter().any(|pps| pps == nal::clean_set(nal));
                    unit.new_pps |= !self.config.as_ref().is_some_and(held);
                }
                Err(_) => faults.sets += 1,
            },
            NalType::Slice | NalType::PartitionA | NalType::Idr => {
                faults.slices += u64::from(self.read_slice(nal, unit).is_err());
            }
            NalType::Sei => unit.recovery_frames = unit.recovery_frames.or_else(|| recovery_frames(nal)),
            _ => {}
        }
    }

    fn read_slice(&mut self, nal: &[u8], unit: &mut Unit) -> Result<(), super::Error> {
        unit.idr |= NalType::of(nal[0]) == NalType::Idr;
        let pps_id = SliceHeader::pps_id(nal)?;
        let (sps, pps) = self.sets.get(pps_id)?;
        let slice = SliceHeader::parse(nal, sps, pps)?;
        if slice.redundant > 0 {
            return Ok(());
        }
        unit.sps_id = unit.sps_id.or(Some(pps.sps_id));
        match unit.picture {
            None => {
                unit.intra = slice.slice_type.is_intra();
                unit.order = Some(self.order.next(&slice, sps));
            }
            Some(earlier) if slice.starts_picture_after(&earlier) => {
                unit.second_picture = true;
                let order = self.order.next(&slice, sps);
                if slice.completes_frame_of(&earlier) {
                    unit.add_field(order);
                }
            }
            Some(_) => {
                unit.intra &= unit.second_picture || slice.slice_type.is_intra();
                return Ok(());
            }
        }
        unit.picture = Some(slice);
        Ok(())
    }

    /// The configuration that the unit's picture needs, if the one in force does not hold it; that is then in force.
    ///
    /// Sets by themselves change nothing until a picture needs them: cameras send them in units of their own. A picture where nobody
    /// can begin changes nothing for a new picture parameter set either; see [`codec::Parser`].
    fn changed_config(&mut self, unit: &Unit, key: Key) -> Option<Config> {
        let sps_id = unit.sps_id?;
        let pps_ids = self.sets.pps_of(sps_id);
        if let Some(config) = &self.config {
            let needed = if key.is_random_access() { &pps_ids[..] } else { &[] };
            if self.sets.held_by(config, sps_id, needed) {
                return None;
            }
        }
        let config = self.sets.config(&[sps_id], &pps_ids).ok()?;
        self.config = Some(config.clone());
        Some(config)
    }
}

/// Whether a NAL unit belongs into a packet.
const fn stays(nal: &[u8]) -> bool {
    !matches!(
        NalType::of(nal[0]),
        NalType::Sps
            | NalType::Pps
            | NalType::Delimiter
            | NalType::Filler
            | NalType::SpsExtension
            | NalType::SubsetSps
    )
}

/// What stays, and picture parameter sets.
fn with_pps(data: &Bytes) -> Bytes {
    nal::filter(data, &mut Faults::default(), |nal, _| {
        nal[0] & FORBIDDEN_ZERO_BIT == 0 && (stays(nal) || NalType::of(nal[0]) == NalType::Pps)
    })
}

impl Unit {
    const fn key(&self) -> Key {
        match self.recovery_frames {
            _ if self.idr => Key::Closed,
            Some(0) if self.intra => Key::Open,
            Some(pictures) => Key::Roll { pictures },
            None => Key::No,
        }
    }

    /// The order of a frame is that of its earlier field.
    fn add_field(&mut self, second: PictureOrder) {
        if let Some(first) = &mut self.order {
            first.count = first.count.min(second.count);
            first.restarts |= second.restarts;
        }
    }
}

/// `recovery_frame_cnt` of a recovery point message, D.1.8.
fn recovery_frames(nal: &[u8]) -> Option<u16> {
    nal::recovery_point(&nal[1..])?.ue().ok()?.try_into().ok()
}

const FORBIDDEN_ZERO_BIT: u8 = 0x80;
