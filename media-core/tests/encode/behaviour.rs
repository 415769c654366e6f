//! What holds for every codec: no frame is lost, key frames stand where they are asked for, times come out as they went in.

use std::num::NonZeroU32;

use media_core::codec;
use media_core::encode::{Codec, Config, Encoder, FrameOptions, KeyFrames, Latency, Threads};
use media_core::frame::{FrameRef, PixelFormat};
use media_core::packet::{Key, Packet};
use media_core::time::Timestamp;

use crate::{SIZE, STEP, codecs, encode, keys, pictures, reproducible};

const LATENCIES: [Latency; 5] =
    [Latency::Realtime, Latency::Frames(1), Latency::Frames(5), Latency::Frames(25), Latency::Unlimited];

#[test]
fn as_many_packets_come_out_as_frames_went_in() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, config) in codecs() {
        for latency in LATENCIES {
            for count in [0, 1, 2, 7, 40] {
                let packets = encode(Config { latency, ..config.clone() }, &frames[..count], &[]);
                let mut shown: Vec<_> = packets.iter().map(|packet| packet.pts.ticks()).collect();
                shown.sort_unstable();
                let pushed: Vec<_> = (0..count as i64).map(|number| number * STEP).collect();
                assert_eq!(shown, pushed, "{name} {latency:?}");
            }
        }
    }
}

#[test]
fn no_more_frames_are_held_back_than_the_delay_says() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, config) in codecs() {
        for latency in LATENCIES {
            let mut encoder = Encoder::open(Config { latency, ..config.clone() }).unwrap();
            match latency {
                Latency::Realtime => assert_eq!(encoder.delay(), 0, "{name}"),
                Latency::Frames(most) => assert!(encoder.delay() <= most, "{name} {latency:?}"),
                _ => {}
            }
            let mut out = 0;
            for (number, frame) in frames.iter().enumerate() {
                let pts = Timestamp::new(number as i64 * STEP);
                encoder.push(&frame.as_ref(), pts, &FrameOptions::default()).unwrap();
                out += std::iter::from_fn(|| encoder.poll()).count();
                assert!(number + 1 - out <= encoder.delay() as usize, "{name} {latency:?}");
            }
            assert_eq!(out + encoder.finish().unwrap().coded.len(), frames.len());
        }
    }
}

#[test]
fn forced_key_frames_stand_where_they_were_forced_and_nowhere_else() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 60);
    for (name, config) in codecs() {
        for latency in LATENCIES {
            let config = Config { latency, key_frames: KeyFrames::OnlyForced, ..config.clone() };
            let packets = encode(config, &frames, &[7, 8, 30, 59]);
            assert_eq!(keys(&packets), [0, 7, 8, 30, 59], "{name} {latency:?}");
            assert!(packets.iter().all(|packet| matches!(packet.key, Key::No | Key::Closed)));
        }
    }
}

#[test]
fn fixed_key_frames_keep_their_distance_also_from_a_forced_one() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 50);
    for (name, config) in codecs() {
        for latency in LATENCIES {
            let config = Config { latency, key_frames: KeyFrames::Fixed { every: 10 }, ..config.clone() };
            assert_eq!(
                keys(&encode(config.clone(), &frames, &[])),
                [0, 10, 20, 30, 40],
                "{name} {latency:?}"
            );
            assert_eq!(keys(&encode(config, &frames, &[14])), [0, 10, 14, 24, 34, 44], "{name} {latency:?}");
        }
    }
}

#[test]
fn automatic_key_frames_come_at_the_latest_after_their_distance() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 30);
    for (name, config) in codecs() {
        let config = Config { key_frames: KeyFrames::Auto { max: 12 }, ..config };
        let keys = keys(&encode(config, &frames, &[]));
        assert_eq!(keys[0], 0, "{name}");
        assert!(keys.windows(2).all(|pair| pair[1] - pair[0] <= 12) && keys.len() >= 3, "{name} {keys:?}");
    }
}

#[test]
fn decoding_times_increase_and_never_exceed_presentation_times() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, config) in codecs() {
        for latency in LATENCIES {
            let packets = encode(Config { latency, ..config.clone() }, &frames, &[17]);
            assert!(packets.windows(2).all(|pair| pair[0].dts < pair[1].dts), "{name} {latency:?}");
            assert!(packets.iter().all(|packet| packet.dts <= packet.pts), "{name} {latency:?}");
        }
    }
}

#[cfg(feature = "x264")]
#[test]
fn b_frames_are_put_out_in_coding_order() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 30);
    let packets = encode(crate::x264("medium"), &frames, &[]);
    assert!(packets.windows(2).any(|pair| pair[0].pts > pair[1].pts));
    assert!(packets[0].dts < packets[0].pts);
}

#[test]
fn a_packet_lasts_as_long_as_its_frame() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 20);
    for (name, config) in codecs() {
        let mut encoder = Encoder::open(config).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            let duration = NonZeroU32::new(number as u32 * 10);
            let options = FrameOptions { duration, ..FrameOptions::default() };
            encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &options).unwrap();
        }
        for packet in encoder.finish().unwrap().packets() {
            let expected = match packet.pts.ticks() / STEP {
                0 => STEP as u32,
                number => number as u32 * 10,
            };
            assert_eq!(packet.duration, Some(expected), "{name}");
        }
    }
}

