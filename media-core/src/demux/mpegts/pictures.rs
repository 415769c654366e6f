//! Access units of H.264 and H.265 out of a byte stream (Annex B of both): one of them may lie in several PES packets, and a PES packet may hold
//! several.

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memmem;

use super::border::{Border, Role};
use super::stream::{Bytestream, Times};

/// Cuts a byte stream into access units.
#[derive(Debug)]
pub(super) struct Cutter {
    border: Border,
    /// Where the NAL units of the access unit at hand lie, without start codes.
    nals: Vec<(usize, usize)>,
    /// Where the NAL unit begins that has not ended yet.
    open: Option<usize>,
    /// Up to where there is no further start code.
    scanned: usize,
    has_slice: bool,
    /// The first of `nals` behind the slices that would belong to the next unit.
    leading: Option<usize>,
}

/// An access unit with 4-byte lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) data: Bytes,
    pub(super) times: Option<Times>,
}

impl Cutter {
    pub(super) const fn new(border: Border) -> Self {
        Self { border, nals: Vec::new(), open: None, scanned: 0, has_slice: false, leading: None }
    }

    /// Cuts what can be cut.
    pub(super) fn cut(&mut self, stream: &mut Bytestream, out: &mut Vec<Cut>) {
        while let Some(at) = memmem::find(&stream.bytes()[self.scanned..], &START_CODE) {
            let code = self.scanned + at;
            self.scanned = code + START_CODE.len();
            if let Some(start) = self.open.replace(self.scanned) {
                let before = stream.bytes().len();
                self.nal(start, code, stream, out);
                // What was cut off stood before.
                let cut = before - stream.bytes().len();
                self.scanned -= cut;
                self.open = Some(self.scanned);
            } else {
                // Nothing before the first start code is of use.
                drop(stream.take(code));
                self.scanned = START_CODE.len();
                self.open = Some(self.scanned);
            }
        }
        self.scanned = self.scanned.max(stream.bytes().len().saturating_sub(START_CODE.len() - 1));
    }

    /// Cuts what is left: nothing that belongs to it follows.
    pub(super) fn flush(&mut self, stream: &mut Bytestream, out: &mut Vec<Cut>) {
        self.cut(stream, out);
        if let Some(start) = self.open.take() {
            let end = stream.bytes().len();
            self.nal(start, end, stream, out);
        }
        if self.has_slice {
            let end = stream.bytes().len();
            let count = self.nals.len();
            self.emit(count, end, stream, out);
        }
        self.reset(stream);
    }

    /// Bytes are missing behind those that came; whether that leaves an access unit incomplete. One that is whole before it is cut.
    pub(super) fn interrupt(&mut self, stream: &mut Bytestream, out: &mut Vec<Cut>) -> bool {
        self.cut(stream, out);
        let Some(start) = self.open.take() else {
            self.reset(stream);
            return false;
        };
        let before = out.len();
        let open = without_trailing_zeros(&stream.bytes()[start..]);
        let role = if open.is_empty() { Role::Slice } else { self.border.role(open) };
        let whole = match role {
            Role::Begins | Role::Before => Some(self.leading.unwrap_or(self.nals.len())),
            Role::Slice | Role::Behind => self.leading.filter(|_| open.is_empty()),
        };
        if let Some(count) = whole.filter(|_| self.has_slice) {
            let end = self.nals.get(count).map_or(start, |nal| nal.0) - START_CODE.len();
            self.emit(count, end, stream, out);
        }
        self.reset(stream);
        // A picture that had begun is incomplete, and so is one of which only what leads it had come.
        role != Role::Before || out.len() == before
    }

    fn reset(&mut self, stream: &mut Bytestream) {
        stream.clear();
        self.border.interrupt();
        self.nals.clear();
        (self.open, self.scanned, self.has_slice, self.leading) = (None, 0, false, None);
    }

    /// A NAL unit from `start` to `end`, zero bytes behind it included.
    fn nal(&mut self, start: usize, end: usize, stream: &mut Bytestream, out: &mut Vec<Cut>) {
        let nal = without_trailing_zeros(&stream.bytes()[start..end]);
        let mut range = (start, start + nal.len());
        if nal.is_empty() {
            return;
        }
        match self.border.role(nal) {
            Role::Begins if self.has_slice => {
                let count = self.leading.take().unwrap_or(self.nals.len());
                let code = self.nals.get(count).map_or(start, |nal| nal.0) - START_CODE.len();
                // A zero byte makes a start code one of 4 bytes, in whose place a length fits.
                let cut = code - usize::from(code > 0 && stream.bytes()[code - 1] == 0);
                self.emit(count, cut, stream, out);
                range = (range.0 - cut, range.1 - cut);
            }
            Role::Begins => self.has_slice = true,
            Role::Slice => {
                self.leading = None;
                self.has_slice = true;
            }
            Role::Before if self.has_slice && self.leading.is_none() => self.leading = Some(self.nals.len()),
            Role::Before | Role::Behind => {}
        }
        self.nals.push(range);
    }

