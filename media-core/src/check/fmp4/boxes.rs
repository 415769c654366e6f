//! Boxes inside a box, ISO/IEC 14496-12 4.2, and which of them there must be.

use super::rules;
use crate::bits::{Error, Reader};
use crate::check::{Place, Report};

/// A box that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) kind: [u8; 4],
    /// Where it begins in what was pushed.
    pub(super) at: u64,
    /// Bytes before the body.
    pub(super) head: u64,
    pub(super) body: &'a [u8],
}

impl<'a> Found<'a> {
    /// The boxes in it, up to the first that is broken.
    pub(super) fn children(&self) -> impl Iterator<Item = Found<'a>> + use<'a> {
        children(self.body, self.at + self.head)
    }

    /// The first box of a kind in it.
    pub(super) fn child(&self, kind: &[u8; 4]) -> Option<Found<'a>> {
        self.children().find(|child| child.kind == *kind)
    }

    /// The first box at the end of a path.
    pub(super) fn path(&self, kinds: &[&[u8; 4]]) -> Option<Found<'a>> {
        kinds.iter().try_fold(*self, |found, kind| found.child(kind))
    }

    pub(super) const fn place(&self) -> Place {
        Place::Byte(self.at)
    }

    pub(super) const fn end(&self) -> u64 {
        self.at + self.head + self.body.len() as u64
    }

    /// Version and flags, and what follows them.
    pub(super) fn full(&self) -> Result<(u8, u32, Reader<'a>), Error> {
        let mut reader = Reader::new(self.body);
        let version = reader.u8()?;
        let flags = reader.u24()?;
        Ok((version, flags, reader))
    }

    /// Reads the box with `read`; one that is too short is a finding.
    pub(super) fn read<T>(
        &self,
        report: &mut Report,
        read: impl FnOnce(u8, u32, &mut Reader<'a>) -> Result<T, Error>,
    ) -> Option<T> {
        let fields = self.full().and_then(|(version, flags, mut reader)| read(version, flags, &mut reader));
        if fields.is_err() {
            let (name, len) = (Name(self.kind), self.body.len());
            report.add(
                &rules::BOX_FIELDS,
                self.place(),
                format_args!("{name} of {len} bytes is shorter than its fields"),
            );
        }
        fields.ok()
    }
}

/// The name of a box as people write it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name(pub(super) [u8; 4]);

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0.escape_ascii())
    }
}

/// The head of a box: its kind, the length of the head and of all of it. A length of `None` reaches to the end.
pub(super) fn head(data: &[u8]) -> Result<([u8; 4], u64, Option<u64>), Error> {
    let mut reader = Reader::new(data);
    let size = reader.u32()?;
    let kind = reader.array()?;
    let user = if &kind == b"uuid" { 16 } else { 0 };
    match size {
        0 => Ok((kind, 8 + user, None)),
        1 => Ok((kind, 16 + user, Some(reader.u64()?))),
        size => Ok((kind, 8 + user, Some(size.into()))),
    }
}

/// The boxes of `body`, which begins at `at`, up to the first that is broken.
pub(super) fn children<'a>(body: &'a [u8], at: u64) -> impl Iterator<Item = Found<'a>> + use<'a> {
    let mut rest = body;
    let mut at = at;
    std::iter::from_fn(move || {
        let (found, after) = first(rest, at).ok()?;
        at = found.end();
        rest = after;
        Some(found)
    })
}

fn first(rest: &[u8], at: u64) -> Result<(Found<'_>, &[u8]), Error> {
    let (kind, head, size) = head(rest)?;
    let size = size.unwrap_or(rest.len() as u64);
    let size = usize::try_from(size).map_err(|_| Error::End)?;
    let (own, after) = rest.split_at_checked(size).ok_or(Error::End)?;
    let body = own.get(head as usize..).ok_or(Error::End)?;
    Ok((Found { kind, at, head, body }, after))
}

/// Checks the sizes of all boxes in `found`, and that what must be there is there once.
pub(super) fn check(found: &Found<'_>, report: &mut Report) {
    let Some((must, once)) = content(found.kind) else { return };
    let mut end = found.at + found.head;
    for child in found.children() {
        end = child.end();
        check(&child, report);
    }
    let left = found.end() - end;
    // Four zero bytes end `udta` in QuickTime files; nothing else does.
    if left > 0 {
        let name = Name(found.kind);
        report.add(
            &rules::BOX_SIZE,
            Place::Byte(end),
            format_args!("{left} bytes at the end of {name} are no whole box"),
        );
    }
    for kind in must.iter().filter(|kind| found.child(kind).is_none()) {
        let (name, missing) = (Name(found.kind), Name(**kind));
        report.add(&rules::BOX_MISSING, found.place(), format_args!("{name} without {missing}"));
    }
    for kind in once {
        let twice = found.children().filter(|child| child.kind == **kind).nth(1);
        if let Some(twice) = twice {
            let (name, kind) = (Name(found.kind), Name(**kind));
            report.add(&rules::BOX_TWICE, twice.place(), format_args!("a second {kind} in {name}"));
        }
    }
}

type Kinds = &'static [&'static [u8; 4]];

/// What a container must have, and what it has at most once.
fn content(kind: [u8; 4]) -> Option<(Kinds, Kinds)> {
    let (must, more): (Kinds, Kinds) = match &kind {
        b"moov" => (&[b"mvhd"], &[b"mvhd", b"mvex"]),
        b"trak" => (&[b"tkhd", b"mdia"], &[b"tkhd", b"mdia", b"edts"]),
        b"mdia" => (&[b"mdhd", b"hdlr", b"minf"], &[b"mdhd", b"hdlr", b"minf"]),
        b"minf" => (&[b"dinf", b"stbl"], &[b"dinf", b"stbl"]),
        b"stbl" => {
            (&[b"stsd", b"stts", b"stsc"], &[b"stsd", b"stts", b"stsc", b"stsz", b"stco", b"ctts", b"stss"])
        }
        b"dinf" => (&[b"dref"], &[b"dref"]),
        b"edts" => (&[], &[b"elst"]),
        b"mvex" => (&[b"trex"], &[b"mehd"]),
        b"moof" => (&[b"mfhd"], &[b"mfhd"]),
        b"traf" => (&[b"tfhd"], &[b"tfhd", b"tfdt"]),
        b"mfra" => (&[b"mfro"], &[b"mfro"]),
        _ => return None,
    };
    Some((must, more))
}
