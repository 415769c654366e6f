//! Packets in, container bytes out.
//!
//! A muxer knows *how* a container is written, never *when* to cut: its caller says which packets make a fragment. What it gives back is
//! a [`Rope`], header pieces it wrote and the packets' own payloads, so no payload byte is copied on its way to a socket or a file. Only a
//! transport stream, which has a header every 188 bytes, is one piece into which payloads are copied once.
//!
//! | module | container |
//! |---|---|
//! | [`fmp4`] | MP4: CMAF track files for HLS and DASH, ordinary files, crash-safe recordings |
//! | [`webm`] | WebM and Matroska: segments for DASH, live streams, files |
//! | [`mpegts`] | MPEG transport stream: all tracks in one, for HLS and streaming |

pub mod fmp4;
#[cfg(test)]
mod hex;
pub mod mpegts;
mod patch;
mod rope;
mod sound;
pub mod webm;

pub use patch::Patch;
pub use rope::Rope;
