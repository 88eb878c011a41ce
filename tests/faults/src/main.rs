//! The durable path with real processes: they are killed, and what they stand on is
//! broken; then every table is held against a count of its own.
//!
//! `kills` is the long one: [`kills`] kills, [`world`] is a collector with its
//! ClickHouse and [`sender`]s that send until they are answered, [`event`] is what
//! they send, and [`recount`] says what the tables must hold then. `cases` are the
//! other faults, one function each. The collector is a build with the feature
//! `planted`, which stops at named steps; `cargo xtask faults` makes it.

mod cases;
mod event;
mod kills;
mod recount;
mod sender;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tidemark_stack::Binaries;

/// Breaks the collector's world, and counts what is left.
#[derive(Debug, Parser)]
struct Cli {
    /// The collector, built with the feature `planted`.
    #[arg(long, value_name = "FILE")]
    collector: PathBuf,
    /// `embedded-clickhouse`.
    #[arg(long, value_name = "FILE")]
    clickhouse: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// kill -9 of the collector, of ClickHouse, of both.
    Kills(kills::Options),
    /// Disks, clocks, connections, and a second collector.
    Cases(cases::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let binaries = Binaries { tidemark: cli.collector, clickhouse: cli.clickhouse };
    match run(&binaries, &cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(binaries: &Binaries, command: &Command) -> Result<()> {
    match command {
        Command::Kills(options) => say(&kills::run(binaries, options)?.to_string()),
        Command::Cases(options) => cases::run(binaries, options)?,
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result, for a person or a pipe")]
fn say(text: &str) {
    println!("{text}");
}
