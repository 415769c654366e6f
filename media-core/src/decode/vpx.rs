//! VP8 and VP9 by libvpx: profiles 0 to 3 with 8 and 10 bits, 4:2:0, 4:2:2 and 4:4:4.
//!
//! VP9 is decoded into memory of ours, and a picture *is* that memory. VP8 has no such way, and costs one copy. Nothing of the library is
//! left open after a packet it refused: the next key frame gets a fresh context.
//!
//! A packet gives at most one picture: of a superframe with spatial layers the highest, or the one that
//! [`spatial_layer`](Options::spatial_layer) names. Several frames in a packet need the index of annex B, without which only the first is
//! decoded. Pictures have the coded size; `render_size`, a wish for scaling, is ignored.
//!
//! What libvpx calls back for memory answers under a lock of our own, runs no code of the caller's, and cannot panic.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

mod buffers;
mod head;
mod image;

use std::collections::VecDeque;
use std::ffi::{CStr, c_int, c_uint};
use std::ptr;
use std::slice;
use std::sync::Arc;

use vpx_sys as c;

use self::buffers::Buffers;
use self::head::{Head, damaged};
use super::{Config, Decode, Decoded, Error, Picture, Samples, Stats};
use crate::codec::vp9;
use crate::frame::{Frame, FrameRef, PixelFormat, Plane, Pool};
use crate::packet::Packet;

/// What is asked of libvpx beside the [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which of the two.
    pub codec: Codec,
    /// VP9: whether the threads share the rows of a tile too. C: `VP9D_SET_ROW_MT`.
    pub row_mt: bool,
    /// VP9: the spatial layer to decode up to, 0 to 4; `None` for all there are. For streams with layers only: in others a superframe
    /// hides its first frame, and nothing would be shown. C: `VP9_DECODE_SVC_SPATIAL_LAYER`.
    pub spatial_layer: Option<u8>,
}

impl Options {
    /// VP8.
    pub const fn vp8() -> Self {
        Self { codec: Codec::Vp8, row_mt: false, spatial_layer: None }
    }

    /// VP9, all layers.
    pub const fn vp9() -> Self {
        Self { codec: Codec::Vp9, row_mt: false, spatial_layer: None }
    }

    fn check(&self) -> Result<(), Error> {
        let refused = |field, reason: &str| Err(Error::Config { field, reason: reason.into() });
        match (self.codec, self.spatial_layer) {
            (Codec::Vp8, Some(_)) => refused("spatial_layer", "VP8 has none"),
            (Codec::Vp8, None) if self.row_mt => refused("row_mt", "VP8 has none"),
            (Codec::Vp9, Some(MAX_LAYERS..)) => refused("spatial_layer", "possible are 0 to 4"),
            _ => Ok(()),
        }
    }
}

/// What libvpx decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 6386.
    Vp8,
    /// All profiles, of 8 and 10 bits; 12 bits and 4:4:0 are refused.
    Vp9,
}

impl Codec {
    /// The name errors use.
    const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
        }
    }

    fn interface(self) -> *const c::vpx_codec_iface_t {
        // SAFETY: both functions return the address of a constant.
        unsafe {
            match self {
                Self::Vp8 => c::vpx_codec_vp8_dx(),
                Self::Vp9 => c::vpx_codec_vp9_dx(),
            }
        }
    }
}

/// An open decoder.
#[derive(Debug)]
pub struct Decoder {
    options: Options,
    config: Config,
    state: State,
    memory: Memory,
    /// A clone goes with each picture that is out.
    out: Arc<()>,
    /// Pictures not polled yet; they count as out.
    ready: VecDeque<Decoded>,
    stats: Stats,
}

#[derive(Debug)]
enum State {
    /// Until a key frame.
    Waiting,
    /// Since a key frame of this size.
    Running { context: Context, size: (u32, u32) },
}

/// Where pictures lie.
#[derive(Debug)]
enum Memory {
    /// VP8: copies, in a pool for the size there was last.
    Copies(Option<((u32, u32), Pool)>),
    /// VP9.
    Buffers(Arc<Buffers>),
}

