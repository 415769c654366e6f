//! The texts, whole. Times and durations are worked out by hand: 94 AAC frames of 1024 samples at 48 kHz are 2.005333 s. Measured
//! bit rates are taken from the segments' sizes, since these are the muxer's.

use media_core::playlist::{self, Config, Names, dash, hls};
use media_core::segment::{self, Output};
use media_core::time::WallTime;
use media_core::timeline;

use crate::stream::{
    Cutting, MORNING, SECOND, camera, complete, id, microphone, mixed, outputs, pictures, sound, tracks,
    window,
};

fn names() -> Names {
    Names::new("5f2a").unwrap().with_clock("/time?a&b")
}

fn config() -> segment::Config {
    segment::Config::new(2 * SECOND)
}

/// 8 s with sound missing from 4 s to 6 s, 12 s of nothing, another configuration, 3 s.
fn eventful() -> Cutting {
    let mut stream = vec![tracks([pictures(), sound()])];
    stream.extend(mixed(camera(0..8000, 2000).chain(microphone(0..4000)).chain(microphone(6000..8000))));
    stream.push(tracks([pictures(), sound()]));
    stream.extend(mixed(camera(20_000..23_000, 2000).chain(microphone(20_000..23_000))));
    Cutting::of(config(), stream)
}

fn plain(parts: impl IntoIterator<Item = (i64, timeline::Output)>) -> Cutting {
    Cutting::of(config(), [tracks([pictures()])].into_iter().chain(mixed(parts)))
}

/// Bits per second, rounded up, of a segment's bytes.
fn rate(bytes: u64, ticks: u64, hz: u64) -> u64 {
    (bytes * 8 * hz).div_ceil(ticks)
}

#[test]
fn media_playlist_of_pictures() {
    let (mut window, _) = window(&eventful(), Config::new(&config()), 0);
    let expected = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI=\"5f2a_1_init0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXTINF:2.000000,
5f2a_1_0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:02.000Z
#EXTINF:2.000000,
5f2a_1_1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:04.000Z
#EXTINF:2.000000,
5f2a_1_2.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:06.000Z
#EXTINF:2.000000,
5f2a_1_3.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"5f2a_1_init1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:20.000Z
#EXTINF:2.000000,
5f2a_1_4.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:22.000Z
#EXTINF:1.000000,
5f2a_1_5.m4s
";
    assert_eq!(hls::media_playlist(&window, id(1), &names()).unwrap(), expected);
    window.finish(WallTime::from_nanos(MORNING));
    let ended = hls::media_playlist(&window, id(1), &names()).unwrap();
    assert_eq!(ended, format!("{expected}#EXT-X-ENDLIST\n"));
}

#[test]
fn media_playlist_of_sound_with_a_gap() {
    let (window, _) = window(&eventful(), Config::new(&config()), 0);
    // Sound comes back with frame 282, at 6.016 s; frame 938, the first after the break, is at 20.010667 s.
    let expected = "\
#EXTM3U
#EXT-X-VERSION:8
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI=\"5f2a_2_init0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXTINF:2.005333,
5f2a_2_0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:02.005Z
#EXTINF:2.005334,
5f2a_2_1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:04.010Z
#EXTINF:1.989333,
#EXT-X-GAP
5f2a_2_2.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:06.016Z
#EXTINF:1.984000,
5f2a_2_3.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"5f2a_2_init1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:20.010Z
#EXTINF:2.005333,
5f2a_2_4.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:22.016Z
#EXTINF:1.002667,
5f2a_2_5.m4s
";
    assert_eq!(hls::media_playlist(&window, id(2), &names()).unwrap(), expected);
    assert_eq!(hls::media_playlist(&window, id(3), &names()), None);
}

