//! The npm packages of package-lock.json.

use std::fs;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::run::{command, step};

/// Which lock file node_modules was made of.
const STAMP: &str = "node_modules/.tidemark-lock";

pub(super) fn missing(place: &Place) -> Result<Option<String>> {
    let stamp = fs::read(place.root.join(STAMP)).ok();
    let current = stamp.is_some_and(|stamp| lock(place).is_ok_and(|lock| lock == stamp));
    Ok((!current).then(|| String::from("not those of package-lock.json")))
}

pub(super) fn install(place: &Place) -> Result<()> {
    // No package's own install script runs: none is needed, and each would be
    // a stranger's program. workerd, esbuild and sharp come as binaries.
    let mut npm = command(place, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    step("npm ci", &mut npm)
        .context("install Node.js 20 or newer with npm, then run this again")?;
    fs::write(place.root.join(STAMP), lock(place)?)?;
    Ok(())
}

fn lock(place: &Place) -> Result<Vec<u8>> {
    fs::read(place.root.join("package-lock.json")).context("read package-lock.json")
}
