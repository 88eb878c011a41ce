//! What the log does beside committing: it watches its bounds, has its index
//! written down, and removes what it need not keep.
//!
//! What always holds: a segment goes only when all of it was released, and when
//! both kept snapshots of the index cover its ids, so that what is removed is
//! needed neither by ClickHouse nor by dedupe. A lane keeps its last segment, for
//! that one says where offsets go on.

use std::io;

use uuid::Uuid;

use super::append::Fullness;
use super::core::LogCore;
use super::local::LaneState;
use super::stats::Refuses;
use crate::dedupe::Stepped;
use crate::planted::steps::{Stop, reached};
use crate::planted::{self, Bug};

/// What a tick did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    /// There is more to do: tick again when nothing else is.
    Worked,
    /// There is nothing to do for now.
    Idle,
}

impl LogCore {
    /// Does a little of the log's upkeep; call it after commits, and when idle
    /// some times a second. What the disk fails here is said, counted, and tried
    /// again later.
    pub fn tick(&mut self) -> Ticked {
        let now_ms = self.clock.monotonic_ms();
        let log_ms = self.time.now(&*self.clock);
        let polled_ms = self.polled_ms.unwrap_or(0);
        if self.polled_ms.is_none() || now_ms.saturating_sub(polled_ms) >= self.limits.free_poll_ms
        {
            self.polled_ms = Some(now_ms);
            self.retain(log_ms);
            self.watch_bounds();
        }
        if now_ms < self.rests_until_ms {
            return Ticked::Idle;
        }
        if self.index.wants_to_close(log_ms) && !self.index.is_behind() {
            self.close_generation(log_ms);
        }
        match self.index.step(log_ms) {
            Ok(Stepped::Worked) => Ticked::Worked,
            Ok(Stepped::Idle) => Ticked::Idle,
            Err(error) => {
                self.failed(&error, "the dedupe index could not be written down");
                Ticked::Idle
            }
        }
    }

    /// Writes the index down whole, so that the next start need not read the log's tail.
    ///
    /// # Errors
    /// The disk's; the snapshot before is still good.
    pub fn snapshot(&mut self) -> io::Result<()> {
        let log_ms = self.time.now(&*self.clock);
        reached(Stop::LogSnapshot);
        if self.index.has_new() {
            self.close_generation(log_ms);
        }
        while self.index.step(log_ms)? == Stepped::Worked {}
        Ok(())
    }

    /// Tells the log ids of before its time, as (tenant_id, event_id): those of
    /// the last nine days in events_raw, when the log stands in for another one.
    /// May be called many times.
    ///
    /// # Errors
    /// The disk's, when memory is short and the ids could not go to a file.
    pub fn preload(&mut self, ids: impl IntoIterator<Item = (Uuid, Uuid)>) -> io::Result<()> {
        let key = &self.key;
        self.index.insert(ids.into_iter().map(|(tenant, event)| key.fingerprint(tenant, event)));
        let log_ms = self.time.now(&*self.clock);
        if self.index.wants_to_close(log_ms) {
            self.snapshot()?;
        }
        Ok(())
    }

    /// Every id of before was told: they are made durable, and the log takes entries.
    ///
    /// # Errors
    /// The disk's; the log still waits.
    pub fn finish_preload(&mut self) -> io::Result<()> {
        self.snapshot()?;
        let mut header = self.header.clone();
        header.preloading = false;
        header.write(&*self.disk, &self.stream)?;
        self.header = header;
        Ok(())
    }

    fn close_generation(&mut self, log_ms: i64) {
        let positions = self.lanes.iter().map(|lane| lane.end).collect();
        self.index.close_generation(positions, log_ms);
    }

    fn failed(&mut self, error: &io::Error, what: &'static str) {
        self.shared.stats.failed_steps.add(1);
        self.rests_until_ms = self.clock.monotonic_ms() + self.limits.rest_after_failure_ms;
        tracing::warn!(code = "log_upkeep_failed", %error, what, "the log's upkeep is tried again");
    }

