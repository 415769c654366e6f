//! Files one behind the other: a discontinuity in HLS, a Period in DASH.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::MOVIE;
use crate::playlist::stretches;
use crate::tools::{faults, hash, media, package, scratch, text};

/// AV1, and AAC with another rate and one channel.
const OTHER: &str = "mp4/sample_av1.mp4";

fn joined(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join("+")
}

/// Each stretch of a rendition is what one of the files has.
fn is_each(folder: &Path, list: &str, stream: &str, files: &[PathBuf], decoded: bool) {
    let stretches = stretches(&folder.join(list));
    assert_eq!(stretches.len(), files.len(), "{list}");
    for (number, (stretch, source)) in stretches.iter().zip(files).enumerate() {
        let file = folder.join(format!("joined{number}"));
        std::fs::write(&file, &stretch.bytes).unwrap();
        assert_eq!(
            hash(&file, stream, decoded),
            hash(source, stream, decoded),
            "{list} {}",
            source.display()
        );
    }
}

/// RFC 8216bis 4.4.4.3, 4.4.4.5.
#[test]
fn another_codec_has_another_header_behind_a_discontinuity() {
    let Some(files) = media([MOVIE, OTHER, MOVIE]) else { return };
    for form in ["hls", "cmaf", "on-demand"] {
        let folder = scratch(&format!("sequence-{form}"));
        package(form, &folder, &[joined(&files)]);
        assert_eq!(faults(&folder), "", "{form}");
        for (list, stream) in [("silent-black-10s1_v1.m3u8", "v:0"), ("silent-black-10s1_a2.m3u8", "a:0")] {
            is_each(&folder, list, stream, &files, false);
        }
        let variants = text(&folder.join("index.m3u8"));
        assert!(
            variants.contains("CODECS=\"avc1.64000d,av01.0.05M.08,mp4a.40.2\",RESOLUTION=1080x720"),
            "{variants}"
        );
    }
}

/// A Period for each file, which begins with its pictures, and the headers and segments that HLS lists.
#[test]
fn each_file_is_a_period() {
    let Some(files) = media([MOVIE, OTHER]) else { return };
    let folder = scratch("sequence-periods");
    package("cmaf", &folder, &[joined(&files)]);
    let manifest = text(&folder.join("index.mpd"));
    let periods: Vec<&str> = manifest.split("<Period ").skip(1).collect();
    assert_eq!(periods.len(), 2);
    assert!(periods[0].starts_with("id=\"0\" start=\"PT0S\" duration=\"PT10"), "{}", periods[0]);
    let attribute = |text: &str, name: &str| {
        let rest = text.split(&format!(" {name}=\"")).nth(1).unwrap_or_else(|| panic!("{name}"));
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    for (name, set) in [("silent-black-10s1_v1", 1), ("silent-black-10s1_a2", 2)] {
        for (stretch, period) in stretches(&folder.join(format!("{name}.m3u8"))).iter().zip(&periods) {
            let set = period.split("<AdaptationSet").nth(set).expect("pictures and sound");
            assert_eq!(attribute(set, "initialization"), stretch.map);
            let first = attribute(set, "media").replace("$Number$", &attribute(set, "startNumber"));
            assert_eq!(first, stretch.segments[0]);
        }
    }
}

/// ffmpeg knows no second header of fMP4, but new parameter sets in transport streams: it plays all of it.
#[test]
fn transport_streams_of_two_files_play_on() {
    let Some(files) = media([MOVIE, "mp4/sample.mp4"]) else { return };
    for form in ["hls-ts", "hls-packed"] {
        let folder = scratch(&format!("sequence-{form}"));
        package(form, &folder, &[joined(&files)]);
        assert_eq!(faults(&folder), "", "{form}");
        is_each(&folder, "silent-black-10s1_v1.m3u8", "v:0", &files, true);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-i"]).arg(folder.join("index.m3u8"));
        command.args(["-map", "0:v:0", "-fps_mode", "passthrough", "-s", "320x240", "-f", "framemd5", "-"]);
        let output = command.output().expect("ffmpeg is there");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(lines.lines().filter(|line| !line.starts_with('#')).count(), 300 + 30, "{form}");
    }
}

/// The same file again is no codec change: ffmpeg plays its fMP4 too.
#[test]
fn a_file_plays_twice() {
    let Some(files) = media([MOVIE, MOVIE]) else { return };
    let folder = scratch("sequence-twice");
    package("hls", &folder, &[joined(&files)]);
    assert_eq!(crate::tools::packets(&folder.join("index.m3u8")).iter().sum::<u32>(), 2 * (300 + 432));
}

/// The sizes of a ladder break at the same instants.
#[test]
fn ladders_break_together() {
    let Some([movie, other]) = media([MOVIE, OTHER]) else { return };
    let folder = scratch("sequence-ladder");
    let pictures = format!("{}+{}:pictures", movie.display(), other.display());
    package("cmaf", &folder, &[joined(&[movie, other]), pictures]);
    assert_eq!(faults(&folder), "");
    let manifest = text(&folder.join("index.mpd"));
    assert_eq!(
        manifest.matches("contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\"").count(),
        2
    );
}
