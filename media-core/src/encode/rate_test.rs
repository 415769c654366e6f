use proptest::prelude::*;

use super::*;

const FRAME: i64 = 40_000_000;

fn config() -> Config {
    let mut config = Config::new((640, 360), FrameRate::hz(25), 200_000..=4_000_000);
    config.speeds = 0..=4;
    config
}

/// A controller and the time; each call of `decide` is a frame of 25 Hz later.
struct Run {
    controller: Controller,
    now: i64,
}

impl Run {
    fn new(config: Config) -> Self {
        Self { controller: Controller::new(config).unwrap(), now: 0 }
    }

    fn decide(&mut self, seen: Observation) -> Decision {
        self.now += FRAME;
        self.controller.decide(Moment::from_nanos(self.now), &seen)
    }

    fn seconds(&mut self, seconds: i64, seen: Observation) {
        for _ in 0..seconds * 25 {
            self.decide(seen);
        }
    }
}

fn bandwidth(bits: u32) -> Observation {
    Observation { bandwidth: Some(bits), ..Observation::default() }
}

fn time(nanos: i64) -> Observation {
    Observation { encode_time: Some(nanos), ..Observation::default() }
}

#[test]
fn a_configuration_nobody_could_keep_to_is_refused() {
    let new = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        Controller::new(config).map(drop)
    };
    assert_eq!(new(|_| {}), Ok(()));
    let refused = new(|config| config.bitrate = 999..=1000);
    assert_eq!(refused, Err(Error::Bitrate { least: 999, most: 1000 }));
    assert!(new(|config| config.bitrate = 1000..=1_000_000_001).is_err());
    assert!(new(|config| config.bitrate = RangeInclusive::new(2000, 1000)).is_err());
    let refused = new(|config| config.start = Some(100_000));
    assert_eq!(refused, Err(Error::Start { found: 100_000, least: 200_000, most: 4_000_000 }));
    assert!(new(|config| config.speeds = RangeInclusive::new(3, 2)).is_err());
    assert!(new(|config| config.speed = Some(5)).is_err());
    assert_eq!(new(|config| config.queue = 1), Err(Error::Queue { found: 1 }));
    assert_eq!(new(|config| config.size = (0, 360)), Err(Error::Size { size: (0, 360) }));
}

#[test]
fn rates_are_whole_kilobits_within_the_range() {
    let mut config = config();
    config.bitrate = 200_001..=3_999_999;
    let mut run = Run::new(config);
    assert_eq!(run.controller.bitrate(), 3_999_000);
    assert_eq!(run.decide(bandwidth(1_000_999)).bitrate, Some(850_000)); // 850,849.15
    assert_eq!(run.decide(bandwidth(0)).bitrate, Some(201_000));
}

#[test]
fn without_any_estimate_the_rate_stays() {
    let mut run = Run::new(Config { start: Some(1_000_000), ..config() });
    run.seconds(600, Observation::default());
    assert_eq!(run.controller.bitrate(), 1_000_000);
}

#[test]
fn an_estimate_that_vanishes_takes_the_rate_down_step_by_step() {
    let mut run = Run::new(Config { start: Some(1_000_000), ..config() });
    run.decide(bandwidth(1_100_000));
    run.seconds(2, Observation::default());
    assert_eq!(run.controller.bitrate(), 1_000_000);
    run.seconds(1, Observation::default());
    assert_eq!(run.controller.bitrate(), 850_000);
    run.seconds(1, Observation::default());
    assert_eq!(run.controller.bitrate(), 722_000);
    run.seconds(20, Observation::default());
    assert_eq!(run.controller.bitrate(), 200_000);
    // It is back: after two seconds the rate grows by 8 % a second, the ninth time at ten: 200 kbit/s * 1.08^9 = 399.8.
    run.seconds(10, bandwidth(4_000_000));
    assert!((370_000..=399_000).contains(&run.controller.bitrate()), "{}", run.controller.bitrate());
}

#[test]
fn an_estimate_that_trembles_changes_the_rate_a_few_times_only() {
    let mut run = Run::new(Config { start: Some(1_000_000), ..config() });
    let mut changes = 0;
    for number in 0..25 * 600_u32 {
        // 1.1 Mbit/s, 7 % up and down.
        let bits = 1_023_000 + number * 7919 % 154_000;
        changes += u32::from(run.decide(bandwidth(bits)).bitrate.is_some());
    }
    assert!(changes <= 1, "{changes}");
}

