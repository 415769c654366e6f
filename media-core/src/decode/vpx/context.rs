//! The one place that calls libvpx: an open decoder, and what it shows.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_uint};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;

use vpx_sys as c;

use super::buffers::{Buffers, Lent};
use super::head::damaged;
use super::{Codec, Options, image};
use crate::codec::vp9;
use crate::decode::Error;
use crate::frame::{Colour, FrameRef, PixelFormat, Plane};
use crate::packet::Packet;

/// Owns an initialised `vpx_codec_ctx_t`. Boxed, so that it stays where libvpx was told it is.
pub(super) struct Context {
    codec: Codec,
    pub(super) raw: Box<c::vpx_codec_ctx_t>,
    /// VP9: a packet with an index behind it.
    indexed: Vec<u8>,
    /// libvpx knows where they are, so they go after it.
    buffers: Option<Arc<Buffers>>,
}

// SAFETY: libvpx may be called from any thread, one at a time, which `&mut self` ensures; it keeps no thread-local state.
unsafe impl Send for Context {}

impl Context {
    pub(super) fn open(options: &Options, threads: u8, buffers: Option<Arc<Buffers>>) -> Result<Self, Error> {
        let mut raw = Box::<c::vpx_codec_ctx_t>::default();
        let settings = c::vpx_codec_dec_cfg_t { threads: threads.into(), w: 0, h: 0 };
        let codec = options.codec;
        // SAFETY: the context is zeroed; libvpx copies the settings.
        match unsafe { c::vpx_codec_dec_init(&mut *raw, interface(codec), &settings, 0) } {
            c::VPX_CODEC_OK => {}
            // The library has destroyed it already, and its words with it.
            code => return Err(failure("vpx_codec_dec_init", code, "")),
        }
        let mut context = Self { codec, raw, indexed: Vec::new(), buffers };
        if let Some(buffers) = &context.buffers {
            // SAFETY: the context keeps the buffers, and is destroyed before they are let go.
            let status = unsafe { buffers.register(&mut context.raw) };
            context.succeeded("vpx_codec_set_frame_buffer_functions", status)?;
        }
        if options.row_mt {
            context.control("VP9D_SET_ROW_MT", c::control::vp9d_set_row_mt, 1)?;
        }
        if let Some(layer) = options.spatial_layer {
            let set = c::control::vp9_decode_svc_spatial_layer;
            context.control("VP9_DECODE_SVC_SPATIAL_LAYER", set, layer.into())?;
        }
        Ok(context)
    }

    fn control(&mut self, name: &'static str, set: Control, value: c_int) -> Result<(), Error> {
        // SAFETY: the context is open, and the argument has the type that the control declares.
        let status = unsafe { set(&mut *self.raw, value) };
        self.succeeded(name, status)
    }

    /// Decodes one packet.
    pub(super) fn decode(&mut self, packet: &Packet) -> Result<(), Error> {
        let Self { codec, raw, indexed, .. } = self;
        let data = match codec {
            Codec::Vp8 => &packet.data[..],
            Codec::Vp9 => with_index(&packet.data, indexed),
        };
        let len = c_uint::try_from(data.len());
        let len = len.map_err(|_| damaged(*codec, packet, "more than 4 GiB".into()))?;
        // SAFETY: the context is open, and the data outlives the call, which is all that libvpx reads it for.
        let status = unsafe { c::vpx_codec_decode(&mut **raw, data.as_ptr(), len, ptr::null_mut(), 0) };
        let (codec, call) = (*codec, "vpx_codec_decode");
        match status {
            c::VPX_CODEC_OK => Ok(()),
            c::VPX_CODEC_UNSUP_BITSTREAM | c::VPX_CODEC_UNSUP_FEATURE => {
                Err(Error::Unsupported { codec: codec.name(), found: described(status, &self.detail()) })
            }
            c::VPX_CODEC_ERROR | c::VPX_CODEC_CORRUPT_FRAME | c::VPX_CODEC_INVALID_PARAM => {
                Err(damaged(codec, packet, described(status, &self.detail())))
            }
            status => Err(failure(call, status, &self.detail())),
        }
    }

