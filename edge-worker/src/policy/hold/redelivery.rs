//! What becomes of a kept body once the collector answered for it, or did not.

use tidemark_core::id::Uuid;
use tidemark_core::verdict::EventVerdict;

use crate::policy::collector_answer::{Away, NoVerdicts};

/// The first pause of a body that was not taken.
const FIRST_PAUSE_S: u32 = 1;
/// The longest one in the outbox: a collector that is back has everything
/// within a minute.
const MAX_PAUSE_S: u32 = 60;
/// The longest one in a queue, whose tries are numbered: 100 of them at 15 minutes
/// reach beyond a day.
const QUEUE_MAX_PAUSE_S: u32 = 900;
/// Tries that a queue gives a body before it becomes a dead letter: fewer than
/// `max_retries` (100), after which the platform would take it out of our hands.
pub const QUEUE_MAX_TRIES: u32 = 96;

/// What is done with a kept body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Every event has its verdict: the body goes.
    Delivered,
    /// It is tried again.
    Later,
    /// It would be refused for ever: it becomes a dead letter.
    Dead,
}

/// Decides by the collector's answer for a body of `events` events. A 200 with
/// another number of verdicts is no answer for it.
pub fn fate(events: u16, answer: &Result<Vec<EventVerdict<Uuid>>, NoVerdicts>) -> Fate {
    match answer {
        Ok(verdicts) if verdicts.len() == usize::from(events) => Fate::Delivered,
        Ok(_) | Err(NoVerdicts::Away(_) | NoVerdicts::Slow(_)) => Fate::Later,
        Err(NoVerdicts::Final(_)) => Fate::Dead,
    }
}

/// The pause after a try of an outbox's body, in milliseconds.
pub fn pause_ms(tries: u32) -> i64 {
    i64::from(doubled(tries).min(MAX_PAUSE_S)).saturating_mul(1_000)
}

/// The pause after a try of a queue's message, in seconds: what the collector
/// asked for, when that is longer.
pub fn queue_pause_s(tries: u32, answer: &NoVerdicts) -> u32 {
    let asked_s = match answer {
        NoVerdicts::Away(Away { retry_after_s, .. })
        | NoVerdicts::Slow(Away { retry_after_s, .. }) => *retry_after_s,
        NoVerdicts::Final(_) => 0,
    };
    doubled(tries).max(asked_s).min(QUEUE_MAX_PAUSE_S)
}

fn doubled(tries: u32) -> u32 {
    FIRST_PAUSE_S.checked_shl(tries.min(20).saturating_sub(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::verdict::{Code, Verdict};

    #[test]
    fn the_answer_decides() {
        let line = EventVerdict { event_id: None, verdict: Verdict::Duplicate, fault: None };
        assert_eq!(fate(2, &Ok(vec![line.clone(), line.clone()])), Fate::Delivered);
        assert_eq!(fate(2, &Ok(vec![line])), Fate::Later, "an answer for something else");
        assert_eq!(fate(2, &Err(NoVerdicts::Away(Away::silent()))), Fate::Later);
        assert_eq!(fate(2, &Err(NoVerdicts::Slow(Away::overloaded()))), Fate::Later);
        assert_eq!(fate(2, &Err(NoVerdicts::Final(Code::InvalidBatch.into()))), Fate::Dead);
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        assert_eq!([1, 2, 3, 7, 99].map(pause_ms), [1_000, 2_000, 4_000, 60_000, 60_000]);
        let away = NoVerdicts::Away(Away::silent());
        assert_eq!([1, 4, 11, u32::MAX].map(|tries| queue_pause_s(tries, &away)), [5, 8, 900, 900]);
        let days: u32 = (1..=QUEUE_MAX_TRIES).map(|tries| queue_pause_s(tries, &away)).sum();
        assert!(days > 20 * 3_600 && days < 4 * 86_400, "{days}: within a queue's retention");
    }
}
