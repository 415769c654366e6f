//! Delta updates, RFC 8216bis 6.2.5.1, and date ranges.

use media_core::playlist::hls::{self, Media, Skip};
use media_core::playlist::{Config, DateRange, DateRangeError, End, Splice, Value, Window};
use media_core::time::WallTime;

use crate::stream::*;

/// `segments` segments of 2 s and a part.
fn window(segments: usize) -> (Window, Camera) {
    let mut camera = camera();
    let mut window = Window::new(Config { size: 60, ..low_latency() });
    window.push(&camera.init(), camera.now());
    for _ in 0..segments {
        camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    }
    window.push(&camera.plain(500), camera.now());
    (window, camera)
}

fn delta(window: &Window, skip: Skip) -> String {
    Media { skip, ..Media::new(window, id(1), &names()) }.text().unwrap()
}

/// RFC 8216bis 4.4.5.2, 6.2.5.1: what ends more than six target durations (12 s) before the end of the last whole segment, counted from there.
#[test]
fn trap_19_a_delta_update_skips_from_the_live_edge_and_never_nothing() {
    for segments in 1..=7 {
        let (window, _) = window(segments);
        let whole = hls::media_playlist(&window, id(1), &names()).unwrap();
        assert_eq!(delta(&window, Skip::Segments), whole, "{segments} segments: nothing is old enough");
        assert_eq!(delta(&window, Skip::DateRanges), whole);
    }
    for segments in 8..40 {
        let (window, _) = window(segments);
        let skipped = segments - 7;
        let text = delta(&window, Skip::Segments);
        let head = format!(
            "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n\
             #EXT-X-PROGRAM-DATE-TIME:"
        );
        assert!(text.contains(&head), "{text}");
        assert!(text.starts_with("#EXTM3U\n#EXT-X-VERSION:9\n"));
        assert!(text.contains(&format!("\n5f2a_1_{skipped}.m4s\n")) && !text.contains("5f2a_1_0.m4s"));
        assert!(!text.contains("EXT-X-MAP"), "what applied to the skipped ones applies on");
    }
}

#[test]
fn date_ranges_are_listed_skipped_and_told_when_gone() {
    let (mut window, mut camera) = window(10);
    let begun = WallTime::from_nanos(MORNING);
    let mut old = DateRange::new("old", begun.after(SECOND));
    old.class = Some("motion".to_owned());
    old.end = End::After(1_500_000_000);
    window.announce(old.clone(), camera.now()).unwrap();
    let ad = DateRange {
        end: End::At(begun.after(600 * SECOND)),
        planned: Some(60 * SECOND),
        splice: Some(Splice::Out(vec![0xfc, 0x30, 0x0a])),
        attributes: vec![
            ("X-NAME".to_owned(), Value::Text("a,b=c".to_owned())),
            ("X-HASH".to_owned(), Value::Bytes(vec![1, 0xab])),
            ("X-PRICE".to_owned(), Value::Millionths(1_250_000)),
        ],
        ..DateRange::new("ad", begun.after(5 * SECOND))
    };
    window.announce(ad, camera.now()).unwrap();
    let lines = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains("DATERANGE:")).map(str::to_owned).collect()
    };
    let whole = hls::media_playlist(&window, id(1), &names()).unwrap();
    let old_line =
        "#EXT-X-DATERANGE:ID=\"old\",CLASS=\"motion\",START-DATE=\"2026-11-21T09:15:01.000Z\",DURATION=1.5";
    let ad_line = "#EXT-X-DATERANGE:ID=\"ad\",START-DATE=\"2026-11-21T09:15:05.000Z\",END-DATE=\"2026-11-21T09:25:00.000Z\",\
        PLANNED-DURATION=60,SCTE35-OUT=0xFC300A,X-NAME=\"a,b=c\",X-HASH=0x01AB,X-PRICE=1.25";
    assert_eq!(lines(&whole), [old_line, ad_line]);
    crate::list::List::read(&whole);
    let recent = delta(&window, Skip::DateRanges);
    assert_eq!(lines(&recent), [old_line, ad_line], "they are new");
    assert!(recent.contains("SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=\"\"\n"), "{recent}");
    assert!(recent.starts_with("#EXTM3U\n#EXT-X-VERSION:10\n"));

    // 14 s later the announcement is older than the boundary.
    camera.segment(2000).iter().skip(1).for_each(|output| window.push(output, camera.now()));
    for _ in 0..6 {
        camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    }
    assert_eq!(lines(&delta(&window, Skip::Segments)).len(), 2, "not asked to leave them out");
    assert!(lines(&delta(&window, Skip::DateRanges)).is_empty());

    // Once all that is listed lies behind its end, it goes, and is told of for a while.
    let gone = "RECENTLY-REMOVED-DATERANGES=\"old\"";
    let mut told = 0;
    for _ in 0..70 {
        camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
        told += u32::from(delta(&window, Skip::DateRanges).contains(gone));
    }
    assert_eq!(told, 7, "as long as the skip boundary");
    assert_eq!(lines(&hls::media_playlist(&window, id(1), &names()).unwrap()), [ad_line]);
    let again = window.announce(old, camera.now());
    assert_eq!(again, Err(DateRangeError::Contradiction { id: "old".to_owned() }), "no name twice");
}

