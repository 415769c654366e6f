//! WebM: a cluster of 60 pictures (2 s at 30 Hz) of 16 kB, which is 4 Mbit/s, and one block.
//!
//! `fragment` is the rope of the DASH muxer with the payloads, `live` a block as a live stream writes it, `init` the header of a stream.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use media_core::mux::webm::{self, Layout, Muxer, TrackEntry, Writer};
use reelmill_benches::pictures::{advance, packets, track};

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
