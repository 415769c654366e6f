//! What others see of a stream: its state, its numbers, its resources.

use std::time::Duration;

use tokio::sync::watch;

use super::Stats;
use super::readers::Readers;
use super::served::Served;
use crate::config::{self, Source, Variant};

/// The readable half of a stream.
#[derive(Debug)]
pub(crate) struct Path {
    name: String,
    config: config::Path,
    status: watch::Sender<Status>,
    variant: Variant,
    pub(crate) served: Served,
    pub(crate) stats: Stats,
    pub(crate) readers: Readers,
}

/// How a stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The source has not answered yet.
    Connecting,
    /// Media arrives, though perhaps not all that one would expect of a camera.
    Ready { lacks: Option<String> },
    /// It does not, for this reason; it is tried again.
    Down { reason: String },
    /// It never will, for this reason.
    Unusable { reason: String },
}

impl State {
    /// One word.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Ready { .. } => "ready",
            Self::Down { .. } => "down",
            Self::Unusable { .. } => "unusable",
        }
    }

    pub(crate) const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }

    /// What is wrong with it, where that is known.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Connecting => None,
            Self::Ready { lacks } => lacks.as_deref(),
            Self::Down { reason } | Self::Unusable { reason } => Some(reason),
        }
    }
}

/// What changes of a stream as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) state: State,
    /// Cuts published so far; playlists exist from the first on.
    pub(crate) cuts: u64,
    pub(crate) tracks: Vec<TrackSummary>,
    /// When it last became ready, as text.
    pub(crate) ready_time: Option<String>,
}

/// A track as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrackSummary {
    /// `H264`, `MPEG-4 Audio`: the names MediaMTX uses.
    pub(crate) codec: &'static str,
    /// The `CODECS` string.
    pub(crate) codecs: String,
    pub(crate) size: Option<(u32, u32)>,
    /// Samples per second and channels.
    pub(crate) sound: Option<(u32, u16)>,
}

impl Path {
    pub(crate) fn new(name: &str, config: config::Path, reader_lasts: Duration) -> Self {
        let state = match &config.source {
            Source::Unusable { reason, .. } => State::Unusable { reason: reason.clone() },
            Source::Pattern | Source::Rtsp(_) => State::Connecting,
        };
        Self {
            name: name.to_owned(),
            config,
            status: watch::Sender::new(Status { state, cuts: 0, tracks: Vec::new(), ready_time: None }),
            variant: Variant::Fmp4,
            served: Served::new(),
            stats: Stats::default(),
            readers: Readers::new(reader_lasts),
        }
    }

    /// The same path, served in another variant.
    pub(crate) fn with_variant(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }

    pub(crate) const fn variant(&self) -> Variant {
        self.variant
    }

    /// Whether there is a DASH manifest.
    pub(crate) fn has_dash(&self) -> bool {
        self.config.dash && self.variant != Variant::MpegTs
    }

    /// Bytes of media held.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.served.bytes()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn config(&self) -> &config::Path {
        &self.config
    }

    pub(crate) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// To wait for what changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Changes the status and wakes who waits for it; a change that changes nothing wakes nobody.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Status) -> bool) {
        self.status.send_if_modified(change);
    }
}
