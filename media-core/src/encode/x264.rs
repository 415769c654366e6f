//! H.264 by libx264: the parameters of [`Options`] and the one place that calls the library.
//!
//! **libx264 is GPL-2.0-or-later**: a program that contains this module is under the GPL as a whole.
//!
//! Parameters are laid down in the order of the `x264` program (preset and tune, then single values, then the profile), so that the same
//! options give the same stream. What the library would change in silence is compared with what it took, and refused.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

mod log;
mod options;
mod parameters;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::slice;

use bytes::{Bytes, BytesMut};
use x264_sys as c;

use self::log::Lines;
pub use self::options::{Options, Preset, Profile, Tune};
use super::{
    Codec, Config, Error, FrameOptions, FrameType, Input, Latency, Output, Picture, PictureKind, Statistics,
    Threads,
};
use crate::codec::{self, h264};
use crate::frame::{FrameRef, PixelFormat};
use crate::packet::Key;

/// An open `x264_t`.
#[derive(Debug)]
pub(super) struct Backend {
    encoder: Handle,
    format: PixelFormat,
}

impl Backend {
    /// Opens the library; also gives the configuration in effect and the parameter sets.
    pub(super) fn open(config: &Config, options: &Options) -> Result<(Self, Config, codec::Config), Error> {
        c::check().map_err(|found| Error::Library { library: "libx264", reason: found.to_string() })?;
        let mut parameters = Parameters::new(config, options)?;
        if let Latency::Frames(frames) = config.latency {
            if config.threads == Threads::Auto {
                let threads = Handle::open(&mut parameters)?.parameters().i_threads;
                parameters.set_threads_within(threads, frames);
            }
            parameters.limit_delay(frames)?;
        }
        let encoder = Handle::open(&mut parameters)?;
        let taken = encoder.parameters();
        parameters.check_taken(&taken)?;
        encoder.check_level(options)?;
        encoder.check_delay(config.latency)?;
        let codec_config = encoder.codec_config()?;
        let backend = Self { encoder, format: config.format };
        Ok((backend, in_effect(config, options, &taken), codec_config))
    }

    pub(super) fn delay(&self) -> u32 {
        self.encoder.delay()
    }

    /// Refuses what there are no means for.
    pub(super) fn check(&self, input: &Input<'_>) -> Result<(), Error> {
        let FrameOptions { frame_type, duration, .. } = input.options.clone();
        if *input.options == (FrameOptions { frame_type, duration, ..FrameOptions::default() }) {
            return Ok(());
        }
        Err(Error::FrameOption { option: "options", reason: "not here yet".to_owned() })
    }

    pub(super) fn reconfigure(&mut self, _wanted: &Config) -> Result<(), Error> {
        Err(Error::NotReconfigurable { field: "rate", reason: "not here yet".to_owned() })
    }

    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        Err(Error::NotReconfigurable { field: "refresh", reason: "not here yet".to_owned() })
    }

    pub(super) fn invalidate_reference(&mut self, _pts: i64) -> Result<(), Error> {
        Err(Error::NotReconfigurable { field: "references", reason: "not here yet".to_owned() })
    }

    pub(super) fn take_statistics(&mut self) -> Result<Option<Statistics>, Error> {
        Ok(None)
    }

    pub(super) fn encode(&mut self, input: Option<&Input<'_>>, out: &mut Vec<Output>) -> Result<bool, Error> {
        let mut picture = input.map(|input| picture(input, self.format)).transpose()?;
        out.extend(self.encoder.encode(picture.as_mut())?);
        Ok(self.encoder.delayed() > 0)
    }
}

/// What became of the configuration.
fn in_effect(config: &Config, options: &Options, taken: &c::x264_param_t) -> Config {
    let level = u8::try_from(taken.i_level_idc).ok().or(options.level);
    let mut config = config.clone();
    config.threads = u8::try_from(taken.i_threads).map_or(config.threads, Threads::Count);
    config.codec = Codec::X264(Options { level, ..options.clone() });
    config
}

