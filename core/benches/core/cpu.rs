//! Measures the CPU time of the thread instead of the time on the wall: what other
//! programs take of a shared machine is not in it.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use rustix::time::{ClockId, clock_gettime};

/// The CPU time of this thread.
pub struct CpuTime;

fn now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        now()
    }

    fn end(&self, begin: Duration) -> Duration {
        now().saturating_sub(begin)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        // What criterion prints beside a duration is the same for both clocks.
        WallTime.formatter_of()
    }
}

trait Formatter {
    fn formatter_of(&self) -> &'static dyn ValueFormatter;
}

impl Formatter for WallTime {
    fn formatter_of(&self) -> &'static dyn ValueFormatter {
        static WALL: WallTime = WallTime;
        WALL.formatter()
    }
}
