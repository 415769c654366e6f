//! `hvcC`, the HEVCDecoderConfigurationRecord of ISO/IEC 14496-15 section 8.3.3.1.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Config, Error, NalType, Pps};
use crate::bits::Reader;

/// The NAL units of a record by kind; other kinds are left out.
#[derive(Default)]
pub(super) struct Arrays {
    pub(super) vps: Vec<Bytes>,
    pub(super) sps: Vec<Bytes>,
    pub(super) pps: Vec<Bytes>,
    pub(super) sei: Vec<Bytes>,
}

pub(super) fn read(record: &[u8]) -> Result<Arrays, Error> {
    let mut reader = Reader::new(record);
    let version = reader.u8()?;
    if version > 1 {
        return Err(Error::RecordVersion(version));
    }
    reader.bytes(21)?; // all of it repeats what the sets say, but for the size of lengths
    let mut arrays = Arrays::default();
    for _ in 0..reader.u8()? {
        let kind = NalType(reader.u8()? & 0x3f);
        for _ in 0..reader.u16()? {
            let length = reader.u16()?;
            let nal = Bytes::copy_from_slice(reader.bytes(length.into())?);
            match kind {
                NalType::VPS => arrays.vps.push(nal),
                NalType::SPS => arrays.sps.push(nal),
                NalType::PPS => arrays.pps.push(nal),
                NalType::PREFIX_SEI if !nal.is_empty() => arrays.sei.push(nal),
                _ => {}
            }
        }
    }
    Ok(arrays)
}

pub(super) fn write(config: &Config) -> Bytes {
    let sps = config.parsed();
    let profile = sps.profile;
    let mut out = BytesMut::with_capacity(256);
    out.put_u8(1);
    out.put_u8(profile.space << 6 | u8::from(profile.high_tier) << 5 | profile.idc);
    out.put_u32(profile.compatibility);
    out.put_slice(&profile.constraints);
    out.put_u8(profile.level);
    out.put_u16(0xf000 | sps.min_spatial_segmentation);
    out.put_u8(0b1111_1100 | parallelism(sps.min_spatial_segmentation, &config.first_pps));
    out.put_u8(0b1111_1100 | sps.chroma_format);
    out.put_u8(0b1111_1000 | (sps.bit_depth_luma - 8).min(7));
    out.put_u8(0b1111_1000 | (sps.bit_depth_chroma - 8).min(7));
    out.put_u16(0); // avgFrameRate: not told
    // constantFrameRate 0: not told; numTemporalLayers, temporalIdNested; 4-byte lengths
    out.put_u8(sps.temporal_layers << 3 | u8::from(sps.temporal_id_nesting) << 2 | 3);
    let arrays = [
        (NalType::VPS, config.vps()),
        (NalType::SPS, config.sps()),
        (NalType::PPS, config.pps()),
        (NalType::PREFIX_SEI, &config.sei),
    ];
    out.put_u8(arrays.iter().filter(|(_, nals)| !nals.is_empty()).count() as u8);
    for (kind, nals) in arrays {
        put_array(&mut out, kind, nals);
    }
    out.freeze()
}

fn put_array(out: &mut BytesMut, kind: NalType, nals: &[Bytes]) {
    if nals.is_empty() {
        return;
    }
    // array_completeness: `hvc1` demands that sets are nowhere else; messages may come in band as well.
    let complete = if kind == NalType::PREFIX_SEI { 0 } else { 0x80 };
    out.put_u8(complete | kind.get());
    out.put_u16(nals.len() as u16);
    for nal in nals {
        out.put_u16(nal.len() as u16);
        out.put_slice(nal);
    }
}

/// `parallelismType`; only told where the picture must be divided at all.
const fn parallelism(min_spatial_segmentation: u16, pps: &Pps) -> u8 {
    match (min_spatial_segmentation, pps.tiles, pps.wavefronts) {
        (0, ..) | (_, true, true) => 0,
        (_, false, true) => 3,
        (_, true, false) => 2,
        (_, false, false) => 1,
    }
}
