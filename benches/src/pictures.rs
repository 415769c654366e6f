//! Pictures to be muxed: 1280x720 at 30 Hz of 16 kB each, which is 4 Mbit/s.

use bytes::Bytes;
use media_core::codec::{Config, Key, vp9};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

const PICTURE: usize = 16_000;
const STEP: i64 = 3000;

/// Their track.
pub fn track() -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(1280, 720)).expect("profile 0");
    Track::new(TrackId::new(1).expect("1 is not zero"), TimeBase::VIDEO, Config::Vp9(config))
}

/// The first `count` of them.
pub fn packets(track: &Track, count: i64) -> Vec<Packet> {
    let packet = |n: i64| Packet {
        track: track.id,
        pts: Timestamp::new(n * STEP),
        dts: Timestamp::new(n * STEP),
        duration: None,
        key: if n == 0 { Key::Closed } else { Key::No },
        data: Bytes::from(vec![0; PICTURE + n as usize]),
        wall: None,
    };
    (0..count).map(packet).collect()
}

/// Moves the packets on by their whole length, as the next call needs them.
pub fn advance(packets: &mut [Packet]) -> Timestamp {
    let by = packets.len() as i64 * STEP;
    for packet in &mut *packets {
        packet.pts = packet.pts.saturating_add(by);
        packet.dts = packet.dts.saturating_add(by);
    }
    packets.last().expect("packets").dts.saturating_add(STEP)
}
