//! Clips, one after the other, as a live stream: what a camera does whose coding is changed every few seconds. The library cuts, lists and
//! answers; here are the clock and the sockets.

mod feed;
mod serve;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use media_core::origin::{Answer, Origin, Request, Wait};
use media_core::playlist::{self, Names};
use media_core::segment::{self, Format, Segmenter, part_target};
use media_core::time::{Moment, WallTime};

use self::feed::Feed;
pub(crate) use self::feed::Section;

/// A stream that goes on until it is dropped.
pub(crate) struct Live {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What players are answered from.
struct Shared {
    origin: Mutex<Origin>,
    changed: Condvar,
    began: Instant,
    over: AtomicBool,
}

impl Live {
    /// Sections after each other, again and again. There is some history at once, as if it had begun a while ago.
    pub(crate) fn start(format: Format, part: Option<Duration>, sections: Vec<Section>) -> Self {
        let mut config = segment::Config { format, target_duration: 1, ..segment::Config::new(SECOND) };
        // Pictures of 40 ms; frames of AAC and Opus.
        let units = [40_000_000, 21_333_334, 20_000_000];
        config.part = part.and_then(|part| part_target(nanos(part), &units));
        let names = Names::new("live").expect("plain").with_clock("/time");
        let origin = Origin::new(playlist::Config { size: 10, ..playlist::Config::new(&config) }, names);
        let shared = Arc::new(Shared {
            origin: Mutex::new(origin),
            changed: Condvar::new(),
            began: Instant::now(),
            over: AtomicBool::new(false),
        });
        let mut feed = Feed::new(sections);
        let segmenter = Segmenter::new(config);
        let source = shared.clone();
        let history = Duration::from_secs(12);
        let begin = Instant::now().checked_sub(history).expect("the machine has run for longer");
        thread::spawn(move || source.run(&mut feed, segmenter, begin));
        Self { address: serve::start(shared.clone()), shared }
    }

    /// The address of a file of it.
    pub(crate) fn url(&self, file: &str) -> String {
        format!("http://{}/{file}", self.address)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    /// Feeds what the clock says is due.
    fn run(&self, feed: &mut Feed, mut segmenter: Segmenter, begin: Instant) {
        for (due, output) in feed.take_while(|_| !self.over.load(Ordering::Relaxed)) {
            // Everything has come when its last picture has.
            let due = begin + due;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            segmenter.push(output).expect("clips are clean");
            let wall = now().after(-nanos(due.elapsed()));
            while let Some(output) = segmenter.poll() {
                self.origin().push(&output, wall);
                self.changed.notify_all();
            }
        }
    }

    fn origin(&self) -> MutexGuard<'_, Origin> {
        self.origin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment {
        Moment::from_nanos(nanos(self.began.elapsed()))
    }

    fn request(&self, request: &Request<'_>) -> Answer {
        let answer = self.origin().request(request, self.moment());
        self.settle(answer)
    }

    fn rest(&self, wait: &Wait) -> Answer {
        let answer = self.origin().retry(wait, self.moment());
        self.settle(answer)
    }

    /// Waits for what is waited for.
    fn settle(&self, mut answer: Answer) -> Answer {
        let mut origin = self.origin();
        while let Answer::Wait(wait) = &answer {
            let left = Duration::from_nanos(wait.deadline.since(self.moment()).max(0).unsigned_abs());
            origin = self.changed.wait_timeout(origin, left).unwrap_or_else(PoisonError::into_inner).0;
            answer = origin.retry(wait, self.moment());
        }
        answer
    }
}

/// The time of day.
pub(crate) fn now() -> WallTime {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is later than 1970");
    WallTime::from_nanos(nanos(since))
}

/// As manifests have it, `2026-11-21T09:30:00.123Z`.
pub(crate) fn date(wall: WallTime) -> String {
    let millis = wall.nanos() / 1_000_000;
    let (days, left) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Of the Gregorian calendar, years beginning in March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let (month, day) = ((shifted_month + 2) % 12 + 1, day_of_year - (153 * shifted_month + 2) / 5 + 1);
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (left / 3_600_000, left / 60_000 % 60, left / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", left % 1000)
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).expect("some minutes")
}

const SECOND: i64 = 1_000_000_000;
