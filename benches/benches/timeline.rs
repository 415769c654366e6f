//! The timeline per packet: a camera's plain pictures, pictures coded out of order, and pictures with sound.
//!
//! 25 pictures a second with a key frame every two seconds and, where there is sound, AAC at 48 kHz. What is measured is `push` and
//! `poll`: unwrapping, judging the stamp, deriving its DTS and wall time.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use media_core::codec::{AccessUnit, Config, Key, PictureOrder, aac, vp9};
use media_core::time::{Moment, TimeBase, WallTime};
use media_core::timeline::{self, Announced, Sample, Timeline};
use media_core::track::{Track, TrackId};

/// One picture of the camera in 90 kHz ticks.
const PICTURE: i64 = 3600;
/// Pictures of one run: ten minutes.
const PICTURES: i64 = 15_000;
const NANOS_PER_PICTURE: i64 = 40_000_000;

fn track(id: u32) -> TrackId {
    TrackId::new(id).expect("not zero")
}

fn unit(data: &Bytes, key: bool, order: Option<i32>) -> AccessUnit {
    AccessUnit {
        data: data.clone(),
        key: if key { Key::Closed } else { Key::No },
        order: order.map(|count| PictureOrder { count, restarts: key }),
        config: None,
        samples: None,
    }
}

/// Coded I P B P B …: every second picture after the key is shown before the one coded before it.
fn shown(n: i64) -> i64 {
    match n % 50 {
        0 => n,
        49 => n,
        k if k % 2 == 1 => n + 1,
        _ => n - 1,
    }
}

fn pictures(reordered: bool) -> Vec<(Sample, Moment)> {
    let data = Bytes::from_static(&[0; 1000]);
    let picture = |n: i64| {
        let at = if reordered { shown(n) } else { n };
        let count = i32::try_from(2 * (at - n / 50 * 50)).expect("within a key interval");
        let unit = unit(&data, n % 50 == 0, reordered.then_some(count));
        let pts = (at * PICTURE) & 0xffff_ffff;
        (Sample { track: track(1), pts, dts: None, unit }, Moment::from_nanos(n * NANOS_PER_PICTURE))
    };
    (0..PICTURES).map(picture).collect()
}

fn with_sound() -> Vec<(Sample, Moment)> {
    let data = Bytes::from_static(&[0; 200]);
    let sound = |n: i64| {
        let unit = AccessUnit { samples: Some(1024), ..unit(&data, true, None) };
        let at = Moment::from_nanos(n * 1024 * 1_000_000 / 48);
        (Sample { track: track(2), pts: n * 1024, dts: None, unit }, at)
    };
    let frames = PICTURES * NANOS_PER_PICTURE / (1024 * 1_000_000 / 48);
    let mut all: Vec<_> = (0..frames).map(sound).chain(pictures(false)).collect();
    all.sort_by_key(|(_, at)| *at);
    all
}

fn timeline(tracks: u32) -> Timeline {
    let video = Config::Vp9(vp9::Config::from_parts(vp9::Parts::new(1280, 720)).expect("profile 0"));
    let audio = Config::Aac(aac::Config::new(48_000, 2).expect("usual"));
    let announced = [(1, TimeBase::VIDEO, video), (2, TimeBase::hz(48_000), audio)]
        .map(|(id, base, codec)| Announced::from(Track::new(track(id), base, codec)));
    Timeline::new(timeline::Config::new(WallTime::from_nanos(0)), announced.into_iter().take(tracks as usize))
}

fn run(mut timeline: Timeline, script: Vec<(Sample, Moment)>) -> u64 {
    let mut packets = 0;
    for (sample, now) in script {
        timeline.push(sample, now);
        while let Some(output) = timeline.poll() {
            packets += u64::from(matches!(black_box(output), timeline::Output::Packet(_)));
        }
    }
    packets
}

fn packets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("timeline");
    let scripts =
        [("plain", 1, pictures(false)), ("reordered", 1, pictures(true)), ("with sound", 2, with_sound())];
    for (name, tracks, script) in scripts {
        let passed = run(timeline(tracks), script.clone());
        assert_eq!(passed, script.len() as u64, "{name}: every packet of a healthy camera passes");
        group.throughput(Throughput::Elements(script.len() as u64));
        group.bench_function(name, |bencher| {
            let fresh = || (timeline(tracks), script.clone());
            bencher.iter_batched(fresh, |(timeline, script)| run(timeline, script), BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, packets);
criterion_main!(benches);
