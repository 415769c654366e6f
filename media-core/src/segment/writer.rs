//! The muxer of a file, whichever its format: stretches of tracks in, bytes out.

use bytes::Bytes;

use super::count::Count;
use super::lane::{Lane, Taken};
use super::packed::Packed;
use super::part::Ending;
use super::{Config, Format, KeyFrame, ProducerTime, Refusal};
use crate::mux::{Rope, fmp4, mpegts, webm};
use crate::packet::Packet;
use crate::time::TimeBase;
use crate::track::{Kind, Track};

#[derive(Debug)]
pub(super) enum Writer {
    Fmp4(Cmaf),
    Webm(Track, webm::Muxer),
    MpegTs(Program),
    Packed(Packed),
}

/// A track in fragments of MP4.
#[derive(Debug)]
pub(super) struct Cmaf {
    track: Track,
    muxer: fmp4::Muxer,
    producer_time: ProducerTime,
}

/// Where in its segment and stream a piece is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// At the head of the segment.
    pub(super) begins: bool,
    pub(super) ending: Ending,
}

/// All tracks in one transport stream.
#[derive(Debug)]
pub(super) struct Program {
    muxer: mpegts::Muxer,
    /// Tracks of which nothing was written yet, so that the muxer has not been told of them: only tables that are sent have versions.
    announced: Option<Vec<Track>>,
    /// For each track, its clock where frames are counted.
    counts: Vec<Option<Count>>,
}

/// What came of a piece.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) rope: Rope,
    pub(super) keys: Vec<KeyFrame>,
    /// What packets had to be left out for.
    pub(super) lost: Option<Refusal>,
}

impl Writer {
    /// A writer for a file of `tracks`. A transport stream goes on from the one `before`.
    pub(super) fn new(
        config: &Config,
        tracks: &[Track],
        before: Option<Self>,
        lag: i64,
    ) -> Result<Self, Refusal> {
        let track = || tracks[0].clone();
        Ok(match config.format {
            Format::Fmp4 => Self::Fmp4(Cmaf {
                track: track(),
                muxer: fmp4_muxer(&tracks[0])?,
                producer_time: config.producer_time,
            }),
            Format::Webm => Self::Webm(track(), webm::Muxer::new(&tracks[0])?),
            Format::MpegTs => {
                let before = before.and_then(|before| match before {
                    Self::MpegTs(program) => Some(program.muxer),
                    _ => None,
                });
                Self::MpegTs(Program::new(tracks, before, lag)?)
            }
            Format::PackedAudio => Self::Packed(Packed::new(&tracks[0])?),
        })
    }

    /// The file header; empty where the format has none.
    pub(super) fn header(&self) -> Bytes {
        match self {
            Self::Fmp4(cmaf) => cmaf.muxer.init(),
            Self::Webm(_, muxer) => muxer.init(),
            Self::MpegTs(_) | Self::Packed(_) => Bytes::new(),
        }
    }

    /// Time goes elsewhere. The header stays the same.
    pub(super) fn restart(&mut self) -> Result<(), Refusal> {
        match self {
            Self::Fmp4(cmaf) => cmaf.muxer = fmp4_muxer(&cmaf.track)?,
            Self::Webm(track, muxer) => *muxer = webm::Muxer::new(track)?,
            Self::MpegTs(program) => program.restart(),
            Self::Packed(packed) => packed.restart(),
        }
        Ok(())
    }

    /// Writes what was `taken`, an entry per lane.
    pub(super) fn write(
        &mut self,
        lanes: &[Lane],
        leader: usize,
        taken: &[Option<Taken>],
        place: Place,
    ) -> Result<Written, Refusal> {
        match (self, taken) {
            (Self::MpegTs(program), _) => program.write(lanes, leader, taken, place.begins),
            (Self::Packed(packed), [Some(taken)]) => {
                let rope = packed.write(&taken.packets, place.begins)?;
                Ok(Written { rope, ..Written::default() })
            }
            (Self::Fmp4(cmaf), [Some(taken)]) => cmaf.write(taken, place),
            (Self::Webm(track, muxer), [Some(taken)]) => webm_clusters(track, muxer, taken),
            _ => Ok(Written::default()),
        }
    }
}

