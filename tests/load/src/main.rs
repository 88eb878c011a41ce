//! Loads the real collector with the real engine behind it, and tells what an event
//! costs: CPU of the collector alone, latencies, memory, and how soon it can be asked.
//!
//! [`body`] makes what an edge would send, [`generate`] sends it, [`measure`] holds
//! the figures. The last line is one JSON object. `cargo xtask bench collector`
//! builds all of it with optimisation, and runs it.

mod body;
mod compare;
mod generate;
mod ids;
mod measure;
mod threads;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tidemark_stack::Binaries;

/// Loads a collector, and measures it.
#[derive(Debug, Parser)]
struct Cli {
    /// The collector, built with optimisation.
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
    /// What an event costs, by batch and by coding, and how soon it can be asked.
    Bench {
        /// Events of the longest run; the others are parts of it.
        #[arg(long, default_value_t = 400_000)]
        events: u64,
    },
    /// Two builds by turns, in batches of 100: the ratio, and whose threads it was.
    Compare {
        /// The other collector.
        #[arg(long, value_name = "FILE")]
        with: PathBuf,
        /// Events of a turn.
        #[arg(long, default_value_t = 200_000)]
        events: u64,
        /// Turns of each.
        #[arg(long, default_value_t = 4)]
        rounds: u64,
    },
    /// The memory that ids take, in an index that is filled from ClickHouse.
    Ids {
        /// Ids at first.
        #[arg(long, default_value_t = 10_000_000)]
        ids: u64,
        /// Ids more, to tell what a further one takes.
        #[arg(long, default_value_t = 5_000_000)]
        further: u64,
    },
    /// A rate that is held for some time.
    Soak {
        /// Events a second.
        #[arg(long, default_value_t = 50_000)]
        rate: u64,
        /// For how long.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let binaries = Binaries { tidemark: cli.collector, clickhouse: cli.clickhouse };
    let outcome = match cli.command {
        Command::Bench { events } => measure::bench(&binaries, events),
        Command::Compare { with, events, rounds } => {
            let (batch, coding) = (100, body::Coding::Plain);
            let load = generate::Load { batch, coding, senders: 8, events, rate: None };
            compare::run(&binaries, with, load, rounds)
        }
        Command::Ids { ids, further } => ids::run(&binaries, ids, further),
        Command::Soak { rate, seconds } => measure::soak(&binaries, rate, seconds),
    };
    match outcome {
        Ok(figures) => {
            say(&serde_json::Value::Object(figures).to_string());
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the figures, for a program")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "what goes on, for a person")]
fn complain(text: &str) {
    eprintln!("{text}");
}
