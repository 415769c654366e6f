//! A frame on its way into libx264, with what goes along with it: planes, offsets, messages, unchanged blocks, and who gets the slices.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use x264_sys as c;

use super::format::Scratch;
use super::handle::new_picture;
use super::output::Unit;
use super::rules::Rules;
use super::slices::Receiver;
use crate::encode::{Block, FrameOptions, FrameType, Input, Quantizer, Sei};
use crate::time::Timestamp;

/// The C picture of a frame, whose planes it borrows for `'a`.
pub(super) struct Picture<'a> {
    raw: c::x264_picture_t,
    /// Read in the call; `raw` points into it.
    _offsets: Vec<f32>,
    /// Read until the picture comes out; `raw` points into it.
    kept: Option<Arc<Kept>>,
    planes: PhantomData<&'a [u8]>,
}

impl<'a> Picture<'a> {
    /// Of an input that the rules found possible.
    pub(super) fn new(
        input: &Input<'a>,
        rules: &Rules,
        scratch: &'a mut Scratch,
        receiver: Option<&Arc<Receiver>>,
    ) -> Self {
        let options = input.options;
        let mut raw = new_picture();
        raw.i_type = picture_type(options.frame_type);
        if let Quantizer::Fixed(qp) = options.quantizer {
            raw.i_qpplus1 = c_int::from(qp) + rules.quantizer_offset + 1;
        }
        raw.i_pts = input.pts;
        raw.img = scratch.image(input.frame);
        let mut offsets = offsets(options, rules);
        if !offsets.is_empty() {
            raw.prop.quant_offsets = offsets.as_mut_ptr();
        }
        let kept = Kept::of(input, rules, receiver);
        if let Some(kept) = &kept {
            kept.point(&mut raw);
        }
        Self { raw, _offsets: offsets, kept, planes: PhantomData }
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut c::x264_picture_t {
        &mut self.raw
    }

    /// What has to live until the picture comes out.
    pub(super) fn kept(&self) -> Option<Arc<Kept>> {
        self.kept.clone()
    }
}

const fn picture_type(kind: FrameType) -> c_int {
    match kind {
        FrameType::Auto => c::X264_TYPE_AUTO,
        FrameType::Key => c::X264_TYPE_IDR,
        FrameType::Intra => c::X264_TYPE_I,
        FrameType::P => c::X264_TYPE_P,
        FrameType::B => c::X264_TYPE_B,
        FrameType::BReference => c::X264_TYPE_BREF,
    }
}

/// One offset for each macroblock; none when all are zero.
fn offsets(options: &FrameOptions, rules: &Rules) -> Vec<f32> {
    let frame = if let Quantizer::Offset(steps) = options.quantizer { f32::from(steps) } else { 0.0 };
    let block =
        |block: &Block| frame + if let Block::Offset(steps) = block { f32::from(*steps) } else { 0.0 };
    let regions = options.regions.as_deref();
    let mut offsets: Vec<f32> = regions.map_or_else(Vec::new, |map| map.blocks().iter().map(block).collect());
    if frame == 0.0 && offsets.iter().all(|offset| *offset == 0.0) {
        return Vec::new();
    }
    offsets.resize(rules.macroblocks, frame);
    offsets
}

/// What x264 reads until the picture comes out. Pointers to it are given to the library, one of them as the picture's `opaque`, by
/// which it is found again.
pub(super) struct Kept {
    /// As `messages`, for C.
    payloads: Vec<c::x264_sei_payload_t>,
    /// Owns what `payloads` points to.
    _messages: Vec<Bytes>,
    /// A flag for each macroblock.
    unchanged: Vec<u8>,
    slices: Option<Slices>,
}

/// Who gets the units of a picture as they are made.
struct Slices {
    receiver: Arc<Receiver>,
    pts: Timestamp,
    units: Mutex<Vec<Unit>>,
}

// SAFETY: `payloads` points into `_messages`, which is only read, by the library too; everything else is `Send` by itself.
unsafe impl Send for Kept {}
// SAFETY: as above; what changes is behind a mutex.
unsafe impl Sync for Kept {}

impl Kept {
    fn of(input: &Input<'_>, rules: &Rules, receiver: Option<&Arc<Receiver>>) -> Option<Arc<Self>> {
        let messages: Vec<Bytes> = input.options.sei.iter().map(|sei| sei.payload.clone()).collect();
        let kept = Self {
            payloads: input.options.sei.iter().map(payload).collect(),
            _messages: messages,
            unchanged: unchanged(input, rules),
            slices: receiver.map(|receiver| Slices {
                receiver: Arc::clone(receiver),
                pts: input.shown,
                units: Mutex::default(),
            }),
        };
        let needed = !kept.payloads.is_empty() || !kept.unchanged.is_empty() || kept.slices.is_some();
        needed.then(|| Arc::new(kept))
    }

