//! One live stream: what its source hands in becomes segments and lists at its origin, and everyone who asks is told how it is.
//!
//! [`Live`] is the writing half, owned by the source's task; [`Path`] is the half that all others read.

mod cutter;
mod interval;
mod live;
mod measure;
mod path;
mod readers;
mod served;
mod stats;

pub(crate) use self::cutter::Cutting;
pub(crate) use self::live::{Input, Live};
pub(crate) use self::path::{Path, State, Status, TrackSummary};
pub(crate) use self::stats::Measured;
use self::stats::Stats;
