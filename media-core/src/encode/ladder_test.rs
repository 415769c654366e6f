use proptest::prelude::*;

use super::*;
use crate::encode::{self, FrameRate, RateControl, Timing};
use crate::time::TimeBase;

/// Whichever library there is: none is called.
fn rung(size: (u32, u32), bitrate: u32) -> encode::Config {
    #[cfg(feature = "x264")]
    let codec = encode::x264::Options::default();
    #[cfg(not(feature = "x264"))]
    let codec = encode::vpx::Options::vp9();
    let mut rung = encode::Config::new(codec, size, TimeBase::VIDEO, FrameRate::hz(25));
    rung.rate = RateControl::Constant { bitrate, buffer_ms: 1000 };
    rung.key_frames = KeyFrames::OnlyForced;
    rung
}

fn rungs() -> Vec<encode::Config> {
    vec![rung((1280, 720), 3_000_000), rung((1280, 720), 1_500_000), rung((640, 360), 500_000)]
}

/// A second from key frame to key frame, three places.
fn config() -> Config {
    Config { queue: 3, ..Config::new(rungs(), 1_000_000_000) }
}

fn pts(number: i64) -> Timestamp {
    Timestamp::new(number * 3600)
}

/// Pushes a frame; the rungs that are given it, and what key frame.
fn push(ladder: &mut Ladder, number: i64) -> Vec<(usize, Option<KeyFrame>)> {
    ladder.push(pts(number), false).unwrap().iter().map(|job| (job.rung, job.key)).collect()
}

#[test]
fn rungs_that_make_no_ladder_are_refused() {
    let refused = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        Ladder::new(config).map(drop).unwrap_err()
    };
    assert_eq!(refused(|config| config.rungs.clear()), Error::Empty);
    assert_eq!(refused(|config| config.queue = 1), Error::Queue { found: 1 });
    assert_eq!(refused(|config| config.key_interval = 0), Error::KeyInterval { found: 0 });
    assert_eq!(
        refused(|config| config.rungs[2].time_base = TimeBase::NANOS),
        Error::Differs { rung: 2, field: "time_base" }
    );
    assert_eq!(
        refused(|config| config.rungs[1].frame_rate = FrameRate::hz(50)),
        Error::Differs { rung: 1, field: "frame_rate" }
    );
    assert_eq!(
        refused(|config| config.rungs[1].timing = Timing::Variable),
        Error::Differs { rung: 1, field: "timing" }
    );
    let found = KeyFrames::Auto { max: 250 };
    let refused_keys = refused(|config| config.rungs[0].key_frames = KeyFrames::Auto { max: 250 });
    assert_eq!(refused_keys, Error::KeyFrames { rung: 0, found });
    assert_eq!(
        refused(|config| config.rungs[2].size = (640, 722)),
        Error::Size { rung: 2, found: (640, 722), above: (1280, 720) }
    );
    assert_eq!(
        refused(|config| config.rungs.swap(0, 1)),
        Error::Rate { rung: 1, found: Some(3_000_000), above: Some(1_500_000) }
    );
    assert_eq!(
        refused(|config| config.rungs[1].rate = RateControl::Quality { q: 23.into() }),
        Error::Rate { rung: 1, found: None, above: Some(3_000_000) }
    );
}

#[test]
fn rungs_of_one_size_and_format_share_a_picture() {
    let mut ladder = Ladder::new(config()).unwrap();
    let i420 = |size| Picture { size, format: PixelFormat::I420 };
    assert_eq!(ladder.pictures(), [i420((1280, 720)), i420((640, 360))]);
    let jobs = ladder.push(pts(0), false).unwrap();
    assert_eq!(jobs.iter().map(|job| job.picture).collect::<Vec<_>>(), [0, 0, 1]);

    let mut rungs = rungs();
    rungs[1].format = PixelFormat::Nv12;
    let ladder = Ladder::new(Config::new(rungs, 1_000_000_000)).unwrap();
    assert_eq!(ladder.pictures()[1], Picture { size: (1280, 720), format: PixelFormat::Nv12 });
    assert_eq!(ladder.pictures().len(), 3);
}

