//! One thing broken in playlists like ours, and that thing found.

use media_core::check::hls::{Checker, Measured, Set};

use crate::media::told;

/// Three segments of 4 s, from `first` on.
fn list(first: u64) -> String {
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-MAP:URI=\"i.mp4\"\n"
    );
    for number in first..first + 4 {
        let second = 4 * number;
        text += &format!(
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:{second:02}.000Z\n#EXTINF:4.004,\n{number}.m4s\n"
        );
    }
    text
}

/// Low latency: two segments, the second with parts, and a part of the third.
fn parts() -> String {
    [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-PART-INF:PART-TARGET=1.000",
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000,HOLD-BACK=6.000,PART-HOLD-BACK=3.000",
        "#EXT-X-MEDIA-SEQUENCE:7",
        "#EXT-X-MAP:URI=\"i.mp4\"",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z",
        "#EXTINF:2.000,",
        "7.m4s",
        "#EXT-X-PART:DURATION=1.000,URI=\"8.0.m4s\",INDEPENDENT=YES",
        "#EXT-X-PART:DURATION=1.000,URI=\"8.1.m4s\"",
        "#EXTINF:2.000,",
        "8.m4s",
        "#EXT-X-PART:DURATION=1.000,URI=\"9.0.m4s\",INDEPENDENT=YES",
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"9.1.m4s\"",
        "#EXT-X-RENDITION-REPORT:URI=\"../a/l.m3u8\",LAST-MSN=9,LAST-PART=0",
        "",
    ]
    .join("\n")
}

/// All rules that a history breaks.
fn broken<S: AsRef<str>>(texts: &[S]) -> Vec<&'static str> {
    let mut checker = Checker::new();
    texts.iter().for_each(|text| checker.push(text.as_ref()));
    let report = checker.finish();
    let mut names: Vec<_> = report.counts().map(|(rule, _)| rule.name).collect();
    names.sort_unstable();
    names
}

fn alone(text: String) -> Vec<&'static str> {
    broken(&[text])
}

#[test]
fn what_is_to_be_broken_is_whole() {
    assert_eq!(broken(&[list(0), list(0), list(1), list(3)]), [""; 0]);
    assert_eq!(broken(&[parts(), parts()]), [""; 0]);
    let next = parts().replace(
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"9.1.m4s\"",
        "#EXT-X-PART:DURATION=0.500,URI=\"9.1.m4s\"\n#EXTINF:1.500,\n9.m4s",
    );
    assert_eq!(broken(&[parts(), next]), [""; 0]);
}

#[test]
fn trap_17_target_durations_never_change_and_hold() {
    // RFC 8216bis 4.4.3.1: 4.004 s round to 4, 4.5 s to 5.
    assert_eq!(alone(list(0).replacen("4.004", "4.500", 1)).first(), Some(&"target-exceeded"));
    assert_eq!(alone(list(0).replace("4.004", "4.499")), ["date-time"; 0]);
    let longer = list(0).replace("TARGETDURATION:4", "TARGETDURATION:6");
    assert_eq!(broken(&[list(0), longer]), ["target-changed"]);
    // 6.2.4: all of a presentation have the same.
    let mut set = Set::new();
    set.push_media("a", &list(0));
    set.push_media("b", &list(0).replace("TARGETDURATION:4", "TARGETDURATION:5"));
    assert_eq!(told(&set.finish()).matches("targets-differ").count(), 1);
}

