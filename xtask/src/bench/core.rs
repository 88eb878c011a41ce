//! The judge and the sanitiser: what core/benches measures.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::workerd;
use crate::place::Place;
use crate::run::{command, output, say, step};

/// Figures and peers, by name.
pub type Measured = (Map<String, Value>, Map<String, Value>);

/// Runs the benches and reads what they measured.
///
/// # Errors
/// When something cannot be built or run.
pub fn measure(place: &Place) -> Result<Measured> {
    say("▶ core's benches");
    let mut bench = command(place, "cargo", &[])?;
    bench.args(["bench", "-p", "tidemark-core", "--features", "catalogue,sources,hop"]);
    bench.args(["--bench", "core", "--", "--noplot"]);
    let done = output(&mut bench)?;
    let printed = String::from_utf8_lossy(&done.stdout);
    ensure!(
        done.status.success(),
        "the benches failed:\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let allocations: Value = printed
        .lines()
        .find_map(|line| line.strip_prefix("allocations "))
        .context("the benches told no allocations")
        .and_then(|text| Ok(serde_json::from_str(text)?))?;

    let results = place.target.join("criterion");
    let event = |name: &str| median_ns(&results.join("event_768").join(name));
    let mut figures = Map::new();
    let mut put = |name: &str, value: f64| {
        figures.insert(name.to_string(), json!((value * 1000.0).round() / 1000.0));
    };
    put("event_us", event("judge")? / 1e3);
    put("event_in_batch_of_50_us", event("batch_50")? / 1e3 / 50.0);
    put("event_in_batch_of_100_us", event("batch_100")? / 1e3 / 100.0);
    put("parse_us", event("parse")? / 1e3);
    put("allocations_of_one", allocations["one"].as_f64().unwrap_or_default());
    put("allocations_per_event", allocations["batch_100"].as_f64().unwrap_or_default());
    for entry in fs::read_dir(results.join("sanitise"))? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if folder.join("new/benchmark.json").exists() {
            let about: Value = read(&folder.join("new/benchmark.json"))?;
            let bytes = about["throughput"]["Bytes"].as_f64().unwrap_or_default();
            put(&format!("sanitise_{name}_mb_per_s"), bytes / median_ns(&folder)? * 1e3);
        }
    }

    for (size, us) in workerd::measure(place)? {
        let name = if size == 1 { "event_in_workerd_us" } else { "event_in_workerd_in_batch_us" };
        figures.insert(name.to_string(), json!((us * 1000.0).round() / 1000.0));
    }

    let mut peers = Map::new();
    let tenths = |ns: f64| json!((ns / 10.0).round() / 100.0);
    peers.insert(
        "serde_json tree and jsonschema, sanitised, us".into(),
        tenths(event("peer_judge")?),
    );
    peers
        .insert("serde_json tree and jsonschema alone, us".into(), tenths(event("peer_validate")?));
    Ok((figures, peers))
}

/// Searches for texts that are slow to sanitise, and prints the slowest.
///
/// # Errors
/// When something cannot be built or run.
pub fn search_slow(place: &Place, seconds: u64, seed: u64) -> Result<()> {
    let mut search = command(place, "cargo", &["run", "--release", "-p", "tidemark-core"])?;
    search.args(["--features", "catalogue,sources", "--example", "search_slow", "--"]);
    search.args([seconds.to_string(), seed.to_string()]);
    step("search for slow texts", &mut search)
}

/// The median that criterion measured, in nanoseconds.
fn median_ns(folder: &Path) -> Result<f64> {
    let estimates = read(&folder.join("new/estimates.json"))?;
    estimates["median"]["point_estimate"].as_f64().context("criterion estimated no median")
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    Ok(serde_json::from_slice(&text)?)
}
