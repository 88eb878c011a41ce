//! When a failed statement is tried again: backoff with full jitter, and a
//! breaker that all writers of a process share.
//!
//! While ClickHouse is away, every lane and rollup would knock at its own pace.
//! After [`BREAKER_AFTER`] failures in a row, of whomever, the breaker opens:
//! one of them tries when its time has come, the others wait for what it learns.
//!
//! What always holds: a pause is at most [`BACKOFF_MAX_MS`]; the same seed and
//! the same calls give the same pauses.

use std::sync::{Mutex, PoisonError};

use crate::limits::{BACKOFF_FIRST_MS, BACKOFF_MAX_MS, BREAKER_AFTER};

/// Shared by the writers of one process.
#[derive(Debug)]
pub struct Breaker(Mutex<State>);

#[derive(Debug)]
struct State {
    failures: u32,
    /// How often it has closed again.
    recoveries: u64,
    /// While open: when the next one may try.
    next_try_ms: u64,
    random: u64,
}

impl Breaker {
    /// A closed breaker; `seed` makes its jitter.
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(State { failures: 0, recoveries: 0, next_try_ms: 0, random: seed }))
    }

    /// Whether a statement may be sent now; otherwise when to ask again. While
    /// the breaker is open, whoever is let through is alone until it reports.
    ///
    /// # Errors
    /// The monotonic time to wait for.
    pub fn admit(&self, now_ms: u64) -> Result<(), u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failures < BREAKER_AFTER {
            return Ok(());
        }
        if now_ms < state.next_try_ms {
            return Err(state.next_try_ms);
        }
        state.next_try_ms = now_ms + BACKOFF_MAX_MS;
        Ok(())
    }

    /// ClickHouse did as it was asked, or refused: it is there.
    pub fn succeeded(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failures >= BREAKER_AFTER {
            state.recoveries += 1;
        }
        state.failures = 0;
    }

    /// Whether ClickHouse came back since a writer failed, having seen so many
    /// recoveries: then it need not pause any longer.
    pub fn recovered(&self, since: Option<u64>) -> bool {
        since.is_some_and(|seen| self.recoveries() > seen)
    }

    /// How often ClickHouse came back.
    pub fn recoveries(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).recoveries
    }

    /// ClickHouse did not. Returns how long this writer should pause, having
    /// failed `attempts` times in a row: any time up to a bound that doubles.
    pub fn failed(&self, now_ms: u64, attempts: u32) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        let pause = jitter(&mut state.random, bound(attempts));
        let bound_of_all = bound(state.failures);
        let shared = jitter(&mut state.random, bound_of_all);
        state.next_try_ms = now_ms + shared;
        pause
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failures >= BREAKER_AFTER
    }
}

/// The longest pause after so many failures.
fn bound(failures: u32) -> u64 {
    (BACKOFF_FIRST_MS << failures.saturating_sub(1).min(16)).min(BACKOFF_MAX_MS)
}

/// A whole number from 1 to `bound`: full jitter, by SplitMix64.
fn jitter(random: &mut u64, bound: u64) -> u64 {
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *random;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)) % bound.max(1) + 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    #[test]
    fn who_pauses_is_told_that_clickhouse_is_back() {
        let breaker = Breaker::new(1);
        let seen = Some(breaker.recoveries());
        breaker.failed(0, 1);
        breaker.succeeded();
        assert!(!breaker.recovered(seen), "it was not open");
        for attempts in 1..=BREAKER_AFTER {
            breaker.failed(0, attempts);
        }
        assert!(!breaker.recovered(seen));
        breaker.succeeded();
        assert!(breaker.recovered(seen) && !breaker.recovered(None));
        assert!(!breaker.recovered(Some(breaker.recoveries())));
    }

    #[test]
    fn pauses_grow_up_to_their_bound_and_differ() {
        let breaker = Breaker::new(7);
        let pauses: Vec<u64> = (1..40).map(|attempts| breaker.failed(0, attempts)).collect();
        for (at, pause) in pauses.iter().enumerate() {
            let attempts = u32::try_from(at).unwrap() + 1;
            assert!((1..=bound(attempts)).contains(pause), "{attempts}: {pause}");
        }
        assert!(pauses.iter().any(|pause| *pause > BACKOFF_MAX_MS / 2));
        assert!(pauses.windows(2).any(|two| two[0] > two[1]), "no jitter: {pauses:?}");
        let again = Breaker::new(7);
        assert_eq!(pauses, (1..40).map(|n| again.failed(0, n)).collect::<Vec<_>>());
    }

    #[test]
    fn an_open_breaker_lets_one_try_and_closes_by_success() {
        let breaker = Breaker::new(1);
        for _ in 0..BREAKER_AFTER {
            assert!(breaker.admit(0).is_ok());
            breaker.failed(0, 1);
        }
        assert!(breaker.is_open());
        let when = breaker.admit(0).unwrap_err();
        assert!(breaker.admit(when).is_ok());
        assert_eq!(breaker.admit(when), Err(when + BACKOFF_MAX_MS), "a second one tried as well");
        breaker.failed(when, 9);
        assert!(breaker.is_open());
        breaker.succeeded();
        assert!(breaker.admit(when).is_ok() && breaker.admit(when).is_ok());
    }
}
