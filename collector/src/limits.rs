//! Every bound of the service itself, with its arithmetic. The bounds on what
//! an event may hold are [`tidemark_core::limits`].

use std::time::Duration;

use tidemark_core::limits::HOP_BATCH_MAX_BYTES;

/// Connections served at once; further ones wait in the kernel's backlog. Edges
/// keep few connections alive; 1,024 at 128 KiB of buffers each are 128 MiB, where
/// each has sent as much at once, and stay below the usual limit of open files.
pub const MAX_CONNECTIONS: usize = 1024;

/// Ingest calls worked on at once. Each holds its body twice (wire and
/// decompressed) and its entries: 64 × 3 × 2 MB = 384 MB at the very worst. Beyond
/// them the answer is 503 with Retry-After, before anything is read.
pub const MAX_INGEST_IN_FLIGHT: usize = 64;

/// Bytes of an ingest body on the wire, compressed or not.
pub const BODY_MAX_BYTES: usize = HOP_BATCH_MAX_BYTES;

/// How many bytes one compressed byte may become. A batch of 500 clicks of one
/// page becomes 17, one of 500 equal long texts 103, a bomb 1,032.
pub const DECOMPRESSION_MAX_RATIO: usize = 200;

/// Events that one person may send in a minute through a public endpoint, where
/// the site says nothing: ten times what a page of a busy visitor sends.
pub const PERSON_EVENTS_PER_MINUTE: u32 = 1_000;

/// Events that one tenant may send in a minute through the public endpoints of
/// one process, where the tenant says nothing: 10,000 a second.
pub const TENANT_EVENTS_PER_MINUTE: u32 = 600_000;

/// Rates that are held at once: 262,144 of them in a hash table are 8 MB. Whoever
/// comes when all are taken is held by the tenant's rate alone.
pub const RATE_BUCKETS_MAX: usize = 1 << 18;

/// WebSockets open at once: a part of the connections, so that calls have room.
pub const SOCKETS_MAX: usize = MAX_CONNECTIONS / 2;

/// How often a socket is asked whether it is still there.
pub const SOCKET_PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long a socket may be silent: three pings.
pub const SOCKET_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long the other side of a socket may take for an answer.
pub const SOCKET_SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a request's head: a request line, a signature and a few headers. HTTP/1
/// holds it to [`READ_BUFFER_MAX_BYTES`], where it is read together with the body.
pub const HEAD_MAX_BYTES: usize = 64 * 1024;

/// Bytes that are read at once of an HTTP/1 connection: a head and a batch of 100 events
/// of 1 KB, which is then judged where it was read. What is larger is put together.
pub const READ_BUFFER_MAX_BYTES: usize = 128 * 1024;

/// Header lines of a request.
pub const HEADERS_MAX: usize = 64;

/// How long a client may take for a request's head. One that dribbles its
/// headers holds a connection no longer than this.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take for an ingest body: 2 MB at 2 Mbit/s are 8 s.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a refused body that are still read, and thrown away, so that its
/// sender hears the answer: four times what is allowed.
pub const DRAIN_MAX_BYTES: usize = 4 * BODY_MAX_BYTES;

/// How long a refused body is read away.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a reading query may take.
pub const QUERY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long ClickHouse may be silent while it hands out the ids of nine days. It reads
/// two columns of a part at a time.
pub const IDS_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the readiness probe waits for ClickHouse: less than the usual
/// second or two of a prober.
pub const PROBE_TIMEOUT: Duration = Duration::from_millis(900);

/// How long after its connection was closed a statement that was sent may still
/// begin. ClickHouse reads a request as soon as a thread of its pool is free;
/// beyond this the settling of a doubt fences and asks.
pub const FENCE_GRACE: Duration = Duration::from_secs(2);

/// How long the erasure of a person may take in one table: every part that holds
/// one of their rows is rewritten.
pub const ERASE_TIMEOUT: Duration = Duration::from_secs(600);

/// How often an erasure looks whether the writers are where it needs them.
pub const ERASE_POLL_MS: u64 = 10;

/// The pause after a step of an erasure that could not be done. A deletion whose
/// outcome is unknown has then begun or will not ([`FENCE_GRACE`]), and what has begun
/// spares the rows that come later.
pub const ERASE_RETRY_MS: u64 = 2_500;

const _: () = assert!(ERASE_RETRY_MS as u128 > FENCE_GRACE.as_millis());

/// How often an erasure begins again because something was still there: nothing ever
/// is, so that more would hide a mistake.
pub const ERASE_PROOFS_MAX: u32 = 5;

/// What arrives longer than this after it was received comes from a hold that outlived
/// a day, and is asked for in ClickHouse before it is taken: it may have been stored
/// longer ago than the dedupe index remembers.
pub const LATE_AFTER_MS: i64 = 24 * 3_600_000;

/// Where a signed call begins an erasure.
pub const ERASURES_PATH: &str = "/internal/v1/erasures";

/// Where a signed call asks how far one is.
pub const ERASURES_STATUS_PATH: &str = "/internal/v1/erasures/status";

/// Where a signed call has events sent again.
pub const REPLAY_PATH: &str = "/internal/v1/replay";

