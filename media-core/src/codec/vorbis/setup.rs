//! The setup header, section 4.2.4: read for the modes at its end, which say how long blocks are. All before them has to be passed over,
//! since nothing in it says how long it is.

use bytes::Bytes;

use super::Error;

/// For each mode, whether its blocks are long: 0 or 1. `data` is what stands behind the header's name.
pub(super) fn modes(data: &[u8], channels: u8) -> Result<Bytes, Error> {
    let mut bits = Bits::new(data);
    for _ in 0..=bits.bits(8)? {
        codebook(&mut bits)?;
    }
    for _ in 0..=bits.bits(6)? {
        if bits.bits(16)? != 0 {
            return Err(Error::Setup("time domain transform"));
        }
    }
    for _ in 0..=bits.bits(6)? {
        floor(&mut bits)?;
    }
    for _ in 0..=bits.bits(6)? {
        residue(&mut bits)?;
    }
    for _ in 0..=bits.bits(6)? {
        mapping(&mut bits, channels)?;
    }
    let count = bits.bits(6)? + 1;
    let mut modes = Vec::with_capacity(count as usize);
    for _ in 0..count {
        modes.push(u8::from(bits.bit()?));
        if bits.bits(32)? != 0 {
            return Err(Error::Setup("window or transform"));
        }
        bits.skip(8)?; // mapping
    }
    if !bits.bit()? {
        return Err(Error::Setup("framing bit"));
    }
    Ok(modes.into())
}

/// Section 3.2.1.
fn codebook(bits: &mut Bits<'_>) -> Result<(), Error> {
    if bits.bits(24)? != 0x56_4342 {
        return Err(Error::Setup("codebook"));
    }
    let (dimensions, entries) = (bits.bits(16)?, bits.bits(24)?);
    if bits.bit()? {
        ordered_lengths(bits, entries)?;
    } else {
        let sparse = bits.bit()?;
        for _ in 0..entries {
            if !sparse || bits.bit()? {
                bits.skip(5)?;
            }
        }
    }
    let values = match bits.bits(4)? {
        0 => return Ok(()),
        1 => u64::from(lookup1_values(entries, dimensions)),
        2 => u64::from(entries) * u64::from(dimensions),
        _ => return Err(Error::Setup("codebook lookup")),
    };
    bits.skip(64)?; // minimum and delta
    let value_bits = u64::from(bits.bits(4)?) + 1;
    bits.skip(1)?; // sequence_p
    bits.skip(values * value_bits)
}

/// Code lengths as numbers of entries of each, in order.
fn ordered_lengths(bits: &mut Bits<'_>, entries: u32) -> Result<(), Error> {
    let mut length = bits.bits(5)? + 1;
    let mut left = entries;
    while left > 0 {
        let number = bits.bits(ilog(left))?;
        left = left.checked_sub(number).ok_or(Error::Setup("codebook length"))?;
        length += 1;
        if length > 33 && left > 0 {
            return Err(Error::Setup("codebook length"));
        }
    }
    Ok(())
}

/// Section 9.2.3: the largest number whose power to `dimensions` is not above `entries`.
pub(super) fn lookup1_values(entries: u32, dimensions: u32) -> u32 {
    if dimensions == 0 {
        return 0;
    }
    let fits = |value: u32| value.checked_pow(dimensions).is_some_and(|power| power <= entries);
    let (mut low, mut high) = (u32::from(entries > 0), entries.max(1));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// Sections 6.2.1 and 7.2.2.
fn floor(bits: &mut Bits<'_>) -> Result<(), Error> {
    match bits.bits(16)? {
        0 => {
            bits.skip(8 + 16 + 16 + 6 + 8)?;
            let books = u64::from(bits.bits(4)?) + 1;
            bits.skip(8 * books)
        }
        1 => floor1(bits),
        _ => Err(Error::Setup("floor type")),
    }
}

fn floor1(bits: &mut Bits<'_>) -> Result<(), Error> {
    let mut classes = [0_u8; 32];
    let partitions = bits.bits(5)? as usize;
    for class in &mut classes[..partitions] {
        *class = bits.bits(4)? as u8;
    }
    let classes = &classes[..partitions];
    let mut dimensions = [0_u64; 16];
    for dimension in dimensions.iter_mut().take(classes.iter().max().map_or(0, |&most| most as usize + 1)) {
        *dimension = u64::from(bits.bits(3)?) + 1;
        let subclasses = bits.bits(2)?;
        bits.skip(if subclasses > 0 { 8 } else { 0 })?; // masterbook
        bits.skip(8 << subclasses)?;
    }
    bits.skip(2)?; // multiplier
    let range_bits = u64::from(bits.bits(4)?);
    let points: u64 = classes.iter().map(|&class| dimensions[class as usize]).sum();
    bits.skip(points * range_bits)
}

/// Section 8.6.1.
fn residue(bits: &mut Bits<'_>) -> Result<(), Error> {
    if bits.bits(16)? > 2 {
        return Err(Error::Setup("residue type"));
    }
    bits.skip(24 + 24 + 24)?;
    let classifications = bits.bits(6)? as usize + 1;
    bits.skip(8)?; // classbook
    let mut books = 0;
    for _ in 0..classifications {
        let low = bits.bits(3)?;
        let high = if bits.bit()? { bits.bits(5)? } else { 0 };
        books += u64::from(low.count_ones() + high.count_ones());
    }
    bits.skip(8 * books)
}

/// Section 4.2.4, mappings.
fn mapping(bits: &mut Bits<'_>, channels: u8) -> Result<(), Error> {
    if bits.bits(16)? != 0 {
        return Err(Error::Setup("mapping type"));
    }
    let submaps = if bits.bit()? { bits.bits(4)? + 1 } else { 1 };
    if bits.bit()? {
        let steps = u64::from(bits.bits(8)?) + 1;
        bits.skip(2 * steps * u64::from(ilog(u32::from(channels) - 1)))?;
    }
    if bits.bits(2)? != 0 {
        return Err(Error::Setup("mapping"));
    }
    bits.skip(if submaps > 1 { 4 * u64::from(channels) } else { 0 })?;
    bits.skip(24 * u64::from(submaps))
}

/// Section 9.2.1: bits that a number needs, 0 for 0.
pub(super) const fn ilog(value: u32) -> u32 {
    u32::BITS - value.leading_zeros()
}

/// Bits from the lowest of each byte on, section 2.1.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: u64,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    pub(super) fn bit(&mut self) -> Result<bool, Error> {
        Ok(self.bits(1)? == 1)
    }

    /// At most 32.
    pub(super) fn bits(&mut self, count: u32) -> Result<u32, Error> {
        let from = self.at;
        self.skip(count.into())?;
        let bytes = &self.data[(from / 8) as usize..self.at.div_ceil(8) as usize];
        let word = bytes.iter().rev().fold(0_u64, |word, &byte| word << 8 | u64::from(byte));
        Ok((word >> (from % 8) & ((1 << count) - 1)) as u32)
    }

    pub(super) fn skip(&mut self, count: u64) -> Result<(), Error> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.data.len() as u64 * 8);
        self.at = end.ok_or(Error::End)?;
        Ok(())
    }
}
