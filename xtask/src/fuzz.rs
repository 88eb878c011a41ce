//! Runs the fuzz targets of core and of the edge (their fuzz/README.md) on libFuzzer.
//!
//! The coverage that libFuzzer reads is switched on by compiler flags, so that the
//! pinned compiler builds the targets and nothing has to be installed.

use std::fs;
use std::path::Path;
use std::process::Child;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::place::Place;
use crate::run::{command, say, step};

/// What is fuzzed, and for how long.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only this target: validate, sanitize, page or edge.
    target: Option<String>,
}

/// The targets, and the folder whose crate has them.
const TARGETS: [(&str, &str); 4] = [
    ("validate", "core/fuzz"),
    ("sanitize", "core/fuzz"),
    ("page", "core/fuzz/page"),
    ("edge", "edge-worker/fuzz"),
];
const HOST: &str = "x86_64-unknown-linux-gnu";
/// The coverage of sancov that libFuzzer asks for: counters, their places, compares.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Builds the targets, gives them their seeds, and runs them beside each other.
///
/// # Errors
/// Names the target that found something, and where it lies.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    let asked = options.target.as_deref();
    let targets: Vec<(&str, &str)> = TARGETS
        .into_iter()
        .filter(|(target, _)| asked.is_none_or(|asked| asked == *target))
        .collect();
    if targets.is_empty() {
        bail!("there is no such target; there are {}", TARGETS.map(|(name, _)| name).join(", "));
    }
    let folder = place.root.join("target/fuzz");
    let mut crates: Vec<&str> = targets.iter().map(|(_, home)| *home).collect();
    crates.dedup();
    for home in crates {
        step(
            &format!("build the fuzz targets of {home}"),
            command(place, "cargo", &["build", "--release", "--target", HOST])?
                .arg("--manifest-path")
                .arg(place.root.join(home).join("Cargo.toml"))
                .arg("--target-dir")
                .arg(&folder)
                .env("RUSTFLAGS", COVERAGE),
        )?;
    }
    let mut running: Vec<(&str, Child)> = Vec::new();
    for (target, _) in targets {
        let corpus = folder.join("corpus").join(target);
        seed(place, target, &corpus)?;
        let artifacts = folder.join("artifacts").join(target);
        fs::create_dir_all(&artifacts)?;
        let binary = folder.join(HOST).join("release").join(target);
        let child = command(place, &binary.to_string_lossy(), &[])?
            .arg(&corpus)
            .arg(format!("-max_total_time={}", options.seconds))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(["-max_len=8192", "-timeout=20", "-print_final_stats=1", "-verbosity=0"])
            .spawn()
            .with_context(|| format!("start {}", binary.display()))?;
        running.push((target, child));
    }
    let mut failed = Vec::new();
    for (target, mut child) in running {
        if child.wait()?.success() {
            say(format!("✓ {target}: nothing found in {} s", options.seconds));
        } else {
            failed.push(target);
        }
    }
    if !failed.is_empty() {
        bail!("{} found something: target/fuzz/artifacts", failed.join(" and "));
    }
    Ok(())
}

/// A head, an answer, something held, and a body: a line each.
fn edge_input(event: &str) -> String {
    const HEAD: &str = "/v1/events?wk\tPOST\tBearer wk\thttps://a.example\ttext/plain\tgzip\t9\tkey\t\"a\"\tgzip, br";
    const ANSWER: &str = r#"{"batch_id":null,"verdicts":[{"event_id":"0190f5f6-7e2a-7c3b-9d4e-000000000000","verdict":"rejected","code":"too_old","pointer":"/occurred_at"}],"accepted":0,"duplicate":0,"rejected":1,"dropped":0}"#;
    let held = format!("TH\u{1}\u{0}{}", "\u{0}".repeat(30));
    let event = event.replace('\n', " ");
    format!("{HEAD}\n{ANSWER}\n{held}\n{{\"batch_id\":\"b\",\"events\":[{event},{event}]}}")
}

/// Writes the golden payloads, and for `sanitize` and `page` the labelled lines, as seeds.
fn seed(place: &Place, target: &str, corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    let mut count = 0;
    let mut put = |text: &str| {
        count += 1;
        fs::write(corpus.join(format!("seed-{count}")), text)
    };
    for entry in fs::read_dir(place.root.join("schemas/golden"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let page: Value = serde_json::from_slice(&fs::read(&path)?)?;
        for case in page.get("cases").and_then(Value::as_array).into_iter().flatten() {
            let Some(event) = case.get("event").and_then(Value::as_str) else { continue };
            let event = event.replace("$NOW", "2026-11-21T08:38:05.123Z");
            put(&match target {
                "validate" => format!("{{\"events\":[{event}]}}"),
                "edge" => edge_input(&event),
                _ => event,
            })?;
        }
    }
    if matches!(target, "sanitize" | "page") {
        for line in fs::read_to_string(place.root.join("tests/sanitise/lines.ndjson"))?.lines() {
            let line: Value = serde_json::from_str(line)?;
            put(line.get("text").and_then(Value::as_str).unwrap_or_default())?;
        }
    }
    Ok(())
}
