//! What the disk did not keep: said, counted, and kept aside for a person.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::limits::{FRAME_MAX_BYTES, QUARANTINE_MAX_FILES};
use super::stats::LogStats;
use crate::disk::Disk;
use crate::place::Lane;

/// A place of the log that fails its checksums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The lane.
    pub lane: Lane,
    /// The first offset whose entry is lost.
    pub from: u64,
    /// The offset after the last.
    pub to: u64,
    /// The segment's path in the data directory.
    pub path: String,
    /// Where in the segment the bytes begin that cannot be believed.
    pub at: u64,
    /// How many bytes they are.
    pub length: u64,
    /// Whether the ids of the lost entries are known all the same, so that the
    /// same events sent again are still duplicates.
    pub ids_known: bool,
}

/// Keeps damaged bytes aside, once a place.
#[derive(Debug)]
pub(super) struct Quarantine {
    folder: String,
    told: Mutex<HashSet<(Lane, String, u64)>>,
}

impl Quarantine {
    pub fn new(folder: String) -> Self {
        Self { folder, told: Mutex::new(HashSet::new()) }
    }

    /// Says a damage, the first time it is met: in the log, in the counters, and
    /// by a copy of the bytes. The copy is best effort: a disk that damages may
    /// as well refuse to write.
    pub fn tell(&self, disk: &dyn Disk, stats: &LogStats, damage: &Damage) {
        let place = (damage.lane, damage.path.clone(), damage.at);
        if !self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(place) {
            return;
        }
        stats.damages.add(1);
        stats.damaged_entries.add(damage.to - damage.from);
        let name = format!("lane-{:04}-{:020}-{}", damage.lane, damage.from, damage.at);
        let kept = self.keep(disk, &name, &damage.path, damage.at, damage.length);
        tracing::error!(
            code = "log_damaged",
            lane = damage.lane,
            from = damage.from,
            to = damage.to,
            path = damage.path,
            at = damage.at,
            ids_known = damage.ids_known,
            kept = kept.as_deref().unwrap_or("nowhere"),
            "the disk did not keep entries of the log; they are counted as lost. Check the disk, \
             and ask the senders' side for the range if it has it"
        );
    }

    /// Copies bytes of a segment aside. The copy's path; none when it was not made.
    pub fn keep(
        &self,
        disk: &dyn Disk,
        name: &str,
        path: &str,
        at: u64,
        length: u64,
    ) -> Option<String> {
        let names = disk.list(&self.folder).ok()?;
        if names.len() >= QUARANTINE_MAX_FILES || names.iter().any(|other| other == name) {
            return None;
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(FRAME_MAX_BYTES);
        let bytes = disk.read(path, at, length).ok()?;
        let copy = format!("{}/{name}", self.folder);
        disk.create_folder(&self.folder).ok()?;
        let mut file = disk.create(&copy).ok()?;
        file.append(&bytes).and_then(|()| file.sync()).ok()?;
        disk.sync_folder(&self.folder).ok()?;
        Some(copy)
    }
}
