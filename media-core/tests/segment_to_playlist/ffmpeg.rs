//! Real streams cut, listed, written to a folder, and read by ffmpeg as a player would.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use media_core::packet::Packet;
use media_core::playlist::{self, Names, Window, dash, hls};
use media_core::segment::{Config, Cut, Init, Output};
use media_core::time::{Timestamp, WallTime};
use media_core::timeline;
use media_core::track::{Kind, Track};

use crate::source::{self, Source};
use crate::stream::{Cutting, MORNING, ORIGIN, SECOND, id, outputs};

/// What a timeline would give of sources that begin together, `seconds` after the origin: tracks 1 and 2, in order of DTS.
fn timeline_of(sources: &[Source], seconds: i64) -> Vec<timeline::Output> {
    let mut packets = Vec::new();
    let mut tracks = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let base = source.track.time_base;
        let track = Track { id: id(index as u32 + 1), ..source.track.clone() };
        let start = (ORIGIN + seconds) * i64::from(base.den());
        for packet in &source.packets {
            let at = |time: Timestamp| time.saturating_add(start);
            let wall =
                Some(WallTime::from_nanos(MORNING + seconds * SECOND + base.to_nanos(packet.pts.ticks())));
            let packet =
                Packet { track: track.id, pts: at(packet.pts), dts: at(packet.dts), wall, ..packet.clone() };
            packets.push((base.to_nanos(packet.dts.ticks()), packet));
        }
        tracks.push(track);
    }
    packets.sort_by_key(|(at, _)| *at);
    let packets = packets.into_iter().map(|(_, packet)| timeline::Output::Packet(packet));
    std::iter::once(timeline::Output::Tracks(Arc::from(tracks))).chain(packets).collect()
}

/// All that was cut, as files in a new folder, with playlists and a manifest that list everything and are finished.
fn write(name: &str, all: &Cutting, config: &Config) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let names = Names::new("t").unwrap();
    let mut window = Window::new(playlist::Config { size: 1000, ..playlist::Config::new(config) });
    let mut now = MORNING;
    for output in outputs(all) {
        match &output {
            Output::Init(init) => write_init(&folder, &names, init),
            Output::Cut(cut) => write_cut(&folder, &names, cut),
            Output::Part(_) | Output::NeedKey(_) => {}
        }
        now += 2 * SECOND;
        window.push(&output, WallTime::from_nanos(now));
    }
    window.finish(WallTime::from_nanos(now));
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    put(names.multivariant(), hls::multivariant(&window, &names).unwrap());
    for track in window.tracks() {
        put(&names.media(track), hls::media_playlist(&window, track.id, &names).unwrap());
    }
    // ffmpeg waits for ever for more of what is `dynamic`, also when its duration is said.
    let manifest = dash::mpd(&window, &names).unwrap().replace("type=\"dynamic\"", "type=\"static\"");
    put(names.manifest(), manifest);
    folder
}

fn write_init(folder: &Path, names: &Names, init: &Init) {
    for (track, header) in init.tracks.iter().zip(&init.headers) {
        std::fs::write(folder.join(names.init(track.id, init.generation)), header).unwrap();
    }
}

fn write_cut(folder: &Path, names: &Names, cut: &Cut) {
    for segment in cut.segments.iter().filter(|segment| !segment.gap) {
        std::fs::write(folder.join(names.segment(segment.track, cut.number)), segment.rope.to_bytes())
            .unwrap();
    }
}

/// MD5 of a stream, `v` or `a`, of all that ffmpeg reads: decoded, or the packets' own bytes. It must have nothing to complain of.
fn hash(file: &Path, kind: &str, copied: bool) -> String {
    let (hash, complaint) = hash_and_complaint(file, kind, copied);
    assert!(complaint.is_empty(), "{}: {complaint}", file.display());
    hash
}

