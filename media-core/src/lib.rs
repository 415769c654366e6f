//! Coded video from the camera to the browser, as logic only: what a stream is, when its pictures are due, how they are put into files
//! and when those are cut and listed.
//!
//! There is no socket, file, thread or clock in this crate. Every stage is a value that its owner drives:
//!
//! * `push(input)` hands it something,
//! * `poll()` takes what is ready; `None` is "nothing yet", never an error,
//! * `finish(self)` ends it and gives out what it still held. Because it consumes the stage, nothing can be used after its end and no
//!   flush can be forgotten.
//!
//! A stage that lives in time is told `now` and says its `deadline()`, so an hour of a camera is tested in a millisecond. The sockets and
//! the clock are in the server, `examples/server`.
//!
//! # The way of the data
//!
//! ```text
//! source -> codec::Parser -> timeline -> packet -+------------------------------+-> segment (with mux) -> playlist::Window -> HLS, DASH
//!                                                |                              |
//!                                                +-> decode -> scale -> encode -+
//! ```
//!
//! In that order, and **a module uses only modules above it**:
//!
//! | module | what it is |
//! |---|---|
//! | [`time`] | ticks, time bases, clocks that wrap |
//! | [`bits`] | bit and byte readers and writers, Exp-Golomb, emulation prevention |
//! | [`codec`] | elementary-stream syntax without coding: parameter sets, key frames, configuration records |
//! | [`frame`] | raw pictures: planes, strides, pixel formats, a pool |
//! | [`track`] | what a stream is |
//! | [`packet`] | one coded access unit |
//! | [`timeline`] | from what a source sends to what a muxer may assume |
//! | `encode` | frames in, packets out: H.264, VP8 and VP9, with the features below; rates that follow the link, ladders |
//! | [`decode`] | packets in, pictures out: VP8 and VP9 with the feature below, others by a trait |
//! | [`scale`] | frame to frame: size and pixel format |
//! | [`demux`] | container bytes in, packets out |
//! | [`mux`] | packets in, container bytes out: fragmented MP4, WebM and Matroska, MPEG transport streams |
//! | [`segment`] | decides when to cut |
//! | [`playlist`] | the window of what is listed of a live stream, the presentation of a finished one, and their texts: HLS and DASH |
//! | [`origin`] | answers requests for playlists and segments, or says what they wait for |
//! | [`check`] | says which clause a stream or a manifest breaks, whoever made it |
//!
//! # Features
//!
//! | feature | gives | note |
//! |---|---|---|
//! | `vpx` | VP8 and VP9 encoders and decoders by libvpx | BSD |
//! | `x264` | an H.264 encoder by libx264 | **GPL-2.0-or-later**: a program that links it is under the GPL as a whole |
//!
//! Neither is on by default: muxing, segmenting and playlists need no C library.
#![deny(missing_docs)]

pub mod time;

pub mod bits;

pub mod codec;

pub mod frame;

pub mod track;

pub mod packet;

pub mod timeline;

#[cfg(any(feature = "x264", feature = "vpx"))]
pub mod encode;

pub mod decode;

pub mod scale;

pub mod demux;

pub mod mux;

pub mod segment;

pub mod playlist;

pub mod origin;

pub mod check;
