//! MPEG transport stream: one program of H.264, H.265, AAC, MP3, AC-3, E-AC-3, Opus and timed ID3, for HLS segments and for streaming.
//!
//! ISO/IEC 13818-1. [`Muxer::segment`] writes packets behind the tables, so that a player can begin there; [`Muxer::fragment`] goes on. Parts of
//! low-latency HLS are a segment and fragments, a stream over UDP is fragments only. AAC is written with ADTS headers, or as [LATM](AacFraming::Latm), AC-3
//! and E-AC-3 as ATSC A/53 has them, Opus as "Opus in MPEG-TS" has it (a draft of ETSI, OpusTS at Xiph), ID3 as Apple's "Timed Metadata for HTTP Live Streaming".
//!
//! Payload is copied once, from the packets into 188-byte ones: all sizes are known before the first byte is written, and NAL units go
//! behind start codes on the way.
//!
//! # Codecs
//!
//! | | `stream_type` | in a PES packet |
//! |---|---|---|
//! | H.264, H.265 | 0x1b; 0x24 with registration `HEVC` | one access unit behind start codes |
//! | AAC | 0x0f, or 0x11 for LATM | frames with ADTS headers; AudioMuxElements |
//! | MP3 and MPEG audio of the other layers | 0x03, 0x04 for lower sampling rates | frames |
//! | AC-3, E-AC-3 | 0x81, 0x87 with registrations `AC-3`, `EAC3` | frames |
//! | Opus | 0x06 with registration `Opus` | packets with control headers |
//! | timed ID3 | 0x15 with metadata descriptors | one tag |
//!
//! # What is refused
//!
//! * VP8, VP9, AV1, Vorbis and FLAC, which nobody reads from a transport stream; AAC that its framing cannot describe; Opus in a layout without
//!   a code; more than 16 tracks; options out of their ranges.
//! * A packet that is not decoded after the one before it on its track, is shown before it is decoded, or comes too [late](Error::Late) for the clock that
//!   has gone on meanwhile.
//! * NAL units that go beyond their packet; sound of more than a PES packet holds; at a constant rate, what that rate does not carry in time.
//!
//! [`Error`] says which packet of which track it was.
//!
//! # What holds for what is written
//!
//! * Continuity counters go on from call to call; a [segment](Muxer::segment) begins with PAT and PMT, then the clock. They come again before each
//!   picture where decoding can start, and at least every [`Config::table_interval`].
//! * The clock (PCR) is on the first track of pictures, or else the first track, at most 40 ms apart whatever the frame rate, in packets
//!   of its own where need be. It runs [`Config::pcr_lead`] behind DTS and is never after the DTS of what follows. A silence of more than 2 s is
//!   not filled but jumped over, with a `discontinuity_indicator`.
//! * PTS and DTS are the packets' own, each position converted by itself to 90 kHz and taken modulo 2^33: nothing drifts, and the wrap after
//!   26.5 hours is that of the standard.
//! * Each access unit of H.264 or H.265 begins with a delimiter; where decoding can start, `random_access_indicator` is set and all parameter
//!   sets stand before the picture: those of the track's configuration, or what came in band since.
//! * `PES_packet_length` is zero only for pictures of more than 64 KiB, so that a receiver need not wait for the next one.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use media_core::codec::{Config, Key, aac};
//! use media_core::mux::mpegts::{self, Muxer};
//! use media_core::packet::Packet;
//! use media_core::time::{TimeBase, Timestamp};
//! use media_core::track::{Track, TrackId};
//!
//! let id = TrackId::new(1).ok_or("zero")?;
//! let track = Track::new(id, TimeBase::hz(48_000), Config::Aac(aac::Config::new(48_000, 2)?));
//! let frame = |n: i64| Packet {
//!     track: id,
//!     pts: Timestamp::new(n * 1024),
//!     dts: Timestamp::new(n * 1024),
//!     duration: Some(1024),
//!     key: Key::Closed,
//!     data: Bytes::from_static(&[0x21; 200]),
//!     wall: None,
//! };
//!
//! let mut muxer = Muxer::new(&[track], mpegts::Config::default())?;
//! let segment = muxer.segment(&[frame(0), frame(1)])?;
//! assert_eq!(segment.len(), 5 * 188); // PAT, PMT, and both frames in one PES packet
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod config;
mod error;
mod line;
mod packet;
mod pes;
mod program;
mod psi;
mod sets;
mod units;
mod write;

use bytes::Bytes;

