//! Live streams with parts: what is listed over time, and how an origin answers. Driven by outputs of a segmenter made up here, so that each case is
//! exactly what it says, and by a real one.

mod blocking;
mod deltas;
mod files;
mod histories;
mod iframes;
mod ladder;
mod list;
mod segmenter;
#[allow(dead_code)]
#[path = "../segment_to_playlist/stream.rs"]
mod source;
mod stream;
mod texts;
mod times;
