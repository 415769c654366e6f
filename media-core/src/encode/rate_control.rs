//! How the bits are shared out, in words that both libraries understand.

use super::Error;

/// How the bits are shared out. Bit rates are bits per second, rounded to whole kbit/s, the unit of both libraries.
///
/// Quality and quantizer count as the codec does, smaller is better: libx264 1 to 51 (23 is usual; six less double the rate), VP8 and
/// VP9 0 to 63 (VP9 looks at 31 about as libx264 at 23). The scales do not correspond and are not made to. More bits per sample do not
/// change them: where the `x264` program takes `--qp 42` at 10 bits, it is 30 here.
///
/// | here | libx264 | VP8, VP9 |
/// |---|---|---|
/// | `Quality` | `X264_RC_CRF`, `rf_constant = q` | VP9 `VPX_Q`, VP8 `VPX_CQ` with a rate that never binds; `VP8E_SET_CQ_LEVEL = q` |
/// | `CappedQuality` | `X264_RC_CRF`, `rf_constant = q`, `vbv_max_bitrate = max`, `vbv_buffer_size` | `VPX_CQ`, `VP8E_SET_CQ_LEVEL = q`, `rc_target_bitrate = max`, `rc_buf_sz` |
/// | `Average` | `X264_RC_ABR`, `bitrate` | `VPX_VBR`, `rc_target_bitrate` |
/// | `Constrained` | `X264_RC_ABR`, `bitrate`, `vbv_max_bitrate = max`, `vbv_buffer_size` | refused: libvpx has no such bound |
/// | `Constant` | `X264_RC_ABR`, `bitrate = vbv_max_bitrate`, `vbv_buffer_size` | `VPX_CBR`, `rc_target_bitrate`, `rc_buf_sz`, `rc_buf_initial_sz` (2/3), `rc_buf_optimal_sz` (5/6) |
/// | `Quantizer` | `X264_RC_CQP`, `qp_constant = qp` | `rc_min_quantizer = rc_max_quantizer = qp` |
/// | `Lossless` | `X264_RC_CQP`, `qp_constant = 0`, profile High 4:4:4 Predictive | VP9 `VP9E_SET_LOSSLESS`; VP8 refused: its transform loses |
///
/// Buffers are milliseconds of the bit rate beside them: what a decoder has to store before it starts, and how long the rate may be
/// exceeded. libx264 takes them as kbit (`rate * buffer_ms / 1000`), libvpx as milliseconds.
///
/// Two passes ([`Pass`](super::Pass)) go with `Average` and `Constrained`, and with libvpx with the qualities too. What a running libx264
/// [changes](super::Change): `Quality`, all of `CappedQuality` and `Constant`, and the peak and buffer of `Constrained`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RateControl {
    /// The same visible quality throughout, at whatever rate that takes.
    Quality {
        /// The quality.
        q: Quality,
    },
    /// As `Quality`, but worse where the rate would exceed `max`. libx264 holds it over every `buffer_ms`; libvpx only over the
    /// stream as a whole, so that whoever sends through a pipe of fixed width takes `Constant` there.
    CappedQuality {
        /// The quality where the rate allows it.
        q: Quality,
        /// The highest rate, bits per second.
        max: u32,
        /// Milliseconds of `max` that the decoder buffers.
        buffer_ms: u32,
    },
    /// A rate on average over the whole stream, and unbounded over seconds: for files.
    Average {
        /// Bits per second.
        bitrate: u32,
    },
    /// A rate on average and a higher one that holds over every `buffer_ms`: for streams.
    Constrained {
        /// Bits per second on average.
        bitrate: u32,
        /// The highest rate, bits per second; at least `bitrate`.
        max: u32,
        /// Milliseconds of `max` that the decoder buffers.
        buffer_ms: u32,
    },
    /// One rate over every `buffer_ms`: for pipes of fixed width.
    Constant {
        /// Bits per second.
        bitrate: u32,
        /// Milliseconds of `bitrate` that the decoder buffers.
        buffer_ms: u32,
    },
    /// The same quantizer throughout (libx264 varies it between frame types): for measurements.
    Quantizer {
        /// The quantizer.
        qp: u8,
    },
    /// Every sample comes back as it went in.
    Lossless,
}

/// A quality on the codec's own scale, to a tenth: smaller is better. libvpx takes whole ones only.
///
/// ```
/// use media_core::encode::Quality;
/// assert_eq!(Quality::from(23), Quality::tenths(230));
/// assert_eq!(Quality::tenths(235).to_string(), "23.5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quality(u16);

impl Quality {
    /// So many tenths: 235 is 23.5.
    pub const fn tenths(tenths: u16) -> Self {
        Self(tenths)
    }

    /// The quality in tenths.
    pub const fn in_tenths(self) -> u16 {
        self.0
    }
}

impl From<u8> for Quality {
    fn from(quality: u8) -> Self {
        Self(u16::from(quality) * 10)
    }
}

impl std::fmt::Display for Quality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}", self.0 / 10),
            tenth => write!(f, "{}.{tenth}", self.0 / 10),
        }
    }
}

impl RateControl {
    /// The same with bit rates in whole kbit/s, or why it makes no sense.
    pub(super) fn in_kilobits(mut self) -> Result<Self, Error> {
        let (bitrate, max, buffer) = match &mut self {
            Self::Quality { .. } | Self::Quantizer { .. } | Self::Lossless => return Ok(self),
            Self::Average { bitrate } => (Some(bitrate), None, None),
            Self::CappedQuality { max, buffer_ms, .. } => (None, Some(max), Some(buffer_ms)),
            Self::Constrained { bitrate, max, buffer_ms } => (Some(bitrate), Some(max), Some(buffer_ms)),
            Self::Constant { bitrate, buffer_ms } => (Some(bitrate), None, Some(buffer_ms)),
        };
        let (mut average, mut highest) = (0, u32::MAX);
        for (rate, into) in [(bitrate, &mut average), (max, &mut highest)] {
            if let Some(rate) = rate {
                *rate = round_to_kilobits(*rate)?;
                *into = *rate;
            }
        }
        if average > highest {
            let reason = format!("bitrate {average} is above max {highest}");
            return Err(Error::Config { field: "rate", reason });
        }
        match buffer {
            Some(&mut milliseconds) if !(1..=MAX_BUFFER_MS).contains(&milliseconds) => {
                let reason = format!("buffer of {milliseconds} ms, possible are 1 to {MAX_BUFFER_MS}");
                Err(Error::Config { field: "rate", reason })
            }
            _ => Ok(self),
        }
    }
}

fn round_to_kilobits(rate: u32) -> Result<u32, Error> {
    if (1000..=MAX_BITRATE).contains(&rate) {
        return Ok((rate + 500) / 1000 * 1000);
    }
    let reason = format!("{rate} bit/s, possible are 1000 to {MAX_BITRATE}");
    Err(Error::Config { field: "rate", reason })
}

/// Both libraries multiply kbit/s by 1000 in an `int`; a tenth of that is left for their own sums. Blu-ray ends at 40 Mbit/s.
pub(super) const MAX_BITRATE: u32 = 1_000_000_000;
/// A minute: libvpx counts the buffer's bits in 64 bits, libx264 its kbit in an `int`.
const MAX_BUFFER_MS: u32 = 60_000;
