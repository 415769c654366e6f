//! Sample entries: what they say of a track, ISO/IEC 14496-12 8.5.2 and the bindings of the codecs.

use bytes::Bytes;

use super::boxes::{Found, Name, children};
use super::rules;
use crate::bits::Reader;
use crate::check::Report;
use crate::codec::{aac, h264, h265, opus};

/// A sample entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: [u8; 4],
    pub(super) codec: Codec,
}

/// What a sample entry says of how its samples are coded.
#[derive(Debug)]
pub(super) enum Codec {
    /// Bytes of a NAL unit's length before it, and the parameter sets.
    H264 {
        length: u8,
        config: h264::Config,
    },
    H265 {
        length: u8,
        config: h265::Config,
    },
    Vp8,
    Vp9(VpcC),
    /// The sequence header of `av1C`, if there is one.
    Av1 {
        record: [u8; 4],
        sequence: Option<Bytes>,
    },
    Aac(aac::Config),
    Opus {
        pre_skip: u16,
    },
    /// Not looked into: others, encrypted ones, and those whose configuration cannot be read.
    Other,
}

/// `vpcC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VpcC {
    pub(super) profile: u8,
    pub(super) level: u8,
    pub(super) depth: u8,
    pub(super) subsampling: u8,
    pub(super) full_range: bool,
    pub(super) colour: [u8; 3],
}

impl Entry {
    /// All entries of an `stsd`.
    pub(super) fn all(stsd: &Found<'_>, handler: [u8; 4], report: &mut Report) -> Vec<Self> {
        let count = stsd.read(report, |_, _, reader| reader.u32()).unwrap_or(0);
        let body = stsd.body.get(8..).unwrap_or_default();
        let found = children(body, stsd.at + stsd.head + 8);
        let entries: Vec<Self> =
            found.take(ENTRIES).map(|entry| Self::read(&entry, handler, report)).collect();
        if (entries.len() as u64) < u64::from(count).min(ENTRIES as u64) || entries.is_empty() {
            report.add(
                &rules::BOX_FIELDS,
                stsd.place(),
                format_args!("stsd of {count} entries has {}", entries.len()),
            );
        }
        entries
    }

    fn read(entry: &Found<'_>, handler: [u8; 4], report: &mut Report) -> Self {
        let skip = match &handler {
            b"vide" => 78,
            b"soun" => match entry.body.get(8..10) {
                // QuickTime has longer entries for sound.
                Some([0, 1]) => 44,
                Some([0, 2]) => 64,
                _ => 28,
            },
            _ => 8,
        };
        let Some(body) = entry.body.get(skip..) else {
            let (name, len) = (Name(entry.kind), entry.body.len());
            report.add(&rules::BOX_FIELDS, entry.place(), format_args!("sample entry {name} of {len} bytes"));
            return Self { kind: entry.kind, codec: Codec::Other };
        };
        let inner = Found { at: entry.at + entry.head + skip as u64, head: 0, body, ..*entry };
        let codec = codec(entry, &inner, report).unwrap_or(Codec::Other);
        Self { kind: entry.kind, codec }
    }

    /// The codecs parameter of RFC 6381 that the entry stands for; `None` where it is not known here.
    pub(super) fn codecs(&self) -> Option<String> {
        let name = Name(self.kind);
        match &self.codec {
            Codec::H264 { config, .. } => {
                let sps = config.sps().first()?;
                let [profile, constraints, level] = sps.get(1..4)?.first_chunk().copied()?;
                Some(format!("{name}.{profile:02x}{constraints:02x}{level:02x}"))
            }
            Codec::H265 { config, .. } => {
                let codecs = config.codecs();
                Some(format!("{name}{}", codecs.get(4..)?))
            }
            Codec::Vp9(record) => {
                Some(format!("{name}.{:02}.{:02}.{:02}", record.profile, record.level, record.depth))
            }
            Codec::Av1 { record: [_, one, two, _], .. } => {
                let (profile, level) = (one >> 5, one & 0x1f);
                let tier = if two & 0x80 == 0 { 'M' } else { 'H' };
                let depth = match two >> 5 & 3 {
                    0 => 8,
                    3 => 12,
                    _ => 10,
                };
                Some(format!("{name}.{profile}.{level:02}{tier}.{depth:02}"))
            }
            Codec::Aac(config) => Some(config.codecs()),
            Codec::Opus { .. } => Some("opus".to_owned()),
            Codec::Vp8 => Some("vp08".to_owned()),
            Codec::Other => None,
        }
    }

