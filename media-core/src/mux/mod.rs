//! Packets in, container bytes out.
//!
//! A muxer knows *how* a container is written, never *when* to cut: its caller says which packets make a fragment. What it gives back is
//! a [`Rope`], header pieces it wrote and the packets' own payloads, so no payload byte is copied on its way to a socket or a file.
//!
//! | module | container |
//! |---|---|
//! | [`fmp4`] | fragmented MP4 as CMAF track files, for HLS and DASH |
//! | [`webm`] | WebM and Matroska: segments for DASH, live streams, files |

pub mod fmp4;
#[cfg(test)]
mod hex;
mod rope;
pub mod webm;

pub use rope::Rope;
