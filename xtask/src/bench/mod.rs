//! `cargo xtask bench …`: how fast the parts are, beside a committed baseline.
//!
//! Every figure is CPU time or a count, because machines are shared. Nothing fails
//! when a figure is worse than the baseline: a person looks at the ratio. The last
//! line of `--json` is one object: figures, the baseline's, and the peers'.

mod collector;
mod core;
mod edge;
mod sdk;
mod struggle;
mod workerd;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::place::Place;
use crate::run::{print, say};

/// What is measured.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Part {
    /// The judge and the sanitiser.
    Core,
    /// The edge's bundle on workerd.
    Edge,
    /// The SDK in Chromium, beside its peers from npm.
    Sdk,
    /// What is found of struggle on the labelled pages, beside two peers.
    Struggle,
    /// The collector under load, with ClickHouse behind it.
    Collector,
}

/// How it is told.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// What is measured.
    part: Part,
    /// End with one JSON object on stdout.
    #[arg(long)]
    json: bool,
    /// Write the figures into bench/baselines as the new baseline.
    #[arg(long)]
    save: bool,
    /// Of core: search for texts that are slow to sanitise, for so many `--seconds`.
    #[arg(long, conflicts_with = "soak")]
    search_slow: bool,
    /// Of the collector: beside the rest hold 5,000 events a second for a minute and
    /// `--rate` for `--seconds`, and fill the index with ten million ids.
    #[arg(long, conflicts_with = "soak")]
    long: bool,
    /// Of the collector: hold a rate for some time instead. 50,000 a second for ten
    /// minutes need 20 GB of disk.
    #[arg(long)]
    soak: bool,
    /// Events a second of a soak.
    #[arg(long, default_value_t = 50_000)]
    rate: u64,
    /// Seconds of a soak (600 unless told otherwise) or of a search (60).
    #[arg(long)]
    seconds: Option<u64>,
    /// Of a search: what its patterns are drawn by; another one looks elsewhere.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The last line of `--json`.
#[derive(Debug, Serialize)]
struct Report {
    part: &'static str,
    figures: Map<String, Value>,
    baseline: Map<String, Value>,
    /// The same work as others do it, measured in the same run where that is possible.
    peers: Map<String, Value>,
}

/// Measures a part and prints its figures beside the baseline's.
///
/// # Errors
/// When something cannot be built or run.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    if options.soak {
        ensure!(matches!(options.part, Part::Collector), "only the collector has a soak");
        let figures = collector::soak(place, options.rate, options.seconds.unwrap_or(600))?;
        for (name, value) in &figures {
            say(format!("{name:<44}{:>12}", value.to_string()));
        }
        if options.save {
            let prefix = format!("soak_{}_", options.rate);
            let named = figures.iter().map(|(name, value)| (prefix.clone() + name, value.clone()));
            save(&baseline_file(place, "collector"), named.collect())?;
        }
        if options.json {
            print(serde_json::to_string(&figures)?);
        }
        return Ok(());
    }
    if options.search_slow {
        ensure!(matches!(options.part, Part::Core), "only core is searched for slow texts");
        return core::search_slow(place, options.seconds.unwrap_or(60), options.seed);
    }
    ensure!(!options.long || matches!(options.part, Part::Collector), "only the collector has it");
    let (part, (mut figures, peers)) = match options.part {
        Part::Core => ("core", core::measure(place)?),
        Part::Edge => ("edge", edge::measure(place)?),
        Part::Sdk => ("sdk", sdk::measure(place)?),
        Part::Struggle => ("struggle", struggle::measure(place)?),
        Part::Collector => ("collector", collector::measure(place)?),
    };
    if options.long {
        figures.extend(collector::long(place, options.rate, options.seconds.unwrap_or(600))?);
    }
    let file = baseline_file(place, part);
    let baseline: Map<String, Value> = fs::read(&file)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    say(format!("{:<44}{:>12}{:>12}{:>8}", "figure", "now", "baseline", "ratio"));
    for (name, now) in &figures {
        let before = baseline.get(name).and_then(Value::as_f64);
        let now = now.as_f64().unwrap_or_default();
        let (before, ratio) = before.map_or_else(Default::default, |before| {
            (format!("{before:.2}"), format!("{:.2}", now / before))
        });
        say(format!("{name:<44}{now:>12.2}{before:>12}{ratio:>8}"));
    }
    for (name, value) in &peers {
        say(format!("{:<44}{:>12}", format!("peer: {name}"), value.to_string()));
    }
    if options.save {
        save(&file, figures.clone())?;
    }
    if options.json {
        print(serde_json::to_string(&Report { part, figures, baseline, peers })?);
    }
    Ok(())
}

fn baseline_file(place: &Place, part: &str) -> PathBuf {
    place.root.join("bench/baselines").join(part).with_extension("json")
}

/// Writes figures into a baseline; those that were not measured now stay.
fn save(file: &Path, figures: Map<String, Value>) -> Result<()> {
    let kept = fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let mut all: Map<String, Value> = kept.unwrap_or_default();
    all.extend(figures);
    fs::write(file, serde_json::to_string_pretty(&all)? + "\n")
        .with_context(|| format!("write {}", file.display()))
}
