//! Multivariant playlists of several streams, sounds and languages.

use media_core::codec::{self, Colour, vp9};
use media_core::playlist::hls::{self, Rung};
use media_core::playlist::{Config, Delivery, Names, Window, dash};
use media_core::segment::Format;
use media_core::time::TimeBase;
use media_core::track::Track;

use crate::stream::*;

/// A window of `tracks` before anything is measured.
fn known(tracks: Vec<Track>) -> Window {
    let mut camera = Camera::new(tracks, Format::Fmp4);
    let mut window = Window::new(Config { delivery: Delivery::Files, ..low_latency() });
    window.push(&camera.init(), camera.now());
    window
}

#[test]
fn rungs_are_variants_and_their_common_sound_is_listed_once() {
    let top = known(vec![pictures(), sound(2, None)]);
    let low = known(vec![pictures(), sound(2, None)]);
    let silent = known(vec![pictures()]);
    let waiting = Window::new(low_latency());
    let names = ["a", "b", "c", "d"].map(|prefix| Names::new(prefix).unwrap());
    let rungs = [
        Rung { window: &top, names: &names[0], folder: "" },
        Rung { window: &low, names: &names[1], folder: "360p/" },
        Rung { window: &silent, names: &names[2], folder: "180p/" },
        Rung { window: &waiting, names: &names[3], folder: "90p/" },
    ];
    let variant = "#EXT-X-STREAM-INF:BANDWIDTH=4192000,AVERAGE-BANDWIDTH=4192000,CODECS=\"vp09.00.21.08,mp4a.40.2\",\
                   RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO=\"audio\"\n";
    let expected = format!(
        "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio 1\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio2.m3u8\"
{variant}video1.m3u8
{variant}360p/video1.m3u8
{variant}180p/video1.m3u8
"
    );
    assert_eq!(hls::ladder(&rungs).unwrap(), expected);
    assert_eq!(hls::ladder(&rungs[3..]), None);
    assert_eq!(hls::ladder(&[]), None);
}

#[test]
fn sounds_of_one_format_are_a_group_with_their_languages() {
    let window = known(vec![pictures(), sound(2, Some(b"deu")), sound(3, Some(b"gsw")), opus(4)]);
    let variant = |codecs: &str, group: &str| {
        format!(
            "#EXT-X-STREAM-INF:BANDWIDTH=4192000,AVERAGE-BANDWIDTH=4192000,CODECS=\"vp09.00.21.08,{codecs}\",\
             RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO=\"{group}\"\nvideo1.m3u8\n"
        )
    };
    let expected = [
        "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio1\",NAME=\"Audio 1 (deu)\",LANGUAGE=\"de\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio2.m3u8\"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio1\",NAME=\"Audio 2 (gsw)\",LANGUAGE=\"gsw\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio3.m3u8\"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio2\",NAME=\"Audio 1\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio4.m3u8\"
",
        &variant("mp4a.40.2", "audio1"),
        &variant("opus", "audio2"),
    ]
    .concat();
    assert_eq!(hls::multivariant(&window, &names()).unwrap(), expected);
}

/// RFC 8216bis 4.4.6.2: without VIDEO-RANGE pictures are taken for SDR. ISO/IEC 23009-1 5.8.4.8: who does not know the colours shall not play them.
#[test]
fn pictures_of_high_dynamic_range_say_so() {
    let colour = |transfer| Some(Colour { primaries: 9, transfer, matrix: 9, full_range: false });
    let track = |transfer| {
        let mut parts = vp9::Parts::new(640, 360);
        parts.colour = colour(transfer);
        let config = vp9::Config::from_parts(parts).unwrap();
        Track::new(id(1), TimeBase::VIDEO, codec::Config::Vp9(config))
    };
    let [bright, plain] = [16, 1].map(|transfer| known(vec![track(transfer)]));
    let names = names();
    let rung = |window, folder| Rung { window, names: &names, folder };
    let text = hls::ladder(&[rung(&bright, ""), rung(&plain, "sdr/")]).unwrap();
    assert!(text.contains("RESOLUTION=640x360,VIDEO-RANGE=PQ\nvideo1.m3u8\n"), "{text}");
    assert!(text.contains("RESOLUTION=640x360,VIDEO-RANGE=SDR\nsdr/video1.m3u8\n"), "{text}");
    let alone = hls::multivariant(&plain, &names).unwrap();
    assert!(!alone.contains("VIDEO-RANGE"), "{alone}");

    let mut camera = Camera::new(vec![track(18)], Format::Fmp4);
    let mut window = Window::new(Config { delivery: Delivery::Files, ..low_latency() });
    window.push(&camera.init(), camera.now());
    camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    let manifest = dash::mpd(&window, &names).unwrap();
    let expected = "startWithSAP=\"1\">
      <EssentialProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:ColourPrimaries\" value=\"9\"/>
      <EssentialProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:TransferCharacteristics\" value=\"18\"/>
      <EssentialProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:MatrixCoefficients\" value=\"9\"/>
      <Representation";
    assert!(manifest.contains(expected), "{manifest}");
}
