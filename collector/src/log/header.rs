//! The log's own file: what was decided once, when the log was made.

use std::io;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::disk::Disk;
use crate::place::LogId;
use crate::sealed::{self, SealedError};

const KIND: &str = "log";
const VERSION: u16 = 1;

/// What a log is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// Its random name.
    pub log_id: LogId,
    /// The key of the fingerprints: 16 bytes, written as a UUID.
    pub hash_key: Uuid,
    /// How many lanes it has.
    pub lanes: u16,
    /// Whether it still has to be told the ids of before, and takes nothing until then.
    pub preloading: bool,
}

impl Header {
    /// Reads the header of a stream.
    pub fn read(disk: &dyn Disk, stream: &str) -> Result<Self, SealedError> {
        let path = format!("{stream}/log");
        let header: Self = sealed::read(disk, &path, KIND, VERSION)?;
        if header.lanes == 0 || header.lanes > super::limits::LANES_MAX {
            return Err(SealedError::Damaged { path, what: "no such number of lanes" });
        }
        Ok(header)
    }

    /// Writes it durably.
    pub fn write(&self, disk: &dyn Disk, stream: &str) -> io::Result<()> {
        sealed::write(disk, &format!("{stream}/log"), KIND, VERSION, self)
    }
}

/// What a log's own file says, for those who look from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFacts {
    /// Its random name.
    pub log_id: LogId,
    /// How many lanes it has.
    pub lanes: u16,
    /// Whether it takes nothing until it was told the ids of before.
    pub preloading: bool,
}

/// Reads what a stream's own file says, and changes nothing.
///
/// # Errors
/// [`SealedError`]: `Missing` where no log was made yet.
pub fn facts(disk: &dyn Disk, stream: &str) -> Result<LogFacts, SealedError> {
    let Header { log_id, lanes, preloading, .. } = Header::read(disk, stream)?;
    Ok(LogFacts { log_id, lanes, preloading })
}
