//! Two collectors, one data directory.

use anyhow::{Result, ensure};
use tidemark_stack::{Binaries, Random};

use crate::world::World;

/// The second refuses, says so, and leaves the first alone.
pub fn second_collector(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 9);
    let mut world = World::started(binaries)?;
    world.send_some(&mut random, 5, 10);
    let mut command = world.tidemark.command(&["serve"]);
    command.env("TIDEMARK__SERVER__LISTEN", "127.0.0.1:0");
    let output = command.output()?;
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words).into_owned();
    ensure!(output.status.code() == Some(1), "{}: {words}", output.status);
    ensure!(words.contains("another process"), "{words}");
    world.send_some(&mut random, 5, 10);
    world.must_be_exact()?;
    let last = words.lines().last().unwrap_or_default();
    Ok(format!("exit 1: {last}"))
}
