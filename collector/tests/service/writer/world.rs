//! A log, a disk, and writers in front of a ClickHouse that can be killed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidemark_collector::clock::SystemClock;
use tidemark_collector::config;
use tidemark_collector::disk::RealDisk;
use tidemark_collector::log::LogReader as _;
use tidemark_collector::process::{Parts, WriterOptions, Writers, spawn};
use tidemark_collector::store::{self, SchemaGate, Statements};
use tokio::task::JoinHandle;

use super::log::MemoryLog;
use crate::stack::{ClickHouse, PATIENCE};

pub const LANES: usize = 2;

pub struct World {
    pub clickhouse: ClickHouse,
    pub log: Arc<MemoryLog>,
    pub parts: Parts,
    gate_keeper: JoinHandle<()>,
    _folder: TempDir,
}

impl World {
    /// With the tables made, and nobody writing yet.
    pub async fn start() -> Self {
        let clickhouse = ClickHouse::start().await;
        let config =
            config::ClickHouse { url: clickhouse.url.clone(), ..config::ClickHouse::default() };
        let client = store::ClickHouse::new(&config);
        let gate = Arc::new(SchemaGate::default());
        let keeper = (Arc::clone(&gate), client);
        let gate_keeper = tokio::spawn(async move {
            let refusal = keeper.0.keep_open(&keeper.1).await;
            panic!("{refusal}");
        });
        let folder = TempDir::new().unwrap();
        let log = Arc::new(MemoryLog::new(LANES));
        let runtime = tokio::runtime::Handle::current();
        let parts = Parts {
            log: log.clone(),
            disk: Arc::new(RealDisk::open(folder.path()).unwrap()),
            store: Arc::new(Statements::new(&config, runtime, Arc::clone(&gate))),
            clock: Arc::new(SystemClock::new()),
            gate: Arc::clone(&gate),
            // A killed engine is gone, connections and all: nothing begins late.
            options: WriterOptions { fence_grace_ms: 50, ..WriterOptions::default() },
        };
        let world = Self { clickhouse, log, parts, gate_keeper, _folder: folder };
        world.until("the tables are there", async || gate.is_open()).await;
        world
    }

    /// Writers; opening a lane reads and writes files.
    pub fn writers(&self) -> Writers {
        spawn(&self.parts, 1).unwrap()
    }

    /// Stops writers without holding up the runtime that their statements need.
    pub async fn stop(writers: Writers) {
        assert!(tokio::task::spawn_blocking(move || writers.stop(PATIENCE)).await.unwrap());
    }

    /// Until everything is in the base and in every rollup.
    pub async fn until_written(&self, writers: &Writers) {
        self.until("written", async || {
            (0..LANES).all(|lane| {
                let lane = u16::try_from(lane).unwrap();
                let committed = writers.shared().frontier.committed(lane);
                committed == Some(self.log.durable_end(lane))
            })
        })
        .await;
        for rollup in store::Rollup::ALL {
            let ends: Vec<u64> =
                (0..LANES).map(|lane| self.log.durable_end(u16::try_from(lane).unwrap())).collect();
            let sql = format!(
                "SELECT toUInt32(lane) AS lane, toUInt32(max(mark_offset)) AS mark \
                 FROM tidemark.{} WHERE is_mark GROUP BY lane ORDER BY lane",
                rollup.as_str()
            );
            self.until(rollup.as_str(), async || {
                let marks = self.clickhouse.rows(&sql).await;
                ends.iter().enumerate().all(|(lane, end)| {
                    *end == 0
                        || marks.iter().any(|mark| mark["lane"] == lane && mark["mark"] == *end)
                })
            })
            .await;
        }
        assert_eq!(writers.shared().counters.violations.get(), 0);
    }

    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + 2 * PATIENCE;
        while !holds().await {
            assert!(Instant::now() < deadline, "never {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.gate_keeper.abort();
    }
}
