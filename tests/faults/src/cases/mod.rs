//! Faults besides kills, each with its exact outcome: what the disk does ([`disk`]),
//! what the clock does ([`clock`]), what the way to ClickHouse does ([`store`]), and
//! a second collector ([`second`]).

mod clock;
mod disk;
mod full;
mod proxy;
mod second;
mod store;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};
use tidemark_stack::Binaries;

/// A fault: its name, and what must come of it. What it returns is said to a person.
type Case = (&'static str, fn(&Binaries) -> Result<String>);

const CASES: [Case; 9] = [
    ("disk_full", full::disk_full),
    ("torn_write", disk::torn_write),
    ("flipped_bit", disk::flipped_bit),
    ("slow_disk", disk::slow_disk),
    ("clock_jumps", clock::clock_jumps),
    ("lost_answers", store::lost_answers),
    ("clickhouse_away", store::clickhouse_away),
    ("clickhouse_away_at_the_start", store::clickhouse_away_at_the_start),
    ("second_collector", second::second_collector),
];

/// Which faults.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Only these, separated by commas.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many at once.
    #[arg(long, default_value_t = 4)]
    at_once: usize,
}

/// Runs the cases, some at once, and tells each.
///
/// # Errors
/// Names every case that failed.
pub fn run(binaries: &Binaries, options: &Options) -> Result<()> {
    let chosen: Vec<&Case> = CASES
        .iter()
        .filter(|(name, _)| options.only.is_empty() || options.only.iter().any(|it| it == name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = CASES.iter().map(|(name, _)| *name).collect();
        bail!("there is no such case; there are {}", names.join(", "));
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..options.at_once.clamp(1, chosen.len()) {
            scope.spawn(|| {
                while let Some((name, case)) = chosen.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let begun = Instant::now();
                    let outcome = case(binaries);
                    let took = begun.elapsed().as_secs();
                    match outcome {
                        Ok(told) => crate::say(&format!("✓ {name} ({took} s): {told}")),
                        Err(error) => {
                            crate::say(&format!("✗ {name} ({took} s): {error:#}"));
                            if let Ok(mut failed) = failed.lock() {
                                failed.push(*name);
                            }
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
