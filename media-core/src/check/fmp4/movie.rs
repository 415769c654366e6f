//! `moov`: the movie and its tracks, ISO/IEC 14496-12 8.2 to 8.8.3.

use super::boxes::{Found, Name};
use super::entry::Entry;
use super::rules;
use super::tables::Tables;
use crate::check::{Place, Report};

/// What a `moov` says.
#[derive(Debug)]
pub(super) struct Movie {
    pub(super) at: u64,
    pub(super) timescale: u32,
    duration: Option<u64>,
    /// Whether fragments may follow.
    pub(super) fragmented: bool,
    mehd: Option<(u64, u64)>,
    pub(super) tracks: Vec<Track>,
}

/// A track, and how far its fragments have come.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) at: u64,
    pub(super) id: u32,
    pub(super) handler: [u8; 4],
    pub(super) timescale: u32,
    mdhd: Option<u64>,
    tkhd: Option<u64>,
    pub(super) edits: Vec<Edit>,
    pub(super) entries: Vec<Entry>,
    pub(super) trex: Option<Defaults>,
    pub(super) tables: Tables,
    /// Distances of `roll` groups described in `stbl`.
    pub(super) rolls: Vec<i16>,
    pub(super) in_roll: bool,
    /// Decode time at which the next fragment is due.
    pub(super) next: Option<u64>,
    /// Where the last presentation ends, in media ticks.
    pub(super) end: i64,
    pub(super) negative: bool,
}

/// A row of `elst`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit {
    pub(super) duration: u64,
    pub(super) media_time: i64,
}

/// What is so of samples of which nothing else is said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    pub(super) description: u32,
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

impl Movie {
    pub(super) fn read(moov: &Found<'_>, report: &mut Report) -> Self {
        let header = moov.child(b"mvhd").and_then(|mvhd| {
            mvhd.read(report, |version, _, reader| {
                reader.bytes(if version == 1 { 16 } else { 8 })?;
                let timescale = reader.u32()?;
                Ok((timescale, known(version, reader)?))
            })
        });
        let (timescale, duration) = header.unwrap_or((0, None));
        if header.is_some() && timescale == 0 {
            report.add(&rules::TIMESCALE, moov.place(), format_args!("mvhd with no ticks per second"));
        }
        let mvex = moov.child(b"mvex");
        let mehd = mvex.and_then(|mvex| mvex.child(b"mehd")).and_then(|mehd| {
            mehd.read(report, |version, _, reader| {
                Ok((mehd.at, if version == 1 { reader.u64()? } else { reader.u32()?.into() }))
            })
        });
        if let Some((at, 0)) = mehd {
            report.add(
                &rules::MEHD,
                Place::Byte(at),
                format_args!("mehd says 0; a duration that is not known is not said"),
            );
        }
        let mut movie =
            Self { at: moov.at, timescale, duration, fragmented: mvex.is_some(), mehd, tracks: Vec::new() };
        for trak in moov.children().filter(|child| &child.kind == b"trak") {
            if movie.tracks.len() == TRACKS {
                report.add(&rules::NOT_EXAMINED, trak.place(), format_args!("more than {TRACKS} tracks"));
                break;
            }
            let Some(track) = Track::read(&trak, report) else { continue };
            if track.id == 0 || movie.tracks.iter().any(|other| other.id == track.id) {
                report.add(
                    &rules::TRACK_ID,
                    trak.place(),
                    format_args!("track_ID {} is zero or another's too", track.id),
                );
            }
            movie.tracks.push(track);
        }
        movie.read_trex(mvex.as_ref(), report);
        movie.tracks.iter().for_each(|track| movie.check_edits(track, report));
        movie
    }

    fn read_trex(&mut self, mvex: Option<&Found<'_>>, report: &mut Report) {
        let Some(mvex) = mvex else { return };
        for trex in mvex.children().filter(|child| &child.kind == b"trex") {
            let read = trex.read(report, |_, _, reader| {
                let id = reader.u32()?;
                let (description, duration) = (reader.u32()?, reader.u32()?);
                Ok((id, Defaults { description, duration, size: reader.u32()?, flags: reader.u32()? }))
            });
            let Some((id, defaults)) = read else { continue };
            match self.tracks.iter_mut().find(|track| track.id == id) {
                Some(track) => track.trex = Some(defaults),
                None => report.add(
                    &rules::NO_TREX,
                    trex.place(),
                    format_args!("trex of track {id}, which is none of the movie"),
                ),
            }
        }
        for track in self.tracks.iter().filter(|track| track.trex.is_none()) {
            report.add(&rules::NO_TREX, mvex.place(), format_args!("track {} has no trex", track.id));
        }
    }

