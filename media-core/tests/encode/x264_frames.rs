//! What goes along with single frames into libx264: types, quantizers, regions, messages; and what comes out beside the bytes.

use std::process::Command;
use std::sync::Arc;

use media_core::bits::BitReader;
use media_core::codec::{ContentLight, MasteringDisplay};
use media_core::encode::x264::{Options, Preset, Tune};
use media_core::encode::{
    Block, Codec, Coded, Config, Encoder, Error, FrameOptions, FrameType, Latency, Metrics, PictureKind,
    Quantizer, RateControl, Reference, References, Regions, Sei, Threads,
};
use media_core::frame::{Colour, Frame, PixelFormat};
use media_core::time::Timestamp;

use crate::tools::{self, Scratch};
use crate::{SIZE, STEP, pictures};

fn config(params: &[(&str, &str)]) -> Config {
    let params = params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let options = Options { preset: Preset::Veryfast, params, ..Options::default() };
    Config { codec: Codec::X264(options), threads: Threads::Count(1), ..crate::x264("veryfast") }
}

/// Pushes each frame with what `options` says of its number.
fn encode(config: Config, frames: &[Frame], options: impl Fn(usize) -> FrameOptions) -> Vec<Coded> {
    let mut encoder = Encoder::open(config).unwrap();
    for (number, frame) in frames.iter().enumerate() {
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &options(number)).unwrap();
    }
    encoder.finish().unwrap().coded
}

fn refused(config: Config, options: &FrameOptions) -> &'static str {
    let frame = Frame::new(PixelFormat::I420, SIZE).unwrap();
    let mut encoder = Encoder::open(config).unwrap();
    let found = encoder.push(&frame.as_ref(), Timestamp::ZERO, options);
    let Err(Error::FrameOption { option, reason }) = found else { panic!("{options:?} {found:?}") };
    assert!(!reason.is_empty());
    // The encoder is as it was.
    encoder.push(&frame.as_ref(), Timestamp::ZERO, &FrameOptions::default()).unwrap();
    assert_eq!(encoder.finish().unwrap().coded.len(), 1);
    option
}

fn number(coded: &Coded) -> usize {
    (coded.packet.pts.ticks() / STEP) as usize
}

#[test]
fn frames_become_what_they_are_asked_to_be() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    let types = |number| match number {
        3 | 7 => FrameType::BReference,
        2 | 4 | 6 | 8 => FrameType::B,
        10 => FrameType::Intra,
        11 => FrameType::Key,
        _ => FrameType::P,
    };
    let config = config(&[("bframes", "3"), ("b-pyramid", "normal"), ("b-adapt", "0")]);
    let coded = encode(config, &frames, |number| FrameOptions {
        frame_type: types(number),
        ..FrameOptions::default()
    });
    for coded in &coded {
        let expected = match (number(coded), types(number(coded))) {
            (0, _) | (_, FrameType::Key) => PictureKind::Key,
            (_, FrameType::Intra) => PictureKind::Intra,
            (_, FrameType::B) => PictureKind::B,
            (_, FrameType::BReference) => PictureKind::BReference,
            _ => PictureKind::P,
        };
        assert_eq!(coded.picture.kind, expected, "{}", number(coded));
        // H.264 7.4.1: nal_ref_idc of the first slice.
        let slice = tools::nal_units(&coded.packet.data)
            .into_iter()
            .find(|nal| matches!(nal[0] & 31, 1 | 5))
            .unwrap();
        assert_eq!(coded.picture.disposable, slice[0] & 0x60 == 0);
        assert_eq!(coded.picture.disposable, expected == PictureKind::B);
    }
}

#[test]
fn frame_types_that_cannot_be_are_refused() {
    for (frame_type, params) in [
        (FrameType::B, &[("bframes", "0")][..]),
        (FrameType::BReference, &[("bframes", "0")]),
        (FrameType::BReference, &[("bframes", "3"), ("b-pyramid", "none")]),
    ] {
        let options = FrameOptions { frame_type, ..FrameOptions::default() };
        assert_eq!(refused(config(params), &options), "frame_type");
    }
    let references = References { golden: Reference::KEEP, ..References::ALL };
    assert_eq!(refused(config(&[]), &FrameOptions { references, ..FrameOptions::default() }), "references");
}

