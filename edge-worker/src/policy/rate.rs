//! What a caller is told of a rate, and the one bucket behind it.
//!
//! A bucket is one number: until when it is emptied at its rate (the generic cell
//! rate algorithm, ITU-T I.371, with a minute's events as its burst), as at the
//! collector. What was not sent for a minute may be sent at once; a batch that is
//! larger than the limit passes when nothing was sent before it and is paid for
//! afterwards, so that no limit makes a batch impossible.

/// The window of every rate.
pub const WINDOW_MS: f64 = 60_000.0;

/// A millionth of a millisecond: the rounding of the sums.
const EPSILON_MS: f64 = 1e-6;

/// What is told of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Events in a minute.
    pub limit: u32,
    /// Events that may be sent at once.
    pub remaining: u32,
    /// Seconds until the whole limit may be sent at once.
    pub reset_s: u32,
}

impl Allowance {
    /// The rate's headers, as the IETF's draft names them (RateLimit header fields
    /// for HTTP, 06).
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ratelimit-limit", self.limit.to_string()),
            ("ratelimit-remaining", self.remaining.to_string()),
            ("ratelimit-reset", self.reset_s.to_string()),
        ]
    }
}

/// What became of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charged {
    /// Events that may be sent; 0 when the charge was refused.
    pub granted: u32,
    /// What is left of the rate.
    pub allowance: Allowance,
    /// After how many seconds the same charge passes, if nothing else is sent; 0
    /// when it passed.
    pub retry_after_s: u32,
}

/// Events that are charged to a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// At least so many, or none.
    pub least: u32,
    /// As many as this where there is room: a share to spend later.
    pub wanted: u32,
    /// The rate.
    pub per_minute: u32,
}

/// Charges a bucket that is emptied at `until_ms`; returns until when it is then.
pub fn charge(until_ms: f64, now_ms: f64, charge: &Charge) -> (f64, Charged) {
    let one_ms = WINDOW_MS / f64::from(charge.per_minute.max(1));
    let until_ms = until_ms.max(now_ms);
    // `as` saturates: what is overdrawn is no room.
    let room = ((WINDOW_MS - (until_ms - now_ms)) / one_ms + EPSILON_MS) as u32;
    if room < charge.least && until_ms > now_ms {
        let over_ms = until_ms + one_ms * f64::from(charge.least) - now_ms - WINDOW_MS;
        // A batch over the limit passes once the bucket is empty.
        let wait_ms = over_ms.min(until_ms - now_ms);
        let allowance = allowance(charge.per_minute, until_ms, now_ms);
        let retry_after_s = seconds(wait_ms).max(1);
        return (until_ms, Charged { granted: 0, allowance, retry_after_s });
    }
    let granted = charge.wanted.min(room).max(charge.least);
    let then_ms = until_ms + one_ms * f64::from(granted);
    let allowance = allowance(charge.per_minute, then_ms, now_ms);
    (then_ms, Charged { granted, allowance, retry_after_s: 0 })
}

fn allowance(per_minute: u32, until_ms: f64, now_ms: f64) -> Allowance {
    let used_ms = (until_ms - now_ms).max(0.0);
    let one_ms = WINDOW_MS / f64::from(per_minute.max(1));
    Allowance {
        limit: per_minute,
        remaining: ((WINDOW_MS - used_ms) / one_ms + EPSILON_MS) as u32,
        reset_s: seconds(used_ms),
    }
}

fn seconds(ms: f64) -> u32 {
    (ms / 1_000.0).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(count: u32, per_minute: u32) -> Charge {
        Charge { least: count, wanted: count, per_minute }
    }

    #[test]
    fn a_minutes_events_pass_at_once_and_then_as_they_drain() {
        let (until, charged) = charge(0.0, 1_000.0, &events(1_000, 1_000));
        assert_eq!((charged.granted, charged.allowance.remaining), (1_000, 0));
        let (same, refused) = charge(until, 1_000.0, &events(1, 1_000));
        assert_eq!((refused.granted, refused.retry_after_s, same), (0, 1, until));
        assert_eq!(refused.allowance, Allowance { limit: 1_000, remaining: 0, reset_s: 60 });
        let (until, charged) = charge(until, 31_000.0, &events(500, 1_000));
        assert_eq!(charged.granted, 500);
        let (_, refused) = charge(until, 31_000.0, &events(100, 1_000));
        assert_eq!((refused.granted, refused.retry_after_s), (0, 6));
    }

    #[test]
    fn a_batch_over_the_limit_passes_alone() {
        let (until, charged) = charge(0.0, 0.0, &events(500, 10));
        assert_eq!((charged.granted, charged.allowance.remaining), (500, 0));
        let (_, refused) = charge(until, 60_000.0, &events(500, 10));
        assert_eq!((refused.granted, refused.retry_after_s), (0, 2_940), "when it is empty");
        assert_eq!(charge(until, until, &events(500, 10)).1.granted, 500);
    }

    #[test]
    fn a_share_is_as_large_as_there_is_room() {
        let share = Charge { least: 10, wanted: 1_000, per_minute: 1_200 };
        let (until, charged) = charge(0.0, 0.0, &share);
        assert_eq!((charged.granted, charged.allowance.remaining), (1_000, 200));
        let (until, charged) = charge(until, 0.0, &share);
        assert_eq!(charged.granted, 200);
        assert_eq!(charge(until, 0.0, &share).1.granted, 0);
    }
}
