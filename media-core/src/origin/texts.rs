//! Lists as they were written last: each once per change, when the first client asks for it.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::mux::Rope;
use crate::playlist::hls::Skip;
use crate::track::TrackId;

/// The lists since the last change.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Counts changes.
    any: u64,
    /// Those of more than parts at the live edge.
    whole: u64,
    multivariant: Text,
    manifest: Text,
    media: Vec<(TrackId, [Text; 3])>,
}

/// A list that was asked for, or was not.
type Text = OnceLock<Option<Bytes>>;

impl Texts {
    /// Something that is listed has changed; nothing but the live edge of media playlists, where it was a part.
    pub(super) fn changed(&mut self, only_media: bool) {
        self.any += 1;
        self.media.iter_mut().for_each(|(_, forms)| *forms = Default::default());
        if !only_media {
            self.whole = self.any;
            (self.multivariant, self.manifest) = (Text::new(), Text::new());
        }
    }

    /// Makes room for the lists of tracks.
    pub(super) fn know(&mut self, tracks: impl Iterator<Item = TrackId>) {
        for track in tracks {
            if !self.media.iter().any(|(known, _)| *known == track) {
                self.media.push((track, Default::default()));
            }
        }
    }

    /// The number of the newest change.
    pub(super) const fn any(&self) -> u64 {
        self.any
    }

    /// The number of the newest change of more than parts.
    pub(super) const fn whole(&self) -> u64 {
        self.whole
    }

    pub(super) fn multivariant(&self, write: impl FnOnce() -> Option<String>) -> Option<Rope> {
        written(&self.multivariant, write)
    }

    pub(super) fn manifest(&self, write: impl FnOnce() -> Option<String>) -> Option<Rope> {
        written(&self.manifest, write)
    }

    pub(super) fn media(
        &self,
        track: TrackId,
        skip: Skip,
        write: impl FnOnce() -> Option<String>,
    ) -> Option<Rope> {
        let (_, forms) = self.media.iter().find(|(known, _)| *known == track)?;
        written(&forms[skip as usize], write)
    }
}

fn written(text: &Text, write: impl FnOnce() -> Option<String>) -> Option<Rope> {
    text.get_or_init(|| write().map(Bytes::from)).clone().map(Rope::from)
}
