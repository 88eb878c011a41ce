//! What the committer and the readers share, and how the local log is read.
//!
//! The committer adds segments and moves durable ends; readers look. A lock is
//! held for as long as it takes to look up a segment, never while the disk works.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::time::Duration;

use super::entry::{Content, Item};
use super::frame::{self, Head};
use super::quarantine::{Damage, Quarantine};
use super::read::{LogError, LogReader, Ownership};
use super::segment::{Found, Walk};
use super::stats::LogStats;
use super::tail::Tail;
use crate::disk::Disk;
use crate::place::{Lane, LogId};

/// Places that a lane remembers, so that reading on needs no walk from a
/// segment's beginning: a few readers, each with one.
const CURSORS: usize = 8;

/// Bytes read at once beside those asked for: heads, ids, and the rest of the
/// last frame.
const READ_MARGIN_BYTES: usize = 64 * 1024;

/// Bytes read at once at most.
const READ_MAX_BYTES: usize = 4 * 1024 * 1024;

pub(super) struct Shared {
    pub log_id: LogId,
    pub disk: Arc<dyn Disk>,
    pub lanes: Vec<LaneState>,
    pub stats: Arc<LogStats>,
    pub quarantine: Quarantine,
    /// How many groups became durable, and who waits for more.
    pub arrivals: (Mutex<u64>, Condvar),
}

/// One lane, as readers see it.
pub(super) struct LaneState {
    pub lane: Lane,
    pub seed: u32,
    segments: RwLock<VecDeque<Segment>>,
    cursors: Mutex<VecDeque<Cursor>>,
    tail: Mutex<Tail>,
    end: AtomicU64,
    released: AtomicU64,
}

/// A segment of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub path: String,
    /// Offset of the first entry.
    pub base: u64,
    /// Offset after the last durable entry.
    pub end: u64,
    /// Bytes of the file that are durable.
    pub bytes: u64,
    pub made_at_ms: i64,
}

/// Where a frame begins.
#[derive(Clone, Copy)]
struct Cursor {
    base: u64,
    at: u64,
    offset: u64,
}

impl LaneState {
    pub fn new(
        log_id: LogId,
        (lane, lanes): (Lane, u16),
        segments: VecDeque<Segment>,
        end: u64,
    ) -> Self {
        Self {
            lane,
            seed: frame::seed_of(log_id, lane),
            segments: RwLock::new(segments),
            cursors: Mutex::new(VecDeque::new()),
            tail: Mutex::new(Tail::new(lanes)),
            end: AtomicU64::new(end),
            released: AtomicU64::new(0),
        }
    }

    pub fn segments(&self) -> RwLockReadGuard<'_, VecDeque<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn segments_mut(&self) -> RwLockWriteGuard<'_, VecDeque<Segment>> {
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest frames.
    pub fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    pub fn released(&self) -> u64 {
        self.released.load(Ordering::Acquire)
    }

    pub fn begin(&self) -> u64 {
        self.segments().front().map_or_else(|| self.end(), |first| first.base)
    }

    /// The segment that has an offset, or the first one behind it.
    fn segment_at(&self, offset: u64) -> Option<Segment> {
        let segments = self.segments();
        let at = segments.partition_point(|segment| segment.end <= offset);
        segments.get(at).cloned()
    }

    fn cursor(&self, base: u64, offset: u64) -> Option<Cursor> {
        let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = cursors.iter().filter(|it| it.base == base && it.offset <= offset);
        fitting.max_by_key(|it| it.offset).copied()
    }

    fn remember(&self, cursor: Cursor) {
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        cursors.retain(|it| (it.base, it.offset) != (cursor.base, cursor.offset));
        if cursors.len() >= CURSORS {
            cursors.pop_front();
        }
        cursors.push_back(cursor);
    }
}

/// What a read has gathered.
struct Gathered {
    items: Vec<Item>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

impl Gathered {
    const fn is_full(&self) -> bool {
        self.items.len() >= self.max_entries || self.bytes >= self.max_bytes
    }

    /// False when it would be too much.
    fn take(&mut self, item: Item) -> bool {
        let length = match &item.content {
            Content::Entry(stored) => stored.payload.len(),
            Content::Erased | Content::Damaged => 0,
        };
        let fits = self.bytes + length <= self.max_bytes && self.items.len() < self.max_entries;
        if fits || self.items.is_empty() {
            self.bytes += length;
            self.items.push(item);
            return true;
        }
        false
    }

    /// Takes what memory holds from an offset on; false when that is nothing.
    fn take_tail(&mut self, lane: &LaneState, from: u64) -> bool {
        let frames = lane.tail().from(from, self.max_entries, self.max_bytes);
        for (head, frame) in frames {
            let items = head.items_of_sound(&frame).unwrap_or_default().into_iter();
            if !items.filter(|item| item.offset >= from).all(|item| self.take(item)) {
                break;
            }
        }
        !self.items.is_empty()
    }

    fn take_damaged(&mut self, from: u64, to: u64) -> bool {
        (from..to).all(|offset| self.take(Item { offset, content: Content::Damaged }))
    }
}

impl Shared {
    fn lane(&self, lane: Lane) -> Result<&LaneState, LogError> {
        self.lanes.get(usize::from(lane)).ok_or(LogError::NotOwned(lane))
    }

