//! Writing.

use bytes::{BufMut, Bytes, BytesMut};

/// Appends one byte.
pub fn put_u8(out: &mut BytesMut, value: u8) {
    out.put_u8(value);
}

/// Appends two bytes, big-endian.
pub fn put_u16(out: &mut BytesMut, value: u16) {
    out.put_u16(value);
}

/// Appends the low three bytes of `value`, big-endian; flags of a `FullBox`.
pub fn put_u24(out: &mut BytesMut, value: u32) {
    out.put_slice(&value.to_be_bytes()[1..]);
}

/// Appends four bytes, big-endian.
pub fn put_u32(out: &mut BytesMut, value: u32) {
    out.put_u32(value);
}

/// Appends eight bytes, big-endian.
pub fn put_u64(out: &mut BytesMut, value: u64) {
    out.put_u64(value);
}

/// Appends two bytes, big-endian, two's complement.
pub fn put_i16(out: &mut BytesMut, value: i16) {
    out.put_i16(value);
}

/// Appends four bytes, big-endian, two's complement.
pub fn put_i32(out: &mut BytesMut, value: i32) {
    out.put_i32(value);
}

/// Appends eight bytes, big-endian, two's complement.
pub fn put_i64(out: &mut BytesMut, value: i64) {
    out.put_i64(value);
}

/// Writes bits, most significant first.
///
/// ```
/// use media_core::bits::BitWriter;
/// let mut writer = BitWriter::default();
/// writer.bits(0b101, 3);
/// writer.ue(0);
/// assert_eq!(&writer.finish()[..], [0b1011_0000]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    out: BytesMut,
    /// Bits not yet written out, at the bottom of the word; fewer than 8 between calls.
    cache: u64,
    cached: u32,
}

impl BitWriter {
    /// Appends the low `count` bits of `value`, at most 32.
    pub fn bits(&mut self, value: u32, count: u32) {
        debug_assert!(count <= 32);
        let mask = (1_u64 << count) - 1;
        self.cache = (self.cache << count) | (u64::from(value) & mask);
        self.cached += count;
        while self.cached >= 8 {
            self.cached -= 8;
            self.out.put_u8((self.cache >> self.cached) as u8);
        }
    }

    /// Appends one bit.
    pub fn bit(&mut self, value: bool) {
        self.bits(u32::from(value), 1);
    }

    /// Appends `ue(v)`, H.264 9.1; 2^32 - 1 has no code and is written as 2^32 - 2.
    pub fn ue(&mut self, value: u32) {
        let code = value.saturating_add(1);
        let zeros = code.ilog2();
        self.bits(0, zeros);
        self.bits(code, zeros + 1);
    }

    /// Appends `se(v)`, H.264 9.1.1; `i32::MIN` has no code and is written as `i32::MIN + 1`.
    pub fn se(&mut self, value: i32) {
        let magnitude = value.unsigned_abs().min(i32::MAX as u32);
        self.ue(if value > 0 { 2 * magnitude - 1 } else { 2 * magnitude });
    }

    /// What was written, filled up with zero bits to a whole byte.
    pub fn finish(mut self) -> Bytes {
        if self.cached > 0 {
            self.bits(0, 8 - self.cached);
        }
        self.out.freeze()
    }
}
