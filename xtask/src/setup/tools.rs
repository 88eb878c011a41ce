//! Programs that crates.io has as sources. They are built with a fast profile:
//! they run for seconds, so that optimising them would cost more than it saves
//! (together under 5 minutes on two cores, against 20).

use anyhow::Result;

use crate::place::Place;
use crate::run::{command, step};

/// A program, its crate, and its version.
struct Tool {
    program: &'static str,
    krate: &'static str,
    version: &'static str,
    args: &'static [&'static str],
}

/// Must equal the workspace's wasm-bindgen. Without `--locked`: its lock file
/// names a version that is not to be had.
const BINDGEN: Tool =
    Tool { program: "wasm-bindgen", krate: "wasm-bindgen-cli", version: "0.2.130", args: &[] };

/// The default features of cargo-deny would link a TLS stack and a git client,
/// which only fetching advisories needs.
const OTHERS: [Tool; 3] = [
    Tool { program: "wasm-pack", krate: "wasm-pack", version: "0.15.1", args: &["--locked"] },
    Tool { program: "geckodriver", krate: "geckodriver", version: "0.37.1", args: &["--locked"] },
    Tool {
        program: "cargo-deny",
        krate: "cargo-deny",
        version: "0.20.2",
        args: &["--locked", "--no-default-features"],
    },
];

const FAST_PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "64"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "false"),
];

pub(super) fn bindgen_missing(place: &Place) -> Result<Option<String>> {
    missing(place, &[BINDGEN])
}

pub(super) fn install_bindgen(place: &Place) -> Result<()> {
    install(place, &BINDGEN)
}

pub(super) fn others_missing(place: &Place) -> Result<Option<String>> {
    missing(place, &OTHERS)
}

pub(super) fn install_others(place: &Place) -> Result<()> {
    OTHERS.iter().filter(|tool| !is_there(place, tool)).try_for_each(|tool| install(place, tool))
}

fn missing(place: &Place, tools: &[Tool]) -> Result<Option<String>> {
    let names: Vec<_> = tools
        .iter()
        .filter(|tool| !is_there(place, tool))
        .map(|tool| format!("{} {}", tool.krate, tool.version))
        .collect();
    Ok((!names.is_empty()).then(|| format!("{} missing (1 to 2 minutes each)", names.join(", "))))
}

/// cargo itself keeps the list of what it installed, with versions.
fn is_there(place: &Place, tool: &Tool) -> bool {
    let list = std::fs::read_to_string(place.tools().join(".crates.toml")).unwrap_or_default();
    place.tool(tool.program).is_file()
        && list.contains(&format!("\"{} {} ", tool.krate, tool.version))
}

fn install(place: &Place, tool: &Tool) -> Result<()> {
    let root = place.tools();
    let mut cargo = command(place, "cargo", &["install", "--quiet", "--force"])?;
    cargo
        .args([tool.krate, "--version", tool.version])
        .args(tool.args)
        .arg("--root")
        .arg(&root)
        .envs(FAST_PROFILE)
        .env("CARGO_TARGET_DIR", place.cache.join("tools-target"))
        // Outside of the repository its lints and targets do not apply.
        .current_dir(&root_folder(&root)?);
    step(&format!("cargo install {} {}", tool.krate, tool.version), &mut cargo)
}

fn root_folder(root: &std::path::Path) -> Result<std::path::PathBuf> {
    std::fs::create_dir_all(root)?;
    Ok(root.to_path_buf())
}
