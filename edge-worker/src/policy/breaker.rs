//! Spares a collector that is away, and the calls that would wait for it.
//!
//! After five failures in a row calls go straight into the hold. After a pause that
//! doubles from one second to thirty, one call is let through; its outcome opens
//! the way for all, or begins the next pause. A trial that never reports ends with
//! its deadline, so that a lost one blocks nobody for good.

/// Failures in a row that open the circuit: two or three may be a restart.
const OPENS_AFTER: u32 = 5;
/// The first pause.
const FIRST_PAUSE_MS: i64 = 1_000;
/// The longest one: half a minute after a collector is back, everything flows.
const MAX_PAUSE_MS: i64 = 30_000;

/// The circuit to one collector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    closed_until_ms: i64,
}

/// Whether a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It goes.
    Open,
    /// Not before so many milliseconds have passed.
    Shut {
        /// How many.
        for_ms: i64,
    },
}

impl Breaker {
    /// Asks for one call, which takes `deadline_ms` at most.
    pub fn ask(&mut self, now_ms: i64, deadline_ms: u32) -> Gate {
        if self.failures < OPENS_AFTER {
            return Gate::Open;
        }
        let for_ms = self.closed_until_ms.saturating_sub(now_ms);
        // A clock that was set back must not shut it for longer than any pause.
        if (1..=i64::from(deadline_ms).max(MAX_PAUSE_MS)).contains(&for_ms) {
            return Gate::Shut { for_ms };
        }
        self.closed_until_ms = now_ms.saturating_add(deadline_ms.into());
        Gate::Open
    }

    /// The collector answered, whatever it said.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// It did not, or with a fault of its own.
    pub fn failed(&mut self, now_ms: i64) {
        self.failures = self.failures.saturating_add(1);
        let Some(beyond) = self.failures.checked_sub(OPENS_AFTER) else { return };
        let pause_ms = FIRST_PAUSE_MS.checked_shl(beyond.min(16)).unwrap_or(MAX_PAUSE_MS);
        self.closed_until_ms = now_ms.saturating_add(pause_ms.min(MAX_PAUSE_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE_MS: u32 = 10_000;

    fn broken() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..OPENS_AFTER {
            assert_eq!(breaker.ask(0, DEADLINE_MS), Gate::Open);
            breaker.failed(0);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_shut_it() {
        let mut breaker = broken();
        assert_eq!(breaker.ask(1, DEADLINE_MS), Gate::Shut { for_ms: 999 });
        let mut other = Breaker::default();
        for _ in 0..20 {
            other.failed(0);
            other.failed(0);
            other.answered();
        }
        assert_eq!(other.ask(0, DEADLINE_MS), Gate::Open);
    }

    #[test]
    fn one_trial_at_a_time_decides() {
        let mut breaker = broken();
        assert_eq!(breaker.ask(1_000, DEADLINE_MS), Gate::Open);
        assert_eq!(breaker.ask(1_000, DEADLINE_MS), Gate::Shut { for_ms: 10_000 });
        breaker.failed(1_200);
        assert_eq!(breaker.ask(1_200, DEADLINE_MS), Gate::Shut { for_ms: 2_000 });
        assert_eq!(breaker.ask(3_200, DEADLINE_MS), Gate::Open);
        breaker.answered();
        assert_eq!(breaker.ask(3_200, DEADLINE_MS), Gate::Open);
        assert_eq!(breaker.ask(3_200, DEADLINE_MS), Gate::Open);
    }

    #[test]
    fn pauses_have_a_bound_and_a_lost_trial_ends() {
        let mut breaker = broken();
        for _ in 0..40 {
            breaker.failed(0);
        }
        assert_eq!(breaker.ask(0, DEADLINE_MS), Gate::Shut { for_ms: 30_000 });
        assert_eq!(breaker.ask(30_000, DEADLINE_MS), Gate::Open);
        assert_eq!(breaker.ask(40_000, DEADLINE_MS), Gate::Open, "the first trial was lost");
        assert_eq!(breaker.ask(-9_000_000, DEADLINE_MS), Gate::Open, "the clock was set back");
    }
}