#[test]
fn a_fixed_quantizer_is_what_the_picture_says() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 20);
    let quantizer = |number: usize| {
        if number.is_multiple_of(3) { Quantizer::Fixed(10 + number as u8 * 2) } else { Quantizer::Auto }
    };
    for threads in [1, 3] {
        for (format, latency) in [
            (PixelFormat::I420, Latency::Unlimited),
            (PixelFormat::I010, Latency::Unlimited),
            (PixelFormat::I420, Latency::Realtime),
        ] {
            let config = Config { threads: Threads::Count(threads), latency, format, ..config(&[]) };
            let deep = pictures::moving(format, SIZE, 20);
            let coded = encode(config, &deep, |number| FrameOptions {
                quantizer: quantizer(number),
                ..FrameOptions::default()
            });
            for coded in &coded {
                let found = coded.picture.quantizer.unwrap();
                match quantizer(number(coded)) {
                    Quantizer::Fixed(asked) => {
                        assert_eq!(found, f32::from(asked), "{} of {threads}", number(coded))
                    }
                    _ => assert!((0.0..=51.0).contains(&found)),
                }
            }
        }
    }
    let sizes = |quantizer| {
        let coded = encode(config(&[]), &frames, |_| FrameOptions { quantizer, ..FrameOptions::default() });
        coded.iter().map(|coded| coded.packet.data.len()).sum::<usize>()
    };
    assert!(sizes(Quantizer::Fixed(20)) > 2 * sizes(Quantizer::Fixed(35)));
    assert!(sizes(Quantizer::Offset(-8)) > sizes(Quantizer::Auto) * 3 / 2);
    assert!(sizes(Quantizer::Offset(8)) < sizes(Quantizer::Auto) * 2 / 3);
}

#[test]
fn quantizers_out_of_reach_are_refused() {
    let with = |quantizer| FrameOptions { quantizer, ..FrameOptions::default() };
    assert_eq!(refused(config(&[]), &with(Quantizer::Fixed(52))), "quantizer");
    assert_eq!(refused(config(&[("qpmin", "20")]), &with(Quantizer::Fixed(19))), "quantizer");
    assert_eq!(refused(config(&[]), &with(Quantizer::Offset(-52))), "quantizer");
    // Without adaptive quantization libx264 does not look at offsets.
    for config in [
        config(&[("aq-mode", "0"), ("mbtree", "0")]),
        Config { rate: RateControl::Quantizer { qp: 30 }, ..config(&[]) },
    ] {
        assert_eq!(refused(config, &with(Quantizer::Offset(1))), "quantizer");
    }
    // A fixed one moves no farther than frame types do.
    let config = Config { rate: RateControl::Quantizer { qp: 30 }, ..config(&[]) };
    assert_eq!(refused(config, &with(Quantizer::Fixed(40))), "quantizer");
}

