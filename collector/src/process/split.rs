//! How the items of a lane become the pieces of a block.

use std::collections::BTreeMap;

use crate::log::{Content, Item};
use crate::place::Range;
use crate::planted::{Bug, active};
use crate::record::{Kind, RecordView};
use crate::store::{Partition, Piece, Table};

use super::plan::{Fate, PlannedBlock, PlannedPiece};

/// What a block holds besides its pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absent {
    /// Entries of erased people.
    pub erased: u64,
    /// Entries that the disk did not keep.
    pub damaged: u64,
}

/// Where an entry's row goes, by its payload.
pub(super) fn destination(payload: &[u8]) -> Option<(Table, Partition, i64)> {
    let view = RecordView::read(payload).ok()?;
    let table = match view.kind() {
        Kind::Event => Table::EventsRaw,
        Kind::Rejection => Table::RejectedEvents,
    };
    let received_at_ms = view.received_at_ms();
    Some((table, Partition::of(received_at_ms), received_at_ms))
}

/// Plans the block of `items`, which all lie in `range`: one piece for each table
/// and partition. A record that cannot be read becomes a piece to bury.
pub(super) fn plan_block(range: Range, items: &[Item]) -> (PlannedBlock, Absent) {
    let mut pieces: BTreeMap<(Table, Partition), Piece> = BTreeMap::new();
    let mut buried = Vec::new();
    let mut absent = Absent::default();
    for item in items {
        let stored = match &item.content {
            Content::Entry(stored) => stored,
            Content::Erased => {
                absent.erased += 1;
                continue;
            }
            Content::Damaged => {
                absent.damaged += 1;
                continue;
            }
        };
        let Some((table, partition, received_at_ms)) = destination(&stored.payload) else {
            buried.push(unreadable(range, item.offset, stored.received_at_ms));
            continue;
        };
        pieces
            .entry((table, partition))
            .and_modify(|piece| {
                piece.rows += 1;
                piece.received_from_ms = piece.received_from_ms.min(received_at_ms);
                piece.received_to_ms = piece.received_to_ms.max(received_at_ms);
            })
            .or_insert(Piece {
                table,
                partition,
                range,
                rows: 1,
                received_from_ms: received_at_ms,
                received_to_ms: received_at_ms,
            });
    }
    if active(Bug::PartitionForgotten) {
        while pieces.len() > 1 {
            pieces.pop_last();
        }
    }
    let sent = pieces.into_values().map(|piece| PlannedPiece { piece, fate: Fate::Send });
    let block =
        PlannedBlock { from: range.from, to: range.to, pieces: sent.chain(buried).collect() };
    (block, absent)
}

fn unreadable(range: Range, offset: u64, received_at_ms: i64) -> PlannedPiece {
    PlannedPiece {
        piece: Piece {
            table: Table::EventsRaw,
            partition: Partition::of(received_at_ms),
            range: Range { from: offset, to: offset + 1, ..range },
            rows: 1,
            received_from_ms: received_at_ms,
            received_to_ms: received_at_ms,
        },
        fate: Fate::Bury { code: 0, reason: "RECORD_UNREADABLE".to_owned() },
    }
}
