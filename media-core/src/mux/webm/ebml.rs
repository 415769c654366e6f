//! Elements as RFC 8794 has them: an ID, a size in as many bytes as it needs, and the body. Headers are put together from the inside
//! out, so every size is known before its element is begun.

use bytes::BufMut;

/// The ID of an element with its marker bits, as it stands in a file; RFC 8794 section 5, the numbers are those of RFC 9559.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) u32);

impl Id {
    /// Bytes it takes, 1 to 4.
    pub(super) const fn len(self) -> usize {
        significant_bits(self.0 as u64).div_ceil(8)
    }
}

/// Bytes of a size field, 1 to 8. All bits set would mean "unknown" (RFC 8794 section 6.2), so a size of 127 takes two.
pub(super) const fn size_len(size: u64) -> usize {
    significant_bits(size + 1).div_ceil(7)
}

/// Bytes of an element around a body of `body` bytes.
pub(super) const fn element_len(id: Id, body: u64) -> u64 {
    (id.len() + size_len(body)) as u64 + body
}

/// Bytes of an unsigned integer, 1 to 8.
pub(super) const fn uint_len(value: u64) -> usize {
    let len = significant_bits(value).div_ceil(8);
    if len == 0 { 1 } else { len }
}

/// Bytes of a signed integer, 1 to 8.
pub(super) const fn sint_len(value: i64) -> usize {
    let magnitude = if value < 0 { !value } else { value };
    (significant_bits(magnitude as u64) + 1).div_ceil(8)
}

const fn significant_bits(value: u64) -> usize {
    (u64::BITS - value.leading_zeros()) as usize
}

#[inline]
pub(super) fn put_id(out: &mut impl BufMut, id: Id) {
    out.put_uint(id.0.into(), id.len());
}

/// A size in as few bytes as it needs. `size` is below 2^56 - 1: what is in memory is.
#[inline]
pub(super) fn put_size(out: &mut impl BufMut, size: u64) {
    let len = size_len(size);
    out.put_uint(size | 1 << (7 * len), len);
}

#[inline]
pub(super) fn put_head(out: &mut impl BufMut, id: Id, size: u64) {
    put_id(out, id);
    put_size(out, size);
}

/// A size in eight bytes, for a field that is written again later.
pub(super) const fn wide_size(size: u64) -> [u8; 8] {
    (size | 1 << 56).to_be_bytes()
}

/// The size of an element that lasts until something that cannot be in it; the width is the one of [`wide_size`].
pub(super) const UNKNOWN_SIZE: [u8; 8] = wide_size((1 << 56) - 1);

/// An element around `parts`.
pub(super) fn element(id: Id, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.iter().map(|part| part.len() as u64).sum();
    let mut out = Vec::with_capacity(element_len(id, body) as usize);
    put_head(&mut out, id, body);
    parts.iter().for_each(|part| out.put_slice(part));
    debug_assert_eq!(out.len() as u64, element_len(id, body));
    out
}

pub(super) fn uint(id: Id, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    element(id, &[&bytes[8 - uint_len(value)..]])
}

/// An unsigned integer in eight bytes, so that the element's length does not depend on it.
pub(super) fn wide_uint(id: Id, value: u64) -> Vec<u8> {
    element(id, &[&value.to_be_bytes()])
}

pub(super) fn float(id: Id, value: f64) -> Vec<u8> {
    element(id, &[&value.to_be_bytes()])
}

/// An element of exactly `len` bytes, at least 2, that says nothing: room for later.
pub(super) fn void(len: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(len as usize);
    put_id(&mut out, VOID);
    if len < 128 {
        out.put_u8(0x80 | (len - 2) as u8);
    } else {
        out.put_slice(&wide_size(len - 9));
    }
    out.resize(len as usize, 0);
    out
}

const VOID: Id = Id(0xec);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_as_few_bytes_as_they_need() {
        // RFC 8794 section 4.4, table 1 and section 6.2: all bits set is reserved in every width.
        let written = |size| {
            let mut out = Vec::new();
            put_size(&mut out, size);
            assert_eq!(out.len(), size_len(size));
            out
        };
        assert_eq!(written(0), [0x80]);
        assert_eq!(written(126), [0xfe]);
        assert_eq!(written(127), [0x40, 0x7f]);
        assert_eq!(written(0x3ffe), [0x7f, 0xfe]);
        assert_eq!(written(0x3fff), [0x20, 0x3f, 0xff]);
        assert_eq!(written((1 << 49) - 1), [0x01, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(written((1 << 56) - 2), [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]);
        assert_eq!(UNKNOWN_SIZE, [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(wide_size(5), [0x01, 0, 0, 0, 0, 0, 0, 5]);
    }

    #[test]
    fn integers_take_as_few_bytes_as_they_need() {
        assert_eq!([0, 255, 256, u64::MAX].map(uint_len), [1, 1, 2, 8]);
        assert_eq!([0, -1, 127, 128, -128, -129, i64::MIN, i64::MAX].map(sint_len), [1, 1, 1, 2, 1, 2, 8, 8]);
        assert_eq!(uint(Id(0xd7), 1), [0xd7, 0x81, 1]);
        assert_eq!(uint(Id(0x2a_d7b1), 1_000_000), [0x2a, 0xd7, 0xb1, 0x83, 0x0f, 0x42, 0x40]);
        assert_eq!(wide_uint(Id(0x53ac), 1), [0x53, 0xac, 0x88, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(float(Id(0xb5), 48_000.0), [0xb5, 0x88, 0x40, 0xe7, 0x70, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn voids_are_exactly_as_long_as_asked() {
        assert_eq!(void(2), [0xec, 0x80]);
        assert_eq!(void(4), [0xec, 0x82, 0, 0]);
        for len in 2..400 {
            assert_eq!(void(len).len() as u64, len);
        }
        assert_eq!(void(127)[..2], [0xec, 0xfd]);
        assert_eq!(void(128)[..9], [0xec, 0x01, 0, 0, 0, 0, 0, 0, 119]);
    }
}
