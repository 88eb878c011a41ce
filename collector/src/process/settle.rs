//! A planned piece until it is where it belongs: sent, doubted, fenced, counted,
//! split, or buried.

use crate::invariants::Invariant;
use crate::limits::{DEAD_LETTERS_MAX_A_BLOCK, HALT_MS};
use crate::log::Content;
use crate::place::Range;
use crate::planted::steps::{Stop, reached};
use crate::planted::{Bug, active};
use crate::record::RecordView;
use crate::store::{Block, DeadLetter, Piece, Row, StoreFault};

use super::dead_letters::Letter;
use super::lane::{LaneWriter, Recorded, Standing, Step, World};
use super::plan::{Fate, PlannedPiece};
use super::split::Destinations;

impl LaneWriter {
    /// Does the next thing for the piece at `index`, which is not settled.
    pub(super) fn settle(&mut self, index: usize, world: World<'_>) -> Step {
        let Some((planned, standing)) = self.planned(index) else { return Step::Worked };
        if let (Fate::Send, Standing::Doubt { fence_at_ms }) = (&planned.fate, standing)
            && world.now_ms < fence_at_ms
        {
            return Step::WaitUntil(fence_at_ms);
        }
        if let Err(until_ms) = self.shared.breaker.admit(world.now_ms) {
            return Step::WaitUntil(until_ms);
        }
        match (planned.fate, standing) {
            (_, Standing::Settled) => Step::Worked,
            (Fate::Send, Standing::Doubt { .. }) => self.fence(index, &planned.piece, world),
            (Fate::Send, Standing::Fenced) => self.probe(index, &planned.piece, world),
            (Fate::Send, Standing::Absent | Standing::Filed) => {
                self.send(index, planned.piece, world)
            }
            (Fate::Bury { code, reason }, Standing::Filed) => {
                self.tell(index, &planned.piece, code, reason, world)
            }
            (Fate::Bury { code, reason }, _) => {
                self.file(index, &planned.piece, code, reason, world)
            }
        }
    }

    fn planned(&self, index: usize) -> Option<(PlannedPiece, Standing)> {
        let planned = self.plan.block.as_ref()?.pieces.get(index)?;
        Some((planned.clone(), *self.standings.get(index)?))
    }

    fn stand(&mut self, index: usize, standing: Standing) -> Step {
        if let Some(slot) = self.standings.get_mut(index) {
            *slot = standing;
        }
        Step::Worked
    }

    /// Sends an absent piece.
    fn send(&mut self, index: usize, piece: Piece, world: World<'_>) -> Step {
        if let Err(step) = self.reload(world) {
            return step;
        }
        let piece = if active(Bug::RangeChangedOnRetry) {
            self.widened(index, piece, world)
        } else {
            piece
        };
        let rows = self.rows_of(&piece);
        if rows.len() as u64 != piece.rows {
            return self.shrunk(index, piece, rows.len() as u64, world);
        }
        let query_id = piece.query_id();
        let block = Block { piece: &piece, query_id: &query_id, rows: &rows };
        reached(Stop::BlockSend);
        let sent = world.store.insert(&block);
        reached(Stop::BlockSent);
        let offsets: Vec<u64> = match &sent {
            Err(StoreFault::Refused { .. }) => rows.iter().map(|row| row.offset).collect(),
            _ => Vec::new(),
        };
        match sent {
            Ok(()) => {
                self.succeeded();
                self.shared.counters.inserts.add(1);
                self.shared.counters.rows.add(piece.rows);
                self.stand(index, Standing::Settled)
            }
            Err(StoreFault::Refused { code, reason }) => {
                self.succeeded();
                self.shared.counters.refusals.add(1);
                self.split(index, piece, &offsets, code, reason, world)
            }
            Err(fault @ StoreFault::NotBegun(_)) => {
                tracing::warn!(query_id, %fault, "a block waits");
                self.failed(world)
            }
            Err(fault @ StoreFault::Unknown(_)) => {
                self.shared.counters.doubts.add(1);
                tracing::warn!(query_id, %fault, "a block is in doubt");
                if active(Bug::CommitBeforeOutcome) {
                    return self.stand(index, Standing::Settled);
                }
                let fence_at_ms = world.now_ms + self.options.fence_grace_ms;
                self.stand(index, Standing::Doubt { fence_at_ms });
                self.failed(world)
            }
        }
    }

    /// The planted mistake: a block that is sent again takes along what came since.
    #[cold]
    fn widened(&mut self, index: usize, piece: Piece, world: World<'_>) -> Piece {
        let Some(block) = &self.plan.block else { return piece };
        if block.pieces.len() > 1 {
            return piece;
        }
        let from = block.from;
        let Ok(items) =
            world.log.read(self.lane, from, self.options.max_rows, self.options.max_bytes)
        else {
            return piece;
        };
        let Some(to) = items.last().map(|last| last.offset + 1) else { return piece };
        self.items = items;
        let mut wider = Piece { range: Range { to, ..piece.range }, ..piece };
        wider.rows = self.rows_of(&wider).len() as u64;
        if let Some(planned) = self.planned_mut(index) {
            planned.piece = wider;
        }
        if let Some(block) = &mut self.plan.block {
            block.to = to;
        }
        wider
    }

