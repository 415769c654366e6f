//! Clean files of the test media, read.

use std::collections::BTreeSet;

use bytes::Bytes;
use media_core::check::{Report, Severity};
use media_core::codec::Format;
use media_core::demux::{Container, Demuxer};
use media_core::packet::Packet;
use media_core::time::Timestamp;
use media_core::track::Track;

use crate::probe::{self, EMPTY};
use crate::tools::{Read, drive, media, seekable};

/// A file and what is in it.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) tracks: Vec<Track>,
    pub(crate) packets: Vec<Packet>,
}

/// Files whose configuration changes on the way; what is written here has one header.
const CHANGING: [&str; 1] = ["mp4/400x300-red-resize-200x150-green.mp4"];

/// Every clean file: those that ffprobe reads without a word (`perr=0`). `None`, said aloud, where there are no media.
pub(crate) fn clean() -> Option<impl Iterator<Item = File>> {
    let root = media()?;
    let left_out = |name: &str| CHANGING.contains(&name) || EMPTY.iter().any(|(empty, _)| *empty == name);
    let names = probe::clean().into_iter().map(|file| file.name);
    let names: Vec<String> = names.filter(|name| !left_out(name)).collect();
    println!("{} clean files; left out are {CHANGING:?}, {EMPTY:?}", names.len());
    assert!(names.len() >= 130, "{} clean files", names.len());
    Some(names.into_iter().map(move |name| {
        let file = Bytes::from(std::fs::read(root.join(&name)).expect("a readable file"));
        read_source(name, &file)
    }))
}

/// One of them.
pub(crate) fn one(name: &str) -> Option<File> {
    let path = media()?.join(name);
    Some(read_source(name.to_owned(), &Bytes::from(std::fs::read(path).expect("a readable file"))))
}

#[test]
fn a_file_that_changes_has_more_than_one_header() {
    let Some(media) = media() else { return };
    for name in CHANGING {
        let file = Bytes::from(std::fs::read(media.join(name)).expect("a readable file"));
        let container = Container::sniff(&file).expect("one of ours");
        let (read, _) = drive(Demuxer::new(container, seekable(&file)), &file, 65_536, |_, _| {});
        assert!(read.announced > 1, "{name} can be written by now");
    }
}

fn read_source(name: String, file: &Bytes) -> File {
    let container = Container::sniff(file).unwrap_or_else(|| panic!("{name}: no known container"));
    let demuxer = Demuxer::new(container, seekable(file));
    let (read, result) = drive(demuxer, file, 65_536, |_, _| {});
    assert!(result.is_ok(), "{name}: {result:?}");
    let Read { mut tracks, packets, .. } = read;
    tracks.retain(|track| packets.iter().any(|packet| packet.track == track.id));
    assert!(!tracks.is_empty(), "{name}: nothing was read");
    File { name, tracks, packets }
}

/// What our demuxer makes of what we wrote.
pub(crate) fn read_back(container: Container, file: &Bytes) -> Result<Read, String> {
    if Container::sniff(file) != Some(container) {
        return Err(format!("sniffed as {:?}", Container::sniff(file)));
    }
    let demuxer = Demuxer::new(container, seekable(file));
    let (read, result) = drive(demuxer, file, 65_536, |_, _| {});
    result.map(|()| read).map_err(|error| error.to_string())
}

impl File {
    /// The same with the tracks that a container takes; `None` where that is none.
    pub(crate) fn only(mut self, takes: impl Fn(Format) -> bool) -> Option<Self> {
        self.tracks.retain(|track| takes(track.codec.format()));
        self.packets.retain(|packet| self.tracks.iter().any(|track| track.id == packet.track));
        (!self.tracks.is_empty()).then_some(self)
    }

    pub(crate) fn of(&self, track: &Track) -> Vec<&Packet> {
        self.packets.iter().filter(|packet| packet.track == track.id).collect()
    }

    /// The same, later by whole seconds (which are whole ticks of every track) so that nothing is before zero, its priming not either.
    pub(crate) fn starting_at_zero(mut self) -> Self {
        let first = |track: &Track| {
            let dts = self.of(track).iter().map(|packet| packet.dts.ticks()).min().unwrap_or(0);
            track.time_base.to_nanos(dts)
        };
        let first = self.tracks.iter().map(first).min().unwrap_or(0).min(0);
        let seconds = -first.div_euclid(1_000_000_000);
        for packet in &mut self.packets {
            let track = self.tracks.iter().find(|track| track.id == packet.track).expect("its track");
            let ticks = seconds * i64::from(track.time_base.den()) / i64::from(track.time_base.num());
            packet.pts = Timestamp::new(packet.pts.ticks() + ticks);
            packet.dts = Timestamp::new(packet.dts.ticks() + ticks);
        }
        self
    }
}

/// What a judge found wrong, as differences.
pub(crate) fn errors(report: &Report) -> impl Iterator<Item = String> + '_ {
    let errors = report.counts().filter(|(rule, _)| rule.severity == Severity::Error);
    errors.map(|(rule, _)| {
        let told = report.findings().iter().find(|finding| finding.rule == rule);
        format!("{}: {}", rule.name, told.map(ToString::to_string).unwrap_or_default())
    })
}

/// Collects what a test finds, to tell all of it at once.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Those that are not known.
    found: String,
    /// Those of the known ones that were met.
    met: BTreeSet<(String, String)>,
}

impl Differences {
    /// Notes what is not among the `known` ones: a file and how its difference begins.
    pub(crate) fn note(
        &mut self,
        name: &str,
        known: &[(&str, &str)],
        found: impl IntoIterator<Item = String>,
    ) {
        for found in found {
            match known.iter().find(|(file, what)| *file == name && found.starts_with(what)) {
                Some((file, what)) => _ = self.met.insert(((*file).to_owned(), (*what).to_owned())),
                None => self.found += &format!("{name}: {found}\n"),
            }
        }
    }

    /// All was the same but for the known ones, and those still differ.
    pub(crate) fn none_but(self, known: &[(&str, &str)]) {
        assert!(self.found.is_empty(), "\n{}", self.found);
        let is_met = |file: &str, what: &str| self.met.contains(&(file.to_owned(), what.to_owned()));
        let gone: Vec<_> = known.iter().filter(|(file, what)| !is_met(file, what)).collect();
        assert!(gone.is_empty(), "the same by now: {gone:?}");
    }
}
