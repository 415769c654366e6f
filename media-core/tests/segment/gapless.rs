//! Sound is heard without a gap over every cut: what ffmpeg decodes of the segments, one behind the other, is what it decodes of the file that they
//! were made of, to the sample, priming and end trim left out as there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use media_core::demux::{self, Container, Demux, Demuxer};
use media_core::packet::Packet;
use media_core::segment::{Config, Format, Init, Output, Segmenter};
use media_core::timeline;
use media_core::track::Track;

use crate::ffmpeg;
use crate::parts::MILLISECOND;

/// Seconds of a rising tone that ends within a frame.
const SWEEP: &str = "aevalsrc=0.4*sin(2*PI*(200*t+300*t*t)):s=48000:d=7.3";

/// A rising tone coded by ffmpeg; `None` where it cannot.
fn sweep(encoder: &str, file: &str) -> Option<PathBuf> {
    if !ffmpeg::present() {
        return None;
    }
    let encoders = Command::new("ffmpeg").args(["-v", "error", "-encoders"]).output().expect("it runs");
    if !String::from_utf8_lossy(&encoders.stdout).contains(&format!(" {encoder} ")) {
        eprintln!("skipped: this ffmpeg has no encoder {encoder}");
        return None;
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    let options =
        ["-v", "error", "-bitexact", "-f", "lavfi", "-i", SWEEP, "-b:a", "96k", "-c:a", encoder, "-y"];
    ffmpeg::run(Command::new("ffmpeg").args(options).arg(&path));
    Some(path)
}

/// The track of a file and its packets.
fn read(path: &Path) -> (Track, Vec<Packet>) {
    let file = Bytes::from(std::fs::read(path).expect("a readable file"));
    let container = Container::sniff(&file).expect("a container");
    let mut demuxer = Demuxer::new(container, demux::Source::Seekable { len: file.len() as u64 });
    let mut outputs = Vec::new();
    while let Some(at) = demuxer.wants().filter(|at| *at < file.len() as u64) {
        demuxer.push(file.slice(at as usize..)).expect("a file of ffmpeg's");
        outputs.extend(std::iter::from_fn(|| demuxer.poll()));
    }
    outputs.extend(demuxer.finish().expect("a file of ffmpeg's"));
    let mut track = None;
    let mut packets = Vec::new();
    for output in outputs {
        match output {
            demux::Output::Tracks(tracks) => track = tracks.first().cloned(),
            demux::Output::Packet(packet) => packets.push(packet),
        }
    }
    (track.expect("a track"), packets)
}

/// Segments of a source one behind the other, behind their header.
struct Joined {
    init: Option<Init>,
    bytes: Vec<u8>,
    segments: usize,
}

impl Joined {
    /// Cut by `config`; the server is stopped and started again after `restarts` packets.
    fn new(config: &Config, track: &Track, packets: &[Packet], restart: Option<usize>) -> Self {
        let mut joined = Self { init: None, bytes: Vec::new(), segments: 0 };
        let (before, after) = packets.split_at(restart.unwrap_or(packets.len()));
        let mut segmenter = Segmenter::new(config.clone());
        joined.feed(&mut segmenter, track, before);
        let mut state = segmenter.state();
        let rest = segmenter.finish().expect("an end");
        state.number += rest.iter().filter(|output| matches!(output, Output::Cut(_))).count() as u64;
        rest.into_iter().for_each(|output| joined.take(output));
        if !after.is_empty() {
            let mut segmenter = Segmenter::resume(config.clone(), &state).expect("the same configuration");
            joined.feed(&mut segmenter, track, after);
            segmenter.finish().expect("an end").into_iter().for_each(|output| joined.take(output));
        }
        joined
    }

    fn feed(&mut self, segmenter: &mut Segmenter, track: &Track, packets: &[Packet]) {
        segmenter.push(timeline::Output::Tracks(Arc::from([track.clone()]))).expect("a track");
        for packet in packets {
            segmenter.push(timeline::Output::Packet(packet.clone())).expect("a packet");
            std::iter::from_fn(|| segmenter.poll()).for_each(|output| self.take(output));
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Init(init) if self.init.is_none() => {
                self.bytes.extend_from_slice(&init.headers[0]);
                self.init = Some(init);
            }
            Output::Init(init) => assert_eq!(init.headers, self.init.as_ref().unwrap().headers, "as before"),
            Output::Cut(cut) => {
                assert_eq!(cut.number, self.segments as u64);
                self.segments += 1;
                self.bytes.extend_from_slice(&cut.segments[0].rope.to_bytes());
            }
            Output::Part(_) | Output::NeedKey(_) => {}
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, &self.bytes).expect("a writable folder");
        path
    }
}

/// Cuts at arbitrary places, in parts or not, and whether the server is restarted.
fn configs(format: Format) -> [(Config, bool); 4] {
    let config = |target, part: Option<i64>| Config {
        format,
        part: part.map(|part| part * MILLISECOND),
        ..Config::new(target * MILLISECOND)
    };
    [
        (config(333, None), false),
        (config(1000, Some(214)), false),
        (config(717, None), true),
        (config(2717, Some(111)), true),
    ]
}

/// Samples that ffmpeg decodes and are not of the tone: before it, and behind it.
#[derive(Clone, Copy)]
struct Besides {
    front: usize,
    end: usize,
}

/// Bytes of the tone.
const TONE: usize = 48_000 * 73 / 10 * 2;
const NOTHING: Besides = Besides { front: 0, end: 0 };
/// The delay of ffmpeg's encoder, and what is left of the last frame.
const AAC: Besides = Besides { front: 1024, end: 1024 - (1024 + 350_400) % 1024 };
/// The pre-skip, and what is left of the last packet of 20 ms.
const OPUS: Besides = Besides { front: 312, end: 960 - (312 + 350_400) % 960 };

fn joins(encoder: &str, source: &str, format: Format, extension: &str, besides: Besides) {
    let name = format!("gapless-{encoder}-{format:?}");
    let Some(path) = sweep(encoder, &format!("{name}-{source}")) else { return };
    let (track, packets) = read(&path);
    let expected = &ffmpeg::sound(&path)[..TONE];
    let decode = if format == Format::Fmp4 { ffmpeg::edited_sound } else { ffmpeg::sound };
    for (number, (config, restarts)) in configs(format).iter().enumerate() {
        let restart = restarts.then_some(packets.len() / 3 + number);
        let joined = Joined::new(config, &track, &packets, restart);
        assert!(joined.segments > 1);
        let found = decode(&joined.file(&format!("{name}.{extension}")));
        assert_eq!(found.len(), TONE + 2 * (besides.front + besides.end), "{config:?} {restart:?}");
        assert!(found[2 * besides.front..][..TONE] == *expected, "{config:?} {restart:?}");
    }
}

#[test]
fn trap_05_aac_in_fmp4_joins_without_a_gap() {
    // ISO/IEC 14496-12 8.6.6: what is before the start of the edit is left out. The duration of the last sample is that of what is heard of it;
    // ffmpeg decodes all of it.
    joins("aac", "source.mp4", Format::Fmp4, "mp4", Besides { end: AAC.end, ..NOTHING });
}

#[test]
fn trap_05_opus_in_fmp4_joins_without_a_gap() {
    // ISO/IEC 14496-12 8.6.6.
    joins("libopus", "source.webm", Format::Fmp4, "mp4", Besides { end: OPUS.end, ..NOTHING });
}

#[test]
fn trap_29_opus_in_webm_joins_without_a_gap() {
    // RFC 9559: CodecDelay at the front, DiscardPadding at the end.
    joins("libopus", "source.webm", Format::Webm, "webm", NOTHING);
}

#[test]
fn aac_in_matroska_joins_without_a_gap() {
    // RFC 9559: ffmpeg takes CodecDelay from the times of AAC, decodes it, and leaves DiscardPadding out.
    joins("aac", "source.mp4", Format::Webm, "mkv", Besides { end: 0, ..AAC });
}

#[test]
fn opus_in_transport_streams_joins_without_a_gap() {
    // ffmpeg does not leave out what control headers say.
    joins("libopus", "source.webm", Format::MpegTs, "ts", OPUS);
}

#[test]
fn aac_in_transport_streams_joins_without_a_gap() {
    // There is nothing that could say what is priming.
    joins("aac", "source.mp4", Format::MpegTs, "ts", AAC);
}

#[test]
fn aac_as_packed_audio_joins_without_a_gap() {
    joins("aac", "source.mp4", Format::PackedAudio, "aac", AAC);
}
