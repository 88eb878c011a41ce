//! Weighs what a page loads and what the edge runs, against the committed budget in
//! bench/baselines/size.json, with what the peers cost beside it.
//!
//! Compression is Node's zlib, which is the reference implementation of both
//! formats and is here anyway: two crates less in what a newcomer builds first.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::place::Place;
use crate::run::{command, output, print, say};
use crate::sdk::{self, Built};

/// How sizes are told.
#[derive(clap::Args, Debug, Default)]
pub struct Options {
    /// End with one JSON object on stdout.
    #[arg(long)]
    json: bool,
}

/// What peers load by default with click capture where they have it: brotli KB,
/// measured in November 2026 in Chromium 156, of the versions named.
const PEERS: [(&str, f64); 7] = [
    ("Plausible 0.4 (no click capture)", 2.4),
    ("Snowplow 4.6", 17.7),
    ("Segment 1.84 (no click capture)", 28.8),
    ("RudderStack 3.34 (no click capture)", 45.0),
    ("Amplitude 2.47", 58.6),
    ("Mixpanel 2.83", 84.5),
    ("PostHog 1.434", 115.9),
];

const COMPRESS: &str = "const z = require('zlib'); \
    const sizes = process.argv.slice(1).map((file) => { \
      const raw = require('fs').readFileSync(file); \
      const params = { [z.constants.BROTLI_PARAM_QUALITY]: 11, \
        [z.constants.BROTLI_PARAM_SIZE_HINT]: raw.length }; \
      return { raw: raw.length, gzip: z.gzipSync(raw, { level: 9 }).length, \
        brotli: z.brotliCompressSync(raw, { params }).length }; }); \
    console.log(JSON.stringify(sizes));";

/// Bytes of one file, or of several together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Bytes {
    raw: u64,
    gzip: u64,
    brotli: u64,
}

impl Bytes {
    /// Both together.
    const fn and(self, other: Self) -> Self {
        Self {
            raw: self.raw + other.raw,
            gzip: self.gzip + other.gzip,
            brotli: self.brotli + other.brotli,
        }
    }
}

/// The committed bound.
#[derive(Debug, Deserialize, Serialize)]
struct Budget {
    /// What all that a page loads by default may weigh.
    brotli_bytes_max: u64,
    /// What it weighed when the bound was set.
    brotli_bytes_measured: u64,
    /// What the inline stub may weigh.
    stub_gzip_bytes_max: u64,
    /// What the edge's bundle may weigh, compressed as it is uploaded.
    edge_gzip_bytes_max: u64,
}

/// The last line of `--json`.
#[derive(Debug, Serialize)]
struct Report {
    script: Bytes,
    wasm: Bytes,
    total: Bytes,
    stub: Bytes,
    twin: Bytes,
    inspector: Bytes,
    capture: Bytes,
    vitals: Bytes,
    edge: Bytes,
    budget: Budget,
    peers_brotli_kb: serde_json::Map<String, serde_json::Value>,
}

/// Builds the SDK and the edge, and tells their sizes.
///
/// # Errors
/// When a build fails, or a size exceeds its budget.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    let built = sdk::build(place)?;
    let budget_file = place.root.join("bench/baselines/size.json");
    let budget: Budget = fs::read(&budget_file)
        .map_err(anyhow::Error::from)
        .and_then(|text| Ok(serde_json::from_slice(&text)?))
        .with_context(|| format!("read {}", budget_file.display()))?;
    let Built { script, wasm, stub, twin, inspector, capture, vitals } = &built;
    let files = [script, wasm, stub, twin, inspector, capture, vitals];
    let weighed = weigh(place, &files.map(PathBuf::as_path))?;
    let [script, wasm, stub, twin, inspector, capture, vitals] = weighed.as_slice() else {
        bail!("node weighed {weighed:?}")
    };
    let total = script.and(*wasm);

    crate::setup::for_edge(place)?;
    crate::edge::build(&place.root)?;
    let bundle =
        ["worker.js", "worker.wasm"].map(|file| place.root.join("edge-worker/build").join(file));
    let edge =
        weigh(place, &[&bundle[0], &bundle[1]])?.into_iter().fold(Bytes::default(), Bytes::and);

    say(format!("{:<38}{:>10}{:>10}{:>10}", "bytes that a page loads", "raw", "gzip", "brotli"));
    let lines = [
        ("stub.js, inline where wanted", *stub),
        ("tidemark.twin.js, where wasm is refused", *twin),
        ("tidemark.inspector.js, for developers", *inspector),
        ("tidemark.capture.js, where switched on", *capture),
        ("tidemark.vitals.js, where switched on", *vitals),
        ("tidemark.js", *script),
        ("tidemark.wasm", *wasm),
        ("Tidemark, all by default", total),
    ];
    for (name, bytes) in lines {
        say(format!("{name:<40}{:>8}{:>10}{:>10}", bytes.raw, bytes.gzip, bytes.brotli));
    }
    for (name, kilobytes) in PEERS {
        say(format!("{name:<38}{:>30}", format!("{kilobytes:.1} KB")));
    }
    say(format!("{:<38}{:>10}{:>10}{:>10}", "the edge's bundle", edge.raw, edge.gzip, edge.brotli));
    let over = total.brotli > budget.brotli_bytes_max;
    let allowed = budget.brotli_bytes_max;
    let edge_allowed = budget.edge_gzip_bytes_max;
    let stub_allowed = budget.stub_gzip_bytes_max;
    if options.json {
        let peers = PEERS.iter().map(|(name, kb)| ((*name).to_string(), (*kb).into())).collect();
        let report = Report {
            script: *script,
            wasm: *wasm,
            total,
            stub: *stub,
            twin: *twin,
            inspector: *inspector,
            capture: *capture,
            vitals: *vitals,
            edge,
            budget,
            peers_brotli_kb: peers,
        };
        print(serde_json::to_string(&report)?);
    }
    if stub.gzip > stub_allowed {
        bail!("{} gzip bytes of the stub exceed its budget of {stub_allowed}", stub.gzip);
    }
    if over {
        bail!(
            "{} brotli bytes exceed the budget of {allowed}: find what grew, or raise \
             bench/baselines/size.json with the reason in the same commit",
            total.brotli
        );
    }
    if edge.gzip > edge_allowed {
        bail!("{} gzip bytes of the edge's bundle exceed the budget of {edge_allowed}", edge.gzip);
    }
    say(format!(
        "✓ within the budgets of {allowed} brotli bytes, and {edge_allowed} gzip bytes of the edge"
    ));
    Ok(())
}

fn weigh(place: &Place, files: &[&Path]) -> Result<Vec<Bytes>> {
    let done = output(command(place, "node", &["-e", COMPRESS])?.args(files))?;
    if !done.status.success() {
        bail!("node could not compress: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}
