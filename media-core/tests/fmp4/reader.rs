//! A small reader of MP4, progressive and fragmented, that shares nothing with the muxer. It panics at whatever is not as
//! ISO/IEC 14496-12 has it.

use bytes::Bytes;

/// A track and all its samples, wherever they lie.
#[derive(Debug, Default)]
pub(crate) struct TrackFile {
    pub(crate) id: u32,
    pub(crate) handler: [u8; 4],
    pub(crate) timescale: u32,
    pub(crate) format: [u8; 4],
    /// The boxes in the sample entry, such as `avcC`.
    pub(crate) configuration: Vec<([u8; 4], Bytes)>,
    /// Media time at which the last edit that is not empty begins.
    pub(crate) media_time: Option<i64>,
    /// How long the empty edits before it last, in ticks of the track.
    pub(crate) delay: i64,
    pub(crate) samples: Vec<Sample>,
    pub(crate) fragments: Vec<Fragment>,
    trex: [u32; 3],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) decode_time: i64,
    pub(crate) composition: i64,
    pub(crate) duration: u32,
    pub(crate) flags: u32,
    pub(crate) data: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) sequence: u32,
    pub(crate) decode_time: u64,
    pub(crate) samples: usize,
    /// `roll_distance` of the group all samples are in.
    pub(crate) roll: Option<i16>,
}

impl Sample {
    pub(crate) fn is_sync(&self) -> bool {
        self.flags & 0x1_0000 == 0
    }
}

impl TrackFile {
    pub(crate) fn configuration(&self, kind: &[u8; 4]) -> Option<&Bytes> {
        self.configuration.iter().find(|(found, _)| found == kind).map(|(_, body)| body)
    }
}

/// The tracks of a file.
pub(crate) fn tracks(file: &Bytes) -> Vec<TrackFile> {
    let moov = child(file, b"moov");
    let mut tracks: Vec<TrackFile> = boxes(&moov)
        .filter(|(kind, _)| kind == b"trak")
        .map(|(_, trak)| read_track(file, &moov, &trak))
        .collect();
    if let Some(mvex) = find(&moov, b"mvex") {
        for (_, trex) in boxes(&mvex).filter(|(kind, _)| kind == b"trex") {
            let track =
                tracks.iter_mut().find(|track| track.id == u32_at(&trex, 4)).expect("a track for trex");
            track.trex = [12, 16, 20].map(|at| u32_at(&trex, at));
        }
    }
    let mut at = 0;
    let mut rest = file.clone();
    while !rest.is_empty() {
        let (kind, header, len) = head(&rest);
        if &kind == b"moof" {
            read_moof(&mut tracks, file, at, &rest.slice(header..len));
        }
        at += len;
        rest = rest.slice(len..);
    }
    tracks
}

fn read_track(file: &Bytes, moov: &Bytes, trak: &Bytes) -> TrackFile {
    let (mdia, tkhd) = (child(trak, b"mdia"), child(trak, b"tkhd"));
    let (mdhd, hdlr) = (child(&mdia, b"mdhd"), child(&mdia, b"hdlr"));
    let stbl = child(&child(&mdia, b"minf"), b"stbl");
    let handler = array(&hdlr, 8);
    let stsd = child(&stbl, b"stsd");
    let (format, entry) = boxes(&stsd.slice(8..)).next().expect("a sample entry");
    let fixed = match &handler {
        b"vide" => 78,
        b"soun" => 28,
        _ => entry.len(),
    };
    let timescale = u32_at(&mdhd, if mdhd[0] == 1 { 20 } else { 12 });
    let edits = find(trak, b"edts").map(|edts| edits(&child(&edts, b"elst"))).unwrap_or_default();
    let empty: i64 = edits.iter().filter(|edit| edit.1 < 0).map(|edit| edit.0).sum();
    let mvhd = child(moov, b"mvhd");
    let movie_timescale = u32_at(&mvhd, if mvhd[0] == 1 { 20 } else { 12 });
    TrackFile {
        id: u32_at(&tkhd, if tkhd[0] == 1 { 20 } else { 12 }),
        handler,
        timescale,
        format,
        configuration: boxes(&entry.slice(fixed..)).collect(),
        media_time: edits.iter().map(|edit| edit.1).rfind(|time| *time >= 0),
        delay: (empty * i64::from(timescale) + i64::from(movie_timescale / 2)) / i64::from(movie_timescale),
        samples: read_tables(file, &stbl),
        ..TrackFile::default()
    }
}

