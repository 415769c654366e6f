//! `moov` and what it is made of, ISO/IEC 14496-12 8.2 to 8.8.3, for files with and without fragments; the header of a CMAF track file
//! (ISO/IEC 23000-19 7.3.1) is one of them.

use bytes::Bytes;

use super::boxes::{boxed, full_box};
use super::config::{ParameterSets, TrackEntry};
use super::entry::{Preroll, SampleEntry};
use super::fragment::default_flags;
use super::{Composition, Error, brand, timescale};
use crate::track::{Kind, Language, Rotation, TrackId};

/// All that `trak` says of a track beside its times.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) id: TrackId,
    /// Ticks per second.
    pub(super) timescale: u32,
    pub(super) entry: SampleEntry,
    pub(super) rotation: Rotation,
    pub(super) language: Option<Language>,
    pub(super) name: String,
    pub(super) preroll: Option<Preroll>,
}

/// When a track is played, and how long it is.
#[derive(Debug, Default)]
pub(super) struct Timing {
    /// Sum of the edits, in ticks of the movie; zero where the end is not known.
    pub(super) duration: u64,
    /// Sum of the samples' durations, in ticks of the track; zero where they are in fragments.
    pub(super) media_duration: u64,
    pub(super) edits: Vec<Edit>,
}

/// A row of `elst`, 14496-12 8.6.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Ticks of the *movie*; zero for what goes on to the end of a file of fragments.
    pub(super) duration: u64,
    /// Ticks of the *track* at which it begins; -1 for an edit without media.
    pub(super) media_time: i64,
}

impl Description {
    pub(super) fn of(entry: &TrackEntry) -> Result<Self, Error> {
        let TrackEntry { track, name, mastering_display, content_light, parameter_sets } = entry;
        let name = name.clone().unwrap_or_default();
        if name.contains('\0') {
            return Err(Error::Text { field: "name" });
        }
        let mut sample_entry = SampleEntry::of(&track.codec)?.with_light(*mastering_display, *content_light);
        if *parameter_sets == ParameterSets::InBand {
            sample_entry = sample_entry.with_sets_in_band();
        }
        Ok(Self {
            id: track.id,
            timescale: timescale(track.time_base)?,
            entry: sample_entry,
            rotation: track.rotation,
            language: track.language,
            name,
            preroll: Preroll::of(&track.codec),
        })
    }

    pub(super) const fn kind(&self) -> Kind {
        self.entry.kind()
    }
}

/// The header of a file with one track in fragments; `priming` in ticks of the track.
pub(super) fn header(
    track: &Description,
    entry: &TrackEntry,
    priming: i32,
    composition: Composition,
) -> Bytes {
    let brands = brand::of_track(&entry.track, composition, priming != 0);
    let timings = [Timing::in_fragments(priming.into())];
    [brand::ftyp(&brands), fragmented_moov(&[track], track.timescale, &timings)].concat().into()
}

/// `moov` of a file of fragments.
pub(super) fn fragmented_moov(tracks: &[&Description], timescale: u32, timings: &[Timing]) -> Vec<u8> {
    let mut traks = Vec::new();
    let mut trexs = Vec::new();
    for (track, timing) in tracks.iter().zip(timings) {
        traks.extend(trak(track, timing, &no_samples()));
        trexs.extend(trex(track.id, track.kind()));
    }
    let next = next_track(tracks.iter().map(|track| track.id));
    boxed(b"moov", &[&mvhd(next, timescale, 0), &traks, &boxed(b"mvex", &[&trexs])])
}

/// The number of a track that might be added.
pub(super) fn next_track(ids: impl Iterator<Item = TrackId>) -> u32 {
    ids.map(TrackId::get).max().unwrap_or(0).saturating_add(1)
}

impl Timing {
    /// Of a track in fragments whose media time is ahead of presentation time by `shift` ticks; the edit takes them back and lasts to the
    /// end.
    pub(super) fn in_fragments(shift: i64) -> Self {
        let edits = if shift == 0 { Vec::new() } else { vec![Edit { duration: 0, media_time: shift }] };
        Self { edits, ..Self::default() }
    }
}

/// `duration` in ticks of the movie.
pub(super) fn mvhd(next_track: u32, timescale: u32, duration: u64) -> Vec<u8> {
    let (version, times) = times(Some(timescale), &[], duration);
    full_box(
        b"mvhd",
        version,
        0,
        &[
            &times,
            &0x0001_0000_u32.to_be_bytes(),        // rate 1.0
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // volume 1.0, reserved
            &matrix(Rotation::None, (0, 0)),
            &[0; 24], // pre_defined
            &next_track.to_be_bytes(),
        ],
    )
}

/// `trak` around the sample tables, which follow `stsd`.
pub(super) fn trak(track: &Description, timing: &Timing, tables: &[u8]) -> Vec<u8> {
    boxed(b"trak", &[&tkhd(track, timing.duration), &edts(&timing.edits), &mdia(track, timing, tables)])
}

fn tkhd(track: &Description, duration: u64) -> Vec<u8> {
    let size = track.entry.shown_size();
    let volume: [u8; 2] = match track.kind() {
        Kind::Video => [0, 0],
        Kind::Audio => [1, 0],
    };
    let between = [track.id.get().to_be_bytes(), [0; 4]].concat();
    let (version, times) = times(None, &between, duration);
    full_box(
        b"tkhd",
        version,
        ENABLED | IN_MOVIE | IN_PREVIEW,
        &[
            &times,
            &[0; 12], // reserved, layer, alternate_group
            &volume,
            &[0; 2],
            &matrix(track.rotation, size),
            &size.0.to_be_bytes(),
            &size.1.to_be_bytes(),
        ],
    )
}

