//! LATM, ISO/IEC 14496-3 1.7.3: AAC frames behind a configuration of the multiplex, at any bit. One program of one layer, as broadcasters send.

use crate::bits::BitReader;
use crate::codec::aac;

/// What is remembered from element to element.
#[derive(Clone, Debug, Default)]
pub(super) struct Latm {
    mux: Option<Mux>,
}

/// `StreamMuxConfig()`, as far as it tells how to read on.
#[derive(Clone, Debug)]
struct Mux {
    config: aac::Config,
}

/// An `AudioMuxElement` taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) config: Option<aac::Config>,
    pub(super) data: Vec<u8>,
}

/// It cannot be read, or is of a kind that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl From<crate::bits::Error> for Unreadable {
    fn from(_: crate::bits::Error) -> Self {
        Self
    }
}

impl Latm {
    /// `AudioMuxElement(1)`.
    pub(super) fn element(&mut self, element: &[u8]) -> Result<Element, Unreadable> {
        let mut bits = BitReader::new(element);
        let uses_same = bits.bit()?;
        if !uses_same {
            self.mux = None;
            self.mux = Some(mux_config(&mut bits, element)?);
        }
        let mux = self.mux.as_ref().ok_or(Unreadable)?;
        // PayloadLengthInfo() of frames of varying length.
        let mut len = 0_usize;
        loop {
            let byte = bits.u8()?;
            len += usize::from(byte);
            if byte < 255 {
                break;
            }
        }
        if bits.remaining() / 8 < len {
            return Err(Unreadable);
        }
        let data = (0..len).map(|_| bits.u8()).collect::<Result<_, _>>()?;
        Ok(Element { config: Some(mux.config.clone()), data })
    }
}

fn mux_config(bits: &mut BitReader<'_>, element: &[u8]) -> Result<Mux, Unreadable> {
    let version = bits.bit()?;
    if version && bits.bit()? {
        return Err(Unreadable); // audioMuxVersionA
    }
    if version {
        value(bits)?; // taraBufferFullness
    }
    let same_framing = bits.bit()?;
    let (sub_frames, programs, layers) = (bits.bits(6)?, bits.bits(4)?, bits.bits(3)?);
    if !same_framing || sub_frames != 0 || programs != 0 || layers != 0 {
        return Err(Unreadable);
    }
    let said = if version { Some(value(bits)?) } else { None };
    let start = element.len() * 8 - bits.remaining();
    let config = aac::Config::from_asc(&shifted(element, start)).map_err(|_| Unreadable)?;
    bits.skip(match said {
        Some(said) => said,
        None => asc_bits(&mut bits.clone())?,
    })?;
    if bits.bits(3)? != 0 {
        return Err(Unreadable); // frameLengthType of anything but AAC
    }
    bits.skip(8)?; // latmBufferFullness
    if bits.bit()? {
        // otherData, whose length comes first.
        if version {
            value(bits)?;
        } else {
            while bits.bits(9)? & 0x100 != 0 {}
        }
    }
    if bits.bit()? {
        bits.skip(8)?; // crcCheckSum
    }
    Ok(Mux { config })
}

/// `LatmGetValue()`: a count of bytes, and as many.
fn value(bits: &mut BitReader<'_>) -> Result<u32, Unreadable> {
    let bytes = bits.bits(2)? + 1;
    Ok(bits.bits(8 * bytes)?)
}

/// The bytes that begin at bit `start`.
fn shifted(bytes: &[u8], start: usize) -> Vec<u8> {
    let (at, by) = (start / 8, start % 8);
    let rest = bytes.get(at..).unwrap_or_default();
    let next = |index: usize| rest.get(index + 1).copied().unwrap_or(0);
    let byte = |(index, &byte): (usize, &u8)| (u16::from_be_bytes([byte, next(index)]) << by >> 8) as u8;
    rest.iter().enumerate().map(byte).collect()
}

/// Bits of an `AudioSpecificConfig` of AAC: in version 0 nothing else tells its length.
fn asc_bits(bits: &mut BitReader<'_>) -> Result<u32, Unreadable> {
    let before = bits.remaining();
    let object_type = bits.bits(5)?;
    frequency(bits)?;
    bits.skip(4)?; // channelConfiguration
    if matches!(object_type, SBR | PS) {
        frequency(bits)?;
        bits.skip(5)?;
    }
    bits.skip(1)?; // frameLengthFlag
    if bits.bit()? {
        bits.skip(14)?; // coreCoderDelay
    }
    bits.skip(1)?; // extensionFlag
    Ok((before - bits.remaining()) as u32)
}

fn frequency(bits: &mut BitReader<'_>) -> Result<(), Unreadable> {
    if bits.bits(4)? == 15 {
        bits.skip(24)?;
    }
    Ok(())
}

const SBR: u32 = 5;
const PS: u32 = 29;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::BitWriter;

    #[test]
    fn a_frame_at_any_bit() {
        let mut bits = BitWriter::default();
        bits.bits(0, 1); // a configuration follows
        bits.bits(0, 1); // version 0
        bits.bits(1, 1);
        bits.bits(0, 6 + 4 + 3);
        bits.bits(0x1190, 16); // LC, 48 kHz, stereo
        bits.bits(0, 3);
        bits.bits(0xff, 8);
        bits.bits(0, 2);
        bits.bits(3, 8);
        bits.bits(0x61_6263, 24);
        let element = bits.finish();
        let mut latm = Latm::default();
        let read = latm.element(&element).expect("an element");
        assert_eq!(read.data, b"abc");
        assert_eq!(read.config, aac::Config::new(48_000, 2).ok());
        // Another with the same configuration.
        let mut bits = BitWriter::default();
        bits.bits(1, 1);
        bits.bits(1, 8);
        bits.bits(0x64, 8);
        assert_eq!(latm.element(&bits.finish()).expect("an element").data, b"d");
        assert_eq!(Latm::default().element(b"\x80\x80\x80"), Err(Unreadable));
        assert_eq!(latm.element(b"\x80\x80"), Err(Unreadable));
    }
}