/// The C picture of a frame. Its pointers are the frame's: it must not outlive it.
fn picture(input: &Input<'_>, format: PixelFormat) -> Result<c::x264_picture_t, Error> {
    let mut picture = new_picture();
    picture.i_type = match input.options.frame_type {
        FrameType::Auto => c::X264_TYPE_AUTO,
        FrameType::Key => c::X264_TYPE_IDR,
        FrameType::Intra => c::X264_TYPE_I,
        FrameType::P => c::X264_TYPE_P,
        FrameType::B => c::X264_TYPE_B,
        FrameType::BReference => c::X264_TYPE_BREF,
    };
    picture.i_pts = input.pts;
    picture.img.i_csp = csp(format)?;
    let planes = FrameRef::planes(input.frame);
    picture.img.i_plane = planes.len() as c_int;
    for (index, plane) in planes.iter().enumerate() {
        // x264 does not write to input planes; the C type just is not const.
        picture.img.plane[index] = plane.data.as_ptr().cast_mut();
        picture.img.i_stride[index] = c_int::try_from(plane.stride).expect("a FrameRef's stride fits an int");
    }
    Ok(picture)
}

/// The colour space constant; also says which pixel formats there are.
fn csp(format: PixelFormat) -> Result<c_int, Error> {
    match format {
        PixelFormat::I420 => Ok(c::X264_CSP_I420),
        PixelFormat::Nv12 => Ok(c::X264_CSP_NV12),
        other => {
            let reason = format!("{other:?}, possible are I420 and Nv12");
            Err(Error::Unsupported { codec: "libx264", field: "format", reason })
        }
    }
}

fn new_picture() -> c::x264_picture_t {
    let mut picture = c::x264_picture_t::default();
    // SAFETY: the library fills the structure it is given, whose layout the sys crate asserts.
    unsafe { c::x264_picture_init(&mut picture) };
    picture
}

/// Parameters with the strings that x264 allocates in them (for zones and the like) while parsing.
#[derive(Debug)]
struct Parameters(Box<c::x264_param_t>);

impl Parameters {
    fn preset(preset: &CStr, tune: Option<&CStr>) -> Result<Self, Error> {
        let mut parameters = Self(Box::default());
        let tune = tune.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: the structure is of the size the library was checked for, and both texts outlive the call.
        let status = unsafe { c::x264_param_default_preset(&mut *parameters.0, preset.as_ptr(), tune) };
        match status {
            0 => Ok(parameters),
            status => Err(Error::Codec {
                call: "x264_param_default_preset",
                code: status.into(),
                detail: format!("preset {preset:?}"),
            }),
        }
    }

    /// 0, or one of `X264_PARAM_*`.
    fn parse_text(&mut self, name: &CStr, value: &CStr) -> c_int {
        // SAFETY: the parameters were filled by the library, which copies the texts; `drop` frees the copies.
        unsafe { c::x264_param_parse(&mut *self.0, name.as_ptr(), value.as_ptr()) }
    }

    /// 0, or negative when the settings need more than the profile has.
    fn restrict_to(&mut self, profile: &CStr) -> c_int {
        // SAFETY: the parameters were filled by the library, and the text outlives the call.
        unsafe { c::x264_param_apply_profile(&mut *self.0, profile.as_ptr()) }
    }
}

impl Drop for Parameters {
    fn drop(&mut self) {
        // SAFETY: the parameters are initialised; this frees the strings the library allocated in them. An encoder opened with them has
        // copies of its own.
        unsafe { c::x264_param_cleanup(&mut *self.0) };
    }
}

/// What an encoder writes its log to, from all of its threads. Stays in its box: the library has pointers into it.
struct Log {
    sink: c::LogSink,
    lines: Lines,
}

// SAFETY: the sink does not change once boxed, and its pointer leads to `lines`, which is `Sync`.
unsafe impl Send for Log {}
// SAFETY: as above.
unsafe impl Sync for Log {}

impl Log {
    fn boxed() -> Box<Self> {
        let sink = c::LogSink { line: receive, user: ptr::null_mut() };
        let mut log = Box::new(Self { sink, lines: Lines::default() });
        log.sink.user = ptr::from_ref(&log.lines).cast_mut().cast();
        log
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lines.fmt(f)
    }
}

/// The library's callback.
unsafe extern "C" fn receive(user: *mut c_void, level: c_int, text: *const c_char, length: usize) {
    // SAFETY: `user` is `Log::lines`, which is freed after the encoder that calls.
    let lines = unsafe { &*user.cast::<Lines>() };
    // SAFETY: the shim passes `length` bytes that are valid for the call.
    let text = unsafe { slice::from_raw_parts(text.cast::<u8>(), length) };
    lines.receive(level, &String::from_utf8_lossy(text));
}

