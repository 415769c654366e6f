//! Real streams, muxed by us and read by ffmpeg, `mpeg2ts` and tstools: the same packets, and decoded the same pictures as from their source.
//!
//! `FFMPEG` names another ffmpeg to read with besides the one in the path.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;
use media_core::codec::{Config as Codec, Key};
use media_core::mux::mpegts::{Config, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};

use crate::source::Source;
use crate::transport::{self, Transport};
use crate::{ffmpeg, made_up, oracle, source};

/// The tracks of these kinds in an MP4 file, 10 s later, so that no time is below zero, and numbered from 1.
fn sources(name: &str, kinds: &[Kind]) -> Option<Vec<Source>> {
    let original = source::media(name)?;
    let read = |(number, kind): (usize, &Kind)| {
        let mut source = source::mp4(&original, *kind);
        source.track.id = TrackId::new(1 + number as u32).expect("from 1");
        let id = source.track.id;
        source.packets.iter_mut().for_each(|packet| packet.track = id);
        let ten_seconds = Timestamp::new(10).rescale(TimeBase::hz(1), source.track.time_base);
        source.later(ten_seconds.ticks())
    };
    Some(kinds.iter().enumerate().map(read).collect())
}

/// All packets in segments of half a second, checked by our own reader.
fn mux(sources: &[Source], config: Config) -> (Vec<u8>, Transport) {
    let tracks: Vec<Track> = sources.iter().map(|source| source.track.clone()).collect();
    let half = |source: &Source, packet: &Packet| {
        packet.dts.rescale(source.track.time_base, TimeBase::hz(2)).ticks()
    };
    let mut muxer = Muxer::new(&tracks, config).expect("a muxer");
    let (mut file, mut transport) = (Vec::new(), Transport::default());
    for segment in 15..60 {
        let own = sources.iter().flat_map(|source| {
            let own = move |packet: &&Packet| half(source, packet) == segment;
            source.packets.iter().filter(own).cloned()
        });
        let own: Vec<Packet> = own.collect();
        if !own.is_empty() {
            let bytes = muxer.segment(&own).expect("a segment");
            transport::check_segment(&bytes);
            transport.feed(&bytes);
            file.extend_from_slice(&bytes);
        }
    }
    transport.end();
    (file, transport)
}

pub(crate) fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("a writable target folder");
    path
}

/// Muxes tracks of `name` and compares what comes out with what went in.
fn check(name: &str, kinds: &[Kind], config: Config) {
    let Some(sources) = sources(name, kinds).filter(|_| ffmpeg::present()) else { return };
    let (bytes, transport) = mux(&sources, config);
    oracle::check(&bytes, &transport);
    let stem = name.replace('/', "-");
    let file = write(&format!("{stem}-{}.ts", kinds.len()), &bytes);
    for program in programs() {
        for (number, source) in sources.iter().enumerate() {
            compare_times(&program, &file, number, source);
            compare_payload(&program, &file, number, source);
        }
    }
    if kinds.contains(&Kind::Video) {
        let original = source::media(name).expect("it was read");
        assert_eq!(ffmpeg::picture_hash(&file), ffmpeg::picture_hash(&original));
    }
    tsreport(&file);
}

fn programs() -> Vec<PathBuf> {
    [PathBuf::from("ffmpeg")].into_iter().chain(std::env::var_os("FFMPEG").map(PathBuf::from)).collect()
}

/// What ffmpeg makes of a stream without decoding it.
fn copied(program: &Path, file: &Path, number: usize, options: &[&str]) -> Vec<u8> {
    let map = format!("0:{number}");
    let mut command = Command::new(program);
    command.args(["-v", "error", "-copyts", "-i"]).arg(file).args(["-map", &map, "-c", "copy"]);
    let output = command.args(options).arg("-").stdin(Stdio::null()).output().expect("ffmpeg runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{command:?}: {complaint}");
    output.stdout
}

/// PTS and DTS of every packet, to the tick; of sound that shares PES packets to one tick, since ffmpeg counts on from the first frame.
fn compare_times(program: &Path, file: &Path, number: usize, source: &Source) {
    let listing = copied(program, file, number, &["-f", "framemd5"]);
    let listing = String::from_utf8(listing).expect("text");
    assert!(listing.contains("#tb 0: 1/90000"));
    let read: Vec<[i64; 2]> = listing
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.split(',').map(|field| field.trim().parse().unwrap_or(i64::MIN));
            let [dts, pts] = [1, 0].map(|skip| fields.nth(skip).expect("a time"));
            [pts, dts]
        })
        .collect();
    assert_eq!(read.len(), source.packets.len(), "{program:?} {file:?}");
    let tolerance = match source.track.kind() {
        Kind::Video => 0,
        Kind::Audio => 1,
    };
    for (packet, read) in source.packets.iter().zip(read) {
        let ticks = |time: Timestamp| time.rescale(source.track.time_base, TimeBase::VIDEO).ticks();
        let off = [ticks(packet.pts) - read[0], ticks(packet.dts) - read[1]];
        assert!(off.iter().all(|off| off.abs() <= tolerance), "{file:?} {read:?} is off by {off:?}");
    }
}

