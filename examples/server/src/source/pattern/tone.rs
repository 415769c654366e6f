//! What the test camera sounds like: a beep of 1 kHz at each full second over a faint hum, as AAC-LC.

use bytes::Bytes;
use media_core::codec::{self, aac};
use syom::{EncodeOptions, Encoder};

/// Samples per second.
pub(super) const RATE: u32 = 48_000;

/// The sound and its encoder.
pub(super) struct Tone {
    encoder: Encoder,
    config: codec::Config,
    /// One second, which repeats.
    second: Vec<f32>,
    /// Samples made so far, those skipped included.
    position: u64,
    /// Samples that the encoder has given out.
    coded: u64,
}

impl Tone {
    pub(super) fn open() -> Result<Self, String> {
        let options = EncodeOptions::raw().with_bitrate_bps(64_000);
        let encoder = Encoder::new(RATE, 1, &options).map_err(|error| error.to_string())?;
        let config = aac::Config::from_asc(encoder.asc()).map_err(|error| error.to_string())?;
        let second = (0..RATE).map(sample).collect();
        Ok(Self { encoder, config: codec::Config::Aac(config), second, position: 0, coded: 0 })
    }

    pub(super) const fn config(&self) -> &codec::Config {
        &self.config
    }

    /// Encodes the next `count` samples. Each frame that is complete comes with the position of its first sample, which for the first is
    /// before zero by the encoder's delay.
    pub(super) fn next(&mut self, count: u32) -> Result<Vec<(i64, Bytes)>, String> {
        let samples: Vec<f32> = (0..u64::from(count))
            .map(|n| self.second[((self.position + n) % u64::from(RATE)) as usize]) // below RATE
            .collect();
        self.position += u64::from(count);
        let mut frames = Vec::new();
        let coded = &mut self.coded;
        self.encoder
            .feed(&[&samples], |frame| {
                frames.push((*coded as i64 - DELAY, Bytes::copy_from_slice(frame.payload))); // far below 2^63
                *coded += FRAME;
                Ok(())
            })
            .map_err(|error| error.to_string())?;
        Ok(frames)
    }

    /// Leaves `count` samples out.
    pub(super) const fn skip(&mut self, count: u32) {
        self.position += count as u64;
        self.coded += count as u64;
    }
}

/// The library takes samples as floating point, from -1 to 1.
fn sample(n: u32) -> f32 {
    let wave = |hertz: u32| (f64::from(n * hertz % RATE) / f64::from(RATE) * std::f64::consts::TAU).sin();
    let beep = if n < RATE / 10 { 0.4 * wave(1000) } else { 0.0 };
    (beep + 0.02 * wave(220)) as f32
}

/// Samples in an AAC-LC frame, and how many of them the encoder puts before the first.
const FRAME: u64 = 1024;
const DELAY: i64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_each_other() {
        let mut tone = Tone::open().expect("an encoder");
        let positions: Vec<i64> =
            (0..10).flat_map(|_| tone.next(1920).expect("sound")).map(|(position, _)| position).collect();
        assert!(positions.len() >= 17);
        assert_eq!(positions[0], -1024);
        assert!(positions.windows(2).all(|pair| pair[1] - pair[0] == 1024));
    }

    #[test]
    fn the_configuration_is_what_is_coded() {
        let tone = Tone::open().expect("an encoder");
        assert_eq!(tone.config().codecs(), "mp4a.40.2");
    }
}
