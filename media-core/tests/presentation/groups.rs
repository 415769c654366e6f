//! Groups of sound in multivariant playlists, RFC 8216bis 4.4.6.1.

use media_core::check::hls::Set;
use media_core::codec::{self, opus};
use media_core::playlist::presentation::{Container, Presentation, Rendition, Role, Type, hls};
use media_core::time::TimeBase;
use media_core::track::{Language, Track};

use crate::model::{add, id, many, pictures, segments, sound};

/// Opus, 48 kHz, stereo.
fn opus() -> Track {
    let head = [b"OpusHead".as_slice(), &[1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0]].concat();
    let config = opus::Config::from_head(&head).unwrap();
    Track::new(id(2), TimeBase::hz(48_000), codec::Config::Opus(config))
}

/// Its track, language, roles and label.
type Sound<'a> = (Track, Option<&'a [u8; 3]>, &'a [Role], Option<&'a str>);

/// EXT-X-MEDIA lines of pictures with these renditions of sound: coding, language, roles, label.
fn lines(sounds: &[Sound<'_>]) -> Vec<String> {
    let mut presentation = Presentation::new(Type::Vod);
    let video = Rendition::new("v", Container::Fmp4);
    add(&mut presentation, video, &[pictures(320, 180)], many("v"), segments(&[(180_000, 1000)]));
    for (index, (track, language, roles, label)) in sounds.iter().enumerate() {
        let mut rendition = Rendition::new(&format!("a{index}"), Container::Fmp4);
        rendition.language = language.and_then(|code| Language::new(*code));
        rendition.roles = roles.to_vec();
        rendition.label = label.map(str::to_owned);
        let name = format!("a{index}");
        add(
            &mut presentation,
            rendition,
            std::slice::from_ref(track),
            many(&name),
            segments(&[(96_000, 1000)]),
        );
    }
    presentation.finish();
    let text = hls::multivariant(&presentation).unwrap();
    let mut set = Set::new();
    set.push(&text);
    let report = set.finish();
    assert_eq!(report.worst(), None, "{:?}\n{text}", report.findings());
    let lines = text.lines().filter_map(|line| line.strip_prefix("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="));
    lines.map(str::to_owned).collect()
}

#[test]
fn members_of_a_group_have_names_of_their_own() {
    let lines = lines(&[
        (sound(), Some(b"eng"), &[Role::Main], None),
        (sound(), Some(b"eng"), &[Role::Alternate], None),
        (sound(), None, &[], Some("\"en\"")),
    ]);
    let names: Vec<_> = lines.iter().map(|line| line.split('"').nth(3).unwrap()).collect();
    assert_eq!(names, ["en", "en 2", "en 3"]);
}

#[test]
fn what_is_played_if_nobody_chooses_may_be_taken_by_itself() {
    let preferences = |lines: Vec<String>| -> Vec<String> {
        let from =
            |line: &String| line[line.find("DEFAULT").unwrap()..].split(",CH").next().unwrap().to_owned();
        lines.iter().map(from).collect()
    };
    let [default, fits, chosen] =
        ["DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=NO,AUTOSELECT=YES", "DEFAULT=NO,AUTOSELECT=NO"];
    let commentary = (sound(), Some(b"eng"), &[Role::Commentary][..], None);
    assert_eq!(preferences(lines(std::slice::from_ref(&commentary))), [default]);
    let plain = (sound(), Some(b"eng"), &[][..], None);
    assert_eq!(preferences(lines(&[commentary, plain.clone()])), [chosen, default]);
    // Two that no player can tell apart, one for who cannot see, and another language.
    let again = (sound(), Some(b"eng"), &[Role::Alternate][..], Some("again"));
    let told = (sound(), Some(b"eng"), &[Role::Description][..], None);
    let german = (sound(), Some(b"deu"), &[][..], None);
    assert_eq!(preferences(lines(&[plain, again, told, german])), [default, chosen, fits, fits]);
}

/// 4.4.6.1.1: several groups have the same members, alike but for their URI and channels.
#[test]
fn groups_of_other_codings_have_the_same_members() {
    let [english, german] = [Some(b"eng"), Some(b"deu")];
    let lines =
        lines(&[(sound(), english, &[], None), (sound(), german, &[], None), (opus(), german, &[], None)]);
    assert_eq!(
        lines,
        [
            "\"audio\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"a0.m3u8\"",
            "\"audio\",NAME=\"de\",LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"a1.m3u8\"",
            "\"audio2\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"a0.m3u8\"",
            "\"audio2\",NAME=\"de\",LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"a2.m3u8\"",
        ]
    );
}
