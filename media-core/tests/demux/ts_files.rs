//! Every transport stream of the test media, beside what ffmpeg says of it.

use bytes::Bytes;
use media_core::codec::{Config, Format, aac, annexb};
use media_core::demux::Source;
use media_core::demux::mpegts::{Counts, Demuxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};

use crate::md5::md5;
use crate::probe::{self, Listed, Probed, Stream};
use crate::read::{Read, read_with};

/// Streams that are not read, by ffmpeg's name of their coding.
const REFUSED: &[&str] = &["mpeg2video", "timed_id3", "epg", ""];

/// Packets of ffmpeg's list, at the front and at the end, that are not packets here, and why.
const FFMPEG_ONLY: &[(&str, usize, usize, &str)] = &[
    (
        "ts/sample_ac3.ts",
        1,
        1,
        "the end of a frame whose start was cut off, and the start of one whose end was",
    ),
    ("ts/test-025.ts", 0, 1, "the start of a frame whose end was cut off"),
];

/// Files whose stamps ffmpeg reads otherwise, and why.
const OTHER_STAMPS: &[(&str, &str)] = &[(
    "ts/sample_ac3.ts",
    "a stamp is of the first frame that begins in its PES packet (2.4.3.7); ffmpeg gives it to the frame that ends there",
)];

fn load(name: &str) -> Bytes {
    let folder = probe::folder().expect("a file was found there");
    std::fs::read(folder.join(name)).expect("a readable file").into()
}

fn is_of(track: &Track, stream: &Stream) -> bool {
    let name = probe::name(track.codec.format());
    match stream.codec.as_str() {
        "mp2" => name == "mp3",
        "aac_latm" => name == "aac",
        codec => name == codec,
    }
}

/// The tracks that are read, with the streams they are; streams without packets are no tracks.
fn pairs<'a>(read: &'a Read, file: &'a Probed) -> Vec<(&'a Track, &'a Stream)> {
    let mut tracks: Vec<&Track> = read.tracks().iter().collect();
    let mut pairs = Vec::new();
    let readable = |stream: &&Stream| !REFUSED.contains(&stream.codec.as_str()) && stream.packets > 0;
    for stream in file.streams.iter().filter(readable) {
        let at = tracks.iter().position(|track| is_of(track, stream));
        let at = at.unwrap_or_else(|| panic!("{}: no track of {}", file.name, stream.codec));
        pairs.push((tracks.remove(at), stream));
    }
    assert!(tracks.is_empty(), "{}: {tracks:?}", file.name);
    pairs
}

/// The bytes of all packets, without what a packet does not carry: headers of AAC, start codes and lengths, parameter sets, delimiters, filler.
fn compare_bytes(track: &Track, stream: &Stream, packets: &[&Packet], copy: &[u8], what: &str) {
    let data = || packets.iter().map(|packet| &packet.data[..]);
    match track.codec {
        Config::H264(_) | Config::H265(_) => {
            let stays = |nal: &&[u8]| match track.codec.format() {
                Format::H264 => !matches!(nal[0] & 0x1f, 7..=9 | 12 | 13 | 15),
                _ => !matches!(nal[0] >> 1 & 0x3f, 32..=35 | 38),
            };
            let theirs: Vec<&[u8]> = annexb::nals(copy).filter(stays).collect();
            let ours: Vec<&[u8]> = data().flat_map(nals).collect();
            assert!(ours == theirs, "{what}");
        }
        Config::Aac(_) if stream.codec == "aac_latm" => {}
        Config::Aac(_) => {
            let theirs: Vec<&[u8]> = aac::adts_frames(copy).map(|frame| frame.expect("a frame").1).collect();
            assert!(data().eq(theirs), "{what}");
        }
        _ => {
            let ours = data().collect::<Vec<_>>().concat();
            assert!(copy.starts_with(&ours), "{what}");
        }
    }
}