/// Owns an encoder and the log it writes to.
#[derive(Debug)]
struct Handle {
    encoder: NonNull<c::x264_t>,
    /// Here so that it outlives the encoder, whose threads write to it; see `Drop`.
    log: Box<Log>,
}

// SAFETY: libx264 may be called from any thread, one at a time, which `&mut self` ensures; it keeps no thread-local state. The log
// is `Sync`.
unsafe impl Send for Handle {}

impl Handle {
    fn open(parameters: &mut Parameters) -> Result<Self, Error> {
        let log = Log::boxed();
        // SAFETY: the parameters are initialised. The box is kept beside the encoder and freed after it; the parameters keep a pointer
        // to it too, which only the line below follows.
        unsafe { c::set_log(&mut *parameters.0, &log.sink) };
        // SAFETY: the parameters were filled by `x264_param_default_preset`; the library copies them, strings included.
        let encoder = unsafe { c::x264_encoder_open(&mut *parameters.0) };
        match NonNull::new(encoder) {
            Some(encoder) => Ok(Self { encoder, log }),
            None => Err(Error::Codec { call: "x264_encoder_open", code: 0, detail: log.lines.detail() }),
        }
    }

    /// The parameters as the encoder changed them. Strings in them are the encoder's.
    fn parameters(&self) -> c::x264_param_t {
        let mut parameters = c::x264_param_t::default();
        // SAFETY: the encoder is open, and the structure is plain data of the size the library was checked for.
        unsafe { c::x264_encoder_parameters(self.encoder.as_ptr(), &mut parameters) };
        parameters
    }

    fn delay(&self) -> u32 {
        // SAFETY: the encoder is open; the call reads its parameters.
        let frames = unsafe { c::x264_encoder_maximum_delayed_frames(self.encoder.as_ptr()) };
        u32::try_from(frames).unwrap_or(0)
    }

    fn delayed(&mut self) -> c_int {
        // SAFETY: the encoder is open, and by `&mut` in no other call.
        unsafe { c::x264_encoder_delayed_frames(self.encoder.as_ptr()) }
    }

    fn check_delay(&self, latency: Latency) -> Result<(), Error> {
        let allowed = match latency {
            Latency::Realtime => 0,
            Latency::Frames(frames) => frames,
            Latency::Unlimited => return Ok(()),
        };
        let delay = self.delay();
        if delay <= allowed {
            return Ok(());
        }
        let reason = format!("{allowed} frames at most, the settings make it {delay}");
        Err(Error::Unsupported { codec: "libx264", field: "latency", reason })
    }

    /// x264 only warns of a stream beyond its level, which then does not play where the level was asked for.
    fn check_level(&self, options: &Options) -> Result<(), Error> {
        let exceeded = self.log.lines.warning("level limit");
        match (options.level, exceeded) {
            (Some(_), Some(reason)) => Err(Error::Config { field: "level", reason }),
            _ => Ok(()),
        }
    }

    /// The sequence and picture parameter sets, without the lengths before them.
    fn codec_config(&self) -> Result<codec::Config, Error> {
        let (mut nals, mut count) = (ptr::null_mut(), 0);
        // SAFETY: the encoder is open and has not begun; both results are written before the call returns.
        let bytes = unsafe { c::x264_encoder_headers(self.encoder.as_ptr(), &mut nals, &mut count) };
        // SAFETY: the array belongs to the encoder until its next call, and is copied from before that.
        let nals = unsafe { nal_units("x264_encoder_headers", bytes, nals, count, &self.log) }?;
        let sets = |kind: u32| -> Vec<Bytes> {
            let units = nals.iter().filter(|nal| nal.kind == kind);
            units.filter_map(|nal| nal.data.get(LENGTH..)).map(Bytes::copy_from_slice).collect()
        };
        let config = h264::Config::from_parameter_sets(&sets(c::NAL_SPS), &sets(c::NAL_PPS));
        config.map(codec::Config::H264).map_err(|error| Error::ParameterSets { reason: error.to_string() })
    }

