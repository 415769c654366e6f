//! Regions with libvpx: offsets shift quality, unchanged blocks stay, and a map goes when it is not said again.

use std::sync::Arc;

use media_core::encode::vpx::{Aq, Deadline, Options, Resilience};
use media_core::encode::{
    Block, Coded, Config, Encoder, Error, FrameOptions, Latency, RateControl, Regions, Threads,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::Timestamp;

use crate::tools::{self, Scratch};
use crate::{STEP, pictures};

const SIZE: (u32, u32) = (320, 240);

fn live(options: Options) -> Config {
    let rate = RateControl::Quantizer { qp: 24 };
    Config { size: SIZE, rate, latency: Latency::Realtime, threads: Threads::Count(1), ..crate::vpx(options) }
}

fn codecs() -> [(&'static str, [u8; 4], Options); 2] {
    [("vp8", *b"VP80", Options::vp8()), ("vp9", *b"VP90", Options::vp9())]
}

/// The map that goes along with a frame.
type MapOf<'a> = &'a dyn Fn(usize) -> Option<Arc<Regions>>;

fn encode(config: Config, frames: &[Frame], map: MapOf<'_>) -> Vec<Coded> {
    let mut encoder = Encoder::open(config).unwrap();
    for (number, frame) in frames.iter().enumerate() {
        let options = FrameOptions { regions: map(number), ..FrameOptions::default() };
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &options).unwrap();
    }
    encoder.finish().unwrap().coded
}

/// Luma of all decoded pictures.
fn luma(fourcc: [u8; 4], coded: &[Coded]) -> Vec<Vec<u8>> {
    let scratch = Scratch::new();
    let packets: Vec<_> = coded.iter().map(|coded| coded.packet.clone()).collect();
    let path = scratch.file("maps.ivf");
    std::fs::write(&path, tools::ivf(fourcc, SIZE, &packets)).unwrap();
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let pixels = tools::pixels(&path, "yuv420p");
    pixels.chunks(width * height * 3 / 2).map(|picture| picture[..width * height].to_vec()).collect()
}

/// The mean squared error of luma in columns of the picture.
fn error(frame: &Frame, decoded: &[u8], columns: std::ops::Range<usize>) -> f64 {
    let frame = frame.as_ref();
    let mut sum = 0;
    for (row, decoded) in decoded.chunks(SIZE.0 as usize).enumerate() {
        let pairs = frame.row(0, row)[columns.clone()].iter().zip(&decoded[columns.clone()]);
        sum += pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>();
    }
    sum as f64 / (columns.len() * SIZE.1 as usize) as f64
}

fn left_half(block: Block) -> Option<Arc<Regions>> {
    let mut regions = Regions::new(SIZE);
    regions.fill(0..160, 0..240, block);
    Some(Arc::new(regions))
}

#[test]
fn offsets_shift_quality_from_one_half_of_the_picture_to_the_other() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let frames = pictures::moving(PixelFormat::I420, SIZE, 20);
    for (name, fourcc, options) in codecs() {
        let error_of = |map: MapOf<'_>| {
            let coded = encode(live(options.clone()), &frames, map);
            let decoded = luma(fourcc, &coded);
            let left = error(&frames[15], &decoded[15], 0..144);
            (left, error(&frames[15], &decoded[15], 176..320))
        };
        let (plain, plain_right) = error_of(&|_| None);
        let (better, better_right) = error_of(&|_| left_half(Block::Offset(-16)));
        let (worse, _) = error_of(&|_| left_half(Block::Offset(20)));
        assert!(better < plain * 0.6, "{name}: {better} {plain}");
        assert!(worse > plain * 1.5, "{name}: {worse} {plain}");
        assert!((better_right / plain_right - 1.0).abs() < 0.3, "{name}: {better_right} {plain_right}");
    }
}

