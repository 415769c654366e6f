//! `TrackEntry`, RFC 9559 section 5.1.4.1: what a decoder and a player are told of a track.

use super::Error;
use super::ebml::{Id, element, float, uint};
use crate::codec::{self, Colour, ContentLight, MasteringDisplay, vp9};
use crate::demux::language::bibliographic;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Rotation, Track};

/// A track, and what Matroska can say of it beyond that.
///
/// ```
/// use media_core::codec::{Config, opus};
/// use media_core::mux::webm::TrackEntry;
/// use media_core::time::TimeBase;
/// use media_core::track::{Track, TrackId};
///
/// let id = TrackId::new(1).ok_or("zero")?;
/// let track = Track::new(id, TimeBase::hz(48_000), Config::Opus(opus::Config::new(2)?));
/// let entry = TrackEntry { language: Some("de-CH".into()), ..TrackEntry::from(&track) };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackEntry {
    /// The track. Its [priming](Track::priming) becomes `CodecDelay` and the pre-skip of `OpusHead`, whatever the codec configuration says,
    /// its [language](Track::language) `Language` and its [rotation](Track::rotation) `ProjectionPoseRoll`.
    pub track: Track,
    /// A BCP 47 tag that says more than [`Track::language`], or of a language that has no code of three letters: written as `LanguageBCP47`,
    /// which readers take before `Language`. Chromium's Media Source Extensions do not know it: in a segment for DASH leave it to the
    /// manifest.
    pub language: Option<String>,
    /// What people call the track.
    pub name: Option<String>,
    /// The display the pictures were graded on.
    pub mastering_display: Option<MasteringDisplay>,
    /// The brightest the pictures get.
    pub content_light: Option<ContentLight>,
    /// Whether packets bring an alpha plane, a picture of its own coded with VP8 or VP9:
    /// [`Writer::push_with_alpha`](super::Writer::push_with_alpha). A [`Muxer`](super::Muxer) writes none and announces none.
    pub alpha: bool,
}

impl From<&Track> for TrackEntry {
    fn from(track: &Track) -> Self {
        Self {
            track: track.clone(),
            language: None,
            name: None,
            mastering_display: None,
            content_light: None,
            alpha: false,
        }
    }
}

impl TrackEntry {
    /// The element, as track number `number`.
    ///
    /// # Errors
    /// When the priming is longer than `OpusHead` can say.
    pub(super) fn to_element(&self, number: u8) -> Result<Vec<u8>, Error> {
        let track = &self.track;
        let kind: u64 = match track.kind() {
            Kind::Video => 1,
            Kind::Audio => 2,
        };
        Ok(element(
            TRACK_ENTRY,
            &[
                &uint(TRACK_NUMBER, number.into()),
                &uint(TRACK_UID, track.id.get().into()),
                &uint(TRACK_TYPE, kind),
                &uint(FLAG_LACING, 0),
                // Without it, a track is in English.
                &element(LANGUAGE, &[&track.language.map_or(*b"und", bibliographic)]),
                &self.language.as_ref().map(|tag| text(LANGUAGE_BCP47, tag)).unwrap_or_default(),
                &self.name.as_ref().map(|name| text(NAME, name)).unwrap_or_default(),
                &if self.alpha { uint(MAX_BLOCK_ADDITION_ID, 1) } else { Vec::new() },
                &default_duration(&track.codec),
                &element(CODEC_ID, &[codec_id(&track.codec).as_bytes()]),
                &codec_private(track)?,
                &codec_delay(track),
                &match track.kind() {
                    Kind::Video => self.video(),
                    Kind::Audio => audio(&track.codec),
                },
            ],
        ))
    }

    fn video(&self) -> Vec<u8> {
        let codec = &self.track.codec;
        let (size, shown) = (codec.size().unwrap_or((0, 0)), codec.display_size().unwrap_or((0, 0)));
        let display = if size == shown {
            Vec::new()
        } else {
            [uint(DISPLAY_WIDTH, shown.0.into()), uint(DISPLAY_HEIGHT, shown.1.into())].concat()
        };
        element(
            VIDEO,
            &[
                &uint(PIXEL_WIDTH, size.0.into()),
                &uint(PIXEL_HEIGHT, size.1.into()),
                &if self.alpha { uint(ALPHA_MODE, 1) } else { Vec::new() },
                &display,
                &self.colour(),
                &projection(self.track.rotation),
            ],
        )
    }

    /// `Colour`, section 5.1.4.1.28.16; nothing where there is nothing to say.
    fn colour(&self) -> Vec<u8> {
        let parts = [
            self.track.codec.colour().map(code_points),
            self.content_light.map(|light| {
                [uint(MAX_CLL, light.max.into()), uint(MAX_FALL, light.max_average.into())].concat()
            }),
            self.mastering_display.as_ref().map(mastering_metadata),
        ];
        let parts = parts.into_iter().flatten().collect::<Vec<_>>().concat();
        if parts.is_empty() { parts } else { element(COLOUR, &[&parts]) }
    }
}

