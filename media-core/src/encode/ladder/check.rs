//! Whether encoders make a ladder.

use super::Error;
use crate::encode::{Config, KeyFrames, RateControl};

pub(super) fn rungs(rungs: &[Config]) -> Result<(), Error> {
    for (index, rung) in rungs.iter().enumerate() {
        if rung.key_frames != KeyFrames::OnlyForced {
            return Err(Error::KeyFrames { rung: index, found: rung.key_frames });
        }
        if let Some(field) = different(rung, &rungs[0]) {
            return Err(Error::Differs { rung: index, field });
        }
    }
    for (index, pair) in rungs.windows(2).enumerate() {
        step(index + 1, &pair[0], &pair[1])?;
    }
    Ok(())
}

/// The first field in which two rungs disagree about time.
fn different(rung: &Config, first: &Config) -> Option<&'static str> {
    let fields = [
        (rung.time_base == first.time_base, "time_base"),
        (rung.frame_rate == first.frame_rate, "frame_rate"),
        (rung.timing == first.timing, "timing"),
    ];
    fields.iter().find(|(equal, _)| !equal).map(|(_, field)| *field)
}

/// From one rung to the one below: no larger, and a lower rate where both have one. Of the same size they need one to differ.
fn step(index: usize, above: &Config, rung: &Config) -> Result<(), Error> {
    if rung.size.0 > above.size.0 || rung.size.1 > above.size.1 {
        return Err(Error::Size { rung: index, found: rung.size, above: above.size });
    }
    let (found, of_above) = (bitrate(rung.rate), bitrate(above.rate));
    let falls = match (found, of_above) {
        (Some(found), Some(above)) => found < above,
        _ => rung.size != above.size,
    };
    if falls { Ok(()) } else { Err(Error::Rate { rung: index, found, above: of_above }) }
}

/// What a rate control aims at or ends at, in bits per second; `None` for one that knows quality alone.
const fn bitrate(rate: RateControl) -> Option<u32> {
    match rate {
        RateControl::Average { bitrate }
        | RateControl::Constrained { bitrate, .. }
        | RateControl::Constant { bitrate, .. } => Some(bitrate),
        RateControl::CappedQuality { max, .. } => Some(max),
        _ => None,
    }
}