#[test]
fn trap_18_parts_keep_to_their_target() {
    // RFC 8216bis 4.4.4.9, 4.4.3.7, 4.4.3.8.
    let with = |from: &str, to: &str| alone(parts().replacen(from, to, 1));
    assert_eq!(with("DURATION=1.000,URI=\"8.0", "DURATION=1.001,URI=\"8.0"), ["part-long"]);
    assert_eq!(with("DURATION=1.000,URI=\"8.0", "DURATION=0.849,URI=\"8.0"), ["part-short", "part-sum"]);
    assert_eq!(with("DURATION=1.000,URI=\"8.1", "DURATION=0.500,URI=\"8.1"), ["part-sum"]);
    assert_eq!(with("PART-HOLD-BACK=3.000", "PART-HOLD-BACK=1.999"), ["part-hold-back"]);
    assert_eq!(with("PART-HOLD-BACK=3.000", "PART-HOLD-BACK=2.500"), ["part-hold-back-short"]);
    assert_eq!(with(",PART-HOLD-BACK=3.000", ""), ["part-hold-back"]);
    assert_eq!(with("HOLD-BACK=6.000", "HOLD-BACK=5.999"), ["hold-back"]);
    assert_eq!(with("CAN-SKIP-UNTIL=12.000", "CAN-SKIP-UNTIL=11.999"), ["can-skip-until"]);
    assert_eq!(with("#EXT-X-PART-INF:PART-TARGET=1.000\n", ""), ["part-inf"]);
    let changed = parts()
        .replace("PART-TARGET=1.000", "PART-TARGET=1.010")
        .replace("PART-HOLD-BACK=3.000", "PART-HOLD-BACK=3.030");
    assert_eq!(broken(&[parts(), changed]), ["part-target-changed", "server-control-changed"]);
    let changed = parts().replace("PART-HOLD-BACK=3.000", "PART-HOLD-BACK=3.100");
    assert_eq!(broken(&[parts(), changed]), ["server-control-changed"]);
}

/// Twelve segments of 1 s; a delta update that skips `skipped` of them, and what follows is listed.
fn delta(skipped: Option<u64>) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:1\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=6.0\n#EXT-X-MEDIA-SEQUENCE:0\n".to_owned();
    if let Some(skipped) = skipped {
        text += &format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n");
    }
    for number in skipped.unwrap_or(0)..12 {
        text += &format!("#EXTINF:1.0,\n{number}.ts\n");
    }
    text
}

#[test]
fn trap_19_delta_updates_skip_what_is_old() {
    // RFC 8216bis 4.4.5.2, 6.2.5.1: the boundary is six targets behind the end.
    assert_eq!(broken(&[delta(None), delta(Some(6)), delta(None)]), [""; 0]);
    assert_eq!(broken(&[delta(None), delta(Some(7))]), ["skip-boundary"]);
    assert_eq!(broken(&[delta(None), delta(Some(0))]), ["skip-boundary"]);
    assert_eq!(broken(&[delta(Some(6))]), ["skip-unknown"]);
    let unsaid = delta(Some(6)).replace("#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=6.0\n", "");
    assert!(broken(&[delta(None), unsaid]).contains(&"skip-unsaid"));
    let old = delta(Some(6)).replace("VERSION:9", "VERSION:8");
    assert_eq!(broken(&[delta(None), old]), ["version"]);
    // What is listed again is what it was.
    let changed = delta(Some(6)).replace("7.ts", "seven.ts");
    assert_eq!(broken(&[delta(None), changed]), ["segment-changed"]);
}

#[test]
fn trap_20_discontinuities_are_counted_when_they_leave() {
    // RFC 8216bis 4.4.3.3, 6.2.2: the tag before segment 0 leaves with it.
    let before = list(0).replacen("#EXT-X-MAP", "#EXT-X-DISCONTINUITY\n#EXT-X-MAP", 1);
    let counted = list(1).replace("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1");
    assert_eq!(broken(&[&before, &counted]), [""; 0]);
    assert_eq!(broken(&[before, list(1)]), ["discontinuity-sequence"]);
    assert_eq!(broken(&[list(0), counted.clone()]), ["discontinuity-sequence"]);
    let mut set = Set::new();
    set.push_media("a", &list(1));
    set.push_media("b", &counted);
    assert_eq!(told(&set.finish()).matches("discontinuities-differ").count(), 1);
}

#[test]
fn trap_21_dates_are_exact_and_agree_with_durations() {
    // RFC 8216bis 4.4.4.6.
    assert_eq!(alone(list(0).replace("09:15:04.000Z", "09:15:05.000Z")), ["date-time"]);
    assert_eq!(alone(list(0).replace("09:15:04.000Z", "09:15:04.000")), ["value"]);
}

#[test]
fn trap_23_versions_have_what_is_used() {
    // RFC 8216bis 8.
    assert_eq!(alone(list(0).replace("VERSION:6", "VERSION:5")), ["version"]);
    assert_eq!(alone("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\n0.ts\n".to_owned()), ["version"]);
    assert_eq!(alone("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n0.ts\n".to_owned()), [""; 0]);
    let map = list(0).replace("#EXT-X-MAP:URI=\"i.mp4\"\n", "");
    assert_eq!(alone(map), ["map-missing"]);
}

