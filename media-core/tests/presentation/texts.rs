//! Whole texts.

use media_core::playlist::presentation::dash::{self, Addressing};
use media_core::playlist::presentation::{
    Container, Files, Images, Presentation, Purpose, Rendition, RenditionId, Role, Segment, Template, Type,
    hls, webm_dash,
};
use media_core::time::{Timestamp, WallTime};

use crate::model::{add, bright, ladder, many, pictures, ranges, segments, sound};

fn named(presentation: &Presentation, name: &str) -> RenditionId {
    presentation.renditions().find(|(_, rendition)| rendition.id == name).unwrap().0
}

#[test]
fn media_playlist_of_files() {
    let presentation = ladder();
    let expected = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI=\"english_init.mp4\"
#EXTINF:2.005333,
english_1.m4s
#EXTINF:2.005334,
english_2.m4s
#EXTINF:0.989333,
english_3.m4s
#EXT-X-ENDLIST
";
    assert_eq!(hls::media_playlist(&presentation, named(&presentation, "english")).unwrap(), expected);
}

#[test]
fn media_and_iframe_playlist_of_one_file() {
    let mut presentation = Presentation::new(Type::Vod);
    let files = Files::One { name: "all.mp4".to_owned(), header: 0..900, index: Some(900..1000) };
    let spans = [(180_000, 60_000), (180_000, 70_000)];
    let rendition = Rendition::new("video", Container::Fmp4);
    let id = add(&mut presentation, rendition, &[pictures(640, 360)], files, ranges(&spans));
    let head = |version: u32, only: &str| {
        format!(
            "#EXTM3U\n#EXT-X-VERSION:{version}\n{}#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n\
             #EXT-X-PLAYLIST-TYPE:VOD\n{only}#EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"900@0\"\n",
            if only.is_empty() { "#EXT-X-INDEPENDENT-SEGMENTS\n" } else { "" }
        )
    };
    let growing = "#EXTINF:2.000000,\n#EXT-X-BYTERANGE:60000@1000\nall.mp4\n\
                   #EXTINF:2.000000,\n#EXT-X-BYTERANGE:70000@61000\nall.mp4\n";
    assert_eq!(hls::media_playlist(&presentation, id).unwrap(), head(6, "") + growing);
    presentation.finish();
    let iframes = "#EXTINF:2.000000,\n#EXT-X-BYTERANGE:500@1000\nall.mp4\n\
                   #EXTINF:2.000000,\n#EXT-X-BYTERANGE:500@61000\nall.mp4\n#EXT-X-ENDLIST\n";
    let expected = head(5, "#EXT-X-I-FRAMES-ONLY\n") + iframes;
    assert_eq!(hls::iframe_playlist(&presentation, id).unwrap(), expected);
}

#[test]
fn another_stretch_is_a_discontinuity_and_a_period() {
    let mut presentation = Presentation::new(Type::Vod);
    let spans = [(180_000, 60_000)];
    let rendition = Rendition::new("video", Container::Fmp4);
    let id = add(&mut presentation, rendition, &[pictures(640, 360)], many("a"), segments(&spans));
    presentation.begin(id, &[pictures(320, 180)], many("b")).unwrap();
    presentation.push(id, Segment::new(Timestamp::new(900_000), 90_000, 0..1000)).unwrap();
    presentation.finish();
    let playlist = hls::media_playlist(&presentation, id).unwrap();
    assert!(
        playlist.ends_with(
            "a_1.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"b_init.mp4\"\n#EXTINF:1.000000,\nb_1.m4s\n#EXT-X-ENDLIST\n"
        ),
        "{playlist}"
    );
    let manifest = dash::mpd(&presentation, Addressing::Timeline).unwrap();
    assert!(manifest.contains("mediaPresentationDuration=\"PT3S\""), "{manifest}");
    assert!(manifest.contains("<Period id=\"1\" start=\"PT2S\" duration=\"PT1S\">"), "{manifest}");
    assert!(manifest.contains("presentationTimeOffset=\"900000\""), "{manifest}");
}

#[test]
fn an_event_grows_and_keeps_its_target_duration() {
    let mut presentation = Presentation::new(Type::Event { target_duration: 4 });
    let rendition = Rendition::new("video", Container::MpegTs);
    let files = Files::Many { header: None, names: Template::numbered("v", ".ts") };
    let tracks = [pictures(640, 360), sound()];
    let id = add(&mut presentation, rendition, &tracks, files, segments(&[(180_000, 60_000)]));
    let expected = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n\
                    #EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF:2.000000,\nv1.ts\n";
    assert_eq!(hls::media_playlist(&presentation, id).unwrap(), expected);
    // 4.5 s is 5 to the nearest second.
    assert!(presentation.push(id, Segment::new(Timestamp::new(180_000), 405_000, 0..9)).is_err());
    presentation.push(id, Segment::new(Timestamp::new(180_000), 404_999, 0..9)).unwrap();
    presentation.finish();
    assert!(presentation.push(id, Segment::new(Timestamp::new(900_000), 1, 0..9)).is_err());
    let text = hls::media_playlist(&presentation, id).unwrap();
    assert!(text.starts_with(expected) && text.ends_with("v2.ts\n#EXT-X-ENDLIST\n"), "{text}");
}

