//! A file or segment as a list of byte pieces that are never joined.

use std::io::IoSlice;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// An ordered list of [`Bytes`] that together are one stretch of a file: a muxer's headers and the packets' own payloads.
///
/// The pieces share memory with where they came from. Cloning counts references and copies no media.
///
/// ```
/// use bytes::Bytes;
/// use media_core::mux::Rope;
///
/// let payload = Bytes::from_static(b"payload");
/// let mut rope = Rope::from(Bytes::from_static(b"head"));
/// rope.push(payload.clone());
/// assert_eq!(rope.len(), 11);
/// assert_eq!(rope.pieces()[1].as_ptr(), payload.as_ptr());
/// assert_eq!(rope.to_bytes(), "headpayload");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rope {
    pieces: Vec<Bytes>,
    len: u64,
}

impl Rope {
    /// A rope without pieces.
    pub const fn new() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }

    /// A rope without pieces that takes `pieces` of them before it allocates again.
    pub fn with_capacity(pieces: usize) -> Self {
        Self { pieces: Vec::with_capacity(pieces), len: 0 }
    }

    /// Puts a piece at the end. An empty one is dropped: a vectored write of nothing but empty pieces would look like the end.
    pub fn push(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        self.len += piece.len() as u64;
        self.pieces.push(piece);
    }

    /// Puts all pieces of `other` at the end.
    pub fn append(&mut self, other: Self) {
        self.len += other.len;
        self.pieces.extend(other.pieces);
    }

    /// Length in bytes of all pieces together.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no byte in it.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces in order; none is empty.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// The pieces as a vectored write takes them. A system takes a limited number at once (1024 on Linux): write in chunks.
    pub fn io_slices(&self) -> Vec<IoSlice<'_>> {
        self.pieces.iter().map(|piece| IoSlice::new(piece)).collect()
    }

    /// The bytes of `range`, sharing memory with this rope; what lies beyond the end is left out. Answers an HTTP range request.
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut part = Self::new();
        let mut at = 0_u64;
        for piece in &self.pieces {
            let end = at + piece.len() as u64;
            let (from, to) = (range.start.clamp(at, end) - at, range.end.clamp(at, end) - at);
            if from < to {
                part.push(piece.slice(from as usize..to as usize));
            }
            at = end;
        }
        part
    }

    /// All bytes in one piece: a copy, unless there is only one piece anyway. For tests and for callers who cannot write vectored.
    pub fn to_bytes(&self) -> Bytes {
        match self.pieces.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            pieces => {
                let mut joined = BytesMut::with_capacity(self.len as usize);
                pieces.iter().for_each(|piece| joined.extend_from_slice(piece));
                joined.freeze()
            }
        }
    }
}

impl From<Bytes> for Rope {
    fn from(piece: Bytes) -> Self {
        Self::from_iter([piece])
    }
}

impl FromIterator<Bytes> for Rope {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        let mut rope = Self::new();
        rope.extend(pieces);
        rope
    }
}

impl Extend<Bytes> for Rope {
    fn extend<I: IntoIterator<Item = Bytes>>(&mut self, pieces: I) {
        let pieces = pieces.into_iter();
        self.pieces.reserve(pieces.size_hint().0);
        pieces.for_each(|piece| self.push(piece));
    }
}

impl IntoIterator for Rope {
    type Item = Bytes;
    type IntoIter = std::vec::IntoIter<Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.pieces.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rope() -> Rope {
        ["ab", "", "cde", "f"].into_iter().map(Bytes::from).collect()
    }

    #[test]
    fn empty_pieces_are_dropped() {
        assert_eq!(rope().pieces(), ["ab", "cde", "f"]);
        assert_eq!(rope().io_slices().len(), 3);
        assert_eq!(rope().len(), 6);
        assert!(Rope::from(Bytes::new()).is_empty());
    }

    #[test]
    fn appended_ropes_keep_their_order_and_memory() {
        let tail = rope();
        let mut both = rope();
        both.append(tail.clone());
        assert_eq!(both.to_bytes(), "abcdefabcdef");
        assert_eq!(both.len(), 12);
        assert_eq!(both.pieces()[3].as_ptr(), tail.pieces()[0].as_ptr());
    }

    #[test]
    fn every_slice_equals_the_slice_of_the_joined_bytes() {
        let (rope, joined) = (rope(), rope().to_bytes());
        for start in 0..=7_u64 {
            for end in 0..=9_u64 {
                let expected =
                    if start < end.min(6) { &joined[start as usize..end.min(6) as usize] } else { b"" };
                let part = rope.slice(start..end);
                assert_eq!(part.to_bytes(), expected, "{start}..{end}");
                assert_eq!(part.len(), expected.len() as u64);
            }
        }
    }

    #[test]
    fn a_single_piece_is_not_copied() {
        let piece = Bytes::from_static(b"one");
        assert_eq!(Rope::from(piece.clone()).to_bytes().as_ptr(), piece.as_ptr());
        assert!(Rope::new().to_bytes().is_empty());
    }
}
