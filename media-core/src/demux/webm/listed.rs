//! `SeekHead`, RFC 9559 section 5.1.1: where other elements stand.

use super::ebml;
use super::ids::{CUES, SEEK, SEEK_HEAD, SEEK_ID, SEEK_POSITION, TRACKS};

/// Where elements stand, counted from the first byte of the source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Listed {
    pub(super) tracks: Option<u64>,
    pub(super) cues: Option<u64>,
    /// Another `SeekHead`.
    pub(super) more: Option<u64>,
}

impl Listed {
    pub(super) const NONE: Self = Self { tracks: None, cues: None, more: None };

    /// Reads the element in a segment whose body begins at `segment`; what an earlier one said goes before.
    pub(super) fn read(&mut self, seek_head: &[u8], segment: u64) {
        for (_, range) in ebml::children(seek_head).filter(|(id, _)| *id == SEEK) {
            let seek = &seek_head[range];
            let value = |wanted| {
                let (_, range) = ebml::children(seek).find(|(id, _)| *id == wanted)?;
                Some(ebml::uint(&seek[range]))
            };
            let at = value(SEEK_POSITION).and_then(|position| position.checked_add(segment));
            let place = match value(SEEK_ID).and_then(|id| u32::try_from(id).ok()) {
                Some(TRACKS) => &mut self.tracks,
                Some(CUES) => &mut self.cues,
                Some(SEEK_HEAD) => &mut self.more,
                _ => continue,
            };
            *place = place.or(at);
        }
    }
}
