//! What C has as macros: opening a context, ABI numbers, version parts.

use core::ffi::c_int;

use crate::*;

unsafe extern "C" {
    /// `vpx_codec_enc_init`: opens an encoder with the ABI number of the headers.
    ///
    /// On failure the context is already destroyed. A buffer in `cfg.rc_twopass_stats_in` has to outlive it.
    #[link_name = "vpx_sys_enc_init"]
    pub fn vpx_codec_enc_init(
        ctx: *mut vpx_codec_ctx_t,
        iface: *const vpx_codec_iface_t,
        cfg: *const vpx_codec_enc_cfg_t,
        flags: vpx_codec_flags_t,
    ) -> vpx_codec_err_t;

    /// `vpx_codec_enc_init_multi`: opens `num_enc` VP8 encoders of falling size at once.
    ///
    /// `ctx`, `cfg` and `dsf` (the factors of size) are arrays of `num_enc`, the largest picture first. The
    /// smaller encoders reuse the motion of the larger, which only a libvpx built for it can; others answer
    /// `VPX_CODEC_INCAPABLE`.
    #[link_name = "vpx_sys_enc_init_multi"]
    pub fn vpx_codec_enc_init_multi(
        ctx: *mut vpx_codec_ctx_t,
        iface: *const vpx_codec_iface_t,
        cfg: *mut vpx_codec_enc_cfg_t,
        num_enc: c_int,
        flags: vpx_codec_flags_t,
        dsf: *mut vpx_rational_t,
    ) -> vpx_codec_err_t;

    /// `vpx_codec_dec_init`: opens a decoder with the ABI number of the headers; `cfg` may be null.
    #[link_name = "vpx_sys_dec_init"]
    pub fn vpx_codec_dec_init(
        ctx: *mut vpx_codec_ctx_t,
        iface: *const vpx_codec_iface_t,
        cfg: *const vpx_codec_dec_cfg_t,
        flags: vpx_codec_flags_t,
    ) -> vpx_codec_err_t;

    /// The spatial layer a `VPX_CODEC_PSNR_PKT` is of, -1 with headers before libvpx 1.16, which do not say
    /// it.
    ///
    /// # Safety
    ///
    /// `pkt` points to a packet of that kind.
    #[link_name = "vpx_sys_psnr_spatial_layer_id"]
    pub fn vpx_psnr_spatial_layer_id(pkt: *const vpx_codec_cx_pkt_t) -> c_int;

    /// `VPX_IMAGE_ABI_VERSION` of the headers the crate was built with.
    #[link_name = "vpx_sys_image_abi_version"]
    pub safe fn vpx_image_abi_version() -> c_int;
    /// `VPX_CODEC_ABI_VERSION` of the headers the crate was built with.
    #[link_name = "vpx_sys_codec_abi_version"]
    pub safe fn vpx_codec_abi_version() -> c_int;
    /// `VPX_DECODER_ABI_VERSION` of the headers the crate was built with.
    #[link_name = "vpx_sys_decoder_abi_version"]
    pub safe fn vpx_decoder_abi_version() -> c_int;
    /// `VPX_ENCODER_ABI_VERSION` of the headers the crate was built with.
    #[link_name = "vpx_sys_encoder_abi_version"]
    pub safe fn vpx_encoder_abi_version() -> c_int;
}

/// `VPX_VERSION_MAJOR`: the first part of a packed version.
pub const fn vpx_version_major(version: c_int) -> c_int {
    (version >> 16) & 0xff
}

/// `VPX_VERSION_MINOR`: the second part of a packed version.
pub const fn vpx_version_minor(version: c_int) -> c_int {
    (version >> 8) & 0xff
}

/// `VPX_VERSION_PATCH`: the third part of a packed version.
pub const fn vpx_version_patch(version: c_int) -> c_int {
    version & 0xff
}

/// `vpx_codec_version_major()` of the library loaded.
pub fn vpx_codec_version_major() -> c_int {
    vpx_version_major(loaded_version())
}

/// `vpx_codec_version_minor()` of the library loaded.
pub fn vpx_codec_version_minor() -> c_int {
    vpx_version_minor(loaded_version())
}

/// `vpx_codec_version_patch()` of the library loaded.
pub fn vpx_codec_version_patch() -> c_int {
    vpx_version_patch(loaded_version())
}

fn loaded_version() -> c_int {
    // SAFETY: the function takes nothing and returns a constant.
    unsafe { vpx_codec_version() }
}
