//! What a request is answered with.

use std::fmt;

use super::BadRequest;
use super::request::Wanted;
use crate::mux::Rope;
use crate::time::Moment;

/// What a request is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Here it is: 200, or 206 where it is a [range](Ready::range).
    Ready(Ready),
    /// Not there yet; [retry](super::Origin::retry) when something was pushed, and at the deadline.
    Wait(Wait),
    /// There is no such thing, or no more: 404.
    NotFound,
    /// The client is wrong: 400.
    BadRequest(BadRequest),
    /// The range begins behind the end of what has this many bytes: 416.
    NotSatisfiable {
        /// Bytes there are.
        length: u64,
    },
    /// It did not come in three target durations: 503.
    Unavailable,
}

/// A body and what is said of it.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The bytes; shared with the origin.
    pub body: Rope,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `ETag`, in its quotation marks: the same for the same bytes only.
    pub etag: String,
    /// How long caches may keep it.
    pub cache: Cache,
    /// `Content-Range`, where not all of it is answered.
    pub range: Option<ContentRange>,
    /// More of the same body is still to come: send what there is, and then what [retrying](super::Origin::retry) gives, until that has no more. For
    /// players that ask for a segment as soon as it has begun, as low-latency DASH does.
    pub more: Option<Wait>,
}

/// How long caches may keep something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// For ever: the name never means other bytes.
    Immutable,
    /// It is to be asked for again each time: `no-cache`.
    Revalidate,
    /// Some time: a list that was asked for by the number it waited for.
    For {
        /// Seconds.
        seconds: u32,
    },
}

/// Which bytes of a whole are answered, RFC 9110 section 14.4. Prints as the header has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// How many there are in all; `None` while more come.
    pub length: Option<u64>,
}

impl fmt::Display for ContentRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "bytes {}-{}/", self.first, self.last)?;
        match self.length {
            Some(length) => write!(out, "{length}"),
            None => out.write_str("*"),
        }
    }
}

/// A request that is to be tried again.
#[derive(Clone, Debug)]
pub struct Wait {
    /// What it waits for.
    pub until: Until,
    /// When it has waited long enough.
    pub deadline: Moment,
    pub(super) wanted: Wanted,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The first segment.
    Beginning,
    /// A segment.
    Segment {
        /// Its media sequence number.
        msn: u64,
    },
    /// A part by its place, or the first of the segment behind that, should it have fewer.
    Part {
        /// Media sequence number.
        msn: u64,
        /// Index in the segment.
        part: u32,
    },
    /// A part by its number in the stream.
    PartNumber {
        /// How many come before it.
        number: u64,
    },
    /// More of a segment that grows.
    Bytes {
        /// Its media sequence number.
        msn: u64,
        /// Bytes there are already.
        after: u64,
    },
}
