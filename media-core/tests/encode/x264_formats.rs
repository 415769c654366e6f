//! libx264 takes each layout, codes it in the profile made for it, and what is lossless comes back as it went in.

use std::process::Command;

use media_core::codec;
use media_core::encode::x264::{Crop, Options, Profile};
use media_core::encode::{Codec, Config, Encoder, Error, RateControl};
use media_core::frame::{Frame, FrameRef, PixelFormat};
use media_core::packet::Packet;

use crate::tools::{self, Scratch};
use crate::{SIZE, encode, pictures, reproducible};

/// Each layout with the `profile_idc` it needs (H.264 A.2) and ffmpeg's name for it.
const FORMATS: [(PixelFormat, u8, &str); 10] = [
    (PixelFormat::I420, 100, "yuv420p"),
    (PixelFormat::Nv12, 100, "nv12"),
    (PixelFormat::Gray, 100, "gray"),
    (PixelFormat::I422, 122, "yuv422p"),
    (PixelFormat::I444, 244, "yuv444p"),
    (PixelFormat::I010, 110, "yuv420p10le"),
    (PixelFormat::P010, 110, "p010le"),
    (PixelFormat::Gray10, 110, "gray10le"),
    (PixelFormat::I210, 122, "yuv422p10le"),
    (PixelFormat::I410, 244, "yuv444p10le"),
];

fn config(format: PixelFormat) -> Config {
    let (_, config) = reproducible().remove(0);
    Config { format, ..config }
}

/// What ffmpeg decodes, in its layout of the given name.
fn decoded(config: &codec::Config, packets: &[Packet], layout: &str) -> Vec<u8> {
    let scratch = Scratch::new();
    let path = scratch.file("stream.h264");
    std::fs::write(&path, tools::annexb(config, packets)).unwrap();
    let mut command = Command::new("ffmpeg");
    // Crops to the pixel.
    command.args(["-v", "error", "-flags", "unaligned", "-i"]).arg(&path);
    // ffmpeg takes grey for full range, and would stretch it.
    let filter = if layout.starts_with("gray") { "extractplanes=y" } else { "null" };
    command.args(["-vf", filter, "-fps_mode", "passthrough"]);
    tools::run(command.args(["-pix_fmt", layout, "-f", "rawvideo", "-"]))
}

fn codec_config(config: &Config) -> codec::Config {
    Encoder::open(config.clone()).unwrap().codec_config().clone()
}

fn tight(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames.iter().map(Frame::as_ref) {
        for plane in 0..frame.planes().len() {
            let (_, rows) = frame.format().plane_size(plane, frame.size()).unwrap();
            (0..rows).for_each(|row| bytes.extend_from_slice(frame.row(plane, row)));
        }
    }
    bytes
}

#[test]
fn each_layout_has_its_profile_in_the_codec_configuration() {
    for (format, profile, _) in FORMATS {
        let codec::Config::H264(sets) = codec_config(&config(format)) else { panic!("{format:?}") };
        assert_eq!(sets.parsed().profile, profile, "{format:?}");
        assert_eq!(sets.parsed().bit_depth_luma, format.bit_depth(), "{format:?}");
        // ISO/IEC 14496-15 5.3.3.1.2: High profiles have chroma format and bit depths at the end of the record.
        let record = sets.record();
        let [.., chroma, luma_depth, chroma_depth, extensions] = record[..] else { panic!("{record:?}") };
        assert_eq!(chroma & 3, sets.parsed().chroma_format, "{format:?}");
        assert_eq!(
            (luma_depth & 7, chroma_depth & 7, extensions),
            (format.bit_depth() - 8, format.bit_depth() - 8, 0)
        );
        assert!(sets.codecs().starts_with(&format!("avc1.{profile:02x}")), "{}", sets.codecs());
    }
}

#[test]
fn lossless_comes_back_as_it_went_in() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    for (format, _, layout) in FORMATS {
        // 4:4:4 and 4:0:0 may be odd, 4:2:2 may have odd rows.
        let (across, down) = format.chroma().grid();
        let size = (if across == 1 { 143 } else { 144 }, if down == 1 { 97 } else { 98 });
        let frames = pictures::moving(format, size, 5);
        let config = Config { rate: RateControl::Lossless, size, ..config(format) };
        let sets = codec_config(&config);
        let codec::Config::H264(h264) = &sets else { panic!("{sets:?}") };
        assert_eq!((h264.parsed().profile, sets.size()), (244, Some(size)), "{format:?}");
        let packets = encode(config, &frames, &[]);
        assert!(decoded(&sets, &packets, layout) == tight(&frames), "{format:?}");
    }
}

