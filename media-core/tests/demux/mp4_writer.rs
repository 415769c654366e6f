//! Boxes by hand, for files that no muxer of ours writes.

/// Numbers behind each other.
pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A box.
pub(crate) fn bx(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, &body].concat()
}

/// A full box.
pub(crate) fn full(kind: &[u8; 4], version: u8, flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    let head = (u32::from(version) << 24 | flags).to_be_bytes();
    bx(kind, &[&[&head[..]], parts].concat())
}

/// A full box of rows that are counted.
pub(crate) fn table(kind: &[u8; 4], version: u8, rows: &[&[u32]]) -> Vec<u8> {
    full(kind, version, 0, &[&words(&[rows.len() as u32]), &words(&rows.concat())])
}

/// A file in the making: one track, whose samples lie in an `mdat` at byte 8 of the file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) movie_timescale: u32,
    pub(crate) timescale: u32,
    pub(crate) handler: [u8; 4],
    pub(crate) matrix: [i32; 9],
    pub(crate) language: u16,
    /// What is in `stsd`, each with its box header.
    pub(crate) entries: Vec<Vec<u8>>,
    /// `elst`, whole.
    pub(crate) edits: Vec<u8>,
    /// The boxes of `stbl` other than `stsd`, whole.
    pub(crate) tables: Vec<Vec<u8>>,
    /// `mvex`, whole.
    pub(crate) extends: Vec<u8>,
    pub(crate) media: Vec<u8>,
}

impl File {
    /// Sound of AAC at 48 kHz; every sample lasts 1024 ticks and is a chunk of its own.
    pub(crate) fn sound(samples: &[&[u8]]) -> Self {
        Self::new(48_000, *b"soun", sound_entry(), samples, 1024)
    }

    /// Pictures of H.264, 100 ticks of a millisecond each; samples are NAL units behind 4-byte lengths.
    pub(crate) fn pictures(samples: &[&[u8]]) -> Self {
        Self::new(1000, *b"vide", picture_entry(b"avc1", 4, true), samples, 100)
    }

    fn new(timescale: u32, handler: [u8; 4], entry: Vec<u8>, samples: &[&[u8]], duration: u32) -> Self {
        let count = samples.len() as u32;
        let sizes: Vec<u32> = samples.iter().map(|sample| sample.len() as u32).collect();
        let mut at = 8;
        let mut offsets = Vec::new();
        for size in &sizes {
            offsets.push(at);
            at += size;
        }
        Self {
            movie_timescale: timescale,
            timescale,
            handler,
            matrix: [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000],
            language: 0x55c4,
            entries: vec![entry],
            edits: Vec::new(),
            tables: vec![
                table(b"stts", 0, &[&[count, duration]]),
                table(b"stsc", 0, &[&[1, 1, 1]]),
                full(b"stsz", 0, 0, &[&words(&[0, count]), &words(&sizes)]),
                full(b"stco", 0, 0, &[&words(&[count]), &words(&offsets)]),
            ],
            extends: Vec::new(),
            media: samples.concat(),
        }
    }

    /// The same with another table, in place of one of that kind if there is one.
    pub(crate) fn with(mut self, table: Vec<u8>) -> Self {
        self.tables.retain(|other| other[4..8] != table[4..8]);
        self.tables.push(table);
        self
    }

    /// The same with edits of duration, media time (-1 for an empty one) at speed one.
    pub(crate) fn edited(mut self, edits: &[(u32, i32)]) -> Self {
        let rows: Vec<_> =
            edits.iter().map(|(duration, time)| [*duration, time.cast_unsigned(), 0x1_0000]).collect();
        let rows: Vec<&[u32]> = rows.iter().map(|row| &row[..]).collect();
        self.edits = bx(b"edts", &[&table(b"elst", 0, &rows)]);
        self
    }

