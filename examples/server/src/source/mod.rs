//! Where streams come from. A source finds units and their times and hands them to [`Live`](crate::stream::Live); it knows nothing of
//! what becomes of them.

mod backoff;
#[cfg_attr(not(any(feature = "x264", feature = "vpx")), path = "pattern/absent.rs")]
pub(crate) mod pattern;
mod rtp;
pub(crate) mod rtsp;
mod sdp;

pub(crate) use self::rtp::Losses;
