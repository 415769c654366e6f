//! The built-in test camera: colour bars, something that moves, a clock, and a beep at each full second, encoded here.
//!
//! It is an ordinary source. What comes out of the encoders goes the way of a camera's units, times and sender reports included, so who
//! has no camera sees the whole server work.

mod picture;
mod tone;

use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use media_core::codec::{self, Format};
use media_core::encode::{self, Encoder, FrameOptions, FrameRate, KeyFrames, Latency, RateControl, Threads};
use media_core::time::{TimeBase, Timestamp, WallTime};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use self::picture::Canvas;
use self::tone::Tone;
use crate::clock;
use crate::stream::{Input, Live, State};

/// The test camera cannot work here.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the video encoder does not open: {0}")]
    Video(#[from] encode::Error),
    #[error("the audio encoder does not open: {0}")]
    Audio(String),
    #[error("no thread for the test camera: {0}")]
    Thread(#[from] std::io::Error),
}

/// Feeds `live` with the test camera. Returns only when it cannot run; dropping it ends the camera.
pub(crate) async fn run(segment: Duration, live: &mut Live) {
    match start(segment) {
        Ok((inputs, units)) => receive(inputs, units, live).await,
        Err(error) => {
            tracing::error!(path = live.name(), %error, "the test camera does not start");
            live.set_state(State::Down { reason: error.to_string() });
        }
    }
}

/// Something coded.
struct Unit {
    stream: usize,
    timestamp: u32,
    data: Bytes,
}

async fn receive(inputs: Vec<Input>, mut units: mpsc::Receiver<Unit>, live: &mut Live) {
    let began = clock::wall();
    live.begin(inputs, None);
    live.sender_report(VIDEO, VIDEO_START, ntp(began));
    live.sender_report(AUDIO, AUDIO_START, ntp(began));
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            unit = units.recv() => match unit {
                Some(Unit { stream, timestamp, data }) => {
                    live.count_inbound(data.len());
                    live.push(stream, timestamp, data);
                }
                None => break,
            },
            _ = tick.tick() => live.tick(),
        }
    }
    live.interrupted();
    live.set_state(State::Down { reason: "the encoder of the test camera failed".to_owned() });
}

fn start(segment: Duration) -> Result<(Vec<Input>, mpsc::Receiver<Unit>), Error> {
    let video = open_video(segment)?;
    let tone = Tone::open().map_err(Error::Audio)?;
    let inputs = vec![
        Input {
            format: format_of(video.codec_config()),
            config: Some(video.codec_config().clone()),
            clock_rate: 90_000,
        },
        Input { format: Format::Aac, config: Some(tone.config().clone()), clock_rate: tone::RATE },
    ];
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    thread::Builder::new().name("pattern".to_owned()).spawn(move || Camera { video, tone, sender }.film())?;
    Ok((inputs, receiver))
}

fn open_video(segment: Duration) -> Result<Encoder, encode::Error> {
    let seconds = u32::try_from(segment.as_millis()).unwrap_or(u32::MAX);
    let every = (seconds.saturating_mul(FPS) / 1000).clamp(1, 250);
    let mut config = encode::Config::new(codec(), picture::SIZE, TimeBase::VIDEO, FrameRate::hz(FPS));
    config.rate = RateControl::Constrained { bitrate: 600_000, max: 1_200_000, buffer_ms: 1000 };
    #[cfg(not(feature = "x264"))]
    {
        config.rate = RateControl::Constant { bitrate: 800_000, buffer_ms: 1000 };
    }
    config.key_frames = KeyFrames::Fixed { every };
    config.latency = Latency::Realtime;
    config.threads = Threads::Count(1);
    Encoder::open(config)
}

#[cfg(feature = "x264")]
fn codec() -> encode::Codec {
    use media_core::encode::x264::{Options, Preset};
    Options { preset: Preset::Superfast, ..Options::default() }.into()
}

