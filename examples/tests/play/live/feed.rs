//! Packets of clips, moved to where they belong on one line.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use media_core::demux::{Container, Demux, Demuxer, Output, Source};
use media_core::packet::Packet;
use media_core::timeline;
use media_core::track::{Kind, Track, TrackId};

use super::SECOND;

/// The beginning of a clip.
pub(crate) struct Section {
    tracks: Vec<Track>,
    packets: Vec<Packet>,
    /// Nanoseconds.
    length: i64,
    /// How many of them before the first picture is shown the first is decoded.
    early: i64,
}

impl Section {
    /// So many whole seconds of a file, of some kinds of tracks. Sound that was put in front is left out.
    pub(crate) fn read(file: &Path, seconds: i64, kinds: &[Kind]) -> Self {
        let outputs = read(&Bytes::from(std::fs::read(file).expect("a clip")));
        let (mut tracks, mut packets) = (Vec::new(), Vec::new());
        for output in outputs {
            match output {
                Output::Tracks(all) => {
                    tracks = all.iter().filter(|track| kinds.contains(&track.kind())).cloned().collect()
                }
                Output::Packet(packet) => packets.push(packet),
            }
        }
        let mut section = Self { tracks, packets: Vec::new(), length: seconds * SECOND, early: 0 };
        section.packets = packets.into_iter().filter(|packet| section.has(packet)).collect();
        let first = section.packets.iter().map(|packet| section.nanos(packet, packet.dts.ticks())).min();
        section.early = -first.expect("some packets").min(0);
        // The same tracks all along, whatever they are called in the files.
        let numbers: Vec<_> = section.tracks.iter().map(|track| (track.id, number(track.kind()))).collect();
        let name = |id: &mut TrackId| *id = numbers.iter().find(|(old, _)| old == id).expect("known").1;
        section.tracks.iter_mut().for_each(|track| (track.priming, _) = (0, name(&mut track.id)));
        section.packets.iter_mut().for_each(|packet| name(&mut packet.track));
        section
    }

    fn has(&self, packet: &Packet) -> bool {
        self.tracks.iter().any(|track| track.id == packet.track)
            && (0..self.length).contains(&self.nanos(packet, packet.pts.ticks()))
    }

    fn nanos(&self, packet: &Packet, ticks: i64) -> i64 {
        let track = self.tracks.iter().find(|track| track.id == packet.track).expect("one of its tracks");
        track.time_base.to_nanos(ticks)
    }

    /// What the timeline would give out, the first shown `at` nanoseconds; each with when it has come.
    fn outputs(&self, at: i64) -> impl Iterator<Item = (Duration, timeline::Output)> + '_ {
        self.packets.iter().map(move |packet| {
            let track = self.tracks.iter().find(|track| track.id == packet.track).expect("one of its tracks");
            let later = track.time_base.from_nanos(at);
            let mut packet = packet.clone();
            packet.pts = packet.pts.saturating_add(later);
            packet.dts = packet.dts.saturating_add(later);
            let end = packet.dts.saturating_add(packet.duration.unwrap_or(1).into());
            (due(track.time_base.to_nanos(end.ticks())), timeline::Output::Packet(packet))
        })
    }
}

/// Sections for ever: what comes, and how long after the beginning.
pub(super) struct Feed {
    sections: Vec<Section>,
    next: usize,
    at: i64,
    ready: VecDeque<(Duration, timeline::Output)>,
}

impl Feed {
    pub(super) const fn new(sections: Vec<Section>) -> Self {
        Self { sections, next: 0, at: ORIGIN, ready: VecDeque::new() }
    }
}

impl Iterator for Feed {
    type Item = (Duration, timeline::Output);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() {
            let section = &self.sections[self.next % self.sections.len()];
            // One alone goes on without a seam.
            if self.next == 0 || self.sections.len() > 1 {
                let tracks = timeline::Output::Tracks(section.tracks.as_slice().into());
                self.ready.push_back((due(self.at), tracks));
                self.at += section.early;
            }
            self.ready.extend(section.outputs(self.at));
            self.at += section.length;
            self.next += 1;
        }
        self.ready.pop_front()
    }
}

/// When what is decoded at a place on the line has come, after the beginning.
fn due(nanos: i64) -> Duration {
    Duration::from_nanos((nanos - ORIGIN).max(0).unsigned_abs())
}

/// All of a file.
fn read(file: &Bytes) -> Vec<Output> {
    let container = Container::sniff(file).expect("a container");
    let source = Source::Seekable { len: file.len() as u64 };
    let mut demuxer = Demuxer::new(container, source);
    let mut outputs = Vec::new();
    while let Some(at) = demuxer.wants().map(|at| at as usize).filter(|at| *at < file.len()) {
        demuxer.push(file.slice(at..)).expect("a clean file");
        outputs.extend(std::iter::from_fn(|| demuxer.poll()));
    }
    outputs.extend(demuxer.finish().expect("a clean file"));
    outputs
}

const fn number(kind: Kind) -> TrackId {
    let id = match kind {
        Kind::Video => TrackId::new(1),
        Kind::Audio => TrackId::new(2),
    };
    id.expect("not zero")
}

/// Where the line begins, as that of a camera.
const ORIGIN: i64 = 10 * SECOND;
