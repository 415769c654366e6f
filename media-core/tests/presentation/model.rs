//! Presentations made up for tests.

use media_core::codec::{self, Colour, aac, vp9};
use media_core::playlist::presentation::{
    Container, Files, Presentation, Rendition, RenditionId, Segment, Template, Type,
};
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

pub(crate) fn id(id: u32) -> TrackId {
    TrackId::new(id).unwrap()
}

/// VP9 at 90 kHz, 25 pictures a second.
pub(crate) fn pictures(width: u32, height: u32) -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(width, height)).unwrap().with_frame_rate(25, 1);
    Track::new(id(1), TimeBase::VIDEO, codec::Config::Vp9(config))
}

/// The same with the transfer function of HDR10.
pub(crate) fn bright() -> Track {
    let colour = Some(Colour { primaries: 9, transfer: 16, matrix: 9, full_range: false });
    let mut parts = vp9::Parts::new(640, 360);
    parts.colour = colour;
    let config = vp9::Config::from_parts(parts).unwrap();
    Track::new(id(1), TimeBase::VIDEO, codec::Config::Vp9(config))
}

/// AAC-LC, 48 kHz, stereo.
pub(crate) fn sound() -> Track {
    Track::new(id(2), TimeBase::hz(48_000), codec::Config::Aac(aac::Config::new(48_000, 2).unwrap()))
}

/// Files `{id}_1.m4s` and so on.
pub(crate) fn many(id: &str) -> Files {
    Files::Many {
        header: Some(format!("{id}_init.mp4")),
        names: Template::numbered(&format!("{id}_"), ".m4s"),
    }
}

/// A file each: spans in ticks and sizes in bytes, end to end from zero; key pictures in the first 500 bytes.
pub(crate) fn segments(spans: &[(u64, u64)]) -> Vec<Segment> {
    let mut at = 0;
    let mut all = Vec::new();
    for &(duration, bytes) in spans {
        all.push(Segment::new(Timestamp::new(at), duration, 0..bytes).with_key(0..500));
        at += duration as i64;
    }
    all
}

/// The same as ranges of one file behind a header of 1000 bytes.
pub(crate) fn ranges(spans: &[(u64, u64)]) -> Vec<Segment> {
    let mut at = 1000;
    let mut all = segments(spans);
    for segment in &mut all {
        let len = segment.range.end;
        segment.range = at..at + len;
        segment.keys[0].range = at..at + 500;
        at += len;
    }
    all
}

pub(crate) fn add(
    presentation: &mut Presentation,
    rendition: Rendition,
    tracks: &[Track],
    files: Files,
    segments: Vec<Segment>,
) -> RenditionId {
    let id = presentation.add(rendition).unwrap();
    presentation.begin(id, tracks, files).unwrap();
    segments.into_iter().for_each(|segment| presentation.push(id, segment).unwrap());
    id
}

/// Two sizes of pictures and two languages, cut every 2 s, the last segment shorter.
pub(crate) fn ladder() -> Presentation {
    let mut presentation = Presentation::new(Type::Vod);
    for (name, size, bytes) in [("low", (320, 180), 25_000), ("high", (640, 360), 100_000)] {
        let track = pictures(size.0, size.1);
        let spans = [(180_000, bytes), (180_000, 2 * bytes), (90_000, bytes / 2)];
        add(&mut presentation, Rendition::new(name, Container::Fmp4), &[track], many(name), segments(&spans));
    }
    for (name, language, bytes) in [("english", *b"eng", 30_000), ("german", *b"deu", 32_000)] {
        let language = media_core::track::Language::new(language);
        let mut rendition = Rendition::new(name, Container::Fmp4);
        rendition.language = language;
        let mut spans = segments(&[(96_256, bytes), (96_256, bytes), (47_488, bytes / 2)]);
        spans.iter_mut().for_each(|segment| segment.keys.clear());
        add(&mut presentation, rendition, &[sound()], many(name), spans);
    }
    presentation.finish();
    presentation
}
