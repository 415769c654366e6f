//! Segmenter throughput: 1080p at 30 pictures a second and 4 Mbit/s with AAC of 128 kbit/s, cut every 2 s, without and with the
//! window that lists it.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media_core::codec::{self, aac, vp9};
use media_core::packet::{Key, Packet};
use media_core::playlist::{self, Window};
use media_core::segment::{Config, Segmenter};
use media_core::time::{TimeBase, Timestamp, WallTime};
use media_core::timeline;
use media_core::track::{Track, TrackId};

/// Ten segments: the tracks, 600 pictures and 938 frames of sound.
fn stream() -> Vec<timeline::Output> {
    let id = |id| TrackId::new(id).expect("not zero");
    let pictures =
        vp9::Config::from_parts(vp9::Parts::new(1920, 1080)).expect("a size").with_frame_rate(30, 1);
    let sound = aac::Config::from_asc(&[0x11, 0x90]).expect("AAC-LC, 48 kHz, stereo");
    let tracks = [
        Track::new(id(1), TimeBase::VIDEO, codec::Config::Vp9(pictures)),
        Track::new(id(2), TimeBase::hz(48_000), codec::Config::Aac(sound)),
    ];
    let payload = bytes::Bytes::from(vec![0x5a; 16_600]);
    let packet = |track: u32, ticks: i64, duration, key, len| Packet {
        track: id(track),
        pts: Timestamp::new(ticks),
        dts: Timestamp::new(ticks),
        duration,
        key,
        data: payload.slice(..len),
        wall: Some(WallTime::from_nanos(1_795_252_500_000_000_000)),
    };
    let key = |n: i64| if n % 60 == 0 { Key::Closed } else { Key::No };
    let pictures = (0..600).map(|n| (n * 16_000, packet(1, 900_000 + n * 3000, None, key(n), 16_600)));
    let sound = (0..938).map(|n| (n * 10_240, packet(2, 480_000 + n * 1024, Some(1024), Key::Closed, 341)));
    let mut packets: Vec<_> = pictures.chain(sound).collect();
    packets.sort_by_key(|(at, _)| *at);
    let packets = packets.into_iter().map(|(_, packet)| timeline::Output::Packet(packet));
    std::iter::once(timeline::Output::Tracks(Arc::from(tracks))).chain(packets).collect()
}

fn segments(criterion: &mut Criterion) {
    let stream = stream();
    let config = Config::new(2_000_000_000);
    let mut group = criterion.benchmark_group("segment");
    group.throughput(Throughput::Elements(stream.len() as u64 - 1));
    group.bench_function("20 s of 1080p and sound, per packet", |bencher| {
        bencher.iter(|| {
            let mut segmenter = Segmenter::new(config.clone());
            for output in &stream {
                segmenter.push(output.clone()).expect("a packet that fits");
                while let Some(output) = segmenter.poll() {
                    black_box(output);
                }
            }
            black_box(segmenter.finish().expect("packets that fit"))
        });
    });
    group.bench_function("the same listed, per packet", |bencher| {
        bencher.iter(|| {
            let mut segmenter = Segmenter::new(config.clone());
            let mut window = Window::new(playlist::Config::new(&config));
            for output in &stream {
                segmenter.push(output.clone()).expect("a packet that fits");
                while let Some(output) = segmenter.poll() {
                    window.push(&output, WallTime::from_nanos(0));
                }
            }
            black_box(window)
        });
    });
    group.finish();
}

criterion_group!(benches, segments);
criterion_main!(benches);
