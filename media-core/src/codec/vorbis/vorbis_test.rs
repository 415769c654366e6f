//! Vorbis headers and packets.
