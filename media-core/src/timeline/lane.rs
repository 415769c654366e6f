//! One track of a timeline with all that is known of it.

use super::clock::{Clock, Event, Order, Stamp};
use super::reorder::{Reorder, Stamps};
use super::sync::Sync;
use super::{Announced, Repairs, Sample};
use crate::codec;
use crate::packet::Packet;
use crate::time::{Moment, TimeBase, Timestamp, WallTime};
use crate::track::{Kind, Track};

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) announced: Announced,
    /// The configuration in force.
    pub(super) codec: Option<codec::Config>,
    /// Whether the last tracks put out contain it with this configuration.
    pub(super) listed: bool,
    /// Whether the source no longer has it.
    pub(super) gone: bool,
    pub(super) clock: Option<Clock>,
    pub(super) sync: Sync,
    pub(super) repairs: Repairs,
    /// When its last packet came; none since the start or the last interruption.
    pub(super) arrival: Option<Moment>,
    pub(super) needs_key: bool,
    /// Moved back; what overlaps with what is out already is dropped.
    catching_up: bool,
    reorder: Reorder,
    /// PTS of the picture decoding started at: what is shown earlier refers to pictures not received.
    start: i64,
}

impl Lane {
    pub(super) fn new(announced: Announced) -> Self {
        let codec = announced.codec.clone();
        Self {
            reorder: Reorder::new(
                codec.as_ref().and_then(codec::Config::reorder_depth),
                codec.as_ref().map_or(1, poc_step),
            ),
            announced,
            codec,
            listed: false,
            gone: false,
            clock: None,
            sync: Sync::default(),
            repairs: Repairs::default(),
            arrival: None,
            needs_key: true,
            catching_up: false,
            start: i64::MIN,
        }
    }

    /// The source has announced the track anew.
    pub(super) fn announce(&mut self, announced: Announced) {
        let (from, to) = (self.base(), announced.time_base);
        self.gone = false;
        self.listed &= (announced.priming, announced.rotation, announced.language)
            == (self.announced.priming, self.announced.rotation, self.announced.language);
        if from != to {
            self.reorder.rescale(|ticks| Timestamp::new(ticks).rescale(from, to).ticks().saturating_add(1));
            self.listed = false;
        }
        self.configure(announced.codec.clone());
        self.announced = announced;
    }

    pub(super) fn base(&self) -> TimeBase {
        self.announced.time_base
    }

    pub(super) fn is_video(&self) -> bool {
        self.announced.kind == Kind::Video
    }

    /// Whether it flows without having been put out, in this configuration.
    pub(super) fn is_new(&self) -> bool {
        !self.listed && !self.gone && self.codec.is_some() && self.arrival.is_some()
    }

    pub(super) fn track(&self) -> Option<Track> {
        let codec = self.codec.clone()?;
        let Announced { id, time_base, priming, rotation, language, .. } = self.announced;
        Some(Track { id, time_base, codec, priming, rotation, language })
    }

    /// Takes a configuration into use; false when there is none or it is not new.
    pub(super) fn configure(&mut self, config: Option<codec::Config>) -> bool {
        let Some(config) = config.filter(|config| self.codec.as_ref() != Some(config)) else { return false };
        self.reorder.configure(config.reorder_depth(), poc_step(&config));
        self.codec = Some(config);
        self.listed = false;
        self.needs_key = true;
        true
    }

    pub(super) fn interrupt(&mut self) {
        self.clock = None;
        self.arrival = None;
        self.sync.forget();
        self.reorder.interrupt();
        self.needs_key = true;
        self.catching_up = false;
    }

    /// Where its last packet ends, in nanoseconds.
    pub(super) fn end(&self) -> Option<i64> {
        let dts = self.reorder.last()?;
        let (last, interval) = self.clock.as_ref().map_or((dts, 0), |clock| (clock.last(), clock.interval()));
        Some(self.base().to_nanos(dts.max(last).saturating_add(interval).saturating_add(1)))
    }

    /// The position of a sample, in ticks.
    pub(super) fn place(&mut self, sample: &Sample, now: Moment) -> Option<(i64, Event)> {
        let stamp = Stamp {
            raw: sample.pts,
            order: self.order(sample),
            length: self.length(sample).map(i64::from),
            now,
        };
        Some(self.clock.as_mut()?.place(stamp, &mut self.repairs))
    }

    /// Moves the track by `nanos` at once.
    pub(super) fn resync(&mut self, nanos: i64) {
        let ticks = self.base().from_nanos(nanos);
        if let Some(clock) = &mut self.clock {
            clock.shift(ticks);
            self.repairs.resyncs += 1;
            self.catching_up = ticks < 0;
        }
    }

    /// Moves the track by `nanos` over time.
    pub(super) fn slew(&mut self, nanos: i64) {
        let ticks = self.base().from_nanos(nanos);
        if let Some(clock) = &mut self.clock {
            clock.slew(ticks);
        }
    }

