//! Builds the edge worker's bundle, and rehearses its deployment.
//!
//! `cargo xtask edge` builds edge-worker/build; `cargo xtask edge deploy --dry-run`
//! also lets wrangler check it. cargo → wasm-bindgen → esbuild, each run directly:
//! what worker-build adds is a shim, of which this worker needs little
//! (edge-worker/shim/worker.js). The bundle appears whole or not at all, because a
//! running `up` may be reading it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use crate::place::Place;
use crate::run::say;
use anyhow::{Context, Result, bail, ensure};

const TARGET: &str = "wasm32-unknown-unknown";
const CRATE: &str = "tidemark-edge-worker";
/// Both runtimes have it: less CPU a batch, and a smaller module.
const RUSTFLAGS: &str = "-Ctarget-feature=+simd128";
/// How wasm-bindgen imports the module, and how the runtime wants it: workerd
/// and Cloudflare hand a compiled module to a plain import.
const SOURCE_IMPORT: &str = "import source wasmModule from \"./glue_bg.wasm\"";
/// The environments of edge-worker/wrangler.toml.
const ENVIRONMENTS: [&str; 2] = ["staging", "production"];
const PLAIN_IMPORT: &str = "import wasmModule from \"./worker.wasm\"";

/// What is done with the bundle besides building it.
#[derive(Clone, clap::Subcommand)]
pub enum Command {
    /// Let wrangler check what a deployment would upload.
    Deploy {
        /// Upload nothing. The only form there is: a real deployment is
        /// wrangler's own command, with the account's credentials.
        #[arg(long, required = true)]
        dry_run: bool,
        /// Only this environment of wrangler.toml; all of them unless told.
        #[arg(long, value_parser = ENVIRONMENTS)]
        env: Option<String>,
    },
}

/// Builds the bundle, then does what is asked with it.
///
/// # Errors
/// When a tool is missing or fails.
pub fn run(place: &Place, command: Option<Command>) -> Result<()> {
    build(&place.root)?;
    match command {
        Some(Command::Deploy { env, .. }) => {
            // The SDK's files are uploaded with the worker.
            crate::sdk::build(place)?;
            let asked = env.as_deref();
            ENVIRONMENTS
                .iter()
                .filter(|name| asked.is_none_or(|asked| asked == **name))
                .try_for_each(|name| deploy_dry_run(&place.root, name))
        }
        None => Ok(()),
    }
}

/// Builds edge-worker/build/worker.js and worker.wasm, which `workerd.capnp` and
/// `wrangler.toml` name. Quick when nothing changed.
///
/// # Errors
/// When a tool is missing (the error names `cargo xtask setup`) or fails.
pub fn build(root: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let cargo = &mut Process::new(cargo);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUSTFLAGS);
    tool(cargo.current_dir(root).args([
        "build",
        "--quiet",
        "--profile",
        "edge",
        "--target",
        TARGET,
        "-p",
        CRATE,
    ]))?;

    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |dir| root.join(dir));
    let compiled = target.join(TARGET).join("edge/tidemark_edge_worker.wasm");
    // A folder of its own: two builds at a time only meet where whole files are put.
    let stage = target.join(format!("edge-bundle-{}", std::process::id()));
    fs::create_dir_all(&stage)?;
    tool(
        Process::new(wasm_bindgen()?)
            .args(["--target", "module", "--no-typescript", "--out-name", "glue"])
            // A trap then replaces the instance at the next call, instead of
            // failing every call after it.
            .arg("--force-enable-abort-handler")
            .arg("--remove-name-section")
            .arg("--remove-producers-section")
            .arg("--out-dir")
            .arg(&stage)
            .arg(&compiled),
    )?;
    import_plainly(&stage.join("glue.js"))?;
    fs::copy(root.join("edge-worker/shim/worker.js"), stage.join("worker.js"))?;
    tool(
        Process::new(esbuild(root)?)
            .current_dir(&stage)
            .args(["worker.js", "--bundle", "--format=esm", "--minify", "--log-level=warning"])
            .args(["--external:./worker.wasm", "--external:cloudflare:*", "--legal-comments=none"])
            .arg("--outfile=bundle.js"),
    )?;

    let out = root.join("edge-worker/build");
    fs::create_dir_all(&out)?;
    replace(&stage.join("glue_bg.wasm"), &out.join("worker.wasm"))?;
    replace(&stage.join("bundle.js"), &out.join("worker.js"))?;
    Ok(fs::remove_dir_all(&stage)?)
}

/// Runs `wrangler deploy --dry-run` over a built bundle: every binding, class
/// and file that a deployment names is there. Needs no network and no account.
///
/// # Errors
/// With wrangler's own words when it refuses.
fn deploy_dry_run(root: &Path, environment: &str) -> Result<()> {
    let out = root.join("target/edge-dry-run");
    let output = Process::new(node_tool(root, "wrangler")?)
        .current_dir(root.join("edge-worker"))
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_LOG_PATH", &out)
        .args(["deploy", "--dry-run", "--outdir"])
        .arg(&out)
        .args(["--env", environment])
        .output()
        .context("cannot run wrangler")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let seen = printed.lines().filter(|line| line.starts_with("env.") || line.contains("Upload"));
    say(format!("▶ wrangler deploy --dry-run --env {environment}"));
    seen.for_each(|line| say(format!("  {}", line.trim_end())));
    ensure!(
        output.status.success(),
        "wrangler deploy --dry-run --env {environment} failed:\n{}{}",
        printed,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn import_plainly(glue: &Path) -> Result<()> {
    let text = fs::read_to_string(glue)?;
    ensure!(
        text.contains(SOURCE_IMPORT),
        "wasm-bindgen's glue no longer imports its module by `{SOURCE_IMPORT}`"
    );
    fs::write(glue, text.replace(SOURCE_IMPORT, PLAIN_IMPORT))?;
    Ok(())
}

/// Moves a file into place in one step.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let beside = to.with_extension("new");
    fs::copy(from, &beside)?;
    fs::rename(&beside, to).with_context(|| format!("cannot replace {}", to.display()))
}

/// The wasm-bindgen that `setup` installed, else the one on PATH.
fn wasm_bindgen() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("TIDEMARK_CACHE").or_else(|| {
        set("XDG_CACHE_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".cache")))
            .map(|base| base.join("tidemark"))
    });
    let installed = cache.map(|cache| cache.join("tools/bin/wasm-bindgen")).filter(|p| p.exists());
    match installed {
        Some(path) => Ok(path),
        None if Process::new("wasm-bindgen").arg("--version").output().is_ok() => {
            Ok(PathBuf::from("wasm-bindgen"))
        }
        None => bail!("wasm-bindgen is not installed: run `cargo xtask setup`"),
    }
}

fn esbuild(root: &Path) -> Result<PathBuf> {
    node_tool(root, "esbuild")
}

fn node_tool(root: &Path, name: &str) -> Result<PathBuf> {
    let path = root.join("node_modules/.bin").join(name);
    ensure!(path.exists(), "{name} is not installed: run `cargo xtask setup`");
    Ok(path)
}

fn tool(command: &mut Process) -> Result<()> {
    let status =
        command.status().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    ensure!(status.success(), "{:?} failed: {status}", command.get_program());
    Ok(())
}
