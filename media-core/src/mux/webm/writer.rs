//! Files and live streams of several tracks.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::block::{Block, Group, Pieces};
use super::config::{Config, Layout, Limits, Role};
use super::file::File;
use super::lane::Lane;
use super::live::Live;
use super::queue::{Queue, Turn};
use super::{Error, Patch, Rope, TrackEntry, cues, header};
use crate::packet::Packet;
use crate::track::{Kind, TrackId};

/// What comes out of a [`Writer`]: the next bytes of the stream or file.
#[derive(Clone, Debug)]
pub struct Output {
    /// The bytes; behind all those before.
    pub rope: Rope,
    /// Whether a reader can begin with these, who was given [`Writer::init`] before: a cluster that begins with a key picture, or any where
    /// there are none.
    pub is_random_access: bool,
}

/// How a file or stream ends.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The last bytes.
    pub rope: Rope,
    /// What is then written over earlier bytes; nothing in a live stream. Without it, the file is as good as a live stream.
    pub patches: Vec<Patch>,
    /// Where the file has its cues, the `indexRange` of a DASH manifest; `None` where it has none.
    pub cues: Option<Range<u64>>,
}

/// Writes tracks as one WebM or Matroska file, or as a live stream.
///
/// First comes [`init`](Self::init), then all that [`poll`](Self::poll) gives, then what [`finish`](Self::finish) leaves. Packets of one
/// track are pushed in the order of their DTS; those of several tracks are put in order here. Payloads are passed on in their own memory.
/// A file's cluster is written when it is complete, so that its size can be said: up to [`Config::cluster_size`] are held,
/// beside what waits for other tracks.
///
/// A cluster begins at key pictures of the first track of pictures (no closer than half a second), and where a limit is reached. In the
/// cues of a file is the first key picture of each track in each cluster; without pictures, the first block.
///
/// ```
/// use bytes::Bytes;
/// use media_core::codec::{Config, Key, vp8};
/// use media_core::mux::webm::{self, Layout};
/// use media_core::packet::Packet;
/// use media_core::time::{TimeBase, Timestamp};
/// use media_core::track::{Track, TrackId};
///
/// let id = TrackId::new(1).ok_or("zero")?;
/// let track = Track::new(id, TimeBase::hz(30), Config::Vp8(vp8::Config::new(320, 180)?));
/// let mut writer = webm::Writer::new(&[webm::TrackEntry::from(&track)], webm::Config::new(Layout::CuesLast))?;
/// let mut file = writer.init().to_vec();
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
///     }
/// }
/// let ending = writer.finish();
/// file.extend_from_slice(&ending.rope.to_bytes());
/// ending.patches.iter().for_each(|patch| patch.apply(&mut file));
/// assert_eq!(ending.cues.map(|range| range.end), Some(file.len() as u64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    init: Bytes,
    queue: Queue,
    limits: Limits,
    /// The first track of pictures, whose key pictures begin clusters.
    leader: Option<u8>,
    form: Form,
    pieces: Pieces,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum Form {
    Live(Live),
    File(File),
}

impl Writer {
    /// A writer of these tracks, numbered from 1 in their order.
    ///
    /// # Errors
    /// When there is no track or more than 126, two have one name, WebM was demanded for a codec it does not have, or the priming of an Opus
    /// track is more than `OpusHead` can say.
    pub fn new(tracks: &[TrackEntry], config: Config) -> Result<Self, Error> {
        if !(1..=TRACKS_MAX).contains(&tracks.len()) {
            return Err(Error::Tracks { count: tracks.len() });
        }
        if let Some(track) = duplicate(tracks.iter().map(|entry| entry.track.id)) {
            return Err(Error::DuplicateTrack { track });
        }
        let format = &config.format;
        let doc_type = format.doc_type_of(tracks.iter().map(|entry| entry.track.codec.format()))?;
        let numbered = || (1_u8..).zip(tracks);
        let entries =
            numbered().map(|(number, entry)| entry.to_element(number)).collect::<Result<Vec<_>, _>>()?;
        let entries = header::tracks(&entries);
        let file = |reserve| {
            let (init, places) = header::file(doc_type, format, &entries, reserve);
            (init, Form::File(File::new(places, reserve)))
        };
        let (init, form) = match config.layout {
            Layout::Live => (header::live(doc_type, format, &entries), Form::Live(Live::default())),
            Layout::CuesLast => file(0),
            Layout::CuesFirst { points } => file(cues::cues_len(points.into())),
        };
        // In a file, what follows a packet tells how long it lasts.
        let ahead = if config.layout == Layout::Live { 1 } else { 2 };
        let lanes =
            numbered().map(|(number, entry)| (Lane::new(entry, number, format.scale()), entry.track.kind()));
        Ok(Self {
            init,
            queue: Queue::new(lanes, config.hold_ticks(), ahead),
            limits: Limits::of(&config),
            leader: numbered().find(|(_, entry)| entry.track.kind() == Kind::Video).map(|(number, _)| number),
            form,
            pieces: Pieces::default(),
            outputs: VecDeque::new(),
        })
    }

