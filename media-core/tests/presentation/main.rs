//! Finished presentations: their texts, read by other people's parsers. That ffmpeg plays what they list, `examples/tests/package.rs` shows.

mod groups;
mod judged;
mod model;
mod properties;
mod texts;
mod traps;
