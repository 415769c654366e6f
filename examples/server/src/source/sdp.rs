//! What a camera says it sends: the parts of a session description (RFC 8866) that the RTSP library keeps to itself.
//!
//! Reads line by line and leaves out what makes no sense; cameras put attributes into the wrong section, parameter sets with start codes
//! behind them, and free text where a payload type belongs.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use media_core::codec::{self, Format, aac, h264, h265, opus};

use super::rtp::Depacketiser;
use super::rtp::aac::{Aac, Headers};
use super::rtp::nal::Codec;
use super::rtp::opus::Opus;
use super::rtp::picture::Pictures;

/// One `m=` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Media {
    /// `video`, `audio`, `application`.
    pub(super) kind: String,
    pub(super) payload_type: u8,
    /// The encoding's name in small letters, `h264`; `None` for a static payload type without `rtpmap`.
    pub(super) encoding: Option<String>,
    pub(super) clock_rate: u32,
    /// Channels of sound.
    pub(super) channels: u16,
    /// Format parameters, names in small letters.
    parameters: Vec<(String, String)>,
    /// The camera wants to hear, not to speak (ONVIF back channel).
    pub(super) is_back_channel: bool,
    /// Where to set it up, as the description has it.
    pub(super) control: Option<String>,
    /// SRTP (RFC 3711), which is not understood.
    is_encrypted: bool,
}

/// A stream that can be served.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) format: Format,
    /// `None` when only the stream itself will tell.
    pub(super) config: Option<codec::Config>,
    pub(super) depacketiser: Depacketiser,
}

/// The media sections of `sdp`, in order; sections without a payload type are left out.
pub(super) fn parse(sdp: &[u8]) -> Vec<Media> {
    let text = String::from_utf8_lossy(sdp);
    let mut sections: Vec<(Media, Vec<String>)> = Vec::new();
    let mut stray = Vec::new();
    let mut skipping = true;
    for line in text.lines().map(str::trim_end) {
        if let Some(media) = line.strip_prefix("m=") {
            let media = media_line(media);
            skipping = media.is_none();
            sections.extend(media.map(|media| (media, Vec::new())));
        } else if let Some(attribute) = line.strip_prefix("a=") {
            stray.push(attribute.to_owned());
            if !skipping && let Some((_, attributes)) = sections.last_mut() {
                attributes.push(attribute.to_owned());
            }
        }
    }
    let mut media: Vec<Media> = sections
        .into_iter()
        .map(|(mut media, own)| {
            let found = own.iter().any(|attribute| media.apply(attribute));
            // Parameters of this payload type that stand in another section (seen in the wild) are better than none.
            if !found {
                stray
                    .iter()
                    .filter(|attribute| attribute.starts_with("fmtp:"))
                    .any(|attribute| media.apply(attribute));
            }
            own.iter().for_each(|attribute| _ = media.apply(attribute));
            media
        })
        .collect();
    // `sendonly` is said of what the client sends; a camera that says it of its pictures means itself.
    if media.iter().any(|media| media.kind == "video" && media.is_back_channel) {
        media.iter_mut().for_each(|media| media.is_back_channel = false);
    }
    media
}

/// What is said of the whole session where its parts say `control`.
pub(super) fn session_control(sdp: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(sdp);
    let mut session = text.lines().map(str::trim).take_while(|line| !line.starts_with("m="));
    session.find_map(|line| line.strip_prefix("a=control:").map(str::to_owned))
}

/// `video 0 RTP/AVP 96`.
fn media_line(line: &str) -> Option<Media> {
    let mut words = line.split_ascii_whitespace();
    let kind = words.next()?.to_ascii_lowercase();
    let protocol = words.nth(1)?;
    let payload_type = words.next()?.parse().ok().filter(|payload_type| *payload_type < 128)?;
    Some(Media {
        kind,
        payload_type,
        encoding: None,
        clock_rate: 0,
        channels: 1,
        parameters: Vec::new(),
        is_back_channel: false,
        control: None,
        is_encrypted: protocol.contains("SAVP"),
    })
}

impl Media {
    /// Takes one attribute; true when it was this payload type's format parameters.
    fn apply(&mut self, attribute: &str) -> bool {
        match attribute.split_once(':') {
            None if attribute == "sendonly" => self.is_back_channel = true,
            Some(("control", value)) => self.control = Some(value.trim().to_owned()),
            Some(("rtpmap", value)) => _ = self.map(value),
            Some(("fmtp", value)) => return self.format_parameters(value).is_some(),
            _ => {}
        }
        false
    }

    /// `96 H264/90000`, `97 opus/48000/2`.
    fn map(&mut self, value: &str) -> Option<()> {
        let encoding = self.own(value)?;
        let mut parts = encoding.trim().split('/');
        self.encoding = Some(parts.next()?.to_ascii_lowercase());
        self.clock_rate = parts.next()?.parse().ok()?;
        self.channels = parts.next().and_then(|channels| channels.parse().ok()).unwrap_or(1);
        Some(())
    }

