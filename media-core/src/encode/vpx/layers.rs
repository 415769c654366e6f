//! Streams within a stream: by frame rate (temporal layers, VP8 and VP9) and by size (spatial layers, VP9).
//!
//! libvpx checks little of what it is told about layers, and stores some of it before it refuses; so all of it is checked here, before
//! anything is called.

use std::ffi::{c_int, c_uint};

use vpx_sys as c;

use super::options::{Aq, Codec, Deadline, Options};
use crate::encode::{Config, Error, KeyFrames, Pass, RateControl};

/// Streams within a stream, for a forwarder that sends each receiver as much as it can take; in real time with
/// [`Constant`](RateControl::Constant) only. [`Picture::layer`](crate::encode::Picture::layer) says where a packet belongs: those above a
/// temporal layer are left out whole, and [`vp9::first_frames`](crate::codec::vp9::first_frames) cuts the upper spatial layers off a packet.
///
/// Key frames must be [`Fixed`](KeyFrames::Fixed) or [`OnlyForced`](KeyFrames::OnlyForced): libvpx would place its own in any layer.
///
/// ```
/// use media_core::encode::vpx::{Layers, Options, Spatial, Temporal};
/// let at_three_frame_rates = Options {
///     layers: Layers { temporal: Temporal::Three { base: 40, middle: 60 }, ..Layers::NONE },
///     ..Options::vp8()
/// };
/// let at_three_sizes = Options {
///     layers: Layers {
///         spatial: vec![Spatial::new((1, 4), 10), Spatial::new((1, 2), 30), Spatial::new((1, 1), 60)],
///         ..Layers::NONE
///     },
///     ..Options::vp9()
/// };
/// # let _ = (at_three_frame_rates, at_three_sizes);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    /// By frame rate; [`Temporal::One`] by default.
    pub temporal: Temporal,
    /// VP9: by size, the smallest first, up to three, the last one of full size; none (the default) for one of full size.
    pub spatial: Vec<Spatial>,
    /// VP9: when a spatial layer is predicted from the one below; [`InterLayer::Always`] by default. C: `VP9E_SET_SVC_INTER_LAYER_PRED`.
    pub inter_layer: InterLayer,
}

/// Layers by frame rate, and what percent of the bit rate the lower ones take together; 1 to 99 and rising. C: `ts_number_layers`,
/// `ts_target_bitrate`, `layer_target_bitrate`, `temporal_layering_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Temporal {
    /// All frames are in one.
    One,
    /// Every other frame is in the upper one.
    Two {
        /// Percent for the lower layer; 60 is usual.
        base: u8,
    },
    /// Of four frames one is in the lowest, one in the middle and two in the upper one.
    Three {
        /// Percent for the lowest layer; 40 is usual.
        base: u8,
        /// Percent for the lower two; 60 is usual.
        middle: u8,
    },
}

/// A layer by size. C: `vpx_svc_extra_cfg_t`, `layer_target_bitrate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spatial {
    /// Its share of width and height as a fraction, at least a quarter: (1, 2) is half. An odd side is made even by one more.
    pub scale: (u8, u8),
    /// Percent of the bit rate that this layer takes beside the others; they add up to 100.
    pub percent: u8,
    /// The best and the worst quantizer, 0 to 63.
    pub quantizers: (u8, u8),
    /// Its speed, 5 to 9; `None` for [`cpu_used`](Options::cpu_used).
    pub cpu_used: Option<i8>,
}

impl Spatial {
    /// A layer of that scale and percent of the bit rate, quantizers from 2 to 56.
    pub const fn new(scale: (u8, u8), percent: u8) -> Self {
        Self { scale, percent, quantizers: (2, 56), cpu_used: None }
    }

    /// Width and height in pixels, as libvpx makes them.
    fn size(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let (num, den) = (u32::from(self.scale.0), u32::from(self.scale.1));
        let side = |full: u32| (full * num / den).next_multiple_of(2);
        if num == den { (width, height) } else { (side(width), side(height)) }
    }
}

