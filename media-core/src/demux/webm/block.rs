//! Blocks and their lacing, RFC 9559 section 10.

use bytes::Bytes;

use super::ebml;

/// A block taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// `TrackNumber`.
    pub(super) track: u64,
    /// Ticks after the cluster's timestamp, or before it.
    pub(super) time: i16,
    /// The key frame flag, which only a `SimpleBlock` has.
    pub(super) key: bool,
    pub(super) frames: Vec<Bytes>,
}

/// What a `BlockGroup` says of its block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// `BlockDuration` in ticks.
    pub(super) duration: Option<u64>,
    /// Whether there is a `ReferenceBlock`.
    pub(super) refers: bool,
    /// `DiscardPadding` in nanoseconds.
    pub(super) discard: i64,
    /// `BlockMore`s, such as alpha planes.
    pub(super) additions: u64,
}

/// The block does not hold what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// Takes the body of a `SimpleBlock` or `Block` apart.
pub(super) fn block(body: &Bytes) -> Result<Block, Damaged> {
    let (block, flags, len) = head(body)?;
    Ok(Block { frames: frames(body.slice(len..), flags >> 1 & 3)?, ..block })
}

/// What stands before the frames: a block without them, its flags, and how many bytes that were.
pub(super) fn head(body: &[u8]) -> Result<(Block, u8, usize), Damaged> {
    let (track, len) = ebml::vint(body).ok().flatten().ok_or(Damaged)?;
    let &[high, low, flags] = body.get(len..).and_then(|rest| rest.first_chunk::<3>()).ok_or(Damaged)?;
    let time = i16::from_be_bytes([high, low]);
    let block = Block { track: track.ok_or(Damaged)?, time, key: flags & KEY != 0, frames: Vec::new() };
    Ok((block, flags, len + 3))
}

/// The frames of a block, by the two bits of its flags.
fn frames(body: Bytes, lacing: u8) -> Result<Vec<Bytes>, Damaged> {
    if lacing == 0 {
        return Ok(vec![body]);
    }
    let others = usize::from(*body.first().ok_or(Damaged)?);
    let mut at = 1;
    let mut sizes = match lacing {
        1 => xiph(&body, &mut at, others)?,
        3 => differences(&body, &mut at, others)?,
        _ => {
            let (size, rest) = ((body.len() - at) / (others + 1), (body.len() - at) % (others + 1));
            if rest > 0 {
                return Err(Damaged);
            }
            vec![size; others]
        }
    };
    let told: usize = sizes.iter().sum();
    sizes.push((body.len() - at).checked_sub(told).ok_or(Damaged)?);
    let frame = |size: usize| {
        at += size;
        body.slice(at - size..at)
    };
    Ok(sizes.into_iter().map(frame).collect())
}

/// Sizes as bytes of 255 and a last one, added up.
fn xiph(body: &[u8], at: &mut usize, count: usize) -> Result<Vec<usize>, Damaged> {
    let mut size = || {
        let mut size = 0;
        loop {
            let byte = *body.get(*at).ok_or(Damaged)?;
            *at += 1;
            size += usize::from(byte);
            if byte < 255 {
                return Ok(size);
            }
        }
    };
    (0..count).map(|_| size()).collect()
}

/// The first size, then how each differs from the one before.
fn differences(body: &[u8], at: &mut usize, count: usize) -> Result<Vec<usize>, Damaged> {
    let mut sizes = Vec::with_capacity(count + 1);
    for _ in 0..count {
        let (value, len) = ebml::vint(&body[*at..]).ok().flatten().ok_or(Damaged)?;
        *at += len;
        // The middle of the range stands for zero, and all ones are the largest number there is.
        let most = (1_u64 << (7 * len)) - 1;
        let value = value.unwrap_or(most).cast_signed();
        let size = match sizes.last() {
            None => value,
            Some(&last) => last as i64 + value - (most >> 1).cast_signed(),
        };
        sizes.push(usize::try_from(size).ok().filter(|&size| size <= body.len()).ok_or(Damaged)?);
    }
    Ok(sizes)
}

