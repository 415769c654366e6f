//! The packets of one call as PES packets in the order they are sent: what is in them, uncopied, and when they are due.
//!
//! Payload stays where it is; only what is written around it (headers, delimiters, parameter sets) is put together here.

use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use super::clock::{self, MILLISECOND};
use super::program::{Coding, Due, Program, State, Stream};
use super::sets::{Role, START_CODE, Sets};
use super::{Config, Error, pes};
use crate::codec::{nal, opus};
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};

/// PES packets in the order of their DTS.
#[derive(Debug)]
pub(super) struct Units<'a> {
    pub(super) units: Vec<Unit>,
    pieces: Vec<Piece<'a>>,
    /// Where audio frames begin in PES packets with several, those of one packet one after the other.
    marks: Vec<Mark>,
    /// What is written around the payload.
    made: Vec<u8>,
}

/// One PES packet.
#[derive(Debug)]
pub(super) struct Unit {
    /// Which of the program's streams it is of.
    pub(super) stream: usize,
    /// DTS of its first access unit on the system clock.
    pub(super) at: i64,
    /// The same to a tick of 90 kHz, as it is written.
    pub(super) field: i64,
    pub(super) dts: Timestamp,
    /// Bytes, its header included.
    pub(super) len: usize,
    /// A picture where decoding can start.
    pub(super) key: bool,
    /// What it consists of, in order.
    pub(super) pieces: Range<usize>,
    marks: Range<usize>,
}

/// A frame that begins inside a PES packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// Bytes of the PES packet before it.
    pub(super) offset: usize,
    /// Its DTS on the system clock.
    pub(super) at: i64,
}

#[derive(Clone, Debug)]
enum Piece<'a> {
    Data(&'a [u8]),
    /// A stretch of [`Units::made`].
    Made(Range<usize>),
}

impl<'a> Units<'a> {
    /// Of `packets`, each track's in the order of decoding, tracks mixed in any way. Packets without data are left out.
    ///
    /// # Errors
    /// When a packet is of no track of the program, out of order, or does not fit its fields.
    pub(super) fn new(
        program: &Program,
        config: &Config,
        states: &mut [State],
        packets: &'a [Packet],
    ) -> Result<Self, Error> {
        if let Some(foreign) = packets.iter().find(|packet| !program.has(packet.track)) {
            return Err(Error::ForeignPacket { found: foreign.track });
        }
        let mut units = Self {
            units: Vec::with_capacity(packets.len()),
            pieces: Vec::with_capacity(4 * packets.len()),
            marks: Vec::new(),
            made: Vec::with_capacity(32 * packets.len()),
        };
        for (number, (stream, state)) in program.streams.iter().zip(states).enumerate() {
            let own = packets.iter().filter(|packet| packet.track == stream.track && !packet.data.is_empty());
            let mut lane = Lane { units: &mut units, number, stream, state, span: config.span() };
            lane.take(own.peekable())?;
        }
        let clock = program.clock;
        units.units.sort_by_key(|unit| (unit.at, unit.stream != clock, unit.stream));
        Ok(units)
    }

    pub(super) fn marks(&self, unit: &Unit) -> &[Mark] {
        &self.marks[unit.marks.clone()]
    }

    /// One of [`Unit::pieces`].
    pub(super) fn piece(&self, number: usize) -> &[u8] {
        match &self.pieces[number] {
            Piece::Data(data) => data,
            Piece::Made(range) => &self.made[range.clone()],
        }
    }

    /// Bytes that were put together instead of pointed at.
    #[cfg(test)]
    pub(super) fn made_len(&self) -> usize {
        self.made.len()
    }

    /// Appends to what is written around payload, and to the last piece where that ends there.
    fn make(&mut self, bytes: &[u8]) {
        let start = self.made.len();
        self.made.extend_from_slice(bytes);
        match self.pieces.last_mut() {
            Some(Piece::Made(range)) if range.end == start && range.start < start => {
                range.end = self.made.len()
            }
            _ => self.pieces.push(Piece::Made(start..self.made.len())),
        }
    }
}

/// The packets of one stream on their way into [`Units`].
struct Lane<'u, 'a, 's> {
    units: &'u mut Units<'a>,
    number: usize,
    stream: &'s Stream,
    state: &'s mut State,
    /// How long after the first frame of a PES packet another may begin.
    span: i64,
}

