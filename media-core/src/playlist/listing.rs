//! How parts and cuts come into the list, and when they leave it.

use super::hls::{part_micros, put_date, put_inf};
use super::listed::{Line, Listed, PartLine, Span};
use super::names::Suffix;
use super::periods::Anchor;
use super::placed::Placed;
use super::window::Generation;
use super::{Retention, SECOND, Window};
use crate::segment::position::Position;
use crate::segment::{Cut, Part};
use crate::time::WallTime;

impl Window {
    /// Lists a part at the live edge.
    pub(super) fn list_part(&mut self, part: &Part, now: WallTime) {
        let Some(generation) = self.began(part.generation) else { return };
        if self.config.low_latency().is_none() {
            return;
        }
        let tracks = generation.tracks.clone();
        let placed: Vec<_> = part.pieces.iter().filter_map(|piece| Placed::piece(piece, &tracks)).collect();
        let open = self.open.take().filter(|open| open.number == part.number);
        let open = match (open, Placed::end_of_all(&placed)) {
            (Some(open), _) => open,
            (None, Some(end)) => {
                let origin = self.periods.anchor(&placed, end, now);
                self.opened(part, &placed, origin)
            }
            (None, None) => return,
        };
        let open = self.grown(open, &placed);
        self.open = Some(open);
        self.parts += 1;
        self.drop_parts();
        self.changed();
    }

    /// A cut of which nothing is listed yet.
    fn opened(&self, part: &Part, placed: &[Placed], origin: Anchor) -> Listed {
        let generation = self.began(part.generation);
        let line = |placed: &Placed| {
            let wall = self.starts(placed, origin);
            Line { gap: true, duration: 0, ..line(placed, suffix(generation, placed), wall) }
        };
        Listed {
            number: part.number,
            generation: part.generation,
            discontinuity: part.discontinuity,
            period: 0,
            duration: 0,
            parts: Span { first: self.parts, count: 0 },
            lines: placed.iter().map(line).collect(),
        }
    }

    /// The same with one part more.
    fn grown(&mut self, mut open: Listed, placed: &[Placed]) -> Listed {
        open.parts.count += 1;
        open.duration = i64::MAX;
        for line in &mut open.lines {
            let Some(placed) = placed.iter().find(|placed| placed.track == line.track) else { continue };
            // What cannot be decoded alone is known by its first media.
            self.independent &= !line.gap || placed.gap || placed.independent;
            let start = Position { time: line.start, base: placed.base };
            line.parts.push(PartLine {
                micros: part_micros(placed.start(), placed.end()),
                offset: line.bytes(),
                bytes: placed.bytes,
                gap: placed.gap,
                independent: placed.independent,
            });
            line.duration = placed.end().time.since(line.start).max(1).unsigned_abs();
            line.gap &= placed.gap;
            open.duration = open.duration.min(placed.end().since(start).max(0));
        }
        open
    }

    /// Lists a cut that is whole.
    pub(super) fn list_cut(&mut self, cut: &Cut, now: WallTime) {
        let Some(generation) = self.began(cut.generation) else { return };
        let tracks = generation.tracks.clone();
        let placed: Vec<_> =
            cut.segments.iter().filter_map(|segment| Placed::segment(segment, &tracks)).collect();
        let Some(duration) = placed.iter().map(Placed::nanos).min() else { return };
        let Some(end) = Placed::end_of_all(&placed) else { return };
        let origin = self.periods.anchor(&placed, end, now);
        let period = self.period(cut, &placed, (origin, end), now);
        let open = self.open.take().filter(|open| open.number == cut.number);
        let (parts, mut begun) = open.map_or((Span::default(), Vec::new()), |open| (open.parts, open.lines));
        let mut lines = Vec::with_capacity(placed.len());
        for placed in &placed {
            let before = begun.iter_mut().find(|line| line.track == placed.track);
            lines.push(self.whole(cut.generation, placed, before, origin));
        }
        self.cuts.push_back(Listed {
            number: cut.number,
            generation: cut.generation,
            discontinuity: cut.discontinuity,
            period,
            duration,
            parts,
            lines,
        });
        self.ranges.at(now);
        self.expiry.pushed = self.expiry.pushed.saturating_add(duration);
        self.slide();
        self.drop_parts();
        self.publish(now);
    }

    /// The line of a segment; what was said when its first part came stays.
    fn whole(&mut self, generation: u32, placed: &Placed, before: Option<&mut Line>, origin: Anchor) -> Line {
        let start =
            before.as_ref().map_or(placed.start(), |line| Position { time: line.start, base: placed.base });
        let wall = before.as_ref().map_or_else(|| self.starts(placed, origin), |line| line.wall);
        let mut line = line(placed, suffix(self.began(generation), placed), wall);
        if let Some(before) = before {
            line.date = std::mem::take(&mut before.date);
            line.parts = std::mem::take(&mut before.parts);
        }
        put_inf(&mut line.inf, start, placed.end());
        let longest = self.longest();
        if let Some(meter) = self.meters.iter_mut().find(|meter| meter.track == placed.track) {
            meter.ends((start, wall), placed.end());
            meter.measure(placed, longest);
        }
        self.independent &= placed.independent;
        line
    }

