//! Reelmill core.
#![deny(missing_docs)]

pub mod time;

pub mod bits;

pub mod codec;

pub mod track;

pub mod packet;
