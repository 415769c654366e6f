//! The one place that calls libvpx: a context, or several that share what they learn, owned and destroyed here.
//!
//! What arrives has been checked: libvpx stores some bad values before it refuses them, and follows the pointers and sizes it is given.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_uint, c_ulong, c_void};
use std::ptr;
use std::slice;

use bytes::Bytes;
use vpx_sys as c;

use super::control::Control;
use super::image::Image;
use super::options::Codec;
use super::statistics::FirstPass;
use crate::encode::Error;

/// One open encoder, or those of [`open_multi`](Self::open_multi).
pub(super) struct Context {
    /// On the heap and never resized, since libvpx keeps pointers to it.
    contexts: Box<[c::vpx_codec_ctx_t]>,
    /// What libvpx reads in a second pass, for as long as the context lives.
    _statistics: Option<FirstPass>,
}

// SAFETY: libvpx may be called from any thread, one at a time, which `&mut self` ensures; it keeps no thread-local state.
unsafe impl Send for Context {}

/// Settings as they were told, to change some of them later. The statistics of a first pass are not among them.
#[derive(Clone, Copy)]
pub(super) struct Settings(c::vpx_codec_enc_cfg_t);

// SAFETY: the pointers in it are null, see `new`.
unsafe impl Send for Settings {}

impl Settings {
    pub(super) fn new(mut settings: c::vpx_codec_enc_cfg_t) -> Self {
        settings.rc_twopass_stats_in = c::vpx_fixed_buf_t::default();
        settings.rc_firstpass_mb_stats_in = c::vpx_fixed_buf_t::default();
        Self(settings)
    }

    pub(super) fn get(&self) -> c::vpx_codec_enc_cfg_t {
        self.0
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = (self.0.g_w, self.0.g_h);
        f.debug_struct("Settings")
            .field("size", &size)
            .field("kbps", &self.0.rc_target_bitrate)
            .finish_non_exhaustive()
    }
}

/// What came out of one call, each in the order of the library.
pub(super) enum Raw {
    Frame(RawFrame),
    /// Of the frame that follows: the sum of squared errors and the ratio of all, Y, U and V.
    Psnr([(u64, f64); 4]),
    /// A piece of what a first pass learned.
    Statistics(Bytes),
}

/// A coded frame.
pub(super) struct RawFrame {
    pub(super) data: Bytes,
    pub(super) pts: i64,
    pub(super) flags: c::vpx_codec_frame_flags_t,
    /// Which spatial layers are in it.
    pub(super) layers: [u8; 5],
}

/// What applies to the frames of one call.
#[derive(Clone, Copy)]
pub(super) struct Shot {
    pub(super) pts: i64,
    pub(super) duration: u32,
    pub(super) flags: c::vpx_enc_frame_flags_t,
    pub(super) deadline: c_ulong,
}

impl Context {
    pub(super) fn open(
        codec: Codec,
        settings: &c::vpx_codec_enc_cfg_t,
        flags: c::vpx_codec_flags_t,
        statistics: Option<FirstPass>,
    ) -> Result<Self, Error> {
        let mut settings = *settings;
        if let Some(statistics) = &statistics {
            let words = statistics.words();
            let buf = words.as_ptr().cast_mut().cast::<c_void>();
            settings.rc_twopass_stats_in = c::vpx_fixed_buf_t { buf, sz: size_of_val(words) };
        }
        let mut contexts = vec![c::vpx_codec_ctx_t::default()].into_boxed_slice();
        let context = &mut contexts[0];
        // SAFETY: the context is zeroed and the settings were filled by the library, which copies them. The statistics they point to are
        // aligned to eight bytes, not written to, and kept until the context is destroyed.
        let status = unsafe { c::vpx_codec_enc_init(context, interface(codec), &settings, flags) };
        match status {
            c::VPX_CODEC_OK => Ok(Self { contexts, _statistics: statistics }),
            // The library has destroyed it already. Only for this code are the words a constant, not in memory it just freed.
            c::VPX_CODEC_INVALID_PARAM => Err(failure("vpx_codec_enc_init", status, &detail(context))),
            code => Err(failure("vpx_codec_enc_init", code, "")),
        }
    }

