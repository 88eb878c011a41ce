//! The plan of a lane: what was committed, and the block that is under way.
//!
//! Owns the file `process/lane-N.plan` and its format. It is replaced durably
//! before the first statement of a block is sent, and whenever a block is split;
//! so whoever starts after a crash knows the name of every statement that may
//! have been sent, and how many rows it had.
//!
//! The format: one line `tidemark-plan <version> <first 16 bytes of the body's
//! SHA-256, hex>`, then the body, JSON. It is small and read by people when
//! something is wrong.

use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tidemark_core::hash::push_hex;

use crate::disk::{Disk, replace};
use crate::place::{Lane, LogId, Range};
use crate::store::{Partition, Piece, Table};

/// The folder of all that `process` keeps.
pub const FOLDER: &str = "process";

/// The version that this release writes; it reads no other yet.
const VERSION: u32 = 1;

/// The longest plan that is read: a block of the most rows, each a piece of its
/// own with a reason, is 50,000 × 300 bytes.
const PLAN_MAX_BYTES: usize = 16 * 1024 * 1024;

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

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The disk's own.
    #[error("the plan cannot be read or written")]
    Disk(#[from] io::Error),
    /// The bytes are not what was written.
    #[error("{path} is damaged")]
    Damaged {
        /// The file, below the data directory.
        path: String,
    },
    /// A newer release wrote it.
    #[error(
        "{path} has version {version}, and this program reads up to {VERSION}: run the newer tidemark"
    )]
    Newer {
        /// The file, below the data directory.
        path: String,
        /// Its version.
        version: u32,
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
    /// [`PlanError`].
    pub fn read(disk: &dyn Disk, lane: Lane) -> Result<Option<Self>, PlanError> {
        let path = path(lane);
        let bytes = match disk.read(&path, 0, PLAN_MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        parse(&bytes, &path).map(Some)
    }

    /// Replaces the lane's plan, durably.
    ///
    /// # Errors
    /// The disk's own; the plan before is then still there.
    pub fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        replace(disk, &path(self.lane), &self.to_bytes()?)
    }

    fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let body = serde_json::to_vec(self)?;
        let mut line = format!("tidemark-plan {VERSION} ");
        push_hex(&mut line, checksum(&body).as_slice());
        line.push('\n');
        let mut bytes = line.into_bytes();
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// The range of a planned block.
    pub fn range(&self, from: u64, to: u64) -> Range {
        Range { log_id: self.log_id, lane: self.lane, from, to }
    }
}

fn parse(bytes: &[u8], path: &str) -> Result<Plan, PlanError> {
    let damaged = || PlanError::Damaged { path: path.to_owned() };
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let (line, body) = bytes.split_at_checked(end).ok_or_else(damaged)?;
    let body = body.get(1..).ok_or_else(damaged)?;
    let mut words = std::str::from_utf8(line).map_err(|_| damaged())?.split(' ');
    if words.next() != Some("tidemark-plan") {
        return Err(damaged());
    }
    let version: u32 = words.next().and_then(|word| word.parse().ok()).ok_or_else(damaged)?;
    match version {
        VERSION => {}
        newer if newer > VERSION => {
            return Err(PlanError::Newer { path: path.to_owned(), version });
        }
        _ => return Err(damaged()),
    }
    let mut hex = String::new();
    push_hex(&mut hex, checksum(body).as_slice());
    if words.next() != Some(&hex) {
        return Err(damaged());
    }
    serde_json::from_slice(body).map_err(|_| damaged())
}

fn checksum(body: &[u8]) -> Vec<u8> {
    Sha256::digest(body).iter().copied().take(16).collect()
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

    #[test]
    fn a_changed_byte_and_a_newer_version_are_refused() {
        let bytes = plan().to_bytes().unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(parse(&changed, "p").is_err(), "byte {at}");
            assert!(parse(&bytes[..at], "p").is_err(), "cut at {at}");
        }
        let newer = String::from_utf8(bytes).unwrap().replacen("plan 1", "plan 2", 1);
        let refused = parse(newer.as_bytes(), "process/lane-3.plan").unwrap_err();
        assert!(matches!(refused, PlanError::Newer { version: 2, .. }), "{refused}");
        assert!(refused.to_string().contains("run the newer tidemark"));
    }

    /// The bytes of version 1, as every later release must read them.
    #[test]
    fn version_1_is_what_it_was() {
        let kept = include_bytes!("testdata/plan_v1.plan");
        assert_eq!(plan().to_bytes().unwrap(), kept);
        assert_eq!(parse(kept, "p").unwrap(), plan());
    }
}
