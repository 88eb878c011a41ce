//! Builds the inspector, npm/web/dist/tidemark.inspector.js: the second build of the
//! SDK, which a page loads only for `init({ debug: true })`.
//!
//! cargo (profile `page`, wasm32-unknown-unknown) → wasm-bindgen → wasm-opt →
//! esbuild, which puts the module, packed by gzip, into the script: one file, which every
//! bundler and server that finds the twin finds as well, and small enough that webpack,
//! which copies it, does not warn of it (250,000 bytes). Its bytes are nobody's but the
//! developer's; they are told by `cargo xtask size`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::place::Place;
use crate::run::{command, output, step};

const CRATE: &str = "tidemark-sdk-inspector";
const TARGET: &str = "wasm32-unknown-unknown";
/// The features of every browser that has constructed style sheets.
const WASM_OPT: [&str; 9] = [
    "-Oz",
    "--strip-debug",
    "--strip-producers",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Node's zlib is here anyway.
const PACK: &str = "const [from, to] = process.argv.slice(1); const fs = require('fs'); \
    fs.writeFileSync(to, require('zlib').gzipSync(fs.readFileSync(from), { level: 9 }));";

/// Builds the inspector into `work` and returns its script.
///
/// # Errors
/// When a tool is missing or fails.
pub fn build(place: &Place, work: &Path) -> Result<PathBuf> {
    let work = work.join("inspector");
    let package = ["build", "--quiet", "--package", CRATE, "--lib", "--profile", "page"];
    let mut cargo = command(place, "cargo", &package)?;
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", remapped(place));
    step("compile the inspector", cargo.args(["--target", TARGET]))?;
    let compiled = place.target.join(TARGET).join("page/tidemark_sdk_inspector.wasm");
    let options = ["--target", "web", "--no-typescript", "--out-name", "inspector", "--out-dir"];
    let bound = output(command(place, "wasm-bindgen", &options)?.arg(&work).arg(compiled))?;
    if !bound.status.success() {
        bail!("wasm-bindgen failed: {}", String::from_utf8_lossy(&bound.stderr));
    }
    let module = work.join("inspector.wasm");
    let mut optimise = command(place, "wasm-opt", &WASM_OPT)?;
    step(
        "shrink the inspector",
        optimise.arg(work.join("inspector_bg.wasm")).arg("-o").arg(&module),
    )?;

    let mut pack = command(place, "node", &["-e", PACK])?;
    step("pack the inspector", pack.arg(&module).arg(work.join("inspector.gz")))?;
    let glue = work.join("glue.js");
    let text = "export { initSync, Inspector } from './inspector.js';\n\
                export { default as packed } from './inspector.gz';\n";
    fs::write(&glue, text)?;
    let out = work.join("tidemark.inspector.js");
    let options = [
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--log-level=warning",
        "--legal-comments=none",
        "--loader:.gz=binary",
    ];
    let mut esbuild = command(place, "esbuild", &options)?;
    esbuild
        .arg(place.root.join("npm/web/src/inspector.ts"))
        .arg(format!("--alias:tidemark-inspector={}", glue.display()))
        .arg(format!("--outfile={}", out.display()));
    step("bundle the inspector", &mut esbuild)?;
    Ok(out)
}

/// What a panic would say of a source, without the folders of this machine.
fn remapped(place: &Place) -> String {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let registry = cargo_home.map(|home| remap(&home.join("registry/src"), "crates"));
    [Some(remap(&place.root, "tidemark")), registry]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}