impl Decoder {
    /// A decoder as `options` and `config` ask.
    ///
    /// # Errors
    /// [`Error::Config`] for a value out of range or that the codec does not know, [`Error::Library`] when the library loaded is not the
    /// one compiled for, [`Error::Codec`] when the library itself refuses.
    pub fn open(options: Options, config: &Config) -> Result<Self, Error> {
        c::check().map_err(|found| Error::Library { library: "libvpx", reason: found.to_string() })?;
        config.check()?;
        options.check()?;
        let memory = match options.codec {
            Codec::Vp8 => Memory::Copies(None),
            Codec::Vp9 => Memory::Buffers(Buffers::new(config.pictures)),
        };
        let decoder = Self {
            options,
            config: *config,
            state: State::Waiting,
            memory,
            out: Arc::new(()),
            ready: VecDeque::new(),
            stats: Stats::default(),
        };
        // A context costs little before its first frame: better refused here than at the first packet.
        drop(decoder.context()?);
        Ok(decoder)
    }

    /// Decodes one access unit: a VP8 frame, a VP9 frame or superframe.
    ///
    /// # Errors
    /// [`Error::Pictures`] leaves the decoder as it was. [`Error::Damaged`], [`Error::Unsupported`], [`Error::Size`] and, when memory or
    /// the library fails, [`Error::Codec`] and [`Error::Frame`] are about this packet; decoding goes on at the next key frame.
    pub fn push(&mut self, packet: &Packet) -> Result<(), Error> {
        let held = Arc::strong_count(&self.out) - 1;
        if held >= self.config.pictures {
            return Err(Error::Pictures { held });
        }
        if packet.data.is_empty() {
            self.stats.empty += 1;
            return Ok(());
        }
        let decoded = self.decode(packet);
        if decoded.is_err() {
            self.stats.refused += 1;
            self.state = State::Waiting;
        }
        decoded
    }

    /// The next picture; `None` when more packets are wanted first.
    pub fn poll(&mut self) -> Option<Decoded> {
        self.ready.pop_front()
    }

    /// Ends the stream: the pictures not polled yet. libvpx itself holds none back.
    pub fn finish(self) -> Vec<Decoded> {
        self.ready.into()
    }

    /// What became of the packets so far.
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn decode(&mut self, packet: &Packet) -> Result<(), Error> {
        let head = head::read(&self.options, packet, self.config.max_size)?;
        if head == Head::Inter && matches!(self.state, State::Waiting) {
            self.stats.dropped += 1;
            return Ok(());
        }
        if let Head::Key { size } = head {
            self.start(size)?;
        }
        let State::Running { context, .. } = &mut self.state else {
            unreachable!("a key frame starts it");
        };
        context.decode(packet)?;
        let Some(shown) = context.shown() else {
            self.stats.hidden += 1;
            return Ok(());
        };
        let picture = picture(&shown, self.options.codec, &self.config, &mut self.memory, &self.out)?;
        let corrupted = shown.corrupted;
        self.stats.decoded += 1;
        self.stats.corrupted += u64::from(corrupted);
        self.ready.push_back(Decoded { picture, pts: packet.pts, duration: packet.duration, corrupted });
        Ok(())
    }

    /// Makes ready for a key frame of `size`.
    fn start(&mut self, size: (u32, u32)) -> Result<(), Error> {
        if matches!(&self.state, State::Running { size: before, .. } if *before == size) {
            return Ok(());
        }
        if let Memory::Buffers(buffers) = &self.memory {
            buffers.trim();
        }
        match &mut self.state {
            State::Running { size: before, .. } => *before = size,
            State::Waiting => self.state = State::Running { context: self.context()?, size },
        }
        Ok(())
    }

    fn context(&self) -> Result<Context, Error> {
        let buffers = match &self.memory {
            Memory::Buffers(buffers) => Some(Arc::clone(buffers)),
            Memory::Copies(_) => None,
        };
        Context::open(&self.options, self.config.threads, buffers)
    }
}

impl Decode for Decoder {
    fn push(&mut self, packet: &Packet) -> Result<(), Error> {
        Self::push(self, packet)
    }

