use proptest::prelude::*;

use super::filter::{Axis, ONE, Taps};
use super::*;

const FILTERS: [Filter; 4] = [Filter::Area, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos];

fn config(from: Shape, to: Shape, filter: Filter) -> Config {
    Config { from, to, filter }
}

fn scaled(config: Config, source: &FrameRef) -> Frame {
    let mut target = Frame::new(config.to.0, config.to.1).unwrap();
    Scaler::new(config).unwrap().scale(source, &mut target).unwrap();
    target
}

/// A picture whose every sample is what `value` gives for its channel, column and row.
fn picture((format, size): Shape, value: impl Fn(usize, usize, usize) -> u16) -> Frame {
    let mut frame = Frame::new(format, size).unwrap();
    for plane in 0..format.planes() {
        let stride = frame.stride(plane);
        let woven = if plane == 1 && format.planes() == 2 { 2 } else { 1 };
        let (len, _) = format.plane_size(plane, size).unwrap();
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, into) in row[..len].chunks_exact_mut(format.sample_len()).enumerate() {
                let value = value(plane + x % woven, x / woven, y) << Samples::of(format).raised();
                into.copy_from_slice(&value.to_le_bytes()[..into.len()]);
            }
        }
    }
    frame
}

/// The samples of a row, as numbers of the format's bits.
fn samples(frame: &Frame, plane: usize, row: usize) -> Vec<u16> {
    let bytes = frame.as_ref().row(plane, row).chunks_exact(frame.format().sample_len());
    let values = bytes.map(|bytes| bytes.iter().rev().fold(0, |value, byte| value << 8 | u16::from(*byte)));
    values.map(|value| value >> Samples::of(frame.format()).raised()).collect()
}

fn assert_same(found: &Frame, expected: &Frame, what: &dyn std::fmt::Debug) {
    for plane in 0..expected.format().planes() {
        let (_, rows) = expected.format().plane_size(plane, expected.size()).unwrap();
        for y in 0..rows {
            assert_eq!(
                samples(found, plane, y),
                samples(expected, plane, y),
                "plane {plane} row {y}, {what:?}"
            );
        }
    }
}

fn noise(shape: Shape, seed: u32) -> Frame {
    let max = (1_u32 << shape.0.bit_depth()) - 1;
    picture(shape, |channel, x, y| {
        let mixed = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
        let mixed = (mixed ^ seed.wrapping_add(channel as u32)).wrapping_mul(0xc2b2_ae3d);
        // A third each of black, white and anything: hard edges overshoot most.
        match mixed >> 28 {
            0..5 => 0,
            5..10 => max as u16,
            _ => (mixed >> 12 & max) as u16,
        }
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let side = || prop_oneof![1..12_u32, 12..100_u32];
    (prop::sample::select(PixelFormat::ALL), (side(), side()))
}

proptest! {
    #[test]
    fn all_kernels_give_what_the_reference_gives(
        from in shape(),
        to in shape(),
        filter in prop::sample::select(&FILTERS[..]),
        seed: u32,
    ) {
        let config = config(from, to, filter);
        let source = noise(from, seed);
        let expected = reference::scale(&config, &source.as_ref());
        for kernels in [Kernels::Portable, Kernels::best()] {
            let mut target = Frame::new(to.0, to.1).unwrap();
            let mut scaler = Scaler::with_kernels(config, kernels).unwrap();
            scaler.scale(&source.as_ref(), &mut target).unwrap();
            assert_same(&target, &expected, &(config, kernels));
            prop_assert_eq!(target.as_ref().check_samples(), Ok(()));
        }
    }

    /// Samples beyond ten bits come out wrong, but alike and in range.
    #[test]
    fn samples_out_of_range_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 40 * 30 * 2), filter in prop::sample::select(&FILTERS[..])) {
        let mut source = Frame::new(PixelFormat::Gray10, (40, 30)).unwrap();
        let stride = source.stride(0);
        for (row, bytes) in source.plane_mut(0).chunks_mut(stride).zip(bytes.chunks(80)) {
            row[..80].copy_from_slice(bytes);
        }
        for size in [(40, 30), (27, 20), (40, 7), (9, 30), (90, 70)] {
            let config = config((PixelFormat::Gray10, (40, 30)), (PixelFormat::Gray10, size), filter);
            if config.from == config.to {
                continue;
            }
            let found = scaled(config, &source.as_ref());
            assert_same(&found, &reference::scale(&config, &source.as_ref()), &config);
            prop_assert_eq!(found.as_ref().check_samples(), Ok(()));
        }
    }

    #[test]
    fn weights_add_up_to_the_whole(
        pixels in (1..3000_u32, 1..300_u32),
        halved: (bool, bool),
        filter in prop::sample::select(&FILTERS[..]),
    ) {
        let chroma = [halved.0, halved.1].map(|halved| if halved { Chroma::Halved } else { Chroma::Full });
        for axis in [Axis::columns(pixels, chroma.into()), Axis::rows(pixels, chroma.into())] {
            let Some(taps) = Taps::new(axis, filter).unwrap() else { continue };
            let (source, target) = axis.samples();
            prop_assert_eq!(taps.starts.len(), target);
            prop_assert!(taps.starts.is_sorted());
            for index in 0..target {
                let weights = taps.weights(index).iter().map(|weight| i32::from(*weight));
                prop_assert_eq!(weights.clone().sum::<i32>(), ONE);
                // What keeps sums within 32 bits.
                prop_assert!(weights.clone().map(i32::abs).sum::<i32>() < 2 * ONE);
                let last = weights.enumerate().rfind(|(_, weight)| *weight != 0).unwrap().0;
                prop_assert!(taps.starts[index] as usize + last < source);
            }
        }
    }
}

