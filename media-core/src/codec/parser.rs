//! Reads access units as they come.

use bytes::Bytes;

use super::{AccessUnit, Config, Format, Key, aac, ac3, av1, flac, h264, h265, mp3, opus, vorbis, vp8, vp9};

/// Reads the access units of one track, in coding order.
///
/// H.264 and H.265 units are NAL units behind 4-byte lengths. Parameter sets, access unit delimiters, filler and empty NAL units are
/// taken out; where what is left lies in one piece, it stays where it is in memory. The same holds for an AV1 temporal unit's delimiters and
/// padding; a key frame that comes without its sequence header gets it. Everything else passes as it is; an ADTS header before an AAC frame
/// goes, and so do the headers of Vorbis and FLAC.
///
/// Nothing is refused. What could not be read is counted in [`Faults`] and left to the decoder, save that a NAL unit whose length
/// goes beyond the unit, and all behind it, is cut off. A unit may come out empty, when it held nothing but parameter sets.
///
/// A new configuration comes with the first picture that needs it. One bend of ISO/IEC 14496-15 section 5: a picture parameter set that
/// is new at a picture where nobody can begin stays in the data, as an `avc1` track must not have it. Players read it there, while a
/// new initialisation segment would cost all pictures up to the next key picture. At that one it is part of the new configuration.
///
/// ```
/// use bytes::Bytes;
/// use media_core::codec::{Config, Key, Parser, opus};
/// let mut parser = Parser::new(&Config::Opus(opus::Config::new(2)?));
/// let unit = parser.parse(Bytes::from_static(&[0xfc, 0xff, 0xfe])); // 20 ms, stereo
/// assert_eq!((unit.key, unit.samples), (Key::Closed, Some(960)));
/// # Ok::<(), opus::Error>(())
/// ```
#[derive(Debug)]
pub struct Parser {
    stream: Stream,
    faults: Faults,
}

/// What a [`Parser`] could not read, counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// Units cut off where the length of a NAL unit or OBU went beyond them.
    pub lengths: u64,
    /// Empty NAL units, left out.
    pub empty: u64,
    /// NAL units with `forbidden_zero_bit` set, by which a receiver marks what arrived damaged, or without a whole header; left out.
    pub headers: u64,
    /// Parameter sets and headers that could not be read, left out.
    pub sets: u64,
    /// Slices whose header could not be read, or whose parameter sets have not come; kept.
    pub slices: u64,
    /// Frames and packets that could not be read, of codecs without NAL units; kept.
    pub frames: u64,
}

impl Faults {
    /// All of them.
    pub const fn total(&self) -> u64 {
        let Self { lengths, empty, headers, sets, slices, frames } = *self;
        lengths + empty + headers + sets + slices + frames
    }
}

/// What has to be remembered, by coding.
#[derive(Debug)]
enum Stream {
    H264(Box<h264::Stream>),
    H265(Box<h265::Stream>),
    Vp8(Option<vp8::Config>),
    Vp9(Option<vp9::Config>),
    Aac(Option<aac::Config>),
    Opus(Option<opus::Config>),
    Av1(av1::Stream),
    Vorbis(vorbis::Stream),
    Flac(Option<flac::Config>),
    Mp3(Option<mp3::Config>),
    Ac3(Option<ac3::Config>),
    Eac3(Option<ac3::EnhancedConfig>),
}

impl Parser {
    /// For a track whose configuration is known.
    pub fn new(config: &Config) -> Self {
        let stream = match config {
            Config::H264(config) => Stream::H264(Box::new(h264::Stream::new(config))),
            Config::H265(config) => Stream::H265(Box::new(h265::Stream::new(config))),
            Config::Vp8(config) => Stream::Vp8(Some(config.clone())),
            Config::Vp9(config) => Stream::Vp9(Some(config.clone())),
            Config::Aac(config) => Stream::Aac(Some(config.clone())),
            Config::Opus(config) => Stream::Opus(Some(config.clone())),
            Config::Av1(config) => Stream::Av1(av1::Stream::new(config)),
            Config::Vorbis(config) => Stream::Vorbis(vorbis::Stream::new(config)),
            Config::Flac(config) => Stream::Flac(Some(config.clone())),
            Config::Mp3(config) => Stream::Mp3(Some(config.clone())),
            Config::Ac3(config) => Stream::Ac3(Some(config.clone())),
            Config::Eac3(config) => Stream::Eac3(Some(config.clone())),
        };
        Self { stream, faults: Faults::default() }
    }

