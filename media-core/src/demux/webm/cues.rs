//! `Cues`, RFC 9559 section 5.1.5: where clusters stand, by time.

use super::ebml;

/// A cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Counted from the first byte of the source.
    pub(super) at: u64,
    /// In ticks of the segment.
    pub(super) time: i64,
}

/// The clusters that the element names, in a segment whose body begins at `segment`: those with pictures of the tracks `pictures`, or where
/// there are none, all. Places and times both increase; those that do not are left out.
pub(super) fn places(body: &[u8], segment: u64, pictures: &[u64]) -> Vec<Place> {
    let (mut of_pictures, mut all) = (Vec::new(), Vec::new());
    for (_, range) in ebml::children(body).filter(|(id, _)| *id == CUE_POINT) {
        let point = &body[range];
        let value = |body: &[u8], id| {
            let (_, range) = ebml::children(body).find(|(found, _)| *found == id)?;
            Some(ebml::uint(&body[range]))
        };
        let Some(time) = value(point, CUE_TIME).and_then(|time| i64::try_from(time).ok()) else { continue };
        for (_, range) in ebml::children(point).filter(|(id, _)| *id == CUE_TRACK_POSITIONS) {
            let positions = &point[range];
            let at = value(positions, CUE_CLUSTER_POSITION).and_then(|at| at.checked_add(segment));
            let Some(at) = at else { continue };
            all.push(Place { at, time });
            if value(positions, CUE_TRACK).is_some_and(|track| pictures.contains(&track)) {
                of_pictures.push(Place { at, time });
            }
        }
    }
    let mut found = if of_pictures.is_empty() { all } else { of_pictures };
    found.sort_unstable_by_key(|place| (place.at, place.time));
    let mut places: Vec<Place> = Vec::new();
    for place in found {
        if places.last().is_none_or(|last| place.at > last.at && place.time >= last.time) {
            add(&mut places, place);
        }
    }
    places
}

/// Appends a place; where there are too many, every other one goes.
pub(super) fn add(places: &mut Vec<Place>, place: Place) {
    if places.len() >= MOST {
        let mut is_kept = false;
        places.retain(|_| {
            is_kept = !is_kept;
            is_kept
        });
    }
    places.push(place);
}

/// Places that are remembered.
const MOST: usize = 1 << 18;

const CUE_POINT: u32 = 0xbb;
const CUE_TIME: u32 = 0xb3;
const CUE_TRACK_POSITIONS: u32 = 0xb7;
const CUE_TRACK: u32 = 0xf7;
const CUE_CLUSTER_POSITION: u32 = 0xf1;
