//! WebM and Matroska: segments for DASH, live streams, and files one can seek in.
//!
//! | type | writes |
//! |---|---|
//! | [`Muxer`] | one track in fragments whose bounds the caller chooses, for DASH; the twin of [`fmp4::Muxer`](super::fmp4::Muxer) |
//! | [`Writer`] | one or several tracks, interleaved, as a live stream or a file; it chooses where clusters begin |
//!
//! The elements are those of RFC 9559 (Matroska) in the encoding of RFC 8794 (EBML). VP8, VP9, AV1, Opus and Vorbis make WebM, as its
//! container guidelines have it; with anything else among the tracks (H.264, H.265, AAC, FLAC, MP3, AC-3, E-AC-3) the same elements are a Matroska
//! file ([`DocType`]).
//!
//! # Codecs
//!
//! | | `CodecID` | `CodecPrivate` |
//! |---|---|---|
//! | VP8, VP9 | `V_VP8`, `V_VP9` | none; of VP9 its features |
//! | AV1 | `V_AV1` | `av1C` |
//! | Opus | `A_OPUS` | `OpusHead` |
//! | Vorbis | `A_VORBIS` | its three headers |
//! | H.264, H.265 | `V_MPEG4/ISO/AVC`, `V_MPEGH/ISO/HEVC` | `avcC`, `hvcC` |
//! | AAC | `A_AAC` | AudioSpecificConfig |
//! | FLAC | `A_FLAC` | `fLaC` and its metadata blocks |
//! | MP3, MPEG audio of layers I and II | `A_MPEG/L3`, `A_MPEG/L1`, `A_MPEG/L2` | none |
//! | AC-3, E-AC-3 | `A_AC3`, `A_EAC3` | none |
//!
//! # What is refused
//!
//! * A codec that only Matroska has, where [WebM](DocType) is demanded.
//! * A packet that is not decoded after the one before it; of a codec that does not reorder, one that is shown before it.
//! * A packet before the beginning of the segment, as times in it have no sign, or beyond 63 bits of its ticks.
//! * Alpha for a track that announced none; more than 126 tracks; an Opus priming of more than 16 bits.
//!
//! [`Error`] says which packet or value it was. The muxer or writer is then as it was before: leave the packet out and go on.
//!
//! # Time
//!
//! Blocks count in ticks of the whole segment, [`Format::timestamp_scale`], by default milliseconds. Every block is rounded from its
//! absolute position, so nothing drifts; and it is stamped with its **PTS**, in the order of DTS. Sound with
//! [priming](crate::track::Track::priming) is late by it, and `CodecDelay` takes it back: what has a PTS below zero is not played. Sound
//! that ends within its last packet is cut by `DiscardPadding`.
//!
//! A block lies within 16 bits of ticks of its cluster. Longer fragments become several clusters.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use media_core::codec::{Config, Key, opus};
//! use media_core::mux::webm;
//! use media_core::packet::Packet;
//! use media_core::time::{TimeBase, Timestamp};
//! use media_core::track::{Track, TrackId};
//!
//! let id = TrackId::new(1).ok_or("zero")?;
//! let track = Track::new(id, TimeBase::hz(48_000), Config::Opus(opus::Config::new(2)?));
//! let packet = |pts, data| Packet {
//!     track: id,
//!     pts: Timestamp::new(pts),
//!     dts: Timestamp::new(pts),
//!     duration: Some(960),
//!     key: Key::Closed,
//!     data: Bytes::from_static(data),
//!     wall: None,
//! };
//!
//! let mut muxer = webm::Muxer::new(&track)?;
//! let mut stream = vec![muxer.init()];
//! let packets = [packet(0, b"\x08one"), packet(960, b"\x08two")];
//! stream.extend(muxer.fragment(&packets, Timestamp::new(1920))?);
//! assert_eq!(stream[4], "\x08two");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod cluster;
mod config;
mod cues;
mod ebml;
mod entry;
mod error;
mod file;
mod header;
mod lane;
mod live;
mod queue;
mod writer;

use std::num::NonZeroU32;

use bytes::Bytes;

use self::block::{Group, Pieces};
use self::cluster::{Cluster, SPAN_MAX};
use self::lane::Lane;
#[cfg(test)]
use super::hex;
use super::{Patch, Rope};
use crate::codec::Format as Codec;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::Track;

pub use config::{Config, Layout};
pub use entry::TrackEntry;
pub use error::Error;
pub use writer::{Ending, Output, Writer};

/// Writes one track as a WebM (or Matroska) initialisation segment and media segments of clusters.
///
/// It is told packets and gives ropes; it holds no media between calls. After an error nothing has changed: the call can be repeated
/// with other packets.
#[derive(Debug)]
pub struct Muxer {
    init: Bytes,
    lane: Lane,
    /// Empty between calls, kept for its memory.
    cluster: Cluster,
    pieces: Pieces,
}

impl Muxer {
    /// A muxer for the packets of `track`: milliseconds, WebM where the codec allows it.
    ///
    /// # Errors
    /// When the priming of an Opus track is more than `OpusHead` can say.
    pub fn new(track: &Track) -> Result<Self, Error> {
        Self::with_format(&track.into(), Format::default())
    }

