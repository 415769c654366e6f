//! Raw bindings to libvpx, complete: the VP8 and VP9 encoders and decoders, images, frame buffers, every control.
//!
//! Names are those of the C headers, and their documentation is libvpx's own. What C has as macros, static
//! functions or variable arguments comes from a small C file built with the crate: [`vpx_codec_enc_init`],
//! [`vpx_codec_dec_init`], [`vpx_codec_enc_init_multi`], and one function for each control in [`control`].
//! Enumerations are integer constants, since a C library may return a value that the header did not list.
//!
//! The bindings are checked in and fit libvpx 1.11 to 1.17: that the headers found are laid out so is asserted by
//! the C compiler while building, and [`check`] asks the library at run time. The feature `bindgen` writes them
//! from the headers found instead, for other versions. How the library is found, and how it is linked statically,
//! is in the README.
//!
//! ```
//! use vpx_sys::*;
//!
//! check()?;
//! // SAFETY: the structures are filled by libvpx before they are read, and the context is destroyed once.
//! unsafe {
//!     let iface = vpx_codec_vp9_cx();
//!     let mut cfg = vpx_codec_enc_cfg_t::default();
//!     assert_eq!(vpx_codec_enc_config_default(iface, &mut cfg, 0), VPX_CODEC_OK);
//!     (cfg.g_w, cfg.g_h) = (64, 64);
//!     let mut ctx = vpx_codec_ctx_t::default();
//!     assert_eq!(vpx_codec_enc_init(&mut ctx, iface, &cfg, 0), VPX_CODEC_OK);
//!     assert_eq!(control::vp8e_set_cpuused(&mut ctx, 8), VPX_CODEC_OK);
//!     assert_eq!(vpx_codec_destroy(&mut ctx), VPX_CODEC_OK);
//! }
//! # Ok::<(), Mismatch>(())
//! ```

#![no_std]
// Calling C is what this crate is for; the safe layer is media_core.
#![allow(unsafe_code)]
#![deny(missing_docs)]

// The names and their documentation are libvpx's; generated code is not to be judged by our lints.
#[allow(missing_docs, missing_debug_implementations, unreachable_pub)]
#[allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]
#[allow(clippy::all, clippy::undocumented_unsafe_blocks)]
mod bindings {
    #[cfg(not(generated))]
    include!("bindings.rs");
    #[cfg(generated)]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}
pub mod control;
mod shim;
mod version;

pub use bindings::*;
pub use shim::*;
pub use version::{Mismatch, check, loaded_version};

/// Frame flag of libvpx 1.16 and newer: a PSNR packet for this frame, whatever the context was opened with.
pub const VPX_EFLAG_CALCULATE_PSNR: vpx_enc_frame_flags_t = 1 << 1;
