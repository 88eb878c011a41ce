//! The real process with the real engine, asked over real HTTP.
//!
//! Each test starts a process of its own on a free port and a data directory of
//! its own, so that none sees another's tables, queries or crashes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

#[path = "http/answers.rs"]
mod answers;
#[path = "http/client.rs"]
mod client;
#[path = "http/codings.rs"]
mod codings;
#[path = "http/errors.rs"]
mod errors;
#[path = "http/inserts.rs"]
mod inserts;
#[path = "http/lifecycle.rs"]
mod lifecycle;
#[path = "http/processes.rs"]
mod processes;
#[path = "http/reader.rs"]
mod reader;
#[path = "http/server.rs"]
mod server;
#[path = "http/sessions.rs"]
mod sessions;
