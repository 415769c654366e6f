//! One test for each codec.

use std::path::{Path, PathBuf};
use std::process::Command;

use media_core::codec::Format;
use media_core::mux::{fmp4, mpegts, webm};
use media_core::track::Kind;

use crate::ffmpeg;
use crate::source::{self, Source};

fn fmp4(source: &Source) -> Vec<u8> {
    let mut muxer = fmp4::Muxer::new(&source.track).expect("an entry");
    let mut out = muxer.init().to_vec();
    for packets in source.packets.chunks(20) {
        let next = packets[0].dts.ticks()
            + packets.iter().map(|packet| i64::from(packet.duration.unwrap())).sum::<i64>();
        let fragment = muxer.fragment(packets, media_core::time::Timestamp::new(next)).expect("a fragment");
        out.extend_from_slice(&fragment.to_bytes());
    }
    out
}

fn matroska(source: &Source) -> Vec<u8> {
    let mut writer =
        webm::Writer::new(&[(&source.track).into()], webm::Config::new(webm::Layout::Live)).expect("a codec");
    let mut out = Vec::new();
    out.extend_from_slice(&writer.init());
    for packet in &source.packets {
        writer.push(packet.clone()).expect("in order");
        while let Some(output) = writer.poll() {
            out.extend_from_slice(&output.rope.to_bytes());
        }
    }
    out.extend_from_slice(&writer.finish().rope.to_bytes());
    out
}

fn transport(source: &Source) -> Vec<u8> {
    let mut muxer = mpegts::Muxer::new(std::slice::from_ref(&source.track), mpegts::Config::default())
        .expect("a stream type");
    source.packets.chunks(20).flat_map(|packets| muxer.segment(packets).expect("a segment")).collect()
}

/// What ffmpeg hashes of the only stream: the packets as they are, or what they decode to without dropping any of it.
fn hash(file: &Path, copy: bool) -> String {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "fatal", "-bitexact", "-flags2", "+skip_manual", "-i"]).arg(file);
    if copy {
        command.args(["-c", "copy"]);
    }
    let hash =
        ffmpeg::run(command.args(["-fps_mode", "passthrough", "-f", "streamhash", "-hash", "md5", "-"]));
    String::from_utf8(hash).expect("text")
}

fn codec_name(file: &Path) -> String {
    let options = ["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0"];
    let name = ffmpeg::run(Command::new("ffprobe").args(options).arg(file));
    String::from_utf8(name).expect("text").lines().next().expect("a stream").trim_end_matches(',').to_owned()
}

/// Every packet at its time, to the tick of the container; `per_second` of them.
fn compare_times(file: &Path, source: &Source, per_second: i64) {
    let kind = if source.track.kind() == Kind::Video { "v" } else { "a" };
    let listed = ffmpeg::packets(file, kind);
    assert_eq!(listed.len(), source.packets.len(), "{file:?}");
    let rate = i64::from(source.track.time_base.den());
    // In a transport stream ffmpeg counts on from the first frame of a PES packet, in whole ticks.
    let ticks = if per_second == 90_000 { 8 } else { 1 };
    for (listed, packet) in listed.iter().zip(&source.packets) {
        let off = listed.pts * rate - packet.pts.ticks() * per_second;
        assert!(off.abs() <= rate * ticks, "{file:?}: {listed:?} for {:?}", packet.pts);
        assert_eq!((listed.size, listed.key), (packet.data.len(), packet.key.is_sync()), "{file:?}");
    }
}

