//! Finished presentations: their texts, read by other people's parsers and players.

#[allow(dead_code)]
#[path = "../fmp4/ffmpeg.rs"]
mod ffmpeg;
mod files;
mod latency;
mod model;
mod properties;
#[allow(dead_code)]
#[path = "../fmp4/reader.rs"]
mod reader;
#[allow(dead_code)]
#[path = "../fmp4/source.rs"]
mod source;
mod texts;
mod traps;
mod webm_dash;
