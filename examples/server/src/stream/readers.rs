//! Who watches. HLS and DASH have no sessions, so a reader is an address and a player program that asked for something lately.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The readers of one path.
#[derive(Debug)]
pub(crate) struct Readers {
    lately: Duration,
    seen: Mutex<HashMap<(IpAddr, u64), Instant>>,
}

impl Readers {
    /// A reader counts for `lately` after its last request.
    pub(crate) fn new(lately: Duration) -> Self {
        Self { lately, seen: Mutex::default() }
    }

    /// Notes a request from `address` by the program that hashes to `agent`.
    pub(crate) fn note(&self, address: IpAddr, agent: u64) {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, last| now.duration_since(*last) < self.lately);
        }
        if seen.len() < MOST {
            seen.insert((address, agent), now);
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, last| now.duration_since(*last) < self.lately);
        seen.len()
    }
}

/// Beyond this many the count stands still; it bounds what a path remembers to a few hundred kilobytes.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn readers_are_forgotten() {
        let readers = Readers::new(Duration::from_secs(10));
        let address = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        readers.note(address(1), 1);
        readers.note(address(1), 1);
        readers.note(address(1), 2);
        tokio::time::advance(Duration::from_secs(6)).await;
        readers.note(address(2), 1);
        assert_eq!(readers.count(), 3);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(readers.count(), 1);
    }
}
