//! Picture order count, 8.3.1.

use super::{SliceHeader, Sps};
use crate::codec::PictureOrder;

/// Derives the place of each picture in display order from slice headers in coding order.
#[derive(Clone, Debug)]
pub struct PicOrderCnt {
    /// `prevTid0Pic`'s count.
    previous: i32,
    /// Whether the next picture starts anew: the first of the stream, and the first after an end of sequence.
    anew: bool,
}

impl Default for PicOrderCnt {
    fn default() -> Self {
        Self { previous: 0, anew: true }
    }
}

impl PicOrderCnt {
    /// The place of the picture whose first slice segment is `slice`.
    pub fn next(&mut self, slice: &SliceHeader, sps: &Sps) -> PictureOrder {
        let kind = slice.nal_type;
        let restarts = kind.is_idr() || kind.is_bla() || (kind.is_cra() && self.anew);
        // A stream that is joined between random access points has to begin its count somewhere.
        let joined = std::mem::take(&mut self.anew);
        let lsb = slice.order_lsb as i32;
        let count = if restarts || joined { lsb } else { self.nearest(lsb, sps.order_bits) };
        if slice.temporal_id == 0 && !kind.is_rasl() && !kind.is_radl() && !kind.is_sub_layer_non_reference()
        {
            self.previous = count;
        }
        PictureOrder { count, restarts }
    }

    /// Tells that the sequence ended (NAL unit type 36 or 37): the next picture starts anew.
    pub const fn end_sequence(&mut self) {
        self.anew = true;
    }

    /// (8-1): the count with these low bits that is nearest to the previous one.
    const fn nearest(&self, lsb: i32, bits: u8) -> i32 {
        let range = 1_i32 << bits;
        let previous_lsb = self.previous & (range - 1);
        let msb = self.previous.wrapping_sub(previous_lsb);
        let msb = if lsb < previous_lsb && previous_lsb - lsb >= range / 2 {
            msb.wrapping_add(range)
        } else if lsb > previous_lsb && lsb - previous_lsb > range / 2 {
            msb.wrapping_sub(range)
        } else {
            msb
        };
        msb.wrapping_add(lsb)
    }
}
