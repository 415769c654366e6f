//! The live edge of DASH over hours: no camera's clock is exactly the server's.

use media_core::mux::Rope;
use media_core::playlist::{self, Names, Window, dash};
use media_core::segment::{Config, Cut, Format, Init, Output, Segment};
use media_core::time::{Timestamp, WallTime};

use crate::readers::Manifest;
use crate::stream::*;

/// Segments of two seconds on the camera's clock, told to a window at times of the server's.
struct Camera {
    window: Window,
    names: Names,
    number: i64,
    /// Where the next segment begins, in ticks after the origin, and whether time breaks before it.
    next: i64,
    broken: bool,
    /// Seconds after `MORNING` at which the presentation begins.
    zero: Option<f64>,
}

impl Camera {
    fn new() -> Self {
        let mut window = Window::new(playlist::Config::new(&Config::new(2 * SECOND)));
        let init = Init {
            generation: 0,
            format: Format::Fmp4,
            tracks: [pictures()].into(),
            leader: id(1),
            headers: vec![bytes::Bytes::new()],
        };
        window.push(&Output::Init(init), WallTime::from_nanos(MORNING));
        Self { window, names: Names::new("e").unwrap(), number: 0, next: 0, broken: false, zero: None }
    }

    /// The next segment, `now` nanoseconds after `MORNING`.
    fn cut(&mut self, now: i64) -> Manifest {
        let segment = Segment {
            track: id(1),
            start: Timestamp::new(ORIGIN * 90_000 + self.next),
            duration: 180_000,
            rope: Rope::from(bytes::Bytes::from_static(&[0; 64])),
            parts: Vec::new(),
            keys: Vec::new(),
            gap: false,
            wall: None,
            independent: true,
        };
        let number = self.number.unsigned_abs();
        self.number += 1;
        self.next += 180_000;
        let discontinuity = std::mem::take(&mut self.broken);
        let cut = Cut { number, generation: 0, discontinuity, segments: vec![segment] };
        self.window.push(&Output::Cut(cut), WallTime::from_nanos(MORNING + now));
        Manifest::read(&dash::mpd(&self.window, &self.names).unwrap())
    }

    /// Seconds after `now` at which the newest segment of a manifest is said to be complete.
    fn ahead(&mut self, manifest: &Manifest, now: i64) -> f64 {
        let period = manifest.periods.last().unwrap();
        let set = &period.sets[0];
        let last = set.segments.last().unwrap();
        let end = set.zero(period.start) + (last.time + last.duration) as f64 / set.timescale as f64;
        let now = now as f64 / SECOND as f64;
        // The first segment is complete when it comes.
        let zero = *self.zero.get_or_insert(now - end);
        zero + end - now
    }
}

#[test]
fn a_clock_that_drifts_does_not_carry_the_live_edge_away() {
    // Cameras that count 3600 ticks a picture whatever their sensor does are off by this much.
    for ppm in [2000, -2000] {
        let mut camera = Camera::new();
        for n in 1..=4 * 1800 {
            let now = n * 2 * SECOND / 1_000_000 * (1_000_000 - ppm);
            let manifest = camera.cut(now);
            let ahead = camera.ahead(&manifest, now);
            assert!(ahead.abs() < 5.0, "{ppm} ppm: the live edge is {ahead} s ahead after {n} segments");
            for pair in manifest.periods.windows(2) {
                assert!(pair[0].start < pair[1].start);
                assert!(pair[0].start + pair[0].duration.unwrap() <= pair[1].start + 1e-6);
            }
        }
    }
}

#[test]
fn a_stall_that_is_caught_up_does_not_move_the_live_edge() {
    let mut camera = Camera::new();
    for n in 1..600 {
        let stalled = if n % 100 >= 90 { (100 - n % 100) * 2 * SECOND } else { 0 };
        let manifest = camera.cut(n * 2 * SECOND + stalled);
        assert_eq!(manifest.periods.len(), 1);
        assert_eq!(manifest.periods[0].start, 0.0);
    }
}

#[test]
fn a_source_that_returns_at_real_time_is_at_the_live_edge_at_once() {
    for ppm in [2000, -2000] {
        let mut camera = Camera::new();
        let mut now = 0;
        for n in 1..=4000 {
            now = n * 2 * SECOND / 1_000_000 * (1_000_000 - ppm);
            let manifest = camera.cut(now);
            camera.ahead(&manifest, now);
        }
        // Away for a minute; the line goes on where it would be had the clocks been the same.
        camera.broken = true;
        camera.next = (now / SECOND + 60) * 90_000;
        for n in 0..20 {
            now = (camera.next / 90_000 + 2) * SECOND;
            let manifest = camera.cut(now);
            let ahead = camera.ahead(&manifest, now);
            assert!(
                ahead.abs() < 5.0,
                "{ppm} ppm: the live edge is {ahead} s ahead {n} segments after the return"
            );
        }
    }
}
