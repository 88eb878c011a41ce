//! What CI runs: the cheap checks first, then every test.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::place::Place;
use crate::run::{command, say, seconds, step};
use crate::{codegen, sdk, setup, size, test};

/// Runs everything.
///
/// # Errors
/// The first check that fails.
pub fn run(place: &Place) -> Result<()> {
    let started = Instant::now();
    setup::run(place, &setup::Options::default())?;
    step("formatting", &mut command(place, "cargo", &["fmt", "--all", "--check"])?)?;
    codegen::run(place, true)?;
    lints(place)?;
    deny(place)?;
    sdk::build(place)?;
    size::run(place, &size::Options::default())?;
    // Layering is among the native tests: xtask/tests/layering.rs.
    test::run(place, &test::Options::default())?;
    say(format!("✓ ci ({})", seconds(started)));
    Ok(())
}

fn lints(place: &Place) -> Result<()> {
    let native = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step("lints, native", &mut command(place, "cargo", &native)?)?;
    for package in ["tidemark-sdk-wasm", "tidemark-sdk-inspector", "tidemark-edge-worker"] {
        let mut wasm = command(place, "cargo", &["clippy", "--target", "wasm32-unknown-unknown"])?;
        step(
            &format!("lints, {package} in wasm"),
            wasm.args(["-p", package, "--", "-D", "warnings"]),
        )?;
    }
    Ok(())
}

/// Licences, bans and sources always; advisories where their database is to be
/// had, which is a git repository on another host.
fn deny(place: &Place) -> Result<()> {
    let mut offline = command(place, "cargo-deny", &["--log-level", "error", "check"])?;
    step("licences, bans, sources", offline.args(["bans", "licenses", "sources"]))?;
    let database = "https://github.com/RustSec/advisory-db";
    let reachable = Command::new("timeout")
        .args(["10", "git", "ls-remote", "--quiet", database, "HEAD"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .is_ok_and(|output| output.status.success());
    if !reachable {
        say("! advisories were skipped: their database is not reachable from here");
        return Ok(());
    }
    step("advisories", &mut command(place, "cargo-deny", &["check", "advisories"])?)
}
