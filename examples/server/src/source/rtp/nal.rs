//! NAL units in RTP payloads: H.264 (RFC 6184, packetisation modes 0 and 1) and H.265 (RFC 7798, without DONL).
//!
//! Finds whole NAL units in packets (single, aggregated, fragmented) and tells of each what the assembly of pictures must know.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    H264,
    H265,
}

/// What a NAL unit is to the picture it arrives with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The first slice of a picture.
    FirstSlice,
    /// Another slice of a picture.
    LaterSlice,
    /// A parameter set, which stays valid when its picture is lost.
    ParameterSet,
    /// SEI, delimiters and the rest.
    Other,
}

impl Codec {
    /// `None` for what is not a NAL unit at all.
    pub(super) fn role(self, nal: &[u8]) -> Option<Role> {
        match self {
            Self::H264 => Some(match nal.first()? & 0x1f {
                1..=5 => slice(nal.get(1)),
                7 | 8 | 13 | 15 => Role::ParameterSet,
                0 | 24..=31 => return None,
                _ => Role::Other,
            }),
            Self::H265 => {
                nal.get(1)?;
                Some(match nal[0] >> 1 & 0x3f {
                    0..=31 => slice(nal.get(2)),
                    32..=34 => Role::ParameterSet,
                    48..=63 => return None,
                    _ => Role::Other,
                })
            }
        }
    }

    const fn header(self) -> usize {
        match self {
            Self::H264 => 1,
            Self::H265 => 2,
        }
    }
}

/// `first_mb_in_slice` is zero when its Exp-Golomb code begins with a 1 (H.264 7.3.3), and `first_slice_segment_in_pic_flag` is that very
/// bit (H.265 7.3.6.1). In H.264 data partitions B and C (types 3 and 4) begin with `slice_id`; taken as slices, they do no harm.
fn slice(first: Option<&u8>) -> Role {
    if first.is_some_and(|byte| byte & 0x80 != 0) { Role::FirstSlice } else { Role::LaterSlice }
}

/// Finds the NAL units in the payloads of one stream.
#[derive(Debug)]
pub(super) struct Nals {
    codec: Codec,
    fragment: Option<BytesMut>,
}

/// Why a payload gave no NAL unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It breaks its format's rules.
    Malformed,
    /// It is a piece of a NAL unit whose beginning was lost.
    Orphan,
}

impl Nals {
    pub(super) const fn new(codec: Codec) -> Self {
        Self { codec, fragment: None }
    }

    /// Forgets a fragmented NAL unit; true when there was one.
    pub(super) fn abandon(&mut self) -> bool {
        self.fragment.take().is_some()
    }

    /// Hands every NAL unit that `payload` completes to `found`.
    pub(super) fn read(&mut self, payload: &Bytes, found: &mut dyn FnMut(Bytes)) -> Result<(), Fault> {
        let first = *payload.first().ok_or(Fault::Malformed)?;
        match self.codec {
            Codec::H264 => match first & 0x1f {
                0 => Err(Fault::Malformed),
                1..=23 => {
                    whole(payload.clone(), found);
                    Ok(())
                }
                24 => aggregate(payload.slice(1..), found),
                28 => self.fragment_h264(payload, found),
                _ => Err(Fault::Malformed),
            },
            Codec::H265 => match first >> 1 & 0x3f {
                _ if payload.len() < 3 => Err(Fault::Malformed),
                0..=47 => {
                    whole(payload.clone(), found);
                    Ok(())
                }
                48 => aggregate(payload.slice(2..), found),
                49 => self.fragment_h265(payload, found),
                _ => Err(Fault::Malformed),
            },
        }
    }

    /// FU-A, RFC 6184 section 5.8.
    fn fragment_h264(&mut self, payload: &Bytes, found: &mut dyn FnMut(Bytes)) -> Result<(), Fault> {
        let &[indicator, header, ref piece @ ..] = &payload[..] else { return Err(Fault::Malformed) };
        let restored = [indicator & 0xe0 | header & 0x1f, 0];
        self.fragment(&restored[..Codec::H264.header()], header, piece, found)
    }

    /// FU, RFC 7798 section 4.4.3.
    fn fragment_h265(&mut self, payload: &Bytes, found: &mut dyn FnMut(Bytes)) -> Result<(), Fault> {
        let &[first, second, header, ref piece @ ..] = &payload[..] else { return Err(Fault::Malformed) };
        let restored = [first & 0x81 | (header & 0x3f) << 1, second];
        self.fragment(&restored[..Codec::H265.header()], header, piece, found)
    }

    fn fragment(
        &mut self,
        restored: &[u8],
        header: u8,
        piece: &[u8],
        found: &mut dyn FnMut(Bytes),
    ) -> Result<(), Fault> {
        let (starts, ends) = (header & 0x80 != 0, header & 0x40 != 0);
        if starts {
            let mut nal = BytesMut::with_capacity(restored.len() + piece.len() * 4);
            nal.extend_from_slice(restored);
            self.fragment = Some(nal);
        }
        let nal = self.fragment.as_mut().ok_or(Fault::Orphan)?;
        if nal.len() + piece.len() > MAX_NAL {
            self.fragment = None;
            return Err(Fault::Malformed);
        }
        nal.extend_from_slice(piece);
        if ends && let Some(nal) = self.fragment.take() {
            whole(nal.freeze(), found);
        }
        Ok(())
    }
}