#[test]
fn a_picture_of_the_same_size_and_format_is_copied() {
    for (format, filter) in PixelFormat::ALL.iter().flat_map(|format| FILTERS.map(|filter| (*format, filter)))
    {
        let shape = (format, (37, 23));
        let source = noise(shape, 1);
        assert_same(&scaled(config(shape, shape, filter), &source.as_ref()), &source, &(format, filter));
    }
}

#[test]
fn a_constant_picture_stays_constant() {
    for filter in FILTERS {
        for value in [0, 1, 16, 127, 128, 235, 254, 255] {
            let from = (PixelFormat::I420, (161, 91));
            let source = picture(from, |channel, _, _| value ^ channel as u16);
            for size in [(107, 61), (322, 200), (1, 1), (80, 45), (53, 30), (160, 91)] {
                let to = (PixelFormat::I420, size);
                let found = scaled(config(from, to, filter), &source.as_ref());
                assert_same(&found, &picture(to, |channel, _, _| value ^ channel as u16), &(filter, size));
            }
        }
    }
}

#[test]
fn a_ramp_stays_a_ramp() {
    // Pixels count from the picture's edge, their own centre at a half: what stands at 3 of 300 stands at 2 of 200.
    let from = (PixelFormat::I410, (300, 200));
    for filter in FILTERS {
        for (width, height) in [(200, 133), (100, 67), (450, 300), (299, 201), (600, 400)] {
            let source = picture(from, |_, x, y| (3 * x + y / 2) as u16);
            let found = scaled(config(from, (PixelFormat::I410, (width, height)), filter), &source.as_ref());
            for y in 20..height as usize - 20 {
                let row = samples(&found, 1, y);
                for (x, found) in row.iter().enumerate().take(width as usize - 20).skip(20) {
                    let column = (x as f64 + 0.5) * 300.0 / f64::from(width) - 0.5;
                    let line = (y as f64 + 0.5) * 200.0 / f64::from(height) - 0.5;
                    let expected = 3.0 * column + line / 2.0 - 0.25;
                    // Enlarging, a box takes the nearest sample; the others interpolate but for the cubic's and the sine's own ripple.
                    let bound = if filter == Filter::Area { 1.9 } else { 1.3 };
                    let off = (f64::from(*found) - expected).abs();
                    assert!(off < bound, "{off} at {x},{y} of {width}x{height}, {filter:?}");
                }
            }
        }
    }
}