    /// As many VP8 encoders as settings, each of which reuses what the next smaller one found out; `factors` say how much smaller that is.
    pub(super) fn open_multi(
        settings: &mut [c::vpx_codec_enc_cfg_t],
        factors: &mut [c::vpx_rational_t],
        flags: c::vpx_codec_flags_t,
    ) -> Result<Self, Error> {
        assert_eq!(settings.len(), factors.len());
        let count = settings.len();
        let mut contexts = vec![c::vpx_codec_ctx_t::default(); count].into_boxed_slice();
        // SAFETY: all three slices have `count` elements, the contexts zeroed and the settings filled by the library, which copies them.
        let status = unsafe {
            c::vpx_codec_enc_init_multi(
                contexts.as_mut_ptr(),
                interface(Codec::Vp8),
                settings.as_mut_ptr(),
                count as c_int,
                flags,
                factors.as_mut_ptr(),
            )
        };
        match status {
            c::VPX_CODEC_OK => Ok(Self { contexts, _statistics: None }),
            // The library has destroyed those it had opened.
            code => Err(failure("vpx_codec_enc_init_multi", code, "")),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.contexts.len()
    }

    /// Sets a control of all encoders.
    pub(super) fn control(&mut self, control: Control) -> Result<(), Error> {
        (0..self.count()).try_for_each(|index| self.control_of(index, control))
    }

    /// Sets a control of one encoder.
    pub(super) fn control_of(&mut self, index: usize, control: Control) -> Result<(), Error> {
        let context = &mut self.contexts[index];
        // SAFETY: the context is open, and the argument has the type that the control declares.
        let (name, status) = unsafe {
            match control {
                Control::Int(name, set, value) => (name, set(context, value)),
                Control::Uint(name, set, value) => (name, set(context, value)),
            }
        };
        self.succeeded(index, name, status)
    }

    /// The intended size of the picture on a screen.
    pub(super) fn set_render_size(&mut self, (width, height): (u32, u32)) -> Result<(), Error> {
        let mut size = [width as c_int, height as c_int];
        // SAFETY: the context is open, and the control reads two ints.
        let status = unsafe { c::control::vp9e_set_render_size(&mut self.contexts[0], &mut size) };
        self.succeeded(0, "VP9E_SET_RENDER_SIZE", status)
    }

    /// A quantizer offset for each block of the codec's grid, whose size the caller has checked; an empty map takes it away.
    pub(super) fn set_offsets(
        &mut self,
        codec: Codec,
        map: &[u8],
        (columns, rows): (usize, usize),
        offsets: [i8; 8],
    ) -> Result<(), Error> {
        assert!(map.is_empty() || map.len() == columns * rows);
        let mut map = map.to_vec();
        let mut roi =
            c::vpx_roi_map_t { rows: rows as c_uint, cols: columns as c_uint, ..Default::default() };
        roi.delta_q = offsets.map(c_int::from);
        roi.ref_frame = [-1; 8];
        if !map.is_empty() {
            (roi.enabled, roi.roi_map) = (1, map.as_mut_ptr());
        }
        let context = &mut self.contexts[0];
        // SAFETY: the context is open. The map is null or has as many bytes as rows and columns say, and is copied by the call.
        let (name, status) = unsafe {
            match codec {
                Codec::Vp8 => ("VP8E_SET_ROI_MAP", c::control::vp8e_set_roi_map(context, &mut roi)),
                Codec::Vp9 => ("VP9E_SET_ROI_MAP", c::control::vp9e_set_roi_map(context, &mut roi)),
            }
        };
        self.succeeded(0, name, status)
    }

    /// Which blocks of 16x16 are coded at all; an empty map takes it away.
    pub(super) fn set_active(&mut self, map: &[u8], (columns, rows): (usize, usize)) -> Result<(), Error> {
        assert!(map.is_empty() || map.len() == columns * rows);
        let mut map = map.to_vec();
        let active_map = if map.is_empty() { ptr::null_mut() } else { map.as_mut_ptr() };
        let mut active = c::vpx_active_map_t { active_map, rows: rows as c_uint, cols: columns as c_uint };
        // SAFETY: as in `set_offsets`.
        let status = unsafe { c::control::vp8e_set_activemap(&mut self.contexts[0], &mut active) };
        self.succeeded(0, "VP8E_SET_ACTIVEMAP", status)
    }

    /// Sizes, quantizers and speeds of the spatial layers.
    pub(super) fn set_layers(&mut self, mut parameters: c::vpx_svc_extra_cfg_t) -> Result<(), Error> {
        // SAFETY: the context is open, the structure is copied, and its values were checked, which libvpx does not do.
        let status = unsafe { c::control::vp9e_set_svc_parameters(&mut self.contexts[0], &mut parameters) };
        self.succeeded(0, "VP9E_SET_SVC_PARAMETERS", status)
    }

    /// When spatial layers may be left out.
    pub(super) fn set_layer_drop(&mut self, mut drop: c::vpx_svc_frame_drop_t) -> Result<(), Error> {
        // SAFETY: the context is open, and the structure is copied.
        let status = unsafe { c::control::vp9e_set_svc_frame_drop_layer(&mut self.contexts[0], &mut drop) };
        self.succeeded(0, "VP9E_SET_SVC_FRAME_DROP_LAYER", status)
    }

    /// The temporal layer of the VP9 frame coded last.
    pub(super) fn temporal_layer(&mut self) -> Result<u8, Error> {
        let mut layer = c::vpx_svc_layer_id_t::default();
        // SAFETY: the context is open, and the control fills the structure.
        let status = unsafe { c::control::vp9e_get_svc_layer_id(&mut self.contexts[0], &mut layer) };
        self.succeeded(0, "VP9E_GET_SVC_LAYER_ID", status)?;
        Ok(u8::try_from(layer.temporal_layer_id).unwrap_or(0))
    }

    /// The quantizer of the frame coded last, 0 to 63.
    pub(super) fn last_quantizer(&mut self, index: usize) -> Option<f32> {
        let mut quantizer: c_int = -1;
        // SAFETY: the context is open, and the control writes one int.
        let status =
            unsafe { c::control::vp8e_get_last_quantizer_64(&mut self.contexts[index], &mut quantizer) };
        (status == c::VPX_CODEC_OK && quantizer >= 0).then_some(quantizer as f32)
    }

    /// Replaces the settings. Size, threads and lag must be those it was opened with.
    pub(super) fn configure(&mut self, index: usize, settings: &c::vpx_codec_enc_cfg_t) -> Result<(), Error> {
        let mut settings = *settings;
        settings.rc_twopass_stats_in = self.taken(index).rc_twopass_stats_in;
        // SAFETY: the context is open, and the settings are copied.
        let status = unsafe { c::vpx_codec_enc_config_set(&mut self.contexts[index], &settings) };
        self.succeeded(index, "vpx_codec_enc_config_set", status)
    }

    /// The settings as the library has them.
    pub(super) fn taken(&self, index: usize) -> c::vpx_codec_enc_cfg_t {
        // SAFETY: an open encoder's pointer leads to its own copy of the settings.
        unsafe { *self.contexts[index].config.enc }
    }

    /// Codes one image, or one for each encoder.
    pub(super) fn encode(&mut self, images: &[Image<'_>], shot: Shot) -> Result<(), Error> {
        assert_eq!(images.len(), self.count());
        let raw: Vec<c::vpx_image_t> = images.iter().map(Image::raw).collect();
        let Shot { pts, duration, flags, deadline } = shot;
        let contexts = self.contexts.as_mut_ptr();
        // SAFETY: the contexts are open, and there are as many images. Their planes were checked by `FrameRef` for the size each context was
        // opened with, and outlive the call, in which the library copies them.
        let status = unsafe {
            c::vpx_codec_encode(contexts, raw.as_ptr(), pts, c_ulong::from(duration), flags, deadline)
        };
        self.succeeded(0, "vpx_codec_encode", status)
    }

    /// Asks for what the lookahead holds.
    pub(super) fn flush(&mut self, deadline: c_ulong) -> Result<(), Error> {
        // SAFETY: the context is open; no image means the end of the stream.
        let status =
            unsafe { c::vpx_codec_encode(self.contexts.as_mut_ptr(), ptr::null(), 0, 1, 0, deadline) };
        self.succeeded(0, "vpx_codec_encode", status)
    }

    /// What the last call put out, each packet copied once.
    pub(super) fn packets(&mut self, index: usize) -> Vec<Raw> {
        let mut packets = Vec::new();
        let mut iterator = ptr::null();
        loop {
            // SAFETY: the context is open, and the iterator belongs to this walk.
            let packet = unsafe { c::vpx_codec_get_cx_data(&mut self.contexts[index], &mut iterator) };
            // SAFETY: null, or a packet that stays valid until the next call that encodes.
            let Some(packet) = (unsafe { packet.as_ref() }) else {
                return packets;
            };
            packets.extend(read(packet));
        }
    }

    fn succeeded(
        &mut self,
        index: usize,
        call: &'static str,
        status: c::vpx_codec_err_t,
    ) -> Result<(), Error> {
        match status {
            c::VPX_CODEC_OK => Ok(()),
            code => Err(failure(call, code, &detail(&mut self.contexts[index]))),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        for context in &mut self.contexts {
            // SAFETY: the context is open and not used after this.
            let status = unsafe { c::vpx_codec_destroy(context) };
            if status != c::VPX_CODEC_OK {
                tracing::warn!(status, "vpx_codec_destroy failed");
            }
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("encoders", &self.contexts.len()).finish_non_exhaustive()
    }
}

/// `None` for kinds that were not asked for: a newer library may have some of its own.
fn read(packet: &c::vpx_codec_cx_pkt_t) -> Option<Raw> {
    // SAFETY: the kind says which member of the union is set. What it points to is valid until the next call that encodes.
    unsafe {
        match packet.kind {
            c::VPX_CODEC_CX_FRAME_PKT => {
                let frame = &packet.data.frame;
                let data = copied(frame.buf, frame.sz);
                let layers = frame.spatial_layer_encoded;
                Some(Raw::Frame(RawFrame { data, pts: frame.pts, flags: frame.flags, layers }))
            }
            c::VPX_CODEC_STATS_PKT => {
                let piece = &packet.data.twopass_stats;
                Some(Raw::Statistics(copied(piece.buf, piece.sz)))
            }
            c::VPX_CODEC_PSNR_PKT => {
                let psnr = &packet.data.psnr;
                Some(Raw::Psnr([0, 1, 2, 3].map(|plane| (psnr.sse[plane], psnr.psnr[plane]))))
            }
            _ => None,
        }
    }
}

/// # Safety
/// `buf` leads to `len` bytes, unless there are none.
unsafe fn copied(buf: *const c_void, len: usize) -> Bytes {
    if len == 0 {
        return Bytes::new();
    }
    // SAFETY: as the caller says.
    Bytes::copy_from_slice(unsafe { slice::from_raw_parts(buf.cast::<u8>(), len) })
}

/// The library's defaults for one pass.
pub(super) fn default_settings(codec: Codec) -> Result<c::vpx_codec_enc_cfg_t, Error> {
    let mut settings = c::vpx_codec_enc_cfg_t::default();
    // SAFETY: the library was checked to have a structure of this size, which it fills.
    let status = unsafe { c::vpx_codec_enc_config_default(interface(codec), &mut settings, 0) };
    match status {
        c::VPX_CODEC_OK => Ok(settings),
        code => Err(failure("vpx_codec_enc_config_default", code, "")),
    }
}

/// Whether the library was built for samples of more than 8 bits.
pub(super) fn has_high_bit_depth(codec: Codec) -> bool {
    // SAFETY: the interface is a constant.
    let capabilities = unsafe { c::vpx_codec_get_caps(interface(codec).cast_mut()) };
    capabilities & c::VPX_CODEC_CAP_HIGHBITDEPTH as c::vpx_codec_caps_t != 0
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

/// The C structure of an image in one block of memory, planes and strides still to be put right; `None` for a size it cannot have.
pub(super) fn wrapped(
    format: c::vpx_img_fmt_t,
    (width, height): (u32, u32),
    first: *const u8,
) -> Option<c::vpx_image_t> {
    let mut image = c::vpx_image_t::default();
    // SAFETY: the call fills the structure and follows no pointer.
    let wrapped = unsafe { c::vpx_img_wrap(&mut image, format, width, height, 1, first.cast_mut()) };
    (!wrapped.is_null()).then_some(image)
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
pub(super) fn failure(call: &'static str, code: c::vpx_codec_err_t, detail: &str) -> Error {
    // SAFETY: the function returns a constant text for any code.
    let name = unsafe { CStr::from_ptr(c::vpx_codec_err_to_string(code)) }.to_string_lossy();
    let detail = if detail.is_empty() { name.into_owned() } else { format!("{name}, {detail}") };
    Error::Codec { call, code: code.into(), detail }
}
