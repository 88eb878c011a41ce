//! The index itself: what is known, what is new, and how much room is left.

use std::collections::VecDeque;
use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::limits::IndexLimits;
use super::manifest::Manifest;
use super::run::{RunError, Spilled};
use super::steps::Job;
use super::table::{Generations, Table};
use crate::disk::Disk;
use crate::place::LogId;
use crate::planted::{self, Bug};

/// The ids that a log holds, or held within the window.
pub struct Index {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: String,
    pub(super) log_id: LogId,
    pub(super) limits: IndexLimits,
    pub(super) table: Table,
    /// The generation that takes new ids.
    pub(super) current: Current,
    /// Generations that take no more, oldest first; all their ids are in memory.
    pub(super) closed: VecDeque<Closed>,
    /// Runs whose ids left memory, oldest first.
    pub(super) spilled: Vec<SpilledRun>,
    pub(super) job: Option<Job>,
    /// The newest manifest and the one before.
    pub(super) manifests: (Option<Manifest>, Option<Manifest>),
    pub(super) next_sequence: u64,
    pub(super) next_run: u64,
    /// Whether the newest manifest names runs that are no longer wanted.
    pub(super) stale: bool,
    /// Below these offsets every id is in a spilled run, or expired.
    pub(super) floor: Vec<u64>,
    /// The log's time at the last step.
    pub(super) log_ms: i64,
}

/// The generation that takes new ids.
#[derive(Debug)]
pub(super) struct Current {
    pub number: u8,
    pub opened_ms: i64,
}

/// A generation that takes no more.
#[derive(Debug)]
pub(super) struct Closed {
    pub number: u8,
    pub closed_ms: i64,
    /// For each lane the offset below which every id is in this generation or an older one.
    pub positions: Vec<u64>,
    /// Its file: number and ids. None until it is written.
    pub run: Option<(u64, u64)>,
}

/// A run whose ids left memory.
#[derive(Debug)]
pub(super) struct SpilledRun {
    pub run: Spilled,
    pub closed_ms: i64,
}

/// What a lookup found.
#[derive(Debug, Default)]
pub struct Lookup {
    /// For each fingerprint, in order, whether it is known.
    pub known: Vec<bool>,
    /// Those of which nobody can say it, because a file cannot be read, and why.
    pub unsure: Vec<usize>,
    /// The first reason.
    pub error: Option<RunError>,
}

/// How much the index holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSize {
    /// Ids in memory.
    pub ids: usize,
    /// Bytes of memory that they take.
    pub bytes: usize,
    /// Ids in files.
    pub spilled_ids: u64,
    /// Bytes of memory that their filters take.
    pub filter_bytes: usize,
    /// Bytes that ids and filters may take.
    pub max_bytes: usize,
}

impl Index {
    /// Whether each of the fingerprints is known. One pass over the table; what
    /// is not there is asked of the filters, and what passes a filter is read.
    pub fn lookup(&self, fingerprints: &[Fingerprint], found: &mut Lookup) {
        found.known.clear();
        found.unsure.clear();
        found.error = None;
        self.table.lookup(fingerprints, &mut found.known);
        if self.spilled.is_empty() || planted::active(Bug::SpillForgotten) {
            return;
        }
        for (at, fingerprint) in fingerprints.iter().enumerate() {
            if !found.known[at] {
                match self.spilled_contains(*fingerprint) {
                    Ok(known) => found.known[at] = known,
                    Err(error) => {
                        found.unsure.push(at);
                        found.error.get_or_insert(error);
                    }
                }
            }
        }
    }

    fn spilled_contains(&self, fingerprint: Fingerprint) -> Result<bool, RunError> {
        for spilled in self.spilled.iter().rev() {
            if spilled.run.may_contain(fingerprint)
                && spilled.run.contains(&*self.disk, fingerprint)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes ids that became durable.
    pub fn insert(&mut self, fingerprints: impl IntoIterator<Item = Fingerprint>) {
        self.table.insert_all(fingerprints, self.current.number);
    }

    /// Whether nothing new may be taken: memory is at its bound, and files could
    /// not, or not fast enough, take the oldest.
    pub const fn is_full(&self) -> bool {
        self.table.bytes() >= self.limits.table_max_bytes
    }

    /// How much it holds.
    pub fn size(&self) -> IndexSize {
        IndexSize {
            ids: self.table.ids(),
            bytes: self.table.bytes(),
            spilled_ids: self.spilled.iter().map(|spilled| spilled.run.ids).sum(),
            filter_bytes: self.filter_bytes(),
            max_bytes: self.limits.table_max_bytes + self.limits.filters_max_bytes,
        }
    }

    pub(super) fn filter_bytes(&self) -> usize {
        self.spilled.iter().map(|spilled| spilled.run.bytes()).sum()
    }

    /// Whether the current generation should take no more.
    pub const fn wants_to_close(&self, log_ms: i64) -> bool {
        let ids = self.table.count(self.current.number);
        ids >= self.limits.generation_max_ids
            || ids > 0 && log_ms - self.current.opened_ms >= self.limits.generation_ms
    }

    /// Whether a closed generation is not yet in a durable snapshot.
    pub fn is_behind(&self) -> bool {
        self.closed.iter().any(|closed| closed.run.is_none())
    }

    /// Closes the current generation: every id of an entry below `positions` is
    /// in it or in an older one. [`step`](Self::step) then writes it down.
    pub fn close_generation(&mut self, positions: Vec<u64>, log_ms: i64) {
        let Some(number) = self.free_number() else { return };
        let before = std::mem::replace(&mut self.current, Current { number, opened_ms: log_ms });
        self.closed.push_back(Closed {
            number: before.number,
            closed_ms: log_ms,
            positions,
            run: None,
        });
    }

    /// A number that no slot holds; none when all are in use.
    fn free_number(&self) -> Option<u8> {
        let mut used = Generations::default();
        used.insert(0);
        used.insert(self.current.number);
        self.closed.iter().for_each(|closed| used.insert(closed.number));
        let from = self.current.number;
        (1..=255)
            .map(|ahead| from.wrapping_add(ahead))
            .find(|number| !used.contains(*number) && self.table.count(*number) == 0)
    }

    /// The log is open, and this is its time: what a restart found is known.
    pub const fn opened(&mut self, log_ms: i64) {
        self.log_ms = log_ms;
        if self.manifests.0.is_none() {
            self.current.opened_ms = log_ms;
        }
    }

    /// Whether the current generation holds anything.
    pub const fn has_new(&self) -> bool {
        self.table.count(self.current.number) > 0
    }

    /// Writes the newest snapshot down once more at the next step, so that both
    /// of the kept ones cover what it covers.
    pub fn restate(&mut self) {
        if let (Some(newest), Some(older)) = &self.manifests {
            self.stale |= newest.positions != older.positions;
        }
    }

    /// For each lane the offset below which the ids are safe in both of the
    /// kept snapshots: what the log may remove below it is not needed to rebuild
    /// this index. None before there is a snapshot.
    pub fn covered(&self) -> Option<Vec<u64>> {
        let newest = self.manifests.0.as_ref()?;
        let older = self.manifests.1.as_ref().unwrap_or(newest);
        Some(newest.positions.iter().zip(&older.positions).map(|(a, b)| *a.min(b)).collect())
    }
}
