//! MP4: CMAF track files for HLS and DASH, ordinary files, recordings that survive a crash.
//!
//! | type | writes |
//! |---|---|
//! | [`Muxer`] | one track in fragments whose bounds the caller chooses, a CMAF track file (ISO/IEC 23000-19) |
//! | [`Writer`] | one or several tracks, interleaved, in a [`Layout`]; it chooses where chunks and fragments begin |
//!
//! [`Muxer::new`] writes the header (`ftyp`, `moov`) once; [`Muxer::fragment`] turns packets into `moof` and `mdat`. The boxes follow
//! ISO/IEC 14496-12, sample entries ISO/IEC 14496-14 (AAC), 14496-15 (H.264, H.265), "VP Codec ISO Media File Format Binding" (VP8,
//! VP9) and "Encapsulation of Opus in ISO Base Media File Format". Where a fragment begins and ends is the caller's choice; a part of
//! low-latency HLS, a CMAF chunk and a whole segment are written alike. What may stand before a fragment ([`Event`], [`ProducerReference`],
//! [`segment_type`]) and the index of a segment ([`segment_index`]) are boxes of their own.
//!
//! # Layouts of a writer
//!
//! | [`Layout`] | while it is written | finished |
//! |---|---|---|
//! | `Progressive` | nothing can be played | an ordinary MP4, `moov` last |
//! | `Faststart` | nothing can be played | an ordinary MP4, `moov` first: in the [`Room`] left for it, or after a second pass |
//! | `Hybrid` | plays to the last [checkpoint](Output::is_checkpoint), after a crash too | an ordinary MP4, `moov` last |
//! | `Fragmented` | plays as far as it is written | the same, with `mfra` where asked |
//! | `OnDemand` | plays as far as it is written | one CMAF track with a `sidx` of its subsegments |
//!
//! A hybrid recording begins with `ftyp`, 16 free bytes and the `moov` of a file of fragments. At a clean end the `moov` of an ordinary MP4 is
//! appended; once that is durable, [one patch](Seal::once_durable) turns the 16 bytes into the header of an `mdat` over everything up to
//! there.
//!
//! # Codecs
//!
//! Packets are what [`Packet::data`](crate::packet::Packet::data) says, and are not touched.
//!
//! | | sample entry, configuration |
//! |---|---|
//! | H.264 | `avc1`, `avcC`; `avc3` where [parameter sets](ParameterSets) come in band |
//! | H.265 | `hvc1`, `hvcC`; `hev1` likewise |
//! | VP8, VP9 | `vp08`, `vp09`; `vpcC` |
//! | AV1 | `av01`, `av1C` |
//! | AAC | `mp4a`, `esds` |
//! | MP3 and MPEG audio of the other layers | `mp4a`, `esds` |
//! | Opus | `Opus`, `dOps` |
//! | FLAC | `fLaC`, `dfLa` |
//! | AC-3, E-AC-3 | `ac-3`, `dac3`; `ec-3`, `dec3` |
//!
//! # What is refused
//!
//! * Vorbis, for which no sample entry is registered, and a time base whose tick is not 1/n of a second (8.4.2).
//! * A packet that is not decoded after the one before it, or lies before the beginning of the time line (`tfdt` has no sign, 8.8.12).
//! * In a [`Writer`], a packet that is shown before it is decoded, or 31 bits of ticks or more behind the one before it.
//! * What a field has no room for: pictures wider or higher than 65535, a sample of 4 GiB, a PTS too far from its DTS, more than 65535 entries in
//!   one `sidx`.
//! * An [`Event`] where there are no fragments to put it between.
//!
//! [`Error`] says which packet or value it was. The muxer or writer is then as it was before: leave the packet out and go on.
//!
//! # Time
//!
//! The media time scale is the track's own, so ticks are written as they come and nothing is rounded. `tfdt` is 64 bits wide and every
//! sample lasts until the next one's DTS: as long as one fragment's `end` is the next one's first DTS, `tfdt` is the exact sum of all
//! durations before it (14496-12 8.8.12).
//!
//! * **Pictures** have no edit list, since reordering is not known before the first packet, when the header is already out. What is
//!   written instead, [`Composition`] says: by default a media time line that begins with the first picture shown.
//! * **Files** of a [`Writer`] have edit lists that say when each track begins (an empty edit), what is only decoded (what has a PTS below
//!   zero) and, without fragments, where it ends: sound to the sample, though its last packet decodes to more. Their movie time scale is a
//!   common multiple of all tracks', so that edits are exact; where that has more than 31 bits, edits are rounded from absolute positions.
//!   A track that ends before zero is there and played for no time.
//! * **Sound** with [priming](crate::track::Track::priming) is shifted by it, and an edit list (14496-12 8.6.6) takes it back: what has
//!   a PTS below zero lies before the edit and is not played.
//!
//! In a file of fragments, durations of the movie and the track are not known and so are zero in `mvhd`, `tkhd` and `mdhd`, and there is no `mehd` (8.8.2).
//!
//! # Keys
//!
//! In tables, only closed keys (SAP types 1 and 2) are sync samples; open ones (type 3) are in the sample group `rap `, gradual refreshes (type
//! 4) in `roll`; one that is whole at once is in `rap ` too. One bend: in fragments open keys are flagged as sync samples, since players with Media Source Extensions drop everything up to
//! the first one.
//!
//! Not written, as no clause demands them and packets do not say what would be in them: `sdtp` (8.6.4; fragments say in the samples' flags what
//! [`Key`](crate::codec::Key) tells), the group `prol` (10.1; `roll` says it), and the groups of AV1 for switch frames, forward key frames and
//! metadata.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use media_core::codec::{Config, Key, opus};
//! use media_core::mux::fmp4;
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
//! let mut muxer = fmp4::Muxer::new(&track)?;
//! let mut file = vec![muxer.init()];
//! let packets = [packet(0, b"\x08one"), packet(960, b"\x08two")];
//! file.extend(muxer.fragment(&packets, Timestamp::new(1920))?);
//! assert_eq!(file[3], "\x08two");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod boxes;
mod brand;
mod config;
mod entry;
mod error;
mod event;
mod file;
mod fragment;
mod fragments;
mod header;
mod index;
mod lane;
mod movie;
mod queue;
mod table;
mod writer;

