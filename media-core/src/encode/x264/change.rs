//! What a running libx264 changes, and what it only seems to.
//!
//! `x264_encoder_reconfig` returns 0 for values it does not take. What it takes stands in the encoder's parameters once the next picture
//! has begun, and even then not all of it has an effect: the average rate of an encoder whose peak is above it is written down and never
//! read again. So the rules are kept here, and the parameters are read back as well.

use std::ffi::c_int;

use x264_sys as c;

use super::handle::level;
use super::parameters::set_rate;
use super::taken::rate_values;
use super::{NalHrd, Options};
use crate::codec::h264;
use crate::encode::{Config, Error, Pass, RateControl};

/// The parameters that make it so, from those an encoder of `config` works with; `None` when nothing changes.
///
/// `constant` says whether its peak was its average when it was opened, and `sets` what it promises to decoders.
pub(super) fn parameters(
    config: &Config,
    options: &Options,
    wanted: &Config,
    taken: c::x264_param_t,
    constant: bool,
    sets: &h264::Config,
) -> Result<Option<c::x264_param_t>, Error> {
    if wanted.frame_rate != config.frame_rate {
        let reason = "libx264 has written it into the parameter sets: open another encoder";
        return Err(refused("frame_rate", reason));
    }
    if wanted.rate == config.rate {
        return Ok(None);
    }
    if config.pass != Pass::Single {
        return Err(refused("rate", "a pass over the whole stream has one"));
    }
    if options.hrd != NalHrd::None {
        return Err(refused("rate", "the parameter sets signal it to decoders (hrd)"));
    }
    check_kind(config.rate, wanted.rate, constant)?;
    let mut parameters = taken;
    set_rate(&mut parameters, wanted.rate, config.format)?;
    check_buffer(&parameters)?;
    check_level(&parameters, sets)?;
    Ok(Some(parameters))
}

/// Whether an encoder works with what it was asked for.
pub(super) fn check_taken(asked: Vec<(i64, &'static str)>, taken: &c::x264_param_t) -> Result<(), Error> {
    match asked.into_iter().zip(rate_values(taken)).find(|(asked, taken)| asked != taken) {
        None => Ok(()),
        Some(((asked, _), (found, _))) => {
            Err(refused("rate", &format!("x264 was asked for {asked}, and works with {found}")))
        }
    }
}

fn check_kind(from: RateControl, to: RateControl, constant: bool) -> Result<(), Error> {
    match (from, to) {
        (
            RateControl::Quality { .. } | RateControl::CappedQuality { .. } | RateControl::Constant { .. },
            _,
        ) => Ok(()),
        (RateControl::Constrained { .. }, RateControl::Constrained { bitrate, max, .. }) if constant => {
            if bitrate == max {
                return Ok(());
            }
            Err(refused("rate", "max was bitrate at open, and libx264 keeps it so"))
        }
        (RateControl::Constrained { bitrate: before, .. }, RateControl::Constrained { bitrate, .. }) => {
            if bitrate == before {
                return Ok(());
            }
            let reason = "the average of Constrained stays, libx264 changes max and buffer_ms: take Constant";
            Err(refused("rate", reason))
        }
        (RateControl::Average { .. }, _) => {
            let reason =
                "without a buffer at open libx264 changes none: take Constant, Constrained or CappedQuality";
            Err(refused("rate", reason))
        }
        _ => Err(refused("rate", "libx264 changes no fixed quantizer: see FrameOptions::quantizer")),
    }
}

/// libx264 would take a larger one, and reads none as a change it has nothing to do with.
fn check_buffer(parameters: &c::x264_param_t) -> Result<(), Error> {
    let rc = &parameters.rc;
    if rc.i_vbv_max_bitrate == 0 {
        return Ok(());
    }
    let frame = i64::from(rc.i_vbv_max_bitrate) * i64::from(parameters.i_fps_den)
        / i64::from(parameters.i_fps_num).max(1);
    if i64::from(rc.i_vbv_buffer_size) >= frame.max(1) {
        return Ok(());
    }
    Err(refused("rate", &format!("a buffer of {} kbit, less than a frame has", rc.i_vbv_buffer_size)))
}

/// Decoders were promised a level when the stream began; H.264 table A-1, and A.3.1 to A.3.3 for the factors.
fn check_level(parameters: &c::x264_param_t, sets: &h264::Config) -> Result<(), Error> {
    let Some(level) = level(parameters.i_level_idc) else {
        return Ok(());
    };
    let quarters = match sets.parsed().profile {
        100 => 5,
        110 => 12,
        122 | 244 => 16,
        _ => 4,
    };
    let rc = &parameters.rc;
    let most = |of_main: c_int| i64::from(of_main) * quarters / 4;
    let (rate, buffer) = (most(level.bitrate), most(level.cpb));
    if i64::from(rc.i_vbv_max_bitrate) <= rate && i64::from(rc.i_vbv_buffer_size) <= buffer {
        return Ok(());
    }
    let reason = format!(
        "{} kbit/s and {} kbit of buffer, the stream's level {} has {rate} and {buffer}: open with a higher level",
        rc.i_vbv_max_bitrate, rc.i_vbv_buffer_size, parameters.i_level_idc,
    );
    Err(refused("rate", &reason))
}

fn refused(field: &'static str, reason: &str) -> Error {
    Error::NotReconfigurable { field, reason: reason.to_owned() }
}