#[cfg(not(feature = "x264"))]
fn codec() -> encode::Codec {
    media_core::encode::vpx::Options::vp9().into()
}

fn format_of(config: &codec::Config) -> Format {
    match config {
        codec::Config::Vp9(_) => Format::Vp9,
        codec::Config::Vp8(_) => Format::Vp8,
        _ => Format::H264,
    }
}

/// The thread's half.
struct Camera {
    video: Encoder,
    tone: Tone,
    sender: mpsc::Sender<Unit>,
}

impl Camera {
    /// Runs until nobody listens.
    fn film(mut self) {
        let start = Instant::now();
        let mut canvas = Canvas::new();
        let mut number: u32 = 0;
        while let Some(due) =
            start.checked_add(Duration::from_millis(u64::from(number) * 1000 / u64::from(FPS)))
        {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if due.elapsed() > MOST_LATE {
                // The machine was asleep: the clock on the picture goes on from now.
                let missed = u32::try_from(due.elapsed().as_millis()).unwrap_or(u32::MAX) / (1000 / FPS);
                number = number.saturating_add(missed);
                self.tone.skip(missed.saturating_mul(tone::RATE / FPS));
            }
            if self.picture(&mut canvas, number).is_none() || self.sound().is_none() {
                return;
            }
            number = number.saturating_add(1);
        }
    }

    fn picture(&mut self, canvas: &mut Canvas, number: u32) -> Option<()> {
        canvas.draw(number, &clock::iso(clock::wall()));
        let pts = Timestamp::new(i64::from(number) * TICKS_PER_FRAME);
        if let Err(error) = self.video.push(&canvas.frame(), pts, &FrameOptions::default()) {
            tracing::error!(%error, "the test camera's video encoder failed");
            return None;
        }
        while let Some(encode::Coded { packet, .. }) = self.video.poll() {
            let timestamp = VIDEO_START.wrapping_add(packet.pts.ticks() as u32); // RTP timestamps wrap
            self.sender.blocking_send(Unit { stream: VIDEO, timestamp, data: packet.data }).ok()?;
        }
        Some(())
    }

    /// As much sound as a picture lasts.
    fn sound(&mut self) -> Option<()> {
        let coded = match self.tone.next(tone::RATE / FPS) {
            Ok(coded) => coded,
            Err(error) => {
                tracing::error!(error, "the test camera's audio encoder failed");
                return None;
            }
        };
        for (position, data) in coded {
            let timestamp = AUDIO_START.wrapping_add(position as u32); // RTP timestamps wrap
            self.sender.blocking_send(Unit { stream: AUDIO, timestamp, data }).ok()?;
        }
        Some(())
    }
}

/// The time as RTCP writes it (RFC 3550 section 4).
fn ntp(time: WallTime) -> u64 {
    const NTP_TO_UNIX: i64 = 2_208_988_800;
    let (seconds, nanos) = (time.nanos().div_euclid(NANOS), time.nanos().rem_euclid(NANOS));
    let fraction = ((nanos as u128) << 32) / NANOS as u128; // both are below 10^9
    ((seconds + NTP_TO_UNIX) as u64) << 32 | fraction as u64
}

/// How far the pictures may fall behind before some are left out. A machine that is merely busy catches up, and no viewer sees a hole.
const MOST_LATE: Duration = Duration::from_secs(5);

const VIDEO: usize = 0;
const AUDIO: usize = 1;

const FPS: u32 = 25;
const TICKS_PER_FRAME: i64 = 90_000 / FPS as i64;
const NANOS: i64 = 1_000_000_000;

/// The same instant on both clocks; far enough from zero for the audio encoder's delay to lie before it.
const VIDEO_START: u32 = 90_000;
const AUDIO_START: u32 = tone::RATE;

/// Units that may wait: half a second of both. After that the camera waits with the reader.
const IN_FLIGHT: usize = 40;
