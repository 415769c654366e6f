//! Picture and sound against each other, and the time of day.

use crate::bench::*;
use media_core::codec::Key;

const FRAME: i64 = 3600;

/// A camera of which the sound arrives `delay` milliseconds later than the picture of the same instant, its clock `ppm` off. Its own
/// clock is `skew` nanoseconds off ours. Sender reports every five seconds if `reports`.
struct Camera {
    delay: i64,
    ppm: i64,
    skew: i64,
    reports: bool,
    zeros: bool,
}

const PLAIN: Camera = Camera { delay: 0, ppm: 0, skew: 0, reports: true, zeros: false };

const VIDEO_START: i64 = 4_000_000_000;
const AUDIO_START: i64 = 123_456;

impl Camera {
    /// The raw stamp of the sound captured at `ms`.
    fn sound(&self, ms: i64) -> i64 {
        AUDIO_START + ms * 48 * (1_000_000 + self.ppm) / 1_000_000
    }

    fn run(&self, bench: &mut Bench, from: i64, to: i64) {
        if self.zeros {
            bench.timeline.common_zero(id(VIDEO), VIDEO_START);
            bench.timeline.common_zero(id(AUDIO), AUDIO_START);
        }
        for ms in (from..to).step_by(20) {
            bench.now = ms * MS;
            if ms % 40 == 0 {
                bench.picture((VIDEO_START + ms * 90) % (1 << 32), ms % 1000 == 0);
            }
            let heard = ms - self.delay;
            if heard >= 0 {
                bench.push(AUDIO, self.sound(heard), None, frame(960));
            }
            if self.reports && ms % 5000 == 2000 {
                bench.report(VIDEO, VIDEO_START + ms * 90, ms * MS + self.skew);
            }
            if self.reports && ms % 5000 == 2500 {
                bench.report(AUDIO, self.sound(ms), ms * MS + self.skew);
            }
        }
    }

    /// How much too late the last sound is placed against the pictures, in microseconds, in a run up to `to` milliseconds.
    fn error(&self, bench: &Bench, to: i64) -> i64 {
        let heard = to - 20 - self.delay;
        let placed = bench.packets(AUDIO).last().unwrap().pts.ticks() * 1_000_000 / AUDIO_RATE;
        placed - 10_000_000 - heard * 1000
    }
}

fn bench() -> Bench {
    Bench::new([video(h264(None)), audio()])
}

#[test]
fn without_reports_arrival_places_the_tracks() {
    let camera = Camera { delay: 60, reports: false, ..PLAIN };
    let mut bench = bench();
    camera.run(&mut bench, 0, 10_000);
    assert_eq!(camera.error(&bench, 10_000), 60_000);
}

#[test]
fn the_common_zero_places_the_tracks_exactly() {
    let camera = Camera { delay: 300, reports: false, zeros: true, ..PLAIN };
    let mut bench = bench();
    camera.run(&mut bench, 0, 10_000);
    assert_eq!(camera.error(&bench, 10_000), 0);
    assert!(bench.counted(AUDIO).is_empty(), "{:?}", bench.counted(AUDIO));
}

#[test]
fn a_large_offset_is_corrected_by_the_first_reports_at_once() {
    for delay in [300, 900] {
        let camera = Camera { delay, ..PLAIN };
        let mut bench = bench();
        camera.run(&mut bench, 0, 10_000);
        assert_eq!(camera.error(&bench, 10_000), 0);
        let repairs = bench.repairs(AUDIO);
        assert_eq!(repairs.resyncs, 1);
        assert!(repairs.dropped_by_resync * 20 <= delay as u64, "{repairs:?}");
        assert_eq!(bench.cuts(), (1, 0));
    }
}

#[test]
fn a_small_offset_is_slewed_away() {
    let camera = Camera { delay: 60, ..PLAIN };
    let mut bench = bench();
    camera.run(&mut bench, 0, 90_000);
    assert_eq!(camera.error(&bench, 90_000), 0);
    let repairs = bench.repairs(AUDIO);
    assert_eq!(repairs.resyncs, 0);
    assert!(repairs.slewed > 0);
    // 1000 ppm of 960 ticks is a tick at most.
    assert!(steps(&dts(&bench.packets(AUDIO))).iter().all(|&step| (959..=960).contains(&step)));
}

#[test]
fn drift_is_followed_by_reports() {
    for ppm in [100, -100, 500] {
        let camera = Camera { ppm, ..PLAIN };
        let mut bench = bench();
        camera.run(&mut bench, 0, 600_000);
        assert!(camera.error(&bench, 600_000).abs() <= 5_000, "{ppm} ppm: {}", camera.error(&bench, 600_000));
        assert_eq!(bench.repairs(AUDIO).resyncs, 0);
    }
}