#[test]
fn growth_stops_short_of_the_last_few_per_cent() {
    let mut run = Run::new(Config { start: Some(500_000), ..config() });
    let mut changes = 0;
    for number in 0..25 * 600_u32 {
        let bits = 1_023_000 + number * 7919 % 154_000;
        changes += u32::from(run.decide(bandwidth(bits)).bitrate.is_some());
    }
    // ln(1000 / 500) / ln(1.08) = 9.006, and each of them by a 32nd at least.
    assert!((8..=11).contains(&changes), "{changes}");
}

#[test]
fn growth_waits_two_seconds_after_the_last_estimate_that_was_too_low() {
    let mut run = Run::new(Config { start: Some(200_000), ..config() });
    run.seconds(60, bandwidth(100_000));
    run.seconds(1, bandwidth(4_000_000));
    assert_eq!(run.controller.bitrate(), 200_000);
    run.seconds(1, bandwidth(4_000_000));
    assert_eq!(run.controller.bitrate(), 216_000);
}

#[test]
fn silence_is_as_long_as_the_configuration_says() {
    let mut run = Run::new(Config { start: Some(1_000_000), silence: 15 * SECOND, ..config() });
    run.decide(bandwidth(1_100_000));
    run.seconds(14, Observation::default());
    assert_eq!(run.controller.bitrate(), 1_000_000);
    run.seconds(1, Observation::default());
    assert_eq!(run.controller.bitrate(), 850_000);
}

#[test]
fn a_slower_step_takes_ten_seconds_of_calm_without_a_break() {
    let mut run = Run::new(Config { speed: Some(2), ..config() });
    for _ in 0..10 {
        run.seconds(8, time(FRAME / 10));
        // Two windows' worth, one of which is of these alone.
        for _ in 0..16 {
            run.decide(time(FRAME / 2));
        }
    }
    assert_eq!(run.controller.speed(), 2);
    run.seconds(11, time(FRAME / 10));
    assert_eq!(run.controller.speed(), 1);
}

#[test]
fn a_rate_below_the_floor_asks_for_a_lower_rung_until_it_is_a_quarter_above() {
    // 640 * 360 * 30 / 1000 bits, 25 times a second, are 172,800 bit/s.
    let mut run = Run::new(Config { bitrate: 50_000..=4_000_000, ..config() });
    assert_eq!(run.decide(bandwidth(210_000)).lower_rung, None); // 178 kbit/s
    assert_eq!(run.decide(bandwidth(170_000)).lower_rung, Some(LowerRung::Bits)); // 144 kbit/s
    let until = (0..25 * 60).find(|_| run.decide(bandwidth(1_000_000)).lower_rung.is_none());
    assert!(until.is_some());
    assert!((216_000..=216_000 * 108 / 100).contains(&run.controller.bitrate()));
    // Twice as many frames have half the bits each.
    run.controller.set_frame_rate(FrameRate::hz(50));
    assert_eq!(run.decide(Observation::default()).lower_rung, Some(LowerRung::Bits));
}

#[test]
fn a_floor_above_the_range_asks_for_a_lower_rung_always() {
    let mut run = Run::new(Config { size: (65_535, 65_535), min_bits_per_kilopixel: u32::MAX, ..config() });
    assert_eq!(run.decide(bandwidth(u32::MAX)).lower_rung, Some(LowerRung::Bits));
    assert_eq!(run.controller.bitrate(), 4_000_000);
}

#[test]
fn overload_makes_it_faster_after_eight_frames() {
    let mut run = Run::new(Config { speed: Some(0), ..config() });
    let until = (1..).find_map(|frame| Some((frame, run.decide(time(FRAME * 9 / 10)).speed?)));
    assert_eq!(until, Some((8, 1)));
    let until = (1..).find_map(|frame| Some((frame, run.decide(time(FRAME * 2)).speed?)));
    assert_eq!(until, Some((8, 3)));
}

#[test]
fn one_long_frame_in_eight_is_no_overload() {
    let mut run = Run::new(Config { speed: Some(2), ..config() });
    for number in 0..25 * 60 {
        let nanos = if number % 8 == 0 { i64::MAX } else { FRAME * 4 / 5 };
        assert_eq!(run.decide(time(nanos)).speed, None);
    }
}

#[test]
fn an_encoder_that_gives_nothing_is_asked_to_hurry_and_given_no_more() {
    let mut run = Run::new(Config { speed: Some(0), ..config() });
    let mut queued = 0;
    for _ in 0..250 {
        let seen = Observation { queued, ..Observation::default() };
        queued += usize::from(run.decide(seen).skip.is_none());
    }
    assert_eq!((queued, run.controller.speed(), run.controller.skipped()), (7, 4, 243));
    let seen = Observation { queued, ..Observation::default() };
    assert_eq!(run.decide(seen).lower_rung, Some(LowerRung::Time));
}

