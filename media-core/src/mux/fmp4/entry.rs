//! Sample entries: what a decoder is told before the first sample.

use super::Error;
use super::boxes::{BOX_HEADER, boxed, full_box};
use crate::codec::{self, Colour, ContentLight, Format, Key, MasteringDisplay, opus};
use crate::packet::Packet;
use crate::track::Kind;

/// The sample entry of a track, 14496-12 12.1.3 and 12.2.3.
#[derive(Debug)]
pub(super) enum SampleEntry {
    Visual {
        /// `avc1`, `hvc1`, ...
        format: &'static [u8; 4],
        /// Coded pictures after cropping, in pixels.
        size: (u16, u16),
        /// Width to height of a pixel.
        pixel_aspect: (u32, u32),
        colour: Option<Colour>,
        /// `mdcv` and `clli`, where there are any.
        light: Vec<u8>,
        /// The decoder configuration as a whole box.
        configuration: Vec<u8>,
    },
    Audio {
        format: &'static [u8; 4],
        channels: u16,
        /// Bits, 16 for what is not coded in bits per sample.
        sample_size: u16,
        sample_rate: u32,
        configuration: Vec<u8>,
    },
}

impl SampleEntry {
    /// The entry of a track with this configuration.
    pub(super) fn of(codec: &codec::Config) -> Result<Self, Error> {
        let Some((width, height)) = codec.size() else { return Self::sound(codec) };
        let side = |pixels: u32| u16::try_from(pixels).map_err(|_| Error::Size { width, height });
        let (format, configuration) = configuration(codec)?;
        Ok(Self::Visual {
            format,
            size: (side(width)?, side(height)?),
            pixel_aspect: codec.sample_aspect_ratio().unwrap_or((1, 1)),
            colour: codec.colour(),
            light: Vec::new(),
            configuration,
        })
    }

    fn sound(codec: &codec::Config) -> Result<Self, Error> {
        let (format, configuration) = configuration(codec)?;
        let (channels, mut sample_rate) = (codec.channels().unwrap_or(2), codec.sample_rate().unwrap_or(0));
        let mut sample_size = 16;
        if let codec::Config::Flac(config) = codec {
            sample_size = config.bits_per_sample().into();
            // "Encapsulation of FLAC" 3.3.1: the greatest division that fits into 16 bits, 48 000 for 96 000.
            let fits = (1..=16).find(|part| sample_rate % part == 0 && sample_rate / part <= 0xffff);
            sample_rate /= fits.unwrap_or(1);
        }
        Ok(Self::Audio { format, channels, sample_size, sample_rate, configuration })
    }

    /// The same with what is known of the light in the pictures; nothing for sound.
    pub(super) fn with_light(
        mut self,
        display: Option<MasteringDisplay>,
        content: Option<ContentLight>,
    ) -> Self {
        if let Self::Visual { light, .. } = &mut self {
            light.extend(display.map(mdcv).unwrap_or_default());
            light.extend(content.map(clli).unwrap_or_default());
        }
        self
    }

    /// The same for packets that bring parameter sets along, 14496-15 5.4.2.1.1 and 8.4.1.1: `avc3`, `hev1`; no other codec has such.
    pub(super) fn with_sets_in_band(mut self) -> Self {
        if let Self::Visual { format, configuration, .. } = &mut self {
            match *format {
                b"avc1" => *format = b"avc3",
                b"hvc1" => {
                    *format = b"hev1";
                    clear_completeness(&mut configuration[BOX_HEADER..]);
                }
                _ => {}
            }
        }
        self
    }

