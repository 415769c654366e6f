//! Every WebM and Matroska file of the test media, beside what ffmpeg says of it.

use bytes::Bytes;
use media_core::demux::Source;
use media_core::demux::webm::Demuxer;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};

use crate::md5::md5;
use crate::probe::{self, Listed, Probed, Stream};
use crate::read::{Read, read_with};

/// Streams that are not read, by ffmpeg's name of their coding.
const REFUSED: &[&str] = &["subrip", "webvtt", "ass", "mpeg4", "mjpeg", "msmpeg4v3", ""];

fn load(name: &str) -> Bytes {
    let folder = probe::folder().expect("a file was found there");
    std::fs::read(folder.join(name)).expect("a readable file").into()
}

/// The tracks that are read, with the streams they are.
fn pairs<'a>(read: &'a Read, file: &'a Probed) -> Vec<(&'a Track, &'a Stream)> {
    let mut tracks: Vec<&Track> = read.tracks().iter().collect();
    let mut pairs = Vec::new();
    for stream in file.streams.iter().filter(|stream| !REFUSED.contains(&stream.codec.as_str())) {
        let at = tracks.iter().position(|track| probe::name(track.codec.format()) == stream.codec);
        let at = at.unwrap_or_else(|| panic!("{}: no track of {}", file.name, stream.codec));
        pairs.push((tracks.remove(at), stream));
    }
    assert!(tracks.is_empty(), "{}: {tracks:?}", file.name);
    pairs
}

fn compare(file: &Probed) {
    let bytes = load(&file.name);
    let source = Source::Seekable { len: bytes.len() as u64 };
    let mut counts = None;
    let read = read_with(Demuxer::new(source), &bytes, 10_000, |demuxer| {
        counts = Some((demuxer.counts(), demuxer.refused().to_vec()));
    });
    read.check();
    let readable = file.streams.iter().any(|stream| !REFUSED.contains(&stream.codec.as_str()));
    assert_eq!(read.error.is_none(), readable, "{}: {:?}", file.name, read.error);
    println!("{}: {counts:?} {:?}", file.name, read.error);
    let folder = probe::folder().expect("a file was found there");
    let Some((listed, bases)) = probe::listing(&folder.join(&file.name)) else { return };
    let has_no_codec = counts.as_ref().is_some_and(|(counts, _)| counts.faults > 0);
    for (track, stream) in pairs(&read, file) {
        let packets = read.packets_of(track.id);
        let what = format!("{} {} {:?}", file.name, stream.index, counts);
        assert_eq!(packets.len(), stream.packets, "{what}");
        let payload: Vec<u8> = packets.iter().flat_map(|packet| packet.data.to_vec()).collect();
        assert_eq!(md5(&payload), stream.md5, "{what}");
        let listed: Vec<&Listed> = listed.iter().filter(|packet| packet.stream == stream.index).collect();
        let (num, den) = bases[stream.index];
        let base = TimeBase::new(num, den).expect("a base");
        for (packet, listed) in packets.iter().zip(listed) {
            assert_eq!(packet.data.len(), listed.size, "{what}");
            // Where payloads are made up, ffmpeg's parser makes key pictures of them.
            assert!(packet.key.is_sync() == listed.key || has_no_codec, "{what}");
            let theirs = Timestamp::new(listed.pts.expect("a PTS"));
            let apart = base.to_nanos(theirs.ticks()) - track.time_base.to_nanos(packet.pts.ticks());
            // Pictures: as the block says, but for hidden ones that were moved by a tick. Sound: rounding, and that of the delay.
            let most = match track.kind() {
                Kind::Video => track.time_base.to_nanos(1),
                // ffmpeg gives a first packet of Vorbis, which decodes to nothing, the length of a short block.
                Kind::Audio if stream.codec == "vorbis" => 4_000_000,
                Kind::Audio => 1_500_000,
            };
            assert!(apart.abs() <= most, "{what}: {packet:?} {listed:?} {apart}");
        }
    }
    // As a stream, in other pieces, the same comes out.
    let smallest = if bytes.len() < 20_000 { 1 } else { 777 };
    for size in [smallest, bytes.len().max(1)] {
        let again = read_with(Demuxer::new(Source::Stream), &bytes, size, |_| {});
        assert_eq!(format!("{:?}", again.outputs), format!("{:?}", read.outputs), "{} {size}", file.name);
    }
}

/// Clean files, and those of the tests of a muxer whose payloads are made up.
pub(crate) fn clean_files() -> Vec<Probed> {
    probe::files(&["webm/", "mkv/", "audio/", "streams/"], &[".webm", ".mkv", ".mka"])
}

#[test]
fn clean_files_are_read_as_ffmpeg_reads_them() {
    clean_files().iter().for_each(compare);
}
