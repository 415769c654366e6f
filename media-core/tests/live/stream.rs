//! What a segmenter could give out.

use bytes::Bytes;
use media_core::codec::{self, aac, opus, vp9};
use media_core::mux::Rope;
use media_core::playlist::{Config, LowLatency, Names};
use media_core::segment::{self, Chunk, Cut, Format, Init, KeyFrame, Output, Part, Piece, Segment};
use media_core::time::{TimeBase, Timestamp, WallTime};
use media_core::track::{Kind, Language, Track, TrackId};

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MILLI: i64 = 1_000_000;
/// 2026-11-21T09:15:00Z, checked with GNU date.
pub(crate) const MORNING: i64 = 1_795_252_500 * SECOND;

pub(crate) fn id(id: u32) -> TrackId {
    TrackId::new(id).unwrap()
}

pub(crate) fn names() -> Names {
    Names::new("5f2a").unwrap()
}

/// Track 1: 640x360 VP9, 90 kHz.
pub(crate) fn pictures() -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(640, 360)).unwrap().with_frame_rate(25, 1);
    Track::new(id(1), TimeBase::VIDEO, codec::Config::Vp9(config))
}

/// AAC-LC, 48 kHz, stereo.
pub(crate) fn sound(track: u32, language: Option<&[u8; 3]>) -> Track {
    // ISO/IEC 14496-3 1.6.2.1: object type 2, frequency index 3, 2 channels.
    let config = aac::Config::from_asc(&[0x11, 0x90]).unwrap();
    let language = language.and_then(|code| Language::new(*code));
    Track { language, ..Track::new(id(track), TimeBase::hz(48_000), codec::Config::Aac(config)) }
}

/// Opus, 48 kHz, stereo.
pub(crate) fn opus(track: u32) -> Track {
    let head = [b"OpusHead".as_slice(), &[1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0]].concat();
    let config = opus::Config::from_head(&head).unwrap();
    Track::new(id(track), TimeBase::hz(48_000), codec::Config::Opus(config))
}

/// Segments of 2 s, target duration 2 s, parts of half a second.
pub(crate) fn low_latency() -> Config {
    let segment =
        segment::Config { target_duration: 2, part: Some(SECOND / 2), ..segment::Config::new(2 * SECOND) };
    Config::new(&segment)
}

/// The same with other low-latency choices.
pub(crate) fn with(low: LowLatency) -> Config {
    let delivery = media_core::playlist::Delivery::LowLatency(low);
    Config { delivery, ..low_latency() }
}

/// A source on a line of milliseconds, cut where the test says.
#[derive(Debug)]
pub(crate) struct Camera {
    tracks: Vec<Track>,
    format: Format,
    generation: Option<u32>,
    number: u64,
    /// Where the next part begins.
    pub(crate) at: i64,
    discontinuity: bool,
    parts: Vec<Part>,
}

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) millis: i64,
    /// Whether the first track's pictures begin with a key frame.
    pub(crate) key: bool,
    /// The index of a track without media.
    pub(crate) gap: Option<usize>,
}

impl Camera {
    pub(crate) fn new(tracks: Vec<Track>, format: Format) -> Self {
        Self { tracks, format, generation: None, number: 0, at: 0, discontinuity: false, parts: Vec::new() }
    }

    /// When everything up to now is complete: at once.
    pub(crate) fn now(&self) -> WallTime {
        WallTime::from_nanos(MORNING + self.at * MILLI)
    }

    /// The headers; again for another configuration.
    pub(crate) fn init(&mut self) -> Output {
        assert!(self.parts.is_empty());
        self.discontinuity = self.number > 0;
        let generation = self.generation.map_or(0, |last| last + 1);
        self.generation = Some(generation);
        let files = if self.format.is_shared() { 1 } else { self.tracks.len() };
        let header = |n| Bytes::from(format!("header {generation} {n}"));
        let headers = (0..files).map(|n| if self.format.has_header() { header(n) } else { Bytes::new() });
        Output::Init(Init {
            generation,
            format: self.format,
            leader: self.tracks[0].id,
            headers: headers.collect(),
            tracks: self.tracks.clone().into(),
        })
    }

