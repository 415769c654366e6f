//! How fast a stream runs, by its own clock: what a loaded machine or a bursty network does to the arrival of packets is not the camera's
//! rate.

use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};

/// Follows the packets of a stream.
#[derive(Debug, Default)]
pub(super) struct Measure {
    /// The track that is measured along: the pictures, or else the first.
    leader: Option<(TrackId, TimeBase)>,
    is_video: bool,
    /// Where the running measurement began.
    since: Option<Timestamp>,
    packets: u64,
    bytes: u64,
    last_key: Option<Timestamp>,
    rates: Rates,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    /// Pictures in a thousand seconds; zero for sound alone.
    pub(super) millihertz: u64,
    /// Media bits per second, all tracks.
    pub(super) bitrate: u64,
    /// From key frame to key frame, in milliseconds.
    pub(super) gop_millis: u64,
}

impl Measure {
    /// A measurement that begins anew with these tracks.
    pub(super) fn new(tracks: &[Track]) -> Self {
        let leader = tracks.iter().find(|track| track.kind() == Kind::Video).or(tracks.first());
        Self {
            leader: leader.map(|track| (track.id, track.time_base)),
            is_video: leader.is_some_and(|track| track.kind() == Kind::Video),
            ..Self::default()
        }
    }

    pub(super) fn packet(&mut self, packet: &Packet) {
        let Some((leader, base)) = self.leader else { return };
        if packet.track == leader {
            if self.is_video && packet.key.is_sync() {
                self.key(packet.pts, base);
            }
            self.conclude(packet.dts, base);
            self.packets += 1;
        }
        self.bytes += packet.data.len() as u64;
    }

    pub(super) const fn rates(&self) -> Rates {
        self.rates
    }

    fn key(&mut self, at: Timestamp, base: TimeBase) {
        if let Some(last) = self.last_key.replace(at) {
            let millis = base.to_nanos(at.since(last)) / 1_000_000;
            self.rates.gop_millis = u64::try_from(millis).unwrap_or_default();
        }
    }

    /// Ends a measurement that is long enough, before the packet at `at` is counted.
    fn conclude(&mut self, at: Timestamp, base: TimeBase) {
        let since = *self.since.get_or_insert(at);
        let nanos = u128::try_from(base.to_nanos(at.since(since))).unwrap_or_default();
        if nanos < SPAN {
            return;
        }
        let per_second = |count: u64, scale: u128| {
            u64::try_from((u128::from(count) * scale * 1_000_000_000 + nanos / 2) / nanos)
        };
        self.rates.bitrate = per_second(self.bytes, 8).unwrap_or(u64::MAX);
        if self.is_video {
            self.rates.millihertz = per_second(self.packets, 1000).unwrap_or(u64::MAX);
        }
        (self.since, self.packets, self.bytes) = (Some(at), 0, 0);
    }
}

/// Nanoseconds of media that are measured at once.
const SPAN: u128 = 2_000_000_000;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use media_core::codec::{Config, Key, aac, vp9};

    use super::*;

    fn packet(track: u32, at: i64, key: Key, size: usize) -> Packet {
        let at = Timestamp::new(at);
        let data = Bytes::from(vec![0; size]);
        Packet {
            track: TrackId::new(track).expect("not zero"),
            pts: at,
            dts: at,
            duration: None,
            key,
            data,
            wall: None,
        }
    }

    fn track(id: u32, base: TimeBase, codec: Config) -> Track {
        Track::new(TrackId::new(id).expect("not zero"), base, codec)
    }

    #[test]
    fn pictures_and_bits_by_the_media_clock() {
        let video = track(
            1,
            TimeBase::VIDEO,
            Config::Vp9(vp9::Config::from_parts(vp9::Parts::new(64, 64)).expect("usual")),
        );
        let audio = track(2, TimeBase::hz(48_000), Config::Aac(aac::Config::new(48_000, 2).expect("usual")));
        let mut measure = Measure::new(&[audio, video]);
        for n in 0..=100 {
            let key = if n % 50 == 0 { Key::Closed } else { Key::No };
            measure.packet(&packet(1, n * 3600, key, 1000));
            measure.packet(&packet(2, n * 1920, Key::Closed, 250));
        }
        assert_eq!(measure.rates(), Rates { millihertz: 25_000, bitrate: 25 * 1250 * 8, gop_millis: 2000 });
    }

    #[test]
    fn sound_alone_has_no_pictures() {
        let audio = track(1, TimeBase::hz(48_000), Config::Aac(aac::Config::new(48_000, 2).expect("usual")));
        let mut measure = Measure::new(&[audio]);
        for n in 0..200 {
            measure.packet(&packet(1, n * 1024, Key::Closed, 100));
        }
        let rates = measure.rates();
        assert_eq!((rates.millihertz, rates.gop_millis), (0, 0));
        assert!((37_000..38_000).contains(&rates.bitrate));
    }
}
