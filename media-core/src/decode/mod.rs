//! Packets in, pictures out: VP8 and VP9 by libvpx (feature `vpx`), and whatever else implements [`Decode`]. The mirror of
//! `encode`.
//!
//! A [`Decoded`] picture is shared: cheap to clone, and readable by several encoders or threads at once. VP9 is decoded right into the
//! memory that its [`Picture`] lends; nothing is copied. What a picture is scaled or coded into, others know.
//!
//! ```
//! # #[cfg(feature = "vpx")] {
//! use media_core::codec::Format;
//! use media_core::decode::{Config, Decoder};
//! # use media_core::encode::{self, Encoder, FrameOptions, FrameRate, vpx};
//! # use media_core::frame::{Frame, PixelFormat};
//! # use media_core::time::{TimeBase, Timestamp};
//! # let config = encode::Config::new(vpx::Options::vp9(), (320, 180), TimeBase::VIDEO, FrameRate::hz(25));
//! # let mut encoder = Encoder::open(config)?;
//! # let frame = Frame::new(PixelFormat::I420, (320, 180))?;
//! # encoder.push(&frame.as_ref(), Timestamp::ZERO, &FrameOptions::default())?;
//! # let packets = encoder.finish()?.packets().collect::<Vec<_>>();
//! let mut decoder = Decoder::open(Format::Vp9, &Config::default())?;
//! for packet in &packets {
//!     if let Err(error) = decoder.push(packet) {
//!         eprintln!("{error}"); // goes on at the next key frame
//!     }
//!     while let Some(decoded) = decoder.poll() {
//!         assert_eq!(decoded.picture.as_ref().size(), (320, 180));
//!     }
//! }
//! # assert_eq!(decoder.stats().decoded, 1);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Damaged streams
//!
//! A packet that cannot be decoded gives an error and **no picture**, nor do those after it up to the next key frame: they would show
//! what was never coded. They are taken without an error and counted ([`Stats::dropped`]), as are those before a stream's first key
//! frame. A picture that the library decoded but does not trust (VP8 with its last bytes lost) is given out with
//! [`Decoded::corrupted`] set, and so are those that refer to it. An empty packet is a frame that the encoder dropped: nothing comes
//! out, and the picture before stays.
//!
//! **Threads.** A [`Decoder`] can be moved to another thread, and is driven by one at a time; its pictures are `Send` and `Sync`.

mod picture;
#[cfg(feature = "vpx")]
pub mod vpx;

pub use self::picture::{Picture, Samples};

use crate::codec::Format;
use crate::packet::Packet;
use crate::time::Timestamp;

/// A decoder of any codec and library: what a [`Decoder`] drives.
pub trait Decode: std::fmt::Debug + Send {
    /// Takes one access unit, in decoding order.
    ///
    /// # Errors
    /// See [`Error`]; it says whether the packet was taken.
    fn push(&mut self, packet: &Packet) -> Result<(), Error>;

    /// The next picture in display order; `None` when more packets are wanted first.
    fn poll(&mut self) -> Option<Decoded>;

    /// Ends the stream: the pictures not polled yet and those held back.
    ///
    /// # Errors
    /// When the library fails over the rest.
    fn finish(self: Box<Self>) -> Result<Vec<Decoded>, Error>;

    /// What became of the packets so far.
    fn stats(&self) -> Stats;
}

/// An open decoder: packets are [pushed](Self::push), pictures [polled](Self::poll), and [`finish`](Self::finish) gives out the rest.
#[derive(Debug)]
pub struct Decoder(Box<dyn Decode>);

impl Decoder {
    /// A decoder of what is built in: VP8 and VP9 with the feature `vpx`.
    ///
    /// # Errors
    /// [`Error::Format`] for other codecs; [`Error::Config`], [`Error::Library`] and [`Error::Codec`] as for `vpx::Decoder::open`.
    pub fn open(format: Format, config: &Config) -> Result<Self, Error> {
        config.check()?;
        match format {
            #[cfg(feature = "vpx")]
            Format::Vp8 => vpx::Decoder::open(vpx::Options::vp8(), config).map(Self::from),
            #[cfg(feature = "vpx")]
            Format::Vp9 => vpx::Decoder::open(vpx::Options::vp9(), config).map(Self::from),
            found => Err(Error::Format { found }),
        }
    }

    /// Decodes one access unit.
    ///
    /// # Errors
    /// [`Error::Pictures`] leaves the decoder as it was: the same packet may be pushed again. All others are about this packet, which is
    /// gone; decoding goes on at the next key frame.
    pub fn push(&mut self, packet: &Packet) -> Result<(), Error> {
        self.0.push(packet)
    }

    /// The next picture; `None` when more packets are wanted first.
    pub fn poll(&mut self) -> Option<Decoded> {
        self.0.poll()
    }

    /// Ends the stream: the pictures not polled yet and those held back.
    ///
    /// # Errors
    /// When the library fails over the rest.
    pub fn finish(self) -> Result<Vec<Decoded>, Error> {
        self.0.finish()
    }

