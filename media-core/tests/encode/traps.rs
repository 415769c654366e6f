//! Where wrappers of these libraries were found unsound or silently wrong. Each trap has a number, and a test that bears it; most only
//! prove something under valgrind (`script/valgrind`). Traps on planes alone are tested in `frame`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use media_core::encode::{Config, Encoder, Error, FrameOptions, Latency};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

use crate::subscriber::Lines;
use crate::{SIZE, STEP, codecs, encode, pictures};

fn push(encoder: &mut Encoder, frame: &Frame, number: i64) -> Result<(), Error> {
    encoder.push(&frame.as_ref(), Timestamp::new(number * STEP), &FrameOptions::default())
}

/// A library of another layout would be written past the end of our structures.
#[test]
fn t1_the_libraries_loaded_are_those_compiled_for() {
    #[cfg(feature = "x264")]
    assert_eq!(x264_sys::check(), Ok(()));
    #[cfg(feature = "vpx")]
    assert_eq!(vpx_sys::check(), Ok(()));
}

/// An enumeration of Rust's would be undefined behaviour for a value that the header did not list.
#[test]
fn t2_codes_of_the_libraries_are_integers() {
    #[cfg(feature = "x264")]
    let _: std::ffi::c_int = x264_sys::X264_TYPE_IDR;
    #[cfg(feature = "vpx")]
    let _: (std::ffi::c_uint, std::ffi::c_uint) = (vpx_sys::VPX_CODEC_OK, vpx_sys::VPX_CQ);
}

/// The libraries reuse their output buffers.
#[test]
fn t3_packets_outlive_the_next_call_and_the_encoder() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 20);
    for (name, config) in codecs() {
        let mut encoder = Encoder::open(Config { latency: Latency::Realtime, ..config }).unwrap();
        push(&mut encoder, &frames[0], 0).unwrap();
        let first = encoder.poll().unwrap();
        let copy = first.packet.data.to_vec();
        for (number, frame) in frames.iter().enumerate().skip(1) {
            push(&mut encoder, frame, number as i64).unwrap();
        }
        drop(encoder.finish().unwrap());
        assert!(first.packet.data == copy, "{name}");
    }
}

/// x264 does not write its output picture when nothing comes out.
#[cfg(feature = "x264")]
#[test]
fn t5_nothing_comes_out_while_x264_looks_ahead() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 10);
    let mut encoder = Encoder::open(crate::x264("medium")).unwrap();
    assert!(encoder.delay() > 10);
    for (number, frame) in frames.iter().enumerate() {
        push(&mut encoder, frame, number as i64).unwrap();
        assert!(encoder.poll().is_none());
    }
    assert_eq!(encoder.finish().unwrap().coded.len(), 10);
}

/// x264 reads as many pixels as it was opened for, whatever it is given.
#[test]
fn t7_frames_of_another_size_or_format_are_refused() {
    let frame = Frame::new(PixelFormat::I420, SIZE).unwrap();
    for (name, config) in codecs() {
        let mut encoder = Encoder::open(config).unwrap();
        for size in [(SIZE.0 - 2, SIZE.1), (SIZE.0, SIZE.1 - 2), (SIZE.0 + 2, SIZE.1 + 2), (2, 2)] {
            let other = Frame::new(PixelFormat::I420, size).unwrap();
            assert!(matches!(push(&mut encoder, &other, 0), Err(Error::Frame { .. })), "{name}");
        }
        let gray = Frame::new(PixelFormat::Gray, SIZE).unwrap();
        assert!(matches!(push(&mut encoder, &gray, 0), Err(Error::Frame { .. })), "{name}");
        push(&mut encoder, &frame, 0).unwrap();
        assert_eq!(encoder.finish().unwrap().coded.len(), 1);
    }
}

/// A control's argument of the wrong C type would arrive as something else.
#[cfg(feature = "vpx")]
#[test]
fn t8_controls_arrive_as_they_were_sent() {
    use media_core::codec::vp9;
    use media_core::encode::vpx::Options;
    use media_core::frame::Colour;
    let frames = pictures::moving(PixelFormat::I420, SIZE, 1);
    for colour in [Colour::BT709, Colour::BT601_525, Colour { full_range: true, ..Colour::BT601_625 }] {
        let packets = encode(Config { colour, ..crate::vpx(Options::vp9()) }, &frames, &[]);
        let found = vp9::Config::from_key_frame(&packets[0].data).unwrap();
        assert_eq!(found.parts().colour, Some(colour));
    }
    for cpu_used in -9..=9 {
        assert!(Encoder::open(crate::vpx(Options { cpu_used, ..Options::vp9() })).is_ok());
    }
}

