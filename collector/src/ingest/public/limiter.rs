//! How many events a person and a tenant may send in a minute.
//!
//! A bucket is one number: until when it is emptied at its rate (the generic cell
//! rate algorithm, ITU-T I.371, with a minute's events as its burst). What was
//! not sent for a minute may be sent at once; a batch that is larger than the
//! limit passes when nothing was sent before it, and is paid for afterwards, so
//! that no limit makes a batch impossible. In memory, of this process alone.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::limits::RATE_BUCKETS_MAX;
use crate::rate::{Allowance, Limited};

/// The window of every rate.
const WINDOW_MS: f64 = 60_000.0;

/// The buckets of all senders.
#[derive(Debug, Default)]
pub struct Limiter {
    hasher: RandomState,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    /// Until when each is emptied, milliseconds of the monotonic clock. One that is
    /// over is as good as none.
    until_ms: HashMap<u64, f64>,
    swept_at_ms: f64,
}

/// So many events of one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charge {
    pub(super) bucket: u64,
    pub(super) events: u32,
    pub(super) per_minute: u32,
}

impl Limiter {
    /// The bucket of a name in a space of names.
    pub(super) fn bucket(&self, name: &(impl std::hash::Hash + ?Sized)) -> u64 {
        self.hasher.hash_one(name)
    }

    /// Takes every charge, or none of them.
    ///
    /// # Errors
    /// The bucket that has to be waited for longest.
    pub(super) fn take(&self, charges: &[Charge], now_ms: u64) -> Result<Allowance, Limited> {
        // Precise to a millisecond for 285,000 years of uptime.
        let now_ms = now_ms as f64;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut least: Option<Allowance> = None;
        let mut worst: Option<Limited> = None;
        for charge in charges {
            let (then, limited) = buckets.after(charge, now_ms);
            let allowance = allowance(charge.per_minute, then, now_ms);
            if least.is_none_or(|least| allowance.remaining < least.remaining) {
                least = Some(allowance);
            }
            if let Some(limited) = limited
                && worst.is_none_or(|worst| limited.retry_after_s > worst.retry_after_s)
            {
                worst = Some(limited);
            }
        }
        if let Some(limited) = worst {
            return Err(limited);
        }
        for charge in charges {
            let (then, _) = buckets.after(charge, now_ms);
            buckets.put(charge.bucket, then, now_ms);
        }
        Ok(least.unwrap_or(Allowance { limit: u32::MAX, remaining: u32::MAX, reset_s: 0 }))
    }
}

impl Buckets {
    /// Until when the bucket would be emptied after a charge, and why it is refused.
    fn after(&self, charge: &Charge, now_ms: f64) -> (f64, Option<Limited>) {
        let until = self.until_ms.get(&charge.bucket).copied().unwrap_or(now_ms).max(now_ms);
        let one_ms = WINDOW_MS / f64::from(charge.per_minute.max(1));
        let then = until + one_ms * f64::from(charge.events);
        let over_ms = then - now_ms - WINDOW_MS;
        // A millionth of a millisecond is the rounding of the sums.
        if over_ms <= 1e-6 || until <= now_ms {
            return (then, None);
        }
        // A batch over the limit passes once the bucket is empty.
        let wait_ms = over_ms.min(until - now_ms);
        let retry_after_s = seconds(wait_ms).max(1);
        let allowance = allowance(charge.per_minute, until, now_ms);
        (then, Some(Limited { allowance, retry_after_s }))
    }

    fn put(&mut self, bucket: u64, until_ms: f64, now_ms: f64) {
        if self.until_ms.len() >= RATE_BUCKETS_MAX && !self.until_ms.contains_key(&bucket) {
            // At most once a second: it walks all of them.
            if now_ms - self.swept_at_ms >= 1_000.0 {
                self.until_ms.retain(|_, until| *until > now_ms);
                self.swept_at_ms = now_ms;
            }
            // Whoever comes when all are taken is held by the tenant's bucket
            // alone, which was there before.
            if self.until_ms.len() >= RATE_BUCKETS_MAX {
                return;
            }
        }
        self.until_ms.insert(bucket, until_ms);
    }
}

fn allowance(per_minute: u32, until_ms: f64, now_ms: f64) -> Allowance {
    let used_ms = (until_ms - now_ms).max(0.0);
    let one_ms = WINDOW_MS / f64::from(per_minute.max(1));
    Allowance {
        limit: per_minute,
        // `as` saturates: what is overdrawn is none.
        remaining: ((WINDOW_MS - used_ms) / one_ms + 1e-6) as u32,
        reset_s: seconds(used_ms),
    }
}

fn seconds(ms: f64) -> u32 {
    // `as` saturates.
    (ms / 1_000.0).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(bucket: u64, events: u32, per_minute: u32) -> Charge {
        Charge { bucket, events, per_minute }
    }

    #[test]
    fn a_minutes_events_pass_and_then_they_trickle() {
        let limiter = Limiter::default();
        let take = |events, now_ms| limiter.take(&[charge(1, events, 600)], now_ms);
        assert_eq!(take(500, 0).unwrap(), Allowance { limit: 600, remaining: 100, reset_s: 50 });
        assert_eq!(take(100, 0).unwrap().remaining, 0);
        let limited = take(1, 0).unwrap_err();
        assert_eq!(limited.retry_after_s, 1);
        assert_eq!(limited.allowance, Allowance { limit: 600, remaining: 0, reset_s: 60 });
        assert!(take(1, 99).is_err() && take(1, 100).is_ok(), "ten a second");
        assert!(take(10, 1_099).is_err() && take(10, 1_100).is_ok());
        assert_eq!(take(600, 200_000).unwrap().remaining, 0, "no more than a minute's worth");
    }

    #[test]
    fn one_that_waits_as_told_passes() {
        let limiter = Limiter::default();
        for (events, per_minute) in [(100, 1_000), (500, 60), (7, 3), (1_000, 1_000)] {
            let bucket = u64::from(events) << 32 | u64::from(per_minute);
            let charge = [charge(bucket, events, per_minute)];
            let mut now_ms = 0;
            for _ in 0..50 {
                if let Err(limited) = limiter.take(&charge, now_ms) {
                    now_ms += u64::from(limited.retry_after_s) * 1_000;
                    assert!(limiter.take(&charge, now_ms).is_ok(), "{events} of {per_minute}");
                }
            }
        }
    }

    #[test]
    fn all_or_nothing_is_taken() {
        let limiter = Limiter::default();
        limiter.take(&[charge(2, 10, 10)], 0).unwrap();
        let both = [charge(1, 5, 100), charge(2, 1, 10)];
        assert_eq!(limiter.take(&both, 0).unwrap_err().allowance.limit, 10);
        assert_eq!(limiter.take(&[charge(1, 1, 100)], 0).unwrap().remaining, 99);
    }

    #[test]
    fn buckets_are_bounded_and_forgotten() {
        let limiter = Limiter::default();
        for bucket in 0..RATE_BUCKETS_MAX as u64 + 10 {
            limiter.take(&[charge(bucket, 1, 1_000)], 0).unwrap();
        }
        let count = || limiter.buckets.lock().unwrap().until_ms.len();
        assert_eq!(count(), RATE_BUCKETS_MAX);
        limiter.take(&[charge(u64::MAX, 1, 1_000)], 2_000).unwrap();
        assert_eq!(count(), 1);
    }
}
