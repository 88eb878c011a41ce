//! libchdb.so, the real ClickHouse engine, out of its npm package.

use std::env::consts::{ARCH, OS};
use std::fs;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::run::{command, step};

/// The pinned version: the tag `latest` is older and lacks streamed inserts.
pub const VERSION: &str = "26.7.3-stable.1";

pub(super) fn missing(place: &Place) -> Result<Option<String>> {
    let file = place.libchdb();
    Ok((!file.is_file()).then(|| format!("libchdb {VERSION} missing (178 MB to load)")))
}

pub(super) fn install(place: &Place) -> Result<()> {
    let package = match (OS, ARCH) {
        ("linux", "x86_64") => "@chdb/lib-linux-x64-gnu",
        ("linux", "aarch64") => "@chdb/lib-linux-arm64-gnu",
        ("macos", "aarch64") => "@chdb/lib-darwin-arm64",
        ("macos", "x86_64") => "@chdb/lib-darwin-x64",
        _ => bail!(
            "chDB has no library for {OS} on {ARCH}: set TIDEMARK_LIBCHDB to one, or point the \
             collector at a ClickHouse server"
        ),
    };
    let file = place.libchdb();
    let folder = file.parent().context("the library stands in a folder")?;
    fs::create_dir_all(folder)?;
    let packed = folder.join("packed");
    fs::create_dir_all(&packed)?;
    let mut npm = command(place, "npm", &["pack", "--silent", &format!("{package}@{VERSION}")])?;
    step("load chDB", npm.current_dir(&packed))?;
    let archive = fs::read_dir(&packed)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .context("npm pack left no archive")?;
    let mut tar = command(place, "tar", &["-xzf"])?;
    step("unpack chDB", tar.arg(&archive).arg("-C").arg(&packed))?;
    // The rename is last: a library that is there is whole.
    fs::rename(packed.join("package/libchdb.so"), &file)?;
    fs::remove_dir_all(&packed)?;
    Ok(())
}
