//! Each planted bug is caught by the model: otherwise the model proves nothing.

use super::world::{World, limits, little_memory};
use crate::planted::{Bug, plant};

/// Runs until something is wrong; the seeds that it takes at most.
const SEEDS: u64 = 60;

fn is_caught(bug: Bug) -> bool {
    let _planted = plant(bug);
    (0..SEEDS).any(|seed| {
        // Some bugs make the log stumble over its own files, which is caught as well.
        let limits = if seed % 2 == 0 { limits() } else { little_memory() };
        std::panic::catch_unwind(|| World::run(seed, 120, limits)).map_or(true, |run| run.is_err())
    })
}

#[test]
fn every_planted_bug_of_the_log_is_caught() {
    let missed: Vec<Bug> = Bug::OF_THE_LOG.into_iter().filter(|bug| !is_caught(*bug)).collect();
    assert_eq!(missed, []);
}