    /// What became of the packets so far.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}

impl<D: Decode + 'static> From<D> for Decoder {
    fn from(decoder: D) -> Self {
        Self(Box::new(decoder))
    }
}

/// What any decoder is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Threads of the library, 1 to 64. VP9 uses as many as a picture has tile columns, VP8 as it has token partitions.
    pub threads: u8,
    /// The largest width and height in pixels. A stream of larger pictures is refused by its headers, before memory is asked for.
    pub max_size: (u32, u32),
    /// How many pictures may be out at a time, those not polled yet included: 1 to 4096. With all of them out `push` refuses the next
    /// packet ([`Error::Pictures`]) and waits for nobody. What a decoder needs for itself comes on top: up to 16 for VP9.
    pub pictures: usize,
}

impl Default for Config {
    /// One thread, pictures up to 4096 by 4096 (2160p upright and lying), 16 of them out.
    fn default() -> Self {
        Self { threads: 1, max_size: (4096, 4096), pictures: 16 }
    }
}

impl Config {
    fn check(&self) -> Result<(), Error> {
        let refused = |field, reason: String| Err(Error::Config { field, reason });
        if !(1..=MAX_THREADS).contains(&self.threads) {
            return refused("threads", format!("{}, possible are 1 to {MAX_THREADS}", self.threads));
        }
        if self.max_size.0 == 0 || self.max_size.1 == 0 {
            return refused("max_size", format!("{:?}, sides are 1 or more", self.max_size));
        }
        if !(1..=MAX_PICTURES).contains(&self.pictures) {
            return refused("pictures", format!("{}, possible are 1 to {MAX_PICTURES}", self.pictures));
        }
        Ok(())
    }
}

/// A decoded picture and when it is shown.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The samples, shared.
    pub picture: Picture,
    /// When it is shown: the `pts` of its packet.
    pub pts: Timestamp,
    /// How long, in ticks; `None` where its packet did not tell.
    pub duration: Option<u32>,
    /// The library does not vouch for it: bytes were missing, here or in a picture it refers to.
    pub corrupted: bool,
}

/// What became of the packets pushed: their number is the sum of all but [`corrupted`](Self::corrupted).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets that gave a picture.
    pub decoded: u64,
    /// Those of them whose picture is [corrupted](Decoded::corrupted).
    pub corrupted: u64,
    /// Packets that gave an error.
    pub refused: u64,
    /// Packets passed over before a key frame.
    pub dropped: u64,
    /// Packets decoded that show nothing, only referred to by later ones.
    pub hidden: u64,
    /// Packets of no bytes: frames that the encoder dropped.
    pub empty: u64,
}

const MAX_THREADS: u8 = 64;
/// More than memory is likely to hold.
const MAX_PICTURES: usize = 4096;

/// Why a decoder was not opened or a packet gave no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller: no decoder for this codec is built in.
    #[error("no decoder for {found:?} is built in")]
    Format {
        /// What was asked for.
        found: Format,
    },
    /// The caller: a value out of its range, or against another one.
    #[error("configuration field {field}: {reason}")]
    Config {
        /// The field of [`Config`] or of the library's options.
        field: &'static str,
        /// What was found and what is possible.
        reason: String,
    },
    /// The caller: pictures are not polled or not let go. The packet was not taken.
    #[error("{held} pictures are out, that is all there may be")]
    Pictures {
        /// How many, those not polled included.
        held: usize,
    },
    /// The stream: the packet is damaged, or of another codec.
    #[error("{codec} packet at {}: {detail}", pts.ticks())]
    Damaged {
        /// `VP8` or `VP9`.
        codec: &'static str,
        /// Of the packet.
        pts: Timestamp,
        /// What the parser or the library says.
        detail: String,
    },
    /// The stream: sound, but of a kind that is not decoded here.
    #[error("{codec} stream of {found}")]
    Unsupported {
        /// `VP8` or `VP9`.
        codec: &'static str,
        /// Its profile, bits and chroma.
        found: String,
    },
    /// The stream: larger pictures than the configuration allows.
    #[error("pictures of {}x{}, the largest allowed are {}x{}", found.0, found.1, max.0, max.1)]
    Size {
        /// Width and height the stream states, in pixels.
        found: (u32, u32),
        /// [`Config::max_size`].
        max: (u32, u32),
    },
    /// The system: the dynamic linker found another library than the compiler.
    #[error("{library} is not the version built for: {reason}")]
    Library {
        /// `libvpx`.
        library: &'static str,
        /// Both versions.
        reason: String,
    },
    /// The library refused or failed for a reason of its own, such as memory.
    #[error("{call} gave {code}: {detail}")]
    Codec {
        /// The C function.
        call: &'static str,
        /// What it returned.
        code: i64,
        /// The library's own words, the name of the code where it had none.
        detail: String,
    },
    /// No memory for a picture, or planes that do not hold it.
    #[error(transparent)]
    Frame(#[from] crate::frame::Error),
}
