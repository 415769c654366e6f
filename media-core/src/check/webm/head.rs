//! What stands around the clusters: `Info`, `Tracks`, `Cues`, `SeekHead` (RFC 9559 5.1).

use super::ebml::{self, Element};
use super::rules;
use crate::check::{Place, Report};
use crate::codec::opus;

/// A track.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) number: u64,
    pub(super) video: bool,
    pub(super) codec: String,
    /// Nanoseconds.
    pub(super) frame: u64,
}

/// An entry of an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cue {
    pub(super) at: u64,
    pub(super) time: u64,
    pub(super) track: u64,
    pub(super) cluster: u64,
}

/// `Tracks`.
pub(super) fn tracks(found: &Element<'_>, webm: bool, report: &mut Report) -> Vec<Track> {
    let mut tracks: Vec<Track> = Vec::new();
    for entry in
        found.children().map_while(Result::ok).filter(|entry| entry.id == ebml::TRACK_ENTRY).take(TRACKS)
    {
        let at = Place::Byte(entry.at);
        let number = entry.number_of(ebml::TRACK_NUMBER).unwrap_or(0);
        if number == 0 || tracks.iter().any(|other| other.number == number) {
            report.add(&rules::TRACK, at, format_args!("track number {number} is zero or another's too"));
        }
        let codec = entry
            .child(ebml::CODEC_ID)
            .map(|codec| String::from_utf8_lossy(codec.body).trim_end_matches('\0').to_owned());
        let codec = codec.unwrap_or_default();
        if codec.is_empty() {
            report.add(&rules::MISSING, at, format_args!("track {number} without a codec"));
        } else if webm && !WEBM.iter().any(|known| codec.starts_with(known)) {
            report.add(&rules::DOC_TYPE, at, format_args!("{codec} in a file of type webm"));
        }
        if codec == "A_OPUS" {
            check_opus(&entry, report);
        }
        let frame = entry.number_of(ebml::DEFAULT_DURATION).unwrap_or(0);
        tracks.push(Track { number, video: entry.number_of(ebml::TRACK_TYPE) == Some(1), codec, frame });
    }
    tracks
}

/// `CodecDelay` is the pre-skip in nanoseconds, `SeekPreRoll` 80 ms.
fn check_opus(entry: &Element<'_>, report: &mut Report) {
    let at = Place::Byte(entry.at);
    let head = entry.child(ebml::CODEC_PRIVATE).map(|private| opus::Config::from_head(private.body));
    let Some(Ok(head)) = head else {
        report.add(&rules::CODEC_PRIVATE, at, format_args!("Opus without an OpusHead that can be read"));
        return;
    };
    let delay = entry.number_of(ebml::CODEC_DELAY).unwrap_or(0);
    let due = u64::from(head.pre_skip()) * 1_000_000_000 / 48_000;
    if delay.abs_diff(due) > 1000 {
        report.add(
            &rules::CODEC_DELAY,
            at,
            format_args!("CodecDelay {delay} ns, a pre-skip of {} samples is {due} ns", head.pre_skip()),
        );
    }
    let roll = entry.number_of(ebml::SEEK_PRE_ROLL).unwrap_or(0);
    if roll != 80_000_000 {
        report.add(&rules::SEEK_PRE_ROLL, at, format_args!("SeekPreRoll {roll} ns, of Opus it is 80000000"));
    }
}

/// `Cues`; cluster positions are relative to the segment.
pub(super) fn cues(found: &Element<'_>) -> Vec<Cue> {
    let mut cues = Vec::new();
    for point in found.children().map_while(Result::ok).filter(|point| point.id == ebml::CUE_POINT) {
        let time = point.number_of(ebml::CUE_TIME).unwrap_or(0);
        for place in point.children().map_while(Result::ok).filter(|place| place.id == ebml::CUE_POSITIONS) {
            let (track, cluster) = (place.number_of(ebml::CUE_TRACK), place.number_of(ebml::CUE_CLUSTER));
            if cues.len() < CUES {
                let (track, cluster) = (track.unwrap_or(0), cluster.unwrap_or(u64::MAX));
                cues.push(Cue { at: point.at, time, track, cluster });
            }
        }
    }
    cues
}

/// `SeekHead`: IDs and where they are, relative to the segment.
pub(super) fn seeks(found: &Element<'_>) -> Vec<(u32, u64)> {
    let seeks = found.children().map_while(Result::ok).filter(|seek| seek.id == ebml::SEEK);
    let seeks = seeks.filter_map(|seek| {
        let id = u32::try_from(seek.number_of(ebml::SEEK_ID)?).ok()?;
        Some((id, seek.number_of(ebml::SEEK_POSITION)?))
    });
    seeks.take(CUES).collect()
}

const WEBM: &[&str] = &["V_VP8", "V_VP9", "V_AV1", "A_OPUS", "A_VORBIS", "D_WEBVTT", "S_TEXT/WEBVTT"];
const TRACKS: usize = 128;
const CUES: usize = 1 << 18;
