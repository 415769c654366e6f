//! Parameter sets of one kind by id, as a decoder would know them at a point of the stream: the same for H.264 and H.265.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::nal::clean_set;

/// As many sets as there are ids.
#[derive(Clone, Debug)]
pub(crate) struct Sets<T>(BTreeMap<u8, Set<T>>);

#[derive(Clone, Debug)]
struct Set<T> {
    nal: Bytes,
    parsed: T,
}

/// A set of this many bytes, more than [`MAX_SET`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooLong(pub(crate) usize);

/// A set that knows its id.
pub(crate) trait Numbered {
    fn id(&self) -> u8;
}

impl<T> Default for Sets<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Numbered> Sets<T> {
    /// Remembers a set and returns its id. The memory `nal` lies in is not kept.
    pub(crate) fn put<E: From<TooLong>>(
        &mut self,
        nal: &[u8],
        parse: impl Fn(&[u8]) -> Result<T, E>,
    ) -> Result<u8, E> {
        let nal = clean_set(nal);
        if nal.len() > MAX_SET {
            return Err(TooLong(nal.len()).into());
        }
        // Most cameras repeat their sets with every key frame, and reading them again would be most of the work of a unit.
        if let Some((&id, _)) = self.0.iter().find(|(_, set)| set.nal == nal) {
            return Ok(id);
        }
        let parsed = parse(nal)?;
        let id = parsed.id();
        self.0.insert(id, Set { nal: Bytes::copy_from_slice(nal), parsed });
        Ok(id)
    }

    pub(crate) fn get(&self, id: u8) -> Option<&T> {
        Some(&self.0.get(&id)?.parsed)
    }

    /// Whether the set `id` has come and is among `held`, byte for byte.
    pub(crate) fn is_among(&self, id: u8, held: &[Bytes]) -> bool {
        self.0.get(&id).is_some_and(|set| held.contains(&set.nal))
    }

    pub(crate) fn ids(&self, matching: impl Fn(&T) -> bool) -> impl Iterator<Item = u8> {
        self.0.iter().filter(move |(_, set)| matching(&set.parsed)).map(|(&id, _)| id)
    }

    /// The NAL units of these ids in that order, each once.
    pub(crate) fn nals(&self, ids: &[u8]) -> Vec<Bytes> {
        let once = ids.iter().enumerate().filter(|(at, id)| !ids[..*at].contains(id));
        once.filter_map(|(_, id)| Some(self.0.get(id)?.nal.clone())).collect()
    }
}

/// The longest set that is kept, in bytes. A record counts 16 bits; none seen in the wild has a thousand bytes, and 256 picture
/// parameter sets have to stay bounded.
const MAX_SET: usize = 16 * 1024;
