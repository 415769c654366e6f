//! The lists as they are written, whole.

use media_core::playlist::hls::{self, Media, Skip};
use media_core::playlist::{Config, Delivery, LowLatency, PartAddressing, Retention, Window};
use media_core::segment::{Format, Output};
use media_core::time::WallTime;

use crate::stream::*;

/// A window that was told of all, in time.
pub(crate) fn window(config: Config, outputs: impl IntoIterator<Item = (Output, WallTime)>) -> Window {
    let mut window = Window::new(config);
    outputs.into_iter().for_each(|(output, now)| window.push(&output, now));
    window
}

/// Two segments of 1 s and the first part of a third, sound missing from the second part of the second.
fn edge() -> Vec<(Output, WallTime)> {
    let mut camera = camera();
    let mut outputs = vec![(camera.init(), camera.now())];
    let mut push = |camera: &mut Camera, output: Output| outputs.push((output, camera.now()));
    let half = |key, gap| Shape { millis: 500, key, gap };
    for shapes in [[half(true, None), half(false, None)], [half(true, None), half(false, Some(1))]] {
        for shape in shapes {
            let part = camera.part(shape);
            push(&mut camera, part);
        }
        let cut = camera.cut();
        push(&mut camera, cut);
    }
    let part = camera.part(half(true, None));
    push(&mut camera, part);
    outputs
}

const HEAD: &str = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,CAN-SKIP-DATERANGES=YES,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
";

#[test]
fn low_latency_list_with_a_gap() {
    let window = window(low_latency(), edge());
    let expected = "\
#EXT-X-MAP:URI=\"5f2a_2_init0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_2_p0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_2_p1.m4s\",INDEPENDENT=YES
#EXTINF:1.000000,
5f2a_2_0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:01.000Z
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_2_p2.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_2_p3.m4s\",GAP=YES
#EXTINF:1.000000,
5f2a_2_1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:02.000Z
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_2_p4.m4s\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"5f2a_2_p5.m4s\"
#EXT-X-RENDITION-REPORT:URI=\"video1.m3u8\",LAST-MSN=2,LAST-PART=0
";
    assert_eq!(hls::media_playlist(&window, id(2), &names()).unwrap(), [HEAD, expected].concat());
}

#[test]
fn low_latency_list_by_byte_ranges() {
    let low = LowLatency { addressing: PartAddressing::ByteRanges, ..LowLatency::new(SECOND / 2) };
    let outputs = edge();
    let whole = window(with(low.clone()), outputs[..7].to_vec());
    let open = window(with(low), outputs);
    // Parts hold their track, segment, index and time: "<1 0 0 0>", "<1 0 1 500>".
    let segments = "\
#EXT-X-MAP:URI=\"5f2a_1_init0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_1_0.m4s\",BYTERANGE=\"9@0\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_1_0.m4s\",BYTERANGE=\"11@9\"
#EXTINF:1.000000,
5f2a_1_0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:01.000Z
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_1_1.m4s\",BYTERANGE=\"12@0\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_1_1.m4s\",BYTERANGE=\"12@12\"
#EXTINF:1.000000,
5f2a_1_1.m4s
";
    let next = "\
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"5f2a_1_2.m4s\",BYTERANGE-START=0
#EXT-X-RENDITION-REPORT:URI=\"audio2.m3u8\",LAST-MSN=1,LAST-PART=1
";
    assert_eq!(hls::media_playlist(&whole, id(1), &names()).unwrap(), [HEAD, segments, next].concat());
    let next = "\
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:02.000Z
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_1_2.m4s\",BYTERANGE=\"12@0\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"5f2a_1_2.m4s\",BYTERANGE-START=12
#EXT-X-RENDITION-REPORT:URI=\"audio2.m3u8\",LAST-MSN=2,LAST-PART=0
";
    assert_eq!(hls::media_playlist(&open, id(1), &names()).unwrap(), [HEAD, segments, next].concat());
}