/// Samples beyond 10 bits are undefined behaviour in libvpx, whose releases up to 1.15 do not look.
#[test]
fn t12_samples_beyond_their_bits_are_refused() {
    for (name, config) in codecs() {
        for (format, sample) in [(PixelFormat::I010, [0, 4]), (PixelFormat::P010, [1, 0])] {
            let Ok(mut encoder) = Encoder::open(Config { format, ..config.clone() }) else {
                assert_eq!(name, "vp8");
                continue;
            };
            let mut frame = pictures::moving(format, SIZE, 1).remove(0);
            let at = frame.stride(1) * 40;
            frame.plane_mut(1)[at..][..2].copy_from_slice(&sample);
            assert!(matches!(push(&mut encoder, &frame, 0), Err(Error::Samples { .. })), "{name} {format:?}");
            let frame = pictures::moving(format, SIZE, 1).remove(0);
            push(&mut encoder, &frame, 0).unwrap();
            assert_eq!(encoder.finish().unwrap().coded.len(), 1);
        }
    }
}

/// libx264 wants even sides, libvpx does not mind.
#[test]
fn t13_odd_sizes_are_coded_or_refused() {
    for size in [(175, 143), (17, 1), (1, 17), (1, 1), (65, 64)] {
        let frames = pictures::moving(PixelFormat::I420, size, 4);
        for (name, config) in codecs() {
            let config = Config { size, ..config };
            if name == "x264" {
                let refused = Encoder::open(config);
                assert!(matches!(refused, Err(Error::Unsupported { field: "size", .. })));
            } else {
                assert_eq!(encode(config, &frames, &[]).len(), 4, "{name} {size:?}");
            }
        }
    }
}

/// Both libraries take equal and backward timestamps, and go wrong later.
#[test]
fn t14_timestamps_increase() {
    let frame = Frame::new(PixelFormat::I420, SIZE).unwrap();
    for (name, config) in codecs() {
        let mut encoder = Encoder::open(config).unwrap();
        push(&mut encoder, &frame, 5).unwrap();
        for number in [5, 4, 0, -5] {
            assert!(matches!(push(&mut encoder, &frame, number), Err(Error::Order { .. })), "{name}");
        }
        push(&mut encoder, &frame, 6).unwrap();
        assert_eq!(encoder.finish().unwrap().coded.len(), 2, "{name}");
    }
}

/// libvpx counts time in 100 ns and gives timestamps back rounded to that.
#[test]
fn t14_nanoseconds_come_out_as_they_went_in() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 9);
    for (name, config) in codecs() {
        for latency in [Latency::Realtime, Latency::Frames(5)] {
            let mut encoder =
                Encoder::open(Config { time_base: TimeBase::NANOS, latency, ..config.clone() }).unwrap();
            let times: Vec<i64> = (0..9).map(|number| number * 33_366_733 + 7).collect();
            for (frame, pts) in frames.iter().zip(&times) {
                encoder.push(&frame.as_ref(), Timestamp::new(*pts), &FrameOptions::default()).unwrap();
            }
            let near =
                encoder.push(&frames[0].as_ref(), Timestamp::new(times[8] + 150), &FrameOptions::default());
            assert_eq!(near.is_ok(), name == "x264", "{name}");
            let coded = encoder.finish().unwrap().coded;
            let mut out: Vec<i64> = coded.iter().map(|coded| coded.packet.pts.ticks()).collect();
            out.sort_unstable();
            assert_eq!(out[..9], times, "{name}");
            assert!(coded.iter().all(|coded| coded.packet.duration.is_some()), "{name}");
        }
    }
}