fn hash_and_complaint(file: &Path, kind: &str, copied: bool) -> (String, String) {
    let mut command = Command::new("ffmpeg");
    let output = command.args(["-v", "error", "-i"]).arg(file).args([
        "-map",
        &format!("0:{kind}:0"),
        "-fps_mode",
        "passthrough",
    ]);
    let output = if copied { output.args(["-c", "copy"]) } else { output };
    let output =
        output.args(["-f", "streamhash", "-hash", "md5", "-"]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", file.display());
    let text = String::from_utf8(output.stdout).unwrap();
    let hash = text.split("MD5=").nth(1).unwrap_or_else(|| panic!("a hash in {text}")).trim();
    (hash.to_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn config() -> Config {
    Config::new(SECOND)
}

fn sources(name: &str, kinds: &[Kind]) -> Option<(PathBuf, Vec<Source>)> {
    if !crate::fmp4_ffmpeg::present() {
        return None;
    }
    let file = source::media(name)?;
    let sources = kinds.iter().map(|kind| source::mp4(&file, *kind)).collect();
    Some((file, sources))
}

/// HLS and DASH give ffmpeg the pictures and sound of the file.
fn same(name: &str, kinds: &[Kind]) {
    let Some((file, sources)) = sources(name, kinds) else { return };
    let all = Cutting::of(config(), timeline_of(&sources, 0));
    assert!(all.cuts.len() > 1, "{} cuts", all.cuts.len());
    let folder = write(&name.replace('/', "_"), &all, &config());
    let manifests = [folder.join("index.m3u8"), folder.join("index.mpd")];
    for manifest in &manifests {
        assert_eq!(hash(manifest, "v", true), hash(&file, "v", true), "packets by {}", manifest.display());
        assert_eq!(hash(manifest, "v", false), hash(&file, "v", false), "pictures by {}", manifest.display());
        if kinds.len() > 1 {
            assert_eq!(hash(manifest, "a", true), hash(&file, "a", true), "sound by {}", manifest.display());
        }
    }
}

#[test]
fn pictures_with_b_pyramids() {
    same("mp4/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4", &[Kind::Video]);
}

#[test]
fn pictures_of_ten_seconds() {
    same("clips/bikes.mp4", &[Kind::Video]);
}

#[test]
fn pictures_with_several_slices_and_sound() {
    same("mp4/test.mp4", &[Kind::Video, Kind::Audio]);
}

#[test]
fn a_key_frame_every_eight_seconds_and_primed_sound() {
    same("mp4/silent-black-10s.mp4", &[Kind::Video, Kind::Audio]);
}

/// Each stretch between discontinuities decodes by itself, and a player of the whole playlist gets all packets.
#[test]
fn parameter_sets_that_change_at_a_discontinuity() {
    let parts = ["mp4/test.mp4", "clips/bikes.mp4", "mp4/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4"];
    let mut stream = Vec::new();
    let mut files = Vec::new();
    for (index, name) in parts.iter().enumerate() {
        let Some((file, sources)) = sources(name, &[Kind::Video]) else { return };
        stream.extend(timeline_of(&sources, 20 * index as i64));
        files.push(file);
    }
    let all = Cutting::of(config(), stream);
    let folder = write("parameter_sets", &all, &config());
    let text = std::fs::read_to_string(folder.join("video1.m3u8")).unwrap();
    let (head, body) = text.split_once("#EXT-X-MAP").unwrap();
    let stretches: Vec<_> =
        body.trim_end_matches("#EXT-X-ENDLIST\n").split("#EXT-X-DISCONTINUITY\n").collect();
    assert_eq!(stretches.len(), 3);
    for (index, (stretch, file)) in stretches.iter().zip(&files).enumerate() {
        let map = if index == 0 { "#EXT-X-MAP" } else { "" };
        let alone = folder.join(format!("stretch{index}.m3u8"));
        std::fs::write(&alone, format!("{head}{map}{stretch}#EXT-X-ENDLIST\n")).unwrap();
        assert_eq!(hash(&alone, "v", false), hash(file, "v", false), "{}", file.display());
    }
    // All packets come through. Decoding them in one go is beyond ffmpeg 5.1, which keeps to the parameter sets of the first header.
    let (through, _) = hash_and_complaint(&folder.join("index.m3u8"), "v", true);
    assert_eq!(through, payload_hash(&folder, &all));
}

/// MD5 of all packets, as ffmpeg reads them from one file without the later headers.
fn payload_hash(folder: &Path, all: &Cutting) -> String {
    let mut joined = all.inits[0].headers[0].to_vec();
    all.segments(0).for_each(|segment| joined.extend_from_slice(&segment.rope.to_bytes()));
    let file = folder.join("joined.mp4");
    std::fs::write(&file, joined).unwrap();
    hash_and_complaint(&file, "v", true).0
}

#[test]
fn ticks_of_the_manifest_are_those_of_the_files() {
    let Some((_, sources)) = sources("mp4/test.mp4", &[Kind::Video, Kind::Audio]) else { return };
    let all = Cutting::of(config(), timeline_of(&sources, 0));
    for (index, source) in sources.iter().enumerate() {
        for segment in all.segments(index) {
            let file = segment.rope.to_bytes();
            let priming = i64::from(source.track.priming);
            assert_eq!(first_shown(&file), segment.start.ticks() + priming);
        }
    }
}

/// Where the first sample of a file's first fragment is shown: its decode time (ISO/IEC 14496-12 8.8.12) and its composition offset
/// (8.8.8).
fn first_shown(file: &[u8]) -> i64 {
    let behind = |name: &[u8]| file.windows(4).position(|bytes| bytes == name).unwrap() + 4;
    let u32_at = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    let tfdt = behind(b"tfdt");
    assert_eq!(file[tfdt], 1, "64 bits wide");
    let decode_time = i64::from_be_bytes(file[tfdt + 4..tfdt + 12].try_into().unwrap());
    let trun = behind(b"trun");
    let flags = u32_at(trun);
    if flags & 0x800 == 0 {
        return decode_time;
    }
    let before = [0x001, 0x004, 0x100, 0x200, 0x400].iter().filter(|&flag| flags & flag != 0).count();
    decode_time + i64::from(u32_at(trun + 8 + 4 * before).cast_signed())
}
