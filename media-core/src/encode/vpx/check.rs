//! What goes along with a frame, held against what libvpx has means for, before anything of it is called.

use super::maps::Maps;
use super::options::{Aq, Codec, Deadline, Resilience};
use super::{Backend, Stage, hides_frames};
use crate::encode::{
    Error, FrameOptions, FrameType, Input, Quantizer, RateControl, Reference, References, Update,
};
use crate::time::TimeBase;

impl Backend {
    /// Refuses what there are no means for.
    pub(in crate::encode) fn check(&self, input: &Input<'_>) -> Result<(), Error> {
        let options = input.options;
        if !matches!(options.frame_type, FrameType::Auto | FrameType::Key) {
            return refused("frame_type", format!("{:?}, libvpx takes Auto and Key", options.frame_type));
        }
        if !options.sei.is_empty() {
            return refused("sei", "VP8 and VP9 have no place for messages".to_owned());
        }
        if let Some(last) = self.last {
            check_gap(input.pts - last, self.time_base)?;
            if hides_frames(&self.options) && input.pts - last < 2 {
                let reason = "one tick after the last: VP8's hidden frames need one of their own";
                return refused("pts", reason.to_owned());
            }
        }
        self.stage.check(options.frame_type)?;
        self.check_quantizer(options.quantizer)?;
        self.check_references(options.references)?;
        self.check_regions(options)
    }

    fn check_quantizer(&self, quantizer: Quantizer) -> Result<(), Error> {
        let option = "quantizer";
        match quantizer {
            Quantizer::Auto => return Ok(()),
            Quantizer::Fixed(q @ 64..) => return refused(option, format!("{q}, libvpx takes 0 to 63")),
            Quantizer::Fixed(_) => {}
            Quantizer::Offset(_) => {
                let reason = "libvpx says what rate control chose only afterwards: take Fixed".to_owned();
                return refused(option, reason);
            }
        }
        if self.rate == RateControl::Lossless {
            return refused(option, "what is lossless has none".to_owned());
        }
        if self.options.layers.are_some() {
            return refused(option, "layers have quantizers of their own".to_owned());
        }
        self.check_immediate(option)
    }

    fn check_references(&self, references: References) -> Result<(), Error> {
        let option = "references";
        if references == References::ALL {
            return Ok(());
        }
        let References { last, golden, alternate } = references;
        if ![last, golden, alternate].iter().any(|reference| reference.read) {
            return refused(option, "none is left to read: ask for a key frame".to_owned());
        }
        let said = |reference: Reference| reference.update != Update::Auto;
        if said(golden) != said(alternate) || (said(last) && !said(golden)) {
            let reason = "libvpx takes what is overwritten for all three references or none".to_owned();
            return refused(option, reason);
        }
        if self.options.layers.are_some() {
            return refused(option, "layers say which references a frame has".to_owned());
        }
        self.check_immediate(option)
    }

    fn check_regions(&self, options: &FrameOptions) -> Result<(), Error> {
        let option = "regions";
        let Some(regions) = &options.regions else {
            return Ok(());
        };
        if regions.size() != self.size {
            return refused(option, format!("a map for {:?}, pictures have {:?}", regions.size(), self.size));
        }
        let maps = Maps::new(self.options.codec, regions)?;
        if maps.offsets.is_empty() && maps.active.is_empty() {
            return Ok(());
        }
        if self.options.layers.has_spatial() {
            return refused(option, "layers by size have none".to_owned());
        }
        let slow = !(5..=9).contains(&self.options.cpu_used.unsigned_abs());
        match self.options.codec {
            Codec::Vp9 if self.options.deadline != Deadline::Realtime || slow => {
                return refused(option, "VP9 has them in real time at cpu_used 5 to 9 only".to_owned());
            }
            Codec::Vp9 if self.options.aq != Aq::None => {
                return refused(option, "VP9 has them without aq only".to_owned());
            }
            Codec::Vp8 if self.options.resilience != Resilience::None && !maps.offsets.is_empty() => {
                return refused(option, "VP8 has offsets without resilience only".to_owned());
            }
            _ if self.rate == RateControl::Lossless && !maps.offsets.is_empty() => {
                return refused(option, "what is lossless has no quantizer".to_owned());
            }
            _ => {}
        }
        self.check_immediate(option)
    }

    /// What libvpx applies to the frame it codes next must not meet another one.
    fn check_immediate(&self, option: &'static str) -> Result<(), Error> {
        if self.settings.get().g_lag_in_frames > 0 || !matches!(self.stage, Stage::Single) {
            let reason = "libvpx looks ahead and would apply it to another frame: take latency Realtime";
            return refused(option, reason.to_owned());
        }
        Ok(())
    }
}

impl Stage {
    fn check(&self, frame_type: FrameType) -> Result<(), Error> {
        match self {
            Self::Second { forgets_keys: true, .. } if frame_type == FrameType::Key => {
                let reason = "VP9 may forget it in a second pass: take key_frames OnlyForced";
                refused("frame_type", reason.to_owned())
            }
            Self::Second { frames, seen, .. } if seen == frames => {
                refused("pass", format!("frame {}, the first pass saw {frames}", seen + 1))
            }
            _ => Ok(()),
        }
    }
}

/// libvpx counts time in 100 ns: frames it cannot tell apart by that are refused.
pub(super) fn check_gap(gap: i64, time_base: TimeBase) -> Result<(), Error> {
    let (num, den) = (i128::from(time_base.num()), i128::from(time_base.den()));
    if i128::from(gap) * num * 10_000_000 >= 2 * den {
        return Ok(());
    }
    refused("pts", format!("{gap} ticks after the last, libvpx tells apart what is 200 ns away"))
}

fn refused<T>(option: &'static str, reason: String) -> Result<T, Error> {
    Err(Error::FrameOption { option, reason })
}
