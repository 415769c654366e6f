//! What may stand before a fragment: `emsg`, `prft`, `styp`.

use bytes::Bytes;

use super::Error;
use super::boxes::{boxed, full_box};
use crate::time::{Timestamp, WallTime};
use crate::track::TrackId;

/// A message to the player or the application behind it, ISO/IEC 23009-1 5.10.3.3. It stands before the first `moof` of the segment it
/// begins in, and again (with the same `id`) in each further one it lasts into.
///
/// ```
/// use media_core::mux::fmp4::{Event, EventTime};
/// use media_core::time::TimeBase;
///
/// let event = Event {
///     time: EventTime::At(900_000),
///     message: b"ID3".as_slice().into(),
///     ..Event::new("https://aomedia.org/emsg/ID3", TimeBase::VIDEO)
/// };
/// assert_eq!(&event.to_box()?[4..9], b"emsg\x01");
/// # Ok::<(), media_core::mux::fmp4::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names the kind of message; a URI without a zero byte.
    pub scheme: String,
    /// Tells messages of one scheme apart; empty where the scheme does not.
    pub value: String,
    /// Ticks per second of `time` and `duration`.
    pub timescale: u32,
    /// When it is due.
    pub time: EventTime,
    /// How long it holds, in ticks; `None` when that is not known.
    pub duration: Option<u32>,
    /// The same in every repetition, and different for different messages of one scheme and value.
    pub id: u32,
    /// What the scheme makes of it.
    pub message: Bytes,
}

/// When an [`Event`] is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// Ticks after the earliest presentation time of the segment it stands in: version 0.
    After(u32),
    /// Ticks on the presentation time line: version 1, as CMAF demands.
    At(u64),
}

impl Event {
    /// An empty message at the start of the presentation.
    pub fn new(scheme: impl Into<String>, base: crate::time::TimeBase) -> Self {
        Self {
            scheme: scheme.into(),
            value: String::new(),
            timescale: base.den(),
            time: EventTime::At(0),
            duration: None,
            id: 0,
            message: Bytes::new(),
        }
    }

    /// The message as an `emsg` box.
    ///
    /// # Errors
    /// When `scheme` or `value` has a zero byte in it.
    pub fn to_box(&self) -> Result<Bytes, Error> {
        for (field, text) in [("scheme", &self.scheme), ("value", &self.value)] {
            if text.as_bytes().contains(&0) {
                return Err(Error::Text { field });
            }
        }
        let strings = [self.scheme.as_bytes(), b"\0", self.value.as_bytes(), b"\0"].concat();
        let (timescale, id) = (self.timescale.to_be_bytes(), self.id.to_be_bytes());
        let duration = self.duration.unwrap_or(u32::MAX).to_be_bytes();
        Ok(match self.time {
            EventTime::After(ticks) => {
                let parts: [&[u8]; 6] =
                    [&strings, &timescale, &ticks.to_be_bytes(), &duration, &id, &self.message];
                full_box(b"emsg", 0, 0, &parts)
            }
            EventTime::At(ticks) => {
                let parts: [&[u8]; 6] =
                    [&timescale, &ticks.to_be_bytes(), &duration, &id, &strings, &self.message];
                full_box(b"emsg", 1, 0, &parts)
            }
        }
        .into())
    }
}

/// What the clock on the wall said when a sample was made, 14496-12 8.16.5: a low-latency player measures by it how late it is. It stands
/// right before the `moof` it is about.
///
/// ```
/// use media_core::mux::fmp4::{ProducerReference, Stage};
/// use media_core::time::{Timestamp, WallTime};
/// use media_core::track::TrackId;
///
/// let track = TrackId::new(1).ok_or("zero")?;
/// let wall = WallTime::from_nanos(1_500_000_000);
/// let reference = ProducerReference { track, wall, stage: Stage::EncoderInput, media_time: Timestamp::new(90_000) };
/// assert_eq!(reference.to_box().len(), 32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerReference {
    /// The track `media_time` is of.
    pub track: TrackId,
    /// When it was.
    pub wall: WallTime,
    /// Where on its way the sample was then.
    pub stage: Stage,
    /// Decoding time of the fragment's first sample on the media time line, as `tfdt` has it.
    pub media_time: Timestamp,
}

