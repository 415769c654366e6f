//! How many samples a packet of sound decodes to: what tells that a last one was trimmed, and how long one lasts that nothing follows.

use crate::codec::{Config, ac3, flac, opus};

/// What packets of a codec decode to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sound {
    /// Pictures, or sound of which a packet alone does not tell: two of Vorbis overlap.
    Untold,
    /// Always as many samples, at a rate in hertz.
    Frames { samples: u32, rate: u32 },
    /// As its first bytes say, at a rate in hertz.
    Packets { samples: fn(&[u8]) -> Option<u32>, rate: u32 },
}

impl Sound {
    pub(super) const fn of(codec: &Config) -> Self {
        match codec {
            Config::Aac(config) => {
                Self::Frames { samples: config.samples_per_frame(), rate: config.sample_rate() }
            }
            Config::Mp3(config) => {
                Self::Frames { samples: config.samples_per_frame(), rate: config.sample_rate() }
            }
            Config::Ac3(config) => {
                Self::Frames { samples: config.samples_per_frame(), rate: config.sample_rate() }
            }
            Config::Eac3(config) => {
                Self::Packets { samples: |data| ac3::enhanced_samples(data).ok(), rate: config.sample_rate() }
            }
            Config::Flac(config) => {
                Self::Packets { samples: |data| flac::frame_samples(data).ok(), rate: config.sample_rate() }
            }
            Config::Opus(config) => {
                Self::Packets { samples: |data| opus::packet_samples(data).ok(), rate: config.sample_rate() }
            }
            _ => Self::Untold,
        }
    }

    /// Samples that `data` decodes to, and their rate.
    pub(super) fn samples(self, data: &[u8]) -> Option<(u32, u32)> {
        match self {
            Self::Untold => None,
            Self::Frames { samples, rate } => Some((samples, rate)),
            Self::Packets { samples, rate } => Some((samples(data)?, rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_tell_how_many_samples_they_are() {
        let opus = Config::Opus(opus::Config::new(2).expect("stereo"));
        assert_eq!(Sound::of(&opus).samples(b"\xfc"), Some((960, 48_000)));
        assert_eq!(Sound::of(&opus).samples(b""), None);
        // E-AC-3 of ETSI TS 102 366 E.1.2: substream 0 of 4 bytes, 48 kHz, two blocks.
        let record = ac3::EnhancedConfig::from_record(&[0x03, 0x00, 0x20, 0x04, 0x00]).expect("stereo");
        let unit = b"\x0b\x77\x00\x03\x14\x80\x00\x00";
        assert_eq!(Sound::of(&Config::Eac3(record)).samples(unit), Some((512, 48_000)));
    }
}
