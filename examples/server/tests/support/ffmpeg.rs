//! ffmpeg as the judge: it reads what we serve as any player would and tells what the pictures are.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What ffmpeg found in an input: a hash for each decoded picture and for each coded audio frame, in order.
///
/// Sound is compared as it is coded because a decoder that starts later gives another first frame.
#[derive(Debug, Default)]
pub struct Content {
    pub pictures: Vec<String>,
    pub sounds: Vec<String>,
    /// What ffmpeg complained about.
    pub complaints: String,
}

impl Content {
    /// Reads a whole file, or an address until it ends.
    pub fn of_file(file: &Path) -> Self {
        Self::read(&[], file.to_str().expect("our paths are UTF-8"), &[])
    }

    /// Reads the first twenty seconds of a file, which are enough of a clip that repeats itself.
    pub fn of_loop(file: &Path) -> Self {
        Self::read(&[], file.to_str().expect("our paths are UTF-8"), &["-t", "20"])
    }

    /// Reads the first `seconds` of a live address.
    pub fn of_live(url: &str, seconds: u32) -> Self {
        let from_the_start: &[&str] = if url.ends_with(".m3u8") { &["-live_start_index", "0"] } else { &[] };
        Self::read(from_the_start, url, &["-t", &seconds.to_string()])
    }

    fn read(before: &[&str], input: &str, after: &[&str]) -> Self {
        let output = Command::new("timeout")
            .args(["60", "ffmpeg", "-v", "error", "-nostdin"])
            .args(before)
            .args(["-i", input, "-map", "0:v?", "-map", "0:a?", "-c:a", "copy", "-fps_mode", "passthrough"])
            .args(after)
            .args(["-f", "framemd5", "-"])
            .stdin(Stdio::null())
            .output()
            .expect("ffmpeg starts");
        Self::parse(&output)
    }

    /// Reads the lines of ffmpeg's framemd5 muxer: `#media_type 0: video`, then `stream, dts, pts, duration, size, hash`, and
    /// behind that what it knows beside the frame.
    fn parse(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut content = Self { complaints, ..Self::default() };
        let mut is_video = [false; 8];
        for line in text.lines() {
            if let Some((stream, kind)) =
                line.strip_prefix("#media_type ").and_then(|rest| rest.split_once(": "))
            {
                is_video[stream.parse::<usize>().expect("a stream's number")] = kind == "video";
            } else if !line.starts_with('#') {
                let mut fields = line.split(',').map(str::trim);
                let stream: usize =
                    fields.next().and_then(|stream| stream.parse().ok()).expect("a stream's number");
                let hash = fields.nth(4).expect("a hash").to_owned();
                if is_video[stream] { content.pictures.push(hash) } else { content.sounds.push(hash) }
            }
        }
        content
    }
}

/// Asserts that `ours` shows what `source` shows: the same pictures and sounds without any missing, added or changed between the first
/// and the last, at least `pictures` of them.
pub fn assert_same_content(what: &str, ours: &Content, source: &Content, pictures: usize) {
    assert_eq!(ours.complaints, "", "{what}: ffmpeg complained");
    assert!(ours.pictures.len() >= pictures, "{what}: {} pictures, expected {pictures}", ours.pictures.len());
    assert_run(&format!("{what}: pictures"), &ours.pictures, &source.pictures);
    assert_eq!(ours.sounds.is_empty(), source.sounds.is_empty(), "{what}: there is sound on one side only");
    assert_run(&format!("{what}: sounds"), &ours.sounds, &source.sounds);
}

/// Asserts that `part` occurs in `whole` as one piece.
fn assert_run(what: &str, part: &[String], whole: &[String]) {
    if part.is_empty() || whole.windows(part.len()).any(|window| window == part) {
        return;
    }
    let longest = |at: &usize| whole[*at..].iter().zip(part).take_while(|(one, other)| one == other).count();
    let begin = (0..whole.len()).max_by_key(longest).expect("the source is not empty");
    panic!("{what}: from {begin} of {} on {} of {} are the same", whole.len(), longest(&begin), part.len());
}

/// Decodes `bytes` (an init segment and one media segment) by itself; the number of pictures and what ffmpeg complained about.
pub fn decode_alone(bytes: &[u8], scratch: &Path) -> (usize, String) {
    std::fs::write(scratch, bytes).expect("the scratch file is writable");
    let content = Content::of_file(scratch);
    (content.pictures.len(), content.complaints)
}

/// Each stream of an input as ffprobe names it, sorted: `aac 1 ch`, `h264 1080x720`.
pub fn probe(input: &str) -> Vec<String> {
    let output = Command::new("timeout")
        .args(["60", "ffprobe", "-v", "error", "-show_streams", "-of", "json", input])
        .stdin(Stdio::null())
        .output()
        .expect("ffprobe starts");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let describe = |stream: &serde_json::Value| {
        let codec = stream["codec_name"].as_str().unwrap_or_default();
        match (&stream["width"], &stream["height"], &stream["channels"]) {
            (width, height, channels) if channels.is_null() => format!("{codec} {width}x{height}"),
            (_, _, channels) => format!("{codec} {channels} ch"),
        }
    };
    let mut streams: Vec<String> = found["streams"].as_array().into_iter().flatten().map(describe).collect();
    streams.sort();
    streams
}
