//! Which files of the test media are held against what ffmpeg says of them, and which are not and why.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use media_core::demux::{Container, Demuxer};

use crate::probe::{CONTAINERS, EMPTY, Probed};
use crate::tools::{drive, seekable};
use crate::{mp4_files, probe, ts_files, webm_files};

#[test]
fn every_clean_file_is_compared_or_has_nothing_in_it() {
    let Some(folder) = probe::folder() else { return };
    let compared: BTreeSet<String> = mp4_files::clean_files(&folder)
        .into_iter()
        .map(|(name, _)| name)
        .chain(webm_files::clean_files().into_iter().map(|file| file.name))
        .chain(ts_files::clean_files().into_iter().map(|file| file.name))
        .collect();
    let clean = probe::clean();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for Probed { name, format, .. } in &clean {
        let empty = EMPTY.iter().find(|(empty, _)| empty == name);
        assert!(empty.is_some() != compared.contains(name), "{name}: {empty:?}");
        if empty.is_some() {
            let file = Bytes::from(std::fs::read(folder.join(name)).expect("a readable file"));
            let container = Container::sniff(&file).expect("one of ours");
            let (read, _) = drive(Demuxer::new(container, seekable(&file)), &file, 65_536, |_, _| {});
            assert_eq!(read.packets.len(), 0, "{name} has something in it by now");
        }
        let what = if empty.is_some() { "with nothing in them" } else { "compared" };
        *counts.entry((format, what)).or_default() += 1;
    }
    assert!(EMPTY.iter().all(|(name, _)| clean.iter().any(|file| file.name == *name)), "one is not there");
    println!("{} clean files in our containers: {counts:?}", clean.len());
    println!("left out: {EMPTY:?}");
    let others = probe::all().into_iter().filter(|file| !CONTAINERS.contains(&file.format.as_str()));
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    others.for_each(|file| *kinds.entry(file.format).or_default() += 1);
    println!("in other containers or none: {kinds:?}");
    assert!(clean.len() >= 141, "{} clean files", clean.len());
}
