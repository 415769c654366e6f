//! One picture at several sizes at once: VP8 with multi-resolution encoding, where each size begins its search with what the next smaller
//! one found.

use std::collections::VecDeque;
use std::ffi::c_int;

use vpx_sys as c;

use super::context::{self, Context, Settings, Shot};
use super::control::Control;
use super::image::Adapter;
use super::layers::Pattern;
use super::options::{Codec, Deadline, Options, Resilience};
use super::{Beat, check_gap, check_taken, options_of, outputs};
use crate::codec;
use crate::encode::coded::Tally;
use crate::encode::{
    Change, Clock, Coded, Config, Error, Finished, FrameOptions, FrameType, KeyFrames, Latency, MAX_READY,
    Output, Pass, RateControl, Threads, longest_stream,
};
use crate::frame::FrameRef;
use crate::packet::{Key, Packet};
use crate::time::Timestamp;

/// VP8 encoders of falling size over the same pictures, for a forwarder that sends each receiver the size it can take. Driven as an
/// [`Encoder`](crate::encode::Encoder) is, with a frame for each size; key frames stand at the same pictures in all streams.
///
/// libvpx has to be built with `--enable-multi-res-encoding`, as Debian's and Fedora's is.
///
/// ```
/// use media_core::encode::vpx::{Options, Simulcast};
/// use media_core::encode::{Config, FrameOptions, FrameRate, KeyFrames, Latency, RateControl};
/// use media_core::frame::{Frame, PixelFormat};
/// use media_core::time::{TimeBase, Timestamp};
///
/// let sizes = [((320, 180), 300_000), ((160, 90), 100_000)];
/// let configs = sizes.map(|(size, bitrate)| Config {
///     rate: RateControl::Constant { bitrate, buffer_ms: 1000 },
///     key_frames: KeyFrames::OnlyForced,
///     latency: Latency::Realtime,
///     ..Config::new(Options::vp8(), size, TimeBase::VIDEO, FrameRate::hz(25))
/// });
/// let mut simulcast = Simulcast::open(&configs)?;
/// let pictures = sizes.map(|(size, _)| Frame::new(PixelFormat::I420, size));
/// let pictures: Vec<Frame> = pictures.into_iter().collect::<Result<_, _>>()?;
/// let frames: Vec<_> = pictures.iter().map(Frame::as_ref).collect();
/// simulcast.push(&frames, Timestamp::ZERO, &FrameOptions::default())?;
/// let (stream, coded) = simulcast.poll().expect("a packet of the first size");
/// assert!(stream == 0 && coded.packet.key.is_sync());
/// assert_eq!(simulcast.finish()?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Simulcast {
    context: Context,
    streams: Vec<Stream>,
    clock: Clock,
    beat: Option<Beat>,
    /// Packets not polled yet, each with the stream it is of: bounded by what `push` takes.
    ready: VecDeque<(usize, Coded)>,
    failed: bool,
}

/// One size.
#[derive(Debug)]
struct Stream {
    config: Config,
    settings: Settings,
    adapter: Adapter,
    pattern: Option<Pattern>,
    tally: Tally,
}

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Simulcast>();
};

