//! What stands around the clusters: `Info`, `Tracks`, `Cues`, `SeekHead` (RFC 9559 5.1).

use super::ebml::{self, Element};
use super::rules;
use crate::check::{Place, Report};
use crate::codec::{aac, av1, flac, h264, h265, opus, vorbis};

/// A track.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) number: u64,
    pub(super) video: bool,
    pub(super) codec: String,
    /// Nanoseconds.
    pub(super) frame: u64,
    /// `MaxBlockAdditionID`.
    pub(super) most_addition: u64,
}

/// An entry of an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cue {
    pub(super) at: u64,
    pub(super) time: u64,
    pub(super) track: u64,
    pub(super) cluster: u64,
    pub(super) relative: Option<u64>,
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
        } else if webm && !is_of_webm(&codec) {
            report.add(&rules::DOC_TYPE, at, format_args!("{codec} in a file of type webm"));
        }
        let kind = entry.number_of(ebml::TRACK_TYPE).unwrap_or(0);
        check_entry(&entry, number, kind, report);
        check_private(&entry, &codec, report);
        if codec == "A_OPUS" {
            check_opus(&entry, report);
        }
        let frame = entry.number_of(ebml::DEFAULT_DURATION).unwrap_or(0);
        let most_addition = entry.number_of(ebml::MOST_ADDITION).unwrap_or(0);
        tracks.push(Track { number, video: kind == VIDEO, codec, frame, most_addition });
    }
    tracks
}

/// WebM container guidelines: codecs of WebM.
fn is_of_webm(codec: &str) -> bool {
    matches!(codec, "V_VP8" | "V_VP9" | "V_AV1" | "A_OPUS" | "A_VORBIS" | "S_TEXT/WEBVTT")
        || codec.starts_with("D_WEBVTT/")
}

/// What every track has, and has not zero.
fn check_entry(entry: &Element<'_>, number: u64, kind: u64, report: &mut Report) {
    let at = Place::Byte(entry.at);
    let mut missing = |what| report.add(&rules::MISSING, at, format_args!("track {number} without {what}"));
    if kind == 0 {
        missing("TrackType");
    }
    if entry.number_of(ebml::TRACK_UID).unwrap_or(0) == 0 {
        missing("TrackUID");
    }
    let settings = match kind {
        VIDEO => entry.child(ebml::VIDEO),
        AUDIO => entry.child(ebml::AUDIO),
        _ => return,
    };
    let Some(settings) = settings else { return missing("Video or Audio") };
    let number_of = |id, usual: u64| settings.number_of(id).unwrap_or(usual);
    if kind == VIDEO && (number_of(ebml::PIXEL_WIDTH, 0) == 0 || number_of(ebml::PIXEL_HEIGHT, 0) == 0) {
        missing("PixelWidth or PixelHeight");
    }
    let rate = settings.child(ebml::SAMPLING_FREQUENCY).and_then(|rate| rate.float()).unwrap_or(8000.0);
    if kind == AUDIO && (number_of(ebml::CHANNELS, 1) == 0 || rate.is_nan() || rate <= 0.0) {
        missing("Channels or SamplingFrequency");
    }
}

/// What the codec's mapping has in `CodecPrivate` can be read.
fn check_private(entry: &Element<'_>, codec: &str, report: &mut Report) {
    let private = entry.child(ebml::CODEC_PRIVATE).map_or(&[][..], |private| private.body);
    let wrong = match codec {
        "V_MPEG4/ISO/AVC" => h264::Config::from_record(private).err().map(|error| error.to_string()),
        "V_MPEGH/ISO/HEVC" => h265::Config::from_record(private).err().map(|error| error.to_string()),
        "V_AV1" => av1::Config::from_record(private).err().map(|error| error.to_string()),
        "A_AAC" => aac::Config::from_asc(private).err().map(|error| error.to_string()),
        "A_VORBIS" => vorbis::Config::from_record(private).err().map(|error| error.to_string()),
        "A_FLAC" => flac::Config::from_private(private).err().map(|error| error.to_string()),
        "A_OPUS" => opus::Config::from_head(private).err().map(|error| error.to_string()),
        _ => None,
    };
    if let Some(wrong) = wrong {
        report.add(&rules::CODEC_PRIVATE, Place::Byte(entry.at), format_args!("{codec}: {wrong}"));
    }
}

/// `CodecDelay` is the pre-skip in nanoseconds, `SeekPreRoll` 80 ms.
fn check_opus(entry: &Element<'_>, report: &mut Report) {
    let at = Place::Byte(entry.at);
    let head = entry.child(ebml::CODEC_PRIVATE).map(|private| opus::Config::from_head(private.body));
    let Some(Ok(head)) = head else { return };
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
pub(super) fn cues<'a>(found: &Element<'a>) -> impl Iterator<Item = Cue> + use<'a> {
    let points = found.children().map_while(Result::ok).filter(|point| point.id == ebml::CUE_POINT);
    points.flat_map(|point| {
        let time = point.number_of(ebml::CUE_TIME).unwrap_or(0);
        let places = point.children().map_while(Result::ok);
        places.filter(|place| place.id == ebml::CUE_POSITIONS).map(move |place| Cue {
            at: point.at,
            time,
            track: place.number_of(ebml::CUE_TRACK).unwrap_or(0),
            cluster: place.number_of(ebml::CUE_CLUSTER).unwrap_or(u64::MAX),
            relative: place.number_of(ebml::CUE_RELATIVE),
        })
    })
}

/// `SeekHead`: IDs and where they are, relative to the segment.
pub(super) fn seeks<'a>(found: &Element<'a>) -> impl Iterator<Item = (u32, u64)> + use<'a> {
    let seeks = found.children().map_while(Result::ok).filter(|seek| seek.id == ebml::SEEK);
    seeks.filter_map(|seek| {
        let id = u32::try_from(seek.number_of(ebml::SEEK_ID)?).ok()?;
        Some((id, seek.number_of(ebml::SEEK_POSITION)?))
    })
}

/// Values of `TrackType`.
const VIDEO: u64 = 1;
const AUDIO: u64 = 2;

const TRACKS: usize = 128;
