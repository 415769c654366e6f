//! What tests of several codecs need: real files, records found in them, and streams cut into access units.

use std::path::PathBuf;

use bytes::{BufMut, Bytes, BytesMut};

use super::{PictureOrder, h264, h265};
use crate::bits::Reader;

/// A file below `MEDIA_DIR` (default: `shared/media` beside the workspace); says so and returns `None` when it is not there.
pub(crate) fn media(name: &str) -> Option<Bytes> {
    let path = folder().join(name);
    match std::fs::read(&path) {
        Ok(data) => Some(data.into()),
        Err(error) => {
            eprintln!("skipped: {}: {error}", path.display());
            None
        }
    }
}

/// The files of a folder below `MEDIA_DIR`, none where it is absent.
pub(crate) fn media_files(name: &str) -> Vec<(String, Bytes)> {
    let Ok(entries) = std::fs::read_dir(folder().join(name)) else {
        eprintln!("skipped: {name} is not there");
        return Vec::new();
    };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.into_iter().filter_map(|file| Some((file.clone(), media(&format!("{name}/{file}"))?))).collect()
}

fn folder() -> PathBuf {
    match std::env::var_os("MEDIA_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/media"),
    }
}

/// The payloads of all boxes of a type, found by scanning; `skip` bytes of each (a `FullBox` head) are left out.
pub(crate) fn boxes(file: &Bytes, kind: &[u8; 4], skip: usize) -> Vec<Bytes> {
    let find = |at: usize| {
        let size = u32::from_be_bytes(file[at.checked_sub(4)?..at].try_into().ok()?) as usize;
        let start = at + 4 + skip;
        let end = at - 4 + size;
        (start <= end && end <= file.len()).then(|| file.slice(start..end))
    };
    memchr::memmem::find_iter(file, kind).filter_map(find).collect()
}

/// NAL units behind 4-byte lengths.
pub(crate) fn join<N: AsRef<[u8]>>(nals: impl IntoIterator<Item = N>) -> Bytes {
    let mut out = BytesMut::new();
    for nal in nals {
        let nal = nal.as_ref();
        out.put_u32(nal.len() as u32);
        out.put_slice(nal);
    }
    out.freeze()
}

/// The NAL units behind 4-byte lengths: of an access unit, or of the whole `mdat` of a file with one track.
pub(crate) fn length_prefixed(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader::new(data);
    std::iter::from_fn(move || {
        let length = reader.u32().ok()?;
        Some(reader.bytes(length as usize).unwrap())
    })
}

/// The frames of an IVF file: behind a header of 32 bytes, each behind its little-endian length and 8 bytes of time.
pub(crate) fn ivf_frames(file: &Bytes) -> Vec<Bytes> {
    let mut rest = file.slice(32..);
    let mut frames = Vec::new();
    while let Some((length, _)) = rest.split_first_chunk() {
        let end = 12 + u32::from_le_bytes(*length) as usize;
        frames.push(rest.slice(12..end));
        rest = rest.slice(end..);
    }
    frames
}

/// Numbers of units in display order: by count between restarts.
pub(crate) fn display_order(orders: &[PictureOrder]) -> Vec<usize> {
    let mut restarts = 0;
    let mut keyed: Vec<_> = orders
        .iter()
        .enumerate()
        .map(|(at, order)| {
            restarts += u32::from(order.restarts);
            (restarts, order.count, at)
        })
        .collect();
    keyed.sort();
    keyed.into_iter().map(|(.., at)| at).collect()
}

/// The NAL units of a stream as access units behind lengths: a new one begins before anything that is not a slice, and before a slice that starts
/// another picture (H.264 7.4.1.2.3). Second fields are units of their own.
pub(crate) fn h264_units<'a>(nals: impl Iterator<Item = &'a [u8]>) -> Vec<Bytes> {
    let mut sps = std::collections::HashMap::new();
    let mut pps = std::collections::HashMap::new();
    let mut last: Option<h264::SliceHeader> = None;
    split(nals, |nal| match h264::NalType::of(nal[0]) {
        h264::NalType::Sps => {
            let set = h264::Sps::parse(nal).unwrap();
            sps.insert(set.id, set);
            Piece::Before
        }
        h264::NalType::Pps => {
            let set = h264::Pps::parse(nal).unwrap();
            pps.insert(set.id, set);
            Piece::Before
        }
        h264::NalType::Slice | h264::NalType::Idr | h264::NalType::PartitionA => {
            let pps = &pps[&h264::SliceHeader::pps_id(nal).unwrap()];
            let slice = h264::SliceHeader::parse(nal, &sps[&pps.sps_id], pps).unwrap();
            let starts = last.is_none_or(|last| slice.starts_picture_after(&last));
            last = Some(slice);
            if starts { Piece::First } else { Piece::Behind }
        }
        h264::NalType::Delimiter | h264::NalType::Sei => Piece::Before,
        _ => Piece::Behind,
    })
}

/// The same for H.265 7.4.2.4.4.
pub(crate) fn h265_units<'a>(nals: impl Iterator<Item = &'a [u8]>) -> Vec<Bytes> {
    split(nals, |nal| match h265::NalType::of(nal[0]) {
        kind if kind.is_slice() && nal[2] & 0x80 != 0 => Piece::First,
        h265::NalType::VPS | h265::NalType::SPS | h265::NalType::PPS => Piece::Before,
        h265::NalType::AUD | h265::NalType::PREFIX_SEI => Piece::Before,
        _ => Piece::Behind,
    })
}

/// Where a NAL unit stands in its access unit.
enum Piece {
    /// Before the first slice.
    Before,
    /// The first slice.
    First,
    /// Behind it.
    Behind,
}

fn split<'a>(nals: impl Iterator<Item = &'a [u8]>, mut piece: impl FnMut(&[u8]) -> Piece) -> Vec<Bytes> {
    let mut units: Vec<Vec<&[u8]>> = Vec::new();
    let mut has_slice = true;
    for nal in nals {
        let piece = piece(nal);
        if has_slice && !matches!(piece, Piece::Behind) {
            units.push(Vec::new());
            has_slice = false;
        }
        has_slice |= matches!(piece, Piece::First);
        if let Some(unit) = units.last_mut() {
            unit.push(nal);
        }
    }
    units.into_iter().map(join).collect()
}
