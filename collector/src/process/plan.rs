//! The plan of a lane: what was committed, and the block that is under way.
//!
//! Owns the file `process/lane-N.plan` and its format. It is replaced durably
//! before the first statement of a block is sent, and whenever a block is split;
//! so whoever starts after a crash knows the name of every statement that may
//! have been sent, and how many rows it had.
//!
//! It is a [sealed](crate::sealed) file: small, and read by people when something
//! is wrong.

use std::io;

use serde::{Deserialize, Serialize};

use crate::disk::Disk;
use crate::place::{Lane, LogId, Range};
use crate::sealed::{self, SealedError};
use crate::store::{Partition, Piece, Table};

/// The folder of all that `process` keeps.
pub const FOLDER: &str = "process";

/// What a plan calls itself, and the version that this release writes.
const KIND: &str = "plan";
const VERSION: u16 = 1;

/// What a lane has done and is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The log whose offsets these are.
    pub log_id: LogId,
    /// The lane.
    pub lane: Lane,
    /// Everything below is in ClickHouse or among the dead letters.
    pub committed: u64,
    /// Below this nothing is known of what was sent before: each piece is asked
    /// for before it is sent. 0 unless a plan was lost.
    #[serde(default)]
    pub unsure_below: u64,
    /// The block that is under way, if any.
    pub block: Option<PlannedBlock>,
}

/// A block `[committed, to)` and its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedBlock {
    /// The first offset.
    pub from: u64,
    /// The offset after the last.
    pub to: u64,
    /// Its pieces. Splitting one replaces it by two.
    pub pieces: Vec<PlannedPiece>,
}

/// One piece, and what is decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPiece {
    #[serde(with = "piece")]
    /// What it is; its offsets are of the plan's log and lane.
    pub piece: Piece,
    /// What is decided.
    pub fate: Fate,
}

/// What is decided about a piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It goes to its table; whether it is there is found out by asking.
    Send,
    /// Its one row goes to the dead letters.
    Bury {
        /// ClickHouse's code, or 0 when the record cannot be read.
        code: u32,
        /// The code's name.
        reason: String,
    },
}

/// Where a lane's plan is, below the data directory.
pub fn path(lane: Lane) -> String {
    format!("{FOLDER}/lane-{lane}.plan")
}

impl Plan {
    /// Reads a lane's plan; `None` when there is none.
    ///
    /// # Errors
    /// [`SealedError`]: damaged, of a newer release, or the disk's own.
    pub fn read(disk: &dyn Disk, lane: Lane) -> Result<Option<Self>, SealedError> {
        match sealed::read(disk, &path(lane), KIND, VERSION) {
            Ok(plan) => Ok(Some(plan)),
            Err(SealedError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the lane's plan, durably.
    ///
    /// # Errors
    /// The disk's own; the plan before is then still there.
    pub fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        sealed::write(disk, &path(self.lane), KIND, VERSION, self)
    }

    /// The range of a planned block.
    pub fn range(&self, from: u64, to: u64) -> Range {
        Range { log_id: self.log_id, lane: self.lane, from, to }
    }
}

/// A [`Piece`] in the plan's own words, so that the store's type may change.
mod piece {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    use super::{LogId, Partition, Piece, Range, Table};

    #[derive(Serialize, Deserialize)]
    struct Written {
        table: String,
        partition: u32,
        log_id: LogId,
        lane: u16,
        from: u64,
        to: u64,
        rows: u64,
        received_ms: (i64, i64),
    }

    pub(super) fn serialize<S: Serializer>(piece: &Piece, to: S) -> Result<S::Ok, S::Error> {
        Written {
            table: piece.table.as_str().to_owned(),
            partition: piece.partition.0,
            log_id: piece.range.log_id,
            lane: piece.range.lane,
            from: piece.range.from,
            to: piece.range.to,
            rows: piece.rows,
            received_ms: (piece.received_from_ms, piece.received_to_ms),
        }
        .serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Piece, D::Error> {
        let written = Written::deserialize(from)?;
        let table = [Table::EventsRaw, Table::RejectedEvents]
            .into_iter()
            .find(|table| table.as_str() == written.table)
            .ok_or_else(|| D::Error::custom("unknown table"))?;
        Ok(Piece {
            table,
            partition: Partition(written.partition),
            range: Range {
                log_id: written.log_id,
                lane: written.lane,
                from: written.from,
                to: written.to,
            },
            rows: written.rows,
            received_from_ms: written.received_ms.0,
            received_to_ms: written.received_ms.1,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use uuid::Uuid;

    use super::*;
    use crate::disk::RealDisk;

    fn plan() -> Plan {
        let range = Range { log_id: Uuid::from_u128(7), lane: 3, from: 10, to: 20 };
        let piece = Piece {
            table: Table::EventsRaw,
            partition: Partition(202_611),
            range,
            rows: 9,
            received_from_ms: 1,
            received_to_ms: 2,
        };
        let fate = Fate::Bury { code: 117, reason: "INCORRECT_DATA".to_owned() };
        Plan {
            log_id: range.log_id,
            lane: 3,
            committed: 10,
            unsure_below: 0,
            block: Some(PlannedBlock {
                from: 10,
                to: 20,
                pieces: vec![
                    PlannedPiece { piece, fate: Fate::Send },
                    PlannedPiece { piece: Piece { table: Table::RejectedEvents, ..piece }, fate },
                ],
            }),
        }
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        disk.create_folder(FOLDER).unwrap();
        assert!(Plan::read(&disk, 3).unwrap().is_none());
        plan().write(&disk).unwrap();
        assert_eq!(Plan::read(&disk, 3).unwrap().unwrap(), plan());
    }

    /// The bytes of version 1, as every later release must read them.
    #[test]
    fn version_1_is_what_it_was() {
        let kept = include_bytes!("testdata/plan_v1.plan");
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        disk.create_folder(FOLDER).unwrap();
        plan().write(&disk).unwrap();
        let written = disk.read(&path(3), 0, usize::MAX).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8_lossy(kept));
        assert_eq!(Plan::read(&disk, 3).unwrap().unwrap(), plan());
    }
}
