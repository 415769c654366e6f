//! `Cues`, RFC 9559 section 5.1.5: where in the file one can begin to play. Every point takes the same number of bytes, so room for a
//! known number of them can be left exactly.

use bytes::Bytes;

use super::ebml::{Id, element, put_id, void, wide_size, wide_uint};

/// A block to begin at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    /// Its timestamp in ticks of the segment.
    pub(super) time: i64,
    /// `TrackNumber`.
    pub(super) track: u8,
    /// Where its cluster begins in the segment's body.
    pub(super) cluster: u64,
    /// Where it begins in the cluster's body.
    pub(super) relative: u32,
}

impl Cue {
    fn to_element(self) -> Vec<u8> {
        element(
            CUE_POINT,
            &[
                &wide_uint(CUE_TIME, self.time.cast_unsigned()),
                &element(
                    CUE_TRACK_POSITIONS,
                    &[
                        &element(CUE_TRACK, &[&[self.track]]),
                        &wide_uint(CUE_CLUSTER_POSITION, self.cluster),
                        &element(CUE_RELATIVE_POSITION, &[&self.relative.to_be_bytes()]),
                    ],
                ),
            ],
        )
    }
}

/// The element; [`cues_len`] bytes.
pub(super) fn cues(points: &[Cue]) -> Bytes {
    let len = cues_len(points.len() as u64);
    let mut out = Vec::with_capacity(len as usize);
    put_id(&mut out, CUES);
    out.extend(wide_size(len - HEAD));
    points.iter().for_each(|point| out.extend(point.to_element()));
    debug_assert_eq!(out.len() as u64, len);
    out.into()
}

/// The element and behind it a `Void`, `reserve` bytes together; `None` when it does not fit.
pub(super) fn cues_within(points: &[Cue], reserve: u64) -> Option<Bytes> {
    let left = reserve.checked_sub(cues_len(points.len() as u64))?;
    if left == 0 {
        return Some(cues(points));
    }
    Some([&cues(points)[..], &void(left)].concat().into())
}

/// Bytes of `Cues` with as many points.
pub(super) const fn cues_len(points: u64) -> u64 {
    HEAD + points * POINT
}

/// Bytes of the ID and the size.
const HEAD: u64 = 12;
/// Bytes of a point.
const POINT: u64 = 33;

pub(super) const CUES: Id = Id(0x1c53_bb6b);
const CUE_POINT: Id = Id(0xbb);
const CUE_TIME: Id = Id(0xb3);
const CUE_TRACK_POSITIONS: Id = Id(0xb7);
const CUE_TRACK: Id = Id(0xf7);
const CUE_CLUSTER_POSITION: Id = Id(0xf1);
const CUE_RELATIVE_POSITION: Id = Id(0xf0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::webm::hex::bytes;

    const POINTS: [Cue; 2] = [
        Cue { time: 0, track: 1, cluster: 0x1_0203, relative: 2 },
        Cue { time: 0x1234, track: 126, cluster: 0x1_0000_0000, relative: 0x0102_0304 },
    ];

    #[test]
    fn points_take_the_same_room_each() {
        let expected = bytes(
            "1c53bb6b 0100000000000042
               bb 9f b3 88 0000000000000000 b7 93 f7 81 01 f1 88 0000000000010203 f0 84 00000002
               bb 9f b3 88 0000000000001234 b7 93 f7 81 7e f1 88 0000000100000000 f0 84 01020304",
        );
        assert_eq!(cues(&POINTS), expected);
        assert_eq!(cues_len(2), expected.len() as u64);
    }

    #[test]
    fn room_that_is_left_is_void() {
        assert_eq!(cues_within(&POINTS, cues_len(2)), Some(cues(&POINTS)));
        assert_eq!(cues_within(&POINTS, cues_len(2) - 1), None);
        let with_room = cues_within(&POINTS, cues_len(3)).expect("it fits");
        assert_eq!(with_room.len() as u64, cues_len(3));
        assert_eq!(with_room[..cues_len(2) as usize], cues(&POINTS));
        assert_eq!(with_room[cues_len(2) as usize..][..2], [0xec, 0x80 | 31]);
    }
}