#[test]
fn the_head_leaves_and_is_counted() {
    let small = Config { size: 2, target_duration: 1, ..Config::new(&config()) };
    let (window, _) = window(&eventful(), small, 0);
    let expected = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:1
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"5f2a_1_init1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:20.000Z
#EXTINF:2.000000,
5f2a_1_4.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:22.000Z
#EXTINF:1.000000,
5f2a_1_5.m4s
";
    assert_eq!(hls::media_playlist(&window, id(1), &names()).unwrap(), expected);
}

#[test]
fn what_left_the_list_expires_after_its_own_length_and_that_of_the_list() {
    let small = Config { size: 2, target_duration: 1, ..Config::new(&config()) };
    let mut stream = vec![tracks([pictures()])];
    stream.extend(mixed(camera(0..4000, 2000)));
    stream.push(tracks([pictures()]));
    stream.extend(mixed(camera(4000..16_000, 2000)));
    let all = Cutting::of(config(), stream);
    let mut window = playlist::Window::new(small);
    let mut expired = Vec::new();
    for output in outputs(&all) {
        window.push(&output, complete(&output, 0));
        expired.push(std::iter::from_fn(|| window.poll()).collect::<Vec<_>>());
    }
    // Lists are 4 s long. Cut 0 leaves with cut 2 and expires 4 + 2 s later, with cut 5.
    let cut = |number, generation| vec![playlist::Expired::Cut { number, generation }];
    let last = [cut(1, 0), vec![playlist::Expired::Init { generation: 0 }]].concat();
    let expected = [vec![], vec![], vec![], vec![], vec![], vec![], vec![], cut(0, 0), last, cut(2, 1)];
    assert_eq!(expired, expected);
}

#[test]
fn what_cannot_be_decoded_alone_is_not_said_to_be() {
    let all = plain(camera(0..6000, 6000));
    let (window, _) = window(&all, Config::new(&config()), 0);
    let text = hls::media_playlist(&window, id(1), &names()).unwrap();
    assert!(!text.contains("INDEPENDENT") && !dash::mpd(&window, &names()).unwrap().contains("startWithSAP"));
}

#[test]
fn a_track_that_a_generation_lacks_is_a_gap_in_it() {
    let mut stream = vec![tracks([pictures()])];
    stream.extend(mixed(camera(0..2000, 2000)));
    stream.push(tracks([pictures(), sound()]));
    stream.extend(mixed(camera(2000..4000, 2000).chain(microphone(2000..4000))));
    let (window, _) = window(&Cutting::of(config(), stream), Config::new(&config()), 0);
    let expected = "\
#EXTM3U
#EXT-X-VERSION:8
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z
#EXTINF:2.000000,
#EXT-X-GAP
5f2a_2_0.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"5f2a_2_init1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:02.005Z
#EXTINF:2.005334,
5f2a_2_1.m4s
";
    assert_eq!(hls::media_playlist(&window, id(2), &names()).unwrap(), expected);
}

/// A player that began with sound goes on asking for it; without an answer it would give up on the pictures too.
#[test]
fn a_track_that_is_gone_keeps_its_playlist() {
    let mut stream = vec![tracks([pictures(), sound()])];
    stream.extend(mixed(camera(0..2000, 2000).chain(microphone(0..2000))));
    stream.push(tracks([pictures()]));
    stream.extend(mixed(camera(2000..20_000, 2000)));
    let small = Config { size: 3, ..Config::new(&config()) };
    let (window, _) = window(&Cutting::of(config(), stream), small, 0);
    assert_eq!(window.tracks().len(), 1);
    assert!(window.known_tracks().iter().any(|track| track.id == id(2)));
    let text = hls::media_playlist(&window, id(2), &names()).unwrap();
    assert_eq!(text.matches("#EXT-X-GAP\n").count(), text.matches("#EXTINF").count(), "{text}");
    assert_eq!(window.numbers().count(), text.matches("#EXTINF").count());
}