/// Luma PSNR inside and outside of the middle, over the pictures from `first` on.
fn quality(coded: &[Coded], config: &Config, sources: &[Frame], first: usize) -> (f64, f64) {
    let scratch = Scratch::new();
    let path = scratch.file("stream.h264");
    let sets = Encoder::open(config.clone()).unwrap().codec_config().clone();
    let packets: Vec<_> = coded.iter().map(|coded| coded.packet.clone()).collect();
    std::fs::write(&path, tools::annexb(&sets, &packets)).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(&path);
    let raw =
        tools::run(command.args(["-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]));
    let pictures = raw.chunks(PixelFormat::I420.tight_len(SIZE).unwrap());
    let (mut inside, mut outside) = ((0.0, 0.0), (0.0, 0.0));
    for (picture, source) in pictures.zip(sources).skip(first) {
        for y in 0..SIZE.1 as usize {
            for (x, sample) in source.as_ref().row(0, y).iter().enumerate() {
                let difference = f64::from(*sample) - f64::from(picture[y * SIZE.0 as usize + x]);
                let is_inside = MIDDLE.0.contains(&(x as u32)) && MIDDLE.1.contains(&(y as u32));
                let of = if is_inside { &mut inside } else { &mut outside };
                *of = (of.0 + difference * difference, of.1 + 1.0);
            }
        }
    }
    let psnr = |(squares, count): (f64, f64)| 10.0 * (255.0 * 255.0 * count / squares).log10();
    (psnr(inside), psnr(outside))
}

const MIDDLE: (std::ops::Range<u32>, std::ops::Range<u32>) = (48..128, 48..96);

#[test]
fn a_region_of_interest_gains_what_the_rest_loses() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let frames = pictures::moving(PixelFormat::I420, SIZE, 50);
    let rate = RateControl::Constant { bitrate: 400_000, buffer_ms: 500 };
    for threads in [1, 2] {
        let config =
            Config { rate, latency: Latency::Realtime, threads: Threads::Count(threads), ..config(&[]) };
        let measured = |steps: i8| {
            let mut regions = Regions::new(SIZE);
            regions.fill(MIDDLE.0, MIDDLE.1, Block::Offset(steps));
            let options = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };
            let coded = encode(config.clone(), &frames, |_| options.clone());
            quality(&coded, &config, &frames, 10)
        };
        let (plain, better, worse) = (measured(0), measured(-10), measured(10));
        assert!(better.0 > plain.0 + 2.0 && better.1 < plain.1, "{plain:?} {better:?}");
        assert!(worse.0 < plain.0 - 2.0 && worse.1 > plain.1, "{plain:?} {worse:?}");
    }
}

/// quant_offsets and mb_info have one entry for each macroblock, of which interlaced pictures have an even number of rows.
#[test]
fn t11_maps_have_the_size_of_the_macroblock_grid() {
    for size in [(SIZE.0 + 16, SIZE.1), (SIZE.0, SIZE.1 - 16), (16, 16)] {
        let regions = Some(Arc::new(Regions::new(size)));
        assert_eq!(refused(config(&[]), &FrameOptions { regions, ..FrameOptions::default() }), "regions");
    }
    let mut regions = Regions::new(SIZE);
    regions.fill(0..16, 0..16, Block::Offset(-100));
    let options = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };
    assert_eq!(refused(config(&[]), &options), "regions");
    for params in [&[][..], &[("tff", "1")], &[("fake-interlaced", "1")]] {
        // Nine and five rows of macroblocks.
        for size in [(176, 144), (100, 68)] {
            let frames = pictures::moving(PixelFormat::I420, size, 6);
            let mut regions = Regions::new(size);
            regions.fill(0..size.0, size.1 - 1..size.1, Block::Offset(-9));
            regions.fill(0..8, 0..size.1, Block::Unchanged);
            let options = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };
            let mut config = config(params);
            if let Codec::X264(options) = &mut config.codec {
                options.unchanged_blocks = true;
            }
            assert_eq!(encode(Config { size, ..config }, &frames, |_| options.clone()).len(), 6);
        }
    }
}

fn screen_config(unchanged_blocks: bool) -> Config {
    let params = vec![("weightp".to_owned(), "0".to_owned())];
    let options = Options { preset: Preset::Medium, params, unchanged_blocks, ..Options::default() };
    // One quantizer for all: libx264 believes what is said of a block that was coded no worse than it would be now.
    let rate = RateControl::Quantizer { qp: 26 };
    Config { codec: Codec::X264(options), latency: Latency::Realtime, rate, ..config(&[]) }
}

