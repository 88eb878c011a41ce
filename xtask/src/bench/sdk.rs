//! The SDK in Chromium: what bench/sdk measures, beside its peers in the same run.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::core::Measured;
use crate::place::Place;
use crate::run::{command, say, step};

/// The last line that bench/sdk/run.mjs prints.
#[derive(Deserialize)]
struct Told {
    figures: Map<String, Value>,
    peers: Map<String, Value>,
}

/// What is wanted of a figure: at most so much.
const WANTED: [(&str, f64); 5] = [
    ("click_ms_p99_4x", 1.0),
    ("longest_task_ms_1x", 50.0),
    ("longest_task_ms_4x", 50.0),
    ("mutating_idle_added_percent", 2.0),
    ("mutating_clicking_added_percent", 2.0),
];
/// What is wanted of it: no less than all of a hundred.
const ALL: [&str; 2] = ["exit_by_navigation_of_100", "exit_by_close_of_100"];
/// Of the best peer's, at most this share.
const SHARE: f64 = 1.0 / 3.0;

/// Builds the SDK, installs the peers below target/, and lets bench/sdk drive them.
///
/// # Errors
/// When something cannot be built, installed or run.
pub fn measure(place: &Place) -> Result<Measured> {
    crate::setup::for_sdk(place)?;
    crate::sdk::build(place)?;
    let peers = install(place)?;
    say("▶ the SDK and its peers in Chromium");
    let dist = place.root.join("npm/web/dist");
    let done = command(place, "node", &["bench/sdk/run.mjs"])?
        .arg(dist)
        .arg(peers)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start node")?;
    ensure!(done.status.success(), "bench/sdk/run.mjs failed: {}", done.status);
    let printed = String::from_utf8_lossy(&done.stdout);
    let last = printed.lines().last().context("bench/sdk/run.mjs told nothing")?;
    let Told { figures, peers } = serde_json::from_str(last)?;
    compare(&figures, &peers);
    Ok((figures, peers))
}

/// The peers, which nothing else needs, in a folder of their own.
pub(super) fn install(place: &Place) -> Result<std::path::PathBuf> {
    let folder = place.target.join("bench-sdk");
    fs::create_dir_all(&folder)?;
    let source = place.root.join("bench/sdk");
    let lock = fs::read(source.join("package-lock.json"))?;
    let stamp = folder.join("installed");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), folder.join(name))?;
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    step("install the peers", command(place, "npm", &arguments)?.current_dir(&folder))?;
    fs::write(stamp, lock)?;
    Ok(folder)
}

/// Tells which marks are met.
fn compare(figures: &Map<String, Value>, peers: &Map<String, Value>) {
    let ours = |name: &str| figures.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let tell =
        |is_met: bool, text: String| say(format!("{} {text}", if is_met { "✓" } else { "✗" }));
    for (name, at_most) in WANTED {
        tell(ours(name) <= at_most, format!("{name}: {:.2}, wanted at most {at_most}", ours(name)));
    }
    for name in ALL {
        tell(ours(name) >= 100.0, format!("{name}: {}, wanted all", ours(name)));
    }
    for name in ["task_us_per_event_1x", "task_us_per_event_4x"] {
        // Who delivers nothing costs nothing.
        let best = peers
            .values()
            .filter(|peer| peer.get("arrived_of_100").and_then(Value::as_f64) == Some(100.0))
            .filter_map(|peer| peer.get(name).and_then(Value::as_f64))
            .fold(f64::INFINITY, f64::min);
        let wanted = best * SHARE;
        let text = format!("{name}: {:.0}, wanted at most a third of {best:.0}", ours(name));
        tell(ours(name) <= wanted, text);
    }
}
