//! The program: which stream goes under which number, and what has to be remembered of each.

use std::sync::Arc;

use super::clock::{self, PER_STAMP, Stamp};
use super::packet::PACKET;
use super::pes::StreamId;
use super::psi::Tables;
use super::sets::Sets;
use super::{AacFraming, Config, Error, Pid};
use crate::codec::{self, aac, ac3, mp3, opus};
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Track, TrackId};

/// Streams of a program, at most.
pub(super) const STREAMS_MAX: usize = 16;

/// What does not change from packet to packet.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) streams: Vec<Stream>,
    /// Which of `streams` carries the clock: the first with pictures, else the first.
    pub(super) clock: usize,
    pub(super) tables: Tables,
    /// Of the program map, 5 bits.
    version: u8,
}

/// One elementary stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stream {
    pub(super) track: TrackId,
    pub(super) base: TimeBase,
    pub(super) coding: Coding,
    pub(super) pid: Pid,
    pub(super) stream_id: StreamId,
    pub(super) language: Option<[u8; 3]>,
}

/// How its access units become the payload of PES packets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Coding {
    H264,
    H265,
    Aac(aac::Config),
    Latm(aac::Config),
    Opus { channels: u8 },
    Mp3(mp3::Config),
    Ac3(ac3::Config),
    Eac3(ac3::EnhancedConfig),
    Id3,
}

/// What is remembered of a stream from packet to packet.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) last_dts: Option<Timestamp>,
    /// Samples at 48 kHz that a player of Opus is still to be told to drop.
    pub(super) trim: u32,
    /// Of pictures, as a decoder knows them.
    pub(super) sets: Option<Arc<Sets>>,
}

/// When an access unit is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) pts: Stamp,
    pub(super) dts: Stamp,
    /// DTS on the system clock.
    pub(super) at: i64,
    /// The same as the field says it, to a tick of 90 kHz.
    pub(super) field: i64,
}

impl Program {
    /// # Errors
    /// When there is no track or too many, one twice, or one that a transport stream cannot carry.
    pub(super) fn new(tracks: &[Track], config: &Config, version: u8) -> Result<Self, Error> {
        let count = tracks.len() + usize::from(config.id3.is_some());
        if tracks.is_empty() || count > STREAMS_MAX {
            return Err(Error::TrackCount { count });
        }
        let mut streams: Vec<Stream> = Vec::with_capacity(count);
        for track in tracks {
            let stream = Stream::of_track(track, &streams, config)?;
            streams.push(stream);
        }
        if let Some(track) = config.id3 {
            let stream =
                Stream::new(track, TimeBase::VIDEO, Coding::Id3, StreamId::PRIVATE, &streams, config)?;
            streams.push(stream);
        }
        let clock = tracks.iter().position(|track| track.kind() == Kind::Video).unwrap_or(0);
        let tables = Tables::new(config, &streams, streams[clock].pid, version);
        Ok(Self { streams, clock, tables, version })
    }

    /// The program of other tracks, its version one up where the map has changed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn next(&self, tracks: &[Track], config: &Config) -> Result<Self, Error> {
        let same = Self::new(tracks, config, self.version)?;
        if same.tables.pmt == self.tables.pmt {
            return Ok(same);
        }
        Self::new(tracks, config, (self.version + 1) & 0x1f)
    }

    /// Whether a receiver is told the same of both.
    pub(super) fn is_told_as(&self, other: &Self) -> bool {
        self.version == other.version
    }

    pub(super) fn has(&self, track: TrackId) -> bool {
        self.streams.iter().any(|stream| stream.track == track)
    }

    /// Bytes of the tables.
    pub(super) const fn tables_len(&self) -> usize {
        self.tables.len() * PACKET
    }
}

impl Stream {
    fn of_track(track: &Track, before: &[Self], config: &Config) -> Result<Self, Error> {
        let coding = Coding::of(track, config)?;
        let number = before.iter().filter(|stream| stream.coding.kind() == coding.kind()).count() as u8;
        let id = match coding {
            Coding::H264 | Coding::H265 => StreamId::video(number),
            Coding::Aac(_) | Coding::Latm(_) | Coding::Mp3(_) => StreamId::audio(number),
            Coding::Opus { .. } | Coding::Ac3(_) | Coding::Eac3(_) | Coding::Id3 => StreamId::PRIVATE,
        };
        Self::new(track.id, track.time_base, coding, id, before, config)
    }

    /// The stream behind those `before`.
    fn new(
        track: TrackId,
        base: TimeBase,
        coding: Coding,
        stream_id: StreamId,
        before: &[Self],
        config: &Config,
    ) -> Result<Self, Error> {
        if before.iter().any(|stream| stream.track == track) {
            return Err(Error::TrackTwice { track });
        }
        let number = config.first_pid.get() + before.len() as u16;
        let pid =
            Pid::new(number).filter(|pid| *pid != config.pmt_pid).ok_or(Error::PidTaken { pid: number })?;
        Ok(Self { track, base, coding, pid, stream_id, language: config.language(track) })
    }

