//! Media playlists, and the bytes that they name.

use std::path::Path;

use crate::tools::text;

/// What lies between two discontinuities.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    /// The URI of its EXT-X-MAP; empty where it has none.
    pub(crate) map: String,
    pub(crate) segments: Vec<String>,
    /// The header and all segments, joined.
    pub(crate) bytes: Vec<u8>,
}

/// The stretches of a media playlist.
pub(crate) fn stretches(list: &Path) -> Vec<Stretch> {
    let folder = list.parent().expect("it is in a folder");
    let mut all = vec![Stretch::default()];
    let mut range = None;
    for line in text(list).lines() {
        let stretch = all.last_mut().expect("one at least");
        if line == "#EXT-X-DISCONTINUITY" {
            all.push(Stretch::default());
        } else if let Some(map) = line.strip_prefix("#EXT-X-MAP:URI=\"") {
            let mut quoted = map.split('"');
            stretch.map = quoted.next().unwrap_or_default().to_owned();
            let of = quoted.nth(1);
            stretch.bytes.extend(read(folder, &stretch.map, of));
        } else if let Some(of) = line.strip_prefix("#EXT-X-BYTERANGE:") {
            range = Some(of.to_owned());
        } else if !line.starts_with('#') {
            stretch.bytes.extend(read(folder, line, range.take().as_deref()));
            stretch.segments.push(line.to_owned());
        }
    }
    all
}

/// A file, or `length@offset` of it.
fn read(folder: &Path, name: &str, range: Option<&str>) -> Vec<u8> {
    let file = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let Some((length, offset)) = range.and_then(|range| range.split_once('@')) else { return file };
    let (length, offset): (usize, usize) = (length.parse().unwrap(), offset.parse().unwrap());
    file[offset..offset + length].to_vec()
}
