//! What a packet says of itself before any of it is decoded, so that libvpx never sees a size or format that is not wanted: it allocates
//! what a header states.

use super::{Codec, Options};
use crate::codec::vp8;
use crate::codec::vp9::{self, Header, Parts, Subsampling};
use crate::decode::Error;
use crate::frame::{MAX_SIDE, PixelFormat};
use crate::packet::Packet;

/// What a packet is for the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Decoding can start here, with pictures of this size; for layers, of the lowest.
    Key { size: (u32, u32) },
    /// It refers to what was decoded before.
    Inter,
}

/// Reads the headers of all frames in a packet that are to be decoded.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Unsupported`] or [`Error::Size`].
pub(super) fn read(options: &Options, packet: &Packet, max: (u32, u32)) -> Result<Head, Error> {
    match options.codec {
        Codec::Vp8 => read_vp8(packet, max),
        Codec::Vp9 => read_vp9(packet, options.spatial_layer, max),
    }
}

fn read_vp8(packet: &Packet, max: (u32, u32)) -> Result<Head, Error> {
    let config = match vp8::Config::from_key_frame(&packet.data) {
        Err(vp8::Error::NotKey) => return Ok(Head::Inter),
        read => read.map_err(|error| damaged(Codec::Vp8, packet, error.to_string()))?,
    };
    let size = config.size();
    check_size(size, max)?;
    Ok(Head::Key { size })
}

fn read_vp9(packet: &Packet, layer: Option<u8>, max: (u32, u32)) -> Result<Head, Error> {
    let bad = |error: vp9::Error| damaged(Codec::Vp9, packet, error.to_string());
    let mut head = None;
    let decoded = layer.map_or(usize::MAX, |layer| usize::from(layer) + 1);
    for frame in vp9::frames(&packet.data).take(decoded) {
        if let Header::Key(parts) = Header::parse(frame).map_err(bad)? {
            format_of(&parts)?;
            head.get_or_insert(Head::Key { size: (parts.width, parts.height) });
        }
        if let Some(size) = vp9::stated_size(frame).map_err(bad)? {
            check_size(size, max)?;
        }
        head.get_or_insert(Head::Inter);
    }
    head.ok_or_else(|| damaged(Codec::Vp9, packet, "a superframe without frames".into()))
}

fn check_size(found: (u32, u32), max: (u32, u32)) -> Result<(), Error> {
    let max = (max.0.min(MAX_SIDE), max.1.min(MAX_SIDE));
    if found.0 > max.0 || found.1 > max.1 { Err(Error::Size { found, max }) } else { Ok(()) }
}

/// How samples of a VP9 stream lie.
fn format_of(parts: &Parts) -> Result<PixelFormat, Error> {
    match (parts.bit_depth, parts.subsampling) {
        (8, Subsampling::Vertical420 | Subsampling::Colocated420) => Ok(PixelFormat::I420),
        (8, Subsampling::Yuv422) => Ok(PixelFormat::I422),
        (8, Subsampling::Yuv444) => Ok(PixelFormat::I444),
        (10, Subsampling::Vertical420 | Subsampling::Colocated420) => Ok(PixelFormat::I010),
        (10, Subsampling::Yuv422) => Ok(PixelFormat::I210),
        (10, Subsampling::Yuv444) => Ok(PixelFormat::I410),
        (depth, chroma) => {
            let chroma = match chroma {
                Subsampling::Yuv440 => "4:4:0",
                Subsampling::Yuv422 => "4:2:2",
                Subsampling::Yuv444 => "4:4:4",
                _ => "4:2:0",
            };
            let found = format!("profile {}, {depth} bits, {chroma}", parts.profile);
            Err(Error::Unsupported { codec: Codec::Vp9.name(), found })
        }
    }
}

pub(super) fn damaged(codec: Codec, packet: &Packet, detail: String) -> Error {
    Error::Damaged { codec: codec.name(), pts: packet.pts, detail }
}
