//! `TrackEntry`, RFC 9559 section 5.1.4.1: what a file says of a track.

use bytes::Bytes;

use super::ebml;
use super::error::Reason;
use crate::codec::{Config, Format, aac, av1, flac, h264, h265, opus, vorbis, vp8, vp9};
use crate::demux::language;
use crate::track::{Kind, Language, Rotation, TrackId};

/// A track as the file describes it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: TrackId,
    pub(super) coding: Coding,
    /// `DefaultDuration` in nanoseconds.
    pub(super) period: Option<u64>,
    /// `CodecDelay` in nanoseconds.
    pub(super) delay: u64,
    pub(super) rotation: Rotation,
    pub(super) language: Option<Language>,
    /// What header stripping took from the front of each frame.
    pub(super) stripped: Bytes,
}

/// How its frames are coded.
#[derive(Clone, Debug)]
pub(super) enum Coding {
    /// The file says all there is to know; NAL units stand behind lengths of as many bytes.
    Told { config: Config, length: usize },
    /// The first frame tells; until it does, this is what the file says.
    InBand { format: Format, assumed: Config },
    /// The first frame tells all but the samples per second.
    InFrames { format: Format, rate: u32 },
}

/// What the elements say, before any of it is believed.
#[derive(Debug)]
struct Raw {
    number: u64,
    kind: u64,
    codec: String,
    private: Bytes,
    period: Option<u64>,
    delay: Option<u64>,
    language: String,
    language_bcp47: Option<String>,
    size: (u64, u64),
    roll: f64,
    rate: f64,
    channels: u64,
    stripped: Bytes,
    refusal: Option<Reason>,
}

/// The entry in `body`.
///
/// # Errors
/// The track's number, its codec's name, and why it cannot be read.
pub(super) fn entry(body: &Bytes) -> Result<Entry, (u64, String, Reason)> {
    let raw = Raw::read(body);
    raw.entry().map_err(|reason| (raw.number, raw.codec.clone(), reason))
}

impl Raw {
    fn read(body: &Bytes) -> Self {
        let mut raw = Self {
            number: 0,
            kind: 0,
            codec: String::new(),
            private: Bytes::new(),
            period: None,
            delay: None,
            language: "eng".to_owned(),
            language_bcp47: None,
            size: (0, 0),
            roll: 0.0,
            rate: 8000.0,
            channels: 1,
            stripped: Bytes::new(),
            refusal: None,
        };
        for (id, range) in ebml::children(body) {
            let value = body.slice(range);
            match id {
                TRACK_NUMBER => raw.number = ebml::uint(&value),
                TRACK_TYPE => raw.kind = ebml::uint(&value),
                CODEC_ID => raw.codec = ebml::text(&value),
                CODEC_PRIVATE => raw.private = value,
                DEFAULT_DURATION => raw.period = Some(ebml::uint(&value)).filter(|&nanos| nanos > 0),
                CODEC_DELAY => raw.delay = Some(ebml::uint(&value)),
                LANGUAGE => raw.language = ebml::text(&value),
                LANGUAGE_BCP47 => raw.language_bcp47 = Some(ebml::text(&value)),
                VIDEO => raw.read_video(&value),
                AUDIO => raw.read_audio(&value),
                CONTENT_ENCODINGS => raw.read_encodings(&value),
                _ => {}
            }
        }
        raw
    }

    fn read_video(&mut self, body: &[u8]) {
        for (id, range) in ebml::children(body) {
            let value = &body[range];
            match id {
                PIXEL_WIDTH => self.size.0 = ebml::uint(value),
                PIXEL_HEIGHT => self.size.1 = ebml::uint(value),
                PROJECTION => {
                    let roll = ebml::children(value).find(|(id, _)| *id == PROJECTION_POSE_ROLL);
                    self.roll = roll.map_or(0.0, |(_, range)| ebml::float(&value[range]));
                }
                _ => {}
            }
        }
    }

    fn read_audio(&mut self, body: &[u8]) {
        for (id, range) in ebml::children(body) {
            match id {
                SAMPLING_FREQUENCY => self.rate = ebml::float(&body[range]),
                CHANNELS => self.channels = ebml::uint(&body[range]),
                _ => {}
            }
        }
    }