/// STAP-A (RFC 6184 section 5.7.1) and AP (RFC 7798 section 4.4.2): 16-bit sizes before the units.
fn aggregate(mut rest: Bytes, found: &mut dyn FnMut(Bytes)) -> Result<(), Fault> {
    while rest.len() >= 2 {
        let size = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        if size == 0 || size > rest.len() - 2 {
            return Err(Fault::Malformed);
        }
        whole(rest.slice(2..2 + size), found);
        rest = rest.slice(2 + size..);
    }
    if rest.is_empty() { Ok(()) } else { Err(Fault::Malformed) }
}

/// Hands on a unit, split where it has start codes in it: some cameras put a whole Annex B picture where RFC 6184 wants one NAL unit.
/// A true NAL unit cannot hold a start code (H.264 7.4.1).
fn whole(nal: Bytes, found: &mut dyn FnMut(Bytes)) {
    let mut rest = nal;
    while let Some(at) = memmem::find(&rest, &[0, 0, 1]) {
        let mut unit = rest.slice(..at);
        while unit.last() == Some(&0) {
            unit.truncate(unit.len() - 1);
        }
        if !unit.is_empty() {
            found(unit);
        }
        rest = rest.slice(at + 3..);
    }
    if !rest.is_empty() {
        found(rest);
    }
}

/// A NAL unit longer than this is given up: the largest picture of level 6.2 stays below it.
const MAX_NAL: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(nals: &mut Nals, payload: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
        let mut found = Vec::new();
        nals.read(&Bytes::copy_from_slice(payload), &mut |nal| found.push(nal.to_vec()))?;
        Ok(found)
    }

    #[test]
    fn h264_single_aggregated_and_fragmented() {
        let mut nals = Nals::new(Codec::H264);
        assert_eq!(read(&mut nals, &[0x65, 0x88, 1]), Ok(vec![vec![0x65, 0x88, 1]]));
        assert_eq!(read(&mut nals, &[0x78, 0, 2, 0x67, 1, 0, 1, 0x68]), Ok(vec![vec![0x67, 1], vec![0x68]]));
        assert_eq!(read(&mut nals, &[0x7c, 0x85, 1, 2]), Ok(vec![]));
        assert_eq!(read(&mut nals, &[0x7c, 0x05, 3]), Ok(vec![]));
        assert_eq!(read(&mut nals, &[0x7c, 0x45, 4]), Ok(vec![vec![0x65, 1, 2, 3, 4]]));
        assert_eq!(read(&mut nals, &[0x7c, 0x45, 4]), Err(Fault::Orphan));
    }

    #[test]
    fn h265_single_aggregated_and_fragmented() {
        let mut nals = Nals::new(Codec::H265);
        assert_eq!(read(&mut nals, &[0x26, 1, 0xaf]), Ok(vec![vec![0x26, 1, 0xaf]]));
        assert_eq!(
            read(&mut nals, &[0x60, 1, 0, 3, 0x40, 1, 9, 0, 2, 0x42, 1]),
            Ok(vec![vec![0x40, 1, 9], vec![0x42, 1]])
        );
        assert_eq!(read(&mut nals, &[0x62, 1, 0x93, 0xaf]), Ok(vec![]));
        assert_eq!(read(&mut nals, &[0x62, 1, 0x53, 7]), Ok(vec![vec![0x26, 1, 0xaf, 7]]));
    }

    #[test]
    fn start_codes_inside_a_unit_split_it() {
        let mut nals = Nals::new(Codec::H264);
        let annex_b = [0x67, 9, 0, 0, 0, 1, 0x68, 8, 0, 0, 1, 0x65, 0x80];
        assert_eq!(read(&mut nals, &annex_b), Ok(vec![vec![0x67, 9], vec![0x68, 8], vec![0x65, 0x80]]));
    }

    #[test]
    fn nonsense_is_told() {
        let mut nals = Nals::new(Codec::H264);
        for payload in [&[][..], &[0x00], &[0x1f], &[0x7c], &[0x78, 0, 9, 1], &[0x78, 0, 1, 1, 7]] {
            assert_eq!(read(&mut nals, payload), Err(Fault::Malformed), "{payload:?}");
        }
        assert_eq!(read(&mut Nals::new(Codec::H265), &[0x26, 1]), Err(Fault::Malformed));
    }

    #[test]
    fn roles() {
        let h264 = |nal: &[u8]| Codec::H264.role(nal);
        assert_eq!(h264(&[0x65, 0x88]), Some(Role::FirstSlice));
        assert_eq!(h264(&[0x65, 0x04]), Some(Role::LaterSlice));
        assert_eq!(h264(&[0x67, 0x42]), Some(Role::ParameterSet));
        assert_eq!(h264(&[0x06]), Some(Role::Other));
        let h265 = |nal: &[u8]| Codec::H265.role(nal);
        assert_eq!(h265(&[0x26, 1, 0x80]), Some(Role::FirstSlice));
        assert_eq!(h265(&[0x02, 1, 0x40]), Some(Role::LaterSlice));
        assert_eq!(h265(&[0x40, 1]), Some(Role::ParameterSet));
        assert_eq!(h265(&[0x4e, 1]), Some(Role::Other));
    }
}