impl Cmaf {
    /// A fragment per stretch without a hole.
    fn write(&mut self, taken: &Taken, place: Place) -> Result<Written, Refusal> {
        let is_video = self.track.kind() == Kind::Video;
        let is_last = place.ending == Ending::End && taken.is_last;
        let mut written = Written::default();
        match (place.begins, is_last) {
            (true, true) => written.rope.push(fmp4::last_segment_type()),
            (true, false) => written.rope.push(fmp4::segment_type()),
            (false, _) => {}
        }
        for (packets, end) in taken.stretches() {
            let fragment = self.muxer.fragment(packets, end)?;
            if let Some(reference) = packets.first().and_then(|first| self.reference(first)) {
                written.rope.push(reference.to_box());
            }
            let at = written.rope.len();
            if let Some(packet) = packets.first().filter(|packet| is_video && packet.key.is_sync()) {
                // The boxes are one piece, the payloads one each.
                let head = fragment.pieces().first().map_or(0, Bytes::len);
                let bytes = at..at + head as u64 + packet.data.len() as u64;
                written.keys.push(KeyFrame { start: packet.pts, bytes });
            }
            written.rope.append(fragment);
        }
        Ok(written)
    }

    /// When a fragment's first sample was captured.
    fn reference(&self, first: &Packet) -> Option<fmp4::ProducerReference> {
        let wall = first.wall.filter(|_| self.producer_time == ProducerTime::Captured)?;
        let ahead = self.track.time_base.to_nanos(first.pts.since(first.dts));
        Some(fmp4::ProducerReference {
            track: self.track.id,
            wall: wall.after(-ahead),
            stage: fmp4::Stage::Captured,
            media_time: first.dts.saturating_add(self.track.priming.into()),
        })
    }
}

/// Clusters per stretch without a hole. What the last packet of sound decodes to beyond its end is cut off.
fn webm_clusters(track: &Track, muxer: &mut webm::Muxer, taken: &Taken) -> Result<Written, Refusal> {
    let mut written = Written::default();
    let mut stretches = taken.stretches().peekable();
    while let Some((packets, end)) = stretches.next() {
        let clusters = if taken.is_last && stretches.peek().is_none() {
            std::mem::replace(muxer, webm::Muxer::new(track)?).finish(packets, end)?
        } else {
            muxer.fragment(packets, end)?
        };
        written.rope.append(clusters);
    }
    Ok(written)
}

impl Program {
    fn new(tracks: &[Track], before: Option<mpegts::Muxer>, lag: i64) -> Result<Self, Refusal> {
        let counts: Vec<_> = tracks.iter().map(Count::new).collect();
        let counted: Vec<_> = tracks
            .iter()
            .zip(&counts)
            .map(|(track, count)| count.as_ref().map_or_else(|| track.clone(), |count| count.track(track)))
            .collect();
        let languages = counted.iter().filter_map(|track| Some((track.id, track.language?.code())));
        let mut config = mpegts::Config { languages: languages.collect(), ..Default::default() };
        config.pcr_lead = config.pcr_lead.max(lag.saturating_add(LAG_MARGIN)).min(PCR_LEAD_MAX);
        let new = mpegts::Muxer::new(&counted, config)?;
        Ok(match before {
            Some(muxer) => Self { muxer, announced: Some(counted), counts },
            None => Self { muxer: new, announced: None, counts },
        })
    }

    fn restart(&mut self) {
        self.muxer.discontinuity();
        self.counts.iter_mut().flatten().for_each(Count::restart);
    }

