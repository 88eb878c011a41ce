//! The writer against the real engine: what is in the log is in the tables,
//! once, whatever is killed.

mod columns;
mod exact;
mod log;
mod person;
mod world;
