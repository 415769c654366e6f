//! Frames: the start of the uncompressed header, and the index that binds several into a superframe.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Error, Parts, Subsampling};
use crate::bits::BitReader;
use crate::codec::Colour;

/// What the first bits of a frame say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// A frame without coded data: one that was decoded before is shown.
    ShowExisting {
        /// Which of the eight reference slots, 0 to 7.
        slot: u8,
    },
    /// A key frame.
    Key(Parts),
    /// A frame that depends on others, or (intra-only) leaves slots from before in use.
    Inter {
        /// Whether it is shown; hidden frames are references for later ones.
        shown: bool,
    },
}

impl Header {
    /// Reads the header of one frame, not of a superframe.
    ///
    /// # Errors
    /// When it is cut short or not VP9.
    pub fn parse(frame: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(frame);
        let marker = bits.bits(2)? as u8;
        if marker != 2 {
            return Err(Error::Marker(marker));
        }
        let profile = (bits.bits(1)? | bits.bits(1)? << 1) as u8;
        if profile == 3 && bits.bit()? {
            return Err(Error::Reserved);
        }
        if bits.bit()? {
            return Ok(Self::ShowExisting { slot: bits.bits(3)? as u8 });
        }
        let inter = bits.bit()?;
        let shown = bits.bit()?;
        bits.skip(1)?; // error_resilient_mode
        if inter {
            return Ok(Self::Inter { shown });
        }
        let sync_code = bits.bits(24)?;
        if sync_code != 0x49_83_42 {
            return Err(Error::SyncCode(sync_code));
        }
        let mut parts = color_config(&mut bits, profile)?;
        parts.width = bits.bits(16)? + 1;
        parts.height = bits.bits(16)? + 1;
        Ok(Self::Key(parts))
    }
}

/// The width and height in pixels that a frame states itself, whatever its kind; `None` where it has those of a frame it refers to, or
/// is one that was decoded before. Not of a superframe.
///
/// # Errors
/// When it is cut short or not VP9.
pub fn stated_size(frame: &[u8]) -> Result<Option<(u32, u32)>, Error> {
    let shown = match Header::parse(frame)? {
        Header::ShowExisting { .. } => return Ok(None),
        Header::Key(parts) => return Ok(Some((parts.width, parts.height))),
        Header::Inter { shown } => shown,
    };
    let mut bits = BitReader::new(frame);
    bits.skip(2)?; // frame_marker
    let profile = (bits.bits(1)? | bits.bits(1)? << 1) as u8;
    bits.skip(if profile == 3 { 4 } else { 3 })?; // reserved_zero, show_existing_frame, frame_type, show_frame
    let error_resilient = bits.bit()?;
    let intra_only = !shown && bits.bit()?;
    bits.skip(if error_resilient { 0 } else { 2 })?; // reset_frame_context
    if intra_only {
        bits.skip(24)?; // frame_sync_code
        if profile > 0 {
            color_config(&mut bits, profile)?;
        }
        bits.skip(8)?; // refresh_frame_flags
    } else {
        bits.skip(8 + 3 * 4)?; // refresh_frame_flags, three references with their sign
        for _ in 0..3 {
            if bits.bit()? {
                return Ok(None); // found_ref
            }
        }
    }
    Ok(Some((bits.bits(16)? + 1, bits.bits(16)? + 1)))
}

/// Whether nothing that comes later depends on this frame or superframe, section 6.2: it is in no reference slot, and its statistics are not
/// taken over. A frame that cannot be read is not taken for one.
#[cfg(feature = "vpx")]
pub(crate) fn is_disposable(data: &[u8]) -> bool {
    frames(data).all(|frame| leaves_no_trace(frame).unwrap_or(false))
}

#[cfg(feature = "vpx")]
fn leaves_no_trace(frame: &[u8]) -> Result<bool, Error> {
    let Header::Inter { shown: true } = Header::parse(frame)? else {
        return Ok(false);
    };
    let mut bits = BitReader::new(frame);
    bits.skip(2)?; // frame_marker
    let profile_3 = bits.bits(2)? == 3;
    bits.skip(if profile_3 { 4 } else { 3 })?; // reserved_zero, show_existing_frame, frame_type, show_frame
    let error_resilient = bits.bit()?;
    if !error_resilient {
        bits.skip(2)?; // reset_frame_context
    }
    let refresh_frame_flags = bits.bits(8)?;
    bits.skip(12)?; // ref_frame_idx and ref_frame_sign_bias, three each
    if !(bits.bit()? || bits.bit()? || bits.bit()?) {
        bits.skip(32)?; // frame_size() where no found_ref says whose it is
    }
    if bits.bit()? {
        bits.skip(32)?; // render_size()
    }
    bits.skip(1)?; // allow_high_precision_mv
    if !bits.bit()? {
        bits.skip(2)?; // raw_interpolation_filter
    }
    let refresh_frame_context = !error_resilient && bits.bit()?;
    Ok(refresh_frame_flags == 0 && !refresh_frame_context)
}

