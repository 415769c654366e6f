//! Every form we write, of every codec, from real streams: nobody finds a fault, and our own reader finds the same packets.

use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use media_core::check::{Severity, webm::Checker};
use media_core::codec::{ContentLight, Format, MasteringDisplay};
use media_core::demux::{Container, Demux, Demuxer, Output, Source};
use media_core::mux::Rope;
use media_core::mux::webm::{Config, Layout, Muxer, TrackEntry, Writer};
use media_core::packet::Packet;
use media_core::time::Timestamp;
use media_core::track::{Kind, Language, Rotation, Track, TrackId};

use crate::script::{Scripted, patched, write};
use crate::{source, streams, tools};

/// Streams of real files, short ones.
const FILES: &[(&str, &[Format])] = &[
    ("webm/vp8.webm", &[Format::Vp8]),
    ("webm/test-vp8-vorbis-webvtt.webm", &[Format::Vp8, Format::Vorbis]),
    ("webm/bear-vp9-odd-dimensions.webm", &[Format::Vp9]),
    ("webm/test.webm", &[Format::Vp9, Format::Opus]),
    ("mkv/sample_av1.mkv", &[Format::Av1]),
    ("mkv/sample_with_opus_audio.mkv", &[Format::Opus]),
    ("mkv/sample.mkv", &[Format::H264, Format::Ac3]),
    ("mkv/bbb.mkv", &[Format::H264, Format::Vorbis]),
    ("mp4/h265_bframes.mp4", &[Format::H265]),
    ("mp4/bbb_1ch_16kHz_aac.mp4", &[Format::Aac]),
    ("fmp4/flac.mp4", &[Format::Flac]),
    ("streams/shaka/hls-ts-mp3/media_w239891843_0.ts", &[Format::Mp3]),
];

/// Packets of each track, so that all of this does not take long.
const PACKETS: usize = 60;

/// The first packets of a real file, none before zero.
fn scripts(path: &Path) -> Vec<Scripted> {
    let file = Bytes::from(std::fs::read(path).expect("a readable file"));
    let container = Container::sniff(&file).expect("a container");
    let outputs = read(container, &file);
    let mut scripts: Vec<Scripted> = Vec::new();
    for output in outputs {
        match output {
            Output::Tracks(tracks) => {
                for track in tracks.iter() {
                    match scripts.iter_mut().find(|script| script.track.id == track.id) {
                        Some(script) if script.packets.is_empty() => script.track = track.clone(),
                        Some(_) => {}
                        None => scripts.push(Scripted { track: track.clone(), packets: Vec::new() }),
                    }
                }
            }
            Output::Packet(packet) => {
                let script = scripts.iter_mut().find(|script| script.track.id == packet.track);
                let script = script.expect("tracks come first");
                if script.packets.len() < PACKETS {
                    script.packets.push(packet);
                }
            }
        }
    }
    scripts.retain(|script| !script.packets.is_empty());
    for (number, script) in (1..).zip(&mut scripts) {
        script.track.id = TrackId::new(number).expect("not zero");
        let first = script.packets.iter().map(|packet| packet.pts.ticks()).min().unwrap_or(0);
        let late = -(first + i64::from(script.track.priming)).min(0);
        for packet in &mut script.packets {
            packet.track = script.track.id;
            packet.pts = packet.pts.saturating_add(late);
            packet.dts = packet.dts.saturating_add(late);
        }
    }
    scripts
}

fn read(container: Container, file: &Bytes) -> Vec<Output> {
    let mut demuxer = Demuxer::new(container, Source::Seekable { len: file.len() as u64 });
    let mut outputs = Vec::new();
    while let Some(at) = demuxer.wants().filter(|at| *at < file.len() as u64) {
        demuxer.push(file.slice(at as usize..)).expect("a sound file");
        outputs.extend(std::iter::from_fn(|| demuxer.poll()));
    }
    outputs.extend(demuxer.finish().expect("a sound file"));
    outputs
}

/// One track as segments that begin at key pictures.
fn segments(script: &Scripted) -> Vec<u8> {
    let mut muxer = Muxer::new(&script.track).expect("a muxer");
    let mut bytes = muxer.init().to_vec();
    let mut rest = &script.packets[..];
    while !rest.is_empty() {
        let is_start = |(n, packet): &(usize, &Packet)| *n >= 20 && packet.key.is_sync();
        let count = rest.iter().enumerate().find(is_start).map_or(rest.len(), |(n, _)| n);
        let (own, after) = rest.split_at(count);
        let last = own[count - 1].dts.ticks() + i64::from(own[count - 1].duration.unwrap_or(1).max(1));
        let end = after.first().map_or(Timestamp::new(last), |next| next.dts);
        bytes.extend_from_slice(&muxer.fragment(own, end).expect("a fragment").to_bytes());
        rest = after;
    }
    bytes
}

/// That there is nothing to say against a file of these tracks.
fn check(name: &str, bytes: &[u8], scripts: &[Scripted], is_dash: bool) {
    let mut checker = if is_dash { Checker::for_dash() } else { Checker::new() };
    checker.push(bytes);
    let report = checker.finish();
    assert!(report.worst() < Some(Severity::Warning), "{name}: {:?}", report.findings());
    let outputs = read(Container::WebM, &Bytes::copy_from_slice(bytes));
    for script in scripts {
        let packets = outputs.iter().filter_map(|output| match output {
            Output::Packet(packet) if packet.track == script.track.id => Some(&packet.data),
            _ => None,
        });
        assert!(packets.eq(script.packets.iter().map(|packet| &packet.data)), "{name}: other packets");
    }
    let is_webm = bytes.windows(4).take(64).any(|window| window == b"webm");
    let doc_type = if is_webm { "webm" } else { "matroska" };
    let path = streams::file(&format!("{name}.{doc_type}"), bytes);
    tools::check(&path, scripts, doc_type);
    quiet(&path);
}

