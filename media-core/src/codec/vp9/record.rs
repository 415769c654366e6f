//! `vpcC`, the codecs string and levels: what VP8 and VP9 share in MP4.

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::Colour;

/// Chroma per luma sample; the number is `chromaSubsampling` of `vpcC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subsampling {
    /// 4:2:0, chroma half-way between two rows.
    Vertical420 = 0,
    /// 4:2:0, chroma at the upper left luma sample.
    Colocated420 = 1,
    /// 4:2:2.
    Yuv422 = 2,
    /// 4:4:4.
    Yuv444 = 3,
    /// 4:4:0, which `vpcC` has no number for; it is written as 4, reserved.
    Yuv440 = 4,
}

impl Subsampling {
    /// Whether chroma has half the luma samples in both directions.
    pub const fn is_420(self) -> bool {
        matches!(self, Self::Vertical420 | Self::Colocated420)
    }
}

/// The fields of `vpcC`.
#[derive(Clone, Debug)]
pub(crate) struct VpcC {
    pub(crate) profile: u8,
    pub(crate) level: u8,
    pub(crate) bit_depth: u8,
    pub(crate) subsampling: Subsampling,
    pub(crate) colour: Option<Colour>,
}

impl VpcC {
    pub(crate) fn record(&self) -> Bytes {
        let colour = self.colour.unwrap_or(Colour::UNSPECIFIED);
        let mut out = BytesMut::with_capacity(8);
        out.put_u8(self.profile);
        out.put_u8(self.level);
        out.put_u8(self.bit_depth << 4 | (self.subsampling as u8) << 1 | u8::from(colour.full_range));
        out.put_slice(&[colour.primaries, colour.transfer, colour.matrix]);
        out.put_u16(0); // codecInitializationDataSize: must be 0 for VP8 and VP9
        out.freeze()
    }

    pub(crate) fn codecs(&self, sample_entry: &str) -> String {
        let mut text = format!("{sample_entry}.{:02}.{:02}.{:02}", self.profile, self.level, self.bit_depth);
        if self.colour.is_some() || !self.subsampling.is_420() {
            let colour = self.colour.unwrap_or(Colour::UNSPECIFIED);
            text += &format!(
                ".{:02}.{:02}.{:02}.{:02}.{:02}",
                self.subsampling as u8,
                colour.primaries,
                colour.transfer,
                colour.matrix,
                u8::from(colour.full_range)
            );
        }
        text
    }
}

/// The lowest level (times ten) whose picture size, side and, if the frame rate is known, sample rate suffice; 62 when none does.
pub(crate) fn level((width, height): (u32, u32), frame_rate: Option<(u32, u32)>) -> u8 {
    let picture = u64::from(width) * u64::from(height);
    let side = width.max(height);
    let fits = |&&(_, rate, size, breadth): &&(u8, u64, u64, u32)| {
        let fast_enough = frame_rate.is_none_or(|(num, den)| {
            u128::from(picture) * u128::from(num) <= u128::from(rate) * u128::from(den)
        });
        picture <= size && side <= breadth && fast_enough
    };
    LEVELS.iter().find(fits).map_or(62, |level| level.0)
}

/// VP9 annex A: level, most luma samples per second, most luma samples per picture, longest side.
const LEVELS: [(u8, u64, u64, u32); 14] = [
    (10, 829_440, 36_864, 512),
    (11, 2_764_800, 73_728, 768),
    (20, 4_608_000, 122_880, 960),
    (21, 9_216_000, 245_760, 1344),
    (30, 20_736_000, 552_960, 2048),
    (31, 36_864_000, 983_040, 2752),
    (40, 83_558_400, 2_228_224, 4160),
    (41, 160_432_128, 2_228_224, 4160),
    (50, 311_951_360, 8_912_896, 8384),
    (51, 588_251_136, 8_912_896, 8384),
    (52, 1_176_502_272, 8_912_896, 8384),
    (60, 1_176_502_272, 35_651_584, 16_832),
    (61, 2_353_004_544, 35_651_584, 16_832),
    (62, 4_706_009_088, 35_651_584, 16_832),
];