use bytes::{Bytes, BytesMut};

use self::fragment::Run;
use self::header::Description;
#[cfg(test)]
use super::hex;
use super::{Patch, Rope};
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Track, TrackId};

pub use config::{Config, Layout, ParameterSets, Room, TrackEntry};
pub use error::Error;
pub use event::{Event, EventTime, ProducerReference, Stage, last_segment_type, segment_type};
pub use index::{Access, Subsegment, segment_index};
pub use writer::{Ending, Insertion, Output, Seal, Writer};

/// Writes one track as a CMAF track file.
///
/// It is told packets and gives ropes; it holds no media between calls. After an error nothing has changed: the call can be repeated
/// with other packets.
#[derive(Debug)]
pub struct Muxer {
    track: TrackId,
    init: Bytes,
    run: Run,
    /// By how much the first packet's PTS is ahead of its DTS.
    lead: Option<i64>,
    last_dts: Option<Timestamp>,
    /// `sequence_number` of the fragment to come.
    sequence: u32,
    /// Where headers are written; each fragment's is split off, so an allocation serves hundreds of fragments.
    arena: BytesMut,
}

impl Muxer {
    /// A muxer for the packets of `track`.
    ///
    /// # Errors
    /// When the track cannot be said in MP4: a time base whose ticks do not divide a second, priming of more than 31 bits, or pictures
    /// of more than 65535 pixels a side.
    pub fn new(track: &Track) -> Result<Self, Error> {
        Self::with_composition(track, Composition::default())
    }

