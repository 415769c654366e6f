//! Sample times, sizes and bytes as the extractors of Media3 give them (`golden/androidx/extractordumps`).

use bytes::Bytes;
use media_core::codec::Config;
use media_core::packet::Packet;

use crate::tools::*;

/// One sample of a dump: microseconds, whether it is a key, length and hash.
pub(crate) type Sample = (i64, bool, usize, String);

/// The samples of each track of a dump.
pub(crate) fn dump(text: &str) -> Vec<Vec<Sample>> {
    let mut tracks = Vec::new();
    for track in text.split("\ntrack ").skip(1) {
        let samples = track.split("\n  sample ").skip(1).filter_map(|sample| {
            let field = |name: &str| sample.lines().find_map(|line| line.trim().strip_prefix(name));
            let (length, hash) = field("data = length ")?.split_once(", hash ")?;
            let flags: u32 = field("flags = ")?.parse().ok()?;
            Some((field("time = ")?.parse().ok()?, flags & 1 == 1, length.parse().ok()?, hash.to_owned()))
        });
        tracks.push(samples.collect());
    }
    tracks
}

/// The hash of Java's `Arrays.hashCode(byte[])`.
pub(crate) fn hash(data: &[u8]) -> String {
    let hash = data.iter().fold(1_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(i32::from(byte.cast_signed()).cast_unsigned())
    });
    format!("{hash:X}")
}

/// NAL units behind start codes, as the dumps have them.
pub(crate) fn annex_b(packet: &Packet, codec: &Config) -> Vec<u8> {
    let mut data = packet.data.to_vec();
    if matches!(codec, Config::H264(_) | Config::H265(_)) {
        let mut at = 0;
        while at < data.len() {
            let length = u32::from_be_bytes(data[at..at + 4].try_into().unwrap()) as usize;
            data[at..at + 4].copy_from_slice(&[0, 0, 0, 1]);
            at += 4 + length;
        }
    }
    data
}

#[test]
fn samples_are_those_of_media3() {
    let Some(media) = media() else { return };
    let mut hashes = 0;
    for path in files(&media.join("golden/androidx/extractordumps/mp4")) {
        let name = path.file_name().unwrap().to_string_lossy().replace(".0.dump", "");
        let found = ["mp4", "fmp4", "broken"].map(|folder| media.join(folder).join(&name));
        let file = found.iter().find(|file| file.is_file()).expect("the file of the dump");
        let read = read_mp4(&Bytes::from(std::fs::read(file).unwrap()));
        let mut dumped = dump(&std::fs::read_to_string(&path).unwrap());
        for track in &read.tracks {
            let mut ours = read.of(track);
            // The edit begins 456 ms into the sound. They leave out what is not played, we begin up to a second before, as ffmpeg does.
            if name == "sample_opus.mp4" {
                ours.drain(..45);
            }
            if ours.is_empty() {
                continue; // they do not name such a track
            }
            let at = dumped.iter().position(|samples| samples.len() == ours.len());
            let theirs =
                dumped.remove(at.unwrap_or_else(|| panic!("{name}: no track of {} samples", ours.len())));
            for (index, (packet, (time, key, length, code))) in ours.iter().zip(theirs).enumerate() {
                let micros = track.time_base.to_nanos(packet.pts.ticks()) / 1000;
                // They add an edit's start in microseconds; we round it to the track's ticks.
                let slack = 1 + 1_000_000 / i64::from(track.time_base.den());
                assert!((micros - time).abs() <= slack, "{name} #{index}: {micros} us, theirs {time}");
                assert_eq!(packet.key.is_sync(), key, "{name} #{index}");
                let data = annex_b(packet, &track.codec);
                if data.len() == length {
                    assert_eq!(hash(&data), code, "{name} #{index}");
                    hashes += 1;
                }
            }
        }
    }
    assert!(hashes > 900, "{hashes} hashes");
}
