//! What the transport stream muxer writes, read back: by a strict reader of our own, by `mpeg2ts`, by ffmpeg from real streams, and by
//! `tsreport`.

// Sources in MP4 files, and ffmpeg, as the tests of fMP4 have them, which need more of it.
#[path = "../fmp4/ffmpeg.rs"]
#[allow(dead_code)]
mod ffmpeg;
#[path = "../fmp4/reader.rs"]
#[allow(dead_code)]
mod reader;
#[path = "../fmp4/source.rs"]
#[allow(dead_code)]
mod source;

mod forms;
mod made_up;
mod oracle;
mod round_trip;
mod scenarios;
mod streams;
#[path = "reader.rs"]
mod transport;
