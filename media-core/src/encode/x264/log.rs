//! x264's log lines: to `tracing`, and the last ones kept, since the library says why it refuses nowhere else.

use std::collections::VecDeque;
use std::ffi::c_int;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};

use x264_sys as c;

use super::slices::discard;

/// Warnings and errors, at most [`KEPT`].
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<VecDeque<(c_int, String)>>);

impl Lines {
    /// Takes a line from any of the encoder's threads. A panic, which only a `tracing` subscriber could raise, ends here: it must not
    /// unwind through C.
    pub(super) fn receive(&self, level: c_int, text: &str) {
        if let Err(panic) = catch_unwind(|| tell(level, text)) {
            discard(panic);
        }
        if level > WARNING {
            return;
        }
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back((level, text.to_owned()));
    }

    /// Why the last call failed: the last error, else the last warning, else nothing.
    pub(super) fn detail(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let error = lines.iter().rev().find(|(level, _)| *level <= ERROR);
        error.or(lines.back()).map(|(_, line)| line.clone()).unwrap_or_default()
    }

    /// The first line kept that has `part` in it.
    pub(super) fn warning(&self, part: &str) -> Option<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().find(|(_, line)| line.contains(part)).map(|(_, line)| line.clone())
    }
}

/// x264 is chatty: what it calls information is for debugging here.
fn tell(level: c_int, text: &str) {
    match level {
        ..=ERROR => tracing::error!(target: TARGET, "{text}"),
        WARNING => tracing::warn!(target: TARGET, "{text}"),
        INFO => tracing::debug!(target: TARGET, "{text}"),
        _ => tracing::trace!(target: TARGET, "{text}"),
    }
}

const TARGET: &str = "media_core::encode::x264";
const ERROR: c_int = c::X264_LOG_ERROR;
const WARNING: c_int = c::X264_LOG_WARNING;
const INFO: c_int = c::X264_LOG_INFO;
/// Opening warns of a handful of things at most.
const KEPT: usize = 16;
