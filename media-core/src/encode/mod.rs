//! Frames in, packets out: H.264 by libx264 (feature `x264`), VP8 and VP9 by libvpx (feature `vpx`), behind one [`Encoder`].
//!
//! This module says what an encoder is asked for, checks frames and timestamps, and keeps what the libraries keep badly: which
//! duration belongs to which packet, and that no frame is lost at the end. One file per library does the rest. Where key frames
//! *should* stand, and what a packet is put into, others know.
//!
//! ```
//! # #[cfg(feature = "x264")] {
//! use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, KeyFrames, RateControl, x264};
//! use media_core::frame::{Frame, PixelFormat};
//! use media_core::time::{TimeBase, Timestamp};
//!
//! let mut config = Config::new(x264::Options::default(), (320, 180), TimeBase::VIDEO, FrameRate::hz(25));
//! config.rate = RateControl::Constrained { bitrate: 400_000, max: 600_000, buffer_ms: 1000 };
//! config.key_frames = KeyFrames::Fixed { every: 50 };
//! let mut encoder = Encoder::open(config)?;
//! let picture = Frame::new(PixelFormat::I420, (320, 180))?;
//! let mut packets = Vec::new();
//! for number in 0..30 {
//!     encoder.push(&picture.as_ref(), Timestamp::new(number * 3600), &FrameOptions::default())?;
//!     packets.extend(std::iter::from_fn(|| encoder.poll()));
//! }
//! packets.extend(encoder.finish()?.coded);
//! assert_eq!(packets.len(), 30); // each with its `packet` and what is known of its `picture`
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where an option of the `x264` or `vpxenc` program went, `command_lines` says (in the documentation with both features).
//!
//! **Licence.** libx264 is GPL-2.0-or-later (or commercial, from x264 LLC). A program built with the feature `x264` is under the GPL as
//! a whole when it is given to others. libvpx is BSD.
//!
//! **Threads.** An [`Encoder`] can be moved to another thread, and is driven by one at a time: it is `Send`, not `Sync`.
//!
//! ```compile_fail
//! fn shared_between_threads<T: Sync>() {}
//! shared_between_threads::<media_core::encode::Encoder>();
//! ```

mod change;
mod coded;
#[cfg(all(feature = "x264", feature = "vpx"))]
#[doc = include_str!("command_lines.md")]
pub mod command_lines {
    #[cfg(doc)]
    use super::*;
}
mod config;
mod error;
mod frame_options;
pub mod ladder;
mod pass;
pub mod rate;
mod rate_control;
mod regions;
#[cfg(feature = "vpx")]
pub mod vpx;
#[cfg(feature = "x264")]
pub mod x264;

use std::collections::VecDeque;

use bytes::Bytes;

pub use self::change::Change;
use self::coded::Tally;
pub use self::coded::{Coded, Finished, Hrd, Layer, Picture, PictureKind, Psnr, Report};
pub use self::config::{Codec, Config, FrameRate, KeyFrames, Latency, Metrics, Threads, Timing};
pub use self::error::Error;
pub use self::frame_options::{FrameOptions, FrameType, Quantizer, Reference, References, Sei, Update};
pub use self::pass::{Pass, Statistics};
pub use self::rate_control::{Quality, RateControl};
pub use self::regions::{Block, Regions};
use crate::codec;
use crate::frame::FrameRef;
use crate::packet::{Key, Packet};
use crate::time::Timestamp;

/// An open encoder: frames are [pushed](Self::push), packets [polled](Self::poll), and [`finish`](Self::finish) gives out those that were
/// held back. Dropping one that still holds frames loses them, which is logged as a warning.
#[derive(Debug)]
pub struct Encoder {
    backend: Backend,
    config: Config,
    codec_config: codec::Config,
    clock: Clock,
    /// Frames inside the library, oldest first: bounded by its delay.
    held: VecDeque<Held>,
    /// Packets not polled yet: bounded by [`MAX_READY`], then `push` refuses.
    ready: VecDeque<Coded>,
    tally: Tally,
    /// The library failed, and what it holds cannot be trusted any more.
    failed: bool,
}

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Encoder>();
};

