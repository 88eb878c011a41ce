//! Whether a group of the group commit waits for company.
//!
//! Owns that one decision: from how many batches came lately, how many the group before
//! had, and whether one is being judged at that moment. Under load a little patience has an
//! fsync serve many batches. Where little comes it serves one either way, and whoever waits
//! is only answered later.
//!
//! What always holds: where less than one batch more is to be expected within [`GATHER`],
//! a group is synced at once, and company gathers while it is; nobody waits for longer.
//! Deliberately absent: the queue, the thread, and a clock.

use std::time::Duration;

/// How long a group waits at most for batches that are being judged, and for as many as
/// the group before had. Judging one takes some 0.2 ms of a core, so that eight senders
/// on two cores are back after 2 to 3; an fsync of each lane takes as much of a core as
/// judging a batch, and serves all that came.
const GATHER: Duration = Duration::from_millis(4);

/// How soon it looks first whether they have come, and how long it waits between two
/// looks at most: each wait is twice the one before. Nobody need wake it for each batch,
/// and a look costs some microseconds.
const LOOK: (Duration, Duration) = (Duration::from_micros(250), Duration::from_millis(1));

/// Groups over which is reckoned what comes: the weight of one is a part in so many.
const GROUPS: u64 = 8;

/// What the time since the group before counts for at most, so that a long rest is
/// forgotten within some 20 groups once much comes.
const REST: Duration = Duration::from_millis(32);

/// A batch, in the parts that batches are reckoned in: means are no whole numbers.
const BATCH: u64 = 1 << 10;

/// What came lately.
#[derive(Debug)]
pub(super) struct Company {
    /// Batches of the groups lately, in parts of [`BATCH`], and the microseconds in which
    /// they came: each is [`GROUPS`] times its mean, and of the same groups.
    batches: u64,
    micros: u64,
    /// How many the last group had. One that waited in vain for as many is smaller, and the
    /// next one waits for fewer.
    before: usize,
}

impl Company {
    /// Of a log that nothing came to yet.
    pub const fn new() -> Self {
        Self { batches: 0, micros: GROUPS * micros(REST), before: 0 }
    }

    /// How long to wait before the queue is looked at again, for a group that has
    /// `batches`, has waited for `waited`, and has looked `looks` times; none when it is to
    /// be synced. `is_announced` says that a batch is being judged.
    pub fn pause(
        &self,
        batches: usize,
        is_announced: bool,
        waited: Duration,
        looks: u32,
    ) -> Option<Duration> {
        let may_come = is_announced || batches < self.before;
        let waits = may_come && waited < GATHER && self.is_to_be_expected();
        waits.then(|| LOOK.0.saturating_mul(1 << looks.min(8)).min(LOOK.1))
    }

    /// A group is complete: it has `batches`, and `since` has passed since the one before was.
    pub fn complete(&mut self, batches: usize, since: Duration) {
        self.before = batches;
        self.batches = self.batches - self.batches / GROUPS + batches as u64 * BATCH;
        self.micros = self.micros - self.micros / GROUPS + micros(since.min(REST));
    }

    /// Whether another batch is to be expected within [`GATHER`].
    const fn is_to_be_expected(&self) -> bool {
        self.batches * micros(GATHER) >= self.micros * BATCH
    }
}

/// A short time in microseconds.
const fn micros(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + time.subsec_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(time: u64) -> u64 {
        time * 1000
    }

    /// A committer in a time of its own, in microseconds: senders' batches arrive in the
    /// order of their times, and groups are made of them by [`Company`].
    struct Committer {
        company: Company,
        now: u64,
        completed: u64,
        arrivals: Vec<u64>,
    }

    impl Committer {
        fn new(arrivals: impl IntoIterator<Item = u64>) -> Self {
            let arrivals = arrivals.into_iter().collect();
            Self { company: Company::new(), now: 0, completed: 0, arrivals }
        }

        fn take(&mut self) -> usize {
            let before = self.arrivals.len();
            let now = self.now;
            self.arrivals.retain(|at| *at > now);
            before - self.arrivals.len()
        }

        /// Makes one group: how many batches it has, and how long it waited for company.
        fn group(&mut self, is_announced: bool, sync: u64) -> (usize, u64) {
            let first = self.arrivals.iter().min().copied().unwrap_or(self.now);
            self.now = self.now.max(first);
            let begun = self.now;
            let mut batches = self.take();
            let mut looks = 0;
            let waited = |now: u64| Duration::from_micros(now - begun);
            while let Some(pause) =
                self.company.pause(batches, is_announced, waited(self.now), looks)
            {
                self.now += micros(pause);
                let more = self.take();
                looks = if more > 0 { 0 } else { looks + 1 };
                batches += more;
            }
            let since = Duration::from_micros(self.now - self.completed);
            self.company.complete(batches, since);
            self.completed = self.now;
            let waited = self.now - begun;
            self.now += sync;
            (batches, waited)
        }
    }

    /// Eight senders, each back one after the other once they are answered.
    #[test]
    fn senders_that_come_again_are_synced_together() {
        let senders = || (1..=8).map(|sender| 300 * sender);
        let mut committer = Committer::new(senders());
        let mut sizes = Vec::new();
        for _ in 0..100 {
            let (batches, waited) = committer.group(!committer.arrivals.is_empty(), ms(1));
            assert!(waited <= micros(GATHER) + micros(LOOK.1), "{waited}");
            let now = committer.now;
            committer.arrivals.extend(senders().take(batches).map(|after| now + after));
            sizes.push(batches);
        }
        let late: usize = sizes[50..].iter().sum();
        assert!(late >= 50 * 7, "{sizes:?}");
    }

    /// Fifty batches a second, and a disk that now and then takes as long as four of them
    /// need to arrive: those are synced together, and nobody waits for as many again.
    #[test]
    fn nobody_waits_where_little_comes() {
        for is_announced in [false, true] {
            let mut committer = Committer::new((1..=500).map(|batch| ms(20) * batch));
            let mut together = 0;
            for group in 0.. {
                if committer.arrivals.is_empty() {
                    break;
                }
                let sync = if group % 10 == 9 { ms(85) } else { ms(1) };
                let (batches, waited) = committer.group(is_announced, sync);
                assert_eq!(waited, 0, "group {group} of {batches}");
                together = together.max(batches);
            }
            assert_eq!(together, 4);
        }
    }

    /// After an hour without a batch those that come in numbers are waited for again.
    #[test]
    fn a_long_rest_is_forgotten() {
        let mut company = Company::new();
        for _ in 0..100 {
            company.complete(4, Duration::from_millis(3));
        }
        assert!(company.pause(1, false, Duration::ZERO, 0).is_some());
        company.complete(1, Duration::from_secs(3600));
        let mut groups = 0;
        while company.pause(3, false, Duration::ZERO, 0).is_none() {
            company.complete(4, Duration::from_millis(3));
            groups += 1;
            assert!(groups <= 20);
        }
    }

    #[test]
    fn a_wait_ends() {
        let mut company = Company::new();
        for _ in 0..100 {
            company.complete(4, Duration::from_millis(3));
        }
        let pause = |waited, looks| company.pause(1, true, waited, looks);
        assert_eq!(pause(Duration::ZERO, 0), Some(LOOK.0));
        assert_eq!(pause(Duration::ZERO, 1), Some(2 * LOOK.0));
        assert_eq!(pause(Duration::ZERO, u32::MAX), Some(LOOK.1));
        assert_eq!(pause(GATHER, 0), None);
        assert_eq!(company.pause(4, false, Duration::ZERO, 0), None);
    }
}
