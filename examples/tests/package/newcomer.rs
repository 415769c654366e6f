//! What somebody finds who uses it for the first time.

use std::path::Path;
use std::process::{Command, Output};

use crate::MOVIE;
use crate::tools::{argument, media, scratch};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_package-files"));
    command.current_dir(folder).args(arguments).output().expect("it was built")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_is_no_error_and_tells_every_form() {
    let output = run(&scratch("help"), &["--help"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && output.stderr.is_empty());
    for form in ["hls", "hls-ts", "hls-packed", "dash", "cmaf", "on-demand", "webm-dash", "webm-live"] {
        assert!(text.contains(&format!("\n  {form} ")), "{form}");
    }
}

/// Found, expected, and how to go on.
#[test]
fn wrong_arguments_are_named() {
    let folder = scratch("arguments");
    for (arguments, told) in [
        (&[][..], "0 arguments, expected FORM FOLDER INPUT..."),
        (&["hls"], "1 arguments, expected FORM FOLDER INPUT..."),
        (&["hls", "out"], "no INPUT, expected one file or more"),
        (&["hl", "out", "a.mp4"], "form \"hl\", expected hls, hls-ts,"),
        (&["--fast", "hls", "out", "a.mp4"], "unknown option --fast, expected --overwrite or --help"),
        (&["hls", "out", "a.mp4+b.mp4", "c.mp4"], "1 files one behind the other in c2, expected 2"),
        (&["webm-dash", "out", "a.webm+b.webm"], "files one behind the other, expected one"),
    ] {
        let output = run(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            said(&output).contains(told) && said(&output).contains("--help"),
            "{arguments:?}: {}",
            said(&output)
        );
    }
    assert!(!folder.join("out").exists());
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = scratch("wrong");
    std::fs::write(folder.join("no.mp4"), [7; 5000]).unwrap();
    std::fs::write(folder.join("empty.mp4"), []).unwrap();
    for (input, told) in [
        ("absent.mp4", "absent.mp4: No such file"),
        (".", ".: not a file"),
        ("empty.mp4", "empty.mp4: an empty file, expected MP4"),
        ("no.mp4", "no.mp4: begins with \"\\x07\\x07\\x07\\x07\\x07\\x07\\x07\\x07\", expected MP4"),
    ] {
        let output = run(&folder, &["hls", "out", input]);
        assert_eq!(output.status.code(), Some(1), "{input}");
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    let output = run(&folder, &["hls", "no.mp4", "no.mp4"]);
    assert!(said(&output).contains("no.mp4: a file, expected FOLDER"), "{}", said(&output));
}

#[test]
fn what_does_not_fit_is_said_with_its_codec() {
    let files = ["webm/bear-vp9.webm", "mp4/sample_opus.mp4", "mp4/h264.mp4", MOVIE];
    let Some([vp9, opus, pictures, movie]) = media(files) else { return };
    let folder = scratch("unfit");
    for (form, input, told) in [
        ("hls-ts", argument(&vp9, ""), "Vp9 of track 1 does not go into a transport stream"),
        ("hls-packed", argument(&opus, ""), "Opus cannot be packed audio: AAC, MP3, AC-3 or E-AC-3 can"),
        ("webm-dash", argument(&pictures, ""), "H264 is not in WebM"),
        ("hls", argument(&pictures, ":sound"), "h264.mp4: no sound"),
        ("hls", format!("{}+{}", movie.display(), pictures.display()), "h264.mp4: no sound to go on with"),
    ] {
        let output = run(&folder, &["--overwrite", form, "out", &input]);
        assert_eq!(output.status.code(), Some(1), "{form} {input}");
        assert!(said(&output).contains(told), "{}", said(&output));
        assert!(!folder.join("out/index.m3u8").exists() && !folder.join("out/index.mpd").exists());
    }
}

/// Subtitles, uncompressed sound, MPEG-2: the rest is packaged.
#[test]
fn tracks_that_are_left_out_are_named() {
    let files = ["mkv/sample_with_srt.mkv", "mp4/sample_twos_pcm.mp4", "ts/test-025.ts"];
    let Some(files) = media(files) else { return };
    let told =
        ["track 3, S_TEXT/UTF8:", "track 2, twos (soun): codec is not known", "stream 0x1000 of type 0x2:"];
    for (file, told) in files.iter().zip(told) {
        let folder = scratch("left-out");
        let output = run(&folder, &["hls", "out", &argument(file, "")]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(
            said(&output).starts_with("left out of ") && said(&output).contains(told),
            "{}",
            said(&output)
        );
    }
}

/// One line on a pipe: the bar is for terminals.
#[test]
fn what_was_made_is_told_in_a_line() {
    let Some([movie]) = media([MOVIE]) else { return };
    let folder = scratch("told");
    let output = run(&folder, &["cmaf", "out", &argument(&movie, "")]);
    assert_eq!(said(&output), "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.starts_with("out/index.m3u8 and out/index.mpd: 2 renditions, 10.0 s, 4 segments, "),
        "{text}"
    );
}

#[test]
fn a_track_without_packets_is_not_listed() {
    let Some([movie]) = media(["mp4/sample_empty_track.mp4"]) else { return };
    let folder = scratch("empty-track");
    let output = run(&folder, &["hls", "out", &argument(&movie, "")]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("out/index.m3u8: 2 renditions, "), "{text}{}", said(&output));
    assert!(!folder.join("out/sample-empty-track1_v2.m3u8").exists());
    assert_eq!(crate::tools::faults(&folder), "");
}

#[test]
fn a_folder_that_is_not_empty_is_kept() {
    let Some([movie]) = media([MOVIE]) else { return };
    let folder = scratch("kept");
    std::fs::create_dir(folder.join("out")).unwrap();
    assert!(run(&folder, &["hls", "out", &argument(&movie, "")]).status.success(), "an empty one is taken");
    let list = std::fs::read(folder.join("out/index.m3u8")).unwrap();
    let again = run(&folder, &["dash", "out", &argument(&movie, "")]);
    assert!(
        !again.status.success() && said(&again).contains("out: not empty; --overwrite"),
        "{}",
        said(&again)
    );
    assert_eq!(std::fs::read(folder.join("out/index.m3u8")).unwrap(), list);
    // The old list would tell of files that are others now.
    assert!(run(&folder, &["--overwrite", "dash", "out", &argument(&movie, "")]).status.success());
    assert!(!folder.join("out/index.m3u8").exists() && folder.join("out/index.mpd").exists());
}