/// Takes a `BlockGroup` apart: its block's body, and what it says of it.
pub(super) fn group(body: &Bytes) -> Result<(Block, Group), Damaged> {
    let (mut inner, mut group) = (None, Group::default());
    for (id, range) in ebml::children(body) {
        match id {
            BLOCK => inner = Some(body.slice(range)),
            BLOCK_DURATION => group.duration = Some(ebml::uint(&body[range])),
            REFERENCE_BLOCK => group.refers = true,
            DISCARD_PADDING => group.discard = ebml::sint(&body[range]),
            BLOCK_ADDITIONS => {
                group.additions +=
                    ebml::children(&body[range]).filter(|(id, _)| *id == BLOCK_MORE).count() as u64;
            }
            _ => {}
        }
    }
    let mut block = block(&inner.ok_or(Damaged)?)?;
    block.key = !group.refers;
    Ok((block, group))
}

/// The first of the eight flags of a `SimpleBlock`.
const KEY: u8 = 0x80;

const BLOCK: u32 = 0xa1;
const BLOCK_DURATION: u32 = 0x9b;
const REFERENCE_BLOCK: u32 = 0xfb;
const DISCARD_PADDING: u32 = 0x75a2;
const BLOCK_ADDITIONS: u32 = 0x75a1;
const BLOCK_MORE: u32 = 0xa6;

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(body: &'static [u8]) -> Result<Vec<usize>, Damaged> {
        let block = block(&Bytes::from_static(body))?;
        Ok(block.frames.iter().map(Bytes::len).collect())
    }

    #[test]
    fn a_plain_block() {
        let block = block(&Bytes::from_static(b"\x81\xff\xfe\x80data")).expect("a block");
        assert_eq!((block.track, block.time, block.key), (1, -2, true));
        assert_eq!(block.frames, ["data"]);
    }

    /// The examples of RFC 9559 section 10.3: frames of 800, 500 and 1000 bytes.
    #[test]
    fn lacing_as_in_the_standard() {
        let payload = vec![0; 2300];
        let laced = |head: &[u8]| block(&[head, &payload].concat().into()).expect("a block").frames;
        let lens = |head: &[u8]| laced(head).iter().map(Bytes::len).collect::<Vec<_>>();
        assert_eq!(lens(b"\x81\0\0\x02\x02\xff\xff\xff\x23\xff\xf5"), [800, 500, 1000]);
        assert_eq!(lens(b"\x81\0\0\x06\x02\x43\x20\x5e\xd3"), [800, 500, 1000]);
        assert_eq!(lens(b"\x81\0\0\x04\x03"), [575; 4]);
    }

    #[test]
    fn lacing_that_does_not_fit() {
        assert_eq!(lens(b"\x81\0\0\x04\x01abc"), Err(Damaged));
        assert_eq!(lens(b"\x81\0\0\x02\x01\xff"), Err(Damaged));
        assert_eq!(lens(b"\x81\0\0\x02\x01\x09abc"), Err(Damaged));
        assert_eq!(lens(b"\x81\0\0\x06\x02\x81\x80abc"), Err(Damaged));
        assert_eq!(lens(b"\x81\0\0\x06"), Err(Damaged));
        assert_eq!(lens(b"\x81\0\0"), Err(Damaged));
    }

    #[test]
    fn a_group_says_whether_it_refers() {
        let (block, group) =
            group(&Bytes::from_static(b"\xa1\x85\x82\0\x01\0x\x9b\x81\x14\xfb\x81\xff\x75\xa2\x82\x01\0"))
                .expect("a group");
        assert_eq!((block.key, block.time, block.track), (false, 1, 2));
        assert_eq!((group.duration, group.discard, group.refers), (Some(20), 256, true));
    }
}