/// `Projection` of flat pictures, section 5.1.4.1.28.41: how far they are turned, counter-clockwise. Nothing where they are not.
fn projection(rotation: Rotation) -> Vec<u8> {
    let roll = match rotation {
        Rotation::None => return Vec::new(),
        Rotation::Quarter => -90.0,
        Rotation::Half => 180.0,
        Rotation::ThreeQuarters => 90.0,
    };
    element(PROJECTION, &[&uint(PROJECTION_TYPE, 0), &float(PROJECTION_POSE_ROLL, roll)])
}

fn code_points(colour: Colour) -> Vec<u8> {
    let Colour { primaries, transfer, matrix, full_range } = colour;
    [
        uint(MATRIX_COEFFICIENTS, matrix.into()),
        uint(RANGE, if full_range { 2 } else { 1 }),
        uint(TRANSFER_CHARACTERISTICS, transfer.into()),
        uint(PRIMARIES, primaries.into()),
    ]
    .concat()
}

/// `MasteringMetadata`, section 5.1.4.1.28.29: chromaticities as fractions of one, luminances in cd/m².
fn mastering_metadata(display: &MasteringDisplay) -> Vec<u8> {
    let MasteringDisplay { red, green, blue, white, max_luminance, min_luminance } = *display;
    let places = [red.0, red.1, green.0, green.1, blue.0, blue.1, white.0, white.1];
    let places = places.map(|place| f64::from(place) / 50_000.0);
    let luminances = [max_luminance, min_luminance].map(|luminance| f64::from(luminance) / 10_000.0);
    // The ten elements have consecutive numbers, in this order.
    let values = places.into_iter().chain(luminances);
    let children = (PRIMARY_R_CHROMATICITY_X.0..).zip(values).map(|(id, value)| float(Id(id), value));
    element(MASTERING_METADATA, &[&children.collect::<Vec<_>>().concat()])
}

fn audio(codec: &codec::Config) -> Vec<u8> {
    let rate = codec.sample_rate().unwrap_or(0);
    // HE-AAC: the rate of the core, and the one that comes out.
    let core = match codec {
        codec::Config::Aac(config) => config.core_sample_rate(),
        _ => rate,
    };
    let output = if rate == core { Vec::new() } else { float(OUTPUT_SAMPLING_FREQUENCY, rate.into()) };
    let channels = codec.channels().unwrap_or(0);
    element(AUDIO, &[&float(SAMPLING_FREQUENCY, core.into()), &output, &uint(CHANNELS, channels.into())])
}

/// `DefaultDuration` in nanoseconds: of a picture as the stream claims, of a frame of sound where all are as long.
fn default_duration(codec: &codec::Config) -> Vec<u8> {
    let period = match codec {
        codec::Config::Aac(config) => Some((config.samples_per_frame(), config.sample_rate())),
        codec::Config::Mp3(config) => Some((config.samples_per_frame(), config.sample_rate())),
        codec::Config::Ac3(config) => Some((config.samples_per_frame(), config.sample_rate())),
        _ => codec.frame_rate().map(|(num, den)| (den, num)),
    };
    let base = period.and_then(|(num, den)| TimeBase::new(num, den));
    let nanos = base.and_then(|base| u64::try_from(base.to_nanos(1)).ok()).filter(|&nanos| nanos > 0);
    nanos.map(|nanos| uint(DEFAULT_DURATION, nanos)).unwrap_or_default()
}

const fn codec_id(codec: &codec::Config) -> &'static str {
    match codec {
        codec::Config::H264(_) => "V_MPEG4/ISO/AVC",
        codec::Config::H265(_) => "V_MPEGH/ISO/HEVC",
        codec::Config::Vp8(_) => "V_VP8",
        codec::Config::Vp9(_) => "V_VP9",
        codec::Config::Av1(_) => "V_AV1",
        codec::Config::Aac(_) => "A_AAC",
        codec::Config::Opus(_) => "A_OPUS",
        codec::Config::Vorbis(_) => "A_VORBIS",
        codec::Config::Flac(_) => "A_FLAC",
        codec::Config::Mp3(config) => match config.layer() {
            1 => "A_MPEG/L1",
            2 => "A_MPEG/L2",
            _ => "A_MPEG/L3",
        },
        codec::Config::Ac3(_) => "A_AC3",
        codec::Config::Eac3(_) => "A_EAC3",
    }
}

