use super::*;

#[test]
fn tight_pictures_have_the_bytes_the_format_says() {
    // ffmpeg -f lavfi -i testsrc=s=175x143 -frames:v 1 -pix_fmt X -f rawvideo - | wc -c
    let bytes: Vec<_> = PixelFormat::ALL.iter().map(|format| format.tight_len((175, 143)).unwrap()).collect();
    let (eight, ten) = bytes.split_at(5);
    assert_eq!(eight, [37_697, 50_193, 75_075, 37_697, 25_025]);
    assert_eq!(ten, [75_394, 100_386, 150_150, 75_394, 50_050]);
}

#[test]
fn every_row_of_every_size_and_format_lies_within_its_plane() {
    for &format in PixelFormat::ALL {
        for size in (1..20).flat_map(|w| (1..20).map(move |h| (w, h))) {
            let data = vec![0_u16; format.tight_len(size).unwrap().div_ceil(2)];
            let data: Vec<u8> = data.into_iter().flat_map(u16::to_le_bytes).collect();
            let Ok(frame) = FrameRef::tight(format, size, &data) else { panic!("{format:?} {size:?}") };
            let owned = Frame::copy_of(&frame).unwrap();
            for plane in 0..format.planes() {
                let (row, rows) = format.plane_size(plane, size).unwrap();
                assert!((0..rows).all(|y| frame.row(plane, y).len() == row));
                assert!((0..rows).all(|y| owned.as_ref().row(plane, y).as_ptr().addr().is_multiple_of(64)));
            }
        }
    }
}

#[test]
fn t6_only_checked_planes_become_a_frame() {
    let luma = vec![0; 176 * 144];
    let plane = Plane { data: &luma[..], stride: 176 };
    let found = FrameRef::new(PixelFormat::I420, (176, 144), &[plane]).unwrap_err();
    assert_eq!(found, Error::Planes { found: 1, expected: 3 });
    assert!(FrameRef::new(PixelFormat::Gray, (176, 144), &[plane]).is_ok());
    assert!(FrameRef::new(PixelFormat::Gray, (176, 144), &[]).is_err());
}

#[test]
fn t7_lengths_follow_the_last_row_rule() {
    let data = vec![0; 200 * 143 + 176];
    let gray = |data, stride| FrameRef::new(PixelFormat::Gray, (176, 144), &[Plane { data, stride }]);
    assert!(gray(&data, 200).is_ok());
    let short = Error::Length { plane: 0, found: data.len() - 1, expected: data.len() };
    assert_eq!(gray(&data[1..], 200).unwrap_err(), short);
}

#[test]
fn t7_strides_and_sizes_that_overflow_are_refused() {
    let data = [0; 64];
    for stride in [0, 175, 1 << 31, usize::MAX / 2, usize::MAX] {
        let plane = Plane { data: &data, stride };
        let found = FrameRef::new(PixelFormat::Gray, (176, 144), &[plane]).unwrap_err();
        assert_eq!(found, Error::Stride { plane: 0, found: stride, row: 176 });
    }
    for size in [(0, 2), (2, 0), (65_536, 2), (2, u32::MAX)] {
        assert_eq!(FrameRef::tight(PixelFormat::I420, size, &data).unwrap_err(), Error::Size { size });
        assert_eq!(Frame::new(PixelFormat::I420, size).unwrap_err(), Error::Size { size });
    }
}

#[test]
fn t12_samples_beyond_ten_bits_are_found() {
    let bytes = |samples: &[u16]| -> Vec<u8> { samples.iter().flat_map(|s| s.to_le_bytes()).collect() };
    let check =
        |format, samples: &[u16]| FrameRef::tight(format, (4, 4), &bytes(samples)).unwrap().check_samples();
    let mut samples = vec![1023_u16; 24];
    assert_eq!(check(PixelFormat::I010, &samples), Ok(()));
    samples[17] = 1024;
    let found = check(PixelFormat::I010, &samples);
    assert_eq!(found, Err(Error::Sample { plane: 1, row: 0, depth: 10 }));
    let mut samples = vec![1023_u16 << 6; 24];
    assert_eq!(check(PixelFormat::P010, &samples), Ok(()));
    samples[9] = 1;
    let found = check(PixelFormat::P010, &samples);
    assert_eq!(found, Err(Error::Sample { plane: 0, row: 2, depth: 10 }));
}

