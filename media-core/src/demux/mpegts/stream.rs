//! The bytes of one elementary stream, and the stamps of the PES packets they came in.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// PTS and DTS in ticks of 90 kHz, unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) pts: i64,
    pub(super) dts: i64,
}

/// Bytes that are not part of an access unit yet.
#[derive(Debug, Default)]
pub(super) struct Bytestream {
    bytes: BytesMut,
    /// Bytes that went before them.
    gone: u64,
    /// Where PES packets with a stamp begin.
    marks: VecDeque<(u64, Times)>,
}

impl Bytestream {
    /// A PES packet begins with the next byte.
    pub(super) fn mark(&mut self, times: Times) {
        // A thousand PES packets without an access unit are no stream any more.
        if self.marks.len() == 1000 {
            self.marks.pop_front();
        }
        self.marks.push_back((self.gone + self.bytes.len() as u64, times));
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The stamp of an access unit whose first byte is the `at`th here: the PES packet's in which it is the first to begin.
    pub(super) fn times(&mut self, at: usize) -> Option<Times> {
        let at = self.gone + at as u64;
        let mut times = None;
        while let Some(&(mark, marked)) = self.marks.front()
            && mark <= at
        {
            times = Some(marked);
            self.marks.pop_front();
        }
        times
    }

    /// The first `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> BytesMut {
        self.gone += count as u64;
        self.bytes.split_to(count)
    }

    /// The first `count` bytes, for good.
    pub(super) fn take_frozen(&mut self, count: usize) -> Bytes {
        self.take(count).freeze()
    }

    /// Forgets all bytes, but not the stamp that belongs to the next one.
    pub(super) fn clear(&mut self) {
        let _ = self.take(self.bytes.len());
        while self.marks.len() > 1 {
            self.marks.pop_front();
        }
        if self.marks.front().is_some_and(|(mark, _)| *mark < self.gone) {
            self.marks.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_of_the_first_unit_that_begins_in_its_packet() {
        let times = |pts| Times { pts, dts: pts };
        let mut stream = Bytestream::default();
        stream.mark(times(1));
        stream.push(b"aab");
        stream.mark(times(2));
        stream.push(b"bccdd");
        assert_eq!([0, 2, 4, 6].map(|at| stream.times(at)), [Some(times(1)), None, Some(times(2)), None]);
    }
}
