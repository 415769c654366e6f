//! Where segments and playlists lie: in memory, by name, and no more of them than a player can still ask for.
//!
//! Kept are the segments that are listed and as many again, because a player may be a whole window behind the newest playlist (RFC 8216
//! section 6.2.2 asks for that long), and the headers that any of them needs.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use media_core::mux::Rope;

/// Something that can be fetched. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) body: Rope,
    pub(crate) media_type: &'static str,
    /// Quoted, as the header wants it.
    pub(crate) etag: Arc<str>,
    /// Whether the name will never mean other bytes.
    pub(crate) is_immutable: bool,
}

impl Resource {
    /// A header or a segment.
    pub(crate) fn media(name: &str, media_type: &'static str, body: Rope) -> Self {
        Self { body, media_type, etag: format!("\"{name}\"").into(), is_immutable: true }
    }

    /// A playlist in its `version`th form.
    pub(crate) fn playlist(etag: &str, version: u64, media_type: &'static str, text: String) -> Self {
        let body = Rope::from(Bytes::from(text));
        Self { body, media_type, etag: format!("\"{etag}-{version}\"").into(), is_immutable: false }
    }
}

/// The resources of one stream.
#[derive(Debug)]
pub(crate) struct Store {
    by_name: HashMap<String, Resource>,
    /// Names of cuts, oldest first.
    cuts: VecDeque<Kept>,
    /// Names of the headers of each generation that a kept cut needs.
    headers: VecDeque<(u32, Vec<String>)>,
    playlists: Vec<String>,
    capacity: usize,
}

#[derive(Debug)]
struct Kept {
    generation: u32,
    names: Vec<String>,
}

impl Store {
    /// A store for a window that lists `listed` cuts.
    pub(crate) fn new(listed: usize) -> Self {
        Self {
            by_name: HashMap::new(),
            cuts: VecDeque::new(),
            headers: VecDeque::new(),
            playlists: Vec::new(),
            capacity: listed.saturating_mul(2).max(1),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Resource> {
        self.by_name.get(name).cloned()
    }

    /// Keeps the headers of a generation.
    pub(crate) fn headers(&mut self, generation: u32, headers: Vec<(String, Resource)>) {
        let names = self.insert_all(headers);
        self.headers.push_back((generation, names));
    }

    /// Keeps a cut, and lets go of the oldest when there are too many.
    pub(crate) fn cut(&mut self, generation: u32, segments: Vec<(String, Resource)>) {
        let names = self.insert_all(segments);
        self.cuts.push_back(Kept { generation, names });
        while self.cuts.len() > self.capacity {
            self.drop_oldest();
        }
    }

    /// Replaces all playlists.
    pub(crate) fn playlists(&mut self, playlists: Vec<(String, Resource)>) {
        for name in std::mem::take(&mut self.playlists) {
            self.by_name.remove(&name);
        }
        self.playlists = self.insert_all(playlists);
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.by_name.values().map(|resource| resource.body.len()).sum()
    }

    fn insert_all(&mut self, resources: Vec<(String, Resource)>) -> Vec<String> {
        resources
            .into_iter()
            .map(|(name, resource)| {
                self.by_name.insert(name.clone(), resource);
                name
            })
            .collect()
    }

    fn drop_oldest(&mut self) {
        let Some(kept) = self.cuts.pop_front() else { return };
        for name in kept.names {
            self.by_name.remove(&name);
        }
        let needed = self.cuts.front().map_or(kept.generation, |kept| kept.generation);
        while self.headers.front().is_some_and(|(generation, _)| *generation < needed) {
            for name in self.headers.pop_front().map(|(_, names)| names).unwrap_or_default() {
                self.by_name.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(name: &str) -> (String, Resource) {
        (name.to_owned(), Resource::media(name, "video/mp4", Rope::from(Bytes::from_static(b"abc"))))
    }

    #[test]
    fn keeps_a_window_more_than_is_listed() {
        let mut store = Store::new(3);
        store.headers(0, vec![resource("init0")]);
        for number in 0..10 {
            store.cut(0, vec![resource(&format!("v{number}")), resource(&format!("a{number}"))]);
        }
        let kept: Vec<_> = (0..10).filter(|number| store.get(&format!("v{number}")).is_some()).collect();
        assert_eq!(kept, [4, 5, 6, 7, 8, 9]);
        assert!(store.get("a3").is_none() && store.get("init0").is_some());
        assert_eq!(store.bytes(), 3 * 13);
    }

    #[test]
    fn a_header_goes_with_the_last_segment_that_needs_it() {
        let mut store = Store::new(1);
        store.headers(0, vec![resource("init0")]);
        store.cut(0, vec![resource("v0")]);
        store.headers(1, vec![resource("init1")]);
        store.cut(1, vec![resource("v1")]);
        assert!(store.get("init0").is_some());
        store.cut(1, vec![resource("v2")]);
        assert!(store.get("init0").is_none() && store.get("init1").is_some());
    }

    #[test]
    fn playlists_replace_each_other() {
        let mut store = Store::new(1);
        store.playlists(vec![resource("index.m3u8"), resource("audio2.m3u8")]);
        store.playlists(vec![resource("index.m3u8")]);
        assert!(store.get("audio2.m3u8").is_none() && store.get("index.m3u8").is_some());
    }
}
