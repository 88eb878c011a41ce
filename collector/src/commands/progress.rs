//! How far a command is, on standard error: one line that is written over at a
//! terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often a terminal's line is written anew.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);

/// How often a line is added to a log.
const LOG_INTERVAL: Duration = Duration::from_secs(30);

/// Characters of the bar.
const BAR_CHARS: u64 = 24;

/// How far a command is.
pub(super) struct Progress {
    begun: Instant,
    told: Instant,
    is_terminal: bool,
    quiet: bool,
}

impl Progress {
    /// Begins; `quiet` tells nothing at all.
    pub(super) fn new(quiet: bool) -> Self {
        let now = Instant::now();
        Self { begun: now, told: now, is_terminal: io::stderr().is_terminal(), quiet }
    }

    /// Tells, when it is time again.
    pub(super) fn tell(&mut self, line: impl FnOnce(Duration) -> String) {
        let interval = if self.is_terminal { TERMINAL_INTERVAL } else { LOG_INTERVAL };
        if self.quiet || self.told.elapsed() < interval {
            return;
        }
        self.told = Instant::now();
        let line = line(self.begun.elapsed());
        let mut out = io::stderr().lock();
        // Nobody is left to be told that standard error has gone.
        let _ = if self.is_terminal {
            write!(out, "\r\x1b[2K{line}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{line}")
        };
    }

    /// Clears the terminal's line, and says a last one.
    pub(super) fn end(self, line: impl FnOnce(Duration) -> String) {
        let mut out = io::stderr().lock();
        if self.is_terminal && !self.quiet {
            let _ = write!(out, "\r\x1b[2K");
        }
        if !self.quiet {
            let _ = writeln!(out, "{}", line(self.begun.elapsed()));
        }
    }
}

/// `[=====>      ]  42 %`.
pub(super) fn bar(done: u64, total: u64) -> String {
    let done = done.min(total);
    let (filled, percent) = match total {
        0 => (BAR_CHARS, 100),
        _ => (
            (u128::from(done) * u128::from(BAR_CHARS) / u128::from(total)) as u64,
            u128::from(done) * 100 / u128::from(total),
        ),
    };
    let text: String = (0..BAR_CHARS)
        .map(|at| match at.cmp(&filled) {
            std::cmp::Ordering::Less => '=',
            std::cmp::Ordering::Equal => '>',
            std::cmp::Ordering::Greater => ' ',
        })
        .collect();
    format!("[{text}] {percent:3} %")
}

/// Bytes for people: `12.3 MB`.
pub(super) fn bytes(count: u64) -> String {
    for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] {
        if count as f64 >= size {
            return format!("{:.1} {unit}", count as f64 / size);
        }
    }
    format!("{count} B")
}

/// So many a second.
pub(super) fn rate(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_and_never_overflows() {
        assert_eq!(bar(0, 10), format!("[>{}]   0 %", " ".repeat(23)));
        assert_eq!(bar(5, 10), format!("[{}>{}]  50 %", "=".repeat(12), " ".repeat(11)));
        for full in [bar(10, 10), bar(11, 10), bar(0, 0), bar(u64::MAX, u64::MAX)] {
            assert_eq!(full, format!("[{}] 100 %", "=".repeat(24)));
        }
    }

    #[test]
    fn bytes_for_people() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(12_345_678), "12.3 MB");
    }
}