#[test]
fn frames_that_come_at_once_do_not_cost_quality() {
    let mut run = Run::new(Config { speed: Some(2), ..config() });
    for number in 0..25 * 60 {
        // Six at a time, as after a stall of the network, for an encoder that takes 20 ms.
        let queued = if number % 50 < 6 { number % 50 } else { 0 };
        let seen = Observation { queued, encode_time: Some(FRAME / 2), bandwidth: None };
        assert_eq!(run.decide(seen).speed, None);
    }
}

#[test]
fn at_the_fastest_step_frames_are_left_out_evenly() {
    let mut run = Run::new(config());
    run.seconds(1, time(FRAME * 3 / 2));
    let skips: Vec<bool> = (0..60).map(|_| run.decide(time(FRAME * 3 / 2)).skip.is_some()).collect();
    // At 1.5 periods each, and a 16th more, 62 % go in; never are two left out in a row.
    let kept = skips.iter().filter(|skip| !**skip).count();
    assert!((36..=39).contains(&kept), "{kept}");
    assert!(skips.windows(2).all(|pair| pair != [true, true]));
    run.seconds(4, time(FRAME * 3 / 2));
    let decision = run.decide(time(FRAME / 2));
    assert_eq!(decision.lower_rung, Some(LowerRung::Time));
    run.seconds(1, time(FRAME / 2));
    assert_eq!(run.decide(time(FRAME / 2)), Decision::default());
}

#[test]
fn a_higher_frame_rate_leaves_less_time() {
    let mut run = Run::new(Config { speed: Some(2), ..config() });
    run.seconds(60, time(FRAME * 6 / 10));
    assert_eq!(run.controller.speed(), 2);
    run.controller.set_frame_rate(FrameRate::hz(50));
    run.seconds(1, time(FRAME * 6 / 10));
    assert!(run.controller.speed() > 2);
}

#[test]
fn a_clock_that_jumps_or_goes_back_is_a_second_or_nothing() {
    let mut run = Run::new(Config { start: Some(1_000_000), ..config() });
    run.decide(bandwidth(4_000_000));
    for now in [i64::MAX, i64::MIN, 0, -1, i64::MAX, 5, 5, 4] {
        run.controller.decide(Moment::from_nanos(now), &bandwidth(4_000_000));
    }
    // Three jumps forward are three seconds, of which two are waited and one grows.
    assert!(run.controller.bitrate() <= 1_080_000 * 108 / 100);
    run.now = 4;
    run.seconds(5, bandwidth(4_000_000));
    assert!(run.controller.bitrate() > 1_300_000);
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let times = prop_oneof![any::<i64>(), 0..100_000_000_i64];
    let bits = prop_oneof![Just(0), Just(u32::MAX), any::<u32>(), 0..5_000_000_u32];
    let queued = prop_oneof![0..20_usize, Just(usize::MAX)];
    (prop::option::of(times), queued, prop::option::of(bits))
        .prop_map(|(encode_time, queued, bandwidth)| Observation { encode_time, queued, bandwidth })
}

proptest! {
    #[test]
    fn whatever_is_observed_the_answers_keep_to_the_configuration(
        steps in prop::collection::vec((any::<i64>(), any_observation(), 0..50_u32), 0..300),
        rate in (1..=u32::MAX, 1..=u32::MAX),
        queue in 2..10_usize,
    ) {
        let frame_rate = FrameRate::new(rate.0, rate.1).unwrap();
        let mut controller = Controller::new(Config { frame_rate, queue, ..config() }).unwrap();
        for (now, seen, hertz) in steps {
            if let Some(frame_rate) = FrameRate::new(hertz, 1) {
                controller.set_frame_rate(frame_rate);
            }
            let decision = controller.decide(Moment::from_nanos(now), &seen);
            prop_assert!((200_000..=4_000_000).contains(&controller.bitrate()));
            prop_assert!(decision.bitrate.is_none_or(|bitrate| bitrate == controller.bitrate()));
            prop_assert!(controller.speed() <= 4);
            prop_assert!(decision.speed.is_none_or(|speed| speed == controller.speed()));
            prop_assert!(seen.queued < queue - 1 || decision.skip == Some(Skip::Queue));
        }
    }
}