/// The payloads one after the other, without what a transport stream adds.
fn compare_payload(program: &Path, file: &Path, number: usize, source: &Source) {
    let data = |options: &[&str]| copied(program, file, number, &[options, &["-f", "data"]].concat());
    match &source.track.codec {
        Codec::H264(_) => compare_nals(&data(&[]), source, |nal| matches!(nal[0] & 0x1f, 7..=9)),
        Codec::H265(_) => compare_nals(&data(&[]), source, |nal| matches!(nal[0] >> 1 & 0x3f, 32..=35)),
        Codec::Aac(_) => assert!(data(&["-bsf:a", "aac_adtstoasc"]) == joined(source)),
        _ => assert!(data(&[]) == joined(source)),
    }
}

fn joined(source: &Source) -> Vec<u8> {
    source.packets.iter().flat_map(|packet| packet.data.to_vec()).collect()
}

/// Compares NAL units that are neither delimiters nor parameter sets.
fn compare_nals(stream: &[u8], source: &Source, around: impl Fn(&[u8]) -> bool) {
    let read = transport::nals(stream).into_iter().filter(|nal| !around(nal));
    let own = source.packets.iter().flat_map(|packet| made_up::nals(&packet.data));
    assert!(own.filter(|nal| !around(nal)).eq(read));
}

/// `tsreport` of tstools finds no gap between clock references, no packet twice, and nothing to complain of.
pub(crate) fn tsreport(file: &Path) {
    let report = |options: &[&str]| {
        let output = Command::new("tsreport").args(options).arg(file).output().ok()?;
        assert!(output.status.success());
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(report) = report(&["-buffering"]) else {
        return eprintln!("skipped: tsreport of tstools is not installed");
    };
    assert!(report.contains("Bad (>.1s) gaps: 0,"), "{report}");
    let streams = report.lines().filter(|line| line.contains("CC: first"));
    assert!(streams.clone().all(|line| line.ends_with("duplicate packets: 0")), "{report}");
    assert!(streams.count() > 0 && !report.contains("###"), "{report}");
}

#[test]
fn h264_with_b_pictures_and_aac() {
    check("mp4/sample.mp4", &[Kind::Video, Kind::Audio], Config::default());
}

#[test]
fn h264_with_a_pyramid_of_b_pictures() {
    check("mp4/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4", &[Kind::Video], Config::default());
}

#[test]
fn h264_of_few_pictures_a_second() {
    check("mp4/sample_12_5fps_720p_1s.mp4", &[Kind::Video, Kind::Audio], Config::default());
}

#[test]
fn h264_at_a_constant_rate() {
    let config = Config { mux_rate: Some(2_000_000), ..Config::default() };
    check("mp4/silent-black-10s.mp4", &[Kind::Video, Kind::Audio], config);
}

#[test]
fn h265_with_b_pictures() {
    check("mp4/h265_bframes.mp4", &[Kind::Video], Config::default());
}

#[test]
fn h265_of_10_bits_and_aac() {
    check("mp4/hlg10-color-test.mp4", &[Kind::Video, Kind::Audio], Config::default());
}

#[test]
fn aac_alone() {
    check("mp4/bbb_1ch_16kHz_aac.mp4", &[Kind::Audio], Config::default());
    check("mp4/sample_simple.mp4", &[Kind::Audio], Config { audio_span: 0, ..Config::default() });
}

#[test]
fn aac_first_and_then_pictures() {
    check("mp4/sample_simple.mp4", &[Kind::Audio, Kind::Video], Config::default());
}

#[test]
fn opus_alone() {
    check("mp4/sample_opus.mp4", &[Kind::Audio], Config::default());
}

/// What the tables say beyond the codings: ffprobe names the metadata, and whose language is spoken.
#[test]
fn ffprobe_knows_the_streams() {
    let Some(sources) = sources("mp4/sample_opus.mp4", &[Kind::Audio]).filter(|_| ffmpeg::present()) else {
        return;
    };
    let id3 = made_up::id(9);
    let (track, packets) = (sources[0].track.clone(), &sources[0].packets);
    let tag = made_up::packet(&track, 905_000, 905_000, Key::Closed, Bytes::from_static(ID3));
    let own: Vec<Packet> = [Packet { track: id3, ..tag }].into_iter().chain(packets.clone()).collect();
    let config = Config { id3: Some(id3), languages: vec![(track.id, *b"deu")], ..Config::default() };
    let segment = Muxer::new(&[track], config).expect("a muxer").segment(&own).expect("a segment");
    let file = write("streams.ts", &segment);
    let entries = "stream=id,codec_name,channels,sample_rate:stream_tags=language";
    let options = ["-v", "error", "-of", "compact=p=0", "-show_entries", entries];
    let output = Command::new("ffprobe").args(options).arg(file).output().expect("ffprobe runs");
    let expected = [
        "codec_name=opus|sample_rate=48000|channels=2|id=0x100|tag:language=deu",
        "codec_name=timed_id3|id=0x101",
    ];
    let listing = String::from_utf8_lossy(&output.stdout);
    // Streams are listed twice, by program and by themselves.
    let lines: Vec<&str> = listing.lines().filter(|line| line.contains("codec_name")).collect();
    assert!(expected.iter().all(|line| lines.contains(line)), "{listing}");
}

/// A `TXXX` frame without text.
pub(crate) const ID3: &[u8] = b"ID3\x04\x00\x00\x00\x00\x00\x0dTXXX\x00\x00\x00\x03\x00\x00\x03\x00\x00";
