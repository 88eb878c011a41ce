//! The collector's durable path under simulation: seeds, planted bugs, one seed.

use anyhow::Result;

use crate::faults;
use crate::place::Place;
use crate::run::{command, step};

/// What to simulate; without anything 200 seeds.
#[derive(clap::Args, Debug, Default)]
pub struct Options {
    /// `run --seeds N --from S --json`, `bugs --only NAME`, `replay SEED`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the simulation, optimised, and runs it: ten thousand seeds take minutes.
///
/// # Errors
/// When a promise was broken, or a planted bug was not caught.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    let default = ["run".to_owned()];
    let arguments =
        if options.arguments.is_empty() { &default[..] } else { options.arguments.as_slice() };
    simulate(place, arguments, &["--profile", "sim"])
}

/// What CI runs: seeds first, then each planted bug. Two hundred seeds are done before an
/// optimised build would be, so that it is the build for tests, which is there.
///
/// # Errors
/// As [`run`].
pub fn ci(place: &Place) -> Result<()> {
    let seeds = simulate(place, &["run".to_owned()], &[]);
    let outcome = seeds.and_then(|()| simulate(place, &["bugs".to_owned()], &[]));
    // Cargo put the collector with the kept bugs where the ordinary one belongs.
    faults::restore(place)?;
    outcome
}

fn simulate(place: &Place, arguments: &[String], profile: &[&str]) -> Result<()> {
    let sim = ["test", "--quiet", "-p", "tidemark-collector"];
    let mut cargo = command(place, "cargo", &sim)?;
    cargo.args(profile).args(["--features", "planted", "--test", "sim", "--"]).args(arguments);
    step(&format!("simulation: {}", arguments.join(" ")), &mut cargo)
}