impl Simulcast {
    /// Encoders as `configs` ask, two to [`MAX_STREAMS`](Self::MAX_STREAMS), the largest size first. What they share must be the same: time
    /// base, frame rate, key frames, pixel format, the layers by frame rate and [`cpu_used`](Options::cpu_used).
    ///
    /// Each size is the one before divided by the same simple fraction in width and height, rounded up: 1 to 1/16, such as 1/2 or 2/3.
    ///
    /// # Errors
    /// As [`Encoder::open`](crate::encode::Encoder::open); besides, [`Error::Config`] for what does not go together, and [`Error::Unsupported`]
    /// for anything but VP8 in real time in one pass, at a constant or average rate, without denoiser and resilience.
    pub fn open(configs: &[Config]) -> Result<Self, Error> {
        c::check().map_err(|found| Error::Library { library: "libvpx", reason: found.to_string() })?;
        let configs: Vec<Config> =
            configs.iter().map(|config| config.clone().checked()).collect::<Result<_, _>>()?;
        let mut factors = factors(&configs)?;
        configs.iter().try_for_each(|config| check_shared(config, &configs[0]))?;
        let mut all = Vec::new();
        let mut controls = Vec::new();
        let mut adapters = Vec::new();
        for config in &configs {
            let options = check_options(config)?;
            let mut settings = context::default_settings(Codec::Vp8)?;
            options.codec_config(config)?;
            options.fill(&mut settings, config)?;
            // The streams share a memory without a lock.
            settings.g_threads = 1;
            all.push(settings);
            controls.push(options.controls(config)?);
            adapters.push(Adapter::new(config.format, config.size)?);
        }
        let mut context = Context::open_multi(&mut all, &mut factors, 0).map_err(no_multi)?;
        for (index, controls) in controls.into_iter().enumerate() {
            controls.into_iter().try_for_each(|control| context.control_of(index, control))?;
            check_taken(&all[index], &context.taken(index))?;
        }
        let streams = configs.iter().zip(all).zip(adapters).map(|((config, settings), adapter)| {
            let layers = &options(config).layers;
            let pattern = layers.are_some().then(|| Pattern::new(layers.temporal));
            let config = Config { threads: Threads::Count(1), ..config.clone() };
            Stream { config, settings: Settings::new(settings), adapter, pattern, tally: Tally::default() }
        });
        let first = &configs[0];
        Ok(Self {
            streams: streams.collect(),
            context,
            clock: Clock { range: longest_stream(first.time_base), run: None },
            beat: Beat::of(first.key_frames),
            ready: VecDeque::new(),
            failed: false,
        })
    }

    /// The most sizes.
    pub const MAX_STREAMS: usize = 8;

    /// The configurations in effect, the largest size first.
    pub fn configs(&self) -> impl Iterator<Item = &Config> {
        self.streams.iter().map(|stream| &stream.config)
    }

    /// What decoders have to know, the largest size first.
    pub fn codec_configs(&self) -> Vec<codec::Config> {
        let configs = self.configs().map(|config| options(config).codec_config(config));
        configs.map(|config| config.expect("checked when it was opened")).collect()
    }

    /// Encodes one picture, given at each size, the largest first. What is read of the planes is copied.
    ///
    /// # Errors
    /// As [`Encoder::push`](crate::encode::Encoder::push); [`Error::Streams`] for another number of frames than sizes. Of `options`, the frame
    /// type and the duration can be had.
    pub fn push(
        &mut self,
        frames: &[FrameRef<'_>],
        pts: Timestamp,
        options: &FrameOptions,
    ) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        if self.ready.len() >= MAX_READY {
            return Err(Error::Unpolled { packets: self.ready.len() });
        }
        self.check(frames, options)?;
        let run = self.clock.check(pts)?;
        if let Some(before) = self.clock.run {
            check_gap(pts.since(before.last), self.streams[0].config.time_base)?;
        }
        let duration =
            options.duration.map_or_else(|| self.streams[0].config.frame_ticks(), |ticks| ticks.get());
        let first = self.clock.run.is_none();
        self.clock.run = Some(run);
        let forced = options.frame_type == FrameType::Key;
        let key = self.beat.as_mut().map_or(forced, |beat| beat.next(forced));
        let flags = if key { c::VPX_EFLAG_FORCE_KF } else { 0 };
        let shot = Shot { pts: pts.since(run.first), duration, flags, deadline: Deadline::Realtime.value() };
        let coded = self.encode(frames, shot, key || first);
        self.failed = coded.is_err();
        for (index, output) in coded? {
            self.release(index, output, pts, duration);
        }
        Ok(())
    }

