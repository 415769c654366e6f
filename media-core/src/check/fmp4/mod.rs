//! ISO base media files: fragmented, CMAF, and progressive (ISO/IEC 14496-12, -14, -15, 23000-19, and how VP9, AV1 and Opus are put in).
//!
//! The [`Checker`] takes a file, or an init segment and the segments that follow it, as one run of bytes. It keeps a box of at most
//! [`Checker::LIMIT`] bytes at a time, and media data that comes before the `moov` it belongs to up to as much; what is larger is passed over and told as
//! [`rules::NOT_EXAMINED`].
//!
//! ```
//! use media_core::check::{Severity, fmp4};
//!
//! let mut checker = fmp4::Checker::new();
//! checker.push(b"\0\0\0\x14ftypisom\0\0\0\0isom");
//! checker.push(b"\0\0\0\x04moov");
//! let report = checker.finish();
//! assert_eq!(report.worst(), Some(Severity::Error));
//! assert_eq!(report.findings()[0].rule.name, "box-size");
//! ```

mod access;
mod av1;
mod boxes;
mod data;
mod entry;
mod fragment;
mod index;
mod movie;
pub mod rules;
mod stream;
mod tables;

use bytes::Bytes;

use self::boxes::{Found, Name};
use self::data::{DATA, check_chunks, look_at_chunks, look_at_fragment};
use self::entry::Codec;
use self::fragment::{Brands, Fragment};
use self::index::Index;
use self::movie::Movie;
use super::input::Input;
use super::{Place, Report};

/// Judges one file, or one rendition's init segment and segments.
#[derive(Debug, Default)]
pub struct Checker {
    report: Report,
    input: Input,
    first: bool,
    brands: Brands,
    movie: Option<Movie>,
    fragment: Option<Fragment>,
    sequence: Option<u32>,
    indexes: Vec<Index>,
    /// Media data before its `moov`.
    early: Vec<(u64, Bytes)>,
    early_len: usize,
    /// Where media data lies, for progressive files.
    data: Vec<(u64, u64)>,
    fragments: u64,
    begins: access::Fragments,
    /// Media data boxes looked at for sample tables.
    looked: usize,
}

impl Checker {
    /// Bytes of one box that are kept.
    pub const LIMIT: usize = Input::LIMIT;

    /// A checker at the start of a file.
    pub fn new() -> Self {
        Self { first: true, ..Self::default() }
    }

