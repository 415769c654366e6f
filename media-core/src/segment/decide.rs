//! Where parts and segments end: by the leader's packets, by time where it stays away, by what is held.

use super::lane::{Lane, Missed};
use super::part::{Ending, Length};
use super::position::Position;
use super::{Align, Error, Format, LATE, LONGEST_OVER, LateKey, NeedKey, Open, Output, SECOND, Segmenter};
use crate::packet::Key;
use crate::track::Kind;

impl Segmenter {
    /// The leader has come to `at`: is this where the next segment begins, or the next part?
    pub(super) fn lead(&mut self, at: Position, key: Key) -> Result<(), Error> {
        let returns = self.leading().missed() == Missed::Cut;
        self.take_back(at);
        let Some(open) = &mut self.open else { return Ok(()) };
        let last_key = open.key;
        if key.is_sync() {
            open.key = Some(at);
        }
        if !open.led {
            open.led = true;
            if !returns {
                return self.start(at, key);
            }
        }
        let mut result = self.cut_overdue(at);
        self.parts_before(at);
        let Some(open) = &self.open else { return result };
        let filling = open.filling();
        let interval = last_key.filter(|key| *key >= filling).map(|key| at.since(key));
        if at > filling && (returns || self.is_time(filling, at, interval, key)) {
            result = result.and(self.decide(at));
            self.need_key(at, key);
        } else {
            self.part_at(at);
        }
        self.part_at_end(at);
        result
    }

    /// Cuts at every full target duration that lies before the leader's packet at `at`.
    fn cut_overdue(&mut self, at: Position) -> Result<(), Error> {
        let full = self.target_duration() * SECOND;
        let mut result = Ok(());
        while let Some(open) = &self.open
            && at.since(open.filling()) > full + LONGEST_OVER
        {
            let cut = open.filling().after(full);
            self.parts_before(cut);
            result = result.and(self.decide(cut));
        }
        result
    }

    /// The leader is heard of for the first time. What others have given before is in its first segment, unless it is more than a part.
    fn start(&mut self, at: Position, key: Key) -> Result<(), Error> {
        let silence = self.silence();
        let mut result = if self.config.part.is_some() { self.cut_overdue(at) } else { Ok(()) };
        self.parts_before(at);
        match &mut self.open {
            // Time that runs far back is not gone through.
            Some(open) if at < open.start.after(-silence) => {}
            // The others' media before it counts for the length of a part.
            Some(open) if open.ends.is_empty() && at >= open.part && self.config.part.is_some() => {}
            Some(open) if open.ends.is_empty() => (open.start, open.part) = (at, at),
            _ => result = result.and(self.decide(at)),
        }
        self.need_key(at, key);
        self.part_at_end(at);
        result
    }

    fn leading(&self) -> &Lane {
        &self.lanes[self.leader]
    }

    /// Whether the leader's packet `at` begins the next segment. `interval` is the distance from the key frame before it, where that is in the
    /// same segment, which begins at `filling`.
    fn is_time(&self, filling: Position, at: Position, interval: Option<i64>, key: Key) -> bool {
        let (target, full) = (self.target(), self.target_duration() * SECOND);
        let elapsed = at.since(filling);
        let step = self.leading().step();
        let reached = match self.config.align {
            Align::Nearest => elapsed >= target,
            Align::Grid => self.stretch(at) > self.stretch(filling),
        };
        if key.is_sync() {
            // The segment began without one: there is no place to start until it ends.
            let Some(interval) = interval else { return true };
            let too_late = elapsed.saturating_add(interval) > full + LONGEST_OVER;
            return too_late
                || match self.config.align {
                    // The encoder was told where.
                    Align::Nearest if self.asks() => elapsed.saturating_add(step / 2) >= target,
                    // Nearer to the target than the next key frame will be.
                    Align::Nearest => elapsed.saturating_mul(2).saturating_add(interval) >= 2 * target,
                    Align::Grid => reached,
                };
        }
        let last_chance = elapsed.saturating_add(step) > full + LATE;
        match self.config.late_key {
            LateKey::Cut => reached || last_chance,
            LateKey::Wait | LateKey::Ask => (key.is_random_access() && reached) || last_chance,
        }
    }

    /// Which stretch of the grid an instant lies in.
    fn stretch(&self, at: Position) -> i64 {
        let target = self.target();
        at.base.to_nanos(at.time.ticks()).saturating_add(target / EARLY).div_euclid(target)
    }

    fn asks(&self) -> bool {
        self.config.late_key == LateKey::Ask && self.leading().track().kind() == Kind::Video
    }

    /// A segment begins at `at`: asks where the next one shall. One that begins without a key frame has to end as soon as there is one.
    fn need_key(&mut self, at: Position, key: Key) {
        if !self.asks() {
            return;
        }
        let target = self.target();
        let next = match self.config.align {
            _ if !key.is_sync() => at,
            Align::Nearest => at.after(target),
            Align::Grid => {
                let nanos = self.stretch(at).saturating_add(1).saturating_mul(target);
                Position { time: crate::time::Timestamp::new(at.base.from_nanos(nanos)), base: at.base }
            }
        };
        let track = self.leading().track().id;
        self.out.push_back(Output::NeedKey(NeedKey { track, at: next.time }));
    }