/// `color_config()`, section 6.2.2.
fn color_config(bits: &mut BitReader<'_>, profile: u8) -> Result<Parts, Error> {
    let bit_depth = match profile {
        0 | 1 => 8,
        _ if bits.bit()? => 12,
        _ => 10,
    };
    let color_space = bits.bits(3)? as u8;
    let full_range = color_space == RGB || bits.bit()?;
    let mut parts =
        Parts { profile, bit_depth, colour: colour(color_space, bit_depth, full_range), ..Parts::new(0, 0) };
    if color_space == RGB {
        parts.subsampling = Subsampling::Yuv444;
    }
    if profile % 2 == 1 {
        if color_space != RGB {
            parts.subsampling = match (bits.bit()?, bits.bit()?) {
                (false, false) => Subsampling::Yuv444,
                (false, true) => Subsampling::Yuv440,
                (true, false) => Subsampling::Yuv422,
                (true, true) => return Err(Error::Reserved),
            };
        }
        if bits.bit()? {
            return Err(Error::Reserved);
        }
    }
    Ok(parts)
}

/// The frames of a superframe in coding order, or the frame itself where `data` is not one. An index that contradicts the data is
/// not one (annex B); frames of no bytes are left out.
pub fn frames(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut rest, index) = superframe(data).unwrap_or((data, &[]));
    let size_bytes = index.first().map_or(0, |marker| usize::from(marker >> 3 & 3) + 1);
    let sizes = index.get(1..).unwrap_or_default();
    let mut sizes = sizes.chunks_exact(size_bytes.max(1));
    let mut whole = index.is_empty();
    std::iter::from_fn(move || {
        if std::mem::take(&mut whole) {
            return Some(rest);
        }
        let size = sizes.next()?.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        let (frame, after) = rest.split_at_checked(size)?;
        rest = after;
        Some(frame)
    })
    .filter(|frame| !frame.is_empty())
}

/// The first `count` frames of a superframe, as a superframe of their own or the frame alone: the lower spatial layers of a stream that has
/// several in each packet. All of `data` where it has no more than that.
///
/// ```
/// use bytes::Bytes;
/// use media_core::codec::vp9;
/// // Two frames of three and two bytes.
/// let both = Bytes::from_static(&[1, 2, 3, 4, 5, 0xc1, 3, 2, 0xc1]);
/// assert_eq!(vp9::first_frames(&both, 1), [1, 2, 3][..]);
/// assert_eq!(vp9::first_frames(&both, 2), both);
/// ```
pub fn first_frames(data: &Bytes, count: usize) -> Bytes {
    let sizes: Vec<usize> = frames(data).map(<[u8]>::len).collect();
    if sizes.len() <= count {
        return data.clone();
    }
    let sizes = &sizes[..count];
    let kept = data.slice(..sizes.iter().sum::<usize>());
    if count < 2 {
        return kept;
    }
    let size_bytes = sizes.iter().max().map_or(1, |size| (size.max(&1).ilog2() / 8) as usize + 1);
    let marker = 0xc0 | ((size_bytes - 1) << 3) as u8 | (count - 1) as u8;
    let mut out = BytesMut::from(&kept[..]);
    out.put_u8(marker);
    for size in sizes {
        out.put_uint_le(*size as u64, size_bytes);
    }
    out.put_u8(marker);
    out.freeze()
}

/// The frames' bytes and the index with its first marker but without its last, annex B.
fn superframe(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&marker, body) = data.split_last()?;
    if marker >> 5 != 0b110 {
        return None;
    }
    let count = usize::from(marker & 7) + 1;
    let size_bytes = usize::from(marker >> 3 & 3) + 1;
    let at = body.len().checked_sub(1 + count * size_bytes)?;
    let (frames, index) = body.split_at(at);
    (index[0] == marker).then_some((frames, index))
}

/// The stream's three bits as code points of ISO/IEC 23091-2; `None` where nothing is said.
///
/// VP9 names a matrix only. Primaries and transfer are those of the recommendation it names: BT.601 in its 625-line form, since
/// SMPTE 170M is there for the other.
pub(crate) const fn colour(color_space: u8, bit_depth: u8, full_range: bool) -> Option<Colour> {
    let (primaries, transfer, matrix) = match color_space {
        1 => (5, 6, 5),
        2 => (1, 1, 1),
        3 => (6, 6, 6),
        4 => (7, 7, 7),
        5 => (9, if bit_depth == 12 { 15 } else { 14 }, 9),
        RGB => (1, 13, 0),
        _ if full_range => (2, 2, 2),
        _ => return None,
    };
    Some(Colour { primaries, transfer, matrix, full_range })
}

const RGB: u8 = 7;
