//! What comes out of an encoder.

use crate::packet::Packet;

use super::Statistics;

/// A packet and what the encoder tells of the picture in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Coded {
    /// What goes to a muxer.
    pub packet: Packet,
    /// What the encoder tells.
    pub picture: Picture,
}

/// What the encoder tells of a picture it coded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Picture {
    /// How it was coded.
    pub kind: PictureKind,
    /// Whether no other picture refers to it, so that it may be thrown away on the way.
    pub disposable: bool,
    /// Whether it is not shown, only referred to: VP8's [alternate reference](super::vpx::AltRef), a packet of its own beside those of
    /// the frames pushed. VP9 packs it into the next one's.
    pub hidden: bool,
    /// The layer it belongs to; the base layer where there is but one.
    pub layer: Layer,
    /// The quantizer, on the scale of [`RateControl`](super::RateControl): that of the frame, around which its blocks may vary. `None`
    /// where the library does not say.
    pub quantizer: Option<f32>,
    /// How far the decoded picture is from the source; `None` unless [asked for](super::Config::metrics).
    pub psnr: Option<Psnr>,
    /// The structural similarity of the decoded picture to the source, up to 1; `None` unless [asked for](super::Config::metrics).
    pub ssim: Option<f32>,
    /// When a decoder of fixed buffer gets and removes it; `None` unless the stream signals it.
    pub hrd: Option<Hrd>,
}

/// How a picture was coded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PictureKind {
    /// A key frame that nothing refers across.
    Key,
    /// Without reference to other pictures.
    Intra,
    /// From pictures before.
    #[default]
    P,
    /// From both sides, no reference itself.
    B,
    /// From both sides, and a reference.
    BReference,
}

/// The place of a picture in a layered stream: whoever wants less leaves out what is above a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layer {
    /// By size, 0 the smallest. Of a packet with several it is the highest.
    pub spatial: u8,
    /// By frame rate, 0 the lowest.
    pub temporal: u8,
}

/// Peak signal-to-noise ratios in decibels; infinite where nothing was lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Psnr {
    /// Of luma.
    pub y: f32,
    /// Of the first chroma plane.
    pub u: f32,
    /// Of the second chroma plane.
    pub v: f32,
    /// Of all samples together.
    pub all: f32,
}

/// The hypothetical reference decoder of H.264 Annex C, in seconds from the first removal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hrd {
    /// When the first bit arrives.
    pub initial_arrival: f64,
    /// When the last bit has arrived.
    pub final_arrival: f64,
    /// When the picture is taken out of the buffer and decoded.
    pub removal: f64,
    /// When it is shown.
    pub output: f64,
}

/// What [`finish`](super::Encoder::finish) gives: the rest of the stream and what there is to say of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The packets not polled yet and those of the frames still held back.
    pub coded: Vec<Coded>,
    /// Sums over the whole stream.
    pub report: Report,
    /// What a second pass needs; `Some` after [`Pass::First`](super::Pass::First).
    pub statistics: Option<Statistics>,
}

impl Finished {
    /// The packets alone.
    pub fn packets(self) -> impl Iterator<Item = Packet> {
        self.coded.into_iter().map(|coded| coded.packet)
    }
}

/// Sums over a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Frames pushed.
    pub frames: u64,
    /// Frames the encoder left out to keep to its rate: libvpx with
    /// [`drop_frames`](super::vpx::Options::drop_frames).
    pub dropped: u64,
    /// Packets put out.
    pub packets: u64,
    /// Key frames among them.
    pub keys: u64,
    /// Bytes of all packets.
    pub bytes: u64,
    /// The mean of the pictures' PSNR; `None` unless [asked for](super::Config::metrics), or when nothing came out.
    pub psnr: Option<Psnr>,
    /// The mean of the pictures' SSIM, likewise.
    pub ssim: Option<f32>,
}

/// Builds a [`Report`] picture by picture.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    report: Report,
    psnr: ([f64; 4], u64),
    ssim: (f64, u64),
}

impl Tally {
    pub(super) fn pushed(&mut self) {
        self.report.frames += 1;
    }

    pub(super) fn dropped(&mut self, frames: u64) {
        self.report.dropped += frames;
    }

    pub(super) fn coded(&mut self, coded: &Coded) {
        self.report.packets += 1;
        self.report.bytes += coded.packet.data.len() as u64;
        self.report.keys += u64::from(coded.picture.kind == PictureKind::Key);
        if let Some(Psnr { y, u, v, all }) = coded.picture.psnr {
            for (sum, part) in self.psnr.0.iter_mut().zip([y, u, v, all]) {
                *sum += f64::from(part);
            }
            self.psnr.1 += 1;
        }
        if let Some(ssim) = coded.picture.ssim {
            self.ssim = (self.ssim.0 + f64::from(ssim), self.ssim.1 + 1);
        }
    }

    pub(super) fn report(&self) -> Report {
        let mean = |sum: f64, count: u64| (sum / count as f64) as f32;
        let (sums, count) = self.psnr;
        let [y, u, v, all] = sums.map(|sum| mean(sum, count));
        Report {
            psnr: (count > 0).then_some(Psnr { y, u, v, all }),
            ssim: (self.ssim.1 > 0).then(|| mean(self.ssim.0, self.ssim.1)),
            ..self.report
        }
    }
}
