//! The newest frames of a lane, in memory, until they are released.
//!
//! Whoever carries entries on mostly wants what became durable a moment ago. Here it is
//! still as it was written, so that nothing is read back, checked, and copied again, and
//! the system need not keep the log's pages. What does not fit is read from the disk.
//!
//! What always holds: a frame is here after it is durable and not before; an erasure
//! empties the tail, because what it holds would outlive what was erased on the disk.

use std::collections::VecDeque;

use bytes::Bytes;

use super::frame::Head;
use super::limits::TAIL_MAX_BYTES;

/// One lane's newest frames, in the order of their offsets.
pub(super) struct Tail {
    frames: VecDeque<(Head, Bytes)>,
    bytes: usize,
    max_bytes: usize,
}

impl Tail {
    /// An empty one, for one of so many lanes.
    pub fn new(lanes: u16) -> Self {
        let max_bytes = TAIL_MAX_BYTES / usize::from(lanes.max(1));
        Self { frames: VecDeque::new(), bytes: 0, max_bytes }
    }

    /// Takes up a frame that is durable; the oldest go for it.
    pub fn push(&mut self, head: Head, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back((head, frame));
        while self.bytes > self.max_bytes {
            self.pop();
        }
    }

    /// Lets go what ends at `offset` or before it.
    pub fn release(&mut self, offset: u64) {
        while self.frames.front().is_some_and(|(head, _)| head.end_offset() <= offset) {
            self.pop();
        }
    }

    /// Lets go everything.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }

    fn pop(&mut self) {
        if let Some((_, frame)) = self.frames.pop_front() {
            self.bytes -= frame.len();
        }
    }

    /// The frames from the one that holds `from` on, as far as each begins where the one
    /// before ends, and about as many as hold so much; none when `from` is not here.
    pub fn from(&self, from: u64, max_entries: usize, max_bytes: usize) -> Vec<(Head, Bytes)> {
        let first = self.frames.partition_point(|(head, _)| head.end_offset() <= from);
        let (mut found, mut next, mut bytes) = (Vec::new(), from, 0);
        for (head, frame) in self.frames.iter().skip(first) {
            let follows = if found.is_empty() {
                head.first_offset <= from
            } else {
                head.first_offset == next
            };
            if !follows || bytes >= max_bytes || next - from >= max_entries as u64 {
                break;
            }
            next = head.end_offset();
            bytes += frame.len();
            found.push((*head, frame.clone()));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::entry::Entry;
    use super::super::frame::{self, Stamp};
    use super::*;
    use crate::dedupe::Fingerprint;

    fn frame(first_offset: u64, entries: u64, payload: usize) -> (Head, Bytes) {
        let entry = Entry {
            tenant_id: Uuid::nil(),
            event_id: Uuid::nil(),
            lane: 0,
            received_at_ms: 0,
            payload: vec![1; payload].into(),
        };
        let entries = (0..entries).map(|_| (&entry, Fingerprint(0)));
        let mut buffer = Vec::new();
        let stamp = Stamp { first_offset, group: 1, logged_at_ms: 0, block_from: None };
        let head = frame::write(&mut buffer, 0, stamp, entries);
        (head, buffer.into())
    }

    fn starts(found: &[(Head, Bytes)]) -> Vec<u64> {
        found.iter().map(|(head, _)| head.first_offset).collect()
    }

    #[test]
    fn frames_are_found_by_offset_until_a_gap() {
        let mut tail = Tail::new(1);
        for (first, entries) in [(10, 5), (15, 5), (40, 2)] {
            let (head, frame) = frame(first, entries, 10);
            tail.push(head, frame);
        }
        assert_eq!(starts(&tail.from(10, 100, 1 << 20)), [10, 15]);
        assert_eq!(starts(&tail.from(14, 100, 1 << 20)), [10, 15]);
        assert_eq!(starts(&tail.from(15, 100, 1 << 20)), [15]);
        assert_eq!(starts(&tail.from(41, 100, 1 << 20)), [40]);
        assert_eq!(starts(&tail.from(10, 5, 1 << 20)), [10]);
        assert_eq!(starts(&tail.from(10, 100, 1)), [10]);
        for nowhere in [0, 9, 20, 39, 42] {
            assert!(tail.from(nowhere, 100, 1 << 20).is_empty(), "{nowhere}");
        }
        tail.release(15);
        assert!(tail.from(14, 100, 1 << 20).is_empty());
        assert_eq!(starts(&tail.from(15, 100, 1 << 20)), [15]);
        tail.clear();
        assert!(tail.from(15, 100, 1 << 20).is_empty());
        assert_eq!(tail.bytes, 0);
    }

    #[test]
    fn the_newest_are_kept_within_the_bound() {
        let mut tail = Tail::new(64);
        for first in 0..100 {
            let (head, frame) = frame(first, 1, 100_000);
            tail.push(head, frame);
            assert!(tail.bytes <= TAIL_MAX_BYTES / 64);
        }
        assert!(tail.from(0, 1, 1).is_empty());
        assert_eq!(starts(&tail.from(99, 1, 1)), [99]);
    }
}
