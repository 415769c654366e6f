//! Containers read back: real files as other tools read them, what our muxers write, and what is broken.

mod mp4;
mod tools;
