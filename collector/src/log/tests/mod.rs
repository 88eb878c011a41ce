//! The log under test: its parts, its model, and the bugs that the model has to catch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

mod bugs;
mod disk;
mod faults;
mod format;
mod local;
mod world;

use world::{World, limits, little_memory};

#[test]
fn nothing_told_is_lost_and_nothing_is_there_twice_whatever_crashes() {
    for seed in 0..80 {
        let limits = if seed % 2 == 0 { limits() } else { little_memory() };
        if let Err(wrong) = World::run(seed, 120, limits) {
            panic!("seed {seed}: {wrong}");
        }
    }
}
