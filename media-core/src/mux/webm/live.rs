//! Clusters of a live stream: each lasts until the next one begins, so every block is written when it comes.

use super::Output;
use super::block::{Block, Pieces};
use super::cluster;
use super::config::{Limits, Role};

/// The cluster that is open.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// Its timestamp, and bytes of its blocks.
    open: Option<(i64, u64)>,
}

impl Live {
    /// Writes a block, into a cluster of its own where the open one is full or the block leads.
    pub(super) fn put(&mut self, block: Block, role: Role, limits: &Limits, out: &mut Pieces) -> Output {
        let len = block.len();
        let fits = |(timestamp, before): &(i64, u64)| {
            !limits.end_before((block.time - timestamp).abs(), before + len, role)
        };
        let is_first = self.open.is_none();
        let open = self.open.filter(fits);
        let (timestamp, before) = open.unwrap_or_else(|| {
            cluster::begin_unsized(block.time, out);
            (block.time, 0)
        });
        self.open = Some((timestamp, before + len));
        out.reserve(len - block.payload_len());
        block.write(timestamp, out);
        Output { rope: out.take(), is_random_access: open.is_none() && (role.is_entrance() || is_first) }
    }
}