/// Creation and modification time, which are not said, then the time scale or whatever else stands `between`, and the duration: 64 bits
/// wide in version 1, where that needs them.
fn times(timescale: Option<u32>, between: &[u8], duration: u64) -> (u8, Vec<u8>) {
    let timescale = timescale.map(u32::to_be_bytes);
    let between = timescale.as_ref().map_or(between, |timescale| timescale.as_slice());
    match u32::try_from(duration) {
        // All bits set would mean that it is not known.
        Ok(duration) if duration < u32::MAX => (0, [&[0; 8], between, &duration.to_be_bytes()].concat()),
        _ => (1, [&[0; 16], between, &duration.to_be_bytes()].concat()),
    }
}

/// `edts`; nothing where the media are played from their start without an edit.
fn edts(edits: &[Edit]) -> Vec<u8> {
    let Some(last) = edits.last() else { return Vec::new() };
    let is_wide =
        |edit: &Edit| u32::try_from(edit.duration).is_err() || i32::try_from(edit.media_time).is_err();
    let version = u8::from(edits.iter().any(is_wide));
    let mut rows = Vec::with_capacity(20 * edits.len());
    for Edit { duration, media_time } in edits {
        if version == 1 {
            rows.extend(duration.to_be_bytes());
            rows.extend(media_time.to_be_bytes());
        } else {
            rows.extend((*duration as u32).to_be_bytes());
            rows.extend((*media_time as i32).to_be_bytes());
        }
        rows.extend([0, 1, 0, 0]); // rate 1.0
    }
    debug_assert!(last.media_time >= 0, "an empty edit is never the last");
    boxed(b"edts", &[&full_box(b"elst", version, 0, &[&(edits.len() as u32).to_be_bytes(), &rows])])
}

fn mdia(track: &Description, timing: &Timing, tables: &[u8]) -> Vec<u8> {
    let (handler, media_header) = match track.kind() {
        Kind::Video => (b"vide", full_box(b"vmhd", 0, 1, &[&[0; 8]])),
        Kind::Audio => (b"soun", full_box(b"smhd", 0, 0, &[&[0; 4]])),
    };
    let (version, times) = times(Some(track.timescale), &[], timing.media_duration);
    let mdhd = full_box(b"mdhd", version, 0, &[&times, &language(track.language), &[0; 2]]);
    let hdlr = full_box(b"hdlr", 0, 0, &[&[0; 4], handler, &[0; 12], track.name.as_bytes(), b"\0"]);
    boxed(b"mdia", &[&mdhd, &hdlr, &boxed(b"minf", &[&media_header, &dinf(), &stbl(&track.entry, tables)])])
}

/// The media are in this file.
fn dinf() -> Vec<u8> {
    let url = full_box(b"url ", 0, 1, &[]);
    boxed(b"dinf", &[&full_box(b"dref", 0, 0, &[&1_u32.to_be_bytes(), &url])])
}

fn stbl(entry: &SampleEntry, tables: &[u8]) -> Vec<u8> {
    boxed(b"stbl", &[&full_box(b"stsd", 0, 0, &[&1_u32.to_be_bytes(), &entry.to_box()]), tables])
}

/// Tables without samples: those are in the fragments.
fn no_samples() -> Vec<u8> {
    [
        full_box(b"stts", 0, 0, &[&[0; 4]]),
        full_box(b"stsc", 0, 0, &[&[0; 4]]),
        full_box(b"stsz", 0, 0, &[&[0; 8]]),
        full_box(b"stco", 0, 0, &[&[0; 4]]),
    ]
    .concat()
}

fn trex(track: TrackId, kind: Kind) -> Vec<u8> {
    let fields = [track.get(), 1, 0, 0, default_flags(kind)].map(u32::to_be_bytes);
    full_box(b"trex", 0, 0, &[fields.as_flattened()])
}

/// How a picture of this size (16.16 fixed point) is turned, 14496-12 8.3.2: `a b u c d v x y w`, a point `(p, q)` goes to
/// `(ap + cq + x, bp + dq + y)`. The last of each three is in 2.30 fixed point, the others in 16.16.
fn matrix(rotation: Rotation, (width, height): (u32, u32)) -> [u8; 36] {
    const ONE: u32 = 0x0001_0000;
    const MINUS: u32 = ONE.wrapping_neg();
    let [a, b, c, d, x, y] = match rotation {
        Rotation::None => [ONE, 0, 0, ONE, 0, 0],
        Rotation::Quarter => [0, ONE, MINUS, 0, height, 0],
        Rotation::Half => [MINUS, 0, 0, MINUS, width, height],
        Rotation::ThreeQuarters => [0, MINUS, ONE, 0, 0, width],
    };
    let mut out = [0; 36];
    let words = [a, b, 0, c, d, 0, x, y, 0x4000_0000].map(u32::to_be_bytes);
    out.copy_from_slice(words.as_flattened());
    out
}

/// Three letters of 5 bits, 14496-12 8.4.2.
fn language(language: Option<Language>) -> [u8; 2] {
    let letters = language.map_or(*b"und", Language::code);
    letters.iter().fold(0, |packed, letter| packed << 5 | u16::from(letter - 0x60)).to_be_bytes()
}

/// Flags of `tkhd`, 8.3.2.
const ENABLED: u32 = 1;
const IN_MOVIE: u32 = 2;
const IN_PREVIEW: u32 = 4;

#[cfg(test)]
#[path = "header_test.rs"]
mod tests;