    fn check(&self, frames: &[FrameRef<'_>], options: &FrameOptions) -> Result<(), Error> {
        if frames.len() != self.streams.len() {
            return Err(Error::Streams { found: frames.len(), expected: self.streams.len() });
        }
        for (frame, stream) in frames.iter().zip(&self.streams) {
            let expected = (stream.config.size, stream.config.format);
            if (frame.size(), frame.format()) != expected {
                return Err(Error::Frame { found: (frame.size(), frame.format()), expected });
            }
        }
        let FrameOptions { frame_type, duration, .. } = *options;
        let plain = FrameOptions { frame_type, duration, ..FrameOptions::default() };
        if *options != plain || !matches!(frame_type, FrameType::Auto | FrameType::Key) {
            let reason =
                "with several sizes, possible are frame types Auto and Key, and a duration".to_owned();
            return Err(Error::FrameOption { option: "options", reason });
        }
        Ok(())
    }

    /// One call for all sizes. At most one packet of each comes out.
    fn encode(
        &mut self,
        frames: &[FrameRef<'_>],
        mut shot: Shot,
        key: bool,
    ) -> Result<Vec<(usize, Option<Output>)>, Error> {
        let mut layer = 0;
        for (index, stream) in self.streams.iter_mut().enumerate() {
            let Some(pattern) = &mut stream.pattern else { continue };
            let (next, flags) = pattern.next(key);
            (layer, shot.flags) = (next, shot.flags | flags);
            self.context.control_of(index, Control::temporal_layer(layer))?;
        }
        let images: Vec<_> = (self.streams.iter_mut().zip(frames))
            .map(|(stream, frame)| stream.adapter.image(frame))
            .collect::<Result<_, _>>()?;
        self.context.encode(&images, shot)?;
        let mut coded = Vec::new();
        for index in 0..self.context.count() {
            let mut output = outputs(self.context.packets(index), false).next();
            if let Some(output) = &mut output {
                output.picture.quantizer = self.context.last_quantizer(index);
                output.picture.layer.temporal = if output.key == Key::No { layer } else { 0 };
                output.picture.disposable &= self.streams[index].pattern.is_some();
            }
            coded.push((index, output));
        }
        Ok(coded)
    }

    fn release(&mut self, index: usize, output: Option<Output>, pts: Timestamp, duration: u32) {
        let stream = &mut self.streams[index];
        stream.tally.pushed();
        let Some(Output { key, data, picture, .. }) = output else {
            stream.tally.dropped(1);
            return;
        };
        let track = stream.config.track;
        let packet = Packet { track, pts, dts: pts, duration: Some(duration), key, data, wall: None };
        let coded = Coded { packet, picture };
        stream.tally.coded(&coded);
        self.ready.push_back((index, coded));
    }

    /// The next packet, with the index of the configuration it is of; `None` when there is none before the next frames.
    pub fn poll(&mut self) -> Option<(usize, Coded)> {
        self.ready.pop_front()
    }

    /// Changes the bit rate of one stream from the next frame on.
    ///
    /// # Errors
    /// As [`Encoder::reconfigure`](crate::encode::Encoder::reconfigure); [`Error::Streams`] when there is no such stream.
    pub fn reconfigure(&mut self, index: usize, change: &Change) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let expected = self.streams.len();
        let stream = self.streams.get_mut(index).ok_or(Error::Streams { found: index, expected })?;
        if change.frame_rate.is_some() || change.speed.is_some() {
            let reason = "streams of several sizes share it".to_owned();
            return Err(Error::NotReconfigurable { field: "frame_rate, speed", reason });
        }
        let wanted = change.applied_to(&stream.config)?;
        let mut settings = stream.settings.get();
        options(&wanted).set_rate(&mut settings, &wanted)?;
        self.context.configure(index, &settings)?;
        check_taken(&settings, &self.context.taken(index))?;
        stream.settings = Settings::new(settings);
        stream.config = wanted;
        Ok(())
    }

    /// Ends the streams: for each the packets not polled yet and sums over the whole, the largest size first.
    ///
    /// # Errors
    /// [`Error::Failed`] when it had failed before.
    pub fn finish(self) -> Result<Vec<Finished>, Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let mut finished: Vec<Finished> = self
            .streams
            .iter()
            .map(|stream| Finished { coded: Vec::new(), report: stream.tally.report(), statistics: None })
            .collect();
        for (index, coded) in self.ready {
            finished[index].coded.push(coded);
        }
        Ok(finished)
    }
}

fn options(config: &Config) -> &Options {
    options_of(config).expect("another codec was refused when it was opened")
}

