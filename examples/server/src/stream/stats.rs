//! What is counted and measured of a stream.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counters that only grow, and the last measurement.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) inbound_bytes: Counter,
    pub(crate) outbound_bytes: Counter,
    pub(crate) frames: Counter,
    /// Connections to the source after the first.
    pub(crate) reconnects: Counter,
    pub(crate) packets_lost: Counter,
    pub(crate) units_damaged: Counter,
    pub(crate) payloads_malformed: Counter,
    pub(crate) slices_late: Counter,
    /// Packets or segments that the muxer refused.
    pub(crate) segments_refused: Counter,
    measured: Mutex<Measured>,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a stream has been lately. Rates are of the last window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Pictures in a thousand seconds.
    pub(crate) millihertz: u64,
    /// Media bits per second, all tracks.
    pub(crate) bitrate: u64,
    /// From the last key frame to the one before it, in milliseconds.
    pub(crate) gop_millis: u64,
    /// What the timeline repaired, by cause.
    pub(crate) repairs: Vec<(&'static str, u64)>,
    /// Bytes of segments and playlists in memory.
    pub(crate) stored_bytes: u64,
}

impl Stats {
    pub(crate) fn measured(&self) -> Measured {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn measure(&self, measured: Measured) {
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner) = measured;
    }

    /// What was not handed on, by cause.
    pub(crate) fn drops(&self) -> [(&'static str, u64); 5] {
        [
            ("packet_lost", self.packets_lost.get()),
            ("unit_damaged", self.units_damaged.get()),
            ("payload_malformed", self.payloads_malformed.get()),
            ("slice_late", self.slices_late.get()),
            ("segment_refused", self.segments_refused.get()),
        ]
    }
}