/// Where a sample was at the time a [`ProducerReference`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It went into the encoder.
    EncoderInput,
    /// It came out of the encoder.
    EncoderOutput,
    /// The fragment's `moof` was complete.
    FragmentFinished,
    /// The fragment's `moof` was written.
    FragmentWritten,
    /// It was captured; what DASH calls `captured`.
    Captured,
}

impl Stage {
    const fn flags(self) -> u32 {
        match self {
            Self::EncoderInput => 0,
            Self::EncoderOutput => 1,
            Self::FragmentFinished => 2,
            Self::FragmentWritten => 4,
            Self::Captured => 24,
        }
    }
}

impl ProducerReference {
    /// The reference as a `prft` box.
    pub fn to_box(&self) -> Bytes {
        let media_time = u64::try_from(self.media_time.ticks()).unwrap_or(0);
        let parts: [&[u8]; 3] =
            [&self.track.get().to_be_bytes(), &self.wall.to_ntp().to_be_bytes(), &media_time.to_be_bytes()];
        full_box(b"prft", 1, self.stage.flags(), &parts).into()
    }
}

/// The `styp` box (14496-12 8.16.2) that may stand before the first fragment of a segment: a DASH media segment (`msdh`). Never before a
/// later part of one.
pub const fn segment_type() -> Bytes {
    Bytes::from_static(b"\0\0\0\x14stypmsdh\0\0\0\0msdh")
}

/// The `styp` box of the last segment there will be: it says so by the brand `lmsg`, ISO/IEC 23009-1 7.3.1. A live presentation
/// without a known end stops there.
pub fn last_segment_type() -> Bytes {
    boxed(b"styp", &[b"msdh", &[0; 4], b"msdh", b"lmsg"]).into()
}

#[cfg(test)]
mod tests {
    use super::super::hex::bytes;
    use super::*;
    use crate::time::TimeBase;

    #[test]
    fn events_of_both_versions() {
        let event = Event {
            value: "1".into(),
            time: EventTime::After(5),
            duration: Some(7),
            id: 9,
            message: Bytes::from_static(b"hi"),
            ..Event::new("urn:x", TimeBase::hz(1000))
        };
        let expected =
            bytes("00000026 'emsg' 00000000 'urn:x' 00 '1' 00 000003e8 00000005 00000007 00000009 'hi'");
        assert_eq!(event.to_box().expect("a box"), expected);
        let event = Event { time: EventTime::At(1 << 32), duration: None, ..event };
        let expected = bytes(
            "0000002a 'emsg' 01000000 000003e8 0000000100000000 ffffffff 00000009 'urn:x' 00 '1' 00 'hi'",
        );
        assert_eq!(event.to_box().expect("a box"), expected);
        let event = Event { value: "a\0b".into(), ..event };
        assert_eq!(event.to_box(), Err(Error::Text { field: "value" }));
    }

    #[test]
    fn producer_references() {
        let reference = ProducerReference {
            track: TrackId::new(3).expect("3 is not zero"),
            wall: WallTime::from_nanos(500_000_000),
            stage: Stage::Captured,
            media_time: Timestamp::new(0x1_0000_0002),
        };
        let expected = bytes("00000020 'prft' 01000018 00000003 83aa7e80 80000000 00000001 00000002");
        assert_eq!(reference.to_box(), expected);
    }

    #[test]
    fn segment_types() {
        assert_eq!(segment_type(), bytes("00000014 'styp' 'msdh' 00000000 'msdh'"));
        assert_eq!(last_segment_type(), bytes("00000018 'styp' 'msdh' 00000000 'msdh' 'lmsg'"));
    }
}
