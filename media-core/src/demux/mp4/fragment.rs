//! Movie fragments, ISO/IEC 14496-12 8.8: `moof` as runs that are worked out sample by sample.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Faults;
use super::boxes::{child, children, full};
use super::groups::{Descriptions, Groups};
use super::table::Sample;
use crate::bits::{Error, Reader};

/// What samples are whose fragment says nothing: `trex`, 8.8.3.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    pub(super) entry: u32,
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

/// What `moov` says of a track's fragments.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) defaults: Defaults,
    pub(super) descriptions: Descriptions,
}

/// The samples of one `trun`.
#[derive(Clone, Debug)]
pub(super) struct Run {
    flags: u32,
    /// Samples still to come.
    left: u32,
    /// Their rows.
    rows: Bytes,
    defaults: Defaults,
    /// Flags of the first sample alone.
    first: Option<u32>,
    at: u64,
    dts: i64,
    groups: Option<Groups>,
}

/// The runs of one `traf`.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    pub(super) track: u32,
    pub(super) runs: Vec<Run>,
    /// Whether `tfdt` says when it begins. Where it does not, the runs begin at zero, to go on where the track's last ones ended.
    pub(super) timed: bool,
}

/// Reads the payload of a `moof` that begins at `at` and ends at `end`.
pub(super) fn read(
    moof: &Bytes,
    at: u64,
    end: u64,
    known: &BTreeMap<u32, Known>,
    faults: &mut Faults,
) -> Vec<Fragment> {
    let mut fragments = Vec::new();
    // By the first edition, the data of a track fragment follow those of the one before it.
    let mut follows = None;
    let mut runs = 0;
    for child in children(moof.clone()) {
        faults.boxes += u64::from(child.cut);
        if child.kind != *b"traf" {
            continue;
        }
        match Fragment::read(&child.body, at, end, &mut follows, known, faults) {
            // A run takes more memory than bytes.
            Some(fragment) if runs + fragment.runs.len() <= MAX_RUNS => {
                runs += fragment.runs.len();
                fragments.push(fragment);
            }
            _ => faults.fragments += 1,
        }
    }
    fragments
}

impl Fragment {
    /// Leaves out the runs that begin before `at`, and says how many.
    pub(super) fn leave_out_before(&mut self, at: u64) -> u64 {
        self.runs.extract_if(.., |run| run.at < at).count() as u64
    }

    fn read(
        traf: &Bytes,
        moof: u64,
        moof_end: u64,
        follows: &mut Option<u64>,
        known: &BTreeMap<u32, Known>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let (_, flags, body) = full(&child(traf, b"tfhd")?)?;
        let mut reader = Reader::new(&body);
        let track = reader.u32().ok()?;
        let known = known.get(&track)?;
        let (base, defaults) = track_header(flags, &mut reader, known.defaults).ok()?;
        let base =
            base.unwrap_or(if flags & DEFAULT_BASE_IS_MOOF == 0 { follows.unwrap_or(moof) } else { moof });
        let time = child(traf, b"tfdt").and_then(|body| decode_time(&body));
        let own = Descriptions::read(traf);
        let mut groups = Groups::read(traf, own, known.descriptions.clone(), &mut faults.tables);
        let (mut at, mut dts) = (base, time.unwrap_or(0));
        let mut runs: Vec<Run> = Vec::new();
        let truns = children(traf.clone()).filter(|child| child.kind == *b"trun");
        for child in truns.take(MAX_RUNS + 1) {
            // Without any offset the samples would lie in the moof itself; writers who leave it out mean the mdat that follows.
            let implied = if at < moof_end && at >= moof { moof_end.saturating_add(8) } else { at };
            let Some(mut run) = Run::read(&child.body, base, implied, defaults, faults) else {
                faults.boxes += 1;
                continue;
            };
            run.dts = dts;
            (at, dts) = run.ends();
            run.groups = groups.clone();
            if let Some(groups) = &mut groups {
                groups.skip(run.left);
            }
            runs.push(run);
        }
        *follows = Some(at);
        Some(Self { track, runs, timed: time.is_some() })
    }
}

/// `tfhd`, 8.8.7: the base of offsets if it is told, and the defaults with what the header changes.
fn track_header(
    flags: u32,
    reader: &mut Reader<'_>,
    mut defaults: Defaults,
) -> Result<(Option<u64>, Defaults), Error> {
    let base = if flags & 0x1 == 0 { None } else { Some(reader.u64()?) };
    let fields = [&mut defaults.entry, &mut defaults.duration, &mut defaults.size, &mut defaults.flags];
    for (flag, field) in [0x2, 0x8, 0x10, 0x20].into_iter().zip(fields) {
        if flags & flag != 0 {
            *field = reader.u32()?;
        }
    }
    Ok((base, defaults))
}

