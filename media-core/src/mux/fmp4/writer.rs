//! Files and streams of several tracks.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::config::{Config, Layout, TrackEntry};
use super::event::Event;
use super::file::{File, Place};
use super::fragments::{Form, Fragments, Subsegments};
use super::header::Description;
use super::lane::Lane;
use super::queue::Queue;
use super::{Composition, Error, Patch, Rope};
use crate::packet::Packet;
use crate::track::TrackId;

/// What comes out of a [`Writer`]: the next bytes of the file.
#[derive(Clone, Debug)]
pub struct Output {
    /// The bytes; behind all those before.
    pub rope: Rope,
    /// Whether a reader can begin with these, who was given [`Writer::init`] before: a fragment that begins with a key picture, or any where
    /// there are no pictures.
    pub is_random_access: bool,
    /// Whether the file can be played as far as the end of these: once they are on the disk (`fsync`), a crash loses nothing before. Never in
    /// a file without fragments.
    pub is_checkpoint: bool,
}

/// How a file ends. In this order: `rope` is appended; if there is an `insertion`, the media are moved; all that is made durable; then
/// [the seal](Self::seal) is put on it.
#[derive(Clone, Debug)]
#[must_use = "without its end the file is as a crash would leave it"]
pub struct Ending {
    /// The last bytes.
    pub rope: Rope,
    /// What belongs into the file further to the front; only for a layout with [`Room::None`](super::Room::None), and for an index that
    /// did not fit into its room.
    pub insertion: Option<Insertion>,
    /// Where the `sidx` is (or will be, once inserted): the `indexRange` of DASH.
    pub index: Option<Range<u64>>,
    /// What makes the file what it shall be.
    pub seal: Seal,
}

/// Bytes for which the caller makes place: all that lies behind `offset` moves on by their length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Where in the file.
    pub offset: u64,
    /// What is put there.
    pub bytes: Bytes,
    /// How many bytes lie behind `offset`, [`Ending::rope`] among them.
    pub moved: u64,
}

/// The last patches of a file. A [hybrid](Layout::Hybrid) recording has exactly one, of at most 16 bytes and within one sector: with it the
/// fragments turn into the media of the `moov` behind them, at once or not at all. If it were written before that `moov` is on the disk, a
/// power cut between the two would leave neither.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a file is finished when its patches are written"]
pub struct Seal(Vec<Patch>);

impl Seal {
    pub(super) const fn new(patches: Vec<Patch>) -> Self {
        Self(patches)
    }

    /// The patches, to be had once all that was given out is durable: after `fsync`. Their offsets are those of the file before an
    /// [insertion](Ending::insertion), all of them before or at its place or else moved on with the media: apply them first where there is
    /// one.
    pub fn once_durable(self) -> Vec<Patch> {
        self.0
    }
}

impl Ending {
    /// Ends a file that is in memory.
    pub fn apply(self, file: &mut Vec<u8>) {
        self.rope.pieces().iter().for_each(|piece| file.extend_from_slice(piece));
        self.seal.once_durable().iter().for_each(|patch| patch.apply(file));
        if let Some(Insertion { offset, bytes, .. }) = self.insertion {
            let at = usize::try_from(offset).expect("a file in memory is counted in usize");
            file.splice(at..at, bytes);
        }
    }
}

/// Writes tracks as one MP4: an ordinary one, a recording that survives crashes, or fragments; see [`Layout`].
///
/// All bytes come by [`poll`](Self::poll) and at last by [`finish`](Self::finish). Packets of one track are pushed in the order of their
/// DTS; those of several tracks are put in order here. Payloads are passed on in their own memory.
///
/// Presentation begins at [`Config::origin`]: what has a PTS before it is decoded and not shown (priming), a track that begins later is
/// late in the file too, and one that ends before it is in the file and not played. Sound whose last packet has a shorter [duration](Packet::duration) than its samples ends there.
///
/// ```
/// use bytes::Bytes;
/// use media_core::codec::{Config, Key, vp8};
/// use media_core::mux::fmp4::{self, Layout};
/// use media_core::packet::Packet;
/// use media_core::time::{TimeBase, Timestamp};
/// use media_core::track::{Track, TrackId};
///
/// let id = TrackId::new(1).ok_or("zero")?;
/// let track = Track::new(id, TimeBase::hz(30), Config::Vp8(vp8::Config::new(320, 180)?));
/// let mut writer = fmp4::Writer::new(&[fmp4::TrackEntry::from(&track)], fmp4::Config::new(Layout::Hybrid))?;
/// let mut file = Vec::new();
/// for n in 0..60 {
///     writer.push(Packet {
///         track: id,
///         pts: Timestamp::new(n),
///         dts: Timestamp::new(n),
///         duration: Some(1),
///         key: if n % 30 == 0 { Key::Closed } else { Key::No },
///         data: Bytes::from_static(b"coded picture"),
///         wall: None,
///     })?;
///     while let Some(output) = writer.poll() {
///         file.extend_from_slice(&output.rope.to_bytes());
///         // With `output.is_checkpoint`, an fsync makes it playable to here.
///     }
/// }
/// let ending = writer.finish();
/// file.extend_from_slice(&ending.rope.to_bytes());
/// // An fsync, and then:
/// ending.seal.once_durable().iter().for_each(|patch| patch.apply(&mut file));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    queue: Queue,
    body: Body,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum Body {
    File(Box<File>),
    Fragments(Box<Fragments>),
}

