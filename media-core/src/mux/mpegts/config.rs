//! The choices of a muxer, and the numbers streams go by.

use std::num::NonZeroU16;

use super::Error;
use super::clock;
use crate::track::TrackId;

/// A packet identifier that a stream or a program map may have: 0x0010 to 0x1ffe, ISO/IEC 13818-1 table 2-3.
///
/// ```
/// use media_core::mux::mpegts::Pid;
/// assert_eq!(Pid::new(0x100).map(Pid::get), Some(0x100));
/// assert_eq!(Pid::new(0x1fff), None); // null packets
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(u16);

impl Pid {
    /// The identifier `pid`; `None` outside the range.
    pub const fn new(pid: u16) -> Option<Self> {
        match pid {
            0x0010..=0x1ffe => Some(Self(pid)),
            _ => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Where the program association table is.
    pub(super) const PAT: Self = Self(0);
    const FIRST_PMT: Self = Self(0x1000);
    const FIRST_STREAM: Self = Self(0x100);
}

/// How a transport stream is written. Fixed when the [`Muxer`](super::Muxer) is made; the defaults suit HLS and streaming alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `transport_stream_id`. 1.
    pub transport_stream_id: u16,
    /// `program_number`. 1.
    pub program_number: NonZeroU16,
    /// Where the program map table is. 0x1000.
    pub pmt_pid: Pid,
    /// Of the first track; those that follow count up. 0x0100.
    pub first_pid: Pid,
    /// The track whose packets are ID3 tags, timed metadata of HLS, in ticks of 90 kHz; it is not among the muxer's tracks. `None`.
    pub id3: Option<TrackId>,
    /// What is spoken on a track, in the three lower-case letters of ISO 639-2. None; those of absent tracks wait for
    /// [`set_tracks`](super::Muxer::set_tracks).
    pub languages: Vec<(TrackId, [u8; 3])>,
    /// How far the clock is behind the DTS it is sent with, in nanoseconds, 10 ms (or [`audio_span`](Self::audio_span), if
    /// that is longer) to 10 s: the time a receiver has to buffer, and by how much
    /// a packet may be later than those of other tracks that are already written. 500 ms.
    pub pcr_lead: i64,
    /// PAT and PMT come again before as many nanoseconds have passed, at least 100 ms. 500 ms, what TR 101 290 asks for.
    pub table_interval: i64,
    /// How many nanoseconds after the first audio frame of a PES packet the last one may begin, at most 500 ms; 0 gives each frame one of its own.
    /// 160 ms: seven or eight frames of AAC, so that little of a stream is stuffing.
    pub audio_span: i64,
    /// What AAC is framed with. ADTS.
    pub aac: AacFraming,
    /// Bits per second of the whole, kept by null packets; `None` writes what there is. `None`.
    pub mux_rate: Option<u64>,
}

/// How frames of AAC are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AacFraming {
    /// A header before each frame, stream type 0x0f: what HLS has and every player reads. It cannot say everything:
    /// [`aac::Config::adts`](crate::codec::aac::Config::adts).
    #[default]
    Adts,
    /// LATM in its sync layer with the whole configuration before each frame, stream type 0x11: what DVB has for HE-AAC. Payload is copied once more,
    /// since frames do not begin at whole bytes.
    Latm,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            transport_stream_id: 1,
            program_number: NonZeroU16::MIN,
            pmt_pid: Pid::FIRST_PMT,
            first_pid: Pid::FIRST_STREAM,
            id3: None,
            languages: Vec::new(),
            pcr_lead: 500_000_000,
            table_interval: 500_000_000,
            audio_span: 160_000_000,
            aac: AacFraming::Adts,
            mux_rate: None,
        }
    }
}

impl Config {
    /// Refuses values outside their ranges.
    pub(super) fn check(&self) -> Result<(), Error> {
        let ranges = [
            ("pcr_lead", self.pcr_lead, self.audio_span.max(10_000_000)..=10_000_000_000),
            ("table_interval", self.table_interval, 100_000_000..=i64::MAX),
            ("audio_span", self.audio_span, 0..=500_000_000),
        ];
        for (option, nanos, range) in ranges {
            if !range.contains(&nanos) {
                return Err(Error::Nanos { option, nanos, min: *range.start(), max: *range.end() });
            }
        }
        for &(track, language) in &self.languages {
            if !language.iter().all(u8::is_ascii_lowercase) {
                return Err(Error::Language { track, language });
            }
        }
        match self.mux_rate {
            Some(rate) if !MUX_RATES.contains(&rate) => Err(Error::MuxRate { rate }),
            _ => Ok(()),
        }
    }

    pub(super) fn language(&self, track: TrackId) -> Option<[u8; 3]> {
        self.languages.iter().find(|(of, _)| *of == track).map(|(_, language)| *language)
    }

    /// [`audio_span`](Self::audio_span) on the system clock.
    pub(super) const fn span(&self) -> i64 {
        clock::from_nanos(self.audio_span)
    }
}

/// From where a clock reference and the tables fit into 40 ms, to what no line carries.
const MUX_RATES: std::ops::RangeInclusive<u64> = 250_000..=10_000_000_000;
