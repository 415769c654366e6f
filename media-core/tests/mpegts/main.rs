//! What the transport stream muxer writes, read back: by a strict reader of our own, by `mpeg2ts`, by ffmpeg from real streams, and by
//! `tsreport`.

#[path = "../fmp4/ffmpeg.rs"]
#[expect(dead_code, reason = "the tests of fMP4 need more of it")]
mod ffmpeg;
// The same, for sources in MP4 files.
#[path = "../fmp4/reader.rs"]
#[expect(dead_code, reason = "the tests of fMP4 need more of it")]
mod reader;
#[path = "../fmp4/source.rs"]
#[expect(dead_code, reason = "the tests of fMP4 need more of it")]
mod source;

mod made_up;
mod round_trip;
#[path = "reader.rs"]
mod transport;
