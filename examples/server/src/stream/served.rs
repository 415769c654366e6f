//! The origin of a stream that players are answered from as it comes, and who waits at it.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use media_core::origin::{Answer, Origin, Request, Wait};
use media_core::segment;
use media_core::time::Moment;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::{self, Clock};

/// An [`Origin`], once there is one, behind a lock that nobody holds while waiting.
#[derive(Debug)]
pub(crate) struct Served {
    origin: RwLock<Option<Origin>>,
    /// Counts changes. Who waits tries again at each.
    changes: watch::Sender<u64>,
    clock: Clock,
}

impl Served {
    pub(super) fn new() -> Self {
        Self { origin: RwLock::default(), changes: watch::Sender::new(0), clock: Clock::start() }
    }

    /// From now on requests are answered from `origin`.
    pub(crate) fn open(&self, origin: Origin) {
        self.change(|served| *served = Some(origin));
    }

    /// What the segmenter gave out can be fetched when this returns.
    pub(crate) fn push(&self, output: &segment::Output) {
        self.change(|served| {
            if let Some(origin) = served {
                origin.push(output, clock::wall());
            }
        });
    }

    /// The stream has ended with the program, and will go on with the next: players are not told that it is over, but nobody waits any longer.
    pub(crate) fn close(&self) {
        self.change(|served| *served = None);
    }

    /// Bytes of media held.
    pub(super) fn bytes(&self) -> u64 {
        let served = self.origin.read().unwrap_or_else(PoisonError::into_inner);
        served.as_ref().map_or(0, Origin::bytes)
    }

    /// The answer, when there is one; never [`Answer::Wait`]. Who stops asking leaves nothing behind.
    pub(crate) async fn request(&self, request: &Request<'_>) -> Answer {
        // Subscribed before the first try, so that no change between the two is missed.
        let changes = self.changes.subscribe();
        let answer = self.ask(|origin, now| origin.request(request, now));
        self.settle(changes, answer).await
    }

    /// The same for what a part of was answered already.
    pub(crate) async fn rest(&self, wait: &Wait) -> Answer {
        let changes = self.changes.subscribe();
        let answer = self.ask(|origin, now| origin.retry(wait, now));
        self.settle(changes, answer).await
    }

    async fn settle(&self, mut changes: watch::Receiver<u64>, mut answer: Answer) -> Answer {
        while let Answer::Wait(wait) = &answer {
            let left = wait.deadline.since(self.clock.now()).max(0).unsigned_abs();
            // Whichever comes first: the origin knows whether that was long enough.
            _ = timeout(Duration::from_nanos(left), changes.changed()).await;
            answer = self.ask(|origin, now| origin.retry(wait, now));
        }
        answer
    }

    fn ask(&self, ask: impl FnOnce(&Origin, Moment) -> Answer) -> Answer {
        let served = self.origin.read().unwrap_or_else(PoisonError::into_inner);
        served.as_ref().map_or(Answer::Unavailable, |origin| ask(origin, self.clock.now()))
    }

    fn change(&self, change: impl FnOnce(&mut Option<Origin>)) {
        change(&mut self.origin.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use media_core::playlist::{Config, Names};
    use tokio::time::Instant;

    use super::*;

    fn served() -> Served {
        let served = Served::new();
        let mut segment = segment::Config::new(1_000_000_000);
        segment.part = Some(200_000_000);
        served.open(Origin::new(Config::new(&segment), Names::new("5f2a").expect("plain")));
        served
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_in_vain_is_told_so_at_the_deadline() {
        let (served, began) = (served(), Instant::now());
        let answer = served.request(&Request::new("index.m3u8")).await;
        assert!(matches!(answer, Answer::Unavailable), "{answer:?}");
        // Three target durations.
        assert!((Duration::from_secs(6)..Duration::from_millis(6100)).contains(&began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_not_waited_for() {
        let (served, began) = (served(), Instant::now());
        let request = Request::new("index.m3u8");
        let close = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            served.close();
        };
        let (answer, ()) = tokio::join!(served.request(&request), close);
        assert!(matches!(answer, Answer::Unavailable), "{answer:?}");
        assert!(began.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_dropped_leaves_nothing_behind() {
        let served = served();
        let request = Request::new("index.m3u8");
        assert!(timeout(Duration::from_secs(1), served.request(&request)).await.is_err());
        assert_eq!(served.changes.receiver_count(), 0);
    }
}
