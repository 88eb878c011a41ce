//! The commands that need no service, as a person or CI runs them: the real binary,
//! with its standard streams as pipes.

#![allow(unreachable_pub, reason = "a test binary has no public surface")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as expected"
)]

mod golden;
mod help;
mod memory;
mod pipes;
mod run;
mod sanitize;
mod schema;
mod validate;
