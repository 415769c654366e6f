//! Says what in a stream or a manifest breaks which clause, whoever made it.
//!
//! The judges here share no code with the muxers and playlists of this crate: they read what was written from the standards and know nothing of
//! how it was made. Each is a value that is driven: `push` the bytes or the text as it comes, `finish` gives the [`Report`].
//!
//! | judge | of |
//! |---|---|
//! | [`fmp4::Checker`] | ISO base media files: fragmented, CMAF, progressive |
//!
//! A [`Report`] is bounded however long and however broken the input is: every finding is counted, the first few of each [`Rule`] are told in
//! words.

pub mod fmp4;
mod report;

pub use report::{Finding, Place, Report, Rule, Severity};
