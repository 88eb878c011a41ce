//! Real processes are killed, and what they stand on is broken (tests/faults).

use std::fs;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::run::{command, step};
use crate::setup;

/// How the collector is called whose tests can stop it at named steps.
const PLANTED: &str = "tidemark-planted";

/// What is broken; without anything the kills and the cases of CI.
#[derive(clap::Args, Debug, Default)]
pub struct Options {
    /// How many kills.
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// What decides everything that chance decides in them.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these cases, and no kills: disk_full, flipped_bit, …
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// Builds what is needed, and runs it.
///
/// # Errors
/// When a promise was broken.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    setup::for_clickhouse(place)?;
    build(place)?;
    if !options.only.is_empty() {
        return faults(place, &["cases", "--only", &options.only.join(",")]);
    }
    let (kills, seed) = (options.kills.to_string(), options.seed.to_string());
    faults(place, &["kills", "--kills", &kills, "--seed", &seed])?;
    faults(place, &["cases"])
}

/// What CI runs.
///
/// # Errors
/// As [`run`].
pub fn ci(place: &Place) -> Result<()> {
    run(place, &Options { kills: 100, seed: 1, only: Vec::new() })
}

/// The collector with the feature `planted` is the simulation's, under a name of its
/// own; then the ordinary one takes its place again.
fn build(place: &Place) -> Result<()> {
    let planted = ["test", "--quiet", "-p", "tidemark-collector", "--features", "planted"];
    let mut planted = command(place, "cargo", &planted)?;
    step("build the collector that stops at steps", planted.args(["--test", "sim", "--no-run"]))?;
    let folder = place.target.join("debug");
    // Another file, so that cargo's next one does not overwrite it.
    let _ = fs::remove_file(folder.join(PLANTED));
    fs::copy(folder.join("tidemark"), folder.join(PLANTED)).context("keep the built collector")?;
    restore(place)?;
    let harness = ["build", "-p", "tidemark-faults"];
    step("build the faults", &mut command(place, "cargo", &harness)?)
}

/// Puts the ordinary collector where a build for tests has put another.
///
/// # Errors
/// When it cannot be built.
pub fn restore(place: &Place) -> Result<()> {
    let binaries = ["build", "-p", "tidemark-embedded-clickhouse", "-p", "tidemark-collector"];
    step("build ClickHouse's front and the collector", &mut command(place, "cargo", &binaries)?)
}

fn faults(place: &Place, arguments: &[&str]) -> Result<()> {
    let folder = place.target.join("debug");
    let program = folder.join("tidemark-faults");
    let mut faults = command(place, &program.to_string_lossy(), &[])?;
    faults.arg("--collector").arg(folder.join(PLANTED));
    faults.arg("--clickhouse").arg(folder.join("embedded-clickhouse")).args(arguments);
    step(&format!("faults: {}", arguments.join(" ")), &mut faults)
}
