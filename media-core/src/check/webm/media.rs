//! Clusters and blocks, RFC 9559 5.1.3 and 10.

use super::ebml::{self, Element};
use super::head::Track;
use super::places::{Key, Places};
use super::rules;
use crate::check::{Place, Report};
use crate::codec::{vp8, vp9};

/// What was seen of the media.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// Whether each cluster with pictures has to begin with a key frame.
    is_dash: bool,
    /// Whether times of blocks may not decrease.
    pub(super) is_webm: bool,
    cluster: Option<Cluster>,
    last_cluster: Option<u64>,
    last_block: Option<i64>,
    /// When the last block ends, in ticks.
    end: f64,
}

/// A cluster that is open.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    /// Where it begins, counted in the segment.
    at: u64,
    /// Where its body begins, and where it ends if it says so.
    body: u64,
    end: Option<u64>,
    time: Option<u64>,
    /// Whether a block of pictures was seen.
    pictured: bool,
}

/// A block to look at.
struct Block<'a> {
    at: u64,
    data: &'a [u8],
    /// Whether it is a key frame; `None` where its flags say.
    key: Option<bool>,
    duration: Option<u64>,
    /// The largest `BlockAddID` of what comes with it.
    addition: Option<u64>,
}

/// What a block says before its frames.
struct Head<'a> {
    track: u64,
    offset: i16,
    flags: u8,
    frames: &'a [u8],
}

impl Media {
    pub(super) fn for_dash() -> Self {
        Self { is_dash: true, ..Self::default() }
    }

    /// A cluster begins: where in the segment, where its body does, and its size.
    pub(super) fn open(&mut self, at: u64, body: u64, size: Option<u64>) {
        let end = size.map(|size| body.saturating_add(size));
        self.cluster = Some(Cluster { at, body, end, time: None, pictured: false });
    }

    /// An element of that ID begins at `at`: perhaps the cluster has ended.
    pub(super) fn close_before(&mut self, at: u64, id: u32) {
        let has_ended = |cluster: &Cluster| cluster.end.map_or(ebml::is_top(id), |end| at >= end);
        self.cluster = self.cluster.filter(|cluster| !has_ended(cluster));
    }

    pub(super) const fn is_in_cluster(&self) -> bool {
        self.cluster.is_some()
    }

    /// Where the open cluster ends, if it says so.
    pub(super) fn cluster_end(&self) -> Option<u64> {
        self.cluster.and_then(|cluster| cluster.end)
    }

    /// `Timestamp`.
    pub(super) fn see_time(&mut self, found: &Element<'_>, report: &mut Report) {
        let Some(cluster) = &mut self.cluster else { return };
        let time = found.unsigned().unwrap_or(0);
        cluster.time = Some(time);
        if let Some(last) = self.last_cluster.replace(time).filter(|last| time < *last) {
            report.add(
                &rules::CLUSTER_ORDER,
                Place::Byte(found.at),
                format_args!("a cluster at {time} after one at {last}"),
            );
        }
    }