#[test]
fn drift_is_followed_by_arrival_when_there_are_no_reports() {
    // A camera whose sound clock is slower than its picture clock: elsewhere the sound dies after 15 to 25 minutes.
    for ppm in [300, -300] {
        let camera = Camera { ppm, reports: false, ..PLAIN };
        let mut bench = bench();
        camera.run(&mut bench, 0, 1_800_000);
        assert!(
            camera.error(&bench, 1_800_000).abs() <= 60_000,
            "{ppm} ppm: {}",
            camera.error(&bench, 1_800_000)
        );
        assert_eq!(bench.repairs(AUDIO).resyncs, 0);
    }
}

#[test]
fn a_single_report_far_off_moves_nothing() {
    let mut bench = bench();
    PLAIN.run(&mut bench, 0, 20_000);
    bench.report(AUDIO, PLAIN.sound(20_000), 23_000 * MS);
    PLAIN.run(&mut bench, 20_000, 40_000);
    assert_eq!(PLAIN.error(&bench, 40_000), 0);
    assert!(bench.counted(AUDIO).is_empty(), "{:?}", bench.counted(AUDIO));
}

#[test]
fn reports_of_two_different_clocks_are_ignored() {
    let mut bench = bench();
    for n in 0..5 {
        PLAIN.run(&mut bench, n * 5000, n * 5000 + 2000);
        bench.report(VIDEO, VIDEO_START + (n * 5000 + 1980) * 90, (n * 5000 + 1980) * MS);
        bench.report(AUDIO, PLAIN.sound(n * 5000 + 1980), (n * 5000 + 1980) * MS + 3600 * SECOND);
    }
    assert_eq!(bench.counted(AUDIO).iter().map(|&(cause, _)| cause).collect::<Vec<_>>(), ["reports_ignored"]);
}

#[test]
fn a_confirmed_offset_is_corrected() {
    // The camera restarts its sound three seconds off, and all later reports say so.
    let mut bench = bench();
    PLAIN.run(&mut bench, 0, 20_000);
    let late = Camera { delay: 0, ..PLAIN };
    for ms in (20_000..60_000).step_by(20) {
        bench.now = ms * MS;
        if ms % 40 == 0 {
            bench.picture((VIDEO_START + ms * 90) % (1 << 32), ms % 1000 == 0);
        }
        bench.push(AUDIO, late.sound(ms), None, frame(960));
        if ms % 5000 == 2000 {
            bench.report(VIDEO, VIDEO_START + ms * 90, ms * MS);
            bench.report(AUDIO, late.sound(ms), ms * MS + 3 * SECOND);
        }
    }
    assert_eq!(late.error(&bench, 60_000), 3_000_000);
    assert_eq!(bench.repairs(AUDIO).resyncs, 1);
}

#[test]
fn wall_time_is_the_sources_when_its_clock_makes_sense() {
    let mut bench = bench();
    Camera { skew: -7 * SECOND, ..PLAIN }.run(&mut bench, 0, 10_000);
    let last = bench.packets(VIDEO).last().unwrap().wall.unwrap();
    let wanted = EPOCH.after(9960 * MS - 7 * SECOND);
    assert!(last.since(wanted).abs() < 1000, "{}", last.since(wanted));
}

#[test]
fn wall_time_is_ours_when_the_sources_clock_was_never_set() {
    for skew in [-1_749_988_800 * SECOND, 350_000_000 * SECOND, 86_401 * SECOND] {
        let mut bench = bench();
        Camera { skew, ..PLAIN }.run(&mut bench, 0, 10_000);
        assert_eq!(bench.packets(VIDEO).last().unwrap().wall, Some(EPOCH.after(9960 * MS)));
        assert_eq!(PLAIN.error(&bench, 10_000), 0, "but it still tells how the tracks belong together");
    }
}

#[test]
fn wall_time_follows_a_clock_set_later() {
    let mut bench = bench();
    PLAIN.run(&mut bench, 0, 20_000);
    Camera { skew: 3600 * SECOND, ..PLAIN }.run(&mut bench, 20_000, 60_000);
    let last = bench.packets(VIDEO).last().unwrap().wall.unwrap();
    let wanted = EPOCH.after(59_960 * MS + 3600 * SECOND);
    assert!(last.since(wanted).abs() < 1000, "{}", last.since(wanted));
}

#[test]
fn wall_time_without_reports_stays_with_arrival_for_days() {
    // The camera's clock is 100 ppm fast: the line runs ahead 17 s in two days, the time of day must not.
    let mut bench = Bench::new([video(h264(None))]).forgetful();
    let mut last = Vec::new();
    for second in 0..48 * 3600 {
        bench.now = second * SECOND;
        let stamp = (second * 90_009) % (1 << 32);
        last = bench.push(VIDEO, stamp, None, unit(Key::Closed));
    }
    let error = packets(&last, VIDEO)[0].wall.unwrap().since(EPOCH.after(bench.now));
    assert!(error.abs() < 200 * MS, "{error}");
}

#[test]
fn tracks_are_on_one_line_from_the_first_packet() {
    let mut bench = bench();
    PLAIN.run(&mut bench, 0, 1000);
    assert_eq!(steps(&pts(&bench.packets(VIDEO))), vec![FRAME; 24]);
    assert_eq!(bench.packets(AUDIO)[0].pts.ticks(), 480_000);
}
