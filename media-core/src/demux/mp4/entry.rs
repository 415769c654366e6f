//! Sample entries: what a decoder is told before the first sample. ISO/IEC 14496-12 8.5.2 and 12, 14496-14, 14496-15, the bindings of VP8,
//! VP9 and Opus, and the sound descriptions of QuickTime.

use bytes::Bytes;

use super::boxes::{Child, Kind, child, children, full};
use super::error::Reason;
use crate::bits::Reader;
use crate::codec::{Config, Format, aac, ac3, av1, flac, h264, h265, opus, vp8, vp9};

/// A coding and how its samples are to be read.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) format: Format,
    /// `None` where parameter sets come in band only.
    pub(super) config: Option<Config>,
    /// Bytes of a NAL unit's length, 1 to 4.
    pub(super) length_size: usize,
}

/// Reads `stsd`: each entry's type, and the entry or why it is none for us.
pub(super) fn read(stsd: &Bytes) -> Vec<(Kind, Result<Entry, Reason>)> {
    let Some((version, _, rest)) = full(stsd) else { return Vec::new() };
    let Some(entries) = rest.get(4..) else { return Vec::new() };
    let entries = children(rest.slice_ref(entries)).take(MAX_ENTRIES);
    entries.map(|entry| (entry.kind, Entry::read(&entry, version))).collect()
}

impl Entry {
    fn read(entry: &Child, version: u8) -> Result<Self, Reason> {
        match &entry.kind {
            b"avc1" | b"avc3" => nal(&boxes_of_pictures(entry)?, b"avcC", Format::H264),
            b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => nal(&boxes_of_pictures(entry)?, b"hvcC", Format::H265),
            b"vp08" => {
                let (width, height) = size(entry)?;
                vp8::Config::new(width, height).map(Config::Vp8).map(Self::of).map_err(refused)
            }
            b"vp09" => vpcc(entry).map(Self::of),
            b"av01" => av01(&boxes_of_pictures(entry)?),
            b"mp4a" => mp4a(&boxes_of_sound(entry, version)?),
            b".mp3" | b"mp3 " | b"ms\0\x55" => Ok(Self::waiting(Format::Mp3)),
            b"Opus" | b"fLaC" | b"ac-3" | b"ec-3" => {
                sound(&entry.kind, &boxes_of_sound(entry, version)?).map(Self::of)
            }
            b"encv" => Err(Reason::Encrypted(scheme(&boxes_of_pictures(entry)?))),
            b"enca" => Err(Reason::Encrypted(scheme(&boxes_of_sound(entry, version)?))),
            _ => Err(Reason::Codec),
        }
    }

    fn of(config: Config) -> Self {
        Self { format: config.format(), config: Some(config), length_size: 4 }
    }

    /// An entry that says nothing of the coding: its samples do.
    const fn waiting(format: Format) -> Self {
        Self { format, config: None, length_size: 4 }
    }
}

/// AV1. A record without a sequence header leaves it to the first sample.
fn av01(boxes: &Bytes) -> Result<Entry, Reason> {
    let record = need(boxes, b"av1C")?;
    match av1::Config::from_record(&record) {
        Ok(config) => Ok(Entry::of(Config::Av1(config))),
        Err(_) if record.len() == 4 => Ok(Entry::waiting(Format::Av1)),
        Err(error) => Err(refused(error)),
    }
}

/// Codings with a box of their own.
fn sound(entry: &Kind, boxes: &Bytes) -> Result<Config, Reason> {
    match entry {
        b"Opus" => opus::Config::from_dops(&need(boxes, b"dOps")?).map(Config::Opus).map_err(refused),
        b"ac-3" => ac3::Config::from_record(&need(boxes, b"dac3")?).map(Config::Ac3).map_err(refused),
        b"ec-3" => {
            ac3::EnhancedConfig::from_record(&need(boxes, b"dec3")?).map(Config::Eac3).map_err(refused)
        }
        _ => {
            let blocks = need(boxes, b"dfLa")?;
            let (_, _, blocks) = full(&blocks).ok_or_else(|| refused("dfLa is cut short"))?;
            flac::Config::from_record(&blocks).map(Config::Flac).map_err(refused)
        }
    }
}

/// H.264 and H.265. A record without parameter sets announces that they come in band, 14496-15 5.3.
fn nal(boxes: &Bytes, record: &Kind, format: Format) -> Result<Entry, Reason> {
    let record = need(boxes, record)?;
    let (at, config) = match format {
        Format::H264 => (4, h264::Config::from_record(&record).map(Config::H264).map_err(refused)),
        _ => (21, h265::Config::from_record(&record).map(Config::H265).map_err(refused)),
    };
    let length_size = usize::from(record.get(at).copied().unwrap_or(3) & 3) + 1;
    let has_sets = record.len() > at + 8;
    match config {
        Ok(config) => Ok(Entry { format, config: Some(config), length_size }),
        Err(_) if !has_sets && record.len() > at => Ok(Entry { format, config: None, length_size }),
        Err(reason) => Err(reason),
    }
}

