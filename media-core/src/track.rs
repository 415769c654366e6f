//! What a stream is: its identity, kind, time base and codec configuration.

use std::num::NonZeroU32;

use crate::codec;
pub use crate::codec::Kind;
use crate::time::TimeBase;

/// Names a track within its stream; the `track_ID` of ISO/IEC 14496-12 8.3.2, which is why it is never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(NonZeroU32);

impl TrackId {
    /// The track called `id`; `None` for zero.
    pub const fn new(id: u32) -> Option<Self> {
        match NonZeroU32::new(id) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

/// One elementary stream and all that a muxer or playlist must know of it before its first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its name within the stream.
    pub id: TrackId,
    /// The unit of its timestamps; becomes the container's time scale.
    pub time_base: TimeBase,
    /// The parsed decoder configuration.
    pub codec: codec::Config,
    /// Ticks at the start that the encoder added and a player must drop: AAC encoder delay, Opus pre-skip. Zero where nothing is to be
    /// dropped, or where a live source does not tell.
    pub priming: u32,
    /// How a player turns the pictures before it shows them; nothing for sound.
    pub rotation: Rotation,
    /// What is spoken or shown; `None` where nobody says.
    pub language: Option<Language>,
}

/// Quarter turns, clockwise, between the coded pictures and those shown: a phone held upright codes lying pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// Shown as coded.
    #[default]
    None,
    /// 90 degrees clockwise.
    Quarter,
    /// Upside down.
    Half,
    /// 270 degrees clockwise.
    ThreeQuarters,
}

impl Rotation {
    /// Degrees clockwise: 0, 90, 180 or 270.
    pub const fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }

    /// The rotation of that many degrees clockwise; `None` for what is no quarter turn. Negative and larger angles go round.
    pub const fn from_degrees(degrees: i32) -> Option<Self> {
        match degrees.rem_euclid(360) {
            0 => Some(Self::None),
            90 => Some(Self::Quarter),
            180 => Some(Self::Half),
            270 => Some(Self::ThreeQuarters),
            _ => None,
        }
    }
}

/// A language by its code of three small letters, ISO 639-2: `eng`, `deu`. What MP4, Matroska and transport streams carry; HLS and DASH take it
/// as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language([u8; 3]);

impl Language {
    /// The language of that code; `None` for anything but three letters `a` to `z`, and for `und`, which says that nobody knows.
    pub const fn new(code: [u8; 3]) -> Option<Self> {
        let [a, b, c] = code;
        let letters = a.is_ascii_lowercase() && b.is_ascii_lowercase() && c.is_ascii_lowercase();
        if letters && !matches!(&code, b"und") { Some(Self(code)) } else { None }
    }

    /// The code.
    pub const fn code(self) -> [u8; 3] {
        self.0
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("letters, see `new`")
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Track {
    /// A track without priming, shown as it is coded, in no known language.
    pub const fn new(id: TrackId, time_base: TimeBase, codec: codec::Config) -> Self {
        Self { id, time_base, codec, priming: 0, rotation: Rotation::None, language: None }
    }

    /// Pictures or sound.
    pub const fn kind(&self) -> Kind {
        self.codec.kind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_go_round() {
        for turn in [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
            let degrees = i32::from(turn.degrees());
            assert_eq!(Rotation::from_degrees(degrees), Some(turn));
            assert_eq!(Rotation::from_degrees(degrees - 720), Some(turn));
        }
        assert_eq!(Rotation::from_degrees(45), None);
    }

    #[test]
    fn languages_are_three_small_letters() {
        assert_eq!(
            Language::new(*b"deu").map(|language| language.as_str().to_owned()),
            Some("deu".to_owned())
        );
        for code in [*b"und", *b"EN ", *b"e\0g"] {
            assert_eq!(Language::new(code), None);
        }
    }
}