/// The NAL units behind 4-byte lengths.
fn nals(mut data: &[u8]) -> Vec<&[u8]> {
    let mut nals = Vec::new();
    while let Some((len, rest)) = data.split_first_chunk::<4>() {
        let (nal, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        nals.push(nal);
        data = rest;
    }
    nals
}

fn compare(file: &Probed) {
    let bytes = load(&file.name);
    let source = Source::Seekable { len: bytes.len() as u64 };
    let mut counts = Counts::default();
    let read = read_with(Demuxer::new(source), &bytes, 10_000, |demuxer| {
        counts = demuxer.counts();
        println!("{}: {counts:?} {:?}", file.name, demuxer.unknown());
    });
    println!("{} {:?}", file.name, read.error);
    read.check();
    let folder = probe::folder().expect("a file was found there");
    let Some((listed, bases)) = probe::listing(&folder.join(&file.name)) else { return };
    for (track, stream) in pairs(&read, file) {
        let packets = read.packets_of(track.id);
        let what = format!("{} {} {}", file.name, stream.index, stream.codec);
        let (front, end) = FFMPEG_ONLY
            .iter()
            .find(|(name, ..)| *name == file.name)
            .map_or((0, 0), |(_, front, end, _)| (*front, *end));
        assert_eq!(packets.len() + front + end, stream.packets, "{what}");
        let listed: Vec<&Listed> = listed.iter().filter(|packet| packet.stream == stream.index).collect();
        let (cut_off, listed) = listed.split_at(front);
        let copy = probe::copy(&folder.join(&file.name), stream.index).expect("ffmpeg beside ffprobe");
        if front + end == 0 && !stream.md5.is_empty() {
            assert_eq!(md5(&copy), stream.md5, "{what}");
        }
        let cut_off = cut_off.iter().map(|packet| packet.size).sum::<usize>();
        compare_bytes(track, stream, &packets, &copy[cut_off..], &what);
        let (num, den) = bases[stream.index];
        let base = TimeBase::new(num, den).expect("a base");
        let has_other_stamps = OTHER_STAMPS.iter().any(|(name, _)| *name == file.name);
        let mut differing = 0;
        for (packet, listed) in packets.iter().zip(listed) {
            let apart = |ours: Timestamp, theirs: Option<i64>| {
                // ffmpeg's parser leaves some without.
                let Some(theirs) = theirs else { return 0 };
                let theirs = Timestamp::new(theirs).rescale(base, TimeBase::VIDEO).ticks();
                let ours = ours.rescale(track.time_base, TimeBase::VIDEO).ticks();
                let apart = (ours - theirs).rem_euclid(1 << 33);
                apart.min((1 << 33) - apart)
            };
            // ffmpeg rounds from frame to frame within a PES packet.
            let most = if track.kind() == Kind::Video { 0 } else { 12 };
            let (pts, dts) = (apart(packet.pts, listed.pts), apart(packet.dts, listed.dts));
            if has_other_stamps {
                differing += usize::from(pts > most || dts > most);
                continue;
            }
            assert!(
                pts <= most && dts <= most,
                "{what}: {pts} {dts} {:?} {:?} {listed:?}",
                packet.pts,
                packet.dts
            );
            assert_eq!(packet.key.is_sync(), listed.key, "{what} {:?}", packet.pts);
        }
        assert_eq!(differing > 0, has_other_stamps, "{what}: no stamps differ any more");
    }
    let smallest = if bytes.len() < 20_000 { 1 } else { 7777 };
    for size in [smallest, bytes.len().max(1)] {
        let again = read_with(Demuxer::new(Source::Stream), &bytes, size, |_| {});
        assert_eq!(format!("{:?}", again.outputs), format!("{:?}", read.outputs), "{} {size}", file.name);
    }
}

/// Clean streams, and one that begins and ends in a picture.
pub(crate) fn clean_files() -> Vec<Probed> {
    let mut files = probe::files(&["ts/", "streams/"], &[".ts"]);
    files.retain(|file| probe::EMPTY.iter().all(|(empty, _)| *empty != file.name));
    files
}

#[test]
fn clean_streams_are_read_as_ffmpeg_reads_them() {
    clean_files().iter().for_each(compare);
}