    /// When `packet` is due; its DTS becomes the last one.
    pub(super) fn due(&self, packet: &Packet, last: &mut Option<Timestamp>) -> Result<Due, Error> {
        let track = self.track;
        if let Some(last) = last.filter(|last| packet.dts <= *last) {
            return Err(Error::DtsOrder { track, last, dts: packet.dts });
        }
        let far = |time| Error::Time { track, time };
        let at = clock::position(packet.dts, self.base).ok_or(far(packet.dts))?;
        let shown = clock::position(packet.pts, self.base).ok_or(far(packet.pts))?;
        if !(0..COMPOSITION_MAX).contains(&(shown - at)) {
            return Err(Error::Composition { track, pts: packet.pts, dts: packet.dts });
        }
        *last = Some(packet.dts);
        let (pts, dts) = (self.stamp(packet.pts), self.stamp(packet.dts));
        Ok(Due { pts: Stamp::wrapped(pts), dts: Stamp::wrapped(dts), at, field: dts * PER_STAMP })
    }

    /// A position that [`clock::position`] found near enough, at 90 kHz, not wrapped.
    fn stamp(&self, time: Timestamp) -> i64 {
        if self.base == TimeBase::VIDEO {
            time.ticks()
        } else {
            time.rescale(self.base, TimeBase::VIDEO).ticks()
        }
    }
}

impl Coding {
    fn of(track: &Track, options: &Config) -> Result<Self, Error> {
        match &track.codec {
            codec::Config::H264(_) => Ok(Self::H264),
            codec::Config::H265(_) => Ok(Self::H265),
            codec::Config::Aac(config) if options.aac == AacFraming::Latm => Ok(Self::Latm(config.clone())),
            codec::Config::Aac(config) => {
                config.adts(0)?;
                Ok(Self::Aac(config.clone()))
            }
            codec::Config::Opus(config) => opus_channels(config),
            codec::Config::Mp3(config) => Ok(Self::Mp3(config.clone())),
            codec::Config::Ac3(config) => Ok(Self::Ac3(config.clone())),
            codec::Config::Eac3(config) => Ok(Self::Eac3(config.clone())),
            other => Err(Error::Format { track: track.id, format: other.format() }),
        }
    }

    /// What its numbers are counted by; metadata count with neither.
    const fn kind(&self) -> Option<Kind> {
        match self {
            Self::H264 | Self::H265 => Some(Kind::Video),
            Self::Aac(_)
            | Self::Latm(_)
            | Self::Opus { .. }
            | Self::Mp3(_)
            | Self::Ac3(_)
            | Self::Eac3(_) => Some(Kind::Audio),
            Self::Id3 => None,
        }
    }

    /// Samples that a frame of sound lasts, and how many of them a second has; `None` where it cannot be read.
    pub(super) fn samples(&self, frame: &[u8]) -> Option<(u32, u32)> {
        match self {
            Self::Aac(config) | Self::Latm(config) => {
                Some((config.samples_per_frame(), config.sample_rate()))
            }
            Self::Opus { .. } => Some((opus::packet_samples(frame).ok()?, opus::SAMPLE_RATE)),
            Self::Mp3(config) => Some((config.samples_per_frame(), config.sample_rate())),
            Self::Ac3(config) => Some((config.samples_per_frame(), config.sample_rate())),
            Self::Eac3(config) => Some((ac3::enhanced_samples(frame).ok()?, config.sample_rate())),
            Self::H264 | Self::H265 | Self::Id3 => None,
        }
    }

    /// Bytes that a frame of sound has with what is written before it, trimming aside.
    pub(super) fn framed(&self, len: usize) -> usize {
        match self {
            Self::Aac(_) => 7 + len,
            Self::Latm(config) => config.loas_len(len),
            Self::Opus { .. } => 2 + len / 255 + 1 + len,
            _ => len,
        }
    }

    pub(super) const fn is_sound(&self) -> bool {
        matches!(self.kind(), Some(Kind::Audio))
    }
}

/// `channel_config_code` 1 to 8 stands for the layouts of RFC 7845 5.1.1.2 coupled as usual, which is how [`opus::Config::new`] has them.
fn opus_channels(config: &opus::Config) -> Result<Coding, Error> {
    let channels = config.channels();
    let usual = u8::try_from(channels).ok().and_then(|channels| opus::Config::new(channels).ok());
    // Behind the gain, at byte 18, an OpusHead tells the layout.
    match usual.filter(|usual| usual.head()[18..] == config.head()[18..]) {
        Some(_) => Ok(Coding::Opus { channels: channels as u8 }),
        None => Err(Error::OpusChannels { channels }),
    }
}

impl State {
    pub(super) fn new(track: &Track) -> Self {
        let trim = match track.codec {
            codec::Config::Opus(_) => Timestamp::new(track.priming.into())
                .rescale(track.time_base, TimeBase::hz(opus::SAMPLE_RATE))
                .ticks(),
            _ => 0,
        };
        let sets = Sets::of(&track.codec).map(Arc::new);
        Self { last_dts: None, trim: trim.try_into().unwrap_or(u32::MAX), sets }
    }
}

/// PTS ahead of DTS by half the range of 33 bits could not be told from one behind it.
const COMPOSITION_MAX: i64 = (1 << 32) * PER_STAMP;
