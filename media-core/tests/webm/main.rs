//! What the WebM muxer writes, read back: by a small reader of our own, by `matroska-demuxer`, by ffmpeg, mkvtoolnix and libwebm's tools
//! from real streams.

mod demuxer;
pub mod elements;
#[path = "../fmp4/ffmpeg.rs"]
#[allow(dead_code, reason = "shared with the tests of fMP4")]
mod ffmpeg;
mod forms;
#[path = "../fmp4/reader.rs"]
#[allow(dead_code, reason = "shared with the tests of fMP4")]
mod reader;
mod round_trip;
mod script;
#[path = "../fmp4/source.rs"]
#[allow(dead_code, reason = "shared with the tests of fMP4")]
mod source;
mod streams;
mod tools;
