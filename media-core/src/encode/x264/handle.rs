//! The calls of libx264, each wrapped so that what it relies on is owned here: parameters, the encoder, its log and what it keeps of
//! pictures.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;

use x264_sys as c;

use super::log::Lines;
use super::output::{Nal, Output, Unit};
use super::picture::{Kept, Picture};
use crate::encode::Error;

/// An empty picture, as the library wants it.
pub(super) fn new_picture() -> c::x264_picture_t {
    let mut picture = c::x264_picture_t::default();
    // SAFETY: the library fills the structure it is given, whose layout the sys crate asserts.
    unsafe { c::x264_picture_init(&mut picture) };
    picture
}

/// What table A-1 of H.264 has for a level, by its number times ten.
pub(super) fn level(idc: c_int) -> Option<c::x264_level_t> {
    let mut level = c::x264_levels();
    loop {
        // SAFETY: the table lives as long as the program and ends with an entry of level 0, which the loop does not go past.
        let entry = unsafe { &*level };
        if c_int::from(entry.level_idc) == idc || entry.level_idc == 0 {
            return (entry.level_idc != 0).then_some(*entry);
        }
        // SAFETY: as above, this was not the last entry.
        level = unsafe { level.add(1) };
    }
}

/// Parameters with the strings that x264 allocates in them (for zones and the like) while parsing.
#[derive(Debug)]
pub(super) struct Parameters(pub(super) Box<c::x264_param_t>);

