//! A file without fragments: packets of each track lie together for half a second, then those of the next.

use bytes::{Bytes, BytesMut};

use super::boxes::{BOX_HEADER, boxed};
use super::brand;
use super::config::{Limits, Room};
use super::header::Description;
use super::movie::Movie;
use super::queue::Turn;
use super::writer::{Ending, Insertion, Output, Seal};
use super::{Patch, Rope};

/// What is written and what waits.
#[derive(Debug)]
pub(super) struct File {
    movie: Movie,
    limits: Limits,
    chunks: Vec<Chunk>,
    /// Where `moov` will be.
    place: Place,
    /// Where `ftyp` ends, where the header of `mdat` begins, and how long the file is.
    front: u64,
    mdat: u64,
    position: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Behind the media.
    Last,
    /// Before the media, where room was left or the caller makes it.
    First(Room),
}

/// Packets of one track that will lie together.
#[derive(Debug, Default)]
struct Chunk {
    pieces: Vec<Bytes>,
    len: u64,
    /// When the first one is decoded, in nanoseconds.
    begin: i64,
    samples: u32,
}

impl File {
    /// And its first bytes.
    pub(super) fn new(
        tracks: Vec<Description>,
        limits: Limits,
        place: Place,
        signed: bool,
    ) -> (Self, Output) {
        let mut head = BytesMut::from(&brand::ftyp(&brand::with_codecs(&BRANDS, tracks.iter()))[..]);
        let front = head.len() as u64;
        if let Place::First(Room::Bytes(bytes)) = place {
            head.extend_from_slice(&free(bytes.max(BOX_HEADER as u64)));
        }
        let mdat = head.len() as u64;
        head.extend_from_slice(&media_header(None));
        let chunks = tracks.iter().map(|_| Chunk::default()).collect();
        let position = head.len() as u64;
        let movie = Movie::new(tracks, signed);
        let output =
            Output { rope: Rope::from(head.freeze()), is_random_access: false, is_checkpoint: false };
        (Self { movie, limits, chunks, place, front, mdat, position }, output)
    }

    /// Takes a packet; gives out the chunks that are complete by it.
    pub(super) fn put(&mut self, turn: Turn) -> Option<Output> {
        let mut rope = Rope::new();
        for index in 0..self.chunks.len() {
            let (chunk, span) = (&self.chunks[index], turn.order.saturating_sub(self.chunks[index].begin));
            let is_full = span >= self.limits.chunk || chunk.len >= self.limits.bytes;
            // The chunk of a track that is silent does not wait for ever.
            let is_old = span / 2 >= self.limits.chunk;
            if is_old || index == turn.index && is_full {
                self.close(index, &mut rope);
            }
        }
        self.movie.table(turn.index).add(&turn);
        let chunk = &mut self.chunks[turn.index];
        if chunk.samples == 0 {
            chunk.begin = turn.order;
        }
        chunk.samples += 1;
        chunk.len += turn.packet.data.len() as u64;
        chunk.pieces.push(turn.packet.data);
        (!rope.is_empty()).then_some(Output { rope, is_random_access: false, is_checkpoint: false })
    }

    fn close(&mut self, index: usize, rope: &mut Rope) {
        let Chunk { pieces, len, samples, .. } = std::mem::take(&mut self.chunks[index]);
        if samples > 0 {
            self.movie.table(index).chunk(self.position, samples);
            self.position += len;
            rope.extend(pieces);
        }
    }

    /// Appends to `rope`, what is not yet given out.
    pub(super) fn finish(mut self, mut rope: Rope) -> Ending {
        let mut order: Vec<usize> = (0..self.chunks.len()).collect();
        order.sort_by_key(|index| self.chunks[*index].begin);
        order.into_iter().for_each(|index| self.close(index, &mut rope));
        let header = media_header(Some(self.position - self.mdat));
        let mut patches = vec![Patch { offset: self.mdat, bytes: header }];
        let mut insertion = None;
        match self.place {
            Place::First(Room::None) => {
                let bytes = Bytes::from(self.movie.moov_before());
                insertion = Some(Insertion { offset: self.front, bytes, moved: self.position - self.front });
            }
            Place::First(Room::Bytes(_)) => {
                let moov = self.movie.moov(0);
                match filled(moov, self.mdat - self.front) {
                    Ok(bytes) => patches.push(Patch { offset: self.front, bytes }),
                    Err(moov) => rope.push(moov.into()),
                }
            }
            Place::Last => rope.push(self.movie.moov(0).into()),
        }
        Ending { rope, insertion, index: None, seal: Seal::new(patches) }
    }
}

/// `content` in exactly `room` bytes, the rest of which is free; as it was, where that cannot be.
pub(super) fn filled(mut content: Vec<u8>, room: u64) -> Result<Bytes, Vec<u8>> {
    match room.checked_sub(content.len() as u64) {
        Some(0) => Ok(content.into()),
        Some(rest) if rest >= BOX_HEADER as u64 => {
            content.extend(free(rest));
            Ok(content.into())
        }
        _ => Err(content),
    }
}

/// A `free` box of `len` bytes in all, at most 4 GiB.
pub(super) fn free(len: u64) -> Vec<u8> {
    boxed(b"free", &[&vec![0; len.min(u32::MAX.into()) as usize - BOX_HEADER]])
}

/// The header of `mdat` in 16 bytes, for `len` bytes with the header: where that takes more than 32 bits as one of 64 bits, else after an
/// empty `free` box. While the length is not known, `mdat` goes on to the end of the file.
fn media_header(len: Option<u64>) -> Bytes {
    let words = match len.map(|len| (len, u32::try_from(len - 8))) {
        None => [8, FREE, 0, MDAT],
        Some((_, Ok(short))) => [8, FREE, short, MDAT],
        Some((len, Err(_))) => [1, MDAT, (len >> 32) as u32, len as u32],
    };
    Bytes::copy_from_slice(words.map(u32::to_be_bytes).as_flattened())
}

/// An ordinary MP4; `iso6` for sample groups.
pub(super) const BRANDS: [[u8; 4]; 3] = [*b"isom", *b"iso6", *b"mp41"];

const FREE: u32 = u32::from_be_bytes(*b"free");
const MDAT: u32 = u32::from_be_bytes(*b"mdat");
