//! `moof`: fragments and their samples, ISO/IEC 14496-12 8.8.4 to 8.8.12.

use super::boxes::Found;
use super::entry::Codec;
use super::movie::{Defaults, Movie, Track, is_roll, roll_distances};
use super::rules;
use crate::check::{Place, Report};

/// A fragment read, waiting for its media data.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    pub(super) at: u64,
    pub(super) samples: Vec<Sample>,
    /// Presentation of each track in it.
    pub(super) spans: Vec<Span>,
    /// Roll distances it describes, with the index of the track.
    pub(super) rolls: Vec<(usize, i16)>,
}

/// A sample in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Index of the track in the movie, and of the sample entry.
    pub(super) track: usize,
    pub(super) entry: usize,
    pub(super) at: u64,
    pub(super) size: u32,
    pub(super) sync: bool,
}

/// When a track's part of a fragment is shown, in media ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) track: u32,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) sync_first: bool,
}

/// What brands ask of fragments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brands {
    /// `cmfc` or `cmf2`.
    pub(super) cmaf: bool,
    pub(super) cmf2: bool,
}

/// `tfhd`.
struct Header {
    track: u32,
    base: u64,
    defaults: Defaults,
}

/// How far a track fragment has been read.
struct Progress {
    decode: u64,
    at: u64,
    span: Option<Span>,
    samples: u64,
    negative: bool,
}

impl Fragment {
    /// Reads a `moof`; `last` is the number of the one before it.
    pub(super) fn read(
        moof: &Found<'_>,
        movie: &mut Movie,
        brands: Brands,
        last: &mut Option<u32>,
        report: &mut Report,
    ) -> Self {
        let mut fragment = Self { at: moof.at, ..Self::default() };
        let number = moof.child(b"mfhd").and_then(|mfhd| mfhd.read(report, |_, _, reader| reader.u32()));
        if let Some(number) = number {
            if last.is_some_and(|last| number <= last) {
                let last = last.unwrap_or(0);
                report.add(
                    &rules::SEQUENCE,
                    moof.place(),
                    format_args!("fragment {number} after fragment {last}"),
                );
            }
            *last = Some(number);
        }
        if !movie.fragmented {
            report.add(&rules::NO_TREX, moof.place(), format_args!("a fragment of a movie without mvex"));
        }
        let mut data_end = moof.at;
        let trafs = moof.children().filter(|child| &child.kind == b"traf");
        for (index, traf) in trafs.enumerate() {
            if index == 1 && brands.cmaf {
                report.add(&rules::CMAF, traf.place(), format_args!("a second traf in a CMAF fragment"));
            }
            if let Some(end) = fragment.read_track(&traf, moof.at, data_end, movie, brands, report) {
                data_end = end;
            }
        }
        fragment
    }

    fn read_track(
        &mut self,
        traf: &Found<'_>,
        moof: u64,
        data_end: u64,
        movie: &mut Movie,
        brands: Brands,
        report: &mut Report,
    ) -> Option<u64> {
        let tfhd = traf.child(b"tfhd")?;
        let header = Header::read(&tfhd, moof, data_end, movie, brands, report)?;
        let index = movie.tracks.iter().position(|track| track.id == header.track)?;
        let track = &mut movie.tracks[index];
        let decode = decode_time(traf, track, brands, report);
        let mut progress = Progress { decode, at: header.base, span: None, samples: 0, negative: false };
        for (number, trun) in traf.children().filter(|child| &child.kind == b"trun").enumerate() {
            if number == 1 && brands.cmaf && brands.cmf2 {
                report.add(&rules::CMAF, trun.place(), format_args!("a second trun in a CMAF fragment"));
            }
            self.read_run(&trun, index, &header, track, &mut progress, report);
        }
        track.next = Some(progress.decode);
        if progress.negative && !track.negative {
            track.negative = true;
            if track.edits.iter().any(|edit| edit.media_time > 0) && &track.handler == b"vide" {
                report.add(
                    &rules::EDIT_AND_SIGNED,
                    traf.place(),
                    format_args!("{track} has an edit list and negative composition offsets"),
                );
            }
        }
        if let Some(span) = progress.span {
            track.end = track.end.max(span.end.saturating_sub(track.cut()));
            self.spans.push(span);
        }
        let rolls = check_roll(traf, track, &progress, report);
        self.rolls.extend(rolls.into_iter().map(|distance| (index, distance)));
        Some(progress.at)
    }