/// The fields of `vpcC`, version 1.
fn vpcc(entry: &Child) -> Result<Config, Reason> {
    let (width, height) = size(entry)?;
    let mut parts = vp9::Parts::new(width, height);
    let record = need(&boxes_of_pictures(entry)?, b"vpcC")?;
    let (version, _, record) = full(&record).ok_or_else(|| refused("vpcC is cut short"))?;
    // Version 0, of a draft, has the same first bytes in other places; the first key frame tells.
    if let (1, [profile, _, packed, primaries, transfer, matrix, ..]) = (version, &record[..]) {
        parts.profile = *profile;
        parts.bit_depth = packed >> 4;
        parts.subsampling = match packed >> 1 & 7 {
            0 => vp9::Subsampling::Vertical420,
            1 => vp9::Subsampling::Colocated420,
            2 => vp9::Subsampling::Yuv422,
            3 => vp9::Subsampling::Yuv444,
            _ => vp9::Subsampling::Yuv440,
        };
        let colour = crate::codec::Colour {
            primaries: *primaries,
            transfer: *transfer,
            matrix: *matrix,
            full_range: packed & 1 == 1,
        };
        parts.colour = (colour != crate::codec::Colour::UNSPECIFIED).then_some(colour);
    }
    vp9::Config::from_parts(parts).map(Config::Vp9).map_err(refused)
}

/// `mp4a`: the object type of the elementary stream descriptor says which coding it is. QuickTime hides `esds` in `wave`.
fn mp4a(boxes: &Bytes) -> Result<Entry, Reason> {
    let esds = match child(boxes, b"esds") {
        Some(esds) => esds,
        None => need(&need(boxes, b"wave")?, b"esds")?,
    };
    let (object_type, specific) =
        descriptor(&esds).ok_or_else(|| refused("the descriptors of esds are cut short"))?;
    match object_type {
        0x40 | 0x66..=0x68 => {
            aac::Config::from_asc(&specific).map(Config::Aac).map(Entry::of).map_err(refused)
        }
        0x69 | 0x6b => Ok(Entry::waiting(Format::Mp3)),
        0xa5 => Ok(Entry::waiting(Format::Ac3)),
        0xa6 => Ok(Entry::waiting(Format::Eac3)),
        _ => Err(Reason::Codec),
    }
}

/// `objectTypeIndication` and `DecoderSpecificInfo` of `esds`, 14496-1 7.2.6.
fn descriptor(esds: &Bytes) -> Option<(u8, Bytes)> {
    let (_, _, rest) = full(esds)?;
    let stream = tagged(&rest, 3)?;
    let flags = *stream.get(2)?;
    let mut at = 3 + if flags & 0x80 == 0 { 0 } else { 2 };
    if flags & 0x40 != 0 {
        at += 1 + usize::from(*stream.get(at)?);
    }
    at += if flags & 0x20 == 0 { 0 } else { 2 };
    let config = tagged(&stream.slice_ref(stream.get(at..)?), 4)?;
    let object_type = *config.first()?;
    let specific = config.get(13..).and_then(|rest| tagged(&config.slice_ref(rest), 5));
    Some((object_type, specific.unwrap_or_default()))
}

/// The first descriptor with that tag; a length beyond the data is cut there.
fn tagged(data: &Bytes, tag: u8) -> Option<Bytes> {
    let mut reader = Reader::new(data);
    loop {
        let found = reader.u8().ok()?;
        let mut len = 0_usize;
        for _ in 0..4 {
            let byte = reader.u8().ok()?;
            len = len << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let body = reader.bytes(len.min(reader.remaining())).ok()?;
        if found == tag {
            return Some(data.slice_ref(body));
        }
    }
}

/// Width and height of a visual sample entry, 12.1.3.
fn size(entry: &Child) -> Result<(u32, u32), Reason> {
    let mut reader = Reader::new(&entry.body);
    let fields = reader.bytes(24).and_then(|_| Ok((reader.u16()?.into(), reader.u16()?.into())));
    fields.map_err(|_| refused("the sample entry is cut short"))
}

fn boxes_of_pictures(entry: &Child) -> Result<Bytes, Reason> {
    behind(entry, 78)
}

/// What follows the fields of an audio sample entry, 12.2.3. The sound descriptions 1 and 2 of QuickTime have 16 and 36 bytes more; a
/// version 1 in an `stsd` of version 1 is ISO's own, which has not.
fn boxes_of_sound(entry: &Child, stsd: u8) -> Result<Bytes, Reason> {
    let version =
        entry.body.get(8..10).map_or(0, |version| u16::from(version[0]) << 8 | u16::from(version[1]));
    behind(
        entry,
        match (version, stsd) {
            (1, 0) => 28 + 16,
            (2, 0) => 28 + 36,
            _ => 28,
        },
    )
}

fn behind(entry: &Child, fields: usize) -> Result<Bytes, Reason> {
    let boxes = entry.body.get(fields..).ok_or_else(|| refused("the sample entry is cut short"))?;
    Ok(entry.body.slice_ref(boxes))
}

/// `scheme_type` of the protection, 8.12.
fn scheme(boxes: &Bytes) -> Kind {
    let schm = child(boxes, b"sinf").and_then(|sinf| child(&sinf, b"schm"));
    schm.and_then(|schm| schm.get(4..8)?.try_into().ok()).unwrap_or_default()
}

fn need(boxes: &Bytes, kind: &Kind) -> Result<Bytes, Reason> {
    child(boxes, kind).ok_or_else(|| refused(format_args!("no {}", kind.escape_ascii())))
}

fn refused(why: impl std::fmt::Display) -> Reason {
    Reason::Configuration(why.to_string())
}

/// Entries of a track that are read.
const MAX_ENTRIES: usize = 256;