use self::line::{Line, Run};
use self::program::{Program, State};
use self::units::Units;
use self::write::{Count, Write};
use crate::packet::Packet;
use crate::track::Track;

pub use config::{AacFraming, Config, Pid};
pub use error::Error;

/// Writes the tracks of a program as one transport stream.
///
/// It is told packets and gives bytes; it holds no media between calls. After an error nothing has changed: the call can be repeated with
/// other packets.
#[derive(Debug)]
pub struct Muxer {
    config: Config,
    tracks: Vec<Track>,
    program: Program,
    states: Vec<State>,
    line: Line,
}

impl Muxer {
    /// A muxer for the packets of `tracks`: the first one is on [`Config::first_pid`], those behind it count up.
    ///
    /// # Errors
    /// When an option is out of its range, two streams or tables would share a PID, there is no track or there are more than 16, or a track cannot be
    /// said in a transport stream.
    pub fn new(tracks: &[Track], config: Config) -> Result<Self, Error> {
        config.check()?;
        let program = Program::new(tracks, &config, 0)?;
        let states = states(&program, tracks);
        let line = Line::new(&config);
        Ok(Self { config, tracks: tracks.to_vec(), program, states, line })
    }

    /// A segment: PAT and PMT, then `packets`. Where it begins and ends is the caller's choice; HLS wants a picture where decoding can start first.
    ///
    /// Packets of all tracks are given together, in any mixture, each track's own in the order of decoding. They are sent in the order of
    /// their DTS. Audio frames share PES packets, within a call only. A packet without data is left out.
    ///
    /// # Errors
    /// When no packet has data, one is of no track, DTS do not increase strictly on a track, a packet is later than those of other tracks by
    /// more than the clock's lead, or a value does not fit its field.
    pub fn segment(&mut self, packets: &[Packet]) -> Result<Bytes, Error> {
        self.write(packets, true)
    }

    /// More of a segment or of a stream, with tables as they become due. The first one is written like a segment, and so is the one after a
    /// [discontinuity](Self::discontinuity) or [other tracks](Self::set_tracks).
    ///
    /// # Errors
    /// As [`segment`](Self::segment).
    pub fn fragment(&mut self, packets: &[Packet]) -> Result<Bytes, Error> {
        self.write(packets, false)
    }

    /// Time goes elsewhere with the next packet: the clock begins anew there and is marked so.
    pub fn discontinuity(&mut self) {
        self.line.interrupt();
        self.states.iter_mut().for_each(|state| state.last_dts = None);
    }

    /// From the next packet on the program has these tracks; the version of the program map goes up if that looks different. A track
    /// with the same id goes on in time.
    ///
    /// # Errors
    /// As [`new`](Self::new); the muxer then keeps its tracks.
    pub fn set_tracks(&mut self, tracks: &[Track]) -> Result<(), Error> {
        let program = self.program.next(tracks, &self.config)?;
        self.line.begin |= !program.is_told_as(&self.program);
        let mut states = states(&program, tracks);
        for (stream, state) in program.streams.iter().zip(&mut states) {
            let Some(before) = self.program.streams.iter().position(|old| old.track == stream.track) else {
                continue;
            };
            let track = |tracks: &[Track]| tracks.iter().find(|track| track.id == stream.track).cloned();
            if track(tracks) == track(&self.tracks) {
                *state = self.states[before].clone();
            }
            state.last_dts = self.states[before].last_dts;
        }
        (self.program, self.states, self.tracks) = (program, states, tracks.to_vec());
        Ok(())
    }

    fn write(&mut self, packets: &[Packet], begin: bool) -> Result<Bytes, Error> {
        let mut states = self.states.clone();
        let units = Units::new(&self.program, &self.config, &mut states, packets)?;
        if units.units.is_empty() {
            return Err(Error::Empty);
        }
        let mut line = self.line.clone();
        line.begin |= begin;
        let (program, mut ahead) = (&self.program, line.clone());
        let Count(count) = Run { line: &mut ahead, program, units: &units, output: Count(0) }.all()?;
        let output = Write::new(count, &units);
        let written = Run { line: &mut line, program, units: &units, output }.all()?.finish();
        (self.line, self.states) = (line, states);
        Ok(written)
    }
}

/// What is known of each stream before its first packet.
fn states(program: &Program, tracks: &[Track]) -> Vec<State> {
    let mut states: Vec<State> = tracks.iter().map(State::new).collect();
    states.resize_with(program.streams.len(), State::default);
    states
}

#[cfg(test)]
#[path = "muxer_test.rs"]
mod tests;
