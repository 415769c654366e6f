//! Tracks that come late, stop, change, or never come; sources that go away.

use crate::bench::*;
use media_core::codec::{self, AccessUnit, Key};
use media_core::timeline::{Output, Repairs};
use media_core::track::{Kind, Track};

const FRAME: i64 = 3600;

/// Pushes what comes in `from..to` milliseconds: pictures at 25 a second with a key picture each second, sound of 20 ms.
fn run(bench: &mut Bench, from: i64, to: i64, video: bool, sound: bool) {
    for ms in (from..to).step_by(20) {
        bench.now = ms * MS;
        if video && ms % 40 == 0 {
            bench.picture(ms * 90, ms % 1000 == 0);
        }
        if sound {
            bench.push(AUDIO, ms * 48, None, frame(960));
        }
    }
}

fn listed(outputs: &[Output]) -> Vec<Vec<u32>> {
    let tracks = outputs.iter().filter_map(|output| match output {
        Output::Tracks(tracks) => Some(tracks.iter().map(|track| track.id.get()).collect()),
        _ => None,
    });
    tracks.collect()
}

#[test]
fn everything_starts_at_the_first_key_picture_at_ten_seconds() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 500, 3000, true, true);
    assert_eq!(listed(&bench.outputs), [[VIDEO, AUDIO]]);
    assert!(matches!(bench.outputs[0], Output::Tracks(_)));
    let (pictures, sounds) = (bench.packets(VIDEO), bench.packets(AUDIO));
    assert_eq!(pictures[0].pts.ticks(), line(0));
    assert_eq!(sounds[0].pts.ticks(), 480_000, "sound before the first picture is left out");
    assert_eq!(bench.counted(VIDEO), [("dropped_before_key", 12)]);
    assert_eq!(bench.counted(AUDIO), [("dropped_before_start", 25)]);
    assert_eq!(pictures[0].wall, Some(EPOCH.after(SECOND)));
    assert_eq!(sounds[0].wall, Some(EPOCH.after(SECOND)));
}

#[test]
fn a_second_track_that_comes_at_once_is_waited_for() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 400, true, false);
    assert!(bench.outputs.is_empty());
    assert_eq!(bench.timeline.deadline().unwrap().nanos(), 2 * SECOND);
    run(&mut bench, 400, 1000, true, true);
    assert_eq!(listed(&bench.outputs), [[VIDEO, AUDIO]]);
    assert_eq!(bench.packets(VIDEO).len(), 25, "nothing is lost by waiting");
    assert_eq!(bench.timeline.deadline(), None);
}

#[test]
fn a_track_that_never_sends_is_not_waited_for_longer_than_that() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 1900, true, false);
    assert!(bench.outputs.is_empty());
    bench.now = bench.timeline.deadline().unwrap().nanos();
    bench.tick();
    assert_eq!(listed(&bench.outputs), [[VIDEO]]);
    assert_eq!(bench.packets(VIDEO).len(), 48);
}

#[test]
fn a_late_track_joins_at_a_key_picture() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 5300, true, false);
    run(&mut bench, 5300, 8000, true, true);
    assert_eq!(listed(&bench.outputs), [vec![VIDEO], vec![VIDEO, AUDIO]]);
    assert_eq!(bench.packets(VIDEO).len(), 200, "no picture is lost for it");
    assert_eq!(bench.packets(AUDIO)[0].pts.ticks(), (10 + 6) * 48_000);
    assert_eq!(bench.cuts(), (2, 0));
}

#[test]
fn a_late_track_of_unknown_configuration_joins_when_it_tells() {
    let mut bench = Bench::new([video(h264(None)), unknown(AUDIO, Kind::Audio, 48_000)]);
    run(&mut bench, 0, 3500, true, true);
    assert_eq!(listed(&bench.outputs), [[VIDEO]]);
    bench.push(AUDIO, 3500 * 48, None, AccessUnit { config: audio().codec, ..frame(960) });
    run(&mut bench, 3520, 6000, true, true);
    assert_eq!(listed(&bench.outputs), [vec![VIDEO], vec![VIDEO, AUDIO]]);
}

#[test]
fn sound_first_waits_for_the_picture() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 20, 3000, false, true);
    run(&mut bench, 3000, 5000, true, true);
    assert_eq!(listed(&bench.outputs), [[VIDEO, AUDIO]]);
    assert_eq!(bench.packets(AUDIO)[0].pts.ticks(), 480_000);
}

