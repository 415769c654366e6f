//! Learns how far apart a camera's key frames are, before anything that depends on it is fixed.
//!
//! A playlist's target duration never changes (RFC 8216bis section 4.4.3.1), no segment may be longer, and a segment ought to end where a key
//! frame comes. So what a camera sends is held until two key frames have shown their distance. It costs no time: there is no whole
//! segment before the second key frame either.

use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::timeline::Output;
use media_core::track::{Kind, Track, TrackId};

/// Holds a stream until its key frame interval is known.
#[derive(Debug)]
pub(super) struct Learning {
    /// Nanoseconds of a segment; key frames closer together than that decide nothing.
    target: i64,
    held: Vec<Output>,
    bytes: usize,
    leader: Option<(TrackId, TimeBase)>,
    first_key: Option<Timestamp>,
    last_key: Option<Timestamp>,
    longest: i64,
}

impl Learning {
    pub(super) const fn new(target: i64) -> Self {
        Self { target, held: Vec::new(), bytes: 0, leader: None, first_key: None, last_key: None, longest: 0 }
    }

    /// Takes the next output of the timeline. `Some` ends the lesson: nanoseconds between key frames, zero when there are no pictures.
    pub(super) fn push(&mut self, output: Output) -> Option<i64> {
        let learned = match &output {
            Output::Tracks(tracks) => self.begin(tracks),
            Output::Discontinuity => {
                self.forget();
                None
            }
            Output::Packet(packet) => self.packet(packet),
        };
        self.held.push(output);
        learned
    }

    /// Nanoseconds that an access unit of each track lasts, the leader's first, as most of those held do; empty where too few came to tell.
    pub(super) fn units(&self) -> Vec<i64> {
        let Some(tracks) = self.held.iter().rev().find_map(|output| match output {
            Output::Tracks(tracks) => Some(tracks),
            _ => None,
        }) else {
            return Vec::new();
        };
        let leads = |track: &&Track| self.leader.is_some_and(|(leader, _)| leader == track.id);
        let (first, others): (Vec<_>, Vec<_>) = tracks.iter().partition(leads);
        let units: Option<_> = first.into_iter().chain(others).map(|track| self.unit(track)).collect();
        units.unwrap_or_default()
    }

    /// The median distance of a track's packets.
    fn unit(&self, track: &Track) -> Option<i64> {
        let times: Vec<_> = self
            .held
            .iter()
            .filter_map(|output| match output {
                Output::Packet(packet) if packet.track == track.id => Some(packet.dts),
                _ => None,
            })
            .collect();
        let mut distances: Vec<_> = times.windows(2).map(|pair| pair[1].since(pair[0])).collect();
        distances.sort_unstable();
        let median = distances.get(distances.len() / 2)?;
        Some(track.time_base.to_nanos(*median))
    }

    /// All that was pushed, in order.
    pub(super) fn into_held(self) -> Vec<Output> {
        self.held
    }

    fn begin(&mut self, tracks: &[Track]) -> Option<i64> {
        self.forget();
        let video = tracks.iter().find(|track| track.kind() == Kind::Video);
        self.leader = video.map(|track| (track.id, track.time_base));
        video.is_none().then_some(0)
    }

    const fn forget(&mut self) {
        (self.first_key, self.last_key, self.longest) = (None, None, 0);
    }

    fn packet(&mut self, packet: &Packet) -> Option<i64> {
        self.bytes += packet.data.len();
        let (leader, base) = self.leader?;
        if packet.track != leader {
            return None;
        }
        let first = *self.first_key.get_or_insert(packet.pts);
        let elapsed = base.to_nanos(packet.pts.since(first));
        if packet.key.is_sync()
            && let Some(last) = self.last_key.replace(packet.pts)
        {
            self.longest = self.longest.max(base.to_nanos(packet.pts.since(last)));
            if elapsed >= self.target {
                return Some(self.longest);
            }
        }
        let too_long = elapsed >= LONGEST || self.bytes >= MOST_BYTES || self.held.len() >= MOST_HELD;
        too_long.then_some(elapsed.min(LONGEST))
    }
}

