//! Shaka Packager as a reader: it tells the streams that are there, and packages them; ffprobe finds the same packets in what it makes.

use std::path::Path;

use media_core::codec::Format;
use media_core::mux::fmp4::Layout;
use media_core::packet::Packet;
use media_core::track::{Kind, Track};

use crate::ffmpeg::{Stream, probe};
use crate::forms::{Form, Written, is_known, written};
use crate::md5::md5;
use crate::peers::{peer, run, scratch, side_by_side};
use crate::sources::{Differences, one};
use crate::tools::media;

/// What it says of what it takes all the same, and why.
const KNOWN: &[(&str, &str)] = &[
    // Pictures at the same millisecond; it says so of the file that was read.
    ("webm/roadtrip-vp92-10bit.webm", "Unexpected sample with zero duration"),
    // An ADTS header has the core alone: HE-AAC goes unsaid.
    ("ts/sample_latm.ts", "found [\"mp4a.40.2\"]"),
];

/// What it does not take, whoever wrote it.
struct Refused {
    container: &'static str,
    codecs: &'static [Format],
    /// A file that has it, and how ffmpeg writes another one.
    of: &'static str,
    options: &'static [&'static str],
    /// What it says.
    why: &'static str,
}

const REFUSED: [Refused; 8] = [
    refused("mkv", &[Format::H264], "mp4/h264.mp4", "Unsupported video codec_id V_MPEG4/ISO/AVC"),
    refused("mkv", &[Format::H265], "mp4/h265_bframes.mp4", "Unsupported video codec_id V_MPEGH/ISO/HEVC"),
    refused("mkv", &[Format::Aac], "mp4/bbb_1ch_16kHz_aac.mp4", "Unsupported audio codec_id A_AAC"),
    refused("mkv", &[Format::Ac3, Format::Eac3], "ts/sample_ac3.ts", "Unsupported audio codec_id A_AC3"),
    Refused {
        options: &["-map", "0:a"],
        ..refused(
            "mkv",
            &[Format::Mp3],
            "ts/sample_h264_mpeg_audio.ts",
            "Unsupported audio codec_id A_MPEG/L",
        )
    },
    refused("mkv", &[Format::Flac], "fmp4/flac.mp4", "Unsupported audio codec_id A_FLAC"),
    refused("ts", &[Format::Opus], "mp4/sample_opus.mp4", "Ignore unsupported MPEG2TS stream type 0x0x6"),
    Refused {
        options: &["-mpegts_flags", "latm"],
        ..refused("ts", &[], "mp4/bbb_1ch_16kHz_aac.mp4", "Ignore unsupported MPEG2TS stream type 0x0x11")
    },
];

const fn refused(
    container: &'static str,
    codecs: &'static [Format],
    of: &'static str,
    why: &'static str,
) -> Refused {
    Refused { container, codecs, of, options: &[], why }
}

#[test]
fn packager_takes_mp4() {
    takes(&Form::MP4);
}

#[test]
fn packager_takes_webm() {
    takes(&Form::WEBM);
}

#[test]
fn packager_takes_transport_streams() {
    takes(&[Form::TsVariable, Form::TsConstant, Form::TsSegments]);
}

fn takes(forms: &[Form]) {
    let (Some(packager), Some(ffprobe)) = (peer("packager"), peer("ffprobe")) else { return };
    let mut found = Differences::default();
    for form in forms {
        let folder = scratch(&format!("packager-{form:?}"));
        let refuses =
            |refused: &Refused, codec| refused.container == form.ending() && refused.codecs.contains(&codec);
        let takes = |codec| !REFUSED.iter().any(|refused| refuses(refused, codec));
        let Some(files) = written(*form, &folder, takes) else { return };
        let judged = side_by_side(&files, |written| {
            let made = folder.join(written.path.file_stem().expect("a number"));
            [described(&packager, written), packaged(&packager, &ffprobe, &made, written)].concat()
        });
        for (written, faults) in files.iter().zip(judged) {
            let new = faults.iter().filter(|fault| !is_known(KNOWN, &written.file.name, fault));
            found.note(&written.file.name, &[], new.map(|fault| format!("{form:?}: {fault}")));
        }
    }
    found.none_but(&[]);
}

/// ffmpeg's files of the kind are refused with the same words.
#[test]
fn what_the_packager_refuses_is_not_of_our_making() {
    let (Some(packager), Some(ffmpeg), Some(media)) = (peer("packager"), peer("ffmpeg"), media()) else {
        return;
    };
    let folder = scratch("packager-refuses");
    for Refused { container, of, options, why, .. } in REFUSED {
        let (source, made) = (media.join(of), folder.join(format!("theirs.{container}")));
        let (source, made) = (source.to_str().expect("a plain name"), made.to_str().expect("a plain name"));
        let copied =
            run(&ffmpeg, &[&["-v", "error", "-y", "-i", source], options, &["-c", "copy", made]].concat());
        assert!(copied.success, "{}", copied.err);
        let said = run(&packager, &[&format!("input={made}"), "--dump_stream_info"]);
        assert!(said.err.contains(why) && !said.out.contains("codec_string"), "{of}: {}", said.err);
    }
}

