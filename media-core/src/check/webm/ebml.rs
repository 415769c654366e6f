//! EBML elements, RFC 8794.

/// The head of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: u32,
    /// Bytes of ID and size.
    pub(super) length: usize,
    /// Bytes of the body; `None` where it does not say.
    pub(super) size: Option<u64>,
}

/// Why a head could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not all there yet.
    Short,
    /// It is none.
    Broken,
}

/// Reads a head.
pub(super) fn head(data: &[u8]) -> Result<Head, Unread> {
    let first = *data.first().ok_or(Unread::Short)?;
    let length = first.leading_zeros() as usize + 1;
    if length > 4 {
        return Err(Unread::Broken);
    }
    let id = data.get(..length).ok_or(Unread::Short)?;
    let id = id.iter().fold(0_u32, |id, byte| id << 8 | u32::from(*byte));
    let (size, width) = number(&data[length..])?;
    // All ones, of whatever width, say that it is not known.
    let unknown = size == (1 << (7 * width)) - 1;
    Ok(Head { id, length: length + width, size: (!unknown).then_some(size) })
}

/// A number with its width in front, and that width.
pub(super) fn number(data: &[u8]) -> Result<(u64, usize), Unread> {
    let first = *data.first().ok_or(Unread::Short)?;
    let width = first.leading_zeros() as usize + 1;
    if width > 8 {
        return Err(Unread::Broken);
    }
    let bytes = data.get(..width).ok_or(Unread::Short)?;
    let first = u64::from(first) & ((1 << (8 - width)) - 1);
    Ok((bytes[1..].iter().fold(first, |value, byte| value << 8 | u64::from(*byte)), width))
}

/// An element in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) id: u32,
    pub(super) at: u64,
    pub(super) body: &'a [u8],
    /// Where the body begins.
    pub(super) start: u64,
}

impl<'a> Element<'a> {
    /// The elements in it, up to the first that is broken, which is `Err` with its place.
    pub(super) fn children(&self) -> impl Iterator<Item = Result<Element<'a>, u64>> + use<'a> {
        let (mut rest, mut at, mut broken) = (self.body, self.start, false);
        std::iter::from_fn(move || {
            if rest.is_empty() || broken {
                return None;
            }
            let found = head(rest).ok().and_then(|head| {
                let size = usize::try_from(head.size?).ok()?;
                let body = rest.get(head.length..)?.get(..size)?;
                Some(Element { id: head.id, at, body, start: at + head.length as u64 })
            });
            let Some(found) = found else {
                broken = true;
                return Some(Err(at));
            };
            at = found.start + found.body.len() as u64;
            rest = &rest[(at - found.at) as usize..];
            Some(Ok(found))
        })
    }