    /// Looks whether a bound is reached, and shows how far it is.
    pub(super) fn watch_bounds(&mut self) {
        let (mut unsent, mut all) = (0, 0);
        for lane in &self.shared.lanes {
            let released = lane.released();
            for segment in lane.segments().iter() {
                all += segment.bytes;
                if segment.end > released {
                    unsent += segment.bytes;
                }
            }
        }
        let stats = &self.shared.stats;
        stats.unsent_bytes.set(unsent);
        stats.log_bytes.set(all);
        let size = self.index.size();
        stats.ids.set(size.ids as u64);
        stats.id_bytes.set(size.bytes as u64);
        stats.spilled_ids.set(size.spilled_ids);
        stats.filter_bytes.set(size.filter_bytes as u64);
        stats.index_max_bytes.set(size.max_bytes as u64);
        // A disk that does not tell its free space is believed to be as before.
        let mut disk_is_full = self.full == Some(Fullness::Disk);
        if let Ok(free) = self.disk.free_bytes() {
            stats.free_bytes.set(free);
            disk_is_full = free < self.limits.disk_reserve_bytes;
        }
        self.full = if disk_is_full {
            Some(Fullness::Disk)
        } else if unsent > self.limits.unsent_max_bytes {
            Some(Fullness::Unsent)
        } else {
            None
        };
        let full = self.full.or(self.index.is_full().then_some(Fullness::Index));
        let preloading = self.header.preloading.then_some(Refuses::Preloading);
        stats.set_refuses(preloading.or(full.map(Refuses::Full)));
    }

    /// Removes segments by size and age, oldest first.
    fn retain(&mut self, log_ms: i64) {
        let mut kept: u64 = self.shared.lanes.iter().map(released_bytes).sum();
        let covered = self.index.covered();
        let mut wants_snapshot = false;
        for at in 0..self.lanes.len() {
            while let Some((bytes, made_at_ms, end)) = self.oldest_released(at) {
                let too_old = log_ms - made_at_ms > self.limits.retain_max_ms;
                if kept <= self.limits.retain_max_bytes && !too_old {
                    break;
                }
                let is_covered = covered.as_ref().is_some_and(|covered| end <= covered[at]);
                if !is_covered && !planted::active(Bug::RemovedBeforeSnapshot) {
                    wants_snapshot = true;
                    break;
                }
                if let Err(error) = self.remove_oldest(at, log_ms) {
                    self.failed(&error, "a segment could not be removed");
                    return;
                }
                kept = kept.saturating_sub(bytes);
            }
        }
        if wants_snapshot && !self.index.is_behind() {
            if self.index.has_new() {
                self.close_generation(log_ms);
            } else {
                self.index.restate();
            }
        }
    }

    /// The oldest segment of a lane, when all of it was released: its bytes, when
    /// it took its last entry at the latest, and its end.
    fn oldest_released(&self, at: usize) -> Option<(u64, i64, u64)> {
        let lane = &self.shared.lanes[at];
        let segments = lane.segments();
        let oldest = segments.front()?;
        let last_ms = segments.get(1).map_or(oldest.made_at_ms, |next| next.made_at_ms);
        let released = lane.released() >= oldest.end || planted::active(Bug::RemovedBeforeReleased);
        (released && oldest.end > oldest.base).then_some((oldest.bytes, last_ms, oldest.end))
    }

    fn remove_oldest(&mut self, at: usize, log_ms: i64) -> io::Result<()> {
        let (lane, state) = (&mut self.lanes[at], &self.shared.lanes[at]);
        if state.segments().len() == 1 {
            // The lane's only one: another takes its place before it goes.
            if let Err(error) = lane.begin_empty(&*self.disk, log_ms) {
                lane.fail();
                return Err(error);
            }
            lane.publish(lane.next_offset(), state);
        }
        let Some(oldest) = state.segments_mut().pop_front() else { return Ok(()) };
        let removed = match self.disk.remove(&oldest.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.disk.sync_folder(&lane.folder),
        };
        if removed.is_err() {
            state.segments_mut().push_front(oldest);
            return removed;
        }
        self.shared.stats.removed_segments.add(1);
        Ok(())
    }
}

fn released_bytes(lane: &LaneState) -> u64 {
    let released = lane.released();
    lane.segments().iter().filter(|it| it.end <= released).map(|it| it.bytes).sum()
}
