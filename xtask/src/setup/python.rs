//! The Python packages of tests/clients, in an environment of their own beside the
//! tools. Nothing else here is Python: only tests need it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::run::{command, step};

/// What is installed, each in one version.
const REQUIREMENTS: &str = "tests/clients/python/requirements.txt";
/// Which requirements the environment was made of.
const STAMP: &str = "requirements.txt";

/// The interpreter that has the packages.
pub fn interpreter(place: &Place) -> PathBuf {
    folder(place).join("bin/python")
}

fn folder(place: &Place) -> PathBuf {
    place.cache.join("python")
}

pub(super) fn missing(place: &Place) -> Result<Option<String>> {
    let stamp = fs::read(folder(place).join(STAMP)).ok();
    let current = stamp.is_some_and(|stamp| requirements(place).is_ok_and(|now| now == stamp))
        && interpreter(place).is_file();
    Ok((!current).then(|| format!("not those of {REQUIREMENTS}")))
}

pub(super) fn install(place: &Place) -> Result<()> {
    let folder = folder(place);
    let mut venv = command(place, "python3", &["-m", "venv", "--clear"])?;
    step("python3 -m venv", venv.arg(&folder))
        .context("install Python 3.10 or newer with its venv module, then run this again")?;
    let python = interpreter(place);
    let mut pip = command(place, &python.to_string_lossy(), &["-m", "pip", "install", "--quiet"])?;
    // Wheels only: a source package's build is a stranger's program.
    let wheels = ["--only-binary", ":all:", "--disable-pip-version-check", "--requirement"];
    step("pip install", pip.args(wheels).arg(REQUIREMENTS))?;
    fs::write(folder.join(STAMP), requirements(place)?)?;
    Ok(())
}

fn requirements(place: &Place) -> Result<Vec<u8>> {
    fs::read(place.root.join(REQUIREMENTS)).with_context(|| format!("read {REQUIREMENTS}"))
}
