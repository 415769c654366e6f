//! What was written, held against our own judge and read by our own demuxer: clean, and the packets that went in.

use bytes::Bytes;
use media_core::check::fmp4::Checker;
use media_core::check::{Report, Severity};
use media_core::codec::Key;
use media_core::demux::mp4::{Demuxer, Error};
use media_core::demux::{Demux, Output, Source};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

use crate::reader::{self, TrackFile};

/// Panics at whatever our judge finds, save `known` rules.
pub(crate) fn clean(file: &Bytes, known: &[&str]) {
    let report = judged(file);
    let found = report.counts().map(|(rule, _)| rule);
    let found: Vec<_> =
        found.filter(|rule| rule.severity >= Severity::Warning && !known.contains(&rule.name)).collect();
    let told: String = report.findings().iter().map(|finding| format!("{finding}\n")).collect();
    assert!(found.is_empty(), "{told}");
}

fn judged(file: &Bytes) -> Report {
    let mut checker = Checker::new();
    checker.push(file);
    checker.finish()
}

/// What these scripts break knowingly: open keys are flagged as sync samples in fragments and are none in tables; and pre-skip and the
/// packets before zero are two numbers, of which they choose one. And where a track is waited for in vain, nobody knows how long its last
/// packet lasts.
pub(crate) const fn known(tracks: usize) -> &'static [&'static str] {
    match tracks {
        1 => &["sync-open", "sync-unsaid", "pre-skip-edit"],
        _ => &["sync-open", "sync-unsaid", "pre-skip-edit", "tfdt-gap", "tfdt-overlap"],
    }
}

/// A film as our demuxer reads it.
pub(crate) struct Film {
    pub(crate) tracks: Vec<Track>,
    packets: Vec<Packet>,
}

impl Film {
    pub(crate) fn of(&self, track: TrackId) -> Vec<&Packet> {
        self.packets.iter().filter(|packet| packet.track == track).collect()
    }
}

/// Reads `file` as a source that can be read anywhere, and, where that shall make no difference, as a stream.
pub(crate) fn read(file: &Bytes) -> Film {
    let mut demuxer = Demuxer::new(Source::Seekable { len: file.len() as u64 });
    let mut film = Film { tracks: Vec::new(), packets: Vec::new() };
    let mut outputs = Vec::new();
    while let Some(at) = demuxer.wants().map(|at| at as usize).filter(|at| *at < file.len()) {
        demuxer.push(file.slice(at..file.len().min(at + 4096))).expect("an MP4 file");
        outputs.extend(std::iter::from_fn(|| demuxer.poll()));
    }
    match demuxer.finish() {
        Ok(rest) => outputs.extend(rest),
        // Of MP3, only its packets tell what it is.
        Err(error) => assert!(matches!(error, Error::NoTracks { .. }) && outputs.is_empty(), "{error}"),
    }
    for output in outputs {
        match output {
            Output::Tracks(tracks) => film.tracks = tracks.to_vec(),
            Output::Packet(packet) => film.packets.push(packet),
        }
    }
    film
}

/// A packet as it is to come back.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    pts: i64,
    dts: i64,
    duration: u32,
    key: Key,
    data: Bytes,
}

impl Expected {
    fn of(packet: &Packet) -> Self {
        let (pts, dts) = (packet.pts.ticks(), packet.dts.ticks());
        Self { pts, dts, duration: packet.duration.unwrap_or(0), key: packet.key, data: packet.data.clone() }
    }
}

/// What has to come back of each sample. `late` is by how much signed offsets make decode times late: those of the packets are not in the
/// file, and a reader takes the latest that are not after any PTS.
fn expected(read: &TrackFile, packets: &[&Packet]) -> Vec<Expected> {
    let late = read.samples.iter().map(|sample| sample.composition).min().unwrap_or(0).min(0);
    let end = read.end().map(|end| rescaled(end, read.movie_timescale, read.timescale));
    let expect = |(sample, packet): (&reader::Sample, &&Packet)| {
        let pts = packet.pts.ticks();
        // The edit cuts what goes beyond its end.
        let left = end.filter(|end| pts < *end).map_or(u32::MAX, |end| (end - pts) as u32);
        Expected {
            pts,
            dts: read.shown(sample.decode_time) + late,
            duration: sample.duration.min(left),
            key: packet.key,
            data: packet.data.clone(),
        }
    };
    read.samples.iter().zip(packets).map(expect).collect()
}

fn rescaled(ticks: i64, from: u32, to: u32) -> i64 {
    Timestamp::new(ticks).rescale(TimeBase::hz(from), TimeBase::hz(to)).ticks()
}

/// Whether offsets get no lower than they are in the first fragment, so that a reader knows from the start how late decode times are.
fn is_settled(read: &TrackFile) -> bool {
    let lowest = |samples: &[reader::Sample]| samples.iter().map(|sample| sample.composition).min();
    let first = read.fragments.first().map_or(read.samples.len(), |first| first.samples);
    lowest(&read.samples).is_none_or(|low| low >= 0)
        || lowest(&read.samples) == lowest(&read.samples[..first])
}

/// That the packets of a track come back to the tick. `read` is the same file as the small reader of these tests sees it.
pub(crate) fn comes_back(film: &Film, read: &TrackFile, track: &Track, packets: &[&Packet]) {
    let all = expected(read, packets);
    let found: Vec<Expected> = film.of(track.id).into_iter().map(Expected::of).collect();
    if !is_settled(read) {
        return;
    }
    // Nothing is coded in no bytes.
    let coded: Vec<usize> = (0..all.len()).filter(|at| !all[*at].data.is_empty()).collect();
    let left_out = coded.len().checked_sub(found.len()).expect("no packet more than there were");
    // What is over before the presentation begins and not needed for what is shown is left out, where an index says so.
    if left_out > 0 {
        assert!(read.fragments.is_empty(), "{left_out} packets of fragments are missing");
        let gone = coded[left_out - 1];
        assert!(all[..=gone].iter().all(|packet| packet.pts < 0), "shown, and left out");
        let begins = coded.get(left_out).map_or(all.len(), |first| first + 1);
        assert!(all[gone + 1..begins].iter().any(|packet| packet.key.is_random_access()) || found.is_empty());
    }
    // Where the tracks have no common time scale of 31 bits, ends are rounded, and readers allow for two ticks of the movie.
    let is_exact = read.movie_timescale.is_multiple_of(read.timescale);
    let slack = if is_exact { 0 } else { 2 };
    for (mut found, at) in found.into_iter().zip(&coded[left_out..]) {
        if found.duration.abs_diff(all[*at].duration) <= slack {
            found.duration = all[*at].duration;
        }
        assert_eq!(found, all[*at], "sample {at} of {}", all.len());
    }
    let codec = film.tracks.iter().find(|found| found.id == track.id).map(|found| &found.codec);
    assert!(left_out == coded.len() || codec == Some(&track.codec), "{codec:?}\n{:?}", track.codec);
}
