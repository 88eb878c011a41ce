//! When an outbox tries to get rid of what it keeps, and how much at once.
//!
//! A collector that is away is asked with one body after pauses that grow; the
//! first that it takes opens the way for all. One body that it never takes has
//! pauses of its own (see [`redelivery`](super::redelivery)) and holds up nobody.

use super::redelivery::pause_ms;

/// Bodies of a round: what a collector takes within a second, so that what comes
/// in meanwhile waits for no longer than that.
const ROUND: u32 = 32;
/// How many of a round are on their way at once: a Durable Object may have six
/// connections open.
pub const AT_ONCE: usize = 4;
/// When a body that is new is tried: at once would meet the same outage.
pub const FIRST_TRY_MS: i64 = 1_000;
/// The earliest that a next round begins.
const NEXT_ROUND_MS: i64 = 1;

/// An outbox's bound in bytes unless configured otherwise. Eight outboxes of a
/// tenant hold 8 GB: at 4 KB a batch of 50 events some 100 million events, which is
/// what 1,000 events/s bring in 28 hours.
pub const MAX_BYTES: u64 = 1_000_000_000;

/// Bytes that a row costs besides its body.
const ROW_BYTES: u64 = 64;

/// What an outbox knows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drain {
    /// Bodies that are kept.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Events in those that are still tried.
    pub events: u64,
    failed_rounds: u32,
}

/// What came of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Bodies that are gone: delivered, or dead letters.
    pub gone: u32,
    /// Bodies that stay.
    pub stay: u32,
}

impl Drain {
    /// An outbox with these rows, whose bodies have so many bytes.
    pub const fn restored(rows: u64, body_bytes: u64, events: u64) -> Self {
        let bytes = body_bytes.saturating_add(rows.saturating_mul(ROW_BYTES));
        Self { rows, bytes, events, failed_rounds: 0 }
    }

    /// Whether bodies of these lengths have room within the bound.
    pub fn has_room(&self, lengths: impl IntoIterator<Item = usize>, max_bytes: u64) -> bool {
        let wanted = lengths.into_iter().map(cost).fold(self.bytes, u64::saturating_add);
        wanted <= max_bytes
    }

    /// One more body is kept.
    pub fn kept(&mut self, length: usize, events: u16) {
        self.rows = self.rows.saturating_add(1);
        self.bytes = self.bytes.saturating_add(cost(length));
        self.events = self.events.saturating_add(events.into());
    }

    /// One is gone.
    pub fn gone(&mut self, length: usize, events: u16) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(cost(length));
        self.events = self.events.saturating_sub(events.into());
    }

    /// One became a dead letter that still takes room: its events wait for nothing.
    pub fn buried(&mut self, events: u16) {
        self.events = self.events.saturating_sub(events.into());
    }

    /// How many bodies the next round takes: one, while nothing gets through.
    pub const fn round(&self) -> u32 {
        if self.failed_rounds > 0 { 1 } else { ROUND }
    }

    /// Takes up how a round went.
    pub fn after(&mut self, round: Round) {
        self.failed_rounds = match round {
            Round { gone: 0, stay: 1.. } => self.failed_rounds.saturating_add(1),
            _ => 0,
        };
    }

    /// When the next round is due, in Unix milliseconds, where the first body is due
    /// at `first_due_ms`; `None` when nothing is kept.
    pub fn next_round_ms(&self, now_ms: i64, first_due_ms: Option<i64>) -> Option<i64> {
        let pause_ms = match self.failed_rounds {
            0 => NEXT_ROUND_MS,
            rounds => pause_ms(rounds),
        };
        Some(first_due_ms?.max(now_ms.saturating_add(pause_ms)))
    }
}

fn cost(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX).saturating_add(ROW_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_outbox_has_no_room() {
        let mut drain = Drain::default();
        assert!(drain.has_room([36], 100));
        drain.kept(36, 3);
        assert_eq!((drain.rows, drain.bytes, drain.events), (1, 100, 3));
        assert!(!drain.has_room([0], 100) && drain.has_room([], 100));
        drain.buried(3);
        assert_eq!((drain.rows, drain.events), (1, 0));
        drain.gone(36, 0);
        assert_eq!(drain, Drain::default());
    }

    #[test]
    fn a_collector_that_is_away_is_asked_ever_more_seldom_and_with_one() {
        let mut drain = Drain::restored(9, 900, 9);
        assert_eq!(drain.round(), ROUND);
        drain.after(Round { gone: 0, stay: 9 });
        assert_eq!((drain.round(), drain.next_round_ms(5, Some(0))), (1, Some(1_005)));
        drain.after(Round { gone: 0, stay: 1 });
        assert_eq!(drain.next_round_ms(5, Some(0)), Some(2_005));
        drain.after(Round { gone: 1, stay: 0 });
        assert_eq!((drain.round(), drain.next_round_ms(5, Some(0))), (ROUND, Some(6)));
    }

    #[test]
    fn one_that_is_never_taken_holds_up_nobody() {
        let mut drain = Drain::restored(9, 900, 9);
        drain.after(Round { gone: 8, stay: 1 });
        assert_eq!((drain.round(), drain.next_round_ms(5, Some(60_000))), (ROUND, Some(60_000)));
    }

    #[test]
    fn an_empty_outbox_sleeps() {
        assert_eq!(Drain::default().next_round_ms(5, None), None);
    }
}
