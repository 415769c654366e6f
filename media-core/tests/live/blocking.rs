//! Blocking reload, RFC 8216bis 6.2.5.2.

use media_core::origin::{Answer, BadRequest, Cache, Origin, Request, Until, Wait};
use media_core::playlist::{Config, Delivery};
use media_core::time::Moment;
use proptest::prelude::*;

use crate::files::{NOON, ready, text};
use crate::list::List;
use crate::stream::*;

fn ask(origin: &Origin, query: &str) -> Answer {
    origin.request(&Request { query: Some(query), ..Request::new("video1.m3u8") }, NOON)
}

#[track_caller]
fn waits(answer: Answer) -> Wait {
    match answer {
        Answer::Wait(wait) => wait,
        other => panic!("{other:?}"),
    }
}

/// Segments 0 to 3 of four parts each, and two parts of segment 4.
fn origin(config: Config) -> (Origin, Camera) {
    let mut origin = Origin::new(config, names());
    let mut camera = camera();
    origin.push(&camera.init(), camera.now());
    for _ in 0..4 {
        camera.segment(2000).iter().for_each(|output| origin.push(output, camera.now()));
    }
    for _ in 0..2 {
        origin.push(&camera.plain(500), camera.now());
    }
    (origin, camera)
}

#[test]
fn trap_22_requests_wait_for_what_they_name() {
    let (mut origin, mut camera) = origin(low_latency());
    for there in [
        "",
        "_HLS_msn=0",
        "_HLS_msn=3",
        "_HLS_msn=3&_HLS_part=3",
        "_HLS_msn=4&_HLS_part=1",
        "_HLS_msn=0&_HLS_part=99",
    ] {
        ready(ask(&origin, there));
    }
    // More than the last whole segment has: the first part of the next.
    ready(ask(&origin, "_HLS_msn=3&_HLS_part=4"));
    let part = waits(ask(&origin, "_HLS_msn=4&_HLS_part=2"));
    assert_eq!(part.until, Until::Part { msn: 4, part: 2 });
    let beyond = waits(ask(&origin, "_HLS_msn=4&_HLS_part=4"));
    let segment = waits(ask(&origin, "_HLS_msn=4"));
    assert_eq!(segment.until, Until::Segment { msn: 4 });
    let next = waits(ask(&origin, "_HLS_msn=5&_HLS_part=0"));
    origin.push(&camera.plain(500), camera.now());
    let answer = ready(origin.retry(&part, NOON));
    assert_eq!(answer.cache, Cache::For { seconds: 2 });
    assert_eq!(List::read(&text(&answer.body)).last(), (4, Some(2)));
    origin.push(&camera.plain(500), camera.now());
    waits(origin.retry(&segment, NOON));
    origin.push(&camera.cut(), camera.now());
    ready(origin.retry(&segment, NOON));
    // Four parts were all: the fifth is the first of segment 5.
    waits(origin.retry(&beyond, NOON));
    waits(origin.retry(&next, NOON));
    origin.push(&camera.plain(500), camera.now());
    ready(origin.retry(&beyond, NOON));
    ready(origin.retry(&next, NOON));
}

#[test]
fn trap_22_what_nobody_can_know_of_yet_is_a_bad_request() {
    let (origin, _) = origin(low_latency());
    let bad = |query: &str| match ask(&origin, query) {
        Answer::BadRequest(reason) => reason,
        other => panic!("{query}: {other:?}"),
    };
    waits(ask(&origin, "_HLS_msn=5"));
    assert_eq!(bad("_HLS_msn=6"), BadRequest::TooFarAhead { msn: 6, last: 3 });
    assert_eq!(
        bad("_HLS_msn=99999999999999999999999&_HLS_part=0"),
        BadRequest::TooFarAhead { msn: u64::MAX, last: 3 }
    );
    assert_eq!(bad("_HLS_part=0"), BadRequest::PartAlone);
    assert_eq!(bad("_HLS_msn=x"), BadRequest::NotANumber { directive: "_HLS_msn" });
    assert_eq!(bad("_HLS_msn=4&_HLS_part=-1"), BadRequest::NotANumber { directive: "_HLS_part" });
    // Three seconds hold six parts of half a second.
    waits(ask(&origin, "_HLS_msn=4&_HLS_part=7"));
    assert_eq!(bad("_HLS_msn=4&_HLS_part=8"), BadRequest::PartTooFarAhead { msn: 4, part: 8, listed: 2 });
}

#[test]
fn trap_22_nobody_waits_longer_than_three_target_durations() {
    let (origin, _) = origin(low_latency());
    let wait = waits(origin.request(
        &Request { query: Some("_HLS_msn=4"), ..Request::new("video1.m3u8") },
        Moment::from_nanos(10 * SECOND),
    ));
    assert_eq!(wait.deadline.nanos(), 16 * SECOND);
    waits(origin.retry(&wait, Moment::from_nanos(16 * SECOND - 1)));
    assert!(matches!(origin.retry(&wait, wait.deadline), Answer::Unavailable));
}

#[test]
fn what_is_over_answers_at_once() {
    let (mut origin, mut camera) = origin(low_latency());
    let wait = waits(ask(&origin, "_HLS_msn=5"));
    origin.push(&camera.cut(), camera.now());
    origin.finish(camera.now());
    let answer = ready(origin.retry(&wait, NOON));
    assert!(text(&answer.body).ends_with("#EXT-X-ENDLIST\n"));
    assert_eq!(answer.cache, Cache::Revalidate);
    ready(ask(&origin, "_HLS_msn=99&_HLS_part=1&_HLS_skip=YES"));
}

