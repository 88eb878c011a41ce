//! Every test there is, suite by suite. All suites run even when one fails, and
//! the end says which did.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::place::Place;
use crate::run::{command, say, seconds, step};
use crate::{edge, faults, pack, sdk, setup, sim};

/// Which tests.
#[derive(clap::Args, Debug, Default)]
pub struct Options {
    /// Only these suites: native, sim, faults, clients, browsers, edge, packaging, sdk, gtm,
    /// struggle, journey.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// A suite: its name, and how it runs.
type Suite = (&'static str, fn(&Place) -> Result<()>);

const SUITES: [Suite; 11] = [
    ("native", native),
    ("sim", sim::ci),
    ("faults", faults::ci),
    ("clients", clients),
    ("browsers", browsers),
    ("edge", edge_on_workerd),
    ("packaging", packaging),
    ("sdk", sdk_in_chromium),
    ("gtm", gtm),
    ("struggle", struggle),
    ("journey", journey),
];

/// Runs the suites.
///
/// # Errors
/// Names every suite that failed.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    if let Some(unknown) =
        options.only.iter().find(|name| !SUITES.iter().any(|(suite, _)| suite == &name.as_str()))
    {
        let names: Vec<_> = SUITES.iter().map(|(name, _)| *name).collect();
        bail!("there is no suite {unknown}; there are {}", names.join(", "));
    }
    setup::run(place, &setup::Options::default())?;
    // What the suites reach is built once, before them.
    build(place)?;
    let mut lines = Vec::new();
    let mut failed = 0;
    for (name, suite) in SUITES {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == name) {
            continue;
        }
        let started = Instant::now();
        let line = match suite(place) {
            Ok(()) => format!("✓ {name} ({})", seconds(started)),
            Err(error) => {
                failed += 1;
                format!("✗ {name} ({}): {error:#}", seconds(started))
            }
        };
        lines.push(line);
    }
    say(format!("\n{}", lines.join("\n")));
    if failed > 0 {
        bail!("{failed} of {} suites failed", lines.len());
    }
    Ok(())
}

fn build(place: &Place) -> Result<()> {
    faults::restore(place)?;
    sdk::build(place)?;
    edge::build(&place.root)?;
    Ok(())
}

fn native(place: &Place) -> Result<()> {
    step(
        "native tests",
        &mut command(place, "cargo", &["test", "--workspace", "--no-fail-fast"])?,
    )?;
    // The workspace's features are those of edge and collector.
    let core = ["test", "-p", "tidemark-core", "--lib"];
    step("core as a page links it", &mut command(place, "cargo", &core)?)
}

fn clients(place: &Place) -> Result<()> {
    vitest(place, "tests/clients", "ClickHouse's client for Node.js")?;
    let python = setup::python(place);
    let arguments = ["-m", "unittest", "discover", "--start-directory", "tests/clients/python"];
    let mut python = command(place, &python.to_string_lossy(), &arguments)?;
    // Compiled files would lie in the repository.
    step("ClickHouse's client for Python", python.env("PYTHONDONTWRITEBYTECODE", "1"))
}

fn browsers(place: &Place) -> Result<()> {
    let mut chrome = command(place, "wasm-pack", &["test", "--headless", "--chrome"])?;
    step("wasm in Chromium", chrome.args(["--chromedriver", &which("chromedriver")?, "sdk-wasm"]))?;
    let mut firefox = command(place, "wasm-pack", &["test", "--headless", "--firefox"])?;
    let geckodriver = place.tool("geckodriver");
    step("wasm in Firefox", firefox.arg("--geckodriver").arg(geckodriver).arg("sdk-wasm"))
}

fn edge_on_workerd(place: &Place) -> Result<()> {
    vitest(place, "edge-worker/test", "the edge on workerd")
}

fn packaging(place: &Place) -> Result<()> {
    let types = ["--project", "npm/web/types-test"];
    step("calls that must and must not compile", &mut command(place, "tsc", &types)?)?;
    pack::run(place)?;
    vitest(place, "tests/packaging", "the packed npm package")
}

fn sdk_in_chromium(place: &Place) -> Result<()> {
    vitest(place, "tests/sdk", "what the SDK promises a page")
}

fn gtm(place: &Place) -> Result<()> {
    vitest(place, "gtm-template", "the tag of Google Tag Manager")
}

fn struggle(place: &Place) -> Result<()> {
    vitest(place, "tests/struggle", "struggle, as a careful human would say it")
}

fn journey(place: &Place) -> Result<()> {
    vitest(place, "tests/journey", "the whole journey")
}

fn vitest(place: &Place, folder: &str, title: &str) -> Result<()> {
    let mut npm = command(place, "npm", &["run", "--silent", "test", "--workspace", folder])?;
    step(title, &mut npm)
}

/// The full path of a program on PATH.
fn which(program: &str) -> Result<String> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .map(|path| path.display().to_string())
        .ok_or_else(|| anyhow::anyhow!("no {program} on PATH: run `cargo xtask setup`"))
}
