//! WebM: a cluster of 60 pictures (2 s at 30 Hz) of 16 kB, which is 4 Mbit/s, and one block.
//!
//! `fragment` is the rope of the DASH muxer with the payloads, `live` a block as a live stream writes it, `init` the header of a stream.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use media_core::codec::{Config, Key, vp9};
use media_core::mux::webm::{self, Layout, Muxer, TrackEntry, Writer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

const PICTURE: usize = 16_000;
const STEP: i64 = 3000;

fn track() -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(1280, 720)).expect("profile 0");
    Track::new(TrackId::new(1).expect("1 is not zero"), TimeBase::VIDEO, Config::Vp9(config))
}

fn packets(track: &Track, count: i64) -> Vec<Packet> {
    let packet = |n: i64| Packet {
        track: track.id,
        pts: Timestamp::new(n * STEP),
        dts: Timestamp::new(n * STEP),
        duration: None,
        key: if n == 0 { Key::Closed } else { Key::No },
        data: Bytes::from(vec![0; PICTURE + n as usize]),
        wall: None,
    };
    (0..count).map(packet).collect()
}

/// Moves the packets on by their whole length, as the next call needs them.
fn advance(packets: &mut [Packet]) -> Timestamp {
    let by = packets.len() as i64 * STEP;
    for packet in &mut *packets {
        packet.pts = packet.pts.saturating_add(by);
        packet.dts = packet.dts.saturating_add(by);
    }
    packets.last().expect("packets").dts.saturating_add(STEP)
}

fn fragments(criterion: &mut Criterion) {
    let track = track();
    let mut group = criterion.benchmark_group("webm fragment");
    for count in [1, 60] {
        let mut packets = packets(&track, count);
        let mut muxer = Muxer::new(&track).expect("a muxer");
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{count} samples")), |bencher| {
            bencher.iter(|| {
                let end = advance(&mut packets);
                black_box(muxer.fragment(&packets, end).expect("a fragment"))
            });
        });
    }
}

fn live(criterion: &mut Criterion) {
    let track = track();
    let mut packets = packets(&track, 1);
    let mut writer =
        Writer::new(&[TrackEntry::from(&track)], webm::Config::new(Layout::Live)).expect("a writer");
    criterion.bench_function("webm live block", |bencher| {
        bencher.iter(|| {
            advance(&mut packets);
            writer.push(packets[0].clone()).expect("a packet in order");
            black_box(writer.poll())
        });
    });
}

fn init(criterion: &mut Criterion) {
    let track = track();
    criterion.bench_function("webm init", |bencher| {
        bencher.iter(|| Muxer::new(black_box(&track)).expect("a muxer").init());
    });
}

criterion_group!(benches, fragments, live, init);
criterion_main!(benches);
