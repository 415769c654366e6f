//! The memory that libvpx decodes VP9 into: ours, lent to it and to whoever holds a picture, and used again when both have let go.
//!
//! libvpx asks for a buffer per frame and gives it back when no later frame refers to it. A [`Lent`] picture keeps it too, so neither
//! writes where the other reads: libvpx writes to a buffer only between taking it and showing it.

// The library is C; every block says why it holds.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use vpx_sys as c;

use super::image;
use crate::decode::{Error, Samples};
use crate::frame::{FrameRef, PixelFormat, Plane};

/// The buffers of one decoder, shared with its pictures.
#[derive(Debug)]
pub(super) struct Buffers {
    /// For the buffers to find home.
    own: Weak<Self>,
    store: Mutex<Store>,
}

#[derive(Debug)]
struct Store {
    /// What libvpx holds.
    slots: [Option<Arc<Buffer>>; SLOTS],
    /// What nobody holds. Has room for `limit` from the start, so that giving back allocates nothing.
    free: Vec<Memory>,
    /// Buffers that exist, free ones included.
    count: usize,
    limit: usize,
}

impl Buffers {
    /// Room for so many pictures in other hands and for all that libvpx needs itself.
    pub(super) fn new(pictures: usize) -> Arc<Self> {
        let limit = pictures + SLOTS;
        let free = Vec::with_capacity(limit);
        let store = Store { slots: [const { None }; SLOTS], free, count: 0, limit };
        Arc::new_cyclic(|own| Self { own: own.clone(), store: Mutex::new(store) })
    }

    /// Tells a fresh context to decode into these buffers.
    ///
    /// # Safety
    /// `self` outlives the context.
    pub(super) unsafe fn register(&self, context: &mut c::vpx_codec_ctx_t) -> c::vpx_codec_err_t {
        let own = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: both functions take `own` as what it is, which the caller keeps alive; they touch it only by shared reference.
        unsafe { c::vpx_codec_set_frame_buffer_functions(context, Some(get), Some(release), own) }
    }

    /// Frees what nobody holds: pictures of another size are coming.
    pub(super) fn trim(&self) {
        let mut store = self.store();
        store.count -= store.free.len();
        store.free.clear();
    }

    /// The picture that libvpx shows, without a copy.
    pub(super) fn lend(&self, shown: &c::vpx_image_t, format: PixelFormat) -> Result<Lent, Error> {
        let first = shown.planes[0].addr();
        let holds = |buffer: &&Arc<Buffer>| buffer.memory().offset_of(first).is_some();
        let buffer = self.store().slots.iter().flatten().find(holds).cloned();
        let buffer = buffer.ok_or_else(|| image::invalid("a picture outside of the buffers given"))?;
        let mut lent = Lent { format, size: (shown.d_w, shown.d_h), planes: [(0, 0, 0); 3], buffer };
        for (index, plane) in lent.planes.iter_mut().enumerate() {
            let (len, stride) = image::extent(shown, format, index)?;
            let start = lent.buffer.memory().offset_of(shown.planes[index].addr());
            let start = start.filter(|start| lent.buffer.memory().len() - start >= len);
            let start = start.ok_or_else(|| image::invalid("a plane that reaches beyond its buffer"))?;
            *plane = (start, len, stride);
        }
        lent.view()?;
        Ok(lent)
    }

    /// Buffers that exist, and those of them that libvpx holds.
    #[cfg(test)]
    pub(super) fn census(&self) -> (usize, usize) {
        let store = self.store();
        (store.count, store.slots.iter().flatten().count())
    }

    fn take(&self, size: usize) -> Option<(NonNull<u8>, usize)> {
        let mut store = self.store();
        let slot = store.slots.iter().position(Option::is_none)?;
        let memory = store.memory(size)?;
        let given = (memory.start, memory.len());
        store.slots[slot] = Some(Arc::new(Buffer { memory: Some(memory), home: self.own.clone() }));
        Some(given)
    }

    /// Whether libvpx held a buffer that begins there.
    fn give_back(&self, start: *mut u8) -> bool {
        let begins = |buffer: &Arc<Buffer>| buffer.memory().start.as_ptr() == start;
        let mut store = self.store();
        let slot = store.slots.iter_mut().find(|slot| slot.as_ref().is_some_and(begins));
        let buffer = slot.and_then(Option::take);
        // A buffer that goes asks for the store itself.
        drop(store);
        buffer.is_some()
    }