/// When a spatial layer is predicted from the one below. Never at all would be streams that overwrite each other's references in a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterLayer {
    /// In every picture: the fewest bits. C: `INTER_LAYER_PRED_ON`.
    Always = 0,
    /// In key frames only, so that between them a receiver needs its own layer only. C: `INTER_LAYER_PRED_OFF_NONKEY`.
    KeyFrames = 2,
}

impl Layers {
    /// One stream.
    pub const NONE: Self =
        Self { temporal: Temporal::One, spatial: Vec::new(), inter_layer: InterLayer::Always };

    /// Whether there are any.
    pub(super) fn are_some(&self) -> bool {
        self.temporal != Temporal::One || !self.spatial.is_empty()
    }

    pub(super) fn has_spatial(&self) -> bool {
        !self.spatial.is_empty()
    }

    /// All that can be wrong with them.
    pub(super) fn check(&self, options: &Options, config: &Config) -> Result<(), Error> {
        if *self == Self::NONE {
            return Ok(());
        }
        if options.deadline != Deadline::Realtime || config.pass != Pass::Single {
            return refused("layers are made in real time and one pass only".to_owned());
        }
        if !matches!(config.rate, RateControl::Constant { .. }) {
            return refused("layers take rate Constant".to_owned());
        }
        if matches!(config.key_frames, KeyFrames::Auto { .. }) {
            return refused("layers take key_frames Fixed or OnlyForced".to_owned());
        }
        self.temporal.check()?;
        match options.codec {
            Codec::Vp8 if self.has_spatial() || self.inter_layer != InterLayer::Always => {
                let reason = "it has no layers by size: see Simulcast".to_owned();
                Err(Error::Unsupported { codec: "VP8", field: "layers", reason })
            }
            Codec::Vp8 => Ok(()),
            Codec::Vp9 => self.check_vp9(options, config),
        }
    }

    fn check_vp9(&self, options: &Options, config: &Config) -> Result<(), Error> {
        if !(5..=9).contains(&options.cpu_used.unsigned_abs()) {
            return refused(format!("layers take cpu_used 5 to 9, not {}", options.cpu_used));
        }
        if !matches!(options.aq, Aq::None | Aq::CyclicRefresh) {
            return refused("layers take aq None or CyclicRefresh".to_owned());
        }
        if config.metrics.psnr && self.has_spatial() {
            return refused("libvpx measures no psnr of layers by size".to_owned());
        }
        if !self.has_spatial() {
            return Ok(());
        }
        if super::image::profile(Codec::Vp9, config.format)? != 0 {
            return refused("layers by size take 8 bits and halved chroma".to_owned());
        }
        self.check_spatial(config.size)
    }