    /// For a track that tells its configuration in band: it comes with the first unit that can be read by what the stream said up to
    /// there. For AAC only ADTS can tell, for Vorbis its three headers, for FLAC the beginning of its native stream.
    pub fn waiting(format: Format) -> Self {
        let stream = match format {
            Format::H264 => Stream::H264(Box::default()),
            Format::H265 => Stream::H265(Box::default()),
            Format::Vp8 => Stream::Vp8(None),
            Format::Vp9 => Stream::Vp9(None),
            Format::Aac => Stream::Aac(None),
            Format::Opus => Stream::Opus(None),
            Format::Av1 => Stream::Av1(av1::Stream::default()),
            Format::Vorbis => Stream::Vorbis(vorbis::Stream::default()),
            Format::Flac => Stream::Flac(None),
            Format::Mp3 => Stream::Mp3(None),
            Format::Ac3 => Stream::Ac3(None),
            Format::Eac3 => Stream::Eac3(None),
        };
        Self { stream, faults: Faults::default() }
    }

    /// Reads one access unit.
    pub fn parse(&mut self, data: Bytes) -> AccessUnit {
        let faults = &mut self.faults;
        match &mut self.stream {
            Stream::H264(stream) => stream.read(&data, faults),
            Stream::H265(stream) => stream.read(&data, faults),
            Stream::Vp8(config) => read_vp8(config, data, faults),
            Stream::Vp9(config) => read_vp9(config, data, faults),
            Stream::Aac(config) => read_aac(config, data, faults),
            Stream::Opus(config) => read_opus(config, data, faults),
            Stream::Av1(stream) => stream.read(&data, faults),
            Stream::Vorbis(stream) => stream.read(data, faults),
            Stream::Flac(config) => read_flac(config, data, faults),
            Stream::Mp3(config) => read_mp3(config, data, faults),
            Stream::Ac3(config) => read_ac3(config, data, faults),
            Stream::Eac3(config) => read_eac3(config, data, faults),
        }
    }

    /// The configuration in force; `None` while it has not come.
    pub fn config(&self) -> Option<Config> {
        match &self.stream {
            Stream::H264(stream) => stream.config().cloned().map(Config::H264),
            Stream::H265(stream) => stream.config().cloned().map(Config::H265),
            Stream::Vp8(config) => config.clone().map(Config::Vp8),
            Stream::Vp9(config) => config.clone().map(Config::Vp9),
            Stream::Aac(config) => config.clone().map(Config::Aac),
            Stream::Opus(config) => config.clone().map(Config::Opus),
            Stream::Av1(stream) => stream.config().cloned().map(Config::Av1),
            Stream::Vorbis(stream) => stream.config().cloned().map(Config::Vorbis),
            Stream::Flac(config) => config.clone().map(Config::Flac),
            Stream::Mp3(config) => config.clone().map(Config::Mp3),
            Stream::Ac3(config) => config.clone().map(Config::Ac3),
            Stream::Eac3(config) => config.clone().map(Config::Eac3),
        }
    }

    /// What could not be read so far.
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }
}

fn read_vp8(known: &mut Option<vp8::Config>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::No);
    match vp8::Config::from_key_frame(&unit.data) {
        Ok(config) => {
            unit.key = Key::Closed;
            let rate = known.as_ref().and_then(vp8::Config::frame_rate);
            let config = rate.map_or(config.clone(), |(num, den)| config.with_frame_rate(num, den));
            unit.config = replace(known, config).map(Config::Vp8);
        }
        Err(vp8::Error::NotKey) => {}
        Err(_) => faults.frames += 1,
    }
    unit
}

