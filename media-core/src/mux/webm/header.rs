//! What comes before the first cluster: the EBML header (RFC 8794 section 11.2), and of the segment `SeekHead`, `Info` and `Tracks` (RFC
//! 9559 sections 5.1.1, 5.1.2 and 5.1.4).

use bytes::Bytes;

use super::ebml::{Id, UNKNOWN_SIZE, element, float, put_id, uint, void, wide_size, wide_uint};
use super::{DocType, Format};

/// Offsets in a file, of what is only known at the end among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// The segment's size, 8 bytes.
    pub(super) size: u64,
    /// Where the body of the segment begins: what positions in `SeekHead` and `Cues` count from.
    pub(super) body: u64,
    /// A `Void` as long as the [`seek`] entry of the cues.
    pub(super) cues_seek: u64,
    /// A `Void` as long as a [`duration`].
    pub(super) duration: u64,
    /// A `Void` for the cues, where they do not go to the end.
    pub(super) cues: u64,
    /// The first cluster.
    pub(super) clusters: u64,
    /// Nanoseconds per tick.
    pub(super) timestamp_scale: u32,
}

/// The header of a stream that nobody goes back in.
pub(super) fn live(doc_type: DocType, format: &Format, tracks: &[u8]) -> Bytes {
    let mut out = begin_segment(doc_type);
    out.extend(info(format, &[]));
    out.extend_from_slice(tracks);
    out.into()
}

/// The header of a file, with room of `reserve` bytes for cues, and for what is only known at the end. Until that is filled in, it is the
/// header of a stream.
pub(super) fn file(doc_type: DocType, format: &Format, tracks: &[u8], reserve: u64) -> (Bytes, Places) {
    let mut out = begin_segment(doc_type);
    let body = out.len() as u64;
    let info = info(format, &void(DURATION_LEN));
    let info_at = SEEK_HEAD_LEN;
    let tracks_at = info_at + info.len() as u64;
    let seek_head = [seek(INFO, info_at), seek(TRACKS, tracks_at), void(SEEK_LEN)].concat();
    out.extend(element(SEEK_HEAD, &[&seek_head]));
    debug_assert_eq!(out.len() as u64, body + SEEK_HEAD_LEN);
    out.extend(info);
    out.extend_from_slice(tracks);
    let cues = out.len() as u64;
    if reserve > 0 {
        out.extend(void(reserve));
    }
    let places = Places {
        size: body - 8,
        body,
        cues_seek: body + SEEK_HEAD_LEN - SEEK_LEN,
        duration: body + tracks_at - DURATION_LEN,
        cues,
        clusters: out.len() as u64,
        timestamp_scale: format.timestamp_scale.get(),
    };
    (out.into(), places)
}

/// An entry of `SeekHead` for the element `id`, `position` bytes into the segment's body; always [`SEEK_LEN`] bytes.
pub(super) fn seek(id: Id, position: u64) -> Vec<u8> {
    element(SEEK, &[&element(SEEK_ID, &[&id.0.to_be_bytes()]), &wide_uint(SEEK_POSITION, position)])
}

/// `Duration` in ticks of the segment; always [`DURATION_LEN`] bytes.
pub(super) fn duration(ticks: f64) -> Vec<u8> {
    float(DURATION, ticks)
}

/// The segment's size, for [`Places::size`].
pub(super) fn segment_size(body: u64) -> Bytes {
    Bytes::copy_from_slice(&wide_size(body))
}

/// `Tracks` around its entries.
pub(super) fn tracks(entries: &[Vec<u8>]) -> Vec<u8> {
    element(TRACKS, &entries.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// Version 4 has what is used here (`CodecDelay`, `DiscardPadding`, `Colour`); who reads version 2, which has `SimpleBlock`, can play it.
fn ebml(doc_type: DocType) -> Vec<u8> {
    element(
        EBML,
        &[
            &uint(EBML_VERSION, 1),
            &uint(EBML_READ_VERSION, 1),
            &uint(EBML_MAX_ID_LENGTH, 4),
            &uint(EBML_MAX_SIZE_LENGTH, 8),
            &element(DOC_TYPE, &[doc_type.name().as_bytes()]),
            &uint(DOC_TYPE_VERSION, 4),
            &uint(DOC_TYPE_READ_VERSION, 2),
        ],
    )
}

/// The EBML header and the head of a segment that lasts to the end.
fn begin_segment(doc_type: DocType) -> Vec<u8> {
    let mut out = ebml(doc_type);
    put_id(&mut out, SEGMENT);
    out.extend(UNKNOWN_SIZE);
    out
}

/// `Info`; what `last` holds comes last in it.
fn info(format: &Format, last: &[u8]) -> Vec<u8> {
    element(
        INFO,
        &[
            &uint(TIMESTAMP_SCALE, format.timestamp_scale.get().into()),
            &element(MUXING_APP, &[APPLICATION]),
            &element(WRITING_APP, &[APPLICATION]),
            last,
        ],
    )
}

/// Bytes of an entry of `SeekHead` as [`seek`] writes it.
const SEEK_LEN: u64 = 21;
/// Bytes of `SeekHead` with its three entries.
const SEEK_HEAD_LEN: u64 = 5 + 3 * SEEK_LEN;
/// Bytes of [`duration`].
const DURATION_LEN: u64 = 11;

/// Without a version, so that the same packets make the same bytes.
const APPLICATION: &[u8] = b"reelmill";

const EBML: Id = Id(0x1a45_dfa3);
const EBML_VERSION: Id = Id(0x4286);
const EBML_READ_VERSION: Id = Id(0x42f7);
const EBML_MAX_ID_LENGTH: Id = Id(0x42f2);
const EBML_MAX_SIZE_LENGTH: Id = Id(0x42f3);
const DOC_TYPE: Id = Id(0x4282);
const DOC_TYPE_VERSION: Id = Id(0x4287);
const DOC_TYPE_READ_VERSION: Id = Id(0x4285);
const SEGMENT: Id = Id(0x1853_8067);
const SEEK_HEAD: Id = Id(0x114d_9b74);
const SEEK: Id = Id(0x4dbb);
const SEEK_ID: Id = Id(0x53ab);
const SEEK_POSITION: Id = Id(0x53ac);
const INFO: Id = Id(0x1549_a966);
const TIMESTAMP_SCALE: Id = Id(0x2a_d7b1);
const DURATION: Id = Id(0x4489);
const MUXING_APP: Id = Id(0x4d80);
const WRITING_APP: Id = Id(0x5741);
const TRACKS: Id = Id(0x1654_ae6b);

#[cfg(test)]
#[path = "header_test.rs"]
mod tests;