#[test]
fn a_rung_with_its_hands_full_loses_frames_and_the_others_none() {
    let mut ladder = Ladder::new(config()).unwrap();
    let aligned = Some(KeyFrame::Aligned);
    assert_eq!(push(&mut ladder, 0), [(0, aligned), (1, aligned), (2, aligned)]);
    assert_eq!(push(&mut ladder, 1), [(0, None), (1, None), (2, None)]);
    // Rung 1 takes nothing more: two are in its hands, the third place is for a key frame.
    for number in 2..25 {
        [0, 2].into_iter().for_each(|rung| ladder.done(rung));
        assert_eq!(push(&mut ladder, number), [(0, None), (2, None)]);
    }
    [0, 2].into_iter().for_each(|rung| ladder.done(rung));
    assert_eq!(push(&mut ladder, 25), [(0, aligned), (1, aligned), (2, aligned)]);
    assert_eq!(ladder.rungs()[1].counts(), Counts { given: 3, dropped: 23, ..Counts::default() });
    assert_eq!(ladder.rungs()[0].counts(), Counts { given: 26, ..Counts::default() });
}

#[test]
fn a_key_frame_that_finds_no_room_is_the_rungs_next_frame_and_shifts_none() {
    let mut ladder = Ladder::new(config()).unwrap();
    let mut keys = vec![Vec::new(); 3];
    for number in 0..110 {
        for (rung, key) in push(&mut ladder, number) {
            keys[rung].extend(key.map(|key| (number, key)));
        }
        // Rung 1 stands still from frame 24 to 84.
        (0..3).filter(|rung| *rung != 1 || !(24..85).contains(&number)).for_each(|rung| ladder.done(rung));
    }
    let aligned = |number| (number, KeyFrame::Aligned);
    assert_eq!(keys[0], [0, 25, 50, 75, 100].map(aligned));
    assert_eq!(keys[2], keys[0]);
    // Frames 24, 25 and 50 fill its hands: 75 finds no room, nor does 85, after which one is taken.
    let late = (86, KeyFrame::Late { due: pts(75) });
    assert_eq!(keys[1], [aligned(0), aligned(25), aligned(50), late, aligned(100)]);
    assert_eq!(ladder.rungs()[1].counts().late_keys, 1);
}

#[test]
fn a_rung_that_fails_is_left_out_until_a_key_frame_after_it_was_reopened() {
    let mut ladder = Ladder::new(config()).unwrap();
    push(&mut ladder, 0);
    push(&mut ladder, 1);
    ladder.fail(0, "no space left on device");
    ladder.fail(0, "and again");
    ladder.done(0);
    let at = Some(pts(1));
    assert_eq!(ladder.rungs()[0].state(), &State::Failed { reason: "no space left on device".into(), at });
    let counts = Counts { given: 2, lost: 2, failures: 1, ..Counts::default() };
    assert_eq!(ladder.rungs()[0].counts(), counts);
    [1, 1, 2, 2].into_iter().for_each(|rung| ladder.done(rung));
    assert!(ladder.has_room());
    assert_eq!(push(&mut ladder, 2), [(1, None), (2, None)]);
    ladder.reopen(0);
    assert_eq!(push(&mut ladder, 3), [(1, None), (2, None)]);
    [1, 1, 2, 2].into_iter().for_each(|rung| ladder.done(rung));
    assert_eq!(push(&mut ladder, 25)[0], (0, Some(KeyFrame::Aligned)));
    assert_eq!(push(&mut ladder, 26)[0], (0, None));
    assert_eq!(ladder.rungs()[0].counts(), Counts { given: 4, ..counts });
}

#[test]
fn when_all_have_failed_the_ladder_has() {
    let mut ladder = Ladder::new(config()).unwrap();
    [0, 1].into_iter().for_each(|rung| ladder.fail(rung, "gone"));
    assert!(!ladder.has_failed());
    ladder.fail(2, "gone");
    assert!(ladder.has_failed());
    assert_eq!(push(&mut ladder, 0), []);
}

