//! The log's own bounds, with their arithmetic.

use super::frame::BLOCK_BYTES;
use crate::dedupe::IndexLimits;

/// Bytes of one entry's payload. An event is at most 96 KB on the signed hop;
/// its record adds columns and defaults, well below as much again.
pub const PAYLOAD_MAX_BYTES: usize = 256 * 1024;

/// Entries of one appended batch: the public bound of 500 and what a hop adds.
pub const BATCH_MAX_ENTRIES: usize = 1000;

/// Bytes of the payloads of one batch. A batch is 2 MB on the hop; four times
/// that covers what records add.
pub const BATCH_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Entries of one group commit. It also bounds the offsets that one unsynced
/// write can have used, which is what a repair leaves unused.
pub const GROUP_MAX_ENTRIES: usize = 16 * 1024;

/// Bytes of the payloads of one group commit, reached by the last batch taken:
/// at 768 bytes an event 10,000 of them, at 50,000 events/s a fifth of a second.
pub const GROUP_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Batches that wait for the committer. Each has a sender who waits as well; at
/// 5 ms a group they are gone in one or two.
pub const QUEUE_MAX_BATCHES: usize = 1024;

/// Bytes of payloads that wait for the committer: eight groups.
pub const QUEUE_MAX_BYTES: usize = 8 * GROUP_MAX_BYTES;

/// Bytes of a frame at most: a group of one lane, with its ids and heads, and filled up.
pub const FRAME_MAX_BYTES: usize =
    GROUP_MAX_BYTES + BATCH_MAX_BYTES + (GROUP_MAX_ENTRIES + BATCH_MAX_ENTRIES) * 64 + BLOCK_BYTES;

/// Offsets that a repair skips, so that none of a torn write is given again.
pub const REPAIR_GAP: u64 = (GROUP_MAX_ENTRIES + BATCH_MAX_ENTRIES) as u64;

/// Bytes of frames that all lanes together keep in memory for their readers. At 50,000
/// events a second of 600 bytes they are what two seconds bring: a block's 200 ms, its
/// insert, and a ClickHouse that is behind for a moment; what no longer fits is read back
/// from the disk, which costs an event 0.3 µs.
pub const TAIL_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Lanes of a log. Each costs a file, and one fsync a group that touches it.
pub const LANES_MAX: u16 = 256;

/// Lanes of a new log at most, where nobody says how many: fewer on a machine of fewer
/// processors, because lanes are what is done side by side, and each costs every group
/// commit an fsync.
pub const LANES_DEFAULT: u16 = 4;

/// Files that are kept aside at most. A disk that damages more is to be replaced.
pub const QUARANTINE_MAX_FILES: usize = 64;

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// How large a log may become, and how long it keeps what was released.
#[derive(Clone, Debug)]
pub struct LogLimits {
    /// A segment takes no further frame beyond so many bytes; it may be over by one frame.
    pub segment_max_bytes: u64,
    /// A segment takes no further frame beyond that age, so that retention by age can work.
    pub segment_max_age_ms: i64,
    /// Frames of so many bytes of payloads end where a block of the disk does, so that the
    /// next is written in whole blocks: at 32 KB zeros are a sixteenth of them. Smaller
    /// ones, as where little comes, would mostly be zeros.
    pub fill_block_from_bytes: usize,
    /// Bytes that ClickHouse has not taken, by whole segments; beyond them the
    /// answer is 503. 16 GiB are 20 million events of 800 bytes: 6 minutes at
    /// 50,000/s, an hour at 5,000/s.
    pub unsent_max_bytes: u64,
    /// Free bytes of the disk below which nothing more is taken: room for what
    /// is under way (a group, a run of the index, ClickHouse's parts beside it).
    pub disk_reserve_bytes: u64,
    /// Bytes of released segments that are kept, oldest removed first.
    pub retain_max_bytes: u64,
    /// Age beyond which a released segment is removed.
    pub retain_max_ms: i64,
    /// How often the disk's free space is asked.
    pub free_poll_ms: u64,
    /// How long the index's background work rests after the disk failed it.
    pub rest_after_failure_ms: u64,
    /// The index's own bounds.
    pub index: IndexLimits,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            segment_max_bytes: 64 * 1024 * 1024,
            segment_max_age_ms: 6 * HOUR_MS,
            fill_block_from_bytes: 32 * 1024,
            unsent_max_bytes: 16 * 1024 * 1024 * 1024,
            disk_reserve_bytes: 512 * 1024 * 1024,
            retain_max_bytes: 4 * 1024 * 1024 * 1024,
            retain_max_ms: 24 * HOUR_MS,
            free_poll_ms: 200,
            rest_after_failure_ms: 1000,
            index: IndexLimits::default(),
        }
    }
}
