//! The time, injected: decisions ask a [`Clock`] and never the system.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::planted::conditions;

/// Two times: the wall's, which people set, and one that only goes forward.
pub trait Clock: Send + Sync {
    /// The wall clock in Unix milliseconds. It may jump, also backwards.
    fn unix_ms(&self) -> i64;

    /// Milliseconds since some beginning; never goes back.
    fn monotonic_ms(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    begun: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    pub fn new() -> Self {
        Self { begun: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        unix_ms.saturating_add(conditions::clock_shift_ms())
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