#[test]
fn a_key_frame_can_be_asked_for_between_the_others() {
    let mut ladder = Ladder::new(config()).unwrap();
    let mut keys = Vec::new();
    for number in 0..60 {
        let jobs = ladder.push(pts(number), number == 30).unwrap();
        assert!(jobs.iter().all(|job| job.key == jobs[0].key));
        keys.extend(jobs[0].key.map(|_| number));
        (0..3).for_each(|rung| ladder.done(rung));
    }
    assert_eq!(keys, [0, 25, 30, 50]);
}

#[test]
fn timestamps_that_do_not_increase_are_refused() {
    let mut ladder = Ladder::new(config()).unwrap();
    push(&mut ladder, 5);
    for found in [pts(5), pts(4), Timestamp::new(i64::MIN)] {
        assert_eq!(ladder.push(found, true), Err(Error::Order { found, last: pts(5) }));
    }
    assert_eq!(push(&mut ladder, 6).len(), 3);
}

#[test]
fn multiples_are_exact_where_frames_do_not_divide_a_second() {
    // 29.97 Hz in ticks of a frame's length, two seconds: multiples at 59.94, 119.88, .. frames, so every thousandth interval
    // begins a frame earlier than 60 would make it.
    let base = TimeBase::new(1001, 30_000).unwrap();
    let mut cadence = Cadence::new(base, 2_000_000_000).unwrap();
    let starts: Vec<i64> = (0..60_000).filter(|n| cadence.starts(Timestamp::new(*n))).collect();
    let expected: Vec<i64> = (0..1001).map(|n: i64| (n * 60_000 + 1000) / 1001).collect();
    assert_eq!(starts, expected);
}

#[test]
fn multiples_count_from_zero_whatever_the_first_frame_is() {
    for origin in [-1_000_000_000, 1_700_000_000_000_i64] {
        let mut cadence = Cadence::new(TimeBase::hz(1000), 2_000_000_000).unwrap();
        let starts: Vec<i64> = (0..200)
            .map(|n| origin + 500 + n * 40)
            .filter(|ms| cadence.starts(Timestamp::new(*ms)))
            .collect();
        assert_eq!(starts[0], origin + 500);
        assert_eq!(starts[1..].iter().map(|ms| ms - origin).collect::<Vec<_>>(), [2020, 4020, 6020, 8020]);
    }
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    for base in [TimeBase::new(u32::MAX, 1).unwrap(), TimeBase::new(1, u32::MAX).unwrap()] {
        for interval in [1, i64::MAX] {
            let mut cadence = Cadence::new(base, interval).unwrap();
            assert!(cadence.starts(Timestamp::new(i64::MIN)));
            assert!(cadence.starts(Timestamp::new(i64::MAX)));
            assert!(!cadence.starts(Timestamp::new(i64::MIN)));
        }
    }
}

proptest! {
    /// Whatever is lost, taken, failed and reopened: a rung holds no more than it may, begins with a key frame of all, and has one
    /// wherever it is given the first frame since the last multiple.
    #[test]
    fn key_frames_stand_where_they_must_on_every_rung(
        events in prop::collection::vec((1..40_i64, 0..8_u8, 0..3_usize, 0..4_usize), 0..400),
    ) {
        let mut ladder = Ladder::new(config()).unwrap();
        let mut number = 0;
        // The multiple that the rung's last key frame belongs to; none while it has failed or waits.
        let mut multiples = [None; 3];
        let mut seen = None;
        for (step, event, rung, done) in events {
            (0..done).for_each(|_| ladder.done(rung));
            match event {
                0 => { ladder.fail(rung, "chance"); multiples[rung] = None; }
                1 => ladder.reopen(rung),
                _ => {}
            }
            number += if step < 30 { 1 } else { step };
            let multiple = Some(number / 25);
            let due = multiple != seen;
            seen = multiple;
            for job in ladder.push(pts(number), false).unwrap() {
                let expected = match multiples[job.rung] == multiple {
                    true => None,
                    false if due => Some(KeyFrame::Aligned),
                    false => {
                        let late = matches!(job.key, Some(KeyFrame::Late { due }) if due < pts(number));
                        prop_assert!(late, "{:?}", job);
                        job.key
                    }
                };
                prop_assert_eq!(job.key, expected);
                multiples[job.rung] = multiple;
            }
            prop_assert!(ladder.rungs().iter().all(|rung| rung.in_hand() <= 3));
        }
    }
}
