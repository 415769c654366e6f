//! Where x264's log lines go.
//!
//! `pf_log` of a parameter set gets a format and a `va_list`, which Rust cannot read on every target; a sink
//! gets the finished line. Warnings of `x264_param_parse` and `x264_param_default*` always go to standard
//! error: x264 has no parameter set to look into there.

use core::ffi::{c_char, c_int, c_void};

use crate::x264_param_t;

/// Who gets the log lines.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LogSink {
    /// Called for each line, from any of the encoder's threads, also from several at once; must not unwind.
    ///
    /// `level` is one of `X264_LOG_*`. `text` has `length` bytes and then a zero, no line end, and is valid
    /// for the call.
    pub line: unsafe extern "C" fn(user: *mut c_void, level: c_int, text: *const c_char, length: usize),
    /// Passed to `line` as it is.
    pub user: *mut c_void,
}

unsafe extern "C" {
    /// Sends the lines of encoders opened with `param` to `sink`; `i_log_level` still says which ones.
    ///
    /// # Safety
    ///
    /// `param` is initialised. `sink` stays where it is until every encoder opened with `param` is closed:
    /// x264 keeps the pointer.
    #[link_name = "x264_sys_set_log"]
    pub fn set_log(param: *mut x264_param_t, sink: *const LogSink);
}
