//! The encoders as their users see them: frames in, packets out, by every library that is built in.
#![cfg(any(feature = "x264", feature = "vpx"))]
// Modules of one test program have no outside.
#![allow(unreachable_pub)]
// With one library built in, what judges the other is idle.
#![cfg_attr(not(all(feature = "x264", feature = "vpx")), allow(dead_code, unused_imports))]

mod behaviour;
mod pictures;
mod rates;
mod refusals;
mod same_bytes;
mod subscriber;
mod tools;
mod traps;
#[cfg(feature = "vpx")]
mod vpx_changes;
#[cfg(feature = "vpx")]
mod vpx_formats;
#[cfg(feature = "vpx")]
mod vpx_layers;
#[cfg(feature = "vpx")]
mod vpx_maps;
#[cfg(feature = "vpx")]
mod vpx_passes;
#[cfg(feature = "vpx")]
mod vpx_properties;
#[cfg(feature = "vpx")]
mod vpx_same_bytes;
#[cfg(feature = "vpx")]
mod vpx_simulcast;
#[cfg(feature = "x264")]
mod x264_bytes;
#[cfg(feature = "x264")]
mod x264_change;
#[cfg(feature = "x264")]
mod x264_formats;
#[cfg(feature = "x264")]
mod x264_frames;
#[cfg(feature = "x264")]
mod x264_hrd;
#[cfg(feature = "x264")]
mod x264_properties;
#[cfg(feature = "x264")]
mod x264_refresh;
#[cfg(feature = "x264")]
mod x264_slices;
#[cfg(feature = "x264")]
mod x264_two_pass;

use media_core::encode::{Config, Encoder, FrameOptions, FrameRate};
use media_core::frame::Frame;
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};

/// CIF's quarter, so that a debug build under valgrind gets through.
const SIZE: (u32, u32) = (176, 144);
const RATE: FrameRate = FrameRate::hz(25);
/// 25 Hz at 90 kHz.
const STEP: i64 = 3600;

/// One configuration of each codec built in, fast ones.
fn codecs() -> Vec<(&'static str, Config)> {
    vec![
        #[cfg(feature = "x264")]
        ("x264", x264("veryfast")),
        #[cfg(feature = "vpx")]
        ("vp8", vpx(media_core::encode::vpx::Options::vp8())),
        #[cfg(feature = "vpx")]
        ("vp9", vpx(media_core::encode::vpx::Options::vp9())),
    ]
}

#[cfg(feature = "x264")]
fn x264(preset: &str) -> Config {
    use media_core::encode::x264::{Options, Preset};
    let preset = match preset {
        "ultrafast" => Preset::Ultrafast,
        "veryfast" => Preset::Veryfast,
        "medium" => Preset::Medium,
        other => panic!("{other}"),
    };
    Config::new(Options { preset, ..Options::default() }, SIZE, TimeBase::VIDEO, RATE)
}

/// One codec of each, such that the same frames give the same bytes every time: one thread, and libx264 without its macroblock tree,
/// which with AVX-512 (build 164, r3095) comes out differently now and then within one process.
fn reproducible() -> Vec<(&'static str, Config)> {
    let mut codecs = codecs();
    for (_, config) in &mut codecs {
        config.threads = media_core::encode::Threads::Count(1);
        #[cfg(feature = "x264")]
        if let media_core::encode::Codec::X264(options) = &mut config.codec {
            options.params.push(("mbtree".into(), "0".into()));
        }
    }
    codecs
}

#[cfg(feature = "vpx")]
fn vpx(options: media_core::encode::vpx::Options) -> Config {
    Config::new(options, SIZE, TimeBase::VIDEO, RATE)
}

/// Pushes all frames at a steady pace, with a key frame forced at each of `keys`.
fn encode(config: Config, frames: &[Frame], keys: &[usize]) -> Vec<Packet> {
    let mut encoder = Encoder::open(config).unwrap();
    let mut packets = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        let options = if keys.contains(&number) { FrameOptions::KEY } else { FrameOptions::default() };
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &options).unwrap();
        packets.extend(std::iter::from_fn(|| encoder.poll()).map(|coded| coded.packet));
    }
    packets.extend(encoder.finish().unwrap().packets());
    packets
}

/// The frame numbers that decoding can start at, in coding order.
fn keys(packets: &[Packet]) -> Vec<i64> {
    packets.iter().filter(|packet| packet.key.is_sync()).map(|packet| packet.pts.ticks() / STEP).collect()
}
