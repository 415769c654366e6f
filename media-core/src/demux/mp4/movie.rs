//! `moov`, ISO/IEC 14496-12 8.2 to 8.8: the tracks.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::boxes::{Child, Kind, child, children, full};
use super::entry::{self, Entry};
use super::error::{Reason, Skipped};
use super::fragment::{Defaults, Known};
use super::lane::Lane;
use super::table::Tables;
use super::{Faults, edits};
use crate::bits::Reader;
use crate::time::TimeBase;
use crate::track::{self, Language, Rotation, TrackId};

/// What `moov` says.
#[derive(Debug, Default)]
pub(super) struct Movie {
    pub(super) lanes: Vec<Lane>,
    pub(super) skipped: Vec<Skipped>,
    /// Whether fragments may follow (`mvex`).
    pub(super) fragmented: bool,
    /// What fragments of the tracks that are read are told here.
    pub(super) known: BTreeMap<u32, Known>,
}

/// A track before it is known to be one for us.
struct Trak {
    id: u32,
    rotation: Rotation,
    handler: Kind,
    timescale: u32,
    language: Option<Language>,
    stbl: Bytes,
    elst: Option<Bytes>,
}

impl Movie {
    /// Reads the payload of `moov`; `len` is the length of the source where that is known.
    pub(super) fn read(moov: &Bytes, len: Option<u64>, faults: &mut Faults) -> Self {
        let mut movie = Self::default();
        let timescale =
            child(moov, b"mvhd").and_then(|mvhd| times(&mvhd)).map_or(0, |(timescale, _)| timescale);
        let base = TimeBase::new(1, timescale);
        let extends = child(moov, b"mvex");
        movie.fragmented = extends.is_some();
        for found in children(moov.clone()) {
            faults.boxes += u64::from(found.cut);
            if found.kind == *b"trak" && movie.lanes.len() + movie.skipped.len() < MAX_TRACKS {
                movie.add(&found, base, len, faults);
            }
        }
        // Of tracks that are not read as well: where the data of another one begin may depend on how long theirs are.
        for trex in children(extends.unwrap_or_default()).filter(|found| found.kind == *b"trex") {
            if let Some((id, defaults)) = defaults(&trex.body)
                && (movie.known.len() < 2 * MAX_TRACKS || movie.known.contains_key(&id))
            {
                movie.known.entry(id).or_default().defaults = defaults;
            }
        }
        movie
    }

    fn add(&mut self, trak: &Child, movie: Option<TimeBase>, len: Option<u64>, faults: &mut Faults) {
        match self.lane(trak, movie, len, faults) {
            Ok(lane) => {
                let known = Known { descriptions: lane.descriptions(), ..Known::default() };
                self.known.insert(lane.id().get(), known);
                self.lanes.push(lane);
            }
            Err(skipped) => self.skipped.push(skipped),
        }
    }

    fn lane(
        &self,
        trak: &Child,
        movie: Option<TimeBase>,
        len: Option<u64>,
        faults: &mut Faults,
    ) -> Result<Lane, Skipped> {
        let trak = Trak::read(&trak.body)?;
        let entries = child(&trak.stbl, b"stsd").map_or_else(Vec::new, |stsd| entry::read(&stsd));
        let format = entries.first().map_or([0; 4], |(format, _)| *format);
        let skip = |reason| Skipped::new(trak.id, trak.handler, format, reason);
        let kind = match &trak.handler {
            b"vide" => track::Kind::Video,
            b"soun" => track::Kind::Audio,
            _ => return Err(skip(Reason::Handler)),
        };
        let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
        let reason = match entries.iter().find(|entry| entry.is_ok()) {
            Some(_) => None,
            None => Some(entries.first().and_then(|entry| entry.clone().err()).unwrap_or(Reason::Incomplete)),
        };
        if let Some(reason) = reason {
            return Err(skip(reason));
        }
        let entries: Vec<Option<Entry>> = entries.into_iter().map(Result::ok).collect();
        if entries.iter().flatten().any(|entry| entry.format.kind() != kind) {
            return Err(skip(Reason::Handler));
        }
        let base = TimeBase::new(1, trak.timescale).ok_or_else(|| skip(Reason::Timescale))?;
        let id = TrackId::new(trak.id).filter(|id| self.lanes.iter().all(|lane| lane.id() != *id));
        let id = id.ok_or_else(|| skip(Reason::Id))?;
        let tables = Tables::read(&trak.stbl, len, faults);
        let edits = trak.elst.map_or_else(Vec::new, |elst| edits::read(&elst, movie, base, faults));
        let lane = Lane::new(id, kind, base, entries, tables, &edits, faults);
        Ok(lane.shown(trak.rotation, trak.language))
    }
}

