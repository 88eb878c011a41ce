//! The log's core: one state machine that takes batches, makes them durable, and
//! only then says so.
//!
//! A group commit in order: ids are looked up; what is new is written, a frame a
//! touched lane; every touched lane is synced; then ids are learnt, readers see
//! the entries, and the outcomes are told. When any write or sync fails, all that
//! the group wrote is taken back, durably, before the next group is begun; its
//! ids were never learnt.
//!
//! Nothing here waits, reads a clock of its own, or makes a thread; the
//! simulation runs this very code.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::append::{AppendError, Fullness, Outcome};
use super::entry::Entry;
use super::frame::{self, Head, Stamp};
use super::header::Header;
use super::lane_writer::LaneWriter;
use super::limits::{BATCH_MAX_BYTES, BATCH_MAX_ENTRIES, LogLimits, PAYLOAD_MAX_BYTES};
use super::local::{LocalReader, Shared};
use super::log_time::LogTime;
use crate::clock::Clock;
use crate::dedupe::{Fingerprint, FingerprintSet, HashKey, Index, Lookup};
use crate::disk::Disk;
use crate::planted::steps::{Stop, reached};
use crate::planted::{self, Bug};

/// One sender's batch; whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct AppendGroup {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// What became of a batch: one outcome an entry, in order.
pub type GroupResult = Result<Vec<Outcome>, AppendError>;

/// The local log.
pub struct LogCore {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stream: String,
    pub(super) limits: LogLimits,
    pub(super) header: Header,
    pub(super) shared: Arc<Shared>,
    pub(super) lanes: Vec<LaneWriter>,
    pub(super) index: Index,
    pub(super) key: HashKey,
    pub(super) time: LogTime,
    pub(super) group: u64,
    pub(super) full: Option<Fullness>,
    pub(super) polled_ms: Option<u64>,
    pub(super) rests_until_ms: u64,
    pub(super) scratch: Scratch,
    /// Held for as long as the log is open: the directory has one owner.
    pub(super) _owner: Box<dyn Send + Sync>,
}

/// Memory that is used again by each commit.
#[derive(Default)]
pub(super) struct Scratch {
    fingerprints: Vec<Fingerprint>,
    found: Lookup,
    pending: FingerprintSet,
    /// For each lane the entries to write, as places in the group.
    writes: Vec<Vec<(usize, usize, Fingerprint)>>,
    /// For each lane the frame that was written; empty between two commits.
    frames: Vec<Option<(Head, Bytes)>>,
}

/// What is to be said of a batch once the group is durable.
enum Verdict {
    Told(GroupResult),
    /// It has to wait for the commit.
    Waits(Vec<Outcome>),
}

impl LogCore {
    /// The reading side.
    pub fn reader(&self) -> LocalReader {
        LocalReader(Arc::clone(&self.shared))
    }

    /// How many lanes the log has.
    pub const fn lanes(&self) -> u16 {
        self.header.lanes
    }

