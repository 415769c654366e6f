//! What points at something points at it: `SeekHead` and `Cues`, RFC 9559 5.1.1 and 5.1.5.

use std::collections::BTreeSet;

use super::ebml::{self, Element};
use super::head::{self, Cue};
use super::rules;
use crate::check::{Place, Report};

/// Where elements and key frames are, and what says where they are. Positions are relative to the segment.
#[derive(Debug, Default)]
pub(super) struct Places {
    elements: BTreeSet<(u64, u32)>,
    keys: BTreeSet<Key>,
    cues: Vec<Cue>,
    seeks: Vec<(u32, u64)>,
}

/// A key frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) cluster: u64,
    pub(super) track: u64,
    pub(super) time: u64,
    /// Where in the cluster's body its block begins.
    pub(super) relative: u64,
}

impl Places {
    pub(super) fn see_element(&mut self, at: u64, id: u32) {
        if self.elements.len() < MOST {
            self.elements.insert((at, id));
        }
    }

    pub(super) fn see_key(&mut self, key: Key) {
        if self.keys.len() < MOST {
            self.keys.insert(key);
        }
    }

    pub(super) fn see_cues(&mut self, cues: &Element<'_>) {
        self.cues.extend(head::cues(cues).take(MOST - self.cues.len()));
    }

    pub(super) fn see_seeks(&mut self, seek_head: &Element<'_>) {
        self.seeks.extend(head::seeks(seek_head).take(MOST - self.seeks.len()));
    }

    /// The file has ended.
    pub(super) fn check(&self, report: &mut Report) {
        self.cues.iter().for_each(|cue| self.check_cue(cue, report));
        for (id, position) in &self.seeks {
            if !self.elements.contains(&(*position, *id)) && self.elements.len() < MOST {
                report.add(
                    &rules::SEEK,
                    Place::Whole,
                    format_args!("element {id:#x} is not at {position}, where SeekHead has it"),
                );
            }
        }
    }

    fn check_cue(&self, cue: &Cue, report: &mut Report) {
        let Cue { at, time, track, cluster, relative } = *cue;
        let at = Place::Byte(at);
        if !self.elements.contains(&(cluster, ebml::CLUSTER)) {
            if self.elements.len() < MOST {
                report.add(
                    &rules::CUE_CLUSTER,
                    at,
                    format_args!("a cue at {time} points at {cluster}, where no cluster begins"),
                );
            }
            return;
        }
        let key = |relative| Key { cluster, track, time, relative };
        let mut keys = self.keys.range(key(0)..=key(u64::MAX)).peekable();
        if self.keys.len() >= MOST {
            return;
        }
        let Some(first) = keys.peek().map(|key| key.relative) else {
            report.add(
                &rules::CUE_KEY,
                at,
                format_args!("a cue at {time} of track {track} is at no key frame of its cluster"),
            );
            return;
        };
        if let Some(relative) = relative.filter(|relative| keys.all(|key| key.relative != *relative)) {
            report.add(
                &rules::CUE_RELATIVE,
                at,
                format_args!("a cue at {time} of track {track} points {relative} bytes into its cluster, the block is at {first}"),
            );
        }
    }
}

/// How many of each are remembered.
const MOST: usize = 1 << 18;
