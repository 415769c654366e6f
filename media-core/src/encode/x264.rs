//! H.264 by libx264: the parameters of [`Options`] and the one place that calls the library.
//!
//! **libx264 is GPL-2.0-or-later**: a program that contains this module is under the GPL as a whole.
//!
//! Parameters are laid down in the order of the `x264` program (preset and tune, then single values, then the profile), so that the same
//! options give the same stream. What the library would change in silence is compared with what it took, and refused.
//!
//! At 10 bits quantizers keep the scale of 8 bits, as H.264's own do: 30 is as coarse in both. The `x264` program counts 12 more there
//! (`--qp 42`), but not in `--crf`.

mod change;
mod format;
mod handle;
mod log;
mod options;
mod output;
mod parameters;
mod pass;
mod picture;
mod rules;
mod slices;
mod statistics;
mod taken;

use std::collections::VecDeque;
use std::ffi::c_int;
use std::sync::Arc;

use bytes::Bytes;
use x264_sys as c;

use self::format::Scratch;
use self::handle::{Handle, Parameters};
pub use self::options::{Crop, NalHrd, Options, Preset, Profile, Tune};
use self::output::{Asked, Nal};
use self::pass::Files;
use self::picture::Picture;
use self::rules::Rules;
pub(super) use self::slices::Receiver;
pub use self::slices::Slice;
use self::taken::rate_values;
use super::{
    Codec, Config, Error, Input, KeyFrames, Latency, Output, Pass, RateControl, Statistics, Threads,
};
use crate::codec::{self, Parser, h264};
use crate::frame::PixelFormat;
use crate::packet::Key;

/// An open `x264_t`.
#[derive(Debug)]
pub(super) struct Backend {
    /// `None` once it was closed for its statistics.
    encoder: Option<Handle>,
    /// Removed after the encoder is closed, which has them open.
    files: Option<Files>,
    /// How many frames there may still be; `None` for any number.
    frames_left: Option<usize>,
    config: Config,
    options: Options,
    sets: h264::Config,
    rules: Rules,
    asked: Asked,
    scratch: Scratch,
    receiver: Option<Arc<Receiver>>,
    /// The quantizers of pictures begun, oldest first: at most one for each thread.
    begun: VecDeque<c_int>,
    /// What was asked for and stands in the encoder's parameters only when the next picture begins.
    changing: Option<Vec<(i64, &'static str)>>,
    /// Whether the peak rate was the average at open.
    constant: bool,
}

impl Backend {
    /// Opens the library; also gives the configuration in effect and the parameter sets.
    pub(super) fn open(
        config: &Config,
        options: &Options,
        receiver: Option<Receiver>,
    ) -> Result<(Self, Config, codec::Config), Error> {
        c::check().map_err(|found| Error::Library { library: "libx264", reason: found.to_string() })?;
        let (files, frames) = files(config)?.unzip();
        let mut parameters = Parameters::new(config, options, files.as_ref())?;
        if let Latency::Frames(frames) = config.latency {
            if config.threads == Threads::Auto {
                let threads = Handle::open(&mut parameters)?.parameters().i_threads;
                parameters.set_threads_within(threads, frames);
            }
            parameters.limit_delay(frames)?;
        }
        let mut encoder = Handle::open(&mut parameters)?;
        let taken = encoder.parameters();
        parameters.check_taken(&taken)?;
        check_level(&encoder, options)?;
        check_delay(&encoder, config.latency)?;
        let sets = encoder.headers(parameter_sets)?;
        let sets = sets.map_err(|error| Error::ParameterSets { reason: error.to_string() })?;
        if receiver.is_some() {
            encoder = reopened_for_slices(&mut parameters, config, options, encoder)?;
        }
        let in_effect = in_effect(config, options, &taken);
        let backend = Self {
            encoder: Some(encoder),
            files,
            frames_left: frames.flatten(),
            rules: Rules::of(config, &taken),
            asked: Asked {
                psnr: config.metrics.psnr,
                ssim: config.metrics.ssim,
                hrd: options.hrd != NalHrd::None,
            },
            scratch: Scratch::default(),
            receiver: receiver.map(Arc::new),
            begun: VecDeque::new(),
            changing: None,
            constant: is_constant(config.rate),
            config: in_effect.clone(),
            options: options.clone(),
            sets: sets.clone(),
        };
        Ok((backend, in_effect, codec::Config::H264(sets)))
    }

