//! What a muxer may assume.

use std::sync::Arc;

use crate::packet::Packet;
use crate::track::Track;

/// What the timeline gives.
#[derive(Clone, Debug)]
pub enum Output {
    /// First, and again whenever the set of tracks or a configuration changes.
    Tracks(Arc<[Track]>),
    /// Same tracks, time jumped.
    Discontinuity,
    /// A packet.
    Packet(Packet),
}