/// `tfdt`, 8.8.12.
fn decode_time(body: &Bytes) -> Option<i64> {
    let (version, _, rest) = full(body)?;
    match version {
        0 => Some(u32::from_be_bytes(*rest.first_chunk()?).into()),
        _ => i64::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok(),
    }
}

impl Run {
    fn read(body: &Bytes, base: u64, implied: u64, defaults: Defaults, faults: &mut Faults) -> Option<Self> {
        let (_, flags, rest) = full(body)?;
        let mut reader = Reader::new(&rest);
        let claimed = reader.u32().ok()?;
        let at = if flags & 0x1 == 0 {
            implied
        } else {
            base.checked_add_signed(reader.u32().ok()?.cast_signed().into())?
        };
        let first = if flags & 0x4 == 0 { None } else { Some(reader.u32().ok()?) };
        let rows = rest.slice_ref(reader.rest());
        let width = 4 * (flags & 0xf00).count_ones() as usize;
        let mut left = match rows.len().checked_div(width) {
            Some(there) => claimed.min(u32::try_from(there).unwrap_or(u32::MAX)),
            None => claimed,
        };
        faults.tables += u64::from(left < claimed);
        if flags & SIZES == 0 && defaults.size == 0 {
            faults.empty += u64::from(left);
            left = 0;
        }
        Some(Self { flags, left, rows, defaults, first, at, dts: 0, groups: None })
    }

    /// Moves it by so many ticks.
    pub(super) const fn delay(&mut self, ticks: i64) {
        self.dts = self.dts.saturating_add(ticks);
    }

    /// Where its samples' bytes and their time end.
    pub(super) fn ends(&self) -> (u64, i64) {
        if self.flags & (SIZES | DURATIONS) == 0 {
            let (left, Defaults { size, duration, .. }) = (u64::from(self.left), self.defaults);
            let bytes = left * u64::from(size);
            let ticks = i64::from(self.left).saturating_mul(duration.into());
            return (self.at.saturating_add(bytes), self.dts.saturating_add(ticks));
        }
        let mut run = Self { groups: None, ..self.clone() };
        while run.next().is_some() {}
        (run.at, run.dts)
    }

    /// The lowest composition offset; zero where all are above.
    pub(super) fn lowest_composition(&self) -> i32 {
        if self.flags & COMPOSITIONS == 0 {
            return 0;
        }
        let mut run = Self { groups: None, ..self.clone() };
        std::iter::from_fn(|| run.next()).map(|sample| sample.composition).fold(0, i32::min)
    }

    /// No more samples than begin before `end`.
    pub(super) fn limit(&mut self, end: u64) {
        if self.flags & SIZES == 0 && self.defaults.size > 0 {
            let there = end.saturating_sub(self.at).div_ceil(self.defaults.size.into());
            self.left = self.left.min(u32::try_from(there).unwrap_or(u32::MAX));
        }
    }

    /// Samples still to come.
    pub(super) const fn left(&self) -> u32 {
        self.left
    }

    /// The next sample.
    pub(super) fn next(&mut self) -> Option<Sample> {
        self.left = self.left.checked_sub(1)?;
        let defaults = self.defaults;
        let mut reader = Reader::new(&self.rows);
        let mut field = |flag| if self.flags & flag == 0 { None } else { reader.u32().ok() };
        let duration = field(DURATIONS).unwrap_or(defaults.duration);
        let size = field(SIZES).unwrap_or(defaults.size);
        let flags = field(0x400).or(self.first).unwrap_or(defaults.flags);
        let composition = field(COMPOSITIONS).unwrap_or(0).cast_signed();
        self.rows = self.rows.slice_ref(reader.rest());
        self.first = None;
        let sample = Sample {
            at: self.at,
            size,
            dts: self.dts,
            composition,
            duration,
            sync: Some(flags & NON_SYNC == 0),
            group: self.groups.as_mut().and_then(Groups::next),
            entry: defaults.entry,
        };
        self.at = self.at.saturating_add(size.into());
        self.dts = self.dts.saturating_add(duration.into());
        Some(sample)
    }
}

/// Runs of a `moof` that are taken; those that have more have one for every sample of an hour.
const MAX_RUNS: usize = 1 << 16;

const DEFAULT_BASE_IS_MOOF: u32 = 0x2_0000;
const DURATIONS: u32 = 0x100;
const SIZES: u32 = 0x200;
const COMPOSITIONS: u32 = 0x800;
/// `sample_is_non_sync_sample`, 8.8.3.1.
const NON_SYNC: u32 = 0x1_0000;
