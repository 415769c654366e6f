//! STAND-IN until media_core::timeline is there.
use media_core::codec::AccessUnit;
use media_core::packet::Packet;
use media_core::time::{Moment, Timestamp};
pub(crate) use media_core::timeline::Output;
use media_core::track::{Track, TrackId};
use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) struct Sample { pub track: TrackId, pub pts: i64, pub dts: Option<i64>, pub unit: AccessUnit }
pub(crate) struct Timeline { tracks: Vec<Track>, out: VecDeque<Output>, key: bool }
impl Timeline {
    pub(crate) fn new(tracks: Vec<Track>) -> Self {
        let mut out = VecDeque::new();
        out.push_back(Output::Tracks(Arc::from(tracks.clone())));
        Self { tracks, out, key: false }
    }
    pub(crate) fn push(&mut self, s: Sample, _now: Moment) {
        if s.track.get() == 1 { self.key |= s.unit.key.is_sync(); }
        if !self.key { return; }
        let base = i64::from(self.tracks.iter().find(|t| t.id == s.track).unwrap().time_base.den());
        let pts = Timestamp::new(s.pts + 10 * base);
        self.out.push_back(Output::Packet(Packet { track: s.track, pts, dts: pts, duration: None, key: s.unit.key, data: s.unit.data, wall: None }));
    }
    pub(crate) fn sender_report(&mut self, _t: TrackId, _rtp: u32, _ntp: u64, _now: Moment) {}
    pub(crate) fn interrupted(&mut self, _now: Moment) {}
    pub(crate) fn tick(&mut self, _now: Moment) {}
    pub(crate) fn poll(&mut self) -> Option<Output> { self.out.pop_front() }
}
