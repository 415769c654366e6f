//! The bytes at hand: pieces of the source, in the memory they were pushed in.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Pieces that do not overlap, in the order of their positions.
#[derive(Debug, Default)]
pub(super) struct Window {
    pieces: VecDeque<(u64, Bytes)>,
    held: u64,
    /// Where the furthest piece ever ended.
    end: u64,
}

impl Window {
    /// Keeps `bytes` from `at` on, save what is here already.
    pub(super) fn put(&mut self, at: u64, bytes: Bytes) {
        let end = at.saturating_add(bytes.len() as u64);
        self.end = self.end.max(end);
        let mut from = at;
        let mut index = self.pieces.partition_point(|(start, piece)| start + piece.len() as u64 <= at);
        while from < end {
            let next = self.pieces.get(index).map(|(start, piece)| (*start, start + piece.len() as u64));
            let until = next.map_or(end, |(start, _)| start.min(end));
            if from < until {
                let piece = bytes.slice((from - at) as usize..(until - at) as usize);
                self.held += piece.len() as u64;
                self.pieces.insert(index, (from, piece));
                index += 1;
            }
            let Some((_, over)) = next else { break };
            from = over.max(from);
            index += 1;
        }
    }

    /// `len` bytes from `at` on: the same memory where they lie in one piece, else a copy; an error is the first position that is missing.
    pub(super) fn get(&self, at: u64, len: u64) -> Result<Bytes, u64> {
        let end = at.checked_add(len).ok_or(at)?;
        let first = self.pieces.partition_point(|(start, piece)| start + piece.len() as u64 <= at);
        let mut reached = at;
        let mut last = first;
        while reached < end {
            match self.pieces.get(last) {
                Some((start, piece)) if *start <= reached => reached = start + piece.len() as u64,
                _ => return Err(reached),
            }
            last += 1;
        }
        let mut parts = self.pieces.range(first..last).map(|(start, piece)| {
            let from = at.max(*start) - start;
            piece.slice(from as usize..(end - start).min(piece.len() as u64) as usize)
        });
        let Some(part) = parts.next() else { return Ok(Bytes::new()) };
        if last - first == 1 {
            return Ok(part);
        }
        let mut whole = BytesMut::with_capacity(len as usize);
        whole.extend_from_slice(&part);
        parts.for_each(|part| whole.extend_from_slice(&part));
        Ok(whole.freeze())
    }

    /// Forgets the pieces that nobody needs; `needed` is told where a piece begins and ends.
    pub(super) fn retain(&mut self, needed: impl Fn(u64, u64) -> bool) {
        self.pieces.retain(|(start, piece)| needed(*start, start + piece.len() as u64));
        self.held = self.pieces.iter().map(|(_, piece)| piece.len() as u64).sum();
    }

    /// Bytes held.
    pub(super) const fn held(&self) -> u64 {
        self.held
    }

    /// Where the furthest piece ever ended: for a stream, where it stands.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_and_overlaps_are_kept_once() {
        let mut window = Window::default();
        window.put(10, Bytes::from_static(b"klm"));
        window.put(4, Bytes::from_static(b"ef"));
        assert_eq!(window.get(4, 9), Err(6));
        window.put(0, Bytes::from_static(b"abcdefghijklmnop"));
        assert_eq!(window.get(0, 16).unwrap(), "abcdefghijklmnop");
        assert_eq!((window.held(), window.end()), (16, 16));
        assert_eq!(window.get(16, 1), Err(16));
        assert_eq!(window.get(3, 0).unwrap(), "");
        window.retain(|_, end| end > 10);
        assert_eq!(window.get(9, 2), Err(9));
        assert_eq!(window.get(11, 4).unwrap(), "lmno");
    }

    #[test]
    fn one_piece_is_not_copied() {
        let bytes = Bytes::from_static(b"abcdef");
        let mut window = Window::default();
        window.put(100, bytes.clone());
        assert_eq!(window.get(102, 3).unwrap().as_ptr(), bytes[2..].as_ptr());
    }
}