    /// Whether parameter sets may stand in samples too.
    pub(super) const fn takes_sets_in_band(&self) -> bool {
        matches!(&self.kind, b"avc3" | b"hev1" | b"avc4")
    }
}

fn codec(entry: &Found<'_>, inner: &Found<'_>, report: &mut Report) -> Option<Codec> {
    match &entry.kind {
        b"avc1" | b"avc3" => {
            let record = record(entry, inner, b"avcC", report)?;
            let length = record.body.get(4)? & 3;
            let config = readable(&record, h264::Config::from_record(record.body), report)?;
            let said = [record.body[1], record.body[2], record.body[3]];
            check_profile(&record, said, config.sps().first().and_then(|sps| sps.get(1..4)), report);
            if length == 2 {
                report.add(&rules::RECORD, record.place(), format_args!("NAL unit lengths of 3 bytes"));
            }
            Some(Codec::H264 { length: length + 1, config })
        }
        b"hvc1" | b"hev1" => {
            let record = record(entry, inner, b"hvcC", report)?;
            let length = (record.body.get(21)? & 3) + 1;
            let config = readable(&record, h265::Config::from_record(record.body), report)?;
            let profile = config.parsed().profile;
            let said = (record.body[1] & 0x1f, record.body[1] & 0x20 != 0, record.body[12]);
            let found = (profile.idc, profile.high_tier, profile.level);
            if said != found {
                report.add(
                    &rules::RECORD_DIFFERS,
                    record.place(),
                    format_args!("hvcC says (profile, high tier, level) {said:?}, its SPS {found:?}"),
                );
            }
            Some(Codec::H265 { length, config })
        }
        b"vp08" => Some(Codec::Vp8),
        b"vp09" => {
            let record = record(entry, inner, b"vpcC", report)?;
            let vpcc = record.read(report, |_, _, reader| vpcc(reader))?;
            check_colour(inner, &vpcc, report);
            Some(Codec::Vp9(vpcc))
        }
        b"av01" => {
            let record = record(entry, inner, b"av1C", report)?;
            let fields = record.body.first_chunk::<4>().copied();
            let Some(fields) = fields.filter(|fields| fields[0] == 0x81) else {
                report.add(&rules::RECORD, record.place(), format_args!("av1C without marker and version 1"));
                return None;
            };
            let sequence = super::av1::sequence(&record.body[4..]).map(Bytes::copy_from_slice);
            if let Some(found) = sequence.as_deref().and_then(super::av1::profile_level)
                && found != (fields[1] >> 5, fields[1] & 0x1f)
            {
                let said = (fields[1] >> 5, fields[1] & 0x1f);
                report.add(
                    &rules::RECORD_DIFFERS,
                    record.place(),
                    format_args!("av1C says (profile, level) {said:?}, its sequence header {found:?}"),
                );
            }
            Some(Codec::Av1 { record: fields, sequence })
        }
        b"mp4a" => {
            let esds = inner.child(b"esds").or_else(|| inner.path(&[b"wave", b"esds"]))?;
            let specific = specific(esds.body.get(4..)?, 0)?;
            Some(Codec::Aac(readable(&esds, aac::Config::from_asc(specific), report)?))
        }
        b"Opus" => {
            let record = record(entry, inner, b"dOps", report)?;
            check_dops(&record, report);
            let config = readable(&record, opus::Config::from_dops(record.body), report)?;
            Some(Codec::Opus { pre_skip: config.pre_skip() })
        }
        _ => None,
    }
}

fn record<'a>(
    entry: &Found<'_>,
    inner: &Found<'a>,
    kind: &[u8; 4],
    report: &mut Report,
) -> Option<Found<'a>> {
    let record = inner.child(kind);
    if record.is_none() {
        let (name, missing) = (Name(entry.kind), Name(*kind));
        report.add(&rules::BOX_MISSING, entry.place(), format_args!("{name} without {missing}"));
    }
    record
}

