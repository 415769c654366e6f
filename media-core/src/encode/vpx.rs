//! VP8 and VP9 by libvpx: the options of [`Options`] and the one place that calls the library.
//!
//! libvpx says in its own words why it refuses a configuration; those are passed on. A packet is what the library put out: for VP9 a whole
//! superframe, hidden frames included.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

mod options;

use std::ffi::{CStr, c_int, c_uint, c_ulong};
use std::ptr;
use std::slice;

use bytes::Bytes;
use vpx_sys as c;

pub use self::options::{Codec, Deadline, Options};
use super::{
    Config, Error, FrameOptions, FrameType, Input, KeyFrames, Output, Picture, PictureKind, Statistics,
    Threads,
};
use crate::codec;
use crate::packet::Key;

/// An open encoder context.
#[derive(Debug)]
pub(super) struct Backend {
    context: Context,
    deadline: c_ulong,
    lag: u32,
    beat: Option<Beat>,
}

/// Key frames at a fixed distance. libvpx has that too, but VP8 goes on counting over a forced one.
#[derive(Clone, Copy, Debug)]
struct Beat {
    every: u32,
    /// Frames since the last key frame; none before the first.
    since: u32,
}

impl Beat {
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
        let mut settings = default_settings(options.codec)?;
        options.fill(&mut settings, config)?;
        let mut context = Context::open(options.codec, &settings)?;
        for (control, value) in options.controls(config)? {
            context.control(control, value)?;
        }
        let beat = match config.key_frames {
            KeyFrames::Fixed { every } => Some(Beat { every, since: 0 }),
            _ => None,
        };
        let lag = settings.g_lag_in_frames;
        let backend = Self { context, deadline: options.deadline.value(), lag, beat };
        let mut config = config.clone();
        config.threads = Threads::Count(u8::try_from(settings.g_threads).unwrap_or(1).max(1));
        config.codec = super::Codec::Vpx(options.in_effect(config.size));
        Ok((backend, config, codec_config))
    }

    pub(super) fn delay(&self) -> u32 {
        self.lag
    }

    /// Refuses what there are no means for.
    pub(super) fn check(&self, input: &Input<'_>) -> Result<(), Error> {
        let FrameOptions { frame_type, duration, .. } = input.options.clone();
        let known = matches!(frame_type, FrameType::Auto | FrameType::Key);
        if known && *input.options == (FrameOptions { frame_type, duration, ..FrameOptions::default() }) {
            return Ok(());
        }
        Err(Error::FrameOption { option: "options", reason: "not here yet".to_owned() })
    }

    pub(super) fn reconfigure(&mut self, _wanted: &Config) -> Result<(), Error> {
        Err(Error::NotReconfigurable { field: "rate", reason: "not here yet".to_owned() })
    }

    pub(super) fn take_statistics(&mut self) -> Result<Option<Statistics>, Error> {
        Ok(None)
    }

    /// Whether rate control may drop frames.
    pub(super) fn leaves_frames_out(&self) -> bool {
        false
    }

    pub(super) fn encode(&mut self, input: Option<&Input<'_>>, out: &mut Vec<Output>) -> Result<bool, Error> {
        match input {
            Some(input) => {
                let forced = input.options.frame_type == FrameType::Key;
                let key = match &mut self.beat {
                    Some(beat) => beat.next(forced),
                    None => forced,
                };
                self.context.encode(input, key, self.deadline)?;
            }
            None => self.context.flush(self.deadline)?,
        }
        let before = out.len();
        self.context.packets(out);
        Ok(out.len() > before)
    }
}

/// The library's defaults for one pass.
fn default_settings(codec: Codec) -> Result<c::vpx_codec_enc_cfg_t, Error> {
    let mut settings = c::vpx_codec_enc_cfg_t::default();
    // SAFETY: the library was checked to have a structure of this size, which it fills.
    let status = unsafe { c::vpx_codec_enc_config_default(interface(codec), &mut settings, 0) };
    match status {
        c::VPX_CODEC_OK => Ok(settings),
        code => Err(failure("vpx_codec_enc_config_default", code, "")),
    }
}