    fn write(
        &mut self,
        lanes: &[Lane],
        leader: usize,
        taken: &[Option<Taken>],
        first: bool,
    ) -> Result<Written, Refusal> {
        if let Some(tracks) = self.announced.take() {
            self.muxer.set_tracks(&tracks)?;
            self.muxer.discontinuity();
        }
        let mut packets = Vec::with_capacity(taken.iter().flatten().map(|taken| taken.packets.len()).sum());
        for (taken, count) in taken.iter().zip(&mut self.counts) {
            let own = taken.iter().flat_map(|taken| &taken.packets).cloned();
            match count {
                Some(count) => packets.extend(own.map(|packet| count.place(packet))),
                None => packets.extend(own),
            }
        }
        let (bytes, lost) = self.mux(&mut packets, lanes, first)?;
        let key = packets.iter().find(|packet| packet.track == lanes[leader].track().id);
        let key = key.filter(|packet| packet.key.is_sync() && lanes[leader].track().kind() == Kind::Video);
        let keys =
            key.and_then(|packet| Some(KeyFrame { start: packet.pts, bytes: 0..first_picture(&bytes)? }));
        Ok(Written { rope: Rope::from(bytes), keys: keys.into_iter().collect(), lost })
    }

    /// Packets that come too late for the clock of the stream, which others have set, are left out.
    fn mux(
        &mut self,
        packets: &mut Vec<Packet>,
        lanes: &[Lane],
        first: bool,
    ) -> Result<(Bytes, Option<Refusal>), Refusal> {
        let mut lost = None;
        for _ in 0..LATE_TRIES {
            let muxed = if first { self.muxer.segment(packets) } else { self.muxer.fragment(packets) };
            let (dts, ticks, track) = match &muxed {
                Err(mpegts::Error::Late { dts, ticks, track }) => (*dts, *ticks, *track),
                Err(mpegts::Error::Empty) if lost.is_some() => return Ok((Bytes::new(), lost)),
                _ => return Ok((muxed?, lost)),
            };
            let base = |id| {
                let index = lanes.iter().position(|lane| lane.track().id == id).unwrap_or(0);
                self.counts[index].as_ref().map_or(lanes[index].base(), Count::base)
            };
            let due = dts.rescale(base(track), TimeBase::VIDEO).saturating_add(ticks);
            packets.retain(|packet| packet.dts.rescale(base(packet.track), TimeBase::VIDEO) >= due);
            lost = muxed.err().map(Refusal::from);
        }
        Err(lost.expect("tried at least once"))
    }
}

/// Where the first picture ends in a stretch of a transport stream that begins with tables: behind the last packet of its PID
/// before the next one's first. Pictures are on the PID of the clock.
fn first_picture(stream: &[u8]) -> Option<u64> {
    let mut pid = None;
    let mut end = None;
    for (index, packet) in stream.chunks_exact(TS_PACKET).enumerate() {
        let (found, begins) = (u16::from_be_bytes([packet[1] & 0x1f, packet[2]]), packet[1] & 0x40 != 0);
        let has_payload = packet[3] & 0x10 != 0;
        let is_picture = has_payload && begins && is_video(packet);
        match pid {
            None if is_picture => pid = Some(found),
            Some(of) if of == found && begins && has_payload => return end,
            _ => {}
        }
        if pid == Some(found) && has_payload {
            end = Some(((index + 1) * TS_PACKET) as u64);
        }
    }
    end
}

/// Whether a PES packet of pictures (`stream_id` 0xe0 to 0xef) begins in a transport packet.
fn is_video(packet: &[u8]) -> bool {
    let at = if packet[3] & 0x20 != 0 { 5 + usize::from(packet[4]) } else { 4 };
    matches!(packet.get(at..at + 4), Some([0, 0, 1, 0xe0..=0xef]))
}

/// Unsigned offsets, so that the file's times are the packets' own: FFmpeg shows pictures with negative offsets late by the largest of them,
/// beside sound that is not.
fn fmp4_muxer(track: &Track) -> Result<fmp4::Muxer, fmp4::Error> {
    fmp4::Muxer::with_composition(track, fmp4::Composition::Unsigned)
}

const TS_PACKET: usize = 188;
/// Nanoseconds by which the clock of a transport stream is behind, over and above what a track may be late.
const LAG_MARGIN: i64 = 200_000_000;
/// What the muxer takes.
const PCR_LEAD_MAX: i64 = 10_000_000_000;
/// One try finds what is late for what was written before; another, what is late for what comes with it.
const LATE_TRIES: usize = 4;
