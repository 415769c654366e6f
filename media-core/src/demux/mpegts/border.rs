//! Where one access unit ends and the next begins: ITU-T H.264 7.4.1.2.3 and H.265 7.4.2.4.4.

use std::collections::BTreeMap;

use crate::codec::{h264, h265};

/// What a NAL unit is to the access unit before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The first slice of another picture.
    Begins,
    /// A slice of the same picture, or of the other field of the same frame, which go into one packet.
    Slice,
    /// Belongs before a picture: if slices came, the next unit begins with it.
    Before,
    /// Belongs to what it follows.
    Behind,
}

/// Looks at the NAL units of a stream in their order.
#[derive(Debug)]
pub(super) enum Border {
    H264(Box<Pictures>),
    H265,
}

/// What telling pictures of H.264 apart takes.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    sps: BTreeMap<u8, h264::Sps>,
    pps: BTreeMap<u8, h264::Pps>,
    /// The latest slice of the picture before.
    last: Option<h264::SliceHeader>,
    /// Whether a delimiter came since.
    is_delimited: bool,
}

impl Border {
    pub(super) fn role(&mut self, nal: &[u8]) -> Role {
        match self {
            Self::H264(pictures) => pictures.role(nal),
            Self::H265 => h265_role(nal),
        }
    }

    /// Slices are missing: the next one begins a picture.
    pub(super) fn interrupt(&mut self) {
        if let Self::H264(pictures) = self {
            (pictures.last, pictures.is_delimited) = (None, false);
        }
    }
}

impl Pictures {
    fn role(&mut self, nal: &[u8]) -> Role {
        use h264::NalType;
        let Some(&header) = nal.first() else { return Role::Behind };
        match NalType::of(header) {
            NalType::Slice | NalType::PartitionA | NalType::Idr => self.slice(nal),
            NalType::Sps => {
                if let Ok(sps) = h264::Sps::parse(nal) {
                    self.sps.insert(sps.id, sps);
                }
                Role::Before
            }
            NalType::Pps => {
                if let Ok(pps) = h264::Pps::parse(nal) {
                    self.pps.insert(pps.id, pps);
                }
                Role::Before
            }
            NalType::Delimiter => {
                self.is_delimited = true;
                Role::Before
            }
            NalType::Sei | NalType::SubsetSps | NalType::Other(14 | 16..=18) => Role::Before,
            NalType::Other(3 | 4) => Role::Slice,
            _ => Role::Behind,
        }
    }

    fn slice(&mut self, nal: &[u8]) -> Role {
        let is_delimited = std::mem::take(&mut self.is_delimited);
        let Some(slice) = self.parse(nal) else {
            // The first bit behind the header is set for the first macroblock.
            let is_first = nal.get(1).is_some_and(|byte| byte & 0x80 != 0);
            return if is_first || is_delimited { Role::Begins } else { Role::Slice };
        };
        if slice.redundant > 0 {
            return Role::Slice;
        }
        match self.last.replace(slice) {
            Some(last) if slice.completes_frame_of(&last) => Role::Slice,
            Some(last) if !is_delimited && !slice.starts_picture_after(&last) => Role::Slice,
            _ => Role::Begins,
        }
    }

    fn parse(&self, nal: &[u8]) -> Option<h264::SliceHeader> {
        let pps = self.pps.get(&h264::SliceHeader::pps_id(nal).ok()?)?;
        let sps = self.sps.get(&pps.sps_id)?;
        h264::SliceHeader::parse(nal, sps, pps).ok()
    }
}

fn h265_role(nal: &[u8]) -> Role {
    let &[high, low, ..] = nal else { return Role::Behind };
    let is_base = high & 1 == 0 && low >> 3 == 0;
    let kind = h265::NalType::of(high);
    let is_first = nal.get(2).is_some_and(|byte| byte & 0x80 != 0);
    match kind.get() {
        _ if !is_base => Role::Behind,
        _ if kind.is_slice() && is_first => Role::Begins,
        _ if kind.is_slice() => Role::Slice,
        // Sets, delimiters, prefix messages, and what is reserved or left to others likewise.
        32..=35 | 39 | 41..=44 | 48..=55 => Role::Before,
        _ => Role::Behind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h265_by_the_first_bit_of_a_slice() {
        let roles: [&[u8]; 7] = [
            b"\x46\x01\x50",
            b"\x42\x01\x01",
            b"\x26\x01\xaf",
            b"\x26\x01\x2f",
            b"\x50\x01\x84",
            b"\x4e\x01\x05",
            b"\x02\x01\xd0",
        ];
        let mut border = Border::H265;
        let roles = roles.map(|nal| border.role(nal));
        assert_eq!(
            roles,
            [Role::Before, Role::Before, Role::Begins, Role::Slice, Role::Behind, Role::Before, Role::Begins]
        );
    }

    #[test]
    fn h264_without_sets_by_the_first_macroblock() {
        let mut border = Border::H264(Box::default());
        assert_eq!(border.role(b"\x65\x88\x84"), Role::Begins);
        assert_eq!(border.role(b"\x65\x44\x84"), Role::Slice);
        assert_eq!(border.role(b"\x09\xf0"), Role::Before);
        assert_eq!(border.role(b"\x41\x9a"), Role::Begins);
    }
}
