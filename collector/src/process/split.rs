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

/// Where rows go, by their payloads. Those of one day have one partition, which is told
/// once and not reckoned out of each time.
#[derive(Debug, Default)]
pub(super) struct Destinations {
    day: Option<(i64, Partition)>,
}

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

impl Destinations {
    /// Where an entry's row goes, and when it was received; `None` when it cannot be read.
    pub(super) fn of(&mut self, payload: &[u8]) -> Option<(Table, Partition, i64)> {
        let view = RecordView::read(payload).ok()?;
        let table = match view.kind() {
            Kind::Event => Table::EventsRaw,
            Kind::Rejection => Table::RejectedEvents,
        };
        let received_at_ms = view.received_at_ms();
        let day = received_at_ms.div_euclid(DAY_MS);
        let partition = match self.day {
            Some((known, partition)) if known == day => partition,
            _ => self.day.insert((day, Partition::of(received_at_ms))).1,
        };
        Some((table, partition, received_at_ms))
    }
}

/// The pieces of a block while it is planned.
#[derive(Default)]
struct Pieces {
    all: BTreeMap<(Table, Partition), Piece>,
    /// The rows in a row that go to one place, mostly all.
    run: Option<Piece>,
}

impl Pieces {
    fn add(&mut self, one: Piece) {
        match &mut self.run {
            Some(run) if (run.table, run.partition) == (one.table, one.partition) => {
                join(run, &one);
            }
            run => {
                let before = run.replace(one);
                self.settle(before);
            }
        }
    }

    fn settle(&mut self, run: Option<Piece>) {
        if let Some(run) = run {
            let key = (run.table, run.partition);
            self.all.entry(key).and_modify(|piece| join(piece, &run)).or_insert(run);
        }
    }

    fn finish(mut self) -> BTreeMap<(Table, Partition), Piece> {
        let run = self.run.take();
        self.settle(run);
        self.all
    }
}

/// Adds the rows of one place to others of it.
fn join(piece: &mut Piece, more: &Piece) {
    piece.rows += more.rows;
    piece.received_from_ms = piece.received_from_ms.min(more.received_from_ms);
    piece.received_to_ms = piece.received_to_ms.max(more.received_to_ms);
}

/// Plans the block of `items`, which all lie in `range`: one piece for each table
/// and partition. A record that cannot be read becomes a piece to bury.
pub(super) fn plan_block(range: Range, items: &[Item]) -> (PlannedBlock, Absent) {
    let (mut pieces, mut destinations) = (Pieces::default(), Destinations::default());
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
        let Some((table, partition, received_at_ms)) = destinations.of(&stored.payload) else {
            buried.push(unreadable(range, item.offset, stored.received_at_ms));
            continue;
        };
        pieces.add(Piece {
            table,
            partition,
            range,
            rows: 1,
            received_from_ms: received_at_ms,
            received_to_ms: received_at_ms,
        });
    }
    let mut pieces = pieces.finish();
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