#[test]
fn a_date_range_may_get_more_but_nothing_else() {
    let mut window = Window::new(low_latency());
    let now = WallTime::from_nanos(MORNING);
    window.push(&camera().init(), now);
    let mut range = DateRange::new("1", now);
    window.announce(range.clone(), now).unwrap();
    range.end = End::After(0);
    window.announce(range.clone(), now).unwrap();
    range.end = End::After(MILLI);
    let revision = window.revision();
    assert!(matches!(window.announce(range, now), Err(DateRangeError::Contradiction { .. })));
    assert_eq!(window.revision(), revision);
    // 4.4.5.1: a list with a date range has a segment that says when it is.
    let text = hls::media_playlist(&window, id(1), &names()).unwrap();
    assert!(!text.contains("DATERANGE:") && !text.contains("DATE-TIME"), "{text}");
}

#[test]
fn a_range_that_ends_on_the_next_of_its_class_goes_with_it() {
    let (mut window, mut camera) = window(3);
    let begun = WallTime::from_nanos(MORNING);
    for (id, start) in [("a", 0), ("b", 4)] {
        let start = begun.after(start * SECOND);
        let range =
            DateRange { class: Some("scene".to_owned()), end: End::OnNext, ..DateRange::new(id, start) };
        window.announce(range, camera.now()).unwrap();
    }
    camera.segment(2000).iter().skip(1).for_each(|output| window.push(output, camera.now()));
    for _ in 0..70 {
        camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    }
    let text = hls::media_playlist(&window, id(1), &names()).unwrap();
    assert!(!text.contains("ID=\"a\"") && text.contains("ID=\"b\",CLASS=\"scene\""), "{text}");
    assert!(text.contains("END-ON-NEXT=YES"));
}

#[test]
fn what_a_playlist_cannot_say_is_refused() {
    let mut window = Window::new(low_latency());
    let now = WallTime::from_nanos(MORNING);
    let of = |change: &dyn Fn(&mut DateRange)| {
        let mut range = DateRange::new("1", now);
        change(&mut range);
        range
    };
    let attribute = |name: &str| (name.to_owned(), Value::Millionths(1));
    for range in [
        of(&|range| range.id = String::new()),
        of(&|range| range.id = "a\tb".to_owned()),
        of(&|range| range.class = Some("a\"b".to_owned())),
        of(&|range| range.end = End::After(-1)),
        of(&|range| range.end = End::At(now.after(-1))),
        of(&|range| range.end = End::OnNext),
        of(&|range| range.attributes = vec![attribute("Y-A")]),
        of(&|range| range.attributes = vec![attribute("X-")]),
        of(&|range| range.attributes = vec![attribute("X-a")]),
        of(&|range| range.attributes = vec![attribute("X-A"), attribute("X-A")]),
        of(&|range| range.attributes = vec![("X-A".to_owned(), Value::Text("\n".to_owned()))]),
    ] {
        assert!(window.announce(range.clone(), now).is_err(), "{range:?}");
    }
    for n in 0..256 {
        window.announce(DateRange::new(&n.to_string(), now), now).unwrap();
    }
    assert_eq!(window.announce(DateRange::new("one more", now), now), Err(DateRangeError::TooMany));
}
