//! Traps of packagers, by their numbers.

use media_core::codec::{self, vp9};
use media_core::playlist::presentation::dash::{self, Addressing};
use media_core::playlist::presentation::{
    Container, Files, Presentation, Rendition, Segment, Template, Type, hls,
};
use media_core::time::Timestamp;
use media_core::track::Track;

use crate::model::{add, ladder, many, pictures, ranges, segments, sound};

/// ISO/IEC 14496-12 8.16.3, the manifest's side: `indexRange` is exactly the index, and what is listed beside it has the sums of its
/// durations. An index that is not there is an error, not a guess.
#[test]
fn trap_08_index_range_is_the_index() {
    let mut presentation = Presentation::new(Type::Vod);
    let files = Files::One { name: "v.mp4".to_owned(), header: 0..900, index: None };
    let rendition = Rendition::new("video", Container::Fmp4);
    let id = add(&mut presentation, rendition, &[pictures(640, 360)], files, ranges(&[(90_001, 5), (7, 5)]));
    let mut without = presentation.clone();
    without.finish();
    assert!(matches!(dash::mpd(&without, Addressing::Index), Err(dash::Error::Addressing { .. })));
    presentation.index(id, 900..1000).unwrap();
    presentation.finish();
    let text = dash::mpd(&presentation, Addressing::Index).unwrap();
    assert!(text.contains("indexRange=\"900-999\"") && text.contains("range=\"0-899\""), "{text}");
    // 90008 ticks of 90 kHz.
    assert!(text.contains("mediaPresentationDuration=\"PT1.000089S\""), "{text}");
}

/// RFC 8216bis 4.4.6.2: BANDWIDTH is the peak of the variant with the largest sound of its group, AVERAGE-BANDWIDTH likewise.
#[test]
fn trap_16_bandwidth_is_the_peak_with_the_largest_sound() {
    let text = hls::multivariant(&ladder()).unwrap();
    // Pictures: 50000 or 200000 bytes in 2 s at most, 87500 or 350000 in 5 s. German: 48000 bytes in 143744 samples at most, 80000 in 5 s, less
    // a nanosecond of rounding.
    let expected = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"english.m3u8\"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"de\",LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"german.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH=328228,AVERAGE-BANDWIDTH=268001,CODECS=\"vp09.00.11.08,mp4a.40.2\",RESOLUTION=320x180,FRAME-RATE=25.000,AUDIO=\"audio\"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=928228,AVERAGE-BANDWIDTH=688001,CODECS=\"vp09.00.21.08,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO=\"audio\"
high.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,AVERAGE-BANDWIDTH=2400,CODECS=\"vp09.00.11.08\",RESOLUTION=320x180,URI=\"low_iframes.m3u8\"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,AVERAGE-BANDWIDTH=2400,CODECS=\"vp09.00.21.08\",RESOLUTION=640x360,URI=\"high_iframes.m3u8\"
";
    assert_eq!(text, expected);
}

/// The same rates in one language are groups of their own, since a player may take any member of a group.
#[test]
fn trap_16_rates_of_sound_are_groups() {
    let mut presentation = Presentation::new(Type::Vod);
    add(
        &mut presentation,
        Rendition::new("v", Container::Fmp4),
        &[pictures(320, 180)],
        many("v"),
        segments(&[(180_000, 1000)]),
    );
    for (name, bytes) in [("small", 2000), ("large", 30_000)] {
        let rendition = Rendition::new(name, Container::Fmp4);
        add(&mut presentation, rendition, &[sound()], many(name), segments(&[(96_000, bytes)]));
    }
    let text = hls::multivariant(&presentation).unwrap();
    assert!(
        text.contains("GROUP-ID=\"audio\",NAME=\"Audio 1\"") && text.contains("GROUP-ID=\"audio2\""),
        "{text}"
    );
    assert!(text.contains("BANDWIDTH=12000,") && text.contains("BANDWIDTH=124000,"), "{text}");
    assert_eq!(text.matches("v.m3u8").count(), 2);
}

