//! What the fMP4 muxer writes, read back: by a small reader of our own, by `mp4-atom`, and by ffmpeg from real streams.

mod ffmpeg;
mod files;
mod movies;
mod oracle;
mod reader;
mod round_trip;
mod script;
mod source;
mod streams;
mod traps;
