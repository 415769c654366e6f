//! libvpx in each pixel format: the profile it is coded in, what a decoder gets, and which formats are the same thing.

use media_core::codec::{self, vp9};
use media_core::encode::vpx::{Deadline, Options};
use media_core::encode::{Config, Encoder, RateControl, Threads};
use media_core::frame::{Frame, FrameRef, PixelFormat};
use media_core::packet::Packet;

use crate::tools::{self, Scratch};
use crate::{SIZE, encode, pictures};

fn one_thread(options: Options) -> Config {
    Config { threads: Threads::Count(1), ..crate::vpx(options) }
}

/// The format, what ffmpeg calls it, its profile and its codecs string at 25 Hz.
const FORMATS: [(PixelFormat, &str, u8, &str); 9] = [
    (PixelFormat::I420, "yuv420p", 0, "vp09.00.10.08"),
    (PixelFormat::Nv12, "nv12", 0, "vp09.00.10.08"),
    (PixelFormat::Gray, "gray", 0, "vp09.00.10.08"),
    (PixelFormat::I422, "yuv422p", 1, "vp09.01.10.08.02.02.02.02.00"),
    (PixelFormat::I444, "yuv444p", 1, "vp09.01.10.08.03.02.02.02.00"),
    (PixelFormat::I010, "yuv420p10le", 2, "vp09.02.10.10"),
    (PixelFormat::P010, "p010le", 2, "vp09.02.10.10"),
    (PixelFormat::I210, "yuv422p10le", 3, "vp09.03.10.10.02.02.02.02.00"),
    (PixelFormat::I410, "yuv444p10le", 3, "vp09.03.10.10.03.02.02.02.00"),
];

/// All rows of all planes, padding left out.
fn tight(frame: &FrameRef<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for plane in 0..frame.planes().len() {
        let (_, rows) = frame.format().plane_size(plane, frame.size()).unwrap();
        (0..rows).for_each(|row| bytes.extend_from_slice(frame.row(plane, row)));
    }
    bytes
}

fn written(scratch: &Scratch, packets: &[Packet]) -> std::path::PathBuf {
    let path = scratch.file("coded.ivf");
    std::fs::write(&path, tools::ivf(*b"VP90", SIZE, packets)).unwrap();
    path
}

#[test]
fn lossless_gives_back_every_sample_of_every_format() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let scratch = Scratch::new();
    for (format, name, _, _) in FORMATS {
        if format == PixelFormat::Gray {
            continue; // ffmpeg's has another range.
        }
        let frames = pictures::moving(format, SIZE, 5);
        let expected: Vec<u8> = frames.iter().flat_map(|frame| tight(&frame.as_ref())).collect();
        for deadline in [Deadline::Realtime, Deadline::Good] {
            let options = Options { deadline, ..Options::vp9() };
            let config = Config { format, rate: RateControl::Lossless, ..one_thread(options) };
            let packets = encode(config, &frames, &[]);
            let found = tools::pixels(&written(&scratch, &packets), name);
            assert!(found == expected, "{name} {deadline:?}");
        }
    }
}

#[test]
fn the_stream_has_the_profile_of_its_format_and_the_configuration_says_so() {
    for (format, name, profile, codecs) in FORMATS {
        let config = Config { format, ..one_thread(Options::vp9()) };
        let told = Encoder::open(config.clone()).unwrap().codec_config().clone();
        assert_eq!(told.codecs(), codecs, "{name}");
        let codec::Config::Vp9(told) = told else { panic!() };
        let packets = encode(config, &pictures::moving(format, SIZE, 3), &[]);
        let found = vp9::Config::from_key_frame(&packets[0].data).unwrap();
        assert_eq!(found.parts().profile, profile, "{name}");
        assert_eq!(found.with_frame_rate(25, 1), told, "{name}");
    }
}

#[test]
fn nv12_gives_the_bytes_of_i420() {
    let planar = pictures::moving(PixelFormat::I420, (150, 98), 6);
    let woven: Vec<Frame> = planar.iter().map(|frame| pictures::woven(&frame.as_ref())).collect();
    for options in [Options::vp8(), Options::vp9()] {
        let config = Config { size: (150, 98), ..one_thread(options) };
        let expected = encode(config.clone(), &planar, &[]);
        assert!(encode(Config { format: PixelFormat::Nv12, ..config }, &woven, &[]) == expected);
    }
}

#[test]
fn p010_gives_the_bytes_of_i010() {
    let size = (150, 98);
    let woven = pictures::moving(PixelFormat::P010, size, 6);
    let planar: Vec<Frame> = woven.iter().map(|frame| pictures::unwoven(&frame.as_ref())).collect();
    let config = Config { size, format: PixelFormat::I010, ..one_thread(Options::vp9()) };
    let expected = encode(config.clone(), &planar, &[]);
    assert!(encode(Config { format: PixelFormat::P010, ..config }, &woven, &[]) == expected);
}

#[test]
fn grey_is_coded_with_chroma_in_the_middle() {
    for (grey, planar, middle) in
        [(PixelFormat::Gray, PixelFormat::I420, [128, 128]), (PixelFormat::Gray10, PixelFormat::I010, [0, 2])]
    {
        let frames = pictures::moving(grey, SIZE, 4);
        let full: Vec<Frame> = frames
            .iter()
            .map(|frame| {
                let mut full = Frame::new(planar, SIZE).unwrap();
                let stride = full.stride(0);
                for (y, row) in full.plane_mut(0).chunks_mut(stride).enumerate() {
                    let from = frame.as_ref();
                    row[..from.row(0, y).len()].copy_from_slice(from.row(0, y));
                }
                for plane in 1..3 {
                    full.plane_mut(plane).as_chunks_mut::<2>().0.fill(middle);
                }
                full
            })
            .collect();
        for options in [Options::vp8(), Options::vp9()] {
            if options == Options::vp8() && planar != PixelFormat::I420 {
                continue;
            }
            let config = Config { format: planar, ..one_thread(options) };
            let expected = encode(config.clone(), &full, &[]);
            assert!(encode(Config { format: grey, ..config }, &frames, &[]) == expected, "{grey:?}");
        }
    }
}

#[test]
fn t13_odd_sizes_are_coded_in_every_format() {
    for (format, name, _, _) in FORMATS {
        for size in [(175, 143), (17, 1), (1, 17), (65, 64)] {
            let frames = pictures::moving(format, size, 3);
            let config = Config { size, format, ..one_thread(Options::vp9()) };
            assert_eq!(encode(config, &frames, &[]).len(), 3, "{name} {size:?}");
        }
    }
}
