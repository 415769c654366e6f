//! Drives a demuxer over bytes that are in memory, in pieces of any size.

use std::collections::BTreeMap;

use bytes::Bytes;
use media_core::demux::{Demux, Output};
use media_core::packet::Packet;
use media_core::track::{Track, TrackId};

/// What came out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Read {
    pub(crate) outputs: Vec<Output>,
    /// The error of a push or of the end.
    pub(crate) error: Option<String>,
}

/// Reads all of `file` in pieces of `size` bytes and checks that what is wanted is what the trait promises. `inspect` sees the demuxer before
/// it ends.
pub(crate) fn read_with<D: Demux>(
    mut demuxer: D,
    file: &Bytes,
    size: usize,
    inspect: impl FnOnce(&D),
) -> Read {
    let mut read = Read::default();
    let mut pushed = 0;
    while let Some(at) = demuxer.wants() {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(file.len());
        if at == file.len() {
            break;
        }
        let end = file.len().min(at + size);
        pushed += end - at;
        assert!(pushed <= 3 * file.len() + 1024, "no byte is read again and again");
        if let Err(error) = demuxer.push(file.slice(at..end)) {
            read.error = Some(error.to_string());
        }
        read.outputs.extend(std::iter::from_fn(|| demuxer.poll()));
        if read.error.is_some() {
            break;
        }
    }
    inspect(&demuxer);
    match demuxer.finish() {
        Ok(rest) => read.outputs.extend(rest),
        Err(error) => read.error = read.error.or(Some(error.to_string())),
    }
    read
}

pub(crate) fn read<D: Demux>(demuxer: D, file: &Bytes, size: usize) -> Read {
    read_with(demuxer, file, size, |_| {})
}

impl Read {
    /// The tracks as they were last announced.
    pub(crate) fn tracks(&self) -> &[Track] {
        let tracks = |output: &'_ Output| matches!(output, Output::Tracks(_));
        match self.outputs.iter().rfind(|output| tracks(output)) {
            Some(Output::Tracks(tracks)) => tracks,
            _ => &[],
        }
    }

    pub(crate) fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Packet(packet) => Some(packet),
            Output::Tracks(_) => None,
        })
    }

    pub(crate) fn packets_of(&self, track: TrackId) -> Vec<&Packet> {
        self.packets().filter(|packet| packet.track == track).collect()
    }

    /// What must hold whatever was read: packets belong to a track announced before them, DTS are not after PTS and, but for jumps of more
    /// than a second, increase.
    pub(crate) fn check(&self) {
        let mut tracks: BTreeMap<TrackId, Track> = BTreeMap::new();
        let mut last: BTreeMap<TrackId, i64> = BTreeMap::new();
        for output in &self.outputs {
            match output {
                Output::Tracks(list) => {
                    assert!(!list.is_empty());
                    for track in list.iter() {
                        if tracks
                            .insert(track.id, track.clone())
                            .is_none_or(|old| old.time_base != track.time_base)
                        {
                            last.remove(&track.id);
                        }
                    }
                }
                Output::Packet(packet) => {
                    let track = tracks.get(&packet.track).expect("its track was announced");
                    assert!(packet.dts <= packet.pts, "{packet:?}");
                    let dts = packet.dts.ticks();
                    if let Some(last) = last.insert(packet.track, dts) {
                        let second = track.time_base.from_nanos(1_000_000_000);
                        assert!(dts > last || dts < last - second / 2, "{last} and then {packet:?}");
                    }
                }
            }
        }
    }
}
