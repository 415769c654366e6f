//! Frames of sound out of a byte stream: ADTS and LOAS, MPEG audio, AC-3 and E-AC-3, Opus behind its control headers.

use bytes::Bytes;

use crate::codec::{Config, Format, aac, ac3, mp3};

/// How frames follow on each other.
#[derive(Clone, Debug)]
pub(super) enum Framing {
    /// AAC behind ADTS headers, ISO/IEC 14496-3 1.A.2.2.
    Adts,
    /// AAC in LOAS, ISO/IEC 14496-3 1.7.
    Loas(aac::LatmReader),
    /// Layers I to III; or AAC after all.
    Mpeg,
    Ac3,
    Eac3,
    /// "Opus in MPEG-TS".
    Opus,
}

/// What stands at the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More of it has to come.
    More,
    /// Bytes that are no frame.
    Junk(usize),
    Frame(Frame),
}

/// A frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Bytes up to the next.
    pub(super) len: usize,
    /// Of these, what stands before the packet's data.
    pub(super) head: usize,
    /// The data of its packets where they do not begin at a byte there; of one that cannot be read, nothing.
    pub(super) taken: Option<Vec<Bytes>>,
    /// What a header outside of the data says of the stream.
    pub(super) config: Option<Box<Config>>,
    /// Samples that a player drops, at the front and at the end.
    pub(super) trim: (u16, u16),
}

impl Framing {
    /// Bytes that a [guess](Self::guess) takes.
    pub(super) const GUESSED: usize = 6;

    /// What a frame at the front of `data` is by its sync word: E-AC-3 by `bsid` as well, ETSI TS 102 366 E.1.3.1.6.
    pub(super) const fn guess(data: &[u8]) -> Option<Self> {
        match data {
            [0x0b, 0x77, _, _, _, bsid, ..] if *bsid >> 3 > 10 => Some(Self::Eac3),
            [0x0b, 0x77, _, _, _, _, ..] => Some(Self::Ac3),
            [0xff, second, _, _, _, _, ..] if *second & 0xf6 == 0xf0 => Some(Self::Adts),
            [0xff, second, _, _, _, _, ..] if *second & 0xe0 == 0xe0 => Some(Self::Mpeg),
            _ => None,
        }
    }

    pub(super) const fn format(&self) -> Format {
        match self {
            Self::Adts | Self::Loas(_) => Format::Aac,
            Self::Mpeg => Format::Mp3,
            Self::Ac3 => Format::Ac3,
            Self::Eac3 => Format::Eac3,
            Self::Opus => Format::Opus,
        }
    }

    /// What stands at the front of `data`. `is_locked`: a frame ended here; else the next one has to begin where this one ends. `is_end`: nothing
    /// more comes.
    pub(super) fn step(&mut self, data: &[u8], is_locked: bool, is_end: bool) -> Step {
        if matches!(self, Self::Mpeg) && !is_locked && is_adts(data) {
            *self = Self::Adts;
        }
        let found = match self {
            Self::Adts => adts(data),
            Self::Loas(latm) => loas(latm, data),
            Self::Mpeg => match mpeg(data) {
                Found::None if !is_locked && !is_end && may_become_adts(data) => Found::More,
                found => found,
            },
            Self::Ac3 => ac3(data),
            Self::Eac3 => eac3(data, is_end),
            Self::Opus => opus(data),
        };
        match found {
            Found::Frame(frame) if frame.len > data.len() => self.wait(data, is_end),
            Found::Frame(frame) => {
                let next = &data[frame.len..];
                match next.len() {
                    _ if is_locked || is_end => Step::Frame(frame),
                    // Two bytes tell of a sync word.
                    0 | 1 => Step::More,
                    _ if self.may_begin(next) => Step::Frame(frame),
                    _ => self.junk(data),
                }
            }
            Found::More => self.wait(data, is_end),
            Found::None => self.junk(data),
        }
    }

    fn wait(&self, data: &[u8], is_end: bool) -> Step {
        if is_end && !data.is_empty() { self.junk(data) } else { Step::More }
    }

    /// Up to where a frame may begin again.
    fn junk(&self, data: &[u8]) -> Step {
        let again = (1..data.len()).find(|&at| self.may_begin(&data[at..]));
        Step::Junk(again.unwrap_or(data.len()))
    }

    /// Whether a frame may begin so, as far as the two bytes of a sync word tell; a last single byte may.
    fn may_begin(&self, data: &[u8]) -> bool {
        let (mask, sync) = match self {
            Self::Adts => (0xfff6, 0xfff0),
            Self::Loas(_) => (0xffe0, 0x56e0),
            Self::Mpeg => (0xffe0_u16, 0xffe0_u16),
            Self::Ac3 | Self::Eac3 => (0xffff, 0x0b77),
            Self::Opus => (0xffe0, 0x7fe0),
        };
        match data {
            [high, low, ..] => u16::from_be_bytes([*high, *low]) & mask == sync,
            [high] => u16::from_be_bytes([*high, 0]) & mask & 0xff00 == sync & 0xff00,
            [] => true,
        }
    }
}

enum Found {
    More,
    None,
    Frame(Frame),
}

/// Whether these are two frames of AAC. Some broadcasters send them as MPEG audio, whose layer is never zero.
fn is_adts(data: &[u8]) -> bool {
    let next = aac::AdtsHeader::parse(data).ok().and_then(|header| data.get(header.frame_length()..));
    next.is_some_and(|next| matches!(next, [0xff, low, ..] if low & 0xf6 == 0xf0))
}

/// Whether that cannot be told yet.
fn may_become_adts(data: &[u8]) -> bool {
    match aac::AdtsHeader::parse(data) {
        Ok(header) => data.len() < header.frame_length() + 2,
        Err(error) => error == aac::Error::End,
    }
}

