//! Every bound on what a stranger may send, with the reason beside it.
//!
//! A bound is checked before the work that it bounds: size before parsing,
//! depth before recursion, count before allocation.

/// Events in one batch. A page flushes at 100; 500 leaves room for servers.
pub const BATCH_MAX_EVENTS: usize = 500;
/// Bytes of one batch after decompression: 500 events of 1,000 bytes.
pub const BATCH_MAX_BYTES: usize = 500_000;
/// Bytes of one event: the largest catalogue field (32 KB), twice.
pub const EVENT_MAX_BYTES: usize = 64 * 1024;
/// Bytes of one batch on the signed hop: the edge's fields are added there.
pub const HOP_BATCH_MAX_BYTES: usize = 2_000_000;
/// Bytes of one event on the signed hop: half as much again as its own limit.
pub const HOP_EVENT_MAX_BYTES: usize = 96 * 1024;
/// How far a signature's time may be from the collector's: 5 minutes. A replay
/// inside it is harmless, because ids are deduplicated.
pub const HOP_MAX_SKEW_MS: i64 = 300_000;
/// Nested objects and arrays in one event.
pub const JSON_MAX_DEPTH: usize = 64;
/// Members of one object: more is a map, and belongs in an array. It bounds
/// the search for a key that stands twice.
pub const OBJECT_MAX_MEMBERS: usize = 512;
/// Bytes of one attribute string; what is longer is cut at a character.
pub const STRING_MAX_BYTES: usize = 8 * 1024;
/// Bytes of one string whose attribute may be longer than others (a prompt, a stack
/// trace, what a schema's `x-max-bytes` says): half of what an event may have.
pub const LONG_STRING_MAX_BYTES: usize = 32 * 1024;
/// Bytes of an event name.
pub const EVENT_NAME_MAX_BYTES: usize = 128;
/// Bytes of an opaque identifier that a client chose (user_id, batch_id).
pub const ID_MAX_BYTES: usize = 256;
/// Bytes of a URL after its query is gone.
pub const URL_MAX_BYTES: usize = 500;
/// The oldest event that an online path takes, by occurred_at: 7 days.
pub const EVENT_MAX_AGE_MS: i64 = 7 * 24 * 3_600_000;
/// The furthest that an event may lie ahead of received_at: 24 hours.
pub const EVENT_MAX_AHEAD_MS: i64 = 24 * 3_600_000;
/// A clock that is off by less is left alone: it is the network's own time.
pub const SKEW_IGNORED_MS: i64 = 5_000;
/// A clock that is off by more is not believed at all.
pub const SKEW_MAX_MS: i64 = 24 * 3_600_000;
