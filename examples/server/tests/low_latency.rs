//! Low latency: parts are listed and sent as they come, lists are answered when there is something new, and a browser plays it.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use support::ffmpeg::probe;
use support::http::Answer;
use support::server::Server;
use support::viewer::{Report, Viewer};
use support::wait_for;

const LOW: &str = "hlsVariant: lowLatency";
const ALL: &str = "hlsVariant: lowLatency\nhlsSegmentCount: 1000";

/// A camera that has `segments` segments.
fn demo(keys: &str, segments: u64) -> Server {
    let server = Server::start_with(keys, &[("demo", "source: pattern")]);
    server.wait_for_segments("demo", segments);
    server
}

/// What a media playlist with parts says.
#[derive(Debug, Default)]
struct List {
    first: u64,
    /// Whole segments: their names, and the names of their parts where those are listed.
    whole: Vec<(String, Vec<String>)>,
    /// The parts of the one that grows.
    growing: Vec<String>,
    hint: Option<String>,
    skipped: usize,
}

impl List {
    fn parse(text: &str) -> Self {
        let mut list = Self::default();
        let quoted = |text: &str| {
            text.split("URI=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a URI").to_owned()
        };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-MEDIA-SEQUENCE" => list.first = value.parse().expect("a number"),
                "#EXT-X-PART" => list.growing.push(quoted(value)),
                "#EXT-X-PRELOAD-HINT" => list.hint = Some(quoted(value)),
                "#EXT-X-SKIP" => {
                    let count = value.split("SKIPPED-SEGMENTS=").nth(1).expect("a count");
                    list.skipped = count.split(',').next().expect("a count").parse().expect("a number");
                }
                _ if line.starts_with('#') => {}
                _ => list.whole.push((line.to_owned(), std::mem::take(&mut list.growing))),
            }
        }
        list
    }

    /// The number of the segment that comes next or grows.
    fn next(&self) -> u64 {
        self.first + (self.skipped + self.whole.len()) as u64
    }

    /// The end of it: a segment, and how many parts of it there are.
    fn end(&self) -> (u64, usize) {
        (self.next(), self.growing.len())
    }
}

fn get(server: &Server, file: &str) -> Answer {
    let answer = server.get(&format!("/demo/{file}"));
    assert_eq!(answer.status, 200, "{file}: {}", answer.text());
    answer
}

