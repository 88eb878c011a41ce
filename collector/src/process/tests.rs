#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod lane;
mod rollup;
mod world;
