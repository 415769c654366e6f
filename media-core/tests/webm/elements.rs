//! A small reader of WebM and Matroska that shares nothing with the muxer. It panics at whatever is not as RFC 8794 and RFC 9559 have
//! it, and at elements the muxer has no reason to write.

use std::ops::Range;

/// A whole file or stream.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// `DocType`.
    pub doc_type: String,
    /// Where the segment's body begins.
    pub body: usize,
    /// Its size; `None` for unknown.
    pub size: Option<usize>,
    /// Nanoseconds per tick.
    pub timestamp_scale: u64,
    /// `Duration` in ticks.
    pub duration: Option<f64>,
    /// The entries of `SeekHead`: IDs, and positions in the segment's body.
    pub seeks: Vec<(u32, usize)>,
    /// Where each element of the segment begins in its body.
    pub elements: Vec<(u32, usize)>,
    /// The entries of `Tracks`, as elements by ID; those of `Video`, `Audio` and `Colour` among them.
    pub tracks: Vec<Vec<(u32, Vec<u8>)>>,
    /// All clusters.
    pub clusters: Vec<Cluster>,
    /// `Cues`.
    pub cues: Vec<Cue>,
}

/// A cluster and its blocks.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Where it begins in the segment's body.
    pub position: usize,
    /// Whether its size is said.
    pub is_sized: bool,
    /// `Timestamp` in ticks.
    pub timestamp: u64,
    /// `SimpleBlock`s and `BlockGroup`s.
    pub blocks: Vec<Block>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where its element begins in the cluster's body.
    pub position: usize,
    /// `TrackNumber`.
    pub track: u64,
    /// Its own timestamp, counted from the cluster's.
    pub relative: i16,
    /// The sum of both.
    pub time: i64,
    /// Whether it needs no other.
    pub is_key: bool,
    /// Where in the file its payload is.
    pub data: Range<usize>,
    /// `BlockDuration` in ticks.
    pub duration: Option<u64>,
    /// `DiscardPadding` in nanoseconds.
    pub discard_padding: Option<i64>,
    /// What a `BlockAdditional` of ID 1 holds.
    pub alpha: Option<Vec<u8>>,
}

/// A point of `Cues`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cue {
    /// `CueTime` in ticks.
    pub time: u64,
    /// `CueTrack`.
    pub track: u64,
    /// `CueClusterPosition`.
    pub cluster: usize,
    /// `CueRelativePosition`.
    pub relative: usize,
}

impl File {
    /// All blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.clusters.iter().flat_map(|cluster| &cluster.blocks)
    }

    /// An unsigned integer of a track, counted from zero.
    pub fn track_uint(&self, track: usize, id: u32) -> Option<u64> {
        self.track_bytes(track, id).map(uint)
    }

    /// The body of an element of a track.
    pub fn track_bytes(&self, track: usize, id: u32) -> Option<&[u8]> {
        self.tracks[track].iter().find(|(found, _)| *found == id).map(|(_, body)| body.as_slice())
    }
}

/// Reads a file or stream from its first byte to its last.
pub fn file(bytes: &[u8]) -> File {
    let mut file = File::default();
    let header = Element::at(bytes, 0, bytes.len());
    assert_eq!(header.id, 0x1a45_dfa3, "an EBML header");
    for child in header.children() {
        match (child.id, child.body()) {
            (0x4286 | 0x42f7, [1]) | (0x42f2, [4]) | (0x42f3, [8]) | (0x4287, [4]) | (0x4285, [2]) => {}
            (0x4282, name) => file.doc_type = text(name),
            (id, body) => panic!("{id:x} {body:?} in the EBML header"),
        }
    }
    let segment = Element::at(bytes, header.end(), bytes.len());
    assert_eq!((segment.id, segment.end()), (0x1853_8067, bytes.len()), "a segment up to the end");
    file.body = segment.start;
    file.size = segment.size;
    for child in segment.children() {
        file.elements.push((child.id, child.at - segment.start));
        match child.id {
            0x114d_9b74 => file.seeks = child.children().filter(|entry| entry.id != VOID).map(seek).collect(),
            0x1549_a966 => file.read_info(&child),
            0x1654_ae6b => {
                file.tracks =
                    child.children().map(|entry| entry.leaves(&[0xe0, 0xe1, 0x55b0, 0x55d0])).collect()
            }
            0x1f43_b675 => file.clusters.push(cluster(&child, segment.start)),
            0x1c53_bb6b => file.cues = child.children().map(cue).collect(),
            VOID => assert!(child.body().iter().all(|byte| *byte == 0)),
            id => panic!("{id:x} in the segment"),
        }
    }
    file
}

impl File {
    fn read_info(&mut self, info: &Element<'_>) {
        for child in info.children() {
            match child.id {
                0x2a_d7b1 => self.timestamp_scale = uint(child.body()),
                0x4489 => self.duration = Some(float(child.body())),
                0x4d80 | 0x5741 => assert_eq!(text(child.body()), "reelmill"),
                VOID => {}
                id => panic!("{id:x} in Info"),
            }
        }
    }
}

fn seek(entry: Element<'_>) -> (u32, usize) {
    assert_eq!(entry.id, 0x4dbb);
    let id = entry.child(0x53ab).expect("SeekID");
    (uint(id.body()) as u32, uint(entry.child(0x53ac).expect("SeekPosition").body()) as usize)
}