impl Encoder {
    /// An encoder as `config` asks.
    ///
    /// # Errors
    /// [`Error::Config`] for a value out of range or against another one, [`Error::Unsupported`] for what this codec cannot do,
    /// [`Error::Library`] when the library loaded is not the one compiled for, [`Error::Codec`] when the library itself refuses.
    pub fn open(config: Config) -> Result<Self, Error> {
        let config = config.checked()?;
        let (backend, config, codec_config) = match &config.codec {
            #[cfg(feature = "x264")]
            Codec::X264(options) => Backend::x264(x264::Backend::open(&config, options, None)?),
            #[cfg(feature = "vpx")]
            Codec::Vpx(options) => {
                let (backend, in_effect, codec_config) = vpx::Backend::open(&config, options)?;
                (Backend::Vpx(Box::new(backend)), in_effect, codec_config)
            }
        };
        Ok(Self::new(backend, config, codec_config))
    }

    /// As [`open`](Self::open), and `receiver` gets each slice as soon as it is complete, before the rest of its picture is: for latencies
    /// below a frame. Packets come out of [`poll`](Self::poll) all the same. With [`Threads::Count`] above 1, each makes a slice of its
    /// own; with one thread, `("slices", "4")` or `("slice-max-size", "1200")` among [`params`](x264::Options::params) cut the picture.
    ///
    /// It is called inside [`push`](Self::push) from libx264's threads, several at once, and should be quick. A panic in it is contained;
    /// that `push` then fails, and the encoder with it.
    ///
    /// # Errors
    /// As [`open`](Self::open); also for another codec than libx264, without [`Latency::Realtime`], and with
    /// [`hrd`](x264::Options::hrd).
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, Latency, Threads, x264};
    /// use media_core::frame::{Frame, PixelFormat};
    /// use media_core::time::{TimeBase, Timestamp};
    ///
    /// let mut config = Config::new(x264::Options::default(), (640, 360), TimeBase::VIDEO, FrameRate::hz(25));
    /// (config.latency, config.threads) = (Latency::Realtime, Threads::Count(4));
    /// let sent = Arc::new(Mutex::new(0));
    /// let count = Arc::clone(&sent);
    /// let receiver = move |slice: x264::Slice<'_>| *count.lock().unwrap() += slice.data.len();
    /// let mut encoder = Encoder::open_with_slices(config, receiver)?;
    /// let picture = Frame::new(PixelFormat::I420, (640, 360))?;
    /// encoder.push(&picture.as_ref(), Timestamp::ZERO, &FrameOptions::default())?;
    /// assert_eq!(*sent.lock().unwrap(), encoder.poll().unwrap().packet.data.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "x264")]
    pub fn open_with_slices(
        config: Config,
        receiver: impl Fn(x264::Slice<'_>) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let config = config.checked()?;
        #[cfg_attr(not(feature = "vpx"), expect(irrefutable_let_patterns, reason = "there is but one codec"))]
        let Codec::X264(options) = &config.codec else {
            let reason = "libvpx gives out whole frames".to_owned();
            return Err(Error::Config { field: "codec", reason });
        };
        let receiver = x264::Receiver::new(Box::new(receiver));
        let opened = x264::Backend::open(&config, options, Some(receiver))?;
        let (backend, config, codec_config) = Backend::x264(opened);
        Ok(Self::new(backend, config, codec_config))
    }

    fn new(backend: Backend, config: Config, codec_config: codec::Config) -> Self {
        let clock = Clock { range: longest_stream(config.time_base), run: None };
        Self {
            backend,
            config,
            codec_config,
            clock,
            held: VecDeque::new(),
            ready: VecDeque::new(),
            tally: Tally::default(),
            failed: false,
        }
    }

    /// The configuration in effect: threads counted, level chosen, rates rounded.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What a decoder has to know before the first packet: the track's [`codec`](crate::track::Track::codec).
    pub const fn codec_config(&self) -> &codec::Config {
        &self.codec_config
    }

    /// How many frames may go in before the packet of the first comes out.
    pub fn delay(&self) -> u32 {
        match &self.backend {
            #[cfg(feature = "x264")]
            Backend::X264(backend) => backend.delay(),
            #[cfg(feature = "vpx")]
            Backend::Vpx(backend) => backend.delay(),
        }
    }

    /// Encodes a frame that is shown at `pts`, in ticks of the configuration's time base. What it read of the planes is copied: they
    /// may be reused at once.
    ///
    /// # Errors
    /// Mistakes of the caller leave the encoder as it was: [`Error::Frame`] for another size or format than configured,
    /// [`Error::Samples`] for samples beyond its bits, [`Error::Order`] for a `pts` not above the last one, [`Error::Range`] for one too far from the first, [`Error::Unpolled`] when
    /// packets have piled up. [`Error::Codec`], [`Error::Failed`] and [`Error::NotReconfigurable`] (libx264 did not take an accepted
    /// change) are final; packets that came before can still be polled.
    pub fn push(
        &mut self,
        frame: &FrameRef<'_>,
        pts: Timestamp,
        options: &FrameOptions,
    ) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        if self.ready.len() >= MAX_READY {
            return Err(Error::Unpolled { packets: self.ready.len() });
        }
        let (size, format) = (self.config.size, self.config.format);
        if (frame.size(), frame.format()) != (size, format) {
            return Err(Error::Frame { found: (frame.size(), frame.format()), expected: (size, format) });
        }
        frame.check_samples().map_err(|found| Error::Samples { found })?;
        let run = self.clock.check(pts)?;
        let duration = options.duration.map_or_else(|| self.config.frame_ticks(), |ticks| ticks.get());
        let input = Input {
            frame,
            pts: pts.since(run.first),
            #[cfg(feature = "x264")]
            shown: pts,
            #[cfg(feature = "vpx")]
            duration,
            options,
        };
        self.backend.check(&input)?;
        self.held.push_back(Held { pts, duration });
        self.clock.run = Some(run);
        self.tally.pushed();
        self.encode(Some(&input)).map(drop)
    }

    /// Changes bit rate, quality or frame rate from the next frame on. Whether the library took it is read back, so that nothing is
    /// ignored in silence: with libvpx at once; with libx264, which changes when it begins the next picture, then, by the
    /// [`push`](Self::push) that begins it.
    ///
    /// # Errors
    /// [`Error::NotReconfigurable`] for what this codec changes only by being opened again, [`Error::Config`] for a value out of range,
    /// [`Error::Codec`] when the library refuses; the encoder goes on as it was. [`Error::Failed`] when it had failed before.
    ///
    /// ```
    /// # #[cfg(feature = "vpx")] {
    /// use media_core::encode::{Change, Config, Encoder, FrameRate, RateControl, vpx};
    /// use media_core::time::TimeBase;
    ///
    /// let mut config = Config::new(vpx::Options::vp9(), (320, 180), TimeBase::VIDEO, FrameRate::hz(25));
    /// config.rate = RateControl::Constant { bitrate: 500_000, buffer_ms: 1000 };
    /// let mut encoder = Encoder::open(config)?;
    /// let half = RateControl::Constant { bitrate: 250_000, buffer_ms: 1000 };
    /// encoder.reconfigure(&Change::rate(half))?;
    /// assert_eq!(encoder.config().rate, half);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reconfigure(&mut self, change: &Change) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let wanted = change.applied_to(&self.config)?;
        self.backend.reconfigure(&wanted)?;
        self.config = wanted;
        Ok(())
    }

    /// Spreads an intra refresh over the next pictures, for a receiver that lost some: what a key frame does, without its size. libx264:
    /// `x264_encoder_intra_refresh`.
    ///
    /// # Errors
    /// [`Error::NotReconfigurable`] unless opened with [`KeyFrames::IntraRefresh`], [`Error::Failed`] when it had failed before.
    pub fn refresh(&mut self) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        match &mut self.backend {
            #[cfg(feature = "x264")]
            Backend::X264(backend) => backend.refresh(),
            #[cfg(feature = "vpx")]
            Backend::Vpx(_) => Err(no_means("refresh", "libvpx has key frames only")),
        }
    }

    /// Keeps later pictures from referring to the one shown at `pts` and those that depend on it: a receiver reported it lost. libx264:
    /// `x264_encoder_invalidate_reference`.
    ///
    /// # Errors
    /// [`Error::NotReconfigurable`] when the codec or the configuration (B-frames, any delay) has no means for it, [`Error::Failed`] when
    /// it had failed before.
    pub fn invalidate_reference(&mut self, pts: Timestamp) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let Some(run) = self.clock.run else {
            return Ok(());
        };
        match &mut self.backend {
            #[cfg(feature = "x264")]
            Backend::X264(backend) => backend.invalidate_reference(pts.since(run.first)),
            #[cfg(feature = "vpx")]
            Backend::Vpx(_) => {
                let _ = (run, pts);
                Err(no_means("references", "with libvpx, say in FrameOptions what a frame may refer to"))
            }
        }
    }

    /// The next packet; `None` when the encoder wants more frames first.
    ///
    /// Packets come in decoding order. H.264: `dts` runs ahead of `pts` by the depth of B-frames, so the first ones lie before the
    /// first frame's `pts`, and are negative where that is zero.
    pub fn poll(&mut self) -> Option<Coded> {
        self.ready.pop_front()
    }

    /// Ends the stream: the packets not polled yet and those of the frames still held back, sums over the whole, and the statistics of a
    /// first pass. After an error the packets not polled before are gone, so poll first where that matters.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library fails over the rest, [`Error::File`] when libx264's statistics cannot be read back,
    /// [`Error::Failed`] when it had failed before.
    pub fn finish(mut self) -> Result<Finished, Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        while self.encode(None)? {}
        let lost = std::mem::take(&mut self.held).len();
        if self.backend.leaves_frames_out() {
            self.tally.dropped(lost as u64);
        } else if lost > 0 {
            tracing::error!(frames = lost, "frames went into the encoder and did not come out");
        }
        let statistics = self.backend.take_statistics()?;
        let coded = std::mem::take(&mut self.ready).into();
        Ok(Finished { coded, report: self.tally.report(), statistics })
    }

    /// One call of the library; without input it is asked for what it held back, and says whether there may be more.
    fn encode(&mut self, input: Option<&Input<'_>>) -> Result<bool, Error> {
        let mut out = Vec::new();
        let more = match &mut self.backend {
            #[cfg(feature = "x264")]
            Backend::X264(backend) => backend.encode(input, &mut out),
            #[cfg(feature = "vpx")]
            Backend::Vpx(backend) => backend.encode(input, &mut out),
        };
        for output in out {
            self.release(output);
        }
        self.failed = more.is_err();
        if self.backend.only_counts() {
            self.held.clear();
        }
        more
    }

    /// Makes a packet of what the library put out, with the duration its frame was pushed with.
    fn release(&mut self, output: Output) {
        let Some(run) = self.clock.run else {
            return;
        };
        let pts = run.first.saturating_add(output.pts);
        if self.backend.leaves_frames_out() {
            let before = self.held.len();
            self.held.retain(|held| held.pts >= pts);
            self.tally.dropped((before - self.held.len()) as u64);
        }
        let held = self.held.iter().position(|held| held.pts == pts);
        let held = held.and_then(|index| self.held.remove(index));
        let packet = Packet {
            track: self.config.track,
            pts,
            dts: run.first.saturating_add(output.dts),
            duration: held.map(|held| held.duration),
            key: output.key,
            data: output.data,
            wall: None,
        };
        let coded = Coded { packet, picture: output.picture };
        self.tally.coded(&coded);
        self.ready.push_back(coded);
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        if !self.held.is_empty() && !self.failed {
            let frames = self.held.len();
            tracing::warn!(frames, "encoder dropped without finish, the frames it held are lost");
        }
    }
}

