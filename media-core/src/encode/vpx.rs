//! VP8 and VP9 by libvpx: the options of [`Options`], and [`Simulcast`] for one picture at several sizes.
//!
//! libvpx says in its own words why it refuses a configuration; those are passed on. A packet is what the library put out: for VP9 a whole
//! superframe, hidden frames and layers of all sizes included; for VP8 one frame, which may be a
//! [hidden](super::Picture::hidden) one.
//!
//! What goes along with a frame:
//!
//! - [`Quantizer::Fixed`] narrows `rc_min_quantizer` and `rc_max_quantizer` to it for that frame. libvpx says what rate
//!   control chose only afterwards, so that [`Quantizer::Offset`] is refused.
//! - [`Regions`](super::Regions) and [`References`] apply to the frame that is coded next, so that they need
//!   [`Latency::Realtime`](super::Latency::Realtime) unless the codec looks ahead at none anyway, as do quantizers.
//! - libvpx takes what a frame overwrites for all three references or none: beside one that says so, the golden and the alternate one
//!   must too; the last one is overwritten unless it says no.

mod check;
mod context;
mod control;
mod image;
mod layers;
mod maps;
mod options;
mod output;
mod settings;
mod simulcast;
mod statistics;
mod tools;

use std::collections::VecDeque;

use vpx_sys as c;

use self::check::check_gap;
use self::context::{Context, Raw, Settings, Shot};
use self::control::Control;
use self::image::Adapter;
use self::layers::Pattern;
pub use self::layers::{InterLayer, Layers, Spatial, Temporal};
use self::maps::Maps;
pub use self::options::{
    AltRef, Aq, Bounds, Codec, Content, Deadline, LoopFilter, Options, Resilience, Tuning,
};
use self::output::outputs;
pub use self::simulcast::Simulcast;
use self::statistics::{Collector, FirstPass};
use super::{
    Config, Error, FrameOptions, FrameType, Input, KeyFrames, Output, Pass, Quantizer, RateControl,
    References, Statistics, Threads, Update,
};
use crate::codec;
use crate::packet::Key;
use crate::time::TimeBase;

/// An open encoder.
#[derive(Debug)]
pub(super) struct Backend {
    context: Context,
    options: Options,
    settings: Settings,
    adapter: Adapter,
    rate: RateControl,
    size: (u32, u32),
    beat: Option<Beat>,
    layering: Layering,
    stage: Stage,
    /// The last timestamp pushed.
    last: Option<i64>,
    /// Timestamps of frames inside the library: it counts time in 100 ns and gives them back rounded. Bounded by its lookahead.
    inside: VecDeque<i64>,
    /// The last timestamp put out.
    out: i64,
    time_base: TimeBase,
    maps: MapsSet,
}

/// Which pass this is, and what it needs.
#[derive(Debug)]
enum Stage {
    Single,
    First(Collector, String),
    Second {
        /// How many frames the first pass saw.
        frames: u64,
        /// How many came since.
        seen: u64,
        /// Whether it may forget forced key frames.
        forgets_keys: bool,
    },
}

/// Who says what layer a frame is in.
#[derive(Debug)]
enum Layering {
    None,
    /// We do.
    Vp8(Pattern),
    /// libvpx does.
    Vp9,
}

/// Which maps libvpx keeps.
#[derive(Clone, Copy, Debug, Default)]
struct MapsSet {
    offsets: bool,
    active: bool,
}

/// Key frames at a fixed distance. libvpx has that too, but VP8 goes on counting over a forced one.
#[derive(Clone, Copy, Debug)]
struct Beat {
    every: u32,
    /// Frames since the last key frame; none before the first.
    since: u32,
}

impl Beat {
    fn of(key_frames: KeyFrames) -> Option<Self> {
        match key_frames {
            KeyFrames::Fixed { every } => Some(Self { every, since: 0 }),
            _ => None,
        }
    }

    /// Whether the next frame is a key frame, by the distance or because it is `forced`.
    fn next(&mut self, forced: bool) -> bool {
        let key = forced || self.since == self.every;
        self.since = if key { 1 } else { self.since + 1 };
        key
    }
}