impl Parameters {
    pub(super) fn preset(preset: &CStr, tune: Option<&CStr>) -> Result<Self, Error> {
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
    pub(super) fn parse_text(&mut self, name: &CStr, value: &CStr) -> c_int {
        // SAFETY: the parameters were filled by the library, which copies the texts; `drop` frees the copies.
        unsafe { c::x264_param_parse(&mut *self.0, name.as_ptr(), value.as_ptr()) }
    }

    /// 0, or negative when the settings need more than the profile has.
    pub(super) fn restrict_to(&mut self, profile: &CStr) -> c_int {
        // SAFETY: the parameters were filled by the library, and the text outlives the call.
        unsafe { c::x264_param_apply_profile(&mut *self.0, profile.as_ptr()) }
    }

    /// Turns off what a first pass can do without.
    pub(super) fn hasten_first_pass(&mut self) {
        // SAFETY: the parameters were filled by the library.
        unsafe { c::x264_param_apply_fastfirstpass(&mut *self.0) };
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

/// Owns an encoder, the log it writes to, and what it keeps of pictures.
#[derive(Debug)]
pub(super) struct Handle {
    encoder: NonNull<c::x264_t>,
    /// Here so that it outlives the encoder, whose threads write to it; see `Drop`.
    log: Box<Log>,
    /// Side data of the pictures inside, which the library reads until they come out; likewise.
    kept: Vec<Arc<Kept>>,
    /// Whether filler is part of what was asked for.
    with_filler: bool,
}

// SAFETY: libx264 may be called from any thread, one at a time, which `&mut self` ensures; it keeps no thread-local state. The log
// and the side data are `Sync`.
unsafe impl Send for Handle {}

/// What one call gave.
#[derive(Debug)]
pub(super) struct Encoded {
    /// The quantizer of the picture that was begun in this call, as x264 counts; with threads that take a picture each, it comes out
    /// in a later one. `None` when x264 only took a frame in.
    pub(super) begun: Option<c_int>,
    pub(super) output: Option<Output>,
}

impl Handle {
    pub(super) fn open(parameters: &mut Parameters) -> Result<Self, Error> {
        let log = Log::boxed();
        // SAFETY: the parameters are initialised. The box is kept beside the encoder and freed after it; the parameters keep a pointer
        // to it too, which only the line below follows.
        unsafe { c::set_log(&mut *parameters.0, &log.sink) };
        // SAFETY: the parameters were filled by `x264_param_default_preset`; the library copies them, strings included.
        let encoder = unsafe { c::x264_encoder_open(&mut *parameters.0) };
        let with_filler = parameters.0.i_nal_hrd == c::X264_NAL_HRD_CBR;
        match NonNull::new(encoder) {
            Some(encoder) => Ok(Self { encoder, log, kept: Vec::new(), with_filler }),
            None => Err(Error::Codec { call: "x264_encoder_open", code: 0, detail: log.lines.detail() }),
        }
    }

    /// The parameters as the encoder changed them. Strings in them are the encoder's.
    pub(super) fn parameters(&self) -> c::x264_param_t {
        let mut parameters = c::x264_param_t::default();
        // SAFETY: the encoder is open, and the structure is plain data of the size the library was checked for.
        unsafe { c::x264_encoder_parameters(self.encoder.as_ptr(), &mut parameters) };
        parameters
    }

    pub(super) fn delay(&self) -> u32 {
        // SAFETY: the encoder is open; the call reads its parameters.
        let frames = unsafe { c::x264_encoder_maximum_delayed_frames(self.encoder.as_ptr()) };
        u32::try_from(frames).unwrap_or(0)
    }

    pub(super) fn delayed(&mut self) -> c_int {
        // SAFETY: the encoder is open, and by `&mut` in no other call.
        unsafe { c::x264_encoder_delayed_frames(self.encoder.as_ptr()) }
    }

    /// The first line of the log with `part` in it.
    pub(super) fn warning(&self, part: &str) -> Option<String> {
        self.log.lines.warning(part)
    }

    /// The sequence and picture parameter sets and a message, as NAL units. Not for an encoder that gives units to a callback.
    pub(super) fn headers<R>(&mut self, read: impl FnOnce(&[Nal<'_>]) -> R) -> Result<R, Error> {
        let (mut nals, mut count) = (ptr::null_mut(), 0);
        // SAFETY: the encoder is open and has not begun; both results are written before the call returns.
        let bytes = unsafe { c::x264_encoder_headers(self.encoder.as_ptr(), &mut nals, &mut count) };
        self.succeeded("x264_encoder_headers", bytes)?;
        // SAFETY: the array belongs to the encoder until its next call, and `read` cannot keep it.
        Ok(read(&unsafe { nal_units(nals, count) }))
    }

    /// One frame in, or none to drain, and at most one packet out.
    pub(super) fn encode(&mut self, picture: Option<Picture<'_>>) -> Result<Encoded, Error> {
        let (mut nals, mut count) = (ptr::null_mut(), 0);
        // Initialised although the library is to fill it: it writes some fields only, and none when nothing comes out.
        let mut out = new_picture();
        let mut picture = picture;
        self.kept.extend(picture.as_ref().and_then(Picture::kept));
        let input = picture.as_mut().map_or(ptr::null_mut(), Picture::as_mut_ptr);
        // SAFETY: the encoder is open. The picture's planes were checked by `FrameRef` for the size the encoder was opened with, and its
        // offsets are one for each macroblock; both outlive the call, in which the library copies them. Other side data is in `kept`
        // until the picture comes out.
        let bytes =
            unsafe { c::x264_encoder_encode(self.encoder.as_ptr(), &mut nals, &mut count, input, &mut out) };
        self.succeeded("x264_encoder_encode", bytes)?;
        let begun = (out.i_qpplus1 != c::X264_QP_AUTO).then(|| out.i_qpplus1 - 1);
        if bytes == 0 {
            return Ok(Encoded { begun, output: None });
        }
        // `out` says something only if there are bytes.
        let kept = self.kept.iter().position(|kept| Arc::as_ptr(kept).cast() == out.opaque.cast_const());
        let kept = kept.map(|index| self.kept.swap_remove(index));
        let output = match kept.as_deref().and_then(Kept::units) {
            Some(units) => {
                let nals: Vec<Nal<'_>> = units.iter().map(Unit::nal).collect();
                Output::new(&out, &nals, self.with_filler)
            }
            // SAFETY: the array belongs to the encoder until its next call, and is copied from before that.
            None => Output::new(&out, &unsafe { nal_units(nals, count) }, self.with_filler),
        };
        if kept.is_some_and(|kept| kept.panicked()) {
            let detail = "the receiver of slices panicked".to_owned();
            return Err(Error::Codec { call: "nalu_process", code: 0, detail });
        }
        Ok(Encoded { begun, output: Some(output) })
    }

    /// Asks for other parameters from the next picture on; 0, or negative when they are invalid.
    pub(super) fn reconfigure(&mut self, parameters: &mut c::x264_param_t) -> Result<(), Error> {
        // SAFETY: the encoder is open, and by `&mut` in no other call; the parameters are its own but for plain numbers.
        let status = unsafe { c::x264_encoder_reconfig(self.encoder.as_ptr(), parameters) };
        self.succeeded("x264_encoder_reconfig", status)
    }

    pub(super) fn intra_refresh(&mut self) {
        // SAFETY: the encoder is open, and by `&mut` in no other call.
        unsafe { c::x264_encoder_intra_refresh(self.encoder.as_ptr()) };
    }

    pub(super) fn invalidate_reference(&mut self, pts: i64) -> Result<(), Error> {
        // SAFETY: the encoder is open, and by `&mut` in no other call.
        let status = unsafe { c::x264_encoder_invalidate_reference(self.encoder.as_ptr(), pts) };
        self.succeeded("x264_encoder_invalidate_reference", status)
    }

    fn succeeded(&self, call: &'static str, status: c_int) -> Result<(), Error> {
        if status >= 0 {
            return Ok(());
        }
        Err(Error::Codec { call, code: status.into(), detail: self.log.lines.detail() })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the encoder is open and not used after this. It ends its threads and frees the frames it holds; only then are the
        // fields dropped, the log and the side data among them.
        unsafe { c::x264_encoder_close(self.encoder.as_ptr()) };
    }
}

/// What an output call returned.
///
/// # Safety
/// The call succeeded and wrote `nals` and `count`, and `'a` ends before the next call on the encoder.
unsafe fn nal_units<'a>(nals: *const c::x264_nal_t, count: c_int) -> Vec<Nal<'a>> {
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 || nals.is_null() {
        return Vec::new();
    }
    // SAFETY: the library wrote a pointer to `count` units of its own.
    let nals = unsafe { slice::from_raw_parts(nals, count) };
    let units = nals.iter().map(|nal| Nal {
        kind: nal.i_type as u32,
        reference: nal.i_ref_idc != 0,
        // SAFETY: a unit's payload is `i_payload` bytes in the encoder's buffer.
        data: unsafe { slice::from_raw_parts(nal.p_payload, usize::try_from(nal.i_payload).unwrap_or(0)) },
    });
    units.collect()
}