#[test]
fn a_break_at_the_live_edge_is_told_before_the_first_part() {
    let mut camera = camera();
    let mut outputs = vec![(camera.init(), camera.now())];
    for _ in 0..2 {
        let part = camera.plain(500);
        outputs.push((part, camera.now()));
    }
    let cut = camera.cut();
    outputs.push((cut, camera.now()));
    camera.jump(7000);
    outputs.push((camera.init(), camera.now()));
    let part = camera.plain(500);
    outputs.push((part, camera.now()));
    let window = window(low_latency(), outputs);
    let text = hls::media_playlist(&window, id(1), &names()).unwrap();
    let expected = "\
5f2a_1_0.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"5f2a_1_init1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:08.000Z
#EXT-X-PART:DURATION=0.500000,URI=\"5f2a_1_p2.m4s\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"5f2a_1_p3.m4s\"
#EXT-X-RENDITION-REPORT:URI=\"audio2.m3u8\",LAST-MSN=1,LAST-PART=0
";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn what_is_over_has_no_hint_and_no_reports() {
    let outputs = edge();
    let mut window = window(low_latency(), outputs[..7].to_vec());
    window.finish(WallTime::from_nanos(MORNING + 3 * SECOND));
    let text = hls::media_playlist(&window, id(1), &names()).unwrap();
    assert!(text.ends_with("5f2a_1_1.m4s\n#EXT-X-ENDLIST\n"), "{text}");
    assert!(text.starts_with(HEAD), "what was told once stays: {text}");
    let skipping = Media { skip: Skip::Segments, ..Media::new(&window, id(1), &names()) }.text();
    assert_eq!(skipping.unwrap(), text);
}

#[test]
fn an_event_keeps_all() {
    let mut camera = camera();
    let mut outputs = vec![(camera.init(), camera.now())];
    for _ in 0..30 {
        let segment = camera.segment(2000);
        outputs.extend(segment.into_iter().map(|output| (output, camera.now())));
    }
    let config = Config { delivery: Delivery::Files, retention: Retention::Event, ..low_latency() };
    let window = window(config, outputs);
    let text = hls::media_playlist(&window, id(1), &names()).unwrap();
    let head = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI=\"5f2a_1_init0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXTINF:2.000000,
5f2a_1_0.m4s
";
    assert!(text.starts_with(head), "{text}");
    assert_eq!(text.matches("#EXTINF").count(), 30);
}

fn whole_segments(tracks: Vec<media_core::track::Track>, format: Format) -> Window {
    let mut camera = Camera::new(tracks, format);
    let mut outputs = vec![(camera.init(), camera.now())];
    for _ in 0..2 {
        let segment = camera.segment(1500);
        outputs.extend(segment.into_iter().map(|output| (output, camera.now())));
    }
    window(Config { delivery: Delivery::Files, ..low_latency() }, outputs)
}

#[test]
fn transport_streams_have_no_map_and_one_list() {
    let window = whole_segments(vec![pictures(), sound(2, None)], Format::MpegTs);
    let expected = "\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXTINF:1.500000,
5f2a_1_0.ts
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:01.500Z
#EXTINF:1.500000,
5f2a_1_1.ts
";
    assert_eq!(hls::media_playlist(&window, id(1), &names()).unwrap(), expected);
    assert_eq!(hls::media_playlist(&window, id(2), &names()), None);
    let rate = window.bandwidth(id(1)).unwrap();
    let expected = format!(
        "\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"vp09.00.21.08,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=25.000
video1.m3u8
",
        rate.peak, rate.average
    );
    assert_eq!(hls::multivariant(&window, &names()).unwrap(), expected);
}

#[test]
fn packed_audio_has_no_map() {
    let window = whole_segments(vec![sound(1, None)], Format::PackedAudio);
    let expected = "\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXTINF:1.500000,
5f2a_1_0.aac
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:01.500Z
#EXTINF:1.500000,
5f2a_1_1.aac
";
    assert_eq!(hls::media_playlist(&window, id(1), &names()).unwrap(), expected);
}

/// RFC 8216bis section 8, and 6.2.1: no more than what stands in the list needs. 4.4.4.9: what applies to a segment stands before its first part.
#[test]
fn trap_23_version_and_order_follow_from_what_stands_in_the_list() {
    let version = |text: &str| text.lines().nth(1).unwrap().to_owned();
    let text = |window: &Window, track| hls::media_playlist(window, id(track), &names()).unwrap();
    assert_eq!(version(&text(&whole_segments(vec![pictures()], Format::MpegTs), 1)), "#EXT-X-VERSION:3");
    assert_eq!(version(&text(&whole_segments(vec![pictures()], Format::Fmp4), 1)), "#EXT-X-VERSION:6");
    let mut camera = camera();
    let mut outputs = vec![(camera.init(), camera.now())];
    for n in 0..20 {
        let gap = (n == 19).then_some(1);
        let part = camera.part(Shape { millis: 500, key: true, gap });
        outputs.push((part, camera.now()));
        let cut = camera.cut();
        outputs.push((cut, camera.now()));
    }
    let window = window(Config { size: 40, ..low_latency() }, outputs);
    assert_eq!(version(&text(&window, 1)), "#EXT-X-VERSION:6");
    assert_eq!(version(&text(&window, 2)), "#EXT-X-VERSION:8");
    let whole = text(&window, 1);
    let order = [
        "#EXT-X-TARGETDURATION",
        "#EXT-X-SERVER-CONTROL",
        "#EXT-X-PART-INF",
        "#EXT-X-MEDIA-SEQUENCE",
        "#EXT-X-DISCONTINUITY-SEQUENCE",
        "#EXT-X-MAP",
        "#EXT-X-PROGRAM-DATE-TIME",
        "#EXTINF",
        "#EXT-X-PART:",
        "#EXT-X-PRELOAD-HINT",
        "#EXT-X-RENDITION-REPORT",
    ];
    let places: Vec<_> =
        order.iter().map(|tag| whole.find(tag).unwrap_or_else(|| panic!("{tag} in {whole}"))).collect();
    assert!(places.is_sorted(), "{whole}");
    let last = whole.rsplit_once("#EXT-X-PROGRAM-DATE-TIME").unwrap().1;
    assert!(last.find("#EXT-X-PART:").unwrap() < last.find("#EXTINF").unwrap(), "{last}");
}