impl Backend {
    /// Opens the library; also gives the configuration in effect and that of the decoder.
    pub(super) fn open(config: &Config, options: &Options) -> Result<(Self, Config, codec::Config), Error> {
        // Before anything passes a structure: the library writes as many bytes as it believes in.
        c::check().map_err(|found| Error::Library { library: "libvpx", reason: found.to_string() })?;
        let codec_config = options.codec_config(config)?;
        let options = &options.fitted_to(config)?;
        options.layers.check(options, config)?;
        let mut settings = context::default_settings(options.codec)?;
        options.fill(&mut settings, config)?;
        let controls = options.controls(config)?;
        check_hidden(options, config)?;
        let (stage, first_pass) = Stage::new(config, options)?;
        let adapter = Adapter::new(config.format, config.size)?;
        let mut context = Context::open(options.codec, &settings, flags(config), first_pass)?;
        controls.into_iter().try_for_each(|control| context.control(control))?;
        if let Some(size) = options.render_size {
            context.set_render_size(size)?;
        }
        let layering = open_layers(&mut context, options, &settings)?;
        check_taken(&settings, &context.taken(0))?;
        let in_effect = in_effect(config, options, &settings);
        let backend = Self {
            context,
            options: options.clone(),
            settings: Settings::new(settings),
            adapter,
            rate: config.rate,
            size: config.size,
            beat: Beat::of(config.key_frames),
            layering,
            stage,
            last: None,
            inside: VecDeque::new(),
            out: 0,
            time_base: config.time_base,
            maps: MapsSet::default(),
        };
        Ok((backend, in_effect, codec_config))
    }

    pub(super) fn delay(&self) -> u32 {
        self.settings.get().g_lag_in_frames
    }

    /// Changes what differs from before.
    pub(super) fn reconfigure(&mut self, wanted: &Config) -> Result<(), Error> {
        let options = options_of(wanted).expect("a change keeps the codec");
        if wanted.rate == self.rate && options.cpu_used == self.options.cpu_used {
            return Ok(());
        }
        if !matches!(self.stage, Stage::Single) {
            let reason = "two passes look at the stream as a whole".to_owned();
            return Err(Error::NotReconfigurable { field: "rate", reason });
        }
        let mut settings = self.settings.get();
        if wanted.rate != self.rate {
            options.set_rate(&mut settings, wanted)?;
        }
        let speed = options.checked_speed()?;
        options.layers.check(options, wanted)?;
        if wanted.rate != self.rate {
            self.configure(&settings)?;
        }
        if options.cpu_used != self.options.cpu_used {
            self.context.control(Control::cpu_used(speed))?;
        }
        if let RateControl::Quality { q } | RateControl::CappedQuality { q, .. } = wanted.rate {
            self.context.control(Control::cq_level(settings::whole(q)?))?;
        }
        if matches!(self.layering, Layering::Vp9) {
            self.context.set_layers(options.layers.parameters(options, &settings))?;
        }
        self.settings = Settings::new(settings);
        self.options = options.clone();
        self.rate = wanted.rate;
        Ok(())
    }

    /// Changes the settings and looks whether they were taken; goes back otherwise.
    fn configure(&mut self, settings: &c::vpx_codec_enc_cfg_t) -> Result<(), Error> {
        let set = self.context.configure(0, settings);
        let taken = set.and_then(|()| check_taken(settings, &self.context.taken(0)));
        if let Err(found) = taken {
            self.context.configure(0, &self.settings.get())?;
            return Err(Error::NotReconfigurable { field: "rate", reason: found.to_string() });
        }
        Ok(())
    }

    pub(super) fn take_statistics(&mut self) -> Result<Option<Statistics>, Error> {
        match &mut self.stage {
            Stage::First(collector, source) => Ok(Some(collector.finish(source.clone()))),
            _ => Ok(None),
        }
    }

    /// Whether packets come out at all.
    pub(super) fn only_counts(&self) -> bool {
        matches!(self.stage, Stage::First(..))
    }

    /// Whether rate control may drop frames: also VP8 with a constant rate, which drops what came out far too large.
    pub(super) fn leaves_frames_out(&self) -> bool {
        let constant = matches!(self.rate, RateControl::Constant { .. });
        constant && (self.options.drop_frames > 0 || self.options.codec == Codec::Vp8)
    }

    pub(super) fn encode(&mut self, input: Option<&Input<'_>>, out: &mut Vec<Output>) -> Result<bool, Error> {
        let layer = match input {
            Some(input) => self.encode_frame(input)?,
            None => {
                self.context.flush(self.options.deadline.value())?;
                0
            }
        };
        let raw = self.context.packets(0);
        let more = raw.iter().any(|raw| matches!(raw, Raw::Frame(_)));
        let before = out.len();
        if let Stage::First(collector, _) = &mut self.stage {
            for raw in &raw {
                if let Raw::Statistics(piece) = raw {
                    collector.push(piece);
                }
            }
        }
        out.extend(outputs(raw, self.options.layers.has_spatial()));
        for output in &mut out[before..] {
            self.stamp(output);
            output.picture.disposable = match self.options.codec {
                Codec::Vp8 => output.picture.disposable && self.keeps_statistics(input),
                // libvpx 1.12 does not say it of VP9, but the frame does.
                Codec::Vp9 => codec::vp9::is_disposable(&output.data),
            };
        }
        if let [output] = &mut out[before..] {
            // Of several, libvpx tells of the last one only.
            output.picture.quantizer = self.context.last_quantizer(0);
            output.picture.layer.temporal = match self.layering {
                _ if output.key != Key::No => 0,
                Layering::None => 0,
                Layering::Vp8(_) => layer,
                Layering::Vp9 => self.context.temporal_layer()?,
            };
        }
        Ok(more)
    }