/// The peak is that of any contiguous set of segments (RFC 8216bis 4.4.6.2): a discontinuity takes no time, both its sides are fetched together.
#[test]
fn trap_16_peak_goes_over_a_discontinuity() {
    let mut presentation = Presentation::new(Type::Vod);
    let rendition = Rendition::new("v", Container::Fmp4);
    let before = segments(&[(180_000, 1000), (45_000, 100_000)]);
    let id = add(&mut presentation, rendition, &[pictures(320, 180)], many("v"), before);
    presentation.begin(id, &[pictures(320, 180)], many("w")).unwrap();
    for segment in segments(&[(45_000, 100_000), (180_000, 1000)]) {
        presentation.push(id, segment).unwrap();
    }
    // 200000 bytes in the second around it, half of the target duration.
    let text = hls::multivariant(&presentation).unwrap();
    assert!(text.contains("#EXT-X-STREAM-INF:BANDWIDTH=1600000,"), "{text}");
}

/// RFC 8216bis 4.4.6.2: FRAME-RATE is the highest of all the video in a variant, and all of it is to fit into RESOLUTION.
#[test]
fn variant_tells_the_most_of_all_its_pictures() {
    let mut presentation = Presentation::new(Type::Vod);
    let rendition = Rendition::new("v", Container::Fmp4);
    let id = add(&mut presentation, rendition, &[pictures(320, 180)], many("v"), segments(&[(180_000, 9)]));
    let config = vp9::Config::from_parts(vp9::Parts::new(640, 360)).unwrap().with_frame_rate(50, 1);
    let larger = Track { codec: codec::Config::Vp9(config), ..pictures(320, 180) };
    presentation.begin(id, &[larger], many("w")).unwrap();
    segments(&[(180_000, 9)]).into_iter().for_each(|segment| presentation.push(id, segment).unwrap());
    let text = hls::multivariant(&presentation).unwrap();
    assert!(text.contains("RESOLUTION=640x360,FRAME-RATE=50.000\n"), "{text}");
    assert!(text.contains("CODECS=\"vp09.00.11.08,vp09.00.30.08\",RESOLUTION=640x360,URI"), "{text}");
}

/// No rate is below 1 or beyond the 32 bits that an MPD has.
#[test]
fn trap_16_bandwidth_has_bounds() {
    for (bytes, expected) in [(0, "bandwidth=\"1\""), (u64::MAX / 2, "bandwidth=\"4294967295\"")] {
        let mut presentation = Presentation::new(Type::Vod);
        let rendition = Rendition::new("v", Container::Fmp4);
        let segments = vec![Segment::new(Timestamp::ZERO, 90_000, 0..bytes)];
        add(&mut presentation, rendition, &[pictures(320, 180)], many("v"), segments);
        presentation.finish();
        let text = dash::mpd(&presentation, Addressing::Timeline).unwrap();
        assert!(text.contains(expected), "{text}");
    }
}

/// RFC 8216bis 4.4.3.1, 6.2.4: every EXTINF rounds to at most EXT-X-TARGETDURATION, which all playlists share.
#[test]
fn trap_17_target_duration_is_the_same_in_all_playlists() {
    let mut presentation = Presentation::new(Type::Vod);
    let mut ids = Vec::new();
    for (name, spans) in [("a", vec![(180_000, 9), (584_999, 9)]), ("b", vec![(180_000, 9)])] {
        let rendition = Rendition::new(name, Container::Fmp4);
        ids.push(add(&mut presentation, rendition, &[pictures(320, 180)], many(name), segments(&spans)));
    }
    for id in ids {
        for text in [hls::media_playlist(&presentation, id), hls::iframe_playlist(&presentation, id)] {
            // 6.49999 s rounds to 6.
            assert!(text.unwrap().contains("#EXT-X-TARGETDURATION:6\n"));
        }
    }
}