    fn check_spatial(&self, size: (u32, u32)) -> Result<(), Error> {
        let count = self.spatial.len();
        if count > 3 {
            return refused(format!("{count} layers by size, possible are up to 3"));
        }
        for layer in &self.spatial {
            let ((num, den), (best, worst)) = (layer.scale, layer.quantizers);
            if num == 0 || num > den || u32::from(num) * 4 < u32::from(den) {
                return refused(format!("scale {num}/{den}, possible are 1/4 to 1"));
            }
            if best > worst || worst > 63 {
                return refused(format!("quantizers {best} to {worst}, possible are 0 to 63"));
            }
            if layer.percent == 0 || layer.cpu_used.is_some_and(|speed| !(5..=9).contains(&speed)) {
                return refused("a layer needs at least 1 percent, and cpu_used 5 to 9".to_owned());
            }
            let (width, height) = layer.size(size);
            if width < MIN_SIDE || height < MIN_SIDE {
                return refused(format!(
                    "a layer of {width}x{height}, sides have at least {MIN_SIDE} pixels"
                ));
            }
        }
        let sizes: Vec<(u32, u32)> = self.spatial.iter().map(|layer| layer.size(size)).collect();
        if !sizes.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1)
            || sizes[count - 1] != size
        {
            return refused(format!("sizes {sizes:?} do not rise to the full one"));
        }
        match self.spatial.iter().map(|layer| u32::from(layer.percent)).sum::<u32>() {
            100 => Ok(()),
            sum => refused(format!("percents of layers by size add up to {sum}, not 100")),
        }
    }

    /// Lays them down, with the bit rate shared out.
    pub(super) fn fill(&self, settings: &mut c::vpx_codec_enc_cfg_t, codec: Codec) -> Result<(), Error> {
        if !self.are_some() {
            return Ok(());
        }
        let total = settings.rc_target_bitrate;
        let percents = self.temporal.percents();
        let count = percents.len();
        settings.ts_number_layers = count as c_uint;
        for (layer, percent) in percents.iter().enumerate() {
            settings.ts_target_bitrate[layer] = share(total, *percent)?;
            settings.ts_rate_decimator[layer] = 1 << (count - 1 - layer);
        }
        if settings.ts_target_bitrate[..count].windows(2).any(|pair| pair[0] >= pair[1]) {
            return refused(format!("{total} kbit/s are too few to share out"));
        }
        let order = self.temporal.order();
        settings.ts_periodicity = order.len() as c_uint;
        for (frame, layer) in order.iter().enumerate() {
            settings.ts_layer_id[frame] = (*layer).into();
        }
        if codec == Codec::Vp9 {
            self.fill_vp9(settings, &percents)?;
        }
        Ok(())
    }

    fn fill_vp9(&self, settings: &mut c::vpx_codec_enc_cfg_t, percents: &[u8]) -> Result<(), Error> {
        let total = settings.rc_target_bitrate;
        let shares: Vec<u8> = match self.spatial.as_slice() {
            [] => vec![100],
            layers => layers.iter().map(|layer| layer.percent).collect(),
        };
        settings.ss_number_layers = shares.len() as c_uint;
        for (spatial, percent) in shares.iter().enumerate() {
            let whole = share(total, *percent)?;
            settings.ss_target_bitrate[spatial] = whole;
            for (temporal, percent) in percents.iter().enumerate() {
                settings.layer_target_bitrate[spatial * percents.len() + temporal] = share(whole, *percent)?;
            }
        }
        settings.temporal_layering_mode = match self.temporal {
            Temporal::One => c::VP9E_TEMPORAL_LAYERING_MODE_NOLAYERING as c_int,
            Temporal::Two { .. } => c::VP9E_TEMPORAL_LAYERING_MODE_0101 as c_int,
            Temporal::Three { .. } => c::VP9E_TEMPORAL_LAYERING_MODE_0212 as c_int,
        };
        Ok(())
    }

    /// `VP9E_SET_SVC_PARAMETERS`.
    pub(super) fn parameters(
        &self,
        options: &Options,
        settings: &c::vpx_codec_enc_cfg_t,
    ) -> c::vpx_svc_extra_cfg_t {
        let mut parameters = c::vpx_svc_extra_cfg_t::default();
        let whole = Spatial {
            quantizers: (settings.rc_min_quantizer as u8, settings.rc_max_quantizer as u8),
            ..Spatial::new((1, 1), 100)
        };
        let layers = if self.spatial.is_empty() { &[whole][..] } else { &self.spatial };
        let temporal = settings.ts_number_layers.max(1) as usize;
        for (index, layer) in layers.iter().enumerate() {
            let speed = layer.cpu_used.unwrap_or(options.cpu_used).unsigned_abs();
            parameters.speed_per_layer[index] = speed.into();
            parameters.scaling_factor_num[index] = layer.scale.0.into();
            parameters.scaling_factor_den[index] = layer.scale.1.into();
            parameters.loopfilter_ctrl[index] = options.loop_filter as c_int;
            for slot in index * temporal..(index + 1) * temporal {
                parameters.min_quantizers[slot] = layer.quantizers.0.into();
                parameters.max_quantizers[slot] = layer.quantizers.1.into();
            }
        }
        parameters.temporal_layering_mode = settings.temporal_layering_mode;
        parameters
    }

    /// `VP9E_SET_SVC_FRAME_DROP_LAYER`: all layers of a picture or none.
    pub(super) fn drop(&self, threshold: u8) -> c::vpx_svc_frame_drop_t {
        c::vpx_svc_frame_drop_t {
            framedrop_thresh: [threshold.into(); 5],
            framedrop_mode: c::FULL_SUPERFRAME_DROP,
            max_consec_drop: c_int::MAX,
        }
    }
}