    /// Cuts while the leader does not: every full target duration that other tracks have gone beyond. And makes parts of it, once it is known to
    /// be away.
    pub(super) fn cut_by_time(&mut self) -> Result<(), Error> {
        let full = self.target_duration() * SECOND;
        let mut result = Ok(());
        while let Some(open) = &self.open
            && open.newest.since(open.filling()) >= (full + LATE).saturating_add(self.lag())
        {
            let cut = open.filling().after(full);
            self.parts_before(cut);
            result = result.and(self.decide(cut));
        }
        if self.leading().missed() == Missed::Cut
            && let Some(open) = &self.open
        {
            let newest = open.newest;
            self.parts_before(newest.after(-self.lag()));
        }
        result
    }

    /// Cuts before the packet at `at` when too much is held.
    pub(super) fn cut_by_size(&mut self, at: Position) -> Result<(), Error> {
        if !self.is_full() {
            return Ok(());
        }
        let mut result = self.flush();
        if self.is_full() && self.open.as_ref().is_some_and(|open| at > open.start) {
            result = result.and(self.decide(at)).and(self.flush());
        }
        while self.is_full() && self.lanes.iter().any(|lane| lane.packets() > 1) {
            result = result.and(self.emit_all(Ending::All));
        }
        result
    }

    /// The open segments end at `cut`.
    fn decide(&mut self, cut: Position) -> Result<(), Error> {
        self.take_back(cut);
        let Some(open) = &mut self.open else { return Ok(()) };
        let part = open.filling_part();
        let leader = &self.lanes[self.leader];
        let is_last = self.config.part.is_some()
            && part > open.filling()
            && cut.since(part) < leader.step()
            && leader.told_end(cut).is_some_and(|end| end <= part);
        if !is_last {
            self.push_end(cut, true);
            return Ok(());
        }
        // The leader has nothing behind its last part: that was the last of the segment.
        match open.ends.back_mut() {
            Some(last) => last.is_cut = true,
            None => self.emit_cut(Some(part)),
        }
        Ok(())
    }

    /// Ends of parts that were expected beyond `at` do not hold.
    fn take_back(&mut self, at: Position) {
        let Some(open) = &mut self.open else { return };
        while open.ends.back().is_some_and(|end| !end.is_cut && end.at > at) {
            open.ends.pop_back();
        }
    }

    /// A hole before the last packet of `lane`, in a format that cannot tell of one but between segments, ends the segment.
    pub(super) fn cut_at_hole(&mut self, lane: usize, at: Position) -> Result<(), Error> {
        let is_told = self.config.format != Format::PackedAudio || !self.lanes[lane].is_behind_hole();
        let in_segment = self.open.as_ref().is_some_and(|open| at > open.filling());
        if is_told || !in_segment { Ok(()) } else { self.decide(at) }
    }

    /// A part ends before the leader's packet at `at` when it would be too long with it.
    fn part_at(&mut self, at: Position) {
        if let Some(end) = self.leading().likely_end()
            && !self.fits(end)
            && self.is_enough(at)
        {
            self.push_end(at, false);
        }
    }

    /// A part ends behind the leader's packet at `at`, where that tells its length and another one would make it too long: nothing
    /// has to be waited for.
    fn part_at_end(&mut self, at: Position) {
        if let Some(end) = self.leading().known_end()
            && end > at
            && !self.fits(end.after(self.leading().step()))
            && self.fits(end)
            && self.is_enough(end)
        {
            self.push_end(end, false);
        }
    }

    /// Parts end before `until`, until what is left up to there is not too long for one: at the leader's packets, or else by time.
    pub(super) fn parts_before(&mut self, until: Position) {
        let Some(length) = self.config.part.map(Length::new) else { return };
        while let Some(open) = &self.open
            && !self.fits(until)
        {
            let from = open.filling_part();
            let end = self.latest_end(from, until, length);
            if end >= until || end <= from {
                return;
            }
            self.push_end(end, false);
        }
    }

    /// The latest end of a part that begins at `from`.
    fn latest_end(&self, from: Position, until: Position, length: Length) -> Position {
        let (least, longest) = (from.after(length.least), from.after(length.longest));
        let mut packets = self.leading().back(least, longest.min(until));
        if let Some(end) = packets.find(|at| *at < until && self.fits(*at)) {
            return end;
        }
        let end = self.lanes.iter().fold(longest, |end, lane| lane.latest_fit(from, end, length.longest));
        if end < least { longest } else { end }
    }

    /// Whether the open part stays within its limit on the line and on every track if it ends at `end`. Always, where no parts are made.
    fn fits(&self, end: Position) -> bool {
        let Some(Length { longest, .. }) = self.config.part.map(Length::new) else { return true };
        let Some(from) = self.open.as_ref().map(Open::filling_part) else { return true };
        end.since(from) <= longest && self.lanes.iter().all(|lane| lane.fits(from, end, longest))
    }

    /// Whether the open part may end at `end` without being the last of its segment.
    fn is_enough(&self, end: Position) -> bool {
        let Some(Length { least, .. }) = self.config.part.map(Length::new) else { return true };
        self.open.as_ref().is_some_and(|open| end.since(open.filling_part()) >= least)
    }
}

/// By what fraction of the target a key frame may come before its line of the grid: more than clocks jitter, and no distance of key frames that divides
/// the target often.
const EARLY: i64 = 16;
