//! What the files of a stream are called, both ways.

use crate::codec;
use crate::segment::Format;
use crate::track::{Kind, Track, TrackId};

/// Names the files of one stream: the one place that HLS, DASH and the server take them from.
///
/// | file | name |
/// |---|---|
/// | multivariant playlist | `index.m3u8` |
/// | media playlist | `video1.m3u8`, `audio2.m3u8` |
/// | I-frame playlist | `iframes1.m3u8` |
/// | DASH manifest | `index.mpd`, also understood: `manifest.mpd` |
/// | init segment | `{prefix}_{track}_init{generation}.mp4` (`.webm`) |
/// | segment | `{prefix}_{track}_{number}.m4s`, or what its [`Suffix`] is |
/// | segment of a generation, for low-latency DASH | `{prefix}_{track}_g{generation}_{number}.m4s` |
/// | part | `{prefix}_{track}_p{number}.m4s` |
///
/// Parts are counted from the beginning of the stream, not of their segment: so the next one's name is known before it is known which segment
/// it will belong to, and a preload hint is never wrong.
///
/// The prefix is another one each time a stream begins, so what a cache holds of an earlier life is never taken for this one's.
///
/// ```
/// use media_core::playlist::{Name, Names};
/// use media_core::track::TrackId;
/// let names = Names::new("5f2a").unwrap();
/// let track = TrackId::new(1).unwrap();
/// assert_eq!(names.segment(track, 7), "5f2a_1_7.m4s");
/// assert_eq!(names.parse("5f2a_1_7.m4s"), Some(Name::Segment { track, number: 7, generation: None }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    prefix: String,
    clock: Option<String>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The HLS multivariant playlist.
    Multivariant,
    /// The HLS media playlist of a track.
    Media {
        /// The track.
        track: TrackId,
    },
    /// The HLS I-frame playlist of a track.
    Iframes {
        /// The track.
        track: TrackId,
    },
    /// The DASH manifest.
    Manifest,
    /// An init segment.
    Init {
        /// The track.
        track: TrackId,
        /// The generation.
        generation: u32,
    },
    /// A media segment.
    Segment {
        /// The track.
        track: TrackId,
        /// The number of its cut.
        number: u64,
        /// The generation that it must be of; `None` for whichever it is.
        generation: Option<u32>,
    },
    /// A part of a media segment.
    Part {
        /// The track.
        track: TrackId,
        /// How many came before it, of all segments.
        number: u64,
    },
}

/// What the names of segments end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suffix {
    /// A CMAF segment.
    M4s,
    /// A transport stream.
    Ts,
    /// Clusters of WebM or Matroska.
    Webm,
    /// AAC in ADTS.
    Aac,
    /// MP3.
    Mp3,
    /// AC-3.
    Ac3,
    /// E-AC-3.
    Ec3,
}

impl Suffix {
    /// What a track's segments in a format end with.
    pub const fn of(format: Format, track: &Track) -> Self {
        match format {
            Format::Fmp4 => Self::M4s,
            Format::MpegTs => Self::Ts,
            Format::Webm => Self::Webm,
            Format::PackedAudio => match track.codec.format() {
                codec::Format::Mp3 => Self::Mp3,
                codec::Format::Ac3 => Self::Ac3,
                codec::Format::Eac3 => Self::Ec3,
                _ => Self::Aac,
            },
        }
    }

    /// With its dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::M4s => ".m4s",
            Self::Ts => ".ts",
            Self::Webm => ".webm",
            Self::Aac => ".aac",
            Self::Mp3 => ".mp3",
            Self::Ac3 => ".ac3",
            Self::Ec3 => ".ec3",
        }
    }

    /// The media type of the segments, and of their header.
    pub const fn media_type(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::M4s, Kind::Video) => "video/mp4",
            (Self::M4s, Kind::Audio) => "audio/mp4",
            (Self::Ts, _) => "video/mp2t",
            (Self::Webm, Kind::Video) => "video/webm",
            (Self::Webm, Kind::Audio) => "audio/webm",
            (Self::Aac, _) => "audio/aac",
            (Self::Mp3, _) => "audio/mpeg",
            (Self::Ac3, _) => "audio/ac3",
            (Self::Ec3, _) => "audio/eac3",
        }
    }

    const fn of_init(self) -> &'static str {
        match self {
            Self::Webm => ".webm",
            _ => ".mp4",
        }
    }

    const ALL: [Self; 7] = [Self::M4s, Self::Ts, Self::Webm, Self::Aac, Self::Mp3, Self::Ac3, Self::Ec3];
}