#[test]
fn bytes_do_not_depend_on_where_the_clock_begins() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    for (name, config) in reproducible() {
        let from = |start: i64| -> Vec<Packet> {
            let mut encoder = Encoder::open(config.clone()).unwrap();
            for (number, frame) in frames.iter().enumerate() {
                let pts = Timestamp::new(start + number as i64 * STEP);
                encoder.push(&frame.as_ref(), pts, &FrameOptions::default()).unwrap();
            }
            encoder.finish().unwrap().packets().collect()
        };
        let zero = from(0);
        for start in [-1_000_000, 1 << 33, 1_700_000_000_000_000_000] {
            for (here, there) in zero.iter().zip(from(start)) {
                assert!(here.data == there.data, "{name} from {start}");
                assert_eq!(there.pts.ticks() - here.pts.ticks(), start);
                assert_eq!(there.dts.ticks() - here.dts.ticks(), start);
            }
        }
    }
}

#[test]
fn bytes_do_not_depend_on_strides() {
    // Not a multiple of any register, and the tight picture ends with its last sample.
    let size = (150, 98);
    let frames = pictures::moving(PixelFormat::I420, size, 12);
    for (name, config) in reproducible() {
        let config = Config { size, ..config };
        let padded = encode(config.clone(), &frames, &[]);
        let mut encoder = Encoder::open(config).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            let bytes = tight(&frame.as_ref());
            let frame = FrameRef::tight(PixelFormat::I420, size, &bytes).unwrap();
            encoder.push(&frame, Timestamp::new(number as i64 * STEP), &FrameOptions::default()).unwrap();
        }
        assert!(encoder.finish().unwrap().packets().eq(padded), "{name}");
    }
}

fn tight(frame: &FrameRef<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for plane in 0..frame.planes().len() {
        let (_, rows) = frame.format().plane_size(plane, frame.size()).unwrap();
        (0..rows).for_each(|row| bytes.extend_from_slice(frame.row(plane, row)));
    }
    bytes
}

#[cfg(feature = "x264")]
#[test]
fn nv12_gives_the_bytes_of_i420() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 8);
    let (_, config) = reproducible().remove(0);
    let planar = encode(config.clone(), &frames, &[]);
    let woven: Vec<_> = frames.iter().map(|frame| pictures::woven(&frame.as_ref())).collect();
    assert!(encode(Config { format: PixelFormat::Nv12, ..config }, &woven, &[]) == planar);
}

#[test]
fn the_configuration_in_effect_tells_what_became_of_it() {
    for (name, config) in codecs() {
        let encoder = Encoder::open(Config { threads: Threads::Auto, ..config.clone() }).unwrap();
        assert!(matches!(encoder.config().threads, Threads::Count(1..)), "{name}");
        match &encoder.config().codec {
            #[cfg(feature = "x264")]
            // H.264 table A-1: 99 macroblocks 25 times a second are the 1,485 and more of level 1.1 (3,000).
            Codec::X264(options) => assert_eq!(options.level, Some(11)),
            _ => {}
        }
        assert_eq!(encoder.config().size, config.size);
        assert!(encoder.finish().unwrap().coded.is_empty());
    }
}

#[cfg(feature = "vpx")]
#[test]
fn narrow_pictures_have_fewer_tile_columns() {
    use media_core::encode::vpx::Options;
    let columns = |width| {
        let options = Options { tile_columns: 6, ..Options::vp9() };
        let encoder = Encoder::open(Config { size: (width, 64), ..crate::vpx(options) }).unwrap();
        match &encoder.config().codec {
            Codec::Vpx(options) => options.tile_columns,
            #[cfg(feature = "x264")]
            Codec::X264(_) => unreachable!(),
            _ => unreachable!(),
        }
    };
    assert_eq!([64, 511, 512, 1280, 1920].map(columns), [0, 1, 1, 2, 2]);
}

#[test]
fn the_codec_configuration_is_that_of_the_stream() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 2);
    for (name, config) in codecs() {
        let told = Encoder::open(config.clone()).unwrap().codec_config().clone();
        assert_eq!(told.size(), Some(SIZE), "{name}");
        let first = encode(config, &frames, &[]).remove(0);
        match told {
            codec::Config::Vp8(told) => {
                let found = codec::vp8::Config::from_key_frame(&first.data).unwrap();
                assert_eq!(found.with_frame_rate(25, 1), told);
            }
            codec::Config::Vp9(told) => {
                let found = codec::vp9::Config::from_key_frame(&first.data).unwrap();
                assert_eq!(found.with_frame_rate(25, 1), told);
            }
            codec::Config::H264(told) => assert_eq!((told.sps().len(), told.pps().len()), (1, 1)),
            other => panic!("{other:?}"),
        }
    }
}

#[cfg(feature = "x264")]
#[test]
fn h264_packets_are_length_prefixed_and_carry_no_parameter_sets() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 20);
    for packet in encode(crate::x264("veryfast"), &frames, &[10]) {
        let kinds: Vec<u8> = crate::tools::nal_units(&packet.data).iter().map(|nal| nal[0] & 31).collect();
        // H.264 table 7-1: 1 and 5 are slices, 6 is SEI.
        assert!(!kinds.is_empty() && kinds.iter().all(|kind| [1, 5, 6].contains(kind)), "{kinds:?}");
    }
}
