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
    /// The edits as they are: ticks of the movie, and media time.
    pub(crate) edits: Vec<(i64, i64)>,
    pub(crate) movie_timescale: u32,
    /// Of `mvhd`, `tkhd` and `mdhd`.
    pub(crate) durations: [u64; 3],
    pub(crate) samples: Vec<Sample>,
    pub(crate) fragments: Vec<Fragment>,
    /// `roll_distance` and whether it is in `rap `, by sample; of a file without fragments.
    pub(crate) groups: Vec<(Option<i16>, bool)>,
    /// Where chunks begin, and how many samples each has.
    pub(crate) chunks: Vec<(usize, usize)>,
    pub(crate) language: [u8; 2],
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
    /// When a composition time of the media is shown, in ticks of the track; what lies before the edit is before its start.
    pub(crate) fn shown(&self, composition: i64) -> i64 {
        composition - self.media_time.unwrap_or(0) + self.delay
    }

    /// When the last edit ends, in ticks of the movie; `None` where it lasts as long as the media.
    pub(crate) fn end(&self) -> Option<i64> {
        let end = self.edits.iter().map(|edit| edit.0).sum();
        (!self.edits.is_empty() && self.edits.iter().all(|edit| edit.0 > 0)).then_some(end)
    }

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
            check_data(file, at, &tracks);
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
    let duration = |header: &Bytes, at: usize| match header[0] {
        1 => u64::from_be_bytes(array(header, at + 8)),
        _ => u32_at(header, at).into(),
    };
    let (samples, chunks) = read_tables(file, &stbl);
    // After version 1's longer times, everything lies 8 bytes further back.
    let tkhd_duration = match tkhd[0] {
        1 => u64::from_be_bytes(array(&tkhd, 28)),
        _ => u32_at(&tkhd, 20).into(),
    };
    TrackFile {
        id: u32_at(&tkhd, if tkhd[0] == 1 { 20 } else { 12 }),
        handler,
        timescale,
        format,
        configuration: boxes(&entry.slice(fixed..)).collect(),
        media_time: edits.iter().map(|edit| edit.1).rfind(|time| *time >= 0),
        delay: ((i128::from(empty) * i128::from(timescale) + i128::from(movie_timescale / 2))
            / i128::from(movie_timescale)) as i64,
        edits,
        movie_timescale,
        durations: [duration(&mvhd, 16), tkhd_duration, duration(&mdhd, 16)],
        groups: read_groups(&stbl, samples.len()),
        language: array(&mdhd, if mdhd[0] == 1 { 32 } else { 20 }),
        samples,
        chunks,
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

/// Sample groups of a file without fragments; of other kinds than `roll` and `rap ` there are none.
fn read_groups(stbl: &Bytes, samples: usize) -> Vec<(Option<i16>, bool)> {
    let mut groups = vec![(None, false); samples];
    for (_, sbgp) in boxes(stbl).filter(|(kind, _)| kind == b"sbgp") {
        let kind: [u8; 4] = array(&sbgp, 4);
        let same = |(found, body): &([u8; 4], Bytes)| found == b"sgpd" && array::<4>(body, 4) == kind;
        let sgpd = boxes(stbl).find(same).expect("a description of the group").1;
        assert_eq!(sgpd[0], 1, "version of sgpd");
        let (len, count) = (u32_at(&sgpd, 8) as usize, u32_at(&sgpd, 12) as usize);
        assert_eq!(sgpd.len(), 16 + len * count, "length of sgpd");
        let words = u32s(&sbgp.slice(4..), 8, 2);
        assert_eq!(sbgp.len(), 12 + 4 * words.len(), "length of sbgp");
        let each = words.chunks(2).flat_map(|run| std::iter::repeat_n(run[1] as usize, run[0] as usize));
        let each: Vec<usize> = each.collect();
        assert_eq!(each.len(), samples, "every sample is in a run");
        for (group, index) in groups.iter_mut().zip(each).filter(|(_, index)| *index > 0) {
            assert!(index <= count);
            match &kind {
                b"roll" => group.0 = Some(i16::from_be_bytes(array(&sgpd, 16 + len * (index - 1)))),
                b"rap " => group.1 = true,
                other => panic!("group {}", other.escape_ascii()),
            }
        }
    }
    groups
}

/// Samples of a file without fragments, from its tables, and its chunks.
fn read_tables(file: &Bytes, stbl: &Bytes) -> (Vec<Sample>, Vec<(usize, usize)>) {
    let stsz = child(stbl, b"stsz");
    let (uniform, count) = (u32_at(&stsz, 4), u32_at(&stsz, 8) as usize);
    let size = |n: usize| if uniform == 0 { u32_at(&stsz, 12 + 4 * n) } else { uniform } as usize;
    let durations = runs(&child(stbl, b"stts"));
    let compositions = find(stbl, b"ctts").map(|ctts| {
        let offsets = runs(&ctts);
        let is_signed = offsets.iter().any(|offset| (*offset as i32) < 0);
        assert!(ctts[0] == 1 || !is_signed, "signed offsets are version 1");
        offsets
    });
    let syncs = find(stbl, b"stss").map(|stss| u32s(&stss, 8, 1));
    let chunks = chunk_offsets(stbl);
    let per_chunk = u32s(&child(stbl, b"stsc"), 8, 3);
    let (mut samples, mut decode_time) = (Vec::new(), 0);
    let mut read_chunks = Vec::new();
    for (chunk, offset) in chunks.into_iter().enumerate() {
        let mut offset = offset;
        let run = per_chunk.chunks(3).rfind(|run| run[0] as usize <= chunk + 1).expect("a run of chunks");
        read_chunks.push((offset, run[1] as usize));
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
    assert_eq!(durations.len(), count, "all samples have a duration");
    assert!(compositions.is_none_or(|offsets| offsets.len() == count), "all samples have an offset");
    (samples, read_chunks)
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
            // All sound needs what is before it; of pictures only the first one refreshes gradually.
            let all = if roll < 0 { samples.len() } else { 1 };
            assert_eq!(u32_at(&sbgp, 12) as usize, all, "samples in the group of {roll}");
        }
        track.fragments.push(fragment);
        track.samples.extend(samples);
    }
}

