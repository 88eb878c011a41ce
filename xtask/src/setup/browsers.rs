//! Chromium and Firefox with their drivers, for the tests. geckodriver is built
//! from crates.io, because Debian does not package it.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::place::Place;
use crate::run::{command, output, step, version};

/// A program that a test starts, and the Debian package that holds it.
const PROGRAMS: [(&str, &str); 3] =
    [("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("firefox-esr", "firefox-esr")];

pub(super) fn missing(_place: &Place) -> Result<Option<String>> {
    let names: Vec<_> = packages();
    Ok((!names.is_empty()).then(|| format!("{} missing", names.join(", "))))
}

fn packages() -> Vec<&'static str> {
    PROGRAMS
        .into_iter()
        .filter(|(program, _)| version(program).is_none())
        .map(|(_, package)| package)
        .collect()
}

pub(super) fn install(place: &Place) -> Result<()> {
    let packages = packages();
    let list = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("install {list} with your system's package manager, so that they are on PATH");
    }
    let id = output(Command::new("id").arg("-u"))?;
    if id.stdout.trim_ascii() != b"0" {
        bail!("run: sudo apt-get install --no-install-recommends {list}");
    }
    let mut update = command(place, "apt-get", &["update", "-qq"])?;
    step("apt-get update", &mut update)?;
    let mut install =
        command(place, "apt-get", &["install", "-y", "-qq", "--no-install-recommends"])?;
    step(
        &format!("apt-get install {list}"),
        install.args(packages).env("DEBIAN_FRONTEND", "noninteractive"),
    )
}