/// RFC 8216bis 8, 4.4.3.6, 4.4.4.5: the version is that of the features, an I-frame list has its map, and a range begins where a player can.
#[test]
fn trap_23_version_and_maps_follow_from_what_is_used() {
    let version = |container, files, tracks: &[Track]| {
        let mut presentation = Presentation::new(Type::Vod);
        let id =
            add(&mut presentation, Rendition::new("v", container), tracks, files, segments(&[(90_000, 600)]));
        let of = |text: String| text.split("VERSION:").nth(1).unwrap().lines().next().unwrap().to_owned();
        let media = hls::media_playlist(&presentation, id).map(of);
        let iframes = hls::iframe_playlist(&presentation, id);
        let map = iframes.as_ref().is_some_and(|text| text.contains("#EXT-X-MAP:"));
        (media, iframes.map(of), map)
    };
    let some = |text: &str| Some(text.to_owned());
    let ts = Files::Many { header: None, names: Template::numbered("v", ".ts") };
    let one = Files::One { name: "v.ts".to_owned(), header: 0..0, index: None };
    let pictures = [pictures(320, 180)];
    assert_eq!(version(Container::Fmp4, many("v"), &pictures), (some("6"), some("5"), true));
    assert_eq!(version(Container::MpegTs, ts.clone(), &pictures), (some("3"), some("4"), false));
    assert_eq!(version(Container::MpegTs, one, &pictures), (some("4"), some("4"), false));
    assert_eq!(version(Container::PackedAudio, ts, &[sound()]).0, some("3"));
    assert_eq!(version(Container::Webm, many("v"), &pictures).0, None);
}

/// ISO/IEC 23009-1 5.3.9.6: `S@t` lies on the media time line, `presentationTimeOffset` is where it begins, `@r` only where exact.
#[test]
fn trap_24_timeline_is_the_medias_own() {
    let mut presentation = Presentation::new(Type::Vod);
    let rendition = Rendition::new("v", Container::Fmp4);
    let mut all = segments(&[(180_000, 9), (180_000, 9), (180_001, 9), (180_000, 9)]);
    all.iter_mut().for_each(|segment| segment.start = Timestamp::new(segment.start.ticks() + 12_345));
    add(&mut presentation, rendition, &[pictures(320, 180)], many("v"), all);
    presentation.finish();
    let text = dash::mpd(&presentation, Addressing::Timeline).unwrap();
    assert!(text.contains("presentationTimeOffset=\"12345\""), "{text}");
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| line.starts_with("<S ")).collect();
    assert_eq!(lines, ["<S t=\"12345\" d=\"180000\" r=\"1\"/>", "<S d=\"180001\"/>", "<S d=\"180000\"/>"]);
}

/// ISO/IEC 14496-12 8.6.6, 23009-1 5.3.9.6: what the encoder put before the sound is not shown in any Period, its pictures begin with the Period.
#[test]
fn trap_05_priming_is_before_each_period() {
    let mut presentation = Presentation::new(Type::Vod);
    let (video, audio) = (pictures(320, 180), Track { priming: 1024, ..sound() });
    let ids = ["v", "a"].map(|name| presentation.add(Rendition::new(name, Container::Fmp4)).unwrap());
    for second in [10, 20] {
        presentation.begin(ids[0], std::slice::from_ref(&video), many("v")).unwrap();
        presentation.push(ids[0], Segment::new(Timestamp::new(second * 90_000), 180_000, 0..9)).unwrap();
        presentation.begin(ids[1], std::slice::from_ref(&audio), many("a")).unwrap();
        presentation
            .push(ids[1], Segment::new(Timestamp::new(second * 48_000 - 1024), 97_280, 0..9))
            .unwrap();
    }
    presentation.finish();
    let text = dash::mpd(&presentation, Addressing::Timeline).unwrap();
    let offsets = text.split("presentationTimeOffset=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    assert_eq!(offsets.collect::<Vec<_>>(), ["900000", "480000", "1800000", "960000"]);
}

/// The same clause: one duration for all only where every start is right within half of it.
#[test]
fn trap_24_one_duration_only_where_it_holds() {
    let template = |spans: &[(u64, u64)]| {
        let mut presentation = Presentation::new(Type::Vod);
        let rendition = Rendition::new("v", Container::Fmp4);
        add(&mut presentation, rendition, &[pictures(320, 180)], many("v"), segments(spans));
        presentation.finish();
        dash::mpd(&presentation, Addressing::Duration)
    };
    let text = template(&[(180_000, 9), (180_000, 9), (9, 9)]).unwrap();
    assert!(text.contains("duration=\"180000\"/>") && !text.contains("SegmentTimeline"), "{text}");
    // Sound that is cut now before, now after two seconds: the first is right for all others.
    assert!(template(&[(180_480, 9), (178_560, 9), (180_480, 9), (178_560, 9)]).is_ok());
    assert_eq!(
        template(&[(180_000, 9), (900_000, 9), (180_000, 9), (180_000, 9)]),
        Err(dash::Error::Uneven { id: "v".to_owned(), index: 1, duration: 420_000 })
    );
}