#[test]
fn manifest_of_files() {
    let presentation = ladder();
    let video = |name: &str, bandwidth: u64, width: u32, height: u32, level: u32| {
        format!(
            "      <Representation id=\"{name}\" bandwidth=\"{bandwidth}\" codecs=\"vp09.00.{level}.08\" width=\"{width}\" \
             height=\"{height}\" sar=\"1:1\" frameRate=\"25\">
        <SegmentTemplate timescale=\"90000\" startNumber=\"1\" initialization=\"{name}_init.mp4\" media=\"{name}_$Number$.m4s\">
          <SegmentTimeline>
            <S t=\"0\" d=\"180000\" r=\"1\"/>
            <S d=\"90000\"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
"
        )
    };
    let audio = |set: u32, name: &str, language: &str, bandwidth: u64| {
        format!(
            "    <AdaptationSet id=\"{set}\" contentType=\"audio\" mimeType=\"audio/mp4\" lang=\"{language}\" segmentAlignment=\"true\" \
             startWithSAP=\"1\">
      <Representation id=\"{name}\" bandwidth=\"{bandwidth}\" codecs=\"mp4a.40.2\" audioSamplingRate=\"48000\">
        <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"2\"/>
        <SegmentTemplate timescale=\"48000\" startNumber=\"1\" initialization=\"{name}_init.mp4\" media=\"{name}_$Number$.m4s\">
          <SegmentTimeline>
            <S t=\"0\" d=\"96256\" r=\"1\"/>
            <S d=\"47488\"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
"
        )
    };
    // Peaks: 50000 and 200000 bytes in 2 s; 45000 and 48000 bytes in 96256 and 47488 samples, which is just below one and a half target durations.
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT5S\" minBufferTime=\"PT2.005333S\" maxSegmentDuration=\"PT2.005333S\">
  <Period id=\"0\" start=\"PT0S\" duration=\"PT5S\">
    <AdaptationSet id=\"0\" contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">
{}{}    </AdaptationSet>
{}{}  </Period>
</MPD>
",
        video("low", 200_000, 320, 180, 11),
        video("high", 800_000, 640, 360, 21),
        audio(1, "english", "en", 120_214),
        audio(2, "german", "de", 128_228),
    );
    assert_eq!(dash::mpd(&presentation, Addressing::Timeline).unwrap(), expected);
}

#[test]
fn lists_and_indices_of_one_file() {
    let mut presentation = Presentation::new(Type::Vod);
    let files = Files::One { name: "v.mp4".to_owned(), header: 0..900, index: None };
    let rendition = Rendition::new("video", Container::Fmp4);
    let spans = [(180_000, 60_000), (90_000, 30_000)];
    let id = add(&mut presentation, rendition, &[pictures(640, 360)], files, ranges(&spans));
    assert_eq!(dash::mpd(&presentation, Addressing::List), Err(dash::Error::Growing));
    presentation.index(id, 900..1000).unwrap();
    presentation.finish();
    let place = |text: String| text.split("frameRate=\"25\">\n").nth(1).unwrap().to_owned();
    let list = dash::mpd(&presentation, Addressing::List).unwrap();
    assert!(list.contains("profiles=\"urn:mpeg:dash:profile:isoff-main:2011\""));
    assert!(place(list).starts_with(
        "        <BaseURL>v.mp4</BaseURL>
        <SegmentList timescale=\"90000\">
          <Initialization range=\"0-899\"/>
          <SegmentTimeline>
            <S t=\"0\" d=\"180000\"/>
            <S d=\"90000\"/>
          </SegmentTimeline>
          <SegmentURL mediaRange=\"1000-60999\"/>
          <SegmentURL mediaRange=\"61000-90999\"/>
        </SegmentList>
"
    ));
    let index = dash::mpd(&presentation, Addressing::Index).unwrap();
    assert!(index.contains("profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\""));
    assert!(index.contains("subsegmentAlignment=\"true\" subsegmentStartsWithSAP=\"1\""));
    assert!(place(index).starts_with(
        "        <BaseURL>v.mp4</BaseURL>
        <SegmentBase indexRange=\"900-999\" indexRangeExact=\"true\" timescale=\"90000\">
          <Initialization range=\"0-899\"/>
        </SegmentBase>
"
    ));
    assert!(matches!(
        dash::mpd(&presentation, Addressing::Timeline),
        Err(dash::Error::Addressing { addressing: Addressing::Timeline, .. })
    ));
}

