//! Picture order count, 8.2.1.

use super::{Field, OrderType, SliceHeader, Sps};
use crate::codec::PictureOrder;

/// Derives the place of each picture in display order from slice headers in coding order.
///
/// Counts wrap at 32 bits, as they may in a stream that never sends an IDR picture.
#[derive(Clone, Debug, Default)]
pub struct PicOrderCnt {
    /// `prevPicOrderCntMsb` and `prevPicOrderCntLsb`: of the last reference picture.
    msb: i32,
    lsb: i32,
    /// `prevFrameNum` and `prevFrameNumOffset`: of the last picture.
    frame_num: u32,
    frame_num_offset: i32,
}

impl PicOrderCnt {
    /// The place of the picture that `slice`, the first of it, belongs to: of a frame the smaller count of its fields.
    pub fn next(&mut self, slice: &SliceHeader, sps: &Sps) -> PictureOrder {
        if slice.idr {
            *self = Self::default();
        }
        let offset = self.frame_num_offset_of(slice, sps);
        let (top, bottom) = match &sps.order_type {
            OrderType::Lsb { bits } => self.by_lsb(slice, *bits),
            OrderType::Cycle { non_ref_pic, top_to_bottom, ref_frames, .. } => {
                let frame =
                    by_cycle(slice, offset, *non_ref_pic, ref_frames).wrapping_add(slice.order_delta[0]);
                (frame, frame.wrapping_add(*top_to_bottom).wrapping_add(slice.order_delta[1]))
            }
            OrderType::FrameNum => {
                let twice = offset.wrapping_add(slice.frame_num as i32).wrapping_mul(2);
                let count = if slice.ref_idc == 0 { twice.wrapping_sub(1) } else { twice };
                (count, count)
            }
        };
        let count = match slice.field {
            None => top.min(bottom),
            Some(Field::Top) => top,
            Some(Field::Bottom) => bottom,
        };
        (self.frame_num, self.frame_num_offset) = (slice.frame_num, offset);
        if slice.forgets {
            self.forget(slice, top, bottom);
            return PictureOrder { count: 0, restarts: true };
        }
        PictureOrder { count, restarts: slice.idr }
    }

    /// Counts of the top and bottom field, 8.2.1.1; of a single field both are the same.
    fn by_lsb(&mut self, slice: &SliceHeader, bits: u8) -> (i32, i32) {
        let range = 1_i32 << bits;
        let lsb = slice.order_lsb as i32;
        let msb = if lsb < self.lsb && self.lsb - lsb >= range / 2 {
            self.msb.wrapping_add(range)
        } else if lsb > self.lsb && lsb - self.lsb > range / 2 {
            self.msb.wrapping_sub(range)
        } else {
            self.msb
        };
        if slice.ref_idc != 0 {
            (self.msb, self.lsb) = (msb, lsb);
        }
        let top = msb.wrapping_add(lsb);
        (top, top.wrapping_add(slice.order_bottom))
    }

    /// `FrameNumOffset`, 8.2.1.2 and 8.2.1.3.
    const fn frame_num_offset_of(&self, slice: &SliceHeader, sps: &Sps) -> i32 {
        if self.frame_num > slice.frame_num {
            self.frame_num_offset.wrapping_add(1 << sps.frame_num_bits)
        } else {
            self.frame_num_offset
        }
    }

    /// What remains after operation 5: the picture counts as if it had been the first, 8.2.1 and 7.4.3.
    fn forget(&mut self, slice: &SliceHeader, top: i32, bottom: i32) {
        let lsb = match slice.field {
            None => top.wrapping_sub(top.min(bottom)),
            Some(_) => 0,
        };
        *self = Self { lsb, ..Self::default() };
    }
}

/// `expectedPicOrderCnt`, 8.2.1.2.
fn by_cycle(slice: &SliceHeader, offset: i32, non_ref_pic: i32, ref_frames: &[i32]) -> i32 {
    let mut frame = 0;
    if !ref_frames.is_empty() {
        frame = i64::from(offset) + i64::from(slice.frame_num);
        if slice.ref_idc == 0 {
            frame -= 1;
        }
    }
    let mut count = 0;
    if frame > 0 {
        let length = ref_frames.len() as i64;
        let whole = (frame - 1) / length;
        let sum = |offsets: &[i32]| offsets.iter().map(|&offset| i64::from(offset)).sum::<i64>();
        let part = sum(&ref_frames[..=((frame - 1) % length) as usize]);
        count = whole.wrapping_mul(sum(ref_frames)).wrapping_add(part);
    }
    if slice.ref_idc == 0 {
        count = count.wrapping_add(non_ref_pic.into());
    }
    count as i32
}
