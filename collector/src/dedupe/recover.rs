//! How the index is there again after a restart: a snapshot, and then the log's
//! tail, which the log reads and tells.
//!
//! A damaged newest snapshot is passed over: the one before and a longer tail
//! give the same index. When neither can be used the whole log is the tail, as
//! long as nothing was ever removed from it. When that is not so either, exactness
//! could not be promised, and the index refuses to open.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::index::{Closed, Current, Index, SpilledRun};
use super::limits::IndexLimits;
use super::manifest::{self, Manifest, run_path};
use super::run::{RunError, RunScan, Spilled};
use super::table::Table;
use crate::disk::Disk;
use crate::place::LogId;
use crate::sealed::SealedError;

/// Generations that are in memory at most: a slot tells 255 apart, one is the current one.
const CLOSED_MAX: usize = 254;

/// An index, and from where on the log has to tell it its ids.
pub struct Recovered {
    /// The index.
    pub index: Index,
    /// For each lane the first offset whose id it may not know.
    pub positions: Vec<u64>,
    /// The log's time when the snapshot was written; none without one.
    pub log_ms: Option<i64>,
    /// What was found damaged on the way, and passed over.
    pub passed_over: Vec<String>,
}

/// Why the index cannot be there again.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A newer release wrote it.
    #[error(transparent)]
    Newer(SealedError),
    /// No snapshot can be used, and the log is not whole any more.
    #[error(
        "the dedupe index cannot be rebuilt exactly: {found}, and the log no longer begins at \
         its beginning. Put {folder} back from a backup; or start with ids loaded from \
         events_raw, as for a restored log (docs/guarantees.md)"
    )]
    Lost {
        /// The index's folder in the data directory.
        folder: String,
        /// What was found.
        found: String,
    },
    /// The disk does not answer.
    #[error("the dedupe index cannot be read")]
    Disk(#[from] io::Error),
}

impl Index {
    /// The index of a log, from its newest snapshot that can be used.
    /// `removed`: for each lane the offset below which the log no longer has everything.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn open(
        disk: &Arc<dyn Disk>,
        folder: &str,
        log_id: LogId,
        removed: &[u64],
        limits: IndexLimits,
    ) -> Result<Recovered, IndexError> {
        let sequences = manifest::sequences(&**disk, folder)?;
        let next_sequence = sequences.first().map_or(0, |newest| newest + 1);
        let names = disk.list(folder)?;
        let runs = names.iter().filter_map(|name| manifest::number_of(name, "run-"));
        let empty = Self {
            folder: folder.to_owned(),
            log_id,
            limits,
            table: Table::new(),
            current: Current { number: 1, opened_ms: 0 },
            closed: VecDeque::new(),
            spilled: Vec::new(),
            job: None,
            manifests: (None, None),
            next_sequence,
            next_run: runs.max().map_or(0, |newest| newest + 1),
            stale: false,
            floor: vec![0; removed.len()],
            log_ms: 0,
            disk: Arc::clone(disk),
        };
        // A manifest that was renamed and not synced is made durable before it is built upon.
        if !names.is_empty() {
            disk.sync_folder(folder)?;
        }
        let mut passed_over = Vec::new();
        let mut index = empty;
        for sequence in sequences {
            match index.load(sequence, removed) {
                Ok(manifest) => {
                    let older = sequence.checked_sub(1);
                    let older = older.and_then(|older| Manifest::read(&**disk, folder, older).ok());
                    let positions = manifest.positions.clone();
                    let log_ms = Some(manifest.log_ms);
                    index.manifests = (Some(manifest), older);
                    return Ok(Recovered { index, positions, log_ms, passed_over });
                }
                Err(Unusable::Newer(error)) => return Err(IndexError::Newer(error)),
                Err(Unusable::Disk(error)) => return Err(error.into()),
                Err(Unusable::Why(why)) => {
                    passed_over.push(why);
                    index.empty();
                }
            }
        }
        if removed.iter().all(|removed| *removed == 0) {
            let positions = vec![0; removed.len()];
            return Ok(Recovered { index, positions, log_ms: None, passed_over });
        }
        let found = if passed_over.is_empty() {
            "there is no snapshot".to_owned()
        } else {
            passed_over.join("; ")
        };
        Err(IndexError::Lost { folder: folder.to_owned(), found })
    }

    fn empty(&mut self) {
        self.table = Table::new();
        self.closed.clear();
        self.spilled.clear();
        self.current = Current { number: 1, opened_ms: 0 };
        self.floor.fill(0);
    }

    fn load(&mut self, sequence: u64, removed: &[u64]) -> Result<Manifest, Unusable> {
        let manifest = Manifest::read(&*self.disk, &self.folder, sequence)?;
        let why = |why: &str| Unusable::Why(format!("manifest {sequence}: {why}"));
        if manifest.log_id != self.log_id || manifest.positions.len() != removed.len() {
            return Err(why("it is of another log"));
        }
        if manifest.positions.iter().zip(removed).any(|(position, removed)| position < removed) {
            return Err(why("the log no longer has what came after it"));
        }
        if manifest.runs.iter().filter(|run| !run.spilled).count() > CLOSED_MAX {
            return Err(why("it names too many runs"));
        }
        for entry in &manifest.runs {
            let path = run_path(&self.folder, entry.number);
            let mut scan = RunScan::new(path.clone(), entry.number, entry.ids);
            let closed_ms = entry.closed_ms;
            if entry.spilled {
                let mut run = Spilled::new(path, entry.number, entry.ids);
                while scan.next(&*self.disk, |fingerprint| run.fill(fingerprint))? {}
                self.spilled.push(SpilledRun { run, closed_ms });
            } else {
                let number = self.current.number;
                let table = &mut self.table;
                while scan.next(&*self.disk, |fingerprint| {
                    table.insert(fingerprint, number);
                })? {}
                self.current.number += 1;
                self.closed.push_back(Closed {
                    number,
                    closed_ms,
                    positions: manifest.positions.clone(),
                    run: Some((entry.number, entry.ids)),
                });
            }
        }
        self.floor.clone_from(&manifest.positions);
        self.current.opened_ms = manifest.log_ms;
        Ok(manifest)
    }
}

/// Why a snapshot is passed over, or nothing can be done at all.
enum Unusable {
    Why(String),
    Newer(SealedError),
    Disk(io::Error),
}

impl From<SealedError> for Unusable {
    fn from(error: SealedError) -> Self {
        match error {
            SealedError::Newer { .. } => Self::Newer(error),
            SealedError::Disk { source, .. } => Self::Disk(source),
            SealedError::Missing { .. } | SealedError::Damaged { .. } => {
                Self::Why(error.to_string())
            }
        }
    }
}

impl From<RunError> for Unusable {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Disk { source, .. } if source.kind() != io::ErrorKind::NotFound => {
                Self::Disk(source)
            }
            error => Self::Why(error.to_string()),
        }
    }
}