impl Names {
    /// Names that begin with `prefix`: letters, digits, `-` and `.`, at least one; `None` for anything else, which would need escaping in
    /// one of the texts.
    pub fn new(prefix: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        let valid = !prefix.is_empty() && prefix.bytes().all(plain);
        valid.then(|| Self { prefix: prefix.to_owned(), clock: None })
    }

    /// Where DASH players get the time of day, absolute or relative to the manifest; answers as `urn:mpeg:dash:utc:http-iso:2014` wants, with an
    /// ISO 8601 time as its body. Without it they trust their own clock.
    #[must_use]
    pub fn with_clock(mut self, url: &str) -> Self {
        self.clock = Some(url.to_owned());
        self
    }

    /// What tells this life of the stream from others.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The clock's address.
    pub fn clock(&self) -> Option<&str> {
        self.clock.as_deref()
    }

    /// The multivariant playlist.
    pub const fn multivariant(&self) -> &'static str {
        "index.m3u8"
    }

    /// The DASH manifest.
    pub const fn manifest(&self) -> &'static str {
        "index.mpd"
    }

    /// The media playlist of a track.
    pub fn media(&self, track: &Track) -> String {
        let kind = match track.kind() {
            Kind::Video => VIDEO,
            Kind::Audio => AUDIO,
        };
        format!("{kind}{}.m3u8", track.id.get())
    }

    /// The I-frame playlist of a track.
    pub fn iframes(&self, track: TrackId) -> String {
        format!("{IFRAMES}{}.m3u8", track.get())
    }

    /// The init segment of a track in MP4.
    pub fn init(&self, track: TrackId, generation: u32) -> String {
        self.header(track, generation, Suffix::M4s)
    }

    /// The init segment that goes with segments of a suffix.
    pub fn header(&self, track: TrackId, generation: u32, suffix: Suffix) -> String {
        format!("{}init{generation}{}", self.stem(track), suffix.of_init())
    }

    /// A media segment in MP4.
    pub fn segment(&self, track: TrackId, number: u64) -> String {
        self.file(track, number, Suffix::M4s)
    }

    /// A media segment of any format.
    pub fn file(&self, track: TrackId, number: u64, suffix: Suffix) -> String {
        format!("{}{number}{}", self.stem(track), suffix.as_str())
    }

    /// A media segment by a name that no segment of another generation has. It is told before it is known whether there will be one: the
    /// number may come to belong to the next generation.
    pub fn file_of(&self, track: TrackId, generation: u32, number: u64, suffix: Suffix) -> String {
        format!("{}g{generation}_{number}{}", self.stem(track), suffix.as_str())
    }

    /// The part that `number` parts came before.
    pub fn part(&self, track: TrackId, number: u64, suffix: Suffix) -> String {
        format!("{}p{number}{}", self.stem(track), suffix.as_str())
    }

    /// What the names of all segments of a track begin with; the number and a [`Suffix`] follow.
    pub(super) fn stem(&self, track: TrackId) -> String {
        format!("{}_{}_", self.prefix, track.get())
    }

    /// The DASH template of a track's segments.
    pub(super) fn template(&self, track: TrackId, suffix: Suffix) -> String {
        format!("{}$Number${}", self.stem(track), suffix.as_str())
    }

    /// The DASH template of a track's segments of a generation.
    pub(super) fn template_of(&self, track: TrackId, generation: u32, suffix: Suffix) -> String {
        format!("{}g{generation}_$Number${}", self.stem(track), suffix.as_str())
    }

    /// What a file of this stream is, by its name; `None` when it is none of them.
    pub fn parse(&self, name: &str) -> Option<Name> {
        match name {
            "index.m3u8" => return Some(Name::Multivariant),
            "index.mpd" | "manifest.mpd" => return Some(Name::Manifest),
            _ => {}
        }
        if let Some(stem) = name.strip_suffix(".m3u8") {
            if let Some(id) = stem.strip_prefix(IFRAMES) {
                return Some(Name::Iframes { track: track(id)? });
            }
            let id = stem.strip_prefix(VIDEO).or_else(|| stem.strip_prefix(AUDIO))?;
            return Some(Name::Media { track: track(id)? });
        }
        let (id, rest) = name.strip_prefix(&self.prefix)?.strip_prefix('_')?.split_once('_')?;
        let track = track(id)?;
        if let Some(init) = rest.strip_prefix("init") {
            let generation =
                [Suffix::M4s, Suffix::Webm].iter().find_map(|suffix| init.strip_suffix(suffix.of_init()))?;
            return Some(Name::Init { track, generation: decimal(generation)?.try_into().ok()? });
        }
        let number = Suffix::ALL.iter().find_map(|suffix| rest.strip_suffix(suffix.as_str()))?;
        Some(match number.strip_prefix('p') {
            Some(part) => Name::Part { track, number: decimal(part)? },
            None => {
                let (generation, number) = match number.strip_prefix('g') {
                    Some(both) => {
                        let (generation, number) = both.split_once('_')?;
                        (Some(decimal(generation)?.try_into().ok()?), number)
                    }
                    None => (None, number),
                };
                Name::Segment { track, number: decimal(number)?, generation }
            }
        })
    }
}

