//! Container bytes in, packets out: the mirror of [`mux`](crate::mux).
//!
//! A demuxer reads nothing itself. It says where it wants to go on reading ([`Demux::wants`]), is given the bytes that are there, and
//! gives out the tracks and then their packets. From a stream that cannot be sought in, it wants one byte after the other; from a
//! [seekable](Source::Seekable) source it may ask for a place further back or ahead, such as the index at the end of a file.
//!
//! | module | container |
//! |---|---|
//! | [`mp4`] | MP4, MOV, fragmented MP4 and CMAF |
//! | [`webm`] | WebM and Matroska |
//! | [`mpegts`] | MPEG transport streams |
//! | [`packed`] | bare frames of AAC, MP3, AC-3 and E-AC-3 |
//!
//! [`Container::sniff`] tells from the first bytes which it is, and [`Demuxer`] reads any of them.
//!
//! What comes out is ready for every stage behind it: the time line begins at the first intended sample, so that an edit list, `CodecDelay`
//! or a pre-skip show as [`priming`](crate::track::Track::priming) and in the stamps; H.264 and H.265 have 4-byte lengths; packets of all
//! tracks come in the order of their decoding.

mod any;
mod container;
mod framing;
mod input;
mod interleave;
pub(crate) mod language;
pub mod mp4;
pub mod mpegts;
pub mod packed;
mod sound;
pub mod webm;

pub use any::{Demuxer, Error};
pub use container::Container;

use std::sync::Arc;

use bytes::Bytes;

use crate::packet::Packet;
use crate::track::Track;

/// What a container is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Bytes that come once, in order. A container that keeps its index behind its media cannot be read from it.
    Stream,
    /// Something that can be read anywhere.
    Seekable {
        /// Its length in bytes.
        len: u64,
    },
}

/// What a demuxer gives out.
#[derive(Clone, Debug)]
pub enum Output {
    /// What the packets that follow belong to. Comes first, and again where tracks or a configuration change.
    Tracks(Arc<[Track]>),
    /// An access unit of one of these tracks.
    Packet(Packet),
}

/// Reads one container; every demuxer is driven alike:
///
/// ```
/// use bytes::Bytes;
/// use media_core::demux::{Demux, Output};
///
/// /// Reads all of a file that is in memory.
/// fn read<D: Demux>(mut demuxer: D, file: &Bytes) -> Result<Vec<Output>, D::Error> {
///     let mut outputs = Vec::new();
///     while let Some(at) = demuxer.wants() {
///         let at = usize::try_from(at).unwrap_or(usize::MAX).min(file.len());
///         if at == file.len() {
///             break;
///         }
///         demuxer.push(file.slice(at..file.len().min(at + 65_536)))?;
///         outputs.extend(std::iter::from_fn(|| demuxer.poll()));
///     }
///     outputs.extend(demuxer.finish()?);
///     Ok(outputs)
/// }
/// ```
pub trait Demux {
    /// What is wrong with the bytes.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The position of the byte that [`push`](Self::push) wants next; `None` once it needs nothing more. For a [`Source::Stream`] it is always
    /// where the last push ended.
    fn wants(&self) -> Option<u64>;

    /// Takes bytes from the position that [`wants`](Self::wants) said on; as many as are at hand, a few kilobytes to a megabyte.
    ///
    /// # Errors
    /// When this is not the container, or it is so damaged that nothing more can come of it. What was read before can still be
    /// [polled](Self::poll).
    fn push(&mut self, bytes: Bytes) -> Result<(), Self::Error>;

    /// The next output; `None` until more is pushed.
    fn poll(&mut self) -> Option<Output>;

    /// Ends where the source ends: what was not polled yet and what only the end could tell. A file cut off in the middle gives what it has.
    ///
    /// # Errors
    /// When the source ended before any track was known.
    fn finish(self) -> Result<Vec<Output>, Self::Error>
    where
        Self: Sized;
}