#[test]
fn blocks_said_to_be_unchanged_are_not_looked_at() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let frames = pictures::moving(PixelFormat::I420, SIZE, 10);
    let mut regions = Regions::new(SIZE);
    regions.fill(0..SIZE.0, 0..SIZE.1, Block::Unchanged);
    let options = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };
    let bytes = |coded: &[Coded]| coded[1..].iter().map(|coded| coded.packet.data.len()).sum::<usize>();
    let looked = encode(screen_config(true), &frames, |_| FrameOptions::default());
    let told = encode(screen_config(true), &frames, |_| options.clone());
    // All of the picture moves, so that what was said is wrong: the old samples stay, and cost nothing.
    assert!(bytes(&told) * 10 < bytes(&looked), "{} {}", bytes(&told), bytes(&looked));
    let (inside, outside) = quality(&told, &screen_config(true), &frames, 9);
    assert!(inside < 25.0 && outside < 25.0, "{inside} {outside}");
    assert_eq!(refused(screen_config(false), &options), "regions");
}

#[test]
fn a_screen_with_a_window_that_moves_loses_nothing_by_what_is_said_of_the_rest() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let moving = pictures::moving(PixelFormat::I420, SIZE, 20);
    let frames: Vec<Frame> = moving.iter().map(|frame| window_of(&moving[0], frame)).collect();
    let mut regions = Regions::new(SIZE);
    regions.fill(0..SIZE.0, 0..SIZE.1, Block::Unchanged);
    regions.fill(MIDDLE.0, MIDDLE.1, Block::Offset(0));
    let options = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };
    let measured = |options: &FrameOptions| {
        let coded = encode(screen_config(true), &frames, |_| options.clone());
        let bytes = coded.iter().map(|coded| coded.packet.data.len()).sum::<usize>();
        (bytes, quality(&coded, &screen_config(true), &frames, 0))
    };
    let (looked, told) = (measured(&FrameOptions::default()), measured(&options));
    assert!(told.0 * 20 < looked.0 * 21, "{told:?} {looked:?}");
    assert!(told.1.0 > looked.1.0 - 0.5 && told.1.1 > looked.1.1 - 0.5, "{told:?} {looked:?}");
}

/// `still` with the middle of `moving`.
fn window_of(still: &Frame, moving: &Frame) -> Frame {
    let mut frame = Frame::copy_of(&still.as_ref()).unwrap();
    for plane in 0..3 {
        let scale = if plane == 0 { 1 } else { 2 };
        let columns = MIDDLE.0.start as usize / scale..MIDDLE.0.end as usize / scale;
        let stride = frame.stride(plane);
        for row in MIDDLE.1.start as usize / scale..MIDDLE.1.end as usize / scale {
            let source = &moving.as_ref().row(plane, row)[columns.clone()];
            frame.plane_mut(plane)[row * stride..][columns.clone()].copy_from_slice(source);
        }
    }
    frame
}

/// The payloads of the messages of a type in an access unit, H.264 7.3.2.3.
fn messages(data: &[u8], kind: u32) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for unit in tools::nal_units(data).into_iter().filter(|unit| unit[0] & 31 == 6) {
        let mut bits = BitReader::nal(&unit[1..]);
        while bits.more_rbsp_data() {
            let mut number = || {
                let mut number = 0;
                loop {
                    let byte = bits.u8().unwrap();
                    number += u32::from(byte);
                    if byte != 255 {
                        return number;
                    }
                }
            };
            let (of, size) = (number(), number());
            let payload: Vec<u8> = (0..size).map(|_| bits.u8().unwrap()).collect();
            if of == kind {
                found.push(payload);
            }
        }
    }
    found
}

fn texts(number: usize) -> Vec<Sei> {
    // Bytes that need emulation prevention, in lengths around where their coding changes.
    let body = vec![0; [0, 1, 238, 239, 240, 700][number % 6]];
    vec![
        Sei::user_data([number as u8; 16], &body),
        Sei::user_data([0; 16], format!("frame {number}").as_bytes()),
    ]
}