#[test]
fn sound_whose_picture_does_not_come_starts_alone() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 20, 12_000, false, true);
    assert_eq!(listed(&bench.outputs), [[AUDIO]]);
    run(&mut bench, 12_000, 14_000, true, true);
    assert_eq!(listed(&bench.outputs), [vec![AUDIO], vec![VIDEO, AUDIO]]);
}

#[test]
fn pictures_join_sound_at_a_key_picture() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 20, 12_000, false, true);
    // The camera is joined in the middle of a group of pictures.
    run(&mut bench, 12_020, 13_000, true, true);
    assert_eq!(listed(&bench.outputs), [[AUDIO]]);
    run(&mut bench, 13_000, 14_000, true, true);
    assert_eq!(listed(&bench.outputs), [vec![AUDIO], vec![VIDEO, AUDIO]]);
    assert_eq!(bench.packets(AUDIO).len(), 599 + 49 + 50, "no sound is lost for it");
}

#[test]
fn waiting_holds_a_bounded_number_of_packets() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    for n in 0..100_000 {
        bench.push(AUDIO, n * 1024, None, frame(1024));
    }
    assert!(bench.outputs.is_empty());
    let outputs = std::mem::replace(&mut bench, Bench::new([])).timeline.finish().collect::<Vec<_>>();
    assert!(packets(&outputs, AUDIO).len() <= 512);
    let mut bench = Bench::new([video(h264(None)), audio()]);
    for n in 0..100_000 {
        bench.picture(n * FRAME, n % 25 == 0);
    }
    assert_eq!(bench.packets(VIDEO).len(), 100_000, "a full queue ends the wait");
}

#[test]
fn ending_gives_out_what_was_held() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 400, true, false);
    let outputs = bench.timeline.finish().collect::<Vec<_>>();
    assert_eq!(listed(&outputs), [[VIDEO]]);
    assert_eq!(packets(&outputs, VIDEO).len(), 10);
}

#[test]
fn video_or_sound_that_stops_does_not_hold_the_other() {
    for video_stops in [true, false] {
        let mut bench = Bench::new([video(h264(None)), audio()]);
        run(&mut bench, 0, 4000, true, true);
        let before = bench.outputs.len();
        run(&mut bench, 4000, 9000, !video_stops, video_stops);
        let other = if video_stops { 250 } else { 125 };
        assert_eq!(bench.outputs.len() - before, other);
        run(&mut bench, 9000, 12_000, true, true);
        assert_eq!(bench.cuts(), (1, 0), "the track was known, so it just goes on");
        let back = bench.packets(if video_stops { VIDEO } else { AUDIO });
        let last = back.last().unwrap().pts.ticks();
        assert_eq!(last, if video_stops { line(11_960 * 90) } else { (10_000 + 11_980) * 48 });
    }
}

#[test]
fn a_new_configuration_gives_new_tracks() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 3000, true, true);
    bench.now = 3000 * MS;
    let bigger = h264_of(39, None);
    let outputs =
        bench.push(VIDEO, 3000 * 90, None, AccessUnit { config: Some(bigger.clone()), ..unit(Key::Closed) });
    let Output::Tracks(tracks) = &outputs[0] else { panic!("{outputs:?}") };
    assert_eq!(tracks.iter().map(|track: &Track| track.codec.clone()).collect::<Vec<_>>()[0], bigger);
    assert_eq!(outputs.len(), 2);
    // The same configuration again is not news.
    bench.now = 4000 * MS;
    let outputs =
        bench.push(VIDEO, 4000 * 90, None, AccessUnit { config: Some(bigger), ..unit(Key::Closed) });
    assert_eq!(outputs.len(), 1);
}

#[test]
fn a_new_configuration_without_a_key_picture_waits_for_one() {
    let mut bench = Bench::new([video(h264(None))]);
    run(&mut bench, 0, 3020, true, false);
    bench.now = 3040 * MS;
    let config = Some(h264_of(39, None));
    assert!(bench.push(VIDEO, 3040 * 90, None, AccessUnit { config, ..unit(Key::No) }).is_empty());
    run(&mut bench, 3080, 5000, true, false);
    assert_eq!(bench.cuts(), (2, 0));
    assert_eq!(bench.packets(VIDEO).len(), 76 + 25);
}

