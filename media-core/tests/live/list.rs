//! Media playlists read by `quick-m3u8`.

use quick_m3u8::config::ParsingOptions;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

/// A media playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct List {
    pub(crate) version: u64,
    pub(crate) target_duration: u64,
    pub(crate) part_target: Option<f64>,
    pub(crate) hold_back: Option<f64>,
    pub(crate) can_skip_until: Option<f64>,
    pub(crate) can_block_reload: bool,
    pub(crate) sequence: u64,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) skipped: Option<u64>,
    /// The last is the one at the live edge, which has no address yet.
    pub(crate) items: Vec<Item>,
    pub(crate) hint: Option<(String, u64)>,
    /// Address, last segment, last part.
    pub(crate) reports: Vec<(String, u64, Option<u64>)>,
    pub(crate) ranges: Vec<String>,
    pub(crate) ended: bool,
}

/// A segment in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Item {
    pub(crate) uri: Option<String>,
    pub(crate) seconds: f64,
    pub(crate) date_time: String,
    pub(crate) discontinuity: bool,
    pub(crate) gap: bool,
    /// The map in force.
    pub(crate) map: Option<String>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) uri: String,
    pub(crate) seconds: f64,
    pub(crate) independent: bool,
    pub(crate) gap: bool,
    /// Length and offset.
    pub(crate) range: Option<(u64, Option<u64>)>,
}

impl List {
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = Reader::from_str(text, ParsingOptions::default());
        let mut list = Self::default();
        let mut item = Item::default();
        while let Some(line) = reader.read_line().expect("a line of a playlist") {
            match line {
                HlsLine::KnownTag(KnownTag::Hls(tag)) => list.tag(tag, &mut item),
                HlsLine::Uri(uri) => {
                    let next = Item { map: item.map.clone(), ..Item::default() };
                    let item = std::mem::replace(&mut item, next);
                    // A gap needs none.
                    let map = item.map.filter(|_| !item.gap);
                    list.items.push(Item { uri: Some(uri.into_owned()), map, ..item });
                }
                other => panic!("not written by us: {other:?}"),
            }
        }
        if !item.parts.is_empty() {
            let map = item.map.filter(|_| item.parts.iter().any(|part| !part.gap));
            list.items.push(Item { map, ..item });
        }
        list
    }

    fn tag(&mut self, tag: Tag<'_>, item: &mut Item) {
        match tag {
            Tag::M3u(_) | Tag::IndependentSegments(_) | Tag::PlaylistType(_) => {}
            Tag::Version(tag) => self.version = tag.version(),
            Tag::Targetduration(tag) => self.target_duration = tag.target_duration(),
            Tag::PartInf(tag) => self.part_target = Some(tag.part_target()),
            Tag::ServerControl(tag) => {
                self.hold_back = tag.part_hold_back();
                self.can_skip_until = tag.can_skip_until();
                self.can_block_reload = tag.can_block_reload();
            }
            Tag::MediaSequence(tag) => self.sequence = tag.media_sequence(),
            Tag::DiscontinuitySequence(tag) => self.discontinuity_sequence = tag.discontinuity_sequence(),
            Tag::Skip(tag) => self.skipped = Some(tag.skipped_segments()),
            Tag::Map(tag) => item.map = Some(tag.uri().to_owned()),
            Tag::ProgramDateTime(tag) => item.date_time = tag.program_date_time().to_string(),
            Tag::Inf(tag) => item.seconds = tag.duration(),
            Tag::Discontinuity(_) => item.discontinuity = true,
            Tag::Gap(_) => item.gap = true,
            Tag::Part(tag) => item.parts.push(Part {
                uri: tag.uri().to_owned(),
                seconds: tag.duration(),
                independent: tag.independent(),
                gap: tag.gap(),
                range: tag.byterange().map(|range| (range.length, range.offset)),
            }),
            Tag::PreloadHint(tag) => {
                assert!(self.hint.replace((tag.uri().to_owned(), tag.byterange_start())).is_none());
            }
            Tag::RenditionReport(tag) => {
                self.reports.push((tag.uri().to_owned(), tag.last_msn(), tag.last_part()));
            }
            Tag::Daterange(tag) => self.ranges.push(tag.id().to_owned()),
            Tag::Endlist(_) => self.ended = true,
            other => panic!("not written by us: {other:?}"),
        }
    }

    /// The segments with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, &Item)> {
        let first = self.sequence + self.skipped.unwrap_or(0);
        self.items.iter().enumerate().map(move |(at, item)| (first + at as u64, item))
    }

    /// Seconds of the segments that are whole.
    pub(crate) fn seconds(&self) -> f64 {
        self.items.iter().filter(|item| item.uri.is_some()).map(|item| item.seconds).sum()
    }

    /// Number and parts of the last segment.
    pub(crate) fn last(&self) -> (u64, Option<u64>) {
        let (msn, item) = self.numbered().last().expect("not empty");
        (msn, (item.parts.len() as u64).checked_sub(1))
    }

    /// Whether a part of a segment, or what counts as it, is in the list.
    pub(crate) fn has(&self, msn: u64, part: Option<u64>) -> bool {
        let whole = self.numbered().filter(|(_, item)| item.uri.is_some()).last().map(|(number, _)| number);
        let Some(part) = part else { return whole.is_some_and(|whole| whole >= msn) };
        let later = self
            .numbered()
            .any(|(number, item)| number > msn && (item.uri.is_some() || !item.parts.is_empty()));
        later || self.numbered().any(|(number, item)| number == msn && item.parts.len() as u64 > part)
    }
}
