//! The collector's durable path under a seeded simulation.
//!
//! Log, dedupe index, planner and writer are the production state machines. The
//! disk forgets what was not synced, the store commits and then does not answer,
//! the process is killed at any write, clients send again. Afterwards the oracle
//! asks: is what was acknowledged in the base table once, and in every rollup
//! once, and nothing else? People are erased meanwhile: are they gone everywhere, and do
//! they stay away?
//!
//! `cargo xtask sim` runs this: `run` over seeds, `bugs` with each planted bug in
//! turn, `replay` of one seed with its trace.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    reason = "a simulation ends where something is not as expected, and says so"
)]

mod boundaries;
mod bugs;
mod clients;
mod clock;
mod disk;
mod erasures;
mod oracle;
mod rng;
mod seeds;
mod store;
mod trace;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Simulates the durable path: crashes, lost writes, a store that misbehaves.
#[derive(Parser)]
#[command(name = "sim")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run seeds and hold each against the oracle.
    Run {
        /// How many seeds.
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// Print one JSON object at the end.
        #[arg(long)]
        json: bool,
    },
    /// Plant each bug in turn and see that some seed catches it.
    Bugs {
        /// Only this one, by its name.
        #[arg(long)]
        only: Option<String>,
        /// Seeds that a bug may take to be caught.
        #[arg(long, default_value_t = 400)]
        seeds: u64,
    },
    /// Run one seed and print the end of its trace.
    Replay {
        /// The seed.
        seed: u64,
        /// Lines to print.
        #[arg(long, default_value_t = 200)]
        lines: usize,
    },
}

fn main() -> ExitCode {
    let held = match Cli::parse().command {
        Command::Run { seeds, from, json } => seeds::run(from, seeds, json),
        Command::Bugs { only, seeds } => bugs::run(only.as_deref(), seeds),
        Command::Replay { seed, lines } => seeds::replay(seed, lines),
    };
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
