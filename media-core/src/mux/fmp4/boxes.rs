//! Boxes of the header file, ISO/IEC 14496-12 section 4.2, put together from the inside out: the length of what a box holds is known
//! before the box is begun, so nothing is patched.

use bytes::BufMut;

/// A box of type `kind` around `parts`.
pub(super) fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let len = BOX_HEADER + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Vec::with_capacity(len);
    out.put_u32(u32::try_from(len).expect("parameter sets are counted in 16 bits, far below 4 GiB"));
    out.put_slice(kind);
    parts.iter().for_each(|part| out.put_slice(part));
    debug_assert_eq!(out.len(), len);
    out
}

/// A box of type `kind` with version and 24 bits of flags before `parts`.
pub(super) fn full_box(kind: &[u8; 4], version: u8, flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    let version_and_flags = (u32::from(version) << 24 | flags).to_be_bytes();
    let parts: Vec<&[u8]> =
        std::iter::once(version_and_flags.as_slice()).chain(parts.iter().copied()).collect();
    boxed(kind, &parts)
}

/// Length of size and type.
pub(super) const BOX_HEADER: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_counts_its_own_header() {
        assert_eq!(boxed(b"free", &[]), *b"\0\0\0\x08free");
        assert_eq!(boxed(b"free", &[b"ab", b"c"]), *b"\0\0\0\x0bfreeabc");
        assert_eq!(full_box(b"meta", 1, 0x02_0304, &[b"x"]), *b"\0\0\0\x0dmeta\x01\x02\x03\x04x");
    }
}
