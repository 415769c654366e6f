//! What demuxers hold while they read broken files: the most memory that the process had at once, as the system counts it.

#[path = "demux/tools.rs"]
#[allow(dead_code, reason = "shared with the tests of demuxers")]
mod tools;

use bytes::Bytes;
use media_core::demux::{Demux, Source, mp4, mpegts, webm};

use tools::{drive, files, media, seekable};

/// A field of `/proc/self/status` in bytes; `None` on systems that have none.
fn status(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// By how many bytes the process grew at most while `work` ran.
fn growth(work: impl FnOnce()) -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?; // forgets the peak so far
    let before = status("VmRSS")?;
    work();
    Some(status("VmHWM")?.saturating_sub(before))
}

fn read_all<D: Demux>(demuxer: impl Fn(Source) -> D, file: &Bytes) {
    for source in [Source::Stream, seekable(file)] {
        let _ = drive(demuxer(source), file, 65_536, |_, _| {});
    }
}

/// What is read is kept here by the test as well, packet by packet.
#[test]
fn broken_files_take_some_times_their_length_at_most() {
    let Some(media) = media() else { return };
    let (mut count, mut most) = (0, (0, String::new()));
    for path in ["broken", "derived", "fuzz"].iter().flat_map(|folder| files(&media.join(folder))) {
        let file = Bytes::from(std::fs::read(&path).expect("a readable file"));
        let grown = growth(|| {
            read_all(mp4::Demuxer::new, &file);
            read_all(webm::Demuxer::new, &file);
            read_all(mpegts::Demuxer::new, &file);
        });
        let Some(grown) = grown else {
            return eprintln!("skipped: the system does not tell the peak of memory");
        };
        let limit = (2 << 20) + 16 * file.len() as u64;
        assert!(grown <= limit, "{}: {grown} bytes for {}", path.display(), file.len());
        most = most.max((grown, path.display().to_string()));
        count += 1;
    }
    println!("{count} files, at most {} bytes for {}", most.0, most.1);
    assert!(count > 500, "{count} files");
}
