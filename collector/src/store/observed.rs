//! A [`Store`] that tells the metrics what passes: sizes and times of blocks, and
//! how long events took from their capture to here.

use std::sync::Arc;
use std::time::Instant;

use super::contract::{Block, DeadLetter, Piece, Rollup, Span, Store, StoreFault, Table};
use crate::clock::Clock;
use crate::metrics::{InsertFailure, Metrics};
use crate::place::{Lane, LogId};
use crate::record::RecordView;

/// Events of one block whose age is observed, spread evenly over it: enough for a
/// p99, and no cost that grows with the block.
const AGES_A_BLOCK: usize = 100;

/// The same store, observed.
pub struct Observed<S> {
    store: S,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl<S: Store> Observed<S> {
    /// Tells `metrics` of each insert; ages are by `clock`.
    pub fn new(store: S, metrics: Arc<Metrics>, clock: Arc<dyn Clock>) -> Self {
        Self { store, metrics, clock }
    }

    /// Events are queryable from now on: how old are they?
    fn ages(&self, block: &Block<'_>) {
        let now_ms = self.clock.unix_ms();
        let step = block.rows.len().div_ceil(AGES_A_BLOCK).max(1);
        for row in block.rows.iter().step_by(step) {
            if let Ok(record) = RecordView::read(row.payload) {
                self.metrics.stored_after(now_ms - record.occurred_at_ms());
            }
        }
    }
}

impl<S: Store> Store for Observed<S> {
    fn insert(&self, block: &Block<'_>) -> Result<(), StoreFault> {
        let begun = Instant::now();
        let outcome = self.store.insert(block);
        match &outcome {
            Ok(()) => {
                let bytes = block.rows.iter().map(|row| row.payload.len()).sum();
                self.metrics.inserted(begun.elapsed(), block.rows.len(), bytes);
                if block.piece.table == Table::EventsRaw {
                    self.ages(block);
                }
            }
            Err(StoreFault::Refused { .. }) => self.metrics.insert_failed(InsertFailure::Refused),
            Err(StoreFault::NotBegun(_) | StoreFault::Unknown(_)) => {
                self.metrics.insert_failed(InsertFailure::Unavailable);
            }
        }
        outcome
    }

    fn rows_of(&self, piece: &Piece) -> Result<u64, StoreFault> {
        self.store.rows_of(piece)
    }

    fn roll_up(&self, rollup: Rollup, spans: &[Span], query_id: &str) -> Result<(), StoreFault> {
        self.store.roll_up(rollup, spans, query_id)
    }

    fn watermark(&self, rollup: Rollup, log_id: LogId, lane: Lane) -> Result<u64, StoreFault> {
        self.store.watermark(rollup, log_id, lane)
    }

    fn fence(&self, query_id: &str) -> Result<(), StoreFault> {
        self.store.fence(query_id)
    }

    fn dead_letter(&self, letters: &[DeadLetter]) -> Result<(), StoreFault> {
        self.store.dead_letter(letters)
    }
}