/// RFC 8216bis 4.4.3.7, 4.4.3.8: PART-HOLD-BACK at least twice, better three times PART-TARGET, as printed.
#[test]
fn trap_18_part_target_and_hold_back_are_constant_and_far_enough_apart() {
    for (part, hold_back, expected) in [
        (SECOND / 3, SECOND, "PART-HOLD-BACK=1.000002\n#EXT-X-PART-INF:PART-TARGET=0.333334"),
        (200_000_000, 100_000_000, "PART-HOLD-BACK=0.4\n#EXT-X-PART-INF:PART-TARGET=0.2"),
        (213_333_330, 640_000_000, "PART-HOLD-BACK=0.640002\n#EXT-X-PART-INF:PART-TARGET=0.213334"),
        (SECOND, 5 * SECOND, "PART-HOLD-BACK=5\n#EXT-X-PART-INF:PART-TARGET=1"),
    ] {
        let low = LowLatency { hold_back, ..LowLatency::new(part) };
        let mut camera = camera();
        let mut window = Window::new(with(low));
        window.push(&camera.init(), camera.now());
        for _ in 0..10 {
            for output in camera.segment(1000) {
                window.push(&output, camera.now());
                let text = hls::media_playlist(&window, id(1), &names()).unwrap();
                assert!(text.contains(expected), "{text}");
            }
        }
    }
}

/// RFC 8216bis 4.4.4.6: from the packets' wall clock, at each segment, and after each break anew.
#[test]
fn trap_21_each_segment_has_its_own_time_of_day() {
    let mut camera = camera();
    let mut window = Window::new(low_latency());
    window.push(&camera.init(), camera.now());
    let shift = |output: Output, by: i64| match output {
        Output::Part(mut part) => {
            for piece in &mut part.pieces {
                let hz = if piece.track == id(1) { 90_000 } else { 48_000 };
                let nanos = piece.start.ticks() * SECOND / hz;
                piece.wall = Some(WallTime::from_nanos(MORNING + nanos + by));
            }
            Output::Part(part)
        }
        other => other,
    };
    // The camera's clock is put right by 40 ms in the third segment: what is listed stays, what comes says the new time.
    for n in 0..4 {
        for output in camera.segment(1000) {
            window.push(&shift(output, if n < 2 { 0 } else { 40 * MILLI }), camera.now());
        }
    }
    let text = hls::media_playlist(&window, id(1), &names()).unwrap();
    let dates: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:")).collect();
    let expected = ["00.000", "01.000", "02.040", "03.040"].map(|at| format!("2026-11-21T09:15:{at}Z"));
    assert_eq!(dates, expected);
}

/// RFC 8216bis 4.4.6.2: a format is named that is in any segment, or players set nothing up for what comes before or after a change.
#[test]
fn variants_name_the_codecs_of_all_that_is_listed() {
    let mut window = Window::new(low_latency());
    let mut camera = camera();
    window.push(&camera.init(), camera.now());
    camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    let codecs = |window: &Window| {
        let text = hls::multivariant(window, &names()).unwrap();
        text.split("CODECS=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (vp9, aac) = (pictures().codec.codecs(), sound(2, None).codec.codecs());
    assert_eq!(codecs(&window), format!("{vp9},{aac}"));
    window.push(&camera.change(vec![pictures(), opus(2)]), camera.now());
    camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    assert_eq!(codecs(&window), format!("{vp9},opus,{aac}"));
    // Once the last segment of before has left, so has its codec.
    while window.numbers().next() < Some(1) {
        camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    }
    assert_eq!(codecs(&window), format!("{vp9},opus"));
}
