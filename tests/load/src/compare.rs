//! Two builds of the collector under the same load, in turn, in one run.
//!
//! Machines are shared, and a figure of this minute says little about the last one.
//! So both are started, each with a ClickHouse of its own, and are loaded by turns;
//! what is told is the ratio, and for each build which threads used the CPU.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Map, json};
use tidemark_stack::{Binaries, Process};

use crate::complain;
use crate::generate::Load;
use crate::measure::{Figures, Stack, rounded};
use crate::threads::{Ticks, by_name};

/// One of the two.
struct Side {
    name: &'static str,
    stack: Stack,
    cpu_s: f64,
    events: u64,
    groups: u64,
    threads: BTreeMap<String, Ticks>,
}

impl Side {
    fn start(name: &'static str, binaries: &Binaries, load: Load) -> Result<Self> {
        let mut stack = Stack::start(binaries)?;
        // What is only done once is not compared.
        stack.cost(load, 1)?;
        let threads = by_name(pid(&stack));
        let groups = groups(&stack);
        Ok(Self { name, stack, cpu_s: 0.0, events: 0, groups, threads })
    }

    fn turn(&mut self, load: Load, seed: u64) -> Result<()> {
        let cost = self.stack.cost(load, seed)?;
        self.cpu_s += cost.collector.cpu_s;
        self.events += cost.sent.accepted;
        let us = cost.us_per_event(cost.collector.cpu_s);
        let (rate, p99) = (cost.sent.rate(), cost.sent.ack_ms(99));
        let clickhouse = cost.us_per_event(cost.clickhouse_cpu_s);
        complain(&format!(
            "  {:<8}{us:>8.2} µs  {rate:>8.0}/s  p99 {p99:>6.1} ms  ClickHouse {clickhouse:.1} µs",
            self.name
        ));
        Ok(())
    }

    fn figures(&self) -> Figures {
        let mut figures = Map::new();
        let per_event = |ticks: u64| rounded(crate::measure::float(ticks) * 1e4 / self.events_f());
        figures.insert("cpu_us_per_event".into(), rounded(self.us()));
        let groups = groups(&self.stack) - self.groups;
        let entries = self.events_f() / crate::measure::float(groups.max(1));
        figures.insert("events_per_group".into(), rounded(entries));
        for (name, (user, system)) in by_name(pid(&self.stack)) {
            let before = self.threads.get(&name).copied().unwrap_or_default();
            let (user, system) = (user - before.0.min(user), system - before.1.min(system));
            if user + system > 0 {
                let of_thread = json!({"user": per_event(user), "system": per_event(system)});
                figures.insert(name, of_thread);
            }
        }
        figures
    }

    fn events_f(&self) -> f64 {
        crate::measure::float(self.events.max(1))
    }

    fn us(&self) -> f64 {
        self.cpu_s * 1e6 / self.events_f()
    }
}

fn pid(stack: &Stack) -> u32 {
    stack.tidemark.process.as_ref().map(Process::pid).unwrap_or_default()
}

/// How many group commits there were.
fn groups(stack: &Stack) -> u64 {
    let text = stack.tidemark.client().request("GET", "/metrics", &[], &[]);
    let text = text.map(|answer| answer.text()).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("tidemark_log_groups_total "));
    line.and_then(|value| value.parse().ok()).unwrap_or_default()
}

/// Loads both by turns. `other` stands beside `binaries.tidemark`.
///
/// # Errors
/// When something does not start, or refuses.
pub fn run(binaries: &Binaries, other: PathBuf, load: Load, rounds: u64) -> Result<Figures> {
    let others = Binaries { tidemark: other, clickhouse: binaries.clickhouse.clone() };
    let short = Load { events: load.events / 2, ..load };
    let mut one = Side::start("this", binaries, short)?;
    let mut two = Side::start("other", &others, short)?;
    for round in 0..rounds {
        complain(&format!("▶ round {} of {rounds}: {load:?}", round + 1));
        one.turn(load, 2 + round)?;
        two.turn(load, 2 + round)?;
    }
    let mut figures = Map::new();
    figures.insert("ratio".into(), rounded(one.us() / two.us().max(f64::MIN_POSITIVE)));
    for side in [&one, &two] {
        figures.insert(side.name.into(), side.figures().into());
    }
    Ok(figures)
}