#[test]
fn halved_chroma_stands_on_the_left_column_and_between_the_rows() {
    let from = (PixelFormat::I444, (128, 128));
    let colour = |x: f64, y: f64| 40.0 + x + y / 2.0;
    let source = picture(from, |_, x, y| colour(x as f64, y as f64) as u16);
    let to = (PixelFormat::I420, (64, 64));
    let found = scaled(config(from, to, Filter::Bilinear), &source.as_ref());
    // Chroma column 10 belongs to luma column 20, whose centre was at 40.5; row 12 lies between luma rows 24 and 25, at 49.5.
    let expected = colour(40.5, 49.5);
    let value = f64::from(samples(&found, 1, 12)[10]);
    assert!((value - expected).abs() <= 1.0, "{value}, expected {expected}");
}

#[test]
fn hard_edges_overshoot_no_further_than_black_and_white() {
    for (format, max) in [(PixelFormat::Gray, 255), (PixelFormat::Gray10, 1023)] {
        let from = (format, (64, 64));
        let source = picture(from, |_, x, y| if (x / 8 + y / 8) % 2 == 0 { 0 } else { max });
        for filter in [Filter::Bicubic, Filter::Lanczos] {
            let found = scaled(config(from, (format, (192, 192)), filter), &source.as_ref());
            // The middle of a field, three times as far from the edge: what wrapped around would be the other colour.
            assert_eq!(samples(&found, 0, 12)[12], 0);
            assert_eq!(samples(&found, 0, 12)[36], max);
            // Beside the edge the filter overshoots: cut off, not wrapped.
            assert_eq!(samples(&found, 0, 12)[20], 0);
            assert_eq!(samples(&found, 0, 12)[27], max);
        }
    }
}

#[test]
fn woven_and_planar_chroma_come_out_alike() {
    for (planar, woven) in [(PixelFormat::I420, PixelFormat::Nv12), (PixelFormat::I010, PixelFormat::P010)] {
        for size in [(1920 / 8, 1080 / 8), (160, 90), (81, 47), (333, 201)] {
            let from = (240, 135);
            let source = noise((planar, from), 7);
            let expected = scaled(config((planar, from), (planar, size), Filter::Bicubic), &source.as_ref());
            let there = config((planar, from), (woven, from), Filter::Bicubic);
            let source = scaled(there, &source.as_ref());
            let direct = scaled(config((woven, from), (planar, size), Filter::Bicubic), &source.as_ref());
            assert_same(&direct, &expected, &size);
            let kept = scaled(config((woven, from), (woven, size), Filter::Bicubic), &source.as_ref());
            let back = scaled(config((woven, size), (planar, size), Filter::Bicubic), &kept.as_ref());
            assert_same(&back, &expected, &size);
        }
    }
}

#[test]
fn depths_change_by_a_factor_of_four_to_the_nearest() {
    let size = (32, 32);
    let ten = picture((PixelFormat::Gray10, size), |_, x, y| (32 * y + x) as u16);
    let eight =
        scaled(config((PixelFormat::Gray10, size), (PixelFormat::Gray, size), Filter::Area), &ten.as_ref());
    let expected = |value: u16| ((value + 2) / 4).min(255);
    assert_same(&eight, &picture((PixelFormat::Gray, size), |_, x, y| expected((32 * y + x) as u16)), &());
    let back =
        scaled(config((PixelFormat::Gray, size), (PixelFormat::Gray10, size), Filter::Area), &eight.as_ref());
    assert_same(
        &back,
        &picture((PixelFormat::Gray10, size), |_, x, y| 4 * expected((32 * y + x) as u16)),
        &(),
    );
}

#[test]
fn pictures_without_colour_become_grey() {
    let size = (17, 9);
    let source = noise((PixelFormat::Gray, size), 3);
    for (format, grey) in [
        (PixelFormat::I420, 128),
        (PixelFormat::Nv12, 128),
        (PixelFormat::I210, 512),
        (PixelFormat::P010, 512),
    ] {
        let found = scaled(config((PixelFormat::Gray, size), (format, size), Filter::Area), &source.as_ref());
        for plane in 1..format.planes() {
            assert!(samples(&found, plane, 4).iter().all(|sample| *sample == grey), "{format:?}");
        }
    }
}

