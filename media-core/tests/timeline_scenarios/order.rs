//! DTS for streams that tell only PTS.

use crate::bench::*;
use media_core::codec::{AccessUnit, Key};
use media_core::timeline::Repairs;

/// Picture order counts in coding order; a frame is two apart (H.264, frames).
const IBP: [i32; 9] = [0, 4, 2, 8, 6, 12, 10, 16, 14];
const IBBP: [i32; 10] = [0, 6, 2, 4, 12, 8, 10, 18, 14, 16];
const PYRAMID: [i32; 13] = [0, 8, 4, 2, 6, 16, 12, 10, 14, 24, 20, 18, 22];
/// H.265 random access, groups of eight; counts are one apart there, here doubled.
const DEEP: [i32; 17] = [0, 16, 8, 4, 2, 6, 12, 10, 14, 32, 24, 20, 18, 22, 28, 26, 30];

const FRAME: i64 = 3600;

fn run(bench: &mut Bench, counts: &[i32]) {
    for (n, &count) in counts.iter().enumerate() {
        bench.now = n as i64 * 40 * MS;
        let outputs = bench.ordered(i64::from(count) / 2 * FRAME, count);
        assert_eq!(packets(&outputs, VIDEO).len(), 1, "a picture is put out when it comes");
    }
}

/// The DTS a muxer with all pictures at hand would write: the sorted PTS, `depth` pictures earlier.
fn sorted(counts: &[i32], depth: i64) -> Vec<i64> {
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    let shown = |n: i64| match usize::try_from(n) {
        Ok(n) => i64::from(counts[n]) / 2 * FRAME,
        Err(_) => n * FRAME,
    };
    (0..counts.len() as i64).map(|n| line(shown(n - depth))).collect()
}

#[test]
fn declared_depth_gives_the_sorted_pts_from_the_first_picture_on() {
    for (counts, depth) in [(&IBP[..], 1), (&IBBP, 1), (&PYRAMID, 2), (&DEEP, 3)] {
        let config = h264(Some(depth as u32));
        let mut bench = Bench::new([video(config)]);
        // The first interval is not known from this configuration; a 25th of a second is close to the usual guess.
        run(&mut bench, counts);
        let found = dts(&bench.packets(VIDEO));
        assert_eq!(found[depth as usize..], sorted(counts, depth)[depth as usize..], "depth {depth}");
        assert_eq!(bench.repairs(VIDEO), Repairs::default());
    }
}

#[test]
fn unknown_depth_is_learnt_without_bending_a_pts() {
    for (counts, depth) in [(&IBP[..], 1), (&IBBP, 1), (&PYRAMID, 2), (&DEEP, 3)] {
        let mut bench = Bench::new([video(h264(None))]);
        run(&mut bench, counts);
        let wanted = counts.iter().map(|&count| line(i64::from(count) / 2 * FRAME)).collect::<Vec<_>>();
        assert_eq!(pts(&bench.packets(VIDEO)), wanted, "depth {depth}");
        // From the second group on nothing has to be squeezed.
        let group = counts.iter().skip(1).position(|&count| count > counts[1]).unwrap() + 1;
        assert_eq!(dts(&bench.packets(VIDEO))[group..], sorted(counts, depth)[group..], "depth {depth}");
        assert!(bench.repairs(VIDEO).squeezed_dts > 0);
    }
}

#[test]
fn depth_sixteen_is_learnt_from_the_first_group() {
    // Everything in reverse: each picture precedes the ones before it.
    let group = |start: i32| (1..=17).rev().map(move |n| start + 2 * n);
    let counts = std::iter::once(0).chain(group(0)).chain(group(34)).collect::<Vec<_>>();
    let mut bench = Bench::new([video(h264(None))]);
    run(&mut bench, &counts);
    let wanted = counts.iter().map(|&count| line(i64::from(count) / 2 * FRAME)).collect::<Vec<_>>();
    assert_eq!(pts(&bench.packets(VIDEO)), wanted);
}

#[test]
fn eleven_pictures_of_reordering_are_no_error() {
    // A camera whose stream other servers refuse with "too many reordered frames (11)".
    let group = |start: i32| std::iter::once(start + 24).chain((1..12).rev().map(move |n| start + 2 * n));
    let counts = std::iter::once(0).chain((0..5).flat_map(|n| group(24 * n))).collect::<Vec<_>>();
    let mut bench = Bench::new([video(h264(None))]);
    run(&mut bench, &counts);
    assert_eq!(dts(&bench.packets(VIDEO))[13..], sorted(&counts, 11)[13..]);
}

