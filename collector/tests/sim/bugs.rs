//! The simulation is itself tested: each kept bug is planted, and some seed must
//! catch it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tidemark_collector::planted::{Bug, plant};

use crate::world;

/// Plants each bug in turn. True when each was caught within `seeds` seeds.
pub fn run(only: Option<&str>, seeds: u64) -> bool {
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        let name = format!("{bug:?}");
        if only.is_some_and(|only| only != name) {
            continue;
        }
        match (1..=seeds).find_map(|seed| caught(bug, seed).map(|how| (seed, how))) {
            Some((seed, how)) => println!("{name}: caught by seed {seed}: {how}"),
            None => {
                println!("{name}: NOT caught by {seeds} seeds");
                missed.push(name);
            }
        }
    }
    println!("{} bugs missed {missed:?}", missed.len());
    missed.is_empty()
}

fn caught(bug: Bug, seed: u64) -> Option<String> {
    let planted = plant(bug);
    let outcome = catch_unwind(AssertUnwindSafe(|| world::run(seed)));
    drop(planted);
    match outcome {
        Ok(outcome) => outcome.wrong.into_iter().next(),
        Err(_) => Some("it panicked".into()),
    }
}