    fn poll(&mut self) -> Option<Decoded> {
        Self::poll(self)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Decoded>, Error> {
        Ok(Self::finish(*self))
    }

    fn stats(&self) -> Stats {
        Self::stats(self)
    }
}

/// The picture that libvpx shows, in memory of ours.
fn picture(
    shown: &Shown<'_>,
    codec: Codec,
    config: &Config,
    memory: &mut Memory,
    out: &Arc<()>,
) -> Result<Picture, Error> {
    let image = shown.image;
    let format = image::format(image, codec)?;
    let (found, max) = ((image.d_w, image.d_h), config.max_size);
    // An inter frame may take a size from another one, so this is looked at here too.
    if found.0 > max.0 || found.1 > max.1 {
        return Err(Error::Size { found, max });
    }
    let colour = image::colour(image, codec);
    let out = Arc::clone(out);
    Ok(match memory {
        Memory::Buffers(buffers) => {
            let samples = buffers.lend(image, format)?;
            Picture::new(Counted { samples, _out: out }, colour)
        }
        Memory::Copies(pool) => {
            let samples = copy(shown, format, pool, config.pictures)?;
            Picture::new(Counted { samples, _out: out }, colour)
        }
    })
}

/// A copy of the picture, in a frame of the pool, which is another one when the size is.
fn copy(
    shown: &Shown<'_>,
    format: PixelFormat,
    pool: &mut Option<((u32, u32), Pool)>,
    pictures: usize,
) -> Result<Frame, Error> {
    let image = shown.image;
    let size = (image.d_w, image.d_h);
    let pool = match pool {
        Some((of, pool)) if *of == size => pool,
        other => &mut other.insert((size, Pool::new(format, size, pictures)?)).1,
    };
    let mut frame = pool.take()?.ok_or(Error::Pictures { held: pictures })?;
    let mut planes = [Plane { data: &[] as &[u8], stride: 0 }; 3];
    for (index, plane) in planes.iter_mut().enumerate() {
        let (len, stride) = image::extent(image, format, index)?;
        // SAFETY: libvpx says that the plane has rows of this stride for its size, and leaves them alone until it is called again.
        let data = unsafe { slice::from_raw_parts(image.planes[index], len) };
        *plane = Plane { data, stride };
    }
    frame.copy_from(&FrameRef::new(format, size, &planes)?)?;
    Ok(frame)
}

/// Samples that count as a picture that is out. The count goes last, when the memory is home.
#[derive(Debug)]
struct Counted<S> {
    samples: S,
    _out: Arc<()>,
}

impl<S: Samples> Samples for Counted<S> {
    fn frame(&self) -> FrameRef<'_> {
        self.samples.frame()
    }
}

/// Owns an initialised `vpx_codec_ctx_t`. Boxed, so that it stays where libvpx was told it is.
struct Context {
    codec: Codec,
    raw: Box<c::vpx_codec_ctx_t>,
    /// VP9: a packet with an index behind it.
    indexed: Vec<u8>,
    /// libvpx knows where they are, so they go after it.
    buffers: Option<Arc<Buffers>>,
}

// SAFETY: libvpx may be called from any thread, one at a time, which `&mut self` ensures; it keeps no thread-local state.
unsafe impl Send for Context {}

impl Context {
    fn open(options: &Options, threads: u8, buffers: Option<Arc<Buffers>>) -> Result<Self, Error> {
        let mut raw = Box::<c::vpx_codec_ctx_t>::default();
        let settings = c::vpx_codec_dec_cfg_t { threads: threads.into(), w: 0, h: 0 };
        let codec = options.codec;
        // SAFETY: the context is zeroed; libvpx copies the settings.
        match unsafe { c::vpx_codec_dec_init(&mut *raw, codec.interface(), &settings, 0) } {
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

    /// Decodes one packet, which says what must be said of an error itself.
    fn decode(&mut self, packet: &Packet) -> Result<(), Error> {
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
    fn shown(&mut self) -> Option<Shown<'_>> {
        let mut iterator = ptr::null();
        // SAFETY: the context is open, and the iterator belongs to this walk, which ends at its first picture: there is but one.
        let image = unsafe { c::vpx_codec_get_frame(&mut *self.raw, &mut iterator) };
        let mut corrupted = 0;
        // SAFETY: the context is open, and the control writes one `int`.
        let status = unsafe { c::control::vp8d_get_frame_corrupted(&mut *self.raw, &mut corrupted) };
        let corrupted = status != c::VPX_CODEC_OK || corrupted != 0;
        // SAFETY: null, or an image that stays as it is until the next packet, which has to wait for the borrow.
        unsafe { image.as_ref() }.map(|image| Shown { image, corrupted })
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
struct Shown<'a> {
    image: &'a c::vpx_image_t,
    corrupted: bool,
}

/// The packet as libvpx reads it as far as [`head`] has: without an index it would go on after the frame and take what is left for
/// another one, of any size.
fn with_index<'a>(data: &'a [u8], room: &'a mut Vec<u8>) -> &'a [u8] {
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
/// What a superframe can have: `VPX_SS_MAX_LAYERS`.
const MAX_LAYERS: u8 = 5;

#[cfg(test)]
#[path = "vpx_test.rs"]
mod tests;