    /// The first `count` NAL units are an access unit; the next one begins at byte `cut`.
    fn emit(&mut self, count: usize, cut: usize, stream: &mut Bytestream, out: &mut Vec<Cut>) {
        let rest = self.nals.split_off(count);
        let nals = std::mem::replace(&mut self.nals, rest);
        self.nals.iter_mut().for_each(|nal| *nal = (nal.0 - cut, nal.1 - cut));
        let first = nals.first().map_or(0, |nal| nal.0 - START_CODE.len());
        let times = stream.times(first);
        out.push(Cut { data: length_prefixed(stream.take(cut), &nals), times });
    }
}

/// NAL units behind 4-byte lengths: in place where each stands behind a start code of 4 bytes, as they mostly do.
fn length_prefixed(mut bytes: BytesMut, nals: &[(usize, usize)]) -> Bytes {
    let (Some(first), Some(last)) = (nals.first(), nals.last()) else { return Bytes::new() };
    let is_in_place = first.0 >= LENGTH
        && bytes[first.0 - LENGTH] == 0
        && nals.windows(2).all(|pair| pair[0].1 + LENGTH == pair[1].0);
    if is_in_place {
        for &(start, end) in nals {
            bytes[start - LENGTH..start].copy_from_slice(&((end - start) as u32).to_be_bytes());
        }
        return bytes.freeze().slice(first.0 - LENGTH..last.1);
    }
    let mut out = BytesMut::with_capacity(bytes.len() + nals.len());
    for &(start, end) in nals {
        out.put_u32((end - start) as u32);
        out.put_slice(&bytes[start..end]);
    }
    out.freeze()
}

const fn without_trailing_zeros(mut nal: &[u8]) -> &[u8] {
    while let [head @ .., 0] = nal {
        nal = head;
    }
    nal
}

const START_CODE: [u8; 3] = [0, 0, 1];

/// Bytes of a NAL unit's length.
const LENGTH: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pictures of H.265, the first of two slices.
    const STREAM: &[u8] =
        b"\0\0\0\x01\x46\x01\x50\0\0\0\x01\x26\x01\xaf\0\0\x01\x26\x01\x2f\0\0\0\x01\x46\x01\x50\0\0\0\x01\x02\x01\xd0";
    const FIRST: &[u8] = b"\0\0\0\x03\x46\x01\x50\0\0\0\x03\x26\x01\xaf\0\0\0\x03\x26\x01\x2f";
    const SECOND: &[u8] = b"\0\0\0\x03\x46\x01\x50\0\0\0\x03\x02\x01\xd0";

    #[test]
    fn units_are_cut_wherever_pieces_end() {
        for size in 1..=STREAM.len() {
            let (mut stream, mut cuts) = (Bytestream::default(), Vec::new());
            let mut cutter = Cutter::new(Border::H265);
            stream.mark(Times { pts: 7, dts: 7 });
            for piece in STREAM.chunks(size) {
                stream.push(piece);
                cutter.cut(&mut stream, &mut cuts);
            }
            cutter.flush(&mut stream, &mut cuts);
            let data: Vec<&[u8]> = cuts.iter().map(|cut| &cut.data[..]).collect();
            assert_eq!(data, [FIRST, SECOND], "{size}");
            assert_eq!((cuts[0].times.map(|times| times.pts), cuts[1].times), (Some(7), None));
            assert!(stream.bytes().is_empty());
        }
    }

    #[test]
    fn what_was_whole_before_an_interruption_is_kept() {
        for end in [26, 27, 34] {
            let (mut stream, mut cuts) = (Bytestream::default(), Vec::new());
            let mut cutter = Cutter::new(Border::H265);
            stream.push(&STREAM[..end]);
            cutter.interrupt(&mut stream, &mut cuts);
            assert_eq!(cuts.iter().map(|cut| &cut.data[..]).collect::<Vec<_>>(), [FIRST], "{end}");
        }
    }

    #[test]
    fn an_interrupted_unit_is_dropped() {
        let (mut stream, mut cuts) = (Bytestream::default(), Vec::new());
        let mut cutter = Cutter::new(Border::H265);
        stream.push(&STREAM[..15]);
        cutter.cut(&mut stream, &mut cuts);
        assert!(cutter.interrupt(&mut stream, &mut cuts));
        stream.push(&STREAM[20..]);
        cutter.cut(&mut stream, &mut cuts);
        cutter.flush(&mut stream, &mut cuts);
        assert_eq!(cuts.iter().map(|cut| &cut.data[..]).collect::<Vec<_>>(), [SECOND]);
    }
}
