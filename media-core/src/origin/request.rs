//! What is asked for.

use crate::playlist::hls::Skip;
use crate::track::TrackId;

/// A GET or HEAD request for a file of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The name of the file, without folders.
    pub path: &'a str,
    /// What stands behind the question mark. Only delivery directives are looked at.
    pub query: Option<&'a str>,
    /// The value of a `Range` header that is to be honoured: of one that comes with an `If-Range` that is not fulfilled, `None`.
    pub range: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A request without query and range.
    pub const fn new(path: &'a str) -> Self {
        Self { path, query: None, range: None }
    }

    /// Its range; all for one that we do not serve or that makes no sense, as RFC 9110 section 14.2 wants: of several ranges, a multipart body
    /// is not worth while.
    pub(super) fn range(&self) -> Range {
        self.range.and_then(Range::read).unwrap_or(Range::All)
    }
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRequest {
    /// `_HLS_part` means nothing without `_HLS_msn`.
    #[error("_HLS_part without _HLS_msn")]
    PartAlone,
    /// A directive that has to be a decimal number is none.
    #[error("{directive} is not a decimal number")]
    NotANumber {
        /// Its name.
        directive: &'static str,
    },
    /// Nobody can know of that segment yet.
    #[error("segment {msn} is more than two beyond {last}, the last there is")]
    TooFarAhead {
        /// What was asked for.
        msn: u64,
        /// The last segment that is whole.
        last: u64,
    },
    /// Nobody can know of that part yet.
    #[error("part {part} of segment {msn} is too far beyond the {listed} there are")]
    PartTooFarAhead {
        /// The segment.
        msn: u64,
        /// The index that was asked for.
        part: u32,
        /// Parts of it that are there.
        listed: u32,
    },
}

/// A request that makes sense.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Multivariant,
    Manifest,
    Iframes {
        track: TrackId,
    },
    Media {
        track: TrackId,
        directives: Directives,
    },
    File {
        path: String,
        range: Range,
    },
    /// `sent` bytes of it were answered already.
    Segment {
        track: TrackId,
        number: u64,
        /// Which it must be of.
        generation: Option<u32>,
        path: String,
        range: Range,
        sent: u64,
    },
    Part {
        track: TrackId,
        number: u64,
        path: String,
        range: Range,
    },
}

/// Delivery directives, RFC 8216bis 6.2.5.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Directives {
    pub(super) reload: Reload,
    pub(super) skip: Skip,
}

/// From when on a list is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Reload {
    #[default]
    Now,
    Segment {
        msn: u64,
    },
    Part {
        msn: u64,
        part: u32,
    },
}

impl Directives {
    /// Reads them from a query. Others than those we know, and values of `_HLS_skip` that we do not, are left alone: the whole list is never wrong.
    pub(super) fn read(query: &str) -> Result<Self, BadRequest> {
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let number = |directive: &'static str| {
            value(directive).map(|text| decimal(text).ok_or(BadRequest::NotANumber { directive })).transpose()
        };
        let reload = match (number("_HLS_msn")?, number("_HLS_part")?) {
            (None, None) => Reload::Now,
            (None, Some(_)) => return Err(BadRequest::PartAlone),
            (Some(msn), None) => Reload::Segment { msn },
            (Some(msn), Some(part)) => Reload::Part { msn, part: u32::try_from(part).unwrap_or(u32::MAX) },
        };
        let skip = match value("_HLS_skip") {
            Some("YES") => Skip::Segments,
            Some("v2") => Skip::DateRanges,
            _ => Skip::Nothing,
        };
        Ok(Self { reload, skip })
    }
}

/// Which bytes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    All,
    /// From one to another, both included.
    Between(u64, u64),
    /// The last so many.
    Last(u64),
}

impl Range {
    /// A single range of bytes.
    fn read(header: &str) -> Option<Self> {
        let (unit, range) = header.trim().split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        match (first.trim(), last.trim()) {
            ("", last) => Some(Self::Last(decimal(last)?)),
            (first, "") => Some(Self::Between(decimal(first)?, u64::MAX)),
            (first, last) => {
                let (first, last) = (decimal(first)?, decimal(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }
}

fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let read = |header| Request { range: Some(header), ..Request::new("") }.range();
        assert_eq!(read("bytes=0-9"), Range::Between(0, 9));
        assert_eq!(read("Bytes = 5 - "), Range::Between(5, u64::MAX));
        assert_eq!(read("bytes=7-9007199254740991"), Range::Between(7, 9_007_199_254_740_991));
        assert_eq!(read("bytes=-3"), Range::Last(3));
        for other in
            ["", "bytes", "bytes=", "bytes=-", "bytes=9-0", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2"]
        {
            assert_eq!(read(other), Range::All, "{other}");
        }
    }

    #[test]
    fn directives_are_read() {
        let read = |query: &str| Directives::read(query);
        assert!(matches!(read("a=b&_HLS_msn=7").unwrap().reload, Reload::Segment { msn: 7 }));
        let both = read("_HLS_msn=7&_HLS_part=2&_HLS_skip=v2").unwrap();
        assert!(matches!(both.reload, Reload::Part { msn: 7, part: 2 }));
        assert_eq!(both.skip, Skip::DateRanges);
        assert_eq!(read("_HLS_skip=yes&_HLS_push=1").unwrap().skip, Skip::Nothing);
        assert_eq!(read("_HLS_part=0").unwrap_err(), BadRequest::PartAlone);
        for number in ["", "-1", "1.0", "0x1", "%31"] {
            let error = read(&format!("_HLS_msn={number}")).unwrap_err();
            assert_eq!(error, BadRequest::NotANumber { directive: "_HLS_msn" });
        }
        let far = read("_HLS_msn=99999999999999999999").unwrap();
        assert!(matches!(far.reload, Reload::Segment { msn: u64::MAX }));
    }
}