    fn read_encodings(&mut self, body: &Bytes) {
        for (_, range) in ebml::children(body).filter(|(id, _)| *id == CONTENT_ENCODING) {
            self.read_encoding(&body.slice(range));
        }
    }

    fn read_encoding(&mut self, body: &Bytes) {
        // Of all frames, unless said otherwise.
        let (mut scope, mut compression) = (1, None);
        for (id, range) in ebml::children(body) {
            match id {
                CONTENT_ENCODING_SCOPE => scope = ebml::uint(&body[range]),
                CONTENT_ENCRYPTION => self.refusal = Some(Reason::Encrypted),
                CONTENT_ENCODING_TYPE if ebml::uint(&body[range.clone()]) == 1 => {
                    self.refusal = Some(Reason::Encrypted);
                }
                CONTENT_COMPRESSION => compression = Some(body.slice(range)),
                _ => {}
            }
        }
        let compression = compression.unwrap_or_default();
        let (mut algorithm, mut settings) = (0, Bytes::new());
        for (id, range) in ebml::children(&compression) {
            match id {
                CONTENT_COMP_ALGO => algorithm = ebml::uint(&compression[range]),
                CONTENT_COMP_SETTINGS => settings = compression.slice(range),
                _ => {}
            }
        }
        match (algorithm, scope) {
            _ if self.refusal.is_some() => {}
            // Stripped headers of several encodings come off one after the other.
            (HEADER_STRIPPING, 1) => self.stripped = [settings, self.stripped.clone()].concat().into(),
            _ => self.refusal = Some(Reason::Compression(algorithm)),
        }
    }

    fn entry(&self) -> Result<Entry, Reason> {
        let number = u32::try_from(self.number).map_err(|_| Reason::Number)?;
        let id = TrackId::new(number).ok_or(Reason::Number)?;
        if let Some(reason) = &self.refusal {
            return Err(reason.clone());
        }
        let kind = match self.kind {
            1 => Kind::Video,
            2 => Kind::Audio,
            other => return Err(Reason::Type(other)),
        };
        let coding = self.coding()?;
        if coding.kind() != kind {
            return Err(Reason::Type(self.kind));
        }
        let pre_skip = match &coding {
            // Early files do not have the delay that Opus must have; its header says the same.
            Coding::Told { config: Config::Opus(config), .. } => {
                u64::from(config.pre_skip()) * 1_000_000 / 48
            }
            _ => 0,
        };
        Ok(Entry {
            id,
            coding,
            period: self.period,
            delay: self.delay.unwrap_or(pre_skip),
            rotation: rotation(self.roll),
            language: language::from_tag(self.language_bcp47.as_deref().unwrap_or(&self.language)),
            stripped: self.stripped.clone(),
        })
    }

    fn coding(&self) -> Result<Coding, Reason> {
        let private = &self.private[..];
        let length = |at: usize| usize::from(private.get(at).copied().unwrap_or(3) & 3) + 1;
        let told = |config| Ok(Coding::Told { config, length: 4 });
        match self.codec.as_str() {
            "V_MPEG4/ISO/AVC" => {
                let config = Config::H264(h264::Config::from_record(private).map_err(unreadable)?);
                Ok(Coding::Told { config, length: length(4) })
            }
            "V_MPEGH/ISO/HEVC" => {
                let config = Config::H265(h265::Config::from_record(private).map_err(unreadable)?);
                Ok(Coding::Told { config, length: length(21) })
            }
            "V_VP8" => {
                let (width, height) = self.size()?;
                let assumed = Config::Vp8(vp8::Config::new(width, height).map_err(unreadable)?);
                Ok(Coding::InBand { format: Format::Vp8, assumed })
            }
            "V_VP9" => {
                let (width, height) = self.size()?;
                let subsampling = siting(private);
                let parts = vp9::Parts { subsampling, ..vp9::Parts::new(width, height) };
                let assumed = Config::Vp9(vp9::Config::from_parts(parts).map_err(unreadable)?);
                Ok(Coding::InBand { format: Format::Vp9, assumed })
            }
            // Without its header it is what the number of channels says, and nothing is to be dropped.
            "A_OPUS" if private.is_empty() => {
                let channels = u8::try_from(self.channels).unwrap_or(u8::MAX);
                told(Config::Opus(opus::Config::new(channels).map_err(unreadable)?))
            }
            "A_OPUS" => told(Config::Opus(opus::Config::from_head(private).map_err(unreadable)?)),
            "A_AAC" => told(Config::Aac(aac::Config::from_asc(private).map_err(unreadable)?)),
            "V_AV1" => told(Config::Av1(av1::Config::from_record(private).map_err(unreadable)?)),
            "A_VORBIS" => told(Config::Vorbis(vorbis::Config::from_record(private).map_err(unreadable)?)),
            "A_FLAC" => told(Config::Flac(flac::Config::from_private(private).map_err(unreadable)?)),
            "A_MPEG/L1" | "A_MPEG/L2" | "A_MPEG/L3" => self.in_frames(Format::Mp3),
            "A_AC3" | "A_AC3/BSID9" | "A_AC3/BSID10" => self.in_frames(Format::Ac3),
            "A_EAC3" => self.in_frames(Format::Eac3),
            // Without private data, as it was written before 2005.
            codec if codec.starts_with("A_AAC/") => {
                let (rate, channels) = (self.rate as u32, u16::try_from(self.channels).unwrap_or(u16::MAX));
                told(Config::Aac(aac::Config::new(rate, channels).map_err(unreadable)?))
            }
            _ => Err(Reason::Codec),
        }
    }