fn readable<T, E: std::fmt::Display>(
    record: &Found<'_>,
    read: Result<T, E>,
    report: &mut Report,
) -> Option<T> {
    match read {
        Ok(config) => Some(config),
        Err(error) => {
            let name = Name(record.kind);
            report.add(&rules::RECORD, record.place(), format_args!("{name}: {error}"));
            None
        }
    }
}

fn check_profile(record: &Found<'_>, said: [u8; 3], found: Option<&[u8]>, report: &mut Report) {
    if found.is_some_and(|found| found != said) {
        report.add(
            &rules::RECORD_DIFFERS,
            record.place(),
            format_args!(
                "avcC says profile, constraints, level {said:x?}, its SPS {:x?}",
                found.unwrap_or_default()
            ),
        );
    }
}

fn vpcc(reader: &mut Reader<'_>) -> Result<VpcC, crate::bits::Error> {
    let (profile, level, packed) = (reader.u8()?, reader.u8()?, reader.u8()?);
    let colour = reader.array()?;
    Ok(VpcC {
        profile,
        level,
        depth: packed >> 4,
        subsampling: packed >> 1 & 7,
        full_range: packed & 1 != 0,
        colour,
    })
}

/// That `colr` of type `nclx` says what `vpcC` says.
fn check_colour(inner: &Found<'_>, vpcc: &VpcC, report: &mut Report) {
    let Some(colr) = inner.child(b"colr").filter(|colr| colr.body.starts_with(b"nclx")) else { return };
    let Some([_, primaries, _, transfer, _, matrix, range]) =
        colr.body.get(4..11).and_then(|body| body.first_chunk()).copied()
    else {
        return;
    };
    let (said, also) = ((vpcc.colour, vpcc.full_range), ([primaries, transfer, matrix], range & 0x80 != 0));
    if said != also {
        report.add(&rules::COLOUR_DIFFERS, colr.place(), format_args!("vpcC says {said:?}, colr {also:?}"));
    }
}

/// The most usual way to write `dOps` wrong is to copy `OpusHead`, which is little-endian.
fn check_dops(record: &Found<'_>, report: &mut Report) {
    let Some([_, _, skip_a, skip_b, rate @ ..]) = record.body.first_chunk::<8>().copied() else { return };
    let usual = |rate: u32| (8000..=192_000).contains(&rate);
    let (big, little) = (u32::from_be_bytes(rate), u32::from_le_bytes(rate));
    let (skip, swapped) = (u16::from_be_bytes([skip_a, skip_b]), u16::from_le_bytes([skip_a, skip_b]));
    if big != 0 && !usual(big) && usual(little) {
        report.add(
            &rules::DOPS_ENDIAN,
            record.place(),
            format_args!("input sample rate {big} and pre-skip {skip}; little-endian they would be {little} and {swapped}"),
        );
    }
}

/// The `AudioSpecificConfig` in descriptors, ISO/IEC 14496-1 7.2.6.
fn specific(data: &[u8], depth: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(data);
    while let Ok(tag) = reader.u8() {
        let mut length = 0_usize;
        for _ in 0..4 {
            let byte = reader.u8().ok()?;
            length = length << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let body = reader.bytes(length.min(reader.remaining())).ok()?;
        let inner = match tag {
            0x03 => {
                let flags = *body.get(2)?;
                let url = if flags & 0x40 == 0 { 0 } else { 1 + usize::from(*body.get(3)?) };
                body.get(3 + usize::from(flags >> 7) * 2 + url + usize::from(flags >> 5 & 1) * 2..)?
            }
            // Only MPEG-4 audio has one: 0x40 is its object type.
            0x04 if body.first() == Some(&0x40) => body.get(13..)?,
            0x05 => return Some(body),
            _ => continue,
        };
        if depth < 2
            && let Some(found) = specific(inner, depth + 1)
        {
            return Some(found);
        }
    }
    None
}

const ENTRIES: usize = 32;
