//! What ids cost: a collector whose log was lost reads nine days of ids out of
//! ClickHouse, which fills its real index in a minute instead of days of traffic.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tidemark_stack::{Binaries, Process};

use crate::complain;
use crate::measure::{Figures, Stack, float, rounded};

/// Ids that one statement makes: it has to answer within the client's patience.
const CHUNK: u64 = 1_000_000;

/// How long the ids may take to be read.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a collector with so many ids takes.
struct Filled {
    ids: f64,
    bytes: f64,
    resident: f64,
}

/// Fills the index with `ids`, and with `further` more.
///
/// # Errors
/// When something does not start, or the ids are not read.
pub fn run(binaries: &Binaries, ids: u64, further: u64) -> Result<Figures> {
    let mut stack = Stack::start(binaries)?;
    stack.tidemark.kill()?;
    let mut filled = Vec::new();
    for more in [ids, further] {
        complain(&format!("▶ {more} ids"));
        insert(&stack, more)?;
        filled.push(fill(&mut stack)?);
    }
    let mut figures = Figures::new();
    let [first, second] = &filled[..] else { bail!("two fillings") };
    let more = (second.ids - first.ids).max(1.0);
    for (name, value) in [
        ("ids", first.ids),
        ("resident_mb", first.resident / 1_048_576.0),
        ("bytes_per_id", first.bytes / first.ids.max(1.0)),
        ("bytes_per_further_id", (second.bytes - first.bytes) / more),
        ("resident_bytes_per_further_id", (second.resident - first.resident) / more),
    ] {
        complain(&format!("  {name} {value:.2}"));
        figures.insert(name.into(), rounded(value));
    }
    Ok(figures)
}

/// Stores events of which only the ids matter.
fn insert(stack: &Stack, count: u64) -> Result<()> {
    let (tenant, site) = tidemark_stack::stack::TENANTS[0];
    let mut left = count;
    while left > 0 {
        let rows = left.min(CHUNK);
        stack.clickhouse().query(&format!(
            "INSERT INTO tidemark.events_raw (tenant_id, site_id, event_id, occurred_at, \
             received_at, expires_at) SELECT '{tenant}', '{site}', generateUUIDv4(), now64(3), \
             now64(3), now() + 80 * 86400 FROM numbers({rows})"
        ))?;
        left -= rows;
        complain(&format!("  {} are stored", count - left));
    }
    Ok(())
}

/// Starts the collector on an empty folder, and waits until it knows all ids.
fn fill(stack: &mut Stack) -> Result<Filled> {
    stack.tidemark.kill()?;
    fs::remove_dir_all(stack.tidemark.data())?;
    let command = stack.tidemark.command(&["serve", "--log-was-lost"]);
    let log = stack.folder().join("tidemark.log");
    stack.tidemark.process = Some(Process::start(command, &log)?);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let takes = stack.tidemark.metric("tidemark_log_takes").ok().flatten();
        if takes == Some(1.0) {
            break;
        }
        if Instant::now() > deadline {
            bail!("the ids are not read\n{}", stack.tidemark.log_end(10));
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    let metric = |name: &str| -> Result<f64> {
        stack.tidemark.metric(name)?.with_context(|| format!("no {name} in /metrics"))
    };
    let usage = stack.tidemark.process.as_ref().map(Process::usage).unwrap_or_default();
    Ok(Filled {
        ids: metric("tidemark_dedupe_ids")? + metric("tidemark_dedupe_spilled_ids")?,
        bytes: metric("tidemark_dedupe_id_bytes")? + metric("tidemark_dedupe_filter_bytes")?,
        resident: float(usage.resident_bytes),
    })
}