    fn read_run(
        &mut self,
        trun: &Found<'_>,
        index: usize,
        header: &Header,
        track: &Track,
        progress: &mut Progress,
        report: &mut Report,
    ) {
        let defaults = header.defaults;
        let read = trun.read(report, |version, flags, reader| {
            let count = reader.u32()?;
            let offset = if flags & DATA_OFFSET != 0 { Some(reader.u32()?.cast_signed()) } else { None };
            let first = if flags & FIRST_FLAGS != 0 { Some(reader.u32()?) } else { None };
            let fields = (flags >> 8 & 15).count_ones() as usize;
            let rows = reader.bytes((count as usize).saturating_mul(4 * fields))?;
            Ok((version, flags, count, offset, first, rows, reader.remaining()))
        });
        let Some((version, flags, count, offset, first_flags, rows, left)) = read else { return };
        if left > 0 {
            report.add(
                &rules::BOX_FIELDS,
                trun.place(),
                format_args!("{left} bytes behind the rows of trun"),
            );
        }
        if flags & FIRST_FLAGS != 0 && flags & SAMPLE_FLAGS != 0 {
            report.add(
                &rules::TRUN_FLAGS,
                trun.place(),
                format_args!("first_sample_flags and flags of each sample"),
            );
        }
        if let Some(offset) = offset {
            progress.at = header.base.saturating_add_signed(offset.into());
        }
        // Without rows all samples are alike: as many as there is room for are looked at, the others are counted.
        let looked = if rows.is_empty() { count.min(ALIKE) } else { count };
        let mut rows = crate::bits::Reader::new(rows);
        let mut field = |flag: u32| (flags & flag != 0).then(|| rows.u32().unwrap_or(0));
        for number in 0..looked {
            let duration = field(DURATION).unwrap_or(defaults.duration);
            let size = field(SIZE).unwrap_or(defaults.size);
            let own = field(SAMPLE_FLAGS).or(first_flags.filter(|_| number == 0)).unwrap_or(defaults.flags);
            let offset = field(COMPOSITION).unwrap_or(0);
            let signed = offset.cast_signed();
            if version == 0 && signed < 0 {
                report.add(
                    &rules::COMPOSITION_VERSION,
                    trun.place(),
                    format_args!("trun of version 0 with what looks like {signed}"),
                );
            }
            let composition = if version == 0 { i64::from(offset) } else { signed.into() };
            progress.negative |= composition < 0;
            let sync = own & NON_SYNC == 0;
            let start = i64::try_from(progress.decode).unwrap_or(i64::MAX).saturating_add(composition);
            let end = start.saturating_add(duration.into());
            let span = progress.span.get_or_insert(Span { track: track.id, start, end, sync_first: sync });
            (span.start, span.end) = (span.start.min(start), span.end.max(end));
            if duration == 0 && number + 1 < count {
                report.add(
                    &rules::ZERO_DURATION,
                    trun.place(),
                    format_args!("sample {number} of {track} lasts no time"),
                );
            }
            let entry = (defaults.description as usize).saturating_sub(1);
            if self.samples.len() < SAMPLES {
                self.samples.push(Sample { track: index, entry, at: progress.at, size, sync });
            }
            progress.at = progress.at.saturating_add(size.into());
            progress.decode = progress.decode.saturating_add(duration.into());
        }
        let more = u64::from(count - looked);
        progress.at = progress.at.saturating_add(more.saturating_mul(defaults.size.into()));
        progress.decode = progress.decode.saturating_add(more.saturating_mul(defaults.duration.into()));
        progress.samples = progress.samples.saturating_add(count.into());
        if more > 0 || self.samples.len() == SAMPLES {
            report.add(
                &rules::NOT_EXAMINED,
                trun.place(),
                format_args!("more than {} samples in one fragment", self.samples.len()),
            );
        }
    }
}

