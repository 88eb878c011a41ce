//! The buckets of one object that limits, in memory and, where it matters, on disk.
//!
//! The runtime may let an object go after ten seconds without a call, and its
//! memory with it. A bucket that is emptied within [`EVICTED_MS`] is then as good as
//! none; only fuller ones are written, and not more often than their level moved by
//! [`STORE_STEP_MS`]: a visitor who sends what visitors send costs no write, and one
//! who sends too much gains five seconds' worth at the very most.

use std::collections::BTreeMap;

use super::rate::{Charge, Charged, charge};

/// Buckets of one object: 65,536 of some 60 bytes are 4 MB. Whoever comes when all
/// are taken passes; the tenant's own bucket, which is another object's, holds him.
const BUCKETS_MAX: usize = 65_536;

/// After how long without a call an object may be let go.
const EVICTED_MS: f64 = 10_000.0;

/// How far a bucket's level may be ahead of what is written.
const STORE_STEP_MS: f64 = 5_000.0;

/// How often what is over is swept out.
const SWEEP_MS: f64 = 60_000.0;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    until_ms: f64,
    stored_ms: f64,
}

/// The buckets, by name.
#[derive(Clone, Debug, Default)]
pub struct Buckets {
    of: BTreeMap<String, Bucket>,
    swept_at_ms: f64,
}

/// What storage has to do after a charge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ToStore {
    /// The bucket's level.
    pub until_ms: Option<f64>,
    /// Levels before this instant are over.
    pub forget_before_ms: Option<f64>,
}

impl Buckets {
    /// Takes up a level from storage.
    pub fn restore(&mut self, name: String, until_ms: f64) {
        self.of.insert(name, Bucket { until_ms, stored_ms: until_ms });
    }

    /// Charges a bucket. `None` when there is no room for it.
    pub fn charge(
        &mut self,
        name: &str,
        now_ms: f64,
        events: &Charge,
    ) -> Option<(Charged, ToStore)> {
        let mut to_store = ToStore::default();
        if now_ms - self.swept_at_ms >= SWEEP_MS {
            self.swept_at_ms = now_ms;
            self.of.retain(|_, bucket| bucket.until_ms > now_ms);
            to_store.forget_before_ms = Some(now_ms);
        }
        let known = self.of.get(name).copied();
        if known.is_none() && self.of.len() >= BUCKETS_MAX {
            return None;
        }
        let mut bucket = known.unwrap_or(Bucket { until_ms: now_ms, stored_ms: 0.0 });
        let (until_ms, charged) = charge(bucket.until_ms, now_ms, events);
        bucket.until_ms = until_ms;
        if until_ms - now_ms > EVICTED_MS && until_ms - bucket.stored_ms > STORE_STEP_MS {
            bucket.stored_ms = until_ms;
            to_store.until_ms = Some(until_ms);
        }
        self.of.insert(String::from(name), bucket);
        Some((charged, to_store))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(count: u32) -> Charge {
        Charge { least: count, wanted: count, per_minute: 600 }
    }

    #[test]
    fn only_what_an_eviction_would_lose_is_written() {
        let mut buckets = Buckets::default();
        let (_, first) = buckets.charge("a", 100_000.0, &events(100)).unwrap();
        assert_eq!(first, ToStore { until_ms: None, forget_before_ms: Some(100_000.0) });
        let (_, fuller) = buckets.charge("a", 100_000.0, &events(20)).unwrap();
        assert_eq!(fuller.until_ms, Some(112_000.0));
        let (_, little) = buckets.charge("a", 100_000.0, &events(50)).unwrap();
        assert_eq!(little.until_ms, None, "five seconds' worth");
        let (_, more) = buckets.charge("a", 100_000.0, &events(1)).unwrap();
        assert_eq!(more.until_ms, Some(117_100.0));
        let mut again = Buckets::default();
        again.restore("a".into(), 117_100.0);
        let (charged, _) = again.charge("a", 100_000.0, &events(429)).unwrap();
        assert_eq!((charged.granted, charged.allowance.remaining), (429, 0));
    }

    #[test]
    fn buckets_are_apart_bounded_and_swept() {
        let mut buckets = Buckets::default();
        for index in 0..BUCKETS_MAX {
            assert!(buckets.charge(&index.to_string(), 1_000.0, &events(600)).is_some());
        }
        assert!(buckets.charge("late", 1_000.0, &events(1)).is_none());
        assert_eq!(buckets.charge("7", 1_000.0, &events(1)).unwrap().0.granted, 0);
        assert!(buckets.charge("late", 61_001.0, &events(1)).is_some());
        assert_eq!(buckets.of.len(), 1);
    }
}