    /// What is under the lock stays true at every step, so a panic elsewhere does not spoil it.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// The smallest free memory that is large enough, or new one.
    fn memory(&mut self, size: usize) -> Option<Memory> {
        let large_enough = self.free.iter().enumerate().filter(|(_, memory)| memory.len() >= size);
        if let Some((index, _)) = large_enough.min_by_key(|(_, memory)| memory.len()) {
            return Some(self.free.swap_remove(index));
        }
        if self.count >= self.limit {
            self.free.pop()?;
            self.count -= 1;
        }
        let memory = Memory::zeroed(size)?;
        self.count += 1;
        Some(memory)
    }
}

/// libvpx wants a buffer. Nothing in it panics: locks are taken over when poisoned, memory that cannot be had is an answer.
extern "C" fn get(own: *mut c_void, size: usize, buffer: *mut c::vpx_codec_frame_buffer_t) -> c_int {
    // SAFETY: `register` passed a `Buffers` that outlives the context, and libvpx says that the buffer is never null.
    let (own, buffer) = unsafe { (&*own.cast::<Buffers>(), &mut *buffer) };
    let Some((start, len)) = own.take(size) else {
        return FAILED;
    };
    // libvpx gives back only what has something private.
    let (data, private) = (start.as_ptr(), start.as_ptr().cast());
    *buffer = c::vpx_codec_frame_buffer_t { data, size: len, priv_: private };
    0
}

/// libvpx does not refer to a buffer any more. Nothing in it panics.
extern "C" fn release(own: *mut c_void, buffer: *mut c::vpx_codec_frame_buffer_t) -> c_int {
    // SAFETY: as in `get`.
    let (own, buffer) = unsafe { (&*own.cast::<Buffers>(), &mut *buffer) };
    let known = own.give_back(buffer.data);
    *buffer = c::vpx_codec_frame_buffer_t::default();
    if known { 0 } else { FAILED }
}

/// Memory in use, by libvpx, pictures or both.
#[derive(Debug)]
struct Buffer {
    /// Taken only on the way home.
    memory: Option<Memory>,
    home: Weak<Buffers>,
}

impl Buffer {
    fn memory(&self) -> &Memory {
        self.memory.as_ref().expect("only `drop` takes it")
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let (Some(home), Some(memory)) = (self.home.upgrade(), self.memory.take()) {
            home.store().free.push(memory);
        }
    }
}

/// Bytes that were all zero when they were new: libvpx reads borders that it has not written.
#[derive(Debug)]
struct Memory {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it owns its bytes. They are written by libvpx alone, through the pointer it was given, before a picture shows them.
unsafe impl Send for Memory {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for Memory {}

impl Memory {
    fn zeroed(size: usize) -> Option<Self> {
        let layout = Layout::from_size_align(size.max(1), ALIGNMENT).ok()?;
        // SAFETY: the size is not zero.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        Some(Self { start, layout })
    }

    const fn len(&self) -> usize {
        self.layout.size()
    }

    /// How far into it an address lies; `None` for one outside.
    fn offset_of(&self, address: usize) -> Option<usize> {
        address.checked_sub(self.start.addr().get()).filter(|offset| *offset < self.len())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and nobody refers to it any more.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

/// A picture in a buffer of libvpx's.
#[derive(Debug)]
pub(super) struct Lent {
    format: PixelFormat,
    size: (u32, u32),
    /// Where each plane begins and how long it is, and its stride, in bytes: within the buffer.
    planes: [(usize, usize, usize); 3],
    buffer: Arc<Buffer>,
}

impl Lent {
    fn view(&self) -> Result<FrameRef<'_>, crate::frame::Error> {
        let memory = self.buffer.memory();
        let planes = self.planes.map(|(start, len, stride)| {
            // SAFETY: `lend` saw that the range lies within the memory, which was zero from the start and which the buffer keeps alive.
            // libvpx has decoded the picture, and only reads it from then on, until it and every `Lent` have let go.
            let data = unsafe { slice::from_raw_parts(memory.start.add(start).as_ptr(), len) };
            Plane { data, stride }
        });
        FrameRef::new(self.format, self.size, &planes)
    }
}

impl Samples for Lent {
    fn frame(&self) -> FrameRef<'_> {
        self.view().expect("checked when it was made, and does not change")
    }
}

/// All that libvpx may hold: its references and its work buffers.
const SLOTS: usize = (c::VP9_MAXIMUM_REF_BUFFERS + c::VPX_MAXIMUM_WORK_BUFFERS) as usize;
/// A cache line, and the widest SIMD register; libvpx aligns the planes within by itself.
const ALIGNMENT: usize = 64;
/// What libvpx takes for a failure.
const FAILED: c_int = -1;

#[cfg(test)]
#[path = "buffers_test.rs"]
mod tests;