impl Header {
    fn read(
        tfhd: &Found<'_>,
        moof: u64,
        data_end: u64,
        movie: &Movie,
        brands: Brands,
        report: &mut Report,
    ) -> Option<Self> {
        let (track, flags, base, own) = tfhd.read(report, |_, flags, reader| {
            let track = reader.u32()?;
            let base = if flags & 1 != 0 { Some(reader.u64()?) } else { None };
            let mut field = |flag: u32| if flags & flag != 0 { reader.u32().map(Some) } else { Ok(None) };
            Ok((track, flags, base, [field(2)?, field(8)?, field(0x10)?, field(0x20)?]))
        })?;
        let Some(known) = movie.tracks.iter().find(|known| known.id == track) else {
            report.add(
                &rules::UNKNOWN_TRACK,
                tfhd.place(),
                format_args!("track fragment of track {track}, which is none of the movie"),
            );
            return None;
        };
        let from_moof = flags & 0x2_0000 != 0;
        if brands.cmaf && (base.is_some() || !from_moof) {
            report.add(
                &rules::CMAF,
                tfhd.place(),
                format_args!("tfhd flags {flags:#x}: no default-base-is-moof, or a base data offset"),
            );
        }
        let trex = known.trex.unwrap_or_default();
        let defaults = Defaults {
            description: own[0].unwrap_or(trex.description),
            duration: own[1].unwrap_or(trex.duration),
            size: own[2].unwrap_or(trex.size),
            flags: own[3].unwrap_or(trex.flags),
        };
        if defaults.description == 0 || defaults.description as usize > known.entries.len() {
            let entries = known.entries.len();
            report.add(
                &rules::TFHD_FLAGS,
                tfhd.place(),
                format_args!("sample description {} of {entries}", defaults.description),
            );
        }
        // 8.8.7.1: without either, what comes after the first track fragment begins where that ended.
        let base = base.unwrap_or(if from_moof { moof } else { data_end });
        Some(Self { track, base, defaults })
    }
}

/// `tfdt`: where the fragment begins, checked against where the one before it ended.
fn decode_time(traf: &Found<'_>, track: &Track, brands: Brands, report: &mut Report) -> u64 {
    let due = track.next.unwrap_or(track.tables.duration());
    let tfdt = traf.child(b"tfdt").and_then(|tfdt| {
        tfdt.read(
            report,
            |version, _, reader| if version == 1 { reader.u64() } else { reader.u32().map(u64::from) },
        )
    });
    let Some(decode) = tfdt else {
        if brands.cmaf {
            report.add(&rules::CMAF, traf.place(), format_args!("a CMAF fragment without tfdt"));
        }
        return due;
    };
    if track.next.is_some() && decode != due {
        let rule = if decode < due { &rules::TFDT_OVERLAP } else { &rules::TFDT_GAP };
        report.add(
            rule,
            traf.place(),
            format_args!("{track}: tfdt {decode}, the samples before it end at {due}"),
        );
    }
    decode
}

/// Opus samples are in a roll group of 80 ms, AAC samples in one of a frame or two. The distances that the fragment describes.
fn check_roll(traf: &Found<'_>, track: &Track, progress: &Progress, report: &mut Report) -> Vec<i16> {
    let opus = track.entries.iter().any(|entry| matches!(entry.codec, Codec::Opus { .. }));
    let aac = track.entries.iter().any(|entry| matches!(entry.codec, Codec::Aac(_)));
    let sgpds = traf.children().filter(|child| &child.kind == b"sgpd");
    let own: Vec<i16> = sgpds.flat_map(|sgpd| roll_distances(&sgpd, report)).collect();
    check_distances(&own, track, traf.place(), report);
    if !(opus || aac) || progress.samples == 0 {
        return own;
    }
    let mapped = traf.children().any(|child| is_roll(&child, b"sbgp"));
    // The movie may say so of all samples: a description of version 2 has a default.
    let by_default = !track.rolls.is_empty() && track.in_roll;
    if !mapped && !by_default {
        let rule = if opus { &rules::ROLL_MISSING } else { &rules::ROLL_AAC };
        report.add(
            rule,
            traf.place(),
            format_args!("{track}: a fragment whose samples are in no roll group"),
        );
    }
    own
}

/// Distances that cannot be counts of packets of sound; of pictures, those that are none: 10.1 has no 0.
pub(super) fn check_distances(distances: &[i16], track: &Track, at: Place, report: &mut Report) {
    // The shortest packets are 2.5 ms: 32 of them last 80 ms.
    let fits = |distance: i16| match &track.handler {
        b"soun" => (-32..0).contains(&distance),
        _ => distance != 0,
    };
    for distance in distances.iter().filter(|distance| !fits(**distance)) {
        report.add(&rules::ROLL_DISTANCE, at, format_args!("{track}: roll distance {distance}"));
    }
}

const DATA_OFFSET: u32 = 0x1;
const FIRST_FLAGS: u32 = 0x4;
const DURATION: u32 = 0x100;
const SIZE: u32 = 0x200;
const SAMPLE_FLAGS: u32 = 0x400;
const COMPOSITION: u32 = 0x800;
const NON_SYNC: u32 = 0x1_0000;

/// Samples of one fragment that are looked at.
const SAMPLES: usize = 1 << 18;
/// Samples of a run without rows that are looked at.
const ALIKE: u32 = 1 << 16;
