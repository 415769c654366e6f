//! What came out of libx264: NAL units to packets, and what the picture's structure tells.

use bytes::{Bytes, BytesMut};
use x264_sys as c;

use crate::encode::{Hrd, Picture, PictureKind, Psnr};

/// One NAL unit of the library's output, its 4-byte length in front.
pub(super) struct Nal<'a> {
    pub(super) kind: u32,
    pub(super) reference: bool,
    pub(super) data: &'a [u8],
}

/// A picture that came out.
#[derive(Debug)]
pub(super) struct Output {
    /// As it went in.
    pub(super) pts: i64,
    pub(super) dts: i64,
    /// Whether decoding can start here, one way or another.
    pub(super) is_key: bool,
    pub(super) kind: PictureKind,
    pub(super) disposable: bool,
    pub(super) data: Bytes,
    psnr: ([f64; 3], f64),
    ssim: f64,
    hrd: c::x264_hrd_t,
}

impl Output {
    pub(super) fn new(picture: &c::x264_picture_t, nals: &[Nal<'_>], with_filler: bool) -> Self {
        Self {
            pts: picture.i_pts,
            dts: picture.i_dts,
            is_key: picture.b_keyframe != 0,
            kind: kind(picture),
            disposable: !nals.iter().any(|nal| is_slice(nal.kind) && nal.reference),
            data: payload(nals, with_filler),
            psnr: (picture.prop.f_psnr, picture.prop.f_psnr_avg),
            ssim: picture.prop.f_ssim,
            hrd: picture.hrd_timing,
        }
    }

    /// What is told of it, as far as the encoder was `asked` to measure.
    pub(super) fn picture(&self, asked: Asked, quantizer: Option<f32>) -> Picture {
        let ([y, u, v], all) = self.psnr;
        let [y, u, v, all] = [y, u, v, all].map(decibels);
        Picture {
            kind: self.kind,
            disposable: self.disposable,
            quantizer,
            psnr: asked.psnr.then_some(Psnr { y, u, v, all }),
            ssim: asked.ssim.then_some(self.ssim as f32),
            hrd: asked.hrd.then_some(Hrd {
                initial_arrival: self.hrd.cpb_initial_arrival_time,
                final_arrival: self.hrd.cpb_final_arrival_time,
                removal: self.hrd.cpb_removal_time,
                output: self.hrd.dpb_output_time,
            }),
            ..Picture::default()
        }
    }
}

/// What the encoder measures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) psnr: bool,
    pub(super) ssim: bool,
    pub(super) hrd: bool,
}

/// A NAL unit that was given to a callback, with its place in the picture.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) kind: u32,
    pub(super) reference: bool,
    /// The first macroblock; 0 for what is not a slice, and stands in front.
    pub(super) first: u32,
    pub(super) data: Vec<u8>,
}

impl Unit {
    pub(super) fn nal(&self) -> Nal<'_> {
        Nal { kind: self.kind, reference: self.reference, data: &self.data }
    }
}

/// Whether a unit holds coded blocks; H.264 table 7-1. x264 does not partition.
pub(super) const fn is_slice(kind: u32) -> bool {
    matches!(kind, c::NAL_SLICE | c::NAL_SLICE_IDR)
}

/// Whether a packet carries a unit: not parameter sets, which stand in the configuration, nor delimiters; filler when it was asked for.
pub(super) const fn is_carried(kind: u32, with_filler: bool) -> bool {
    match kind {
        c::NAL_SPS | c::NAL_PPS | c::NAL_AUD => false,
        c::NAL_FILLER => with_filler,
        _ => true,
    }
}

/// The bytes of a packet: the one copy out of the library.
fn payload(nals: &[Nal<'_>], with_filler: bool) -> Bytes {
    let kept = || nals.iter().filter(|nal| is_carried(nal.kind, with_filler));
    let mut data = BytesMut::with_capacity(kept().map(|nal| nal.data.len()).sum());
    kept().for_each(|nal| data.extend_from_slice(nal.data));
    data.freeze()
}

fn kind(picture: &c::x264_picture_t) -> PictureKind {
    match picture.i_type {
        c::X264_TYPE_IDR => PictureKind::Key,
        c::X264_TYPE_I => PictureKind::Intra,
        c::X264_TYPE_B => PictureKind::B,
        c::X264_TYPE_BREF => PictureKind::BReference,
        _ => PictureKind::P,
    }
}

/// x264 calls 100 dB what differs nowhere.
fn decibels(psnr: f64) -> f32 {
    if psnr >= 100.0 { f32::INFINITY } else { psnr as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nal(kind: u32, data: &[u8]) -> Nal<'_> {
        Nal { kind, reference: true, data }
    }

    #[test]
    fn parameter_sets_delimiters_and_filler_stay_out_of_packets() {
        // H.264 table 7-1.
        let [slice, idr, sei, sps, pps, delimiter, filler] = [1, 5, 6, 7, 8, 9, 12];
        let nals = [
            nal(delimiter, &[0, 0, 0, 2, 9, 0xf0]),
            nal(sps, &[0, 0, 0, 1, 7]),
            nal(pps, &[0, 0, 0, 1, 8]),
            nal(sei, &[0, 0, 0, 1, 6]),
            nal(idr, &[0, 0, 0, 2, 5, 1]),
            nal(slice, &[0, 0, 0, 2, 1, 2]),
            nal(filler, &[0, 0, 0, 2, 12, 0xff]),
        ];
        let carried = [&[0, 0, 0, 1, 6][..], &[0, 0, 0, 2, 5, 1], &[0, 0, 0, 2, 1, 2]].concat();
        assert_eq!(payload(&nals, false), carried);
        assert_eq!(payload(&nals, true), [&carried[..], &[0, 0, 0, 2, 12, 0xff]].concat());
    }
}
