//! Puts NAL units together to access units: one whole picture each, however its slices were sent.
//!
//! By RFC 6184 section 5.1 and RFC 7798 section 4.1 the marker bit ends a picture, and trusting it hands a picture on without waiting for
//! the next one. Two kinds of sender bend that:
//!
//! - GStreamer relays, and some cameras, set the marker on every slice (x264's sliced threads give several). A picture handed on at the
//!   first marker lacks its lower half. So a stream is **watched** at first: a picture is held until a packet with another timestamp, or
//!   a first slice, shows that nothing more of it comes. When [`WATCHED`] pictures ended where their marker said, the marker is
//!   **trusted**. A later slice after a trusted marker makes the stream **held** for good: each picture waits for the next.
//! - Others set it on parameter sets sent ahead. A unit without a slice is no picture and goes along with the next.
//!
//! Slices of one picture share its timestamp; that is the one rule no sender breaks.

use bytes::{BufMut, Bytes, BytesMut};

use super::nal::{Codec, Fault, Nals, Role};
use super::{Losses, Packet, Unit};

/// The depacketiser for H.264 and H.265.
#[derive(Debug)]
pub(crate) struct Pictures {
    codec: Codec,
    nals: Nals,
    marker: Marker,
    building: Building,
    /// The timestamp of the picture last handed on, to know a late slice by.
    last: Option<u32>,
    ready: std::collections::VecDeque<Unit>,
    pub(super) losses: Losses,
}

/// What the marker bit is worth in this stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    /// Not known yet: this many pictures ended where it said.
    Watched { agreed: u32 },
    /// It ends pictures.
    Trusted,
    /// It does not: only the next picture ends one.
    Held,
}

/// The access unit being received.
#[derive(Debug, Default)]
struct Building {
    timestamp: u32,
    nals: Vec<Bytes>,
    bytes: usize,
    has_slice: bool,
    /// The marker stood on its last packet.
    marked: bool,
    damaged: bool,
}

impl Pictures {
    pub(crate) fn new(codec: Codec) -> Self {
        Self {
            codec,
            nals: Nals::new(codec),
            marker: Marker::Watched { agreed: 0 },
            building: Building::default(),
            last: None,
            ready: std::collections::VecDeque::new(),
            losses: Losses::default(),
        }
    }

    pub(super) fn push(&mut self, packet: Packet) {
        self.losses.packets += u64::from(packet.missing);
        let damaged = packet.missing > 0;
        if damaged && self.nals.abandon() {
            self.building.damaged = true;
        }
        if packet.timestamp != self.building.timestamp {
            self.next_timestamp(&packet);
        }
        // Packets lost before this one may have been the end of the last picture or the beginning of this one. A first slice in this packet
        // settles it; without one, this picture has lost its top.
        let mut lost_top = damaged;
        let mut found = Vec::new();
        let result = self.nals.read(&packet.payload, &mut |nal| found.push(nal));
        match result {
            Ok(()) => {}
            Err(Fault::Malformed) => self.losses.malformed += 1,
            Err(Fault::Orphan) => self.building.damaged = true,
        }
        for nal in found {
            self.take(nal, &mut lost_top);
        }
        self.building.damaged |= lost_top && self.building.has_slice;
        self.building.marked = packet.marker;
        if packet.marker && self.marker == Marker::Trusted && self.building.has_slice {
            self.emit();
        }
    }

    pub(super) fn poll(&mut self) -> Option<Unit> {
        self.ready.pop_front()
    }

    /// A packet with a new timestamp: what was being built is whole, unless it has no slice yet.
    fn next_timestamp(&mut self, packet: &Packet) {
        if self.nals.abandon() {
            self.building.damaged = true;
        }
        self.ended();
        if !self.building.has_slice {
            // Whatever was lost, it was not a parameter set that is here whole.
            self.losses.damaged += u64::from(std::mem::take(&mut self.building.damaged));
            let codec = self.codec;
            self.building.nals.retain(|nal| codec.role(nal) == Some(Role::ParameterSet));
            self.building.bytes = self.building.nals.iter().map(Bytes::len).sum();
        }
        self.building.timestamp = packet.timestamp;
    }

    /// Learns from how the picture being built ended, and hands it on.
    fn ended(&mut self) {
        if !self.building.has_slice {
            return;
        }
        if let Marker::Watched { agreed } = &mut self.marker
            && self.building.marked
        {
            *agreed += 1;
            if *agreed >= WATCHED {
                self.marker = Marker::Trusted;
            }
        }
        self.emit();
    }

    fn take(&mut self, nal: Bytes, lost_top: &mut bool) {
        let Some(role) = self.codec.role(&nal) else {
            self.losses.malformed += 1;
            return;
        };
        match role {
            Role::FirstSlice => {
                // Two pictures with one timestamp: the marker tells that the first is whole.
                if self.building.marked && self.building.has_slice {
                    self.ended();
                }
                *lost_top = false;
                self.building.has_slice = true;
            }
            Role::LaterSlice => {
                if self.building.marked && self.building.has_slice {
                    // The marker stood on a slice that was not the last.
                    self.marker = Marker::Held;
                }
                if !self.building.has_slice && self.last == Some(self.building.timestamp) {
                    self.marker = Marker::Held;
                    self.losses.late_slices += 1;
                    return;
                }
                self.building.has_slice = true;
            }
            Role::ParameterSet | Role::Other => {}
        }
        self.building.marked = false;
        self.building.bytes += nal.len();
        if self.building.bytes > MAX_PICTURE || self.building.nals.len() >= MAX_NALS {
            self.building.damaged = true;
            self.building.nals.clear();
            self.building.bytes = 0;
            return;
        }
        self.building.nals.push(nal);
    }

    fn emit(&mut self) {
        let timestamp = self.building.timestamp;
        let building = std::mem::take(&mut self.building);
        self.building.timestamp = timestamp;
        self.last = Some(timestamp);
        if building.damaged {
            self.losses.damaged += 1;
            return;
        }
        let mut data = BytesMut::with_capacity(building.bytes + 4 * building.nals.len());
        for nal in &building.nals {
            data.put_u32(nal.len() as u32); // MAX_PICTURE fits
            data.extend_from_slice(nal);
        }
        self.ready.push_back(Unit { timestamp, data: data.freeze() });
    }
}

/// Pictures that must end where their marker says before it is trusted: two seconds of a usual camera, so more than one key frame of most.
const WATCHED: u32 = 50;

/// A picture of more bytes, or of more NAL units, is dropped: no level allows it, so it is an attack or a stream without timestamps.
const MAX_PICTURE: usize = 32 << 20;
const MAX_NALS: usize = 16_384;

#[cfg(test)]
#[path = "picture_test.rs"]
mod tests;