    /// The header, which everything else follows. The same bytes at every call; a reader who joins a live stream is given it first.
    pub fn init(&self) -> Bytes {
        self.init.clone()
    }

    /// Takes the next packet of its track.
    ///
    /// # Errors
    /// When it is of no track here, its DTS is not after the one before it, its PTS falls where the codec does not reorder, or a time lies
    /// before zero or beyond what 63 bits of ticks can say. The writer is then as it was.
    pub fn push(&mut self, packet: Packet) -> Result<(), Error> {
        self.queue.push(packet, None)?;
        self.write(false);
        Ok(())
    }

    /// Takes the next packet of a track of VP8 or VP9 with the coded picture of its alpha plane.
    ///
    /// # Errors
    /// As [`push`](Self::push), and when the track did not announce [alpha](TrackEntry::alpha).
    pub fn push_with_alpha(&mut self, packet: Packet, alpha: Bytes) -> Result<(), Error> {
        self.queue.push(packet, Some(alpha))?;
        self.write(false);
        Ok(())
    }

    /// The next bytes; `None` until there are more.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Writes what still waits, and for a file what is known only now.
    pub fn finish(mut self) -> Ending {
        self.write(true);
        let mut rope = Rope::new();
        self.outputs.into_iter().for_each(|output| rope.append(output.rope));
        match self.form {
            Form::Live(_) => Ending { rope, patches: Vec::new(), cues: None },
            Form::File(file) => file.finish(rope, &mut self.pieces),
        }
    }

    fn write(&mut self, at_end: bool) {
        while let Some(turn) = self.queue.pop(at_end) {
            let role = role(&turn, self.leader);
            let written = match &mut self.form {
                Form::Live(live) => Some(live.put(block(turn, false), role, &self.limits, &mut self.pieces)),
                Form::File(file) => {
                    file.lasts_until(&turn);
                    file.put(block(turn, true), role, &self.limits, &mut self.pieces)
                }
            };
            self.outputs.extend(written);
        }
    }
}

fn role(turn: &Turn<'_>, leader: Option<u8>) -> Role {
    let is_key_picture = turn.kind == Kind::Video && turn.packet.key.is_sync();
    match leader {
        None => Role::Alone,
        Some(leader) if is_key_picture && leader == turn.lane.number => Role::Leads,
        Some(_) if is_key_picture => Role::Key,
        Some(_) => Role::Follows,
    }
}

fn block(turn: Turn<'_>, in_file: bool) -> Block {
    let Turn { lane, packet, alpha, time, until_next, .. } = turn;
    let Packet { pts, duration, key, data, .. } = packet;
    // What nothing follows says itself how long it lasts, and sound is cut there.
    let duration = duration.map(i64::from).filter(|_| in_file && until_next.is_none());
    let group = Group {
        discard_padding: duration.and_then(|ticks| lane.surplus(&data, ticks)),
        duration: duration.and_then(|ticks| lane.duration(pts, ticks)),
        alpha,
        ..Group::default()
    };
    lane.block(key.is_sync(), data, time, group)
}

fn duplicate(mut ids: impl Iterator<Item = TrackId> + Clone) -> Option<TrackId> {
    let id = ids.next()?;
    if ids.clone().any(|other| other == id) { Some(id) } else { duplicate(ids) }
}

/// `TrackNumber` takes one byte in every block, and all bits set is reserved.
const TRACKS_MAX: usize = 126;

#[cfg(test)]
#[path = "writer_test.rs"]
mod tests;
