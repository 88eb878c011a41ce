//! schemas/openapi/collector.json: the collector describes itself.

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::run::command;

/// What `tidemark openapi` prints; the collector is built for it.
pub fn collector(place: &Place) -> Result<String> {
    let arguments = ["run", "--quiet", "--package", "tidemark-collector", "--", "openapi"];
    let output = command(place, "cargo", &arguments)?.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("tidemark openapi failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