#[test]
fn multivariant_of_pictures_and_sound() {
    let all = eventful();
    let (window, _) = window(&all, Config::new(&config()), 0);
    // The newest configuration is measured from its own segments: the first of 2 s and both together are long enough to count.
    let bytes: Vec<_> =
        all.cuts[4..].iter().map(|cut| [cut.segments[0].rope.len(), cut.segments[1].rope.len()]).collect();
    let video = [rate(bytes[0][0], 180_000, 90_000), rate(bytes[0][0] + bytes[1][0], 270_000, 90_000)];
    let audio = [rate(bytes[0][1], 94 * 1024, 48_000), rate(bytes[0][1] + bytes[1][1], 141 * 1024, 48_000)];
    let peak = video.iter().max().unwrap() + audio.iter().max().unwrap();
    let average = video[1] + audio[1];
    let expected = format!(
        "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio 1\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio2.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS=\"vp09.00.21.08,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO=\"audio\"
video1.m3u8
"
    );
    assert_eq!(hls::multivariant(&window, &names()).unwrap(), expected);
}

#[test]
fn multivariant_before_anything_is_measured() {
    let lone = |track| {
        let (window, _) = window(&Cutting::of(config(), [tracks([track])]), Config::new(&config()), 0);
        assert_eq!(dash::mpd(&window, &names()), None);
        hls::multivariant(&window, &names()).unwrap()
    };
    let pictures = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=4000000,AVERAGE-BANDWIDTH=4000000,CODECS=\"vp09.00.21.08\",RESOLUTION=640x360,FRAME-RATE=25.000
video1.m3u8
";
    assert_eq!(lone(self::pictures()), pictures);
    let sound = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=192000,AVERAGE-BANDWIDTH=192000,CODECS=\"mp4a.40.2\"
audio2.m3u8
";
    assert_eq!(lone(self::sound()), sound);
}

#[test]
fn manifest_with_a_gap_an_outage_and_another_configuration() {
    let all = eventful();
    // The first cut comes out 40 ms after its sound ended at 2.005333 s, so all is complete 40 ms after it was captured; less the
    // rounding of the test's clock to milliseconds.
    let (mut window, _) = window(&all, Config::new(&config()), 40_000_000);
    let bandwidth = |track| window.bandwidth(id(track)).unwrap().peak;
    let set = |period: &str, video: [&str; 3], audio: [&str; 3]| {
        let template = |track: u32, hz: u32, [offset, number, timeline]: [&str; 3], generation: &str| {
            format!(
                "        <SegmentTemplate timescale=\"{hz}\" presentationTimeOffset=\"{offset}\" startNumber=\"{number}\" \
                 initialization=\"5f2a_{track}_init{generation}.mp4\" media=\"5f2a_{track}_$Number$.m4s\">
          <SegmentTimeline>
{timeline}          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
"
            )
        };
        let generation = if period.contains("id=\"2\"") { "1" } else { "0" };
        format!(
            "  <Period {period}>
    <AdaptationSet id=\"1\" contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">
      <Representation id=\"1\" bandwidth=\"{}\" codecs=\"vp09.00.21.08\" width=\"640\" height=\"360\" frameRate=\"25\">
{}    <AdaptationSet id=\"2\" contentType=\"audio\" mimeType=\"audio/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">
      <Representation id=\"2\" bandwidth=\"{}\" codecs=\"mp4a.40.2\" audioSamplingRate=\"48000\">
        <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"2\"/>
{}  </Period>
",
            bandwidth(1),
            template(1, 90_000, video, generation),
            bandwidth(2),
            template(2, 48_000, audio, generation)
        )
    };
    let s = |attributes: &str| format!("            <S {attributes}/>\n");
    let periods = [
        set(
            "id=\"0\" start=\"PT0S\" duration=\"PT6S\"",
            ["900000", "0", &s("t=\"900000\" d=\"180000\" r=\"2\"")],
            ["480000", "0", &s("t=\"480000\" d=\"96256\" r=\"1\"")],
        ),
        set(
            "id=\"1\" start=\"PT6S\" duration=\"PT2S\"",
            ["1440000", "3", &s("t=\"1440000\" d=\"180000\"")],
            ["768000", "3", &s("t=\"768768\" d=\"95232\"")],
        ),
        set(
            "id=\"2\" start=\"PT20S\"",
            ["2700000", "4", &(s("t=\"2700000\" d=\"180000\"") + &s("d=\"90000\""))],
            ["1440000", "4", &(s("t=\"1440512\" d=\"96256\"") + &s("d=\"48128\""))],
        ),
    ]
    .concat();
    let manifest = |head: &str, periods: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"dynamic\" \
             availabilityStartTime=\"2026-11-21T09:15:00.039Z\" {head} timeShiftBufferDepth=\"PT23.018667S\" \
             suggestedPresentationDelay=\"PT6S\" minBufferTime=\"PT2S\" maxSegmentDuration=\"PT4S\">
{periods}  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"/time?a&amp;b\"/>
</MPD>
"
        )
    };
    let live = manifest("publishTime=\"2026-11-21T09:15:23.058Z\" minimumUpdatePeriod=\"PT2S\"", &periods);
    assert_eq!(dash::mpd(&window, &names()).unwrap(), live);
    let periods = periods.clone();
    window.finish(WallTime::from_nanos(MORNING + 30 * SECOND));
    let ended = manifest(
        "publishTime=\"2026-11-21T09:15:30.000Z\" mediaPresentationDuration=\"PT23.018667S\"",
        &periods,
    );
    assert_eq!(dash::mpd(&window, &names()).unwrap(), ended);
}

