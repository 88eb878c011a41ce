//! The built collector and embedded ClickHouse, started and reached from outside.
//!
//! What tests/faults and tests/load share: [`process`] starts, stops, kills and
//! measures; [`stack`] knows the two programs and their configuration; [`http`] is a
//! small blocking client over one connection; [`hop`] plays the edge; [`random`] is a
//! seeded sequence. Nothing here decides what is right: that is the tests' part.
//! Processes end with the value that holds them.

pub mod hop;
pub mod http;
pub mod process;
pub mod random;
pub mod stack;

pub use process::Process;
pub use random::Random;
pub use stack::{Binaries, ClickHouse, Tidemark};