#[test]
fn sets_for_trick_modes_images_roles_and_high_dynamic_range() {
    let mut presentation = Presentation::new(Type::Vod);
    let spans = [(180_000, 60_000), (180_000, 60_000)];
    let video = Rendition::new("video", Container::Fmp4);
    add(&mut presentation, video, &[bright()], many("video"), segments(&spans));
    let mut trick = Rendition::new("trick", Container::Fmp4);
    trick.purpose = Purpose::Trick;
    add(&mut presentation, trick, &[bright()], many("trick"), segments(&spans));
    let mut told = Rendition::new("told", Container::Fmp4);
    told.label = Some("Told & \"shown\"".to_owned());
    told.roles = vec![Role::Description];
    add(&mut presentation, told, &[sound()], many("told"), segments(&[(192_000, 60_000)]));
    let images = Images {
        id: "tiles".to_owned(),
        mime: "image/jpeg".to_owned(),
        names: Template::numbered("tiles_", ".jpg"),
        width: 1600,
        height: 900,
        columns: 10,
        rows: 10,
        duration: 100_000_000_000,
        bytes: 125_000,
    };
    presentation.add_images(images).unwrap();
    presentation.finish();
    let text = dash::mpd(&presentation, Addressing::Timeline).unwrap();
    for expected in [
        "<EssentialProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:ColourPrimaries\" value=\"9\"/>",
        "<EssentialProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:TransferCharacteristics\" value=\"16\"/>",
        "<EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/trickmode\" value=\"0\"/>",
        "<Label>Told &amp; &quot;shown&quot;</Label>",
        "<Accessibility schemeIdUri=\"urn:tva:metadata:cs:AudioPurposeCS:2007\" value=\"1\"/>\n      \
         <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"description\"/>",
        "<AdaptationSet id=\"3\" contentType=\"image\" mimeType=\"image/jpeg\">
      <SegmentTemplate timescale=\"1000\" duration=\"100000\" startNumber=\"1\" media=\"tiles_$Number$.jpg\"/>
      <Representation id=\"tiles\" bandwidth=\"10000\" width=\"1600\" height=\"900\">
        <EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/thumbnail_tile\" value=\"10x10\"/>",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let text = hls::multivariant(&presentation).unwrap();
    assert!(text.contains("NAME=\"Told & shown\",DEFAULT=YES,AUTOSELECT=YES,CHARACTERISTICS=\"public.accessibility.describes-video\""));
    assert!(
        text.contains(",VIDEO-RANGE=PQ,AUDIO=\"audio\"\nvideo.m3u8\n") && !text.contains("trick"),
        "{text}"
    );
}

/// ISO/IEC 23009-1 5.3.9.2: what a chunk says of its time is counted from the start of the Period only where that is said to be zero.
#[test]
fn webm_chunks_tell_where_their_line_begins() {
    let chunks = |start: i64| {
        let mut presentation = Presentation::new(Type::Vod);
        let names = Template::numbered("v_", ".chk");
        let files = Files::Many { header: Some("v.hdr".to_owned()), names };
        let segment = Segment::new(Timestamp::new(start), 180_000, 0..50_000);
        add(
            &mut presentation,
            Rendition::new("v", Container::Webm),
            &[pictures(320, 180)],
            files,
            vec![segment],
        );
        let live = webm_dash::Live {
            start: WallTime::from_nanos(0),
            chunk_duration: 2_000_000_000,
            time_shift_buffer_depth: None,
            minimum_update_period: None,
        };
        webm_dash::live(&presentation, &live).unwrap()
    };
    let text = chunks(900_045);
    assert!(
        text.contains(" duration=\"2000\" presentationTimeOffset=\"10001\" media=\"v_$Number$.chk\""),
        "{text}"
    );
    assert!(!chunks(0).contains("presentationTimeOffset"));
}

/// ffmpeg's form has one Period: what goes on behind a break is not left out without a word.
#[test]
fn a_break_has_no_place_in_webm_dash() {
    let mut presentation = Presentation::new(Type::Vod);
    let files = |name: &str| Files::One { name: format!("{name}.webm"), header: 0..77, index: Some(77..99) };
    let rendition = Rendition::new("v", Container::Webm);
    let spans = ranges(&[(180_000, 60_000)]);
    let id = add(&mut presentation, rendition, &[pictures(320, 180)], files("a"), spans.clone());
    let mut whole = presentation.clone();
    whole.finish();
    assert!(webm_dash::on_demand(&whole).is_ok());
    presentation.begin(id, &[pictures(320, 180)], files("b")).unwrap();
    spans.into_iter().for_each(|segment| presentation.push(id, segment).unwrap());
    presentation.finish();
    let broken = Err(dash::Error::Broken { id: "v".to_owned(), stretches: 2 });
    assert_eq!(webm_dash::on_demand(&presentation), broken);
}

#[test]
fn names_that_would_need_escaping_are_refused() {
    let mut presentation = Presentation::new(Type::Vod);
    for name in ["", "a b", "a\"", "$Number$", "a\n", "\u{e9}"] {
        assert!(presentation.add(Rendition::new(name, Container::Fmp4)).is_err(), "{name}");
    }
    let id = presentation.add(Rendition::new("a", Container::Fmp4)).unwrap();
    assert!(presentation.add(Rendition::new("a", Container::Fmp4)).is_err());
    assert!(presentation.begin(id, &[sound()], many("a b")).is_err());
    assert!(presentation.begin(id, &[], many("a")).is_err());
    assert!(presentation.push(id, Segment::new(Timestamp::ZERO, 1, 0..1)).is_err());
}
