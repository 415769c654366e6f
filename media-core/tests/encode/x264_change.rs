//! What a running libx264 changes, measured in bytes, and what it would ignore is refused.

use media_core::encode::x264::{NalHrd, Options};
use media_core::encode::{
    Change, Codec, Config, Encoder, Error, FrameOptions, FrameRate, Latency, Pass, RateControl, Threads,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::Timestamp;

use crate::{SIZE, STEP, pictures};

/// Frames before a change and after it; of the latter the first third is left out, in which rate control settles.
const PHASE: usize = 90;

fn config(rate: RateControl, threads: u8) -> Config {
    // The level of a larger picture, so that rates may rise.
    let options = Options { level: Some(31), ..Options::default() };
    let config = crate::x264("veryfast");
    Config {
        codec: Codec::X264(options),
        rate,
        latency: Latency::Realtime,
        threads: Threads::Count(threads),
        ..config
    }
}

fn frames() -> Vec<Frame> {
    pictures::moving(PixelFormat::I420, SIZE, 2 * PHASE)
}

/// bit/s before and after.
fn rates(config: Config, to: RateControl) -> (usize, usize) {
    let frames = frames();
    let mut encoder = Encoder::open(config).unwrap();
    let mut sizes = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        if number == PHASE {
            encoder.reconfigure(&Change::rate(to)).unwrap();
            assert_eq!(encoder.config().rate, to);
        }
        encoder
            .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
            .unwrap();
        sizes.extend(std::iter::from_fn(|| encoder.poll()).map(|coded| coded.packet.data.len()));
    }
    sizes.extend(encoder.finish().unwrap().coded.iter().map(|coded| coded.packet.data.len()));
    let rate = |sizes: &[usize]| sizes.iter().sum::<usize>() * 8 * 25 / sizes.len();
    (rate(&sizes[PHASE / 3..PHASE]), rate(&sizes[PHASE + PHASE / 3..]))
}

#[test]
fn a_constant_rate_falls_and_rises() {
    for threads in [1, 2] {
        for (from, to) in [(600_000, 200_000), (200_000, 600_000)] {
            let constant = |bitrate| RateControl::Constant { bitrate, buffer_ms: 500 };
            for latency in [Latency::Realtime, Latency::Frames(8)] {
                let config = Config { latency, ..config(constant(from), threads) };
                let (before, after) = rates(config, constant(to));
                let near = |found: usize, asked: u32| {
                    (asked as usize * 7 / 10..asked as usize * 13 / 10).contains(&found)
                };
                assert!(
                    near(before, from) && near(after, to),
                    "{before} {after} for {from} {to}, {threads} threads"
                );
            }
        }
    }
}

#[test]
fn a_cap_and_a_quality_change() {
    let capped = |q: u8, max| RateControl::CappedQuality { q: q.into(), max, buffer_ms: 500 };
    let (before, after) = rates(config(capped(15, 600_000), 1), capped(15, 200_000));
    assert!(before > 400_000 && after < 260_000, "{before} {after}");
    let (before, after) = rates(config(capped(40, 2_000_000), 1), capped(20, 2_000_000));
    assert!(before * 3 < after, "{before} {after}");
    let quality = |q: u8| RateControl::Quality { q: q.into() };
    let (before, after) = rates(config(quality(20), 1), quality(40));
    assert!(before > after * 3, "{before} {after}");
}

#[test]
fn a_peak_changes_beside_its_average() {
    let peak = |max| RateControl::Constrained { bitrate: 200_000, max, buffer_ms: 200 };
    // After stillness an average has much to spend on motion.
    let moving = frames();
    let still = |number: usize| number % PHASE < PHASE / 2;
    let mut encoder = Encoder::open(config(peak(900_000), 1)).unwrap();
    let mut sizes = Vec::new();
    for number in 0..2 * PHASE {
        if number == PHASE {
            encoder.reconfigure(&Change::rate(peak(250_000))).unwrap();
        }
        let frame = if still(number) { &moving[0] } else { &moving[number] };
        encoder
            .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
            .unwrap();
        sizes.push(encoder.poll().unwrap().packet.data.len() * 8);
    }
    let most = |sizes: &[usize]| sizes.windows(8).map(|window| window.iter().sum::<usize>()).max().unwrap();
    let (before, after) = (most(&sizes[1..PHASE]), most(&sizes[PHASE + PHASE / 3..]));
    // Eight frames of the peak and a full buffer: 80,000 and 50,000 bits; and some more, as x264 predicts sizes.
    assert!(after <= 140_000 && before > after + after / 4, "{before} {after}");
}

