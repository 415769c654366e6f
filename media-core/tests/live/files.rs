//! What an origin answers for files: bytes, ranges, hints, and when they go.

use media_core::mux::Rope;
use media_core::origin::{Answer, Cache, Origin, Ready, Request, Until};
use media_core::playlist::{LowLatency, PartAddressing};
use media_core::segment::{Format, Output};
use media_core::time::Moment;

use crate::stream::*;

pub(crate) const NOON: Moment = Moment::from_nanos(0);

pub(crate) fn get(origin: &Origin, path: &str) -> Answer {
    origin.request(&Request::new(path), NOON)
}

fn range(origin: &Origin, path: &str, range: &str) -> Answer {
    origin.request(&Request { range: Some(range), ..Request::new(path) }, NOON)
}

#[track_caller]
pub(crate) fn ready(answer: Answer) -> Ready {
    match answer {
        Answer::Ready(ready) => ready,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn text(body: &Rope) -> String {
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}

/// An origin and what it was told of: three segments of 1 s, and a part.
fn origin(addressing: PartAddressing) -> (Origin, Camera) {
    let low = LowLatency { addressing, ..LowLatency::new(SECOND / 2) };
    let mut origin = Origin::new(with(low), names());
    let mut camera = camera();
    origin.push(&camera.init(), camera.now());
    for _ in 0..3 {
        camera.segment(1000).iter().for_each(|output| origin.push(output, camera.now()));
    }
    origin.push(&camera.plain(500), camera.now());
    (origin, camera)
}

#[test]
fn parts_are_slices_of_their_segment() {
    let (origin, _) = origin(PartAddressing::Files);
    let segment = ready(get(&origin, "5f2a_1_1.m4s"));
    assert_eq!((segment.media_type, segment.cache), ("video/mp4", Cache::Immutable));
    let parts = ["5f2a_1_p2.m4s", "5f2a_1_p3.m4s"].map(|name| ready(get(&origin, name)).body);
    assert_eq!(text(&segment.body), parts.iter().map(text).collect::<String>());
    for (piece, part) in segment.body.pieces().iter().zip(&parts) {
        assert_eq!(piece.as_ptr(), part.pieces()[0].as_ptr(), "the same memory");
    }
    assert_eq!(ready(get(&origin, "5f2a_2_init0.mp4")).media_type, "audio/mp4");
    assert_eq!(text(&ready(get(&origin, "5f2a_2_init0.mp4")).body), "header 0 1");
    for name in ["5f2a_1_9.m4s", "5f2a_1_1.ts", "5f2a_3_1.m4s", "5f2a_1_init1.mp4", "video3.m3u8", "", "x"] {
        assert!(matches!(get(&origin, name), Answer::NotFound), "{name}");
    }
}

#[test]
fn ranges_of_a_segment() {
    let (origin, _) = origin(PartAddressing::Files);
    let name = "5f2a_1_0.m4s";
    let whole = text(&ready(get(&origin, name)).body);
    assert_eq!(whole, "<1 0 0 0><1 0 1 500>");
    for (header, body, told) in [
        ("bytes=0-3", &whole[..4], "bytes 0-3/20"),
        ("bytes=9-", &whole[9..], "bytes 9-19/20"),
        ("bytes=9-9007199254740991", &whole[9..], "bytes 9-19/20"),
        ("bytes=-5", &whole[15..], "bytes 15-19/20"),
        ("bytes=-99", &whole[..], "bytes 0-19/20"),
    ] {
        let answer = ready(range(&origin, name, header));
        assert_eq!((text(&answer.body).as_str(), answer.range.unwrap().to_string().as_str()), (body, told));
    }
    for header in ["bytes=20-", "bytes=-0"] {
        assert!(matches!(range(&origin, name, header), Answer::NotSatisfiable { length: 20 }), "{header}");
    }
    assert!(ready(range(&origin, name, "bytes=0-1,3-4")).range.is_none());
}

/// RFC 8216bis 6.2.6.
#[test]
fn trap_22_a_hinted_part_is_waited_for_and_no_other() {
    let (mut origin, mut camera) = origin(PartAddressing::Files);
    let Answer::Wait(wait) = get(&origin, "5f2a_1_p7.m4s") else { panic!("hinted") };
    assert_eq!(wait.until, Until::PartNumber { number: 7 });
    assert_eq!(wait.deadline.nanos(), 6 * SECOND);
    for name in ["5f2a_1_p8.m4s", "5f2a_1_p7.ts", "5f2a_3_p7.m4s"] {
        assert!(matches!(get(&origin, name), Answer::NotFound), "{name}");
    }
    let before = wait.deadline.after(-1);
    assert!(matches!(origin.retry(&wait, before), Answer::Wait(_)));
    assert!(matches!(origin.retry(&wait, wait.deadline), Answer::Unavailable));
    // The segment ends without another part: the next one's first is what was hinted.
    origin.push(&camera.cut(), camera.now());
    assert!(matches!(origin.retry(&wait, before), Answer::Wait(_)));
    origin.push(&camera.plain(500), camera.now());
    assert_eq!(text(&ready(origin.retry(&wait, before)).body), "<1 4 0 3500>");
    // A hinted part without media, and one that never comes.
    let Answer::Wait(wait) = get(&origin, "5f2a_2_p8.m4s") else { panic!("hinted") };
    origin.push(&camera.part(Shape { millis: 500, key: false, gap: Some(1) }), camera.now());
    assert!(matches!(origin.retry(&wait, before), Answer::NotFound));
    let Answer::Wait(wait) = get(&origin, "5f2a_2_p9.m4s") else { panic!("hinted") };
    origin.finish(camera.now());
    assert!(matches!(origin.retry(&wait, before), Answer::NotFound));
}

#[test]
fn a_growing_segment_answers_with_the_parts_it_has() {
    let (mut origin, mut camera) = origin(PartAddressing::ByteRanges);
    let name = "5f2a_1_3.m4s";
    let first = ready(range(&origin, name, "bytes=0-"));
    assert_eq!(text(&first.body), "<1 3 0 3000>");
    assert_eq!(first.range.unwrap().to_string(), "bytes 0-11/*");
    let Answer::Wait(wait) = range(&origin, name, "bytes=12-9007199254740991") else { panic!("hinted") };
    assert_eq!(wait.until, Until::Bytes { msn: 3, after: 12 });
    origin.push(&camera.plain(500), camera.now());
    let second = ready(origin.retry(&wait, NOON));
    assert_eq!(
        (text(&second.body).as_str(), second.range.unwrap().to_string().as_str()),
        ("<1 3 1 3500>", "bytes 12-23/*")
    );
    let Answer::Wait(wait) = range(&origin, name, "bytes=24-") else { panic!("hinted") };
    origin.push(&camera.cut(), camera.now());
    assert!(matches!(origin.retry(&wait, NOON), Answer::NotSatisfiable { length: 24 }), "that was all");
    assert_eq!(text(&ready(get(&origin, name)).body), "<1 3 0 3000><1 3 1 3500>");
    let Answer::Wait(wait) = range(&origin, "5f2a_1_4.m4s", "bytes=0-") else { panic!("the next is hinted") };
    assert_eq!(wait.until, Until::Bytes { msn: 4, after: 0 });
    origin.push(&camera.plain(500), camera.now());
    assert_eq!(text(&ready(origin.retry(&wait, NOON)).body), "<1 4 0 4000>");
    assert!(matches!(get(&origin, "5f2a_1_5.m4s"), Answer::NotFound));
}

/// Low-latency DASH asks for a segment when its first part is there, and gets one part after the other on the same line.
#[test]
fn all_of_a_growing_segment_comes_part_by_part() {
    for addressing in [PartAddressing::Files, PartAddressing::ByteRanges] {
        let (mut origin, mut camera) = origin(addressing);
        let first = ready(get(&origin, "5f2a_1_3.m4s"));
        assert_eq!((text(&first.body).as_str(), first.range), ("<1 3 0 3000>", None));
        let more = first.more.unwrap();
        assert_eq!(more.until, Until::Bytes { msn: 3, after: 12 });
        assert!(matches!(origin.retry(&more, NOON), Answer::Wait(_)));
        origin.push(&camera.plain(500), camera.now());
        origin.push(&camera.part(Shape { millis: 500, key: false, gap: Some(0) }), camera.now());
        let second = ready(origin.retry(&more, NOON));
        assert_eq!(text(&second.body), "<1 3 1 3500>");
        let more = second.more.unwrap();
        assert!(matches!(origin.retry(&more, more.deadline), Answer::Unavailable));
        origin.push(&camera.plain(500), camera.now());
        origin.push(&camera.cut(), camera.now());
        let last = ready(origin.retry(&more, NOON));
        assert_eq!((text(&last.body).as_str(), last.more.is_none()), ("<1 3 3 4500>", true));
        let whole = ready(get(&origin, "5f2a_1_3.m4s"));
        assert_eq!(text(&whole.body), "<1 3 0 3000><1 3 1 3500><1 3 3 4500>");
        assert!(whole.more.is_none());
        let Answer::Wait(wait) = get(&origin, "5f2a_1_4.m4s") else { panic!("about to begin") };
        origin.push(&camera.plain(500), camera.now());
        assert_eq!(text(&ready(origin.retry(&wait, NOON)).body), "<1 4 0 5000>");
    }
}

/// The manifest tells of two segments that are not there yet. When something else comes instead, nobody is given it for them.
#[test]
fn what_was_told_of_one_generation_is_not_answered_with_another() {
    let (mut origin, mut camera) = origin(PartAddressing::Files);
    let manifest = text(&ready(get(&origin, "index.mpd")).body);
    assert!(manifest.contains("media=\"5f2a_1_g0_$Number$.m4s\""), "{manifest}");
    assert!(manifest.contains("availabilityTimeComplete=\"false\""), "{manifest}");
    let name = "5f2a_1_g0_2.m4s";
    assert_eq!(ready(get(&origin, name)).etag, ready(get(&origin, "5f2a_1_2.m4s")).etag);
    let growing = ready(get(&origin, "5f2a_1_g0_3.m4s"));
    assert_eq!(text(&growing.body), "<1 3 0 3000>");
    let Answer::Wait(wait) = get(&origin, "5f2a_1_g0_4.m4s") else { panic!("it was told of") };
    for name in ["5f2a_1_g0_5.m4s", "5f2a_1_g1_2.m4s", "5f2a_1_g1_4.m4s", "5f2a_1_g0_2.ts", "5f2a_3_g0_2.m4s"]
    {
        assert!(matches!(get(&origin, name), Answer::NotFound), "{name}");
    }
    // The one that grows ends, and the configuration changes.
    origin.push(&camera.cut(), camera.now());
    assert!(ready(origin.retry(&growing.more.unwrap(), NOON)).more.is_none());
    assert!(matches!(origin.retry(&wait, NOON), Answer::Wait(_)));
    origin.push(&camera.change(vec![pictures(), opus(2)]), camera.now());
    // A box that says of what kind the segment is, and no more (ISO/IEC 14496-12 8.16.2).
    let nothing = "\0\0\0\x18stypmsdh\0\0\0\0msdhmsix";
    assert_eq!(text(&ready(origin.retry(&wait, NOON)).body), nothing);
    let manifest = text(&ready(get(&origin, "index.mpd")).body);
    assert!(!manifest.contains("availabilityTimeComplete"), "nothing more is told of it: {manifest}");
    origin.push(&camera.plain(500), camera.now());
    assert_eq!(text(&ready(get(&origin, "5f2a_1_g0_4.m4s")).body), nothing);
    assert_eq!(text(&ready(get(&origin, "5f2a_1_g1_4.m4s")).body), "<1 4 0 3500>");
    assert_eq!(text(&ready(get(&origin, name)).body), "<1 2 0 2000><1 2 1 2500>");
    assert!(matches!(get(&origin, "5f2a_1_g1_2.m4s"), Answer::NotFound));
    // Nor does what was told of come when it is over.
    let Answer::Wait(wait) = get(&origin, "5f2a_2_g1_5.m4s") else { panic!("it was told of") };
    origin.push(&camera.cut(), camera.now());
    origin.finish(camera.now());
    assert_eq!(text(&ready(origin.retry(&wait, NOON)).body), nothing);
}

#[test]
fn what_expires_is_gone_and_memory_stays_bounded() {
    let mut origin = Origin::new(low_latency(), names());
    let mut camera = camera();
    origin.push(&camera.init(), camera.now());
    let mut most = 0;
    for n in 0..200 {
        if n % 50 == 49 {
            origin.push(&camera.init(), camera.now());
        }
        camera.segment(2000).iter().for_each(|output| origin.push(output, camera.now()));
        most = most.max(origin.bytes());
    }
    // Two windows of 7 segments, 2 files of 4 parts each, and headers.
    assert!(most < 17 * 2 * 4 * 20, "{most}");
    for name in ["5f2a_1_100.m4s", "5f2a_1_p400.m4s", "5f2a_1_init0.mp4"] {
        assert!(matches!(get(&origin, name), Answer::NotFound), "{name}");
    }
    // Off the list, but players that have it from there may still come.
    assert!(!text(&ready(get(&origin, "video1.m3u8")).body).contains("_192.m4s"));
    ready(get(&origin, "5f2a_1_192.m4s"));
    ready(get(&origin, "5f2a_1_p768.m4s"));
}

#[test]
fn files_of_other_formats_have_their_types() {
    for (format, tracks, name, media_type) in [
        (Format::MpegTs, vec![pictures(), sound(2, None)], "5f2a_1_0.ts", "video/mp2t"),
        (Format::PackedAudio, vec![sound(1, None)], "5f2a_1_0.aac", "audio/aac"),
        (Format::Webm, vec![pictures(), opus(2)], "5f2a_2_0.webm", "audio/webm"),
    ] {
        let mut origin = Origin::new(low_latency(), names());
        let mut camera = Camera::new(tracks, format);
        origin.push(&camera.init(), camera.now());
        camera.segment(1000).iter().for_each(|output| origin.push(output, camera.now()));
        assert_eq!(ready(get(&origin, name)).media_type, media_type);
        let header = matches!(get(&origin, "5f2a_1_init0.webm"), Answer::Ready(_));
        assert_eq!(header, format == Format::Webm);
        assert!(matches!(get(&origin, "5f2a_1_init0.mp4"), Answer::NotFound));
    }
}

#[test]
fn tags_change_with_the_bytes_and_only_then() {
    let (mut origin, mut camera) = origin(PartAddressing::Files);
    let list = |origin: &Origin, query| {
        let ready = ready(origin.request(&Request { query, ..Request::new("video1.m3u8") }, NOON));
        (ready.etag, text(&ready.body))
    };
    let multivariant = ready(get(&origin, "index.m3u8")).etag;
    let before = list(&origin, None);
    assert_eq!(list(&origin, None), before);
    assert_ne!(list(&origin, Some("_HLS_skip=YES")).0, before.0);
    origin.push(&camera.plain(500), camera.now());
    assert_ne!(list(&origin, None).0, before.0);
    assert_eq!(ready(get(&origin, "index.m3u8")).etag, multivariant, "a part changes nothing there");
    origin.push(&camera.cut(), camera.now());
    assert_ne!(ready(get(&origin, "index.m3u8")).etag, multivariant);
    assert_eq!(ready(get(&origin, "index.mpd")).media_type, "application/dash+xml");
    let told = ready(get(&origin, "audio2.m3u8"));
    origin.report(vec![("../360p/video1.m3u8".to_owned(), origin.window().last().unwrap())]);
    let other = ready(get(&origin, "audio2.m3u8"));
    assert_ne!(told.etag, other.etag);
    let report = "#EXT-X-RENDITION-REPORT:URI=\"../360p/video1.m3u8\",LAST-MSN=3,LAST-PART=1\n";
    assert!(text(&other.body).ends_with(report), "{}", text(&other.body));
    let _: Output = camera.plain(500);
}
