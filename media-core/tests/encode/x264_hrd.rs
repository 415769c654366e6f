//! The hypothetical reference decoder: signalled where it was asked for, with filler when the rate never changes.

use media_core::codec;
use media_core::encode::x264::{NalHrd, Options, Preset};
use media_core::encode::{
    Codec, Coded, Config, Encoder, Error, FrameOptions, FrameRate, RateControl, Threads,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::Timestamp;

use crate::{SIZE, STEP, pictures, tools};

fn config(hrd: NalHrd, rate: RateControl) -> Config {
    let options = Options { preset: Preset::Veryfast, hrd, ..Options::default() };
    Config { codec: Codec::X264(options), rate, threads: Threads::Count(1), ..crate::x264("veryfast") }
}

const CONSTANT: RateControl = RateControl::Constant { bitrate: 600_000, buffer_ms: 500 };

fn encode(config: Config, frames: &[Frame]) -> Vec<Coded> {
    let mut encoder = Encoder::open(config).unwrap();
    for (number, frame) in frames.iter().enumerate() {
        encoder
            .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
            .unwrap();
    }
    encoder.finish().unwrap().coded
}

/// `nal_unit_type` of each unit.
fn kinds(coded: &Coded) -> Vec<u8> {
    tools::nal_units(&coded.packet.data).iter().map(|nal| nal[0] & 31).collect()
}

#[test]
fn a_rate_that_never_changes_is_filled_up() {
    // Still pictures need nothing.
    let still = Frame::new(PixelFormat::I420, SIZE).unwrap();
    let frames: Vec<_> = (0..100).map(|_| Frame::copy_of(&still.as_ref()).unwrap()).collect();
    let bits = |hrd| {
        let coded = encode(config(hrd, CONSTANT), &frames);
        let filled = coded.iter().any(|coded| kinds(coded).contains(&12));
        (coded.iter().map(|coded| coded.packet.data.len() * 8).sum::<usize>(), filled)
    };
    let (constant, filled) = bits(NalHrd::Cbr);
    assert!(filled && (2_100_000..2_700_000).contains(&constant), "{constant} in four seconds of 600 kbit/s");
    let (variable, filled) = bits(NalHrd::Vbr);
    assert!(!filled && variable < 200_000, "{variable}");
}

#[test]
fn pictures_tell_when_they_enter_and_leave_the_buffer() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 50);
    for (hrd, threads) in [(NalHrd::Vbr, 1), (NalHrd::Cbr, 1), (NalHrd::Vbr, 3)] {
        let config = Config { threads: Threads::Count(threads), ..config(hrd, CONSTANT) };
        let coded = encode(config, &frames);
        // H.264 table 7-1 and D.1: the first unit of a key frame is SEI, the buffering period.
        assert_eq!(kinds(&coded[0])[0], 6);
        for (number, pair) in coded.windows(2).enumerate() {
            let [before, after] = [0, 1].map(|index| pair[index].picture.hrd.unwrap());
            // Annex C.1: removal at the pace of frames, arrival complete before it.
            assert!((after.removal - before.removal - 0.04).abs() < 1e-6, "{number}: {before:?} {after:?}");
            assert!(
                after.final_arrival <= after.removal + 1e-6 && after.initial_arrival <= after.final_arrival
            );
            assert!(after.output >= after.removal - 1e-6);
            // So many bits arrive in that time at the signalled rate.
            let seconds = after.final_arrival - after.initial_arrival;
            let bits = pair[1].packet.data.len() as f64 * 8.0;
            assert!(seconds > 0.0 && (bits / seconds) < 700_000.0, "{bits} bits in {seconds}");
        }
    }
    let without = encode(config(NalHrd::None, CONSTANT), &frames[..3]);
    assert!(without.iter().all(|coded| coded.picture.hrd.is_none()));
}

#[test]
fn rates_that_promise_nothing_have_none() {
    for (hrd, rate) in [
        (NalHrd::Vbr, RateControl::Quality { q: 23.into() }),
        (NalHrd::Vbr, RateControl::Average { bitrate: 500_000 }),
        (NalHrd::Cbr, RateControl::Constrained { bitrate: 500_000, max: 600_000, buffer_ms: 1000 }),
        (NalHrd::Cbr, RateControl::CappedQuality { q: 23.into(), max: 600_000, buffer_ms: 1000 }),
        (NalHrd::Cbr, RateControl::Lossless),
    ] {
        let refused = Encoder::open(config(hrd, rate));
        assert!(matches!(refused, Err(Error::Config { field: "hrd", .. })), "{rate:?}");
    }
    let encoder = Encoder::open(config(NalHrd::Cbr, CONSTANT)).unwrap();
    let codec::Config::H264(sets) = encoder.codec_config() else { panic!() };
    assert_eq!(sets.frame_rate(), Some((25, 1)));
    assert_eq!(encoder.config().frame_rate, FrameRate::hz(25));
}
