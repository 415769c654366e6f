//! x264's log lines: to `tracing`, and the last ones kept, since the library says why it refuses nowhere else.

use std::any::Any;
use std::collections::VecDeque;
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::slice;
use std::sync::{Mutex, PoisonError};

use x264_sys as c;

/// What an encoder writes to, from all of its threads. Stays in its box: the library has pointers into it.
pub(super) struct Log {
    sink: c::LogSink,
    /// Warnings and errors, at most [`KEPT`].
    lines: Mutex<VecDeque<(c_int, String)>>,
}

// SAFETY: the sink is set once before anyone else sees it, and its pointer leads to `lines`, which is a mutex.
unsafe impl Send for Log {}
// SAFETY: as above.
unsafe impl Sync for Log {}

impl Log {
    pub(super) fn boxed() -> Box<Self> {
        let mut log = Box::new(Self {
            sink: c::LogSink { line: receive, user: ptr::null_mut() },
            lines: Mutex::default(),
        });
        log.sink.user = ptr::from_ref(&log.lines).cast_mut().cast();
        log
    }

    /// For `set_log`; valid as long as the box.
    pub(super) fn sink(&self) -> *const c::LogSink {
        &self.sink
    }

    /// Why the last call failed: the last error, else the last warning, else nothing.
    pub(super) fn detail(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let error = lines.iter().rev().find(|(level, _)| *level <= ERROR);
        error.or(lines.back()).map(|(_, line)| line.clone()).unwrap_or_default()
    }

    /// The first kept line with `part` in it.
    pub(super) fn warning(&self, part: &str) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().find(|(_, line)| line.contains(part)).map(|(_, line)| line.clone())
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// The library's callback. A panic, which only a `tracing` subscriber could raise, ends here: it must not unwind through C.
unsafe extern "C" fn receive(user: *mut c_void, level: c_int, text: *const c_char, length: usize) {
    // SAFETY: `user` is `Log::lines`, which outlives the encoder that calls.
    let lines = unsafe { &*user.cast::<Mutex<VecDeque<(c_int, String)>>>() };
    // SAFETY: the shim passes `length` bytes that are valid for the call.
    let text = unsafe { slice::from_raw_parts(text.cast::<u8>(), length) };
    let text = String::from_utf8_lossy(text);
    let told = catch_unwind(|| tell(level, &text));
    if let Err(panic) = told {
        discard(panic);
    }
    if level <= WARNING {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back((level, text.into_owned()));
    }
}

/// x264 is chatty: what it calls information is for debugging here.
fn tell(level: c_int, text: &str) {
    match level {
        ..=ERROR => tracing::error!(target: "media_core::encode::x264", "{text}"),
        WARNING => tracing::warn!(target: "media_core::encode::x264", "{text}"),
        INFO => tracing::debug!(target: "media_core::encode::x264", "{text}"),
        _ => tracing::trace!(target: "media_core::encode::x264", "{text}"),
    }
}

/// Drops a panic's payload, which may itself panic, and then for good.
fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}

const ERROR: c_int = c::X264_LOG_ERROR as c_int;
const WARNING: c_int = c::X264_LOG_WARNING as c_int;
const INFO: c_int = c::X264_LOG_INFO as c_int;
/// Opening warns of a handful of things at most.
const KEPT: usize = 16;