/// The library in use. Each has `open`, `delay`, `check`, `encode`, `reconfigure` and `take_statistics`.
#[derive(Debug)]
enum Backend {
    #[cfg(feature = "x264")]
    X264(Box<x264::Backend>),
    #[cfg(feature = "vpx")]
    Vpx(Box<vpx::Backend>),
}

impl Backend {
    #[cfg(feature = "x264")]
    fn x264(opened: (x264::Backend, Config, codec::Config)) -> (Self, Config, codec::Config) {
        let (backend, config, codec_config) = opened;
        (Self::X264(Box::new(backend)), config, codec_config)
    }

    /// Refuses what goes along with a frame and cannot be had, before the encoder is touched.
    fn check(&self, input: &Input<'_>) -> Result<(), Error> {
        match self {
            #[cfg(feature = "x264")]
            Self::X264(backend) => backend.check(input),
            #[cfg(feature = "vpx")]
            Self::Vpx(backend) => backend.check(input),
        }
    }

    fn reconfigure(&mut self, wanted: &Config) -> Result<(), Error> {
        match self {
            #[cfg(feature = "x264")]
            Self::X264(backend) => backend.reconfigure(wanted),
            #[cfg(feature = "vpx")]
            Self::Vpx(backend) => backend.reconfigure(wanted),
        }
    }

