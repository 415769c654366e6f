//! What is made, and of what.

use media_core::segment::Format;
use media_core::track::{Kind, Track};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Hls,
    HlsTs,
    HlsPacked,
    Dash,
    Cmaf,
    OnDemand,
    WebmDash,
    WebmLive,
}

impl Form {
    pub(crate) const NAMES: &str = "hls, hls-ts, hls-packed, dash, cmaf, on-demand, webm-dash or webm-live";

    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "hls" => Self::Hls,
            "hls-ts" => Self::HlsTs,
            "hls-packed" => Self::HlsPacked,
            "dash" => Self::Dash,
            "cmaf" => Self::Cmaf,
            "on-demand" => Self::OnDemand,
            "webm-dash" => Self::WebmDash,
            "webm-live" => Self::WebmLive,
            _ => return None,
        })
    }

    /// What a player opens.
    pub(crate) const fn lists(self) -> &'static [&'static str] {
        match self {
            Self::Hls | Self::HlsTs | Self::HlsPacked => &["index.m3u8"],
            Self::Cmaf | Self::OnDemand => &["index.m3u8", "index.mpd"],
            Self::Dash | Self::WebmDash | Self::WebmLive => &["index.mpd"],
        }
    }

    /// Containers of the segments, and what each holds.
    pub(crate) const fn formats(self) -> &'static [(Format, Take)] {
        match self {
            Self::Hls | Self::Dash | Self::Cmaf | Self::OnDemand => &[(Format::Fmp4, Take::All)],
            Self::HlsTs => &[(Format::MpegTs, Take::All)],
            Self::HlsPacked => &[(Format::MpegTs, Take::Pictures), (Format::PackedAudio, Take::Sound)],
            Self::WebmDash | Self::WebmLive => &[(Format::Webm, Take::All)],
        }
    }
}

/// Which tracks of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    All,
    Pictures,
    Sound,
}

impl Take {
    /// An argument: files, and what of them.
    pub(crate) fn parse(argument: &str) -> (&str, Self) {
        match argument.rsplit_once(':') {
            Some((files, "pictures")) => (files, Self::Pictures),
            Some((files, "sound")) => (files, Self::Sound),
            _ => (argument, Self::All),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "pictures or sound",
            Self::Pictures => "pictures",
            Self::Sound => "sound",
        }
    }

    /// What both take; `None` when that is nothing.
    pub(crate) fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::All, take) | (take, Self::All) => Some(take),
            (one, other) => (one == other).then_some(one),
        }
    }

    pub(crate) fn takes(self, track: &Track) -> bool {
        match self {
            Self::All => true,
            Self::Pictures => track.kind() == Kind::Video,
            Self::Sound => track.kind() == Kind::Audio,
        }
    }
}