/// Key frames further apart than ten seconds are not waited for.
const LONGEST: i64 = 10_000_000_000;
const MOST_BYTES: usize = 50 << 20;
const MOST_HELD: usize = 16_384;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use media_core::codec::{Config, Key, aac, vp9};

    use super::*;

    fn tracks(with_video: bool) -> Output {
        let id = |id| TrackId::new(id).expect("not zero");
        let video = Config::Vp9(vp9::Config::from_parts(vp9::Parts::new(64, 64)).expect("usual"));
        let audio = Config::Aac(aac::Config::new(48_000, 2).expect("usual"));
        let audio = Track::new(id(2), TimeBase::hz(48_000), audio);
        let video = Track::new(id(1), TimeBase::VIDEO, video);
        Output::Tracks(if with_video { [video, audio].into() } else { [audio].into() })
    }

    fn picture(frame: i64, key: bool) -> Output {
        let at = Timestamp::new(900_000 + frame * 3600);
        let key = if key { Key::Closed } else { Key::No };
        let (track, data) = (TrackId::new(1).expect("not zero"), Bytes::from_static(b"x"));
        Output::Packet(Packet { track, pts: at, dts: at, duration: None, key, data, wall: None })
    }

    /// After how many frames of 40 ms something is known, and what, of a camera with a key frame at each of `keys`.
    fn learn(target: i64, keys: &[i64]) -> (i64, i64) {
        let mut learning = Learning::new(target * 1_000_000);
        assert_eq!(learning.push(tracks(true)), None);
        (0..)
            .find_map(|frame| {
                Some((frame, learning.push(picture(frame, keys.contains(&frame)))? / 1_000_000))
            })
            .expect("a camera that goes on for ever is learned of")
    }

    #[test]
    fn the_second_key_frame_tells() {
        assert_eq!(learn(1000, &[0, 25, 50]), (25, 1000));
        assert_eq!(learn(1000, &[0, 100]), (100, 4000));
    }

    #[test]
    fn units_are_as_long_as_most_of_them() {
        let mut learning = Learning::new(1_000_000_000);
        assert_eq!(learning.units(), Vec::<i64>::new());
        learning.push(tracks(true));
        for frame in [0, 1, 2, 3, 7, 8] {
            learning.push(picture(frame, frame == 0));
        }
        assert_eq!(learning.units(), Vec::<i64>::new(), "no sound has come yet");
        for frame in 0..3 {
            let at = Timestamp::new(48_000 + frame * 1024);
            let (track, data) = (TrackId::new(2).expect("not zero"), Bytes::from_static(b"x"));
            let key = Key::Closed;
            learning.push(Output::Packet(Packet {
                track,
                pts: at,
                dts: at,
                duration: None,
                key,
                data,
                wall: None,
            }));
        }
        assert_eq!(learning.units(), [40_000_000, 21_333_333]);
    }

    #[test]
    fn key_frames_within_a_segment_do_not() {
        assert_eq!(learn(2000, &[0, 25, 50, 75]), (50, 1000));
        assert_eq!(learn(1000, &[0, 10, 110]), (110, 4000));
    }

    #[test]
    fn a_camera_without_a_second_key_frame_is_not_waited_for() {
        assert_eq!(learn(1000, &[0]), (250, 10_000));
    }

    #[test]
    fn sound_alone_has_nothing_to_learn() {
        let mut learning = Learning::new(1_000_000_000);
        assert_eq!(learning.push(tracks(false)), Some(0));
        assert_eq!(learning.into_held().len(), 1);
    }

    #[test]
    fn an_interruption_begins_anew_and_nothing_is_lost() {
        let mut learning = Learning::new(1_000_000_000);
        learning.push(tracks(true));
        learning.push(picture(0, true));
        learning.push(Output::Discontinuity);
        assert_eq!(learning.push(picture(500, true)), None);
        assert_eq!(learning.push(picture(550, true)), Some(2_000_000_000));
        assert_eq!(learning.into_held().len(), 5);
    }
}
