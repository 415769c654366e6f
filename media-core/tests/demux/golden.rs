//! Sample times, sizes and bytes of Matroska and transport streams as the extractors of Media3 give them (`golden/androidx/extractordumps`).

use bytes::Bytes;
use media_core::codec::Format;
use media_core::demux::{Source, mpegts, webm};
use media_core::packet::Packet;
use media_core::track::{Kind, Track};

use crate::mp4_golden::{Sample, annex_b, dump, hash};
use crate::probe;
use crate::read::{Read, read};
use crate::tools;

/// What is compared where bytes, times or packets cannot be the same.
struct Compared {
    /// Media3 gives times of transport streams from the first one on.
    from_first: bool,
    /// Microseconds.
    slack: i64,
}

fn compare(name: &str, read: &Read, dumped: &mut Vec<Vec<Sample>>, compared: &Compared) -> usize {
    let mut hashes = 0;
    for track in read.tracks() {
        let ours = read.packets_of(track.id);
        let at = dumped.iter().position(|samples| samples.len() == ours.len());
        let theirs =
            dumped.remove(at.unwrap_or_else(|| panic!("{name}: no track of {} samples", ours.len())));
        let micros = |packet: &Packet| track.time_base.to_nanos(packet.pts.ticks()) / 1000;
        let start = if compared.from_first { micros(ours[0]) - theirs[0].0 } else { delay(track) };
        for (index, (packet, (time, key, length, code))) in ours.iter().zip(theirs).enumerate() {
            let apart = micros(packet) - start - time;
            assert!(apart.abs() <= compared.slack, "{name} #{index}: {apart} us");
            assert_eq!(packet.key.is_sync(), key, "{name} #{index}");
            let data = annex_b(packet, &track.codec);
            if data.len() == length {
                assert_eq!(hash(&data), code, "{name} #{index}");
                hashes += 1;
            }
        }
    }
    hashes
}

/// Microseconds that Media3 leaves in the times of sound with `CodecDelay`.
fn delay(track: &Track) -> i64 {
    match track.kind() {
        Kind::Audio => -track.time_base.to_nanos(track.priming.into()) / 1000,
        Kind::Video => 0,
    }
}

#[test]
fn matroska_samples_are_those_of_media3() {
    let Some(media) = probe::folder() else { return };
    let mut hashes = 0;
    for path in tools::files(&media.join("golden/androidx/extractordumps/mkv")) {
        let name = path.file_name().expect("a name").to_string_lossy().replace(".0.dump", "");
        let file = Bytes::from(std::fs::read(media.join("mkv").join(&name)).expect("the file of the dump"));
        let read = read(webm::Demuxer::new(Source::Stream), &file, 10_000);
        let mut dumped = dump(&std::fs::read_to_string(&path).expect("a dump"));
        hashes += compare(&name, &read, &mut dumped, &Compared { from_first: false, slack: 2000 });
    }
    assert!(hashes > 200, "{hashes} hashes");
}

/// Media3 leaves parameter sets and delimiters in the samples, so of pictures only times are the same.
#[test]
fn transport_stream_samples_are_those_of_media3() {
    let Some(media) = probe::folder() else { return };
    let mut hashes = 0;
    for path in tools::files(&media.join("golden/androidx/extractordumps/ts")) {
        let name = path.file_name().expect("a name").to_string_lossy().replace(".0.dump", "");
        if name == "sample_h264_no_access_unit_delimiters.ts" {
            continue; // they leave out the last picture, which no delimiter ends
        }
        // Its samples have the stamp of the PES packet they end in; see the tests of files.
        let slack = match name.as_str() {
            "sample_ac3.ts" => 40_000,
            // They count 1024 samples for a frame of HE-AAC, which has 2048; ffmpeg does as we do.
            "sample_latm.ts" => 100_000,
            _ => 100,
        };
        let found = ["ts", "broken"].map(|folder| media.join(folder).join(&name));
        let file = found.iter().find(|file| file.is_file()).expect("the file of the dump");
        let file = Bytes::from(std::fs::read(file).expect("a readable file"));
        let read = read(mpegts::Demuxer::new(Source::Stream), &file, 10_000);
        let mut dumped = dump(&std::fs::read_to_string(&path).expect("a dump"));
        dumped.retain(|samples| !samples.is_empty());
        let own = compare(&name, &read, &mut dumped, &Compared { from_first: true, slack });
        let has_sound =
            |track: &Track| matches!(track.codec.format(), Format::Aac | Format::Ac3 | Format::Mp3);
        assert!(own > 0 || !read.tracks().iter().any(has_sound), "{name}");
        hashes += own;
    }
    assert!(hashes > 15, "{hashes} hashes");
}
