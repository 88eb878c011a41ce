//! The edge on workerd: what bench/edge measures, over the bundle that is deployed.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::collector;
use super::core::Measured;
use crate::place::Place;
use crate::run::{command, output, say};

/// The last line that bench/edge/run.mjs prints.
#[derive(Deserialize)]
struct Told {
    figures: Map<String, Value>,
    peers: Map<String, Value>,
}

/// What is wanted of a figure: at most so much.
const WANTED: [(&str, f64); 6] = [
    ("cpu_ms_per_batch_of_50", 0.6),
    ("cold_first_request_ms", 50.0),
    ("p95_ms_single_event", 60.0),
    ("p95_ms_batch_of_100", 200.0),
    ("p95_ms_single_event_into_collector", 60.0),
    ("p95_ms_batch_of_100_into_collector", 200.0),
];

/// Builds the bundle, the collector and embedded ClickHouse, and lets bench/edge drive the
/// bundle beside its baseline, before a stub and before the collector.
///
/// # Errors
/// When something cannot be built or run.
pub fn measure(place: &Place) -> Result<Measured> {
    crate::setup::for_edge(place)?;
    crate::edge::build(&place.root)?;
    let programs = collector::programs(place)?;
    say("▶ the edge on workerd, beside a validator written by hand in JavaScript");
    let mut node = command(place, "node", &["bench/edge/run.mjs"])?;
    node.arg("--collector").arg(&programs.collector);
    node.arg("--clickhouse").arg(&programs.clickhouse);
    // How far it is, and what is wrong, goes to the terminal.
    node.stderr(Stdio::inherit());
    let done = output(&mut node)?;
    ensure!(done.status.success(), "bench/edge/run.mjs failed: {}", done.status);
    let printed = String::from_utf8_lossy(&done.stdout);
    let last = printed.lines().last().context("bench/edge/run.mjs told nothing")?;
    let Told { figures, peers } = serde_json::from_str(last)?;
    for (name, at_most) in WANTED {
        let now = figures.get(name).and_then(Value::as_f64).unwrap_or(f64::MAX);
        let mark = if now <= at_most { "✓" } else { "✗" };
        say(format!("{mark} {name}: {now:.2}, wanted at most {at_most}"));
    }
    Ok((figures, peers))
}
