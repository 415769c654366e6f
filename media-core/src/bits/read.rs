//! Reading.

use super::Error;

/// Takes big-endian values off the front of a slice.
///
/// ```
/// use media_core::bits::Reader;
/// let mut reader = Reader::new(&[0x01, 0x02, 0x03, 0xff]);
/// assert_eq!(reader.u24(), Ok(0x010203));
/// assert_eq!(reader.rest(), [0xff]);
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of `data`.
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data }
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    /// Three bytes.
    pub fn u24(&mut self) -> Result<u32, Error> {
        let [a, b, c] = self.array()?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_be_bytes)
    }

    /// `N` bytes by value, for little-endian fields and magic words.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, tail) = self.data.split_first_chunk::<N>().ok_or(Error::End)?;
        self.data = tail;
        Ok(*head)
    }

    /// The next `count` bytes, borrowed from what is read.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (head, tail) = self.data.split_at_checked(count).ok_or(Error::End)?;
        self.data = tail;
        Ok(head)
    }

    /// Bytes not read yet.
    pub const fn remaining(&self) -> usize {
        self.data.len()
    }

    /// Whether everything has been read.
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Everything not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.data
    }
}

/// Takes bits off the front of a slice, most significant first.
///
/// Made with [`BitReader::nal`] it skips emulation prevention bytes (H.264 7.3.1, H.265 7.3.1.1) as it goes, so a NAL unit is read in
/// place.
///
/// ```
/// use media_core::bits::BitReader;
/// let mut reader = BitReader::nal(&[0x00, 0x00, 0x03, 0x01]);
/// assert_eq!(reader.bits(24), Ok(0x000001));
/// ```
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    data: &'a [u8],
    /// Bits taken from `data` and not yet given away, at the top of the word; the rest of the word is zero.
    cache: u64,
    cached: u32,
    /// Zero bytes in a row before `data`; `None` where the data has no emulation prevention.
    zeros: Option<u32>,
}

impl<'a> BitReader<'a> {
    /// A reader of plain bits.
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data, cache: 0, cached: 0, zeros: None }
    }

    /// A reader of a NAL unit or a part of one, header or not. Trailing zero bytes and `cabac_zero_words` are not part of it.
    pub const fn nal(data: &'a [u8]) -> Self {
        Self { data: without_trailing_zeros(data), cache: 0, cached: 0, zeros: Some(0) }
    }

    /// One bit.
    pub fn bit(&mut self) -> Result<bool, Error> {
        Ok(self.bits(1)? != 0)
    }

    /// `count` bits, at most 32, as an unsigned number.
    pub fn bits(&mut self, count: u32) -> Result<u32, Error> {
        debug_assert!(count <= 32);
        if self.cached < count {
            self.fill();
        }
        if self.cached < count {
            return Err(Error::End);
        }
        let value = self.cache.checked_shr(64 - count).unwrap_or(0);
        self.take(count);
        Ok(value as u32)
    }

    /// One byte, wherever the reader stands.
    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.bits(8)? as u8)
    }

    /// Two bytes, wherever the reader stands.
    pub fn u16(&mut self) -> Result<u16, Error> {
        Ok(self.bits(16)? as u16)
    }

    /// Passes over `count` bits.
    pub fn skip(&mut self, count: u32) -> Result<(), Error> {
        let mut left = count;
        while left > 0 {
            let step = left.min(32);
            self.bits(step)?;
            left -= step;
        }
        Ok(())
    }

    /// `ue(v)`, H.264 9.1: at most 2^32 - 2.
    pub fn ue(&mut self) -> Result<u32, Error> {
        if self.cached < 32 {
            self.fill();
        }
        let zeros = self.cache.leading_zeros().min(self.cached);
        if zeros >= 32 {
            return Err(Error::ExpGolomb);
        }
        if zeros == self.cached {
            return Err(Error::End);
        }
        self.take(zeros + 1);
        Ok((1_u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// `se(v)`, H.264 9.1.1.
    pub fn se(&mut self) -> Result<i32, Error> {
        let code = self.ue()?;
        let magnitude = code.div_ceil(2) as i32;
        Ok(if code % 2 == 1 { magnitude } else { -magnitude })
    }

    /// `more_rbsp_data()`, H.264 7.2: whether anything stands before the stop bit. Only for [`BitReader::nal`].
    pub fn more_rbsp_data(&mut self) -> bool {
        self.fill();
        // The last byte is not zero, so bytes beyond the cache hold the stop bit.
        !self.data.is_empty() || self.cache << 1 != 0
    }

    /// Bits not read yet, emulation prevention bytes counted as data.
    pub const fn remaining(&self) -> usize {
        self.data.len() * 8 + self.cached as usize
    }

    /// Gives away `count` bits, of which there are enough.
    const fn take(&mut self, count: u32) {
        self.cache = if count < 64 { self.cache << count } else { 0 };
        self.cached -= count;
    }

    /// Takes bytes into the cache until it holds more than 56 bits or the data is at its end.
    fn fill(&mut self) {
        while self.cached <= 56
            && let Some((&byte, rest)) = self.data.split_first()
        {
            self.data = rest;
            if let Some(zeros) = &mut self.zeros {
                if *zeros >= 2 && byte == 3 {
                    *zeros = 0;
                    continue;
                }
                *zeros = if byte == 0 { *zeros + 1 } else { 0 };
            }
            self.cache |= u64::from(byte) << (56 - self.cached);
            self.cached += 8;
        }
    }
}

/// The NAL unit without `trailing_zero_8bits` and `cabac_zero_words` (H.264 7.3.2.10: 0x0000, which stands there as 00 00 03).
const fn without_trailing_zeros(mut data: &[u8]) -> &[u8] {
    loop {
        data = match data {
            [head @ .., 0] => head,
            [head @ .., 0, 0, 3] => head,
            _ => return data,
        };
    }
}