    /// The piece's rows among the block's items.
    fn rows_of(&self, piece: &Piece) -> Vec<Row<'_>> {
        let Range { from, to, .. } = piece.range;
        let inside = self.items.iter().filter(|item| (from..to).contains(&item.offset));
        let mut destinations = Destinations::default();
        inside
            .filter_map(|item| {
                let Content::Entry(stored) = &item.content else { return None };
                let (table, partition, _) = destinations.of(&stored.payload)?;
                let ours = (table, partition) == (piece.table, piece.partition);
                ours.then_some(Row { offset: item.offset, payload: &stored.payload })
            })
            .collect()
    }

    /// The log holds other rows than were planned: since then the disk lost some,
    /// or a person was erased. The piece is absent, so that fewer go.
    fn shrunk(&mut self, index: usize, piece: Piece, rows: u64, world: World<'_>) -> Step {
        let Range { from, to, .. } = piece.range;
        let inside = || self.items.iter().filter(|item| (from..to).contains(&item.offset));
        let damaged = inside().filter(|item| item.content == Content::Damaged).count() as u64;
        let erased = inside().filter(|item| item.content == Content::Erased).count() as u64;
        if rows > piece.rows || rows + damaged + erased < piece.rows {
            self.violated(
                Invariant::EveryPlaceIsAccountedFor,
                "the log holds other rows than were planned",
                (from, to),
            );
            return self.pause(HALT_MS, world);
        }
        let gone = piece.rows - rows;
        self.shared.counters.erased.add(gone.min(erased));
        self.shared.counters.damaged.add(gone.saturating_sub(erased));
        if gone > erased {
            tracing::error!(
                lane = self.lane,
                from,
                to,
                "the log's disk did not keep planned entries"
            );
        }
        if let Some(planned) = self.planned_mut(index) {
            planned.piece.rows = rows;
        }
        self.recorded = Recorded::No;
        if rows == 0 { self.stand(index, Standing::Settled) } else { Step::Worked }
    }

    fn planned_mut(&mut self, index: usize) -> Option<&mut PlannedPiece> {
        self.plan.block.as_mut()?.pieces.get_mut(index)
    }

    /// Makes sure that the doubted statement runs no more.
    fn fence(&mut self, index: usize, piece: &Piece, world: World<'_>) -> Step {
        if active(Bug::FenceSkipped) {
            return self.stand(index, Standing::Fenced);
        }
        reached(Stop::BlockFence);
        match world.store.fence(&piece.query_id()) {
            Ok(()) => {
                self.succeeded();
                self.stand(index, Standing::Fenced)
            }
            Err(fault) => {
                tracing::warn!(lane = self.lane, %fault, "a doubted block cannot be fenced yet");
                self.failed(world)
            }
        }
    }

    /// Asks whether the fenced piece is there: none of its rows, or all.
    fn probe(&mut self, index: usize, piece: &Piece, world: World<'_>) -> Step {
        if active(Bug::ProbeSkipped) {
            return self.stand(index, Standing::Absent);
        }
        reached(Stop::BlockProbe);
        let there = match world.store.rows_of(piece) {
            Ok(there) => there,
            Err(fault) => {
                tracing::warn!(lane = self.lane, %fault, "a doubted block cannot be counted yet");
                return self.failed(world);
            }
        };
        self.succeeded();
        if there == piece.rows {
            self.shared.counters.found_there.add(1);
            self.shared.counters.rows.add(there);
            return self.stand(index, Standing::Settled);
        }
        if there == 0 {
            self.shared.counters.found_absent.add(1);
            return self.stand(index, Standing::Absent);
        }
        // Blocks that a lost plan had cut elsewhere: smaller pieces are whole.
        if piece.range.from < self.plan.unsure_below && there < piece.rows && piece.rows > 1 {
            if let Err(step) = self.reload(world) {
                return step;
            }
            let offsets: Vec<u64> = self.rows_of(piece).iter().map(|row| row.offset).collect();
            return self.halve(index, *piece, &offsets, Standing::Fenced);
        }
        self.violated(
            Invariant::PlacesAreUnique,
            "part of a block is there",
            (piece.range.from, piece.range.to),
        );
        self.pause(HALT_MS, world)
    }

    /// A refused piece becomes two, or, if it is one row, a dead letter.
    fn split(
        &mut self,
        index: usize,
        piece: Piece,
        offsets: &[u64],
        code: u32,
        reason: String,
        world: World<'_>,
    ) -> Step {
        if offsets.len() > 1 {
            return self.halve(index, piece, offsets, Standing::Absent);
        }
        let buried = self.plan.block.iter().flat_map(|block| &block.pieces);
        let buried = buried.filter(|piece| piece.fate != Fate::Send).count();
        if buried >= DEAD_LETTERS_MAX_A_BLOCK {
            tracing::error!(
                lane = self.lane,
                code,
                reason,
                "ClickHouse refuses row after row: the lane waits. Is the table what \
                 `tidemark migrate` made? See `tidemark doctor`"
            );
            return self.pause(HALT_MS, world);
        }
        if let Some(planned) = self.planned_mut(index) {
            planned.fate = Fate::Bury { code, reason };
        }
        self.recorded = Recorded::No;
        Step::Worked
    }

    /// Replaces a piece by two halves of its rows; the plan is recorded before
    /// either is sent.
    fn halve(&mut self, index: usize, piece: Piece, offsets: &[u64], standing: Standing) -> Step {
        let half = offsets.len() / 2;
        let Some(middle) = offsets.get(half).copied() else { return Step::Worked };
        let begin = if active(Bug::BisectLosesNeighbour) { middle + 1 } else { middle };
        let first =
            Piece { range: Range { to: middle, ..piece.range }, rows: half as u64, ..piece };
        let second = Piece {
            range: Range { from: begin, ..piece.range },
            rows: offsets.iter().filter(|offset| **offset >= begin).count() as u64,
            ..piece
        };
        if let Some(block) = &mut self.plan.block {
            let halves = [first, second].map(|piece| PlannedPiece { piece, fate: Fate::Send });
            block.pieces.splice(index..=index, halves);
            self.standings.splice(index..=index, [standing, standing]);
        }
        self.recorded = Recorded::No;
        Step::Worked
    }

    /// Puts a refused row into the file of dead letters.
    fn file(
        &mut self,
        index: usize,
        piece: &Piece,
        code: u32,
        reason: String,
        world: World<'_>,
    ) -> Step {
        if active(Bug::DeadLetterNotFiled) {
            return self.stand(index, Standing::Settled);
        }
        if let Err(step) = self.reload(world) {
            return step;
        }
        let offset = piece.range.from;
        let Some((offset, payload)) = self.buried_entry(piece) else {
            self.violated(
                Invariant::EveryPlaceIsAccountedFor,
                "a refused row is no longer in the log",
                (offset, offset + 1),
            );
            return self.pause(HALT_MS, world);
        };
        let letter = Letter { offset, code, reason, payload };
        match self.dead_letters.add(world.disk, &letter) {
            Ok(()) => self.stand(index, Standing::Filed),
            Err(error) => {
                tracing::error!(lane = self.lane, offset, %error, "a dead letter cannot be kept");
                self.pause(HALT_MS, world)
            }
        }
    }

    /// The one entry that a piece to bury names.
    fn buried_entry(&self, piece: &Piece) -> Option<(u64, Vec<u8>)> {
        if let [row] = self.rows_of(piece).as_slice() {
            return Some((row.offset, row.payload.to_vec()));
        }
        let item = self.items.iter().find(|item| item.offset == piece.range.from)?;
        let Content::Entry(stored) = &item.content else { return None };
        Some((item.offset, stored.payload.to_vec()))
    }

    /// Tells the table of a dead letter. Telling again changes nothing there.
    fn tell(
        &mut self,
        index: usize,
        piece: &Piece,
        code: u32,
        reason: String,
        world: World<'_>,
    ) -> Step {
        if let Err(step) = self.reload(world) {
            return step;
        }
        let Some((offset, payload)) = self.buried_entry(piece) else {
            return self.stand(index, Standing::Settled);
        };
        let view = RecordView::read(&payload).ok();
        let letter = DeadLetter {
            log_id: self.plan.log_id,
            lane: self.lane,
            offset,
            tenant_id: view.map(|view| view.tenant_id()).unwrap_or_default(),
            site_id: view.map(|view| view.site_id()).unwrap_or_default(),
            event_id: view.map(|view| view.event_id()).unwrap_or_default(),
            received_at_ms: piece.received_from_ms,
            table: piece.table,
            code,
            reason,
        };
        match world.store.dead_letter(std::slice::from_ref(&letter)) {
            Ok(()) => self.succeeded(),
            // The file has it; the table cannot hold what it refuses.
            Err(fault @ StoreFault::Refused { .. }) => {
                tracing::error!(lane = self.lane, offset, %fault, "the table dead_letters refuses");
            }
            Err(fault) => {
                tracing::warn!(lane = self.lane, offset, %fault, "a dead letter is told again");
                return self.failed(world);
            }
        }
        self.shared.counters.dead_letters.add(1);
        tracing::error!(
            lane = self.lane, offset, code, reason = letter.reason, event_id = %letter.event_id,
            "ClickHouse refuses an event: it is a dead letter now; see `tidemark replay`"
        );
        self.stand(index, Standing::Settled)
    }
}
