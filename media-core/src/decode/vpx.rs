//! VP8 and VP9 by libvpx: profiles 0 to 3 with 8 and 10 bits, 4:2:0, 4:2:2 and 4:4:4.
//!
//! VP9 is decoded into memory of ours, and a picture *is* that memory. VP8 has no such way, and costs one copy. Nothing of the library is
//! left open after a packet it refused: the next key frame gets a fresh context.
//!
//! A packet gives at most one picture: of a superframe with spatial layers the highest, or the one that
//! [`spatial_layer`](Options::spatial_layer) names. Several frames in a packet need the index of annex B, without which only the first is
//! decoded. Pictures have the coded size; `render_size`, a wish for scaling, is ignored.
//!
//! What libvpx calls back for memory answers under a lock of our own, runs no code of the caller's, and cannot panic.

mod buffers;
mod context;
mod head;
mod image;

use std::collections::VecDeque;
use std::sync::Arc;

use self::buffers::Buffers;
use self::context::{Context, Shown};
use self::head::Head;
use super::{Config, Decode, Decoded, Error, Picture, Samples, Stats};
use crate::frame::{Frame, FrameRef, Pool};
use crate::packet::Packet;

/// What is asked of libvpx beside the [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which of the two.
    pub codec: Codec,
    /// VP9: whether the threads share the rows of a tile too. C: `VP9D_SET_ROW_MT`.
    pub row_mt: bool,
    /// VP9: the spatial layer to decode up to, 0 to 4; `None` for all there are. For streams with layers only: in others a superframe
    /// hides its first frame, and nothing would be shown. C: `VP9_DECODE_SVC_SPATIAL_LAYER`.
    pub spatial_layer: Option<u8>,
}

impl Options {
    /// VP8.
    pub const fn vp8() -> Self {
        Self { codec: Codec::Vp8, row_mt: false, spatial_layer: None }
    }

    /// VP9, all layers.
    pub const fn vp9() -> Self {
        Self { codec: Codec::Vp9, row_mt: false, spatial_layer: None }
    }

    fn check(&self) -> Result<(), Error> {
        let refused = |field, reason: &str| Err(Error::Config { field, reason: reason.into() });
        match (self.codec, self.spatial_layer) {
            (Codec::Vp8, Some(_)) => refused("spatial_layer", "VP8 has none"),
            (Codec::Vp8, None) if self.row_mt => refused("row_mt", "VP8 has none"),
            (Codec::Vp9, Some(MAX_LAYERS..)) => refused("spatial_layer", "possible are 0 to 4"),
            _ => Ok(()),
        }
    }
}

/// What libvpx decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 6386.
    Vp8,
    /// All profiles, of 8 and 10 bits; 12 bits and 4:4:0 are refused.
    Vp9,
}

impl Codec {
    /// The name errors use.
    const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
        }
    }
}

/// An open decoder.
#[derive(Debug)]
pub struct Decoder {
    options: Options,
    config: Config,
    state: State,
    memory: Memory,
    /// A clone goes with each picture that is out.
    out: Arc<()>,
    /// Pictures not polled yet; they count as out.
    ready: VecDeque<Decoded>,
    stats: Stats,
}

#[derive(Debug)]
enum State {
    /// Until a key frame.
    Waiting,
    /// Since a key frame of this size.
    Running { context: Context, size: (u32, u32) },
}

/// Where pictures lie.
#[derive(Debug)]
enum Memory {
    /// VP8: copies, in a pool for the size there was last.
    Copies(Option<((u32, u32), Pool)>),
    /// VP9.
    Buffers(Arc<Buffers>),
}

impl Decoder {
    /// A decoder as `options` and `config` ask.
    ///
    /// # Errors
    /// [`Error::Config`] for a value out of range or that the codec does not know, [`Error::Library`] when the library loaded is not the
    /// one compiled for, [`Error::Codec`] when the library itself refuses.
    pub fn open(options: Options, config: &Config) -> Result<Self, Error> {
        let checked = vpx_sys::check();
        checked.map_err(|found| Error::Library { library: "libvpx", reason: found.to_string() })?;
        config.check()?;
        options.check()?;
        let memory = match options.codec {
            Codec::Vp8 => Memory::Copies(None),
            Codec::Vp9 => Memory::Buffers(Buffers::new(config.pictures)),
        };
        let decoder = Self {
            options,
            config: *config,
            state: State::Waiting,
            memory,
            out: Arc::new(()),
            ready: VecDeque::new(),
            stats: Stats::default(),
        };
        // A context costs little before its first frame: better refused here than at the first packet.
        drop(decoder.context()?);
        Ok(decoder)
    }