    /// Sound whose every frame says what it is.
    fn in_frames(&self, format: Format) -> Result<Coding, Reason> {
        match self.rate.round() as u32 {
            0 => Err(Reason::Private("sampling frequency of zero".to_owned())),
            rate => Ok(Coding::InFrames { format, rate }),
        }
    }

    fn size(&self) -> Result<(u32, u32), Reason> {
        let side = |pixels: u64| u32::try_from(pixels).unwrap_or(u32::MAX);
        Ok((side(self.size.0), side(self.size.1)))
    }
}

fn unreadable(error: impl std::error::Error) -> Reason {
    Reason::Private(error.to_string())
}

impl Coding {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Told { config, .. } => config.kind(),
            Self::InBand { format, .. } | Self::InFrames { format, .. } => format.kind(),
        }
    }
}

/// Where samples of colour lie in 4:2:0, the fourth of VP9's features in the WebM container guidelines: the stream does not tell.
fn siting(mut features: &[u8]) -> vp9::Subsampling {
    while let Some((&[id, len], rest)) = features.split_first_chunk() {
        let Some((value, rest)) = rest.split_at_checked(len.into()) else { break };
        if (id, value) == (4, &[0]) {
            return vp9::Subsampling::Vertical420;
        }
        features = rest;
    }
    vp9::Subsampling::Colocated420
}

/// `ProjectionPoseRoll` counts counter-clockwise.
fn rotation(roll: f64) -> Rotation {
    let degrees = if roll.is_finite() { roll.round() as i32 } else { 0 };
    Rotation::from_degrees(degrees.saturating_neg()).unwrap_or_default()
}

/// `ContentCompAlgo`.
const HEADER_STRIPPING: u64 = 3;

const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const LANGUAGE: u32 = 0x22_b59c;
const LANGUAGE_BCP47: u32 = 0x22_b59d;
const DEFAULT_DURATION: u32 = 0x23_e383;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63a2;
const CODEC_DELAY: u32 = 0x56aa;
const VIDEO: u32 = 0xe0;
const PIXEL_WIDTH: u32 = 0xb0;
const PIXEL_HEIGHT: u32 = 0xba;
const PROJECTION: u32 = 0x7670;
const PROJECTION_POSE_ROLL: u32 = 0x7675;
const AUDIO: u32 = 0xe1;
const SAMPLING_FREQUENCY: u32 = 0xb5;
const CHANNELS: u32 = 0x9f;
const CONTENT_ENCODINGS: u32 = 0x6d80;
const CONTENT_ENCODING: u32 = 0x6240;
const CONTENT_ENCODING_SCOPE: u32 = 0x5032;
const CONTENT_ENCODING_TYPE: u32 = 0x5033;
const CONTENT_COMPRESSION: u32 = 0x5034;
const CONTENT_COMP_ALGO: u32 = 0x4254;
const CONTENT_COMP_SETTINGS: u32 = 0x4255;
const CONTENT_ENCRYPTION: u32 = 0x5035;
