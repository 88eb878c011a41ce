//! The log's own bounds, with their arithmetic.

/// Bytes of one entry's payload. An event is at most 96 KB on the signed hop;
/// its record adds columns and defaults, well below as much again.
pub const PAYLOAD_MAX_BYTES: usize = 256 * 1024;

/// Lanes of a log. Each costs a file, and one fsync a group that touches it.
pub const LANES_MAX: u16 = 256;

/// Lanes of a new log.
pub const LANES_DEFAULT: u16 = 4;
