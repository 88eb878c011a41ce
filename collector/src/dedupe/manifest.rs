//! A snapshot's table of contents: which runs are the index, and up to which
//! place in the log they are complete.
//!
//! Manifests are numbered; the newest two are kept, with every run that either
//! names, so that a damaged newest one costs time and nothing else: the one
//! before and a longer tail of the log give the same index.

use std::io;

use serde::{Deserialize, Serialize};

use crate::disk::Disk;
use crate::place::LogId;
use crate::sealed::{self, SealedError};

const KIND: &str = "dedupe-manifest";
const VERSION: u16 = 1;

/// What the index was when a manifest was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which one it is.
    pub sequence: u64,
    /// The log that the ids are of.
    pub log_id: LogId,
    /// The log's time when it was written, Unix milliseconds.
    pub log_ms: i64,
    /// For each lane the offset below which every id is in a run.
    pub positions: Vec<u64>,
    /// The runs, oldest first.
    pub runs: Vec<RunEntry>,
}

/// One run of a manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// Its number, which names its file.
    pub number: u64,
    /// How many ids it holds.
    pub ids: u64,
    /// Whether its ids left memory.
    pub spilled: bool,
    /// The log's time when its last id came, Unix milliseconds.
    pub closed_ms: i64,
}

/// The path of a run.
pub fn run_path(folder: &str, number: u64) -> String {
    format!("{folder}/run-{number:020}")
}

fn path(folder: &str, sequence: u64) -> String {
    format!("{folder}/manifest-{sequence:020}")
}

/// The number that a name of the folder holds.
pub fn number_of(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

/// The sequences of the manifests that are there, newest first.
pub fn sequences(disk: &dyn Disk, folder: &str) -> io::Result<Vec<u64>> {
    let names = disk.list(folder)?;
    let mut sequences: Vec<u64> =
        names.iter().filter_map(|name| number_of(name, "manifest-")).collect();
    sequences.sort_unstable_by(|a, b| b.cmp(a));
    Ok(sequences)
}

impl Manifest {
    /// Writes it durably, beside those that are there.
    pub fn write(&self, disk: &dyn Disk, folder: &str) -> io::Result<()> {
        sealed::write(disk, &path(folder, self.sequence), KIND, VERSION, self)
    }

    /// Reads one.
    pub fn read(disk: &dyn Disk, folder: &str, sequence: u64) -> Result<Self, SealedError> {
        let path = path(folder, sequence);
        let manifest: Self = sealed::read(disk, &path, KIND, VERSION)?;
        if manifest.sequence != sequence {
            return Err(SealedError::Damaged { path, what: "it is of another sequence" });
        }
        Ok(manifest)
    }

    /// Whether it names a run.
    pub fn names(&self, number: u64) -> bool {
        self.runs.iter().any(|run| run.number == number)
    }

    /// Removes every file that none of the kept manifests names. What cannot be
    /// removed is tried again by the next call.
    pub fn remove_others(disk: &dyn Disk, folder: &str, kept: &[&Self]) -> io::Result<()> {
        for name in disk.list(folder)? {
            let needed = match (number_of(&name, "manifest-"), number_of(&name, "run-")) {
                (Some(sequence), _) => kept.iter().any(|kept| kept.sequence == sequence),
                (_, Some(number)) => kept.iter().any(|kept| kept.names(number)),
                _ => !name.ends_with(".new"),
            };
            if !needed {
                disk.remove(&format!("{folder}/{name}"))?;
            }
        }
        Ok(())
    }
}
