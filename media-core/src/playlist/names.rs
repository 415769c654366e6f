//! What the files of a stream are called, both ways.

use crate::track::{Kind, Track, TrackId};

/// Names the files of one stream: the one place that HLS, DASH and the server take them from.
///
/// | file | name |
/// |---|---|
/// | multivariant playlist | `index.m3u8` |
/// | media playlist | `video1.m3u8`, `audio2.m3u8` |
/// | DASH manifest | `index.mpd`, also understood: `manifest.mpd` |
/// | init segment | `{prefix}_{track}_init{generation}.mp4` |
/// | segment | `{prefix}_{track}_{number}.m4s` |
///
/// The prefix is another one each time a stream begins, so what a cache holds of an earlier life is never taken for this one's.
///
/// ```
/// use media_core::playlist::{Name, Names};
/// use media_core::track::TrackId;
/// let names = Names::new("5f2a").unwrap();
/// let track = TrackId::new(1).unwrap();
/// assert_eq!(names.segment(track, 7), "5f2a_1_7.m4s");
/// assert_eq!(names.parse("5f2a_1_7.m4s"), Some(Name::Segment { track, number: 7 }));
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
    },
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

    /// The init segment of a track.
    pub fn init(&self, track: TrackId, generation: u32) -> String {
        format!("{}_{}_init{generation}.mp4", self.prefix, track.get())
    }

    /// A media segment.
    pub fn segment(&self, track: TrackId, number: u64) -> String {
        format!("{}{number}{SUFFIX}", self.stem(track))
    }

    /// What the names of all segments of a track begin with; the number and [`SUFFIX`] follow.
    pub(super) fn stem(&self, track: TrackId) -> String {
        format!("{}_{}_", self.prefix, track.get())
    }

    /// The DASH template of a track's segments.
    pub(super) fn template(&self, track: TrackId) -> String {
        format!("{}$Number${SUFFIX}", self.stem(track))
    }

    /// What a file of this stream is, by its name; `None` when it is none of them.
    pub fn parse(&self, name: &str) -> Option<Name> {
        match name {
            "index.m3u8" => return Some(Name::Multivariant),
            "index.mpd" | "manifest.mpd" => return Some(Name::Manifest),
            _ => {}
        }
        if let Some(stem) = name.strip_suffix(".m3u8") {
            let id = stem.strip_prefix(VIDEO).or_else(|| stem.strip_prefix(AUDIO))?;
            return Some(Name::Media { track: track(id)? });
        }
        let (id, rest) = name.strip_prefix(&self.prefix)?.strip_prefix('_')?.split_once('_')?;
        let track = track(id)?;
        if let Some(number) = rest.strip_suffix(SUFFIX) {
            return Some(Name::Segment { track, number: decimal(number)? });
        }
        let generation = rest.strip_prefix("init")?.strip_suffix(".mp4")?;
        Some(Name::Init { track, generation: decimal(generation)?.try_into().ok()? })
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

/// What the names of segments end with.
pub(super) const SUFFIX: &str = ".m4s";
const VIDEO: &str = "video";
const AUDIO: &str = "audio";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let names = Names::new("a-1.b").unwrap();
        let track = TrackId::new(12).unwrap();
        assert_eq!(
            names.parse(&names.segment(track, u64::MAX)),
            Some(Name::Segment { track, number: u64::MAX })
        );
        assert_eq!(names.parse(&names.init(track, 3)), Some(Name::Init { track, generation: 3 }));
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
            "ab_01_1.m4s",
            "ab_1_+1.m4s",
            "ab_0_1.m4s",
            "ac_1_1.m4s",
            "ab_1_init.mp4",
            "video.m3u8",
        ] {
            assert_eq!(names.parse(name), None, "{name}");
        }
        for prefix in ["", "a_b", "a/b", "$a", "a\"", "a b", "\u{e9}"] {
            assert_eq!(Names::new(prefix), None, "{prefix}");
        }
    }
}