impl Writer {
    /// A writer of these tracks, called as they are.
    ///
    /// # Errors
    /// When there is no track (or for [`Layout::OnDemand`] more than one), two have one name, or one cannot be said in MP4: a time base whose
    /// ticks do not divide a second, pictures of more than 65535 pixels a side, a name with a zero byte.
    pub fn new(tracks: &[TrackEntry], config: Config) -> Result<Self, Error> {
        let is_single = matches!(config.layout, Layout::OnDemand(_));
        if tracks.is_empty() || is_single && tracks.len() > 1 || tracks.len() > TRACKS_MAX {
            let expected = if is_single { "exactly one" } else { "1 to 255" };
            return Err(Error::Tracks { count: tracks.len(), expected });
        }
        if let Some(track) = duplicate(tracks.iter().map(|entry| entry.track.id)) {
            return Err(Error::DuplicateTrack { track });
        }
        let described = tracks.iter().map(Description::of).collect::<Result<Vec<_>, _>>()?;
        let limits = config.limits();
        let signed = config.composition == Composition::Signed;
        let mut outputs = VecDeque::new();
        let mut file = |described, place| {
            let (file, output) = File::new(described, limits, place, signed);
            outputs.push_back(output);
            Body::File(Box::new(file))
        };
        let fragments = |described, form| {
            let lists_access = config.random_access_index && !matches!(form, Form::Recording { .. });
            Body::Fragments(Box::new(Fragments::new(
                described,
                form,
                limits,
                config.composition,
                lists_access,
            )))
        };
        let body = match config.layout {
            Layout::Progressive => file(described, Place::Last),
            Layout::Faststart(room) => file(described, Place::First(room)),
            Layout::Hybrid => fragments(described, Form::Recording { mdat: 0 }),
            Layout::Fragmented => fragments(described, Form::Stream),
            Layout::OnDemand(room) => {
                let track = Box::new(tracks[0].track.clone());
                fragments(
                    described,
                    Form::Indexed { room, front: 0, track, subsegments: Subsegments::default() },
                )
            }
        };
        let lanes = tracks.iter().map(|entry| Lane::new(&entry.track, config.origin));
        // The last sample of a fragment lasts until what follows it.
        let ahead = if matches!(body, Body::File(_)) { 1 } else { 2 };
        Ok(Self { queue: Queue::new(lanes, config.hold_nanos(), ahead), body, outputs })
    }

    /// The header of a file of fragments, `ftyp` and `moov`, for a reader who joins later; it is also in what [`poll`](Self::poll) gives.
    /// `None` before the first fragment is complete, and in a file without fragments.
    pub fn init(&self) -> Option<Bytes> {
        match &self.body {
            Body::File(_) => None,
            Body::Fragments(fragments) => fragments.header(),
        }
    }

    /// Takes the next packet of its track.
    ///
    /// # Errors
    /// When it is of no track here, its DTS is not after the one before it or more than 31 bits of ticks away from it, its PTS is before its
    /// DTS or further than 30 bits from it, it has 4 GiB or more, or it is decoded before what the header of a file of fragments left room
    /// for. The writer is then as it was.
    pub fn push(&mut self, packet: Packet) -> Result<(), Error> {
        self.queue.push(packet)?;
        self.write(false);
        Ok(())
    }

    /// Puts an event before the fragment that is written next.
    ///
    /// # Errors
    /// In a layout without fragments, in a [`Layout::Hybrid`] recording, where it would be lost, and when a string of it has a zero byte.
    pub fn push_event(&mut self, event: &Event) -> Result<(), Error> {
        match &mut self.body {
            Body::Fragments(fragments) if !fragments.is_recording() => fragments.event(event.to_box()?),
            _ => return Err(Error::NoFragments),
        }
        Ok(())
    }

    /// The next bytes; `None` until there are more.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Writes what still waits, and what is known only now.
    pub fn finish(mut self) -> Ending {
        self.write(true);
        let mut rope = Rope::new();
        self.outputs.into_iter().for_each(|output| rope.append(output.rope));
        match self.body {
            Body::File(file) => file.finish(rope),
            Body::Fragments(fragments) => fragments.finish(rope, self.queue.lanes()),
        }
    }

    fn write(&mut self, at_end: bool) {
        while let Some(turn) = self.queue.pop(at_end) {
            let written = match &mut self.body {
                Body::File(file) => file.put(turn),
                Body::Fragments(fragments) => fragments.put(turn, self.queue.lanes()),
            };
            self.outputs.extend(written);
        }
    }
}

fn duplicate(mut ids: impl Iterator<Item = TrackId> + Clone) -> Option<TrackId> {
    let id = ids.next()?;
    if ids.clone().any(|other| other == id) { Some(id) } else { duplicate(ids) }
}

/// `tfra` counts tracks of a fragment in one byte.
const TRACKS_MAX: usize = 255;
