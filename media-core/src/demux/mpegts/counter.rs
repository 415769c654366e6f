//! `continuity_counter`, ISO/IEC 13818-1 2.4.3.3: whether packets of a stream are missing.

/// What the last packet of a stream was.
#[derive(Clone, Debug, Default)]
pub(super) struct Counter {
    last: Option<(u8, Vec<u8>)>,
}

/// How a packet stands to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    On,
    /// It is the same once more: a packet may be sent twice.
    Twice,
    /// Others are missing between them.
    Not,
}

impl Counter {
    /// How a packet with payload stands to the one before, which it then is. Equal counters alone are no repetition: as well sixteen
    /// packets may be missing, or another stream begin.
    pub(super) fn follows(&mut self, counter: u8, payload: &[u8]) -> Follows {
        let Some((last, before)) = &mut self.last else {
            self.last = Some((counter, payload.to_vec()));
            return Follows::On;
        };
        let follows = match counter.wrapping_sub(*last) & 0xf {
            1 => Follows::On,
            0 if before == payload => Follows::Twice,
            _ => Follows::Not,
        };
        *last = counter;
        before.clear();
        before.extend_from_slice(payload);
        follows
    }
}
