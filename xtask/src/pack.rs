//! Packs the npm packages as they would be published: target/npm/*.tgz.
//!
//! A package is staged outside of the workspace, with the licence beside it, so
//! that the tarball holds what `files` names and nothing of this machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::place::Place;
use crate::run::{command, output, say};
use crate::sdk;

/// Folders of npm/ that are published.
const PACKAGES: [&str; 1] = ["web"];

/// Builds the SDK and packs every package; the tarballs' paths are printed.
///
/// # Errors
/// When a build or npm fails, or a package's version is not the workspace's.
pub fn run(place: &Place) -> Result<()> {
    sdk::build(place)?;
    let out = place.root.join("target/npm");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    for package in PACKAGES {
        let tarball = pack(place, package, &out)?;
        say(format!("✓ {} ({} bytes)", tarball.display(), fs::metadata(&tarball)?.len()));
    }
    Ok(())
}

fn pack(place: &Place, package: &str, out: &Path) -> Result<PathBuf> {
    let source = place.root.join("npm").join(package);
    let stage = place.target.join("npm-stage").join(package);
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    fs::create_dir_all(&stage)?;
    for name in ["package.json", "README.md", "dist"] {
        copy(&source.join(name), &stage.join(name))?;
    }
    copy(&place.root.join("LICENSE"), &stage.join("LICENSE"))?;
    // The folders a version are the edge's, and those of earlier builds are among them.
    for entry in fs::read_dir(stage.join("dist/sdk"))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }

    let manifest: Value = serde_json::from_slice(&fs::read(stage.join("package.json"))?)?;
    if manifest["version"] != env!("CARGO_PKG_VERSION") {
        bail!(
            "npm/{package}/package.json says version {}, the workspace {}: make them one",
            manifest["version"],
            env!("CARGO_PKG_VERSION")
        );
    }

    let arguments = ["pack", "--json", "--ignore-scripts", "--pack-destination"];
    let packed = output(command(place, "npm", &arguments)?.arg(out).current_dir(&stage))?;
    if !packed.status.success() {
        bail!("npm pack failed: {}", String::from_utf8_lossy(&packed.stderr));
    }
    let told: Value = serde_json::from_slice(&packed.stdout).context("read what npm pack said")?;
    let name = told[0]["filename"].as_str().context("npm pack named no file")?;
    Ok(out.join(name))
}

/// Copies a file, or a folder with everything in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
