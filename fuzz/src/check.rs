//! The judges of `check` given anything at all: they end, say little, and say the same of whole inputs and of pieces.

use media_core::check::{Report, dash, fmp4, hls, mpegts, webm};

/// Texts and findings of a report are few, however broken the input is.
fn bounded(report: &Report) {
    assert!(report.findings().len() as u64 <= 8 * report.counts().count() as u64);
    assert!(report.findings().iter().all(|finding| finding.what.len() <= 240));
}

/// Sizes of pieces: byte 0 of the input says.
fn split(bytes: &[u8]) -> (usize, &[u8]) {
    bytes.split_first().map_or((1, bytes), |(first, rest)| (1 + usize::from(*first), rest))
}

/// An ISO base media file.
pub fn fmp4(bytes: &[u8]) {
    let (size, bytes) = split(bytes);
    let (mut whole, mut pieces) = (fmp4::Checker::new(), fmp4::Checker::new());
    whole.push(bytes);
    bytes.chunks(size).for_each(|piece| pieces.push(piece));
    let (whole, pieces) = (whole.finish(), pieces.finish());
    assert_eq!(whole.findings(), pieces.findings());
    bounded(&whole);
}

/// A transport stream.
pub fn mpegts(bytes: &[u8]) {
    let (size, bytes) = split(bytes);
    let (mut whole, mut pieces) = (mpegts::Checker::new(), mpegts::Checker::new());
    whole.push(bytes);
    bytes.chunks(size).for_each(|piece| pieces.push(piece));
    let (whole, pieces) = (whole.finish(), pieces.finish());
    assert_eq!(whole.findings(), pieces.findings());
    bounded(&whole);
}

/// A WebM file.
pub fn webm(bytes: &[u8]) {
    let (size, bytes) = split(bytes);
    let (mut whole, mut pieces) = (webm::Checker::for_dash(), webm::Checker::for_dash());
    whole.push(bytes);
    bytes.chunks(size).for_each(|piece| pieces.push(piece));
    let (whole, pieces) = (whole.finish(), pieces.finish());
    assert_eq!(whole.findings(), pieces.findings());
    bounded(&whole);
}

/// The versions of a playlist, one behind the other, with a zero byte between them.
pub fn hls(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (mut checker, mut set) = (hls::Checker::new(), hls::Set::new());
    for (number, version) in text.split('\0').enumerate() {
        checker.push(version);
        set.push(version);
        set.push_media(&number.to_string(), version);
    }
    bounded(&checker.finish());
    bounded(&set.finish());
}

/// The versions of a manifest, one behind the other, with a zero byte between them.
pub fn dash(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut checker = dash::Checker::new();
    for version in text.split('\0') {
        checker.push(version);
        checker.segment("v", version.len() as u64);
        checker.index("v", bytes);
    }
    bounded(&checker.finish());
}
