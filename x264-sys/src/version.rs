//! Whether the library that was loaded is the one the crate was built with.

use core::{error::Error, fmt};

use crate::*;

/// The library loaded lays its parameters out in another way than the header the crate was built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// `X264_BUILD` of that header.
    pub build: i32,
    /// Bytes of `x264_param_t` in these bindings.
    pub compiled: usize,
    /// Bytes of it in the library loaded, or in that header if already these two differ.
    pub loaded: usize,
}

/// Measures how much the loaded library takes for an `x264_param_t`, and compares it with these bindings.
///
/// A library of another build does not even link, since the build number is part of a symbol; this finds one that
/// bears the right number and is laid out in another way, as distributions' patches and forks may be.
///
/// # Errors
///
/// [`Mismatch`] if the sizes differ.
pub fn check() -> Result<(), Mismatch> {
    let compiled = size_of::<x264_param_t>();
    for loaded in [header_size(), loaded_size()] {
        if loaded != compiled {
            return Err(Mismatch { build: x264_build(), compiled, loaded });
        }
    }
    Ok(())
}

fn header_size() -> usize {
    unsafe extern "C" {
        safe fn x264_sys_param_size() -> usize;
    }
    x264_sys_param_size()
}

/// `x264_param_default` clears the whole structure first, so what it wrote to is as long as it believes.
fn loaded_size() -> usize {
    #[repr(C, align(64))]
    struct Room([u8; ROOM]);
    let mut room = Room([UNTOUCHED; ROOM]);
    // SAFETY: the room is aligned and far larger than the structure ever was.
    unsafe { x264_param_default(room.0.as_mut_ptr().cast()) };
    room.0.iter().rposition(|byte| *byte != UNTOUCHED).map_or(0, |last| last + 1)
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { build, compiled, loaded } = self;
        write!(
            f,
            "libx264 loaded has parameters of {loaded} bytes, while the bindings for build {build} have {compiled}"
        )
    }
}

impl Error for Mismatch {}

const ROOM: usize = 16 * 1024;
/// No byte that ends an `x264_param_t`: there are pointers, null by default.
const UNTOUCHED: u8 = 0xa5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_built_with_is_accepted() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn a_mismatch_names_both_sides() {
        extern crate std;
        let mismatch = Mismatch { build: 164, compiled: 1024, loaded: 1032 };
        assert_eq!(
            std::format!("{mismatch}"),
            "libx264 loaded has parameters of 1032 bytes, while the bindings for build 164 have 1024"
        );
    }
}
