//! Struggle on the labelled pages of tests/struggle: precision and recall, beside
//! posthog-js and @amplitude/analytics-browser on the same pages.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::core::Measured;
use crate::place::Place;
use crate::run::{command, say};

/// The last line that tests/struggle/bench.js prints.
#[derive(Deserialize)]
struct Told {
    figures: Map<String, Value>,
    peers: Map<String, Value>,
}

/// Builds the SDK, installs the peers, and lets people visit every page with each.
///
/// # Errors
/// When something cannot be built, installed or run.
pub fn measure(place: &Place) -> Result<Measured> {
    crate::setup::for_sdk(place)?;
    crate::sdk::build(place)?;
    let peers = super::sdk::install(place)?;
    say("▶ labelled pages in Chromium, with each product");
    let done = command(place, "node", &["tests/struggle/bench.js"])?
        .arg(peers)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start node")?;
    ensure!(done.status.success(), "tests/struggle/bench.js failed: {}", done.status);
    let printed = String::from_utf8_lossy(&done.stdout);
    printed.lines().filter(|line| !line.starts_with('{')).for_each(say);
    let last = printed.lines().last().context("tests/struggle/bench.js told nothing")?;
    let Told { figures, peers } = serde_json::from_str(last)?;
    Ok((figures, peers))
}
