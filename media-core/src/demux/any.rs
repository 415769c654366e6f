//! Any container through one demuxer.

use bytes::Bytes;

use super::{Container, Demux, Output, Source, mp4, mpegts, packed, webm};

/// Reads whichever container it was made for; the error says which refused.
///
/// ```
/// use media_core::demux::{Container, Demux, Demuxer, Source};
/// let file = b"\0\0\0\x18ftypisom"; // the first bytes of a file
/// let container = Container::sniff(file).ok_or("neither MP4, WebM nor a transport stream")?;
/// let demuxer = Demuxer::new(container, Source::Seekable { len: 1_000_000 });
/// assert_eq!(demuxer.wants(), Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Demuxer {
    /// MP4, MOV and their fragments.
    Mp4(Box<mp4::Demuxer>),
    /// WebM and Matroska.
    WebM(Box<webm::Demuxer>),
    /// MPEG transport streams.
    MpegTs(Box<mpegts::Demuxer>),
    /// Bare frames of sound.
    Packed(Box<packed::Demuxer>),
}

/// What is wrong with the bytes, by container.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// MP4.
    #[error(transparent)]
    Mp4(#[from] mp4::Error),
    /// WebM and Matroska.
    #[error(transparent)]
    WebM(#[from] webm::Error),
    /// MPEG transport streams.
    #[error(transparent)]
    MpegTs(#[from] mpegts::Error),
    /// Bare frames of sound.
    #[error(transparent)]
    Packed(#[from] packed::Error),
}

impl Demuxer {
    /// A demuxer at the start of `source`.
    pub fn new(container: Container, source: Source) -> Self {
        match container {
            Container::Mp4 => Self::Mp4(Box::new(mp4::Demuxer::new(source))),
            Container::WebM => Self::WebM(Box::new(webm::Demuxer::new(source))),
            Container::MpegTs => Self::MpegTs(Box::new(mpegts::Demuxer::new(source))),
            Container::Packed => Self::Packed(Box::new(packed::Demuxer::new(source))),
        }
    }

    /// Goes on at the last place where what is shown at `nanos` (of the presentation, in nanoseconds) can be decoded from, or at the first
    /// one: pictures with a key picture, sound at the same time or just before. Outputs that were not polled are gone.
    ///
    /// `false`, and nothing changed, where that is not possible: from a stream, and before the tracks were announced; see each container's own.
    pub fn seek(&mut self, nanos: i64) -> bool {
        match self {
            Self::Mp4(demuxer) => demuxer.seek(nanos),
            Self::WebM(demuxer) => demuxer.seek(nanos),
            Self::MpegTs(demuxer) => demuxer.seek(nanos),
            Self::Packed(_) => false,
        }
    }
}

impl Demux for Demuxer {
    type Error = Error;

    fn wants(&self) -> Option<u64> {
        match self {
            Self::Mp4(demuxer) => demuxer.wants(),
            Self::WebM(demuxer) => demuxer.wants(),
            Self::MpegTs(demuxer) => demuxer.wants(),
            Self::Packed(demuxer) => demuxer.wants(),
        }
    }

    fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        match self {
            Self::Mp4(demuxer) => Ok(demuxer.push(bytes)?),
            Self::WebM(demuxer) => Ok(demuxer.push(bytes)?),
            Self::MpegTs(demuxer) => Ok(demuxer.push(bytes)?),
            Self::Packed(demuxer) => Ok(demuxer.push(bytes)?),
        }
    }

    fn poll(&mut self) -> Option<Output> {
        match self {
            Self::Mp4(demuxer) => demuxer.poll(),
            Self::WebM(demuxer) => demuxer.poll(),
            Self::MpegTs(demuxer) => demuxer.poll(),
            Self::Packed(demuxer) => demuxer.poll(),
        }
    }

    fn finish(self) -> Result<Vec<Output>, Error> {
        match self {
            Self::Mp4(demuxer) => Ok(demuxer.finish()?),
            Self::WebM(demuxer) => Ok(demuxer.finish()?),
            Self::MpegTs(demuxer) => Ok(demuxer.finish()?),
            Self::Packed(demuxer) => Ok(demuxer.finish()?),
        }
    }
}
