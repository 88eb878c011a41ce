//! The collector under load: what tests/load measures, with everything optimised.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::core::Measured;
use crate::place::Place;
use crate::run::{command, output, say, step};
use crate::setup;

/// What an event of a batch of 100 may cost, microseconds of the collector's CPU.
const BUDGET_US_PER_EVENT: f64 = 4.0;

/// The rate at which an answer is to come within 10 ms, and for how long it is held.
const QUIET_RATE: u64 = 5_000;
const QUIET_SECONDS: u64 = 60;

/// Builds what is needed, loads it, and reads the figures.
///
/// # Errors
/// When something cannot be built or run.
pub fn measure(place: &Place) -> Result<Measured> {
    let figures = load(place, &["bench"])?;
    let mut peers = Map::new();
    peers.insert("budget, cpu_us_per_event".into(), json!(BUDGET_US_PER_EVENT));
    Ok((figures, peers))
}

/// Holds a rate for some time.
///
/// # Errors
/// As [`measure`].
pub fn soak(place: &Place, rate: u64, seconds: u64) -> Result<Map<String, Value>> {
    load(place, &["soak", "--rate", &rate.to_string(), "--seconds", &seconds.to_string()])
}

/// What takes long: two rates that are held, and ten million ids, each under its own name.
///
/// # Errors
/// As [`measure`].
pub fn long(place: &Place, rate: u64, seconds: u64) -> Result<Map<String, Value>> {
    let mut figures = Map::new();
    for (rate, seconds) in [(QUIET_RATE, QUIET_SECONDS), (rate, seconds)] {
        for (name, value) in soak(place, rate, seconds)? {
            figures.insert(format!("soak_{rate}_{name}"), value);
        }
    }
    for (name, value) in load(place, &["ids"])? {
        figures.insert(format!("filled_{name}"), value);
    }
    Ok(figures)
}

/// Where the optimised programs are.
pub(super) struct Programs {
    pub(super) collector: PathBuf,
    pub(super) clickhouse: PathBuf,
    load: PathBuf,
}

/// Builds them.
///
/// # Errors
/// When something cannot be built.
pub(super) fn programs(place: &Place) -> Result<Programs> {
    setup::for_clickhouse(place)?;
    let packages = ["tidemark-collector", "tidemark-embedded-clickhouse", "tidemark-load"];
    let mut build = command(place, "cargo", &["build", "--release"])?;
    step("build with optimisation", build.args(packages.map(|name| ["-p", name]).concat()))?;
    let folder = place.target.join("release");
    Ok(Programs {
        collector: folder.join("tidemark"),
        clickhouse: folder.join("embedded-clickhouse"),
        load: folder.join("tidemark-load"),
    })
}

fn load(place: &Place, arguments: &[&str]) -> Result<Map<String, Value>> {
    let programs = programs(place)?;
    say(format!("▶ load: {}", arguments.join(" ")));
    let mut load = command(place, &programs.load.to_string_lossy(), &[])?;
    load.arg("--collector").arg(&programs.collector);
    load.arg("--clickhouse").arg(&programs.clickhouse).args(arguments);
    // How far it is goes to the terminal; what it prints is the figures.
    load.stderr(std::process::Stdio::inherit());
    let done = output(&mut load)?;
    ensure!(done.status.success(), "the load failed");
    let printed = String::from_utf8_lossy(&done.stdout);
    let last = printed.lines().next_back().context("the load told nothing")?;
    Ok(serde_json::from_str(last)?)
}
