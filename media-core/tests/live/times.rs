//! Constants, rates and numbers over a stream's life.

use media_core::playlist::hls;
use media_core::playlist::{Config, Delivery, Window};

use crate::list::List;
use crate::stream::*;

/// RFC 8216bis 4.4.3.1, 6.2.1: whatever is cut, the target duration stays, and is that of all renditions.
#[test]
fn trap_17_the_target_duration_never_changes() {
    let mut camera = camera();
    let mut window = Window::new(Config { size: 3, ..low_latency() });
    window.push(&camera.init(), camera.now());
    for millis in [500, 2000, 1000, 2000, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 2000] {
        for output in camera.segment(millis) {
            window.push(&output, camera.now());
            for track in [1, 2] {
                let list = List::read(&hls::media_playlist(&window, id(track), &names()).unwrap());
                assert_eq!(list.target_duration, 2);
                assert!(list.items.iter().all(|item| item.seconds.round() <= 2.0));
            }
        }
    }
}

/// RFC 8216bis 4.4.6.2: the peak of the variant, the largest sound of its group included; at least 1.
#[test]
fn trap_16_the_bandwidth_of_a_variant_holds_its_largest_sound() {
    let tracks = vec![pictures(), sound(2, Some(b"deu")), sound(3, Some(b"fra"))];
    let mut camera = Camera::new(tracks, media_core::segment::Format::Fmp4);
    let mut window = Window::new(Config { delivery: Delivery::Files, ..low_latency() });
    window.push(&camera.init(), camera.now());
    for _ in 0..3 {
        camera.segment(2000).iter().for_each(|output| window.push(output, camera.now()));
    }
    let rate = |track| window.bandwidth(id(track)).unwrap();
    let (largest, smaller) = (rate(2).peak.max(rate(3).peak), rate(2).peak.min(rate(3).peak));
    assert!(largest >= smaller && smaller >= 1);
    let text = hls::multivariant(&window, &names()).unwrap();
    assert!(text.contains(&format!("BANDWIDTH={},", rate(1).peak + largest)), "{text}");
}

/// RFC 8216bis 4.4.3.3, 6.2.2, 6.2.4.
#[test]
fn trap_20_discontinuity_numbers_stay_with_their_segments_in_every_rendition() {
    let mut camera = camera();
    let mut window = Window::new(Config { size: 2, discontinuity_sequence: 5, ..low_latency() });
    window.push(&camera.init(), camera.now());
    let mut known = std::collections::HashMap::new();
    for n in 0..40 {
        if n % 3 == 1 {
            camera.jump(1000);
        }
        if n % 7 == 6 {
            let tracks = if n % 2 == 0 { vec![pictures()] } else { vec![pictures(), sound(2, None)] };
            window.push(&camera.change(tracks), camera.now());
        }
        for output in camera.segment(1000) {
            window.push(&output, camera.now());
            for track in [1, 2] {
                let list = List::read(&hls::media_playlist(&window, id(track), &names()).unwrap());
                let mut discontinuity = list.discontinuity_sequence;
                for (number, item) in list.numbered() {
                    discontinuity += u64::from(item.discontinuity);
                    assert_eq!(
                        *known.entry(number).or_insert(discontinuity),
                        discontinuity,
                        "segment {number}"
                    );
                }
            }
        }
    }
    assert_eq!(known.len(), 40);
    assert_eq!(known[&0], 5, "goes on where the life before ended");
    assert_eq!(known[&39], 5 + (0..40).filter(|n| n % 3 == 1 || n % 7 == 6).count() as u64);
}
