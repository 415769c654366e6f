//! Pictures that own their planes, alone or lent out by a bounded pool.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Error, FrameRef, PixelFormat, Plane, check_size};

/// A picture that owns its planes.
///
/// Rows begin at multiples of 64 bytes and strides are multiples of 64, so that SIMD code runs on whole cache lines. To share one
/// picture between several encoders, put it into an [`Arc`]; a frame from a [`Pool`] goes back there when the last owner lets go.
///
/// ```
/// use media_core::frame::{Frame, PixelFormat};
/// let mut frame = Frame::new(PixelFormat::I420, (176, 144))?;
/// let stride = frame.stride(0);
/// frame.plane_mut(0)[stride * 10..][..176].fill(235); // row 10 of luma
/// assert_eq!(frame.as_ref().row(0, 10)[175], 235);
/// # Ok::<(), media_core::frame::Error>(())
/// ```
#[derive(Debug)]
pub struct Frame {
    shape: Shape,
    /// Longer than the planes by up to [`ALIGNMENT`] bytes, since a `Vec<u8>` may begin anywhere.
    buffer: Vec<u8>,
    /// Where the aligned part begins; the vector never grows, so it stays true.
    offset: usize,
    home: Weak<Mutex<Store>>,
}

impl Frame {
    /// A picture of zero bytes (in the usual colours a dark green) of its own.
    ///
    /// # Errors
    /// [`Error::Size`] for a side of zero or beyond [`MAX_SIDE`](super::MAX_SIDE), [`Error::Memory`] when there is none.
    pub fn new(format: PixelFormat, size: (u32, u32)) -> Result<Self, Error> {
        let shape = Shape::new(format, size)?;
        Ok(Self::with_buffer(shape, shape.allocate()?, Weak::new()))
    }

    /// A copy of a borrowed picture.
    ///
    /// # Errors
    /// [`Error::Memory`] when there is none.
    pub fn copy_of(source: &FrameRef) -> Result<Self, Error> {
        let mut frame = Self::new(source.format(), source.size())?;
        frame.copy_from(source)?;
        Ok(frame)
    }

    /// Overwrites the picture with `source`, row by row.
    ///
    /// # Errors
    /// [`Error::Size`] or [`Error::Planes`] when `source` has another size or format.
    pub fn copy_from(&mut self, source: &FrameRef) -> Result<(), Error> {
        if source.size() != self.shape.size {
            return Err(Error::Size { size: source.size() });
        }
        if source.format() != self.shape.format {
            return Err(Error::Planes {
                found: source.format().planes(),
                expected: self.shape.format.planes(),
            });
        }
        for plane in 0..source.planes().len() {
            let stride = self.stride(plane);
            for (row, into) in self.plane_mut(plane).chunks_mut(stride).enumerate() {
                let from = source.row(plane, row);
                into[..from.len()].copy_from_slice(from);
            }
        }
        Ok(())
    }

    /// The picture as encoders take it.
    pub fn as_ref(&self) -> FrameRef<'_> {
        let planes = [0, 1, 2].map(|plane| match self.shape.layout.get(plane) {
            Some(&Layout { start, len, stride }) if len > 0 => {
                Plane { data: &self.buffer[self.offset + start..][..len], stride }
            }
            _ => Plane { data: &[], stride: 0 },
        });
        FrameRef { format: self.shape.format, size: self.shape.size, planes }
    }

    /// How samples lie.
    pub const fn format(&self) -> PixelFormat {
        self.shape.format
    }

    /// Width and height in pixels.
    pub const fn size(&self) -> (u32, u32) {
        self.shape.size
    }

    /// Bytes from row to row of a plane, a multiple of 64.
    ///
    /// # Panics
    /// When there are fewer than `plane + 1` planes.
    pub fn stride(&self, plane: usize) -> usize {
        assert!(plane < self.shape.format.planes(), "plane {plane} of {:?}", self.shape.format);
        self.shape.layout[plane].stride
    }

    /// The rows of a plane, padding included: [`stride`](Self::stride) times its rows.
    ///
    /// # Panics
    /// When there are fewer than `plane + 1` planes.
    pub fn plane_mut(&mut self, plane: usize) -> &mut [u8] {
        assert!(plane < self.shape.format.planes(), "plane {plane} of {:?}", self.shape.format);
        let Layout { start, len, .. } = self.shape.layout[plane];
        &mut self.buffer[self.offset + start..][..len]
    }

    fn with_buffer(shape: Shape, buffer: Vec<u8>, home: Weak<Mutex<Store>>) -> Self {
        // `align_offset` may refuse in constant evaluation only; the picture then is whole, if slower.
        let offset = buffer.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT - 1);
        Self { shape, buffer, offset, home }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            let mut store = home.lock().unwrap_or_else(PoisonError::into_inner);
            store.lent -= 1;
            store.free.push(std::mem::take(&mut self.buffer));
        }
    }
}

