//! Fragments of the fMP4 muxer: a low-latency chunk of one picture, and a segment of 60 pictures (2 s at 30 Hz) of 16 kB, which is 4 Mbit/s.
//!
//! `chunk header` is what is written (`moof` and the `mdat` header) into memory at hand, `fragment` the rope with the payloads, `init` the header of a file.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use media_core::mux::fmp4::Muxer;
use reelmill_benches::pictures::{advance, packets, track};

fn fragments(criterion: &mut Criterion) {
    let track = track();
    for name in ["chunk header", "fragment"] {
        let mut group = criterion.benchmark_group(format!("fmp4 {name}"));
        for count in [1, 60] {
            let mut packets = packets(&track, count);
            let mut muxer = Muxer::new(&track).expect("a muxer");
            let mut out = BytesMut::new();
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::from_parameter(format!("{count} samples")), |bencher| {
                bencher.iter(|| {
                    let end = advance(&mut packets);
                    match name {
                        "fragment" => drop(black_box(muxer.fragment(&packets, end).expect("a fragment"))),
                        _ => {
                            out.clear();
                            muxer.fragment_header(&packets, end, &mut out).expect("a fragment");
                            black_box(&out);
                        }
                    }
                });
            });
        }
    }
}

fn init(criterion: &mut Criterion) {
    let track = track();
    criterion.bench_function("fmp4 init", |bencher| {
        bencher.iter(|| Muxer::new(black_box(&track)).expect("a muxer").init());
    });
}

criterion_group!(benches, fragments, init);
criterion_main!(benches);