fn read_vp9(known: &mut Option<vp9::Config>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::No);
    match vp9::Config::from_key_frame(&unit.data) {
        Ok(config) => {
            unit.key = Key::Closed;
            let rate = known.as_ref().and_then(vp9::Config::frame_rate);
            let config = rate.map_or(config.clone(), |(num, den)| config.with_frame_rate(num, den));
            unit.config = replace(known, config).map(Config::Vp9);
        }
        Err(vp9::Error::NotKey) => {}
        Err(_) => faults.frames += 1,
    }
    unit
}

fn read_aac(known: &mut Option<aac::Config>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::Closed);
    // A raw frame never begins so: the sync word would be an end element with more behind it.
    if let Ok(header) = aac::AdtsHeader::parse(&unit.data)
        && header.frame_length() == unit.data.len()
    {
        unit.data = unit.data.slice(header.header_length()..);
        match (&known, header.config()) {
            (None, Ok(config)) => unit.config = replace(known, config).map(Config::Aac),
            (None, Err(_)) => faults.frames += 1,
            (Some(_), _) => {}
        }
    }
    unit.samples = known.as_ref().map(aac::Config::samples_per_frame);
    faults.frames += u64::from(unit.data.is_empty());
    unit
}

fn read_opus(known: &mut Option<opus::Config>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::Closed);
    match opus::packet_samples(&unit.data) {
        Ok(samples) => unit.samples = Some(samples),
        Err(_) => faults.frames += 1,
    }
    if known.is_none() && unit.samples.is_some() {
        let channels = if opus::is_stereo(&unit.data) { 2 } else { 1 };
        let config = opus::Config::new(channels).ok();
        unit.config = config.and_then(|config| replace(known, config)).map(Config::Opus);
    }
    unit
}

fn read_flac(known: &mut Option<flac::Config>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::Closed);
    if unit.data.starts_with(b"fLaC") {
        match flac::Config::from_private(&unit.data) {
            Ok(config) => unit.config = replace(known, config).map(Config::Flac),
            Err(_) => faults.sets += 1,
        }
        unit.data = Bytes::new();
        return unit;
    }
    match flac::frame_samples(&unit.data) {
        Ok(samples) => unit.samples = Some(samples),
        Err(_) => faults.frames += 1,
    }
    unit
}

fn read_mp3(known: &mut Option<mp3::Config>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::Closed);
    match mp3::Config::from_frame(&unit.data) {
        Ok(config) => {
            unit.samples = Some(config.samples_per_frame());
            unit.config = replace(known, config).map(Config::Mp3);
        }
        Err(_) => faults.frames += 1,
    }
    unit
}

fn read_ac3(known: &mut Option<ac3::Config>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::Closed);
    match ac3::Config::from_frame(&unit.data) {
        Ok(config) => {
            unit.samples = Some(ac3::SAMPLES_PER_FRAME);
            unit.config = replace(known, config).map(Config::Ac3);
        }
        Err(_) => faults.frames += 1,
    }
    unit
}

fn read_eac3(known: &mut Option<ac3::EnhancedConfig>, data: Bytes, faults: &mut Faults) -> AccessUnit {
    let mut unit = AccessUnit::new(data, Key::Closed);
    match (ac3::enhanced_samples(&unit.data), ac3::EnhancedConfig::from_unit(&unit.data)) {
        (Ok(samples), Ok(config)) => {
            unit.samples = Some(samples);
            // A stream of varying size changes its data rate with every unit, which is no news.
            if !known.as_ref().is_some_and(|known| known.is_like(&config)) {
                unit.config = replace(known, config).map(Config::Eac3);
            }
        }
        _ => faults.frames += 1,
    }
    unit
}

/// Puts `config` in force; returns it if it was not already.
fn replace<C: Clone + PartialEq>(known: &mut Option<C>, config: C) -> Option<C> {
    if known.as_ref() == Some(&config) {
        return None;
    }
    known.insert(config).clone().into()
}