/// A PES packet that is being filled.
struct Open {
    first: usize,
    mark: usize,
    dts: Timestamp,
    due: Due,
    payload: usize,
}

impl<'a> Lane<'_, 'a, '_> {
    fn take(&mut self, mut own: Peekable<impl Iterator<Item = &'a Packet>>) -> Result<(), Error> {
        while let Some(packet) = own.next() {
            match &self.stream.coding {
                Coding::H264 | Coding::H265 => self.picture(packet)?,
                Coding::Id3 => self.tag(packet)?,
                _ => self.sound(packet, &mut own)?,
            }
        }
        Ok(())
    }

    /// Begins a PES packet. The piece for its header is empty as yet, since the header says how much follows.
    fn open(&mut self, packet: &Packet) -> Result<Open, Error> {
        let due = self.stream.due(packet, &mut self.state.last_dts)?;
        let (first, mark) = (self.units.pieces.len(), self.units.marks.len());
        self.units.pieces.push(Piece::Made(0..0));
        Ok(Open { first, mark, dts: packet.dts, due, payload: 0 })
    }

    fn close(&mut self, open: Open, key: bool) {
        let Open { first, mark, dts, due, payload } = open;
        let units = &mut *self.units;
        let start = units.made.len();
        pes::write_header(&mut units.made, self.stream.stream_id, due.pts, due.dts, payload);
        let header = units.made.len() - start;
        units.pieces[first] = Piece::Made(start..units.made.len());
        units.marks[mark..].iter_mut().for_each(|mark| mark.offset += header);
        units.units.push(Unit {
            stream: self.number,
            at: due.at,
            field: due.field,
            dts,
            len: header + payload,
            key,
            pieces: first..units.pieces.len(),
            marks: mark..units.marks.len(),
        });
    }

    /// An access unit of H.264 or H.265: a delimiter, the parameter sets where decoding can start, and the NAL units behind start codes
    /// instead of lengths, which are as long.
    fn picture(&mut self, packet: &'a Packet) -> Result<(), Error> {
        let sets = self.state.sets.clone().expect("a stream of pictures has sets");
        let (temporal, sets) = self.survey(packet, sets)?;
        let key = packet.key.is_random_access();
        let stays = |nal: &[u8]| match sets.role(nal) {
            Role::Delimiter => false,
            Role::Set => !(key && sets.has(nal)),
            Role::Slice(_) | Role::Other => true,
        };
        let nals = || nal::units(&packet.data).flatten().filter(|nal| stays(nal));
        if nals().next().is_none() {
            return Ok(());
        }
        let mut open = self.open(packet)?;
        let (delimiter, len) = sets.delimiter(temporal);
        self.units.make(&delimiter[..len]);
        open.payload = len;
        if key {
            self.units.make(sets.annexb());
            open.payload += sets.annexb().len();
        }
        for nal in nals() {
            self.units.make(&START_CODE);
            self.units.pieces.push(Piece::Data(nal));
            open.payload += START_CODE.len() + nal.len();
        }
        self.close(open, key);
        Ok(())
    }

    /// Looks over a picture's NAL units: the temporal layer of its slices, and the sets in force once its own have been read.
    fn survey(&mut self, packet: &'a Packet, sets: Arc<Sets>) -> Result<(u8, Arc<Sets>), Error> {
        let mut temporal = None;
        let mut own = Vec::new();
        for nal in nal::units(&packet.data) {
            let broken = |offset| Error::NalLength { track: packet.track, dts: packet.dts, offset };
            let nal = nal.map_err(broken)?;
            match sets.role(nal) {
                Role::Set => own.push(nal),
                Role::Slice(layer) => temporal = temporal.or(Some(layer)),
                Role::Delimiter | Role::Other => {}
            }
        }
        let sets = match sets.with(&own) {
            Some(changed) => self.state.sets.insert(Arc::new(changed)).clone(),
            None => sets,
        };
        Ok((temporal.unwrap_or(1), sets))
    }

    /// A PES packet of `packet` and those frames behind it whose times follow from its own.
    fn sound(
        &mut self,
        packet: &'a Packet,
        own: &mut Peekable<impl Iterator<Item = &'a Packet>>,
    ) -> Result<(), Error> {
        let mut open = self.open(packet)?;
        self.frame(packet, &mut open)?;
        let mut played = self.samples(packet);
        while let Some((samples, rate)) = played
            && let Some(next) = own.next_if(|next| self.joins(next, &open, ticks(samples, rate)))
        {
            let due = self.stream.due(next, &mut self.state.last_dts)?;
            self.units.marks.push(Mark { offset: open.payload, at: due.at });
            self.frame(next, &mut open)?;
            played = self.samples(next).map(|(more, rate)| (samples + more, rate));
        }
        self.close(open, false);
        Ok(())
    }

