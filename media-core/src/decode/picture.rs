//! Decoded pictures, shared between whoever reads them.

use std::fmt::Debug;
use std::sync::Arc;

use crate::frame::{Colour, Frame, FrameRef};

/// Where the samples of a [`Picture`] lie: a [`Frame`], or memory that a decoder lends. Dropped with the last picture that shows it.
pub trait Samples: Debug + Send + Sync {
    /// The planes; the same at every call.
    fn frame(&self) -> FrameRef<'_>;
}

impl Samples for Frame {
    fn frame(&self) -> FrameRef<'_> {
        self.as_ref()
    }
}

/// A decoded picture. Clones share the samples; the last one to go gives the memory back to its decoder, or frees it where the decoder
/// is gone.
///
/// ```
/// use media_core::decode::Picture;
/// use media_core::frame::{Colour, Frame, PixelFormat};
/// let picture = Picture::new(Frame::new(PixelFormat::I420, (64, 64))?, Some(Colour::BT709));
/// let shared = picture.clone();
/// std::thread::spawn(move || assert_eq!(shared.as_ref().size(), (64, 64))).join().unwrap();
/// # Ok::<(), media_core::frame::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Picture {
    samples: Arc<dyn Samples>,
    colour: Option<Colour>,
}

impl Picture {
    /// A picture of these samples. `colour` is `None` where the stream does not say what they mean.
    pub fn new(samples: impl Samples + 'static, colour: Option<Colour>) -> Self {
        Self { samples: Arc::new(samples), colour }
    }

    /// The picture as encoders take it: size, format and planes.
    pub fn as_ref(&self) -> FrameRef<'_> {
        self.samples.frame()
    }

    /// What the samples mean; `None` where the stream does not say.
    pub const fn colour(&self) -> Option<Colour> {
        self.colour
    }
}

const _: () = {
    const fn is_shared_between_threads<T: Send + Sync>() {}
    is_shared_between_threads::<Picture>();
};
