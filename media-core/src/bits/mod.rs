//! Bytes and bits as standards write them down: big-endian, most significant bit first.
//!
//! [`Reader`] takes whole bytes off the front of a slice, [`BitReader`] takes bits and Exp-Golomb codes, also out of a NAL unit with
//! its emulation prevention bytes still inside; [`BitWriter`] and the `put_*` functions write. Readers own nothing, never panic and
//! never read past the end: whatever is asked for beyond it is [`Error::End`].

mod crc;
mod read;
mod write;

pub use crc::crc32_mpeg2;
pub use read::{BitReader, Reader};
pub use write::{BitWriter, put_i16, put_i32, put_i64, put_u8, put_u16, put_u24, put_u32, put_u64};

/// Why something could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data ended inside what was to be read.
    #[error("data ended too early")]
    End,
    /// More leading zero bits than a 32-bit Exp-Golomb code has (H.264 9.1).
    #[error("Exp-Golomb code longer than 32 bits")]
    ExpGolomb,
}

#[cfg(test)]
mod bits_test;