impl Trak {
    fn read(trak: &Bytes) -> Result<Self, Skipped> {
        let header = child(trak, b"tkhd").and_then(|tkhd| track_header(&tkhd));
        let (id, rotation) = header.unwrap_or((0, Rotation::None));
        let mdia = child(trak, b"mdia").unwrap_or_default();
        let handler =
            child(&mdia, b"hdlr").and_then(|hdlr| hdlr.get(8..12)?.try_into().ok()).unwrap_or_default();
        let stbl = child(&mdia, b"minf").and_then(|minf| child(&minf, b"stbl"));
        let media = child(&mdia, b"mdhd").and_then(|mdhd| times(&mdhd));
        let (true, Some((timescale, language)), Some(stbl)) = (header.is_some(), media, stbl) else {
            return Err(Skipped::new(id, handler, [0; 4], Reason::Incomplete));
        };
        let elst = child(trak, b"edts").and_then(|edts| child(&edts, b"elst"));
        Ok(Self { id, rotation, handler, timescale, language, stbl, elst })
    }
}

/// `track_ID` and the rotation of `tkhd`, 8.3.2.
fn track_header(tkhd: &Bytes) -> Option<(u32, Rotation)> {
    let (version, _, rest) = full(tkhd)?;
    let times = if version == 1 { 16 } else { 8 };
    let id = u32::from_be_bytes(*rest.get(times..)?.first_chunk()?);
    // reserved and duration; reserved, layer, group, volume
    let matrix = times + 4 + if version == 1 { 12 } else { 8 } + 16;
    let rotation = rest.get(matrix..).and_then(rotation).unwrap_or_default();
    Some((id, rotation))
}

/// The rotation of a matrix, clockwise; `None` for one that mirrors or stretches otherwise.
fn rotation(matrix: &[u8]) -> Option<Rotation> {
    let mut reader = Reader::new(matrix);
    let mut word = || Some(reader.u32().ok()?.cast_signed());
    let [a, b, _, c, d] = [word()?, word()?, word()?, word()?, word()?];
    match (a.signum(), b.signum(), c.signum(), d.signum()) {
        (1, 0, 0, 1) => Some(Rotation::None),
        (0, 1, -1, 0) => Some(Rotation::Quarter),
        (-1, 0, 0, -1) => Some(Rotation::Half),
        (0, -1, 1, 0) => Some(Rotation::ThreeQuarters),
        _ => None,
    }
}

/// The time scale of `mvhd` and `mdhd`, 8.2.2 and 8.4.2, and the language of the latter.
fn times(body: &Bytes) -> Option<(u32, Option<Language>)> {
    let (version, _, rest) = full(body)?;
    let at = if version == 1 { 16 } else { 8 };
    let timescale = u32::from_be_bytes(*rest.get(at..)?.first_chunk()?);
    let language = rest.get(at + 4 + if version == 1 { 8 } else { 4 }..).and_then(|rest| rest.first_chunk());
    let language = language.and_then(|packed| {
        let packed = u16::from_be_bytes(*packed);
        // Numbers below 0x400 are Macintosh languages.
        let letter = |shift: u16| (packed >> shift & 0x1f) as u8 + 0x60;
        Language::new([letter(10), letter(5), letter(0)]).filter(|_| packed >= 0x400)
    });
    Some((timescale, language))
}

/// `trex`.
fn defaults(trex: &Bytes) -> Option<(u32, Defaults)> {
    let (_, _, rest) = full(trex)?;
    let mut reader = Reader::new(&rest);
    let mut word = || reader.u32().ok();
    let id = word()?;
    Some((id, Defaults { entry: word()?, duration: word()?, size: word()?, flags: word()? }))
}

/// Tracks of a file that are looked at.
const MAX_TRACKS: usize = 256;
