//! Slices come before their picture is complete, from several threads, and make up its packet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use media_core::encode::x264::{NalHrd, Options, Preset, Slice};
use media_core::encode::{Codec, Config, Encoder, Error, FrameOptions, Latency, RateControl, Sei, Threads};
use media_core::frame::PixelFormat;
use media_core::packet::Packet;
use media_core::time::Timestamp;

use crate::{SIZE, STEP, pictures};

fn config(threads: u8, params: &[(&str, &str)]) -> Config {
    let params = params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let options = Options { preset: Preset::Veryfast, params, ..Options::default() };
    let config = crate::x264("veryfast");
    Config {
        codec: Codec::X264(options),
        latency: Latency::Realtime,
        threads: Threads::Count(threads),
        ..config
    }
}

type Received = Arc<Mutex<BTreeMap<i64, Vec<(u32, Vec<u8>)>>>>;

fn receiver(received: &Received) -> impl Fn(Slice<'_>) + Send + Sync + 'static {
    let received = Arc::clone(received);
    move |slice| {
        let first = slice.blocks.as_ref().map_or(0, |blocks| blocks.start);
        assert!(slice.blocks.is_none_or(|blocks| blocks.end <= 99 && !blocks.is_empty()));
        let mut received = received.lock().unwrap();
        received.entry(slice.pts.ticks()).or_default().push((first, slice.data.to_vec()));
    }
}

#[test]
fn slices_arrive_before_push_returns_and_make_up_the_packet() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 15);
    for (threads, params, least) in
        [(1, &[][..], 1), (2, &[], 2), (1, &[("slices", "4")], 4), (2, &[("slice-max-size", "300")], 3)]
    {
        let received = Received::default();
        let mut encoder = Encoder::open_with_slices(config(threads, params), receiver(&received)).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            let pts = Timestamp::new(1000 + number as i64 * STEP);
            let sei = vec![Sei::user_data([9; 16], b"before the slices")];
            encoder.push(&frame.as_ref(), pts, &FrameOptions { sei, ..FrameOptions::default() }).unwrap();
            let mut parts = received.lock().unwrap().remove(&pts.ticks()).unwrap();
            assert!(parts.len() > least, "{} units with {threads} threads, {params:?}", parts.len());
            parts.sort_by_key(|(first, _)| *first);
            let whole: Vec<u8> = parts.into_iter().flat_map(|(_, data)| data).collect();
            let coded = encoder.poll().unwrap();
            assert!(coded.packet.data == whole, "{number}");
            assert!(received.lock().unwrap().is_empty());
        }
        assert!(encoder.finish().unwrap().coded.is_empty());
    }
}

#[test]
fn slices_are_the_bytes_that_come_without_them() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    let packets = |mut encoder: Encoder| -> Vec<Packet> {
        for (number, frame) in frames.iter().enumerate() {
            encoder
                .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
                .unwrap();
        }
        encoder.finish().unwrap().packets().collect()
    };
    // With a buffer, how far one slice has come sways the others: two runs are the same on one thread only.
    let constant = RateControl::Constant { bitrate: 300_000, buffer_ms: 500 };
    for (threads, rate) in [(1, constant), (2, RateControl::Quality { q: 30.into() })] {
        let config = Config { rate, ..config(threads, &[]) };
        let with = Encoder::open_with_slices(config.clone(), receiver(&Received::default())).unwrap();
        let without = Encoder::open(config).unwrap();
        assert_eq!(with.codec_config(), without.codec_config());
        assert!(packets(with) == packets(without), "{threads}");
    }
}

#[test]
fn t16_a_panic_in_a_receiver_of_slices_does_not_reach_c() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 4);
    for threads in [1, 2] {
        let panics = |slice: Slice<'_>| assert!(slice.pts.ticks() < 2 * STEP, "on purpose");
        let mut encoder = Encoder::open_with_slices(config(threads, &[]), panics).unwrap();
        let mut push = |number: i64| {
            encoder.push(
                &frames[number as usize].as_ref(),
                Timestamp::new(number * STEP),
                &FrameOptions::default(),
            )
        };
        push(0).unwrap();
        push(1).unwrap();
        let Err(Error::Codec { call, detail, .. }) = push(2) else { panic!("{threads}") };
        assert_eq!((call, detail.as_str()), ("nalu_process", "the receiver of slices panicked"));
        assert_eq!(push(3), Err(Error::Failed));
        assert!(matches!(encoder.finish(), Err(Error::Failed)));
    }
}

#[test]
fn what_cannot_give_slices_early_is_refused() {
    let field = |config: Config| match Encoder::open_with_slices(config, |_| {}) {
        Err(Error::Config { field, .. } | Error::Unsupported { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(Config { latency: Latency::Unlimited, ..config(1, &[]) }), "latency");
    // Threads on frames hold frames back.
    assert_eq!(field(config(2, &[("sliced-threads", "0")])), "latency");
    let options = Options { hrd: NalHrd::Vbr, ..Options::default() };
    let rate = RateControl::Constant { bitrate: 300_000, buffer_ms: 500 };
    assert_eq!(field(Config { codec: Codec::X264(options), rate, ..config(1, &[]) }), "hrd");
    #[cfg(feature = "vpx")]
    assert_eq!(field(crate::vpx(media_core::encode::vpx::Options::vp8())), "codec");
}
