//! The byte stream format of H.264 Annex B and H.265 Annex B: NAL units behind start codes, as encoders and MPEG-TS carry them.

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memmem;

/// The NAL units of a byte stream, without start codes and without the zero bytes that may stand before and after them. What precedes
/// the first start code is no NAL unit; empty ones are left out.
///
/// ```
/// use media_core::codec::annexb;
/// let stream = [0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x68, 0, 0];
/// assert!(annexb::nals(&stream).eq([&[0x67, 0x42][..], &[0x68][..]]));
/// ```
pub fn nals(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = memmem::find_iter(stream, &START_CODE).map(|at| at + START_CODE.len());
    let mut next = starts.next();
    std::iter::from_fn(move || {
        let start = next?;
        next = starts.next();
        let end = next.map_or(stream.len(), |next| next - START_CODE.len());
        Some(without_trailing_zeros(&stream[start..end]))
    })
    .filter(|nal| !nal.is_empty())
}

/// The same NAL units, each behind its length in 4 bytes (ISO/IEC 14496-15 section 5); one copy.
pub fn to_length_prefixed(stream: &[u8]) -> Bytes {
    // A 3-byte start code grows by one byte; one allocation is enough for the usual four slices with sets.
    let mut out = BytesMut::with_capacity(stream.len() + 16);
    for nal in nals(stream) {
        let Ok(length) = u32::try_from(nal.len()) else { continue };
        out.put_u32(length);
        out.put_slice(nal);
    }
    out.freeze()
}

/// `trailing_zero_8bits`, and the zero byte that makes a 3-byte start code one of 4.
pub(crate) const fn without_trailing_zeros(mut nal: &[u8]) -> &[u8] {
    while let [head @ .., 0] = nal {
        nal = head;
    }
    nal
}

const START_CODE: [u8; 3] = [0, 0, 1];

#[cfg(test)]
#[path = "annexb_test.rs"]
mod tests;