#[test]
fn messages_come_out_with_their_frames_byte_for_byte() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 30);
    for (threads, latency) in [(1, Latency::Unlimited), (3, Latency::Unlimited), (2, Latency::Realtime)] {
        let config = Config { threads: Threads::Count(threads), latency, ..config(&[]) };
        let coded =
            encode(config, &frames, |number| FrameOptions { sei: texts(number), ..FrameOptions::default() });
        assert_eq!(coded.len(), 30);
        for coded in coded {
            let expected: Vec<Vec<u8>> =
                texts(number(&coded)).iter().map(|sei| sei.payload.to_vec()).collect();
            assert_eq!(messages(&coded.packet.data, 5), expected, "{}", number(&coded));
        }
    }
}

/// Closing an encoder that holds pictures must not read messages and maps that are gone, and coding them must not either.
#[test]
fn t17_side_data_lives_until_its_picture_comes_out_or_the_encoder_is_closed() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    for finish in [true, false] {
        let mut config = config(&[("bframes", "3"), ("rc-lookahead", "6")]);
        if let Codec::X264(options) = &mut config.codec {
            options.unchanged_blocks = true;
        }
        let mut encoder = Encoder::open(Config { threads: Threads::Count(2), ..config }).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            let mut regions = Regions::new(SIZE);
            regions.fill(0..64, 0..64, Block::Unchanged);
            let options = FrameOptions {
                sei: texts(number),
                regions: Some(Arc::new(regions)),
                ..FrameOptions::default()
            };
            encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &options).unwrap();
            // Gone before the picture is coded.
            drop(options);
        }
        if finish {
            assert_eq!(encoder.finish().unwrap().coded.len(), 12);
        }
    }
}

#[test]
fn captions_are_found_by_ffprobe() {
    if !tools::present(&["ffprobe"]) {
        return;
    }
    // ATSC A/53 part 4: GA94, cc_data with one pair, marker.
    let captions: &[u8] = b"\xb5\x00\x31GA94\x03\x41\xff\xfc\x94\x20\xff";
    let frames = pictures::moving(PixelFormat::I420, SIZE, 3);
    let options = FrameOptions { sei: vec![Sei::registered(captions)], ..FrameOptions::default() };
    let text = side_data(config(&[]), &frames, &options);
    assert!(text.contains("ATSC A53 Part 4 Closed Captions"), "{text}");
}

fn side_data(config: Config, frames: &[Frame], options: &FrameOptions) -> String {
    let scratch = Scratch::new();
    let path = scratch.file("stream.h264");
    let sets = Encoder::open(config.clone()).unwrap().codec_config().clone();
    let coded = encode(config, frames, |_| options.clone());
    let packets: Vec<_> = coded.into_iter().map(|coded| coded.packet).collect();
    std::fs::write(&path, tools::annexb(&sets, &packets)).unwrap();
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-show_frames"]).arg(&path);
    String::from_utf8(tools::run(&mut command)).unwrap()
}

#[test]
fn high_dynamic_range_is_in_messages_of_each_key_frame() {
    let config = Config {
        format: PixelFormat::I010,
        colour: Colour::BT2100_PQ,
        mastering_display: Some(MasteringDisplay::p3_d65(50, 10_000_000)),
        content_light: Some(ContentLight { max: 1000, max_average: 400 }),
        ..config(&[])
    };
    let frames = pictures::moving(PixelFormat::I010, SIZE, 4);
    let key = |number| if number == 2 { FrameOptions::KEY } else { FrameOptions::default() };
    // H.264 D.1.29: green, blue, red and white, the brightest and the darkest; D.1.31: brightest pixel and average.
    let points = [13_250_u16, 34_500, 7500, 3000, 34_000, 16_000, 15_635, 16_450];
    let mut display: Vec<u8> = points.iter().flat_map(|value| value.to_be_bytes()).collect();
    display.extend([10_000_000_u32, 50].iter().flat_map(|value| value.to_be_bytes()));
    let light: Vec<u8> = [1000_u16, 400].iter().flat_map(|value| value.to_be_bytes()).collect();
    for coded in encode(config.clone(), &frames, key) {
        let expected = usize::from(coded.picture.kind == PictureKind::Key);
        assert_eq!(messages(&coded.packet.data, 137), vec![display.clone(); expected]);
        assert_eq!(messages(&coded.packet.data, 144), vec![light.clone(); expected]);
    }
    // Darker at its brightest than at its darkest.
    let mastering_display = Some(MasteringDisplay::p3_d65(50, 40));
    let refused = Encoder::open(Config { mastering_display, ..config });
    assert!(matches!(refused, Err(Error::Config { field: "mastering_display", .. })), "{refused:?}");
}

