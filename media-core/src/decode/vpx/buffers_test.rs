use super::*;

/// What libvpx does: asks, and keeps what it is told.
fn ask(buffers: &Buffers, size: usize) -> Option<c::vpx_codec_frame_buffer_t> {
    let mut buffer = c::vpx_codec_frame_buffer_t::default();
    (get(ptr::from_ref(buffers).cast_mut().cast(), size, &mut buffer) == 0).then_some(buffer)
}

fn give_back(buffers: &Buffers, mut buffer: c::vpx_codec_frame_buffer_t) -> c_int {
    release(ptr::from_ref(buffers).cast_mut().cast(), &mut buffer)
}

/// A picture of 16 by 16 at the beginning of a buffer, without gaps.
fn image(buffer: &c::vpx_codec_frame_buffer_t) -> c::vpx_image_t {
    let mut image = c::vpx_image_t { d_w: 16, d_h: 16, stride: [16, 8, 8, 0], ..Default::default() };
    image.planes = [0, 256, 320, 0].map(|offset| buffer.data.wrapping_add(offset));
    image
}

const LEN: usize = 384;

#[test]
fn new_memory_is_zero_and_old_memory_is_used_again() {
    let buffers = Buffers::new(1);
    let first = ask(&buffers, LEN).unwrap();
    // SAFETY: `ask` gave these bytes, and nobody else has them.
    let bytes = unsafe { slice::from_raw_parts_mut(first.data, first.size) };
    assert!(bytes.len() >= LEN && bytes.iter().all(|byte| *byte == 0));
    bytes.fill(7);
    assert_eq!(give_back(&buffers, first), 0);
    let second = ask(&buffers, LEN - 100).unwrap();
    assert_eq!((second.data, buffers.census()), (first.data, (1, 1)));
    assert_ne!(ask(&buffers, LEN).unwrap().data, first.data);
}

#[test]
fn the_smallest_that_is_large_enough_is_taken() {
    let buffers = Buffers::new(1);
    let given = [1000, 500, 2000].map(|size| ask(&buffers, size).unwrap());
    given.into_iter().for_each(|buffer| assert_eq!(give_back(&buffers, buffer), 0));
    assert_eq!(ask(&buffers, 600).unwrap().data, given[0].data);
    buffers.trim();
    assert_eq!(buffers.census(), (1, 1));
}

/// However sizes change, there is never more than libvpx and the pictures can hold.
#[test]
fn memory_is_bounded_whatever_the_sizes() {
    let buffers = Buffers::new(2);
    for size in 1..200 {
        let buffer = ask(&buffers, size * 64).unwrap();
        give_back(&buffers, buffer);
        assert!(buffers.census().0 <= 2 + SLOTS);
    }
    let all: Vec<_> = (0..SLOTS).map(|_| ask(&buffers, LEN).unwrap()).collect();
    assert!(ask(&buffers, LEN).is_none(), "more than libvpx says it needs");
    all.into_iter().for_each(|buffer| assert_eq!(give_back(&buffers, buffer), 0));
    assert_eq!(buffers.census().1, 0);
}

#[test]
fn t3_memory_stays_while_a_picture_shows_it() {
    let buffers = Buffers::new(1);
    let buffer = ask(&buffers, LEN).unwrap();
    let lent = buffers.lend(&image(&buffer), PixelFormat::I420).unwrap();
    assert_eq!(give_back(&buffers, buffer), 0);
    assert_ne!(ask(&buffers, LEN).unwrap().data, buffer.data, "it is still shown");
    assert_eq!(lent.frame().planes()[0].data.as_ptr(), buffer.data.cast_const());
    drop(lent);
    assert_eq!(ask(&buffers, LEN).unwrap().data, buffer.data);
    let last = buffers.lend(&image(&buffer), PixelFormat::I420).unwrap();
    drop(buffers);
    assert_eq!(last.frame().row(2, 7), [0; 8]);
}

/// An image that does not lie in a buffer of ours is not believed.
#[test]
fn t6_planes_outside_of_their_buffer_are_refused() {
    let buffers = Buffers::new(1);
    let buffer = ask(&buffers, LEN).unwrap();
    let refused = |change: fn(&mut c::vpx_image_t)| {
        let mut image = image(&buffer);
        change(&mut image);
        buffers.lend(&image, PixelFormat::I420).is_err()
    };
    assert!(!refused(|_| ()));
    assert!(refused(|image| image.planes[0] = ptr::null_mut()));
    assert!(refused(|image| image.planes[0] = image.planes[0].wrapping_sub(1)));
    assert!(refused(|image| image.planes[2] = image.planes[2].wrapping_add(1)));
    assert!(refused(|image| image.d_h = 48));
    assert!(refused(|image| image.d_h = 0));
    assert!(refused(|image| image.stride[0] = -16));
    assert!(refused(|image| image.stride[1] = 4));
    assert!(refused(|image| (image.d_w, image.stride) = (u32::MAX, [i32::MAX; 4])));
}

/// What C may ask for or give back is answered, and never panics into it.
#[test]
fn t16_callbacks_answer_nonsense() {
    let buffers = Buffers::new(1);
    assert!(ask(&buffers, usize::MAX).is_none());
    assert!(ask(&buffers, isize::MAX as usize).is_none());
    assert_eq!(buffers.census(), (0, 0));
    assert_eq!(give_back(&buffers, c::vpx_codec_frame_buffer_t::default()), FAILED);
    let buffer = ask(&buffers, 0).unwrap();
    assert_eq!(give_back(&buffers, buffer), 0);
    assert_eq!(give_back(&buffers, buffer), FAILED, "twice");
}

/// A thread that panics while it holds the lock leaves the buffers usable: a panic in a callback would abort.
#[test]
fn t16_callbacks_survive_a_panic_elsewhere() {
    let buffers = Buffers::new(1);
    let buffer = ask(&buffers, LEN).unwrap();
    let other = Arc::clone(&buffers);
    let panicked = std::thread::spawn(move || {
        let _store = other.store.lock().unwrap();
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(panicked.join().is_err() && buffers.store.is_poisoned());
    assert_eq!(give_back(&buffers, buffer), 0);
    assert!(ask(&buffers, LEN).is_some());
}
