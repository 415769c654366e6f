//! libswscale where it is installed (it comes with ffmpeg), loaded when the benchmark runs: no headers, nothing to link.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use media_core::frame::{Frame, PixelFormat};
use media_core::scale::{Config, Filter};

/// A context for one pair of shapes.
pub(crate) struct Swscale {
    context: *mut c_void,
    scale: Scale,
    free: Free,
}

type Get = unsafe extern "C" fn(
    c_int,
    c_int,
    c_int,
    c_int,
    c_int,
    c_int,
    c_int,
    *const c_void,
    *const c_void,
    *const f64,
) -> *mut c_void;
type Scale = unsafe extern "C" fn(
    *mut c_void,
    *const *const u8,
    *const c_int,
    c_int,
    c_int,
    *const *mut u8,
    *const c_int,
) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void);
type Format = unsafe extern "C" fn(*const c_char) -> c_int;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

impl Swscale {
    /// `None` where the library is not.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let library = open()?;
        let ((from, (width, height)), (to, (to_width, to_height))) = (config.from, config.to);
        let size = [width, height, to_width, to_height].map(|side| side as c_int);
        // SAFETY: the symbols have these types in all releases since 2011 (swscale.h, pixdesc.h); the context is used and freed through
        // the library that made it, which stays open.
        unsafe {
            let get: Get = std::mem::transmute(symbol(library, c"sws_getContext")?);
            let format: Format = std::mem::transmute(symbol(library, c"av_get_pix_fmt")?);
            let scale = std::mem::transmute::<*mut c_void, Scale>(symbol(library, c"sws_scale")?);
            let free = std::mem::transmute::<*mut c_void, Free>(symbol(library, c"sws_freeContext")?);
            let (from, to) = (format(name(from).as_ptr()), format(name(to).as_ptr()));
            let [width, height, to_width, to_height] = size;
            let flags = flags(config.filter);
            let none = ptr::null();
            let context = get(width, height, from, to_width, to_height, to, flags, none, none, ptr::null());
            (!context.is_null()).then_some(Self { context, scale, free })
        }
    }

    pub(crate) fn scale(&mut self, source: &Frame, target: &mut Frame) {
        let (mut planes, mut strides) = ([ptr::null(); 4], [0; 4]);
        for (index, plane) in source.as_ref().planes().iter().enumerate() {
            (planes[index], strides[index]) = (plane.data.as_ptr(), plane.stride as c_int);
        }
        let (mut into, mut into_strides) = ([ptr::null_mut(); 4], [0; 4]);
        for plane in 0..target.format().planes() {
            into_strides[plane] = target.stride(plane) as c_int;
            into[plane] = target.plane_mut(plane).as_mut_ptr();
        }
        let rows = source.size().1 as c_int;
        // SAFETY: the frames are of the shapes the context was made for, and the call keeps no pointer.
        let written = unsafe {
            let (planes, into) = (planes.as_ptr(), into.as_ptr());
            (self.scale)(self.context, planes, strides.as_ptr(), 0, rows, into, into_strides.as_ptr())
        };
        assert_eq!(written, target.size().1 as c_int);
    }
}

impl Drop for Swscale {
    fn drop(&mut self) {
        // SAFETY: made by `sws_getContext` and freed once.
        unsafe { (self.free)(self.context) };
    }
}

fn open() -> Option<*mut c_void> {
    let names = ["libswscale.so", "libswscale.dylib"].map(str::to_owned).into_iter();
    let versions = (5..=9).flat_map(|n| [format!("libswscale.so.{n}"), format!("libswscale.{n}.dylib")]);
    names.chain(versions).find_map(|name| {
        let name = CString::new(name).expect("no zero in it");
        // SAFETY: a string that ends in zero; 2 is RTLD_NOW. The library's constructors do nothing.
        let library = unsafe { dlopen(name.as_ptr(), 2) };
        (!library.is_null()).then_some(library)
    })
}

fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: an open library and a string that ends in zero. Libraries it depends on are searched, too: libavutil.
    let symbol = unsafe { dlsym(library, name.as_ptr()) };
    (!symbol.is_null()).then_some(symbol)
}

fn name(format: PixelFormat) -> &'static CStr {
    match format {
        PixelFormat::I420 => c"yuv420p",
        PixelFormat::Nv12 => c"nv12",
        PixelFormat::I010 => c"yuv420p10le",
        PixelFormat::P010 => c"p010le",
        other => panic!("no benchmark uses {other:?}"),
    }
}

/// What `-sws_flags` names the same.
fn flags(filter: Filter) -> c_int {
    match filter {
        Filter::Bilinear => 2,
        Filter::Bicubic => 4,
        Filter::Area => 0x20,
        Filter::Lanczos => 0x200,
        other => panic!("swscale has no {other:?}"),
    }
}
