//! What the fMP4 muxer writes, read back: by a small reader of our own, by `mp4-atom`, and by ffmpeg from real streams.

mod back;
mod ffmpeg;
mod files;
#[path = "../mpegts/made_up.rs"]
#[allow(dead_code, reason = "shared with the tests of transport streams")]
mod made_up;
mod movies;
mod oracle;
mod payload;
mod reader;
mod round_trip;
mod script;
mod source;
mod streams;
mod traps;