/// Writes `original` into all containers that have `format`, and reads it back.
fn check(original: Option<PathBuf>, format: Format, name: &str) {
    let Some(original) = original.filter(|_| ffmpeg::present()) else { return };
    let source = source::read(&original, format);
    let rate = i64::from(source.track.time_base.den());
    let mut containers = vec![("mkv", 1000, matroska(&source))];
    if format == Format::Vorbis {
        let refused = fmp4::Muxer::new(&source.track).expect_err("no entry");
        assert_eq!(refused.to_string(), "Vorbis has no sample entry in MP4");
    } else {
        containers.push(("mp4", rate, fmp4(&source)));
    }
    if matches!(format, Format::Mp3 | Format::Ac3 | Format::Eac3) {
        containers.push(("ts", 90_000, transport(&source)));
    }
    let expected = [true, false].map(|copy| hash(&source.file, copy));
    for (extension, per_second, bytes) in containers {
        let stem = source.file.file_stem().expect("a name").to_string_lossy().into_owned();
        let file = source::scratch(&format!("{stem}-ours.{extension}"));
        std::fs::write(&file, bytes).expect("a writable target folder");
        // The object type of MP4 does not tell the layer.
        let name = if extension == "mp4" && name == "mp2" { "mp3" } else { name };
        assert_eq!(codec_name(&file), name, "{file:?}");
        compare_times(&file, &source, per_second);
        assert_eq!([true, false].map(|copy| hash(&file, copy)), expected, "{file:?}");
    }
}

/// Sound of ffmpeg's encoder, which the collection of media has no file of.
fn encoded(codec: &str, rate: u32, options: &[&str]) -> Option<PathBuf> {
    if !ffmpeg::present() {
        return None;
    }
    let file = source::scratch(&format!("codecs-{codec}-{rate}.mkv"));
    let tone = format!("sine=440:r={rate}:d=0.5");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i", &tone, "-c:a", codec]).args(options);
    ffmpeg::run(command.arg(&file));
    Some(file)
}

#[test]
fn av1() {
    check(source::media("es/test-25fps.av1.ivf"), Format::Av1, "av1");
}

#[test]
fn av1_of_ten_bits_with_its_colours() {
    check(source::media("mkv/sample_av1.mkv"), Format::Av1, "av1");
}

#[test]
fn vorbis() {
    check(source::media("audio/bear_vorbis.ogg"), Format::Vorbis, "vorbis");
}

#[test]
fn flac() {
    check(source::media("audio/sfx.flac"), Format::Flac, "flac");
}

#[test]
fn flac_of_24_bits_at_96_khz() {
    check(encoded("flac", 96_000, &["-sample_fmt", "s32"]), Format::Flac, "flac");
}

#[test]
fn mp3() {
    check(source::media("audio/bear-vbr-xing-header.mp3"), Format::Mp3, "mp3");
}

#[test]
fn mp3_of_a_low_sampling_rate() {
    check(encoded("libmp3lame", 22_050, &[]), Format::Mp3, "mp3");
}

#[test]
fn mpeg_audio_of_layer_ii() {
    check(source::media("ts/sample_h264_mpeg_audio.ts"), Format::Mp3, "mp2");
}

#[test]
fn ac3() {
    check(source::media("mp4/sample_ac3.mp4"), Format::Ac3, "ac3");
}

#[test]
fn eac3() {
    check(encoded("eac3", 44_100, &["-ac", "6", "-b:a", "192k"]), Format::Eac3, "eac3");
}

/// AAC as LATM in a transport stream: ffmpeg finds the same packets, and they decode to the same.
#[test]
fn aac_in_latm() {
    let Some(original) = source::media("mp4/test.mp4").filter(|_| ffmpeg::present()) else { return };
    let source = source::read(&original, Format::Aac);
    let options = mpegts::Config { aac: mpegts::AacFraming::Latm, ..mpegts::Config::default() };
    let mut muxer = mpegts::Muxer::new(std::slice::from_ref(&source.track), options).expect("LATM");
    let segments = source.packets.chunks(20).map(|packets| muxer.segment(packets).expect("a segment"));
    let file = source::scratch("codecs-latm.ts");
    std::fs::write(&file, segments.collect::<Vec<_>>().concat()).expect("a writable target folder");
    assert_eq!(codec_name(&file), "aac_latm");
    assert_eq!(ffmpeg::packets(&file, "a").len(), source.packets.len());
    assert_eq!(hash(&file, false), hash(&source.file, false));
}
