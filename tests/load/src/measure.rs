//! What is told of a load: CPU by `/proc`, latencies by the senders' clock, and how
//! soon an event can be asked by asking.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tidemark_stack::hop::{HEADER, PATH, now_ms, sign};
use tidemark_stack::process::Usage;
use tidemark_stack::stack::until;
use tidemark_stack::{Binaries, ClickHouse, Process, Tidemark};

use crate::body::{Body, Coding};
use crate::complain;
use crate::generate::{Load, Sent, send};

/// Events a second at which it is asked how soon they can be asked.
const QUERYABLE_AT: u64 = 10_000;

/// Figures by name.
pub type Figures = Map<String, Value>;

/// A collector with a ClickHouse behind it.
pub struct Stack {
    clickhouse: ClickHouse,
    /// The collector.
    pub tidemark: Tidemark,
    folder: TempDir,
    sent: u64,
}

/// What a load cost.
pub struct Cost {
    /// What was sent.
    pub sent: Sent,
    /// CPU of the collector alone, and its memory.
    pub collector: Usage,
    /// CPU of ClickHouse, seconds.
    pub clickhouse_cpu_s: f64,
    generator_cpu_s: f64,
}

/// Two digits behind the point are enough.
pub fn rounded(value: f64) -> Value {
    json!((value * 100.0).round() / 100.0)
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub const fn float(count: u64) -> f64 {
    count as f64
}

/// The CPU time of this process, seconds.
fn own_cpu_s() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
    float(ticks.sum()) / 100.0
}

impl Stack {
    /// Starts both, and waits for the tables.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start(binaries: &Binaries) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tidemark-load-").tempdir()?;
        let mut clickhouse = ClickHouse::new(binaries, folder.path())?;
        let mut tidemark = Tidemark::new(binaries, folder.path(), clickhouse.address)?;
        clickhouse.start()?;
        clickhouse.until_ready()?;
        tidemark.start()?;
        tidemark.until_ready()?;
        // It is ready before the tables are there.
        let sql = "SELECT count() FROM tidemark.events_raw";
        until("the tables", || Ok(clickhouse.number(sql).is_ok()))?;
        Ok(Self { clickhouse, tidemark, folder, sent: 0 })
    }

    /// ClickHouse.
    pub const fn clickhouse(&self) -> &ClickHouse {
        &self.clickhouse
    }

    /// Where everything is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn usage(&self) -> Usage {
        self.tidemark.process.as_ref().map(Process::usage).unwrap_or_default()
    }

    fn clickhouse_cpu_s(&self) -> f64 {
        self.clickhouse.process.as_ref().map(Process::usage).unwrap_or_default().cpu_s
    }

    fn rows(&self) -> Result<u64> {
        self.clickhouse.number("SELECT count() FROM tidemark.events_raw")
    }

    /// Waits until ClickHouse has everything that was accepted, and nothing more.
    fn until_written(&self) -> Result<()> {
        until("all in events_raw", || Ok(self.rows()? >= self.sent))
            .with_context(|| self.tidemark.log_end(10))?;
        let rows = self.rows()?;
        ensure!(rows == self.sent, "{rows} rows of {} events", self.sent);
        Ok(())
    }

    /// Sends a load and waits until its last block is in ClickHouse.
    ///
    /// # Errors
    /// When something is refused, or a row is missing.
    pub fn cost(&mut self, load: Load, seed: u64) -> Result<Cost> {
        let before = (self.usage().cpu_s, self.clickhouse_cpu_s(), own_cpu_s());
        let sent = send(self.tidemark.address, load, seed)?;
        let generator_cpu_s = own_cpu_s() - before.2;
        self.sent += sent.accepted;
        self.until_written()?;
        let usage = self.usage();
        let collector = Usage { cpu_s: usage.cpu_s - before.0, ..usage };
        let clickhouse_cpu_s = self.clickhouse_cpu_s() - before.1;
        Ok(Cost { sent, collector, clickhouse_cpu_s, generator_cpu_s })
    }
}

impl Cost {
    /// So much CPU, by event.
    pub fn us_per_event(&self, cpu_s: f64) -> f64 {
        cpu_s * 1e6 / float(self.sent.accepted.max(1))
    }
}