#[test]
fn lossless_goes_with_no_lower_profile() {
    let options = Options { profile: Some(Profile::High), ..Options::default() };
    let config =
        Config { codec: Codec::X264(options), rate: RateControl::Lossless, ..config(PixelFormat::I420) };
    assert!(matches!(Encoder::open(config), Err(Error::Config { field: "profile", .. })));
}

#[test]
fn p010_gives_the_bytes_of_i010() {
    let frames = pictures::moving(PixelFormat::I010, SIZE, 6);
    let woven: Vec<_> = frames.iter().map(|frame| pictures::woven_high(&frame.as_ref())).collect();
    let planar = encode(config(PixelFormat::I010), &frames, &[]);
    assert!(encode(config(PixelFormat::P010), &woven, &[]) == planar);
}

/// H.264 crops by whole chroma samples.
#[test]
fn t13_odd_sizes_are_coded_where_chroma_allows() {
    for (format, _, _) in FORMATS {
        let (across, down) = format.chroma().grid();
        for size in [(17, 16), (16, 17), (1, 1), (33, 49), (2, 2)] {
            let config = Config { size, ..config(format) };
            if size.0 % across != 0 || size.1 % down != 0 {
                let refused = Encoder::open(config);
                assert!(
                    matches!(refused, Err(Error::Unsupported { field: "size", .. })),
                    "{format:?} {size:?}"
                );
            } else {
                assert_eq!(codec_config(&config).size(), Some(size), "{format:?}");
                assert_eq!(encode(config, &pictures::moving(format, size, 3), &[]).len(), 3);
            }
        }
    }
}

#[test]
fn what_is_cropped_is_coded_and_not_shown() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let crop = Crop { left: 2, top: 4, right: 6, bottom: 8 };
    let options = Options { crop, ..Options::default() };
    let config =
        Config { codec: Codec::X264(options), rate: RateControl::Lossless, ..config(PixelFormat::I420) };
    let frames = pictures::moving(PixelFormat::I420, SIZE, 2);
    let sets = codec_config(&config);
    let shown = (SIZE.0 - 8, SIZE.1 - 12);
    assert_eq!(sets.size(), Some(shown));
    let whole = frames[1].as_ref();
    let part: FrameRef<'_> = whole.crop((2, 4), shown).unwrap();
    let part = Frame::copy_of(&part).unwrap();
    let pictures = decoded(&sets, &encode(config, &frames, &[]), "yuv420p");
    assert!(pictures.ends_with(&tight(&[part])));
}

#[test]
fn crops_of_half_a_chroma_sample_or_the_whole_picture_are_refused() {
    for crop in [
        Crop { left: 1, ..Crop::default() },
        Crop { bottom: 3, ..Crop::default() },
        Crop { left: 100, right: 76, ..Crop::default() },
        Crop { top: u32::MAX - 1, bottom: 2, ..Crop::default() },
    ] {
        let options = Options { crop, ..Options::default() };
        let refused = Encoder::open(Config { codec: Codec::X264(options), ..config(PixelFormat::I420) });
        assert!(matches!(refused, Err(Error::Config { field: "crop", .. })), "{crop:?}");
    }
}

#[test]
fn profiles_refuse_layouts_that_they_do_not_have() {
    let with = |profile, format| {
        let options = Options { profile: Some(profile), ..Options::default() };
        Encoder::open(Config { codec: Codec::X264(options), ..config(format) }).map(drop)
    };
    assert!(matches!(with(Profile::Main, PixelFormat::Gray), Err(Error::Config { field: "profile", .. })));
    assert!(matches!(with(Profile::High, PixelFormat::I010), Err(Error::Config { field: "profile", .. })));
    assert!(matches!(with(Profile::High10, PixelFormat::I422), Err(Error::Config { field: "profile", .. })));
    assert!(matches!(with(Profile::High422, PixelFormat::I444), Err(Error::Config { field: "profile", .. })));
    assert_eq!(with(Profile::High422, PixelFormat::I210), Ok(()));
    assert_eq!(with(Profile::High444, PixelFormat::I410), Ok(()));
}
