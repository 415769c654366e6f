//! From a playlist or a manifest to the files it names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use media_core::check::{Address, End, Joined, dash, hls};

use crate::media::{self, Piece};
use crate::told::Told;

/// Goes through texts; `seen` are files that need not be judged once more.
pub(crate) struct Follower<'a> {
    pub(crate) told: &'a mut Told,
    pub(crate) seen: &'a mut HashSet<PathBuf>,
    pub(crate) alone: bool,
}

impl Follower<'_> {
    pub(crate) fn text(&mut self, path: &Path) {
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) => return self.told.unread(path, &error),
        };
        self.seen.insert(plain(path));
        if path.extension().is_some_and(|ending| ending == "mpd") {
            return self.manifest(path, &text);
        }
        match hls::Named::read(&text) {
            hls::Named::Playlists(names) => self.multivariant(path, &text, &names),
            named => {
                let mut checker = hls::Checker::new();
                checker.push(&text);
                self.told.texts(&[path.to_owned()], &checker.finish());
                self.media(path, &named);
            }
        }
    }

    /// A multivariant playlist with those it names.
    fn multivariant(&mut self, path: &Path, text: &str, names: &[String]) {
        let mut set = hls::Set::new();
        set.push(text);
        let mut texts = vec![path.to_owned()];
        let mut named = Vec::new();
        for name in names.iter().filter(|_| !self.alone) {
            let Some(file) = beside(path, name) else {
                self.told.remark(path, &format!("{name} is not beside it, and was not looked at"));
                continue;
            };
            match read_text(&file) {
                Ok(text) => {
                    set.push_media(name, &text);
                    let of = hls::Named::read(&text);
                    if let Some(measured) = measure(&file, &of) {
                        set.measure(name, measured);
                    }
                    self.seen.insert(plain(&file));
                    texts.push(file.clone());
                    named.push((file, of));
                }
                Err(error) => self.told.unread(&file, &error),
            }
        }
        self.told.texts(&texts, &set.finish());
        named.iter().for_each(|(file, named)| self.media(file, named));
    }

    fn manifest(&mut self, path: &Path, text: &str) {
        let mut checker = dash::Checker::new();
        checker.push(text);
        let all = if self.alone { Vec::new() } else { dash::files(text) };
        for of in &all {
            // An index lies at the beginning or the end of the file that is all of a representation.
            if let ([only], None) = (&of.segments[..], &of.header)
                && let Some(file) = beside(path, &only.address.uri)
                && fs::metadata(&file).is_ok_and(|found| found.is_file() && found.len() < INDEXED)
                && let Ok(bytes) = fs::read(&file)
            {
                checker.index(&of.name, &bytes);
            }
        }
        self.told.texts(&[path.to_owned()], &checker.finish());
        all.iter().for_each(|of| self.stream(path, of));
    }

    /// The files of a media playlist.
    fn media(&mut self, path: &Path, named: &hls::Named) {
        match named {
            _ if self.alone => {}
            hls::Named::Media { joined, .. } => joined.iter().for_each(|joined| self.stream(path, joined)),
            hls::Named::KeyPictures(all) => {
                let pieces = self.pieces(path, all.iter(), End::Listed);
                self.seen.extend(pieces.iter().map(|piece| plain(&piece.path)));
            }
            hls::Named::Playlists(_) => {}
        }
    }

    /// A header and its segments, as far as they are there.
    fn stream(&mut self, path: &Path, joined: &Joined) {
        let segments = joined.segments.iter().map(|segment| &segment.address);
        let header = self.pieces(path, joined.header.iter(), End::Listed);
        let pieces = self.pieces(path, segments, joined.end);
        let whole = header.len() == usize::from(joined.header.is_some()) && !pieces.is_empty();
        let pieces = [header, pieces].concat();
        let known = pieces.iter().all(|piece| self.seen.contains(&plain(&piece.path)));
        self.seen.extend(pieces.iter().map(|piece| plain(&piece.path)));
        // Of the same files another text was followed to, all was said.
        if !whole || known {
            return;
        }
        let name = match &joined.name[..] {
            "" => path.display().to_string(),
            name => format!("{}, {name}", path.display()),
        };
        if let Err(error) = media::joined(&name, &pieces, self.told) {
            self.told.unread(path, &error);
        }
    }

    /// The files that are there, up to the first that is not: what lies behind a hole is another stream.
    fn pieces<'a>(&mut self, path: &Path, all: impl Iterator<Item = &'a Address>, end: End) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for address in all {
            let Some(file) = beside(path, &address.uri) else {
                self.told.remark(path, &format!("{} is not beside it, and was not looked at", address.uri));
                break;
            };
            let piece = Piece { path: file, range: address.range.clone() };
            match piece.len() {
                Ok(_) => pieces.push(piece),
                Err(error) => {
                    if end == End::Listed || pieces.is_empty() {
                        let why = format!("{error}; {} names it", path.display());
                        self.told.unread(&piece.path, &why);
                    }
                    break;
                }
            }
        }
        pieces
    }
}

/// Bit rates by the sizes of files; `None` where not all are there.
fn measure(path: &Path, named: &hls::Named) -> Option<hls::Measured> {
    let hls::Named::Media { target, joined } = named else { return None };
    let segments = joined.iter().flat_map(|joined| &joined.segments).map(|segment| {
        let Address { uri, range } = &segment.address;
        let piece = Piece { path: beside(path, uri)?, range: range.clone() };
        Some((piece.len().ok()?, segment.nanos))
    });
    hls::Measured::of(&segments.collect::<Option<Vec<_>>>()?, *target)
}

/// The file that a text names; `None` for what is elsewhere.
fn beside(text: &Path, uri: &str) -> Option<PathBuf> {
    let name = uri.split(['?', '#']).next().unwrap_or(uri);
    if name.is_empty() || name.starts_with('/') || name.contains(':') {
        return None;
    }
    Some(text.parent().unwrap_or(Path::new("")).join(decoded(name)))
}

/// Without its percent signs, RFC 3986 2.1.
fn decoded(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text of a size that texts have.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let found = fs::metadata(path)?;
    if !found.is_file() || found.len() > hls::Checker::LIMIT as u64 {
        return Err(io::Error::other(format!("not a text of at most {} bytes", hls::Checker::LIMIT)));
    }
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

/// One name for one file.
pub(crate) fn plain(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Files up to so many bytes are read for their index.
const INDEXED: u64 = 256 << 20;
