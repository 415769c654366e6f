//! One track on its way into blocks: what it demands of its packets, and when those are due in ticks of the segment.

use bytes::Bytes;

use super::Error;
use super::block::{Block, Group};
use super::entry::TrackEntry;
use crate::codec;
use crate::mux::sound::Sound;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::TrackId;

/// Checks and times the packets of one track.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) id: TrackId,
    /// `TrackNumber`.
    pub(super) number: u8,
    pub(super) alpha: bool,
    base: TimeBase,
    /// How long a tick of the segment lasts.
    scale: TimeBase,
    /// Ticks of the track by which blocks are late; `CodecDelay` takes them back.
    priming: i64,
    sound: Sound,
    /// Whether pictures may be shown in another order than they are coded.
    reorders: bool,
    last: Last,
}

/// What is known of the packet before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Last {
    dts: Option<Timestamp>,
    pts: Option<Timestamp>,
    /// The timestamp of the block before.
    time: Option<i64>,
}

/// When a packet is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The block's timestamp: its PTS with the priming before it, in ticks of the segment.
    pub(super) time: i64,
    /// The same of its DTS where pictures are reordered: by this blocks are put in order.
    pub(super) order: i64,
}

impl Lane {
    /// The lane of a track in a segment of ticks as long as `scale` says.
    pub(super) fn new(entry: &TrackEntry, number: u8, scale: TimeBase) -> Self {
        let track = &entry.track;
        Self {
            id: track.id,
            number,
            alpha: entry.alpha,
            base: track.time_base,
            scale,
            priming: track.priming.into(),
            sound: Sound::of(&track.codec),
            reorders: matches!(&track.codec, codec::Config::H264(_) | codec::Config::H265(_)),
            last: Last::default(),
        }
    }

    /// What has been taken so far, to go back to when what comes next is refused.
    pub(super) const fn last(&self) -> Last {
        self.last
    }

    pub(super) const fn go_back(&mut self, last: Last) {
        self.last = last;
    }

    /// Takes the next packet and says when it is due.
    pub(super) fn take(&mut self, packet: &Packet) -> Result<Due, Error> {
        let due = self.due(packet)?;
        self.last.dts = Some(packet.dts);
        self.last.pts = Some(packet.pts);
        Ok(due)
    }

    fn due(&self, packet: &Packet) -> Result<Due, Error> {
        if packet.track != self.id {
            return Err(Error::ForeignPacket { track: packet.track });
        }
        if let Some(last) = self.last.dts
            && packet.dts <= last
        {
            return Err(Error::DtsOrder { last, dts: packet.dts });
        }
        let time = self.time(packet.pts)?;
        if self.reorders {
            let decoded = packet.dts.saturating_add(self.priming);
            return Ok(Due { time, order: decoded.rescale(self.base, self.scale).ticks() });
        }
        if let Some(last) = self.last.pts
            && packet.pts < last
        {
            return Err(Error::PtsOrder { last, pts: packet.pts });
        }
        Ok(Due { time, order: time })
    }

    /// A block's timestamp. Rounded from the absolute position, so the blocks of a track do not drift, nor swap.
    pub(super) fn time(&self, pts: Timestamp) -> Result<i64, Error> {
        let delayed = pts.checked_add(self.priming).ok_or(Error::Range { pts })?;
        match delayed.rescale(self.base, self.scale).ticks() {
            i64::MAX => Err(Error::Range { pts }),
            _ if delayed < Timestamp::ZERO => Err(Error::BeforeZero { pts }),
            ticks => Ok(ticks),
        }
    }

    /// Ticks of the segment from a packet's PTS to `duration` ticks of the track later, by the times both ends are rounded to; `None`
    /// when nothing is left of it.
    pub(super) fn duration(&self, pts: Timestamp, duration: i64) -> Option<u64> {
        let end = self.time(pts.checked_add(duration)?).ok()?;
        u64::try_from(end - self.time(pts).ok()?).ok().filter(|&ticks| ticks > 0)
    }

    /// Nanoseconds of sound that `data` decodes to beyond `duration` ticks of the track. Less than a tick is rounding, not trimming.
    pub(super) fn surplus(&self, data: &[u8], duration: i64) -> Option<i64> {
        let (samples, rate) = self.sound.samples(data)?;
        let decoded = TimeBase::new(1, rate)?.to_nanos(samples.into());
        let surplus = decoded.checked_sub(self.base.to_nanos(duration))?;
        (surplus >= self.base.to_nanos(1).max(1) && duration >= 0).then_some(surplus)
    }

    /// The block of a packet that was [taken](Self::take); blocks are made in the order of the packets.
    pub(super) fn block(&mut self, key: bool, data: Bytes, time: i64, group: Group) -> Block {
        let reference = self.last.time.replace(time).map_or(0, |last| last - time);
        let group = (!group.is_empty()).then(|| Box::new(Group { reference, ..group }));
        Block { number: self.number, time, key, data, group }
    }

    /// Nanoseconds of a position on the track's own time line.
    pub(super) const fn nanos(&self, at: Timestamp) -> i64 {
        self.base.to_nanos(at.ticks())
    }
}