/// Lends out frames of one size and format and takes them back, so that a stream allocates its pictures once.
///
/// At most `limit` frames are out at a time: a consumer that falls behind is felt as `None`, not as growing memory.
///
/// ```
/// use media_core::frame::{Pool, PixelFormat};
/// let pool = Pool::new(PixelFormat::I420, (640, 360), 2)?;
/// let (one, two) = (pool.take()?, pool.take()?);
/// assert!(one.is_some() && two.is_some() && pool.take()?.is_none());
/// drop(one);
/// assert!(pool.take()?.is_some());
/// # Ok::<(), media_core::frame::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    shape: Shape,
    limit: usize,
    store: Arc<Mutex<Store>>,
}

impl Pool {
    /// A pool of up to `limit` frames, allocated when first asked for.
    ///
    /// # Errors
    /// [`Error::Size`] for a side of zero or beyond [`MAX_SIDE`](super::MAX_SIDE).
    pub fn new(format: PixelFormat, size: (u32, u32), limit: usize) -> Result<Self, Error> {
        Ok(Self { shape: Shape::new(format, size)?, limit, store: Arc::default() })
    }

    /// A frame with whatever was in it last; `None` while `limit` frames are out.
    ///
    /// # Errors
    /// [`Error::Memory`] when there is none.
    pub fn take(&self) -> Result<Option<Frame>, Error> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if store.lent == self.limit {
            return Ok(None);
        }
        let buffer = match store.free.pop() {
            Some(buffer) => buffer,
            None => self.shape.allocate()?,
        };
        store.lent += 1;
        Ok(Some(Frame::with_buffer(self.shape, buffer, Arc::downgrade(&self.store))))
    }
}

/// The buffers of a pool: `free.len() + lent` never exceeds the pool's limit.
#[derive(Debug, Default)]
struct Store {
    free: Vec<Vec<u8>>,
    lent: usize,
}

/// Format, size and where the planes lie in an aligned buffer.
#[derive(Clone, Copy, Debug)]
struct Shape {
    format: PixelFormat,
    size: (u32, u32),
    layout: [Layout; 3],
    len: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Layout {
    start: usize,
    len: usize,
    stride: usize,
}

impl Shape {
    fn new(format: PixelFormat, size: (u32, u32)) -> Result<Self, Error> {
        check_size(size)?;
        let mut shape = Self { format, size, layout: [Layout::default(); 3], len: 0 };
        for plane in 0..format.planes() {
            let layout = shape.plane(plane).ok_or(Error::Size { size })?;
            shape.len = layout.start.checked_add(layout.len).ok_or(Error::Size { size })?;
            shape.layout[plane] = layout;
        }
        Ok(shape)
    }

    fn plane(&self, plane: usize) -> Option<Layout> {
        let (row, rows) = self.format.plane_size(plane, self.size)?;
        let stride = row.checked_next_multiple_of(ALIGNMENT)?;
        Some(Layout { start: self.len, len: stride.checked_mul(rows)?, stride })
    }

    fn allocate(&self) -> Result<Vec<u8>, Error> {
        let bytes = self.len.saturating_add(ALIGNMENT);
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(bytes).map_err(|_| Error::Memory { bytes })?;
        buffer.resize(bytes, 0);
        Ok(buffer)
    }
}

/// A cache line, and the widest SIMD register.
const ALIGNMENT: usize = 64;
