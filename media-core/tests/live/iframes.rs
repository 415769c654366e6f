//! I-frame playlists of live streams.

use media_core::check::hls::{Checker, Set};
use media_core::origin::{Answer, Origin, Request};
use media_core::playlist::hls;
use media_core::playlist::{Config, Delivery, KeyPictures, Window};
use media_core::segment::{Format, Output};
use media_core::time::Moment;

use crate::stream::*;

fn config() -> Config {
    Config { delivery: Delivery::Files, key_pictures: KeyPictures::Listed, ..low_latency() }
}

/// Segments of 2 s, some without a key picture, a break and another configuration after five.
fn life() -> Vec<(Output, media_core::time::WallTime)> {
    let mut camera = camera();
    let mut outputs = vec![(camera.init(), camera.now())];
    for number in 0..40 {
        if number == 5 {
            camera.jump(3000);
            outputs.push((camera.init(), camera.now()));
        }
        let shape = Shape { millis: 2000, key: number % 7 != 3, gap: (number == 11).then_some(0) };
        outputs.push((camera.part(shape), camera.now()));
        outputs.push((camera.cut(), camera.now()));
    }
    outputs
}

/// RFC 8216bis 4.4.3.6, 4.4.6.3, section 8: ranges of segments, their map, numbers and dates as in the media playlist; 4.4.4.7: a gap where there is no
/// key picture.
#[test]
fn trap_23_key_pictures_are_listed_with_their_segments() {
    let mut window = Window::new(Config { size: 4, ..config() });
    life().into_iter().take(12).for_each(|(output, now)| window.push(&output, now));
    let text = hls::iframe_playlist(&window, id(1), &names()).unwrap();
    // Parts hold their track, segment, index and time: "<1 2 0 4000>".
    let expected = "\
#EXTM3U
#EXT-X-VERSION:8
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI=\"5f2a_1_init0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:02.000Z
#EXTINF:2.000000,
#EXT-X-BYTERANGE:12@0
5f2a_1_1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:04.000Z
#EXTINF:2.000000,
#EXT-X-BYTERANGE:12@0
5f2a_1_2.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:06.000Z
#EXTINF:2.000000,
#EXT-X-GAP
5f2a_1_3.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:08.000Z
#EXTINF:2.000000,
#EXT-X-BYTERANGE:12@0
5f2a_1_4.m4s
";
    assert_eq!(text, expected);
    let multivariant = hls::multivariant(&window, &names()).unwrap();
    // 12 bytes in 2 s.
    let expected = "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=48,AVERAGE-BANDWIDTH=48,CODECS=\"vp09.00.21.08\",RESOLUTION=640x360,\
        URI=\"iframes1.m3u8\"\n";
    assert!(multivariant.ends_with(expected), "{multivariant}");
    assert_eq!(hls::iframe_playlist(&window, id(2), &names()), None, "sound has none");
    assert_eq!(hls::iframe_playlist(&window, id(3), &names()), None);
}

#[test]
fn histories_of_key_pictures_break_nothing() {
    let mut window = Window::new(Config { size: 4, ..config() });
    let mut checkers = [Checker::new(), Checker::new()];
    for (output, now) in life() {
        window.push(&output, now);
        if window.last().is_none() {
            continue;
        }
        let texts =
            [hls::media_playlist(&window, id(1), &names()), hls::iframe_playlist(&window, id(1), &names())];
        let mut set = Set::new();
        for ((checker, text), name) in checkers.iter_mut().zip(texts).zip(["media", "iframes"]) {
            let text = text.unwrap();
            checker.push(&text);
            set.push_media(name, &text);
        }
        assert_eq!(set.finish().findings(), &[][..]);
    }
    let [media, iframes] = checkers.map(Checker::finish);
    assert_eq!((media.findings(), iframes.findings()), (&[][..], &[][..]));
}

/// A player that takes a range that is listed gets the key picture.
#[test]
fn ranges_of_key_pictures_are_answered() {
    let mut origin = Origin::new(config(), names());
    life().into_iter().take(9).for_each(|(output, now)| origin.push(&output, now));
    let now = Moment::from_nanos(0);
    let Answer::Ready(ready) = origin.request(&Request::new("iframes1.m3u8"), now) else { panic!("a list") };
    let text = String::from_utf8(ready.body.to_bytes().to_vec()).unwrap();
    assert_eq!(text, hls::iframe_playlist(origin.window(), id(1), &names()).unwrap());
    let range = Request { range: Some("bytes=0-11"), ..Request::new("5f2a_1_2.m4s") };
    let Answer::Ready(ready) = origin.request(&range, now) else { panic!("a picture") };
    assert_eq!(ready.body.to_bytes(), "<1 2 0 4000>");
    assert!(matches!(origin.request(&Request::new("iframes2.m3u8"), now), Answer::NotFound));
    let unlisted = Origin::new(Config { key_pictures: KeyPictures::Unlisted, ..config() }, names());
    assert!(matches!(unlisted.request(&Request::new("iframes1.m3u8"), now), Answer::Wait(_)));
}

/// Transport streams have their tables in the range, and no map.
#[test]
fn key_pictures_of_transport_streams_need_no_map() {
    let mut camera = Camera::new(vec![pictures(), sound(2, None)], Format::MpegTs);
    let mut window = Window::new(config());
    window.push(&camera.init(), camera.now());
    camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    let text = hls::iframe_playlist(&window, id(1), &names()).unwrap();
    assert!(text.starts_with("#EXTM3U\n#EXT-X-VERSION:4\n") && !text.contains("MAP"), "{text}");
    assert!(text.ends_with("#EXTINF:2.000000,\n#EXT-X-BYTERANGE:9@0\n5f2a_1_0.ts\n"), "{text}");
}