#[test]
fn without_a_map_the_one_before_is_gone() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 30);
    for (name, _, options) in codecs() {
        let sizes = |map: MapOf<'_>| -> usize {
            let coded = encode(live(options.clone()), &frames, map);
            coded[20..].iter().map(|coded| coded.packet.data.len()).sum()
        };
        let plain = sizes(&|_| None);
        let until_15 = sizes(&|number| (number < 15).then(|| left_half(Block::Offset(-16))).flatten());
        let always = sizes(&|_| left_half(Block::Offset(-16)));
        assert!(always > plain * 3 / 2, "{name}: {always} {plain}");
        assert!(until_15 < plain * 5 / 4, "{name}: {until_15} {plain}");
        let still = sizes(&|_| left_half(Block::Unchanged));
        let until_15 = sizes(&|number| (number < 15).then(|| left_half(Block::Unchanged)).flatten());
        assert!(still < plain * 8 / 10 && until_15 > plain * 9 / 10, "{name}: {still} {until_15} {plain}");
    }
}

#[test]
fn unchanged_blocks_stay_as_they_were_also_beside_offsets() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    for (name, fourcc, options) in codecs() {
        for offset in [0, -20] {
            let mut regions = Regions::new(SIZE);
            regions.fill(0..160, 0..240, Block::Unchanged);
            regions.fill(240..320, 0..240, Block::Offset(offset));
            let regions = Some(Arc::new(regions));
            let map = |number| if number < 4 { None } else { regions.clone() };
            let coded = encode(live(options.clone()), &frames, &map);
            let decoded = luma(fourcc, &coded);
            // What was coded last stays, though the pictures go on; the loop filter may touch it.
            let drift = decoded[3]
                .chunks(320)
                .zip(decoded[11].chunks(320))
                .flat_map(|(a, b)| a[..144].iter().zip(&b[..144]));
            let most = drift.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(most <= 4, "{name} {offset}: {most}");
            assert!(
                error(&frames[11], &decoded[11], 0..144) > 4.0 * error(&frames[11], &decoded[11], 176..240)
            );
        }
    }
}

/// libvpx does not look at the size of a map.
#[test]
fn t11_maps_of_another_size_or_with_too_much_in_them_are_refused() {
    let frame = Frame::new(PixelFormat::I420, SIZE).unwrap();
    for (name, _, options) in codecs() {
        let mut encoder = Encoder::open(live(options)).unwrap();
        let mut push = |regions: Regions, number: i64| {
            let options = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };
            encoder.push(&frame.as_ref(), Timestamp::new(number * STEP), &options)
        };
        for size in [(319, 240), (320, 256), (16, 16), (1, 1), (65_535, 65_535)] {
            let refused = push(Regions::new(size), 0);
            assert!(matches!(refused, Err(Error::FrameOption { option: "regions", .. })), "{name} {size:?}");
        }
        let mut many = Regions::new(SIZE);
        (0..9)
            .for_each(|block| many.fill(block * 16..block * 16 + 16, 0..16, Block::Offset(block as i8 + 1)));
        assert!(matches!(push(many, 0), Err(Error::FrameOption { option: "regions", .. })), "{name}");
        let mut few = Regions::new(SIZE);
        (0..3).for_each(|block| few.fill(block * 16..block * 16 + 16, 0..16, Block::Offset(block as i8 + 1)));
        push(few, 0).unwrap();
    }
}

#[test]
fn maps_that_libvpx_would_ignore_are_refused() {
    let frame = Frame::new(PixelFormat::I420, SIZE).unwrap();
    let refused = |config: Config| {
        let mut encoder = Encoder::open(config).unwrap();
        let options = FrameOptions { regions: left_half(Block::Offset(-9)), ..FrameOptions::default() };
        let pushed = encoder.push(&frame.as_ref(), Timestamp::ZERO, &options);
        assert!(matches!(pushed, Err(Error::FrameOption { option: "regions", .. })), "{pushed:?}");
    };
    refused(live(Options { deadline: Deadline::Good, ..Options::vp9() }));
    refused(live(Options { cpu_used: 4, ..Options::vp9() }));
    refused(live(Options { aq: Aq::CyclicRefresh, ..Options::vp9() }));
    refused(Config { latency: Latency::Frames(3), ..live(Options::vp9()) });
    refused(Config { rate: RateControl::Lossless, ..live(Options::vp9()) });
    refused(live(Options { resilience: Resilience::Frames, ..Options::vp8() }));
}