    fn check_edits(&self, track: &Track, report: &mut Report) {
        let media = track.tables.end();
        for edit in &track.edits {
            let (time, whole) = (edit.media_time, !self.fragmented && media > 0);
            if time < -1 || whole && time >= 0 && time as u64 > media {
                report.add(
                    &rules::ELST_TIME,
                    Place::Byte(track.at),
                    format_args!("track {}: media_time {time} in media of {media} ticks", track.id),
                );
            }
            // In ticks of the movie, rounded up by one: what the media can last from there on.
            let left = media.saturating_sub(time.max(0).unsigned_abs());
            let most = rescale(left, track.timescale, self.timescale)
                .saturating_add(1 + u64::from(self.timescale) / 10);
            if whole && time >= 0 && edit.duration > most {
                report.add(
                    &rules::ELST_DURATION,
                    Place::Byte(track.at),
                    format_args!(
                        "track {}: an edit of {} ticks of 1/{} s, of which the media has {most}",
                        track.id, edit.duration, self.timescale
                    ),
                );
            }
        }
    }

    /// What can be said when all samples were seen; `seen` where there were fragments.
    pub(super) fn finish(&self, seen: bool, report: &mut Report) {
        let at = Place::Byte(self.at);
        let fragments =
            |track: &Track| rescale(track.end.max(0).unsigned_abs(), track.timescale, self.timescale);
        let longest = self.tracks.iter().map(fragments).max().unwrap_or(0);
        let second = u64::from(self.timescale);
        if let Some((at, said)) = self.mehd.filter(|(_, said)| seen && *said != 0)
            && said.abs_diff(longest) > second / 2 + 1
        {
            report.add(
                &rules::MEHD,
                Place::Byte(at),
                format_args!("mehd says {said} ticks, the fragments end at {longest}"),
            );
        }
        let samples = self.tracks.iter().any(|track| track.tables.duration() > 0);
        let Some(said) = self.duration else { return };
        if self.fragmented && !samples {
            if said != 0 && (!seen || said.abs_diff(longest) > second / 2 + 1) {
                report.add(
                    &rules::MVHD_DURATION,
                    at,
                    format_args!(
                        "mvhd says {said} ticks; samples in it there are none, fragments end at {longest}"
                    ),
                );
            }
            return;
        }
        let of = |track: &Track| track.tkhd.unwrap_or(0);
        let longest = self.tracks.iter().map(of).max().unwrap_or(0);
        if said.abs_diff(longest) > 1 + second / 1000 {
            report.add(
                &rules::MVHD_DURATION,
                at,
                format_args!("mvhd says {said} ticks, the longest track {longest}"),
            );
        }
        for track in &self.tracks {
            let media = track.tables.duration();
            let off = track.mdhd.map_or(0, |said| said.abs_diff(media));
            if off > 1 + u64::from(track.timescale) / 100 && !self.fragmented {
                report.add(
                    &rules::MDHD_DURATION,
                    Place::Byte(track.at),
                    format_args!(
                        "track {}: mdhd says {:?} ticks, its samples last {media}",
                        track.id, track.mdhd
                    ),
                );
            }
        }
    }
}