    /// The next bytes, as many as there are.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while self.input.fill(&mut bytes) {
            self.read_pending();
        }
    }

    /// What was found so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Compares a `codecs` parameter of a playlist or manifest with the sample entries of the `moov` that was pushed.
    pub fn expect_codecs(&mut self, codecs: &str) {
        let Some(movie) = &self.movie else { return };
        let entries = movie.tracks.iter().filter_map(|track| track.entries.first());
        for own in entries.filter_map(|entry| entry.codecs()) {
            let mut listed = codecs.split(',').map(str::trim);
            if !listed.any(|listed| same_codec(listed, &own)) {
                self.report.add(
                    &rules::CODECS,
                    Place::Byte(movie.at),
                    format_args!("codecs {codecs:?} lack {own}"),
                );
            }
        }
    }

    /// The file has ended.
    pub fn finish(mut self) -> Report {
        if self.input.passing() > 0 {
            self.report.add(
                &rules::TRUNCATED,
                Place::Byte(self.input.at()),
                format_args!("{} bytes of the last box are missing", self.input.passing()),
            );
        } else if !self.input.pending().is_empty() && !self.input.is_lost() {
            self.read_last();
        }
        let end = self.input.at() + self.input.pending().len() as u64;
        self.missing_data();
        if let Some(movie) = &self.movie {
            movie.finish(self.fragments > 0, &mut self.report);
            check_chunks(movie, &self.data, &mut self.report);
        }
        // Where boxes were lost, nobody knows where the file ends.
        if !self.input.is_lost() {
            self.indexes.iter().for_each(|index| index.finish(end, &mut self.report));
        }
        self.report
    }

    /// Reads the boxes that are whole.
    fn read_pending(&mut self) {
        while let Ok((kind, head, size)) = boxes::head(self.input.pending()) {
            // A box to the end is the last one.
            let Some(size) = size else { return self.hold() };
            if size < head {
                let name = Name(kind);
                self.report.add(
                    &rules::BOX_SIZE,
                    Place::Byte(self.input.at()),
                    format_args!("{name} of {size} bytes"),
                );
                return self.input.lose();
            }
            if size > Self::LIMIT as u64 {
                self.pass(kind, head, size);
                continue;
            }
            let size = size as usize;
            if self.input.pending().len() < size {
                return;
            }
            let (at, whole) = self.input.take(size);
            self.see(kind, at, head, &whole);
        }
    }

    /// A last box is as long as the file; what is beyond the limit is not looked at.
    fn hold(&mut self) {
        if self.input.pending().len() >= Self::LIMIT {
            self.report.add(
                &rules::NOT_EXAMINED,
                Place::Byte(self.input.at()),
                format_args!("a last box of more than {} bytes", Self::LIMIT),
            );
            self.input.lose();
        }
    }

    /// Passes over a box that is too large to keep.
    fn pass(&mut self, kind: [u8; 4], head: u64, size: u64) {
        let name = Name(kind);
        let at = self.input.at();
        self.report.add(&rules::NOT_EXAMINED, Place::Byte(at), format_args!("{name} of {size} bytes"));
        if &kind == b"mdat" {
            self.add_data(at + head, at.saturating_add(size));
            self.fragment = None;
        }
        self.input.pass(size);
    }

    /// The last box: one to the end of the file, or one cut short.
    fn read_last(&mut self) {
        let (at, whole) = self.input.take(self.input.pending().len());
        let len = whole.len() as u64;
        match boxes::head(&whole) {
            Ok((kind, head, None)) if head <= len => self.see(kind, at, head, &whole),
            Ok((kind, _, size)) => {
                let (name, size) = (Name(kind), size.unwrap_or(0));
                self.report.add(
                    &rules::TRUNCATED,
                    Place::Byte(at),
                    format_args!("{name} of {size} bytes, the file has {len} of it"),
                );
                if &kind == b"mdat" {
                    self.add_data(at, at + len);
                    self.fragment = None;
                }
            }
            Err(_) => self.report.add(
                &rules::TRUNCATED,
                Place::Byte(at),
                format_args!("{len} bytes at the end are no box"),
            ),
        }
    }

    /// A box at the top, whole.
    fn see(&mut self, kind: [u8; 4], at: u64, head: u64, whole: &Bytes) {
        let found = Found { kind, at, head, body: &whole[head as usize..] };
        if std::mem::take(&mut self.first)
            && !matches!(&kind, b"ftyp" | b"styp" | b"moof" | b"sidx" | b"emsg" | b"prft")
        {
            self.report.add(&rules::FTYP, found.place(), format_args!("the file begins with {}", Name(kind)));
        }
        boxes::check(&found, &mut self.report);
        self.indexes.iter_mut().for_each(|index| index.see_box(found.at, kind, &mut self.report));
        match &kind {
            b"ftyp" => self.see_brands(&found),
            b"moov" => self.see_movie(&found),
            b"moof" => self.see_fragment(&found),
            b"mfra" => self.begins.check(&found, &mut self.report),
            b"sidx" if self.indexes.len() < INDEXES => {
                self.indexes.extend(Index::read(&found, &mut self.report))
            }
            b"mdat" => self.see_data(&found, &whole.slice(head as usize..)),
            _ => {}
        }
    }

    fn see_brands(&mut self, ftyp: &Found<'_>) {
        let brands: Vec<&[u8; 4]> = ftyp.body.as_chunks::<4>().0.iter().collect();
        let has = |brand: &[u8; 4]| brands.iter().skip(2).any(|listed| *listed == brand);
        self.brands = Brands { cmaf: has(b"cmfc") || has(b"cmf2"), cmf2: has(b"cmf2") };
        if let Some(major) = brands.first().filter(|major| !has(major)) {
            self.report.add(
                &rules::BRAND,
                ftyp.place(),
                format_args!("major brand {} is not among the compatible ones", Name(**major)),
            );
        }
    }

    fn see_movie(&mut self, moov: &Found<'_>) {
        if self.movie.is_some() {
            self.report.add(&rules::BOX_TWICE, moov.place(), format_args!("a second moov"));
        }
        let movie = Movie::read(moov, &mut self.report);
        let at = moov.place();
        if self.brands.cmaf && movie.tracks.len() != 1 {
            self.report.add(&rules::CMAF, at, format_args!("a CMAF header of {} tracks", movie.tracks.len()));
        }
        for track in movie.tracks.iter().filter(|_| self.brands.cmf2) {
            if &track.handler == b"vide" && !track.edits.is_empty() {
                self.report.add(
                    &rules::CMF2,
                    at,
                    format_args!("{track} has an edit list, brand cmf2 has none for pictures"),
                );
            }
        }
        for track in &movie.tracks {
            let pre_skip = track.entries.iter().find_map(|entry| match entry.codec {
                Codec::Opus { pre_skip } => Some(i64::from(pre_skip)),
                _ => None,
            });
            fragment::check_distances(&track.rolls, track, at, &mut self.report);
            let skipped = i128::from(track.cut()) * 48_000;
            if let Some(pre_skip) = pre_skip
                && (skipped - i128::from(pre_skip) * i128::from(track.timescale)).abs()
                    > 2 * i128::from(track.timescale)
            {
                self.report.add(
                    &rules::PRE_SKIP_EDIT,
                    at,
                    format_args!("{track}: pre-skip of {pre_skip} samples, the edit list takes away {} ticks of 1/{} s", track.cut(), track.timescale),
                );
            }
        }
        for (at, data) in std::mem::take(&mut self.early) {
            look_at_chunks(&movie, at, &data, &mut self.report);
        }
        self.early_len = 0;
        self.movie = Some(movie);
    }

    fn see_fragment(&mut self, moof: &Found<'_>) {
        self.missing_data();
        self.fragments += 1;
        self.begins.add(moof.at);
        let Some(movie) = &mut self.movie else {
            if self.fragments == 1 {
                self.report.add(
                    &rules::NOT_EXAMINED,
                    moof.place(),
                    format_args!("fragments without their moov"),
                );
            }
            return;
        };
        let fragment = Fragment::read(moof, movie, self.brands, &mut self.sequence, &mut self.report);
        self.indexes.iter_mut().for_each(|index| index.see_fragment(&fragment, movie, &mut self.report));
        self.fragment = Some(fragment);
    }

    /// A fragment whose media data did not come before the next one, or the end.
    fn missing_data(&mut self) {
        let Some(fragment) = self.fragment.take() else { return };
        if fragment.samples.iter().any(|sample| sample.size > 0) {
            self.report.add(
                &rules::DATA_OFFSET,
                Place::Byte(fragment.at),
                format_args!("a fragment whose samples are in no mdat behind it"),
            );
        }
    }

    fn see_data(&mut self, mdat: &Found<'_>, data: &Bytes) {
        let start = mdat.at + mdat.head;
        self.add_data(start, mdat.end());
        match (&self.movie, self.fragment.take()) {
            (Some(movie), Some(fragment)) => {
                look_at_fragment(movie, &fragment, start, data, &mut self.report)
            }
            (Some(movie), None) if self.looked < DATA => {
                self.looked += 1;
                look_at_chunks(movie, start, data, &mut self.report);
            }
            (Some(_), None) => {}
            (None, _) if self.early_len + data.len() <= Self::LIMIT => {
                self.early_len += data.len();
                self.early.push((start, data.clone()));
            }
            (None, _) => self.report.add(
                &rules::NOT_EXAMINED,
                mdat.place(),
                format_args!("mdat of {} bytes before moov", data.len()),
            ),
        }
    }

    fn add_data(&mut self, start: u64, end: u64) {
        let fragmented = self.movie.as_ref().is_some_and(|movie| movie.fragmented);
        if !fragmented && self.data.len() < DATA {
            self.data.push((start, end));
        }
    }
}

/// Codecs parameters that mean the same: case does not matter for Opus, and optional fields may be left out.
fn same_codec(listed: &str, own: &str) -> bool {
    listed.eq_ignore_ascii_case(own) && (listed == own || own == "opus")
        || listed.starts_with(own) && listed.as_bytes().get(own.len()) == Some(&b'.')
        || own == "vp08" && (listed == "vp8" || listed.starts_with("vp08"))
}

const INDEXES: usize = 64;
