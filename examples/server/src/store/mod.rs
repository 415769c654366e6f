//! Where segments and playlists lie: in memory, by name, until the [window](media_core::playlist::Window) says that no player should ask
//! for them any more.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use media_core::mux::Rope;
use media_core::playlist::Expired;

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
#[derive(Debug, Default)]
pub(crate) struct Store {
    by_name: HashMap<String, Resource>,
    /// Names of the headers, by generation.
    headers: HashMap<u32, Vec<String>>,
    /// Names of the segments, by the number of their cut.
    cuts: HashMap<u64, Vec<String>>,
    playlists: Vec<String>,
}

impl Store {
    pub(crate) fn get(&self, name: &str) -> Option<Resource> {
        self.by_name.get(name).cloned()
    }

    /// Keeps the headers of a generation.
    pub(crate) fn headers(&mut self, generation: u32, headers: Vec<(String, Resource)>) {
        let names = self.insert_all(headers);
        self.headers.insert(generation, names);
    }

    /// Keeps the segments of a cut.
    pub(crate) fn cut(&mut self, number: u64, segments: Vec<(String, Resource)>) {
        let names = self.insert_all(segments);
        self.cuts.insert(number, names);
    }

    /// Replaces all playlists.
    pub(crate) fn playlists(&mut self, playlists: Vec<(String, Resource)>) {
        let old = std::mem::take(&mut self.playlists);
        self.remove_all(old);
        self.playlists = self.insert_all(playlists);
    }

    /// Lets go of what no player should ask for any more.
    pub(crate) fn expire(&mut self, expired: Expired) {
        let names = match expired {
            Expired::Cut { number, .. } => self.cuts.remove(&number),
            Expired::Init { generation } => self.headers.remove(&generation),
        };
        self.remove_all(names.unwrap_or_default());
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

    fn remove_all(&mut self, names: Vec<String>) {
        for name in names {
            self.by_name.remove(&name);
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
    fn what_expires_is_gone_and_nothing_else() {
        let mut store = Store::default();
        store.headers(0, vec![resource("init0")]);
        store.cut(7, vec![resource("v7"), resource("a7")]);
        store.cut(8, vec![resource("v8"), resource("a8")]);
        store.expire(Expired::Cut { number: 7, generation: 0 });
        store.expire(Expired::Cut { number: 7, generation: 0 });
        assert!(store.get("v7").is_none() && store.get("a7").is_none());
        assert!(store.get("v8").is_some() && store.get("init0").is_some());
        store.expire(Expired::Init { generation: 0 });
        assert_eq!(store.bytes(), 6);
    }

    #[test]
    fn playlists_replace_each_other() {
        let mut store = Store::default();
        store.playlists(vec![resource("index.m3u8"), resource("audio2.m3u8")]);
        store.playlists(vec![resource("index.m3u8")]);
        assert!(store.get("audio2.m3u8").is_none() && store.get("index.m3u8").is_some());
    }
}
