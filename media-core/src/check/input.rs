//! Bytes of a file on their way to a judge: it takes what is whole and passes over what is too long to keep.

use bytes::{Bytes, BytesMut};

/// What was pushed and not yet read. Holds no more than [`LIMIT`](Self::LIMIT) bytes and a head.
#[derive(Debug, Default)]
pub(super) struct Input {
    pending: BytesMut,
    /// Where they begin.
    at: u64,
    /// Bytes that are still to be passed over.
    passing: u64,
    /// Nothing more can be read.
    is_lost: bool,
}

impl Input {
    /// Bytes of one element or box that are kept.
    pub(super) const LIMIT: usize = 64 << 20;

    /// Takes as many of `bytes` as there is room for; `false` where there is nothing more to look at. To be called until then, with a look at
    /// [`pending`](Self::pending) each time.
    pub(super) fn fill(&mut self, bytes: &mut &[u8]) -> bool {
        if bytes.is_empty() || self.is_lost {
            return false;
        }
        let passed = bytes.len().min(usize::try_from(self.passing).unwrap_or(usize::MAX));
        self.passing -= passed as u64;
        self.at += passed as u64;
        let room = (Self::LIMIT + HEAD).saturating_sub(self.pending.len());
        let (taken, rest) = bytes[passed..].split_at(room.min(bytes.len() - passed));
        self.pending.extend_from_slice(taken);
        *bytes = rest;
        true
    }

    /// The bytes at hand; none while some are passed over.
    pub(super) fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Where in all that was pushed they begin.
    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    /// The next `len` bytes, of which there are as many, and where they begin.
    pub(super) fn take(&mut self, len: usize) -> (u64, Bytes) {
        let at = self.at;
        self.at += len as u64;
        (at, self.pending.split_to(len).freeze())
    }

    /// Passes over `len` bytes, whether they have come or not.
    pub(super) fn pass(&mut self, len: u64) {
        let here = self.pending.len().min(usize::try_from(len).unwrap_or(usize::MAX));
        self.take(here);
        self.passing = len - here as u64;
    }

    /// Gives up: nobody knows where anything begins.
    pub(super) const fn lose(&mut self) {
        self.is_lost = true;
    }

    pub(super) const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Bytes still to be passed over.
    pub(super) const fn passing(&self) -> u64 {
        self.passing
    }
}

/// Bytes of the longest head, more or less.
const HEAD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_behind_something_long_is_not_passed_over_with_it() {
        let mut input = Input::default();
        let mut bytes = &b"abcdefgh"[..];
        assert!(input.fill(&mut bytes));
        assert_eq!(input.take(2), (0, Bytes::from_static(b"ab")));
        input.pass(3);
        assert_eq!((input.pending(), input.at(), input.passing()), (&b"fgh"[..], 5, 0));
        input.pass(5);
        assert_eq!((input.pending(), input.at(), input.passing()), (&b""[..], 8, 2));
        let mut bytes = &b"ijk"[..];
        assert!(input.fill(&mut bytes) && !input.fill(&mut bytes));
        assert_eq!((input.pending(), input.at(), input.passing()), (&b"k"[..], 10, 0));
        input.lose();
        assert!(!input.fill(&mut &b"l"[..]));
    }
}
