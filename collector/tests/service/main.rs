//! The collector as it runs: the real `tidemark` in front of the real embedded
//! ClickHouse, both on ports of their own, reached over HTTP alone.
//!
//! Each test starts what it needs and ends it. `stack` holds the processes,
//! `hop` plays the edge.

// One `json!` names every column of the widest table.
#![recursion_limit = "256"]
#![allow(unreachable_pub, reason = "a test binary has no public surface")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where something is not as expected, and shows the logs"
)]

mod alerts;
mod commands;
mod data_dir;
mod delete_user;
mod directory;
mod doctor;
mod export;
mod export_user;
mod hop;
mod import;
mod ingest;
mod lifecycle;
mod migrations;
mod outage;
mod public;
mod reading;
mod refusals;
mod replay;
mod schemas;
mod sockets;
mod sort_key;
mod stack;
mod verify;
mod writer;
