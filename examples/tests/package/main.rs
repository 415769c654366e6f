//! Files that are packaged in every form give ffmpeg the packets they had.

mod gapless;
mod newcomer;
mod playlist;
mod sequence;
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{argument, hash, media, package, packets, scratch, text};

/// H.264 with B-frames, an edit list and AAC with priming.
pub(crate) const MOVIE: &str = "mp4/silent-black-10s.mp4";

#[test]
fn fragments_for_hls_and_dash() {
    let Some([movie]) = media([MOVIE]) else { return };
    let folder = scratch("cmaf");
    package("cmaf", &folder, &[argument(&movie, "")]);
    for list in ["index.m3u8", "index.mpd"] {
        let list = folder.join(list);
        assert_eq!(hash(&list, "v:0", false), hash(&movie, "v:0", false), "{}", list.display());
        assert_eq!(hash(&list, "a:0", false), hash(&movie, "a:0", false), "{}", list.display());
    }
    assert_eq!(hash(&folder.join("index.m3u8"), "v:0", true), hash(&movie, "v:0", true));
    let mut counts = packets(&folder.join("index.m3u8"));
    counts.sort_unstable();
    assert_eq!(counts, [300, 432]);
}

/// A player that takes what an I-frame playlist says gets one picture of each: the ranges are enough and not more.
#[test]
fn trap_23_iframe_ranges_are_whole_pictures() {
    let Some([movie]) = media(["mp4/test.mp4"]) else { return };
    for (form, iframes) in [("hls", "test1_v2_iframes.m3u8"), ("hls-ts", "test1_v2_iframes.m3u8")] {
        let folder = scratch(&format!("iframes-{form}"));
        package(form, &folder, &[argument(&movie, ":pictures")]);
        let lines = text(&folder.join(iframes));
        let header = lines.split("MAP:URI=\"").nth(1).and_then(|rest| rest.split('"').next());
        let header = header.map(|name| std::fs::read(folder.join(name)).unwrap()).unwrap_or_default();
        let mut count = 0;
        for entry in lines.split("#EXT-X-BYTERANGE:").skip(1) {
            let mut parts = entry.lines();
            let (len, offset) = parts.next().unwrap().split_once('@').unwrap();
            let file = std::fs::read(folder.join(parts.next().unwrap())).unwrap();
            let (len, offset): (usize, usize) = (len.parse().unwrap(), offset.parse().unwrap());
            let one = folder.join(format!("one{count}"));
            std::fs::write(&one, [&header[..], &file[offset..offset + len]].concat()).unwrap();
            assert_eq!(pictures(&one), 1, "{form} {entry}");
            count += 1;
        }
        assert!(count > 1, "{lines}");
    }
}

/// How many pictures ffmpeg decodes without a complaint.
fn pictures(file: &Path) -> usize {
    let output =
        Command::new("ffmpeg").args(["-v", "fatal", "-i"]).arg(file).args(["-f", "framemd5", "-"]).output();
    let text = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
    text.lines().filter(|line| !line.starts_with('#')).count()
}

#[test]
fn transport_streams_and_packed_audio() {
    let Some([movie]) = media([MOVIE]) else { return };
    for form in ["hls-ts", "hls-packed"] {
        let folder = scratch(form);
        package(form, &folder, &[argument(&movie, "")]);
        let list = folder.join("index.m3u8");
        assert_eq!(hash(&list, "v:0", true), hash(&movie, "v:0", true), "{form}");
        let mut counts = packets(&list);
        counts.sort_unstable();
        assert_eq!(counts, [300, 432], "{form}");
    }
}

#[test]
fn transport_streams_are_read() {
    let Some([stream]) = media(["ts/sample_h264.ts"]) else { return };
    let folder = scratch("from-ts");
    package("hls", &folder, &[argument(&stream, ":pictures")]);
    assert_eq!(hash(&folder.join("index.m3u8"), "v:0", true), hash(&stream, "v:0", true));
}

/// A key frame each eight seconds: nothing is cut in between.
#[test]
fn every_segment_begins_with_a_key_frame() {
    let Some([movie]) = media([MOVIE]) else { return };
    let folder = scratch("keys");
    package("on-demand", &folder, &[argument(&movie, "")]);
    assert_eq!(tools::faults(&folder), "");
    let list = text(&folder.join("silent-black-10s1_v1.m3u8"));
    assert!(list.contains("#EXT-X-INDEPENDENT-SEGMENTS") && list.matches("#EXTINF:").count() == 2, "{list}");
}

#[test]
fn single_files_on_demand_are_for_dash_and_hls() {
    let Some([movie]) = media([MOVIE]) else { return };
    let folder = scratch("on-demand");
    package("on-demand", &folder, &[argument(&movie, "")]);
    for list in ["index.m3u8", "index.mpd"] {
        let list = folder.join(list);
        assert_eq!(hash(&list, "v:0", false), hash(&movie, "v:0", false), "{}", list.display());
        assert_eq!(hash(&list, "a:0", false), hash(&movie, "a:0", false), "{}", list.display());
    }
    let left = std::fs::read_dir(&folder).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "media")
    });
    assert_eq!(left.count(), 0);
}

