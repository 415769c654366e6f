//! A player's memory: it reads each new version of the playlists and panics when they contradict what it was told before.

use std::collections::BTreeMap;

/// What a player remembers of one media playlist.
#[derive(Debug, Default)]
pub struct History {
    target_duration: Option<u64>,
    first: u64,
    end: u64,
    /// By media sequence number.
    told: BTreeMap<u64, Entry>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    uri: String,
    /// Whether it is listed as a gap, which nobody loads.
    gap: bool,
    /// The init segment in force; empty for a gap, which needs none.
    map: String,
    extinf: String,
    date_time: String,
    /// Discontinuities since the stream began.
    discontinuities: u64,
}

/// What two playlists of the same stream must agree on.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// EXT-X-MEDIA-SEQUENCE and the number of the segment after the last one.
    pub numbers: (u64, u64),
    /// EXT-X-DISCONTINUITY-SEQUENCE of each segment.
    pub discontinuities: Vec<u64>,
}

impl History {
    /// Reads a new version, RFC 8216 sections 4.3 and 6.2.
    pub fn read(&mut self, text: &str) -> Shape {
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("#EXTM3U"));
        let mut value_of = BTreeMap::new();
        let mut entry = Entry::default();
        let (mut number, mut numbers, mut discontinuities) = (None, (0, 0), Vec::new());
        for line in lines {
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-TARGETDURATION"
                | "#EXT-X-MEDIA-SEQUENCE"
                | "#EXT-X-DISCONTINUITY-SEQUENCE"
                | "#EXT-X-VERSION" => {
                    let value: u64 = value.parse().expect("a decimal integer");
                    assert!(value_of.insert(tag.to_owned(), value).is_none(), "{tag} twice");
                }
                "#EXT-X-DISCONTINUITY" => entry.discontinuities += 1,
                "#EXT-X-MAP" => value.clone_into(&mut entry.map),
                "#EXT-X-GAP" => entry.gap = true,
                "#EXTINF" => value.clone_into(&mut entry.extinf),
                "#EXT-X-PROGRAM-DATE-TIME" => value.clone_into(&mut entry.date_time),
                _ if line.starts_with('#') => {}
                _ => {
                    let at = *number.get_or_insert(value_of["#EXT-X-MEDIA-SEQUENCE"]);
                    line.clone_into(&mut entry.uri);
                    let mut told = entry.clone();
                    if told.gap {
                        told.map.clear();
                    }
                    told.discontinuities += value_of["#EXT-X-DISCONTINUITY-SEQUENCE"];
                    discontinuities.push(told.discontinuities);
                    self.tell(at, told, value_of["#EXT-X-TARGETDURATION"]);
                    number = Some(at + 1);
                    (entry.extinf, entry.date_time, entry.gap) = (String::new(), String::new(), false);
                }
            }
        }
        let target = value_of["#EXT-X-TARGETDURATION"];
        assert_eq!(*self.target_duration.get_or_insert(target), target, "EXT-X-TARGETDURATION never changes");
        numbers.0 = value_of["#EXT-X-MEDIA-SEQUENCE"];
        numbers.1 = number.unwrap_or(numbers.0);
        assert!(
            numbers.0 >= self.first && numbers.1 >= self.end,
            "segments come at the end and go at the head"
        );
        (self.first, self.end) = numbers;
        self.told.retain(|number, _| *number >= numbers.0);
        Shape { numbers, discontinuities }
    }

    fn tell(&mut self, number: u64, entry: Entry, target: u64) {
        let seconds: f64 = entry.extinf.trim_end_matches(',').parse().expect("EXTINF is a decimal");
        assert!(
            seconds > 0.0 && seconds.round() as u64 <= target,
            "EXTINF {seconds} with a target of {target}"
        );
        assert!(entry.gap || !entry.map.is_empty(), "media comes with an init segment");
        assert!(!entry.date_time.is_empty(), "every segment says when it was captured");
        let told = self.told.entry(number).or_insert_with(|| entry.clone());
        assert_eq!(*told, entry, "what was said of segment {number} stays");
    }
}

/// Reads a manifest: well-formed, and each SegmentTimeline runs forward without overlap.
pub fn manifest(text: &str) {
    let mut open = Vec::new();
    let mut rest =
        text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("an XML declaration");
    let mut line_end: Option<u64> = None;
    while let Some(at) = rest.find('<') {
        assert!(rest[..at].chars().all(char::is_whitespace), "text between elements");
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let (content, is_empty) = tag.strip_suffix('/').map_or((tag, false), |content| (content, true));
        let name = content.split_whitespace().next().expect("an element has a name");
        match name {
            "SegmentTimeline" => line_end = None,
            "S" => line_end = Some(entry(content, line_end)),
            _ => {}
        }
        if !is_empty {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "left open: {open:?}");
}

/// One `S`: where it ends, ISO/IEC 23009-1 5.3.9.6.
fn entry(content: &str, line_end: Option<u64>) -> u64 {
    let attribute = |name: &str| {
        let begin = content.find(&format!(" {name}=\""))? + name.len() + 3;
        content[begin..].split('"').next().expect("split gives at least one").parse::<u64>().ok()
    };
    let start = attribute("t").or(line_end).expect("the first S has a time");
    assert!(line_end.is_none_or(|end| start >= end), "S at {start} begins before {line_end:?}");
    let duration = attribute("d").expect("S has a duration");
    assert!(duration > 0);
    start + duration * (attribute("r").unwrap_or(0) + 1)
}