    /// Gives a packet the time of its frame. A hidden one has none, and comes a tick after the one before.
    fn stamp(&mut self, output: &mut Output) {
        let nearest = self.inside.iter().enumerate().min_by_key(|(_, pts)| pts.abs_diff(output.pts));
        let pts = match nearest {
            Some((index, &pts)) if !output.picture.hidden => {
                // Those before were left out.
                self.inside.drain(..=index);
                pts
            }
            _ => self.out + 1,
        };
        (output.pts, output.dts, self.out) = (pts, pts, pts);
    }

    /// Whether the VP8 frame that came out leaves the statistics of those after it alone.
    fn keeps_statistics(&self, input: Option<&Input<'_>>) -> bool {
        let said = input.is_some_and(|input| overwrites_nothing(input.options.references));
        said || self.options.resilience != Resilience::None || matches!(self.layering, Layering::Vp8(_))
    }

    /// One frame with all that goes along with it. Gives the layer it is in where we say it.
    fn encode_frame(&mut self, input: &Input<'_>) -> Result<u8, Error> {
        let forced = input.options.frame_type == FrameType::Key;
        let first = self.last.is_none();
        self.last = Some(input.pts);
        if !self.only_counts() {
            self.inside.push_back(input.pts);
        }
        let key = match &mut self.beat {
            Some(beat) => beat.next(forced),
            None => forced,
        };
        if let Stage::Second { seen, .. } = &mut self.stage {
            *seen += 1;
        }
        let mut flags = reference_flags(input.options.references);
        if key {
            flags |= c::VPX_EFLAG_FORCE_KF;
        }
        let mut layer = 0;
        if let Layering::Vp8(pattern) = &mut self.layering {
            let (next, pattern) = pattern.next(key || first);
            (layer, flags) = (next, flags | pattern);
            self.context.control(Control::temporal_layer(layer))?;
        }
        self.set_maps(input.options)?;
        let fixed = match input.options.quantizer {
            Quantizer::Fixed(q) => Some(q),
            _ => None,
        };
        if let Some(q) = fixed {
            self.fix_quantizer(q)?;
        }
        let deadline = self.options.deadline.value();
        let image = self.adapter.image(input.frame)?;
        self.context.encode(&[image], Shot { pts: input.pts, duration: input.duration, flags, deadline })?;
        if fixed.is_some() {
            self.free_quantizer()?;
        }
        Ok(layer)
    }

    /// Maps stay until the next ones; VP9 drops that of unchanged blocks with each key frame.
    fn set_maps(&mut self, options: &FrameOptions) -> Result<(), Error> {
        let codec = self.options.codec;
        let maps = match &options.regions {
            Some(regions) => Maps::new(codec, regions)?,
            None => Maps::none(codec, self.size),
        };
        let says = MapsSet { offsets: !maps.offsets.is_empty(), active: !maps.active.is_empty() };
        if says.offsets || self.maps.offsets {
            self.context.set_offsets(codec, &maps.offsets, maps.offset_grid, maps.values)?;
        }
        if says.active || self.maps.active {
            self.context.set_active(&maps.active, maps.active_grid)?;
        }
        self.maps = says;
        Ok(())
    }

    fn fix_quantizer(&mut self, q: u8) -> Result<(), Error> {
        let mut settings = self.settings.get();
        (settings.rc_min_quantizer, settings.rc_max_quantizer) = (q.into(), q.into());
        self.context.configure(0, &settings)?;
        self.set_level(Some(q))
    }

    fn free_quantizer(&mut self) -> Result<(), Error> {
        self.context.configure(0, &self.settings.get())?;
        self.set_level(None)
    }

    /// Where a quality is kept, VP8 wants it between the quantizers.
    fn set_level(&mut self, fixed: Option<u8>) -> Result<(), Error> {
        if let RateControl::Quality { q } | RateControl::CappedQuality { q, .. } = self.rate {
            let level = fixed.map_or_else(|| settings::whole(q), Ok)?;
            self.context.control(Control::cq_level(level))?;
        }
        Ok(())
    }
}

impl Stage {
    fn new(config: &Config, options: &Options) -> Result<(Self, Option<FirstPass>), Error> {
        let source = statistics::source(options.codec, config);
        match &config.pass {
            Pass::Single => Ok((Self::Single, None)),
            Pass::First => Ok((Self::First(Collector::default(), source), None)),
            Pass::Second(statistics) => {
                let first_pass = FirstPass::new(options.codec, statistics, &source)?;
                let forgets_keys = options.may_forget_keys(config);
                Ok((Self::Second { frames: first_pass.frames(), seen: 0, forgets_keys }, Some(first_pass)))
            }
        }
    }
}

