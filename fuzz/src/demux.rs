//! Demuxers given any bytes: they end, ask for some times what there is at most, hold no more than that, and give packets of tracks they
//! announced; how the bytes come makes no difference.

use bytes::Bytes;
use media_core::demux::{Container, Demux, Demuxer, Output, Source};

/// Byte 0: bit 0 whether the source can seek, the rest how many bytes a push has. Then a file.
pub fn run(bytes: &[u8]) {
    let Some((form, file)) = bytes.split_first() else { return };
    let file = Bytes::copy_from_slice(file);
    let container = Container::sniff(&file).unwrap_or(Container::Mp4);
    let len = file.len() as u64;
    let source = if form & 1 == 0 { Source::Stream } else { Source::Seekable { len } };
    let small = read(container, source, &file, usize::from(form >> 1) + 1);
    let large = read(container, source, &file, usize::MAX);
    assert_eq!(small, large, "pushes of other sizes give something else");
}

/// What came of a file: how many announcements, packets and bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    announced: u64,
    packets: u64,
    bytes: u64,
    refused: bool,
}

impl Read {
    fn take(&mut self, output: Output, known: &mut Vec<u32>) {
        match output {
            Output::Tracks(tracks) => {
                self.announced += 1;
                *known = tracks.iter().map(|track| track.id.get()).collect();
            }
            Output::Packet(packet) => {
                assert!(known.contains(&packet.track.get()), "a packet of a track that was not announced");
                assert!(packet.dts <= packet.pts, "dts {:?} after pts {:?}", packet.dts, packet.pts);
                self.packets += 1;
                self.bytes += packet.data.len() as u64;
            }
        }
    }
}

fn read(container: Container, source: Source, file: &Bytes, step: usize) -> Read {
    let mut demuxer = Demuxer::new(container, source);
    let (mut read, mut known, mut pushed) = (Read::default(), Vec::new(), 0);
    while let Some(at) = demuxer.wants() {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(file.len());
        if at == file.len() {
            break;
        }
        let piece = file.slice(at..file.len().min(at.saturating_add(step)));
        pushed += piece.len();
        assert!(pushed <= 16 * file.len() + 4096, "{pushed} of {} bytes asked for", file.len());
        let result = demuxer.push(piece);
        std::iter::from_fn(|| demuxer.poll()).for_each(|output| read.take(output, &mut known));
        if result.is_err() {
            read.refused = true;
            return read;
        }
    }
    match demuxer.finish() {
        Ok(outputs) => outputs.into_iter().for_each(|output| read.take(output, &mut known)),
        Err(_) => read.refused = true,
    }
    read
}
