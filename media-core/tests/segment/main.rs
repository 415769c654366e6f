//! What a segmenter makes of packets, by the public API alone: parts, formats, alignment, key requests, restarts.

mod boundaries;
#[allow(dead_code)]
#[path = "../fmp4/ffmpeg.rs"]
mod ffmpeg;
mod formats;
mod gapless;
mod hostile;
#[allow(dead_code)]
#[path = "../segment_to_playlist/lives.rs"]
mod lives;
mod long;
#[allow(dead_code)]
#[path = "../mpegts/made_up.rs"]
mod made_up;
mod parts;
mod properties;
#[allow(dead_code)]
#[path = "../fmp4/reader.rs"]
mod reader;
mod restart;
#[allow(dead_code)]
#[path = "../fmp4/source.rs"]
mod source;
#[allow(dead_code)]
#[path = "../segment_to_playlist/stream.rs"]
mod stream;
mod transport;
#[allow(dead_code)]
#[path = "../mpegts/reader.rs"]
mod transport_reader;
