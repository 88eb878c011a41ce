//! Wires the durable path: the log on this process's disk, its one committer, and
//! the writers that carry it into ClickHouse.
//!
//! Start: take the data directory → bring the log back → commit and accept, while
//! the writers wait for the tables. Stop: no more batches → finish the queue and
//! write the index down → let the writers drain while ClickHouse answers → end. A
//! kill at any point loses nothing of it: what was acknowledged is in the log, and
//! what was sent is in the lanes' plans.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use uuid::Uuid;

use super::ServeError;
use super::preload::preload;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::disk::{Disk, RealDisk, TimedDisk};
use crate::limits::{DRAIN_GRACE, FENCE_GRACE, WAKE_PAUSE, WRITERS_GRACE};
use crate::log::append::EventLog;
use crate::log::erased::ErasedPeople;
use crate::log::limits::LANES_DEFAULT;
use crate::log::{Committer, LocalReader, LogCore, LogOptions, LogReader, Recovery};
use crate::metrics::{LogSnapshot, Metrics};
use crate::process::erase::{self, Resting as _};
use crate::process::{self, WriterOptions, Writers, replay};
use crate::store::{ClickHouse, Observed, SchemaGate, Statements};

/// How long the waker sleeps at most when nothing comes, to see a stop.
const WAKER_TICK: Duration = Duration::from_millis(500);

/// How often a stop looks whether the writers have drained.
const DRAIN_POLL: Duration = Duration::from_millis(5);

/// The durable path of this process.
pub(super) struct Durable {
    committer: Arc<Committer>,
    reader: LocalReader,
    writers: Arc<Writers>,
    gate: Arc<SchemaGate>,
    waker: Waker,
    erased: Arc<ErasedPeople>,
    erasures: Arc<erase::Service>,
    disk: Arc<dyn Disk>,
}

impl Durable {
    /// Opens the log and starts the threads; blocking, so not for an async thread.
    /// `runtime` does the statements' I/O. With `log_was_lost` a log that has to be made
    /// takes nothing before it knows the ids of the one that it stands in for.
    ///
    /// # Errors
    /// [`ServeError`]: the directory is another process's, the log is of a newer
    /// release or damaged, a lane's plan does not go with it, or the disk fails.
    pub(super) fn open(
        config: &Config,
        gate: &Arc<SchemaGate>,
        metrics: &Arc<Metrics>,
        runtime: Handle,
        log_was_lost: bool,
    ) -> Result<Self, ServeError> {
        let data_dir = |source| ServeError::DataDir { path: config.data.dir.clone(), source };
        let timed = Arc::clone(metrics);
        let disk = RealDisk::open(&config.data.dir).map_err(data_dir)?;
        let disk: Arc<dyn Disk> =
            Arc::new(TimedDisk::new(disk, move |took: Duration| timed.synced(took)));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let options = LogOptions {
            preload_if_new: log_was_lost,
            lanes_if_new: lanes_if_new(),
            ..LogOptions::events_raw(random_id()?, random()?)
        };
        let (core, recovery) = LogCore::open(Arc::clone(&disk), Arc::clone(&clock), &options)?;
        let erased = Arc::new(ErasedPeople::open(&*disk, random()?)?);
        let committer = Arc::new(Committer::start(core).map_err(ServeError::Thread)?);
        let reader = committer.reader();
        told(&reader, &recovery);
        if recovery.wants_preload {
            let store = ClickHouse::new(&config.clickhouse);
            runtime.spawn(preload(store, Arc::clone(gate), Arc::clone(&committer)));
        }

        let statements = Statements::new(&config.clickhouse, runtime.clone(), Arc::clone(gate));
        let store = Observed::new(statements, Arc::clone(metrics), Arc::clone(&clock));
        let parts = process::Parts {
            log: Arc::new(reader.clone()),
            disk,
            store: Arc::new(store),
            clock,
            gate: Arc::clone(gate),
            options: WriterOptions::default(),
        };
        if erase::are_under_way(&*parts.disk)? {
            thread::sleep(FENCE_GRACE);
        }
        let writers = Arc::new(process::spawn(&parts, u64::from_le_bytes(random()?))?);
        let erasures = erase::Service::start(erase::service::Parts {
            log: Arc::new(reader.clone()),
            committer: Arc::clone(&committer),
            people: Arc::clone(&erased),
            writers: Arc::new(writers.resting()),
            store: Arc::new(Statements::new(&config.clickhouse, runtime, Arc::clone(gate))),
            disk: Arc::clone(&parts.disk),
            clock: parts.clock,
        })?;
        let waker =
            Waker::start(reader.clone(), Arc::clone(&writers)).map_err(ServeError::Thread)?;
        Ok(Self {
            committer,
            reader,
            writers,
            gate: Arc::clone(gate),
            waker,
            erased,
            erasures: Arc::new(erasures),
            disk: parts.disk,
        })
    }

