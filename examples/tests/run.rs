//! Each example runs, and what it writes is read by ffprobe.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of the test's own below the build folder.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder below the build folder");
    folder
}

fn run(example: &str, argument: &Path) {
    let status = Command::new(example).arg(argument).status().expect("it was built");
    assert!(status.success(), "{example}: {status}");
}

/// How many packets of pictures ffprobe finds; `None`, which is said, without ffprobe.
fn pictures(file: &Path) -> Option<u32> {
    let entries = [
        "-count_packets",
        "-select_streams",
        "v",
        "-show_entries",
        "stream=nb_read_packets",
        "-of",
        "csv=p=0",
    ];
    let Ok(output) = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(file).output() else {
        eprintln!("skipped: no ffprobe to read {}", file.display());
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.lines().find_map(|line| line.trim().trim_end_matches(',').parse().ok());
    Some(found.unwrap_or_else(|| panic!("ffprobe: {text}{}", String::from_utf8_lossy(&output.stderr))))
}

#[test]
fn encode_frames_to_h264() {
    let file = scratch("h264").join("out.h264");
    run(env!("CARGO_BIN_EXE_encode-frames-to-h264"), &file);
    assert!(pictures(&file).is_none_or(|count| count == 250));
}

#[test]
fn encode_frames_to_hls() {
    let folder = scratch("hls");
    run(env!("CARGO_BIN_EXE_encode-frames-to-hls"), &folder);
    assert!(pictures(&folder.join("index.m3u8")).is_none_or(|count| count == 250));
}

/// Runs the ladder in a fresh folder, and gives it with what was said.
fn encode_a_ladder(name: &str, sizes: &[&str], prepare: impl Fn(&Path)) -> (PathBuf, String) {
    let folder = scratch(name);
    std::fs::remove_dir_all(&folder).and_then(|()| std::fs::create_dir(&folder)).expect("an empty folder");
    prepare(&folder);
    let mut command = Command::new(env!("CARGO_BIN_EXE_encode-a-ladder"));
    let output = command.arg(&folder).args(sizes).output().expect("it was built");
    assert!(output.status.success(), "{output:?}");
    (folder, String::from_utf8(output.stdout).expect("text"))
}

/// The PTS of the key frames ffprobe finds, in seconds; `None`, which is said, without ffprobe.
fn key_frames(file: &Path) -> Option<Vec<String>> {
    let entries = ["-select_streams", "v", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"];
    let Ok(output) = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(file).output() else {
        eprintln!("skipped: no ffprobe to read {}", file.display());
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let packets = text.lines().filter_map(|line| line.split_once(','));
    Some(packets.filter(|(_, flags)| flags.starts_with('K')).map(|(pts, _)| pts.to_owned()).collect())
}

/// A rung is whole: ten seconds of 25 pictures, with key frames at every other second.
fn assert_whole(file: &Path) {
    assert!(pictures(file).is_none_or(|count| count == 250), "{}", file.display());
    let expected = ["0.000000", "2.000000", "4.000000", "6.000000", "8.000000"];
    assert!(key_frames(file).is_none_or(|keys| keys == expected), "{:?}", key_frames(file));
}

#[test]
fn rungs_of_a_ladder_have_their_key_frames_at_the_same_instants() {
    let sizes = ["320x180", "240x134", "160x90"];
    let (folder, said) = encode_a_ladder("ladder", &sizes, |_| ());
    for size in sizes {
        assert_whole(&folder.join(size).with_extension("mp4"));
    }
    assert_eq!(said.matches(" has key frames at 0.000 2.000 4.000 6.000 8.000\n").count(), 3, "{said}");
}

#[test]
fn a_rung_that_cannot_be_opened_leaves_the_others_whole() {
    // libx264 refuses odd sizes with halved chroma.
    let (folder, said) = encode_a_ladder("ladder-odd", &["320x180", "241x135", "160x90"], |_| ());
    assert_whole(&folder.join("320x180.mp4"));
    assert_whole(&folder.join("160x90.mp4"));
    assert!(said.contains("241x135.mp4 failed: "), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_rung_whose_disk_is_full_leaves_the_others_whole() {
    let full = |folder: &Path| {
        std::os::unix::fs::symlink("/dev/full", folder.join("240x134.mp4")).expect("a link");
    };
    let (folder, said) = encode_a_ladder("ladder-full", &["320x180", "240x134", "160x90"], full);
    assert_whole(&folder.join("320x180.mp4"));
    assert_whole(&folder.join("160x90.mp4"));
    assert!(said.contains("240x134.mp4 failed: No space left on device"), "{said}");
}

/// A second of VP9 in IVF, 175x143 at 25 Hz; `None`, which is said, without ffmpeg.
fn vp9(folder: &Path) -> Option<PathBuf> {
    let ivf = folder.join("in.ivf");
    let source = "testsrc2=size=175x143:rate=25:duration=1";
    let coding = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-pix_fmt", "yuv420p"];
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source]).args(coding).arg(&ivf);
    let Ok(status) = ffmpeg.status() else {
        eprintln!("skipped: no ffmpeg to make {}", ivf.display());
        return None;
    };
    assert!(status.success(), "ffmpeg: {status}");
    Some(ivf)
}

#[test]
fn decode_vp9_to_y4m() {
    let folder = scratch("y4m");
    let Some(ivf) = vp9(&folder) else { return };
    let y4m = folder.join("out.y4m");
    let example = env!("CARGO_BIN_EXE_decode-vp9-to-y4m");
    let status = Command::new(example).args([&ivf, &y4m]).status().expect("it was built");
    assert!(status.success(), "{example}: {status}");
    assert!(pictures(&y4m).is_none_or(|count| count == 25));
}

#[test]
fn transcode_vp9_to_h264() {
    let folder = scratch("transcode");
    let Some(ivf) = vp9(&folder) else { return };
    let mp4 = folder.join("out.mp4");
    let example = env!("CARGO_BIN_EXE_transcode-vp9-to-h264");
    let status = Command::new(example).args([&ivf, &mp4]).arg("320x180").status().expect("it was built");
    assert!(status.success(), "{example}: {status}");
    let entries =
        ["-show_entries", "stream=codec_name,width,height,duration", "-count_packets", "-of", "csv=p=0"];
    let Ok(output) = Command::new("ffprobe").args(["-v", "error"]).args(entries).arg(&mp4).output() else {
        return eprintln!("skipped: no ffprobe to read {}", mp4.display());
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "h264,320,180,1.000000");
    assert!(pictures(&mp4).is_none_or(|count| count == 25));
}

#[test]
fn encode_frames_to_vp9() {
    let file = scratch("vp9").join("out.ivf");
    run(env!("CARGO_BIN_EXE_encode-frames-to-vp9"), &file);
    assert!(pictures(&file).is_none_or(|count| count == 100));
}

#[test]
fn encode_vp9_svc() {
    let folder = scratch("svc");
    run(env!("CARGO_BIN_EXE_encode-vp9-svc"), &folder);
    let count = |file: &str| pictures(&folder.join(file));
    // In IVF a packet of several sizes is one; ffprobe's parser takes it as it is.
    assert!(count("all.ivf").is_none_or(|count| count == 100));
    assert!(count("low.ivf").is_none_or(|count| count == 50));
}

#[test]
fn encode_vp8_simulcast() {
    let folder = scratch("simulcast");
    run(env!("CARGO_BIN_EXE_encode-vp8-simulcast"), &folder);
    for size in ["640x360", "320x180", "160x90"] {
        assert!(pictures(&folder.join(size).with_extension("ivf")).is_none_or(|count| count == 100));
    }
}

/// What a program prints, line by line.
fn lines(example: &str) -> Vec<String> {
    let output = Command::new(example).output().expect("it was built");
    assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// The number a line begins with, or has behind a name and a colon.
fn number(line: &str) -> f64 {
    let first = |text: &str| text.split(' ').next().and_then(|word| word.parse().ok());
    let named = || line.split_once(": ").and_then(|(_, rest)| first(rest));
    first(line).or_else(named).unwrap_or_else(|| panic!("{line}"))
}

#[test]
fn encode_in_two_passes() {
    let lines = lines(env!("CARGO_BIN_EXE_encode-in-two-passes"));
    assert!((285_000.0..315_000.0).contains(&number(&lines[1])), "{lines:?}");
}

#[test]
fn change_bitrate_live() {
    let lines = lines(env!("CARGO_BIN_EXE_change-bitrate-live"));
    for (line, rate) in lines.iter().zip([1_000_000.0, 250_000.0, 2_000_000.0]) {
        assert!((0.75 * rate..1.25 * rate).contains(&number(line)), "{lines:?}");
    }
    assert!(lines[3].starts_with("frame_rate of a running encoder cannot be changed"), "{lines:?}");
}

#[test]
fn encode_region_of_interest() {
    let lines = lines(env!("CARGO_BIN_EXE_encode-region-of-interest"));
    let [alike, face] = &lines[..] else { panic!("{lines:?}") };
    assert!(number(face) < number(alike), "{lines:?}");
}

#[test]
fn encode_screen_content() {
    let lines = lines(env!("CARGO_BIN_EXE_encode-screen-content"));
    let words: Vec<&str> = lines[0].split(' ').collect();
    let [first, each] = [words[0], words[6]].map(|word| word.parse::<usize>().expect("bytes"));
    assert!(each * 10 < first, "{lines:?}");
}