    /// Points a picture to it. The library does not write there; the C types just are not const.
    fn point(self: &Arc<Self>, picture: &mut c::x264_picture_t) {
        picture.opaque = Arc::as_ptr(self).cast_mut().cast();
        if !self.payloads.is_empty() {
            picture.extra_sei.num_payloads = self.payloads.len() as c_int;
            picture.extra_sei.payloads = self.payloads.as_ptr().cast_mut();
        }
        if !self.unchanged.is_empty() {
            picture.prop.mb_info = self.unchanged.as_ptr().cast_mut();
        }
    }

    /// Takes a unit that is complete, of the encoder's threads: tells the receiver, and keeps it for the packet.
    pub(super) fn take(&self, unit: Unit, blocks: Option<std::ops::Range<u32>>) {
        let Some(slices) = &self.slices else {
            return;
        };
        if super::output::is_carried(unit.kind, false) {
            slices.receiver.tell(slices.pts, blocks, &unit.data);
        }
        slices.units.lock().unwrap_or_else(PoisonError::into_inner).push(unit);
    }

    /// All units of the picture in the order of the packet; `None` when they were not given out singly.
    pub(super) fn units(&self) -> Option<Vec<Unit>> {
        let slices = self.slices.as_ref()?;
        let mut units = std::mem::take(&mut *slices.units.lock().unwrap_or_else(PoisonError::into_inner));
        // Threads finish in any order; messages and the first slice both say 0, and come in order.
        units.sort_by_key(|unit| unit.first);
        Some(units)
    }

    /// Whether a receiver panicked, in this picture or before.
    pub(super) fn panicked(&self) -> bool {
        self.slices.as_ref().is_some_and(|slices| slices.receiver.panicked())
    }

    /// What an `opaque` pointer leads to.
    ///
    /// # Safety
    /// `opaque` is that of a picture made by [`Picture::new`] with something kept, which has not come out.
    pub(super) unsafe fn from_opaque<'a>(opaque: *const c_void) -> &'a Self {
        // SAFETY: the encoder's handle keeps it alive until the picture has come out.
        unsafe { &*opaque.cast() }
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (messages, unchanged) = (self.payloads.len(), !self.unchanged.is_empty());
        f.debug_struct("Kept")
            .field("messages", &messages)
            .field("unchanged", &unchanged)
            .finish_non_exhaustive()
    }
}

fn payload(sei: &Sei) -> c::x264_sei_payload_t {
    c::x264_sei_payload_t {
        payload_size: sei.payload.len() as c_int,
        payload_type: sei.payload_type as c_int,
        payload: sei.payload.as_ptr().cast_mut(),
    }
}

/// A flag for each macroblock; none when none is unchanged, and none with an intra picture, whose blocks x264 would from then on take for
/// blurred by its deblocking, and not believe anything that is said of them.
fn unchanged(input: &Input<'_>, rules: &Rules) -> Vec<u8> {
    let is_intra = input.pts == 0 || matches!(input.options.frame_type, FrameType::Key | FrameType::Intra);
    let Some(regions) = input.options.regions.as_deref().filter(|_| !is_intra) else {
        return Vec::new();
    };
    let flag = |block: &Block| if *block == Block::Unchanged { c::X264_MBINFO_CONSTANT as u8 } else { 0 };
    let mut flags: Vec<u8> = regions.blocks().iter().map(flag).collect();
    if flags.iter().all(|flag| *flag == 0) {
        return Vec::new();
    }
    flags.resize(rules.macroblocks, 0);
    flags
}
