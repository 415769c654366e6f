//! The files that playlists name.

use super::Media;
use super::lines::{Attributes, Line, integer, lines};
use super::media::Segment;
use crate::check::Report;
use crate::check::joined::{Address, End, Joined, Listed, SEGMENTS};

/// What a playlist names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A multivariant playlist: the addresses of its media playlists, each once.
    Playlists(Vec<String>),
    /// A media playlist: its segments, from one EXT-X-MAP or discontinuity to the next.
    Media {
        /// EXT-X-TARGETDURATION in seconds.
        target: u64,
        /// The segments; gaps are left out.
        joined: Vec<Joined>,
    },
    /// An I-frame playlist: pictures of files that other playlists have whole.
    KeyPictures(Vec<Address>),
}

impl Named {
    /// Reads a playlist. What is wrong in it is the judges' matter: what can be made out counts.
    pub fn read(text: &str) -> Self {
        let mut report = Report::default();
        let all = lines(text, 0, &mut report);
        let is_multivariant = |(_, line): &(_, Line<'_>)| {
            matches!(line, Line::Tag("-X-STREAM-INF" | "-X-MEDIA" | "-X-I-FRAME-STREAM-INF", _))
        };
        if all.iter().any(is_multivariant) {
            return Self::Playlists(playlists(&all));
        }
        let media = Media::read(text, 0, &mut report);
        let joined = join(&media.segments);
        if media.i_frames {
            let segments = joined.into_iter().flat_map(|joined| joined.segments);
            return Self::KeyPictures(segments.map(|segment| segment.address).collect());
        }
        Self::Media { target: media.target.unwrap_or(0), joined }
    }
}

fn playlists(all: &[(crate::check::Place, Line<'_>)]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, line) in all {
        let uri = match line {
            Line::Uri(uri) => Some(*uri),
            Line::Tag("-X-MEDIA" | "-X-I-FRAME-STREAM-INF", value) => {
                Attributes::read(value, *at, &mut Report::default()).get("URI")
            }
            Line::Tag(..) => None,
        };
        if let Some(uri) =
            uri.filter(|uri| found.len() < PLAYLISTS && !found.iter().any(|other| other == uri))
        {
            found.push(uri.to_owned());
        }
    }
    found
}

fn join(segments: &[Segment]) -> Vec<Joined> {
    let mut all: Vec<Joined> = Vec::new();
    let mut map: Option<&Option<String>> = None;
    let mut last: Option<(&str, u64)> = None;
    for segment in segments.iter().take(SEGMENTS) {
        let address = address(&segment.uri, segment.range.as_deref(), last);
        last = address.range.as_ref().map(|range| (&segment.uri[..], range.end));
        // A gap is no file.
        let breaks = segment.discontinuity || segment.gap || map != Some(&segment.map);
        if breaks || all.is_empty() {
            let header = segment.map.as_deref().and_then(header);
            all.push(Joined { name: String::new(), header, segments: Vec::new(), end: End::Listed });
        }
        map = Some(&segment.map);
        if let Some(joined) = all.last_mut().filter(|_| !segment.gap) {
            joined.segments.push(Listed { address, nanos: segment.duration });
        }
    }
    all.retain(|joined| !joined.segments.is_empty());
    all
}

/// `EXT-X-MAP`: its URI and its range, a space between them.
fn header(map: &str) -> Option<Address> {
    let (uri, range) = map.rsplit_once(' ')?;
    Some(address(uri, Some(range).filter(|range| !range.is_empty()), None))
}

/// A range without an offset goes on where the one before it ended, 4.4.4.2.
fn address(uri: &str, range: Option<&str>, last: Option<(&str, u64)>) -> Address {
    let range = range.and_then(|range| {
        let (length, offset) = range.split_once('@').map_or((range, None), |(n, o)| (n, Some(o)));
        let before = last.filter(|(of, _)| *of == uri).map_or(0, |(_, end)| end);
        let start = offset.map_or(Some(before), integer)?;
        Some(start..start.checked_add(integer(length)?)?)
    });
    Address { uri: uri.to_owned(), range }
}

/// Playlists that are told.
const PLAYLISTS: usize = 1024;