/// It crashes where the only track of a file in fragments is not number 1, be it ours or ffmpeg's.
#[test]
fn the_packager_falls_over_a_second_track_without_a_first() {
    let (Some(packager), Some(ffmpeg), Some(file)) =
        (peer("packager"), peer("ffmpeg"), one("mp4/sample.mp4"))
    else {
        return;
    };
    let folder = scratch("packager-second");
    let sound = file.only(|codec| codec == Format::Aac).expect("its second track");
    let ours = folder.join("ours.mp4");
    std::fs::write(&ours, crate::write::mp4(&sound, Layout::Fragmented).expect("MP4"))
        .expect("a file of ours");
    let (source, theirs) = (ours.to_str().expect("a plain name"), folder.join("theirs.mp4"));
    let numbered = ["-use_stream_ids_as_track_ids", "1", "-streamid", "0:2"];
    let fragments = ["-movflags", "+empty_moov+default_base_moof+frag_keyframe"];
    let made = theirs.to_str().expect("a plain name");
    let copied = run(
        &ffmpeg,
        &[&["-v", "error", "-y", "-i", source, "-c", "copy"], &fragments[..], &numbered, &[made]].concat(),
    );
    assert!(copied.success, "{}", copied.err);
    for file in [source, made] {
        let said = run(&packager, &[&format!("input={file}"), "--dump_stream_info"]);
        assert!(!said.success && complaints(&said.err).is_empty(), "{file}: {} {}", said.out, said.err);
    }
}

/// What of `--dump_stream_info` is not what is in the file.
fn described(packager: &Path, written: &Written) -> Vec<String> {
    let said = run(packager, &[&format!("input={}", written.path.display()), "--dump_stream_info"]);
    let mut found = complaints(&said.err);
    // It tells sound first, or as they come, by the container.
    let codecs = said.out.lines().filter_map(|line| line.trim().strip_prefix("codec_string: "));
    let mut codecs: Vec<_> = codecs.map(str::to_ascii_lowercase).collect();
    let mut due: Vec<_> =
        written.file.tracks.iter().map(|track| track.codec.codecs().to_ascii_lowercase()).collect();
    codecs.sort_unstable();
    due.sort_unstable();
    let same = codecs.len() == due.len() && codecs.iter().zip(&due).all(|(found, due)| is_same(found, due));
    if !same {
        found.push(format!("found {codecs:?} for {due:?}"));
    }
    found
}

/// Both may leave away what is the default at the end (VP9, AV1). VP8 has no string of its own, FLAC was once written small.
fn is_same(found: &str, due: &str) -> bool {
    let (found, due) = (found.to_ascii_lowercase(), due.to_ascii_lowercase());
    found.starts_with(&due)
        || due.starts_with(&found)
        || (found.starts_with("vp08") && due.starts_with("vp08"))
}

/// Warnings and errors, without the place in the program.
fn complaints(said: &str) -> Vec<String> {
    let lines = said.lines().filter(|line| line.starts_with(['W', 'E', 'F']));
    lines.map(|line| line.split_once("] ").map_or(line, |(_, what)| what).to_owned()).collect()
}

/// What is not the same in what it makes of each track, all in one run.
fn packaged(packager: &Path, ffprobe: &Path, folder: &Path, written: &Written) -> Vec<String> {
    std::fs::create_dir(folder).expect("a folder of ours");
    let (mut arguments, mut made) = (Vec::new(), Vec::new());
    for (index, track) in written.file.tracks.iter().enumerate() {
        let output = folder.join(format!("made{index}.{}", made_as(written, track)));
        let kind = if output.extension().is_some_and(|ending| ending == "ts") {
            "segment_template"
        } else {
            "output"
        };
        let which = if track.kind() == Kind::Video { "video" } else { "audio" };
        arguments.push(format!("in={},stream={which},{kind}={}", written.path.display(), output.display()));
        made.push(output);
    }
    // One segment, of which the template of a transport stream makes one file.
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--segment_duration", "1000"]);
    let said = run(packager, &arguments);
    let mut found = complaints(&said.err);
    if !said.success {
        found.push("not packaged".to_owned());
        return found;
    }
    for (track, made) in written.file.tracks.iter().zip(&made) {
        let path = made.to_str().expect("a plain name").replace("$Number$", "1");
        let of = |what: String| format!("{:?}: {what}", track.codec.format());
        found.extend(compare(&written.file.of(track), &path, probe(ffprobe, &path)).map(of));
    }
    found
}

/// MP4, but for what goes into other containers: Vorbis always, and the rest from one form. It makes no TS beside others.
fn made_as(written: &Written, track: &Track) -> &'static str {
    let goes_into_ts =
        |track: &Track| matches!(track.codec.format(), Format::H264 | Format::Aac | Format::Ac3);
    let is_one = written.form == Form::Fragmented;
    match track.codec.format() {
        Format::Vorbis => "webm",
        _ if is_one && written.file.tracks.iter().all(goes_into_ts) => "$Number$.ts",
        Format::Vp8 | Format::Vp9 | Format::Av1 | Format::Opus if is_one => "webm",
        _ => "mp4",
    }
}

fn compare(ours: &[&Packet], path: &str, made: Option<Vec<Stream>>) -> Option<String> {
    let Some([stream]) = made.as_deref() else { return Some(format!("{path} is not read")) };
    if ours.len() != stream.packets.len() {
        return Some(format!("{} packets of {} in {path}", stream.packets.len(), ours.len()));
    }
    // Annex B and ADTS are other bytes.
    let differs =
        |index: &usize| md5(&ours[*index].data) != stream.packets[*index].hash && !path.ends_with(".ts");
    (0..ours.len()).find(differs).map(|index| format!("#{index} has other bytes in {path}"))
}
