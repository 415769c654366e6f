//! The judges of `check`: silent about what is right, and precise about what is not.

mod dash;
#[path = "../segment_to_playlist/lives.rs"]
mod events;
mod fmp4;
mod fmp4_breaks;
mod hls;
mod hls_breaks;
mod lives;
#[path = "../mpegts/made_up.rs"]
#[allow(dead_code)]
mod made_up;
mod media;
mod mpegts;
mod patch;
#[path = "../segment_to_playlist/stream.rs"]
#[allow(dead_code)]
mod stream;
mod webm;
