//! ID3 tags of versions 2.2 to 2.4, <https://id3.org/id3v2.4.0-structure>: how long they are, and the one thing in them that matters here.

/// A tag at the front of `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// There is none.
    None,
    /// More has to come to tell.
    More,
    /// As many bytes long.
    Length(usize),
}

impl Tag {
    pub(super) fn of(data: &[u8]) -> Self {
        if data.len() < 3 && ID3.starts_with(data) {
            return Self::More;
        }
        if !data.starts_with(ID3) {
            return Self::None;
        }
        let Some(&[.., flags, a, b, c, d]) = data.first_chunk::<HEADER>() else { return Self::More };
        let footer = if flags & 0x10 != 0 { HEADER } else { 0 };
        Self::Length(HEADER + seven_bits([a, b, c, d]) + footer)
    }
}

/// The time in the private frame of a tag, RFC 8216 3.4: ticks of 90 kHz, of which 33 bits count.
pub(super) fn time(tag: &[u8]) -> Option<u64> {
    // Its name is not found by chance, and where the frame is in the tag makes no difference.
    let at = memchr::memmem::find(tag, OWNER)? + OWNER.len();
    let time = tag.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_be_bytes(*time) & ((1 << 33) - 1))
}

/// How many of these bytes, which are nobody's and do not begin with a tag, are before one that may begin.
pub(super) fn before(junk: &[u8], is_end: bool) -> usize {
    let is_begun = |at: usize| !is_end && ID3.starts_with(&junk[at..]);
    let whole = memchr::memmem::find(junk, ID3);
    whole
        .or_else(|| (junk.len().saturating_sub(2)..junk.len()).find(|at| is_begun(*at)))
        .unwrap_or(junk.len())
}

/// A "synchsafe" number: seven bits in each byte.
fn seven_bits(bytes: [u8; 4]) -> usize {
    bytes.into_iter().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f))
}

const ID3: &[u8] = b"ID3";
const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";

/// Bytes of the header, and of the footer.
const HEADER: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &[u8] = b"ID3\x04\0\0\0\0\0\x3fPRIV\0\0\0\x35\0\0com.apple.streaming.transportStreamTimestamp\0\0\0\0\x01\x03\xc0\0\0";

    #[test]
    fn a_tag_tells_its_length_and_the_time() {
        assert_eq!((Tag::of(TAG), TAG.len()), (Tag::Length(73), 73));
        assert_eq!(time(TAG), Some(0x1_03c0_0000));
        for cut in 0..HEADER {
            assert_eq!(Tag::of(&TAG[..cut]), Tag::More);
        }
        assert_eq!(time(&TAG[..72]), None);
        assert_eq!(Tag::of(b"\xff\xf1"), Tag::None);
        assert_eq!(
            [&b"..ID3"[..], b"...ID", b"....I", b".ID.."].map(|junk| before(junk, false)),
            [2, 3, 4, 5]
        );
        assert_eq!(before(b"...ID", true), 5);
        assert_eq!(Tag::of(b"ID3\x03\0\x10\x7f\x7f\x7f\x7f"), Tag::Length((1 << 28) - 1 + 20));
    }
}
