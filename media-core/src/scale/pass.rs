//! What is done to the rows of a plane: down the columns into a row in between, then along it.

use super::filter::{Axis, Taps, allocate};
use super::portable;
use super::rows::{Rows, Samples};
use super::{Config, Error};
#[cfg(target_arch = "x86_64")]
use super::{table::Table, x86::Avx2};
use crate::frame::Chroma;

/// Which code runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kernels {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Kernels {
    /// The fastest this processor can run.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Portable
    }
}

/// The weights of planes of one kind: luma, or both of chroma.
#[derive(Debug)]
pub(super) struct Pass {
    kernels: Kernels,
    columns: Columns,
    /// `None` where each row stays where it is.
    rows: Option<Taps>,
    /// Samples of a source row, and rows of the target.
    size: (usize, usize),
    slack: usize,
}

/// The weights along a row, as the kernels want them.
#[derive(Debug)]
enum Columns {
    Same,
    Portable(Taps),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2, Table),
}

impl Pass {
    pub(super) fn new(config: &Config, chroma: (Chroma, Chroma), kernels: Kernels) -> Result<Self, Error> {
        let (from, to) = (config.from.1, config.to.1);
        let (columns, rows) = (Axis::columns((from.0, to.0), chroma), Axis::rows((from.1, to.1), chroma));
        let size = (columns.samples().0, rows.samples().1);
        let taps = Taps::new(columns, config.filter)?;
        // The kernels read whole vectors: up to seven samples more than there are weights.
        let slack = taps.as_ref().map_or(0, |taps| taps.count + 16);
        let columns = match (taps, kernels) {
            (None, _) => Columns::Same,
            (Some(taps), Kernels::Portable) => Columns::Portable(taps),
            #[cfg(target_arch = "x86_64")]
            (Some(taps), Kernels::Avx2(avx2)) => Columns::Avx2(avx2, Table::new(&taps)?),
        };
        Ok(Self { kernels, columns, rows: Taps::new(rows, config.filter)?, size, slack })
    }

    /// Samples of a source row.
    pub(super) const fn width(&self) -> usize {
        self.size.0
    }

    /// Rows of the target.
    pub(super) const fn height(&self) -> usize {
        self.size.1
    }

    /// Samples that [`across`](Self::across) may read behind a row, whatever they are.
    pub(super) const fn slack(&self) -> usize {
        self.slack
    }

    /// Whether samples come out where they are and as they are.
    pub(super) const fn is_identity(&self) -> bool {
        matches!(self.columns, Columns::Same) && self.rows.is_none()
    }

    /// Makes a target row of middle samples, still as wide as the source.
    pub(super) fn down(&self, rows: &Rows, target: usize, into: &mut [i16]) {
        match (&self.rows, self.kernels) {
            (None, Kernels::Portable) => portable::widen(rows.samples, rows.row(target), into),
            (Some(taps), Kernels::Portable) => {
                portable::vertical(rows, taps.starts[target] as usize, taps.weights(target), into);
            }
            #[cfg(target_arch = "x86_64")]
            (None, Kernels::Avx2(avx2)) => avx2.widen(rows.samples, rows.row(target), into),
            #[cfg(target_arch = "x86_64")]
            (Some(taps), Kernels::Avx2(avx2)) => {
                avx2.vertical(rows, taps.starts[target] as usize, taps.weights(target), into);
            }
        }
    }

    /// Brings a row of middle samples, with its slack, to the width of the target. `into` is padded to multiples of 64 bytes, which may be
    /// written to.
    pub(super) fn across(&self, from: &[i16], samples: Samples, into: &mut [u8]) {
        match (&self.columns, self.kernels) {
            (Columns::Portable(taps), _) => portable::horizontal(from, taps, samples, into),
            #[cfg(target_arch = "x86_64")]
            (Columns::Avx2(avx2, table), _) => avx2.horizontal(from, table, samples, into),
            (Columns::Same, Kernels::Portable) => portable::narrow(&from[..self.width()], samples, into),
            #[cfg(target_arch = "x86_64")]
            (Columns::Same, Kernels::Avx2(avx2)) => avx2.narrow(&from[..self.width()], samples, into),
        }
    }
}

/// Rows in between.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Both of chroma, taking turns.
    pub(super) woven: Vec<i16>,
    /// One plane each, with slack.
    pub(super) middle: [Vec<i16>; 2],
    /// Target rows before they are woven.
    pub(super) narrow: [Vec<u8>; 2],
}

impl Scratch {
    pub(super) fn new(config: &Config, slack: usize) -> Result<Self, Error> {
        let (from, to) = (config.from.1.0 as usize, config.to.1.0 as usize);
        let row = (to * config.to.0.sample_len()).next_multiple_of(64);
        Ok(Self {
            woven: allocate(from + 1, 0)?,
            middle: [allocate(from + slack, 0)?, allocate(from + slack, 0)?],
            narrow: [allocate(row, 0)?, allocate(row, 0)?],
        })
    }
}

/// Parts middle samples that take turns, as far as there is room.
pub(super) fn unweave(from: &[i16], first: &mut [i16], second: &mut [i16]) {
    for ((pair, first), second) in from.as_chunks::<2>().0.iter().zip(first).zip(second) {
        [*first, *second] = *pair;
    }
}

/// The same for samples of a byte, by halves of 16-bit words: that compilers turn into packing.
pub(super) fn unweave_bytes(from: &[u8], first: &mut [u8], second: &mut [u8]) {
    let words = || from.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    first.iter_mut().zip(words()).for_each(|(first, word)| *first = word as u8);
    second.iter_mut().zip(words()).for_each(|(second, word)| *second = (word >> 8) as u8);
}

/// Lets samples take turns.
pub(super) fn weave([first, second]: [&[u8]; 2], samples: Samples, into: &mut [u8]) {
    match samples.bytes() {
        1 => {
            for ((pair, first), second) in into.as_chunks_mut::<2>().0.iter_mut().zip(first).zip(second) {
                *pair = [*first, *second];
            }
        }
        _ => {
            let (first, second) = (first.as_chunks::<2>().0, second.as_chunks::<2>().0);
            for ((pair, first), second) in
                into.as_chunks_mut::<2>().0.as_chunks_mut::<2>().0.iter_mut().zip(first).zip(second)
            {
                *pair = [*first, *second];
            }
        }
    }
}