fn interface(codec: Codec) -> *const c::vpx_codec_iface_t {
    // SAFETY: both functions return the address of a constant.
    unsafe {
        match codec {
            Codec::Vp8 => c::vpx_codec_vp8_cx(),
            Codec::Vp9 => c::vpx_codec_vp9_cx(),
        }
    }
}

/// A control, by the C type of its argument: as a variable one, a wrong type would be undefined behaviour.
#[derive(Clone, Copy)]
enum Control {
    Int(&'static str, unsafe extern "C" fn(*mut c::vpx_codec_ctx_t, c_int) -> c::vpx_codec_err_t),
    Uint(&'static str, unsafe extern "C" fn(*mut c::vpx_codec_ctx_t, c_uint) -> c::vpx_codec_err_t),
}

impl Control {
    const CPU_USED: Self = Self::Int("VP8E_SET_CPUUSED", c::control::vp8e_set_cpuused);
    const CQ_LEVEL: Self = Self::Uint("VP8E_SET_CQ_LEVEL", c::control::vp8e_set_cq_level);
    const TILE_COLUMNS: Self = Self::Int("VP9E_SET_TILE_COLUMNS", c::control::vp9e_set_tile_columns);
    const TILE_ROWS: Self = Self::Int("VP9E_SET_TILE_ROWS", c::control::vp9e_set_tile_rows);
    const ROW_MT: Self = Self::Uint("VP9E_SET_ROW_MT", c::control::vp9e_set_row_mt);
    const COLOR_SPACE: Self = Self::Int("VP9E_SET_COLOR_SPACE", c::control::vp9e_set_color_space);
    const COLOR_RANGE: Self = Self::Int("VP9E_SET_COLOR_RANGE", c::control::vp9e_set_color_range);
}

/// Owns an initialised `vpx_codec_ctx_t`. Boxed, so that it stays where libvpx was told it is.
struct Context(Box<c::vpx_codec_ctx_t>);

// SAFETY: libvpx may be called from any thread, one at a time, which `&mut self` ensures; it keeps no thread-local state.
unsafe impl Send for Context {}

impl Context {
    fn open(codec: Codec, settings: &c::vpx_codec_enc_cfg_t) -> Result<Self, Error> {
        let mut context = Box::<c::vpx_codec_ctx_t>::default();
        // SAFETY: the context is zeroed and the settings were filled by the library; it copies them, and the statistics they could
        // point to are of two passes only.
        let status = unsafe { c::vpx_codec_enc_init(&mut *context, interface(codec), settings, 0) };
        match status {
            c::VPX_CODEC_OK => Ok(Self(context)),
            // The library has destroyed it already. Only for this code are the words a constant, not in memory it just freed.
            c::VPX_CODEC_INVALID_PARAM => Err(failure("vpx_codec_enc_init", status, &detail(&mut context))),
            code => Err(failure("vpx_codec_enc_init", code, "")),
        }
    }

    fn control(&mut self, control: Control, value: i32) -> Result<(), Error> {
        // SAFETY: the context is open, and the argument has the type that the control declares.
        let (name, status) = unsafe {
            match control {
                Control::Int(name, set) => (name, set(&mut *self.0, value)),
                Control::Uint(name, set) => (name, set(&mut *self.0, value.unsigned_abs())),
            }
        };
        self.succeeded(name, status)
    }

    fn encode(&mut self, input: &Input<'_>, key: bool, deadline: c_ulong) -> Result<(), Error> {
        let image = image(input)?;
        let flags = if key { c::VPX_EFLAG_FORCE_KF } else { 0 };
        let duration = c_ulong::from(input.duration);
        // SAFETY: the context is open. The image's planes were checked by `FrameRef` for the size the context was opened with, and
        // outlive the call, in which the library copies them.
        let status =
            unsafe { c::vpx_codec_encode(&mut *self.0, &image, input.pts, duration, flags, deadline) };
        self.succeeded("vpx_codec_encode", status)
    }

    /// Asks for what the lookahead holds.
    fn flush(&mut self, deadline: c_ulong) -> Result<(), Error> {
        // SAFETY: the context is open; no image means the end of the stream.
        let status = unsafe { c::vpx_codec_encode(&mut *self.0, ptr::null(), 0, 1, 0, deadline) };
        self.succeeded("vpx_codec_encode", status)
    }

    /// Takes what the last call put out, copying each packet once.
    fn packets(&mut self, out: &mut Vec<Output>) {
        let mut iterator = ptr::null();
        loop {
            // SAFETY: the context is open, and the iterator belongs to this walk.
            let packet = unsafe { c::vpx_codec_get_cx_data(&mut *self.0, &mut iterator) };
            // SAFETY: null, or a packet that stays valid until the next call that encodes.
            let Some(packet) = (unsafe { packet.as_ref() }) else {
                return;
            };
            // Other kinds were not asked for; a newer library may have some of its own.
            if packet.kind == c::VPX_CODEC_CX_FRAME_PKT {
                // SAFETY: the kind says which member of the union is set.
                out.push(coded(unsafe { &packet.data.frame }));
            }
        }
    }

    fn succeeded(&mut self, call: &'static str, status: c::vpx_codec_err_t) -> Result<(), Error> {
        match status {
            c::VPX_CODEC_OK => Ok(()),
            code => Err(failure(call, code, &detail(&mut self.0))),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is open and not used after this.
        let status = unsafe { c::vpx_codec_destroy(&mut *self.0) };
        if status != c::VPX_CODEC_OK {
            tracing::warn!(status, "vpx_codec_destroy failed");
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// The C image of a frame. Its pointers are the frame's: it must not outlive it.
fn image(input: &Input<'_>) -> Result<c::vpx_image_t, Error> {
    let (width, height) = input.frame.size();
    let planes = input.frame.planes();
    let mut image = c::vpx_image_t::default();
    // libvpx does not write to input planes; the C type just is not const.
    let first = planes[0].data.as_ptr().cast_mut();
    // SAFETY: the call fills the structure and follows no pointer; planes and strides are put right below.
    let wrapped = unsafe { c::vpx_img_wrap(&mut image, c::VPX_IMG_FMT_I420, width, height, 1, first) };
    if wrapped.is_null() {
        return Err(failure("vpx_img_wrap", c::VPX_CODEC_INVALID_PARAM, ""));
    }
    for (index, plane) in planes.iter().enumerate() {
        image.planes[index] = plane.data.as_ptr().cast_mut();
        image.stride[index] = c_int::try_from(plane.stride).expect("a FrameRef's stride fits an int");
    }
    Ok(image)
}

fn coded(frame: &c::vpx_codec_cx_pkt__bindgen_ty_1__bindgen_ty_1) -> Output {
    let data = if frame.sz == 0 {
        Bytes::new()
    } else {
        // SAFETY: the packet says `sz` bytes at `buf`, and is valid until the next call that encodes.
        Bytes::copy_from_slice(unsafe { slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz) })
    };
    let key = if frame.flags & c::VPX_FRAME_IS_KEY == 0 { Key::No } else { Key::Closed };
    // Neither codec reorders: what is decoded first is shown first.
    let kind = if key == Key::No { PictureKind::P } else { PictureKind::Key };
    let picture = Picture { kind, ..Picture::default() };
    Output { pts: frame.pts, dts: frame.pts, key, data, picture }
}

/// The library's own words on the last failure; empty when it has none.
fn detail(context: &mut c::vpx_codec_ctx_t) -> String {
    // SAFETY: null, or a text that is valid until the next call.
    unsafe {
        let text = c::vpx_codec_error_detail(context);
        if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

/// An error with the name of the code before the detail.
fn failure(call: &'static str, code: c::vpx_codec_err_t, detail: &str) -> Error {
    // SAFETY: the function returns a constant text for any code.
    let name = unsafe { CStr::from_ptr(c::vpx_codec_err_to_string(code)) }.to_string_lossy();
    let detail = if detail.is_empty() { name.into_owned() } else { format!("{name}, {detail}") };
    Error::Codec { call, code: code.into(), detail }
}

#[cfg(test)]
#[path = "vpx_test.rs"]
mod tests;
