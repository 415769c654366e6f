//! Clocks that jump, freeze, or run at the wrong speed.

use crate::bench::*;
use media_core::timeline::{Output, Repairs};

const FRAME: i64 = 3600;
const HOUR: i64 = 3600 * 90_000;

/// Pictures at 25 a second, a key picture each second, stamped by `stamp`.
fn run(pictures: i64, stamp: impl Fn(i64) -> i64) -> Bench {
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..pictures {
        bench.now = n * 40 * MS;
        bench.picture(stamp(n).rem_euclid(1 << 32), n % 25 == 0);
    }
    bench
}

fn assert_even(bench: &Bench) {
    assert_eq!(steps(&pts(&bench.packets(VIDEO))), vec![FRAME; bench.packets(VIDEO).len() - 1]);
}

#[test]
fn a_picture_stamped_hours_off_does_not_move_the_line() {
    // A recorder whose clock is read in the wrong time zone for single pictures.
    for off in [HOUR, -HOUR, 6 * HOUR, -5 * HOUR, 90_000 * 5, -90_000 * 5] {
        let bench = run(200, |n| n * FRAME + if n == 77 { off } else { 0 });
        assert_even(&bench);
        assert_eq!(bench.packets(VIDEO).len(), 200);
        assert_eq!(bench.cuts(), (1, 0));
        assert_eq!(bench.counted(VIDEO), [("outliers", 1)]);
    }
}

#[test]
fn an_outlier_among_b_pictures_is_placed_by_its_order() {
    let mut bench = Bench::new([video(h264(Some(1)))]);
    for n in 0..60_i64 {
        bench.now = n * 40 * MS;
        let shown = if n == 0 {
            0
        } else if n % 2 == 1 {
            n + 1
        } else {
            n - 1
        };
        bench.ordered((shown * FRAME + if n == 40 { HOUR } else { 0 }) % (1 << 32), 2 * shown as i32);
    }
    let picture = bench.packets(VIDEO)[40].pts.ticks();
    assert!((picture - line(39 * FRAME)).abs() < FRAME, "{picture}");
    assert_eq!(bench.repairs(VIDEO).outliers, 1);
}

#[test]
fn a_jump_is_one_discontinuity_at_a_key_picture_and_loses_nothing() {
    for (off, forward) in [(HOUR, true), (-HOUR, false), (90_000 * 4, true), (-90_000 * 4, false)] {
        let bench = run(200, |n| 10 * HOUR / 4 + n * FRAME + if n < 77 { 0 } else { off });
        assert_even(&bench);
        assert_eq!(bench.packets(VIDEO).len(), 200, "the clock has jumped, the pictures have not");
        assert_eq!(bench.cuts(), (1, 1));
        let at = bench.outputs.iter().position(|output| *output == Output::Discontinuity).unwrap();
        assert!(matches!(&bench.outputs[at + 1], Output::Packet(packet) if packet.key.is_sync()));
        let repairs = bench.repairs(VIDEO);
        assert_eq!((repairs.jumps_forward, repairs.jumps_back), (u64::from(forward), u64::from(!forward)));
        assert_eq!(repairs.outliers, 0);
    }
}

#[test]
fn a_clock_that_starts_over_is_a_jump() {
    let bench = run(200, |n| if n < 100 { 123_456_789 + n * FRAME } else { (n - 100) * FRAME });
    assert_even(&bench);
    assert_eq!((bench.repairs(VIDEO).jumps_back, bench.cuts()), (1, (1, 1)));
}

#[test]
fn both_tracks_jumping_is_one_discontinuity() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    for n in 0..400_i64 {
        bench.now = n * 20 * MS;
        let off = if n < 200 { 0 } else { 7200 };
        bench.push(AUDIO, n * 960 + off * AUDIO_RATE, None, frame(960));
        if n % 2 == 0 {
            bench.picture(n / 2 * FRAME + off * 90_000, n % 50 == 0);
        }
    }
    assert_eq!(bench.cuts(), (1, 1));
    assert_eq!(steps(&dts(&bench.packets(AUDIO))), vec![960; 399]);
    assert_even(&bench);
}

#[test]
fn a_jump_during_a_stall_goes_on_where_real_time_is() {
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..100 {
        bench.now = n * 40 * MS + if n < 50 { 0 } else { 20 * SECOND };
        bench.picture(n * FRAME + if n < 50 { 0 } else { 3 * HOUR }, n % 25 == 0);
    }
    let found = pts(&bench.packets(VIDEO));
    assert_eq!(found[50] - found[49], 20 * 90_000 + FRAME);
    assert_eq!(bench.cuts(), (1, 1));
}

