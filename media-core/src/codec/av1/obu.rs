//! Open bitstream units, section 5.3.

use bytes::{BufMut, BytesMut};

use super::Error;
use crate::bits::Reader;

/// An open bitstream unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obu<'a> {
    /// `obu_type`.
    pub kind: ObuType,
    /// The extension byte: temporal and spatial layer.
    pub extension: Option<u8>,
    /// Whether it came with its size; only the last of a unit may lack it.
    pub has_size: bool,
    /// What is behind the header and the size.
    pub payload: &'a [u8],
}

/// The type of an OBU, section 6.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObuType(pub u8);

impl ObuType {
    /// `OBU_SEQUENCE_HEADER`.
    pub const SEQUENCE_HEADER: Self = Self(1);
    /// `OBU_TEMPORAL_DELIMITER`.
    pub const TEMPORAL_DELIMITER: Self = Self(2);
    /// `OBU_FRAME_HEADER`.
    pub const FRAME_HEADER: Self = Self(3);
    /// `OBU_TILE_GROUP`.
    pub const TILE_GROUP: Self = Self(4);
    /// `OBU_METADATA`.
    pub const METADATA: Self = Self(5);
    /// `OBU_FRAME`: a frame header and a tile group.
    pub const FRAME: Self = Self(6);
    /// `OBU_REDUNDANT_FRAME_HEADER`.
    pub const REDUNDANT_FRAME_HEADER: Self = Self(7);
    /// `OBU_TILE_LIST`, for large scale tile decoding.
    pub const TILE_LIST: Self = Self(8);
    /// `OBU_PADDING`.
    pub const PADDING: Self = Self(15);

    /// Whether an OBU of this type belongs into a sample, section 2.4 of the ISO binding: delimiters, padding and repeated frame headers should
    /// not be there, tile lists must not.
    pub const fn in_sample(self) -> bool {
        !matches!(
            self,
            Self::TEMPORAL_DELIMITER | Self::REDUNDANT_FRAME_HEADER | Self::TILE_LIST | Self::PADDING
        )
    }
}

impl<'a> Obu<'a> {
    /// Reads the OBU at the front; without a size it goes to the end.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let header = reader.u8()?;
        if header & 0x80 != 0 {
            return Err(Error::Forbidden);
        }
        let extension = if header & 4 != 0 { Some(reader.u8()?) } else { None };
        let has_size = header & 2 != 0;
        let size = if has_size { leb128(reader)? } else { reader.remaining() };
        let payload = reader.bytes(size)?;
        Ok(Self { kind: ObuType(header >> 3 & 0xf), extension, has_size, payload })
    }

    /// Appends it with its size, whether it came with one or not.
    pub(super) fn write(&self, out: &mut BytesMut) {
        out.put_u8(self.kind.0 << 3 | u8::from(self.extension.is_some()) << 2 | 2);
        self.extension.iter().for_each(|extension| out.put_u8(*extension));
        let mut size = self.payload.len();
        while size >= 0x80 {
            out.put_u8(size as u8 | 0x80);
            size >>= 7;
        }
        out.put_u8(size as u8);
        out.put_slice(self.payload);
    }
}

/// The OBUs of a temporal unit or of `configOBUs`; ends behind the first that cannot be read.
pub fn obus(data: &[u8]) -> impl Iterator<Item = Result<Obu<'_>, Error>> {
    let mut reader = Some(Reader::new(data));
    std::iter::from_fn(move || {
        let front = reader.as_mut().filter(|reader| !reader.is_empty())?;
        let obu = Obu::read(front);
        if obu.is_err() {
            reader = None;
        }
        Some(obu)
    })
}

/// `leb128()`, section 4.10.5: seven bits a byte, at most eight bytes, at most 32 bits.
fn leb128(reader: &mut Reader<'_>) -> Result<usize, Error> {
    let mut value = 0_u64;
    for group in 0..8 {
        let byte = reader.u8()?;
        value |= u64::from(byte & 0x7f) << (7 * group);
        if byte & 0x80 == 0 {
            return u32::try_from(value).map(|value| value as usize).map_err(|_| Error::Length);
        }
    }
    Err(Error::Length)
}