/// What can be had at several sizes.
fn check_options(config: &Config) -> Result<&Options, Error> {
    let unsupported = |field: &'static str, reason: &str| {
        Err(Error::Unsupported { codec: "VP8 at several sizes", field, reason: reason.to_owned() })
    };
    let Some(options) = options_of(config).filter(|options| options.codec == Codec::Vp8) else {
        return unsupported("codec", "possible is VP8");
    };
    if options.deadline != Deadline::Realtime || config.pass != Pass::Single {
        return unsupported("deadline, pass", "possible are Realtime and Single");
    }
    if config.latency != Latency::Realtime {
        return unsupported("latency", "possible is Realtime");
    }
    if !matches!(config.rate, RateControl::Constant { .. } | RateControl::Average { .. }) {
        return unsupported("rate", "possible are Constant and Average");
    }
    if options.noise_sensitivity != 0 || options.resilience != Resilience::None || config.metrics.psnr {
        return unsupported("noise_sensitivity, resilience, metrics", "possible is none of them");
    }
    if matches!(config.key_frames, KeyFrames::Auto { .. }) {
        return unsupported("key_frames", "libvpx would place them in each size by itself");
    }
    if !matches!(config.threads, Threads::Auto | Threads::Count(1)) {
        return unsupported("threads", "the sizes share a memory without a lock, possible is one");
    }
    if super::hides_frames(options) {
        return unsupported("alt_ref", "it needs frames from ahead");
    }
    options.layers.check(options, config)?;
    Ok(options)
}

/// What the streams have in common.
fn check_shared(config: &Config, first: &Config) -> Result<(), Error> {
    check_options(config)?;
    let refused =
        |field: &'static str| Err(Error::Config { field, reason: "all sizes share one".to_owned() });
    if config.time_base != first.time_base {
        return refused("time_base");
    }
    if config.frame_rate != first.frame_rate {
        return refused("frame_rate");
    }
    if config.key_frames != first.key_frames {
        return refused("key_frames");
    }
    if config.format != first.format {
        return refused("format");
    }
    let (options, of_first) = (options(config), options(first));
    if options.layers.temporal != of_first.layers.temporal {
        return refused("layers");
    }
    if options.cpu_used != of_first.cpu_used {
        return refused("cpu_used");
    }
    Ok(())
}

/// How much smaller than each stream the next one is, as libvpx wants it: the last one's is 1/1.
fn factors(configs: &[Config]) -> Result<Vec<c::vpx_rational_t>, Error> {
    if !(2..=Simulcast::MAX_STREAMS).contains(&configs.len()) {
        return Err(Error::Streams { found: configs.len(), expected: 2 });
    }
    let mut factors = Vec::new();
    for pair in configs.windows(2) {
        let (large, small) = (pair[0].size, pair[1].size);
        let found = factor(large, small).ok_or_else(|| {
            let reason = format!("{small:?} is no simple fraction of {large:?}");
            Error::Config { field: "size", reason }
        })?;
        factors.push(found);
    }
    factors.push(c::vpx_rational_t { num: 1, den: 1 });
    Ok(factors)
}

/// The fraction that both sides are divided by, rounding up.
fn factor(large: (u32, u32), small: (u32, u32)) -> Option<c::vpx_rational_t> {
    let divided = |side: u32, num: u32, den: u32| (u64::from(side) * u64::from(den)).div_ceil(u64::from(num));
    let fits = |num: u32, den: u32| {
        divided(large.0, num, den) == u64::from(small.0) && divided(large.1, num, den) == u64::from(small.1)
    };
    let mut fractions = (1..=16_u32).flat_map(|num| (1..=num).map(move |den| (num, den)));
    let (num, den) = fractions.find(|(num, den)| fits(*num, *den) && num > den)?;
    Some(c::vpx_rational_t { num: num as c_int, den: den as c_int })
}

/// A library that cannot do it says so with a code that means more than that.
fn no_multi(found: Error) -> Error {
    match found {
        Error::Codec { code, .. } if code == i64::from(c::VPX_CODEC_INCAPABLE) => {
            let reason = "this libvpx was built without --enable-multi-res-encoding".to_owned();
            Error::Unsupported { codec: "VP8", field: "size", reason }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_simple_fractions_of_each_other() {
        let found = |large, small| factor(large, small).map(|factor| (factor.num, factor.den));
        assert_eq!(found((1280, 720), (640, 360)), Some((2, 1)));
        assert_eq!(found((1280, 720), (854, 480)), Some((3, 2)));
        assert_eq!(found((175, 143), (88, 72)), Some((2, 1)));
        assert_eq!(found((640, 360), (640, 360)), None);
        assert_eq!(found((640, 360), (1280, 720)), None);
        assert_eq!(found((640, 360), (320, 240)), None);
    }
}
