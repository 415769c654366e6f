//! What the wrapper costs: `media_core::decode` against the bare C calls, for the same 720p streams, one thread. Every picture is let go
//! at once, as a transcoder does; the C loop decodes into libvpx's own memory. The target is at most 1.02 times the C loop for VP9; VP8
//! costs a copy, which the C loop is asked to make too in a third line.

// The other side of the comparison is C, called directly.
#![allow(unsafe_code)]

mod cpu_time;
mod pictures;

use std::{ptr, slice};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media_core::codec::Format;
use media_core::decode::{self, Decoder};
use media_core::encode::vpx::Options;
use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, Latency, RateControl, Threads};
use media_core::frame::{Frame, PixelFormat};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};

use crate::cpu_time::{CpuTime, cpu_time};
use crate::pictures::{SIZE, picture};

const COUNT: usize = 25;

fn benches(c: &mut Criterion<CpuTime>) {
    for (name, format, options) in
        [("decode vp9", Format::Vp9, Options::vp9()), ("decode vp8", Format::Vp8, Options::vp8())]
    {
        let packets = packets(options);
        let mut group = c.benchmark_group(name);
        group.sample_size(20).throughput(Throughput::Elements(COUNT as u64));
        let sum = wrapped(format, &packets);
        assert_eq!((raw(format, &packets, false), raw(format, &packets, true)), (sum, sum), "the same work");
        group.bench_function("c", |b| b.iter(|| raw(format, &packets, false)));
        group.bench_function("reelmill", |b| b.iter(|| wrapped(format, &packets)));
        group.bench_function("c with a copy", |b| b.iter(|| raw(format, &packets, true)));
    }
}

/// A second of live video at 2.5 Mbit/s.
fn packets(options: Options) -> Vec<Packet> {
    let mut config = Config::new(options, SIZE, TimeBase::hz(25), FrameRate::hz(25));
    (config.threads, config.latency) = (Threads::Count(1), Latency::Realtime);
    config.rate = RateControl::Constant { bitrate: 2_500_000, buffer_ms: 600 };
    let mut encoder = Encoder::open(config).expect("a valid configuration");
    for number in 0..COUNT {
        let pts = Timestamp::new(number as i64);
        let pushed = encoder.push(&picture(number).as_ref(), pts, &FrameOptions::default());
        pushed.expect("a frame of the right size");
    }
    encoder.finish().expect("all packets").packets().collect()
}

/// The sum of the last row of each picture, to see that the pictures are the same.
fn wrapped(format: Format, packets: &[Packet]) -> u64 {
    let mut decoder = Decoder::open(format, &decode::Config::default()).expect("a valid configuration");
    let mut sum = 0;
    for packet in packets {
        decoder.push(packet).expect("a sound packet");
        while let Some(decoded) = decoder.poll() {
            sum += sum_of(decoded.picture.as_ref().row(0, SIZE.1 as usize - 1));
        }
    }
    sum
}

fn sum_of(row: &[u8]) -> u64 {
    row.iter().map(|sample| u64::from(*sample)).sum()
}

fn raw(format: Format, packets: &[Packet], copied: bool) -> u64 {
    use vpx_sys::*;
    let mut frame = Frame::new(PixelFormat::I420, SIZE).expect("memory for a frame");
    let mut sum = 0;
    // SAFETY: data outlives the calls, an image is read before the next call, and the context is destroyed once.
    unsafe {
        let interface = if format == Format::Vp8 { vpx_codec_vp8_dx() } else { vpx_codec_vp9_dx() };
        let cfg = vpx_codec_dec_cfg_t { threads: 1, w: 0, h: 0 };
        let mut ctx = vpx_codec_ctx_t::default();
        assert_eq!(vpx_codec_dec_init(&mut ctx, interface, &cfg, 0), VPX_CODEC_OK);
        for packet in packets {
            let (data, len) = (packet.data.as_ptr(), packet.data.len() as u32);
            assert_eq!(vpx_codec_decode(&mut ctx, data, len, ptr::null_mut(), 0), VPX_CODEC_OK);
            let mut iterator = ptr::null();
            while let Some(image) = vpx_codec_get_frame(&mut ctx, &mut iterator).as_ref() {
                if copied {
                    copy(image, &mut frame);
                    sum += sum_of(frame.as_ref().row(0, SIZE.1 as usize - 1));
                } else {
                    let last = image.planes[0].add(image.stride[0] as usize * (SIZE.1 as usize - 1));
                    sum += sum_of(slice::from_raw_parts(last, SIZE.0 as usize));
                }
            }
        }
        assert_eq!(vpx_codec_destroy(&mut ctx), VPX_CODEC_OK);
    }
    sum
}

/// # Safety
/// The image is one that libvpx has just given out, of [`SIZE`].
unsafe fn copy(image: &vpx_sys::vpx_image_t, frame: &mut Frame) {
    for plane in 0..3 {
        let (row, rows) = PixelFormat::I420.plane_size(plane, SIZE).expect("a plane of it");
        let stride = frame.stride(plane);
        let into = frame.plane_mut(plane);
        for y in 0..rows {
            // SAFETY: libvpx's planes have these rows.
            let from = unsafe {
                slice::from_raw_parts(image.planes[plane].add(image.stride[plane] as usize * y), row)
            };
            into[y * stride..][..row].copy_from_slice(from);
        }
    }
}

criterion_group! { name = decode; config = cpu_time(); targets = benches }
criterion_main!(decode);
