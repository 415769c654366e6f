//! `check-media` on what is right and on what others make: each finding here is a true one.

use std::path::Path;
use std::process::Command;

use tools::{media, package, scratch, text};

#[allow(dead_code)]
#[path = "package/tools.rs"]
mod tools;

/// What it says, and the status it ends with.
fn check(arguments: &[&str]) -> (String, i32) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_check-media")).args(arguments).output().expect("it was built");
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&said).into_owned(), output.status.code().expect("it ended"))
}

fn of(path: &Path) -> &str {
    path.to_str().expect("a plain name")
}

/// The names of the rules of a severity that are broken, each once.
fn rules(said: &str, severity: &str) -> Vec<String> {
    let lines = said.lines().filter(|line| line.contains(&format!(": {severity}: ")));
    let mut names: Vec<String> =
        lines.filter_map(|line| Some(line.rsplit_once('[')?.1.split(';').next()?.to_owned())).collect();
    names.sort_unstable();
    names.dedup();
    names
}

const MOVIE: &str = "mp4/silent-black-10s.mp4";

#[test]
fn what_package_files_makes_breaks_nothing() {
    let Some([movie, webm]) = media([MOVIE, "webm/bear-vp9.webm"]) else { return };
    for (form, input, streams) in [
        ("cmaf", &movie, 2),
        ("hls-ts", &movie, 1),
        ("hls-packed", &movie, 1),
        ("on-demand", &movie, 2),
        ("webm-dash", &webm, 1),
        ("webm-live", &webm, 1),
    ] {
        let folder = scratch(&format!("check-{form}"));
        let take = if form.starts_with("webm") { ":pictures" } else { "" };
        package(form, &folder, &[format!("{}{take}", input.display())]);
        let (said, status) = check(&[of(&folder)]);
        assert_eq!(status, 0, "{form}: {said}");
        // Header and segments are one stream, whichever text they were followed from.
        assert!(said.contains(&format!(" {streams} streams: 0 errors")), "{form}: {said}");
        let strict = rules(&said, "warning");
        // ffmpeg's form of a live manifest has neither.
        let odd = if form == "webm-live" { vec!["publish-time-missing", "update-period"] } else { vec![] };
        assert_eq!(strict, odd, "{form}: {said}");
    }
}

/// ffmpeg's own.
fn ffmpeg(movie: &Path, arguments: &[&str], list: &Path) -> bool {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(movie).args(["-c", "copy"]).args(arguments).arg(list);
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn what_ffmpeg_makes_breaks_what_it_truly_breaks() {
    let Some([movie]) = media([MOVIE]) else { return };
    let folder = scratch("check-ffmpeg");
    let list = folder.join("index.m3u8");
    let hls = ["-f", "hls", "-hls_time", "2", "-hls_segment_type", "fmp4", "-master_pl_name", "master.m3u8"];
    assert!(ffmpeg(&movie, &hls, &list));
    let (said, status) = check(&[of(&folder.join("master.m3u8"))]);
    // The nominal rate instead of the peak, RFC 8216bis 4.4.6.2; access points of no type, ISO/IEC 14496-12 8.16.3.
    assert_eq!((rules(&said, "error"), status), (vec!["bandwidth-low".to_owned()], 1), "{said}");
    assert_eq!(rules(&said, "warning"), ["codecs-missing", "sidx-sap"], "{said}");
    assert!(said.contains("index0.m4s, byte "), "the file, not the stream it was joined to: {said}");

    // One file, and the profile of many, ISO/IEC 23009-1 8.4.
    let folder = scratch("check-ffmpeg-dash");
    let manifest = folder.join("index.mpd");
    assert!(ffmpeg(&movie, &["-f", "dash", "-single_file", "1", "-global_sidx", "1"], &manifest));
    let (said, status) = check(&[of(&manifest)]);
    assert_eq!((rules(&said, "error"), status), (vec!["profile".to_owned()], 1), "{said}");
    let (said, _) = check(&["--alone", of(&manifest)]);
    assert!(said.contains("1 texts and 0 streams"), "{said}");
}

#[test]
fn what_is_missing_is_named() {
    let Some([movie]) = media([MOVIE]) else { return };
    let folder = scratch("check-missing");
    package("cmaf", &folder, &[movie.display().to_string()]);
    let list = folder.join("index.mpd");
    let name = "silent-black-10s1_v1_1.m4s";
    let name = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .filter(|file| file.ends_with(".m4s"))
        .min()
        .unwrap_or(name.to_owned());
    std::fs::remove_file(folder.join(&name)).expect("it was there");
    let (said, status) = check(&[of(&list)]);
    assert_eq!(status, 2, "{said}");
    assert!(
        said.contains(&format!("{name}: cannot be read: ")) && said.contains("index.mpd names it"),
        "{said}"
    );
    // A folder is no file, and no address leads to the network.
    let odd = folder.join("odd.m3u8");
    let lines = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n.\n#EXTINF:4,\nhttps://example.com/a.ts\n#EXT-X-ENDLIST\n";
    std::fs::write(&odd, lines).expect("a text");
    let (said, status) = check(&[of(&odd)]);
    assert!(status == 2 && said.contains("not a file"), "{said}");
}

#[test]
fn versions_of_a_playlist_are_held_against_each_other() {
    let folder = scratch("check-history");
    let versions = [("1.m3u8", 0, 4), ("2.m3u8", 1, 4), ("3.m3u8", 2, 3)].map(|(name, first, target)| {
        let file = folder.join(name);
        let mut list = format!("#EXTM3U\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
        (first..first + 4).for_each(|number| list += &format!("#EXTINF:3,\n{number}.ts\n"));
        std::fs::write(&file, list).expect("a text");
        file
    });
    let [one, two, three] = versions.each_ref().map(|file| of(file));
    assert_eq!(check(&["--history", one, two]).1, 0);
    let (said, status) = check(&["--history", one, two, three]);
    assert_eq!((rules(&said, "error"), status), (vec!["target-changed".to_owned()], 1), "{said}");
    assert!(said.contains("3.m3u8, line 1: error: the target duration was 4 s and is 3 s"), "{said}");
}

#[test]
fn the_command_line_is_told() {
    let (said, status) = check(&["--help"]);
    assert!(status == 0 && said.contains("--history") && said.contains("Ends with"), "{said}");
    assert_eq!(check(&[]).1, 2);
    assert_eq!(check(&["--fast", "x"]).1, 2);
    let (said, status) = check(&["no-such-file.mp4"]);
    assert!(status == 2 && said.contains("no-such-file.mp4: cannot be read"), "{said}");
    let odd = scratch("check-odd").join("odd.bin");
    std::fs::write(&odd, [0x21; 4000]).expect("a file");
    let (said, status) = check(&[of(&odd)]);
    assert!(status == 0 && said.contains("no container that is judged here"), "{said}");
    assert!(!text(&odd).is_empty());
}
