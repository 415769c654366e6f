//! What the wrapper costs: `media_core::encode` against the bare C calls, for the same 720p frames and the same options, one thread.
//!
//! The target is at most 1.02 times the C loop. Criterion measures one after the other, and a machine changes meanwhile by more than that; so a
//! table follows of both in turns.

// The other side of the comparison is C, called directly.
#![allow(unsafe_code)]

mod cpu_time;
mod pictures;

use std::ptr;

use criterion::measurement::Measurement;
use criterion::{Criterion, Throughput};
use media_core::encode::{
    Config, Encoder, FrameOptions, FrameRate, Latency, RateControl, Threads, vpx, x264,
};
use media_core::frame::Frame;
use media_core::time::{TimeBase, Timestamp};

use crate::cpu_time::{CpuTime, cpu_time};
use crate::pictures::{SIZE, picture};

const COUNT: usize = 12;
const BITRATE: u32 = 1_500_000;
/// Odd, so that there is a middle one.
const ROUNDS: usize = 15;

fn main() {
    let mut criterion = cpu_time().configure_from_args();
    benches(&mut criterion);
    criterion.final_summary();
    // Not when it is only to be seen that it runs, or when somebody profiles.
    if !std::env::args().any(|argument| argument == "--test" || argument == "--profile-time") {
        compare();
    }
}

fn benches(c: &mut Criterion<CpuTime>) {
    let frames: Vec<Frame> = (0..COUNT).map(picture).collect();
    for case in cases() {
        let mut group = c.benchmark_group(case.name);
        group.sample_size(10).throughput(Throughput::Elements(COUNT as u64));
        assert_eq!((case.raw)(&frames), wrapped(&case.config, &frames), "both do the same work");
        group.bench_function("c", |b| b.iter(|| (case.raw)(&frames)));
        group.bench_function("reelmill", |b| b.iter(|| wrapped(&case.config, &frames)));
    }
}

/// Milliseconds of a processor per frame of both in turns, so that what else the machine does meets both alike: the fastest of each, and
/// the median of the ratios of neighbours.
fn compare() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let frames: Vec<Frame> = (0..COUNT).map(picture).collect();
    println!("\n| {:16} | C ms | reelmill ms | fastest | median of {ROUNDS} |\n|---|---|---|---|---|", "");
    for case in cases().iter().filter(|case| case.name.contains(&filter)) {
        let (mut theirs, mut ours, mut ratios) = (f64::MAX, f64::MAX, Vec::new());
        for round in 0..ROUNDS {
            let (raw, our) = if round % 2 == 0 {
                let raw = per_frame(|| (case.raw)(&frames));
                (raw, per_frame(|| wrapped(&case.config, &frames)))
            } else {
                let our = per_frame(|| wrapped(&case.config, &frames));
                (per_frame(|| (case.raw)(&frames)), our)
            };
            (theirs, ours) = (theirs.min(raw), ours.min(our));
            ratios.push(our / raw);
        }
        ratios.sort_by(f64::total_cmp);
        let (fastest, median) = (ours / theirs, ratios[ROUNDS / 2]);
        println!("| {:16} | {theirs:.3} | {ours:.3} | {fastest:.3} | {median:.3} |", case.name);
    }
}

fn per_frame(encode: impl FnOnce() -> usize) -> f64 {
    let clock = CpuTime.start();
    assert!(encode() > 0);
    CpuTime.end(clock) as f64 / 1e6 / COUNT as f64
}

/// Gives the bytes of all packets.
type Raw = dyn Fn(&[Frame]) -> usize;

/// One configuration, ours and in C.
struct Case {
    name: &'static str,
    config: Config,
    raw: Box<Raw>,
}

fn cases() -> Vec<Case> {
    let presets = [
        ("x264 ultrafast", x264::Preset::Ultrafast, c"ultrafast"),
        ("x264 veryfast", x264::Preset::Veryfast, c"veryfast"),
        ("x264 medium", x264::Preset::Medium, c"medium"),
    ];
    let real_time = [
        ("vp9 realtime 8", vpx::Options::vp9()),
        ("vp9 realtime 6", vpx::Options { cpu_used: 6, ..vpx::Options::vp9() }),
        ("vp8 realtime -8", vpx::Options::vp8()),
        ("vp8 realtime -4", vpx::Options { cpu_used: -4, ..vpx::Options::vp8() }),
    ];
    let x264 = presets.into_iter().map(|(name, preset, raw_name)| Case {
        name,
        config: x264_config(x264::Options { preset, ..x264::Options::default() }),
        raw: Box::new(move |frames| raw_x264(raw_name, frames)),
    });
    let vpx = real_time.into_iter().map(|(name, options)| Case {
        name,
        config: vpx_config(options.clone()),
        raw: Box::new(move |frames| raw_vpx(&options, frames)),
    });
    x264.chain(vpx).collect()
}

fn x264_config(options: x264::Options) -> Config {
    let mut config = Config::new(options, SIZE, TimeBase::hz(25), FrameRate::hz(25));
    config.threads = Threads::Count(1);
    config
}

fn vpx_config(options: vpx::Options) -> Config {
    let mut config = Config::new(options, SIZE, TimeBase::hz(25), FrameRate::hz(25));
    config.threads = Threads::Count(1);
    config.latency = Latency::Realtime;
    config.rate = RateControl::Constant { bitrate: BITRATE, buffer_ms: 600 };
    config
}

