//! What may go along with a frame, which depends on how the encoder was opened: the library would ignore the rest, or read past an end.

use std::ffi::c_int;
use std::ops::RangeInclusive;

use x264_sys as c;

use super::format::quantizer_offset;
use crate::encode::{Block, Config, Error, FrameOptions, FrameType, Quantizer, References, Regions, Sei};

/// What the encoder has means for.
#[derive(Debug)]
pub(super) struct Rules {
    size: (u32, u32),
    /// Macroblocks of a picture, of which interlaced ones have an even number of rows.
    pub(super) macroblocks: usize,
    /// What x264 adds to quantizers of more than 8 bits.
    pub(super) quantizer_offset: c_int,
    quantizers: RangeInclusive<c_int>,
    adaptive_quantization: bool,
    pub(super) b_frames: bool,
    b_references: bool,
    unchanged_blocks: bool,
}

impl Rules {
    /// Of an encoder that works with `taken`.
    pub(super) fn of(config: &Config, taken: &c::x264_param_t) -> Self {
        let (columns, rows) = (config.size.0.div_ceil(16) as usize, config.size.1.div_ceil(16) as usize);
        let offset = quantizer_offset(config.format);
        Self {
            size: config.size,
            macroblocks: columns * rows.next_multiple_of(2),
            quantizer_offset: offset,
            quantizers: (taken.rc.i_qp_min - offset).max(0)..=(taken.rc.i_qp_max - offset).min(MAX_QUANTIZER),
            adaptive_quantization: taken.rc.i_aq_mode != c::X264_AQ_NONE,
            b_frames: taken.i_bframe > 0,
            b_references: taken.i_bframe_pyramid != c::X264_B_PYRAMID_NONE,
            unchanged_blocks: taken.analyse.b_mb_info != 0,
        }
    }

    pub(super) fn check(&self, options: &FrameOptions) -> Result<(), Error> {
        if options.references != References::ALL {
            return Err(refused(
                "references",
                "libx264 chooses them; see Encoder::invalidate_reference".into(),
            ));
        }
        self.check_type(options.frame_type)?;
        self.check_quantizer(options.quantizer)?;
        if let Some(regions) = &options.regions {
            self.check_regions(regions)?;
        }
        check_messages(&options.sei)
    }

    fn check_type(&self, kind: FrameType) -> Result<(), Error> {
        let possible = match kind {
            FrameType::B => self.b_frames,
            FrameType::BReference => self.b_frames && self.b_references,
            _ => true,
        };
        if possible {
            return Ok(());
        }
        Err(refused("frame_type", format!("{kind:?}, the encoder was opened without such frames")))
    }

    fn check_quantizer(&self, quantizer: Quantizer) -> Result<(), Error> {
        match quantizer {
            Quantizer::Auto => Ok(()),
            Quantizer::Fixed(qp) if self.quantizers.contains(&qp.into()) => Ok(()),
            Quantizer::Fixed(qp) => {
                let (first, last) = (self.quantizers.start(), self.quantizers.end());
                Err(refused("quantizer", format!("{qp}, the encoder was opened for {first} to {last}")))
            }
            Quantizer::Offset(steps) => self.check_offset("quantizer", steps),
        }
    }

    fn check_regions(&self, regions: &Regions) -> Result<(), Error> {
        if regions.size() != self.size {
            let reason = format!("for pictures of {:?}, these are {:?}", regions.size(), self.size);
            return Err(refused("regions", reason));
        }
        for block in regions.blocks() {
            match block {
                Block::Offset(0) => {}
                Block::Offset(steps) => self.check_offset("regions", *steps)?,
                Block::Unchanged if self.unchanged_blocks => {}
                Block::Unchanged => {
                    let reason = "unchanged blocks, for which Options::unchanged_blocks is to be set at open";
                    return Err(refused("regions", reason.to_owned()));
                }
            }
        }
        Ok(())
    }

    fn check_offset(&self, option: &'static str, steps: i8) -> Result<(), Error> {
        if !self.adaptive_quantization {
            let reason = "offsets need adaptive quantization, which is off (aq-mode 0, or a fixed quantizer)";
            return Err(refused(option, reason.to_owned()));
        }
        if (-MAX_QUANTIZER..=MAX_QUANTIZER).contains(&steps.into()) {
            return Ok(());
        }
        Err(refused(
            option,
            format!("an offset of {steps}, possible are -{MAX_QUANTIZER} to {MAX_QUANTIZER}"),
        ))
    }
}

/// libx264 writes messages into a buffer of a megabyte without looking how much is left.
fn check_messages(messages: &[Sei]) -> Result<(), Error> {
    let all: usize = messages.iter().map(|sei| sei.payload.len() + MESSAGE_OVERHEAD).sum();
    if all > MAX_MESSAGES {
        let reason = format!("{all} bytes with headers, possible are {MAX_MESSAGES} in a frame");
        return Err(refused("sei", reason));
    }
    match messages.iter().find(|sei| !(2..=MAX_TYPE).contains(&sei.payload_type) || sei.payload_type == 6) {
        None => Ok(()),
        Some(Sei { payload_type: kind @ (0 | 1 | 6), .. }) => Err(refused(
            "sei",
            format!("payload type {kind}, which the encoder itself writes where it belongs"),
        )),
        Some(Sei { payload_type, .. }) => {
            Err(refused("sei", format!("payload type {payload_type}, possible are up to {MAX_TYPE}")))
        }
    }
}

fn refused(option: &'static str, reason: String) -> Error {
    Error::FrameOption { option, reason }
}

/// The coarsest quantizer, and the farthest an offset can reach.
const MAX_QUANTIZER: c_int = 51;
/// Bytes of messages in a frame: captions and metadata are some hundred.
const MAX_MESSAGES: usize = 1 << 16;
/// Length, header, type, size and trailing bits of a message are less.
const MESSAGE_OVERHEAD: usize = 64;
/// H.264 has given out some two hundred; each 255 takes a byte.
const MAX_TYPE: u32 = 1023;