#[test]
fn the_line_begins_when_the_first_cut_is_complete_but_start_up_is_not_kept() {
    let starts = |delay: i64, all: &Cutting| {
        let (window, _) = window(all, Config::new(&config()), delay);
        let text = dash::mpd(&window, &names()).unwrap();
        text.split("availabilityStartTime=\"").nth(1).unwrap()[..24].to_owned()
    };
    let all = plain(camera(0..4000, 2000));
    assert_eq!(starts(44_000_000, &all), "2026-11-21T09:15:00.044Z");
    assert_eq!(
        starts(5 * SECOND, &all),
        "2026-11-21T09:15:01.000Z",
        "waited five seconds for a track that never came"
    );
    assert_eq!(starts(-SECOND, &all), "2026-11-21T09:14:59.000Z", "the camera sent its backlog at once");
    assert_eq!(
        starts(7200 * SECOND, &all),
        "2026-11-21T11:15:00.000Z",
        "the camera's clock is two hours slow"
    );
}

#[test]
fn publish_time_changes_with_the_list_and_only_then() {
    let all = plain(camera(0..12_000, 2000));
    let mut window = playlist::Window::new(Config::new(&config()));
    let mut times = Vec::new();
    for output in outputs(&all) {
        // A clock that stands still.
        window.push(&output, complete(&Output::Init(all.inits[0].clone()), 0));
        times.extend(window.published());
        assert_eq!(window.published(), window.published());
    }
    assert!(times.windows(2).all(|pair| pair[1].nanos() / 1_000_000 > pair[0].nanos() / 1_000_000));
}

#[test]
fn decimals_do_not_add_up_to_an_error() {
    // 30000/1001 pictures a second: a segment of 60 pictures lasts 2.002 s; sound of 48 kHz never ends on a microsecond.
    let mut stream = vec![tracks([sound()])];
    stream.extend(mixed(microphone(0..600_000)));
    let all = Cutting::of(config(), stream);
    let (window, _) = window(&all, Config { size: 400, ..Config::new(&config()) }, 0);
    let text = hls::media_playlist(&window, id(2), &names()).unwrap();
    let micros: u64 = text
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:"))
        .map(|value| value.trim_end_matches(',').replace('.', "").parse::<u64>().unwrap())
        .sum();
    assert_eq!(micros, 28_125 * 1024 * 1_000_000 / 48_000);
}
