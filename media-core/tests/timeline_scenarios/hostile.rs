//! Whatever comes, in whatever order: the promises hold (`bench::Promises` checks each output).

use crate::bench::*;
use media_core::codec::{AccessUnit, Key, PictureOrder};
use media_core::time::{Moment, TimeBase};
use media_core::timeline::{Announced, Counting, Sample};
use media_core::track::Kind;
use proptest::collection::vec;
use proptest::prelude::*;

/// What may happen to a timeline.
#[derive(Clone, Debug)]
enum Step {
    Packet {
        track: u32,
        pts: Stamp,
        dts: Option<i64>,
        key: Key,
        order: Option<PictureOrder>,
        config: Option<u32>,
    },
    Report {
        track: u32,
        rtp: u32,
        ntp: u64,
    },
    Zero {
        track: u32,
        pts: i64,
    },
    Wait {
        nanos: i64,
    },
    Clock {
        nanos: i64,
    },
    Tick,
    Interrupted,
    Announce {
        tracks: usize,
    },
}

/// Stamps that go on, and ones that do not.
#[derive(Clone, Debug)]
enum Stamp {
    Next(i64),
    Raw(i64),
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        Just(i64::MIN),
        Just(i64::MAX),
        -5_i64..5,
        (0_u32..63, any::<bool>()).prop_map(|(bits, minus)| if minus { -(1_i64 << bits) } else { 1 << bits }),
    ]
}

fn stamp() -> impl Strategy<Value = Stamp> {
    prop_oneof![
        8 => prop_oneof![Just(3600_i64), Just(1800), Just(0), Just(-3600), Just(7200), -40_000_i64..40_000].prop_map(Stamp::Next),
        2 => number().prop_map(Stamp::Next),
        1 => number().prop_map(Stamp::Raw),
    ]
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![4 => Just(Key::No), 2 => Just(Key::Closed), 1 => Just(Key::Open), 1 => Just(Key::Roll { pictures: 3 })]
}

fn place() -> impl Strategy<Value = Option<PictureOrder>> {
    let count = prop_oneof![-20..60, any::<i32>(), Just(i32::MIN), Just(i32::MAX)];
    prop::option::of(
        (count, prop::bool::weighted(0.1)).prop_map(|(count, restarts)| PictureOrder { count, restarts }),
    )
}

fn step() -> impl Strategy<Value = Step> {
    let packet = (
        1_u32..5,
        stamp(),
        prop::option::weighted(0.1, number()),
        key(),
        place(),
        prop::option::weighted(0.03, 10_u32..13),
    );
    prop_oneof![
        30 => packet.prop_map(|(track, pts, dts, key, order, config)| Step::Packet { track, pts, dts, key, order, config }),
        3 => (1_u32..5, any::<u32>(), any::<u64>()).prop_map(|(track, rtp, ntp)| Step::Report { track, rtp, ntp }),
        2 => (1_u32..5, any::<u32>(), 0_u64..20_000_000_000)
            .prop_map(|(track, rtp, skew)| Step::Report { track, rtp, ntp: ntp(EPOCH.after(skew as i64)) }),
        1 => (1_u32..5, number()).prop_map(|(track, pts)| Step::Zero { track, pts }),
        20 => (0_i64..100_000_000).prop_map(|nanos| Step::Wait { nanos }),
        2 => (0_i64..20_000_000_000).prop_map(|nanos| Step::Wait { nanos }),
        1 => number().prop_map(|nanos| Step::Clock { nanos }),
        1 => Just(Step::Tick),
        1 => Just(Step::Interrupted),
        1 => (0_usize..4).prop_map(|tracks| Step::Announce { tracks }),
    ]
}

/// One to three tracks of all kinds: known and unknown, of usual and of absurd bases.
fn announced(tracks: usize) -> Vec<Announced> {
    let mut strange = unknown(3, Kind::Video, 1);
    strange.time_base = TimeBase::new(7, 4_000_000_000).unwrap();
    strange.counting = Counting::Unwrapped;
    let mut sound = audio();
    sound.counting = Counting::Mpeg;
    [video(h264(None)), sound, strange].into_iter().take(tracks).collect()
}