/// `ffprobe` reads all packets and warns of nothing.
fn quiet(path: &Path) {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "warning", "-show_packets", "-of", "csv"]).arg(path).stdin(Stdio::null());
    let Ok(output) = command.output() else {
        eprintln!("skipped: ffprobe is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    // Of a stream, which does not say how long it lasts.
    let faults: Vec<&str> = said.lines().filter(|line| !line.contains("Estimating duration")).collect();
    assert!(faults.is_empty(), "{}: {faults:?}", path.display());
}

#[test]
fn every_form_of_every_codec_is_clean() {
    for (name, formats) in FILES {
        let Some(path) = source::media(name) else { return };
        let scripts = scripts(&path);
        let found: Vec<Format> = scripts.iter().map(|script| script.track.codec.format()).collect();
        assert_eq!(found, *formats, "{name}");
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let layouts = [("l", Layout::Live), ("c", Layout::CuesLast), ("f", Layout::CuesFirst { points: 50 })];
        for (form, layout) in layouts {
            let (bytes, _) = write(&scripts, Config { hold: 10_000, ..Config::new(layout) });
            check(&format!("form-{stem}-{form}"), &bytes, &scripts, false);
        }
        for script in &scripts {
            let mut script = script.clone();
            script.track.id = TrackId::new(1).expect("not zero");
            script.packets.iter_mut().for_each(|packet| packet.track = script.track.id);
            let kind = script.track.kind();
            check(&format!("form-{stem}-{kind:?}"), &segments(&script), &[script], true);
        }
    }
}

/// Pictures with an alpha plane, turned, of high dynamic range, and sound with a language and a name.
#[test]
fn what_else_tracks_have_is_clean_too() {
    let Some(path) = source::media("webm/test-vp8-vorbis-webvtt.webm") else { return };
    let mut scripts = scripts(&path);
    scripts[0].track.rotation = Rotation::Quarter;
    scripts[1].track.language = Language::new(*b"deu");
    let pictures = TrackEntry {
        alpha: true,
        mastering_display: Some(MasteringDisplay::p3_d65(50, 10_000_000)),
        content_light: Some(ContentLight { max: 1000, max_average: 400 }),
        ..TrackEntry::from(&scripts[0].track)
    };
    let sound = TrackEntry { name: Some("Ton".into()), ..TrackEntry::from(&scripts[1].track) };
    for layout in [Layout::Live, Layout::CuesLast, Layout::CuesFirst { points: 50 }] {
        let bytes = with_alpha(&[pictures.clone(), sound.clone()], &scripts, layout);
        check("form-alpha", &bytes, &scripts, false);
        let outputs = read(Container::WebM, &bytes.clone().into());
        let Some(Output::Tracks(tracks)) = outputs.first() else { panic!("tracks come first") };
        let said = |track: &Track| (track.rotation, track.language);
        assert!(tracks.iter().map(said).eq(scripts.iter().map(|script| said(&script.track))));
        let path = streams::file("form-alpha.webm", &bytes);
        if let Some(text) = tools::output("mkvinfo", &["--all"], &path) {
            let expected = [
                "Projection's roll rotation: -90",
                "Language: ger",
                "Name: Ton",
                "VideoAlphaMode",
                "Maximum block additional ID: 1",
                "Maximum content light: 1000",
                "Maximum luminance: 1000",
                "Minimum luminance: 0.005",
            ];
            let missing: Vec<_> = expected.iter().filter(|expected| !text.contains(**expected)).collect();
            assert!(missing.is_empty(), "{missing:?} in {text}");
        }
        if let Some(text) = tools::output("ffprobe", &["-v", "error", "-show_streams"], &path) {
            for expected in ["TAG:language=ger", "TAG:title=Ton", "TAG:alpha_mode=1", "rotation=-90"] {
                assert!(text.contains(expected), "{expected}: {text}");
            }
        }
    }
}

/// The pictures' own bytes as their alpha plane.
fn with_alpha(entries: &[TrackEntry], scripts: &[Scripted], layout: Layout) -> Vec<u8> {
    let mut writer = Writer::new(entries, Config { hold: 10_000, ..Config::new(layout) }).expect("a writer");
    let mut file = Rope::from(writer.init());
    let nanos = |packet: &Packet| {
        let script = scripts.iter().find(|script| script.track.id == packet.track).expect("its track");
        script.track.time_base.to_nanos(packet.dts.ticks())
    };
    let mut packets: Vec<&Packet> = scripts.iter().flat_map(|script| &script.packets).collect();
    packets.sort_by_key(|packet| nanos(packet));
    for packet in packets {
        let is_picture = scripts
            .iter()
            .any(|script| script.track.id == packet.track && script.track.kind() == Kind::Video);
        if is_picture {
            writer.push_with_alpha(packet.clone(), packet.data.clone()).expect("a packet in order");
        } else {
            writer.push(packet.clone()).expect("a packet in order");
        }
        while let Some(output) = writer.poll() {
            file.append(output.rope);
        }
    }
    let ending = writer.finish();
    file.append(ending.rope.clone());
    patched(&file, &ending)
}
