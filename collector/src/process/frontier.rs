//! How far each lane's base rows are in ClickHouse: what the lanes' writers tell
//! the rollups' writers of the same process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::place::{Lane, LogId, Range};
use crate::store::Span;

/// Blocks a lane whose times of receipt are remembered. A rollup that lags
/// further searches all parts, and is right all the same: 1,024 × 24 bytes.
const BLOCKS_MAX: usize = 1_024;

/// Shared by the writers of one process.
#[derive(Debug, Default)]
pub struct Frontier(Mutex<BTreeMap<Lane, LaneFrontier>>);

#[derive(Debug, Default)]
struct LaneFrontier {
    committed: u64,
    blocks: VecDeque<BlockTimes>,
}

#[derive(Clone, Copy, Debug)]
struct BlockTimes {
    from: u64,
    to: u64,
    received_ms: (i64, i64),
}

impl Frontier {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A lane's writer begins at `committed`.
    pub fn begin(&self, lane: Lane, committed: u64) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.insert(lane, LaneFrontier { committed, blocks: VecDeque::new() });
    }

    /// A lane's writer has committed `[from, to)`; `received_ms` are the earliest
    /// and latest receipts in it.
    pub fn commit(&self, lane: Lane, from: u64, to: u64, received_ms: Option<(i64, i64)>) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = lanes.entry(lane).or_default();
        state.committed = to;
        // A block without rows has no times, and widens nothing.
        let received_ms = received_ms.unwrap_or((i64::MAX, i64::MIN));
        state.blocks.push_back(BlockTimes { from, to, received_ms });
        if state.blocks.len() > BLOCKS_MAX {
            state.blocks.pop_front();
        }
    }

    /// Where a lane's base rows end; `None` while its writer has not begun.
    pub fn committed(&self, lane: Lane) -> Option<u64> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.get(&lane).map(|state| state.committed)
    }

    /// What a rollup at `mark` adds next: at most `max` offsets, and `None` when
    /// there are none.
    pub fn span(&self, log_id: LogId, lane: Lane, mark: u64, max: u64) -> Option<Span> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = lanes.get(&lane)?;
        let to = state.committed.min(mark.saturating_add(max));
        if to <= mark {
            return None;
        }
        let known = state.blocks.front().is_some_and(|block| block.from <= mark);
        let received_ms = known.then(|| {
            let inside = state.blocks.iter().filter(|block| block.to > mark && block.from < to);
            inside.fold((i64::MAX, i64::MIN), |(from, to), block| {
                (from.min(block.received_ms.0), to.max(block.received_ms.1))
            })
        });
        Some(Span { range: Range { log_id, lane, from: mark, to }, received_ms })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_span_ends_where_the_base_does_and_knows_its_times() {
        let frontier = Frontier::new();
        let span = |mark, max| frontier.span(Uuid::nil(), 1, mark, max);
        assert!(span(0, 10).is_none());
        frontier.begin(1, 5);
        assert_eq!(span(0, 100).unwrap().received_ms, None, "what was before is not known");
        frontier.commit(1, 5, 8, Some((100, 200)));
        frontier.commit(1, 8, 9, None);
        frontier.commit(1, 9, 12, Some((50, 60)));
        assert!(span(12, 10).is_none());
        let all = span(5, 100).unwrap();
        assert_eq!((all.range.from, all.range.to), (5, 12));
        assert_eq!(all.received_ms, Some((50, 200)));
        let first = span(5, 2).unwrap();
        assert_eq!((first.range.to, first.received_ms), (7, Some((100, 200))));
        assert_eq!(frontier.committed(1), Some(12));
    }

    #[test]
    fn a_long_lag_forgets_times_and_never_offsets() {
        let frontier = Frontier::new();
        frontier.begin(0, 0);
        let blocks = BLOCKS_MAX as u64 + 10;
        for at in 0..blocks {
            frontier.commit(0, at, at + 1, Some((1, 1)));
        }
        let span = frontier.span(Uuid::nil(), 0, 0, u64::MAX).unwrap();
        assert_eq!((span.range.to, span.received_ms), (blocks, None));
        assert!(frontier.span(Uuid::nil(), 0, 20, u64::MAX).unwrap().received_ms.is_some());
    }
}
