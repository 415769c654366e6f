//! Wraps, duplicates, stamps that go back a little.

use crate::bench::*;
use media_core::time::TimeBase;
use media_core::timeline::{Announced, Counting, Repairs};
use media_core::track::Track;

const FRAME: i64 = 3600;

fn counting(counting: Counting) -> Announced {
    let mut announced = video(h264(None));
    announced.counting = counting;
    announced
}

#[test]
fn clocks_of_32_and_33_bits_wrap_unnoticed() {
    for (kind, bits) in [(Counting::Rtp, 32), (Counting::Mpeg, 33)] {
        let mut bench = Bench::new([counting(kind)]);
        let range = 1_i64 << bits;
        for n in 0..100 {
            bench.now = n * 40 * MS;
            bench.picture((range - 50 * FRAME + n * FRAME + 17) % range, n % 25 == 0);
        }
        assert_eq!(steps(&pts(&bench.packets(VIDEO))), vec![FRAME; 99]);
        assert_eq!(bench.repairs(VIDEO), Repairs::default());
        assert_eq!(bench.cuts(), (1, 0));
    }
}

#[test]
fn b_pictures_around_a_wrap_keep_their_order() {
    let range = 1_i64 << 32;
    let mut bench = Bench::new([video(h264(Some(1)))]);
    for n in 0..30_i64 {
        bench.now = n * 40 * MS;
        // I0 P2 B1 P4 B3: the wrap lies between a P picture and the B picture before it.
        let shown = if n == 0 {
            0
        } else if n % 2 == 1 {
            n + 1
        } else {
            n - 1
        };
        bench.ordered((range - 6 * FRAME - 100 + shown * FRAME) % range, 2 * shown as i32);
    }
    assert_eq!(steps(&dts(&bench.packets(VIDEO)))[1..], vec![FRAME; 28]);
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn a_first_stamp_just_after_the_wrap_may_be_followed_by_one_before_it() {
    let mut bench = Bench::new([video(h264(Some(1)))]);
    bench.ordered(0, 0);
    for (shown, stamp) in [(4, 3 * FRAME), (2, FRAME), (1, -FRAME)] {
        bench.now += 40 * MS;
        bench.ordered(stamp.rem_euclid(1 << 32), 2 * shown);
    }
    assert_eq!(bench.repairs(VIDEO).jumps_back + bench.repairs(VIDEO).outliers, 0);
}

#[test]
fn a_wrap_during_an_hour_of_silence_is_unwrapped_by_the_clock() {
    let mut bench = Bench::new([video(h264(None))]);
    let start = (1_i64 << 32) - 10 * FRAME;
    bench.picture(start, true);
    bench.now = 3600 * SECOND;
    bench.picture((start + 3600 * 90_000) % (1 << 32), true);
    assert_eq!(pts(&bench.packets(VIDEO)), [line(0), line(3600 * 90_000)]);
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn equal_stamps_are_moved_apart_and_counted() {
    // A relay splits sliced pictures in two packets of one stamp ("non-monotonous DTS").
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..100 {
        bench.now = n * 20 * MS;
        bench.picture(n / 2 * FRAME, n % 50 == 0);
    }
    let repairs = bench.repairs(VIDEO);
    assert_eq!((repairs.duplicates, repairs.backward, bench.cuts()), (50, 0, (1, 0)));
    let found = pts(&bench.packets(VIDEO));
    assert_eq!(found.len(), 100);
    assert_eq!(found[98], line(49 * FRAME), "the others stay where they were");
}

#[test]
fn a_step_back_is_absorbed() {
    // The camera's clock is set back by half a second; no picture is lost and nothing is seen.
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..100 {
        bench.now = n * 40 * MS;
        bench.ordered(1_000_000 + n * FRAME - if n < 50 { 0 } else { 45_000 }, n as i32 % 25 * 2);
    }
    let found = pts(&bench.packets(VIDEO));
    assert_eq!(steps(&found), vec![FRAME; 99]);
    assert_eq!(bench.cuts(), (1, 0));
    assert!(bench.repairs(VIDEO).backward > 0);
}

#[test]
fn a_single_stamp_back_is_absorbed() {
    let mut bench = Bench::new([audio()]);
    for n in 0..100 {
        bench.now = n * 1024 * SECOND / AUDIO_RATE;
        bench.sound(n * 1024 - if n == 50 { 3000 } else { 0 });
    }
    assert_eq!(steps(&dts(&bench.packets(AUDIO))), vec![1024; 99]);
    assert_eq!(bench.counted(AUDIO), [("backward", 1)]);
}

#[test]
fn audio_lasts_what_its_samples_last() {
    let mut bench = Bench::new([opus()]);
    bench.push(AUDIO, 0, None, frame(960));
    assert_eq!(bench.packets(AUDIO)[0].duration, Some(960));
    let aac = audio().codec.unwrap();
    let mut bench = Bench::new([Announced::from(Track::new(id(AUDIO), TimeBase::VIDEO, aac))]);
    bench.sound(0);
    assert_eq!(bench.packets(AUDIO)[0].duration, Some(1920), "1024 samples of 48 kHz at 90 kHz");
}
