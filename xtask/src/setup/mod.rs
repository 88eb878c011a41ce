//! Installs what is missing, and nothing that is there: a second run takes
//! seconds. Tools and chDB are kept once a user, outside of the clone.

mod browsers;
mod chdb;
mod npm;
mod python;
mod tools;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::place::Place;
use crate::run::{command, output, say, seconds, step};

pub use chdb::VERSION as CHDB_VERSION;
pub use python::interpreter as python;

/// What to set up.
#[derive(clap::Args, Debug, Default)]
pub struct Options {
    /// Only tell what is missing; fails when something is.
    #[arg(long)]
    pub check: bool,
}

/// One thing that must be there.
struct Part {
    name: &'static str,
    /// What is missing of it, in words; `None` when it is all there.
    missing: fn(&Place) -> Result<Option<String>>,
    /// Installs it.
    install: fn(&Place) -> Result<()>,
}

const TARGETS: Part = Part { name: "wasm targets", missing: targets_missing, install: add_targets };
const NPM: Part = Part { name: "npm packages", missing: npm::missing, install: npm::install };
const CHDB: Part = Part { name: "chDB", missing: chdb::missing, install: chdb::install };
const BINDGEN: Part =
    Part { name: "wasm-bindgen", missing: tools::bindgen_missing, install: tools::install_bindgen };
const TOOLS: Part =
    Part { name: "test tools", missing: tools::others_missing, install: tools::install_others };
const BROWSERS: Part =
    Part { name: "browsers", missing: browsers::missing, install: browsers::install };
const PYTHON: Part =
    Part { name: "Python packages", missing: python::missing, install: python::install };

/// Installs everything that is missing.
///
/// # Errors
/// One line for each thing that could not be installed, with what to do.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    if options.check {
        return check(place, &[TARGETS, NPM, CHDB, BINDGEN, TOOLS, BROWSERS, PYTHON]);
    }
    ensure(place, &[TARGETS, NPM, CHDB, BINDGEN, TOOLS, BROWSERS, PYTHON])
}

/// What `up` needs: no browser, no test tools.
///
/// # Errors
/// As [`run`].
pub fn for_up(place: &Place) -> Result<()> {
    ensure(place, &[TARGETS, NPM, CHDB, BINDGEN])
}

/// What the services alone need.
///
/// # Errors
/// As [`run`].
pub fn for_clickhouse(place: &Place) -> Result<()> {
    ensure(place, &[CHDB])
}

/// What building the SDK needs.
///
/// # Errors
/// As [`run`].
pub fn for_sdk(place: &Place) -> Result<()> {
    ensure(place, &[TARGETS, NPM, BINDGEN])
}

/// What building the edge needs.
///
/// # Errors
/// As [`run`].
pub fn for_edge(place: &Place) -> Result<()> {
    for_sdk(place)
}

fn check(place: &Place, parts: &[Part]) -> Result<()> {
    let mut complete = true;
    for part in parts {
        let missing = (part.missing)(place)?;
        complete &= missing.is_none();
        say(format!("{:15} {}", part.name, missing.as_deref().unwrap_or("there")));
    }
    if complete { Ok(()) } else { bail!("something is missing: run `cargo xtask setup`") }
}

fn ensure(place: &Place, parts: &[Part]) -> Result<()> {
    let started = Instant::now();
    let mut failures = Vec::new();
    let mut installed = 0;
    for (index, part) in parts.iter().enumerate() {
        let Some(missing) = (part.missing)(place)? else { continue };
        say(format!("[{}/{}] {}: {missing}", index + 1, parts.len(), part.name));
        installed += 1;
        // What one part cannot have must not keep the others from theirs.
        if let Err(error) = (part.install)(place) {
            failures.push(format!("  {}: {error:#}", part.name));
        } else if let Some(missing) = (part.missing)(place)? {
            failures.push(format!("  {}: still {missing}", part.name));
        }
    }
    if !failures.is_empty() {
        bail!("setup is not complete:\n{}", failures.join("\n"));
    }
    if installed > 0 {
        say(format!("✓ setup ({})", seconds(started)));
    }
    Ok(())
}

const WASM_TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32v1-none"];

fn targets_missing(place: &Place) -> Result<Option<String>> {
    let mut rustc = command(place, "rustc", &["--print", "sysroot"])?;
    let sysroot = String::from_utf8(output(&mut rustc)?.stdout)?;
    let libraries = std::path::Path::new(sysroot.trim()).join("lib/rustlib");
    let missing: Vec<_> =
        WASM_TARGETS.into_iter().filter(|target| !libraries.join(target).is_dir()).collect();
    Ok((!missing.is_empty()).then(|| format!("{} missing", missing.join(", "))))
}

fn add_targets(place: &Place) -> Result<()> {
    let mut rustup = command(place, "rustup", &["target", "add"])?;
    if step("rustup target add", rustup.args(WASM_TARGETS)).is_err() {
        bail!("add them to your Rust toolchain: rustup target add {}", WASM_TARGETS.join(" "));
    }
    Ok(())
}
