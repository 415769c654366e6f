//! Boxes, ISO/IEC 14496-12 4.2.

use bytes::Bytes;

use crate::bits::Reader;

/// `boxtype`.
pub(super) type Kind = [u8; 4];

/// The header of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Bytes of the header, 8 or 16.
    pub(super) len: u64,
    /// Bytes of the box with its header; `None` where it lasts to the end of the file.
    pub(super) size: Option<u64>,
}

/// What the first bytes of a box are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Box(Header),
    /// This many bytes tell more.
    Needs(u64),
    /// A size smaller than the header.
    Absurd,
}

impl Head {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader::new(bytes);
        let (Ok(size), Ok(kind)) = (reader.u32(), reader.array()) else { return Self::Needs(8) };
        match size {
            0 => Self::Box(Header { kind, len: 8, size: None }),
            1 => match reader.u64() {
                Ok(size) if size < 16 => Self::Absurd,
                Ok(size) => Self::Box(Header { kind, len: 16, size: Some(size) }),
                Err(_) => Self::Needs(16),
            },
            2..8 => Self::Absurd,
            size => Self::Box(Header { kind, len: 8, size: Some(size.into()) }),
        }
    }
}

/// A box within a box.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) kind: Kind,
    /// What follows its header.
    pub(super) body: Bytes,
    /// Whether it says that it is longer than what it is in.
    pub(super) cut: bool,
}

/// The boxes one after the other in `data`; one that goes beyond it is cut off. What is no box ends them: QuickTime closes some lists
/// with four zero bytes.
pub(super) fn children(mut data: Bytes) -> impl Iterator<Item = Child> {
    std::iter::from_fn(move || {
        let Head::Box(header) = Head::read(&data) else { return None };
        if header.kind == [0; 4] {
            return None;
        }
        let whole = data.len();
        let size = header.size.map_or(whole, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let body = data.slice(header.len as usize..size.min(whole));
        data = data.slice(size.min(whole)..);
        Some(Child { kind: header.kind, body, cut: size > whole })
    })
}

/// The first box of that kind.
pub(super) fn child(data: &Bytes, kind: &Kind) -> Option<Bytes> {
    children(data.clone()).find(|child| child.kind == *kind).map(|child| child.body)
}

/// Version and flags of a full box and what follows them.
pub(super) fn full(body: &Bytes) -> Option<(u8, u32, Bytes)> {
    let word = u32::from_be_bytes(*body.first_chunk()?);
    Some(((word >> 24) as u8, word & 0xff_ffff, body.slice(4..)))
}

/// Rows of equal width, left as they stand in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    data: Bytes,
    width: usize,
    count: usize,
}

impl Rows {
    /// As many rows as `claimed` and as there are bytes.
    pub(super) fn new(data: Bytes, width: usize, claimed: u64, short: &mut u64) -> Self {
        let there = data.len() / width;
        let count = usize::try_from(claimed).map_or(there, |claimed| claimed.min(there));
        *short += u64::from(claimed > there as u64);
        Self { data, width, count }
    }

    /// The rows of a full box that counts them; whether some are missing is added to `short`.
    pub(super) fn of(body: &Bytes, width: usize, short: &mut u64) -> Option<Self> {
        let (_, _, rest) = full(body)?;
        let count = u32::from_be_bytes(*rest.first_chunk()?);
        Some(Self::new(rest.slice(4..), width, count.into(), short))
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// The bytes of a row.
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        if row >= self.count {
            return None;
        }
        self.data.get(row * self.width..(row + 1) * self.width)
    }

    /// A row as numbers of 32 bits.
    pub(super) fn words<const N: usize>(&self, row: usize) -> Option<[u32; N]> {
        let mut reader = Reader::new(self.get(row)?);
        let mut words = [0; N];
        for word in &mut words {
            *word = reader.u32().ok()?;
        }
        Some(words)
    }
}
