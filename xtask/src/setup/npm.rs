//! The npm packages of package-lock.json.

use std::fs;

use anyhow::{Context, Result, bail};

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
    // npm empties what the link points at, which is another clone's.
    let folder = place.root.join("node_modules");
    if fs::symlink_metadata(&folder).is_ok_and(|folder| folder.is_symlink()) {
        bail!(
            "node_modules is a link to another folder, and `npm ci` would empty that one: run \
             `cargo xtask setup` where it points, or remove the link for a folder of your own"
        );
    }
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

#[cfg(test)]
#[allow(clippy::expect_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_linked_folder_is_left_alone() {
        let base = std::env::temp_dir().join(format!("tidemark-npm-{}", std::process::id()));
        let (root, shared) = (base.join("clone"), base.join("shared"));
        for folder in [&root, &shared] {
            fs::create_dir_all(folder).expect("made");
        }
        fs::write(shared.join("kept"), "").expect("written");
        std::os::unix::fs::symlink(&shared, root.join("node_modules")).expect("linked");
        let place = Place { root, target: base.clone(), cache: base.clone() };
        let refused = install(&place).expect_err("a link");
        assert!(refused.to_string().contains("is a link"), "{refused}");
        assert!(shared.join("kept").is_file());
        fs::remove_dir_all(&base).expect("removed");
    }
}
