//! What was bent, counted by cause.

/// How often each kind of repair was made on one track since the timeline was made.
///
/// A camera in good health leaves all of them at zero except [`slewed`](Self::slewed) and, at the start,
/// [`dropped_before_key`](Self::dropped_before_key).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repairs {
    /// Packets with the stamp of the one before; moved on by half a picture.
    pub duplicates: u64,
    /// Packets stamped less than a second before their predecessor although none is shown out of order; moved behind it.
    pub backward: u64,
    /// Believed jumps of the source's clock into the future.
    pub jumps_forward: u64,
    /// Believed jumps of the source's clock into the past, resets included.
    pub jumps_back: u64,
    /// Single packets far off, stamped as their neighbours suggest.
    pub outliers: u64,
    /// Pictures whose DTS (or, when nothing else was left, PTS) had to be squeezed between its neighbours.
    pub squeezed_dts: u64,
    /// Packets dropped because no key picture had come yet, or because they cannot be decoded without one that was not received.
    pub dropped_before_key: u64,
    /// Packets dropped because their track was not part of the output yet.
    pub dropped_before_start: u64,
    /// Packets dropped because their track was moved back against the others.
    pub dropped_by_resync: u64,
    /// Packets whose stamp was moved a little to follow the clock of the leading track.
    pub slewed: u64,
    /// Times a track was moved against the others at once.
    pub resyncs: u64,
    /// Times stamps were given up and made from arrival instead.
    pub wallclock_fallback: u64,
    /// Sender reports that contradicted everything else.
    pub reports_ignored: u64,
}

impl Repairs {
    /// Every cause with its count, the causes as a metric label spells them.
    ///
    /// ```
    /// let repairs = media_core::timeline::Repairs::default();
    /// assert!(repairs.iter().any(|(cause, count)| cause == "jumps_forward" && count == 0));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("duplicates", self.duplicates),
            ("backward", self.backward),
            ("jumps_forward", self.jumps_forward),
            ("jumps_back", self.jumps_back),
            ("outliers", self.outliers),
            ("squeezed_dts", self.squeezed_dts),
            ("dropped_before_key", self.dropped_before_key),
            ("dropped_before_start", self.dropped_before_start),
            ("dropped_by_resync", self.dropped_by_resync),
            ("slewed", self.slewed),
            ("resyncs", self.resyncs),
            ("wallclock_fallback", self.wallclock_fallback),
            ("reports_ignored", self.reports_ignored),
        ]
        .into_iter()
    }
}