    /// The picture that the last packet shows; `None` when it shows none.
    pub(super) fn shown(&mut self) -> Option<Shown<'_>> {
        let (codec, mut iterator) = (self.codec, ptr::null());
        // SAFETY: the context is open, and the iterator belongs to this walk, which ends at its first picture: there is but one.
        let image = unsafe { c::vpx_codec_get_frame(&mut *self.raw, &mut iterator) };
        let mut corrupted = 0;
        // SAFETY: the context is open, and the control writes one `int`.
        let status = unsafe { c::control::vp8d_get_frame_corrupted(&mut *self.raw, &mut corrupted) };
        let corrupted = status != c::VPX_CODEC_OK || corrupted != 0;
        // SAFETY: null, or an image that stays as it is until the next packet, which has to wait for the borrow.
        unsafe { image.as_ref() }.map(|image| Shown { codec, image, corrupted })
    }

    fn succeeded(&mut self, call: &'static str, status: c::vpx_codec_err_t) -> Result<(), Error> {
        match status {
            c::VPX_CODEC_OK => Ok(()),
            code => Err(failure(call, code, &self.detail())),
        }
    }

    /// The library's own words on the last failure; empty when it has none.
    fn detail(&mut self) -> String {
        // SAFETY: the context is open; null, or a text that is valid until the next call.
        unsafe {
            let text = c::vpx_codec_error_detail(&mut *self.raw);
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is open and not used after this.
        let status = unsafe { c::vpx_codec_destroy(&mut *self.raw) };
        if status != c::VPX_CODEC_OK {
            tracing::warn!(status, "vpx_codec_destroy failed");
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("codec", &self.codec).finish_non_exhaustive()
    }
}

type Control = unsafe extern "C" fn(*mut c::vpx_codec_ctx_t, c_int) -> c::vpx_codec_err_t;

/// A picture that libvpx shows, until its next packet. Made by [`Context::shown`] alone, so its pointers can be followed.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    codec: Codec,
    image: &'a c::vpx_image_t,
    /// The library does not vouch for it.
    pub(super) corrupted: bool,
}

impl<'a> Shown<'a> {
    pub(super) const fn size(&self) -> (u32, u32) {
        (self.image.d_w, self.image.d_h)
    }

    pub(super) fn format(&self) -> Result<PixelFormat, Error> {
        image::format(self.image, self.codec)
    }

    pub(super) fn colour(&self) -> Option<Colour> {
        image::colour(self.image, self.codec)
    }

    /// The picture itself, where it was decoded into these buffers.
    pub(super) fn lent(&self, buffers: &Buffers, format: PixelFormat) -> Result<Lent, Error> {
        buffers.lend(self.image, format)
    }

    /// The picture where libvpx has it, to be copied.
    pub(super) fn planes(&self, format: PixelFormat) -> Result<FrameRef<'a>, Error> {
        let mut planes = [Plane { data: &[] as &[u8], stride: 0 }; 3];
        for (index, plane) in planes.iter_mut().enumerate() {
            let (len, stride) = image::extent(self.image, format, index)?;
            let start = NonNull::new(self.image.planes[index]).ok_or_else(|| image::invalid("no plane"))?;
            // SAFETY: libvpx says that the plane has rows of this stride for its size, and leaves them alone until its next packet,
            // which has to wait for the borrow.
            let data = unsafe { slice::from_raw_parts(start.as_ptr(), len) };
            *plane = Plane { data, stride };
        }
        Ok(FrameRef::new(format, self.size(), &planes)?)
    }
}

/// The packet as libvpx reads it as far as [`head`] has: without an index it would go on after the frame and take what is left for
/// another one, of any size.
pub(super) fn with_index<'a>(data: &'a [u8], room: &'a mut Vec<u8>) -> &'a [u8] {
    let whole = vp9::frames(data).next().is_some_and(|first| first.len() == data.len());
    let Some(len) = u32::try_from(data.len()).ok().filter(|_| whole) else {
        return data;
    };
    room.clear();
    room.extend_from_slice(data);
    room.push(INDEX_OF_ONE);
    room.extend(len.to_le_bytes());
    room.push(INDEX_OF_ONE);
    room
}

fn interface(codec: Codec) -> *const c::vpx_codec_iface_t {
    // SAFETY: both functions return the address of a constant.
    unsafe {
        match codec {
            Codec::Vp8 => c::vpx_codec_vp8_dx(),
            Codec::Vp9 => c::vpx_codec_vp9_dx(),
        }
    }
}

/// The name of a code before the library's words.
fn described(code: c::vpx_codec_err_t, detail: &str) -> String {
    // SAFETY: the function returns a constant text for any code.
    let name = unsafe { CStr::from_ptr(c::vpx_codec_err_to_string(code)) }.to_string_lossy();
    if detail.is_empty() { name.into_owned() } else { format!("{name}, {detail}") }
}

fn failure(call: &'static str, code: c::vpx_codec_err_t, detail: &str) -> Error {
    Error::Codec { call, code: code.into(), detail: described(code, detail) }
}

/// The byte around a superframe's index (VP9, annex B): the bits 110, sizes in 4 bytes (11), one frame (000).
const INDEX_OF_ONE: u8 = 0xd8;
