//! From what libvpx put out to packets and what is told of their pictures.

use vpx_sys as c;

use super::context::{Raw, RawFrame};
use crate::encode::{Layer, Output, Picture, PictureKind, Psnr};
use crate::packet::Key;

/// The frames, each with the ratio that came before it.
pub(super) fn outputs(raw: Vec<Raw>, by_size: bool) -> impl Iterator<Item = Output> {
    let mut psnr = None;
    raw.into_iter().filter_map(move |raw| match raw {
        Raw::Psnr(planes) => {
            psnr = Some(decibels(planes));
            None
        }
        Raw::Frame(frame) => Some(output(frame, psnr.take(), by_size)),
        Raw::Statistics(_) => None,
    })
}

fn output(frame: RawFrame, psnr: Option<Psnr>, by_size: bool) -> Output {
    let RawFrame { data, pts, flags, layers } = frame;
    let is = |flag| flags & flag != 0;
    let key = if is(c::VPX_FRAME_IS_KEY) { Key::Closed } else { Key::No };
    // Neither codec reorders: what is decoded first is shown first.
    let kind = if key == Key::No { PictureKind::P } else { PictureKind::Key };
    // VP8 does not write which layers there are.
    let spatial = layers.iter().rposition(|coded| by_size && *coded != 0).unwrap_or(0) as u8;
    let picture = Picture {
        kind,
        disposable: is(c::VPX_FRAME_IS_DROPPABLE),
        hidden: is(c::VPX_FRAME_IS_INVISIBLE),
        layer: Layer { spatial, temporal: 0 },
        psnr,
        ..Picture::default()
    };
    Output { pts, dts: pts, key, data, picture }
}

/// libvpx says 100 dB at most, also where nothing was lost.
fn decibels(planes: [(u64, f64); 4]) -> Psnr {
    let [all, y, u, v] =
        planes.map(|(error, decibels)| if error == 0 { f32::INFINITY } else { decibels as f32 });
    Psnr { y, u, v, all }
}