fn run(steps: Vec<Step>, tracks: usize) {
    let mut bench = Bench::new(announced(tracks));
    let (mut last, mut pushed) = ([0_i64; 5], 0);
    for step in steps {
        match step {
            Step::Packet { track, pts, dts, key, order, config } => {
                let pts = match pts {
                    Stamp::Next(by) => last[track as usize].wrapping_add(by),
                    Stamp::Raw(pts) => pts,
                };
                last[track as usize] = pts;
                let config = config.map(|width| h264_of(width, None)).filter(|_| track != AUDIO);
                let samples = (track == AUDIO).then_some(1024);
                let unit = AccessUnit { config, order, samples, ..unit(key) };
                bench.timeline.push(Sample { track: id(track), pts, dts, unit }, bench.moment());
                pushed += 1;
            }
            Step::Report { track, rtp, ntp } => {
                bench.timeline.sender_report(id(track), rtp, ntp, bench.moment())
            }
            Step::Zero { track, pts } => bench.timeline.common_zero(id(track), pts),
            Step::Wait { nanos } => bench.now = bench.now.saturating_add(nanos),
            Step::Clock { nanos } => bench.now = nanos,
            Step::Tick => bench.timeline.tick(bench.moment()),
            Step::Interrupted => bench.timeline.interrupted(bench.moment()),
            Step::Announce { tracks } => bench.timeline.announce(announced(tracks), bench.moment()),
        }
        bench.drain();
        if let Some(deadline) = bench.timeline.deadline() {
            assert!(deadline > Moment::from_nanos(i64::MIN));
        }
    }
    let mut all = std::mem::take(&mut bench.outputs);
    all.extend(bench.timeline.finish());
    let packets =
        all.iter().filter(|output| matches!(output, media_core::timeline::Output::Packet(_))).count();
    assert!(packets <= pushed, "{packets} packets from {pushed}");
    assert!(all.len() <= 2 * pushed, "{} outputs from {pushed} packets", all.len());
}

proptest! {
    #[test]
    fn promises_hold_whatever_comes(steps in vec(step(), 1..250), tracks in 1_usize..4) {
        run(steps, tracks);
    }

    #[test]
    fn promises_hold_for_any_order_of_pictures(
        counts in vec(0_i32..40, 1..120),
        depth in prop::option::of(0_u32..17),
        lost in vec(any::<bool>(), 120),
    ) {
        let mut bench = Bench::new([video(h264(depth))]);
        for (n, (&count, lost)) in counts.iter().zip(lost).enumerate() {
            bench.now = n as i64 * 40 * MS;
            let group = n as i64 / 40 * 40;
            if !lost || count == 0 {
                bench.ordered((group + i64::from(count)) * 3600, 2 * count);
            }
        }
    }

    #[test]
    fn pts_are_never_bent_when_every_picture_comes_within_the_declared_depth(
        swaps in vec(0_usize..4, 60),
    ) {
        // Display order, shuffled so that no picture follows more than three later ones.
        let mut shown = Vec::new();
        let mut left = (1..200).collect::<Vec<i32>>();
        let mut swaps = swaps.into_iter().cycle();
        while !left.is_empty() {
            let ahead = swaps.next().unwrap().min(left.len() - 1);
            let run = left.drain(..=ahead).collect::<Vec<_>>();
            shown.push(run[run.len() - 1]);
            shown.extend(&run[..run.len() - 1]);
        }
        let mut bench = Bench::new([video(h264(Some(1)))]);
        bench.ordered(0, 0);
        for (n, &place) in (1..).zip(&shown) {
            bench.now = n * 40 * MS;
            bench.ordered(i64::from(place) * 3600, 2 * place);
        }
        let wanted = std::iter::once(0).chain(shown).map(|place| line(i64::from(place) * 3600)).collect::<Vec<_>>();
        prop_assert_eq!(pts(&bench.packets(VIDEO)), wanted);
        prop_assert_eq!(bench.repairs(VIDEO).squeezed_dts, 0);
    }
}
