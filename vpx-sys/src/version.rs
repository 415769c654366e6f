//! Whether the library that was loaded is the one the crate was built with.

use core::{
    error::Error,
    ffi::{CStr, c_int},
    fmt, ptr,
};

use crate::*;

/// The library loaded has another binary interface than the headers the crate was built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The interface that differs: `"encoder"` or `"decoder"`.
    pub interface: &'static str,
    /// Its ABI number in the headers the crate was built with.
    pub compiled: c_int,
    /// Its ABI number in the library loaded.
    pub loaded: c_int,
    /// The version of the library loaded, packed as by `vpx_codec_version`.
    pub version: c_int,
}

/// Compares the ABI numbers of the loaded library with those this crate was built with.
///
/// To be called once before anything else: libvpx refuses only a caller that is newer than itself, ids of
/// controls differ between releases, and `vpx_codec_enc_config_default`, which takes no ABI number at all,
/// writes as many bytes as the library believes in.
///
/// # Errors
///
/// [`Mismatch`] if the dynamic linker found another libvpx than the compiler did.
pub fn check() -> Result<(), Mismatch> {
    compare("encoder", vpx_encoder_abi_version(), loaded_abi(encoder_answer))?;
    compare("decoder", vpx_decoder_abi_version(), loaded_abi(decoder_answer))
}

/// The version text of the library loaded, such as `v1.12.0`.
pub fn loaded_version() -> &'static CStr {
    // SAFETY: libvpx returns a string literal.
    unsafe { CStr::from_ptr(vpx_codec_version_str()) }
}

fn compare(interface: &'static str, compiled: c_int, loaded: c_int) -> Result<(), Mismatch> {
    if compiled == loaded {
        return Ok(());
    }
    // SAFETY: the function takes nothing and returns a constant.
    Err(Mismatch { interface, compiled, loaded, version: unsafe { vpx_codec_version() } })
}

/// The library does not tell its number, but the greatest it takes from a caller is its own.
fn loaded_abi(answer: fn(c_int) -> vpx_codec_err_t) -> c_int {
    (0..LARGEST_ABI).rev().find(|abi| answer(*abi) != VPX_CODEC_ABI_MISMATCH).unwrap_or(0)
}

fn encoder_answer(abi: c_int) -> vpx_codec_err_t {
    // SAFETY: libvpx compares the ABI number first, then finds that there is no context, and touches nothing.
    unsafe { vpx_codec_enc_init_ver(ptr::null_mut(), ptr::null_mut(), ptr::null(), 0, abi) }
}

fn decoder_answer(abi: c_int) -> vpx_codec_err_t {
    // SAFETY: as in `encoder_answer`.
    unsafe { vpx_codec_dec_init_ver(ptr::null_mut(), ptr::null_mut(), ptr::null(), 0, abi) }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { interface, compiled, loaded, version } = *self;
        let (major, minor) = (vpx_version_major(version), vpx_version_minor(version));
        let patch = vpx_version_patch(version);
        write!(
            f,
            "libvpx {major}.{minor}.{patch} loaded has {interface} ABI {loaded}, while the headers built with have {compiled}"
        )
    }
}

impl Error for Mismatch {}

/// Far above any ABI number; they have grown by about two a year.
const LARGEST_ABI: c_int = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_built_with_is_accepted() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn the_abi_of_the_library_is_found_by_asking() {
        assert_eq!(loaded_abi(encoder_answer), vpx_encoder_abi_version());
        assert_eq!(loaded_abi(decoder_answer), vpx_decoder_abi_version());
        assert_eq!(encoder_answer(vpx_encoder_abi_version()), VPX_CODEC_INVALID_PARAM);
    }

    #[test]
    fn a_library_that_takes_only_its_own_number_is_measured_too() {
        let exact = |abi| if abi == 30 { VPX_CODEC_INVALID_PARAM } else { VPX_CODEC_ABI_MISMATCH };
        assert_eq!(loaded_abi(exact), 30);
        assert_eq!(loaded_abi(|_| VPX_CODEC_ABI_MISMATCH), 0);
    }

    #[test]
    fn an_older_and_a_newer_library_are_refused() {
        for loaded in [24, 26] {
            let mismatch = compare("encoder", 25, loaded).expect_err("another number");
            assert_eq!((mismatch.interface, mismatch.compiled, mismatch.loaded), ("encoder", 25, loaded));
        }
    }

    #[test]
    fn a_mismatch_names_both_sides() {
        extern crate std;
        let mismatch = Mismatch { interface: "encoder", compiled: 25, loaded: 30, version: 0x01_0d_01 };
        assert_eq!(
            std::format!("{mismatch}"),
            "libvpx 1.13.1 loaded has encoder ABI 30, while the headers built with have 25"
        );
    }
}
