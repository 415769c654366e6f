//! A reader of what the fMP4 muxer writes, made from ISO/IEC 14496-12 and nothing else. It panics on what a player could not read.

use std::ops::Range;

/// What the header says about samples whose fragment says nothing: `trex`, 8.8.3.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    duration: u32,
    size: u32,
    flags: u32,
}

/// One `moof` with its `mdat`.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// `baseMediaDecodeTime`, 8.8.12.
    pub decode_time: u64,
    /// In decoding order.
    pub samples: Vec<Sample>,
}

/// One sample of a fragment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Ticks until the next one is decoded.
    pub duration: u32,
    /// Ticks from decoding to showing.
    pub composition: i64,
    /// Whether `sample_is_non_sync_sample` is unset, 8.8.3.1.
    pub is_sync: bool,
    /// Where its bytes are.
    pub data: Range<usize>,
}

/// Reads a header: `ftyp`, `moov`.
pub fn header(bytes: &[u8]) -> Defaults {
    let top = children(bytes);
    assert_eq!(kinds(&top), ["ftyp", "moov"]);
    let extends = find(top[1].body, b"mvex");
    let body = find(extends, b"trex");
    let field = |index: usize| u32_at(body, 4 + 4 * index);
    assert_eq!(field(1), 1, "default_sample_description_index");
    Defaults { duration: field(2), size: field(3), flags: field(4) }
}

/// Reads a segment: any `styp`, then pairs of `moof` and `mdat`.
pub fn segment(bytes: &[u8], defaults: Defaults) -> Vec<Fragment> {
    let mut boxes = children(bytes);
    boxes.retain(|found| found.kind != *b"styp");
    assert!(!boxes.is_empty() && boxes.len().is_multiple_of(2), "{:?}", kinds(&boxes));
    boxes.chunks(2).map(|pair| fragment(&pair[0], &pair[1], defaults)).collect()
}

fn fragment(moof: &Found<'_>, mdat: &Found<'_>, defaults: Defaults) -> Fragment {
    assert_eq!((&moof.kind, &mdat.kind), (b"moof", b"mdat"));
    let traf = find(moof.body, b"traf");
    let (defaults, base) = track_header(find(traf, b"tfhd"), defaults, moof.at);
    let time = find(traf, b"tfdt");
    let decode_time = if time[0] == 1 { u64_at(time, 4) } else { u64::from(u32_at(time, 4)) };
    let samples = run(find(traf, b"trun"), defaults, base);
    let media = mdat.at + (mdat.length - mdat.body.len())..mdat.at + mdat.length;
    let first = samples.first().expect("a fragment has samples").data.start;
    let last = samples[samples.len() - 1].data.end;
    assert_eq!(first..last, media, "the samples are what is in mdat");
    Fragment { decode_time, samples }
}

/// `tfhd`, 8.8.7: the fragment's defaults and where data offsets count from.
fn track_header(body: &[u8], mut defaults: Defaults, moof: usize) -> (Defaults, usize) {
    let flags = u32_at(body, 0) & 0xff_ffff;
    assert_eq!(flags & 0x1, 0, "CMAF has no base_data_offset");
    assert_ne!(flags & 0x2_0000, 0, "CMAF has default-base-is-moof");
    let mut at = 8 + if flags & 0x2 == 0 { 0 } else { 4 };
    for (flag, field) in
        [(0x8, &mut defaults.duration), (0x10, &mut defaults.size), (0x20, &mut defaults.flags)]
    {
        if flags & flag != 0 {
            *field = u32_at(body, at);
            at += 4;
        }
    }
    assert_eq!(at, body.len(), "tfhd is as long as its flags say");
    (defaults, moof)
}

/// `trun`, 8.8.8.
fn run(body: &[u8], defaults: Defaults, base: usize) -> Vec<Sample> {
    let (version, flags) = (body[0], u32_at(body, 0) & 0xff_ffff);
    let count = u32_at(body, 4);
    assert_ne!(flags & 0x1, 0, "a data offset");
    let mut position = base.checked_add_signed(i32_at(body, 8) as isize).expect("an offset into the segment");
    let mut at = 12;
    let mut field = |flag: u32| {
        (flags & flag != 0).then(|| {
            at += 4;
            u32_at(body, at - 4)
        })
    };
    let first_flags = field(0x4);
    let mut samples = Vec::new();
    for index in 0..count {
        let duration = field(0x100).unwrap_or(defaults.duration);
        let size = field(0x200).unwrap_or(defaults.size) as usize;
        let own_flags = field(0x400).or(first_flags.filter(|_| index == 0)).unwrap_or(defaults.flags);
        let composition = field(0x800).unwrap_or(0);
        let composition =
            if version == 0 { i64::from(composition) } else { i64::from(composition.cast_signed()) };
        let data = position..position + size;
        position = data.end;
        samples.push(Sample { duration, composition, is_sync: own_flags & 0x1_0000 == 0, data });
    }
    assert_eq!(at, body.len(), "trun is as long as its flags and count say");
    samples
}

struct Found<'a> {
    kind: [u8; 4],
    at: usize,
    length: usize,
    body: &'a [u8],
}

fn children(bytes: &[u8]) -> Vec<Found<'_>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let (size, head) = match u32_at(bytes, at) {
            1 => (usize::try_from(u64_at(bytes, at + 8)).expect("fits memory"), 16),
            size => (size as usize, 8),
        };
        assert!(size >= head && at + size <= bytes.len(), "a box of {size} bytes at {at} of {}", bytes.len());
        let kind = bytes[at + 4..at + 8].try_into().expect("four bytes");
        found.push(Found { kind, at, length: size, body: &bytes[at + head..at + size] });
        at += size;
    }
    found
}

fn kinds(boxes: &[Found<'_>]) -> Vec<String> {
    boxes.iter().map(|found| String::from_utf8_lossy(&found.kind).into_owned()).collect()
}

fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> &'a [u8] {
    let mut found = children(bytes).into_iter().filter(|child| child.kind == *kind);
    let only = found.next().unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(kind)));
    assert!(found.next().is_none(), "two {}", String::from_utf8_lossy(kind));
    only.body
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    u32_at(bytes, at).cast_signed()
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
