//! What a camera does to its stamps, told to a `Timeline` by a clock the test owns.

mod bench;
mod files;
mod hostile;
mod jumps;
mod long;
mod order;
mod stamps;
mod sync;
mod tracks;
