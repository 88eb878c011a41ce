//! `cargo xtask …`: everything that a person or CI does with this repository.
//!
//! `setup` installs what is missing → `up` runs the whole of Tidemark on this
//! machine → `test` runs every test → `ci` is what CI runs. Never shipped.

mod bench;
mod ci;
mod codegen;
mod edge;
mod faults;
mod fuzz;
mod inline;
mod inspector;
mod pack;
mod place;
mod run;
mod sdk;
mod setup;
mod sim;
mod size;
mod snip;
mod test;
mod up;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds, runs and tests Tidemark.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing: wasm targets, tools, npm packages, chDB, browsers.
    Setup(setup::Options),
    /// Build and run everything on this machine: ClickHouse, collector, edge, demo.
    Up(up::Options),
    /// Run every test: native, browsers, workerd, the whole journey.
    Test(test::Options),
    /// What CI runs: formatting, lints, drift, layering, licences, size, every test.
    Ci,
    /// Write what is generated (docs/reference) from schemas and code.
    Codegen {
        /// Only tell whether the committed files are up to date.
        #[arg(long)]
        check: bool,
    },
    /// Build what a page loads into npm/web/dist.
    Sdk,
    /// Build the edge worker's bundle into edge-worker/build.
    Edge {
        #[command(subcommand)]
        command: Option<edge::Command>,
    },
    /// Pack the npm packages as they would be published: target/npm/*.tgz.
    Pack,
    /// Fuzz the core: what any bytes may do to validate and sanitize.
    Fuzz(fuzz::Options),
    /// Measure how fast a part is, beside the committed baseline.
    Bench(bench::Options),
    /// Simulate the collector's durable path: crashes, lost writes, planted bugs.
    Sim(sim::Options),
    /// Kill real processes and break what they stand on, then count what is left.
    Faults(faults::Options),
    /// Print what a page loads in bytes, against the committed budget.
    Size(size::Options),
}

fn main() -> ExitCode {
    // A person reads this: what went wrong and what to do, without a back trace.
    match dispatch(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    let place = place::Place::find()?;
    match command {
        Command::Setup(options) => setup::run(&place, &options),
        Command::Up(options) => up::run(&place, &options),
        Command::Test(options) => test::run(&place, &options),
        Command::Ci => ci::run(&place),
        Command::Codegen { check } => codegen::run(&place, check),
        Command::Sdk => {
            setup::for_sdk(&place)?;
            sdk::build(&place).map(|_| ())
        }
        Command::Edge { command } => {
            setup::for_edge(&place)?;
            edge::run(&place, command)
        }
        Command::Pack => {
            setup::for_sdk(&place)?;
            pack::run(&place)
        }
        Command::Fuzz(options) => fuzz::run(&place, &options),
        Command::Bench(options) => bench::run(&place, &options),
        Command::Sim(options) => sim::run(&place, &options),
        Command::Faults(options) => faults::run(&place, &options),
        Command::Size(options) => {
            setup::for_sdk(&place)?;
            size::run(&place, &options)
        }
    }
}
