//! A clock for benchmarks of the codecs: the processor's time of this thread where Linux tells it (`/proc/thread-self/schedstat`), since a
//! busy machine makes the wall clock useless; elsewhere the wall clock's.

// Modules of a benchmark have no outside.
#![allow(unreachable_pub)]

use std::time::Instant;

use criterion::Criterion;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};

/// Nanoseconds that this thread was on a processor.
pub struct CpuTime;

/// Where a measurement began: on the thread's clock, or the wall's.
pub enum Start {
    Thread(u64),
    Wall(Instant),
}

fn thread_nanos() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

impl Measurement for CpuTime {
    type Intermediate = Start;
    type Value = u64;

    fn start(&self) -> Start {
        thread_nanos().map_or_else(|| Start::Wall(Instant::now()), Start::Thread)
    }

    fn end(&self, start: Start) -> u64 {
        match start {
            Start::Thread(nanos) => thread_nanos().unwrap_or(nanos) - nanos,
            Start::Wall(began) => began.elapsed().as_nanos() as u64,
        }
    }

    fn add(&self, a: &u64, b: &u64) -> u64 {
        a + b
    }

    fn zero(&self) -> u64 {
        0
    }

    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Criterion by that clock.
pub fn cpu_time() -> Criterion<CpuTime> {
    Criterion::default().with_measurement(CpuTime)
}
