//! Slices as they are made, before the picture they belong to is complete: for latencies below a frame.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

use std::any::Any;
use std::ffi::c_void;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use x264_sys as c;

use super::output::{Unit, is_slice};
use super::picture::Kept;
use crate::time::Timestamp;

/// A NAL unit that is complete while its picture may not be: a slice, or a message in front of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<'a> {
    /// The picture it belongs to, as pushed.
    pub pts: Timestamp,
    /// Which macroblocks are in it, counted row by row; `None` for a message (SEI). With several threads, slices come in any order:
    /// this says which is which.
    pub blocks: Option<Range<u32>>,
    /// The NAL unit behind its 4-byte length, as in a packet. The packet of the picture is its units by `blocks`, messages first.
    pub data: &'a [u8],
}

/// Whoever wants to have them.
pub(in crate::encode) struct Receiver {
    call: Box<dyn Fn(Slice<'_>) + Send + Sync>,
    panicked: AtomicBool,
}

impl Receiver {
    pub(in crate::encode) fn new(call: Box<dyn Fn(Slice<'_>) + Send + Sync>) -> Self {
        Self { call, panicked: AtomicBool::new(false) }
    }

    /// Calls it from one of the encoder's threads. A panic ends here, since it must not unwind through C, and is remembered.
    pub(super) fn tell(&self, pts: Timestamp, blocks: Option<Range<u32>>, data: &[u8]) {
        let slice = Slice { pts, blocks, data };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (self.call)(slice))) {
            self.panicked.store(true, Ordering::Relaxed);
            discard(panic);
        }
    }

    pub(super) fn panicked(&self) -> bool {
        self.panicked.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("panicked", &self.panicked).finish_non_exhaustive()
    }
}

/// Drops a panic's payload, which may itself panic, and then for good.
pub(super) fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}

/// The library's callback (`nalu_process`), for encoders all of whose pictures have something kept.
pub(super) unsafe extern "C" fn process(
    encoder: *mut c::x264_t,
    nal: *mut c::x264_nal_t,
    opaque: *mut c_void,
) {
    // SAFETY: `opaque` is that of the picture in work.
    let kept = unsafe { Kept::from_opaque(opaque) };
    // SAFETY: the unit is this thread's until the callback returns.
    let nal = unsafe { &mut *nal };
    let raw = nal.p_payload;
    let most = usize::try_from(nal.i_payload).unwrap_or(0) * 3 / 2 + MORE;
    let mut data = vec![0; most];
    // SAFETY: the buffer is as large as x264.h demands.
    unsafe { c::x264_nal_encode(encoder, data.as_mut_ptr(), nal) };
    // The length is left, rate control counts it; the pointer leads back to what the library owns.
    nal.p_payload = raw;
    data.truncate(usize::try_from(nal.i_payload).unwrap_or(0));
    let kind = nal.i_type as u32;
    let block = |number| u32::try_from(number).unwrap_or(0);
    let blocks = is_slice(kind).then(|| block(nal.i_first_mb)..block(nal.i_last_mb) + 1);
    let first = blocks.as_ref().map_or(0, |blocks| blocks.start);
    kept.take(Unit { kind, reference: nal.i_ref_idc != 0, first, data }, blocks);
}

/// Beside one and a half times the unit: a start code and what vector instructions write beyond the end.
const MORE: usize = 5 + 64;
