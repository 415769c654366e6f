use media_core::codec::{self, aac, opus, vp9};
use media_core::time::TimeBase;
use media_core::track::{Track, TrackId};

/// A track of pictures; `variant` picks time base and size.
pub(crate) fn video(id: u32, variant: u8) -> Track {
    let rate = [90_000, 1_000, 600, 30_000][usize::from(variant) % 4];
    let width = 16 << (variant % 8);
    let config = vp9::Config::from_parts(vp9::Parts::new(width, 144)).expect("a size VP9 can have");
    Track::new(track_id(id), TimeBase::hz(rate), codec::Config::Vp9(config))
}

/// A track of sound; `variant` picks codec, rate and priming.
pub(crate) fn audio(id: u32, variant: u8) -> Track {
    let (rate, config) = match variant % 3 {
        0 => (48_000, codec::Config::Opus(opus::Config::new(2).expect("two channels"))),
        1 => (44_100, codec::Config::Aac(aac::Config::new(44_100, 2).expect("a usual rate"))),
        _ => (16_000, codec::Config::Aac(aac::Config::new(16_000, 1).expect("a usual rate"))),
    };
    let mut track = Track::new(track_id(id), TimeBase::hz(rate), config);
    track.priming = [0, 312, 1024, 2112][usize::from(variant / 3) % 4];
    track
}

fn track_id(id: u32) -> TrackId {
    TrackId::new(id).expect("tracks count from 1")
}
