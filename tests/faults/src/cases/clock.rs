//! A wall clock that people set.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use tidemark_stack::hop::{HEADER, PATH, now_ms, sign};
use tidemark_stack::stack::until;
use tidemark_stack::{Binaries, Random};

use crate::event::{Event, batch};
use crate::sender::{client, verdicts};
use crate::world::World;

const HOUR_MS: i64 = 3_600_000;

/// The collector's wall clock jumps back by hours, ahead by ten days and back again,
/// with a restart in each time: ids stay known, new ones are taken.
pub fn clock_jumps(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 5);
    let mut world = World::new(binaries)?;
    let shift = world.tidemark.file_variable("TIDEMARK_CLOCK_SHIFT_MS", "shift");
    world.start()?;
    let mut sent: Vec<Vec<Event>> = Vec::new();
    let shifts = [0, -3 * HOUR_MS, 240 * HOUR_MS, -20 * HOUR_MS, 0];
    for (at, by_ms) in shifts.into_iter().enumerate() {
        set(&shift, by_ms)?;
        for again in [false, true] {
            if again {
                world.tidemark.kill()?;
                world.start()?;
            }
            let events: Vec<Event> = (0..20).map(|_| Event::new(&mut random, 0, false)).collect();
            let told = post(&world, &events, by_ms)?;
            ensure!(told.iter().all(|verdict| verdict == "accepted"), "{at}: {told:?}");
            world.book.acked(&events);
            sent.push(events);
            for known in &sent {
                let told = post(&world, known, by_ms)?;
                ensure!(told.iter().all(|verdict| verdict == "duplicate"), "{at}: {told:?}");
            }
        }
    }
    world.must_be_exact()?;
    Ok(format!("{} jumps, {} events are there once", shifts.len(), world.book.count()))
}

fn set(file: &Path, by_ms: i64) -> Result<()> {
    // It is read while it is written here.
    let new = file.with_extension("new");
    fs::write(&new, by_ms.to_string())?;
    Ok(fs::rename(new, file)?)
}

/// The edge's clock goes with the collector's, or its signature would be stale. What
/// comes days after its receipt is asked for in ClickHouse, which the collector may
/// not have found yet after a start: then the edge sends again.
fn post(world: &World, events: &[Event], by_ms: i64) -> Result<Vec<String>> {
    let body = batch(events);
    let mut told = Vec::new();
    until("the collector has found ClickHouse", || {
        let signature = sign(now_ms() + by_ms, &body);
        let headers = [(HEADER, signature.as_str()), ("content-type", "application/json")];
        let answer = client(world.tidemark.address).request("POST", PATH, &headers, &body)?;
        if answer.status == 503 && answer.retry_after_s.is_some() {
            return Ok(false);
        }
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        told = verdicts(&answer);
        Ok(true)
    })?;
    Ok(told)
}