    /// The packet of a sample at position `at`; `None` when it cannot be decoded or overlaps with what is out already.
    pub(super) fn packet(&mut self, sample: Sample, at: i64, wall: WallTime) -> Option<Packet> {
        if self.is_video() { self.picture(sample, at, wall) } else { self.sound(sample, at, wall) }
    }

    fn picture(&mut self, sample: Sample, at: i64, wall: WallTime) -> Option<Packet> {
        let sync = sample.unit.key.is_sync();
        if (self.needs_key || at < self.start) && !sync {
            self.repairs.dropped_before_key += 1;
            return None;
        }
        let (pts, declared) = self.declared(&sample, at.max(0));
        let stamps = self.reorder.push(pts, sample.unit.order, self.interval(), declared);
        self.repairs.squeezed_dts += u64::from(stamps.squeezed);
        if self.needs_key {
            self.start = stamps.pts;
            self.needs_key = false;
        }
        Some(self.stamped(sample, stamps, None, wall))
    }

    /// PTS, and DTS where it need not be derived.
    fn declared(&self, sample: &Sample, at: i64) -> (i64, Option<i64>) {
        match (&self.clock, sample.unit.order) {
            // By arrival all is in decoding order; only the order counts tell when a picture is shown.
            (Some(clock), Some(order)) if !clock.is_trusted() => {
                let later = self.reorder.shown_after(order).saturating_mul(clock.interval());
                (at.saturating_add(later), Some(at))
            }
            _ => (at, self.composition(sample).map(|composition| at.saturating_sub(composition))),
        }
    }

    fn sound(&mut self, sample: Sample, at: i64, wall: WallTime) -> Option<Packet> {
        let overlaps = self.reorder.last().is_some_and(|last| at <= last);
        self.catching_up &= overlaps;
        if self.catching_up {
            self.repairs.dropped_by_resync += 1;
            return None;
        }
        let stamps = self.reorder.push(at.max(0), None, 0, Some(at));
        let length = self.length(&sample);
        Some(self.stamped(sample, stamps, length, wall))
    }

    fn stamped(&self, sample: Sample, stamps: Stamps, duration: Option<u32>, wall: WallTime) -> Packet {
        Packet {
            track: self.announced.id,
            pts: Timestamp::new(stamps.pts),
            dts: Timestamp::new(stamps.dts),
            duration,
            key: sample.unit.key,
            data: sample.unit.data,
            wall: Some(wall),
        }
    }

    /// The time between pictures, from the configuration or as observed, so that sixteen of them fit before the origin of the line.
    fn interval(&self) -> i64 {
        let base = self.base();
        let declared = self
            .codec
            .as_ref()
            .and_then(codec::Config::frame_rate)
            .and_then(|(num, den)| TimeBase::new(den, num));
        let ticks = match (declared, &self.clock) {
            (Some(frame), _) => Timestamp::new(1).rescale(frame, base).ticks(),
            (None, Some(clock)) => clock.interval(),
            (None, None) => 1,
        };
        ticks.clamp(1, base.from_nanos(LONGEST_INTERVAL).max(1))
    }

    fn order(&self, sample: &Sample) -> Order {
        let reorders = matches!(self.codec, Some(codec::Config::H264(_) | codec::Config::H265(_)));
        match sample.unit.order {
            _ if !reorders => Order::Forward,
            Some(order) if self.reorder.is_late(order) => {
                Order::Late { pictures: self.reorder.distance(order) }
            }
            Some(_) if !self.needs_key => Order::Forward,
            _ => Order::Either,
        }
    }

    /// How long the sample lasts, in ticks; `None` for pictures.
    fn length(&self, sample: &Sample) -> Option<u32> {
        let rate = self.codec.as_ref()?.sample_rate()?;
        let samples = TimeBase::new(1, rate)?;
        let ticks = Timestamp::new(i64::from(sample.unit.samples?)).rescale(samples, self.base());
        u32::try_from(ticks.ticks()).ok().filter(|&ticks| ticks > 0)
    }

    /// PTS minus DTS where the source gives both and they make sense.
    fn composition(&self, sample: &Sample) -> Option<i64> {
        let difference = sample.pts.checked_sub(sample.dts?)?;
        let difference =
            self.announced.counting.range().map_or(difference, |range| difference.rem_euclid(range));
        (0..=self.base().from_nanos(LONGEST_COMPOSITION)).contains(&difference).then_some(difference)
    }
}

/// H.264 counts fields, so frames are two apart (8.2.1); H.265 counts pictures.
fn poc_step(config: &codec::Config) -> i64 {
    if matches!(config, codec::Config::H264(_)) { 2 } else { 1 }
}

/// Sixteen of these fit into the ten seconds before the origin.
const LONGEST_INTERVAL: i64 = 500_000_000;
/// A DTS that the source gives is believed up to this distance.
const LONGEST_COMPOSITION: i64 = 10_000_000_000;