/// Places of the log or letters that one such call looks at: with 200 KB at the most
/// each, 100 MB at the very worst.
pub const REPLAY_PAGE: usize = 500;

/// Bytes of such a call: an id of some hundred bytes, and room.
pub const ERASURE_BODY_MAX_BYTES: usize = 16 * 1024;

/// Erasures that may wait for their turn; each is a file of a few hundred bytes.
pub const ERASURES_WAITING_MAX: usize = 10_000;

/// How long a connection to ClickHouse may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a block may take, from its first byte to the answer. A block of
/// 50,000 rows takes a quarter of a second of ClickHouse's CPU.
pub const INSERT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a statement that fills a rollup may take.
pub const ROLLUP_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of an answer to such statements: nothing, or an exception's words.
pub const STATEMENT_ANSWER_MAX_BYTES: usize = 64 * 1024;

/// How long a fence waits for a doubted statement to end, before it tries again later.
pub const FENCE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it looks.
pub const FENCE_POLL: Duration = Duration::from_millis(50);

/// How often a writer without work looks for some, when nobody wakes it: it adds
/// at most this to a block's age.
pub const WRITER_POLL: Duration = Duration::from_millis(25);

/// Rows of a block. More make ClickHouse no faster: its cost a row is flat from
/// about 10,000 on. It also keeps a block far from the million at which
/// ClickHouse would cut an insert into two parts.
pub const BLOCK_MAX_ROWS: usize = 50_000;

/// Bytes of a block's records: 10,000 of 800 bytes, from where on a row costs
/// ClickHouse the same in a larger one. Four lanes that drain at once hold a block as
/// it was read, its rows' places, and some 128 KiB of what is being sent: 4 × 9 MiB; a
/// ClickHouse on another machine gets it compressed as a whole, at 4 × 4 MiB more.
pub const BLOCK_MAX_BYTES: usize = 8 * 1024 * 1024;

/// How long a block waits for more after its first entry.
pub const BLOCK_MAX_AGE_MS: u64 = 200;

/// Dead letters of one block, after which its lane waits for a person: so many
/// refusals are a fault of the table or of this program, not of the data.
pub const DEAD_LETTERS_MAX_A_BLOCK: usize = 1_000;

/// Bytes of a lane's file of dead letters. 64 MB hold some 60,000 of them; then
/// the lane waits, until they were replayed or removed.
pub const DEAD_LETTERS_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// How long a lane waits that a person has to look at.
pub const HALT_MS: u64 = 30_000;

/// The first pause after a failed statement; each further failure doubles its
/// bound.
pub const BACKOFF_FIRST_MS: u64 = 100;

/// The longest pause: an outage is noticed to be over within it.
pub const BACKOFF_MAX_MS: u64 = 10_000;

/// Failures in a row, of whichever writer, that open the breaker.
pub const BREAKER_AFTER: u32 = 5;

/// How often a rollup is brought up to date, at most. Each statement costs
/// ClickHouse some milliseconds, however few rows it adds.
pub const ROLLUP_EVERY_MS: u64 = 1_000;

/// Offsets that one statement adds to a rollup: below the million rows at which
/// ClickHouse would cut it into two parts, as a group has a row at least.
pub const ROLLUP_MAX_OFFSETS: u64 = 500_000;

/// The longest that any request may take: body, then the log's group commit or a
/// question to ClickHouse, and a margin for a slow disk, so that the inner
/// time-outs speak first and say what was slow.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(40);

/// How long requests in flight may finish after a stop was asked for.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

/// How long a stop waits for what is acknowledged to be in ClickHouse as well, when
/// it answers: a block's age and one insert. What is not there by then is in the
/// log, and goes on at the next start.
pub const DRAIN_GRACE: Duration = Duration::from_secs(5);

/// How long a stop waits for a statement under way.
pub const WRITERS_GRACE: Duration = Duration::from_secs(10);

/// How often the writers are told of new entries, at most: under load their own
/// clock closes the blocks, so that more would only cost threads their sleep.
pub const WAKE_PAUSE: Duration = Duration::from_millis(20);

/// Seconds that a refused sender is told to wait: longer than a group commit on a
/// slow disk and than a restart on one machine, shorter than a person's patience.
pub const RETRY_AFTER_SECS: u64 = 5;

/// How often a running collector asks whether sites or keys have changed, which
/// is one row of one table: a revoked key ends within this.
pub const SITES_REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// How often it is noted when keys were last used: a write a minute, not a call.
pub const KEY_USE_INTERVAL: Duration = Duration::from_secs(60);

/// How often the folder of schemas is looked at: a listing of a few hundred files, and
/// no longer than a person waits who has just registered one.
pub const SCHEMAS_POLL: Duration = Duration::from_secs(2);

/// How long to wait before the migrations are tried again, while ClickHouse is away.
pub const MIGRATION_RETRY: Duration = Duration::from_secs(1);

/// How long to wait after the database and this program were found not to go together:
/// a person has to act, and is told again this often.
pub const MIGRATION_REFUSED_RETRY: Duration = Duration::from_secs(10);

const _: () = assert!(
    REQUEST_TIMEOUT.as_secs()
        > BODY_TIMEOUT.as_secs() + QUERY_TIMEOUT.as_secs() + DRAIN_TIMEOUT.as_secs()
);
