//! NAL units behind 4-byte lengths, as packets carry them, and SEI messages: what H.264 and H.265 have in common.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::{Faults, annexb};
use crate::bits::{BitReader, Error};

/// Bytes of a NAL unit's length.
const LENGTH: usize = 4;

/// Gives each NAL unit of `data` to `keep` and returns what it kept: the same memory where that lies in one piece, as it does when
/// sets and delimiters stand at the front, a copy otherwise.
///
/// A length that goes beyond the data ends it. Empty NAL units go.
pub(crate) fn filter(
    data: &Bytes,
    faults: &mut Faults,
    mut keep: impl FnMut(&[u8], &mut Faults) -> bool,
) -> Bytes {
    let mut kept = Kept::Slice(0..0);
    let mut at = 0;
    while at < data.len() {
        let Some(range) = next(data, at) else {
            faults.lengths += 1;
            break;
        };
        let start = std::mem::replace(&mut at, range.end);
        match &data[range] {
            [] => faults.empty += 1,
            nal if keep(nal, faults) => kept.add(data, start..at),
            _ => {}
        }
    }
    match kept {
        Kept::Slice(range) => data.slice(range),
        Kept::Copy(copy) => copy.freeze(),
    }
}

/// The NAL units of `data` that are not empty; the last is an error where a length goes beyond the data, and says where it stands.
pub(crate) fn units(data: &[u8]) -> impl Iterator<Item = Result<&[u8], usize>> {
    let mut at = 0;
    let units = std::iter::from_fn(move || {
        let start = at;
        if start == data.len() {
            return None;
        }
        let range = next(data, start);
        at = range.as_ref().map_or(data.len(), |range| range.end);
        Some(range.map(|range| &data[range]).ok_or(start))
    });
    units.filter(|unit| *unit != Ok(&[]))
}

/// Where the NAL unit lies whose length stands at `at`.
fn next(data: &[u8], at: usize) -> Option<Range<usize>> {
    let length = data.get(at..)?.first_chunk::<LENGTH>()?;
    let start = at + LENGTH;
    let end = start.checked_add(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    (end <= data.len()).then_some(start..end)
}

enum Kept {
    Slice(Range<usize>),
    Copy(BytesMut),
}

impl Kept {
    fn add(&mut self, data: &[u8], range: Range<usize>) {
        match self {
            Self::Slice(kept) if kept.start == kept.end => *kept = range,
            Self::Slice(kept) if kept.end == range.start => kept.end = range.end,
            Self::Slice(kept) => {
                let mut copy = BytesMut::with_capacity(kept.len() + data.len() - range.start);
                copy.extend_from_slice(&data[kept.clone()]);
                copy.extend_from_slice(&data[range]);
                *self = Self::Copy(copy);
            }
            Self::Copy(copy) => copy.extend_from_slice(&data[range]),
        }
    }
}

/// A parameter set as it is kept: without the start code some cameras put before it in SDP, and without trailing zero bytes, so that
/// one that came in band and one that did not compare equal.
pub(crate) fn clean_set(nal: &[u8]) -> &[u8] {
    let nal = annexb::without_trailing_zeros(nal);
    match nal {
        [0, 0, 0, 1, rest @ ..] | [0, 0, 1, rest @ ..] => rest,
        _ => nal,
    }
}

/// The payload of the first recovery point message (payload type 6 in both standards), emulation prevention removed as it is read;
/// `payload` begins behind the NAL unit header. `None` where there is none or it cannot be read.
pub(crate) fn recovery_point(payload: &[u8]) -> Option<BitReader<'_>> {
    let mut bits = BitReader::nal(payload);
    while bits.more_rbsp_data() {
        let kind = sei_number(&mut bits).ok()?;
        let size = sei_number(&mut bits).ok()?;
        if kind == RECOVERY_POINT {
            return Some(bits);
        }
        bits.skip(size.checked_mul(8)?).ok()?;
    }
    None
}

/// `payloadType` or `payloadSize`: bytes of 255 and a last one, added up.
fn sei_number(bits: &mut BitReader<'_>) -> Result<u32, Error> {
    let mut number = 0_u32;
    loop {
        let byte = bits.u8()?;
        number = number.saturating_add(byte.into());
        if byte != 0xff {
            return Ok(number);
        }
    }
}

const RECOVERY_POINT: u32 = 6;
