//! The samples in media data: where fragments and tables say they are, ISO/IEC 14496-12 8.1.1.

use super::entry::{Codec, Entry};
use super::fragment::{Fragment, Sample};
use super::movie::Movie;
use super::rules;
use super::stream::{self, Looked};
use crate::check::{Place, Report};
use crate::codec::opus;

/// Looks at the samples of a fragment; `data` begins at `start`.
pub(super) fn look_at_fragment(
    movie: &Movie,
    fragment: &Fragment,
    start: u64,
    data: &[u8],
    report: &mut Report,
) {
    let mut used = 0_u64;
    for sample in fragment.samples.iter().filter(|sample| sample.size > 0) {
        used = used.saturating_add(sample.size.into());
        if used > data.len() as u64 {
            let len = data.len();
            report.add(
                &rules::DATA_OFFSET,
                Place::Byte(fragment.at),
                format_args!("samples of {used} bytes and more in media data of {len}"),
            );
            return;
        }
        let Some(bytes) = piece(start, data, sample.at, sample.size.into()) else {
            let (end, len) = (sample.at.saturating_add(sample.size.into()), data.len());
            report.add(
                &rules::DATA_OFFSET,
                Place::Byte(fragment.at),
                format_args!(
                    "a sample at bytes {} to {end}, media data is {len} bytes from {start}",
                    sample.at
                ),
            );
            continue;
        };
        look(movie, sample, bytes, report);
    }
    check_rolls(movie, fragment, start, data, report);
    let len = data.len() as u64;
    if used < len && report.count(&rules::DATA_OFFSET) == 0 {
        report.add(
            &rules::MDAT_UNUSED,
            Place::Byte(start),
            format_args!("mdat of {len} bytes, samples have {used} of them"),
        );
    }
}

/// That the packets of Opus that a distance counts last 80 ms, by what the shortest in the fragment decodes to: 4.3.6.
fn check_rolls(movie: &Movie, fragment: &Fragment, start: u64, data: &[u8], report: &mut Report) {
    for (track, distance) in &fragment.rolls {
        let own = fragment.samples.iter().filter(|sample| sample.track == *track);
        let is_opus = |sample: &&Sample| {
            matches!(entry(movie, sample).map(|entry| &entry.codec), Some(Codec::Opus { .. }))
        };
        let packets =
            own.filter(is_opus).filter_map(|sample| piece(start, data, sample.at, sample.size.into()));
        let Some(shortest) = packets.filter_map(|packet| opus::packet_samples(packet).ok()).min() else {
            continue;
        };
        let samples = -i64::from(*distance) * i64::from(shortest);
        if samples < 80 * i64::from(opus::SAMPLE_RATE) / 1000 {
            report.add(
                &rules::ROLL_DISTANCE,
                Place::Byte(fragment.at),
                format_args!(
                    "{}: roll distance {distance} with packets of {shortest} samples",
                    movie.tracks[*track]
                ),
            );
        }
    }
}

/// Looks at the samples that sample tables place in `data`.
pub(super) fn look_at_chunks(movie: &Movie, start: u64, data: &[u8], report: &mut Report) {
    let end = start + data.len() as u64;
    // Samples may share bytes; tables that claim more than this are nobody's.
    let mut budget = 4 * data.len() as u64;
    for (index, track) in movie.tracks.iter().enumerate() {
        for chunk in track.tables.chunks().filter(|chunk| (start..end).contains(&chunk.at)) {
            let mut at = chunk.at;
            for number in chunk.first..chunk.first.saturating_add(chunk.count) {
                let Some(size) = track.tables.size(number) else { break };
                let Some(bytes) = piece(start, data, at, size) else {
                    report.add(
                        &rules::CHUNK_OFFSET,
                        Place::Byte(movie.at),
                        format_args!(
                            "{track}: sample {number} at bytes {at} to {}, media data ends at {end}",
                            at + size
                        ),
                    );
                    break;
                };
                let entry = (chunk.description as usize).saturating_sub(1);
                let sample =
                    Sample { track: index, entry, at, size: size as u32, sync: track.tables.is_sync(number) };
                if size > 0 {
                    look(movie, &sample, bytes, report);
                }
                at += size;
                budget = budget.saturating_sub(size.max(1));
                if budget == 0 {
                    return;
                }
            }
        }
    }
}

/// That every chunk begins in media data.
pub(super) fn check_chunks(movie: &Movie, data: &[(u64, u64)], report: &mut Report) {
    if data.len() == DATA {
        return;
    }
    for track in &movie.tracks {
        for chunk in track.tables.chunks().filter(|chunk| chunk.count > 0) {
            // What an empty sample points at does not matter.
            let empty = track.tables.size(chunk.first).is_none_or(|size| size == 0);
            if !empty && !data.iter().any(|(start, end)| (*start..*end).contains(&chunk.at)) {
                report.add(
                    &rules::CHUNK_OFFSET,
                    Place::Byte(movie.at),
                    format_args!("{track}: a chunk at byte {}, in no mdat", chunk.at),
                );
            }
        }
        if track.tables.samples() > 0 && track.timescale == 0 {
            break;
        }
    }
}

fn look(movie: &Movie, sample: &Sample, data: &[u8], report: &mut Report) {
    if let Some(entry) = entry(movie, sample) {
        stream::look(entry, &Looked { at: sample.at, data, sync: sample.sync }, report);
    }
}

fn entry<'a>(movie: &'a Movie, sample: &Sample) -> Option<&'a Entry> {
    movie.tracks.get(sample.track)?.entries.get(sample.entry)
}

/// `len` bytes at `at` of `data`, which begins at `start`.
fn piece(start: u64, data: &[u8], at: u64, len: u64) -> Option<&[u8]> {
    let from = usize::try_from(at.checked_sub(start)?).ok()?;
    data.get(from..from.checked_add(usize::try_from(len).ok()?)?)
}

/// Media data boxes of a progressive file that are looked at.
pub(super) const DATA: usize = 4096;