impl Track {
    fn read(trak: &Found<'_>, report: &mut Report) -> Option<Self> {
        let (id, tkhd) = trak.child(b"tkhd")?.read(report, |version, _, reader| {
            reader.bytes(if version == 1 { 16 } else { 8 })?;
            let id = reader.u32()?;
            reader.u32()?;
            Ok((id, known(version, reader)?))
        })?;
        let (timescale, mdhd) = trak.path(&[b"mdia", b"mdhd"])?.read(report, |version, _, reader| {
            reader.bytes(if version == 1 { 16 } else { 8 })?;
            Ok((reader.u32()?, known(version, reader)?))
        })?;
        if timescale == 0 {
            report.add(&rules::TIMESCALE, trak.place(), format_args!("track {id} with no ticks per second"));
        }
        let hdlr = trak.path(&[b"mdia", b"hdlr"])?;
        let handler = hdlr.read(report, |_, _, reader| {
            reader.u32()?;
            reader.array()
        })?;
        let stbl = trak.path(&[b"mdia", b"minf", b"stbl"])?;
        let edits = trak.path(&[b"edts", b"elst"]).map_or_else(Vec::new, |elst| edits(&elst, report));
        let entries = stbl.child(b"stsd").map_or_else(Vec::new, |stsd| Entry::all(&stsd, handler, report));
        let rolls = stbl
            .children()
            .filter(|child| &child.kind == b"sgpd")
            .flat_map(|sgpd| roll_distances(&sgpd, report))
            .collect();
        let tables = Tables::read(id, &stbl, report);
        if tables.negative() && edits.iter().any(|edit| edit.media_time > 0) {
            let at = trak.place();
            report.add(
                &rules::EDIT_AND_SIGNED,
                at,
                format_args!("track {id} has an edit list and negative composition offsets"),
            );
        }
        Some(Self {
            at: trak.at,
            id,
            handler,
            timescale,
            mdhd,
            tkhd,
            edits,
            entries,
            trex: None,
            tables,
            rolls,
            in_roll: stbl.children().any(|child| is_roll(&child, b"sbgp")),
            next: None,
            end: 0,
            negative: false,
        })
    }

    /// Media ticks that the edit list takes away at the start.
    pub(super) fn cut(&self) -> i64 {
        self.edits.iter().map(|edit| edit.media_time).find(|time| *time >= 0).unwrap_or(0)
    }
}

/// A duration; all ones say that it is not known.
fn known(version: u8, reader: &mut crate::bits::Reader<'_>) -> Result<Option<u64>, crate::bits::Error> {
    if version == 1 {
        return Ok(Some(reader.u64()?).filter(|duration| *duration != u64::MAX));
    }
    Ok(Some(reader.u32()?).filter(|duration| *duration != u32::MAX).map(u64::from))
}

fn edits(elst: &Found<'_>, report: &mut Report) -> Vec<Edit> {
    let rows = elst.read(report, |version, _, reader| {
        let count = reader.u32()?;
        let mut rows = Vec::new();
        for _ in 0..count.min(EDITS) {
            let (duration, media_time) = match version {
                1 => (reader.u64()?, reader.u64()?.cast_signed()),
                _ => (reader.u32()?.into(), reader.u32()?.cast_signed().into()),
            };
            reader.u32()?;
            rows.push(Edit { duration, media_time });
        }
        Ok(rows)
    });
    rows.unwrap_or_default()
}

/// The distances in an `sgpd` of type `roll`, 14496-12 10.1.
pub(super) fn roll_distances(sgpd: &Found<'_>, report: &mut Report) -> Vec<i16> {
    if !is_roll(sgpd, b"sgpd") {
        return Vec::new();
    }
    let distances = sgpd.read(report, |version, _, reader| {
        reader.u32()?;
        let length = if version >= 1 { reader.u32()? } else { 2 };
        if version >= 2 {
            reader.u32()?;
        }
        let count = reader.u32()?;
        let mut distances = Vec::new();
        for _ in 0..count.min(ROLLS) {
            if version >= 1 && length == 0 {
                reader.u32()?;
            }
            distances.push(reader.u16()?.cast_signed());
        }
        Ok(distances)
    });
    distances.unwrap_or_default()
}

/// Whether a box is an `sgpd` or `sbgp` of type `roll`.
pub(super) fn is_roll(found: &Found<'_>, kind: &[u8; 4]) -> bool {
    found.kind == *kind && found.body.get(4..8) == Some(b"roll")
}

/// To the nearest.
pub(super) fn rescale(ticks: u64, from: u32, to: u32) -> u64 {
    let scaled = u128::from(ticks) * u128::from(to) + u128::from(from) / 2;
    scaled.checked_div(from.into()).and_then(|ticks| u64::try_from(ticks).ok()).unwrap_or(0)
}

impl std::fmt::Display for Track {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "track {} ({})", self.id, Name(self.handler))
    }
}

const TRACKS: usize = 64;
const EDITS: u32 = 1024;
const ROLLS: u32 = 64;