/// `None` for a configuration of another library.
fn options_of(config: &Config) -> Option<&Options> {
    match &config.codec {
        super::Codec::Vpx(options) => Some(options),
        #[cfg(feature = "x264")]
        super::Codec::X264(_) => None,
    }
}

fn flags(config: &Config) -> c::vpx_codec_flags_t {
    let psnr = if config.metrics.psnr { c::VPX_CODEC_USE_PSNR } else { 0 };
    psnr | if config.format.bit_depth() > 8 { c::VPX_CODEC_USE_HIGHBITDEPTH } else { 0 }
}

fn open_layers(
    context: &mut Context,
    options: &Options,
    settings: &c::vpx_codec_enc_cfg_t,
) -> Result<Layering, Error> {
    let layers = &options.layers;
    match options.codec {
        _ if !layers.are_some() => return Ok(Layering::None),
        Codec::Vp8 => return Ok(Layering::Vp8(Pattern::new(layers.temporal))),
        Codec::Vp9 => {}
    }
    context.control(Control::svc(true))?;
    context.set_layers(layers.parameters(options, settings))?;
    if layers.has_spatial() {
        context.control(Control::inter_layer_prediction(layers.inter_layer as u8))?;
        if options.drop_frames > 0 {
            context.set_layer_drop(layers.drop(options.drop_frames))?;
        }
    }
    Ok(Layering::Vp9)
}

fn in_effect(config: &Config, options: &Options, settings: &c::vpx_codec_enc_cfg_t) -> Config {
    let mut config = config.clone();
    config.threads = Threads::Count(u8::try_from(settings.g_threads).unwrap_or(1).max(1));
    config.codec = super::Codec::Vpx(options.in_effect(config.size));
    config
}

/// Compares what was told with what the library keeps.
fn check_taken(told: &c::vpx_codec_enc_cfg_t, taken: &c::vpx_codec_enc_cfg_t) -> Result<(), Error> {
    let numbers = |settings: &c::vpx_codec_enc_cfg_t| {
        [
            ("rc_target_bitrate", settings.rc_target_bitrate),
            ("rc_min_quantizer", settings.rc_min_quantizer),
            ("rc_max_quantizer", settings.rc_max_quantizer),
            ("rc_buf_sz", settings.rc_buf_sz),
            ("rc_end_usage", settings.rc_end_usage),
        ]
    };
    for ((field, told), (_, taken)) in numbers(told).into_iter().zip(numbers(taken)) {
        if told != taken {
            let reason = format!("libvpx made {taken} of {field} {told}");
            return Err(Error::Config { field: "rate", reason });
        }
    }
    Ok(())
}

/// VP8 puts hidden frames a tick after the shown one before.
fn check_hidden(options: &Options, config: &Config) -> Result<(), Error> {
    if hides_frames(options) && config.frame_ticks() < 2 {
        let reason = "VP8's hidden frames need a tick of their own between two others".to_owned();
        return Err(Error::Config { field: "time_base", reason });
    }
    Ok(())
}

fn hides_frames(options: &Options) -> bool {
    options.codec == Codec::Vp8 && options.alt_ref.layers.is_some_and(|layers| layers > 0)
}

/// `VP8_EFLAG_*`; the references have been checked.
fn reference_flags(references: References) -> c::vpx_enc_frame_flags_t {
    let References { last, golden, alternate } = references;
    // A frame that may be left out must not leave its statistics behind.
    let mut flags = if overwrites_nothing(references) { c::VP8_EFLAG_NO_UPD_ENTROPY } else { 0 };
    for (reference, unread, kept, forced) in [
        (last, c::VP8_EFLAG_NO_REF_LAST, c::VP8_EFLAG_NO_UPD_LAST, 0),
        (golden, c::VP8_EFLAG_NO_REF_GF, c::VP8_EFLAG_NO_UPD_GF, c::VP8_EFLAG_FORCE_GF),
        (alternate, c::VP8_EFLAG_NO_REF_ARF, c::VP8_EFLAG_NO_UPD_ARF, c::VP8_EFLAG_FORCE_ARF),
    ] {
        flags |= if reference.read { 0 } else { unread };
        flags |= match reference.update {
            Update::Auto => 0,
            Update::Never => kept,
            Update::Always => forced,
        };
    }
    flags
}

fn overwrites_nothing(references: References) -> bool {
    let References { last, golden, alternate } = references;
    [last, golden, alternate].iter().all(|reference| reference.update == Update::Never)
}

#[cfg(test)]
#[path = "vpx_test.rs"]
mod tests;