    /// After the last packet: x264 writes its statistics when it is closed.
    fn take_statistics(&mut self) -> Result<Option<Statistics>, Error> {
        match self {
            #[cfg(feature = "x264")]
            Self::X264(backend) => backend.take_statistics(),
            #[cfg(feature = "vpx")]
            Self::Vpx(backend) => backend.take_statistics(),
        }
    }

    /// Whether this is a first pass that puts out no packets.
    fn only_counts(&self) -> bool {
        match self {
            #[cfg(feature = "x264")]
            Self::X264(_) => false,
            #[cfg(feature = "vpx")]
            Self::Vpx(backend) => backend.only_counts(),
        }
    }

    /// Whether the library may put out nothing for a frame. Such a library does not reorder.
    fn leaves_frames_out(&self) -> bool {
        match self {
            #[cfg(feature = "x264")]
            Self::X264(_) => false,
            #[cfg(feature = "vpx")]
            Self::Vpx(backend) => backend.leaves_frames_out(),
        }
    }
}

#[cfg(feature = "vpx")]
fn no_means(field: &'static str, reason: &str) -> Error {
    Error::NotReconfigurable { field, reason: reason.to_owned() }
}

/// A checked frame on its way into a library. Timestamps count from the first frame, so that the libraries see the same small numbers
/// whatever the origin of the caller's clock is.
struct Input<'a> {
    frame: &'a FrameRef<'a>,
    pts: i64,
    /// As the caller counts.
    #[cfg(feature = "x264")]
    shown: Timestamp,
    /// libx264 goes by timestamps alone.
    #[cfg(feature = "vpx")]
    duration: u32,
    options: &'a FrameOptions,
}