    /// Whether `next` may go behind frames of `played` ticks of the system clock: a receiver counts on from the first frame's time, so it has to begin
    /// there (to a tick of its track or of 90 kHz, to which times are rounded), and it must not be kept waiting, nor leave the 16 bits of the length.
    fn joins(&self, next: &Packet, open: &Open, played: i64) -> bool {
        let Some(at) = clock::position(next.dts, self.stream.base) else { return false };
        let expected = open.due.at + played;
        let tick = Timestamp::new(1).rescale(self.stream.base, clock::SYSTEM_CLOCK).ticks();
        let rounding = tick.clamp(clock::PER_STAMP, MILLISECOND);
        let len = open.payload + self.framed(next);
        next.pts == next.dts
            && open.due.pts == open.due.dts
            && (at - expected).abs() <= rounding
            && at - open.due.at <= self.span
            && len <= pes::PAYLOAD_MAX
    }

    /// Appends a frame behind its header.
    fn frame(&mut self, packet: &'a Packet, open: &mut Open) -> Result<(), Error> {
        match &self.stream.coding {
            Coding::Aac(config) => self.units.make(&config.adts(packet.data.len())?),
            Coding::Latm(config) => {
                let element = config.loas(&packet.data)?;
                self.units.make(&element);
                open.payload += element.len();
                return self.fits(packet, open);
            }
            Coding::Opus { .. } => {
                let trim = self.trim(packet);
                opus_control(packet.data.len(), trim, |bytes| self.units.make(bytes));
                open.payload += trim_len(trim);
            }
            _ => {}
        }
        self.units.pieces.push(Piece::Data(&packet.data));
        open.payload += self.framed(packet);
        self.fits(packet, open)
    }

    fn framed(&self, packet: &Packet) -> usize {
        self.stream.coding.framed(packet.data.len())
    }

    fn samples(&self, packet: &Packet) -> Option<(u32, u32)> {
        self.stream.coding.samples(&packet.data)
    }

    /// Samples of a packet of Opus to be dropped.
    fn trim(&mut self, packet: &Packet) -> u16 {
        let samples = opus::packet_samples(&packet.data).unwrap_or(0);
        let trim = self.state.trim.min(samples);
        self.state.trim -= trim;
        trim as u16
    }

    /// One ID3 tag.
    fn tag(&mut self, packet: &'a Packet) -> Result<(), Error> {
        let mut open = self.open(packet)?;
        self.units.pieces.push(Piece::Data(&packet.data));
        open.payload = packet.data.len();
        self.fits(packet, &open)?;
        self.close(open, false);
        Ok(())
    }

    fn fits(&self, packet: &Packet, open: &Open) -> Result<(), Error> {
        if open.payload > pes::PAYLOAD_MAX {
            return Err(Error::PesLength { track: packet.track, dts: packet.dts, bytes: packet.data.len() });
        }
        Ok(())
    }
}

/// Samples as ticks of the system clock.
fn ticks(samples: u32, rate: u32) -> i64 {
    let base = TimeBase::new(1, rate).unwrap_or(clock::SYSTEM_CLOCK);
    Timestamp::new(samples.into()).rescale(base, clock::SYSTEM_CLOCK).ticks()
}

/// `opus_control_header` of "Opus in MPEG-TS": eleven bits of 0x3ff, flags, the length of the packet in steps of 255, samples to drop.
fn opus_control(len: usize, trim: u16, mut out: impl FnMut(&[u8])) {
    out(&[0x7f, 0xe0 | u8::from(trim > 0) << 4]);
    for _ in 0..len / 255 {
        out(&[0xff]);
    }
    out(&[(len % 255) as u8]);
    if trim > 0 {
        out(&trim.to_be_bytes());
    }
}

/// Bytes that trimming adds to a control header.
const fn trim_len(trim: u16) -> usize {
    if trim > 0 { 2 } else { 0 }
}

#[cfg(test)]
#[path = "units_test.rs"]
mod tests;