    pub(super) fn delay(&self) -> u32 {
        self.encoder.as_ref().map_or(0, Handle::delay)
    }

    /// Refuses what there are no means for.
    pub(super) fn check(&self, input: &Input<'_>) -> Result<(), Error> {
        if self.frames_left == Some(0) {
            // libx264 crashes.
            let reason = "the first pass had no more frames".to_owned();
            return Err(Error::Config { field: "pass", reason });
        }
        self.rules.check(input.options)
    }

    pub(super) fn encode(&mut self, input: Option<&Input<'_>>, out: &mut Vec<Output>) -> Result<bool, Error> {
        let encoder = self.encoder.as_mut().ok_or(Error::Failed)?;
        let scratch = &mut self.scratch;
        let picture = input.map(|input| Picture::new(input, &self.rules, scratch, self.receiver.as_ref()));
        let encoded = encoder.encode(picture)?;
        if let (Some(left), Some(_)) = (&mut self.frames_left, input) {
            *left -= 1;
        }
        let more = encoder.delayed() > 0;
        let mut changed = Ok(());
        if let Some(quantizer) = encoded.begun {
            self.begun.push_back(quantizer);
            if let Some(asked) = self.changing.take() {
                changed = change::check_taken(asked, &encoder.parameters());
            }
        }
        if let Some(output) = encoded.output {
            // Pictures come out in the order they were begun in.
            let quantizer = self.begun.pop_front().map(|qp| (qp - self.rules.quantizer_offset) as f32);
            out.push(Output {
                pts: output.pts,
                dts: output.dts,
                key: self.key(&output),
                picture: output.picture(self.asked, quantizer),
                data: output.data,
            });
        }
        changed.map(|()| more)
    }

    /// Whether decoding can start at a picture. Of key frames that are not IDR, open GOPs and rounds of intra refresh, the recovery
    /// point message in them says more.
    fn key(&self, output: &output::Output) -> Key {
        match (output.is_key, output.kind) {
            (false, _) => Key::No,
            (true, super::PictureKind::Key) => Key::Closed,
            (true, _) => {
                let sets = codec::Config::H264(self.sets.clone());
                Parser::new(&sets).parse(output.data.clone()).key
            }
        }
    }

    pub(super) fn reconfigure(&mut self, wanted: &Config) -> Result<(), Error> {
        let encoder = self.encoder.as_mut().ok_or(Error::Failed)?;
        let (taken, constant) = (encoder.parameters(), self.constant);
        let parameters =
            change::parameters(&self.config, &self.options, wanted, taken, constant, &self.sets)?;
        let Some(mut parameters) = parameters else {
            return Ok(());
        };
        encoder.reconfigure(&mut parameters)?;
        self.changing = Some(rate_values(&parameters));
        self.config = wanted.clone();
        Ok(())
    }

    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        let KeyFrames::IntraRefresh { .. } = self.config.key_frames else {
            let reason = "the encoder was not opened with KeyFrames::IntraRefresh".to_owned();
            return Err(Error::NotReconfigurable { field: "refresh", reason });
        };
        self.encoder.as_mut().ok_or(Error::Failed)?.intra_refresh();
        Ok(())
    }

    pub(super) fn invalidate_reference(&mut self, pts: i64) -> Result<(), Error> {
        let refused =
            |reason: &str| Error::NotReconfigurable { field: "references", reason: reason.to_owned() };
        if let KeyFrames::IntraRefresh { .. } = self.config.key_frames {
            return Err(refused("with intra refresh there is but one: see Encoder::refresh"));
        }
        if self.rules.b_frames {
            return Err(refused(
                "libx264 forgets none while it has B-frames: take Latency::Realtime, or bframes 0",
            ));
        }
        let encoder = self.encoder.as_mut().ok_or(Error::Failed)?;
        if encoder.delay() > 0 {
            return Err(refused("frames that are inside have chosen theirs: take Latency::Realtime"));
        }
        encoder.invalidate_reference(pts)
    }

