//! What a segmenter makes of packets, by the public API alone: parts, formats, alignment, key requests, restarts.

#[allow(dead_code)]
#[path = "../segment_to_playlist/lives.rs"]
mod lives;
mod parts;
mod properties;
#[allow(dead_code)]
#[path = "../segment_to_playlist/stream.rs"]
mod stream;
