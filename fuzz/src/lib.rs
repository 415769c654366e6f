//! Fuzz targets as plain functions: arbitrary bytes in, a panic when something that must hold does not.
//!
//! The corpus in `corpus/<target>/` is replayed by `cargo test`; `script/fuzz` mutates it. Inputs are scripts in a notation of our own
//! ([`Script`]), so most mutations stay meaningful and each input is small. What we write is checked by readers of its own here
//! ([`boxes`], [`elements`], [`playlist`]), not by the code that wrote it.

pub mod boxes;
pub mod check;
#[cfg(feature = "vpx")]
pub mod decode;
pub mod demux;
#[path = "../../media-core/tests/webm/elements.rs"]
pub mod elements;
pub mod memory;
pub mod movie;
pub mod muxer;
pub mod parameter_sets;
pub mod playlist;
mod script;
pub mod seek;
pub mod segment;
pub mod stream;
pub mod timeline;
mod tracks;
pub mod transport;
pub mod webm;

pub use script::Script;

/// Takes any bytes; panics when something that must hold does not.
pub type Target = fn(&[u8]);

/// Every target and the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("check_dash", check::dash),
    ("check_fmp4", check::fmp4),
    ("check_hls", check::hls),
    ("check_mpegts", check::mpegts),
    ("check_webm", check::webm),
    ("demux", demux::run),
    ("movie", movie::run),
    ("muxer", muxer::run),
    ("parameter_sets", parameter_sets::run),
    ("seek", seek::run),
    ("segment", segment::run),
    ("stream", stream::run),
    ("timeline", timeline::run),
    ("transport", transport::run),
    ("webm", webm::run),
    #[cfg(feature = "vpx")]
    ("decode", decode::run),
];
