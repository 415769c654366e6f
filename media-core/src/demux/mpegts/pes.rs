//! PES packets, ISO/IEC 13818-1 2.4.3.6: their headers, and which bytes of the transport packets are theirs.

/// 33 bits of 90 kHz, as they stand in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) pts: u64,
    pub(super) dts: u64,
}

/// The PES packet of one stream that is being read.
#[derive(Clone, Debug, Default)]
pub(super) enum Pes {
    /// None: up to the next start, bytes are nobody's.
    #[default]
    None,
    /// Its header is not whole yet.
    Header(Vec<u8>),
    /// Bytes up to its end, where it says that.
    Body(Option<usize>),
}

/// What a piece of a PES packet brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Nothing,
    /// The header ended in this piece; these bytes are behind it.
    Begin(Option<Stamp>, Vec<u8>),
    More(&'a [u8]),
    /// What stands here is no PES packet.
    Damaged,
}

impl Pes {
    /// Takes a transport packet's payload.
    pub(super) fn push<'a>(&mut self, payload: &'a [u8], is_start: bool) -> Piece<'a> {
        if is_start {
            *self = Self::Header(Vec::new());
        }
        match self {
            Self::None => Piece::Nothing,
            Self::Header(header) => {
                header.extend_from_slice(payload);
                match parse(header) {
                    Parsed::Short => Piece::Nothing,
                    Parsed::Other => {
                        *self = Self::None;
                        Piece::Nothing
                    }
                    Parsed::Damaged => {
                        *self = Self::None;
                        Piece::Damaged
                    }
                    Parsed::Header { stamp, len, left } => {
                        let mut body = header.split_off(len);
                        body.truncate(left.unwrap_or(usize::MAX));
                        *self = Self::Body(left.map(|left| left - body.len()));
                        Piece::Begin(stamp, body)
                    }
                }
            }
            Self::Body(left) => {
                let count = left.map_or(payload.len(), |left| left.min(payload.len()));
                *left = left.map(|left| left - count);
                Piece::More(&payload[..count])
            }
        }
    }
}

enum Parsed {
    Short,
    /// A PES packet without a header of this form: padding, private data.
    Other,
    Damaged,
    Header {
        stamp: Option<Stamp>,
        /// Bytes of the header.
        len: usize,
        /// Bytes behind it; `None` for "up to the next".
        left: Option<usize>,
    },
}

fn parse(bytes: &[u8]) -> Parsed {
    let Some(&[a, b, c, id, high, low]) = bytes.first_chunk::<6>() else { return Parsed::Short };
    if [a, b, c] != [0, 0, 1] {
        return Parsed::Damaged;
    }
    // Program stream map, padding, private stream 2, ECM, EMM, directory, DSM-CC, H.222.1 type E: table 2-21.
    if matches!(id, 0xbc | 0xbe | 0xbf | 0xf0 | 0xf1 | 0xff | 0xf2 | 0xf8) {
        return Parsed::Other;
    }
    let Some(&[marker, flags, extra]) = bytes[6..].first_chunk::<3>() else { return Parsed::Short };
    let len = 9 + usize::from(extra);
    if marker & 0xc0 != 0x80 {
        return Parsed::Damaged;
    }
    if bytes.len() < len {
        return Parsed::Short;
    }
    let fields = &bytes[9..len];
    let time = |at: usize| fields.get(at..).and_then(|rest| rest.first_chunk::<5>()).map(stamp);
    let stamp = match flags >> 6 {
        2 => time(0).map(|pts| Stamp { pts, dts: pts }),
        3 => time(0).zip(time(5)).map(|(pts, dts)| Stamp { pts, dts }),
        _ => None,
    };
    let said = usize::from(u16::from_be_bytes([high, low]));
    let left = match said {
        0 => None,
        // Pictures of more than 64 KiB should have a length of zero; some encoders write what is left of it in 16 bits.
        _ if id & 0xf0 == VIDEO => None,
        said => match said.checked_sub(len - 6) {
            Some(left) => Some(left),
            None => return Parsed::Damaged,
        },
    };
    Parsed::Header { stamp, len, left }
}

/// Marker bits between the three parts are not looked at: some encoders get them wrong.
const fn stamp(field: &[u8; 5]) -> u64 {
    let [a, b, c, d, e] = *field;
    (a as u64 >> 1 & 7) << 30 | (b as u64) << 22 | (c as u64 >> 1) << 15 | (d as u64) << 7 | e as u64 >> 1
}

/// The high bits of the `stream_id` of pictures.
const VIDEO: u8 = 0xe0;

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\x00\x00\x01\xbd\x00\x0f\x84\xc0\x0a\x31\x00\x37\x77\x41\x11\x00\x01\x00\x01ab";

    #[test]
    fn headers_come_in_any_pieces() {
        for cut in 1..HEADER.len() {
            let mut pes = Pes::default();
            let first = pes.push(&HEADER[..cut], true);
            let second = pes.push(&HEADER[cut..], false);
            let begin = Piece::Begin(Some(Stamp { pts: 900_000, dts: 0 }), HEADER[19..cut.max(21)].to_vec());
            match cut {
                // The length of 15 leaves two bytes.
                19.. => {
                    assert!(matches!(first, Piece::Begin(Some(_), _)) && matches!(second, Piece::More(_)))
                }
                _ => assert_eq!((first, second), (Piece::Nothing, begin)),
            }
        }
    }

    #[test]
    fn bytes_beyond_the_length_are_nobodys() {
        let mut pes = Pes::default();
        assert!(matches!(pes.push(HEADER, true), Piece::Begin(..)));
        assert_eq!(pes.push(b"xyz", false), Piece::More(b""));
        assert_eq!(pes.push(b"\0\0\x02\xe0", true), Piece::Nothing);
        assert_eq!(pes.push(b"\0\0", false), Piece::Damaged);
    }
}
