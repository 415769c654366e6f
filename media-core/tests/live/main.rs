//! Live streams with parts: what is listed over time, and how an origin answers. Driven by outputs of a segmenter made up here, so that each case is
//! exactly what it says.

mod blocking;
mod deltas;
mod files;
mod histories;
mod ladder;
mod list;
mod stream;
mod texts;
mod times;