/// The elements and attributes of a manifest, without the values that name or measure something.
fn shape(manifest: &str) -> Vec<String> {
    const MEASURED: [&str; 13] = [
        "bandwidth",
        "codecs",
        "indexRange",
        "range",
        "xmlns",
        "xmlns:xsi",
        "xsi:schemaLocation",
        "id",
        "duration",
        "mediaPresentationDuration",
        "availabilityStartTime",
        "media",
        "initialization",
    ];
    let mut lines = Vec::new();
    for tag in manifest.split('<').skip(1).filter(|tag| !tag.starts_with(['?', '/'])) {
        let (tag, _) = tag.split_once('>').unwrap();
        let mut parts: Vec<_> = tag.trim_end_matches('/').split_whitespace().collect();
        parts.retain(|part| !MEASURED.iter().any(|name| part.starts_with(&format!("{name}="))));
        // What a Representation says that its set has said already.
        let is_representation = parts[0] == "Representation";
        parts.retain(|part| !is_representation || !part.starts_with("audioSamplingRate"));
        parts[1..].sort_unstable();
        lines.push(parts.join(" "));
    }
    lines
}

/// Made by ffmpeg: it reads Cues only where there are two points or more, and no real file here has as many.
fn made(folder: &Path) -> Option<[PathBuf; 2]> {
    let files = [("small.webm", "160x90"), ("large.webm", "320x180")].map(|(name, size)| {
        let mut command = Command::new("ffmpeg");
        let picture = format!("testsrc=size={size}:rate=25:duration=11");
        command.args(["-v", "error", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", "sine=duration=11"]);
        command.args([
            "-c:v",
            "libvpx-vp9",
            "-deadline",
            "realtime",
            "-cpu-used",
            "8",
            "-g",
            "50",
            "-pix_fmt",
            "yuv420p",
        ]);
        let file = folder.join(name);
        let status = command.args(["-c:a", "libopus"]).arg(&file).status();
        status.is_ok_and(|status| status.success()).then_some(file)
    });
    let [Some(small), Some(large)] = files else {
        eprintln!("skipped: no ffmpeg with libvpx and libopus");
        return None;
    };
    Some([small, large])
}

#[test]
fn webm_manifest_is_ffmpegs_own() {
    let sources = scratch("webm-sources");
    let Some([small, large]) = made(&sources) else { return };
    let folder = scratch("webm-dash");
    package("webm-dash", &folder, &[argument(&small, ":pictures"), argument(&large, "")]);
    let manifest = folder.join("index.mpd");
    for (stream, file, of) in [("v:0", &small, "v:0"), ("v:1", &large, "v:0"), ("a:0", &large, "a:0")] {
        assert_eq!(hash(&manifest, stream, false), hash(file, of, false), "{stream}");
    }
    // ffmpeg cannot list files with their cues in front, not even its own, so it gets those it makes for the purpose.
    let files = [("small", &small, "0:v"), ("large", &large, "0:v"), ("sound", &large, "0:a")];
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]);
    for (name, source, stream) in files {
        let file = folder.join(format!("ffmpeg-{name}.webm"));
        let mut remux = Command::new("ffmpeg");
        remux.args(["-v", "error", "-i"]).arg(source).args(["-map", stream, "-c", "copy", "-dash", "1"]);
        assert!(remux.arg(&file).status().unwrap().success());
        command.args(["-f", "webm_dash_manifest", "-i"]).arg(&file);
    }
    let theirs = folder.join("ffmpeg.mpd");
    command.args([
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
        "-c",
        "copy",
        "-f",
        "webm_dash_manifest",
        "-adaptation_sets",
    ]);
    assert!(command.arg("id=0,streams=0,1 id=1,streams=2").arg(&theirs).status().unwrap().success());
    let ours = text(&manifest);
    assert_eq!(shape(&ours), shape(&text(&theirs)));
}

#[test]
fn webm_chunks_are_told_by_their_numbers() {
    let Some([pictures]) = media(["webm/bear-vp9.webm"]) else { return };
    let folder = scratch("webm-live");
    package("webm-live", &folder, &[argument(&pictures, ":pictures")]);
    let manifest = text(&folder.join("index.mpd"));
    assert!(
        manifest.contains("media=\"chunk_$RepresentationID$_$Number$.chk\" startNumber=\"1\""),
        "{manifest}"
    );
    let id = manifest.split("<Representation id=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut joined = std::fs::read(folder.join(format!("chunk_{id}.hdr"))).unwrap();
    for number in 1.. {
        let Ok(chunk) = std::fs::read(folder.join(format!("chunk_{id}_{number}.chk"))) else { break };
        joined.extend(chunk);
    }
    let file = folder.join("joined.webm");
    std::fs::write(&file, joined).unwrap();
    assert_eq!(hash(&file, "v:0", false), hash(&pictures, "v:0", false));
}
