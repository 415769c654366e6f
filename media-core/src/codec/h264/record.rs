//! `avcC`, the AVCDecoderConfigurationRecord of ISO/IEC 14496-15 section 5.3.3.1.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Config, Error, Sps};
use crate::bits::Reader;

/// The sequence and picture parameter sets of a record. The extension bytes of high profiles repeat what the sets say, and writers
/// often forget them, so they are not read.
pub(super) fn read(record: &[u8]) -> Result<(Vec<Bytes>, Vec<Bytes>), Error> {
    let mut reader = Reader::new(record);
    let version = reader.u8()?;
    if version != 1 {
        return Err(Error::RecordVersion(version));
    }
    reader.bytes(4)?; // profile, constraints and level, which are in the set; the size of lengths
    let count = reader.u8()? & 0x1f;
    let sps = sets(&mut reader, count)?;
    let count = reader.u8()?;
    let pps = sets(&mut reader, count)?;
    Ok((sps, pps))
}

fn sets(reader: &mut Reader<'_>, count: u8) -> Result<Vec<Bytes>, Error> {
    let mut set = || -> Result<Bytes, Error> {
        let length = reader.u16()?;
        Ok(Bytes::copy_from_slice(reader.bytes(length.into())?))
    };
    (0..count).map(|_| set()).collect()
}

pub(super) fn write(config: &Config) -> Bytes {
    let Sps { profile, constraints, level, .. } = *config.parsed();
    let mut out = BytesMut::with_capacity(128);
    out.put_slice(&[1, profile, constraints, level]);
    out.put_u8(0b1111_1100 | 3); // 4-byte lengths
    out.put_u8(0b1110_0000 | config.sps().len() as u8);
    put_sets(&mut out, config.sps());
    out.put_u8(config.pps().len() as u8);
    put_sets(&mut out, config.pps());
    if !matches!(profile, 66 | 77 | 88) {
        out.put_u8(0b1111_1100 | config.parsed().chroma_format);
        out.put_u8(0b1111_1000 | (config.parsed().bit_depth_luma - 8));
        out.put_u8(0b1111_1000 | (config.parsed().bit_depth_chroma - 8));
        out.put_u8(0); // sequence parameter set extensions
    }
    out.freeze()
}

fn put_sets(out: &mut BytesMut, sets: &[Bytes]) {
    for set in sets {
        out.put_u16(set.len() as u16);
        out.put_slice(set);
    }
}