    /// When the start of what is listed next was captured.
    fn starts(&self, placed: &Placed, origin: Anchor) -> WallTime {
        let meter = self.meters.iter().find(|meter| meter.track == placed.track);
        meter.map_or_else(|| origin.wall(placed.start()), |meter| meter.starts(placed, origin))
    }

    /// The DASH Period of a cut.
    fn period(
        &mut self,
        cut: &Cut,
        placed: &[Placed],
        (origin, end): (Anchor, Position),
        now: WallTime,
    ) -> u32 {
        let begin = Placed::leading(placed);
        let late = now.since(origin.wall(end));
        let bounds = (self.longest(), self.expiry.pushed);
        let moved = self.periods.follow((origin, begin), late, cut.discontinuity, bounds);
        let last = self.cuts.back();
        let returns = |placed: &Placed| {
            !placed.gap && last.and_then(|last| last.line(placed.track)).is_some_and(|line| line.gap)
        };
        let returns = placed.iter().any(returns);
        self.periods.place(cut, (origin, begin, end), returns, moved)
    }

    /// Drops from the head what is over the size.
    fn slide(&mut self) {
        let size = match self.config.retention {
            Retention::Sliding => self.config.size.max(1),
            Retention::Event => usize::MAX,
        };
        let least = 3 * self.longest();
        let mut listed: i64 = self.cuts.iter().map(|cut| cut.duration).sum();
        // The longest list that a player has seen it in: the one before the newest cut came.
        let longest = listed - self.cuts.back().map_or(0, |newest| newest.duration);
        while self.cuts.len() > size
            && let Some(first) = self.cuts.front()
            && (listed - first.duration >= least || self.cuts.len() > size.saturating_mul(OVERFULL))
        {
            let after = longest.saturating_add(first.duration);
            listed -= first.duration;
            self.discontinuity_sequence += u64::from(first.discontinuity);
            self.expiry.unlist(first.number, first.generation, after);
            self.cuts.pop_front();
        }
        self.periods.drop_before(self.cuts.front().map_or(0, |first| first.period));
        self.drop_ranges();
        self.expire();
    }

    /// Drops the parts of cuts that end more than three target durations before the end of the list, RFC 8216bis 6.2.2.
    fn drop_parts(&mut self) {
        let furthest = 3 * self.longest();
        let mut behind = self.open.as_ref().map_or(0, |open| open.duration);
        for cut in self.cuts.iter_mut().rev() {
            if behind > furthest {
                if cut.parts.count == 0 {
                    break;
                }
                cut.forget_parts();
            }
            behind = behind.saturating_add(cut.duration);
        }
    }

    /// Drops the date ranges that ended before all that is listed.
    fn drop_ranges(&mut self) {
        let lines = self.cuts.front().into_iter().flat_map(|first| &first.lines);
        if let Some(first) = lines.map(|line| line.wall).min() {
            self.ranges.end_before(first);
        }
    }

    fn expire(&mut self) {
        let listed = self.cuts.front().map_or(0, |first| first.generation);
        let oldest = self.expiry.expire().unwrap_or(listed);
        while let Some(first) = self.generations.front()
            && first.number < oldest
        {
            self.expiry.drop_init(first.number);
            self.generations.pop_front();
        }
        let generations = &self.generations;
        self.meters.retain(|meter| {
            generations.iter().any(|generation| generation.tracks.iter().any(|track| track.id == meter.track))
        });
    }

    /// The target duration in nanoseconds.
    pub(super) fn longest(&self) -> i64 {
        i64::from(self.config.target_duration.max(1)) * SECOND
    }
}

fn line(placed: &Placed, suffix: Suffix, wall: WallTime) -> Line {
    let mut date = String::with_capacity(52);
    put_date(&mut date, wall);
    Line {
        track: placed.track,
        start: placed.time,
        duration: placed.duration,
        gap: placed.gap,
        suffix,
        key: placed.key.map(|(start, end)| start..end),
        wall,
        date,
        inf: String::new(),
        parts: Vec::new(),
    }
}

fn suffix(generation: Option<&Generation>, placed: &Placed) -> Suffix {
    let track = generation.and_then(|generation| {
        Some((generation, generation.tracks.iter().find(|track| track.id == placed.track)?))
    });
    track.map_or(Suffix::M4s, |(generation, track)| Suffix::of(generation.format, track))
}

/// How many times its size a window may list so as to span three target durations. Only a stream that breaks up every moment needs more, and
/// memory is bounded before that rule is kept.
const OVERFULL: usize = 16;