    pub(super) const fn is_av1(&self) -> bool {
        matches!(self, Self::Visual { format: b"av01", .. })
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Visual { .. } => Kind::Video,
            Self::Audio { .. } => Kind::Audio,
        }
    }

    /// Width and height at which `tkhd` wants pictures shown, in 16.16 fixed point pixels: square ones, so the width is stretched.
    pub(super) fn shown_size(&self) -> (u32, u32) {
        let Self::Visual { size: (width, height), pixel_aspect, .. } = *self else { return (0, 0) };
        let (across, down) = pixel_aspect;
        let stretched = (u64::from(width) << 16) * u64::from(across) / u64::from(down.max(1));
        (u32::try_from(stretched).unwrap_or(u32::MAX), u32::from(height) << 16)
    }

    /// The entry as a box.
    pub(super) fn to_box(&self) -> Vec<u8> {
        match self {
            Self::Visual { format, size: (width, height), pixel_aspect, colour, light, configuration } => {
                boxed(
                    format,
                    &[
                        &DATA_REFERENCE,
                        &[0; 16],
                        &width.to_be_bytes(),
                        &height.to_be_bytes(),
                        &[0, 0x48, 0, 0, 0, 0x48, 0, 0], // 72 dpi
                        &[0; 4],
                        &[0, 1],                // frame_count
                        &[0; 32],               // compressorname
                        &[0, 0x18, 0xff, 0xff], // depth, pre_defined
                        configuration,
                        &pasp(*pixel_aspect),
                        &colour.map(colr).unwrap_or_default(),
                        light,
                    ],
                )
            }
            Self::Audio { format, channels, sample_size, sample_rate, configuration } => {
                // 16.16 fixed point has no room for 88.2 kHz and more; the decoder configuration has the rate.
                let rate = u16::try_from(*sample_rate).unwrap_or(0);
                boxed(
                    format,
                    &[
                        &DATA_REFERENCE,
                        &[0; 8],
                        &channels.to_be_bytes(),
                        &sample_size.to_be_bytes(),
                        &[0; 4],
                        &rate.to_be_bytes(),
                        &[0; 2],
                        configuration,
                    ],
                )
            }
        }
    }
}

/// The sample entry's type and the box in it that configures the decoder, whole.
fn configuration(codec: &codec::Config) -> Result<(&'static [u8; 4], Vec<u8>), Error> {
    Ok(match codec {
        codec::Config::H264(config) => (b"avc1", boxed(b"avcC", &[&config.record()])),
        codec::Config::H265(config) => (b"hvc1", boxed(b"hvcC", &[&config.record()])),
        codec::Config::Vp8(config) => (b"vp08", full_box(b"vpcC", 1, 0, &[&config.record()])),
        codec::Config::Vp9(config) => (b"vp09", full_box(b"vpcC", 1, 0, &[&config.record()])),
        codec::Config::Av1(config) => (b"av01", boxed(b"av1C", &[&config.record()])),
        codec::Config::Aac(config) => (b"mp4a", esds(0x40, &descriptor(0x05, &[&config.asc()]))),
        codec::Config::Mp3(config) => (b"mp4a", esds(config.object_type_indication(), &[])),
        codec::Config::Opus(config) => (b"Opus", boxed(b"dOps", &[&config.dops()])),
        codec::Config::Flac(config) => (b"fLaC", full_box(b"dfLa", 0, 0, &[&config.record()])),
        codec::Config::Ac3(config) => (b"ac-3", boxed(b"dac3", &[&config.record()])),
        codec::Config::Eac3(config) => (b"ec-3", boxed(b"dec3", &[&config.record()])),
        codec::Config::Vorbis(_) => return Err(Error::Codec { codec: Format::Vorbis }),
    })
}

/// The shape of a pixel; nothing when it is square, which is what no `pasp` means.
fn pasp((across, down): (u32, u32)) -> Vec<u8> {
    if across == down {
        return Vec::new();
    }
    boxed(b"pasp", &[&across.to_be_bytes(), &down.to_be_bytes()])
}

fn colr(colour: Colour) -> Vec<u8> {
    let Colour { primaries, transfer, matrix, full_range } = colour;
    boxed(b"colr", &[b"nclx", &[0, primaries, 0, transfer, 0, matrix, u8::from(full_range) << 7]])
}

/// The display pictures were graded on, 14496-12 12.1.7: primaries in the order green, blue, red.
fn mdcv(display: MasteringDisplay) -> Vec<u8> {
    let MasteringDisplay { red, green, blue, white, max_luminance, min_luminance } = display;
    let points = [green, blue, red, white].map(|(x, y)| [x.to_be_bytes(), y.to_be_bytes()]);
    let luminances = [max_luminance, min_luminance].map(u32::to_be_bytes);
    boxed(b"mdcv", &[points.as_flattened().as_flattened(), luminances.as_flattened()])
}