    /// A muxer for a track of which more is known, or in another format.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when WebM was demanded for a codec it does not have.
    pub fn with_format(entry: &TrackEntry, format: Format) -> Result<Self, Error> {
        let entry = &TrackEntry { alpha: false, ..entry.clone() };
        let doc_type = format.doc_type_of([entry.track.codec.format()])?;
        let tracks = header::tracks(&[entry.to_element(1)?]);
        Ok(Self {
            init: header::live(doc_type, &format, &tracks),
            lane: Lane::new(entry, 1, format.scale()),
            cluster: Cluster::default(),
            pieces: Pieces::default(),
        })
    }

    /// The header: EBML header, and a segment of unknown size as far as its tracks. The same bytes at every call.
    pub fn init(&self) -> Bytes {
        self.init.clone()
    }

    /// One fragment: a cluster with the packets' payloads as they are, in the packets' order and memory; several where they span more
    /// than 16 bits of ticks (32.767 s by default).
    ///
    /// `end` is the DTS at which the last packet ends, in the track's time base: the DTS of the packet that follows where it is known, else
    /// the best guess. It is said in the last block, so that a player need not guess; where the last packet says so itself, what it decodes to
    /// beyond that is not played. A fragment that is a media segment of DASH begins with a key frame: the caller cuts there.
    ///
    /// # Errors
    /// When there is no packet, one is of another track, DTS do not increase strictly up to `end`, PTS fall where the codec does not
    /// reorder, or a time lies before zero or beyond what 63 bits of ticks can say.
    pub fn fragment(&mut self, packets: &[Packet], end: Timestamp) -> Result<Rope, Error> {
        self.write(packets, end, false)
    }

    /// The last [fragment](Self::fragment), whose `end` is the end of the track: what the last packet of sound decodes to beyond it is not
    /// played.
    ///
    /// # Errors
    /// As [`fragment`](Self::fragment).
    pub fn finish(mut self, packets: &[Packet], end: Timestamp) -> Result<Rope, Error> {
        self.write(packets, end, true)
    }

    fn write(&mut self, packets: &[Packet], end: Timestamp, trims: bool) -> Result<Rope, Error> {
        let before = self.lane.last();
        let written = self.write_clusters(packets, end, trims);
        if let Err(error) = written {
            self.lane.go_back(before);
            self.cluster.clear();
            self.pieces.clear();
            return Err(error);
        }
        Ok(self.pieces.take())
    }

    fn write_clusters(&mut self, packets: &[Packet], end: Timestamp, trims: bool) -> Result<(), Error> {
        let (last, others) = packets.split_last().ok_or(Error::Empty)?;
        for packet in others {
            self.write_block(packet, Group::default())?;
        }
        let ticks = end.since(last.dts);
        if ticks <= 0 {
            return Err(Error::Duration { dts: last.dts, ticks });
        }
        let says_so = last.duration.is_some_and(|own| i64::from(own) == ticks);
        let group = Group {
            duration: self.lane.duration(last.pts, ticks),
            discard_padding: if trims || says_so { self.lane.surplus(&last.data, ticks) } else { None },
            ..Group::default()
        };
        self.write_block(last, group)?;
        self.cluster.write(&mut self.pieces);
        Ok(())
    }

    fn write_block(&mut self, packet: &Packet, group: Group) -> Result<(), Error> {
        let due = self.lane.take(packet)?;
        if self.cluster.span_with(due.time) > SPAN_MAX {
            self.cluster.write(&mut self.pieces);
        }
        let block = self.lane.block(packet.key.is_sync(), packet.data.clone(), due.time, group);
        self.cluster.push(block);
        Ok(())
    }
}

/// What concerns the whole file or stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// What the file says it is; `None` for WebM where all codecs are of it, else Matroska.
    pub doc_type: Option<DocType>,
    /// `TimestampScale`: nanoseconds per tick. WebM wants a million, a millisecond; finer ticks make shorter clusters.
    pub timestamp_scale: NonZeroU32,
}

impl Default for Format {
    fn default() -> Self {
        Self { doc_type: None, timestamp_scale: MILLISECOND }
    }
}

impl Format {
    fn doc_type_of(self, codecs: impl IntoIterator<Item = Codec>) -> Result<DocType, Error> {
        let foreign = codecs.into_iter().find(|codec| !DocType::is_of_webm(*codec));
        match (self.doc_type, foreign) {
            (Some(DocType::Webm), Some(codec)) => Err(Error::NotWebm { codec }),
            (Some(doc_type), _) => Ok(doc_type),
            (None, None) => Ok(DocType::Webm),
            (None, Some(_)) => Ok(DocType::Matroska),
        }
    }

    /// How long a tick lasts.
    const fn scale(self) -> TimeBase {
        match TimeBase::new(self.timestamp_scale.get(), NANOS_PER_SECOND) {
            Some(scale) => scale,
            None => TimeBase::NANOS,
        }
    }
}

/// What a file says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocType {
    /// `webm`: VP8, VP9, AV1, Opus and Vorbis only.
    Webm,
    /// `matroska`: every codec.
    Matroska,
}

impl DocType {
    const fn name(self) -> &'static str {
        match self {
            Self::Webm => "webm",
            Self::Matroska => "matroska",
        }
    }

    const fn is_of_webm(codec: Codec) -> bool {
        matches!(codec, Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::Opus | Codec::Vorbis)
    }
}

const NANOS_PER_SECOND: u32 = 1_000_000_000;

const MILLISECOND: NonZeroU32 = NonZeroU32::new(1_000_000).expect("not zero");

#[cfg(test)]
#[path = "muxer_test.rs"]
mod tests;
