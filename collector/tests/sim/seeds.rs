//! Many seeds, what they covered, and one seed at a time.

use std::collections::BTreeMap;

use crate::boundaries;
use crate::world;

/// Runs seeds and prints what they came to. True when every promise was kept, the
/// first seeds ran twice alike, and every boundary was crashed at from both sides.
pub fn run(from: u64, seeds: u64, json: bool) -> bool {
    let mut failed = Vec::new();
    let (mut events, mut crashes) = (0, 0);
    let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
    let mut crashed_at: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in from..from + seeds {
        let outcome = world::run(seed);
        if seed < from + 5 && world::run(seed).trace.digest() != outcome.trace.digest() {
            println!("seed {seed}: two runs differ");
            failed.push(seed);
        }
        if !outcome.wrong.is_empty() {
            println!("seed {seed}: {} wrong, e.g. {}", outcome.wrong.len(), outcome.wrong[0]);
            failed.push(seed);
        }
        events += outcome.events;
        crashes += outcome.crashes;
        for (name, count) in outcome.faults {
            *faults.entry(name).or_default() += count;
        }
        for (name, count) in outcome.crashed_at {
            *crashed_at.entry(name).or_default() += count;
        }
        for (name, count) in outcome.seen {
            *seen.entry(name).or_default() += count;
        }
        if (seed - from) % 500 == 499 {
            println!("{} seeds, {} failed", seed - from + 1, failed.len());
        }
    }
    let seeds_from_first = if from == 1 { seeds } else { 0 };
    let missing = boundaries::missing(&seen, &crashed_at, seeds_from_first);
    if json {
        let summary = serde_json::json!({
            "seeds": seeds, "from": from, "failed": failed, "events": events, "crashes": crashes,
            "store_faults": faults, "crashed_at": crashed_at, "boundaries_missing": missing,
        });
        println!("{summary}");
    } else {
        println!("{seeds} seeds from {from}: {events} events, {crashes} crashes");
        println!("store: {faults:?}");
        for line in boundaries::table(&seen, &crashed_at) {
            println!("{line}");
        }
        let elsewhere: u64 = crashed_at.values().sum();
        println!("{elsewhere} crashes at an operation, with those between two boundaries");
        for line in &missing {
            println!("boundaries: {line}");
        }
    }
    failed.is_empty() && missing.is_empty()
}

/// Runs one seed and prints the end of its trace.
pub fn replay(seed: u64, lines: usize) -> bool {
    let outcome = world::run(seed);
    for line in outcome.trace.last(lines) {
        println!("{line}");
    }
    let (count, hash) = outcome.trace.digest();
    println!("seed {seed}: {count} lines, digest {hash:016x}");
    for wrong in &outcome.wrong {
        println!("wrong: {wrong}");
    }
    outcome.wrong.is_empty()
}