/// The brightest there is, 14496-12 12.1.6.
fn clli(light: ContentLight) -> Vec<u8> {
    boxed(b"clli", &[&light.max.to_be_bytes(), &light.max_average.to_be_bytes()])
}

/// Clears `array_completeness` of every array in an `HEVCDecoderConfigurationRecord`, 14496-15 8.3.3.1.2: there may be sets elsewhere.
fn clear_completeness(record: &mut [u8]) {
    let Some((&mut arrays, mut rest)) = record.get_mut(22..).and_then(<[u8]>::split_first_mut) else {
        return;
    };
    for _ in 0..arrays {
        let Some(([kind, high, low], mut units)) = rest.split_first_chunk_mut() else { return };
        *kind &= 0x7f;
        for _ in 0..u16::from_be_bytes([*high, *low]) {
            let Some((&mut len, unit)) = units.split_first_chunk_mut::<2>() else { return };
            let Some((_, others)) = unit.split_at_mut_checked(u16::from_be_bytes(len).into()) else { return };
            units = others;
        }
        rest = units;
    }
}

/// `esds` with an `objectTypeIndication` (0x40 is MPEG-4 audio) and, where the coding has one, the descriptor of its configuration, 14496-14
/// 5.6 and 14496-1 7.2.6.
fn esds(object_type: u8, decoder_specific: &[u8]) -> Vec<u8> {
    // An audio stream; buffer size and bit rates are not known.
    let decoder_config = descriptor(0x04, &[&[object_type, 0x15], &[0; 11], decoder_specific]);
    let sl_config = descriptor(0x06, &[&[2]]); // as in MP4 files
    full_box(b"esds", 0, 0, &[&descriptor(0x03, &[&[0; 3], &decoder_config, &sl_config])])
}

/// A descriptor with its length in as few 7-bit groups as it needs, 14496-1 8.3.3.
fn descriptor(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len = parts.iter().map(|part| part.len()).sum::<usize>();
    let groups = (1..4).find(|groups| len >> (7 * groups) == 0).unwrap_or(4);
    let mut out = vec![tag];
    for group in (0..groups).rev() {
        let more = if group == 0 { 0 } else { 0x80 };
        out.push((len >> (7 * group)) as u8 & 0x7f | more);
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// Sound that is right only some packets after decoding starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preroll {
    /// One packet: the overlap of the transform.
    Aac,
    /// 80 ms, in as many packets as that takes.
    Opus,
}

impl Preroll {
    pub(super) const fn of(codec: &codec::Config) -> Option<Self> {
        match codec {
            codec::Config::Aac(_) => Some(Self::Aac),
            codec::Config::Opus(_) => Some(Self::Opus),
            _ => None,
        }
    }

    /// `roll_distance` of 14496-12 10.1: samples to go back, as a negative number.
    pub(super) fn roll_distance(self, packets: &[Packet]) -> i16 {
        match self {
            Self::Aac => -1,
            Self::Opus => {
                let samples = packets.iter().filter_map(|packet| opus::packet_samples(&packet.data).ok());
                self.distance(samples.min())
            }
        }
    }

    /// The same where the shortest packet has as many samples.
    pub(super) fn distance(self, shortest: Option<u32>) -> i16 {
        match self {
            Self::Aac => -1,
            Self::Opus => -(OPUS_PREROLL.div_ceil(shortest.unwrap_or(OPUS_20_MS).max(1)) as i16),
        }
    }
}

/// `roll_distance` of a picture that refreshes gradually, 14496-12 10.1: pictures to decode until the first whole one. There is no 0.
pub(super) fn refresh_distance(key: Key) -> Option<i16> {
    match key {
        Key::Roll { pictures: pictures @ 1.. } => Some(i16::try_from(pictures).unwrap_or(i16::MAX)),
        _ => None,
    }
}

/// `data_reference_index` 1 behind six reserved bytes.
const DATA_REFERENCE: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

/// 80 ms at 48 kHz, "Encapsulation of Opus in ISO Base Media File Format" 4.3.6 and RFC 7845 section 4.6.
const OPUS_PREROLL: u32 = 3840;

/// The usual length of a packet, taken where none can be read.
const OPUS_20_MS: u32 = 960;

#[cfg(test)]
#[path = "entry_test.rs"]
mod tests;
