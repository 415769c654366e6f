//! The parameter sets of a stream of pictures, as they stand before each picture where decoding can start.

use bytes::Bytes;

use crate::codec::{self, h264, h265};

/// The sets a decoder knows.
#[derive(Clone, Debug)]
pub(super) struct Sets {
    held: Held,
    /// Messages that came with the configuration of H.265 and are sent with it.
    sei: Vec<Bytes>,
    /// All of them behind start codes.
    annexb: Bytes,
}

#[derive(Clone, Debug, PartialEq)]
enum Held {
    H264(h264::Config),
    H265(h265::Config),
}

/// What a NAL unit is to a muxer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An access unit delimiter; the muxer writes its own.
    Delimiter,
    /// A parameter set.
    Set,
    /// A coded slice of the temporal layer whose `nuh_temporal_id_plus1` this is; always 1 for H.264.
    Slice(u8),
    /// Anything else.
    Other,
}

impl Sets {
    /// Those of a configuration; `None` for codings without.
    pub(super) fn of(config: &codec::Config) -> Option<Self> {
        match config {
            codec::Config::H264(config) => Some(Self::new(Held::H264(config.clone()), Vec::new())),
            codec::Config::H265(config) => Some(Self::new(Held::H265(config.clone()), config.sei().to_vec())),
            _ => None,
        }
    }

    fn new(held: Held, sei: Vec<Bytes>) -> Self {
        let nals = match &held {
            Held::H264(config) => [config.sps(), config.pps()].concat(),
            Held::H265(config) => [config.vps(), config.sps(), config.pps(), &sei].concat(),
        };
        let annexb = nals.iter().flat_map(|nal| [&START_CODE[..], nal]).collect::<Vec<_>>().concat().into();
        Self { held, sei, annexb }
    }

    /// All of them as a byte stream.
    pub(super) fn annexb(&self) -> &Bytes {
        &self.annexb
    }

    /// The delimiter of an access unit, any type of picture allowed; its start code included.
    pub(super) fn delimiter(&self, temporal: u8) -> ([u8; 7], usize) {
        let [a, b, c, d] = START_CODE;
        match self.held {
            Held::H264(_) => ([a, b, c, d, 0x09, 0xf0, 0], 6),
            Held::H265(_) => ([a, b, c, d, 0x46, temporal, 0x50], 7),
        }
    }

    /// What a NAL unit, which is not empty, is.
    pub(super) fn role(&self, nal: &[u8]) -> Role {
        match self.held {
            Held::H264(_) => match h264::NalType::of(nal[0]) {
                h264::NalType::Delimiter => Role::Delimiter,
                h264::NalType::Sps | h264::NalType::Pps => Role::Set,
                h264::NalType::Slice | h264::NalType::PartitionA | h264::NalType::Idr => Role::Slice(1),
                _ => Role::Other,
            },
            Held::H265(_) => match h265::NalType::of(nal[0]) {
                h265::NalType::AUD => Role::Delimiter,
                h265::NalType::VPS | h265::NalType::SPS | h265::NalType::PPS => Role::Set,
                kind if kind.is_slice() => Role::Slice(nal.get(1).map_or(1, |byte| (byte & 7).max(1))),
                _ => Role::Other,
            },
        }
    }

    /// Whether this very set is among them.
    pub(super) fn has(&self, set: &[u8]) -> bool {
        let among = |sets: &[Bytes]| sets.iter().any(|held| held == set);
        match &self.held {
            Held::H264(config) => among(config.sps()) || among(config.pps()),
            Held::H265(config) => among(config.vps()) || among(config.sps()) || among(config.pps()),
        }
    }

    /// What a decoder knows once these sets came as well; `None` when that is nothing new, or when they cannot be read.
    pub(super) fn with(&self, sets: &[&[u8]]) -> Option<Self> {
        if sets.iter().all(|set| self.has(set)) {
            return None;
        }
        match &self.held {
            Held::H264(config) => {
                let of = |held: &[Bytes], kind| joined(held, sets, |nal| h264::NalType::of(nal[0]) == kind);
                let sps = of(config.sps(), h264::NalType::Sps);
                let pps = of(config.pps(), h264::NalType::Pps);
                let config = h264::Config::from_parameter_sets(&sps, &pps).ok()?;
                Some(Self::new(Held::H264(config), Vec::new()))
            }
            Held::H265(config) => {
                let of = |held: &[Bytes], kind| joined(held, sets, |nal| h265::NalType::of(nal[0]) == kind);
                let vps = of(config.vps(), h265::NalType::VPS);
                let sps = of(config.sps(), h265::NalType::SPS);
                let pps = of(config.pps(), h265::NalType::PPS);
                let config = h265::Config::from_parameter_sets(&vps, &sps, &pps).ok()?;
                Some(Self::new(Held::H265(config), self.sei.clone()))
            }
        }
    }
}

/// The sets of one kind: those held, then the new ones, which count where they have the same id.
fn joined(held: &[Bytes], new: &[&[u8]], is_kind: impl Fn(&[u8]) -> bool) -> Vec<Bytes> {
    let new = new.iter().filter(|set| is_kind(set)).map(|set| Bytes::copy_from_slice(set));
    held.iter().cloned().chain(new).collect()
}

/// As long as the length it stands for, and four bytes before the first unit of an access unit and before parameter sets, H.264 B.1.2.
pub(super) const START_CODE: [u8; 4] = [0, 0, 0, 1];