    pub(crate) fn change(&mut self, tracks: Vec<Track>) -> Output {
        self.tracks = tracks;
        self.init()
    }

    /// Time goes on without media.
    pub(crate) fn jump(&mut self, millis: i64) {
        assert!(self.parts.is_empty());
        self.at += millis;
        self.discontinuity = self.number > 0;
    }

    fn files(&self) -> &[Track] {
        if self.format.is_shared() { &self.tracks[..1] } else { &self.tracks }
    }

    pub(crate) fn part(&mut self, shape: Shape) -> Output {
        let index = self.parts.len() as u32;
        let pieces = self.files().iter().enumerate().map(|(at, track)| {
            let gap = shape.gap == Some(at);
            let text = format!("<{} {} {index} {}>", track.id.get(), self.number, self.at);
            let millis = |millis: i64| track.time_base.from_nanos(millis * MILLI);
            Piece {
                track: track.id,
                start: Timestamp::new(millis(self.at)),
                duration: millis(shape.millis).unsigned_abs(),
                rope: if gap { Rope::new() } else { Rope::from(Bytes::from(text)) },
                gap,
                independent: shape.key || at > 0,
                wall: None,
            }
        });
        let part = Part {
            number: self.number,
            index,
            generation: self.generation.unwrap(),
            discontinuity: self.discontinuity,
            pieces: pieces.collect(),
        };
        self.at += shape.millis;
        self.parts.push(part.clone());
        Output::Part(part)
    }

    /// A part with all tracks.
    pub(crate) fn plain(&mut self, millis: i64) -> Output {
        let key = self.parts.is_empty();
        self.part(Shape { millis, key, gap: None })
    }

    /// The cut of the parts so far.
    pub(crate) fn cut(&mut self) -> Output {
        let parts = std::mem::take(&mut self.parts);
        let segments = self.files().iter().enumerate().map(|(at, track)| {
            let pieces = parts.iter().map(|part| &part.pieces[at]);
            let mut rope = Rope::new();
            pieces.clone().for_each(|piece| rope.append(piece.rope.clone()));
            let chunk = |piece: &Piece| Chunk {
                start: piece.start,
                duration: piece.duration,
                bytes: piece.rope.len(),
                gap: piece.gap,
                independent: piece.independent,
            };
            Segment {
                track: track.id,
                start: parts[0].pieces[at].start,
                duration: pieces.clone().map(|piece| piece.duration).sum(),
                rope,
                parts: pieces.clone().map(chunk).collect(),
                keys: first_key(&parts[0].pieces[at], track),
                gap: pieces.clone().all(|piece| piece.gap),
                wall: None,
                independent: parts[0].pieces[at].independent,
            }
        });
        let cut = Cut {
            number: self.number,
            generation: self.generation.unwrap(),
            discontinuity: self.discontinuity,
            segments: segments.collect(),
        };
        self.number += 1;
        self.discontinuity = false;
        Output::Cut(cut)
    }

    /// Parts of half a second that last `millis` together, and their cut.
    pub(crate) fn segment(&mut self, millis: i64) -> Vec<Output> {
        let mut outputs: Vec<_> = (0..millis / 500).map(|_| self.plain(500)).collect();
        outputs.push(self.cut());
        outputs
    }
}

/// The key picture that a segment begins with: as many bytes as its first part.
fn first_key(piece: &Piece, track: &Track) -> Vec<KeyFrame> {
    let begins = track.kind() == Kind::Video && piece.independent && !piece.gap;
    begins.then(|| KeyFrame { start: piece.start, bytes: 0..piece.rope.len() }).into_iter().collect()
}

/// Pictures and sound in MP4.
pub(crate) fn camera() -> Camera {
    Camera::new(vec![pictures(), sound(2, None)], Format::Fmp4)
}
