//! EBML, RFC 8794, as it is read: heads of elements, and what small ones hold.

use std::ops::Range;

/// Number and length of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// With its marker bits, as the standards write it.
    pub(super) id: u32,
    /// Bytes of its body; `None` for unknown.
    pub(super) size: Option<u64>,
    /// Bytes of the head itself.
    pub(super) len: usize,
}

/// No element begins so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Bytes of the longest head.
pub(super) const HEAD: usize = 12;

/// The head that `bytes` begin with; `Ok(None)` while more of it has to come.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    let id_len = first.leading_zeros() as usize + 1;
    if id_len > 4 {
        return Err(Malformed);
    }
    let Some(id) = bytes.get(..id_len) else { return Ok(None) };
    let id = id.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    match vint(&bytes[id_len..]) {
        Ok(Some((size, size_len))) => Ok(Some(Head { id, size, len: id_len + size_len })),
        Ok(None) => Ok(None),
        Err(malformed) => Err(malformed),
    }
}

/// A number of variable length, section 4, and its bytes; `None` for the number that is all ones.
pub(super) fn vint(bytes: &[u8]) -> Result<Option<(Option<u64>, usize)>, Malformed> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    let len = first.leading_zeros() as usize + 1;
    if len > 8 {
        return Err(Malformed);
    }
    let Some(bytes) = bytes.get(..len) else { return Ok(None) };
    let all = bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
    let most = (1_u64 << (7 * len)) - 1;
    let value = all & most;
    Ok(Some(((value != most).then_some(value), len)))
}

/// The elements in a body, by number and where their own bodies lie. Ends where one is damaged, goes beyond, or has no size.
pub(super) fn children(body: &[u8]) -> impl Iterator<Item = (u32, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let head = head(&body[at..]).ok()??;
        let start = at + head.len;
        let end = start.checked_add(usize::try_from(head.size?).ok()?).filter(|&end| end <= body.len())?;
        at = end;
        Some((head.id, start..end))
    })
}

/// An unsigned integer, section 7.2; none is longer than 8 bytes.
pub(super) fn uint(body: &[u8]) -> u64 {
    body.iter().take(8).fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A signed integer, section 7.1.
pub(super) fn sint(body: &[u8]) -> i64 {
    let unused = 64 - 8 * body.len().min(8) as u32;
    let value = uint(body).cast_signed();
    if unused == 64 { 0 } else { value << unused >> unused }
}

/// A float, section 7.3: of 4 or 8 bytes, or none for zero.
pub(super) fn float(body: &[u8]) -> f64 {
    match (body.first_chunk::<8>(), body.first_chunk::<4>()) {
        (Some(bytes), _) => f64::from_be_bytes(*bytes),
        (None, Some(bytes)) => f32::from_be_bytes(*bytes).into(),
        (None, None) => 0.0,
    }
}

/// A string, section 7.4: up to the first zero byte.
pub(super) fn text(body: &[u8]) -> String {
    let end = body.iter().position(|&byte| byte == 0).unwrap_or(body.len());
    String::from_utf8_lossy(&body[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        assert_eq!(head(b"\xec\x81"), Ok(Some(Head { id: 0xec, size: Some(1), len: 2 })));
        assert_eq!(
            head(b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff"),
            Ok(Some(Head { id: 0x1f43_b675, size: None, len: 12 }))
        );
        assert_eq!(head(b"\xa3\x40\x02"), Ok(Some(Head { id: 0xa3, size: Some(2), len: 3 })));
        assert_eq!(head(b"\x1f\x43"), Ok(None));
        assert_eq!(head(b"\xa3"), Ok(None));
        assert_eq!(head(b"\x08\0\0\0\0\0"), Err(Malformed));
        assert_eq!(head(b"\xa3\x00"), Err(Malformed));
    }

    #[test]
    fn values() {
        assert_eq!((uint(b""), uint(b"\x01\x00")), (0, 256));
        assert_eq!((sint(b""), sint(b"\xff"), sint(b"\x7f\xff"), sint(b"\xfe\x0c")), (0, -1, 32_767, -500));
        assert_eq!(
            (float(b""), float(b"\x3f\x80\0\0"), float(b"\x40\xe7\x70\0\0\0\0\0")),
            (0.0, 1.0, 48_000.0)
        );
        assert_eq!(text(b"und\0\0"), "und");
    }

    #[test]
    fn children_end_at_damage() {
        let list = |body| children(body).collect::<Vec<_>>();
        assert_eq!(list(b"\xec\x80\xa3\x82ab"), [(0xec, 2..2), (0xa3, 4..6)]);
        assert_eq!(list(b"\xec\x80\xa3\x83ab"), [(0xec, 2..2)]);
    }
}
