//! Puts datagrams back into the order they were sent in.
//!
//! A network may let packets overtake each other. One that comes early is held until those before it are there, or until they have been
//! waited for long enough to be called lost. In order, which is nearly always, nothing is held and nothing costs time.

use std::collections::VecDeque;

use media_core::time::Moment;

/// The packets of one stream.
#[derive(Debug)]
pub(crate) struct Reorder<T> {
    /// The sequence number that comes next; `None` before the first packet.
    next: Option<u16>,
    /// Early packets by their distance from `next`; the first place is always empty.
    held: VecDeque<Option<(T, Moment)>>,
    ready: VecDeque<(u16, T)>,
    /// Lost packets that the next ready one has to tell of.
    missing: u16,
}

impl<T> Reorder<T> {
    pub(crate) const fn new() -> Self {
        Self { next: None, held: VecDeque::new(), ready: VecDeque::new(), missing: 0 }
    }

    /// Takes a packet that came at `now`. One that comes twice, or after it was called lost, is dropped.
    pub(crate) fn push(&mut self, sequence: u16, packet: T, now: Moment) {
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next);
        if ahead >= FARTHEST && ahead <= FARTHEST.wrapping_neg() {
            // So far off that the sender has begun anew.
            self.release_all();
            self.next = Some(sequence);
            self.take(packet);
        } else if ahead == 0 {
            self.take(packet);
        } else if ahead < FARTHEST {
            let place = usize::from(ahead);
            while self.held.len() <= place {
                self.held.push_back(None);
            }
            self.held[place].get_or_insert((packet, now));
        }
    }

    /// The next packet in order, and how many were lost just before it.
    pub(crate) fn poll(&mut self, now: Moment) -> Option<(u16, T)> {
        if self.ready.is_empty() && self.deadline().is_some_and(|deadline| deadline <= now) {
            self.give_up();
        }
        self.ready.pop_front()
    }

    /// When the packet that is waited for is called lost; `None` when none is.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.held.iter().flatten().map(|(_, came)| came.after(WAIT)).min()
    }

    /// The packet that was waited for, and those behind it that are there already.
    fn take(&mut self, packet: T) {
        self.hand_on(packet);
        self.held.pop_front();
        while let Some(Some(_)) = self.held.front() {
            let Some(Some((packet, _))) = self.held.pop_front() else { return };
            self.hand_on(packet);
        }
    }

    fn hand_on(&mut self, packet: T) {
        self.ready.push_back((std::mem::take(&mut self.missing), packet));
        self.next = self.next.map(|next| next.wrapping_add(1));
    }

    /// Calls lost what is missing before the first packet held.
    fn give_up(&mut self) {
        while let Some(None) = self.held.front() {
            self.held.pop_front();
            self.missing = self.missing.saturating_add(1);
            self.next = self.next.map(|next| next.wrapping_add(1));
        }
        if let Some(Some((packet, _))) = self.held.pop_front() {
            // `take` expects the empty place of the packet that it is given.
            self.held.push_front(None);
            self.take(packet);
        }
    }

    fn release_all(&mut self) {
        while self.held.iter().any(Option::is_some) {
            self.give_up();
        }
        self.held.clear();
    }
}

/// Nanoseconds. Packets of one picture that took two ways through a network are some milliseconds apart; more would be felt as delay at
/// each loss.
const WAIT: i64 = 100_000_000;

/// A tenth of a second of the fastest camera; beyond it, a number says that the sender started over.
const FARTHEST: u16 = 2048;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Moment = Moment::from_nanos(0);

    fn drain(reorder: &mut Reorder<u16>, now: Moment) -> Vec<(u16, u16)> {
        std::iter::from_fn(|| reorder.poll(now)).collect()
    }

    fn all(sequence: &[u16]) -> Vec<(u16, u16)> {
        let mut reorder = Reorder::new();
        let mut out = Vec::new();
        for &number in sequence {
            reorder.push(number, number, START);
            out.extend(drain(&mut reorder, START));
        }
        out.extend(drain(&mut reorder, START.after(WAIT)));
        out
    }

    fn lossless(numbers: &[u16]) -> Vec<(u16, u16)> {
        numbers.iter().map(|number| (0, *number)).collect()
    }

    #[test]
    fn in_order_nothing_is_held() {
        assert_eq!(all(&[65_534, 65_535, 0, 1]), lossless(&[65_534, 65_535, 0, 1]));
    }

    #[test]
    fn an_overtaken_packet_is_put_back() {
        assert_eq!(all(&[1, 3, 4, 2, 5]), lossless(&[1, 2, 3, 4, 5]));
        assert_eq!(all(&[65_534, 0, 65_535, 1]), lossless(&[65_534, 65_535, 0, 1]));
    }

    #[test]
    fn what_does_not_come_is_told_of() {
        assert_eq!(all(&[1, 4, 5, 7]), [(0, 1), (2, 4), (0, 5), (1, 7)]);
    }

    #[test]
    fn a_gap_is_waited_for_and_not_longer() {
        let mut reorder = Reorder::new();
        reorder.push(1, 1, START);
        reorder.push(3, 3, START.after(5));
        assert_eq!(drain(&mut reorder, START.after(5)), [(0, 1)]);
        assert_eq!(reorder.deadline(), Some(START.after(5 + WAIT)));
        assert_eq!(drain(&mut reorder, START.after(4 + WAIT)), []);
        assert_eq!(drain(&mut reorder, START.after(5 + WAIT)), [(1, 3)]);
        assert_eq!(reorder.deadline(), None);
        reorder.push(2, 2, START.after(6 + WAIT));
        assert_eq!(drain(&mut reorder, START.after(6 + WAIT)), []);
    }

    #[test]
    fn twins_are_dropped() {
        assert_eq!(all(&[1, 1, 3, 3, 2, 2, 4]), lossless(&[1, 2, 3, 4]));
    }

    #[test]
    fn a_sender_that_begins_anew_is_followed() {
        assert_eq!(all(&[10, 11, 30_000, 30_001, 5, 6]), lossless(&[10, 11, 30_000, 30_001, 5, 6]));
        assert_eq!(all(&[10, 12, 30_000]), [(0, 10), (1, 12), (0, 30_000)]);
    }

    proptest! {
        /// Whatever is sent, each packet comes out at most once, in order, with the losses told, and no more is held than the bound.
        #[test]
        fn small_shuffles_are_undone(start: u16, swaps in prop::collection::vec(0_usize..8, 0..200)) {
            let mut numbers: Vec<u16> = (0..swaps.len() as u16 + 8).map(|n| start.wrapping_add(n)).collect();
            // The first packet tells where the stream begins, so it stays.
            for (at, by) in swaps.iter().enumerate() {
                let (one, other) = (at + 1, (at + 1 + by).min(numbers.len() - 1));
                numbers.swap(one, other);
            }
            let mut sorted = numbers.clone();
            sorted.sort_by_key(|number| number.wrapping_sub(start));
            prop_assert_eq!(all(&numbers), lossless(&sorted));
        }

        #[test]
        fn anything_is_survived(numbers: Vec<u16>) {
            let mut reorder = Reorder::new();
            let mut given = 0;
            for (at, number) in numbers.iter().enumerate() {
                let now = START.after(at as i64 * 1_000_000);
                reorder.push(*number, *number, now);
                given += drain(&mut reorder, now).len();
                prop_assert!(reorder.held.len() <= usize::from(FARTHEST));
            }
            prop_assert!(given <= numbers.len());
        }
    }
}
