//! The payloads of real files have the MD5 that ffmpeg finds.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use media_core::codec::Config;
use media_core::track::Track;

use crate::md5::md5;
use crate::mp4_files::clean_files;
use crate::tools::*;

/// `stream_md5_copy` of a file in `probe.jsonl`, by stream.
fn copied(probe: &str, name: &str) -> Option<Vec<String>> {
    let line = probe.lines().find(|line| line.contains(&format!("\"file\": \"{name}\"")))?;
    let (_, list) = line.split_once("\"stream_md5_copy\": [")?;
    let hashes = list.split_once(']')?.0.split(", ").filter_map(|hash| hash.split_once("MD5="));
    Some(hashes.map(|(_, hash)| hash.trim_end_matches('"').to_owned()).collect())
}

/// The MD5 of a stream without parameter sets, delimiters and filler, in the start codes that ffmpeg gives them.
fn filtered(file: &Path, track: &Track) -> Option<String> {
    let types = match track.codec {
        Config::H264(_) => "7-9|12|13|15",
        _ => "32-35|38",
    };
    let filter = format!("filter_units=remove_types={types}");
    let run = Command::new("ffmpeg")
        .args(["-v", "quiet", "-i"])
        .arg(file)
        .args(["-map", &format!("0:i:{}", track.id.get()), "-c", "copy", "-bsf:v", &filter])
        .args(["-f", "streamhash", "-hash", "md5", "-"])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    Some(text.split_once("MD5=")?.1.trim().to_owned())
}

/// NAL units behind start codes, the first of a unit behind four bytes and the others behind three.
fn with_start_codes(read: &Read, track: &Track) -> Vec<u8> {
    let mut out = Vec::new();
    for packet in read.of(track) {
        let mut rest = &packet.data[..];
        let mut first = true;
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let (unit, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
            out.extend_from_slice(if first { &[0, 0, 0, 1] } else { &[0, 0, 1] });
            // ffmpeg takes zero bytes off the end, which some writers take from an Annex B stream into the file.
            out.extend_from_slice(
                &unit[..unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)],
            );
            (rest, first) = (behind, false);
        }
    }
    out
}

#[test]
fn payloads_have_the_md5_of_ffmpeg() {
    let Some(media) = media() else { return };
    let probe_file = std::fs::read_to_string(media.join("probe.jsonl")).expect("the facts beside the media");
    let (mut direct, mut without_sets) = (0, 0);
    for (name, file) in clean_files(&media) {
        let Some(mut hashes) = copied(&probe_file, &name) else { panic!("{name}: not in probe.jsonl") };
        let read = read_mp4(&file);
        assert!(!read.packets.is_empty(), "{name}: nothing was read");
        for track in read.tracks.iter().filter(|track| !read.of(track).is_empty()) {
            let data: Vec<Bytes> = read.of(track).iter().map(|packet| packet.data.clone()).collect();
            let hash = md5(&data.concat());
            if let Some(at) = hashes.iter().position(|theirs| *theirs == hash) {
                hashes.remove(at);
                direct += 1;
                continue;
            }
            let cleaned = matches!(track.codec, Config::H264(_) | Config::H265(_));
            assert!(cleaned, "{name}: track {} differs", track.id.get());
            let Some(theirs) = filtered(&media.join(&name), track) else { return };
            assert_eq!(md5(&with_start_codes(&read, track)), theirs, "{name}: track {}", track.id.get());
            without_sets += 1;
        }
    }
    println!("{direct} tracks byte for byte, {without_sets} without parameter sets and delimiters");
    assert!(direct > 60);
}
