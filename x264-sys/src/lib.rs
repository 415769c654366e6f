//! Raw bindings to libx264, complete: parameters, pictures, the encoder, levels, names, logging.
//!
//! **libx264 is licensed under the GPL, version 2 or later.** A program that links it can only be distributed
//! under the terms of the GPL (or of a commercial licence of the x264 project), whatever the licence of this crate.
//!
//! Names are those of `x264.h`, whose comments are the documentation. What C has as macros, static tables or a
//! `va_list` comes from a small C file built with the crate: [`x264_encoder_open`], [`x264_levels`], [`set_log`];
//! the name tables ([`x264_preset_names`] and the others) are constants. Enumerations are integer constants, since a
//! C library may return a value that the header did not list. `nalu_process` needs nothing of that kind: it is a
//! plain callback, in which [`x264_nal_encode`] is called.
//!
//! The bindings are checked in and fit x264 builds 163 to 165: that the header found is laid out so is asserted by
//! the C compiler while building, and [`check`] measures the library at run time. The feature `bindgen` writes them
//! from the header found instead, for other builds. How the library is found, and how it is linked statically, is in
//! the README.
//!
//! ```
//! use x264_sys::*;
//!
//! check()?;
//! let mut param = x264_param_t::default();
//! // SAFETY: the parameters are filled by x264 before they are read, and the encoder is closed once.
//! unsafe {
//!     let (preset, tune) = (c"veryfast".as_ptr(), c"zerolatency".as_ptr());
//!     assert_eq!(x264_param_default_preset(&mut param, preset, tune), 0);
//!     (param.i_width, param.i_height, param.i_log_level) = (64, 64, X264_LOG_ERROR);
//!     let encoder = x264_encoder_open(&mut param);
//!     assert!(!encoder.is_null());
//!     x264_encoder_close(encoder);
//!     x264_param_cleanup(&mut param);
//! }
//! # Ok::<(), Mismatch>(())
//! ```

#![no_std]
// Calling C is what this crate is for; the safe layer is media_core.
#![allow(unsafe_code)]
#![deny(missing_docs)]

// The names and their documentation are x264's; generated code is not to be judged by our lints.
#[allow(missing_docs, missing_debug_implementations, unreachable_pub)]
#[allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]
#[allow(clippy::all, clippy::undocumented_unsafe_blocks)]
mod bindings {
    #[cfg(not(generated))]
    include!("bindings.rs");
    #[cfg(generated)]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}
mod log;
#[allow(non_upper_case_globals)] // Spelt as in C.
mod names;
mod shim;
mod version;

pub use bindings::*;
pub use log::{LogSink, set_log};
pub use names::*;
pub use shim::*;
pub use version::{Mismatch, check};

/// CPU flag of build 165 and newer, on AArch64: SVE.
pub const X264_CPU_SVE: u32 = 0x10;
/// CPU flag of build 165 and newer, on AArch64: SVE2.
pub const X264_CPU_SVE2: u32 = 0x20;
/// CPU flag of build 165 and newer, on AArch64: the dot product instructions.
pub const X264_CPU_DOTPROD: u32 = 0x40;
/// CPU flag of build 165 and newer, on AArch64: the matrix multiply instructions.
pub const X264_CPU_I8MM: u32 = 0x80;
/// CPU flag of build 165 and newer, on LoongArch: LSX.
pub const X264_CPU_LSX: u32 = 0x1;
/// CPU flag of build 165 and newer, on LoongArch: LASX.
pub const X264_CPU_LASX: u32 = 0x2;