    /// Reads one segment from `from` on. True when there is more room.
    fn read_segment(
        &self,
        lane: &LaneState,
        segment: &Segment,
        from: u64,
        gathered: &mut Gathered,
    ) -> io::Result<bool> {
        let begin = Cursor {
            base: segment.base,
            at: super::segment::SEGMENT_HEAD_BYTES as u64,
            offset: segment.base,
        };
        let cursor = lane.cursor(segment.base, from).unwrap_or(begin);
        let chunk = gathered.max_bytes.saturating_add(READ_MARGIN_BYTES).min(READ_MAX_BYTES);
        let mut walk = Walk::new(
            &*self.disk,
            &segment.path,
            lane.seed,
            segment.bytes,
            cursor.at,
            cursor.offset,
        )
        .in_chunks_of(chunk);
        loop {
            let (at, offset) = walk.place();
            let mut was_last = false;
            let took_all = match walk.next()? {
                Found::End => {
                    // The file is shorter than what was durable in it.
                    return Ok(offset >= segment.end
                        || self.take_lost(lane, segment, at, from.max(offset), gathered));
                }
                Found::Frame { head, frame, .. } => {
                    head.end_offset() <= from
                        || self.take_frame(lane, segment, at, (&head, &frame), from, gathered)
                }
                Found::Bad { at, length, from: lost, to, .. } => {
                    was_last = to.is_none();
                    let to = to.unwrap_or(segment.end);
                    self.tell(lane, segment, (at, length), (lost, to));
                    gathered.take_damaged(lost.max(from), to)
                }
            };
            if !took_all || gathered.is_full() {
                let next = if took_all { walk.place() } else { (at, offset) };
                lane.remember(Cursor { base: segment.base, at: next.0, offset: next.1 });
                return Ok(false);
            }
            if was_last {
                return Ok(true);
            }
            let (at, offset) = walk.place();
            if offset >= segment.end {
                lane.remember(Cursor { base: segment.base, at, offset });
                return Ok(true);
            }
        }
    }

    fn take_frame(
        &self,
        lane: &LaneState,
        segment: &Segment,
        at: u64,
        (head, frame): (&Head, &bytes::Bytes),
        from: u64,
        gathered: &mut Gathered,
    ) -> bool {
        if let Some(items) = head.items(frame) {
            return items
                .into_iter()
                .filter(|item| item.offset >= from)
                .all(|it| gathered.take(it));
        }
        let lost = (head.first_offset, head.end_offset());
        self.tell(lane, segment, (at, head.bytes()), lost);
        gathered.take_damaged(lost.0.max(from), lost.1)
    }

    fn take_lost(
        &self,
        lane: &LaneState,
        segment: &Segment,
        at: u64,
        from: u64,
        gathered: &mut Gathered,
    ) -> bool {
        self.tell(lane, segment, (at, 0), (from, segment.end));
        gathered.take_damaged(from, segment.end)
    }

    fn tell(&self, lane: &LaneState, segment: &Segment, bytes: (u64, u64), lost: (u64, u64)) {
        let damage = Damage {
            lane: lane.lane,
            from: lost.0,
            to: lost.1,
            path: segment.path.clone(),
            at: bytes.0,
            length: bytes.1,
            // Its ids went into the index when it was written.
            ids_known: true,
        };
        self.quarantine.tell(&*self.disk, &self.stats, &damage);
    }
}

/// The reading side of the local log.
#[derive(Clone)]
pub struct LocalReader(pub(super) Arc<Shared>);

impl Shared {
    /// Wakes whoever waits for more.
    pub fn arrived(&self) {
        *self.arrivals.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.arrivals.1.notify_all();
    }
}

impl LocalReader {
    /// Waits until more groups are durable than `seen`, at most for `timeout`;
    /// how many there are. For threads that carry entries on.
    pub fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        let (arrivals, more) = &self.0.arrivals;
        let arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = more.wait_timeout_while(arrivals, timeout, |arrived| *arrived <= seen);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The log's counters.
    pub fn stats(&self) -> Arc<LogStats> {
        Arc::clone(&self.0.stats)
    }
}

impl LogReader for LocalReader {
    fn log_id(&self) -> LogId {
        self.0.log_id
    }

    fn ownership(&self) -> Ownership {
        Ownership { epoch: 0, lanes: self.0.lanes.iter().map(|lane| lane.lane).collect() }
    }

    fn durable_end(&self, lane: Lane) -> u64 {
        self.0.lane(lane).map_or(0, LaneState::end)
    }

    fn begin(&self, lane: Lane) -> u64 {
        self.0.lane(lane).map_or(0, LaneState::begin)
    }

    fn read(
        &self,
        lane: Lane,
        from: u64,
        max_entries: usize,
        max_bytes: usize,
    ) -> Result<Vec<Item>, LogError> {
        let lane = self.0.lane(lane)?;
        let end = lane.end();
        if from > end {
            return Err(LogError::Beyond { lane: lane.lane, offset: from, end });
        }
        let mut gathered = Gathered { items: Vec::new(), bytes: 0, max_entries, max_bytes };
        if gathered.take_tail(lane, from) {
            return Ok(gathered.items);
        }
        let mut from = from;
        while max_entries > 0
            && let Some(segment) = lane.segment_at(from)
        {
            match self.0.read_segment(lane, &segment, from, &mut gathered) {
                Ok(true) => from = segment.end,
                Ok(false) => break,
                // Retention removed it while it was read.
                Err(error)
                    if error.kind() == io::ErrorKind::NotFound && lane.begin() > segment.base =>
                {
                    from = from.max(lane.begin());
                }
                Err(error) => return Err(LogError::Unreadable(Box::new(error))),
            }
        }
        Ok(gathered.items)
    }

    fn release(&self, lane: Lane, offset: u64) -> Result<(), LogError> {
        let lane = self.0.lane(lane)?;
        let end = lane.end();
        if offset > end {
            return Err(LogError::Beyond { lane: lane.lane, offset, end });
        }
        lane.released.fetch_max(offset, Ordering::AcqRel);
        lane.tail().release(lane.released());
        Ok(())
    }
}