    /// `moov`.
    pub(crate) fn index(&self) -> Vec<u8> {
        let mvhd = full(b"mvhd", 0, 0, &[&words(&[0, 0, self.movie_timescale, 0]), &[0; 80]]);
        let matrix: Vec<u8> = self.matrix.iter().flat_map(|word| word.to_be_bytes()).collect();
        let tkhd = full(b"tkhd", 0, 7, &[&words(&[0, 0, 1, 0, 0]), &[0; 16], &matrix, &[0; 8]]);
        let mdhd =
            full(b"mdhd", 0, 0, &[&words(&[0, 0, self.timescale, 0]), &self.language.to_be_bytes(), &[0; 2]]);
        let hdlr = full(b"hdlr", 0, 0, &[&[0; 4], &self.handler, &[0; 13]]);
        let count = words(&[self.entries.len() as u32]);
        let stsd = full(b"stsd", 0, 0, &[&count, &self.entries.concat()]);
        let stbl = bx(b"stbl", &[&stsd, &self.tables.concat()]);
        let mdia = bx(b"mdia", &[&mdhd, &hdlr, &bx(b"minf", &[&stbl])]);
        bx(b"moov", &[&mvhd, &bx(b"trak", &[&tkhd, &self.edits, &mdia]), &self.extends])
    }

    /// `mdat` and `moov`.
    pub(crate) fn bytes(&self) -> bytes::Bytes {
        [bx(b"mdat", &[&self.media]), self.index()].concat().into()
    }
}

/// `mp4a` with an AudioSpecificConfig of AAC-LC, 48 kHz, stereo.
pub(crate) fn sound_entry() -> Vec<u8> {
    bx(b"mp4a", &[&sound_fields(0), &esds(0x40, &[0x11, 0x90])])
}

/// The fields of an audio sample entry.
pub(crate) fn sound_fields(version: u16) -> Vec<u8> {
    let mut fields = vec![0, 0, 0, 0, 0, 0, 0, 1];
    fields.extend(version.to_be_bytes());
    fields.extend([0, 0, 0, 0, 0, 0, 0, 2, 0, 16, 0, 0, 0, 0, 0xbb, 0x80, 0, 0]);
    fields
}

/// `esds` with that object type and configuration; lengths are written in four bytes, as many writers do.
pub(crate) fn esds(object_type: u8, specific: &[u8]) -> Vec<u8> {
    let descriptor = |tag: u8, body: &[u8]| [&[tag, 0x80, 0x80, 0x80, body.len() as u8], body].concat();
    let specific = descriptor(5, specific);
    let config = descriptor(4, &[&[object_type, 0x15], &[0; 11][..], &specific].concat());
    full(b"esds", 0, 0, &[&descriptor(3, &[&[0, 1, 0], &config[..], &descriptor(6, &[2])].concat())])
}

/// 320x240, Constrained Baseline.
pub(crate) const SPS: &[u8] =
    b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
pub(crate) const PPS: &[u8] = b"\x68\xcb\x83\xcb\x20";

/// The fields of a visual sample entry.
pub(crate) fn picture_fields() -> Vec<u8> {
    let mut fields = vec![0; 78];
    fields[7] = 1;
    fields[24..28].copy_from_slice(&[1, 64, 0, 240]);
    fields
}

/// `avc1` or `avc3`, with or without parameter sets.
pub(crate) fn picture_entry(kind: &[u8; 4], length_size: u8, sets: bool) -> Vec<u8> {
    let mut record = vec![1, 0x42, 0xc0, 0x0d, 0xfc | (length_size - 1)];
    let set = |set: &[u8]| [&(set.len() as u16).to_be_bytes()[..], set].concat();
    if sets {
        record.push(0xe1);
        record.extend(set(SPS));
        record.push(1);
        record.extend(set(PPS));
    } else {
        record.extend([0xe0, 0]);
    }
    bx(kind, &[&picture_fields(), &bx(b"avcC", &[&record])])
}
