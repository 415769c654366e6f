//! What is packaged, and what is served live, plays: hls.js, dash.js and shaka-player in headless Chromium, from the beginning and from where a
//! viewer jumps to, close behind the live edge, and over a place where the coding changes.
//!
//! | | hls.js | dash.js | shaka-player |
//! |---|---|---|---|
//! | fragments, finished | HLS | DASH | both |
//! | single files with an index | HLS | DASH | both |
//! | transport streams, packed audio | HLS | | HLS |
//! | WebM | | DASH | DASH |
//! | sound alone | HLS | DASH | both |
//! | live | HLS | DASH | both |
//! | live with parts | low-latency HLS | | low-latency HLS |
//! | live, coding changes | HLS | DASH | DASH |

mod browser;
mod clip;
mod finished;
mod live;
mod streams;
