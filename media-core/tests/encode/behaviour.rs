//! What holds for every codec: no frame is lost, key frames stand where they are asked for, times come out as they went in.

use std::num::NonZeroU32;

use media_core::encode::{Encoder, FrameOptions, KeyFrames, Latency, Threads};
use media_core::frame::PixelFormat;
use media_core::packet::Key;
use media_core::time::Timestamp;

use crate::{SIZE, STEP, codecs, encode, keys, pictures};

#[test]
fn as_many_packets_come_out_as_frames_went_in() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, config) in codecs() {
        for latency in [Latency::Realtime, Latency::Frames(5), Latency::Frames(25), Latency::Unlimited] {
            for count in [1, 2, 7, 40] {
                let packets =
                    encode(media_core::encode::Config { latency, ..config.clone() }, &frames[..count], &[]);
                assert_eq!(packets.len(), count, "{name} {latency:?}");
                let mut shown: Vec<_> = packets.iter().map(|packet| packet.pts.ticks()).collect();
                shown.sort_unstable();
                assert!(shown.iter().copied().eq((0..count as i64).map(|number| number * STEP)), "{name}");
            }
        }
    }
}