#[test]
fn the_list_names_parts_and_what_the_server_can_do() {
    let server = demo(LOW, 4);
    assert_eq!(server.state("demo")["hlsVariant"], "lowLatency");
    for file in ["video1.m3u8", "audio2.m3u8"] {
        let answer = get(&server, file);
        assert_eq!(answer.header("content-type"), Some("application/vnd.apple.mpegurl"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        let text = answer.text();
        let control =
            text.lines().find(|line| line.starts_with("#EXT-X-SERVER-CONTROL:")).expect("it is told");
        for word in ["CAN-BLOCK-RELOAD=YES", "CAN-SKIP-UNTIL=", "PART-HOLD-BACK="] {
            assert!(control.contains(word), "{file}: {control}");
        }
        // Five pictures of 25 a second, and what AAC needs not to be longer.
        assert!(text.contains("#EXT-X-PART-INF:PART-TARGET=0.2"), "{text}");
        let list = List::parse(&text);
        assert!(list.hint.is_some(), "{text}");
        assert!(list.whole.iter().any(|(_, parts)| parts.len() >= 4), "{text}");
    }
}

#[test]
fn parts_are_the_segment() {
    let server = demo(LOW, 4);
    for file in ["video1.m3u8", "audio2.m3u8"] {
        let list = List::parse(&get(&server, file).text());
        let (segment, parts) = list.whole.iter().rev().find(|(_, parts)| !parts.is_empty()).expect("listed");
        let bytes: Vec<u8> = parts.iter().flat_map(|part| get(&server, part).body).collect();
        assert_eq!(get(&server, segment).body, bytes, "{segment}");
    }
}

#[test]
fn a_list_is_answered_when_it_has_the_part_that_is_asked_for() {
    let server = demo(LOW, 2);
    let mut waited = Duration::ZERO;
    for _ in 0..10 {
        let before = List::parse(&get(&server, "video1.m3u8").text());
        let (msn, part) = before.end();
        let began = std::time::Instant::now();
        let answer = get(&server, &format!("video1.m3u8?_HLS_msn={msn}&_HLS_part={part}"));
        waited += began.elapsed();
        // It cannot be told before it is there, and the list before did not have it.
        let after = List::parse(&answer.text());
        let has = after.next() > msn || after.growing.len() > part;
        assert!(has, "asked for part {part} of {msn}:\n{}", answer.text());
        let cache = answer.header("cache-control").unwrap_or_default();
        assert!(cache.starts_with("public, max-age="), "{cache}");
    }
    assert!(waited > Duration::from_millis(500), "ten parts came in {waited:?}");
}

#[test]
fn what_is_hinted_can_be_asked_for_before_it_is_there() {
    let server = demo(LOW, 2);
    let hint = List::parse(&get(&server, "video1.m3u8").text()).hint.expect("there is one");
    let early = get(&server, &hint);
    assert!(!early.body.is_empty());
    assert_eq!(early.header("content-type"), Some("video/mp4"));
    let list = get(&server, "video1.m3u8").text();
    assert!(list.contains(&hint), "{hint} is not in\n{list}");
    assert_eq!(get(&server, &hint).body, early.body);
}

#[test]
fn a_segment_that_grows_is_sent_as_it_comes() {
    let server = demo(LOW, 2);
    let list = List::parse(&get(&server, "video1.m3u8").text());
    let (last, _) = list.whole.last().expect("a segment");
    let (stem, _) = last.rsplit_once('_').expect("a number behind it");
    let name = format!("{stem}_{}.m4s", list.next());
    let early = get(&server, &name);
    assert_eq!(early.header("content-length"), None, "nobody knows it yet");
    wait_for("the segment to be listed", || {
        get(&server, "video1.m3u8").text().contains(&format!("\n{name}")).then_some(())
    });
    let whole = get(&server, &name);
    assert_eq!(whole.header("content-length"), Some(whole.body.len().to_string().as_str()));
    assert_eq!(whole.body, early.body);
}

#[test]
fn a_delta_and_what_one_has_make_the_whole_list() {
    let server = demo(ALL, 16);
    let before = List::parse(&get(&server, "video1.m3u8").text());
    let delta = get(&server, "video1.m3u8?_HLS_skip=YES").text();
    let full = List::parse(&get(&server, "video1.m3u8").text());
    let delta = List::parse(&delta);
    assert!(delta.skipped > 0, "nothing was left out");
    assert_eq!(delta.first, before.first);
    let mut names: Vec<_> = before.whole[..delta.skipped].iter().map(|(name, _)| name.clone()).collect();
    names.extend(delta.whole.iter().map(|(name, _)| name.clone()));
    let full: Vec<_> = full.whole.iter().map(|(name, _)| name.clone()).collect();
    // A segment may have come since.
    assert_eq!(full[..names.len()], names);
    assert!(full.len() <= names.len() + 2);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let server = demo(LOW, 2);
    for query in ["_HLS_msn=100000", "_HLS_msn=100000&_HLS_part=0", "_HLS_part=1", "_HLS_msn=x"] {
        let answer = server.get(&format!("/demo/video1.m3u8?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(!answer.text().is_empty());
    }
    assert_eq!(server.get("/demo/video7.m3u8").status, 404);
    assert_eq!(server.get("/demo/index.mpd").status, 200);
}

#[test]
fn who_hangs_up_while_waiting_disturbs_nobody() {
    let server = demo(LOW, 2);
    for _ in 0..20 {
        let (msn, _) = List::parse(&get(&server, "video1.m3u8").text()).end();
        let address = server.url("").trim_start_matches("http://").to_owned();
        let mut connection = TcpStream::connect(&address).expect("it listens");
        write!(connection, "GET /demo/video1.m3u8?_HLS_msn={} HTTP/1.1\r\nHost: x\r\n\r\n", msn + 1)
            .expect("sent");
        connection.set_read_timeout(Some(Duration::from_millis(20))).expect("set");
        assert!(connection.read(&mut [0; 1]).is_err(), "answered at once");
    }
    assert_eq!(get(&server, "video1.m3u8").status, 200);
}

#[test]
fn waiting_players_do_not_hold_up_the_end() {
    let server = demo(LOW, 2);
    let (msn, _) = List::parse(&get(&server, "video1.m3u8").text()).end();
    let address = server.url("").trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).expect("it listens");
    write!(
        connection,
        "GET /demo/video1.m3u8?_HLS_msn={} HTTP/1.0\r\nHost: x\r\nUser-Agent: y\r\n\r\n",
        msn + 1
    )
    .expect("sent");
    // Who is not in yet is not waited for.
    wait_for("the server to know of both readers", || {
        (server.state("demo")["readers"].as_array()?.len() == 2).then_some(())
    });
    assert!(server.terminate().success());
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it is answered");
    assert!(answer.starts_with("HTTP/1.0 503") || answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[test]
fn ffmpeg_reads_all_variants() {
    need!(Ffmpeg);
    for keys in [LOW, "hlsVariant: mpegts"] {
        let server = demo(keys, 3);
        assert_eq!(probe(&server.url("/demo/index.m3u8")).len(), 2, "{keys}");
        assert_eq!(server.state("demo")["dash"], keys == LOW);
        let status = server.get("/demo/index.mpd").status;
        assert_eq!(status, if keys == LOW { 200 } else { 404 }, "{keys}");
    }
}

#[test]
fn a_browser_plays_it() {
    need!(Chromium);
    let server = demo(LOW, 3);
    for player in ["hls", "dash"] {
        let what = format!("low-latency-{player}");
        let url = server.url(&format!("/demo/?player={player}"));
        let mut stalls = Vec::new();
        while !played(&url, &what, &mut stalls) {
            // A machine so busy that a player ran dry says nothing of the stream.
            assert!(stalls.len() < 3, "{what}: three viewers ran dry: {stalls:#?}");
        }
    }
}

/// Whether ten seconds of it could be seen; if not, how playback stood is kept.
fn played(url: &str, what: &str, stalls: &mut Vec<Report>) -> bool {
    let mut viewer = Viewer::open(url, what);
    let begin = viewer.watch_until("the first picture", 30, |report| report.pictures > 0);
    for _ in 0..25 {
        let report = viewer.report();
        if report.ran_dry() {
            stalls.push(report);
            return false;
        }
        assert_eq!(report.errors, Vec::<String>::new(), "{what}");
        if report.position > begin.position + 10.0 {
            assert!(report.pictures - begin.pictures > 100, "{what}: {report:?}");
            viewer.close();
            return true;
        }
    }
    stalls.push(viewer.report());
    false
}
