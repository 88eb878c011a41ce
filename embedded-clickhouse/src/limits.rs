//! Every bound of the process, by name, with the reason beside it.
//!
//! Nothing here is a setting: a bound that an operator should turn is a flag
//! (see `args`). Memory for one request is at most about
//! `MAX_QUERY_BYTES + HEAD_BYTES + FEED_DEPTH × FEED_CHUNK_BYTES` in the front,
//! plus what the engine takes for the query.

use std::time::Duration;

/// Queries that run at once. Each holds one thread while it runs, and two
/// cores gain nothing from more; the rest wait in line.
pub(crate) const MAX_RUNNING: usize = 64;

/// How long a query waits for its turn before it is refused with code 202.
/// Shorter than the timeout of any client, so that the refusal is heard.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(10);

/// Open connections. Each costs a task and one read buffer, so 1,024 of them
/// stay under 300 MB even when every one sends the longest headers.
pub(crate) const MAX_CONNECTIONS: usize = 1_024;

/// Request line and headers together. The URL in it can be at most 65,534
/// bytes (the bound of hyper's URI type); longer queries go in the body.
pub(crate) const MAX_HEADER_BYTES: usize = 256 * 1024;

/// Time for a client to finish its headers, against connections that stall.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Length of a query_id. It is repeated in a header, a setting and a log line.
pub(crate) const MAX_QUERY_ID_BYTES: usize = 1_024;

/// Sessions that are open at once. An idle one holds about 0.1 MB in the engine
/// and what its temporary tables hold.
pub(crate) const MAX_SESSIONS: usize = 1_024;

/// Life of an idle session whose request names none, and the longest that may be
/// named: `default_session_timeout` and `max_session_timeout` of the server.
pub(crate) const DEFAULT_SESSION_TIMEOUT: Duration = Duration::from_secs(60);
pub(crate) const MAX_SESSION_TIMEOUT: Duration = Duration::from_secs(3_600);

/// How often sessions whose time is over are looked for.
pub(crate) const SESSION_SWEEP: Duration = Duration::from_secs(1);

/// Length of a session_id, as of a query_id.
pub(crate) const MAX_SESSION_ID_BYTES: usize = 1_024;

/// How long `replace_running_query=1` waits for the query that it replaces: the
/// default of the server's `replace_running_query_max_wait_ms`.
pub(crate) const REPLACE_WAIT: Duration = Duration::from_secs(5);

/// Query text that is not INSERT data. ClickHouse's own `max_query_size` is
/// 256 KiB by default; this leaves room for callers that raise it.
pub(crate) const MAX_QUERY_BYTES: usize = 16 * 1024 * 1024;

/// How far into a body the INSERT statement must end and its data begin;
/// the same number as ClickHouse's default `max_query_size`.
pub(crate) const MAX_INSERT_HEAD_BYTES: usize = 256 * 1024;

/// Result bytes that are held back before the status line is sent, so that an
/// early failure still gets its own status. ClickHouse holds back as much.
pub(crate) const HEAD_BYTES: usize = 1024 * 1024;

/// The same for `wait_end_of_query=1`: what is beyond `HEAD_BYTES` goes to a file
/// in the data directory, as on the server. A larger result is refused, so that no
/// query fills the disk that the tables are on.
pub(crate) const HOLD_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Result chunks between the engine and the socket: 8 × 64 KiB (a full pipe).
pub(crate) const RESULT_DEPTH: usize = 8;

/// The most that one read of the engine's pipe takes; a Linux pipe holds 64 KiB.
pub(crate) const RESULT_CHUNK_BYTES: usize = 64 * 1024;

/// INSERT chunks between the socket and the engine.
pub(crate) const FEED_DEPTH: usize = 4;

/// The largest chunk handed to the engine, whose own queue holds 16 of them:
/// 16 MiB an INSERT.
pub(crate) const FEED_CHUNK_BYTES: usize = 1024 * 1024;

/// Uncompressed bytes of one block in ClickHouse's framing. The official
/// clients write 256 KiB to 1 MiB, the server itself up to 1 MiB a block, and
/// wide rows more; a header that claims more is refused before memory is taken.
pub(crate) const MAX_BLOCK_BYTES: usize = 128 * 1024 * 1024;

/// Uncompressed bytes of one block that the front writes (ClickHouse's size).
pub(crate) const OUT_BLOCK_BYTES: usize = 1024 * 1024;

/// Bytes that come out of a content coding at once. A body may unpack to a
/// thousand times its size; what is in memory of it is one such piece.
pub(crate) const UNPACKED_CHUNK_BYTES: usize = 256 * 1024;

/// The largest window of a zstd body, 8 MiB: what RFC 9659 lets a sender of the
/// content coding expect. Every decoder holds one.
pub(crate) const ZSTD_WINDOW_LOG: u32 = 23;

/// What is still read of a body after its INSERT has failed, so that a client
/// that only listens once it has sent everything hears the answer.
pub(crate) const DRAIN_BYTES: usize = 64 * 1024 * 1024;

/// Time for that.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long a client may take nothing of a result, or send nothing of a body,
/// before its query is ended: stalled clients must not hold all the places. Ten
/// times the server's own timeouts, because a debugger on either side is common.
pub(crate) const STALL_TIME: Duration = Duration::from_secs(300);

/// First and longest pause between two attempts to end one query: a query that
/// is registered but has not reached the engine yet is met by a later attempt.
pub(crate) const KILL_RETRY: (Duration, Duration) =
    (Duration::from_millis(20), Duration::from_millis(500));

/// Time for running queries to end when the process stops.
pub(crate) const SHUTDOWN_TIME: Duration = Duration::from_secs(10);

/// Time for clients to take what is left of their answers after that.
pub(crate) const CLOSE_TIME: Duration = Duration::from_secs(2);

/// Time for the engine's threads to end. With MergeTree tables chDB 26.7 never
/// stops all of them, so waiting longer gains nothing.
pub(crate) const ENGINE_STOP_TIME: Duration = Duration::from_millis(300);