impl Temporal {
    fn check(self) -> Result<(), Error> {
        let percents = self.percents();
        if percents[0] >= 1 && percents.windows(2).all(|pair| pair[0] < pair[1]) {
            return Ok(());
        }
        refused(format!("percents {percents:?} of layers by frame rate do not rise from 1 to 100"))
    }

    /// Of a layer and those below.
    fn percents(self) -> Vec<u8> {
        match self {
            Self::One => vec![100],
            Self::Two { base } => vec![base, 100],
            Self::Three { base, middle } => vec![base, middle, 100],
        }
    }

    /// The layers of the frames, over and over.
    fn order(self) -> &'static [u8] {
        match self {
            Self::One => &[0],
            Self::Two { .. } => &[0, 1],
            Self::Three { .. } => &[0, 2, 1, 2],
        }
    }
}

/// Which frames of a VP8 stream may read and overwrite what, so that none refers to a layer above its own.
///
/// The last frame is the lowest layer's, the golden frame the middle one's, and the upper layer overwrites nothing. The alternate
/// frame stays the key frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    temporal: Temporal,
    /// Frames since the last key frame.
    at: usize,
}

impl Pattern {
    pub(super) fn new(temporal: Temporal) -> Self {
        Self { temporal, at: 0 }
    }

    /// The layer and the flags of the next frame. A key frame begins anew.
    pub(super) fn next(&mut self, key: bool) -> (u8, c::vpx_enc_frame_flags_t) {
        if key {
            self.at = 0;
        }
        let order = self.temporal.order();
        let at = self.at % order.len();
        self.at += 1;
        let layer = order[at];
        let top = order.iter().copied().max().unwrap_or(0);
        let reads_golden = top == 2 && at == 3;
        let keep_golden = c::VP8_EFLAG_NO_UPD_GF;
        let flags = match layer {
            _ if key => return (0, 0),
            0 => keep_golden,
            _ if layer < top => c::VP8_EFLAG_NO_UPD_LAST | c::VP8_EFLAG_NO_UPD_ENTROPY,
            _ => c::VP8_EFLAG_NO_UPD_LAST | keep_golden | c::VP8_EFLAG_NO_UPD_ENTROPY,
        };
        let unread = if reads_golden { 0 } else { c::VP8_EFLAG_NO_REF_GF };
        (layer, flags | unread | c::VP8_EFLAG_NO_REF_ARF | c::VP8_EFLAG_NO_UPD_ARF)
    }
}

fn share(total: c_uint, percent: u8) -> Result<c_uint, Error> {
    match u64::from(total) * u64::from(percent) / 100 {
        0 => refused(format!("{percent} percent of {total} kbit/s are none")),
        share => Ok(share as c_uint),
    }
}

fn refused<T>(reason: String) -> Result<T, Error> {
    Err(Error::Config { field: "layers", reason })
}

/// One macroblock: smaller pictures are of no use to anyone.
const MIN_SIDE: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_frame_begins_the_pattern_anew() {
        let mut pattern = Pattern::new(Temporal::Three { base: 40, middle: 60 });
        let layers: Vec<u8> = (0..11).map(|number| pattern.next(number == 0 || number == 5).0).collect();
        assert_eq!(layers, [0, 2, 1, 2, 0, 0, 2, 1, 2, 0, 2]);
    }

    #[test]
    fn no_frame_reads_what_a_layer_above_has_written() {
        // The middle layer writes the golden frame, which the lower one neither reads nor writes.
        let mut pattern = Pattern::new(Temporal::Three { base: 40, middle: 60 });
        pattern.next(true);
        for _ in 0..8 {
            let (layer, flags) = pattern.next(false);
            let writes = |flag| flags & flag == 0;
            assert_eq!(writes(c::VP8_EFLAG_NO_UPD_LAST), layer == 0);
            assert_eq!(writes(c::VP8_EFLAG_NO_UPD_GF), layer == 1);
            assert_eq!(writes(c::VP8_EFLAG_NO_UPD_ENTROPY), layer == 0);
            assert!(!writes(c::VP8_EFLAG_NO_UPD_ARF) && (layer == 2 || !writes(c::VP8_EFLAG_NO_REF_GF)));
        }
    }
}