/// What an event costs, by batch and by coding.
///
/// # Errors
/// When something does not start, or refuses.
pub fn bench(binaries: &Binaries, events: u64) -> Result<Figures> {
    let mut stack = Stack::start(binaries)?;
    // A batch of one waits for an fsync as one of a hundred does: more senders share it.
    let load = |batch, coding, events| {
        let senders = if batch == 1 { 64 } else { 8 };
        Load { batch, coding, senders, events, rate: None }
    };
    stack.cost(load(100, Coding::Plain, events / 8), 1)?;
    let mut figures = Figures::new();
    let runs = [
        ("", load(100, Coding::Plain, events)),
        ("_gzip", load(100, Coding::Gzip, events / 2)),
        ("_zstd", load(100, Coding::Zstd, events / 2)),
        ("_batch_10", load(10, Coding::Plain, events / 8)),
        ("_batch_10_gzip", load(10, Coding::Gzip, events / 8)),
        ("_batch_10_zstd", load(10, Coding::Zstd, events / 8)),
        ("_batch_1", load(1, Coding::Plain, events / 100)),
        ("_batch_1_gzip", load(1, Coding::Gzip, events / 100)),
        ("_batch_1_zstd", load(1, Coding::Zstd, events / 100)),
    ];
    for (seed, (name, load)) in (2..).zip(runs) {
        complain(&format!("▶ {load:?}"));
        let cost = stack.cost(load, seed)?;
        let mut put = |figure: &str, value: f64| {
            complain(&format!("  {figure}{name} {value:.2}"));
            figures.insert(format!("{figure}{name}"), rounded(value));
        };
        put("cpu_us_per_event", cost.us_per_event(cost.collector.cpu_s));
        if load.coding == Coding::Plain {
            put("events_per_s", cost.sent.rate());
            put("ack_p50_ms", cost.sent.ack_ms(50));
            put("ack_p99_ms", cost.sent.ack_ms(99));
        }
        if name.is_empty() {
            put("clickhouse_cpu_us_per_event", cost.us_per_event(cost.clickhouse_cpu_s));
            put("generator_cpu_us_per_event", cost.us_per_event(cost.generator_cpu_s));
        }
    }
    let (queryable, sent) = queryable(&stack, 100, events / 4)?;
    stack.sent += sent;
    stack.until_written()?;
    let at = |per_cent: usize| queryable.get(queryable.len() * per_cent / 100).copied();
    figures.insert("queryable_p50_ms".into(), json!(at(50)));
    figures.insert("queryable_max_ms".into(), json!(queryable.last()));
    let resident = float(stack.usage().resident_bytes) / 1_048_576.0;
    figures.insert("resident_mb".into(), rounded(resident));
    figures.insert("events".into(), json!(stack.sent));
    Ok(figures)
}

/// How long events take from being sent until a query finds them, milliseconds and
/// sorted, while others come at [`QUERYABLE_AT`]; and how many were sent in all.
fn queryable(stack: &Stack, batch: usize, events: u64) -> Result<(Vec<u64>, u64)> {
    complain("▶ how soon an event can be asked");
    let load = Load { batch, coding: Coding::Plain, senders: 4, events, rate: Some(QUERYABLE_AT) };
    let address = stack.tidemark.address;
    let done = AtomicBool::new(false);
    let (times, sent) = std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            let sent = send(address, load, 99);
            done.store(true, Ordering::Relaxed);
            sent
        });
        let mut times = Vec::new();
        let mut probe = Body::new(1, Coding::Plain, 98);
        let mut client = stack.tidemark.client();
        while !done.load(Ordering::Relaxed) {
            let body = probe.next();
            let begun = Instant::now();
            let signature = sign(now_ms(), body);
            let headers = [(HEADER, signature.as_str()), ("content-type", "application/json")];
            let answer = client.request("POST", PATH, &headers, body)?;
            ensure!(answer.status == 200, "{}", answer.text());
            let sql = format!(
                "SELECT count() FROM tidemark.events_raw WHERE event_id = '{}'",
                probe.first_id()
            );
            until("queryable", || Ok(stack.clickhouse.number(&sql)? == 1))?;
            times.push(u64::try_from(begun.elapsed().as_millis())?);
            std::thread::sleep(Duration::from_millis(50));
        }
        let sent = others.join().map_err(|_| anyhow::anyhow!("a sender panicked"))??;
        Ok::<_, anyhow::Error>((times, sent))
    })?;
    let all = sent.accepted + times.len() as u64;
    let mut times = times;
    times.sort_unstable();
    Ok((times, all))
}

/// Holds a rate for some time, with the disk that it took.
///
/// # Errors
/// When something does not start, or refuses.
pub fn soak(binaries: &Binaries, rate: u64, seconds: u64) -> Result<Figures> {
    let mut stack = Stack::start(binaries)?;
    let load = Load {
        batch: 100,
        coding: Coding::Plain,
        senders: 16,
        events: rate * seconds,
        rate: Some(rate),
    };
    complain(&format!("▶ {rate} events a second for {seconds} s"));
    let cost = stack.cost(load, 1)?;
    let mut figures = Figures::new();
    for (name, value) in [
        ("asked_events_per_s", float(rate)),
        ("events_per_s", cost.sent.rate()),
        ("seconds", cost.sent.seconds),
        ("ack_p50_ms", cost.sent.ack_ms(50)),
        ("ack_p99_ms", cost.sent.ack_ms(99)),
        ("told_to_come_back", float(cost.sent.later)),
        ("cpu_us_per_event", cost.us_per_event(cost.collector.cpu_s)),
        ("clickhouse_cpu_us_per_event", cost.us_per_event(cost.clickhouse_cpu_s)),
        ("generator_cpu_us_per_event", cost.us_per_event(cost.generator_cpu_s)),
        ("resident_mb", float(cost.collector.resident_bytes) / 1_048_576.0),
        ("log_disk_mb", float(bytes_below(&stack.tidemark.data())) / 1_048_576.0),
        (
            "clickhouse_disk_mb",
            float(bytes_below(&stack.folder.path().join("clickhouse"))) / 1_048_576.0,
        ),
    ] {
        figures.insert(name.into(), rounded(value));
    }
    Ok(figures)
}

/// The lengths of the files below a folder; what goes away meanwhile is not counted.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let length = |entry: fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => bytes_below(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.map(length).sum()
}
