//! Time that only the scheduler moves. The wall clock can jump.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tidemark_collector::clock::Clock;

#[derive(Clone, Debug)]
pub struct SimClock {
    unix_ms: Arc<AtomicI64>,
    monotonic_ms: Arc<AtomicU64>,
}

impl SimClock {
    pub fn new(unix_ms: i64) -> Self {
        Self {
            unix_ms: Arc::new(AtomicI64::new(unix_ms)),
            monotonic_ms: Arc::new(AtomicU64::new(1)),
        }
    }

    pub fn advance(&self, ms: u64) {
        self.unix_ms.fetch_add(ms as i64, Ordering::Relaxed);
        self.monotonic_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Somebody sets the wall clock.
    pub fn jump(&self, ms: i64) {
        self.unix_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn unix_ms(&self) -> i64 {
        self.unix_ms.load(Ordering::Relaxed)
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic_ms.load(Ordering::Relaxed)
    }
}