fn cluster(element: &Element<'_>, segment: usize) -> Cluster {
    let mut children = element.children();
    let timestamp = children.next().expect("a timestamp comes first");
    assert_eq!(timestamp.id, 0xe7);
    let mut cluster = Cluster {
        position: element.at - segment,
        is_sized: element.size.is_some(),
        timestamp: uint(timestamp.body()),
        blocks: Vec::new(),
    };
    for child in children {
        let block = match child.id {
            0xa3 => block(&child, element.start, cluster.timestamp, child.at),
            0xa0 => block_group(&child, element.start, cluster.timestamp),
            id => panic!("{id:x} in a cluster"),
        };
        cluster.blocks.push(block);
    }
    assert!(!cluster.blocks.is_empty());
    cluster
}

fn block(element: &Element<'_>, cluster: usize, timestamp: u64, at: usize) -> Block {
    let body = element.body();
    assert_eq!(body[0] & 0x80, 0x80, "a track number of one byte");
    let relative = i16::from_be_bytes([body[1], body[2]]);
    assert_eq!(body[3] & if element.id == 0xa3 { 0x7f } else { 0xff }, 0, "no lacing, nothing invisible");
    Block {
        position: at - cluster,
        track: u64::from(body[0] & 0x7f),
        relative,
        time: timestamp as i64 + i64::from(relative),
        is_key: body[3] & 0x80 != 0,
        data: element.start + 4..element.end(),
        duration: None,
        discard_padding: None,
        alpha: None,
    }
}

fn block_group(element: &Element<'_>, cluster: usize, timestamp: u64) -> Block {
    let inner = element.child(0xa1).expect("a block");
    let mut block = Block { is_key: true, ..block(&inner, cluster, timestamp, element.at) };
    for child in element.children() {
        match child.id {
            0xa1 => {}
            0x9b => block.duration = Some(uint(child.body())),
            0xfb => block.is_key = false,
            0x75a2 => block.discard_padding = Some(sint(child.body())),
            0x75a1 => {
                let more = child.child(0xa6).expect("BlockMore");
                assert_eq!(more.child(0xee).expect("BlockAddID").body(), [1]);
                block.alpha = Some(more.child(0xa5).expect("BlockAdditional").body().to_vec());
            }
            id => panic!("{id:x} in a block group"),
        }
    }
    block
}

fn cue(point: Element<'_>) -> Cue {
    assert_eq!(point.id, 0xbb);
    let positions = point.child(0xb7).expect("CueTrackPositions");
    let value = |id| uint(positions.child(id).expect("a position").body());
    Cue {
        time: uint(point.child(0xb3).expect("CueTime").body()),
        track: value(0xf7),
        cluster: value(0xf1) as usize,
        relative: value(0xf0) as usize,
    }
}

/// An element somewhere in the file.
#[derive(Clone, Copy, Debug)]
struct Element<'a> {
    file: &'a [u8],
    id: u32,
    at: usize,
    /// Where its body begins.
    start: usize,
    size: Option<usize>,
    /// Where that ends which it lies in.
    outer: usize,
}

impl<'a> Element<'a> {
    fn at(file: &'a [u8], at: usize, outer: usize) -> Self {
        let id_len = file[at].leading_zeros() as usize + 1;
        assert!(id_len <= 4, "an ID at {at}");
        let id = uint(&file[at..at + id_len]) as u32;
        let size_at = at + id_len;
        let size_len = file[size_at].leading_zeros() as usize + 1;
        assert!(size_len <= 8, "a size at {size_at}");
        let start = size_at + size_len;
        let most = (1 << (7 * size_len)) - 1;
        let size = uint(&file[size_at..start]) & most;
        let can_be_unknown = matches!(id, 0x1853_8067 | 0x1f43_b675);
        assert!(size < most || can_be_unknown, "{id:x} of unknown size");
        let size = (size < most).then_some(size as usize);
        let element = Self { file, id, at, start, size, outer };
        assert!(element.end() <= outer, "{id:x} at {at} reaches beyond {outer}");
        element
    }

    /// Where it ends; a cluster of unknown size, where the next element begins that can be in a segment.
    fn end(&self) -> usize {
        let Some(size) = self.size else {
            let mut at = self.start;
            while self.id == 0x1f43_b675 && at < self.outer && !is_of_segment(&self.file[at..]) {
                at = Self::at(self.file, at, self.outer).end();
            }
            return if self.id == 0x1f43_b675 { at } else { self.outer };
        };
        self.start + size
    }

    fn body(&self) -> &'a [u8] {
        &self.file[self.start..self.end()]
    }

    fn children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let (file, mut at, end) = (self.file, self.start, self.end());
        std::iter::from_fn(move || {
            if at == end {
                return None;
            }
            let child = Element::at(file, at, end);
            at = child.end();
            Some(child)
        })
    }

    fn child(&self, id: u32) -> Option<Self> {
        let mut found = self.children().filter(|child| child.id == id);
        let only = found.next();
        assert!(found.next().is_none(), "two {id:x}");
        only
    }

    /// What it holds, and what those of its children hold that are listed.
    fn leaves(&self, masters: &[u32]) -> Vec<(u32, Vec<u8>)> {
        let leaves = |child: Element<'a>| {
            if masters.contains(&child.id) {
                child.leaves(masters)
            } else {
                vec![(child.id, child.body().to_vec())]
            }
        };
        self.children().flat_map(leaves).collect()
    }
}

fn is_of_segment(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x43, 0xb6, 0x75]) || bytes.starts_with(&[0x1c, 0x53, 0xbb, 0x6b])
}

fn uint(bytes: &[u8]) -> u64 {
    assert!((1..=8).contains(&bytes.len()), "an integer of {} bytes", bytes.len());
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn sint(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len();
    (uint(bytes) << unused).cast_signed() >> unused
}

/// A floating-point number of eight bytes.
pub fn float(bytes: &[u8]) -> f64 {
    f64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

const VOID: u32 = 0xec;