    /// `SimpleBlock` or `BlockGroup`.
    pub(super) fn see_block(
        &mut self,
        found: &Element<'_>,
        tracks: &[Track],
        scale: u64,
        places: &mut Places,
        report: &mut Report,
    ) {
        let at = Place::Byte(found.at);
        let Some(block) = block(found) else {
            report.add(&rules::MISSING, at, format_args!("a BlockGroup without a block"));
            return;
        };
        let Some(cluster) = &mut self.cluster else {
            report.add(&rules::BLOCK, at, format_args!("a block in no cluster"));
            return;
        };
        let (Some(head), Some(base)) = (read(block.data), cluster.time) else {
            report.add(
                &rules::BLOCK,
                at,
                format_args!(
                    "a block of {} bytes, in a cluster whose time is {:?}",
                    block.data.len(),
                    cluster.time
                ),
            );
            return;
        };
        let Some(track) = tracks.iter().find(|track| track.number == head.track) else {
            report.add(
                &rules::BLOCK_TRACK,
                at,
                format_args!("a block of track {}, which is none of the file", head.track),
            );
            return;
        };
        let time = i64::try_from(base).unwrap_or(i64::MAX).saturating_add(head.offset.into());
        let key = block.key.unwrap_or(head.flags & 0x80 != 0);
        if track.video && !std::mem::replace(&mut cluster.pictured, true) && !key && self.is_dash {
            report.add(
                &rules::CLUSTER_KEY,
                at,
                format_args!("the first picture of a cluster is no key frame"),
            );
        }
        if key {
            let relative = block.at.saturating_sub(cluster.body);
            let time = time.max(0).unsigned_abs();
            places.see_key(Key { cluster: cluster.at, track: head.track, time, relative });
        }
        self.check_time(time, at, report);
        check_key(&head, key, track, at, report);
        if let Some(addition) = block.addition.filter(|addition| *addition > track.most_addition) {
            report.add(
                &rules::ADDITION,
                at,
                format_args!("BlockAddID {addition}, MaxBlockAdditionID is {}", track.most_addition),
            );
        }
        let lasts = block.duration.unwrap_or_else(|| track.frame.checked_div(scale).unwrap_or(0));
        self.end = self.end.max(time as f64 + lasts as f64);
    }

    fn check_time(&mut self, time: i64, at: Place, report: &mut Report) {
        if time < 0 {
            report.add(&rules::NEGATIVE, at, format_args!("a block at {time}"));
        }
        if let Some(last) = self.last_block.replace(time).filter(|last| time < *last && self.is_webm) {
            report.add(&rules::ORDER, at, format_args!("a block at {time} after one at {last}"));
        }
    }

    /// The file has ended, which says that it lasts so many ticks of `scale` nanoseconds.
    pub(super) fn check_duration(&self, duration: f64, scale: u64, report: &mut Report) {
        let slack = 1_000_000_000.0 / scale.max(1) as f64;
        if self.end > 0.0 && (duration - self.end).abs() > slack {
            report.add(
                &rules::DURATION,
                Place::Whole,
                format_args!("Duration {duration}, the last block ends at {}", self.end),
            );
        }
    }
}

/// A block, or that of a group.
fn block<'a>(found: &Element<'a>) -> Option<Block<'a>> {
    let at = found.at;
    if found.id == ebml::SIMPLE_BLOCK {
        return Some(Block { at, data: found.body, key: None, duration: None, addition: None });
    }
    let additions = found.child(ebml::BLOCK_ADDITIONS);
    let more = additions.iter().flat_map(Element::children).map_while(Result::ok);
    let more = more.filter(|more| more.id == ebml::BLOCK_MORE);
    Some(Block {
        at,
        data: found.child(ebml::BLOCK)?.body,
        key: Some(found.child(ebml::REFERENCE).is_none()),
        duration: found.number_of(ebml::BLOCK_DURATION),
        // What does not say is of the codec, and of ID 1.
        addition: more.map(|more| more.number_of(ebml::BLOCK_ADD_ID).unwrap_or(1)).max(),
    })
}

fn read(data: &[u8]) -> Option<Head<'_>> {
    let (track, width) = ebml::number(data).ok()?;
    let [t1, t2, flags] = *data.get(width..)?.first_chunk::<3>()?;
    Some(Head { track, offset: i16::from_be_bytes([t1, t2]), flags, frames: &data[width + 3..] })
}

/// That what is said to be a key frame is one. Laced frames share the flag; only the first one's bytes would say.
fn check_key(head: &Head<'_>, key: bool, track: &Track, at: Place, report: &mut Report) {
    let is_laced = head.flags & 0x06 != 0;
    let is_key = match &track.codec[..] {
        _ if is_laced || head.frames.is_empty() => return,
        "V_VP8" => vp8::Config::from_key_frame(head.frames).is_ok(),
        "V_VP9" => vp9::Config::from_key_frame(head.frames).is_ok(),
        _ => return,
    };
    if is_key != key {
        report.add(
            &rules::KEY_FLAG,
            at,
            format_args!("a block said to be a key frame: {key}, and it is one: {is_key}"),
        );
    }
}
