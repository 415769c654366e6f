//! Demuxers that are sent to any times in any bytes: they end, ask for some times what there is at most, and give packets of tracks they
//! announced.

use bytes::Bytes;
use media_core::demux::{Container, Demux, Demuxer, Output, Source};

use crate::Script;

/// Byte 0: how many bytes a push has, less one. A number: when to go, in tens of milliseconds; three of them. Then a file.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let Some(size) = script.byte() else { return };
    let times: Vec<i64> = (0..3).map_while(|_| script.number()).collect();
    let file = Bytes::copy_from_slice(script.rest());
    let container = Container::sniff(&file).unwrap_or(Container::WebM);
    go(
        container,
        &file,
        usize::from(size) + 1,
        times.into_iter().map(|time| time.saturating_mul(10_000_000)),
    );
}

/// Goes to each of these times, in nanoseconds, once the tracks are known and some bytes were read, and then reads to the end.
pub(crate) fn go(container: Container, file: &Bytes, size: usize, times: impl IntoIterator<Item = i64>) {
    let mut demuxer = Demuxer::new(container, Source::Seekable { len: file.len() as u64 });
    let (mut known, mut pushed, mut sought) = (Vec::new(), 0, 1);
    let mut times = times.into_iter().peekable();
    while let Some(at) = demuxer.wants() {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(file.len());
        let piece = file.slice(at..file.len().min(at.saturating_add(size)));
        if piece.is_empty() {
            break;
        }
        pushed += piece.len();
        assert!(pushed <= sought * (16 * file.len() + 4096), "{pushed} of {} bytes asked for", file.len());
        let result = demuxer.push(piece);
        std::iter::from_fn(|| demuxer.poll()).for_each(|output| take(&output, &mut known));
        if result.is_err() {
            return;
        }
        if times.peek().is_some_and(|nanos| demuxer.seek(*nanos)) {
            times.next();
            sought += 1;
        }
    }
    // At the end one can go back.
    if times.next().is_some_and(|nanos| demuxer.seek(nanos)) {
        std::iter::from_fn(|| demuxer.poll()).for_each(|output| take(&output, &mut known));
    }
    demuxer.finish().into_iter().flatten().for_each(|output| take(&output, &mut known));
}

fn take(output: &Output, known: &mut Vec<u32>) {
    match output {
        Output::Tracks(tracks) => *known = tracks.iter().map(|track| track.id.get()).collect(),
        Output::Packet(packet) => {
            assert!(known.contains(&packet.track.get()), "a packet of a track that was not announced");
            assert!(packet.dts <= packet.pts, "dts {:?} after pts {:?}", packet.dts, packet.pts);
        }
    }
}