#[test]
fn lists_that_offer_no_directives_have_none() {
    let (origin, _) = origin(Config { delivery: Delivery::Files, ..low_latency() });
    for query in ["_HLS_msn=99", "_HLS_part=0", "_HLS_msn=x", "_HLS_skip=YES"] {
        ready(ask(&origin, query));
    }
}

#[test]
fn directives_work_without_parts() {
    let (mut origin, mut camera) = origin(Config { delivery: Delivery::Directives, ..low_latency() });
    let list = text(&ready(ask(&origin, "")).body);
    assert!(list.contains(
        "\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,CAN-SKIP-DATERANGES=YES\n"
    ));
    assert!(!list.contains("PART"), "{list}");
    let wait = waits(ask(&origin, "_HLS_msn=4"));
    waits(ask(&origin, "_HLS_msn=4&_HLS_part=0"));
    origin.push(&camera.cut(), camera.now());
    ready(origin.retry(&wait, NOON));
}

#[test]
fn who_comes_first_waits_for_the_first_segment() {
    let mut origin = Origin::new(low_latency(), names());
    let mut camera = camera();
    let paths = ["index.m3u8", "index.mpd", "manifest.mpd", "video1.m3u8"];
    let waiting = paths.map(|path| waits(origin.request(&Request::new(path), NOON)));
    origin.push(&camera.init(), camera.now());
    origin.push(&camera.plain(500), camera.now());
    for wait in &waiting {
        assert_eq!(waits(origin.retry(wait, NOON)).until, Until::Beginning);
    }
    origin.push(&camera.cut(), camera.now());
    waiting.iter().for_each(|wait| drop(ready(origin.retry(wait, NOON))));
}

/// A request made between two outputs of the segmenter.
#[derive(Clone, Debug)]
struct Asked {
    after: usize,
    /// Segments and parts beyond the end of the list; less is before it.
    msn: i64,
    part: Option<u64>,
    skip: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..60_usize, -3..4_i64, prop::option::of(0..12_u64), any::<bool>())
        .prop_map(|(after, msn, part, skip)| Asked { after, msn, part, skip })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Neither too early nor too late, and never with less than was asked for.
    #[test]
    fn trap_22_each_request_is_answered_by_the_first_list_that_has_it(
        lengths in prop::collection::vec(1..6_i64, 3..12),
        requests in prop::collection::vec(asked(), 1..20),
    ) {
        let mut origin = Origin::new(low_latency(), names());
        let mut camera = camera();
        origin.push(&camera.init(), camera.now());
        let mut waiting: Vec<(Wait, u64, Option<u64>)> = Vec::new();
        let mut step = 0;
        for parts in lengths {
            for output in camera.segment(parts * 500) {
                origin.push(&output, camera.now());
                let list = origin.window().numbers().next().map(|_| List::read(&text(&ready(ask(&origin, "")).body)));
                waiting.retain(|(wait, msn, part)| match origin.retry(wait, NOON) {
                    Answer::Ready(answer) => {
                        assert!(list.as_ref().unwrap().has(*msn, *part), "too early: {msn} {part:?}");
                        let answered = List::read(&text(&answer.body));
                        assert_eq!(answered.last(), list.as_ref().unwrap().last());
                        false
                    }
                    Answer::Wait(_) => {
                        assert!(list.as_ref().is_none_or(|list| !list.has(*msn, *part)), "too late: {msn} {part:?}");
                        true
                    }
                    other => panic!("{other:?}"),
                });
                for asked in requests.iter().filter(|asked| asked.after == step) {
                    let Some(list) = &list else { continue };
                    let msn = list.last().0.saturating_add_signed(asked.msn);
                    let part = asked.part.map(|part| format!("&_HLS_part={part}")).unwrap_or_default();
                    let skip = if asked.skip { "&_HLS_skip=YES" } else { "" };
                    match ask(&origin, &format!("_HLS_msn={msn}{part}{skip}")) {
                        Answer::Ready(_) => assert!(list.has(msn, asked.part), "{msn} {:?}", asked.part),
                        Answer::Wait(wait) => {
                            assert!(!list.has(msn, asked.part), "{msn} {:?}", asked.part);
                            waiting.push((wait, msn, asked.part));
                        }
                        Answer::BadRequest(_) => assert!(asked.msn > 0 || asked.part.is_some_and(|part| part > 5)),
                        other => panic!("{other:?}"),
                    }
                }
                step += 1;
            }
        }
    }

    #[test]
    fn no_request_is_too_strange(
        path in "(video|audio|index|5f2a)?[_0-9p]{0,8}(init)?[0-9]{0,21}[.](m3u8|mpd|m4s|mp4|ts)",
        query in prop::option::of("((_HLS_(msn|part|skip)=?[0-9YESv]{0,22})&?){0,4}"),
        range in prop::option::of("(bytes)?=?[0-9]{0,22}-?[0-9]{0,22}"),
    ) {
        let (origin, _) = origin(low_latency());
        let request = Request { path: &path, query: query.as_deref(), range: range.as_deref() };
        if let Answer::Wait(wait) = origin.request(&request, Moment::from_nanos(i64::MAX)) {
            drop(origin.retry(&wait, Moment::from_nanos(i64::MAX)));
        }
    }
}