    /// `96 packetization-mode=1; sprop-parameter-sets=…`.
    fn format_parameters(&mut self, value: &str) -> Option<()> {
        let list = self.own(value)?;
        self.parameters = list
            .split(';')
            .filter_map(|part| part.trim().split_once('='))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        (!self.parameters.is_empty()).then_some(())
    }

    /// What follows this section's payload type.
    fn own<'a>(&self, value: &'a str) -> Option<&'a str> {
        let (payload_type, rest) = value.trim().split_once(' ')?;
        (payload_type.parse() == Ok(self.payload_type)).then_some(rest)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The name a person knows the codec by.
    pub(super) fn label(&self) -> String {
        match (self.encoding.as_deref(), self.payload_type) {
            (Some(encoding), _) if self.is_encrypted => {
                format!("encrypted {}/{}", self.kind, encoding.to_ascii_uppercase())
            }
            (Some(encoding), _) => format!("{}/{}", self.kind, encoding.to_ascii_uppercase()),
            (None, 0) => "audio/PCMU".to_owned(),
            (None, 8) => "audio/PCMA".to_owned(),
            (None, 26) => "video/JPEG".to_owned(),
            (None, other) => format!("{}/payload type {other}", self.kind),
        }
    }

    /// How to receive this stream; `None` when its codec cannot be served.
    pub(super) fn describe(&self) -> Option<Described> {
        if self.clock_rate == 0 || self.is_back_channel || self.is_encrypted {
            return None;
        }
        match (self.kind.as_str(), self.encoding.as_deref()?) {
            ("video", "h264") => Some(self.h264()),
            ("video", "h265" | "hevc") => Some(self.h265()),
            ("audio", "mpeg4-generic") => self.aac(),
            ("audio", "opus") => self.opus(),
            _ => None,
        }
    }

    fn h264(&self) -> Described {
        let sets: Vec<Bytes> = self.parameter("sprop-parameter-sets").map(parameter_sets).unwrap_or_default();
        let of = |kind: u8| sets.iter().filter(|set| set[0] & 0x1f == kind).cloned().collect::<Vec<_>>();
        let config = h264::Config::from_parameter_sets(&of(7), &of(8)).ok().map(codec::Config::H264);
        Described {
            format: Format::H264,
            config,
            depacketiser: Depacketiser::Pictures(Pictures::new(Codec::H264)),
        }
    }

    fn h265(&self) -> Described {
        let of = |name: &str| self.parameter(name).map(parameter_sets).unwrap_or_default();
        let config = h265::Config::from_parameter_sets(&of("sprop-vps"), &of("sprop-sps"), &of("sprop-pps"));
        let config = config.ok().map(codec::Config::H265);
        Described {
            format: Format::H265,
            config,
            depacketiser: Depacketiser::Pictures(Pictures::new(Codec::H265)),
        }
    }

    /// Without `config` nothing tells what the frames are; RFC 3640 section 4.1 demands it.
    fn aac(&self) -> Option<Described> {
        let config = aac::Config::from_asc(&hexadecimal(self.parameter("config")?)?).ok()?;
        let bits =
            |name: &str, default| self.parameter(name).map_or(Some(default), |value| value.parse().ok());
        let mode = Headers::HIGH_RATE;
        let headers = Headers {
            size: bits("sizelength", mode.size)?,
            index: bits("indexlength", mode.index)?,
            index_delta: bits("indexdeltalength", mode.index_delta)?,
        };
        if headers.size == 0 || headers.size > 16 || headers.index > 16 || headers.index_delta > 16 {
            return None;
        }
        let step = u64::from(config.samples_per_frame()) * u64::from(self.clock_rate)
            / u64::from(config.sample_rate());
        let depacketiser = Depacketiser::Aac(Aac::new(headers, u32::try_from(step).ok()?));
        Some(Described { format: Format::Aac, config: Some(codec::Config::Aac(config)), depacketiser })
    }

    /// RFC 7587 section 7: `rtpmap` always says two channels; `sprop-stereo` says what is sent.
    fn opus(&self) -> Option<Described> {
        let channels = if self.parameter("sprop-stereo") == Some("0") { 1 } else { 2 };
        let config = opus::Config::new(channels).ok()?;
        let depacketiser = Depacketiser::Opus(Opus::default());
        Some(Described { format: Format::Opus, config: Some(codec::Config::Opus(config)), depacketiser })
    }
}

/// Base64 NAL units with commas between them. A start code behind a unit, seen from a GW camera, is taken off; so are the zero bytes that no
/// unit may end in (H.264 7.4.1).
fn parameter_sets(list: &str) -> Vec<Bytes> {
    list.split(',')
        .filter_map(|set| LENIENT.decode(set.trim()).ok())
        .map(|mut set| {
            if set.ends_with(&[0, 0, 1]) {
                set.truncate(set.len() - 3);
            }
            while set.last() == Some(&0) {
                set.pop();
            }
            Bytes::from(set)
        })
        .filter(|set| !set.is_empty())
        .collect()
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
#[path = "sdp_test.rs"]
mod tests;