    /// One frame in, or none to drain, and at most one packet out.
    fn encode(&mut self, picture: Option<&mut c::x264_picture_t>) -> Result<Option<Output>, Error> {
        let (mut nals, mut count) = (ptr::null_mut(), 0);
        // Initialised although the library is to fill it: it writes some fields only, and none when nothing comes out.
        let mut out = new_picture();
        let picture = picture.map_or(ptr::null_mut(), ptr::from_mut);
        // SAFETY: the encoder is open. The picture's planes were checked by `FrameRef` for the size the encoder was opened with, and
        // outlive the call, in which the library copies them; no side data that it would keep is attached.
        let bytes = unsafe {
            c::x264_encoder_encode(self.encoder.as_ptr(), &mut nals, &mut count, picture, &mut out)
        };
        // SAFETY: the array belongs to the encoder until its next call, and is copied from before that.
        let nals = unsafe { nal_units("x264_encoder_encode", bytes, nals, count, &self.log) }?;
        // `out` says something only if there are bytes.
        Ok((bytes > 0).then(|| Output {
            pts: out.i_pts,
            dts: out.i_dts,
            key: key(&out),
            data: payload(&nals),
            picture: Picture { kind: kind(&out), ..Picture::default() },
        }))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the encoder is open and not used after this. It ends its threads and frees the frames it holds; only then are the
        // fields dropped, the log among them.
        unsafe { c::x264_encoder_close(self.encoder.as_ptr()) };
    }
}

/// One NAL unit of the library's output, its 4-byte length in front.
struct Nal<'a> {
    kind: u32,
    data: &'a [u8],
}

/// What an output call returned.
///
/// # Safety
/// `nals` is what the call wrote, `bytes` what it returned, and `'a` ends before the next call on the encoder.
unsafe fn nal_units<'a>(
    call: &'static str,
    bytes: c_int,
    nals: *const c::x264_nal_t,
    count: c_int,
    log: &Log,
) -> Result<Vec<Nal<'a>>, Error> {
    if bytes < 0 {
        return Err(Error::Codec { call, code: i64::from(bytes), detail: log.lines.detail() });
    }
    let count = usize::try_from(count).unwrap_or(0);
    if bytes == 0 || count == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: with bytes returned, the library wrote a pointer to `count` units of its own.
    let nals = unsafe { slice::from_raw_parts(nals, count) };
    let units = nals.iter().map(|nal| Nal {
        kind: nal.i_type as u32,
        // SAFETY: a unit's payload is `i_payload` bytes in the encoder's buffer.
        data: unsafe { slice::from_raw_parts(nal.p_payload, usize::try_from(nal.i_payload).unwrap_or(0)) },
    });
    Ok(units.collect())
}

/// The bytes of a packet: the one copy out of the library.
fn payload(nals: &[Nal<'_>]) -> Bytes {
    let kept = || nals.iter().filter(|nal| !LEFT_OUT.contains(&nal.kind));
    let mut data = BytesMut::with_capacity(kept().map(|nal| nal.data.len()).sum());
    kept().for_each(|nal| data.extend_from_slice(nal.data));
    data.freeze()
}

fn key(picture: &c::x264_picture_t) -> Key {
    match (picture.b_keyframe, picture.i_type) {
        (0, _) => Key::No,
        (_, c::X264_TYPE_IDR) => Key::Closed,
        // With `open-gop`, pictures shown before it refer across it. Intra refresh, the other case, is refused.
        _ => Key::Open,
    }
}

fn kind(picture: &c::x264_picture_t) -> PictureKind {
    match picture.i_type {
        c::X264_TYPE_IDR => PictureKind::Key,
        c::X264_TYPE_I => PictureKind::Intra,
        c::X264_TYPE_B => PictureKind::B,
        c::X264_TYPE_BREF => PictureKind::BReference,
        _ => PictureKind::P,
    }
}

/// Bytes of the length before a NAL unit (`b_annexb = 0`).
const LENGTH: usize = 4;
/// What a packet does not carry: parameter sets, which stand in the configuration, delimiters and filler.
const LEFT_OUT: [u32; 4] = [c::NAL_SPS, c::NAL_PPS, c::NAL_AUD, c::NAL_FILLER];

#[cfg(test)]
#[path = "x264_test.rs"]
mod tests;
