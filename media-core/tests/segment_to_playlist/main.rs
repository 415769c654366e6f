//! From the packets of a timeline to segments and playlists, by the public API alone, read back by other people's parsers and players.

mod cuts;
mod edge;
mod ffmpeg;
#[allow(dead_code)]
#[path = "../fmp4/ffmpeg.rs"]
mod fmp4_ffmpeg;
mod histories;
mod latency;
mod lives;
#[allow(dead_code)]
#[path = "../fmp4/reader.rs"]
mod reader;
mod readers;
#[allow(dead_code)]
#[path = "../fmp4/source.rs"]
mod source;
mod stopping;
mod stream;
mod texts;