#[test]
fn a_part_of_a_picture_is_scaled_as_if_it_stood_alone() {
    let source = noise((PixelFormat::I420, (120, 80)), 5);
    let part = source.as_ref().crop((6, 10), (61, 47)).unwrap();
    let alone = Frame::copy_of(&part).unwrap();
    for filter in FILTERS {
        let config = config((PixelFormat::I420, (61, 47)), (PixelFormat::I420, (40, 31)), filter);
        assert_same(&scaled(config, &part), &scaled(config, &alone.as_ref()), &filter);
    }
}

#[test]
fn the_longest_sides_become_a_pixel_and_the_other_way_round() {
    for filter in FILTERS {
        for side in [(MAX_SIDE, 1), (1, MAX_SIDE)] {
            for (from, to) in [(side, (1, 1)), ((1, 1), side), (side, (5, 3))] {
                let source = picture((PixelFormat::I420, from), |_, _, _| 77);
                let config = config((PixelFormat::I420, from), (PixelFormat::I420, to), filter);
                let expected = picture((PixelFormat::I420, to), |_, _, _| 77);
                assert_same(&scaled(config, &source.as_ref()), &expected, &config);
            }
        }
    }
}

#[test]
fn sides_beyond_the_limit_and_other_shapes_are_refused() {
    let shape = (PixelFormat::I420, (64, 48));
    for size in [(0, 48), (64, 0), (MAX_SIDE + 1, 48), (64, u32::MAX)] {
        for (from, to) in [(shape, (PixelFormat::I420, size)), ((PixelFormat::I420, size), shape)] {
            assert_eq!(Scaler::new(Config::new(from, to)).unwrap_err(), Error::Size { size });
        }
    }
    let mut scaler = Scaler::new(Config::new(shape, shape)).unwrap();
    let right = Frame::new(shape.0, shape.1).unwrap();
    for found in [(PixelFormat::Nv12, (64, 48)), (PixelFormat::I420, (64, 50))] {
        let mut wrong = Frame::new(found.0, found.1).unwrap();
        let refused = Err(Error::Shape { found, expected: shape });
        assert_eq!(scaler.scale(&right.as_ref(), &mut wrong), refused);
        assert_eq!(scaler.scale(&wrong.as_ref(), &mut Frame::new(shape.0, shape.1).unwrap()), refused);
    }
}

#[test]
fn weights_are_those_of_the_textbook() {
    let weights = |pixels, filter, index: usize| {
        let taps = Taps::new(Axis::columns(pixels, (Chroma::Full, Chroma::Full)), filter).unwrap().unwrap();
        (taps.starts[index], taps.weights(index).to_vec())
    };
    // 3:2 by area: all of one sample and half of the next, two thirds and a third of 16,384.
    assert_eq!(weights((300, 200), Filter::Area, 100), (150, vec![10923, 5461]));
    // 1:2 bilinear: three quarters and a quarter.
    assert_eq!(weights((100, 200), Filter::Bilinear, 101), (50, vec![12288, 4096]));
    // 2:1 bilinear, stretched: an eighth and three eighths each way.
    assert_eq!(weights((200, 100), Filter::Bilinear, 50), (99, vec![2048, 6144, 6144, 2048]));
    // 1:2 bicubic at a quarter: -0.6 * (x^3 - 5x^2 + 8x - 4) at 1.25 and 1.75, 1.4x^3 - 2.4x^2 + 1 at 0.25 and 0.75.
    let exact = [-0.084_375, 0.871_875, 0.240_625, -0.028_125];
    let (start, found) = weights((100, 200), Filter::Bicubic, 101);
    assert_eq!(start, 49);
    for (found, exact) in found.iter().zip(exact) {
        assert!(
            (f64::from(*found) - exact * 16_384.0).abs() <= 1.0,
            "{found}, expected {}",
            exact * 16_384.0
        );
    }
    // The first sample counts for those beyond the edge.
    assert_eq!(weights((100, 200), Filter::Bilinear, 0), (0, vec![16384, 0]));
}