/// libx264 returns 0 for each of these.
#[test]
fn t19_what_libx264_would_ignore_is_refused() {
    let constrained = |bitrate, max| RateControl::Constrained { bitrate, max, buffer_ms: 1000 };
    let capped = |max| RateControl::CappedQuality { q: 23.into(), max, buffer_ms: 1000 };
    let cases = [
        // Without a buffer at open: 1525 kbit/s went to 1492 when asked for 300.
        (RateControl::Average { bitrate: 600_000 }, RateControl::Average { bitrate: 200_000 }),
        // Reads back as changed, and has no effect.
        (constrained(300_000, 600_000), constrained(200_000, 600_000)),
        // Stays constant.
        (constrained(300_000, 300_000), constrained(200_000, 300_000)),
        (RateControl::Quantizer { qp: 20 }, RateControl::Quantizer { qp: 30 }),
        // Beyond level 3.1 of the High profile: 14,000 kbit/s * 1.25.
        (capped(1_000_000), capped(17_501_000)),
        // Less than a frame.
        (
            RateControl::Constant { bitrate: 600_000, buffer_ms: 1000 },
            RateControl::Constant { bitrate: 600_000, buffer_ms: 30 },
        ),
        // Less than a kilobit.
        (
            constrained(50_000, 400_000),
            RateControl::Constrained { bitrate: 50_000, max: 400_000, buffer_ms: 1 },
        ),
        // Another kind.
        (capped(1_000_000), RateControl::Quality { q: 23.into() }),
    ];
    let frames = frames();
    for (from, to) in cases {
        let mut encoder = Encoder::open(config(from, 1)).unwrap();
        let refused = encoder.reconfigure(&Change::rate(to));
        let Err(Error::NotReconfigurable { field: "rate", reason }) = refused else {
            panic!("{to:?} {refused:?}")
        };
        assert!(!reason.is_empty());
        assert_eq!(encoder.config().rate, from, "as it was");
        encoder.push(&frames[0].as_ref(), Timestamp::ZERO, &FrameOptions::default()).unwrap();
        assert_eq!(encoder.finish().unwrap().coded.len(), 1);
    }
}

/// And this is what it does with an average that has no buffer, so that the refusal is right.
#[test]
fn t19_the_same_change_with_and_without_a_buffer() {
    let with = |bitrate| RateControl::Constant { bitrate, buffer_ms: 1000 };
    let (before, after) = rates(config(with(600_000), 1), with(200_000));
    assert!(after * 2 < before, "{before} {after}");
    let mut without = Encoder::open(config(RateControl::Average { bitrate: 600_000 }, 1)).unwrap();
    assert!(without.reconfigure(&Change::rate(RateControl::Average { bitrate: 200_000 })).is_err());
}

#[test]
fn what_the_parameter_sets_say_does_not_change() {
    let constant = |bitrate| RateControl::Constant { bitrate, buffer_ms: 1000 };
    let options = Options { hrd: NalHrd::Vbr, ..Options::default() };
    let config = Config { codec: Codec::X264(options), ..config(constant(300_000), 1) };
    let mut encoder = Encoder::open(config).unwrap();
    let field = |result| match result {
        Err(Error::NotReconfigurable { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(encoder.reconfigure(&Change::rate(constant(200_000)))), "rate");
    assert_eq!(field(encoder.reconfigure(&Change::frame_rate(FrameRate::hz(50)))), "frame_rate");
    assert_eq!(field(encoder.reconfigure(&Change::speed(3))), "speed");
    // What stays as it is can be said.
    encoder.reconfigure(&Change::rate(constant(300_000))).unwrap();
    encoder.reconfigure(&Change::frame_rate(FrameRate::hz(25))).unwrap();
    assert_eq!(encoder.config().pass, Pass::Single);
}

#[test]
fn several_changes_before_a_frame_are_one() {
    let constant = |bitrate| RateControl::Constant { bitrate, buffer_ms: 500 };
    let mut encoder = Encoder::open(config(constant(300_000), 1)).unwrap();
    for bitrate in [100_000, 900_000, 200_000] {
        encoder.reconfigure(&Change::rate(constant(bitrate))).unwrap();
    }
    let frames = frames();
    let mut bytes = 0;
    for (number, frame) in frames.iter().enumerate() {
        encoder
            .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
            .unwrap();
        bytes += encoder.poll().unwrap().packet.data.len();
    }
    let rate = bytes * 8 * 25 / frames.len();
    assert!((150_000..260_000).contains(&rate), "{rate}");
}
