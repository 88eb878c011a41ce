//! Which event ids a dedupe shard has seen lately.
//!
//! Owns the bounds of a shard's memory; the rows on disk follow it. One entry is
//! one batch, because a row is what storage is paid by: 500 ids cost one write.
//! An id stands in exactly one entry, so that forgetting an entry forgets it.

use std::collections::VecDeque;

use super::id_hash::{IdHash, IdSet};

/// For how long an id is remembered unless configured otherwise: 24 hours, which
/// is how long a page retries. The collector remembers for longer.
pub const WINDOW_MS: i64 = 24 * 3_600_000;

/// Ids of one shard: 65,536 of 16 bytes are 1 MB of rows, read at a wake-up in
/// milliseconds. Over a tenant's 128 shards that is 8 million ids a window;
/// beyond it the oldest are forgotten early, and the collector judges alone.
pub const MAX_IDS: usize = 65_536;

/// How often expired rows are removed: a 24th of the window.
const PURGES_A_WINDOW: i64 = 24;

/// An event id, as its bytes.
pub type Id = [u8; 16];

/// One marked batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The row's number, ascending.
    pub row: i64,
    /// When it was marked, in Unix milliseconds.
    pub marked_at_ms: i64,
    /// The ids that no earlier entry has.
    pub ids: Vec<Id>,
}

/// What a shard remembers.
#[derive(Clone, Debug)]
pub struct Window {
    length_ms: i64,
    entries: VecDeque<Entry>,
    known: IdSet,
}

/// What storage has to do after ids were marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The row to write.
    pub entry: Entry,
    /// Rows up to this one have to go, for want of room.
    pub forget_up_to_row: Option<i64>,
}

impl Window {
    /// An empty window of a length in milliseconds.
    pub const fn new(length_ms: i64, hash: IdHash) -> Self {
        Self { length_ms, entries: VecDeque::new(), known: IdSet::with_hasher(hash) }
    }

    /// Takes up a row from storage; rows come in ascending order.
    pub fn restore(&mut self, entry: Entry) {
        self.known.extend(&entry.ids);
        self.entries.push_back(entry);
    }

    /// Whether an id is remembered.
    pub fn knows(&self, id: &Id) -> bool {
        self.known.contains(id)
    }

    /// Remembers ids. `None` when all of them were known.
    pub fn mark(&mut self, now_ms: i64, ids: &[Id]) -> Option<Marked> {
        let fresh: Vec<Id> = ids.iter().copied().filter(|id| self.known.insert(*id)).collect();
        if fresh.is_empty() {
            return None;
        }
        let row = self.entries.back().map_or(1, |last| last.row.saturating_add(1));
        let entry = Entry { row, marked_at_ms: now_ms, ids: fresh };
        self.entries.push_back(entry.clone());
        let mut forget_up_to_row = None;
        while self.known.len() > MAX_IDS && self.entries.len() > 1 {
            forget_up_to_row = self.forget_first().or(forget_up_to_row);
        }
        Some(Marked { entry, forget_up_to_row })
    }

    /// Forgets what is older than the window; the rows up to the returned one
    /// have to go.
    pub fn purge(&mut self, now_ms: i64) -> Option<i64> {
        let mut forgotten = None;
        let expired = |entry: &Entry| entry.marked_at_ms.saturating_add(self.length_ms) <= now_ms;
        let count = self.entries.iter().take_while(|entry| expired(entry)).count();
        for _ in 0..count {
            forgotten = self.forget_first().or(forgotten);
        }
        forgotten
    }

    /// When the next purge is due, in Unix milliseconds; `None` when there is
    /// nothing to forget. Purges come at most 24 times a window.
    pub fn purge_due_ms(&self, now_ms: i64) -> Option<i64> {
        let expires_ms = self.entries.front()?.marked_at_ms.saturating_add(self.length_ms);
        let earliest_ms = now_ms.saturating_add(self.length_ms.max(1) / PURGES_A_WINDOW);
        Some(expires_ms.max(earliest_ms))
    }

    fn forget_first(&mut self) -> Option<i64> {
        let first = self.entries.pop_front()?;
        for id in &first.ids {
            self.known.remove(id);
        }
        Some(first.row)
    }
}

/// Cuts bytes into ids; what is left over at the end is no id.
pub fn read_ids(bytes: &[u8]) -> Vec<Id> {
    bytes.as_chunks::<16>().0.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> Id {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        id
    }

    #[test]
    fn what_is_marked_is_known_once() {
        let mut window = Window::new(WINDOW_MS, IdHash::new(7));
        let marked = window.mark(5, &[id(1), id(2), id(1)]).unwrap();
        assert_eq!(marked.entry, Entry { row: 1, marked_at_ms: 5, ids: vec![id(1), id(2)] });
        assert_eq!(window.mark(6, &[id(2)]), None);
        assert_eq!(window.mark(7, &[id(2), id(3)]).unwrap().entry.ids, [id(3)]);
        assert!(window.knows(&id(3)) && !window.knows(&id(4)));
    }

    #[test]
    fn rows_restore_the_window() {
        let mut first = Window::new(WINDOW_MS, IdHash::new(7));
        let mut second = Window::new(WINDOW_MS, IdHash::new(7));
        for number in 0..10 {
            second.restore(first.mark(i64::from(number), &[id(number)]).unwrap().entry);
        }
        assert!((0..10).all(|number| second.knows(&id(number))));
        assert_eq!(second.mark(20, &[id(10)]).unwrap().entry.row, 11);
    }

    #[test]
    fn what_is_older_than_the_window_goes() {
        let mut window = Window::new(1_000, IdHash::new(7));
        window.mark(0, &[id(1)]);
        window.mark(500, &[id(2)]);
        assert_eq!(window.purge_due_ms(0), Some(1_000));
        assert_eq!(window.purge(999), None);
        assert_eq!(window.purge(1_000), Some(1));
        assert!(!window.knows(&id(1)) && window.knows(&id(2)));
        assert_eq!(
            window.purge_due_ms(1_490),
            Some(1_531),
            "not more often than 24 times a window"
        );
        assert_eq!(window.purge(2_000), Some(2));
        assert_eq!(window.purge_due_ms(2_000), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut window = Window::new(WINDOW_MS, IdHash::new(7));
        let full: Vec<_> = (0..MAX_IDS as u32).map(id).collect();
        for batch in full.chunks(500) {
            assert_eq!(window.mark(0, batch).unwrap().forget_up_to_row, None);
        }
        let marked = window.mark(1, &[id(u32::MAX)]).unwrap();
        assert_eq!(marked.forget_up_to_row, Some(1));
        assert!(!window.knows(&id(499)) && window.knows(&id(500)) && window.knows(&id(u32::MAX)));
    }

    #[test]
    fn ids_are_sixteen_bytes() {
        assert_eq!(read_ids(&[7; 33]), [[7; 16], [7; 16]]);
        assert!(read_ids(&[7; 15]).is_empty());
    }
}
