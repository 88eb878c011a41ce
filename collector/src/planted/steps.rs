//! Named steps at which a test stops the process, to kill it or what it speaks to.
//!
//! A step stands where a promise is between two of its halves: before and after
//! an fsync, a plan's write, a statement. In builds with the feature `planted`
//! the file that `TIDEMARK_STOP_AT` names holds the name of one step; the first
//! thread to reach it removes the file and stops the whole process (SIGSTOP), and
//! whoever wrote the file finds it stopped. Elsewhere [`reached`] is nothing.

/// A place where the process may be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A group is judged and nothing of it is written.
    LogWrite,
    /// All lanes of a group are written and none is synced.
    LogSync,
    /// One lane of a group is synced, others may not be.
    LogLaneSynced,
    /// A group is durable and nobody knows.
    LogSynced,
    /// A group is published and no sender was answered.
    LogAnswer,
    /// A restart has read the log, and nothing is served yet.
    LogOpened,
    /// The index is about to be written down.
    LogSnapshot,
    /// A plan is about to be written.
    PlanWrite,
    /// A plan is durable.
    PlanWritten,
    /// A block is about to be sent.
    BlockSend,
    /// ClickHouse has answered a block.
    BlockSent,
    /// A doubted block is about to be fenced.
    BlockFence,
    /// A fenced block is about to be counted.
    BlockProbe,
    /// All pieces of a block are settled.
    BlockCommit,
    /// A rollup's statement is about to be sent.
    RollupSend,
    /// ClickHouse has answered a rollup's statement.
    RollupSent,
    /// A rollup's watermark is about to be asked for.
    RollupAsk,
    /// A statement of a migration is about to be sent.
    Migrate,
}

impl Stop {
    /// The name that a test writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogWrite => "log.write",
            Self::LogSync => "log.sync",
            Self::LogLaneSynced => "log.lane_synced",
            Self::LogSynced => "log.synced",
            Self::LogAnswer => "log.answer",
            Self::LogOpened => "log.opened",
            Self::LogSnapshot => "log.snapshot",
            Self::PlanWrite => "plan.write",
            Self::PlanWritten => "plan.written",
            Self::BlockSend => "block.send",
            Self::BlockSent => "block.sent",
            Self::BlockFence => "block.fence",
            Self::BlockProbe => "block.probe",
            Self::BlockCommit => "block.commit",
            Self::RollupSend => "rollup.send",
            Self::RollupSent => "rollup.sent",
            Self::RollupAsk => "rollup.ask",
            Self::Migrate => "migrate.statement",
        }
    }
}

/// Says that a step is reached; here nothing comes of it.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn reached(_stop: Stop) {}

/// Stops the process when a test asked for this step, at the visit that it named:
/// `block.send`, or `block.send 3` for the third.
#[cfg(feature = "planted")]
pub fn reached(stop: Stop) {
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};

    static ASKED: OnceLock<Option<PathBuf>> = OnceLock::new();
    static VISITS: AtomicU32 = AtomicU32::new(0);
    let asked = ASKED.get_or_init(|| std::env::var_os("TIDEMARK_STOP_AT").map(PathBuf::from));
    let Some(file) = asked else { return };
    let Ok(text) = std::fs::read_to_string(file) else { return };
    let mut words = text.split_whitespace();
    if words.next() != Some(stop.name()) {
        return;
    }
    let visit = words.next().and_then(|visit| visit.parse().ok()).unwrap_or(1);
    if VISITS.fetch_add(1, Ordering::SeqCst) + 1 < visit {
        return;
    }
    VISITS.store(0, Ordering::SeqCst);
    // Of several threads one stops it: the one that removes the file.
    if std::fs::remove_file(file).is_ok() && kill_process(getpid(), Signal::STOP).is_ok() {
        // The signal is the process's; this thread may run for a moment before
        // it takes effect, and must not get anywhere in it.
        std::thread::sleep(Duration::from_millis(20));
    }
}