/// `CodecPrivate` as the codec's mapping has it; those that tell all in every frame have none.
fn codec_private(track: &Track) -> Result<Vec<u8>, Error> {
    let private = match &track.codec {
        codec::Config::H264(config) => config.record(),
        codec::Config::H265(config) => config.record(),
        codec::Config::Vp9(config) => vp9_features(config).into(),
        codec::Config::Av1(config) => config.record(),
        codec::Config::Aac(config) => config.asc(),
        codec::Config::Vorbis(config) => config.record(),
        codec::Config::Flac(config) => config.private(),
        codec::Config::Opus(config) => config.clone().with_pre_skip(pre_skip(track)?).head(),
        _ => return Ok(Vec::new()),
    };
    Ok(element(CODEC_PRIVATE, &[&private]))
}

/// "VP9 Codec Feature Metadata" of the WebM container guidelines: an ID, a length of one byte and the value, four times.
fn vp9_features(config: &vp9::Config) -> Vec<u8> {
    // `vpcC` begins with the same: profile, level, then depth and subsampling in one byte.
    let record = config.record();
    let mut features = vec![1, 1, record[0], 2, 1, record[1], 3, 1, record[2] >> 4];
    if config.parts().subsampling != vp9::Subsampling::Yuv440 {
        features.extend([4, 1, config.parts().subsampling as u8]);
    }
    features
}

/// The priming in samples of 48 kHz, as `OpusHead` has it.
fn pre_skip(track: &Track) -> Result<u16, Error> {
    let priming = Timestamp::new(track.priming.into());
    let samples = priming.rescale(track.time_base, TimeBase::hz(codec::opus::SAMPLE_RATE)).ticks();
    u16::try_from(samples).map_err(|_| Error::Priming { ticks: track.priming })
}

/// `CodecDelay`, which players take from every timestamp, and for Opus `SeekPreRoll`, RFC 7845 section 4.6; both in nanoseconds.
fn codec_delay(track: &Track) -> Vec<u8> {
    let delay = track.time_base.to_nanos(track.priming.into()).cast_unsigned();
    let delay = if delay == 0 { Vec::new() } else { uint(CODEC_DELAY, delay) };
    match track.codec {
        codec::Config::Opus(_) => [delay, uint(SEEK_PRE_ROLL, 80_000_000)].concat(),
        _ => delay,
    }
}

fn text(id: Id, text: &str) -> Vec<u8> {
    element(id, &[text.as_bytes()])
}

const TRACK_ENTRY: Id = Id(0xae);
const TRACK_NUMBER: Id = Id(0xd7);
const TRACK_UID: Id = Id(0x73c5);
const TRACK_TYPE: Id = Id(0x83);
const FLAG_LACING: Id = Id(0x9c);
const LANGUAGE: Id = Id(0x22_b59c);
const LANGUAGE_BCP47: Id = Id(0x22_b59d);
const NAME: Id = Id(0x536e);
const MAX_BLOCK_ADDITION_ID: Id = Id(0x55ee);
const DEFAULT_DURATION: Id = Id(0x23_e383);
const CODEC_ID: Id = Id(0x86);
const CODEC_PRIVATE: Id = Id(0x63a2);
const CODEC_DELAY: Id = Id(0x56aa);
const SEEK_PRE_ROLL: Id = Id(0x56bb);
const VIDEO: Id = Id(0xe0);
const PIXEL_WIDTH: Id = Id(0xb0);
const PIXEL_HEIGHT: Id = Id(0xba);
const ALPHA_MODE: Id = Id(0x53c0);
const DISPLAY_WIDTH: Id = Id(0x54b0);
const DISPLAY_HEIGHT: Id = Id(0x54ba);
const PROJECTION: Id = Id(0x7670);
const PROJECTION_TYPE: Id = Id(0x7671);
const PROJECTION_POSE_ROLL: Id = Id(0x7675);
const COLOUR: Id = Id(0x55b0);
const MATRIX_COEFFICIENTS: Id = Id(0x55b1);
const RANGE: Id = Id(0x55b9);
const TRANSFER_CHARACTERISTICS: Id = Id(0x55ba);
const PRIMARIES: Id = Id(0x55bb);
const MAX_CLL: Id = Id(0x55bc);
const MAX_FALL: Id = Id(0x55bd);
const MASTERING_METADATA: Id = Id(0x55d0);
const PRIMARY_R_CHROMATICITY_X: Id = Id(0x55d1);
const AUDIO: Id = Id(0xe1);
const SAMPLING_FREQUENCY: Id = Id(0xb5);
const OUTPUT_SAMPLING_FREQUENCY: Id = Id(0x78b5);
const CHANNELS: Id = Id(0x9f);

#[cfg(test)]
#[path = "entry_test.rs"]
mod tests;