    /// What ingest appends to.
    pub(super) fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.committer) as _
    }

    /// Whose events are not taken.
    pub(super) fn erased(&self) -> Arc<ErasedPeople> {
        Arc::clone(&self.erased)
    }

    /// What a replay reads.
    pub(super) fn replay(&self) -> replay::Source {
        replay::Source {
            log: Arc::new(self.reader.clone()),
            disk: Arc::clone(&self.disk),
            people: Arc::clone(&self.erased),
            writers: Arc::new(self.writers.resting()),
            marking: Arc::default(),
        }
    }

    /// Who erases.
    pub(super) fn erasures(&self) -> Arc<erase::Service> {
        Arc::clone(&self.erasures)
    }

    /// Why nothing new is taken; `None` while it is.
    pub(super) fn refuses(&self) -> Option<&'static str> {
        if self.committer.is_running() {
            self.reader.stats().refuses().map(crate::log::Refuses::code)
        } else {
            Some("log_closed")
        }
    }

    /// Shows the metrics where everything stands now.
    pub(super) fn observe(&self, metrics: &Metrics) {
        metrics.writers(&self.writers.snapshot(&self.reader));
        metrics.erasures(self.erasures.unfinished());
        let stats = self.reader.stats();
        metrics.log(&LogSnapshot {
            stored: stats.stored.get(),
            duplicates: stats.duplicates.get(),
            bytes: stats.bytes.get(),
            groups: stats.groups.get(),
            failed_groups: stats.failed_groups.get(),
            refused_full: stats.refused_full.get(),
            failed_steps: stats.failed_steps.get(),
            damaged_entries: stats.damaged_entries.get(),
            torn_tails: stats.torn_tails.get(),
            erased: stats.erased.get(),
            removed_segments: stats.removed_segments.get(),
            unsent_bytes: stats.unsent_bytes.get(),
            log_bytes: stats.log_bytes.get(),
            ids: stats.ids.get(),
            id_bytes: stats.id_bytes.get(),
            spilled_ids: stats.spilled_ids.get(),
            filter_bytes: stats.filter_bytes.get(),
            index_max_bytes: stats.index_max_bytes.get(),
            takes: self.refuses().is_none(),
        });
    }

    /// Ends in order, once nobody appends any more; blocking.
    pub(super) fn stop(&self) {
        // One that is under way is taken up at the next start; until then nobody rests.
        self.erasures.stop();
        self.writers.resting().let_go();
        self.committer.close();
        let deadline = Instant::now() + DRAIN_GRACE;
        while self.lag() > 0 && self.clickhouse_answers() && Instant::now() < deadline {
            thread::sleep(DRAIN_POLL);
        }
        let left = self.lag();
        if left > 0 {
            tracing::info!(entries = left, "the log keeps what ClickHouse has not taken yet");
        }
        self.waker.stop();
        if !self.writers.stop(WRITERS_GRACE) {
            tracing::warn!(
                "a statement did not end in time; its plan settles it at the next start"
            );
        }
    }

    fn lag(&self) -> u64 {
        let lanes = self.reader.owned_lanes().into_iter();
        lanes.map(|lane| self.writers.lag(&self.reader, lane)).sum()
    }

    fn clickhouse_answers(&self) -> bool {
        self.gate.is_open() && !self.writers.shared().breaker.is_open()
    }
}

/// Tells the writers of new entries, now and then: one thread that sleeps until
/// there are some.
struct Waker {
    stop: Arc<AtomicBool>,
    _thread: JoinHandle<()>,
}

impl Waker {
    fn start(reader: LocalReader, writers: Arc<Writers>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let work = move || {
            let mut seen = 0;
            while !stopped.load(Ordering::Relaxed) {
                let arrived = reader.wait(seen, WAKER_TICK);
                if arrived > seen {
                    seen = arrived;
                    writers.wake();
                    thread::sleep(WAKE_PAUSE);
                }
            }
        };
        let thread = thread::Builder::new().name("log-waker".to_owned()).spawn(work)?;
        Ok(Self { stop, _thread: thread })
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Says what was found at the start.
fn told(reader: &LocalReader, recovery: &Recovery) {
    let (log_id, lanes) = (reader.log_id(), reader.owned_lanes().len());
    let Recovery { made, ids, ids_of_tail, .. } = *recovery;
    tracing::info!(%log_id, lanes, made, ids, ids_of_tail, "the log is open");
    if !recovery.torn.is_empty() {
        tracing::info!(lanes = ?recovery.torn, "the last run was killed: unacknowledged ends were cut");
    }
    for what in &recovery.passed_over {
        tracing::warn!(what, "a damaged file of the index was passed over without loss");
    }
    if recovery.wants_preload {
        tracing::warn!("the log waits for the ids of before, and takes nothing until then");
    }
}

/// Half as many lanes as the machine has processors, up to [`LANES_DEFAULT`]; the log keeps
/// what it was made with (docs/adr/0017-lanes-by-processors.md).
fn lanes_if_new() -> u16 {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    u16::try_from(processors / 2).unwrap_or(LANES_DEFAULT).clamp(1, LANES_DEFAULT)
}

fn random_id() -> Result<Uuid, ServeError> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid())
}

fn random<const N: usize>() -> Result<[u8; N], ServeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(ServeError::Random)?;
    Ok(bytes)
}
