//! One track on its way into a file: what it demands of its packets.

use super::Error;
use crate::mux::sound::Sound;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Track, TrackId};

/// Checks the packets of one track and knows how long they are.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) id: TrackId,
    pub(super) kind: Kind,
    base: TimeBase,
    /// Ticks of the track at which the file begins.
    origin: i64,
    priming: i64,
    sound: Sound,
    /// Ticks a packet lasts of which nothing else is known.
    usual: u32,
    last: Option<Timestamp>,
    /// Ticks from the packet before the last one to that.
    step: Option<u32>,
    /// PTS and DTS of the first packet.
    first: Option<(i64, i64)>,
    /// The earliest DTS there is room for, once the header is written.
    floor: Option<i64>,
}

impl Lane {
    /// `origin` in nanoseconds.
    pub(super) fn new(track: &Track, origin: i64) -> Self {
        let base = track.time_base;
        let (num, den) = track.codec.frame_rate().unwrap_or((25, 1));
        let usual = u64::from(base.den()) * u64::from(den) / u64::from(num.max(1));
        Self {
            id: track.id,
            kind: track.kind(),
            base,
            origin: base.from_nanos(origin),
            // Pictures have none.
            priming: if track.kind() == Kind::Audio { track.priming.into() } else { 0 },
            sound: Sound::of(&track.codec),
            usual: u32::try_from(usual).unwrap_or(u32::MAX).max(1),
            last: None,
            step: None,
            first: None,
            floor: None,
        }
    }

    /// Takes the next packet, moves it to the file's time line, and says in nanoseconds when its turn is.
    pub(super) fn take(&mut self, packet: &mut Packet) -> Result<i64, Error> {
        let moved = |time: Timestamp| {
            let moved =
                time.ticks().checked_sub(self.origin).filter(|ticks| ticks.unsigned_abs() < TICKS_MAX);
            moved.map(Timestamp::new).ok_or(Error::Range { pts: packet.pts })
        };
        let (pts, dts) = (moved(packet.pts)?, moved(packet.dts)?);
        if let Some(last) = self.last
            && dts <= last
        {
            return Err(Error::DtsOrder { last: last.saturating_add(self.origin), dts: packet.dts });
        }
        let step = self.last.map(|last| dts.since(last));
        if let (Some(last), Some(ticks)) = (self.last, step)
            && ticks > SAMPLE_MAX.into()
        {
            return Err(Error::Duration { dts: last.saturating_add(self.origin), ticks });
        }
        if pts < dts {
            return Err(Error::BeforeDecoding { pts: packet.pts, dts: packet.dts });
        }
        if pts.since(dts).unsigned_abs() > COMPOSITION_MAX {
            return Err(Error::Composition { pts: packet.pts, dts: packet.dts });
        }
        if u32::try_from(packet.data.len()).is_err() {
            return Err(Error::SampleSize { bytes: packet.data.len() });
        }
        if self.floor.is_some_and(|floor| dts.ticks() < floor) {
            return Err(Error::BeforeZero { dts: packet.dts });
        }
        self.last = Some(dts);
        self.step = step.and_then(|ticks| u32::try_from(ticks).ok());
        self.first.get_or_insert((pts.ticks(), dts.ticks()));
        (packet.pts, packet.dts) = (pts, dts);
        Ok(self.base.to_nanos(dts.ticks()))
    }

    /// PTS and DTS of the first packet taken.
    pub(super) const fn first(&self) -> Option<(i64, i64)> {
        self.first
    }

    /// Ticks before presentation time zero that are to be expected.
    pub(super) const fn priming(&self) -> i64 {
        self.priming
    }

    /// From now on refuses what is decoded before `floor`.
    pub(super) const fn begin_at(&mut self, floor: i64) {
        self.floor = Some(floor);
    }

    /// Ticks the last packet taken lasts, after which none has come: as it says itself, as it decodes, or as the one before it.
    pub(super) fn length(&self, packet: &Packet) -> u32 {
        let decoded = || self.decoded(&packet.data).and_then(|ticks| u32::try_from(ticks).ok());
        packet.duration.or_else(decoded).or(self.step).unwrap_or(self.usual).clamp(1, SAMPLE_MAX)
    }

    /// Ticks that `data` decodes to, where that is more than `duration` by more than rounding: the end is trimmed.
    pub(super) fn untrimmed(&self, data: &[u8], duration: u32) -> Option<u32> {
        let ticks = u32::try_from(self.decoded(data)?).ok()?;
        let (exact, said) = (self.decoded_nanos(data)?, self.base.to_nanos(duration.into()));
        (exact - said >= self.base.to_nanos(1).max(1) && ticks > duration).then_some(ticks)
    }

    /// Ticks of sound that `data` decodes to.
    fn decoded(&self, data: &[u8]) -> Option<i64> {
        let (samples, rate) = self.sound.samples(data)?;
        let samples = Timestamp::new(samples.into());
        Some(samples.rescale(TimeBase::new(1, rate)?, self.base).ticks())
    }

    fn decoded_nanos(&self, data: &[u8]) -> Option<i64> {
        let (samples, rate) = self.sound.samples(data)?;
        Some(TimeBase::new(1, rate)?.to_nanos(samples.into()))
    }
}

/// Ticks from zero that leave room for every sum taken of them.
const TICKS_MAX: u64 = 1 << 56;

/// Ticks a sample lasts at most. `stts` has 32 bits, but readers (ffmpeg, and ours) take more than 31 for a negative number that got lost.
pub(super) const SAMPLE_MAX: u32 = i32::MAX as u32;

/// Ticks between PTS and DTS: a difference of two such still has 32 bits.
const COMPOSITION_MAX: u64 = 1 << 30;
