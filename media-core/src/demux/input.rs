//! What was pushed and not read yet: bytes with their place in the source, in the memory they came in.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::Source;

/// A queue of bytes that knows where in the source it stands.
#[derive(Debug)]
pub(super) struct Input {
    source: Source,
    pieces: VecDeque<Bytes>,
    len: usize,
    /// Position of the first byte in `pieces`.
    at: u64,
    /// Bytes of a stream still to come that nobody wants.
    unwanted: u64,
}

impl Input {
    pub(super) const fn new(source: Source) -> Self {
        Self { source, pieces: VecDeque::new(), len: 0, at: 0, unwanted: 0 }
    }

    /// Where the next push begins; `None` at the end of a source that has one.
    pub(super) const fn wants(&self) -> Option<u64> {
        let end = self.at + self.len as u64;
        match self.source {
            Source::Seekable { len } if end >= len => None,
            Source::Seekable { .. } => Some(end),
            Source::Stream => Some(end - self.unwanted),
        }
    }

    pub(super) fn push(&mut self, mut bytes: Bytes) {
        let dropped = bytes.len().min(usize::try_from(self.unwanted).unwrap_or(usize::MAX));
        self.unwanted -= dropped as u64;
        let bytes = bytes.split_off(dropped);
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.pieces.push_back(bytes);
        }
    }

    /// Where in the source the next byte stands.
    pub(super) const fn position(&self) -> u64 {
        self.at
    }

    /// Bytes at hand.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The next bytes, as many as there are and fit.
    pub(super) fn head<'a>(&self, buffer: &'a mut [u8]) -> &'a [u8] {
        let mut filled = 0;
        for piece in &self.pieces {
            let count = piece.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&piece[..count]);
            filled += count;
            if filled == buffer.len() {
                break;
            }
        }
        &buffer[..filled]
    }

    /// The next `count` bytes, of which there are as many; copied only where they came in several pushes.
    pub(super) fn take(&mut self, count: usize) -> Bytes {
        debug_assert!(count <= self.len);
        self.at += count as u64;
        self.len -= count;
        match self.pieces.front_mut() {
            Some(front) if front.len() > count => return front.split_to(count),
            Some(front) if front.len() == count => return self.pieces.pop_front().unwrap_or_default(),
            _ => {}
        }
        let mut copy = BytesMut::with_capacity(count);
        while copy.len() < count
            && let Some(front) = self.pieces.front_mut()
        {
            copy.extend_from_slice(&front.split_to(front.len().min(count - copy.len())));
            if front.is_empty() {
                self.pieces.pop_front();
            }
        }
        copy.freeze()
    }

    /// Passes over bytes, whether they have come or not. In a source that can be sought in they need not come.
    pub(super) fn skip(&mut self, count: u64) {
        self.at = self.at.saturating_add(count);
        let mut left = count;
        while left > 0
            && let Some(front) = self.pieces.front_mut()
        {
            let step = front.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let _ = front.split_to(step);
            (self.len, left) = (self.len - step, left - step as u64);
            if front.is_empty() {
                self.pieces.pop_front();
            }
        }
        if self.source == Source::Stream {
            self.unwanted = self.unwanted.saturating_add(left);
        }
    }

    /// Passes over all bytes before the first `needle`; whether there is one. Where not, no more is kept than a part of it.
    pub(super) fn skip_to(&mut self, needle: [u8; 4]) -> bool {
        let (wanted, mut window) = (u32::from_be_bytes(needle), 0_u32);
        let bytes = self.pieces.iter().flat_map(|piece| piece.iter());
        for (index, &byte) in bytes.enumerate() {
            window = window << 8 | u32::from(byte);
            if index >= 3 && window == wanted {
                self.skip(index as u64 - 3);
                return true;
            }
        }
        self.skip(self.len.saturating_sub(3) as u64);
        false
    }

    /// Goes to another place of a source that can be sought in.
    pub(super) fn seek(&mut self, at: u64) {
        self.pieces.clear();
        (self.at, self.len) = (at, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(source: Source, pushes: &[&'static [u8]]) -> Input {
        let mut input = Input::new(source);
        pushes.iter().for_each(|bytes| input.push(Bytes::from_static(bytes)));
        input
    }

    #[test]
    fn a_stream_wants_what_comes_next_and_drops_what_nobody_wants() {
        let mut input = input(Source::Stream, &[b"abc"]);
        input.skip(5);
        assert_eq!((input.wants(), input.position()), (Some(3), 5));
        input.push(Bytes::from_static(b"defg"));
        assert_eq!((input.wants(), input.position()), (Some(7), 5));
        assert_eq!(input.take(2), "fg");
    }

    #[test]
    fn a_seekable_source_is_not_read_where_nobody_looks() {
        let mut input = input(Source::Seekable { len: 100 }, &[b"abc"]);
        input.skip(50);
        assert_eq!(input.wants(), Some(50));
        input.skip(50);
        assert_eq!(input.wants(), None);
    }

    #[test]
    fn bytes_of_one_push_are_not_copied() {
        let whole = Bytes::from_static(b"abcdef");
        let mut input = Input::new(Source::Stream);
        input.push(whole.clone());
        assert_eq!(input.take(2).as_ptr(), whole.as_ptr());
        input.push(Bytes::from_static(b"gh"));
        assert_eq!(input.take(5), "cdefg");
        assert_eq!(input.head(&mut [0; 4]), b"h");
    }

    #[test]
    fn a_needle_is_found_over_the_border_of_pushes() {
        let mut input = input(Source::Stream, &[b"abcNE", b"EDx"]);
        assert!(input.skip_to(*b"NEED"));
        assert_eq!((input.position(), input.len()), (3, 5));
        assert!(!input.skip_to(*b"none"));
        assert_eq!(input.len(), 3);
    }
}
