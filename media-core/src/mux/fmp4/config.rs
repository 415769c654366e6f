//! How a writer of files is told to write, and what it is told of a track beyond the track itself.

use super::Composition;
use super::Error;
use super::header::Description;
use super::index;
use super::movie;
use crate::codec::{self, ContentLight, MasteringDisplay};
use crate::time::TimeBase;
use crate::track::{Kind, Track};

/// A track, and what MP4 can say of it beyond that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackEntry {
    /// The track.
    pub track: Track,
    /// What people call the track, the `name` of `hdlr`.
    pub name: Option<String>,
    /// The display the pictures were graded on, `mdcv`.
    pub mastering_display: Option<MasteringDisplay>,
    /// The brightest the pictures get, `clli`.
    pub content_light: Option<ContentLight>,
    /// Where the parameter sets of H.264 and H.265 are.
    pub parameter_sets: ParameterSets,
}

/// Where a decoder finds the parameter sets of H.264 and H.265, ISO/IEC 14496-15 5.3.1 and 8.3.1. Makes no difference for other codecs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ParameterSets {
    /// Only in the sample entry, `avc1` and `hvc1`: packets have none. What Apple's players want.
    #[default]
    InEntry,
    /// In the sample entry and also in the packets, `avc3` and `hev1`: they may change at any key picture without a new header.
    InBand,
}

impl From<&Track> for TrackEntry {
    fn from(track: &Track) -> Self {
        Self {
            track: track.clone(),
            name: None,
            mastering_display: None,
            content_light: None,
            parameter_sets: ParameterSets::default(),
        }
    }
}

/// How a [`Writer`](super::Writer) writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the media and what is said of them go.
    pub layout: Layout,
    /// How it is written that pictures are decoded in another order than shown; unsigned, which every player shows on time.
    pub composition: Composition,
    /// Nanoseconds of presentation time at which the file begins: what lies before is not played. 0, unless something that has run for long is
    /// recorded from its middle.
    pub origin: i64,
    /// Milliseconds of media that a packet waits at most for one of another track that belongs before it, 1000.
    pub hold: u32,
    /// Milliseconds of one track that lie together before those of another in a file without fragments, 500. As much is held in memory.
    pub chunk_duration: u32,
    /// Milliseconds after which a fragment ends, 2000. One begins at every key picture of the first track of pictures (no closer than half a
    /// second) besides; [on demand](Layout::OnDemand) at key pictures only, unless [`fragment_size`](Self::fragment_size) is reached.
    pub fragment_duration: u32,
    /// Bytes after which a fragment ends, 32 MiB; a chunk too. As much is held in memory.
    pub fragment_size: u32,
    /// Whether fragments are listed at the end of the file: `mfra`, 14496-12 8.8.9.
    pub random_access_index: bool,
}

/// Where the media and what is said of them go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// An ordinary MP4: the media, and behind them `moov`. Nothing of it can be played before it is finished.
    Progressive,
    /// An ordinary MP4 with `moov` before the media, to be played while it is downloaded.
    Faststart(Room),
    /// A recording that survives a crash: fragments while it lasts, an ordinary MP4 once it is finished.
    Hybrid,
    /// Fragments of all tracks, for a stream or a file.
    Fragmented,
    /// One track as a CMAF track file with a `sidx` before the media, for DASH on demand and HLS with byte ranges.
    OnDemand(Room),
}

/// How something that is known only at the end gets to the beginning of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// So many bytes are left for it. If it takes more, `moov` goes to the end, and `sidx` comes as an
    /// [insertion](super::Ending::insertion).
    Bytes(u64),
    /// None is left: it comes as an [insertion](super::Ending::insertion), and the caller moves the media in a second pass.
    None,
}

impl Room {
    /// Enough for the `moov` of tracks that have at most `packets` each, in the order of the tracks, and last at most `seconds`, whatever
    /// their sizes and times are (and at most [`Config::fragment_size`] in [`Config::chunk_duration`], both as they come).
    ///
    /// # Errors
    /// As [`Writer::new`](super::Writer::new).
    pub fn for_packets(tracks: &[TrackEntry], packets: &[u32], seconds: u32) -> Result<Self, Error> {
        let described = tracks.iter().map(Description::of).collect::<Result<Vec<_>, _>>()?;
        let rows = packets.iter().copied().map(u64::from).chain(std::iter::repeat(0));
        Ok(Self::Bytes(movie::len_at_most(&described, rows, seconds.into())))
    }

    /// The same for as many packets as the codec or its configuration says there are in `seconds`; 60 pictures a second where it does not, and
    /// packets of 20 ms in Opus.
    ///
    /// # Errors
    /// As [`Writer::new`](super::Writer::new).
    pub fn for_seconds(tracks: &[TrackEntry], seconds: u32) -> Result<Self, Error> {
        let packets = |entry: &TrackEntry| packets_in(&entry.track, seconds);
        Self::for_packets(tracks, &tracks.iter().map(packets).collect::<Vec<_>>(), seconds)
    }

    /// Enough for the `sidx` of so many subsegments, one for each key picture.
    pub const fn for_subsegments(count: u32) -> Self {
        Self::Bytes(index::len_of(count as u64))
    }
}

/// Packets of a track in so many seconds, one more for each second, as clocks are not exact.
fn packets_in(track: &Track, seconds: u32) -> u32 {
    let (per, of) = match (&track.codec, track.kind()) {
        (codec::Config::Opus(_), _) => (50, 1),
        (codec::Config::Aac(config), _) => (config.sample_rate(), config.samples_per_frame()),
        (codec::Config::Eac3(config), _) => (config.sample_rate(), 256),
        // No other codec has shorter packets than 576 samples, as MPEG audio of low rates has.
        (codec, Kind::Audio) => (codec.sample_rate().unwrap_or(48_000), 576),
        (codec, Kind::Video) => codec.frame_rate().unwrap_or((60, 1)),
    };
    let packets = (u64::from(seconds) * u64::from(per)).div_ceil(of.max(1).into()) + u64::from(seconds) + 2;
    u32::try_from(packets).unwrap_or(u32::MAX)
}

impl Config {
    /// The usual values.
    pub const fn new(layout: Layout) -> Self {
        Self {
            layout,
            composition: Composition::Unsigned,
            origin: 0,
            hold: 1000,
            chunk_duration: CHUNK,
            fragment_duration: 2000,
            fragment_size: 32 << 20,
            random_access_index: false,
        }
    }

    /// When chunks and fragments end.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            chunk: nanos(self.chunk_duration),
            fragment: nanos(self.fragment_duration),
            bytes: self.fragment_size.min(SIZE_MAX).into(),
        }
    }

    pub(super) const fn hold_nanos(&self) -> i64 {
        nanos(self.hold)
    }
}

const fn nanos(millis: u32) -> i64 {
    TimeBase::hz(1000).to_nanos(millis as i64)
}

/// When chunks and fragments are full: nanoseconds and bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) chunk: i64,
    pub(super) fragment: i64,
    pub(super) bytes: u64,
}

/// Milliseconds of a chunk, the usual value.
pub(super) const CHUNK: u32 = 500;

/// `data_offset` reaches 2 GiB; a packet that begins before it can itself be longer.
const SIZE_MAX: u32 = 1 << 30;