/// Bytes of all packets.
fn wrapped(config: &Config, frames: &[Frame]) -> usize {
    let mut encoder = Encoder::open(config.clone()).expect("a valid configuration");
    let mut bytes = 0;
    for (number, frame) in frames.iter().enumerate() {
        let pts = Timestamp::new(number as i64);
        encoder.push(&frame.as_ref(), pts, &FrameOptions::default()).expect("a frame of the right size");
        while let Some(coded) = encoder.poll() {
            bytes += coded.packet.data.len();
        }
    }
    let rest = encoder.finish().expect("the rest");
    bytes + rest.packets().map(|packet| packet.data.len()).sum::<usize>()
}

fn raw_x264(preset: &std::ffi::CStr, frames: &[Frame]) -> usize {
    use x264_sys::*;
    let mut param = x264_param_t::default();
    let mut bytes = 0;
    // SAFETY: the parameters are filled before they are used, planes are as large as the encoder is opened for and outlive the calls,
    // and the encoder is closed once.
    unsafe {
        assert_eq!(x264_param_default_preset(&mut param, preset.as_ptr(), ptr::null()), 0);
        (param.i_width, param.i_height) = (SIZE.0 as i32, SIZE.1 as i32);
        (param.i_fps_num, param.i_fps_den) = (25, 1);
        (param.i_timebase_num, param.i_timebase_den) = (1, 25);
        (param.b_vfr_input, param.i_threads, param.i_log_level) = (0, 1, X264_LOG_NONE);
        (param.b_annexb, param.b_repeat_headers) = (0, 0);
        (param.i_csp, param.i_bitdepth) = (X264_CSP_I420, 8);
        let encoder = x264_encoder_open(&mut param);
        assert!(!encoder.is_null());
        let (mut nals, mut count) = (ptr::null_mut(), 0);
        let mut out = x264_picture_t::default();
        for (number, frame) in frames.iter().enumerate() {
            let mut picture = x264_picture_t::default();
            x264_picture_init(&mut picture);
            picture.i_pts = number as i64;
            (picture.img.i_csp, picture.img.i_plane) = (X264_CSP_I420, 3);
            for (index, plane) in frame.as_ref().planes().iter().enumerate() {
                picture.img.plane[index] = plane.data.as_ptr().cast_mut();
                picture.img.i_stride[index] = plane.stride as i32;
            }
            bytes += x264_encoder_encode(encoder, &mut nals, &mut count, &mut picture, &mut out);
        }
        while x264_encoder_delayed_frames(encoder) > 0 {
            bytes += x264_encoder_encode(encoder, &mut nals, &mut count, ptr::null_mut(), &mut out);
        }
        x264_encoder_close(encoder);
        x264_param_cleanup(&mut param);
    }
    usize::try_from(bytes).expect("no call failed")
}

fn raw_vpx(options: &vpx::Options, frames: &[Frame]) -> usize {
    use vpx_sys::*;
    let mut bytes = 0;
    // SAFETY: the settings are filled before they are used, planes are as large as the context is opened for and outlive the calls,
    // and the context is destroyed once.
    unsafe {
        let vp9 = options.codec == vpx::Codec::Vp9;
        let interface = if vp9 { vpx_codec_vp9_cx() } else { vpx_codec_vp8_cx() };
        let mut cfg = vpx_codec_enc_cfg_t::default();
        assert_eq!(vpx_codec_enc_config_default(interface, &mut cfg, 0), VPX_CODEC_OK);
        (cfg.g_w, cfg.g_h, cfg.g_threads, cfg.g_lag_in_frames) = (SIZE.0, SIZE.1, 1, 0);
        cfg.g_timebase = vpx_rational_t { num: 1, den: 25 };
        (cfg.rc_end_usage, cfg.rc_target_bitrate) = (VPX_CBR, BITRATE / 1000);
        (cfg.rc_buf_sz, cfg.rc_buf_initial_sz, cfg.rc_buf_optimal_sz) = (600, 400, 500);
        (cfg.kf_mode, cfg.kf_min_dist, cfg.kf_max_dist) = (VPX_KF_AUTO, 0, 250);
        let mut ctx = vpx_codec_ctx_t::default();
        assert_eq!(vpx_codec_enc_init(&mut ctx, interface, &cfg, 0), VPX_CODEC_OK);
        assert_eq!(control::vp8e_set_cpuused(&mut ctx, options.cpu_used.into()), VPX_CODEC_OK);
        if vp9 {
            assert_eq!(control::vp9e_set_tile_columns(&mut ctx, 0), VPX_CODEC_OK);
            assert_eq!(control::vp9e_set_row_mt(&mut ctx, 1), VPX_CODEC_OK);
        }
        for (number, frame) in frames.iter().enumerate() {
            let frame = frame.as_ref();
            let mut image = vpx_image_t::default();
            let first = frame.planes()[0].data.as_ptr().cast_mut();
            assert!(!vpx_img_wrap(&mut image, VPX_IMG_FMT_I420, SIZE.0, SIZE.1, 1, first).is_null());
            for (index, plane) in frame.planes().iter().enumerate() {
                image.planes[index] = plane.data.as_ptr().cast_mut();
                image.stride[index] = plane.stride as i32;
            }
            assert_eq!(vpx_codec_encode(&mut ctx, &image, number as i64, 1, 0, 1), VPX_CODEC_OK);
            let mut iterator = ptr::null();
            while let Some(packet) = vpx_codec_get_cx_data(&mut ctx, &mut iterator).as_ref() {
                bytes += packet.data.frame.sz;
            }
        }
        assert_eq!(vpx_codec_destroy(&mut ctx), VPX_CODEC_OK);
    }
    bytes
}
