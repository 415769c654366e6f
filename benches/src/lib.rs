//! Criterion benchmarks of the parts, in `benches/`; the whole server beside ffmpeg, in `live/`.

pub mod pictures;

/// The README's example, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
