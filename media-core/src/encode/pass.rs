//! Encoding in two passes: the first looks at the whole stream, the second spends the bits where they are needed.

use bytes::{BufMut, Bytes, BytesMut};

use super::Error;

/// Which pass this is over the same frames.
///
/// ```
/// # #[cfg(feature = "vpx")] {
/// use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, Pass, RateControl, vpx};
/// use media_core::frame::{Frame, PixelFormat};
/// use media_core::time::{TimeBase, Timestamp};
///
/// let options = vpx::Options { deadline: vpx::Deadline::Good, cpu_used: 4, ..vpx::Options::vp9() };
/// let mut config = Config::new(options, (64, 64), TimeBase::hz(25), FrameRate::hz(25));
/// config.rate = RateControl::Average { bitrate: 100_000 };
/// let picture = Frame::new(PixelFormat::I420, (64, 64))?;
/// let mut run = |pass| {
///     let mut encoder = Encoder::open(Config { pass, ..config.clone() })?;
///     for number in 0..10 {
///         encoder.push(&picture.as_ref(), Timestamp::new(number), &FrameOptions::default())?;
///     }
///     encoder.finish()
/// };
/// let statistics = run(Pass::First)?.statistics.expect("those of a first pass");
/// let coded = run(Pass::Second(statistics))?.coded;
/// # assert_eq!(coded.len(), 10);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pass {
    /// The only one.
    #[default]
    Single,
    /// The first of two: [`finish`](super::Encoder::finish) gives the statistics. libx264 puts out a whole, quickly made stream beside
    /// them, libvpx no packet at all.
    First,
    /// The second, with the statistics of the first over the same frames with the same configuration. libx264 takes fewer frames, and
    /// [`push`](super::Encoder::push) refuses more.
    Second(Statistics),
}

/// What a first pass learned. Only the same version of the same library understands it, which is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Library, version and codec.
    source: String,
    parts: Vec<Bytes>,
}

impl Statistics {
    pub(super) fn new(source: String, parts: Vec<Bytes>) -> Self {
        Self { source, parts }
    }

    /// The parts, if they come from `source`.
    pub(super) fn parts_for(&self, source: &str) -> Result<&[Bytes], Error> {
        if self.source == source {
            return Ok(&self.parts);
        }
        let reason = format!("statistics of {}, this is {source}", self.source);
        Err(Error::Config { field: "pass", reason })
    }

    #[cfg(feature = "vpx")]
    pub(super) fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    /// All of it as bytes, for a second pass in another process.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::from(MAGIC);
        let source = std::iter::once(self.source.as_bytes());
        for part in source.chain(self.parts.iter().map(|part| &part[..])) {
            out.put_u64_le(part.len() as u64);
            out.put_slice(part);
        }
        out.freeze()
    }

    /// What [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    ///
    /// ```
    /// use media_core::encode::Statistics;
    /// assert!(Statistics::from_bytes(b"something else").is_err());
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let refused = |reason: &str| Error::Config { field: "pass", reason: reason.to_owned() };
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(|| refused("not statistics of a first pass"))?;
        let mut parts = Vec::new();
        while let Some((len, after)) = rest.split_first_chunk() {
            let part =
                usize::try_from(u64::from_le_bytes(*len)).ok().and_then(|len| after.split_at_checked(len));
            let (part, after) =
                part.ok_or_else(|| refused("statistics of a first pass that were cut off"))?;
            parts.push(Bytes::copy_from_slice(part));
            rest = after;
        }
        if !rest.is_empty() || parts.is_empty() {
            return Err(refused("statistics of a first pass that were cut off"));
        }
        let source = String::from_utf8_lossy(&parts.remove(0)).into_owned();
        Ok(Self { source, parts })
    }
}

const MAGIC: &[u8] = b"reelmill first pass 1\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_come_back_as_they_were_and_only_whole() {
        let parts = vec![Bytes::from_static(b"abc"), Bytes::new(), Bytes::from_static(&[0; 300])];
        let statistics = Statistics::new("libvpx v1.12.0, VP9".into(), parts);
        let bytes = statistics.to_bytes();
        assert_eq!(Statistics::from_bytes(&bytes), Ok(statistics.clone()));
        // An end between two parts is for whoever reads the parts to notice.
        let ends = [21, 49, 60, 68];
        for end in (0..bytes.len()).filter(|end| !ends.contains(end)) {
            assert!(Statistics::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        assert!(statistics.parts_for("libvpx v1.13.0, VP9").is_err());
    }

    #[test]
    fn a_length_that_lies_is_refused_before_memory_is_taken() {
        let bytes = [MAGIC, &u64::MAX.to_le_bytes()].concat();
        assert!(Statistics::from_bytes(&bytes).is_err());
    }
}
