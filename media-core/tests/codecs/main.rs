//! Real streams of every codec that is not H.264, H.265, VP8, VP9, AAC or Opus, in every container that has it: read by ffmpeg, they are the same
//! packets with the same bytes at the same times, and decode to the same.

#[path = "../fmp4/ffmpeg.rs"]
#[allow(dead_code, reason = "shared with the tests of fMP4")]
mod ffmpeg;
mod source;
mod streams;
mod traps;
