//! What is packaged, and what is served live, plays: hls.js, dash.js and shaka-player in headless Chromium, from the beginning and from where a
//! viewer jumps to, close behind the live edge, and over a place where the coding changes.
//!
//! | | hls.js | dash.js | shaka-player |
//! |---|---|---|---|
//! | fragments, finished | HLS | DASH | both |
//! | single files with an index | HLS | DASH | both |
//! | transport streams, packed audio | HLS | | HLS |
//! | WebM, chunks of it too | | DASH | DASH |
//! | sound alone | HLS | DASH | both |
//! | finished, H.264 and AAC, then VP9 and Opus | HLS | DASH | DASH |
//! | finished, H.264 and AAC, then others | transport streams | | HLS |
//! | live fragments | HLS | DASH | both |
//! | live transport streams | HLS | | HLS |
//! | live WebM | | DASH | DASH |
//! | live sound alone | HLS | DASH | both |
//! | live with parts, close behind | HLS | DASH | both |
//! | live, H.264 and AAC go over into VP9 and Opus | HLS, with parts too | DASH, with parts too | DASH, with parts too |
//! | live, H.264 and AAC into others | | | HLS |

mod browser;
mod clip;
mod finished;
mod live;
mod streams;
