//! Says what in a stream or a manifest breaks which clause, whoever made it.
//!
//! The judges here share no code with the muxers and playlists of this crate: they read what was written from the standards and know nothing of
//! how it was made. Each is a value that is driven: `push` the bytes or the text as it comes, `finish` gives the [`Report`].
//!
//! | judge | of |
//! |---|---|
//! | [`fmp4::Checker`] | ISO base media files: fragmented, CMAF, progressive |
//! | [`hls::Checker`] | the history of an HLS media playlist; [`hls::Set`]: a multivariant playlist and those it names |
//! | [`mpegts::Checker`] | MPEG transport streams, and segments of them |
//! | [`dash::Checker`] | the history of a DASH manifest |
//! | [`webm::Checker`] | WebM and Matroska |
//!
//! What playlists and manifests name is told by [`hls::Named`] and [`dash::files`], so that whoever has the files can have them judged too.
//!
//! A [`Report`] is bounded however long and however broken the input is: every finding is counted, the first few of each [`Rule`] are told in
//! words.

/// Makes constants of rules, and a list of them all.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $kind:ident($text:literal, $clause:literal);)*) => {
        $($(#[$doc])* pub static $name: Rule = Rule::$kind($text, $clause);)*
        /// Every rule.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

mod codecs;
pub mod dash;
pub mod fmp4;
pub mod hls;
mod input;
mod joined;
pub mod mpegts;
mod report;
pub mod webm;

pub use joined::{Address, End, Joined, Listed};
pub use report::{Finding, Place, Report, Rule, Severity};
