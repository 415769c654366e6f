//! Samples against what was said of them: key frames, parameter sets, lengths (ISO/IEC 14496-15 and the bindings of VP9, AV1, Opus).

use super::av1;
use super::boxes::Name;
use super::entry::{Codec, Entry, VpcC};
use super::rules;
use crate::check::{Place, Report};
use crate::codec::{h264, h265, opus, vp8, vp9};

/// A sample to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked<'a> {
    pub(super) at: u64,
    pub(super) data: &'a [u8],
    pub(super) sync: bool,
}

impl Looked<'_> {
    const fn place(&self) -> Place {
        Place::Byte(self.at)
    }
}

/// What the NAL units of a sample are.
#[derive(Default)]
struct Units {
    /// An IDR or IRAP picture.
    key: bool,
    /// A recovery point message.
    recovery: bool,
    /// Any coded picture.
    picture: bool,
    /// All slices are of type I, where they could be read.
    intra: bool,
}

/// Looks at a sample of an entry.
pub(super) fn look(entry: &Entry, sample: &Looked<'_>, report: &mut Report) {
    match &entry.codec {
        Codec::H264 { length, config } => {
            let units = h264_units(entry, *length, config, sample, report);
            check_sync(sample, &units, report);
        }
        Codec::H265 { length, config } => {
            let units = h265_units(entry, *length, config, sample, report);
            check_sync(sample, &units, report);
        }
        Codec::Vp8 => {
            let key = vp8::Config::from_key_frame(sample.data).is_ok();
            check_key(sample, key, "VP8", report);
        }
        Codec::Vp9(record) => look_vp9(record, sample, report),
        Codec::Av1 { sequence, .. } => look_av1(sequence.as_deref(), sample, report),
        Codec::Opus { .. } => {
            if let Err(error) = opus::packet_samples(sample.data) {
                report.add(&rules::SAMPLE, sample.place(), format_args!("Opus packet: {error}"));
            }
        }
        Codec::Aac(_) if is_adts(sample.data) => {
            report.add(&rules::SAMPLE, sample.place(), format_args!("AAC frame with an ADTS header"));
        }
        Codec::Aac(_) | Codec::Other => {}
    }
}

/// An ADTS header whose length is that of the sample: no raw frame begins so by chance.
fn is_adts(data: &[u8]) -> bool {
    let Some([0xff, b, _, c, d, e, _]) = data.first_chunk::<7>() else { return false };
    let length = usize::from(c & 3) << 11 | usize::from(*d) << 3 | usize::from(e >> 5);
    b & 0xf6 == 0xf0 && length == data.len()
}

fn check_sync(sample: &Looked<'_>, units: &Units, report: &mut Report) {
    match (sample.sync, units.key) {
        (true, false) if units.picture && (units.recovery || units.intra) => {
            report.add(
                &rules::SYNC_OPEN,
                sample.place(),
                format_args!("sync sample is a recovery point or I picture, not IDR"),
            );
        }
        (true, false) if units.picture => {
            report.add(
                &rules::SYNC,
                sample.place(),
                format_args!("sync sample is no IDR, IRAP or recovery point picture"),
            );
        }
        (false, true) => unsaid(sample, report),
        _ => {}
    }
}

fn check_key(sample: &Looked<'_>, key: bool, codec: &str, report: &mut Report) {
    match (sample.sync, key) {
        (true, false) => {
            report.add(&rules::SYNC, sample.place(), format_args!("sync sample is no {codec} key frame"));
        }
        (false, true) => unsaid(sample, report),
        _ => {}
    }
}

fn unsaid(sample: &Looked<'_>, report: &mut Report) {
    report.add(
        &rules::SYNC_UNSAID,
        sample.place(),
        format_args!("decoding can start at a sample that is no sync sample"),
    );
}

fn h264_units(
    entry: &Entry,
    length: u8,
    config: &h264::Config,
    sample: &Looked<'_>,
    report: &mut Report,
) -> Units {
    use h264::NalType;
    let mut units = Units { intra: true, ..Units::default() };
    each_nal(sample, length, report, |nal, at, report| match NalType::of(nal[0]) {
        NalType::Idr => {
            units.key = true;
            units.picture = true;
        }
        NalType::Slice | NalType::PartitionA => {
            units.picture = true;
            units.intra &= h264_intra(nal);
        }
        NalType::Sei => units.recovery |= has_recovery_point(&nal[1..]),
        NalType::Delimiter => delimiter(at, report),
        NalType::Sps => check_set(entry, nal, config.sps(), at, report),
        NalType::Pps => check_set(entry, nal, config.pps(), at, report),
        _ => {}
    });
    units
}

/// Whether a slice is of type I or SI: `slice_type` is the second number of its header, H.264 7.3.3.
fn h264_intra(nal: &[u8]) -> bool {
    let mut bits = crate::bits::BitReader::nal(&nal[1..]);
    let kind = bits.ue().and_then(|_| bits.ue());
    kind.is_ok_and(|kind| matches!(kind % 5, 2 | 4))
}

fn h265_units(
    entry: &Entry,
    length: u8,
    config: &h265::Config,
    sample: &Looked<'_>,
    report: &mut Report,
) -> Units {
    use h265::NalType;
    let mut units = Units::default();
    each_nal(sample, length, report, |nal, at, report| {
        let kind = NalType::of(nal[0]);
        if kind.is_slice() {
            units.picture = true;
            units.key |= kind.is_irap();
        } else if kind == NalType::AUD {
            delimiter(at, report);
        } else if kind == NalType::VPS {
            check_set(entry, nal, config.vps(), at, report);
        } else if kind == NalType::SPS {
            check_set(entry, nal, config.sps(), at, report);
        } else if kind == NalType::PPS {
            check_set(entry, nal, config.pps(), at, report);
        } else if kind == NalType::PREFIX_SEI {
            units.recovery |= nal.len() > 2 && has_recovery_point(&nal[2..]);
        }
    });
    units
}

