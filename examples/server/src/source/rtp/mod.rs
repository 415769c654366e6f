//! From RTP payloads to access units: the payload formats of H.264, H.265, AAC and Opus.
//!
//! Driven like every stage: [`Depacketiser::push`] a packet, [`Depacketiser::poll`] units until there are none. The order of packets is
//! the caller's business; what is missing is told by [`Packet::missing`], and a unit that lost a part is dropped and
//! counted rather than handed on broken.
//!
//! The RTSP library has depacketisers too, but none for Opus, and it either depacketises every stream of a session or none. It also
//! hands out a picture's slices one by one when a sender puts the marker bit on each of them ([`picture`] puts them together).

pub(super) mod aac;
pub(super) mod header;
pub(super) mod nal;
pub(super) mod opus;
pub(super) mod picture;
pub(super) mod reorder;

use bytes::Bytes;

use self::aac::Aac;
use self::opus::Opus;
use self::picture::Pictures;

/// An RTP packet without its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// The 32-bit RTP timestamp.
    pub(crate) timestamp: u32,
    /// The marker bit.
    pub(crate) marker: bool,
    /// How many packets were lost just before this one.
    pub(crate) missing: u16,
    pub(crate) payload: Bytes,
}

/// An access unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The 32-bit RTP timestamp of its presentation.
    pub(crate) timestamp: u32,
    /// H.264 and H.265: NAL units behind 4-byte lengths, parameter sets included where the sender had them. AAC: a raw frame. Opus: a packet.
    pub(crate) data: Bytes,
}

/// What could not be turned into units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// RTP packets that never came.
    pub(crate) packets: u64,
    /// Access units dropped because a part of them was lost.
    pub(crate) damaged: u64,
    /// Payloads that break their format's rules.
    pub(crate) malformed: u64,
    /// Slices that came after their picture had been handed on.
    pub(crate) late_slices: u64,
}

/// One stream's depacketiser.
#[derive(Debug)]
pub(crate) enum Depacketiser {
    Pictures(Pictures),
    Aac(Aac),
    Opus(Opus),
}

impl Depacketiser {
    /// Takes the next packet of the stream.
    pub(crate) fn push(&mut self, packet: Packet) {
        match self {
            Self::Pictures(pictures) => pictures.push(packet),
            Self::Aac(aac) => aac.push(packet),
            Self::Opus(opus) => opus.push(packet),
        }
    }

    /// The next whole unit, in the order received.
    pub(crate) fn poll(&mut self) -> Option<Unit> {
        match self {
            Self::Pictures(pictures) => pictures.poll(),
            Self::Aac(aac) => aac.poll(),
            Self::Opus(opus) => opus.poll(),
        }
    }

    /// What has been lost so far.
    pub(crate) const fn losses(&self) -> Losses {
        match self {
            Self::Pictures(pictures) => pictures.losses,
            Self::Aac(aac) => aac.losses,
            Self::Opus(opus) => opus.losses,
        }
    }
}