/// libx264 writes messages into a buffer of a megabyte and does not look how much is left.
#[test]
fn messages_without_end_and_those_of_the_encoder_are_refused() {
    let with = |sei| FrameOptions { sei, ..FrameOptions::default() };
    let large = Sei::user_data([1; 16], &vec![0; 2_000_000]);
    assert_eq!(refused(config(&[]), &with(vec![large])), "sei");
    assert_eq!(refused(config(&[]), &with(vec![Sei::user_data([1; 16], b""); 2000])), "sei");
    for payload_type in [0, 1, 6, 5000, u32::MAX] {
        let sei = Sei { payload_type, payload: vec![0; 4].into() };
        assert_eq!(refused(config(&[]), &with(vec![sei])), "sei", "{payload_type}");
    }
    let frames = pictures::moving(PixelFormat::I420, SIZE, 3);
    let most = with(vec![Sei::user_data([1; 16], &vec![0; 65_000])]);
    assert_eq!(encode(config(&[]), &frames, |_| most.clone()).len(), 3);
}

#[test]
fn measures_are_those_of_the_decoded_pictures() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let frames = pictures::moving(PixelFormat::I420, SIZE, 10);
    let metrics = Metrics { psnr: true, ssim: true };
    let mut config = Config { metrics, ..config(&[]) };
    if let Codec::X264(options) = &mut config.codec {
        options.tune = Some(Tune::Psnr);
    }
    let mut encoder = Encoder::open(config.clone()).unwrap();
    for (number, frame) in frames.iter().enumerate() {
        encoder
            .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
            .unwrap();
    }
    let finished = encoder.finish().unwrap();
    for coded in &finished.coded {
        let (psnr, ssim) = (coded.picture.psnr.unwrap(), coded.picture.ssim.unwrap());
        assert!((20.0..60.0).contains(&psnr.all) && (0.5..1.0).contains(&ssim), "{psnr:?} {ssim}");
    }
    // Of one picture decoded by ffmpeg and measured here: the whole but for the middle, and the middle.
    let last = finished.coded.iter().find(|coded| number(coded) == 9).unwrap();
    let (inside, outside) = quality(&finished.coded, &config, &frames, 9);
    let (least, most) = (inside.min(outside), inside.max(outside));
    let found = f64::from(last.picture.psnr.unwrap().y);
    assert!((least..=most).contains(&found), "{least} {found} {most}");
    let report = finished.report;
    assert_eq!((report.frames, report.packets, report.dropped), (10, 10, 0));
    assert!(report.psnr.is_some() && report.ssim.is_some());
    // libx264 crashes over grey pictures' PSNR, as the `x264` program does, and measures their SSIM.
    let gray = Config { format: PixelFormat::Gray, ..config.clone() };
    let found = Encoder::open(gray.clone());
    assert!(matches!(found, Err(Error::Unsupported { field: "metrics", .. })));
    let gray = Config { metrics: Metrics { psnr: false, ssim: true }, ..gray };
    let coded = encode(gray, &pictures::moving(PixelFormat::Gray, SIZE, 3), |_| FrameOptions::default());
    assert!(coded.iter().all(|coded| coded.picture.psnr.is_none() && coded.picture.ssim.unwrap() > 0.5));
    // What is lossless is not measured.
    let refused = Encoder::open(Config { rate: RateControl::Lossless, ..config });
    assert!(matches!(refused, Err(Error::Unsupported { field: "metrics", .. })));
}