fn track(id: &str) -> Option<TrackId> {
    TrackId::new(decimal(id)?.try_into().ok()?)
}

/// A number as it is written here: digits alone, no zero in front. So each file has one name.
fn decimal(digits: &str) -> Option<u64> {
    let canonical =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    canonical.then(|| digits.parse().ok()).flatten()
}

const VIDEO: &str = "video";
const AUDIO: &str = "audio";
const IFRAMES: &str = "iframes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let names = Names::new("a-1.b").unwrap();
        let track = TrackId::new(12).unwrap();
        assert_eq!(
            names.parse(&names.segment(track, u64::MAX)),
            Some(Name::Segment { track, number: u64::MAX, generation: None })
        );
        assert_eq!(names.parse(&names.init(track, 3)), Some(Name::Init { track, generation: 3 }));
        for suffix in Suffix::ALL {
            let segment = Name::Segment { track, number: 7, generation: None };
            assert_eq!(names.parse(&names.file(track, 7, suffix)), Some(segment));
            let segment = Name::Segment { track, number: 7, generation: Some(3) };
            assert_eq!(names.parse(&names.file_of(track, 3, 7, suffix)), Some(segment));
            assert_eq!(names.parse(&names.part(track, 8, suffix)), Some(Name::Part { track, number: 8 }));
            let header = names.header(track, 3, suffix);
            assert_eq!(names.parse(&header), Some(Name::Init { track, generation: 3 }), "{header}");
        }
        assert_eq!(names.parse("audio12.m3u8"), Some(Name::Media { track }));
        assert_eq!(names.parse(names.multivariant()), Some(Name::Multivariant));
        assert_eq!(names.parse(names.manifest()), Some(Name::Manifest));
    }

    #[test]
    fn other_names_are_refused() {
        let names = Names::new("ab").unwrap();
        for name in [
            "",
            "ab",
            "ab_1_",
            "ab_1_.m4s",
            "ab_1_g_1.m4s",
            "ab_1_g01_1.m4s",
            "ab_1_g1_.m4s",
            "ab_1_g1_p1.m4s",
            "ab_1_g4294967296_1.m4s",
            "ab_01_1.m4s",
            "ab_1_+1.m4s",
            "ab_0_1.m4s",
            "ac_1_1.m4s",
            "ab_1_init.mp4",
            "ab_1_init0.m4s",
            "ab_1_p.m4s",
            "ab_1_p01.m4s",
            "ab_1_1.mp4",
            "video.m3u8",
        ] {
            assert_eq!(names.parse(name), None, "{name}");
        }
        for prefix in ["", "a_b", "a/b", "$a", "a\"", "a b", "\u{e9}"] {
            assert_eq!(Names::new(prefix), None, "{prefix}");
        }
    }
}