    /// A muxer that writes reordered pictures in the way chosen. Makes no difference for sound, nor where nothing is reordered.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_composition(track: &Track, composition: Composition) -> Result<Self, Error> {
        Self::with_entry(&track.into(), composition)
    }

    /// A muxer for a track of which more is known.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when the name has a zero byte.
    pub fn with_entry(entry: &TrackEntry, composition: Composition) -> Result<Self, Error> {
        let track = &entry.track;
        let described = Description::of(entry)?;
        // Pictures have no edit list; those that are not to be shown have a PTS below zero.
        let ticks = if track.kind() == Kind::Audio { track.priming } else { 0 };
        let priming = i32::try_from(ticks).map_err(|_| Error::Priming { ticks })?;
        Ok(Self {
            track: track.id,
            init: header::header(&described, entry, priming, composition),
            run: Run::new(track.kind(), described.preroll, priming.into()),
            lead: match composition {
                Composition::Signed => None,
                Composition::Unsigned => Some(0),
            },
            last_dts: None,
            sequence: 1,
            arena: BytesMut::new(),
        })
    }

    /// The header: `ftyp` and `moov`. The same bytes at every call.
    pub fn init(&self) -> Bytes {
        self.init.clone()
    }

    /// One fragment: `moof`, the `mdat` header, and the packets' payloads as they are, in the packets' order and memory.
    ///
    /// `end` is the DTS at which the last sample ends, in the track's time base: the DTS of the packet that follows where it is known,
    /// else the best guess. A fragment may begin later than the one before it ended (a gap), and also earlier (a guess that was too
    /// long), but always after the DTS of the packet before it.
    ///
    /// # Errors
    /// When there is no packet, one is of another track, DTS do not increase strictly up to `end`, or a value does not fit its field.
    pub fn fragment(&mut self, packets: &[Packet], end: Timestamp) -> Result<Rope, Error> {
        let mut arena = std::mem::take(&mut self.arena);
        let written = self.fragment_header(packets, end, &mut arena);
        let head = arena.split().freeze();
        self.arena = arena;
        written?;
        let mut rope = Rope::with_capacity(1 + packets.len());
        rope.push(head);
        packets.iter().for_each(|packet| rope.push(packet.data.clone()));
        Ok(rope)
    }

    /// The `moof` and the `mdat` header of a [fragment](Self::fragment), behind what `out` has: for callers who bring the payloads behind it
    /// themselves. `out` grows by 16 KiB at once, where it has to.
    ///
    /// # Errors
    /// As [`fragment`](Self::fragment); `out` is then as it was.
    pub fn fragment_header(
        &mut self,
        packets: &[Packet],
        end: Timestamp,
        out: &mut BytesMut,
    ) -> Result<(), Error> {
        let first = packets.first().ok_or(Error::Empty)?;
        if let Some(last) = self.last_dts
            && first.dts <= last
        {
            return Err(Error::DtsOrder { last, dts: first.dts });
        }
        let lead = match self.lead {
            Some(lead) => lead,
            None => lead_of(first)?,
        };
        match self.run.is_single(packets) {
            Some(packet) => {
                self.run.write_one(out, packet, (self.track, end, lead), self.sequence)?;
            }
            None => {
                let plan = self.run.plan(self.track, packets, end, lead)?;
                fragment::write(&[(self.track, plan)], out, self.sequence);
            }
        }
        self.lead = Some(lead);
        self.last_dts = packets.last().map(|packet| packet.dts);
        self.sequence = self.sequence.wrapping_add(1);
        Ok(())
    }
}

/// How it is written that pictures are decoded in another order than shown. In both ways every picture is shown at its PTS; what differs
/// is the decode time in the file. All renditions of a stream are written in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Composition {
    /// Decode times are late by as much as the first packet's PTS is ahead of its DTS, so that `tfdt` of the first fragment is the time it is
    /// shown at, as CMAF brand `cmf2` has it; pictures shown before that have a negative offset.
    ///
    /// ffmpeg (measured with 5.1 and 9.0) gives fragments with negative offsets a PTS that is late by the largest of them, its own
    /// fragments too: with a reordering of two pictures at 30 Hz, 67 ms after the sound.
    #[default]
    Signed,
    /// Decode times are the packets' DTS, which must not be below zero; offsets are not negative. ffmpeg shows these pictures on time. `tfdt`
    /// is earlier than the first picture shown, which CMAF does not allow without an edit list, so no CMAF brand is claimed.
    Unsigned,
}

fn timescale(base: TimeBase) -> Result<u32, Error> {
    if base.num() == 1 { Ok(base.den()) } else { Err(Error::TimeBase { num: base.num(), den: base.den() }) }
}

fn lead_of(first: &Packet) -> Result<i64, Error> {
    let lead = first.pts.ticks().checked_sub(first.dts.ticks());
    lead.ok_or(Error::Composition { pts: first.pts, dts: first.dts })
}

#[cfg(test)]
#[path = "muxer_test.rs"]
mod tests;
