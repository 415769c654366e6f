//! As much of AV1 as tells key frames: OBUs, AV1 bitstream specification 5.3 and 5.5.

use crate::bits::BitReader;

/// What stands in the OBUs of a sample.
#[derive(Debug, Default)]
pub(super) struct Unit<'a> {
    pub(super) sequence: Option<&'a [u8]>,
    /// Whether the first frame is a key frame that is shown.
    pub(super) key: Option<bool>,
    pub(super) delimiter: bool,
    /// Whether the OBUs fill the sample.
    pub(super) whole: bool,
}

/// Reads a sample.
pub(super) fn unit(data: &[u8]) -> Unit<'_> {
    let mut unit = Unit::default();
    let mut rest = data;
    while !rest.is_empty() {
        let Some((kind, payload, after)) = obu(rest) else { return unit };
        match kind {
            SEQUENCE_HEADER => unit.sequence = unit.sequence.or(Some(payload)),
            TEMPORAL_DELIMITER => unit.delimiter = true,
            FRAME_HEADER | FRAME if unit.key.is_none() => {
                // show_existing_frame, frame_type, show_frame; `reduced_still_picture_header` is of pictures that do not move.
                let first = payload.first().copied().unwrap_or(0);
                unit.key = Some(first & 0x80 == 0 && first & 0x60 == 0 && first & 0x10 != 0);
            }
            _ => {}
        }
        rest = after;
    }
    unit.whole = true;
    unit
}

/// The payload of the first sequence header.
pub(super) fn sequence(data: &[u8]) -> Option<&[u8]> {
    unit(data).sequence
}

/// `seq_profile` and `seq_level_idx` of the first operating point, where nothing stands before them.
pub(super) fn profile_level(sequence: &[u8]) -> Option<(u8, u8)> {
    let mut bits = BitReader::new(sequence);
    let profile = bits.bits(3).ok()? as u8;
    bits.bit().ok()?;
    if bits.bit().ok()? {
        return Some((profile, bits.bits(5).ok()? as u8));
    }
    // timing_info_present_flag: what follows it is long and rare.
    if bits.bit().ok()? {
        return None;
    }
    bits.bits(1 + 5 + 12).ok()?;
    Some((profile, bits.bits(5).ok()? as u8))
}

/// The type and payload of the first OBU, and what follows it. One without a size reaches to the end.
fn obu(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&header, rest) = data.split_first()?;
    let rest = rest.get(usize::from(header >> 2 & 1)..)?;
    let kind = header >> 3 & 15;
    if header & 2 == 0 {
        return Some((kind, rest, &[]));
    }
    let (mut size, mut length) = (0_u64, 0);
    for (index, byte) in rest.iter().take(8).enumerate() {
        size |= u64::from(byte & 0x7f) << (7 * index);
        length = index + 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (payload, after) = rest.get(length..)?.split_at_checked(usize::try_from(size).ok()?)?;
    Some((kind, payload, after))
}

const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;