    /// Closes the encoder after a first pass, which is when libx264 completes its files.
    pub(super) fn take_statistics(&mut self) -> Result<Option<Statistics>, Error> {
        match (&self.config.pass, &self.files) {
            (Pass::First, Some(files)) => {
                drop(self.encoder.take());
                files.read(source(self.config.format)).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// The files of a pass, for which libx264 has no other way, and how many frames a second one may have.
fn files(config: &Config) -> Result<Option<(Files, Option<usize>)>, Error> {
    match &config.pass {
        Pass::Single => Ok(None),
        Pass::First => Ok(Some((Files::new()?, None))),
        Pass::Second(statistics) => {
            let (files, frames) = Files::with(statistics, &source(config.format), config.size)?;
            Ok(Some((files, Some(frames))))
        }
    }
}

/// Whose statistics these are.
fn source(format: PixelFormat) -> String {
    format!("libx264 {}, {} bits", c::x264_pointver().to_string_lossy(), format.bit_depth())
}

/// An encoder that calls back cannot give its parameter sets any more: libx264 would look for the picture they belong to. So it is opened
/// twice.
fn reopened_for_slices(
    parameters: &mut Parameters,
    config: &Config,
    options: &Options,
    first: Handle,
) -> Result<Handle, Error> {
    if config.latency != Latency::Realtime {
        let reason = "slices come early only with Latency::Realtime".to_owned();
        return Err(Error::Config { field: "latency", reason });
    }
    if options.hrd != NalHrd::None {
        let reason = "buffering periods are known only after the slices".to_owned();
        return Err(Error::Config { field: "hrd", reason });
    }
    // First, since both may write the statistics of a first pass.
    drop(first);
    parameters.0.nalu_process = Some(slices::process);
    let encoder = Handle::open(parameters)?;
    if encoder.parameters().nalu_process.is_some() {
        return Ok(encoder);
    }
    let reason = "libx264 does not give out slices with threads on frames".to_owned();
    Err(Error::Unsupported { codec: "libx264", field: "threads", reason })
}

/// x264 only warns of a stream beyond its level, which then does not play where the level was asked for.
fn check_level(encoder: &Handle, options: &Options) -> Result<(), Error> {
    match (options.level, encoder.warning("level limit")) {
        (Some(_), Some(reason)) => Err(Error::Config { field: "level", reason }),
        _ => Ok(()),
    }
}

fn check_delay(encoder: &Handle, latency: Latency) -> Result<(), Error> {
    let allowed = match latency {
        Latency::Realtime => 0,
        Latency::Frames(frames) => frames,
        Latency::Unlimited => return Ok(()),
    };
    let delay = encoder.delay();
    if delay <= allowed {
        return Ok(());
    }
    let reason = format!("{allowed} frames at most, the settings make it {delay}");
    Err(Error::Unsupported { codec: "libx264", field: "latency", reason })
}

/// What became of the configuration.
fn in_effect(config: &Config, options: &Options, taken: &c::x264_param_t) -> Config {
    let level = u8::try_from(taken.i_level_idc).ok().or(options.level);
    let mut config = config.clone();
    config.threads = u8::try_from(taken.i_threads).map_or(config.threads, Threads::Count);
    // Grey pictures have none, and H.264 says so.
    config.colour.matrix = u8::try_from(taken.vui.i_colmatrix).unwrap_or(config.colour.matrix);
    config.codec = Codec::X264(Options { level, ..options.clone() });
    config
}

const fn is_constant(rate: RateControl) -> bool {
    match rate {
        RateControl::Constant { .. } => true,
        RateControl::Constrained { bitrate, max, .. } => bitrate == max,
        _ => false,
    }
}

/// The sequence and picture parameter sets, without the lengths before them.
fn parameter_sets(nals: &[Nal<'_>]) -> Result<h264::Config, h264::Error> {
    let sets = |kind: u32| -> Vec<Bytes> {
        let units = nals.iter().filter(|nal| nal.kind == kind);
        units.filter_map(|nal| nal.data.get(LENGTH..)).map(Bytes::copy_from_slice).collect()
    };
    h264::Config::from_parameter_sets(&sets(c::NAL_SPS), &sets(c::NAL_PPS))
}

/// Bytes of the length before a NAL unit (`b_annexb = 0`).
const LENGTH: usize = 4;

#[cfg(test)]
#[path = "x264_test.rs"]
mod tests;