/// Whether SEI messages begin with, or contain, a recovery point (payload type 6).
fn has_recovery_point(payload: &[u8]) -> bool {
    let mut bits = crate::bits::BitReader::nal(payload);
    let number = |bits: &mut crate::bits::BitReader<'_>| {
        let mut number = 0_u32;
        loop {
            let byte = bits.u8()?;
            number = number.saturating_add(byte.into());
            if byte != 0xff {
                return Ok::<_, crate::bits::Error>(number);
            }
        }
    };
    while bits.more_rbsp_data() {
        let (Ok(kind), Ok(size)) = (number(&mut bits), number(&mut bits)) else { return false };
        if kind == 6 {
            return true;
        }
        if bits.skip(size.saturating_mul(8)).is_err() {
            return false;
        }
    }
    false
}

fn delimiter(at: u64, report: &mut Report) {
    report.add(&rules::DELIMITER, Place::Byte(at), format_args!("access unit delimiter in a sample"));
}

fn check_set(entry: &Entry, nal: &[u8], known: &[bytes::Bytes], at: u64, report: &mut Report) {
    if entry.takes_sets_in_band() {
        return;
    }
    let name = Name(entry.kind);
    let trimmed = |mut nal: &'_ [u8]| {
        while let [head @ .., 0] = nal {
            nal = head;
        }
        nal.len()
    };
    if known.iter().any(|known| known[..trimmed(known)] == nal[..trimmed(nal)]) {
        report.add(
            &rules::SETS_REPEATED,
            Place::Byte(at),
            format_args!("parameter set in a sample of {name}"),
        );
    } else {
        report.add(
            &rules::SETS_CHANGED,
            Place::Byte(at),
            format_args!("parameter set in a sample of {name} that its entry does not have"),
        );
    }
}

/// Gives each NAL unit that is not empty to `each`, with its place.
fn each_nal(
    sample: &Looked<'_>,
    length: u8,
    report: &mut Report,
    mut each: impl FnMut(&[u8], u64, &mut Report),
) {
    let (data, width) = (sample.data, usize::from(length));
    let mut at = 0;
    while at < data.len() {
        let place = sample.at + at as u64;
        let Some(prefix) = data.get(at..at + width) else {
            let left = data.len() - at;
            report.add(
                &rules::NAL_LENGTH,
                Place::Byte(place),
                format_args!("{left} bytes are left at the end of the sample"),
            );
            return;
        };
        let size = prefix.iter().fold(0_usize, |size, byte| size << 8 | usize::from(*byte));
        at += width;
        let Some(nal) = data.get(at..at.saturating_add(size)) else {
            let left = data.len() - at;
            // 00 00 00 01 or 00 00 01: lengths nobody has.
            if at == width && prefix.ends_with(&[0, 1]) && width == 4 {
                report.add(
                    &rules::START_CODE,
                    Place::Byte(place),
                    format_args!("a start code where a length should be"),
                );
            }
            report.add(
                &rules::NAL_LENGTH,
                Place::Byte(place),
                format_args!("NAL unit of {size} bytes, {left} are left"),
            );
            return;
        };
        if at == width && prefix == [0, 0, 0, 1] && data.len() > 5 {
            report.add(
                &rules::START_CODE,
                Place::Byte(place),
                format_args!("a start code where a length should be"),
            );
            return;
        }
        if nal.is_empty() {
            report.add(&rules::NAL_EMPTY, Place::Byte(place), format_args!("NAL unit of no bytes"));
        } else {
            each(nal, place, report);
        }
        at += size;
    }
}

fn look_vp9(record: &VpcC, sample: &Looked<'_>, report: &mut Report) {
    let key = vp9::Config::from_key_frame(sample.data);
    check_key(sample, key.is_ok(), "VP9", report);
    let Ok(key) = key else { return };
    let parts = key.parts();
    let found = (parts.profile, parts.bit_depth, parts.subsampling.is_420());
    let said = (record.profile, record.depth, record.subsampling < 2);
    let range = parts.colour.map(|colour| colour.full_range);
    if found != said || range.is_some_and(|range| range != record.full_range) {
        report.add(
            &rules::RECORD_DIFFERS,
            sample.place(),
            format_args!(
                "vpcC says (profile, depth, 4:2:0) {said:?} full range {}, the key frame {found:?} {range:?}",
                record.full_range
            ),
        );
    }
}

fn look_av1(known: Option<&[u8]>, sample: &Looked<'_>, report: &mut Report) {
    let unit = av1::unit(sample.data);
    if !unit.whole {
        report.add(&rules::SAMPLE, sample.place(), format_args!("OBUs do not fill the sample"));
        return;
    }
    if unit.delimiter {
        report.add(&rules::DELIMITER, sample.place(), format_args!("temporal delimiter in a sample"));
    }
    check_key(
        sample,
        unit.key.unwrap_or(false) && unit.sequence.is_some(),
        "AV1 (with its sequence header)",
        report,
    );
    if sample.sync
        && let (Some(known), Some(found)) = (known, unit.sequence)
        && known != found
    {
        report.add(
            &rules::RECORD_DIFFERS,
            sample.place(),
            format_args!("the sequence header is not that of av1C"),
        );
    }
}