    /// The first child of an ID.
    pub(super) fn child(&self, id: u32) -> Option<Element<'a>> {
        self.children().map_while(Result::ok).find(|child| child.id == id)
    }

    /// An unsigned number of at most eight bytes.
    pub(super) fn unsigned(&self) -> Option<u64> {
        (self.body.len() <= 8).then(|| self.body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The CRC-32 that is said of the elements behind it, and that of those; `None` where nothing is said. It comes first, RFC 8794 11.3.1.
    pub(super) fn checksums(&self) -> Option<(u32, u32)> {
        let first = self.children().next()?.ok().filter(|first| first.id == CRC_32)?;
        let said = u32::from_le_bytes(*first.body.first_chunk()?);
        Some((said, crc_32(&self.body[(first.start - self.start) as usize + first.body.len()..])))
    }

    /// The number of a child.
    pub(super) fn number_of(&self, id: u32) -> Option<u64> {
        self.child(id)?.unsigned()
    }

    /// A floating-point number.
    pub(super) fn float(&self) -> Option<f64> {
        match self.body.len() {
            0 => Some(0.0),
            4 => Some(f32::from_be_bytes(*self.body.first_chunk()?).into()),
            8 => Some(f64::from_be_bytes(*self.body.first_chunk()?)),
            _ => None,
        }
    }
}

/// Whether an element that is read as a whole holds others.
pub(super) const fn is_master(id: u32) -> bool {
    matches!(id, EBML | INFO | TRACKS | CUES | SEEK_HEAD | TAGS | BLOCK_GROUP)
}

pub(super) const EBML: u32 = 0x1a45_dfa3;
pub(super) const CRC_32: u32 = 0xbf;
pub(super) const DOC_TYPE: u32 = 0x4282;
pub(super) const DOC_TYPE_VERSION: u32 = 0x4287;
pub(super) const DOC_TYPE_READ_VERSION: u32 = 0x4285;
pub(super) const SEGMENT: u32 = 0x1853_8067;
pub(super) const SEEK_HEAD: u32 = 0x114d_9b74;
pub(super) const SEEK: u32 = 0x4dbb;
pub(super) const SEEK_ID: u32 = 0x53ab;
pub(super) const SEEK_POSITION: u32 = 0x53ac;
pub(super) const INFO: u32 = 0x1549_a966;
pub(super) const TIMESTAMP_SCALE: u32 = 0x002a_d7b1;
pub(super) const DURATION: u32 = 0x4489;
pub(super) const TRACKS: u32 = 0x1654_ae6b;
pub(super) const TRACK_ENTRY: u32 = 0xae;
pub(super) const TRACK_NUMBER: u32 = 0xd7;
pub(super) const TRACK_UID: u32 = 0x73c5;
pub(super) const TRACK_TYPE: u32 = 0x83;
pub(super) const MOST_ADDITION: u32 = 0x55ee;
pub(super) const VIDEO: u32 = 0xe0;
pub(super) const PIXEL_WIDTH: u32 = 0xb0;
pub(super) const PIXEL_HEIGHT: u32 = 0xba;
pub(super) const AUDIO: u32 = 0xe1;
pub(super) const SAMPLING_FREQUENCY: u32 = 0xb5;
pub(super) const CHANNELS: u32 = 0x9f;
pub(super) const CODEC_ID: u32 = 0x86;
pub(super) const CODEC_PRIVATE: u32 = 0x63a2;
pub(super) const CODEC_DELAY: u32 = 0x56aa;
pub(super) const SEEK_PRE_ROLL: u32 = 0x56bb;
pub(super) const DEFAULT_DURATION: u32 = 0x0023_e383;
pub(super) const CLUSTER: u32 = 0x1f43_b675;
pub(super) const TIMESTAMP: u32 = 0xe7;
pub(super) const SIMPLE_BLOCK: u32 = 0xa3;
pub(super) const BLOCK_GROUP: u32 = 0xa0;
pub(super) const BLOCK: u32 = 0xa1;
pub(super) const BLOCK_DURATION: u32 = 0x9b;
pub(super) const BLOCK_ADDITIONS: u32 = 0x75a1;
pub(super) const BLOCK_MORE: u32 = 0xa6;
pub(super) const BLOCK_ADD_ID: u32 = 0xee;
pub(super) const REFERENCE: u32 = 0xfb;
pub(super) const CUES: u32 = 0x1c53_bb6b;
pub(super) const CUE_POINT: u32 = 0xbb;
pub(super) const CUE_TIME: u32 = 0xb3;
pub(super) const CUE_POSITIONS: u32 = 0xb7;
pub(super) const CUE_TRACK: u32 = 0xf7;
pub(super) const CUE_CLUSTER: u32 = 0xf1;
pub(super) const CUE_RELATIVE: u32 = 0xf0;
pub(super) const TAGS: u32 = 0x1254_c367;
pub(super) const CHAPTERS: u32 = 0x1043_a770;
pub(super) const ATTACHMENTS: u32 = 0x1941_a469;

/// CRC-32 of ISO 3309, as Ethernet has it.
fn crc_32(bytes: &[u8]) -> u32 {
    let byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    !bytes.iter().fold(!0, byte)
}

/// Whether an ID is that of a child of a segment: an element that ends a cluster of unknown size.
pub(super) const fn is_top(id: u32) -> bool {
    matches!(id, SEEK_HEAD | INFO | TRACKS | CLUSTER | CUES | TAGS | CHAPTERS | ATTACHMENTS | EBML | SEGMENT)
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksums_are_those_of_iso_3309() {
        assert_eq!(super::crc_32(b"123456789"), 0xcbf4_3926);
    }
}
