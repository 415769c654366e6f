//! The transport stream muxer: pictures as of 720p at 4 Mbit/s and 30 Hz (16 kB, four slices) and at 30 Mbit/s (125 kB), by the segment of 2 s
//! and by the picture; sound of 128 kbit/s by the second. Beside it, what copying the same bytes takes at all.

use std::hint::black_box;

use bytes::{BufMut, Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use media_core::codec::{Config, Key, aac, h264};
use media_core::mux::mpegts::{self, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

const SPS: &[u8] =
    b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
const PPS: &[u8] = b"\x68\xcb\x83\xcb\x20";

fn video() -> Track {
    let config = h264::Config::from_parameter_sets(&[SPS.into()], &[PPS.into()]).expect("sets of x264");
    Track::new(TrackId::new(1).expect("1 is not zero"), TimeBase::VIDEO, Config::H264(config))
}

fn audio() -> Track {
    let config = aac::Config::new(48_000, 2).expect("AAC-LC");
    Track::new(TrackId::new(2).expect("2 is not zero"), TimeBase::hz(48_000), Config::Aac(config))
}

fn packet(track: &Track, dts: i64, key: Key, data: Bytes) -> Packet {
    let dts = Timestamp::new(dts);
    Packet { track: track.id, pts: dts, dts, duration: None, key, data, wall: None }
}

/// `count` pictures of four slices, `bytes` long, at 30 Hz.
fn pictures(count: i64, bytes: usize) -> Vec<Packet> {
    let picture = |n: i64| {
        let key = if n == 0 { Key::Closed } else { Key::No };
        let mut data = BytesMut::new();
        for _ in 0..4 {
            let slice = bytes / 4 - 4 + n as usize;
            data.put_u32(slice as u32);
            data.put_u8(if n == 0 { 0x65 } else { 0x41 });
            data.put_bytes(0xaa, slice - 1);
        }
        packet(&video(), n * 3000, key, data.freeze())
    };
    (0..count).map(picture).collect()
}

/// Moves the packets on by `ticks`, as the next call needs them.
fn advance(packets: &mut [Packet], ticks: i64) {
    for packet in packets {
        packet.pts = packet.pts.saturating_add(ticks);
        packet.dts = packet.dts.saturating_add(ticks);
    }
}

fn len(packets: &[Packet]) -> u64 {
    packets.iter().map(|packet| packet.data.len() as u64).sum()
}

fn video_segments(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mpegts");
    for (name, count, bytes) in [
        ("60 pictures of 16 kB", 60, 16_000),
        ("60 pictures of 125 kB", 60, 125_000),
        ("1 picture of 16 kB", 1, 16_000),
    ] {
        let mut packets = pictures(count, bytes);
        let mut muxer = Muxer::new(&[video()], mpegts::Config::default()).expect("a muxer");
        group.throughput(Throughput::Bytes(len(&packets)));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                advance(&mut packets, count * 3000);
                black_box(muxer.segment(&packets).expect("a segment"))
            });
        });
        group.bench_function(BenchmarkId::new("copied only", name), |bencher| {
            bencher.iter(|| {
                let mut out = BytesMut::with_capacity(len(&packets) as usize);
                packets.iter().for_each(|packet| out.extend_from_slice(&packet.data));
                black_box(out.freeze())
            });
        });
    }
}

fn at_a_constant_rate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mpegts at 8 Mbit/s");
    let mut packets = pictures(60, 16_000);
    let config = mpegts::Config { mux_rate: Some(8_000_000), ..mpegts::Config::default() };
    let mut muxer = Muxer::new(&[video()], config).expect("a muxer");
    group.throughput(Throughput::Bytes(len(&packets)));
    group.bench_function("60 pictures of 16 kB", |bencher| {
        bencher.iter(|| {
            advance(&mut packets, 60 * 3000);
            black_box(muxer.segment(&packets).expect("a segment"))
        });
    });
}

fn sound(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mpegts");
    let track = audio();
    let frame = |n: i64| packet(&track, n * 1024, Key::Closed, vec![0x21; 341].into());
    let mut packets: Vec<Packet> = (0..47).map(frame).collect();
    let mut muxer = Muxer::new(&[audio()], mpegts::Config::default()).expect("a muxer");
    group.throughput(Throughput::Bytes(len(&packets)));
    group.bench_function("47 frames of AAC", |bencher| {
        bencher.iter(|| {
            advance(&mut packets, 47 * 1024);
            black_box(muxer.segment(&packets).expect("a segment"))
        });
    });
}

criterion_group!(benches, video_segments, at_a_constant_rate, sound);
criterion_main!(benches);