    /// Commits some batches at once, and says what became of each.
    pub fn commit(&mut self, groups: &[AppendGroup]) -> Vec<GroupResult> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let verdicts = self.judge(groups, &mut scratch);
        let written = if scratch.writes.iter().all(Vec::is_empty) {
            Ok(())
        } else {
            self.write(groups, &mut scratch)
        };
        let results = self.tell(verdicts, written);
        self.scratch = scratch;
        results
    }

    /// Says of each batch what can be said already, and gathers what is to be written.
    fn judge(&self, groups: &[AppendGroup], scratch: &mut Scratch) -> Vec<Verdict> {
        let Scratch { fingerprints, found, pending, writes, .. } = scratch;
        fingerprints.clear();
        for entry in groups.iter().flat_map(|group| &group.entries) {
            fingerprints.push(self.key.fingerprint(entry.tenant_id, entry.event_id));
        }
        self.index.lookup(fingerprints, found);
        pending.clear();
        writes.resize(self.lanes.len(), Vec::new());
        writes.iter_mut().for_each(Vec::clear);
        let mut verdicts = Vec::with_capacity(groups.len());
        let mut first = 0;
        for (at, group) in groups.iter().enumerate() {
            let places = first..first + group.entries.len();
            first = places.end;
            verdicts.push(self.judge_one(
                at,
                group,
                places,
                (fingerprints, found),
                pending,
                writes,
            ));
        }
        verdicts
    }

    fn judge_one(
        &self,
        at: usize,
        group: &AppendGroup,
        places: std::ops::Range<usize>,
        (fingerprints, found): (&[Fingerprint], &Lookup),
        pending: &mut FingerprintSet,
        writes: &mut [Vec<(usize, usize, Fingerprint)>],
    ) -> Verdict {
        if let Err(error) = self.fits(group) {
            return Verdict::Told(Err(error));
        }
        if found.unsure.iter().any(|place| places.contains(place)) {
            return Verdict::Told(Err(AppendError::Failed(Box::new(IdsUnreadable))));
        }
        let known = &found.known[places.clone()];
        let is_new = |place: usize| !known[place];
        if (0..known.len()).any(is_new) {
            if self.header.preloading {
                return Verdict::Told(Err(AppendError::NotReady));
            }
            if let Some(full) = self.full.or(self.index.is_full().then_some(Fullness::Index)) {
                self.shared.stats.refused_full.add(1);
                return Verdict::Told(Err(AppendError::Full(full)));
            }
        }
        let mut waits = false;
        let mut outcomes = Vec::with_capacity(known.len());
        for (place, entry) in group.entries.iter().enumerate() {
            let fingerprint = fingerprints[places.start + place];
            if known[place] {
                outcomes.push(Outcome::Duplicate);
            } else if pending.insert(fingerprint) || planted::active(Bug::TwinsInOneGroup) {
                writes[usize::from(entry.lane)].push((at, place, fingerprint));
                outcomes.push(Outcome::Stored);
                waits = true;
            } else {
                outcomes.push(Outcome::Duplicate);
                waits |= !planted::active(Bug::DuplicateBeforeDurable);
            }
        }
        if waits { Verdict::Waits(outcomes) } else { Verdict::Told(Ok(outcomes)) }
    }

    /// Whether a batch keeps the bounds that its sender has to keep.
    fn fits(&self, group: &AppendGroup) -> Result<(), AppendError> {
        let payloads = || group.entries.iter().map(|entry| entry.payload.len());
        if group.entries.len() > BATCH_MAX_ENTRIES {
            return Err(AppendError::Unfit("it has too many entries"));
        }
        if payloads().any(|bytes| bytes > PAYLOAD_MAX_BYTES)
            || payloads().sum::<usize>() > BATCH_MAX_BYTES
        {
            return Err(AppendError::Unfit("its payloads are too large"));
        }
        if group.entries.iter().any(|entry| entry.lane >= self.header.lanes) {
            return Err(AppendError::Unfit("it names a lane that is not there"));
        }
        Ok(())
    }

    /// Writes and syncs, and on success publishes; on failure takes everything back.
    fn write(&mut self, groups: &[AppendGroup], scratch: &mut Scratch) -> io::Result<()> {
        self.repair()?;
        self.group += 1;
        let log_ms = self.time.now(&*self.clock);
        let mut bytes = 0;
        reached(Stop::LogWrite);
        let written = self.write_lanes(groups, scratch, log_ms, &mut bytes);
        let Scratch { writes, frames, .. } = scratch;
        if let Err(error) = written {
            frames.clear();
            if planted::active(Bug::FailedIdsKept) {
                self.index.insert(writes.iter().flatten().map(|write| write.2));
            }
            for (lane, writes) in self.lanes.iter_mut().zip(&*writes) {
                if !writes.is_empty() {
                    lane.fail();
                }
            }
            self.shared.stats.failed_groups.add(1);
            tracing::error!(code = "append_failed", %error, "the disk failed a group commit");
            // What cannot be taken back now is tried again before the next group.
            if let Err(error) = self.repair() {
                tracing::error!(code = "repair_failed", %error, "a failed group is not taken back yet");
            }
            return Err(error);
        }
        reached(Stop::LogSynced);
        let mut entries = 0;
        for (at, writes) in writes.iter().enumerate() {
            if !writes.is_empty() {
                self.index.insert(writes.iter().map(|write| write.2));
                let end = self.lanes[at].next_offset() + writes.len() as u64;
                self.lanes[at].publish(end, &self.shared.lanes[at]);
                if let Some((head, frame)) = frames[at].take() {
                    self.shared.lanes[at].tail().push(head, frame);
                }
                entries += writes.len() as u64;
            }
        }
        let stats = &self.shared.stats;
        stats.groups.add(1);
        stats.stored.add(entries);
        stats.bytes.add(bytes);
        self.shared.arrived();
        reached(Stop::LogAnswer);
        Ok(())
    }

    fn write_lanes(
        &mut self,
        groups: &[AppendGroup],
        scratch: &mut Scratch,
        log_ms: i64,
        bytes: &mut u64,
    ) -> io::Result<()> {
        let Scratch { writes, frames, .. } = scratch;
        frames.clear();
        frames.resize_with(writes.len(), || None);
        let touched = || (0..writes.len()).filter(|at| !writes[*at].is_empty());
        for at in touched() {
            let lane = &mut self.lanes[at];
            lane.rotate(self.limits.segment_max_bytes, self.limits.segment_max_age_ms, log_ms);
            let entries = writes[at].iter();
            let entries = entries.map(|(group, place, id)| (&groups[*group].entries[*place], *id));
            let payloads: usize = entries.clone().map(|(entry, _)| entry.payload.len()).sum();
            let is_large = payloads >= self.limits.fill_block_from_bytes;
            let stamp = Stamp {
                first_offset: lane.next_offset(),
                group: self.group,
                logged_at_ms: log_ms,
                block_from: lane.next_place().filter(|_| is_large),
            };
            let mut memory = Vec::new();
            let head = frame::write(&mut memory, self.shared.lanes[at].seed, stamp, entries);
            let begin = memory.len().saturating_sub(head.bytes() as usize);
            let frame = Bytes::from(memory).slice(begin..);
            *bytes += frame.len() as u64;
            lane.write(&*self.disk, &frame, log_ms)?;
            frames[at] = Some((head, frame));
        }
        if planted::active(Bug::AckBeforeSync) {
            return Ok(());
        }
        reached(Stop::LogSync);
        let last = touched().next_back();
        for at in touched() {
            if planted::active(Bug::LaneNotSynced) && Some(at) == last {
                continue;
            }
            self.lanes[at].sync(&*self.disk)?;
            reached(Stop::LogLaneSynced);
        }
        Ok(())
    }

    /// Takes back what a failed group left in any lane.
    fn repair(&mut self) -> io::Result<()> {
        for lane in &mut self.lanes {
            lane.repair(&*self.disk)?;
        }
        Ok(())
    }

    fn tell(&self, verdicts: Vec<Verdict>, written: io::Result<()>) -> Vec<GroupResult> {
        let failure = written.err().map(Arc::new);
        let results: Vec<GroupResult> = verdicts
            .into_iter()
            .map(|verdict| match (verdict, &failure) {
                (Verdict::Told(result), _) => result,
                (Verdict::Waits(outcomes), None) => Ok(outcomes),
                (Verdict::Waits(_), Some(failure)) => {
                    Err(AppendError::Failed(Box::new(CommitFailed(Arc::clone(failure)))))
                }
            })
            .collect();
        let duplicates = results.iter().flatten().flatten();
        let duplicates = duplicates.filter(|outcome| **outcome == Outcome::Duplicate).count();
        self.shared.stats.duplicates.add(duplicates as u64);
        results
    }
}

/// The disk failed the group; all its batches share the cause.
#[derive(Debug, thiserror::Error)]
#[error("the disk failed the group commit")]
struct CommitFailed(#[source] Arc<io::Error>);

/// A file of the index cannot be read, so that nobody can say what is new.
#[derive(Debug, thiserror::Error)]
#[error("a file of the dedupe index cannot be read")]
struct IdsUnreadable;
