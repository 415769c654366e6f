//! What is *listed*: the window of segments that a player is told of, and its texts as pure functions.
//!
//! A [`Window`] follows a [segmenter](crate::segment) and knows no bytes. [`hls`] writes its playlists, [`dash`] its manifest; both name the
//! same files through [`Names`]. Where the segments lie is the caller's store: it puts a segment there *before* the window is told of it,
//! and removes it when [`Window::poll`] says so.
//!
//! What players hold on to never changes: the size, the target duration, the origin of the DASH time line and where in it a listed
//! segment lies. Segments only come at the end and go at the head (RFC 8216bis 6.2.1, 6.2.2).
//!
//! ```
//! use media_core::playlist::{Config, Names, Window, dash, hls};
//! use media_core::segment;
//!
//! let mut window = Window::new(Config::new(&segment::Config::new(2_000_000_000)));
//! let names = Names::new("5f2a").expect("plain letters and digits");
//! // for each output of the segmenter: store it, then window.push(&output, now);
//! assert_eq!(hls::multivariant(&window, &names), None); // nothing is known of the tracks yet
//! # let _ = (window.poll(), dash::mpd(&window, &names));
//! ```

mod config;
pub mod dash;
mod date_range;
mod edge;
mod expiry;
pub mod hls;
mod language;
mod listed;
mod listing;
mod members;
mod meter;
mod names;
mod periods;
mod pictures;
mod placed;
pub mod presentation;
mod rate;
mod runs;
mod text;
mod window;
mod xml;

pub use self::config::{Config, Delivery, KeyPictures, LowLatency, PartAddressing, Retention};
pub use self::date_range::{DateRange, End, Error as DateRangeError, Splice, Value};
pub use self::expiry::Expired;
pub use self::names::{Name, Names, Suffix};
pub use self::rate::Bandwidth;
pub use self::window::{Last, Window};

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
const MILLISECOND: i64 = 1_000_000;