fn adts(data: &[u8]) -> Found {
    match aac::AdtsHeader::parse(data) {
        Ok(header) => Found::Frame(Frame {
            len: header.frame_length(),
            head: header.header_length(),
            config: header.config().ok().map(Config::Aac).map(Box::new),
            ..Frame::default()
        }),
        Err(aac::Error::End) => Found::More,
        Err(_) => Found::None,
    }
}

/// `AudioSyncStream()`: a sync word of 11 bits, and a length of 13.
fn loas(latm: &mut aac::LatmReader, data: &[u8]) -> Found {
    let Some(&[a, b, c]) = data.first_chunk::<3>() else { return Found::More };
    let word = u32::from_be_bytes([0, a, b, c]);
    if word >> 13 != 0x2b7 {
        return Found::None;
    }
    let len = 3 + (word & 0x1fff) as usize;
    let Some(element) = data.get(3..len) else { return Found::Frame(Frame { len, ..Frame::default() }) };
    // One that cannot be read is passed over: it is known where it ends.
    let taken = latm.read(element).unwrap_or_else(|_| vec![Bytes::new()]);
    let config = latm.config().cloned().map(Config::Aac).map(Box::new);
    Found::Frame(Frame { len, head: len, taken: Some(taken), config, ..Frame::default() })
}

fn mpeg(data: &[u8]) -> Found {
    if data.len() < 4 {
        return Found::More;
    }
    match mp3::Header::parse(data).ok().and_then(|header| header.frame_length()) {
        Some(len) if len >= 4 => Found::Frame(Frame { len, ..Frame::default() }),
        _ => Found::None,
    }
}

fn ac3(data: &[u8]) -> Found {
    match ac3::frame_length(data) {
        Ok(len) => Found::Frame(Frame { len, ..Frame::default() }),
        Err(_) if data.len() < 8 => Found::More,
        Err(_) => Found::None,
    }
}

/// An access unit begins with a frame of independent substream 0 and ends before the next one, ETSI TS 102 366 E.1.2.
fn eac3(data: &[u8], is_end: bool) -> Found {
    let mut len = 0;
    loop {
        let Some(&[a, b, c, d]) = data.get(len..).and_then(|rest| rest.first_chunk::<4>()) else {
            return if is_end && len > 0 && len == data.len() { whole(len) } else { Found::More };
        };
        if [a, b] != [0x0b, 0x77] {
            // What follows is no part of it.
            return if len > 0 { whole(len) } else { Found::None };
        }
        let (kind, substream) = (c >> 6, c >> 3 & 7);
        if kind != DEPENDENT && substream == 0 && len > 0 {
            return whole(len);
        }
        len += 2 * (usize::from(u16::from_be_bytes([c & 7, d])) + 1);
        if len > data.len() {
            return if is_end { Found::None } else { Found::More };
        }
    }
}

const fn whole(len: usize) -> Found {
    Found::Frame(Frame { len, head: 0, taken: None, config: None, trim: (0, 0) })
}

/// `opus_access_unit()`: a control header of 11 bits of 0x3ff, flags, the size in steps of 255, and what the flags say.
fn opus(data: &[u8]) -> Found {
    let Some(&[high, flags]) = data.first_chunk::<2>() else { return Found::More };
    if u16::from_be_bytes([high, flags]) & 0xffe0 != 0x7fe0 {
        return Found::None;
    }
    let mut rest = &data[2..];
    let mut size = 0;
    loop {
        let Some((&byte, after)) = rest.split_first() else { return Found::More };
        rest = after;
        size += usize::from(byte);
        if byte < 255 {
            break;
        }
    }
    let mut trim = [0; 2];
    for (trim, flag) in trim.iter_mut().zip([0x10, 0x08]) {
        if flags & flag != 0 {
            let Some((field, after)) = rest.split_first_chunk::<2>() else { return Found::More };
            *trim = u16::from_be_bytes(*field) & 0x1fff;
            rest = after;
        }
    }
    if flags & 0x04 != 0 {
        let Some((&len, after)) = rest.split_first() else { return Found::More };
        let Some(after) = after.get(usize::from(len)..) else { return Found::More };
        rest = after;
    }
    let head = data.len() - rest.len();
    Found::Frame(Frame { len: head + size, head, trim: (trim[0], trim[1]), ..Frame::default() })
}

/// `strmtyp` of a substream that adds to the one before it.
const DEPENDENT: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opus_with_all_there_may_be() {
        let unit = b"\x7f\xfc\xff\x01\x01\x38\x00\x05\x02xx";
        let data = [&unit[..], &[0xfc; 256]].concat();
        let Step::Frame(frame) = Framing::Opus.step(&data, true, false) else { panic!("a frame") };
        assert_eq!((frame.len, frame.head, frame.trim), (data.len(), unit.len(), (312, 5)));
        for cut in 0..data.len() {
            assert_eq!(Framing::Opus.step(&data[..cut], true, false), Step::More, "{cut}");
        }
    }

    #[test]
    fn junk_before_a_frame_is_passed_over() {
        let header = aac::Config::new(48_000, 2).and_then(|config| config.adts(4)).expect("a header");
        let frame = [&header[..], b"abcd"].concat();
        let data = [b"\xff\xf0junk", &frame[..], &frame].concat();
        let (mut at, mut frames) = (0, Vec::new());
        while at < data.len() {
            match Framing::Adts.step(&data[at..], !frames.is_empty(), true) {
                Step::Junk(count) => at += count,
                Step::Frame(frame) => {
                    frames.push(at);
                    at += frame.len;
                }
                Step::More => panic!("all has come"),
            }
        }
        assert_eq!(frames, [6, 17]);
    }
}
