//! One form of the media: its files, from the first segment to the last.

use std::ops::Range;

use super::Files;
use crate::segment;
use crate::time::Timestamp;
use crate::track::{Kind, Language, Track};

/// What a player can choose as a whole: a video track in one size, sound in one language, or both in one file.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// Its name: of its playlists, `{id}.m3u8` and `{id}_iframes.m3u8`, and of its Representation.
    pub id: String,
    /// What its files are.
    pub container: Container,
    /// What a player shows to choose it by; `None` for its language, or a number.
    pub label: Option<String>,
    /// What is spoken; `None` for what its [track](Track::language) says.
    pub language: Option<Language>,
    /// What it is for.
    pub roles: Vec<Role>,
    /// How it is played.
    pub purpose: Purpose,
    pub(super) stretches: Vec<Stretch>,
    /// Nanoseconds of its longest segment.
    pub(super) longest: i64,
}

/// A container that segments can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// Fragmented MP4.
    Fmp4,
    /// MPEG transport stream.
    MpegTs,
    /// AAC, MP3 or AC-3 frames behind an ID3 tag, RFC 8216bis 3.1.3.
    PackedAudio,
    /// WebM.
    Webm,
}

/// How a rendition is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// As it is.
    #[default]
    Play,
    /// Fast, when somebody looks for a place: key pictures only. An AdaptationSet for trick modes, DASH-IF IOP 3.2.9; not in HLS, which has
    /// I-frame playlists instead.
    Trick,
}

/// What a rendition is for: `urn:mpeg:dash:role:2011`, ISO/IEC 23009-1 5.8.5.5, and EXT-X-MEDIA in HLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// What is played if nobody chooses.
    Main,
    /// Another view of the same.
    Alternate,
    /// Somebody talks about it.
    Commentary,
    /// In another language than it was made in.
    Dub,
    /// Says what can be seen, for those who cannot.
    Description,
}

impl Role {
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Alternate => "alternate",
            Self::Commentary => "commentary",
            Self::Dub => "dub",
            Self::Description => "description",
        }
    }
}

impl Rendition {
    /// A rendition without segments.
    pub fn new(id: &str, container: Container) -> Self {
        Self {
            id: id.to_owned(),
            container,
            label: None,
            language: None,
            roles: Vec::new(),
            purpose: Purpose::Play,
            stretches: Vec::new(),
            longest: 0,
        }
    }

    /// The name of its HLS playlist.
    pub fn playlist(&self) -> String {
        format!("{}.m3u8", self.id)
    }

    /// The name of its I-frame playlist.
    pub fn iframe_playlist(&self) -> String {
        format!("{}_iframes.m3u8", self.id)
    }

    /// What it has listed.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The track that the texts tell of; `None` before the first stretch.
    pub fn leader(&self) -> Option<&Track> {
        self.stretches.first().map(Stretch::leader)
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.leader().map(Track::kind)
    }

    pub(super) fn language(&self) -> Option<Language> {
        self.language.or_else(|| self.leader()?.language)
    }

    /// Whether pictures and sound are in the same files.
    pub(super) fn is_mixed(&self) -> bool {
        self.stretches.first().is_some_and(|stretch| {
            let has = |kind| stretch.tracks.iter().any(|track| track.kind() == kind);
            has(Kind::Video) && has(Kind::Audio)
        })
    }

    /// The formats of all its tracks, each once.
    pub(super) fn codecs(&self) -> Vec<String> {
        distinct(self.stretches.iter().flat_map(|stretch| &stretch.tracks))
    }

    /// The formats of the tracks that its segments count in.
    pub(super) fn leading_codecs(&self) -> Vec<String> {
        distinct(self.stretches.iter().map(Stretch::leader))
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.stretches.iter().flat_map(|stretch| &stretch.segments)
    }
}

fn distinct<'a>(tracks: impl Iterator<Item = &'a Track>) -> Vec<String> {
    let mut all = Vec::new();
    for codecs in tracks.map(|track| track.codec.codecs()) {
        if !all.contains(&codecs) {
            all.push(codecs);
        }
    }
    all
}

/// Segments end to end, of the same tracks and the same header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub(super) tracks: Vec<Track>,
    pub(super) leader: usize,
    pub(super) files: Files,
    pub(super) segments: Vec<Segment>,
}

impl Stretch {
    /// One without segments; `None` without tracks.
    pub(super) fn new(tracks: &[Track], files: Files) -> Option<Self> {
        if tracks.is_empty() {
            return None;
        }
        let leader = tracks.iter().position(|track| track.kind() == Kind::Video).unwrap_or(0);
        Some(Self { tracks: tracks.to_vec(), leader, files, segments: Vec::new() })
    }

    /// Whose ticks the segments count in.
    pub fn leader(&self) -> &Track {
        &self.tracks[self.leader]
    }

    /// Everything that is in the files.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Its segments.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Its files.
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// Starts and durations in ticks, as MPD attributes have them: nothing lies below zero.
    pub(super) fn spans(&self) -> impl Iterator<Item = (u64, u64)> {
        self.segments.iter().map(|segment| (segment.start.ticks().max(0).unsigned_abs(), segment.duration))
    }
}

/// A segment: no bytes, but where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it begins in presentation, in ticks of its stretch's leader.
    pub start: Timestamp,
    /// Ticks to its end, at least 1.
    pub duration: u64,
    /// Where it lies in its file; from 0 to its size where it is a file.
    pub range: Range<u64>,
    /// Whether all of it can be decoded without any other. True unless said otherwise.
    pub independent: bool,
    /// The key pictures that can be had by themselves, in the order of time.
    pub keys: Vec<KeyPicture>,
}

/// A key picture, and what a player has to fetch to show it and nothing else: `moof` and the first sample of fMP4, PAT to the end of the
/// picture of TS (RFC 8216bis 4.4.3.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPicture {
    /// When it is shown, in ticks of its stretch's leader.
    pub start: Timestamp,
    /// Where it lies in the segment's file.
    pub range: Range<u64>,
}

impl Segment {
    /// A segment that begins with a key picture which cannot be had by itself.
    pub const fn new(start: Timestamp, duration: u64, range: Range<u64>) -> Self {
        Self { start, duration, range, independent: true, keys: Vec::new() }
    }

    /// A file that a segmenter gave.
    pub fn file(segment: &segment::Segment) -> Self {
        Self::range(segment, 0)
    }

    /// What a segmenter gave, put into a file at `offset`.
    pub fn range(segment: &segment::Segment, offset: u64) -> Self {
        let keys = segment.keys.iter().map(|key| KeyPicture {
            start: key.start,
            range: offset + key.bytes.start..offset + key.bytes.end,
        });
        Self {
            start: segment.start,
            duration: segment.duration,
            range: offset..offset + segment.rope.len(),
            independent: segment.independent,
            keys: keys.collect(),
        }
    }

    /// The same `bytes` further behind in its file: what comes before it was not known when it was written.
    #[must_use]
    pub fn later_in_file(mut self, bytes: u64) -> Self {
        let later = |range: &Range<u64>| range.start.saturating_add(bytes)..range.end.saturating_add(bytes);
        self.range = later(&self.range);
        self.keys.iter_mut().for_each(|key| key.range = later(&key.range));
        self
    }

    /// The same, and its first picture is in `range` of the file.
    #[must_use]
    pub fn with_key(mut self, range: Range<u64>) -> Self {
        self.keys.push(KeyPicture { start: self.start, range });
        self
    }
}