/// The samples of the last fragments fill the `mdat` in the order of their tracks.
fn check_data(file: &Bytes, moof: usize, tracks: &[TrackFile]) {
    let mdat = mdat_after(file, moof);
    let sequence = tracks.iter().filter_map(|track| track.fragments.last()).map(|last| last.sequence).max();
    let mut at = mdat.start;
    for track in tracks {
        let Some(fragment) = track.fragments.last().filter(|last| Some(last.sequence) == sequence) else {
            continue;
        };
        for sample in &track.samples[track.samples.len() - fragment.samples..] {
            assert!(
                file.slice(at..at + sample.data.len()).as_ptr() == sample.data.as_ptr()
                    || sample.data.is_empty()
            );
            at += sample.data.len();
        }
    }
    assert_eq!(at, mdat.end, "samples fill the mdat");
}

fn read_trun(file: &Bytes, moof: usize, trun: &Bytes, defaults: [u32; 3], decode_time: i64) -> Vec<Sample> {
    let flags = u32_at(trun, 0) & 0xff_ffff;
    assert_eq!(trun[0], 1, "version of trun");
    assert_eq!(flags & !0xf05, 0, "flags of trun");
    assert_ne!(flags & 1, 0, "data-offset-present");
    let count = u32_at(trun, 4);
    let mut data = moof + u32_at(trun, 8) as usize;
    let mdat = mdat_after(file, moof);
    assert!(mdat.contains(&data) || mdat.end == data, "samples begin in the mdat");
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
    assert!(data <= mdat.end, "samples end in the mdat");
    samples
}

/// What the `mdat` behind the `moof` at `moof` holds.
fn mdat_after(file: &Bytes, moof: usize) -> std::ops::Range<usize> {
    let start = moof + head(&file.slice(moof..)).2;
    let (kind, header, len) = head(&file.slice(start..));
    assert_eq!(&kind, b"mdat", "behind its moof");
    start + header..start + len
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

/// A row of `sidx`, found in the file.
#[derive(Debug)]
pub(crate) struct Indexed {
    pub(crate) bytes: std::ops::Range<usize>,
    pub(crate) earliest: i64,
    /// 0 where it does not begin with a stream access point.
    pub(crate) kind: u32,
    pub(crate) delta: i64,
}

/// The leaves of the index in `bytes`, which ends at `end` of the file.
pub(crate) fn index(bytes: &Bytes, end: usize, timescale: u32) -> Vec<Indexed> {
    let (kind, header, len) = head(bytes);
    assert_eq!((&kind, bytes[header]), (b"sidx", 1));
    let sidx = bytes.slice(header..len);
    let rest = bytes.slice(len..);
    assert_eq!(u32_at(&sidx, 8), timescale);
    let long = |at| u64::from_be_bytes(array(&sidx, at));
    let mut earliest = long(12) as i64;
    // Where this box ends in the file.
    let mut at = end - rest.len() + long(20) as usize;
    let count = usize::from(u16::from_be_bytes(array(&sidx, 30)));
    assert_eq!(sidx.len(), 32 + 12 * count, "length of sidx");
    let mut rows = Vec::new();
    for n in 0..count {
        let [size, duration, access] = [0, 4, 8].map(|field| u32_at(&sidx, 32 + 12 * n + field));
        let size_of = (size & 0x7fff_ffff) as usize;
        if size >> 31 == 1 {
            let from = bytes.len() - (end - at);
            rows.extend(index(&bytes.slice(from..), end, timescale));
        } else {
            assert_eq!(access >> 31, u32::from(access >> 28 & 7 != 0), "starts_with_SAP");
            let kind = access >> 28 & 7;
            let delta = i64::from(access & 0xfff_ffff);
            rows.push(Indexed { bytes: at..at + size_of, earliest, kind, delta });
        }
        earliest += i64::from(duration);
        at += size_of;
    }
    rows
}

/// Samples in a stretch of fragments, which it consists of.
pub(crate) fn sample_count(bytes: &Bytes) -> usize {
    let mut count = 0;
    for (at, (kind, body)) in boxes(bytes).enumerate() {
        match &kind {
            b"moof" => count += u32_at(&child(&child(&body, b"traf"), b"trun"), 4) as usize,
            b"mdat" => assert!(at > 0),
            other => panic!("{} among fragments", other.escape_ascii()),
        }
    }
    count
}
