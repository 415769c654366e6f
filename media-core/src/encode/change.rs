//! What a running encoder is asked to change.

use super::{Config, Error, FrameRate, RateControl};

/// What [`reconfigure`](super::Encoder::reconfigure) changes; `None` leaves a thing as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Bit rate, buffer or quality; the kind of rate control stays the same. libx264 changes bit rates only where a buffer was given at
    /// open: that of `Constant`, and the highest of `Constrained` and `CappedQuality`, as far as the stream's level allows; none in one of
    /// two passes, nor where the stream signals them to decoders.
    pub rate: Option<RateControl>,
    /// Pictures per second from now on. libvpx, which goes by timestamps, takes it for the duration of frames pushed without one; libx264
    /// has written it into its parameter sets and refuses.
    pub frame_rate: Option<FrameRate>,
    /// Speed against quality. libvpx: [`cpu_used`](super::vpx::Options::cpu_used); libx264 refuses.
    pub speed: Option<i8>,
}

impl Change {
    /// Another bit rate, buffer or quality.
    pub const fn rate(rate: RateControl) -> Self {
        Self { rate: Some(rate), frame_rate: None, speed: None }
    }

    /// Another pace.
    pub const fn frame_rate(frame_rate: FrameRate) -> Self {
        Self { rate: None, frame_rate: Some(frame_rate), speed: None }
    }

    /// Another speed.
    pub const fn speed(speed: i8) -> Self {
        Self { rate: None, frame_rate: None, speed: Some(speed) }
    }

    /// The configuration that is wanted.
    pub(super) fn applied_to(&self, config: &Config) -> Result<Config, Error> {
        let mut wanted = config.clone();
        if let Some(rate) = self.rate {
            if std::mem::discriminant(&rate) != std::mem::discriminant(&config.rate) {
                let reason = format!("from {:?} to {rate:?}, the kind of rate control stays", config.rate);
                return Err(Error::NotReconfigurable { field: "rate", reason });
            }
            wanted.rate = rate;
        }
        wanted.frame_rate = self.frame_rate.unwrap_or(config.frame_rate);
        match (self.speed, &mut wanted.codec) {
            #[cfg(feature = "vpx")]
            (Some(speed), super::Codec::Vpx(options)) => options.cpu_used = speed,
            #[cfg(feature = "x264")]
            (Some(_), super::Codec::X264(_)) => {
                let reason = "libx264 has no speed of its own, only presets".to_owned();
                return Err(Error::NotReconfigurable { field: "speed", reason });
            }
            (None, _) => {}
        }
        wanted.checked()
    }
}
