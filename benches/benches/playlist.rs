//! The texts of a window of 60 segments with pictures and sound.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use media_core::codec::{self, aac, vp9};
use media_core::mux::Rope;
use media_core::playlist::{Config, Names, Window, dash, hls};
use media_core::segment::{self, Cut, Format, Init, Output, Segment};
use media_core::time::{TimeBase, Timestamp, WallTime};
use media_core::track::{Track, TrackId};

const SECOND: i64 = 1_000_000_000;
const MORNING: i64 = 1_795_252_500 * SECOND;

fn id(id: u32) -> TrackId {
    TrackId::new(id).expect("not zero")
}

fn tracks() -> Arc<[Track]> {
    let pictures =
        vp9::Config::from_parts(vp9::Parts::new(1920, 1080)).expect("a size").with_frame_rate(30, 1);
    let sound = aac::Config::from_asc(&[0x11, 0x90]).expect("AAC-LC, 48 kHz, stereo");
    Arc::from([
        Track::new(id(1), TimeBase::VIDEO, codec::Config::Vp9(pictures)),
        Track::new(id(2), TimeBase::hz(48_000), codec::Config::Aac(sound)),
    ])
}

/// Pictures whose segments differ by a tick now and then, as a camera's do, and sound of 93 or 94 frames.
fn cut(number: u64) -> Cut {
    let n = number as i64;
    let start = |n: i64| 900_000 + n * 180_000 + n % 3;
    let frame = |n: i64| (n * 96_000 + 1023) / 1024 * 1024;
    let rope = Rope::from(bytes::Bytes::from_static(&[0; 4096]));
    let segment = |track, start: i64, end: i64| Segment {
        track: id(track),
        start: Timestamp::new(start),
        duration: (end - start) as u64,
        rope: rope.clone(),
        parts: Vec::new(),
        keys: Vec::new(),
        gap: false,
        wall: Some(WallTime::from_nanos(MORNING + n * 2 * SECOND)),
        independent: true,
    };
    let segments = vec![segment(1, start(n), start(n + 1)), segment(2, frame(n), frame(n + 1))];
    Cut { number, generation: 0, discontinuity: false, segments }
}

fn window() -> Window {
    let config = segment::Config::new(2 * SECOND);
    let mut window = Window::new(Config { size: 60, ..Config::new(&config) });
    let tracks = tracks();
    let headers = vec![bytes::Bytes::new(); tracks.len()];
    let init = Init { generation: 0, format: Format::Fmp4, tracks, leader: id(1), headers };
    window.push(&Output::Init(init), WallTime::from_nanos(MORNING));
    for number in 0..1060 {
        let now = MORNING + (number as i64 + 1) * 2 * SECOND;
        window.push(&Output::Cut(cut(number)), WallTime::from_nanos(now));
        while window.poll().is_some() {}
    }
    window
}

fn texts(criterion: &mut Criterion) {
    let window = window();
    let names = Names::new("5f2ab7c1").expect("plain").with_clock("/time");
    assert_eq!(window.numbers().count(), 60);
    let mut group = criterion.benchmark_group("playlist");
    group.bench_function("media playlist of 60 segments", |bencher| {
        bencher.iter(|| black_box(hls::media_playlist(&window, id(1), &names)));
    });
    group.bench_function("multivariant playlist", |bencher| {
        bencher.iter(|| black_box(hls::multivariant(&window, &names)));
    });
    group.bench_function("manifest of 60 segments", |bencher| {
        bencher.iter(|| black_box(dash::mpd(&window, &names)));
    });
    group.finish();
}

criterion_group!(benches, texts);
criterion_main!(benches);