#[test]
fn lists_grow_at_the_end_and_shrink_at_the_head() {
    // RFC 8216bis 6.2.1, 6.2.2.
    assert_eq!(broken(&[list(1), list(0)]), ["media-sequence"]);
    let shorter = list(0).replace("#EXTINF:4.004,\n3.m4s\n", "");
    assert_eq!(broken(&[list(0), shorter]), ["media-sequence"]);
    assert_eq!(broken(&[list(0), list(0).replace("2.m4s", "two.m4s")]), ["segment-changed"]);
    assert_eq!(broken(&[list(0), list(0).replacen("4.004", "4.003", 1)]), ["segment-changed"]);
    let short =
        list(0).replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:12.000Z\n#EXTINF:4.004,\n3.m4s\n", "");
    let gone = short
        .replace("SEQUENCE:0\n#EXT-X-D", "SEQUENCE:1\n#EXT-X-D")
        .replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z\n#EXTINF:4.004,\n0.m4s\n", "");
    assert_eq!(broken(&[short, gone]), ["list-too-short"]);
    let ended = list(0) + "#EXT-X-ENDLIST\n";
    assert_eq!(broken(&[&ended, &ended]), [""; 0]);
    assert_eq!(broken(&[ended, list(1)]), ["after-end"]);
    let event = |first| list(first).replace("#EXT-X-MEDIA", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA");
    assert_eq!(broken(&[event(0), event(1)]), ["playlist-type"]);
    let film = |first| list(first).replace("#EXT-X-MEDIA", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MEDIA");
    let longer = film(0) + "#EXTINF:4.004,\n4.m4s\n";
    assert_eq!(broken(&[film(0), longer]), ["playlist-type"]);
    // 4.4.5.3: another part than the one that was hinted at.
    let other = parts().replace(
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"9.1.m4s\"",
        "#EXT-X-PART:DURATION=1.000,URI=\"9.x.m4s\"",
    );
    assert_eq!(broken(&[parts(), other]), ["preload-hint"]);
    let ranged = parts().replace("9.0.m4s\"", "9.m4s\",BYTERANGE=\"10@0\"");
    let ranged = ranged.replace("9.1.m4s\"", "9.m4s\",BYTERANGE-START=10");
    let next = |from: u32| {
        let part = format!("#EXT-X-PART:DURATION=1.000,URI=\"9.m4s\",BYTERANGE=\"10@{from}\"");
        ranged.replace("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"9.m4s\",BYTERANGE-START=10", &part)
    };
    assert_eq!(
        (broken(&[ranged.clone(), next(10)]), broken(&[ranged.clone(), next(11)])),
        (vec![], vec!["preload-hint"])
    );
    let parts_changed = parts().replace("9.0.m4s", "9.z.m4s");
    assert_eq!(broken(&[parts(), parts_changed]), ["part-changed"]);
}

#[test]
fn texts_are_written_as_they_must_be() {
    let with = |from: &str, to: &str| alone(list(0).replacen(from, to, 1));
    assert_eq!(with("#EXTM3U\n", ""), ["extm3u"]);
    assert_eq!(with("#EXTM3U", "\u{feff}#EXTM3U"), ["text"]);
    assert_eq!(with("0.m4s\n", "0.m4s\n1.m4s\n"), ["uri"]);
    assert_eq!(with("#EXT-X-TARGETDURATION:4\n", ""), ["target-missing"]);
    assert_eq!(with("#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6"), ["tag-twice"]);
    assert_eq!(with("URI=\"i.mp4\"", "URI=i.mp4"), ["attributes"]);
    assert_eq!(with("SEQUENCE:0", "SEQUENCE:zero"), ["value"]);
    assert_eq!(with("#EXTINF:4.004,\n2", "#EXT-X-MAP:URI=\"j.mp4\"\n#EXTINF:4.004,\n2"), ["map-changed"]);
    assert_eq!(with("#EXT-X-MAP", "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-MAP"), ["mixed"]);
    assert_eq!(with("#EXTINF:4.004,\n0", "#EXT-X-BYTERANGE:12\n#EXTINF:4.004,\n0"), ["byterange"]);
    let ranged = list(0).replace("#EXTINF:4.004,\n1", "#EXT-X-BYTERANGE:12\n#EXTINF:4.004,\n1");
    let ranged = ranged.replace("#EXTINF:4.004,\n0", "#EXT-X-BYTERANGE:12@0\n#EXTINF:4.004,\n0");
    assert_eq!(alone(ranged.clone()), ["byterange"], "of another file");
    assert_eq!(alone(ranged.replace("1.m4s", "0.m4s")), [""; 0]);
    assert_eq!(alone(ranged.replace("12@0", "12@x").replace("1.m4s", "0.m4s")), ["value"]);
    let late = list(0) + "#EXT-X-MEDIA-SEQUENCE:0\n";
    assert_eq!(alone(late), ["tag-order", "tag-twice"]);
    let counted = "#EXT-X-DISCONTINUITY-SEQUENCE:0\n";
    let behind = list(0)
        .replace(counted, "")
        .replace("#EXT-X-MAP", &format!("#EXT-X-DISCONTINUITY\n{counted}#EXT-X-MAP"));
    assert_eq!(alone(behind), ["tag-order"]);
    let report = parts().replace(",LAST-MSN=9", "");
    assert_eq!(alone(report), ["rendition-report"]);
}

#[test]
fn lists_with_parts_block_reloads_and_say_when_they_are() {
    // RFC 8216bis B.1.
    assert_eq!(alone(parts().replace("CAN-BLOCK-RELOAD=YES,", "")), ["low-latency-profile"]);
    let undated = parts().replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T09:15:00.000Z\n", "");
    assert_eq!(alone(undated), ["low-latency-profile"]);
}

#[test]
fn date_ranges_are_whole_and_stay_what_they_were() {
    // RFC 8216bis 4.4.5.1.
    let with = |attributes: &str| list(0) + "#EXT-X-DATERANGE:ID=\"a\"," + attributes + "\n";
    let start = "START-DATE=\"2026-11-21T09:15:00Z\"";
    let of = |rest: &str| alone(with(&format!("{start}{rest}")));
    for right in [
        "",
        ",DURATION=2.5",
        ",END-DATE=\"2026-11-21T09:15:02Z\",DURATION=2",
        ",CLASS=\"c\",END-ON-NEXT=YES",
        ",SCTE35-OUT=0xFC30,X-A=1",
    ] {
        assert_eq!(of(right), [""; 0], "{right}");
    }
    for wrong in [
        ",DURATION=-1",
        ",PLANNED-DURATION=soon",
        ",END-DATE=\"2026-11-21T09:14:59Z\"",
        ",END-DATE=\"2026-11-21T09:15:02Z\",DURATION=3",
        ",END-ON-NEXT=YES",
        ",CLASS=\"c\",END-ON-NEXT=YES,DURATION=1",
        ",CLASS=\"c\",END-ON-NEXT=NO",
    ] {
        assert_eq!(of(wrong), ["date-range"], "{wrong}");
    }
    assert_eq!(alone(with("X-A=1")), ["date-range"]);
    assert_eq!(of(",SCTE35-IN=FC30"), ["value"]);
    assert_eq!(alone(with("START-DATE=\"today\"")), ["value"]);
    let dates = |text: &str| {
        text.lines().filter(|line| !line.contains("DATE-TIME")).map(|line| format!("{line}\n")).collect()
    };
    assert_eq!(alone(dates(&with(start))), ["date-range"], "and no EXT-X-PROGRAM-DATE-TIME");
    // What was said stays, more may be said.
    let [open, ended, other] = ["", ",DURATION=2", ",DURATION=3"].map(|rest| with(&format!("{start}{rest}")));
    assert_eq!(broken(&[&open, &ended, &ended]), [""; 0]);
    assert_eq!(broken(&[&ended, &other]), ["date-range"]);
    // 4.4.5.2: left out only where that is announced; what is left out still counts.
    let skip = |text: &str| {
        let text = text.replace("VERSION:9", "VERSION:10");
        text.replace("SKIPPED-SEGMENTS=6", "SKIPPED-SEGMENTS=6,RECENTLY-REMOVED-DATERANGES=\"\"")
    };
    assert_eq!(broken(&[delta(None), skip(&delta(Some(6)))]), ["skip-unsaid"]);
    let said = |text: String| text.replace("UNTIL=6.0", "UNTIL=6.0,CAN-SKIP-DATERANGES=YES");
    assert_eq!(broken(&[said(delta(None)), skip(&said(delta(Some(6))))]), [""; 0]);
}

const MULTIVARIANT: &str = "#EXTM3U\n#EXT-X-VERSION:6\n\
    #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"one\",DEFAULT=YES,AUTOSELECT=YES,URI=\"a.m3u8\"\n\
    #EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=1500,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=16x9,AUDIO=\"a\"\nv.m3u8\n";

fn set(text: &str, rates: &[(&str, u64)]) -> Vec<&'static str> {
    let mut set = Set::new();
    set.push(text);
    rates.iter().for_each(|(uri, peak)| set.measure(uri, Measured { peak: *peak, average: *peak }));
    set.finish().counts().map(|(rule, _)| rule.name).collect()
}

#[test]
fn trap_16_bandwidth_is_the_peak_with_the_largest_audio() {
    // RFC 8216bis 4.4.6.2.
    assert_eq!(set(MULTIVARIANT, &[("v.m3u8", 1800), ("a.m3u8", 200)]), [""; 0]);
    assert_eq!(set(MULTIVARIANT, &[("v.m3u8", 1800), ("a.m3u8", 201)]), ["bandwidth-low"]);
    assert_eq!(
        set(&MULTIVARIANT.replace("BANDWIDTH=2000,", "BANDWIDTH=0,"), &[]),
        ["bandwidth", "average-bandwidth"]
    );
    assert_eq!(set(&MULTIVARIANT.replace("=1500", "=2500"), &[]), ["average-bandwidth"]);
}

#[test]
fn trap_15_codecs_of_variants_are_exact() {
    // RFC 6381 3.3.
    assert_eq!(set(&MULTIVARIANT.replace("avc1.64001f", "avc1.4"), &[]), ["codecs"]);
    assert_eq!(set(&MULTIVARIANT.replace("CODECS=\"avc1.64001f,mp4a.40.2\",", ""), &[]), ["codecs-missing"]);
}

#[test]
fn variants_name_groups_that_are_there() {
    assert_eq!(set(&MULTIVARIANT.replace("AUDIO=\"a\"", "AUDIO=\"b\""), &[]), ["group"]);
    let line = MULTIVARIANT.lines().nth(2).expect("a rendition");
    let with = |other: &str| set(&MULTIVARIANT.replacen(line, &format!("{line}\n{other}"), 1), &[]);
    let other = line.replace("\"one\"", "\"two\",LANGUAGE=\"de\"").replace("DEFAULT=YES", "DEFAULT=NO");
    assert_eq!(with(&other), [""; 0]);
    assert_eq!(with(&other.replace("DEFAULT=NO", "DEFAULT=YES")), ["rendition"]);
    assert_eq!(with(&other.replace("\"two\"", "\"one\"")), ["rendition"]);
    // 4.4.6.1.1: who is taken by itself can be told apart, and groups have the same members.
    assert_eq!(with(&other.replace(",LANGUAGE=\"de\"", "")), ["renditions-alike"]);
    let group = |line: &str| line.replace("GROUP-ID=\"a\"", "GROUP-ID=\"b\"");
    assert_eq!(with(&group(line)), [""; 0]);
    assert_eq!(with(&group(&line.replace("one", "1"))), ["groups-differ"]);
    assert_eq!(set(&MULTIVARIANT.replace("v.m3u8\n", ""), &[]), ["uri"]);
    assert_eq!(set(&MULTIVARIANT.replace("16x9", "16"), &[]), ["value"]);
    assert_eq!(set(&MULTIVARIANT.replace("16x9", "16x9,VIDEO-RANGE=HDR"), &[]), ["value"]);
    assert_eq!(set(&format!("{MULTIVARIANT}#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n"), &[]), ["version"]);
    assert_eq!(set(&format!("{MULTIVARIANT}#EXTINF:1,\n"), &[]), ["mixed"]);
}
