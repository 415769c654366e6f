//! IVF, the simplest container there is for VP8 and VP9: a header of 32 bytes, then each frame behind its length and timestamp.

use std::error::Error;

use bytes::Bytes;
use media_core::packet::{Key, Packet};
use media_core::time::Timestamp;
use media_core::track::TrackId;

/// The header of a file.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// `VP80` or `VP90`.
    pub codec: [u8; 4],
    /// Width and height in pixels.
    pub size: (u16, u16),
    /// Ticks a second as a fraction: at an even pace, the frame rate.
    pub rate: (u32, u32),
}

/// A whole file of these packets.
pub fn file<'a>(header: Header, packets: impl IntoIterator<Item = &'a Packet>) -> Vec<u8> {
    let mut out = [b"DKIF\0\0\x20\0", &header.codec[..]].concat();
    out.extend([header.size.0, header.size.1].map(u16::to_le_bytes).as_flattened());
    // The number of frames, which readers do not go by, is put in at the end.
    out.extend([header.rate.0, header.rate.1, 0, 0].map(u32::to_le_bytes).as_flattened());
    let mut count = 0_u32;
    for packet in packets {
        out.extend((packet.data.len() as u32).to_le_bytes());
        out.extend(packet.pts.ticks().to_le_bytes());
        out.extend_from_slice(&packet.data);
        count += 1;
    }
    out[24..28].copy_from_slice(&count.to_le_bytes());
    out
}

/// The header of a file and its packets, whose bytes are not copied. A file that was cut off ends with its last whole packet.
pub fn read(file: &Bytes) -> Result<(Header, impl Iterator<Item = Packet> + use<>), Box<dyn Error>> {
    let header =
        file.first_chunk::<32>().filter(|header| header.starts_with(b"DKIF")).ok_or("not an IVF file")?;
    let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let word = |at: usize| u32::from(half(at)) | u32::from(half(at + 2)) << 16;
    let codec = [header[8], header[9], header[10], header[11]];
    let header = Header { codec, size: (half(12), half(14)), rate: (word(16), word(20)) };

    let track = TrackId::new(1).expect("not zero");
    let mut rest = file.slice(32..);
    let packets = std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (ticks, after) = after.split_first_chunk::<8>()?;
        let (length, pts) =
            (u32::from_le_bytes(*length) as usize, Timestamp::new(i64::from_le_bytes(*ticks)));
        let data = rest.slice_ref(after.get(..length)?);
        rest = rest.slice(12 + length..);
        Some(Packet { track, pts, dts: pts, duration: None, key: Key::No, data, wall: None })
    });
    Ok((header, packets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_back_as_they_were() {
        let packet = |pts, data: &'static [u8]| Packet {
            track: TrackId::new(1).unwrap(),
            pts: Timestamp::new(pts),
            dts: Timestamp::new(pts),
            duration: None,
            key: Key::No,
            data: Bytes::from_static(data),
            wall: None,
        };
        let packets = [packet(0, b"one"), packet(3, b""), packet(1 << 40, b"three")];
        let header = Header { codec: *b"VP90", size: (320, 180), rate: (25, 1) };
        let whole = Bytes::from(file(header, &packets));
        let (read_back, found) = read(&whole).unwrap();
        assert_eq!((read_back.codec, read_back.size, read_back.rate), (*b"VP90", (320, 180), (25, 1)));
        assert!(found.eq(packets.clone()));
        for end in 0..whole.len() {
            let Ok((_, found)) = read(&whole.slice(..end)) else { continue };
            assert!(found.zip(&packets).all(|(found, packet)| found == *packet));
        }
    }
}