/// libvpx multiplies by ten million ticks a second in 64 bits.
#[test]
fn t14_timestamps_stay_in_range() {
    let frame = Frame::new(PixelFormat::I420, SIZE).unwrap();
    for (name, config) in codecs() {
        for time_base in [TimeBase::VIDEO, TimeBase::hz(1), TimeBase::hz(999_999_937), TimeBase::NANOS] {
            let mut encoder = Encoder::open(Config { time_base, ..config.clone() }).unwrap();
            let mut push =
                |ticks| encoder.push(&frame.as_ref(), Timestamp::new(ticks), &FrameOptions::default());
            for ticks in [i64::MIN, i64::MAX, i64::MAX / 3] {
                assert!(matches!(push(ticks), Err(Error::Range { .. })), "{name} {time_base:?}");
            }
            push(-7).unwrap();
            let Err(Error::Range { range, .. }) = push(i64::MAX) else { panic!("{name} {time_base:?}") };
            assert!(matches!(push(range - 6), Err(Error::Range { .. })));
            push(range - 7).unwrap();
            assert_eq!(encoder.finish().unwrap().coded.len(), 2, "{name} {time_base:?}");
        }
    }
}

/// x264 calls back while it opens, and from its own threads.
#[test]
fn t16_a_panic_in_the_log_does_not_reach_c() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 5);
    for (name, config) in codecs() {
        if name != "x264" {
            continue; // libvpx has no log.
        }
        let lines = Lines::panicking();
        let packets =
            tracing::subscriber::with_default(lines.clone(), || encode(config.clone(), &frames, &[]));
        assert_eq!(packets.len(), 5, "{name}");
        assert!(!lines.of(tracing::Level::DEBUG).is_empty(), "{name} has not logged");
    }
}

/// What the libraries hold is freed by closing them, and not before.
#[test]
fn t17_an_encoder_may_be_dropped_with_frames_inside() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 8);
    for (name, config) in codecs() {
        let lines = Lines::default();
        let delay = tracing::subscriber::with_default(lines.clone(), || {
            let mut encoder = Encoder::open(Config { latency: Latency::Frames(9), ..config }).unwrap();
            for (number, frame) in frames.iter().enumerate() {
                push(&mut encoder, frame, number as i64).unwrap();
            }
            encoder.delay()
        });
        let lost = lines.of(tracing::Level::WARN);
        let told = lost.iter().any(|line| line.contains("dropped without finish"));
        assert_eq!(told, delay > 0, "{name} {lost:?}");
    }
}

/// Strings given to x264 have to live as long as it reads them, and to be freed by whom they belong to.
#[cfg(feature = "x264")]
#[test]
fn t18_params_with_strings_are_kept_and_freed() {
    use media_core::encode::Codec;
    use media_core::encode::x264::Options;
    let frames = pictures::moving(PixelFormat::I420, SIZE, 8);
    let params = vec![("zones".to_owned(), "0,3,q=40/4,7,b=0.5".to_owned())];
    let config =
        Config { codec: Codec::X264(Options { params, ..Options::default() }), ..crate::x264("medium") };
    assert_eq!(encode(config, &frames, &[]).len(), 8);
}

/// libvpx destroys a context that it could not open; doing it again is an error.
#[test]
fn t20_a_refused_encoder_leaves_nothing_behind() {
    for (name, config) in codecs() {
        for _ in 0..3 {
            assert!(Encoder::open(Config { size: (0, 0), ..config.clone() }).is_err(), "{name}");
            let time_base = TimeBase::new(1, u32::MAX).unwrap();
            drop(Encoder::open(Config { time_base, ..config.clone() }));
        }
        assert!(Encoder::open(config).is_ok(), "{name}");
    }
}

/// A `Drop` that panics while a panic unwinds would abort.
#[test]
fn t20_an_encoder_may_be_dropped_while_unwinding() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 3);
    for (_, config) in codecs() {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let mut encoder = Encoder::open(config).unwrap();
            push(&mut encoder, &frames[0], 0).unwrap();
            std::panic::resume_unwind(Box::new("on purpose"));
        }));
        assert!(unwound.is_err());
    }
}

/// Packets that nobody takes are not piled up without end.
#[test]
fn packets_not_polled_stop_the_encoder() {
    // VP8 of libvpx 1.12 reads what it has not written for pictures of one macroblock, in `vpxenc` too.
    let frame = Frame::new(PixelFormat::I420, (32, 32)).unwrap();
    for (name, config) in codecs() {
        let config = Config { size: (32, 32), latency: Latency::Realtime, ..config };
        let mut encoder = Encoder::open(config).unwrap();
        let refused =
            (0..2000).map(|number| push(&mut encoder, &frame, number)).find(Result::is_err).unwrap();
        let Err(Error::Unpolled { packets }) = refused else { panic!("{name}: {refused:?}") };
        assert_eq!(encoder.finish().unwrap().coded.len(), packets, "{name}");
    }
}
