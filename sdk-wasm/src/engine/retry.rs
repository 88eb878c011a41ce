//! What a batch does after an attempt to send it.
//!
//! Ids stay the same over attempts, so a repeated batch is harmless: in doubt
//! it is sent again, until its events are too old (see `queue`). The wait is
//! 1 s·2ⁿ, at most 5 minutes, with full jitter (a number between nothing and the
//! whole), because pages that failed together must not come back together. A server
//! that names its own wait is obeyed. Meanwhile nothing else is sent: the batch that
//! failed is the one that tries the server, and so this is the circuit breaker.

use super::random::Random;

/// The longest wait of our own.
pub const MAX_BACKOFF_MS: u32 = 300_000;
/// The longest wait that a server may ask for: an hour.
pub const MAX_RETRY_AFTER_MS: u32 = 3_600_000;

/// What became of an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// HTTP status; 0 when there was no answer.
    pub status: u32,
    /// What the server's Retry-After asks for; 0 when it asks for nothing.
    pub retry_after_ms: u32,
    /// Whether the answer gave every event its verdict.
    pub complete: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Done: the events have their verdicts.
    Settled,
    /// Send it again after a wait in milliseconds.
    Again(u32),
    /// The body was too large for the server: smaller ones may pass.
    Smaller,
    /// Sending again cannot help.
    GiveUp,
}

/// Decides after the `attempts`th attempt of a batch.
///
/// A success without a verdict for every event is taken for somebody else's
/// answer (a captive portal, a proxy) and sent again.
pub fn next(attempt: Attempt, attempts: u32, random: &mut Random) -> Next {
    let settled = matches!(attempt.status, 200..=299);
    if settled && attempt.complete {
        return Next::Settled;
    }
    if attempt.status == 413 {
        return Next::Smaller;
    }
    let hopeful = settled || attempt.status == 0 || attempt.status == 429 || attempt.status >= 500;
    if !hopeful {
        return Next::GiveUp;
    }
    let backoff = (1000_u32 << attempts.saturating_sub(1).min(9)).min(MAX_BACKOFF_MS);
    Next::Again(random.below(backoff + 1) + attempt.retry_after_ms.min(MAX_RETRY_AFTER_MS))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status(status: u32) -> Attempt {
        Attempt { status, ..Attempt::default() }
    }

    fn decide(attempt: Attempt, attempts: u32) -> Next {
        next(attempt, attempts, &mut Random::new([1, 2, 3, 4]))
    }

    #[test]
    fn verdicts_settle_and_other_4xx_are_final() {
        assert_eq!(decide(Attempt { complete: true, ..status(200) }, 1), Next::Settled);
        for refused in [400, 401, 403, 404, 405, 408, 415, 301] {
            assert_eq!(decide(status(refused), 1), Next::GiveUp, "{refused}");
        }
        assert_eq!(decide(status(413), 1), Next::Smaller);
    }

    #[test]
    fn what_may_pass_is_tried_again_however_often_it_failed() {
        for passing in [0, 200, 204, 429, 500, 502, 503, 504] {
            for attempts in [1, 2, 10, 1000, u32::MAX] {
                assert!(matches!(decide(status(passing), attempts), Next::Again(_)), "{passing}");
            }
        }
    }

    proptest! {
        #[test]
        fn waits_stay_in_the_jitters_range(
            seed in any::<[u32; 4]>(), attempts in 1..40_u32, asked in 0..7_200_000_u32,
        ) {
            let attempt = Attempt { retry_after_ms: asked, ..status(503) };
            let Next::Again(wait) = next(attempt, attempts, &mut Random::new(seed)) else {
                return Err(TestCaseError::fail("gave up"));
            };
            let asked = asked.min(MAX_RETRY_AFTER_MS);
            prop_assert!(wait >= asked);
            prop_assert!(wait - asked <= (1000 << (attempts - 1).min(9)).min(MAX_BACKOFF_MS));
        }
    }
}
