//! What ffprobe shows of the files we write: packets, their MD5, stamps and key flags are ours.

use std::path::Path;

use bytes::Bytes;
use media_core::codec::{Config, Format};
use media_core::mux::{fmp4, mpegts, webm};
use media_core::packet::Packet;
use media_core::time::TimeBase;
use media_core::track::{Kind, Track};

use crate::md5::md5;
use crate::probe::{Listed, listing};
use crate::sources::{Differences, File, clean};
use crate::{mp4, ts, write};

/// What is not the same, and why.
const KNOWN: &[(&str, &str)] = &[
    // Three packets in all, which ffprobe takes for AAC without a container.
    ("ts/audioMaxOffset.ts", "ts track 0 2 packets of 6"),
];

#[test]
fn ffprobe_shows_our_packets_in_mp4() {
    let write = |file: &File| write::mp4(file, fmp4::Layout::Progressive).expect("MP4");
    every_file("mp4", mp4::takes, &[], write);
}

#[test]
fn ffprobe_shows_our_packets_in_matroska() {
    let write =
        |file: &File| write::matroska(file, webm::Config::new(webm::Layout::CuesLast)).expect("Matroska");
    every_file("mkv", |_| true, &[], write);
}

#[test]
fn ffprobe_shows_our_packets_in_transport_streams() {
    every_file("ts", ts::takes, KNOWN, |file| {
        write::ts(file, mpegts::Config::default()).expect("a transport stream")
    });
}

type Known = [(&'static str, &'static str)];

fn every_file(ending: &str, takes: fn(Format) -> bool, known: &Known, write: impl Fn(&File) -> Bytes) {
    let Some(files) = clean() else { return };
    let (mut found, mut count) = (Differences::default(), 0);
    for file in files.filter_map(|file| file.only(takes)) {
        let file = file.starting_at_zero();
        let path = std::env::temp_dir().join(format!("reelmill-remux-{}.{ending}", std::process::id()));
        std::fs::write(&path, write(&file)).expect("a temporary file");
        let probed = shown(&path);
        std::fs::remove_file(&path).expect("it was written");
        let Some((packets, bases)) = probed else { return };
        for (stream, track) in file.tracks.iter().enumerate() {
            let theirs: Vec<_> = packets.iter().filter(|packet| packet.stream == stream).collect();
            let differs = differs(ending, (track, &file.of(track)), &theirs, bases[stream]);
            found.note(&file.name, known, differs.map(|what| format!("{ending} track {stream} {what}")));
        }
        count += 1;
    }
    println!("{count} files shown in {ending}");
    found.none_but(known);
}

/// The first packet that is shown otherwise than we have it.
fn differs(
    ending: &str,
    (track, ours): (&Track, &[&Packet]),
    theirs: &[&Listed],
    base: TimeBase,
) -> Option<String> {
    if theirs.len() != ours.len() {
        return Some(format!("{} packets of {}", theirs.len(), ours.len()));
    }
    // Annex B and ADTS have other bytes.
    let is_bare = ending != "ts" || matches!(track.codec, Config::Opus(_) | Config::Ac3(_));
    // Matroska has no DTS; ffprobe makes some up. Its parsers count samples of sound in milliseconds.
    let most = if ending == "mkv" && track.kind() == Kind::Audio { 4_000_000 } else { 1_000_000 };
    let wrap = TimeBase::VIDEO.to_nanos(1 << 33);
    let apart = |own: i64, shown: Option<i64>| {
        let Some(shown) = shown else { return 0 };
        let apart = track.time_base.to_nanos(own) - base.to_nanos(shown);
        // A transport stream has 33 bits.
        if ending == "ts" { apart.rem_euclid(wrap).min((-apart).rem_euclid(wrap)) } else { apart.abs() }
    };
    let is_same = |own: &Packet, shown: &Listed| {
        (!is_bare || u128::from_str_radix(&md5(&own.data), 16) == Ok(shown.md5))
            && own.key.is_sync() == shown.key
            && apart(own.pts.ticks(), shown.pts) <= most
            && (ending == "mkv" || apart(own.dts.ticks(), shown.dts) <= most)
    };
    let at = ours.iter().zip(theirs).position(|(own, shown)| !is_same(own, shown))?;
    let Packet { pts, dts, key, data, .. } = ours[at];
    let own = (pts.ticks(), dts.ticks(), key, data.len());
    Some(format!("{:?} #{at}: {own:?} {:?} {base:?}", track.codec.format(), theirs[at]))
}

/// Packets, and the time base of each stream.
fn shown(path: &Path) -> Option<(Vec<Listed>, Vec<TimeBase>)> {
    let (packets, bases) = listing(path)?;
    let bases = bases.into_iter().map(|(num, den)| TimeBase::new(num, den).expect("a base"));
    Some((packets, bases.collect()))
}