/// Duration in ticks of the movie, and media time, of each edit.
fn edits(elst: &Bytes) -> Vec<(i64, i64)> {
    let long = |at| i64::from_be_bytes(array(elst, at));
    let edit = |edit: usize| match elst[0] {
        1 => (long(8 + 20 * edit), long(8 + 20 * edit + 8)),
        _ => (u32_at(elst, 8 + 12 * edit).into(), (u32_at(elst, 8 + 12 * edit + 4) as i32).into()),
    };
    (0..u32_at(elst, 4) as usize).map(edit).collect()
}

/// Samples of a progressive file, from its tables.
fn read_tables(file: &Bytes, stbl: &Bytes) -> Vec<Sample> {
    let stsz = child(stbl, b"stsz");
    let (uniform, count) = (u32_at(&stsz, 4), u32_at(&stsz, 8) as usize);
    let size = |n: usize| if uniform == 0 { u32_at(&stsz, 12 + 4 * n) } else { uniform } as usize;
    let durations = runs(&child(stbl, b"stts"));
    let compositions = find(stbl, b"ctts").map(|ctts| runs(&ctts));
    let syncs = find(stbl, b"stss").map(|stss| u32s(&stss, 8, 1));
    let chunks = chunk_offsets(stbl);
    let per_chunk = u32s(&child(stbl, b"stsc"), 8, 3);
    let (mut samples, mut decode_time) = (Vec::new(), 0);
    for (chunk, offset) in chunks.into_iter().enumerate() {
        let mut offset = offset;
        let run = per_chunk.chunks(3).rfind(|run| run[0] as usize <= chunk + 1).expect("a run of chunks");
        for _ in 0..run[1] {
            let n = samples.len();
            let sync = syncs.as_ref().is_none_or(|syncs| syncs.contains(&(n as u32 + 1)));
            samples.push(Sample {
                decode_time,
                composition: compositions.as_ref().map_or(0, |offsets| i64::from(offsets[n] as i32)),
                duration: durations[n],
                flags: if sync { 0 } else { 0x1_0000 },
                data: file.slice(offset..offset + size(n)),
            });
            offset += size(n);
            decode_time += i64::from(durations[n]);
        }
    }
    assert_eq!(samples.len(), count, "chunks hold all samples");
    samples
}

fn chunk_offsets(stbl: &Bytes) -> Vec<usize> {
    match find(stbl, b"stco") {
        Some(stco) => u32s(&stco, 8, 1).into_iter().map(|offset| offset as usize).collect(),
        None => {
            let words = u32s(&child(stbl, b"co64"), 8, 2);
            words.chunks(2).map(|pair| (pair[0] as usize) << 32 | pair[1] as usize).collect()
        }
    }
}

/// `stts` and `ctts`: a value for each sample.
fn runs(table: &Bytes) -> Vec<u32> {
    u32s(table, 8, 2).chunks(2).flat_map(|run| std::iter::repeat_n(run[1], run[0] as usize)).collect()
}

/// The numbers from `from` on of a table that counts entries of `width` numbers at byte 4.
fn u32s(table: &Bytes, from: usize, width: usize) -> Vec<u32> {
    (0..u32_at(table, 4) as usize * width).map(|n| u32_at(table, from + 4 * n)).collect()
}

fn read_moof(tracks: &mut [TrackFile], file: &Bytes, start: usize, moof: &Bytes) {
    let sequence = u32_at(&child(moof, b"mfhd"), 4);
    for (_, traf) in boxes(moof).filter(|(kind, _)| kind == b"traf") {
        let tfhd = child(&traf, b"tfhd");
        let flags = u32_at(&tfhd, 0);
        assert_eq!(flags & !0x2_0038, 0, "flags of tfhd");
        assert_ne!(flags & 0x2_0000, 0, "default-base-is-moof");
        let track = tracks.iter_mut().find(|track| track.id == u32_at(&tfhd, 4)).expect("a track for tfhd");
        let mut at = 8;
        let mut defaults = track.trex;
        for (default, bit) in defaults.iter_mut().zip([0x8, 0x10, 0x20]) {
            if flags & bit != 0 {
                *default = u32_at(&tfhd, at);
                at += 4;
            }
        }
        assert_eq!(at, tfhd.len(), "length of tfhd");
        let tfdt = child(&traf, b"tfdt");
        assert_eq!(tfdt[0], 1, "version of tfdt");
        let decode_time = u64::from_be_bytes(array(&tfdt, 4));
        let samples = read_trun(file, start, &child(&traf, b"trun"), defaults, decode_time as i64);
        let fragment = Fragment { sequence, decode_time, samples: samples.len(), roll: read_roll(&traf) };
        if let (Some(roll), Some(sbgp)) = (fragment.roll, find(&traf, b"sbgp")) {
            assert_eq!(u32_at(&sbgp, 12) as usize, samples.len(), "all samples are in the group of {roll}");
        }
        track.fragments.push(fragment);
        track.samples.extend(samples);
    }
}

