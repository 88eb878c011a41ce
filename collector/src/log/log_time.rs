//! The log's own time: it never goes back, and never runs faster than time does.
//!
//! Ids and segments age by it. The wall clock is set by people and by other
//! machines: back, so that nothing would expire, or forward, so that everything
//! would. So the wall clock is asked once, when a log is opened; from there the
//! log's time goes on by the monotonic clock. Where a log was closed for a while
//! it catches up with the wall clock by at most an hour, because a clock that is
//! wrong at boot looks the same as a long pause. To be late costs memory; to be
//! early would forget ids that may still come.

use crate::clock::Clock;

/// The most that one opening believes of a pause.
const CATCH_UP_MAX_MS: i64 = 3_600_000;

#[derive(Debug)]
pub(super) struct LogTime {
    begin_ms: i64,
    begin_monotonic_ms: u64,
}

impl LogTime {
    /// The time of a log whose newest known time is `known_ms`; none for a new one.
    pub fn begin(clock: &dyn Clock, known_ms: Option<i64>) -> Self {
        let wall_ms = clock.unix_ms();
        let begin_ms = known_ms.map_or(wall_ms, |known_ms| {
            wall_ms.clamp(known_ms, known_ms.saturating_add(CATCH_UP_MAX_MS))
        });
        Self { begin_ms, begin_monotonic_ms: clock.monotonic_ms() }
    }

    /// Now, Unix milliseconds.
    pub fn now(&self, clock: &dyn Clock) -> i64 {
        let since = clock.monotonic_ms().saturating_sub(self.begin_monotonic_ms);
        self.begin_ms.saturating_add_unsigned(since)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Hands {
        wall: AtomicI64,
        monotonic: AtomicU64,
    }

    impl Clock for Hands {
        fn unix_ms(&self) -> i64 {
            self.wall.load(Ordering::Relaxed)
        }
        fn monotonic_ms(&self) -> u64 {
            self.monotonic.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn it_neither_jumps_back_nor_ahead() {
        let hands = Hands::default();
        hands.wall.store(10_000, Ordering::Relaxed);
        let time = LogTime::begin(&hands, None);
        assert_eq!(time.now(&hands), 10_000);
        hands.monotonic.store(50, Ordering::Relaxed);
        for wall in [0, i64::MAX, i64::MIN] {
            hands.wall.store(wall, Ordering::Relaxed);
            assert_eq!(time.now(&hands), 10_050);
        }
        hands.wall.store(5, Ordering::Relaxed);
        assert_eq!(LogTime::begin(&hands, Some(10_050)).now(&hands), 10_050);
        hands.wall.store(i64::MAX, Ordering::Relaxed);
        let ahead = LogTime::begin(&hands, Some(10_050)).now(&hands);
        assert_eq!(ahead, 10_050 + CATCH_UP_MAX_MS);
    }
}