    /// Decodes one access unit: a VP8 frame, a VP9 frame or superframe.
    ///
    /// # Errors
    /// [`Error::Pictures`] leaves the decoder as it was. [`Error::Damaged`], [`Error::Unsupported`], [`Error::Size`] and, when memory or
    /// the library fails, [`Error::Codec`] and [`Error::Frame`] are about this packet; decoding goes on at the next key frame.
    pub fn push(&mut self, packet: &Packet) -> Result<(), Error> {
        let held = Arc::strong_count(&self.out) - 1;
        if held >= self.config.pictures {
            return Err(Error::Pictures { held });
        }
        if packet.data.is_empty() {
            self.stats.empty += 1;
            return Ok(());
        }
        let decoded = self.decode(packet);
        if decoded.is_err() {
            self.stats.refused += 1;
            self.state = State::Waiting;
        }
        decoded
    }

    /// The next picture; `None` when more packets are wanted first.
    pub fn poll(&mut self) -> Option<Decoded> {
        self.ready.pop_front()
    }

    /// Ends the stream: the pictures not polled yet. libvpx itself holds none back.
    pub fn finish(self) -> Vec<Decoded> {
        self.ready.into()
    }

    /// What became of the packets so far.
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn decode(&mut self, packet: &Packet) -> Result<(), Error> {
        let head = head::read(&self.options, packet, self.config.max_size)?;
        if head == Head::Inter && matches!(self.state, State::Waiting) {
            self.stats.dropped += 1;
            return Ok(());
        }
        if let Head::Key { size } = head {
            self.start(size)?;
        }
        let State::Running { context, .. } = &mut self.state else {
            unreachable!("a key frame starts it");
        };
        context.decode(packet)?;
        let Some(shown) = context.shown() else {
            self.stats.hidden += 1;
            return Ok(());
        };
        let picture = picture(&shown, &self.config, &mut self.memory, &self.out)?;
        let corrupted = shown.corrupted;
        self.stats.decoded += 1;
        self.stats.corrupted += u64::from(corrupted);
        self.ready.push_back(Decoded { picture, pts: packet.pts, duration: packet.duration, corrupted });
        Ok(())
    }

    /// Makes ready for a key frame of `size`.
    fn start(&mut self, size: (u32, u32)) -> Result<(), Error> {
        if matches!(&self.state, State::Running { size: before, .. } if *before == size) {
            return Ok(());
        }
        if let Memory::Buffers(buffers) = &self.memory {
            buffers.trim();
        }
        match &mut self.state {
            State::Running { size: before, .. } => *before = size,
            State::Waiting => self.state = State::Running { context: self.context()?, size },
        }
        Ok(())
    }

    fn context(&self) -> Result<Context, Error> {
        let buffers = match &self.memory {
            Memory::Buffers(buffers) => Some(Arc::clone(buffers)),
            Memory::Copies(_) => None,
        };
        Context::open(&self.options, self.config.threads, buffers)
    }
}

impl Decode for Decoder {
    fn push(&mut self, packet: &Packet) -> Result<(), Error> {
        Self::push(self, packet)
    }

    fn poll(&mut self) -> Option<Decoded> {
        Self::poll(self)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Decoded>, Error> {
        Ok(Self::finish(*self))
    }

    fn stats(&self) -> Stats {
        Self::stats(self)
    }
}

/// The picture that libvpx shows, in memory of ours.
fn picture(shown: &Shown<'_>, config: &Config, memory: &mut Memory, out: &Arc<()>) -> Result<Picture, Error> {
    let format = shown.format()?;
    let (found, max) = (shown.size(), config.max_size);
    // An inter frame may take a size from another one, so this is looked at here too.
    if found.0 > max.0 || found.1 > max.1 {
        return Err(Error::Size { found, max });
    }
    let out = Arc::clone(out);
    Ok(match memory {
        Memory::Buffers(buffers) => {
            let samples = shown.lent(buffers, format)?;
            Picture::new(Counted { samples, _out: out }, shown.colour())
        }
        Memory::Copies(pool) => {
            let samples = copy(&shown.planes(format)?, pool, config.pictures)?;
            Picture::new(Counted { samples, _out: out }, shown.colour())
        }
    })
}

/// A copy of the picture, in a frame of the pool, which is another one when the size is.
fn copy(
    shown: &FrameRef<'_>,
    pool: &mut Option<((u32, u32), Pool)>,
    pictures: usize,
) -> Result<Frame, Error> {
    let (size, format) = (shown.size(), shown.format());
    let pool = match pool {
        Some((of, pool)) if *of == size => pool,
        other => &mut other.insert((size, Pool::new(format, size, pictures)?)).1,
    };
    // `push` has counted, and a frame goes home before its count.
    let mut frame = pool.take()?.ok_or(Error::Pictures { held: pictures })?;
    frame.copy_from(shown)?;
    Ok(frame)
}

/// Samples that count as a picture that is out. The count goes last, when the memory is home.
#[derive(Debug)]
struct Counted<S> {
    samples: S,
    _out: Arc<()>,
}

impl<S: Samples> Samples for Counted<S> {
    fn frame(&self) -> FrameRef<'_> {
        self.samples.frame()
    }
}

/// What a superframe can have: `VPX_SS_MAX_LAYERS`.
const MAX_LAYERS: u8 = 5;

#[cfg(test)]
#[path = "vpx_test.rs"]
mod tests;