fn read_trun(file: &Bytes, moof: usize, trun: &Bytes, defaults: [u32; 3], decode_time: i64) -> Vec<Sample> {
    let flags = u32_at(trun, 0) & 0xff_ffff;
    assert_eq!(trun[0], 1, "version of trun");
    assert_eq!(flags & !0xf05, 0, "flags of trun");
    assert_ne!(flags & 1, 0, "data-offset-present");
    let count = u32_at(trun, 4);
    let mut data = moof + u32_at(trun, 8) as usize;
    let (mdat, _) = mdat_around(file, data);
    assert_eq!(mdat, data, "samples begin where the mdat does");
    let mut at = 12;
    let mut next = || {
        at += 4;
        u32_at(trun, at - 4)
    };
    let first_flags = (flags & 4 != 0).then(&mut next);
    let (mut samples, mut decode_time) = (Vec::new(), decode_time);
    for n in 0..count {
        let mut field = |bit: u32, default: u32| if flags & bit != 0 { next() } else { default };
        let duration = field(0x100, defaults[0]);
        let size = field(0x200, defaults[1]) as usize;
        let sample_flags = field(0x400, first_flags.filter(|_| n == 0).unwrap_or(defaults[2]));
        let composition = i64::from(field(0x800, 0) as i32);
        let data_of_sample = file.slice(data..data + size);
        samples.push(Sample {
            decode_time,
            composition,
            duration,
            flags: sample_flags,
            data: data_of_sample,
        });
        data += size;
        decode_time += i64::from(duration);
    }
    assert_eq!(at, trun.len(), "length of trun");
    assert_eq!(mdat_around(file, mdat).1, data, "samples end where the mdat does");
    samples
}

/// Start and end of what the `mdat` holds that begins at or before `at`.
fn mdat_around(file: &Bytes, at: usize) -> (usize, usize) {
    let mut start = 0;
    loop {
        let (kind, header, len) = head(&file.slice(start..));
        if &kind == b"mdat" && start + header >= at {
            return (start + header, start + len);
        }
        start += len;
    }
}

fn read_roll(traf: &Bytes) -> Option<i16> {
    let (sgpd, sbgp) = (find(traf, b"sgpd")?, find(traf, b"sbgp")?);
    assert_eq!((&sgpd[4..8], &sbgp[4..8]), (&b"roll"[..], &b"roll"[..]));
    assert_eq!((sgpd[0], u32_at(&sgpd, 8), u32_at(&sgpd, 12), sgpd.len()), (1, 2, 1, 18), "one description");
    assert_eq!((u32_at(&sbgp, 8), u32_at(&sbgp, 16)), (1, 0x1_0001), "one run, of the fragment's own group");
    Some(i16::from_be_bytes(array(&sgpd, 16)))
}

/// The boxes in `data`: type and content.
pub(crate) fn boxes(data: &Bytes) -> impl Iterator<Item = ([u8; 4], Bytes)> + use<> {
    let mut rest = data.clone();
    std::iter::from_fn(move || {
        // QuickTime ends some lists with four zero bytes.
        if rest.len() < 8 {
            return None;
        }
        let (kind, header, len) = head(&rest);
        let body = rest.slice(header..len);
        rest = rest.slice(len..);
        Some((kind, body))
    })
}

/// Type, length of the header, length of all.
fn head(data: &Bytes) -> ([u8; 4], usize, usize) {
    match u32_at(data, 0) {
        0 => (array(data, 4), 8, data.len()),
        1 => (array(data, 4), 16, u64::from_be_bytes(array(data, 8)) as usize),
        len => (array(data, 4), 8, len as usize),
    }
}

pub(crate) fn find(data: &Bytes, kind: &[u8; 4]) -> Option<Bytes> {
    boxes(data).find(|(found, _)| found == kind).map(|(_, body)| body)
}

pub(crate) fn child(data: &Bytes, kind: &[u8; 4]) -> Bytes {
    find(data, kind).unwrap_or_else(|| panic!("no box {}", kind.escape_ascii()))
}

fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(array(data, at))
}

fn array<const N: usize>(data: &[u8], at: usize) -> [u8; N] {
    data[at..at + N].try_into().expect("N bytes")
}