#[test]
fn a_crop_shows_the_same_samples_from_its_origin_on() {
    for &format in PixelFormat::ALL {
        let len = u8::try_from(format.sample_len()).unwrap();
        let mut frame = Frame::new(format, (31, 23)).unwrap();
        for plane in 0..format.planes() {
            let stride = frame.stride(plane);
            for (row, samples) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
                samples
                    .iter_mut()
                    .enumerate()
                    .for_each(|(column, sample)| *sample = (row * 7 + column) as u8);
            }
        }
        let crop = frame.as_ref().crop((6, 4), (25, 19)).unwrap();
        let (across, down) = format.chroma().grid();
        assert_eq!(crop.size(), (25, 19));
        assert_eq!(crop.row(0, 0)[0], 4 * 7 + 6 * len);
        assert_eq!(crop.row(0, 18).last(), frame.as_ref().row(0, 22).last());
        for plane in 1..format.planes() {
            let woven = if format.planes() == 2 { 2 } else { 1 };
            let first = (4 / down) as u8 * 7 + (6 / across) as u8 * woven * len;
            assert_eq!(crop.row(plane, 0)[0], first, "{format:?}");
        }
        for (origin, size) in
            [((6, 4), (26, 19)), ((6, 4), (25, 20)), ((0, 0), (0, 1)), ((u32::MAX - 1, 0), (2, 2))]
        {
            let refused = Error::Crop { origin, size, of: (31, 23) };
            assert_eq!(frame.as_ref().crop(origin, size).unwrap_err(), refused);
        }
        assert_eq!(frame.as_ref().crop((1, 0), (2, 2)).is_ok(), across == 1);
        assert_eq!(frame.as_ref().crop((0, 1), (2, 2)).is_ok(), down == 1);
    }
}

#[test]
fn t12_samples_of_two_bytes_begin_at_even_addresses() {
    let data = [0; 64];
    let odd = &data[if data.as_ptr().addr().is_multiple_of(2) { 1 } else { 0 }..];
    let found = FrameRef::tight(PixelFormat::I010, (4, 4), odd).unwrap_err();
    assert_eq!(found, Error::Alignment { plane: 0 });
}

#[test]
fn t13_chroma_planes_share_one_stride() {
    let data = vec![0; 176 * 144];
    let plane = |stride| Plane { data: &data[..], stride };
    let found =
        FrameRef::new(PixelFormat::I420, (176, 144), &[plane(176), plane(88), plane(96)]).unwrap_err();
    assert_eq!(found, Error::ChromaStrides { u: 88, v: 96 });
}

#[test]
fn a_pool_lends_no_more_than_its_limit_and_gets_frames_back() {
    let pool = Pool::new(PixelFormat::I420, (64, 64), 3).unwrap();
    let frames: Vec<_> = std::iter::from_fn(|| pool.take().unwrap()).collect();
    assert_eq!(frames.len(), 3);
    let shared = std::sync::Arc::new(frames);
    let second = shared.clone();
    drop(shared);
    assert!(pool.take().unwrap().is_none());
    drop(second);
    let mut frame = pool.take().unwrap().unwrap();
    drop(pool);
    frame.plane_mut(2).fill(1);
}

#[test]
fn copying_needs_the_same_size_and_format() {
    let mut frame = Frame::new(PixelFormat::I420, (64, 64)).unwrap();
    let smaller = Frame::new(PixelFormat::I420, (62, 64)).unwrap();
    let other = Frame::new(PixelFormat::Nv12, (64, 64)).unwrap();
    assert_eq!(frame.copy_from(&smaller.as_ref()), Err(Error::Size { size: (62, 64) }));
    assert!(frame.copy_from(&other.as_ref()).is_err());
}

#[test]
fn a_frame_is_printed_without_its_samples() {
    let frame = Frame::new(PixelFormat::I420, (66, 64)).unwrap();
    let text = format!("{:?}", frame.as_ref());
    assert_eq!(text, "FrameRef { format: I420, size: (66, 64), strides: [128, 64, 64] }");
}
