//! What a test makes of the machine: a clock that jumps, a disk that is slow.
//!
//! In builds with the feature `planted` two variables of the environment name
//! files, which are read at each use, so that a test changes them while the
//! process runs. Elsewhere both are nothing at compile time.

/// Milliseconds that the wall clock is wrong by: the file of `TIDEMARK_CLOCK_SHIFT_MS`.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn clock_shift_ms() -> i64 {
    0
}

/// Waits as long as the file of `TIDEMARK_SYNC_DELAY_MS` says, before each fsync.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn slow_sync() {}

#[cfg(feature = "planted")]
pub use planted::{clock_shift_ms, slow_sync};

#[cfg(feature = "planted")]
mod planted {
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::time::Duration;

    fn number(slot: &OnceLock<Option<PathBuf>>, variable: &str) -> i64 {
        let file = slot.get_or_init(|| std::env::var_os(variable).map(PathBuf::from));
        let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Milliseconds that the wall clock is wrong by.
    pub fn clock_shift_ms() -> i64 {
        static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
        number(&FILE, "TIDEMARK_CLOCK_SHIFT_MS")
    }

    /// Waits before an fsync, where a test says so.
    pub fn slow_sync() {
        static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
        if let Ok(ms @ 1..) = u64::try_from(number(&FILE, "TIDEMARK_SYNC_DELAY_MS")) {
            std::thread::sleep(Duration::from_millis(ms));
        }
    }
}
