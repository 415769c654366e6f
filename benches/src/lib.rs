//! Criterion benchmarks of the parts, in `benches/`; the whole server beside ffmpeg, in `live/`.

/// The README's example, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