#[test]
fn a_gap_that_took_its_time_is_no_jump() {
    // The network lost twenty seconds: the stamps go on where the clock does.
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..100 {
        let passed = n * 40 + if n < 50 { 0 } else { 20_000 };
        bench.now = passed * MS;
        bench.picture(passed * 90, n % 25 == 0);
    }
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
    assert_eq!(bench.cuts(), (1, 0));
}

#[test]
fn a_burst_after_a_stall_is_no_jump() {
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..1000 {
        bench.now = (n * 40 * MS).max(if n < 100 { 0 } else { 20 * SECOND });
        bench.picture(n * FRAME, n % 25 == 0);
    }
    assert_even(&bench);
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn old_pictures_sent_at_once_at_the_start_are_no_jump() {
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..500 {
        bench.now = ((n - 100) * 40 * MS).max(0);
        bench.picture(n * FRAME, n % 25 == 0);
    }
    assert_even(&bench);
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn a_picture_every_five_seconds_is_no_jump() {
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..50 {
        bench.now = n * 5 * SECOND;
        bench.picture(n * 450_000, n % 5 == 0);
    }
    assert_eq!(steps(&pts(&bench.packets(VIDEO))), vec![450_000; 49]);
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn a_clock_of_the_wrong_rate_is_replaced_by_arrival() {
    // Stamps in milliseconds where 90 kHz was announced, stamps ten times too fast, and a clock that stands still.
    for stamp in [|n: i64| n * 40, |n: i64| n * 36_000, |_: i64| 5000] {
        let bench = run(25 * 120, stamp);
        assert_eq!(bench.repairs(VIDEO).wallclock_fallback, 1);
        let found = pts(&bench.packets(VIDEO));
        assert_eq!(found.len(), 25 * 120);
        assert_eq!(steps(&found[25 * 60..]), vec![FRAME; 25 * 60 - 1]);
    }
}

#[test]
fn pictures_placed_by_arrival_are_shown_in_their_order() {
    // Groups of I P B b b with stamps in milliseconds where 90 kHz was announced.
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..25 * 80_i64 {
        bench.now = n * 40 * MS;
        let shown = [0, 4, 2, 1, 3][(n % 5) as usize];
        bench.ordered((n / 5 * 5 + shown) * 40, 2 * shown as i32);
    }
    assert_eq!(bench.repairs(VIDEO).wallclock_fallback, 1);
    let packets = bench.packets(VIDEO);
    for (n, group) in packets.chunks(5).enumerate().skip(200) {
        let start = packets[200 * 5].pts.ticks() + (n as i64 - 200) * 5 * FRAME;
        let wanted = [0, 4, 2, 1, 3].map(|shown| start + shown * FRAME);
        let errors = pts(group).iter().zip(wanted).map(|(pts, wanted)| (pts - wanted).abs()).max();
        assert!(errors < Some(FRAME / 4), "{:?} instead of {wanted:?}", pts(group));
    }
}

#[test]
fn stamps_without_sense_are_replaced_by_arrival() {
    let bench = run(1000, |n| (n * n).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64));
    assert!(bench.repairs(VIDEO).wallclock_fallback >= 1);
    let found = pts(&bench.packets(VIDEO));
    let elapsed = found[999] - found[0];
    assert!((elapsed - 999 * FRAME).abs() < 90_000, "{elapsed}");
}

#[test]
fn a_clock_that_comes_to_its_senses_is_believed_again() {
    let bench = run(25 * 180, |n| if n < 25 * 60 { n * 40 } else { 25 * 60 * 40 + (n - 25 * 60) * FRAME });
    let found = pts(&bench.packets(VIDEO));
    assert_eq!(steps(&found[25 * 60..]), vec![FRAME; 25 * 120 - 1]);
    assert_eq!(bench.repairs(VIDEO).wallclock_fallback, 1);
}

#[test]
fn a_camera_a_little_too_fast_is_no_reason_for_anything() {
    // A camera whose clock ran ahead of its NTP time had its recordings cut every 13 seconds elsewhere.
    let mut bench = Bench::new([video(h264(None))]);
    for n in 0..25 * 600 {
        bench.now = n * 40 * MS;
        let stamp = n * (FRAME + 18);
        if n % 125 == 0 {
            bench.report(VIDEO, stamp, bench.now);
        }
        bench.picture(stamp, n % 25 == 0);
    }
    assert_eq!(bench.cuts(), (1, 0));
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}
