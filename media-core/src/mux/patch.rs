//! What a file's beginning is told at its end.

use bytes::Bytes;

/// Bytes that take the place of as many written earlier. What every writer of files gives out at the end.
///
/// ```
/// use bytes::Bytes;
/// use media_core::mux::Patch;
///
/// let mut file = *b"size ???? and so on";
/// Patch { offset: 5, bytes: Bytes::from_static(b"1234") }.apply(&mut file);
/// assert_eq!(&file, b"size 1234 and so on");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where in the file, counted from its first byte.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
}

impl Patch {
    /// Writes it into a file that is in memory.
    ///
    /// # Panics
    /// When it reaches beyond the end of `file`: what is patched has been written before.
    pub fn apply(&self, file: &mut [u8]) {
        let at = usize::try_from(self.offset).expect("a file in memory is counted in usize");
        file[at..][..self.bytes.len()].copy_from_slice(&self.bytes);
    }
}