#[test]
fn without_picture_order_the_depth_is_learnt_from_the_first_late_picture() {
    let mut bench = Bench::new([video(h264(None))]);
    for (n, &count) in IBBP.iter().enumerate() {
        bench.now = n as i64 * 40 * MS;
        bench.picture(i64::from(count) / 2 * FRAME, count == 0);
    }
    let found = bench.packets(VIDEO);
    assert_eq!(
        pts(&found)[4..],
        IBBP[4..].iter().map(|&count| line(i64::from(count) / 2 * FRAME)).collect::<Vec<_>>()
    );
    assert_eq!(dts(&found)[5..], sorted(&IBBP, 1)[5..]);
    let repairs = bench.repairs(VIDEO);
    assert!(repairs.squeezed_dts > 0 && repairs.backward == 0 && repairs.outliers == 0, "{repairs:?}");
}

#[test]
fn a_stream_without_b_frames_has_equal_stamps() {
    let mut bench = Bench::new([video(h264(None))]);
    run(&mut bench, &[0, 2, 4, 6, 8, 10]);
    let found = bench.packets(VIDEO);
    assert_eq!(pts(&found), dts(&found));
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn a_lost_picture_is_not_taken_for_reordering() {
    let mut bench = Bench::new([video(h264(None))]);
    run(&mut bench, &[0, 2, 4, 8, 10, 12, 18, 20, 22]);
    let found = bench.packets(VIDEO);
    assert_eq!(pts(&found)[4..6], dts(&found)[4..6]);
    assert_eq!(pts(&found)[7..], dts(&found)[7..]);
}

#[test]
fn counts_one_apart_are_understood() {
    // Some H.264 encoders count frames in ones.
    let mut bench = Bench::new([video(h264(None))]);
    for (n, count) in [0, 1, 2, 3, 0, 1, 2, 3, 0, 3, 1, 2, 6, 4, 5].into_iter().enumerate() {
        bench.now = n as i64 * 40 * MS;
        let group = n.min(8) as i64 / 4 * 4;
        bench.ordered((group + i64::from(count)) * FRAME, count);
    }
    let found = bench.packets(VIDEO);
    assert_eq!(pts(&found)[..8], dts(&found)[..8]);
    assert_eq!(dts(&found)[12..], [line(11 * FRAME), line(12 * FRAME), line(13 * FRAME)]);
}

#[test]
fn groups_follow_each_other_without_a_seam() {
    let mut bench = Bench::new([video(h264(Some(2)))]);
    for n in 0..40_i64 {
        bench.now = n * 40 * MS;
        let (group, place) = (n / 5, (n % 5) as usize);
        let count = [0, 8, 4, 2, 6][place];
        bench.ordered((group * 5 + i64::from(count) / 2) * FRAME, count);
    }
    assert_eq!(steps(&dts(&bench.packets(VIDEO))[2..]), vec![FRAME; 37]);
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn a_wrong_declaration_of_no_reordering_is_survived() {
    let mut bench = Bench::new([video(h264(Some(0)))]);
    run(&mut bench, &PYRAMID);
    assert_eq!(dts(&bench.packets(VIDEO))[9..], sorted(&PYRAMID, 2)[9..]);
    assert!(bench.repairs(VIDEO).squeezed_dts > 0);
}

#[test]
fn dts_of_the_source_are_kept() {
    let mut bench = Bench::new([video(h264(None))]);
    for (n, &count) in PYRAMID.iter().enumerate() {
        bench.now = n as i64 * 40 * MS;
        let key = if count == 0 { Key::Closed } else { Key::No };
        let unit = AccessUnit { order: order(count), ..unit(key) };
        bench.push(VIDEO, i64::from(count) / 2 * FRAME, Some((n as i64 - 2) * FRAME), unit);
    }
    let wanted = (0..13).map(|n| line((n - 2) * FRAME)).collect::<Vec<_>>();
    assert_eq!(dts(&bench.packets(VIDEO)), wanted);
    assert_eq!(bench.repairs(VIDEO).squeezed_dts, 0);
}

#[test]
fn leading_pictures_of_an_open_start_are_dropped() {
    // A CRA picture followed by pictures that are shown before it and refer to what was not received.
    let mut bench = Bench::new([video(h264(None))]);
    for (n, (count, key)) in
        [(16, Key::Open), (12, Key::No), (14, Key::No), (20, Key::No)].into_iter().enumerate()
    {
        bench.now = n as i64 * 40 * MS;
        let place = media_core::codec::PictureOrder { count, restarts: false };
        let unit = AccessUnit { order: Some(place), ..unit(key) };
        bench.push(VIDEO, i64::from(count) / 2 * FRAME, None, unit);
    }
    assert_eq!(pts(&bench.packets(VIDEO)), [line(0), line(2 * FRAME)]);
    assert_eq!(bench.repairs(VIDEO).dropped_before_key, 2);
}