/// What came out of a library: timestamps as they went in, bytes as a [`Packet`] has them.
struct Output {
    pts: i64,
    dts: i64,
    key: Key,
    data: Bytes,
    picture: Picture,
}

/// A frame inside a library, and what it does not keep for us.
#[derive(Clone, Copy, Debug)]
struct Held {
    pts: Timestamp,
    duration: u32,
}

/// Holds timestamps to the rules the libraries rely on and do not check: always on, and not so far that their sums overflow.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// How far from the first one a timestamp may be, in ticks.
    range: i64,
    run: Option<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    first: Timestamp,
    last: Timestamp,
}

impl Clock {
    fn check(&self, pts: Timestamp) -> Result<Run, Error> {
        let Some(run) = self.run else {
            if pts.ticks().unsigned_abs() > FARTHEST_START.unsigned_abs() {
                return Err(Error::Range { found: pts, first: Timestamp::ZERO, range: FARTHEST_START });
            }
            return Ok(Run { first: pts, last: pts });
        };
        if pts <= run.last {
            return Err(Error::Order { found: pts, last: run.last });
        }
        if pts.since(run.first) > self.range {
            return Err(Error::Range { found: pts, first: run.first, range: self.range });
        }
        Ok(Run { last: pts, ..run })
    }
}

/// The ticks after which `pts * num * 10^7 / den`, as libvpx computes it in 64 bits with the fraction reduced, would overflow; a
/// quarter of that, for sums and durations. libx264 multiplies by less.
fn longest_stream(time_base: crate::time::TimeBase) -> i64 {
    let (num, den) = (u64::from(time_base.num()) * 10_000_000, u64::from(time_base.den()));
    let (mut divisor, mut rest) = (num, den);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let factor = i64::try_from(num / divisor).unwrap_or(i64::MAX);
    i64::MAX / 4 / factor
}

/// A quarter of 64 bits either way: 73 years of nanoseconds, so the time since 1970 passes until 2043.
const FARTHEST_START: i64 = i64::MAX / 4;
/// More than the libraries ever hold back at once: who polls after each push never meets it.
const MAX_READY: usize = 512;

#[cfg(test)]
#[path = "encode_test.rs"]
mod tests;