#[test]
fn a_source_that_returns_goes_on_where_real_time_is() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 3000, true, true);
    bench.now = 3000 * MS;
    bench.interrupted();
    // The camera is back 60 s later with clocks that start anew, and sends half a group before the first key picture.
    for ms in (0..3000).step_by(20) {
        bench.now = (63_000 + ms) * MS;
        if ms % 40 == 0 {
            bench.picture(ms * 90 + 777, ms % 1000 == 520);
        }
        bench.push(AUDIO, ms * 48 + 555, None, frame(960));
    }
    assert_eq!(bench.cuts(), (1, 1));
    let at = bench.outputs.iter().position(|output| *output == Output::Discontinuity).unwrap();
    let (pictures, sounds) = (packets(&bench.outputs[at..], VIDEO), packets(&bench.outputs[at..], AUDIO));
    assert_eq!(pictures[0].pts.ticks(), line(63_520 * 90));
    assert_eq!(sounds[0].pts.ticks(), (10_000 + 63_520) * 48);
    assert_eq!(pictures[0].wall, Some(EPOCH.after(63_520 * MS)));
    assert_eq!(bench.repairs(VIDEO).jumps_back, 0);
}

#[test]
fn old_pictures_at_each_return_do_not_carry_the_line_away() {
    let mut bench = Bench::new([video(h264(None))]);
    // Twenty times: four seconds of old pictures at once, pictures up to 20 s, and 10 s of absence.
    for life in 0..20 {
        let began = life * 30_000;
        let before = bench.packets(VIDEO).len();
        for n in 0..600 {
            bench.now = (began + (n - 100).max(0) * 40) * MS;
            bench.picture(n * FRAME, n % 25 == 0);
        }
        assert_eq!(bench.packets(VIDEO)[before].pts.ticks(), line(began * 90), "life {life}");
        bench.interrupted();
    }
    assert_eq!(bench.cuts(), (1, 19));
}

#[test]
fn a_camera_with_a_fast_clock_returns_to_real_time_and_keeps_the_time_of_day() {
    let mut bench = Bench::new([video(h264(None))]);
    // Half an hour at 1000 ppm: 1.8 s.
    for n in 0..45_000 {
        bench.now = n * 40 * MS;
        bench.picture(n * 3604 - n * 2 / 5, n % 25 == 0);
    }
    bench.interrupted();
    let before = bench.packets(VIDEO).len();
    bench.now = 1_860 * SECOND;
    bench.picture(0, true);
    let first = bench.packets(VIDEO)[before];
    assert_eq!(first.pts.ticks(), line(1860 * 90_000));
    let off = first.wall.unwrap().since(EPOCH.after(bench.now));
    assert!(off.abs() < 200 * MS, "{off} ns");
}

#[test]
fn sound_alone_goes_on_after_an_interruption_when_no_picture_comes() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 3000, true, true);
    bench.interrupted();
    run(&mut bench, 5000, 20_000, false, true);
    assert_eq!(bench.cuts(), (1, 1));
    run(&mut bench, 20_000, 22_000, true, true);
    assert_eq!(bench.cuts(), (1, 1), "the track was known, so it just goes on");
    assert_eq!(bench.packets(VIDEO).last().unwrap().pts.ticks(), line(21_960 * 90));
}

#[test]
fn interruptions_without_packets_between_them_are_one() {
    let mut bench = Bench::new([video(h264(None))]);
    bench.interrupted();
    run(&mut bench, 0, 1000, true, false);
    for _ in 0..10 {
        bench.interrupted();
    }
    run(&mut bench, 2000, 3000, true, false);
    assert_eq!(bench.cuts(), (1, 1));
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}

#[test]
fn a_source_may_announce_other_tracks_when_it_returns() {
    let mut bench = Bench::new([video(h264(None)), audio()]);
    run(&mut bench, 0, 1000, true, true);
    bench.timeline.announce([video(h264(None))], bench.moment());
    run(&mut bench, 2000, 3000, true, true);
    assert_eq!(listed(&bench.outputs), [vec![VIDEO, AUDIO], vec![VIDEO]]);
    assert_eq!(bench.timeline.unannounced(), 50);
}

#[test]
fn a_track_that_tells_its_configuration_in_band_starts_with_it() {
    let mut bench = Bench::new([unknown(VIDEO, Kind::Video, 90_000)]);
    assert!(bench.picture(0, true).is_empty());
    let config = Some(h264(None));
    let outputs = bench.push(VIDEO, FRAME, None, AccessUnit { config: config.clone(), ..unit(Key::Closed) });
    let Output::Tracks(tracks) = &outputs[0] else { panic!("{outputs:?}") };
    assert_eq!(Some(tracks[0].codec.clone()), config);
    assert_eq!(bench.counted(VIDEO), [("dropped_before_key", 1)]);
}

#[test]
fn vp8_needs_no_picture_order() {
    let config = codec::Config::Vp8(codec::vp8::Config::new(320, 240).unwrap());
    let mut bench = Bench::new([video(config)]);
    run(&mut bench, 0, 1000, true, false);
    assert_eq!(bench.repairs(VIDEO), Repairs::default());
}
