//! Checksums.

/// The CRC-32 that ends the sections of MPEG-2 systems, ISO/IEC 13818-1 Annex A: polynomial 0x04c11db7, most significant bit first, from all
/// ones on and not inverted. Over a section with its CRC it is zero.
///
/// ```
/// use media_core::bits::crc32_mpeg2;
/// assert_eq!(crc32_mpeg2(b"123456789"), 0x0376_e6e7);
/// ```
pub const fn crc32_mpeg2(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    let mut at = 0;
    while at < data.len() {
        crc ^= (data[at] as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            bit += 1;
        }
        at += 1;
    }
    crc
}
