//! The table of the README that says which codec goes with which container: made from what the muxers take and what the demuxers found in
//! real files. `UPDATE_README=1` writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use media_core::codec::Format as Codec;
use media_core::demux::{Container, Demuxer};
use media_core::mux::{Rope, fmp4, mpegts, webm};
use media_core::packet::{Key, Packet};
use media_core::segment::{self, Segmenter};
use media_core::time::Timestamp;
use media_core::timeline;
use media_core::track::Track;

use crate::tools::{drive, files, media, seekable};

/// All there are, as the README names them.
const CODECS: [(Codec, &str); 12] = [
    (Codec::H264, "H.264"),
    (Codec::H265, "H.265"),
    (Codec::Vp8, "VP8"),
    (Codec::Vp9, "VP9"),
    (Codec::Av1, "AV1"),
    (Codec::Aac, "AAC"),
    (Codec::Opus, "Opus"),
    (Codec::Vorbis, "Vorbis"),
    (Codec::Flac, "FLAC"),
    (Codec::Mp3, "MP3"),
    (Codec::Ac3, "AC-3"),
    (Codec::Eac3, "E-AC-3"),
];

const BEGIN: &str = "<!-- made by `UPDATE_README=1 cargo test -p reelmill-core --test demux matrix` -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn the_readme_says_what_goes_with_what() {
    let Some(media) = media() else { return };
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return eprintln!("skipped: no ffmpeg");
    }
    let found = survey(&media);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(BEGIN).expect("a place for the table");
    let (there, after) = rest.split_once(END).expect("the end of the table");
    let table = table(&found);
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, [before, BEGIN, &table, END, after].concat()).expect("the README is ours");
        return;
    }
    assert!(there == table, "the README says\n{there}\nwhere it is\n{table}");
}

/// What real files gave: a track of each codec, and the containers it was read from.
type Found = BTreeMap<usize, (Track, Vec<Container>)>;

fn survey(media: &Path) -> Found {
    let mut found = Found::new();
    let folders = ["mp4", "fmp4", "webm", "mkv", "ts", "audio", "streams"];
    let real = folders.iter().flat_map(|folder| files(&media.join(folder)));
    for path in real.chain(made(media)) {
        let file = Bytes::from(std::fs::read(&path).expect("a file"));
        let Some(container) = Container::sniff(&file) else { continue };
        let demuxer = Demuxer::new(container, seekable(&file));
        let (read, _) = drive(demuxer, &file, 1 << 20, |_, _| {});
        for track in read.tracks.iter().filter(|track| !read.of(track).is_empty()) {
            let codec = track.codec.format();
            let index = CODECS.iter().position(|(known, _)| *known == codec).expect("a codec of the table");
            let (_, containers) = found.entry(index).or_insert_with(|| (track.clone(), Vec::new()));
            if !containers.contains(&container) {
                containers.push(container);
            }
        }
    }
    found
}

/// What there are no real files of, as ffmpeg puts it together: a moment of a tone in each coding and container, and H.265 in Matroska.
fn made(media: &Path) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("matrix");
    std::fs::create_dir_all(&folder).expect("a folder below the build folder");
    let tone = ["-f", "lavfi", "-i", "sine=r=48000:d=0.5", "-c:a"].map(str::to_owned).to_vec();
    let mut wanted = Vec::new();
    for coder in ["aac", "libopus", "libvorbis", "flac", "libmp3lame", "ac3", "eac3"] {
        for container in ["mp4", "mkv", "ts"] {
            wanted.push(([&tone[..], &[coder.to_owned()]].concat(), format!("{coder}.{container}")));
        }
        if matches!(coder, "ac3" | "eac3") {
            wanted.push(([&tone[..], &[coder.to_owned()]].concat(), format!("bare.{coder}")));
        }
    }
    let pictures = media.join("mp4/h265_bframes.mp4").display().to_string();
    wanted.push((vec!["-i".to_owned(), pictures, "-c".to_owned(), "copy".to_owned()], "h265.mkv".to_owned()));
    let made = wanted.into_iter().filter_map(|(arguments, name)| {
        let file = folder.join(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "quiet", "-nostdin", "-y"]).args(arguments).arg(&file);
        command.status().is_ok_and(|status| status.success()).then_some(file)
    });
    made.collect()
}

fn table(found: &Found) -> String {
    let mut out =
        "| | fMP4, MP4 | WebM | Matroska | MPEG-TS | packed audio |\n|---|---|---|---|---|---|\n".to_owned();
    for (index, (codec, name)) in CODECS.iter().enumerate() {
        let (track, containers) = found.get(&index).unwrap_or_else(|| panic!("no file with {name} was read"));
        let reads = |container| containers.contains(&container);
        let is_webm = webm(track, webm::DocType::Webm);
        let cells = [
            cell(fmp4::Muxer::new(track).is_ok(), reads(Container::Mp4) || comes_back(track)),
            cell(is_webm, is_webm && reads(Container::WebM)),
            cell(webm(track, webm::DocType::Matroska), reads(Container::WebM)),
            cell(
                mpegts::Muxer::new(std::slice::from_ref(track), mpegts::Config::default()).is_ok(),
                reads(Container::MpegTs),
            ),
            cell(packed(track), reads(Container::Packed)),
        ];
        assert_eq!(track.codec.format(), *codec);
        out.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    }
    out
}

/// Whether an MP4 of ours with the track is read: VP8 is in none of others.
fn comes_back(track: &Track) -> bool {
    let Ok(mut muxer) = fmp4::Muxer::new(track) else { return false };
    let packet = Packet {
        track: track.id,
        pts: Timestamp::ZERO,
        dts: Timestamp::ZERO,
        duration: Some(1),
        key: Key::Closed,
        data: Bytes::from_static(b"a picture"),
        wall: None,
    };
    let mut rope = Rope::from(muxer.init());
    rope.append(muxer.fragment(&[packet], Timestamp::new(1)).expect("a fragment"));
    let file = rope.to_bytes();
    let demuxer = Demuxer::new(Container::Mp4, seekable(&file));
    let (read, _) = drive(demuxer, &file, 1 << 20, |_, _| {});
    read.packets.len() == 1 && read.tracks[0].codec == track.codec
}

const fn cell(written: bool, read: bool) -> &'static str {
    match (written, read) {
        (true, true) => "written, read",
        (true, false) => "written",
        (false, true) => "read",
        (false, false) => "",
    }
}

fn webm(track: &Track, doc_type: webm::DocType) -> bool {
    let format = webm::Format { doc_type: Some(doc_type), ..webm::Format::default() };
    webm::Muxer::with_format(&track.into(), format).is_ok()
}

fn packed(track: &Track) -> bool {
    let config =
        segment::Config { format: segment::Format::PackedAudio, ..segment::Config::new(2_000_000_000) };
    let tracks = Arc::from([track.clone()]);
    Segmenter::new(config).push(timeline::Output::Tracks(tracks)).is_ok()
}
