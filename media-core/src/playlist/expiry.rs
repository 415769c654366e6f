//! When what left the list may go for good.

use std::collections::VecDeque;

/// Something that no list names any more, and has not for so long that no player should still ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// All segments of a cut.
    Cut {
        /// Its number.
        number: u64,
        /// The generation it belongs to.
        generation: u32,
    },
    /// The init segments of a generation; its cuts have expired before.
    Init {
        /// The generation.
        generation: u32,
    },
}

/// What left the list, and when it expires.
#[derive(Debug)]
pub(super) struct Expiry {
    /// Media time that has been pushed, in nanoseconds: the clock by which what left the list expires.
    pub(super) pushed: i64,
    /// Cuts that left the list, and the reading of `pushed` at which they expire.
    unlisted: VecDeque<(Expired, i64)>,
    expired: VecDeque<Expired>,
}

impl Expiry {
    pub(super) const fn new() -> Self {
        Self { pushed: 0, unlisted: VecDeque::new(), expired: VecDeque::new() }
    }

    /// A cut has left the list; it expires when media for `after` nanoseconds more has been pushed.
    pub(super) fn unlist(&mut self, number: u64, generation: u32, after: i64) {
        let due = self.pushed.saturating_add(after);
        self.unlisted.push_back((Expired::Cut { number, generation }, due));
    }

    /// What nothing refers to any more.
    pub(super) fn drop_init(&mut self, generation: u32) {
        self.expired.push_back(Expired::Init { generation });
    }

    /// Whether cuts of a generation can still be asked for, though none lists them.
    pub(super) fn holds(&self, number: u32) -> bool {
        let is_of =
            |expired: &Expired| matches!(expired, Expired::Cut { generation, .. } if *generation == number);
        self.unlisted.iter().any(|(expired, _)| is_of(expired))
    }

    /// The generation of a cut that can still be asked for, though none lists it.
    pub(super) fn generation_of(&self, cut: u64) -> Option<u32> {
        self.unlisted.iter().find_map(|(expired, _)| match expired {
            Expired::Cut { number, generation } if *number == cut => Some(*generation),
            _ => None,
        })
    }

    /// Lets go of the cuts that are due; the generation of the oldest that is left.
    pub(super) fn expire(&mut self) -> Option<u32> {
        while let Some(&(expired, due)) = self.unlisted.front()
            && due <= self.pushed
        {
            self.unlisted.pop_front();
            self.expired.push_back(expired);
        }
        match self.unlisted.front()?.0 {
            Expired::Cut { generation, .. } | Expired::Init { generation } => Some(generation),
        }
    }

    pub(super) fn poll(&mut self) -> Option<Expired> {
        self.expired.pop_front()
    }
}
